"""Volume: how much work arrives."""

from __future__ import annotations

import narwhals as nw

from cxlib.metrics.predicates import by_customer, is_gone
from cxlib.metrics.registry import History, metric


@metric(title="Tickets opened", table="tickets", anchor="created", unit="day", kind="count", measured_in="tickets",
        better="neither")  # fmt: skip
def ticket_volume() -> nw.Expr:
    """Number of tickets opened by customers; deleted, merged and spam tickets and those agents opened are left out."""
    return nw.when(by_customer() & ~is_gone()).then(1.0)


@metric(title="Customer messages", table="messages", anchor="sent", unit="day", kind="count", measured_in="messages",
        better="neither", needs=("author",))  # fmt: skip
def message_volume() -> nw.Expr:
    """Number of messages customers wrote, on whatever ticket and in whatever state it is: the whole load."""
    return nw.when((nw.col("author") == "customer").fill_null(False)).then(1.0)


@metric(title="Opened in opening hours", table="tickets", anchor="created", kind="share", better="neither",
        needs=("arrival",))  # fmt: skip
def inside_opening_hours() -> nw.Expr:
    """Share of tickets opened by customers within the opening hours of the ticket's own schedule."""
    inside = nw.when(~nw.col("arrival").is_null()).then(nw.col("arrival") == "opening hours")
    return nw.when(by_customer() & ~is_gone()).then(inside)


@metric(title="Tickets per customer", table="customer_months", anchor="month", kind="mean", measured_in="tickets",
        better="lower", needs=("active",), paced_by="ticket_volume", of_days="all",
        history=(History("orders", "ordered", "active_days"), History("tickets", "created")))  # fmt: skip
def tickets_per_customer() -> nw.Expr:
    """Tickets opened in the month per customer active at its end; who only wrote to support is not active.

    Active: a subscription in force, else an order within `active_days`.
    """
    return nw.when(nw.col("active")).then(nw.col("tickets"))
