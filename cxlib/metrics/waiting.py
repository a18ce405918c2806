"""Waiting and solving: how long customers wait, and whether the first contact settles it."""

from __future__ import annotations

from functools import partial

import narwhals as nw

from cxlib.metrics.predicates import by_customer, is_gone
from cxlib.metrics.registry import Clock, metric

_wait = partial(metric, table="tickets", kind="duration", measured_in="minutes", better="lower", business_twin=True)
_share = partial(metric, table="tickets", kind="share")


def _dropped(name: str) -> nw.Expr:
    """Waits that ended otherwise within `unanswered_days`; later ones stay as waits that never ended."""
    soon = (nw.col(f"{name}_minutes") <= nw.col("outside_minutes")).fill_null(True)
    return nw.col(f"{name}_competing").fill_null(False) & soon


def _waits(name: str) -> nw.Expr:
    gone = nw.col(f"{name}_competing").fill_null(False) & is_gone()
    return ~_dropped(name) & ~gone & ~(nw.col("status") == "spam").fill_null(False)


@_wait(title="Time to take up", anchor="created", needs=("taken_at",))
def take_up_time() -> Clock:
    """Median time from creation to a human taking the ticket; tickets solved or closed untaken are outside.

    Those solved or closed untaken after more than 7 days (a setting) waited and were never taken.
    """
    return Clock("take_up_minutes", "take_up_ended", _waits("take_up"))


@_wait(title="Time to first reply", anchor="created", needs=("first_replied_at",), slowest=True)
def first_reply_time() -> Clock:
    """Median time from creation to the first public reply by a human; waiting tickets count, bot time is waiting.

    Tickets merged, deleted, or solved within 7 days (a setting) without a human reply are outside the wait and counted
    beside it; those solved so later waited and were never answered.
    """
    return Clock("first_reply_minutes", "first_reply_ended", _waits("first_reply"))


@_wait(title="Time to reply", table="replies", anchor="asked", needs=("replied_at",), slowest=True, revised="solve")
def reply_time() -> Clock:
    """Median time from each question of a customer to the next public agent reply, credited to who replied.

    Waits without a reply when the ticket was over within 7 days (a setting) are outside and counted beside it.
    """
    return Clock("reply_minutes", "reply_ended", ~_dropped("reply"))


@_share(title="Not answered", anchor="created", better="lower", needs=("first_replied_at",), window="unanswered_days")
def unanswered() -> nw.Expr:
    """Share of customers' tickets without a public reply by a human within 7 days (a setting), whether closed or not.

    Deleted, merged and spam tickets are left out; a merged one is answered where it was merged into.
    """
    minutes = nw.when(nw.col("first_reply_ended")).then(nw.col("first_reply_minutes"))
    told = by_customer() & ~is_gone() & ~nw.col("first_reply_ended").is_null()  # null: replied before its creation
    return nw.when(told).then(~(minutes <= nw.col("window_minutes")).fill_null(False))


@_share(title="Missed calls and chats", anchor="created", better="lower", needs=("missed",))
def missed_contacts() -> nw.Expr:
    """Share of customers' calls and chats that nobody took; not known where the source never calls one missed."""
    return nw.when(by_customer() & ~is_gone()).then(nw.col("missed"))


def _spent(minutes: str, *, ever: bool) -> Clock:
    spent = nw.col(minutes) > 0.0 if ever else nw.lit(True)
    return Clock(minutes, "wait_ended", nw.col("wait_ended").fill_null(False) & spent.fill_null(False) & ~is_gone())


@_wait(title="Requester's wait", anchor="solved", needs=("requester_wait_minutes",))
def requester_wait_time() -> Clock:
    """Median time that solved tickets were new, open or on hold: the desk's share of the time to resolution."""
    return _spent("requester_wait_minutes", ever=False)


@_wait(title="Agent's wait", anchor="solved", better="neither", needs=("agent_wait_minutes",))
def agent_wait_time() -> Clock:
    """Median time that solved tickets were pending, waiting for the customer; those never pending are outside."""
    return _spent("agent_wait_minutes", ever=True)


@_wait(title="Time on hold", anchor="solved", needs=("on_hold_minutes",))
def on_hold_time() -> Clock:
    """Median time that solved tickets were on hold, waiting for others; those never on hold are outside."""
    return _spent("on_hold_minutes", ever=True)


