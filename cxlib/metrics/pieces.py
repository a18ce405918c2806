"""Small named pieces that metric expressions are built from."""

from __future__ import annotations

import narwhals as nw

GONE = ("deleted", "merged", "spam")


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


def by_customer() -> nw.Expr:
    """Tickets not opened by an agent."""
    return ~(nw.col("opened_by") == "agent").fill_null(False)
