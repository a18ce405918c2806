"""Changes of counts of days: on like days, and with the scatter of weeks as well as that of days."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from cxlib.metrics import Metric, View, dated_frame, unit_frame
from cxlib.stats.busy_weeks import busy_weeks
from cxlib.stats.cells import Cells, correlation, of_days
from cxlib.stats.counted_days import KEYS, calendar, like_days, scatter, with_empty_days
from cxlib.stats.differences import Difference, difference


def on_like_days(
    metric: Metric, view: View, found: Cells, baseline: str, by: str = "", *, but: pl.Series | None = None
) -> Difference:
    """Return the differences of a count of days from a month's on as many days of each class, and the calendar's part.

    Each row weighs what its day does (`like_days`), so that months of other lengths, weekdays or holidays are alike:
    Mantel-Haenszel weights of rates (Greenland & Robins 1985). Units are days, or customers as of the figure itself;
    the dispersion of days is that of both months together, widened for weeks that resemble each other (`busy_weeks`).

    Args:
        metric: A count whose rows have a day.
        view: Names the reported month.
        found: Cells of both months, as published.
        baseline: The other month.
        by: Dimension of the cells' groups.
        but: Units that `found` leaves out.
    """
    months = sorted({view.month, baseline})
    weighted = like_days(calendar(metric, view, months), view.month, baseline).drop("alike")
    here = found.keys.filter(pl.col("period") == view.month)
    pair = [here.with_columns(period=pl.lit(month, pl.String)) for month in (view.month, baseline)]
    correlated = np.zeros(here.height)
    if metric.unit == "day":
        days = with_empty_days(metric, view, unit_frame(metric, view, months, by), by)
        alike = of_days(metric, days.join(weighted, on=["period", "day"]), scatter(days, ["group"]))
    else:
        rows = dated_frame(metric, view, months, by).join(weighted, on=["period", "day"])
        rows = rows if but is None else rows.filter(~pl.col("unit").is_in(but.implode()))
        wx, wxx = (pl.col(name) * pl.col("weight") ** power for name, power in (("sum_wx", 1), ("sum_wxx", 2)))
        sums = pl.col("n", "sum_w", "sum_wx", "sum_wxx").sum()
        units = rows.with_columns(sum_wx=wx, sum_wxx=wxx).group_by("period", "group", "unit").agg(sums)
        alike = Cells.of_units(metric, units)
        correlated = correlation(units.select(*KEYS, "unit", influence="sum_wx"), *pair)
    wide = busy_weeks(metric, view).wide
    after, before = (alike.at(side).figures.widened(wide) for side in pair)
    differs = difference(after, before, correlated)
    plain = np.subtract(*(found.at(side).figures.value for side in pair))
    return replace(differs, calendar=plain - differs.value)
