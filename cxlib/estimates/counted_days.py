"""The days behind a count: which were observed, which are alike, and how much more than chance makes them vary.

Days are the units of a daily count, those without a row too. Two are alike if both are the same weekday, both a public
holiday, or both a half day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl

from cxlib.clock import day_kinds
from cxlib.estimates.context import observed
from cxlib.metrics import Metric, Query
from cxlib.metrics.frames import BETWEEN, NOT_KNOWN
from cxlib.periods import first_day, last_day
from cxlib.settings import WEEKDAYS, ScheduleSettings, Settings
from cxlib.stats.intervals import MANY, Array, Sums

KEYS = ("period", "group")
HOLIDAY, CLOSED_HOLIDAY, HALF_DAY = 8, 9, 10  # classes of days beside 1 = Monday … 7 = Sunday
FEWEST_FREE = 5  # degrees of freedom below which the scatter between days says nothing: Poisson
THIN = 1.0  # rows a day below which weekdays cannot be told apart
OFF = (6, 7, HOLIDAY, CLOSED_HOLIDAY)
ARRIVALS = {"working": ("opening hours", "off hours"), "weekend": ("weekend",), "holiday": ("holiday",)}


def day_classes(days: pl.Series, settings: Settings) -> pl.Series:
    """Return, as `alike`, the class of each local day under the default schedule: weekday, holiday or half day.

    A public holiday at a weekend, or on a day without hours anyway, is a class of its own.
    """
    plan = settings.schedules[settings.default_schedule]
    kinds, feast = day_kinds(days, plan), feasts(days, plan)
    half = days.cast(pl.String).is_in([day for day, spans in plan.half_days.items() if spans])
    frame = pl.DataFrame({"day": days, "kind": kinds, "feast": feast, "half": half})
    special = pl.when("half").then(HALF_DAY).when(pl.col("kind") == "holiday").then(HOLIDAY)
    alike = special.when("feast").then(CLOSED_HOLIDAY).otherwise(pl.col("day").dt.weekday())
    return frame.select(alike=alike.cast(pl.Int8))["alike"]


def feasts(days: pl.Series, plan: ScheduleSettings) -> pl.Series:
    """Return which days are public holidays of a schedule, those at a weekend too, but for days opened by hand."""
    always = replace(plan, hours={day: ["00:00-24:00"] for day in WEEKDAYS})
    return day_kinds(days, always) == "holiday"


def calendar(metric: Metric, query: Query, months: Sequence[str]) -> pl.DataFrame:
    """Return period, day and class (`alike`) of the days of these months of which the data observe a moment."""
    since, until = observed(metric, query)[0], query.data.last_day
    spans = [pl.date_range(max(first_day(m), since), min(last_day(m), until), eager=True) for m in months]
    frame = pl.DataFrame({"period": months, "day": spans}, schema={"period": pl.String, "day": pl.List(pl.Date)})
    days = frame.explode("day").drop_nulls()
    return days.with_columns(day_classes(days["day"], query.data.settings))


def with_empty_days(metric: Metric, query: Query, units: pl.DataFrame, by: str = "") -> pl.DataFrame:
    """Return the rows of a unit frame by day, with zeros on the observed days without any: KEYS, day, alike, n, sum_wx.

    Of a group (or filter) that names a time of arrival, only days on which something can arrive at such a time.
    """
    keys = units.select(KEYS).unique().sort(KEYS)
    seen = units.select(*KEYS, "n", "sum_wx", day=pl.col("unit").str.to_date())
    observed_days = calendar(metric, query, keys["period"].unique().to_list())
    beyond = seen.select("period", "day").unique().join(observed_days, on=["period", "day"], how="anti")
    late = beyond.with_columns(day_classes(beyond["day"], query.data.settings))  # rows after the end of the data
    days = keys.join(pl.concat([observed_days, late]), on="period").join(seen, on=[*KEYS, "day"], how="left")
    return days.filter(_possible(metric, query, days, by) | (pl.col("n") > 0)).with_columns(
        pl.col("n", "sum_wx").fill_null(0)
    )


def _possible(metric: Metric, query: Query, days: pl.DataFrame, by: str) -> pl.Series:
    """Return on which days something can arrive at the times of arrival that the filters and the group name."""
    filters = [set(values) for name, values in query.filters if name == "arrival"]
    place = by.split("+").index("arrival") if "arrival" in by.split("+") else None
    if (not filters and place is None) or metric.table != "tickets" or metric.anchor != "created":
        return pl.repeat(True, days.height, eager=True)
    each = days["day"].unique()
    kinds = [day_kinds(each, plan).to_list() for plan in query.data.settings.schedules.values()]
    times = {
        day: {NOT_KNOWN}.union(*(ARRIVALS[kind] for kind in found))
        for day, *found in zip(each.to_list(), *kinds, strict=True)
    }
    asked = ([*filters, {group.split(BETWEEN)[place]}] if place is not None else filters for group in days["group"])
    able = [all(times[day] & wanted for wanted in sets) for day, sets in zip(days["day"], asked, strict=True)]
    return pl.Series(able, dtype=pl.Boolean)


def scatter(days: pl.DataFrame, keys: Sequence[str] = KEYS) -> pl.DataFrame:
    """Return, by key, `phi` and `free`: the dispersion of days and its degrees of freedom, never below Poisson.

    Around the mean of the class of day within the period (quasi-Poisson, McCullagh & Nelder 1989, ch. 6); where classes
    are too many to tell apart, around those of working days and of others; with fewer than five degrees of freedom
    Poisson, whose variance is known. How surely φ is known from so few and skewed days: Satterthwaite 1946, with the
    kurtosis of a negative binomial.
    """
    days = days.sort(*keys, "day")  # sums in one order only
    coarse = pl.when(pl.col("alike").is_in(OFF)).then(1).otherwise(0).cast(pl.Int8)
    fine, rough = _misfit(days, keys), _misfit(days.with_columns(alike=coarse), keys)
    found = days.select(keys).unique().join(fine, on=keys).join(rough, on=keys, suffix="_rough").sort(keys)
    enough = (pl.col("mean") >= THIN) & (pl.col("free") >= FEWEST_FREE)
    misfit, free, mean = (
        pl.when(enough).then(name).otherwise(f"{name}_rough") for name in ("misfit", "free", "mean_of")
    )
    found = found.select(*keys, misfit=misfit, free=free, mean=mean)
    phi = pl.when(pl.col("free") >= FEWEST_FREE).then(pl.col("misfit") / pl.col("free")).fill_nan(1.0)
    found = found.with_columns(phi=pl.max_horizontal(pl.lit(1.0), phi))
    skewed = pl.col("free") * 2 / (2 + 3 * (pl.col("phi") - 1) / pl.col("mean"))
    free = pl.when(pl.col("phi") > 1 + 1e-9).then(pl.max_horizontal(pl.lit(float(FEWEST_FREE)), skewed)).otherwise(MANY)
    return found.select(*keys, "phi", free=free)


def _misfit(days: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Return, by key, Pearson's misfit of days around their class's mean, its degrees of freedom, and means of a day.

    Classes without a row – closed days – have no say; `mean` is of all days, `mean_of` of the others.
    """
    classes = [*dict.fromkeys((*KEYS, *keys)), "alike"]
    strata = days.with_columns(usual=pl.col("sum_wx").mean().over(classes))
    some = pl.col("usual") > 0
    return strata.group_by(keys).agg(
        misfit=((pl.col("sum_wx") - pl.col("usual")) ** 2 / pl.col("usual")).filter(some).sum(),
        free=some.sum().cast(pl.Float64) - pl.struct(classes).filter(some).n_unique(),
        mean=pl.col("sum_wx").mean(),
        mean_of=pl.col("usual").filter(some).mean(),
    )