@_wait(title="Time to resolution", anchor="created", needs=("solved_at",), slowest=True, revised="solve")
def resolution_time() -> Clock:
    """Median time from creation to the last solve; unsolved tickets count as not yet ended.

    An automatic close after a timer is not a resolution. Deleted, merged and spam tickets are outside.
    """
    return Clock("resolution_minutes", "resolution_ended", ~is_gone())


@metric(title="Mean time to resolution, 30 days at most", table="tickets", anchor="created", kind="mean",
        measured_in="days", better="lower", needs=("solved_at",), window="resolution_days")  # fmt: skip
def mean_resolution_time() -> nw.Expr:
    """Mean days from creation to the last solve in 30 days (a setting), 30 where unsolved then; known after as many.

    The restricted mean: an ordinary one does not exist while tickets are open. Tickets a timer closed before, and
    deleted, merged and spam ones, are outside.
    """
    minutes, most = nw.col("resolution_minutes"), nw.col("window_minutes")
    so_far = nw.when(nw.col("settled_minutes").is_null() & (minutes >= most)).then(most).otherwise(minutes)
    waited = nw.coalesce(nw.col("settled_minutes"), so_far) / 1440.0
    settled = ~nw.col("settled_minutes").is_null() | nw.col("resolution_ended").fill_null(False)
    told = settled | (minutes >= most).fill_null(False)
    return nw.when(told & ~minutes.is_null() & ~is_gone()).then(waited)


@_share(title="First-contact resolution", anchor="first_solved", better="higher", needs=("agent_replies", "reopens"),
        window="first_contact_resolution_days")  # fmt: skip
def first_contact_resolution() -> nw.Expr:
    """Share of solved tickets with at most one public agent reply, not reopened, and no new ticket within 7 days.

    All of it up to 7 days after the first solve, so that every month has had as much time. The new ticket counts if the
    same customer opened it in the same category, or in any where the category is unknown.
    """
    next_one = (
        nw.when(nw.col("category").is_null())
        .then(nw.col("next_ticket_minutes"))
        .otherwise(nw.col("next_same_category_minutes"))
    )
    window = nw.col("window_minutes")
    came_back = (next_one <= window).fill_null(False)
    one_reply = (nw.col("agent_replies") <= 1) | (nw.col("second_reply_minutes") > window).fill_null(False)
    at_once = one_reply & ((nw.col("reopens") == 0) | (nw.col("reopened_after_minutes") > window).fill_null(False))
    return nw.when(by_customer() & ~is_gone()).then(at_once & ~came_back)


@_share(title="Reopened", anchor="first_solved", better="lower", needs=("reopens",), window="reopen_days")
def reopen_rate() -> nw.Expr:
    """Share of solved tickets that left solved again within 14 days, including those open now.

    A ticket that was reopened, nobody knows when, is left out.
    """
    within = (nw.col("reopened_after_minutes") <= nw.col("window_minutes")).fill_null(False)
    when_is_known = (nw.col("reopens") == 0) | ~nw.col("reopened_after_minutes").is_null()
    return nw.when(~is_gone() & when_is_known.fill_null(False)).then(within)


def _kept(kept: nw.Expr, due: str, outside: nw.Expr) -> nw.Expr:
    """Whether a promise was kept, as it stood when it fell due; null before that."""
    overdue = nw.when(nw.col(due) <= nw.col("observed_until")).then(nw.lit(False))
    return nw.when(~outside).then(nw.when(kept.fill_null(False)).then(nw.lit(True)).otherwise(overdue))


@_share(title="First replies in time (SLA)", anchor="first_reply_due", better="higher", needs=("first_replied_at",))
def sla_first_reply() -> nw.Expr:
    """Share of due first replies that came in time; overdue waits are breaches, waits not yet due are not counted.

    A ticket that was over before the reply was due is left out; one solved without a reply after that is a breach.
    """
    over = nw.coalesce(nw.col("over_before_reply_due"), nw.col("first_reply_competing")).fill_null(False)
    kept = nw.col("first_replied_at") <= nw.col("first_reply_due_at")
    return _kept(kept, "first_reply_due_at", (over & ~kept.fill_null(False)) | is_gone())


@_share(title="Resolutions in time (SLA)", anchor="due", better="higher", needs=("solved_at",))
def sla_resolution() -> nw.Expr:
    """Share of due resolutions that came in time; overdue open tickets are breaches, those not yet due are left out.

    What counts is whether the ticket was solved when it was due; a reopening after that breaks no promise.
    """
    kept = (nw.col("solved_at") <= nw.col("due_at")).fill_null(False) | nw.col("solved_when_due").fill_null(False)
    return _kept(kept, "due_at", is_gone())
