"""How a figure developed, month by month."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from cxlib.estimates.changes import changes_of, rows_of, together
from cxlib.estimates.context import scope, unanswerable
from cxlib.estimates.estimate_table import Cells, cells, cells_of, influences, influences_of
from cxlib.estimates.responding import with_response
from cxlib.metrics import Metric, View, row_frame
from cxlib.periods import month_of
from cxlib.results.types import POINT, NotKnown, Trend


def trend(name: str, view: View, months: int = 25) -> Trend | NotKnown:
    """Return a metric for the last months up to the reported one, with its changes, target and dated events.

    Args:
        name: Metric name.
        view: What is looked at.
        months: Most months to go back, the reported one included; none before the data begin.

    Raises:
        UsageError: No such metric or dimension.
    """
    metric = view.metric(name)
    if reason := unanswerable(metric, view):
        return reason
    periods = view.months(months)
    compared = {view.baseline, view.last_year} - set(periods)
    read = [*periods, *sorted(compared)]
    found, influence = _with_influence(metric, view, read)
    about = scope(metric, view)
    frame = rows_of(metric, view, read if metric.kind == "duration" else _sides(view))
    change, year = together(
        *changes_of(metric, view, found, about, view.baseline, view.last_year, influence=influence, frame=frame)
    )
    settings = view.data.settings
    keys = pl.DataFrame({"period": periods, "group": [""] * len(periods)})
    return Trend(
        metric=metric,
        scope=about,
        points=found.at(keys).points().select("period", *POINT),
        change=with_response(change, view) if change else None,
        last_year=year,
        target=settings.goal(name, view.month),
        benchmark=settings.goal(name, view.month, kind="benchmarks"),
        events=tuple(event for event in settings.events if periods[0] <= month_of(event.date) <= periods[-1]),
    )


def _with_influence(metric: Metric, view: View, months: Sequence[str]) -> tuple[Cells, pl.DataFrame | None]:
    """Return the figures of these months, and the influence of units on those compared; none of daily counts."""
    sides = _sides(view)
    if metric.kind == "duration":
        rows = row_frame(metric, view, months)
        return cells_of(metric, rows), influences_of(metric, rows.filter(pl.col("period").is_in(sides)))
    counted = metric.unit == "day" and metric.kind == "count"
    return cells(metric, view, months), None if counted else influences(metric, view, sides)


def _sides(view: View) -> list[str]:
    """Return the months compared with each other."""
    return sorted({view.month, view.baseline, view.last_year})
