"""Differences of published figures: interval and p-value from one statistic, overlap of units counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from cxlib.estimates.comparable import incomparable
from cxlib.estimates.context import partly_observed
from cxlib.estimates.count_changes import on_like_days, paced
from cxlib.estimates.dominant import dominant, others, without
from cxlib.estimates.estimate_table import EstimateTable, correlation, estimates, influences
from cxlib.metrics import Metric, Query, row_frame, unit_frame
from cxlib.results.types import Change, ResultContext
from cxlib.stats.differences import Difference, difference, widest
from cxlib.stats.effects import adjusted
from cxlib.stats.sizes import sized


def compare(
    metric: Metric,
    query: Query,
    found: EstimateTable,
    baselines: Sequence[str],
    by: str = "",
    *,
    influence: pl.DataFrame | None = None,
    but: pl.Series | None = None,
) -> Difference:
    """Return the differences of the reported month's cells from the same groups in other months, one after the other.

    Counts of days are compared on like days (`on_like_days`), figures that follow a count as it is (`paced`).

    Args:
        metric: The metric.
        query: Names the reported month.
        found: Cells of all these months, as published.
        baselines: The other months.
        by: Dimension of the cells' groups.
        influence: `cells.influences` of all these months where they are at hand.
        but: Units that `found` leaves out.
    """
    if metric.paced_by and baselines:
        return Difference.stacked(
            [paced(metric, query, found, baseline, by, influence=influence) for baseline in baselines]
        )
    here = found.keys.filter(pl.col("period") == query.month)
    if metric.kind == "count" and metric.anchor != "month" and baselines:
        return Difference.stacked([on_like_days(metric, query, found, baseline, by, but=but) for baseline in baselines])
    after = pl.concat([here] * len(baselines))
    before = pl.concat([here.with_columns(period=pl.lit(month, pl.String)) for month in baselines])
    own = influences(metric, query, [query.month, *baselines], by) if influence is None else influence
    correlated = correlation(own, after, before)
    now, then = (found.at(side).figures for side in (after, before))
    return difference(now, then, correlated, widest(metric))


def changes_of(
    metric: Metric,
    query: Query,
    found: EstimateTable,
    about: ResultContext,
    *baselines: str,
    influence: pl.DataFrame | None = None,
    frame: pl.DataFrame | None = None,
) -> list[Change | None]:
    """Return the change of the whole from each of these months; None if the data do not reach it.

    A count of a month that is not wholly observed is not compared: its missing days are no change. Nor are months that
    are not alike (`comparable.incomparable`). Customers with a large part of either month are left out of what is
    compared (`dominant`).

    Args:
        metric: The metric.
        query: Names the reported month.
        found: Its figures of all these months.
        about: Scope of the changes.
        baselines: The months compared with.
        influence: `cells.influences` of these months where they are at hand.
        frame: Unit frame or row frame of these months, from which large customers are known; without it none is.
    """
    first, last = query.data.first_month, query.data.last_month
    reached = [month for month in baselines if month != query.month and first <= month <= last]
    if not reached:
        return [None] * len(baselines)
    partly = {month: partly_observed(metric, query, month) for month in reached}
    unlike = {month: incomparable(metric, query, month) for month in reached}
    compared = [] if about.observed else [month for month, part in partly.items() if not (part or unlike[month])]
    whole = found.at(pl.DataFrame({"period": [query.month, *partly], "group": ""}))
    after, *others = estimates(whole.points())
    apart = compare(metric, query, whole, compared, influence=influence).rows(metric) if compared else []
    differs = dict(zip(compared, apart, strict=True))
    told = {}
    for (month, part), before in zip(partly.items(), others, strict=True):
        size, low, high, p_value, other = differs.get(month, (None,) * 5)
        made = Change(
            metric, about, query.month, month, after, before, size, low, high, p_value, before_observed=part,
            calendar=other, incomparable=unlike[month],
        )  # fmt: skip
        told[month] = sized(made if frame is None or month not in differs else _judged(made, query, frame))
    return [told.get(month) for month in baselines]


def together(*changes: Change | None) -> list[Change | None]:
    """Return the changes of one figure that are shown together, their p-values adjusted for each other."""
    family = adjusted(pl.Series([change.p_value if change else None for change in changes], dtype=pl.Float64))
    return [change and replace(change, p_adjusted=p) for change, p in zip(changes, family, strict=True)]


def _judged(change: Change, query: Query, frame: pl.DataFrame) -> Change:
    """Return a change judged without customers so large that they would silence its test; as it is without any."""
    metric, months = change.metric, [change.period, change.baseline]
    large = dominant(metric, frame, months)
    if large.is_empty():
        return change
    found, influence = others(metric, frame.filter(pl.col("period").is_in(months)), large)
    apart = compare(metric, query, found, [change.baseline], influence=influence, but=large["unit"]).rows(metric)
    size, low, high, p_value, calendar_part = apart[0]
    return replace(
        change, difference=size, low=low, high=high, p_value=p_value, calendar=calendar_part,
        without=without(large, found, months),
    )  # fmt: skip


def rows_of(metric: Metric, query: Query, months: Sequence[str]) -> pl.DataFrame | None:
    """Return the frame of these months from which large customers are known; None where units are no customers."""
    if metric.unit != "customer_id":
        return None
    return (row_frame if metric.kind == "duration" else unit_frame)(metric, query, months)


def large_customers(metric: Metric, query: Query, months: list[str]) -> pl.Series:
    """Return the customers left out of the change between two months, the reported one last."""
    frame = rows_of(metric, query, months)
    return pl.Series("unit", [], pl.String) if frame is None else dominant(metric, frame, months[::-1])["unit"]
