"""Daily counts day by day, also those without a row, and totals and rates per day from them.

The variance of a total is the total times the dispersion of its days around the means of their class (weekday, holiday)
and month, pooled over all months looked at: quasi-Poisson, McCullagh & Nelder 1989, ch. 6.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl

from cxlib.clock import day_kinds
from cxlib.errors import UsageError
from cxlib.estimates.context import observed
from cxlib.estimates.counted_days import day_classes, day_sums, length, like_days, scatter
from cxlib.estimates.estimate_table import EstimateTable, estimates
from cxlib.metrics import Metric, Query, get, unit_frame
from cxlib.periods import first_day, last_day
from cxlib.results.types import Change, ResultContext
from cxlib.stats.differences import Difference, difference
from cxlib.stats.intervals import MANY, Array, Figures, Places, counted_total
from cxlib.stats.sizes import sized


def daily_metric(name: str) -> Metric:
    """Return a metric that counts by day.

    Raises:
        UsageError: No such metric, or one of another kind.
    """
    metric = get(name)
    if metric.kind != "count" or metric.unit != "day":
        raise UsageError(f"{name!r} is no daily count; ask this of ticket_volume or message_volume.")
    return metric


def day_counts(metric: Metric, query: Query, months: Sequence[str], by: str = "") -> pl.DataFrame:
    """Return one row per group and wholly observed day of these months, days without rows counted as zero.

    Columns: period (month), group, day, kind (working, weekend, holiday by the default schedule), alike (its class,
    `day_classes`), n, sum_wx.
    """
    units = unit_frame(metric, query, months, by)
    since, until = observed(metric, query)
    span = pl.date_range(max(first_day(min(months)), since), min(last_day(max(months)), until), eager=True)
    days = pl.DataFrame({"day": span, "period": span.dt.strftime("%Y-%m")}).filter(pl.col("period").is_in(months))
    settings = query.data.settings
    kinds = day_kinds(days["day"], settings.schedules[settings.default_schedule])
    days = days.with_columns(kinds, day_classes(days["day"], settings))
    seen = units.select("group", "n", "sum_wx", day=pl.col("unit").str.to_date())
    every = units.select("group").unique().sort("group").join(days, how="cross")
    filled = every.join(seen, on=["group", "day"], how="left", maintain_order="left")
    return filled.select("period", "group", "day", "kind", "alike", pl.col("n", "sum_wx").fill_null(0))


def totals(metric: Metric, days: pl.DataFrame, *, rate: bool = False) -> EstimateTable:
    """Return totals by period and group (or, as `rate`, means per day).

    Args:
        metric: What is counted.
        days: Rows of `day_counts`; `period` may have been replaced by one of another grain.
        rate: Divide by the number of days.
    """
    keys, sums, free = day_sums(days, _scatter(days))
    counted, free = np.append(sums.n, 0.0), np.append(free, MANY)
    sums = replace(sums, n=np.ones_like(sums.n))  # an observed period without rows has the value 0
    lengths = np.append(sums.units if rate else np.ones_like(sums.n), 1.0)

    def choose(places: Places) -> Figures:
        found = counted_total(sums.take(places), free[places])
        return replace(found.divided(lengths[places]), n=counted[places])

    return EstimateTable(metric, keys, choose)


def _scatter(days: pl.DataFrame) -> pl.DataFrame:
    """Return the dispersion of the days of each group, within months."""
    return scatter(days.with_columns(period=pl.col("day").dt.strftime("%Y-%m")), ["group"])


def per_day_metric(metric: Metric, what: str) -> Metric:
    """Return the metric that a rate per day is printed as."""
    unit = f"{metric.measured_in} a day"
    return replace(metric, title=f"{metric.title} per {what}", kind="mean", measured_in=unit)


def change_between(
    found: EstimateTable, about: ResultContext, period: str, baseline: str, correlated: float = 0.0
) -> Change | None:
    """Return the change of a count from one period to another; None where either is not among the cells."""
    sides = _sides(found, period, baseline)
    if sides is None:
        return None
    differs = difference(sides[0].figures, sides[1].figures, np.array([correlated]))
    return _told(found.metric, about, (period, baseline), sides, differs)


def like_change(
    found: EstimateTable,
    about: ResultContext,
    days: pl.DataFrame,
    *,
    period: str,
    baseline: str,
    rate: bool = False,
    compared: Callable[[Figures, Figures, Array], Difference] = difference,
) -> Change | None:
    """Return the change of a count of days from one period to another, judged on like days.

    None where either is not among the cells; without a value where no day of the one is like one of the other.

    Args:
        found: `totals` of these days.
        about: Scope of the answer.
        days: Rows of `day_counts`, as of the cells.
        period: The one period.
        baseline: The other.
        rate: Whether the cells are means per day.
        compared: Returns the difference of two counts (`BusyWeeks.of_count`).
    """
    sides = _sides(found, period, baseline)
    if sides is None:
        return None
    weighted = like_days(days, period, baseline)
    size = length(weighted, period)
    if not size:
        classes = dict(weighted.select("period", "alike").iter_rows())
        told = _told(found.metric, about, (period, baseline), sides, None)
        return replace(told, unlike=(classes[period], classes[baseline]))
    alike = days.join(weighted.drop("alike"), on=["period", "day"])
    keys, sums, free = day_sums(alike, _scatter(days))
    sums, names = replace(sums, n=np.ones_like(sums.n)), keys["period"].to_list()
    places = [np.array([names.index(name)]) for name in (period, baseline)]
    one, other = (counted_total(sums.take(place), free[place]) for place in places)
    plain = sides[0].figures.value - sides[1].figures.value
    differs = compared(one, other, np.zeros(1)).divided(size if rate else 1.0)
    differs = replace(differs, calendar=plain - differs.value)
    return _told(found.metric, about, (period, baseline), sides, differs)


def _sides(found: EstimateTable, period: str, baseline: str) -> tuple[EstimateTable, EstimateTable] | None:
    if period == baseline or not {period, baseline} <= set(found.keys["period"]):
        return None
    after, before = (found.at(pl.DataFrame({"period": [name], "group": [""]})) for name in (period, baseline))
    return after, before


def _told(
    metric: Metric,
    about: ResultContext,
    periods: tuple[str, str],
    sides: tuple[EstimateTable, EstimateTable],
    differs: Difference | None,
) -> Change:
    here, there = (estimates(side.points())[0] for side in sides)
    size, low, high, p_value, calendar = (None,) * 5 if differs is None else differs.rows(metric)[0]
    return sized(Change(metric, about, *periods, here, there, size, low, high, p_value, calendar=calendar))


def whole_weeks(days: pl.DataFrame, last: date) -> pl.DataFrame:
    """Return the days of whole weeks that end by the last day, with `period` the week."""
    monday = pl.col("day").dt.truncate("1w")
    kept = days.filter((pl.len().over("group", monday) == 7) & (monday + pl.duration(days=6) <= last))
    return kept.with_columns(period=pl.col("day").dt.strftime("%G-W%V"))


def same_months(days: pl.DataFrame, month: str) -> pl.DataFrame:
    """Return the days from January to the month in every year that is observed so far, with `period` that span."""
    year, number = pl.col("day").dt.year(), int(month[-2:])
    part = days.filter(pl.col("day").dt.month() <= number)
    length = pl.date(year, number, 1).dt.month_end() - pl.date(year, 1, 1)
    whole = pl.len().over("group", year) == length.dt.total_days() + 1
    return part.filter(whole).with_columns(period=pl.format("{}-01/{}-{}", year, year, pl.lit(month[-2:])))
