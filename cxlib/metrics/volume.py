"""Volume: how much work arrives."""

from __future__ import annotations

import narwhals as nw

from cxlib.metrics.pieces import by_customer, is_gone
from cxlib.metrics.registry import metric


@metric(
    title="Tickets opened",
    table="tickets",
    anchor="created",
    unit="day",
    kind="count",
    measured_in="tickets",
    better="neither",
)
def ticket_volume() -> nw.Expr:
    """Number of tickets opened by customers; deleted, merged and spam tickets and those agents opened are left out."""
    return nw.when(by_customer() & ~is_gone()).then(1.0)
