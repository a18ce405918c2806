"""All figures as one table: what `cx figures` prints and the report writes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl

from cxlib.estimates.changes import changes_of, compare, rows_of
from cxlib.estimates.comparable import incomparable
from cxlib.estimates.context import partly_observed, result_context, unanswerable
from cxlib.estimates.estimate_table import EstimateTable, estimate_table
from cxlib.metrics import METRICS, Metric, Query

COLUMNS = {
    "metric": pl.String, "period": pl.String, "by": pl.String, "group": pl.String, "value": pl.Float64,
    "low": pl.Float64, "high": pl.Float64, "measured_in": pl.String, "n": pl.Int64, "independent_units": pl.Int64,
}  # fmt: skip
CHANGE = {
    "difference": pl.Float64,
    "difference_low": pl.Float64,
    "difference_high": pl.Float64,
    "p_value": pl.Float64,
    "calendar_difference": pl.Float64,
    "customers_left_out": pl.Int64,
}


def figures(
    query: Query, months: Sequence[str], by: str = "", names: Iterable[str] | None = None, *, change: bool = False
) -> pl.DataFrame:
    """Return every figure the data can answer, by month and group, in printed units.

    Columns: metric, period, by, group, value, low, high, measured_in (unit of value, low, high and differences: "%",
    "minutes" …), n (rows), independent_units (customers, agents, days … that the interval takes for independent of each
    other); with `change` also difference, difference_low, difference_high, p_value, calendar_difference,
    customers_left_out: the reported month against the query's baseline, null in other months, where either of them is
    not wholly observed (counts), and where the two are not alike (`comparable.incomparable`). The difference of a count
    of days is that on like days; with the calendar's part, null of other figures, it makes the plain one. That of a
    whole is without customers so large that they would silence its test (`dominant`); groups leave nobody out. Months
    without rows have n = 0 and no value (of a count 0, where a day of them is observed); groups have none there.

    Args:
        query: What is asked about: data, month, filters.
        months: Months to report.
        by: Dimension, or empty for the whole.
        names: Metric names; all in registry order if None.
        change: Whether to add the change columns.

    Raises:
        UsageError: No such metric or dimension.
    """
    asked = [query.metric(name) for name in (METRICS if names is None else names)]
    parts = [
        _figures(metric, query, months, by, change)
        for metric in asked
        if not unanswerable(metric, query, by, parted=True)
    ]
    schema = COLUMNS | (CHANGE if change else {})
    return pl.concat([pl.DataFrame(schema=schema), *parts])


def missing(query: Query, by: str = "", names: Iterable[str] | None = None) -> dict[str, str]:
    """Return the metrics the data cannot answer, each with the reason in words."""
    asked = {
        name: unanswerable(query.metric(name), query, by, parted=True) for name in (METRICS if names is None else names)
    }
    return {name: answer.reason for name, answer in asked.items() if answer}


def _figures(metric: Metric, query: Query, months: Sequence[str], by: str, change: bool) -> pl.DataFrame:
    compared = [query.month, query.baseline] if change else []
    found = estimate_table(metric, query, sorted({*months, *compared}), by)
    points = found.points().rename({"units": "independent_units"})
    points = points.with_columns(metric=pl.lit(metric.name), by=pl.lit(by), measured_in=pl.lit(metric.measured_in))
    if not by:
        points = _every_month(points, metric, query, months)
    if not change:
        return points.filter(pl.col("period").is_in(months)).select(*COLUMNS)
    changes = _by_group(metric, query, found, by) if by else _of_the_whole(metric, query, found)
    joined = points.join(changes, on=["period", "group"], how="left", maintain_order="left")
    return joined.filter(pl.col("period").is_in(months)).select(*COLUMNS, *CHANGE)


def _of_the_whole(metric: Metric, query: Query, found: EstimateTable) -> pl.DataFrame:
    frame = rows_of(metric, query, sorted({query.baseline, query.month}))
    made = changes_of(metric, query, found, result_context(metric, query), query.baseline, frame=frame)[0]
    if made is None or made.difference is None:
        return _changes([], [])
    left_out = made.without.customers if made.without else 0
    return _changes([""], [(made.difference, made.low, made.high, made.p_value, made.calendar, left_out)], query.month)


def _by_group(metric: Metric, query: Query, found: EstimateTable, by: str) -> pl.DataFrame:
    after = found.keys.filter(pl.col("period") == query.month)
    partly = any(partly_observed(metric, query, month) for month in (query.month, query.baseline))
    if partly or query.month == query.baseline or incomparable(metric, query, query.baseline):
        return _changes([], [])
    rows = compare(metric, query, found, [query.baseline], by).rows(metric)
    return _changes(after["group"], [(*row, 0) for row in rows], query.month)


def _changes(groups: Sequence[str] | pl.Series, rows: Sequence[tuple[Any, ...]], month: str = "") -> pl.DataFrame:
    keys = pl.DataFrame(
        {"period": [month] * len(groups), "group": groups}, schema={"period": pl.String, "group": pl.String}
    )
    return pl.concat([keys, pl.DataFrame(rows, schema=CHANGE, orient="row")], how="horizontal")


def _every_month(points: pl.DataFrame, metric: Metric, query: Query, months: Sequence[str]) -> pl.DataFrame:
    """Add the months without rows: n = 0, of a count the value 0 where the data observe any day of them."""
    without = [month for month in months if month not in points["period"]]
    counts = metric.kind == "count" and metric.unit == "day" and not metric.history and not query.filters
    nothing = [0.0 if counts and not _unobserved(metric, query, month) else None for month in without]
    none = pl.lit(0, dtype=pl.Int64)
    empty = pl.DataFrame({"period": without, "value": nothing}, schema={"period": pl.String, "value": pl.Float64})
    empty = empty.with_columns(
        group=pl.lit(""), metric=pl.lit(metric.name), by=pl.lit(""), measured_in=pl.lit(metric.measured_in),
        n=none, independent_units=none,
    )  # fmt: skip
    return pl.concat([points, empty], how="diagonal_relaxed").sort("period", maintain_order=True)


def _unobserved(metric: Metric, query: Query, month: str) -> bool:
    partly = partly_observed(metric, query, month)
    return partly is not None and not partly[0]
