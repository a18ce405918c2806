"""How tickets fare on which a workflow ran, beside those on which none did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import narwhals as nw
import numpy as np
import polars as pl

from cxlib.estimates.context import result_context, unanswerable
from cxlib.estimates.drilldown import Listed, row_list, with_rows
from cxlib.metrics import Metric, Query
from cxlib.metrics.frames import BETWEEN, NOT_KNOWN
from cxlib.metrics.rows import ADDS, WEIGHT, counted_rows, table_rows
from cxlib.questions.groups.contrast import differences, side_by_side
from cxlib.results.effects import Effects
from cxlib.results.types import NotKnown
from cxlib.stats.effects import Row, effect_points
from cxlib.tables.schema import DIMENSIONS, table

OUTCOMES = {"first_contact_resolution": "resolved at first contact", "csat": "satisfied", "reopen_rate": "reopened"}
NONE = "none of them"
LEAST, MOST = 20, 12
SUMS = ("n", "sum_w", "sum_wx")
KIND = pl.col("kind").str.replace_all("_", " ")
NAME = pl.format("{}: {}", KIND, pl.col("name").fill_null(NOT_KNOWN))
"""What a workflow is called: two kinds may have one of the same name."""
MONTH = pl.date(pl.col("period") // 12, pl.col("period") % 12 + 1, 1).dt.strftime("%Y-%m").alias("month")


@row_list(
    "Tickets with a first human reply, and the workflows up to it",
    "An effect compares the rows of a workflow with all other tickets of the same outcome, within month, channel and "
    "category: what they add divided by their weight. A ticket has a row for each workflow looked at that ran on it, "
    "and one without where none did.",
    sums=(ADDS, WEIGHT),
)
def _workflow_outcomes(query: Query, *, months: int = 12) -> Listed:
    early, mix, frames, of = _early(query), _mixed(query), list[pl.DataFrame](), list[str]()
    early = early.filter(pl.col("group").is_in(_most_frequent(early))).select("ticket_id", name="group").unique()
    for metric, periods, tickets in _fates(query, months, mix):
        of += periods
        name = pl.format("{}, {}", pl.col("name").fill_null(NONE), pl.lit(metric.title.lower()))
        rows = tickets.join(early, on="ticket_id", how="left").with_columns(group=name)
        frames.append(rows.with_columns(adds=pl.col("sum_wx") * metric.factor, weight="sum_w"))
    rows = pl.concat(frames, how="diagonal").sort("group", "month", "ticket_id", descending=[False, True, False])
    ids = [name for name in ("survey_id", "ticket_id", "customer_id") if name in rows.columns]
    parts = pl.col("mix").str.split(BETWEEN).list
    within = {name: parts.get(place) for place, name in enumerate(mix)}
    unit = query.metric("reopen_rate").measured_in
    return Listed(rows.select(*ids, "group", ADDS, WEIGHT, "month", **within), f"{min(of)}/{max(of)}", {ADDS: unit})


@with_rows(_workflow_outcomes)
def workflow_outcomes(query: Query, *, months: int = 12) -> Effects | NotKnown:
    """Return how tickets fare on which a workflow ran up to the first human reply, beside those without it by then.

    Both sides have had that reply, so a long story with many chances of being touched is not held against a workflow
    (a landmark: Anderson, Cain & Gelber 1983). Compared within month, channel and category as `contrast` does, errors
    by customer.

    Args:
        query: What is asked about: data, month, filters.
        months: Most months to go back from the last one wholly known.

    Raises:
        UsageError: No such dimension.
    """
    asked = ("workflow outcomes", query.month, query.filters, query.weighted, query.language, query.engine, months)
    return query.data.remember(asked, lambda: _outcomes(query, months))


def _outcomes(query: Query, months: int) -> Effects | NotKnown:
    reopened = query.metric("reopen_rate")
    if reason := unanswerable(query.metric("workflow_uses"), query) or unanswerable(reopened, query):
        return reason
    mix, early = _mixed(query), _early(query)
    rows, span, ways = list[Row](), ("", ""), early.select("ticket_id", workflow="group").unique()
    for metric, periods, tickets in _fates(query, months, mix):
        span = (min(span[0] or periods[0], periods[0]), max(span[1], periods[-1]))
        numbered = tickets.with_columns(pl.col("period", "unit").rank("dense"))  # sooner compared than names
        whole, ran = _by_unit(numbered), _by_unit(numbered.join(ways, on="ticket_id"), "workflow")
        parts = ran.partition_by("workflow", as_dict=True, include_key=False)
        for label in _most_frequent(early):
            row = {"group": f"{label}/{metric.name}", "label": f"{label}, {metric.title.lower()}"}
            told = {"family": metric.title, "name": label, "metric": metric.name}
            rows.append({**row, **told, **_beside(metric, whole, parts.get((label,), whole.clear()))})
    if not rows:
        return NotKnown(
            "How tickets fare with a workflow", "No workflow is known to have run up to a first human reply."
        )
    of_rows = pl.DataFrame([{name: row.pop(name) for name in ("name", "metric")} for row in rows])
    points = pl.concat([effect_points(rows), of_rows], how="horizontal")
    return Effects(
        metric=reopened, scope=result_context(reopened, query),
        title="Tickets with a workflow up to the first human reply against those without", months=span,
        measured_in="points", none=0.0, points=points,
        allowing_for=("month", *(DIMENSIONS[name].title for name in mix)),
        caveat="What goes together with a workflow need not come of it: agents choose when to use it.",
    )  # fmt: skip


def _mixed(query: Query) -> list[str]:
    reopened = query.metric("reopen_rate")
    return [name for name in ("channel", "category") if not unanswerable(reopened, query, name)]


def _most_frequent(early: pl.DataFrame) -> list[str]:
    return early["group"].value_counts().sort("count", "group", descending=[True, False])["group"].head(MOST).to_list()


def _fates(query: Query, months: int, mix: list[str]) -> Iterator[tuple[Metric, list[str], pl.DataFrame]]:
    """Yield each outcome known, its months, and its tickets with a human reply; `period` is what they are alike in."""
    replied = _replied(query)["ticket_id"]
    for name in OUTCOMES:
        metric, settled = query.metric(name), query.settled(name)
        if unanswerable(metric, settled):
            continue
        periods = settled.months(months)
        ids = dict.fromkeys((table(metric.table).key, "ticket_id", "customer_id"))
        columns = (*ids, "period", "group", "unit", "n", "w", "wx")
        tickets = counted_rows(metric, settled, periods, *columns, by="+".join(mix))
        tickets = tickets.filter(pl.col("ticket_id").is_in(replied.implode()))
        tickets = tickets.select(
            *ids, "unit", "n", MONTH, period=pl.format("{}/{}", "period", "group"), mix="group", sum_w="w", sum_wx="wx"
        )
        yield metric, periods, tickets


def _by_unit(tickets: pl.DataFrame, *by: str) -> pl.DataFrame:
    return tickets.group_by(*by, "period", "unit").agg(pl.col(SUMS).sum())


def _beside(metric: Metric, whole: pl.DataFrame, ran: pl.DataFrame) -> Row:
    """Return the difference of tickets with a workflow and all others, in points; or why there is none."""
    both = whole.join(ran, on=["period", "unit"], how="left", suffix="_ran")
    others = both.with_columns(pl.col(name) - pl.col(f"{name}_ran").fill_null(0) for name in SUMS).filter(
        pl.col("n") > 0
    )
    sides = [ran, others]
    row: Row = {"n": sides[0]["n"].sum()}
    if min(side["unit"].n_unique() for side in sides) < LEAST:
        return row | {"reason": f"fewer than {LEAST} customers on a side"}
    figures, correlated = side_by_side(metric, sides)
    row |= {"n": int(figures.n[0]), "units": int(figures.units[0])}
    value, low, high, p_value, *_ = differences(metric, figures, correlated)
    if value is None or p_value is None:
        return row | {"reason": "no month, channel and category with both"}
    one, two = figures.se
    se = metric.factor * float(np.sqrt(one**2 + two**2 - 2 * correlated[0] * one * two))
    return row | {"value": value, "se": se, "low": low, "high": high, "p_value": p_value}


def workflow_runs(query: Query, by_name: pl.Expr) -> pl.DataFrame:
    """Return ticket_id, kind, group, ran_at of each workflow on each ticket."""
    whole = replace(query, filters=())
    found = table_rows("ticket_workflows", whole, ~nw.col("kind").is_null(), "ticket_id", "kind", "name", "ran_at")
    return found.with_columns(group=pl.when(by_name).then(NAME).otherwise(KIND))


def _early(query: Query) -> pl.DataFrame:
    """Return ticket_id and group of the workflows that ran up to a ticket's first human reply, policies apart."""
    runs = workflow_runs(query, pl.lit(True)).filter(pl.col("kind") != "sla").join(_replied(query), on="ticket_id")
    return runs.filter(pl.col("ran_at") <= pl.col("first_replied_at"))


def _replied(query: Query) -> pl.DataFrame:
    replied = ~nw.col("first_replied_at").is_null()
    return table_rows("tickets", replace(query, filters=()), replied, "ticket_id", "first_replied_at")
