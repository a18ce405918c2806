"""What a daily count goes together with: weekdays, public holidays, times of the year, trend, a lasting step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl

from cxlib.estimates.context import result_context
from cxlib.estimates.daily import daily_metric
from cxlib.estimates.daily_model import YEAR, Columns, Model, design, fit, observed_days, relative
from cxlib.metrics import Query
from cxlib.numbers import month as month_text, number as number_text, period, weekday
from cxlib.periods import month_of, week_of
from cxlib.questions.demand.level_shift import Step, lasting_step
from cxlib.results.types import Effects, NotKnown
from cxlib.stats.effects import Row, effect_points, half_width

Term = tuple[str, str, str, dict[str, float]]


def count_model(name: str, query: Query) -> Effects | NotKnown:
    """Return what a daily count goes together with, all estimated beside each other.

    All observed days up to the end of the reported month. Months of the year have an effect from three years on; before
    that December, July and weeks with a public holiday have one, told with the years they were seen in. A lasting step
    is allowed for where `level_shift` finds one.

    Raises:
        UsageError: No such metric or dimension, or no daily count.
    """
    metric = daily_metric(name)
    days = observed_days(metric, query)
    if isinstance(days, NotKnown):
        return days
    step = lasting_step(metric, query, days)
    columns = design(days, [step.day] if step else [])
    model = fit(days, columns)
    return Effects(
        metric=metric,
        scope=replace(result_context(metric, query), provisional=0.0, observed=None),
        title=f"{metric.title} a day and the calendar",
        months=(month_of(days["day"][0]), month_of(days["day"][-1])),
        measured_in="%",
        none=0.0,
        points=effect_points(_row(days, columns, model, term, step) for term in _terms(days, columns)),
        allowing_for=("each other",),
        reading="weekdays and holidays against an average working weekday",
        n=int(days["n"].sum()),
        caveat=f"Days vary {number_text(model.dispersion, 1)} times as much as chance alone would make them.",
    )


def _terms(days: pl.DataFrame, columns: Columns) -> Iterator[Term]:
    """Give group, label, family and weights of each effect to report."""
    usual = days.group_by("weekday").agg((pl.col("kind") != "weekend").mean()).filter(pl.col("kind") > 0.5)
    working = sorted(usual["weekday"]) or range(1, 8)
    average = {f"weekday {number}": -1.0 / len(working) for number in working}
    for number in range(1, 8):
        yield f"weekday {number}", weekday(number), "weekday", _plus(average, f"weekday {number}")
    for name in ("holiday", "holiday at a weekend"):
        if columns[name].any():
            yield name, f"Public {name}", "holiday", _plus(average, name)
    yield "trend", "Trend, a year", "trend", {"trend": 1.0}
    months = {f"month {number}": month_text(f"2000-{number:02d}").split()[0] for number in range(1, 13)}
    if "month 2" in columns:
        for name, label in months.items():
            yield name, label, "season", _plus(dict.fromkeys(months, -1.0 / 12), name)
    else:
        for name in (name for name in (*months, "weeks with a holiday") if name in columns):
            yield name, f"{months.get(name, name.capitalize())}{_years(days, name)}", "season", {name: 1.0}
    for name in (name for name in columns if name.startswith("step")):
        yield name, f"Since {period(week_of(date.fromisoformat(name[5:])))}", "step", {name: 1.0}


def _plus(weights: dict[str, float], name: str) -> dict[str, float]:
    return {**weights, name: weights.get(name, 0.0) + 1.0}


def _years(days: pl.DataFrame, name: str) -> str:
    """Return ", seen in 2 of 2 years": in how many the effect of a time of the year is beyond chance by itself."""
    model = fit(days, design(days, yearly=True))
    parts = [part for part in model.names if part.startswith(f"{name} ")]
    found = [np.divide(*model.effect({part: 1.0})) for part in parts]
    limit = half_width(1.0, model.freedom)
    seen = max(sum(sign * value > limit for value in found) for sign in (-1, 1))
    return f", seen in {seen} of {len(parts)} year{'s' if len(parts) > 1 else ''}"


def _row(days: pl.DataFrame, columns: Columns, model: Model, term: Term, step: Step | None) -> Row:
    group, label, family, weights = term
    flag = {
        "weekday": (pl.col("weekday").cast(pl.String) == group[-1]) & ~pl.col("feast"),
        "season": pl.col("day").dt.month().cast(pl.String) == group.removeprefix("month "),
    }.get(family, pl.lit(True))
    rows = days.filter(pl.Series(columns[group] > 0) if group in columns and family != "trend" else flag)
    row = {"group": group, "label": label, "family": family, "n": int(rows["n"].sum()), "units": rows.height}
    if not rows["sum_wx"].sum():
        return row | {"reason": "no row falls on such a day"}
    if group == "trend" and days.height < YEAR:
        return row | {"reason": "the data hold less than a year"}
    if family == "step" and step is not None:
        return row | step.told()
    value, error = model.effect(weights, lasts=family not in ("weekday", "holiday"))
    if error == 0.0:
        return row | {"reason": "the other terms determine it"}
    return row | relative(value, error, half_width(1.0, model.freedom), model.freedom)
