"""What a moved response rate could do to a figure of answers: the bound is its own, nothing of it is estimated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import narwhals as nw
import polars as pl

from cxlib.estimates.changes import compare
from cxlib.estimates.context import unanswerable
from cxlib.estimates.estimate_table import estimate_table
from cxlib.metrics import Metric, Query, get
from cxlib.results.certainty import certainty
from cxlib.results.comparable import Responding
from cxlib.results.types import Change

OF_ANSWERS_ALONE = ("handling_channel", "effort_class", "ease_class", "agent_tenure")
"""Dimensions that surveys without an answer need not have."""


def with_response(change: Change, query: Query) -> Change:
    """Return the change with what the response rate did meanwhile, where that moved clearly or possibly.

    With rates r₀ before and r₁ after, the share e = (r₁ − r₀) ÷ r₁ of the answers is more than would have come (or
    (r₀ − r₁) ÷ r₀ of them is missing). The bound is the figure without the extra answers (or with the missing ones)
    had they all been such as to make the change: v' = (v − e·x) ÷ (1 − e), or v' = v·(1 − e) + e·x, x worst or best.
    """
    metric = change.metric
    offered = metric.survey and metric.kind in ("share", "score") and change.difference and metric.scale
    filtered = any(name in OF_ANSWERS_ALONE for name, _ in query.filters)
    if not offered or filtered or change.after.value is None or metric.scale is None:
        return change
    rate = _rate(metric.survey)
    if unanswerable(rate, query):
        return change
    found = estimate_table(rate, query, sorted({change.period, change.baseline}))
    moved = pl.DataFrame(compare(rate, query, found, [change.baseline]).columns(rate))
    points = {row["period"]: row["value"] for row in found.points().iter_rows(named=True)}
    before, after = points.get(change.baseline), points.get(change.period)
    if not moved.height or not before or not after or certainty(p := moved["p_value"][0]) == "none":
        return change
    worst_first = metric.scale if metric.better != "lower" else metric.scale[::-1]
    fell = (change.difference or 0.0) < 0
    more = after > before
    extreme = metric.scale[0] if fell == more else metric.scale[1]
    share = (after - before) / after if more else (before - after) / before
    value = change.after.value
    bound = (value - share * extreme) / (1 - share) if more else value * (1 - share) + share * extreme
    low, high = sorted(metric.scale)
    told = Responding(before, after, moved["low"][0], moved["high"][0], p, extreme == worst_first[0],
                      min(max(bound, low), high))  # fmt: skip
    return replace(change, responding=told)


@cache
def _rate(kind: str) -> Metric:
    """Return the response rate of one kind of survey."""
    whole = get("response_rate")
    return replace(whole, name=f"response_rate {kind}", survey=kind, value=_of(kind, whole))


def _of(kind: str, whole: Metric) -> Callable[[], nw.Expr]:
    def value() -> nw.Expr:
        answered = whole.value()
        assert isinstance(answered, nw.Expr)
        return nw.when(nw.col("kind") == kind).then(answered)

    return value
