"""When the most arrives, hour by hour of the week, and what the busiest hour is made of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from cxlib.clock import open_minutes
from cxlib.estimates.context import observed, result_context, unanswerable
from cxlib.estimates.counted_days import FEWEST_FREE
from cxlib.estimates.daily import daily_metric
from cxlib.metrics import Metric, Query, unit_frame
from cxlib.periods import first_day, last_day
from cxlib.questions.groups.breakdown import labels
from cxlib.results.types import POINT, NotKnown, Peaks
from cxlib.settings import ScheduleSettings
from cxlib.stats.differences import difference
from cxlib.stats.effects import adjusted
from cxlib.stats.intervals import ALPHA, MANY, Sums, counted_total, share
from cxlib.stats.sums import finite_column
from cxlib.tables.schema import DIMENSIONS

MAKERS = ("channel", "category")
CELL = ["weekday", "hour"]
FEWEST = 10


def peaks(name: str, query: Query, months: int = 12) -> Peaks | NotKnown:
    """Return how much arrives at each hour of each weekday over the last months, and what makes the busiest hour.

    Hours are hours of the local clock as they passed: one that a clock change skipped was not observed, one that it
    repeated was observed twice.

    Raises:
        UsageError: No such metric or dimension, or no daily count.
    """
    metric = daily_metric(name)
    if reason := unanswerable(metric, query, "hour"):
        return reason
    periods = query.months(months)
    since, until = observed_within(metric, query, periods)
    counts = by_hour(metric, query, periods)
    if counts["hour"].n_unique() < 2:
        few = counts["n"].sum() < FEWEST
        why = f"hold too few {metric.measured_in} to tell hours apart" if few else "give the day, not the hour"
        return NotKnown(f"{metric.title} by hour", f"The data {query.data.name!r} {why}.")
    points = hour_means(counts, week_hours(since, until, ZoneInfo(query.data.settings.timezone)))
    busiest = points.sort("value", *CELL, descending=[True, False, False]).row(0, named=True)
    peak = query.only("hour", str(busiest["hour"]))
    parts = [
        _makers(metric, (query, peak), periods, busiest["weekday"], by)
        for by in MAKERS
        if not unanswerable(metric, query, by) and by not in dict(query.filters)
    ]
    return Peaks(metric, result_context(metric, query), (periods[0], periods[-1]), points, _judged(parts))


def observed_within(metric: Metric, query: Query, months: Sequence[str]) -> tuple[date, date]:
    """Return the first and the last of the local days of these months that the data observe wholly."""
    since, until = observed(metric, query)
    return max(since, first_day(months[0])), min(until, last_day(months[-1]))


def by_hour(metric: Metric, query: Query, months: Sequence[str]) -> pl.DataFrame:
    """Return the unit frame by hour of the wholly observed days, with weekday and hour."""
    day = pl.col("unit").str.to_date()
    counts = unit_frame(metric, query, months, "hour").filter(day.is_between(*observed_within(metric, query, months)))
    return counts.with_columns(weekday=day.dt.weekday(), hour=pl.col("group").cast(pl.Int64))


def week_hours(since: date, until: date, zone: ZoneInfo, plan: ScheduleSettings | None = None) -> pl.DataFrame:
    """Return weekday, hour and how often that hour passed between two local days, both included.

    With a schedule: how often it passed open, an hour half open as half of one; hours never open are left out.
    """
    # as instants: a midnight that a clock change skips is the moment at which it does
    begin, end = (datetime.combine(day, time(), zone).astimezone(UTC) for day in (since, until + timedelta(days=1)))
    hours = pl.datetime_range(begin, end, "1h", time_zone="UTC", closed="left", eager=True)
    local = hours.dt.convert_time_zone(zone.key).dt
    passed = open_minutes(hours, hours + timedelta(hours=1), plan, zone.key) / 60 if plan else pl.lit(1.0)
    frame = pl.DataFrame({"weekday": local.weekday(), "hour": local.hour().cast(pl.Int64)}).with_columns(units=passed)
    return frame.group_by(CELL).agg(pl.col("units").sum()).filter(pl.col("units") > 0).sort(CELL)


def hour_means(counts: pl.DataFrame, hours: pl.DataFrame) -> pl.DataFrame:
    """Return the mean count of each hour of the week; its variance that of the days, never below Poisson.

    An hour that passed fewer than six times says nothing of that scatter: it has the dispersion of all hours together.
    """
    summed = counts.group_by(CELL).agg(pl.col("n", "sum_wx").sum(), squares=(pl.col("sum_wx") ** 2).sum())
    cells = hours.join(summed, on=CELL, how="left", maintain_order="left").fill_null(0)
    often, value, squares = (cells[name].to_numpy().astype(np.float64) for name in ("units", "sum_wx", "squares"))
    misfit, free = squares - value**2 / often, np.where(value > 0, np.fmax(often - 1, 0.0), 0.0)
    own, together = free >= FEWEST_FREE, free.sum() >= FEWEST_FREE
    of_all = misfit.sum() / (value / often * free).sum() if together else 1.0
    variance = np.where(own, misfit * often / np.fmax(free, 1), value * of_all)
    none, here = np.zeros_like(value), np.ones_like(value)
    freedom = np.where(own, free, free.sum() if together else MANY)
    found = counted_total(Sums(here, often, none, value, none, none, np.fmax(variance, value), none), freedom)
    low, high = found.limits(np.asarray(ALPHA))
    numbers = {"value": value, "se": found.se, "low": low, "high": high}
    columns = [finite_column(name, number / often) for name, number in numbers.items()]
    return cells.with_columns(pl.col("units").cast(pl.Int64), *columns).select(*CELL, *POINT)


def _makers(metric: Metric, views: tuple[Query, Query], months: Sequence[str], weekday: int, by: str) -> pl.DataFrame:
    """Compare each group's share of the busiest hour with its share of all other hours; days are the units."""
    query, peak = views
    on_day = pl.col("unit").str.to_date().dt.weekday() == weekday
    keys = ["group", "unit"]
    inside = unit_frame(metric, peak, months, by).filter(on_day).select(*keys, inside="sum_wx")
    both = unit_frame(metric, query, months, by).select(*keys, "sum_wx").join(inside, on=keys, how="left").fill_null(0)
    both = both.with_columns(outside=pl.col("sum_wx") - pl.col("inside"))
    groups, rows = both.select("group").unique().sort("group"), []
    for group in groups["group"]:
        own = pl.col("group") == group
        sides = []
        for side in ("outside", "inside"):
            days = both.group_by("unit").agg(w=pl.col(side).sum(), x=pl.col(side).filter(own).sum()).sort("unit")
            w, x = (days[name].to_numpy().astype(np.float64) for name in ("w", "x"))
            sides.append(share(Sums.of_units(w, w, x, x)))
        rest, here = sides
        between = difference(here, rest, np.zeros(1), 1.0)
        parts = {"share": here.value, "rest": rest.value, "difference": between.value}
        percents = parts | {"low": between.low, "high": between.high}
        columns = [finite_column(name, number * 100) for name, number in percents.items()]
        rows.append(pl.DataFrame([*columns, finite_column("p_value", between.p_value)]))
    named = groups.join(labels(query, by, groups), on="group", how="left", maintain_order="left")
    return pl.concat([named.select("label", dimension=pl.lit(DIMENSIONS[by].title)), pl.concat(rows)], how="horizontal")


def _judged(parts: list[pl.DataFrame]) -> pl.DataFrame:
    numbers = ("share", "rest", "difference", "low", "high", "p_value")
    schema = {"dimension": pl.String, "label": pl.String} | dict.fromkeys(numbers, pl.Float64)
    rows = pl.concat([pl.DataFrame(schema=schema), *(part.select(*schema) for part in parts)])
    rows = rows.sort("difference", "label", descending=[True, False], nulls_last=True)
    return rows.with_columns(adjusted(rows["p_value"]))
