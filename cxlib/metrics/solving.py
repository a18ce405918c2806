"""Solving: how many touches and hands a solution takes, and how much work. Deleted, merged and spam are left out."""

from __future__ import annotations

from functools import partial

import narwhals as nw

from cxlib.metrics.predicates import is_gone
from cxlib.metrics.registry import metric

_share = partial(metric, table="tickets", anchor="solved", kind="share")
_mean = partial(metric, table="tickets", anchor="solved", kind="mean")


def _solved(value: nw.Expr) -> nw.Expr:
    return nw.when(~is_gone()).then(value)


@_share(title="One-touch resolution", better="higher", needs=("agent_replies",))
def one_touch_resolution() -> nw.Expr:
    """Share of solved tickets with exactly one public agent reply; those without any are a class of their own."""
    return _solved(nw.col("agent_replies") == 1)


@_share(title="Two-touch resolution", better="neither", needs=("agent_replies",))
def two_touch_resolution() -> nw.Expr:
    """Share of solved tickets with exactly two public agent replies."""
    return _solved(nw.col("agent_replies") == 2)


@_share(title="Multi-touch resolution", better="lower", needs=("agent_replies",))
def multi_touch_resolution() -> nw.Expr:
    """Share of solved tickets with three public agent replies or more."""
    return _solved(nw.col("agent_replies") >= 3)


@_share(title="Solved without a reply", better="neither", needs=("agent_replies",))
def no_reply_resolution() -> nw.Expr:
    """Share of solved tickets without any public agent reply: by the customer, in an internal note or in silence."""
    return _solved(nw.col("agent_replies") == 0)


@_mean(title="Replies to resolve", measured_in="replies", better="lower", needs=("agent_replies",))
def replies_to_resolve() -> nw.Expr:
    """Mean number of public agent replies of solved tickets: a quick close after many mails is not a good one."""
    return _solved(nw.col("agent_replies"))


@_mean(title="Handoffs", measured_in="handoffs", better="lower", needs=("handoffs",))
def handoffs() -> nw.Expr:
    """Mean number of times that the answering agent of a solved ticket changed."""
    return _solved(nw.col("handoffs"))


@_share(title="Right the first time", better="higher", needs=("team_changes",))
def right_first_time() -> nw.Expr:
    """Share of solved tickets never moved to another team: they came to the right place at once."""
    return _solved(nw.col("team_changes") == 0)


@_share(title="Solved where it was handed to", better="higher", needs=("handoffs",))
def solved_after_one_handoff() -> nw.Expr:
    """Share of solved tickets that changed the answering agent which did so once only: the next agent settled it."""
    return nw.when(~is_gone() & (nw.col("handoffs") >= 1)).then(nw.col("handoffs") == 1)


@_mean(title="Handle time", measured_in="minutes", better="lower", needs=("handle_minutes",))
def handle_time() -> nw.Expr:
    """Mean minutes of work on a solved ticket, as the source recorded them; tickets without a record are left out."""
    return _solved(nw.col("handle_minutes"))


@_mean(title="Handle time, estimated where not recorded", measured_in="minutes", better="lower",
       needs=("estimated_handle_minutes",))  # fmt: skip
def estimated_handle_time() -> nw.Expr:
    """Mean minutes of work on a solved ticket: as recorded, else estimated as public replies × a setting."""
    return _solved(nw.coalesce(nw.col("handle_minutes"), nw.col("estimated_handle_minutes")))


@metric(title="Documents complete at opening", table="tickets", anchor="created", kind="share", better="higher",
        needs=("documents_complete",))  # fmt: skip
def documents_complete() -> nw.Expr:
    """Share of tickets that need documents which had all of them when they were opened."""
    return nw.when(~is_gone() & ~(nw.col("documents_required") == 0).fill_null(False)).then(
        nw.col("documents_complete")
    )
