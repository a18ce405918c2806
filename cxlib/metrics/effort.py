"""Effort: how hard customers had to work to get help. Two questions, two scales, never pooled."""

from __future__ import annotations

from functools import partial

import narwhals as nw

from cxlib.metrics.predicates import rated
from cxlib.metrics.registry import metric

LEAST, MOST, HARDEST, EASIEST = 1.0, 5.0, 1.0, 7.0
_answers = partial(metric, table="surveys", anchor="answered", needs=("scale_share",))
_effort = partial(_answers, survey="effort", answered_on=(LEAST, MOST))
_ease = partial(_answers, survey="ease", answered_on=(HARDEST, EASIEST))


def _answer(kind: str, worst: float, best: float) -> nw.Expr:
    """Return the answer on its usual scale, turned round where a source codes it so; null on other scales."""
    usual = (nw.col("scale_low") == min(worst, best)) & (nw.col("scale_high") == max(worst, best))
    return nw.when(rated(kind) & usual).then(worst + nw.col("scale_share") * (best - worst))


@_effort(title="Customer effort (CES)", kind="mean", measured_in="points of 5", better="lower", scale=(LEAST, MOST))
def customer_effort() -> nw.Expr:
    """Mean answer, 1 (very little) to 5 (very much), to how much effort the customer had to put forth; low is good.

    The question of 2010 (Dixon, Freeman & Toman, Harvard Business Review), on its own scale.
    """
    return _answer("effort", MOST, LEAST)


@_effort(title="Low effort", kind="share", better="higher")
def low_effort() -> nw.Expr:
    """Share of effort answers in the two best of five, 1 and 2."""
    answer = _answer("effort", MOST, LEAST)
    return nw.when(~answer.is_null()).then(answer < 2.5)


@_ease(title="Customer ease (CES 2.0)", kind="mean", measured_in="points of 7", better="higher",
       scale=(HARDEST, EASIEST))  # fmt: skip
def customer_ease() -> nw.Expr:
    """Mean agreement, 1 to 7, that the company made it easy to handle the issue; high is good.

    The question of 2013 (Dixon, Toman & DeLisi, The Effortless Experience), never pooled with that of 2010.
    """
    return _answer("ease", HARDEST, EASIEST)


@_ease(title="Easy", kind="share", better="higher")
def easy() -> nw.Expr:
    """Share of ease answers 5 to 7 of seven: customers who agree, somewhat at least, that it was easy."""
    answer = _answer("ease", HARDEST, EASIEST)
    return nw.when(~answer.is_null()).then(answer > 4.5)
