"""Effort: how hard customers had to work to get help. Two questions, two scales, never pooled."""

from __future__ import annotations

import narwhals as nw

from cxlib.metrics.pieces import rated
from cxlib.metrics.registry import metric

LEAST, MOST, HARDEST, EASIEST = 1.0, 5.0, 1.0, 7.0


def _answer(kind: str, worst: float, best: float) -> nw.Expr:
    """Return the answer on its usual scale, turned round where a source codes it so; null on other scales."""
    usual = (nw.col("scale_low") == min(worst, best)) & (nw.col("scale_high") == max(worst, best))
    return nw.when(rated(kind) & usual).then(worst + nw.col("scale_share") * (best - worst))


@metric(
    title="Customer effort (CES)",
    table="surveys",
    anchor="answered",
    kind="mean",
    measured_in="points of 5",
    better="lower",
    survey="effort",
    needs=("scale_share",),
    answered_on=(LEAST, MOST),
    scale=(LEAST, MOST),
)
def customer_effort() -> nw.Expr:
    """Mean answer, 1 (very little) to 5 (very much), to how much effort the customer had to put forth; low is good.

    The question of 2010 (Dixon, Freeman & Toman, Harvard Business Review), on its own scale.
    """
    return _answer("effort", MOST, LEAST)


@metric(
    title="Low effort",
    table="surveys",
    anchor="answered",
    kind="share",
    better="higher",
    survey="effort",
    needs=("scale_share",),
    answered_on=(LEAST, MOST),
)
def low_effort() -> nw.Expr:
    """Share of effort answers in the two best of five, 1 and 2."""
    answer = _answer("effort", MOST, LEAST)
    return nw.when(~answer.is_null()).then(answer < 2.5)


@metric(
    title="Customer ease (CES 2.0)",
    table="surveys",
    anchor="answered",
    kind="mean",
    measured_in="points of 7",
    better="higher",
    survey="ease",
    needs=("scale_share",),
    answered_on=(HARDEST, EASIEST),
    scale=(HARDEST, EASIEST),
)
def customer_ease() -> nw.Expr:
    """Mean agreement, 1 to 7, that the company made it easy to handle the issue; high is good.

    The question of 2013 (Dixon, Toman & DeLisi, The Effortless Experience), never pooled with that of 2010.
    """
    return _answer("ease", HARDEST, EASIEST)


@metric(
    title="Easy",
    table="surveys",
    anchor="answered",
    kind="share",
    better="higher",
    survey="ease",
    needs=("scale_share",),
    answered_on=(HARDEST, EASIEST),
)
def easy() -> nw.Expr:
    """Share of ease answers 5 to 7 of seven: customers who agree, somewhat at least, that it was easy."""
    answer = _answer("ease", HARDEST, EASIEST)
    return nw.when(~answer.is_null()).then(answer > 4.5)
