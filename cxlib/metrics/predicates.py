"""Small named pieces that metric expressions are built from."""

from __future__ import annotations

import narwhals as nw

GONE = ("deleted", "merged", "spam")
OVER = ("solved", "closed", "missed", *GONE)


def rated(kind: str) -> nw.Expr:
    """Rows that hold the latest answer of the month to a kind of survey on one ticket (or by one customer)."""
    return (nw.col("kind") == kind) & nw.col("latest").fill_null(False)


def last_word(kind: str) -> nw.Expr:
    """Rows that hold a customer's latest answer of the month to a kind of survey."""
    return (nw.col("kind") == kind) & nw.col("customer_latest").fill_null(False)


def box_is(box: str) -> nw.Expr:
    """Whether the answer lies in that box of its scale; null for an answer outside its scale."""
    return nw.when(~nw.col("box").is_null()).then(nw.col("box") == box)


def is_gone() -> nw.Expr:
    """Tickets deleted, merged into another or spam: counted apart."""
    return nw.col("status").is_in(list(GONE)).fill_null(False)


def is_over() -> nw.Expr:
    """Tickets on which nobody waits any more."""
    return nw.col("status").is_in(list(OVER)).fill_null(False)


def is_waiting() -> nw.Expr:
    """Tickets whose customer waits for us: new, open or on hold; without a status, neither solved nor closed."""
    unsettled = nw.col("status").is_null() & nw.col("solved_at").is_null() & nw.col("closed_at").is_null()
    return by_customer() & (nw.col("status").is_in(["new", "open", "hold"]).fill_null(False) | unsettled)


def by_customer() -> nw.Expr:
    """Tickets not opened by an agent."""
    return ~(nw.col("opened_by") == "agent").fill_null(False)
