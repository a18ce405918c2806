"""The stock: how many tickets are unsolved, and how old they are."""

from __future__ import annotations

import narwhals as nw

from cxlib.metrics.registry import Clock, History, metric

UNSOLVED = (History("tickets", "created", "backlog_days"),)


@metric(title="Backlog", table="backlog_months", anchor="month", kind="count", measured_in="tickets", better="lower",
        history=UNSOLVED)  # fmt: skip
def backlog() -> nw.Expr:
    """Number of unsolved tickets at the end of a local day, mean of the month's days.

    Unsolved are new, open, pending and on hold; deleted, merged and spam tickets are not. Tickets that were open before
    the data begin are not in them, so that it is not known in the first 13 weeks (a setting).
    """
    return nw.col("days_share")


@metric(title="Age of the backlog", table="backlog_months", anchor="month", kind="duration", measured_in="minutes",
        better="lower", needs=("age_minutes",), business_twin=True, history=UNSOLVED, snapshot=True)  # fmt: skip
def backlog_age() -> Clock:
    """Median age, since their creation, of the tickets unsolved when the month (or the data) ended."""
    return Clock("age_minutes", "unsolved_at_end")
