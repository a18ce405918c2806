"""Loyalty: whether customers would recommend us and buy again."""

from __future__ import annotations

import narwhals as nw

from cxlib.metrics.pieces import box_is, rated
from cxlib.metrics.registry import metric

FROM_ZERO, FROM_ONE = (0.0, 10.0), (1.0, 10.0)


def _on(scale: tuple[float, float]) -> nw.Expr:
    return rated("nps") & (nw.col("scale_low") == scale[0]) & (nw.col("scale_high") == scale[1])


def _score() -> nw.Expr:
    not_bottom = nw.when(box_is("middle")).then(0.0).otherwise(-1.0)
    return nw.when(box_is("top")).then(1.0).otherwise(not_bottom)


def _boxed(rows: nw.Expr) -> nw.Expr:
    return rows & ~nw.col("box").is_null()


@metric(
    title="Net Promoter Score",
    table="surveys",
    anchor="answered",
    kind="score",
    measured_in="points",
    better="higher",
    survey="nps",
    needs=("box",),
    answered_on=FROM_ZERO,
)
def nps() -> nw.Expr:
    """Share of promoters (9–10) minus share of detractors (0–6) among answers on the 0–10 scale."""
    return nw.when(_boxed(_on(FROM_ZERO))).then(_score())


@metric(
    title="Net Promoter Score, 1–10 scale",
    table="surveys",
    anchor="answered",
    kind="score",
    measured_in="points",
    better="higher",
    survey="nps",
    needs=("box",),
    answered_on=FROM_ONE,
)
def nps_from_one() -> nw.Expr:
    """Share of promoters (9–10) minus share of detractors (1–6) on a 1–10 scale; never pooled with the 0–10 scale."""
    return nw.when(_boxed(_on(FROM_ONE))).then(_score())


@metric(
    title="Promoters",
    table="surveys",
    anchor="answered",
    kind="share",
    better="higher",
    survey="nps",
    needs=("box",),
    answered_on=FROM_ZERO,
)
def promoters() -> nw.Expr:
    """Share of answers 9–10 on the 0–10 scale."""
    return nw.when(_on(FROM_ZERO)).then(box_is("top"))


@metric(
    title="Passives",
    table="surveys",
    anchor="answered",
    kind="share",
    better="neither",
    survey="nps",
    needs=("box",),
    answered_on=FROM_ZERO,
)
def passives() -> nw.Expr:
    """Share of answers 7–8 on the 0–10 scale."""
    return nw.when(_on(FROM_ZERO)).then(box_is("middle"))


@metric(
    title="Detractors",
    table="surveys",
    anchor="answered",
    kind="share",
    better="lower",
    survey="nps",
    needs=("box",),
    answered_on=FROM_ZERO,
)
def detractors() -> nw.Expr:
    """Share of answers 0–6 on the 0–10 scale."""
    return nw.when(_on(FROM_ZERO)).then(box_is("bottom"))


@metric(
    title="Would buy again",
    table="surveys",
    anchor="answered",
    kind="share",
    better="higher",
    survey="repurchase",
    needs=("box",),
)
def repurchase_intent() -> nw.Expr:
    """Share of answers in the top box of the question whether the customer would buy again."""
    return nw.when(rated("repurchase")).then(box_is("top"))