def day_sums(days: pl.DataFrame, scattered: pl.DataFrame) -> tuple[pl.DataFrame, Sums, Array]:
    """Return the keys of `with_empty_days`, their sums – units are days, `wxwx` the variance – and degrees of freedom.

    Args:
        days: One row per key and day; `weight`, where there is one, multiplies the count of a day.
        scattered: Result of `scatter` of them, by KEYS or by group.
    """
    weight = pl.col("weight") if "weight" in days.columns else pl.lit(1.0)
    summed = days.sort(*KEYS, "day").group_by(KEYS, maintain_order=True).agg(
        pl.col("n").sum(), units=pl.len(), value=(weight * pl.col("sum_wx")).sum(),
        squares=(weight**2 * pl.col("sum_wx")).sum(),
    ).sort(KEYS)  # fmt: skip
    summed = summed.join(
        scattered, on=[key for key in KEYS if key in scattered.columns], how="left", maintain_order="left"
    )
    names = ("n", "units", "value", "squares", "phi", "free")
    n, units, value, squares, phi, free = (summed[name].to_numpy().astype(np.float64) for name in names)
    none = np.zeros_like(value)
    return summed.select(KEYS), Sums(n, units, none, value, none, none, squares * phi, none), free


def like_days(days: pl.DataFrame, after: str, before: str) -> pl.DataFrame:
    """Return period, day and `weight` of the days of two periods, by which their counts are of like days.

    With n days of a class in the one and m in the other each of them weighs 2m ÷ (n + m) and 2n ÷ (n + m): a difference
    of totals so weighted is that of the class's rates on as many days; what it leaves of the plain difference is
    (n − m) × the rate of both together, which the calendar makes. Classes of one period only weigh nothing.

    Args:
        days: period, day and alike, also of other periods; each day once or more often.
        after: The one period.
        before: The other.
    """
    both = days.filter(pl.col("period").is_in([after, before])).select("period", "day", "alike").unique()
    sizes = both.group_by("alike").agg(
        after=(pl.col("period") == after).sum().cast(pl.Float64),
        before=(pl.col("period") == before).sum().cast(pl.Float64),
    )
    other = pl.when(pl.col("period") == after).then("before").otherwise("after")
    weight = 2 * other / (pl.col("after") + pl.col("before"))
    return both.join(sizes, on="alike").select("period", "day", "alike", weight=weight).sort("period", "day")


def length(weighted: pl.DataFrame, period: str) -> float:
    """Return how many like days two periods are compared on: Σ weight of the days of either."""
    return float(weighted.filter(pl.col("period") == period)["weight"].sum())


def strange(weighted: pl.DataFrame) -> list[date]:
    """Return the days that have no like day in the other period."""
    return weighted.filter(pl.col("weight") == 0)["day"].to_list()
