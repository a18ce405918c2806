"""How one figure changed from a month to the reported one."""

from __future__ import annotations

from cxlib.estimates.changes import changes_of, rows_of
from cxlib.estimates.context import result_context, unanswerable
from cxlib.estimates.estimate_table import estimate_table
from cxlib.estimates.responding import with_response
from cxlib.metrics import Query
from cxlib.results.types import Change, NotKnown


def change(name: str, query: Query, baseline: str = "") -> Change | NotKnown:
    """Return how a metric changed from a month (default: the query's baseline) to the reported one.

    Raises:
        UsageError: No such metric or dimension.
    """
    metric = query.metric(name)
    baseline = baseline or query.baseline
    if reason := unanswerable(metric, query):
        return reason
    found = estimate_table(metric, query, [baseline, query.month])
    frame = rows_of(metric, query, [baseline, query.month])
    told = changes_of(metric, query, found, result_context(metric, query), baseline, frame=frame)[0]
    if told is not None:
        return with_response(told, query)
    return NotKnown(
        metric.title, f"There is nothing to compare with: the data {query.data.name!r} do not hold {baseline}."
    )
