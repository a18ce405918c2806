"""Daily counts day by day, also those without a row, and totals and rates per day from them.

The variance of a total is the total times the dispersion of its days around the means of their weekday and month
(holidays a weekday of their own), pooled over all months looked at: quasi-Poisson, McCullagh & Nelder 1989, ch. 6.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl

from cxlib.clock import day_kinds
from cxlib.errors import UsageError
from cxlib.metrics import Metric, View, get, unit_frame
from cxlib.periods import first_day, last_day
from cxlib.stats.cells import KEYS, Cells, estimates
from cxlib.stats.change import difference
from cxlib.stats.intervals import MANY, Array, Figures, Places, Sums, total
from cxlib.stats.results import Change, Scope
from cxlib.stats.scope import observed
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


def day_counts(metric: Metric, view: View, months: Sequence[str], by: str = "") -> pl.DataFrame:
    """Return one row per group and wholly observed day of these months, days without rows counted as zero.

    Columns: period (month), group, day, kind (working, weekend, holiday by the default schedule), n, sum_wx.
    """
    units = unit_frame(metric, view, months, by)
    since, until = observed(metric, view)
    span = pl.date_range(max(first_day(min(months)), since), min(last_day(max(months)), until), eager=True)
    days = pl.DataFrame({"day": span, "period": span.dt.strftime("%Y-%m")}).filter(pl.col("period").is_in(months))
    settings = view.data.settings
    days = days.with_columns(day_kinds(days["day"], settings.schedules[settings.default_schedule]))
    seen = units.select("group", "n", "sum_wx", day=pl.col("unit").str.to_date())
    every = units.select("group").unique().sort("group").join(days, how="cross")
    filled = every.join(seen, on=["group", "day"], how="left", maintain_order="left")
    return filled.select("period", "group", "day", "kind", pl.col("n", "sum_wx").fill_null(0))


def totals(metric: Metric, days: pl.DataFrame, *, rate: bool = False) -> Cells:
    """Return totals by period and group (or, as `rate`, means per day).

    Args:
        metric: What is counted.
        days: Rows of `day_counts`; `period` may have been replaced by one of another grain.
        rate: Divide by the number of days.
    """
    holiday, month = pl.col("kind") == "holiday", pl.col("day").dt.month_start()
    weekday = pl.when(holiday).then(pl.lit(0, pl.Int8)).otherwise(pl.col("day").dt.weekday())
    strata = days.with_columns(weekday=weekday, month=month)
    strata = strata.with_columns(usual=pl.col("sum_wx").mean().over("group", "month", "weekday"))
    misfit = ((pl.col("sum_wx") - pl.col("usual")) ** 2 / pl.col("usual")).sum()
    df = pl.len().cast(pl.Float64) - pl.struct("month", "weekday").n_unique()
    spread = strata.filter(pl.col("usual") > 0).group_by("group").agg(misfit=misfit, df=df)
    cells = days.group_by(KEYS).agg(pl.col("n", "sum_wx").sum(), units=(pl.col("n") > 0).sum(), days=pl.len())
    cells = cells.join(spread, on="group", how="left").fill_null(0).sort(KEYS)
    n, value, days_seen, length, misfits, free = (
        cells[name].to_numpy().astype(np.float64) for name in ("n", "sum_wx", "units", "days", "misfit", "df")
    )
    dispersion = np.fmax(1.0, np.divide(misfits, free, out=np.ones_like(free), where=free > 0))
    none, counted = np.zeros_like(value), np.append(n, 0.0)  # an observed period without rows has the value 0
    sums = Sums(np.ones_like(n), length if rate else days_seen, none, value, none, none, value * dispersion, none)
    freedom, lengths = np.append(np.where(free > 0, free, MANY), MANY), np.append(length, 1.0)

    def choose(places: Places) -> Figures:
        found = total(sums.take(places), freedom[places]).clipped(0.0, np.inf)
        each = lengths[places] if rate else np.ones(len(places))

        def limits(alpha: Array) -> tuple[Array, Array]:
            low, high = found.limits(alpha)
            return low / each, high / each

        return Figures(counted[places], found.units, found.value / each, found.se / each, limits)

    return Cells(metric, cells.select(KEYS), choose)


def per_day_metric(metric: Metric, what: str) -> Metric:
    """Return the metric that a rate per day is printed as."""
    unit = f"{metric.measured_in} a day"
    return replace(metric, title=f"{metric.title} per {what}", kind="mean", measured_in=unit)


def change_between(found: Cells, about: Scope, period: str, baseline: str, correlated: float = 0.0) -> Change | None:
    """Return the change of a count from one period to another; None where either is not among the cells."""
    if period == baseline or not {period, baseline} <= set(found.keys["period"]):
        return None
    keys = [pl.DataFrame({"period": [name], "group": [""]}) for name in (period, baseline)]
    after, before = (found.at(key) for key in keys)
    differs = difference(after.figures, before.figures, np.array([correlated]))
    columns = pl.DataFrame(differs.columns(found.metric)).row(0, named=True)
    here, there = (estimates(side.points())[0] for side in (after, before))
    return sized(Change(found.metric, about, period, baseline, here, there, **columns))


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
