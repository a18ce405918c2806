"""What of a month is not final, or outside the figure: windows not over, clocks that still run, competing ends."""

import narwhals as nw
import polars as pl

from cxlib.metrics.frames import (
    Frame,
    cache_key,
    clock_of,
    collected,
    is_known,
    nobody_waits,
    with_period_and_group,
    with_value,
)
from cxlib.metrics.queries import Query
from cxlib.metrics.registry import Metric
from cxlib.tables.schema import table


def can_change(metric: Metric) -> bool:
    """Tell whether rows of a metric may be not yet known, outside or still running (`population`)."""
    return bool(metric.window) or metric.kind == "duration" or _promised(metric)


def _promised(metric: Metric) -> bool:
    """Tell whether rows are anchored at what may lie ahead."""
    return metric.anchor.endswith("due")


def population(metric: Metric, query: Query, month: str) -> tuple[int, int, int, int]:
    """Return how many rows the month has, and of them: not yet known, outside by a competing end, still running.

    Not yet known are rows whose window is not over, and those without a value anchored after the end of the data, such
    as promises not yet due, unless the ticket is over. A clock that will never end, because it is, does not run.
    """
    asked = ("population", *cache_key(metric, query, [month], ""))
    summed = query.data.once(asked, lambda: _summed(metric, query, month))
    rows, late, outside, running = (int(number or 0) for number in summed.row(0))
    return rows, late, outside, running


def _summed(metric: Metric, query: Query, month: str) -> pl.DataFrame:
    sums = (nw.col(name).sum() for name in ("rows", "late", "outside", "running"))
    told: pl.DataFrame = _told(metric, query, month).select(*sums).collect(backend="polars").to_native()
    return told


def unfinal(metric: Metric, query: Query, month: str) -> pl.Series:
    """Return the keys of the rows that `population` counts as not yet known or, without a window, as still running."""
    key = table(metric.table).key
    moving = nw.col("late") if metric.window else nw.col("late") + nw.col("running")
    rows = _told(metric, query, month).filter(moving > 0).select("period", key)
    return collected(rows, [key])[key]


def _told(metric: Metric, query: Query, month: str) -> Frame:
    """Lay beside a month's rows, as 0 or 1, what `population` counts."""
    rows = (with_value if _promised(metric) else with_period_and_group)(metric, query, [month], "")
    anchored = nw.lit(1).cast(nw.Int64)
    late = ~is_known(metric, query)
    if _promised(metric):
        ahead = (nw.col(f"{metric.anchor}_at") > nw.col("observed_until")).fill_null(False)
        late = late | (ahead & nw.col("x").is_null() & ~nobody_waits(metric, query))
    late = nw.when(late).then(1).otherwise(0).cast(nw.Int64)
    outside = running = nw.lit(0).cast(nw.Int64)
    if metric.kind == "duration":
        clock = clock_of(metric)
        if clock.where is not None:
            outside = nw.when(clock.where).then(0).otherwise(1).cast(nw.Int64)
        inside = nw.lit(True) if clock.where is None else clock.where
        unended = (
            inside
            & ~nw.col(clock.ended).fill_null(False)
            & ~nw.col(clock.minutes).is_null()
            & ~nobody_waits(metric, query)
        )
        running = nw.when(unended).then(1).otherwise(0).cast(nw.Int64)
    return rows.with_columns(rows=anchored, late=late, outside=outside, running=running)
