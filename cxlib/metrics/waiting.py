"""Waiting and solving: how long customers wait, and whether the first contact settles it."""

from __future__ import annotations

import narwhals as nw

from cxlib.metrics.pieces import by_customer, is_gone
from cxlib.metrics.registry import Clock, metric


def _waits(name: str) -> nw.Expr:
    return ~nw.col(f"{name}_competing").fill_null(False) & ~(nw.col("status") == "spam").fill_null(False)


@metric(
    title="Time to take up",
    table="tickets",
    anchor="created",
    kind="duration",
    measured_in="minutes",
    better="lower",
    needs=("taken_at",),
    business_twin=True,
)
def take_up_time() -> Clock:
    """Median time from creation to a human taking the ticket; tickets solved or closed untaken are outside."""
    return Clock("take_up_minutes", "take_up_ended", _waits("take_up"))


@metric(
    title="Time to first reply",
    table="tickets",
    anchor="created",
    kind="duration",
    measured_in="minutes",
    better="lower",
    needs=("first_replied_at",),
    business_twin=True,
)
def first_reply_time() -> Clock:
    """Median time from creation to the first public reply by a human; waiting tickets count, bot time is waiting.

    Tickets solved, merged or deleted without a human reply are outside the wait and counted beside it.
    """
    return Clock("first_reply_minutes", "first_reply_ended", _waits("first_reply"))


@metric(
    title="Time to resolution",
    table="tickets",
    anchor="created",
    kind="duration",
    measured_in="minutes",
    better="lower",
    needs=("solved_at",),
    business_twin=True,
)
def resolution_time() -> Clock:
    """Median time from creation to the last solve; unsolved tickets count as not yet ended.

    An automatic close after a timer is not a resolution. Deleted, merged and spam tickets are outside.
    """
    return Clock("resolution_minutes", "resolution_ended", ~is_gone())


@metric(
    title="First-contact resolution",
    table="tickets",
    anchor="solved",
    kind="share",
    better="higher",
    needs=("agent_replies", "reopens"),
    window="first_contact_resolution_days",
)
def first_contact_resolution() -> nw.Expr:
    """Share of solved tickets with at most one public agent reply, never reopened, and no new ticket within 7 days.

    The new ticket counts if the same customer opened it in the same category, or in any where the category is unknown.
    """
    next_one = (
        nw.when(nw.col("category").is_null())
        .then(nw.col("next_ticket_minutes"))
        .otherwise(nw.col("next_same_category_minutes"))
    )
    came_back = (next_one <= nw.col("window_minutes")).fill_null(False)
    at_once = (nw.col("agent_replies") <= 1) & (nw.col("reopens") == 0)
    return nw.when(by_customer() & ~is_gone()).then(at_once & ~came_back)


@metric(
    title="Reopened",
    table="tickets",
    anchor="first_solved",
    kind="share",
    better="lower",
    needs=("reopens",),
    window="reopen_days",
)
def reopen_rate() -> nw.Expr:
    """Share of solved tickets that left solved again within 14 days, including those open now.

    A ticket that was reopened, nobody knows when, is left out.
    """
    within = (nw.col("reopened_after_minutes") <= nw.col("window_minutes")).fill_null(False)
    when_is_known = (nw.col("reopens") == 0) | ~nw.col("reopened_after_minutes").is_null()
    return nw.when(~is_gone() & when_is_known.fill_null(False)).then(within)


def _kept(done: str, due: str, outside: nw.Expr) -> nw.Expr:
    overdue = nw.col(due) <= nw.col("observed_until")
    unfinished = nw.when(overdue).then(nw.lit(False))
    kept = nw.when(~nw.col(done).is_null()).then(nw.col(done) <= nw.col(due)).otherwise(unfinished)
    return nw.when(~outside).then(kept)


@metric(
    title="First replies in time (SLA)",
    table="tickets",
    anchor="first_reply_due",
    kind="share",
    better="higher",
    needs=("first_replied_at",),
)
def sla_first_reply() -> nw.Expr:
    """Share of due first replies that came in time; overdue waits are breaches, waits not yet due are not counted."""
    return _kept("first_replied_at", "first_reply_due_at", nw.col("first_reply_competing").fill_null(False) | is_gone())


@metric(
    title="Resolutions in time (SLA)",
    table="tickets",
    anchor="due",
    kind="share",
    better="higher",
    needs=("solved_at",),
)
def sla_resolution() -> nw.Expr:
    """Share of due resolutions that came in time; overdue open tickets are breaches, those not yet due are left out."""
    return _kept("solved_at", "due_at", is_gone())
