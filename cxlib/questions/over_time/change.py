"""How one figure changed from a month to the reported one."""

from __future__ import annotations

from cxlib.estimates.changes import changes_of, rows_of
from cxlib.estimates.context import scope, unanswerable
from cxlib.estimates.estimate_table import cells
from cxlib.estimates.responding import with_response
from cxlib.metrics import View
from cxlib.results.types import Change, NotKnown


def change(name: str, view: View, baseline: str = "") -> Change | NotKnown:
    """Return how a metric changed from a month (default: the view's baseline) to the reported one.

    Raises:
        UsageError: No such metric or dimension.
    """
    metric = view.metric(name)
    baseline = baseline or view.baseline
    if reason := unanswerable(metric, view):
        return reason
    found = cells(metric, view, [baseline, view.month])
    frame = rows_of(metric, view, [baseline, view.month])
    told = changes_of(metric, view, found, scope(metric, view), baseline, frame=frame)[0]
    if told is not None:
        return with_response(told, view)
    return NotKnown(
        metric.title, f"There is nothing to compare with: the data {view.data.name!r} do not hold {baseline}."
    )
