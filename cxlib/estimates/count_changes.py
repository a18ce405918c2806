"""Changes of counts of days: on like days, and with the scatter of weeks as well as that of days."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from cxlib.clock import days_off
from cxlib.estimates.busy_weeks import A_MONTH, busy_weeks
from cxlib.estimates.counted_days import KEYS, calendar, like_days, scatter, with_empty_days
from cxlib.estimates.estimate_table import EstimateTable, correlation, estimate_table, influences, of_days
from cxlib.metrics import Metric, Query, dated_frame, missing_reason, unit_frame
from cxlib.periods import last_day
from cxlib.stats.differences import Difference, widest


def on_like_days(
    metric: Metric, query: Query, found: EstimateTable, baseline: str, by: str = "", *, but: pl.Series | None = None
) -> Difference:
    """Return the differences of a count of days from a month's on as many days of each class, and the calendar's part.

    Each row weighs what its day does (`like_days`), so that months of other lengths, weekdays or holidays are alike:
    Mantel-Haenszel weights of rates (Greenland & Robins 1985). Units are days, or customers as of the figure itself;
    the dispersion of days is that of both months together, widened for weeks that resemble each other (`busy_weeks`).

    Args:
        metric: A count whose rows have a day.
        query: Names the reported month.
        found: Cells of both months, as published.
        baseline: The other month.
        by: Dimension of the cells' groups.
        but: Units that `found` leaves out.
    """
    alike, influence = _alike(metric, query, baseline, by, but)
    pair, busy = _sides(found, query.month, baseline), busy_weeks(metric, query)
    correlated = np.zeros(len(pair[0])) if influence is None else correlation(influence, *pair)
    after, before = (alike.at(side).figures for side in pair)
    blocks = last_day(query.month).day / (7 * A_MONTH)
    differs = busy.of_count(after, before, correlated, grouped=bool(by), blocks=blocks)
    plain = np.subtract(*(found.at(side).figures.value for side in pair))
    return replace(differs, calendar=plain - differs.value)


def paced(
    metric: Metric,
    query: Query,
    found: EstimateTable,
    baseline: str,
    by: str = "",
    *,
    influence: pl.DataFrame | None = None,
) -> Difference:
    """Return the differences of a figure that follows a count: work per agent, tickets per customer.

    All units move together when the count does, so their error is never below what the count makes it
    (`BusyWeeks.of_sharers`). A figure of a whole month is compared with what other days make of the one before; the
    rest is the calendar's part.

    Args:
        metric: A metric that is `paced_by` a count.
        query: Names the reported month.
        found: Cells of both months, as published.
        baseline: The other month.
        by: Dimension of the cells' groups.
        influence: `cells.influences` of both months where they are at hand.
    """
    count, pair = query.metric(metric.paced_by), _sides(found, query.month, baseline)
    own = influences(metric, query, [query.month, baseline], by) if influence is None else influence
    after, plain = (found.at(side).figures for side in pair)
    ratio = _more_days(metric, query, baseline)
    before, correlated = plain.divided(np.array(1 / ratio)), correlation(own, *pair)
    differs = busy_weeks(count, query).of_sharers(after, before, correlated, widest(metric))
    if not metric.of_days:
        return differs
    return replace(differs, calendar=after.value - plain.value - differs.value)


def _more_days(metric: Metric, query: Query, baseline: str) -> float:
    """Return how many times as large as in another month a figure is for the days of its month alone."""
    count = query.metric(metric.paced_by)
    if metric.of_days == "all":
        return 1.0 if missing_reason(count, query) else calendar_ratio(count, query, baseline)
    return working_days_ratio(metric, query, baseline) if metric.of_days == "working" else 1.0


def working_days_ratio(metric: Metric, query: Query, baseline: str) -> float:
    """Return how many working days the reported month has for each of another one; 1 where either has none."""
    days = calendar(metric, query, sorted({query.month, baseline}))
    settings = query.data.settings
    off = days_off(days["day"], settings.schedules[settings.default_schedule])
    after, before = (days.filter((pl.col("period") == month) & ~off).height for month in (query.month, baseline))
    return after / before if after and before else 1.0


def calendar_ratio(metric: Metric, query: Query, baseline: str) -> float:
    """Return how many times as large as in another month a count is for its days alone; 1 where nothing says so."""
    found = estimate_table(metric, query, sorted({query.month, baseline}))
    alike, _ = _alike(metric, query, baseline)
    pair = [pl.DataFrame({"period": [month], "group": [""]}) for month in (query.month, baseline)]
    with np.errstate(invalid="ignore", divide="ignore"):
        plain, same_days = (np.divide(*(cell.at(side).figures.value[0] for side in pair)) for cell in (found, alike))
        ratio = float(plain / same_days)
    return ratio if np.isfinite(ratio) and ratio > 0 else 1.0


def _sides(found: EstimateTable, month: str, baseline: str) -> list[pl.DataFrame]:
    here = found.keys.filter(pl.col("period") == month)
    return [here.with_columns(period=pl.lit(each, pl.String)) for each in (month, baseline)]


def _alike(
    metric: Metric, query: Query, baseline: str, by: str = "", but: pl.Series | None = None
) -> tuple[EstimateTable, pl.DataFrame | None]:
    """Return the count of both months on like days, and what each unit that is no day has to do with it."""
    months = sorted({query.month, baseline})
    weighted = like_days(calendar(metric, query, months), query.month, baseline).drop("alike")
    if metric.unit == "day":
        days = with_empty_days(metric, query, unit_frame(metric, query, months, by), by)
        alike = of_days(metric, days.join(weighted, on=["period", "day"]), scatter(days, ["group"]))
    else:
        rows = dated_frame(metric, query, months, by).join(weighted, on=["period", "day"])
        rows = rows if but is None else rows.filter(~pl.col("unit").is_in(but.implode()))
        wx, wxx = (pl.col(name) * pl.col("weight") ** power for name, power in (("sum_wx", 1), ("sum_wxx", 2)))
        sums = pl.col("n", "sum_w", "sum_wx", "sum_wxx").sum()
        rows = rows.with_columns(sum_wx=wx, sum_wxx=wxx).sort(*KEYS, "unit", "day", "sum_wx")  # sums in one order only
        units = rows.group_by(*KEYS, "unit", maintain_order=True).agg(sums)
        return EstimateTable.of_units(metric, units), units.select(*KEYS, "unit", influence="sum_wx")
    return alike, None
