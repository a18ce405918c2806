"""Why the data cannot answer for a figure, in words of what a source or a mapping could bring."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from cxlib.metrics.known_from import too_early
from cxlib.metrics.queries import Query
from cxlib.metrics.registry import MONEY, Metric
from cxlib.tables.missing_hints import MADE_OF, ORIGINS, SOURCES_OF
from cxlib.tables.schema import table

NO_HOURS = "No opening hours are set for the data"
HOW_HOURS = "[schedules.default.hours] in their settings.toml, or schedules of the source, bring this figure."


def missing_reason(metric: Metric, query: Query, by: str = "") -> str | None:
    """Return why the data cannot answer, in words, or None if they can; by currency alone each currency is told."""
    declared = table(metric.table)
    for name in SOURCES_OF.get(metric.table, () if declared.derived else (metric.table,)):
        if not query.data.has(name):
            return f"The data {query.data.name!r} have no table {name!r} ({table(name).meaning})."
    if metric.table == "backlog_months" and (reason := solving_unknown(query)):
        return reason
    if missing := _absent(metric, query):
        return _why_absent(metric, missing, query)
    if not query.data.has(metric.table):
        return f"The data {query.data.name!r} have no table {metric.table!r} ({declared.meaning}); derive them anew."
    if metric.survey and metric.survey not in query.data.survey_kinds:
        return f"The data {query.data.name!r} have no answers to a {metric.survey!r} survey."
    if reason := _on_other_scales(metric, query):
        return reason
    if metric.survey and "box" in metric.needs and metric.survey not in query.data.boxed_kinds:
        return (
            f"The answers to the {metric.survey!r} survey of {query.data.name!r} are on scales without a top box "
            "(2 to 7, 10 or 11 points have one); map scale_low and scale_high."
        )
    for name in metric.gaps:
        if not query.data.has_gaps(metric.table, name):
            return f"The data {query.data.name!r} hold only rows with {name}: how many were asked is not recorded."
    return too_early(metric, query) or _unasked(metric, query) or _mixed(metric, query, by)


def _why_absent(metric: Metric, missing: list[str], query: Query) -> str:
    """Return why needed columns are empty or absent."""
    if metric.table == "backlog_months":
        return f"No ticket of the data {query.data.name!r} was unsolved at the end of a month."
    if reason := no_hours(missing, query):
        return reason
    missing = [name for name in missing if not name.endswith("_business_minutes")] or missing
    if (made := _unmatched(metric.table, missing, query)) is not None:
        return made
    declared = table(metric.table)
    origins = (ORIGINS.get(f"{metric.table}.{name}", f"{name} ({declared[name].meaning})") for name in missing)
    return _not_said(query, "; ".join(dict.fromkeys(origins)))


def no_hours(missing: Sequence[str], query: Query) -> str | None:
    """Return why columns that need opening hours are empty where no hours are set, or None if that is not why."""
    about = any(name == "arrival" or name.endswith("_business_minutes") for name in missing)
    return f"{NO_HOURS} {query.data.name!r}: {HOW_HOURS}" if about and not query.data.settings.hours_known else None


def solving_unknown(query: Query) -> str | None:
    """Return why nobody can tell which tickets are solved and which wait, in words, or None if the data say it."""
    if {"status", "solved_at", "closed_at"} & query.data.filled("tickets"):
        return None
    return _not_said(
        query, "whether any ticket is solved (tickets.status, solved_at or closed_at, or changes of status)"
    )


def _unmatched(table_name: str, missing: list[str], query: Query) -> str | None:
    """Return, where all that the missing columns are made of is filled, that nothing of it matches; else None."""
    made = [MADE_OF.get(f"{table_name}.{name}", ()) for name in missing]
    given = [one.split(".") for columns in made for one in columns]
    if not all(made) or any(column not in query.data.filled(name) for name, column in given):
        return None
    told = ", ".join(dict.fromkeys(one for columns in made for one in columns))
    return f"The data {query.data.name!r} fill {told}, but no row of one matches a row of another as this figure needs."


def _not_said(query: Query, what: str) -> str:
    return f"The data {query.data.name!r} do not say {what}; a source or mapping that fills it brings this figure."


def _absent(metric: Metric, query: Query) -> list[str]:
    """Return the needed columns without a value, but for those that may well have none.

    A derived table has no anchor where it has no rows; the other columns tell why, and a backlog without any is 0.
    """
    anchor = f"{metric.anchor}_at" if table(metric.table).derived else ""
    missing = [name for name in metric.needs if name not in (anchor, *query.data.filled(metric.table))]
    if "solved_at" in missing and metric.anchor != "solved" and _none_is_solved(query):
        missing.remove("solved_at")
    return missing


def _none_is_solved(query: Query) -> bool:
    if "status" not in query.data.filled("tickets"):
        return False
    solved = pl.col("status").is_in(["solved", "closed"]).any()
    return not query.data.scan("tickets").select(solved).collect().item()


def _on_other_scales(metric: Metric, query: Query) -> str | None:
    if metric.answered_on is None:
        return None
    answered = query.data.scan(metric.table).filter(pl.col("kind") == metric.survey, pl.col("answer").is_not_null())
    found = answered.select("scale_low", "scale_high").drop_nulls().unique().sort("scale_low", "scale_high").collect()
    if metric.answered_on in found.rows():
        return None
    used, scales = "{:g} to {:g}".format(*metric.answered_on), [f"{low:g} to {high:g}" for low, high in found.rows()]
    named = f" ({', '.join(scales[:3])}{', …' if len(scales) > 3 else ''})" if scales else ""
    return (
        f"The answers to the {metric.survey!r} survey of {query.data.name!r} are on scales that this figure does not "
        f"use{named}: it counts answers from {used} alone; map scale_low and scale_high."
    )


def _unasked(metric: Metric, query: Query) -> str | None:
    """Return why a survey figure has no question: the settings choose one that nobody answered."""
    chosen = query.data.settings.questions.get(metric.survey)
    asked = query.data.questions.get(metric.survey, [])
    if chosen is None or chosen in asked or not asked:
        return None
    named = ", ".join(repr(plain_cut(name)) for name in asked[:3]) + (", …" if len(asked) > 3 else "")
    return (
        f"[questions] of the settings name {chosen!r} for {metric.survey!r}, which nobody answered; there are {named}."
    )


def plain_cut(text: str, longest: int = 60) -> str:
    """Return the beginning of a text of the data."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _mixed(metric: Metric, query: Query, by: str) -> str | None:
    if metric.measured_in != MONEY or len(query.currencies) < 2 or by == "currency":
        return None
    return (
        f"The orders of {query.data.name!r} are in {', '.join(query.currencies)}; amounts are never added across "
        f"currencies: filter one, for example currency={query.currencies[0]}."
    )
