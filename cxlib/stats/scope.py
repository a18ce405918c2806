"""What every answer carries – its scope – and why a question has none."""

from __future__ import annotations

from cxlib.errors import CxError, UsageError
from cxlib.metrics import Metric, View, known, population
from cxlib.schema import DIMENSIONS, path_of
from cxlib.stats.results import NotKnown, Scope


def scope(metric: Metric, view: View) -> Scope:
    """Return the scope of an answer about one metric in the reported month."""
    rows, late, outside, running = population(metric, view, view.month)
    settings = view.data.settings
    margin: float = getattr(settings.margins, metric.kind)
    if metric.kind == "mean":
        margin *= metric.scale[1] - metric.scale[0] if metric.scale else 0.0
    return Scope(
        data=view.data.name,
        month=view.month,
        filters=view.filter_text,
        margin=margin,
        min_group=settings.min_group,
        language=view.language,
        provisional=late / rows if rows else 0.0,
        outside=outside,
        unfinished=running,
    )


def unanswerable(metric: Metric, view: View, by: str = "") -> NotKnown | None:
    """Return why the data cannot answer for this metric, grouping and filters, or None if they can.

    Raises:
        UsageError: A dimension that does not exist.
    """
    reason = known(metric, view)
    for name in (by, *(dimension for dimension, _ in view.filters)):
        reason = reason or (_undefined(metric, view, name) if name else None)
    return NotKnown(metric.title, reason) if reason else None


def _undefined(metric: Metric, view: View, dimension: str) -> str | None:
    try:
        path = path_of(dimension, metric.table)
    except UsageError:
        raise
    except CxError as error:
        return str(error)
    holder = path.hops[-1][1] if path.hops else metric.table
    needed = [table for _, table in path.hops if not view.data.has(table)]
    if needed or path.column not in view.data.filled(holder):
        return (
            f"The data {view.data.name!r} do not say the {DIMENSIONS[dimension].title} of a row of {metric.table!r}: "
            f"{holder}.{path.column} is empty or absent."
        )
    return None
