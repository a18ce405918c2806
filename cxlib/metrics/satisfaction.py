"""Satisfaction: how customers rate what was done for them."""

from __future__ import annotations

from functools import partial

import narwhals as nw

from cxlib.metrics.predicates import box_is, last_word, rated
from cxlib.metrics.registry import metric

_csat = partial(metric, table="surveys", anchor="answered", survey="csat")
_customers = partial(_csat, kind="count", measured_in="customers", needs=("box",))


@_csat(title="Satisfaction (CSAT)", kind="share", better="higher", needs=("box",))
def csat() -> nw.Expr:
    """Share of satisfaction answers in the top box: the two best of 5–7 points, the best of 2–4 points.

    A re-rating replaces the earlier one of the same month. Scales are boxed by their own points, never mixed raw.
    """
    return nw.when(rated("csat")).then(box_is("top"))


@_csat(title="Mean satisfaction", kind="mean", measured_in="points of 100", better="higher", scale=(0.0, 100.0))
def csat_mean() -> nw.Expr:
    """Mean satisfaction answer as a share of its scale: 0 is the worst answer, 100 the best."""
    return nw.when(rated("csat")).then(nw.col("scale_share") * 100.0)


@_customers(title="Customers who answered satisfied", better="higher")
def satisfied_customers() -> nw.Expr:
    """Number of customers whose latest answer of the month to the question on satisfaction is in the top box."""
    return nw.when(last_word("csat")).then(box_is("top"))


@_customers(title="Customers who answered dissatisfied", better="lower")
def dissatisfied_customers() -> nw.Expr:
    """Number of customers whose latest answer of the month to the question on satisfaction is in the bottom box."""
    return nw.when(last_word("csat")).then(box_is("bottom"))


@metric(title="Response rate", table="surveys", anchor="sent", kind="share", better="higher", gaps=("answered_at",),
        window="response_days")  # fmt: skip
def response_rate() -> nw.Expr:
    """Share of offered surveys that were answered within 14 days (a setting); not known before an offer is as old.

    So every month has had as much time. An answer that nobody can read is an answer all the same.
    """
    late = (nw.col("answer_minutes") > nw.col("window_minutes")).fill_null(False)
    return ~nw.col("answered_at").is_null() & ~late
