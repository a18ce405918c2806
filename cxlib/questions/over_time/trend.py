"""How a figure developed, month by month."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from cxlib.estimates.changes import changes_of, rows_of, together
from cxlib.estimates.context import result_context, unanswerable
from cxlib.estimates.estimate_table import EstimateTable, estimate_table, estimate_table_of, influences, influences_of
from cxlib.estimates.responding import with_response
from cxlib.metrics import Metric, Query, row_frame
from cxlib.periods import month_of
from cxlib.results.types import POINT, NotKnown, Trend


def trend(name: str, query: Query, months: int = 25) -> Trend | NotKnown:
    """Return a metric for the last months up to the reported one, with its changes, target and dated events.

    Args:
        name: Metric name.
        query: What is asked about: data, month, filters.
        months: Most months to go back, the reported one included; none before the data begin.

    Raises:
        UsageError: No such metric or dimension.
    """
    metric = query.metric(name)
    if reason := unanswerable(metric, query):
        return reason
    periods = query.months(months)
    compared = {query.baseline, query.last_year} - set(periods)
    read = [*periods, *sorted(compared)]
    found, influence = _with_influence(metric, query, read)
    about = result_context(metric, query)
    frame = rows_of(metric, query, read if metric.kind == "duration" else _sides(query))
    change, year = together(
        *changes_of(metric, query, found, about, query.baseline, query.last_year, influence=influence, frame=frame)
    )
    settings = query.data.settings
    keys = pl.DataFrame({"period": periods, "group": [""] * len(periods)})
    return Trend(
        metric=metric,
        scope=about,
        points=found.at(keys).points().select("period", *POINT),
        change=with_response(change, query) if change else None,
        last_year=year,
        target=settings.goal(name, query.month),
        benchmark=settings.goal(name, query.month, kind="benchmarks"),
        events=tuple(event for event in settings.events if periods[0] <= month_of(event.date) <= periods[-1]),
    )


def _with_influence(metric: Metric, query: Query, months: Sequence[str]) -> tuple[EstimateTable, pl.DataFrame | None]:
    """Return the figures of these months, and the influence of units on those compared; none of daily counts."""
    sides = _sides(query)
    if metric.kind == "duration":
        rows = row_frame(metric, query, months)
        return estimate_table_of(metric, rows), influences_of(metric, rows.filter(pl.col("period").is_in(sides)))
    counted = metric.unit == "day" and metric.kind == "count"
    return estimate_table(metric, query, months), None if counted else influences(metric, query, sides)


def _sides(query: Query) -> list[str]:
    """Return the months compared with each other."""
    return sorted({query.month, query.baseline, query.last_year})
