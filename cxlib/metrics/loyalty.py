"""Loyalty: whether customers would recommend us and buy again."""

from __future__ import annotations

from functools import partial

import narwhals as nw

from cxlib.metrics.predicates import box_is, rated
from cxlib.metrics.registry import metric

FROM_ZERO, FROM_ONE = (0.0, 10.0), (1.0, 10.0)
_boxed = partial(metric, table="surveys", anchor="answered", needs=("box",))
_score = partial(_boxed, kind="score", measured_in="points", better="higher", survey="nps")
_share = partial(_boxed, kind="share", survey="nps", answered_on=FROM_ZERO)


def _on(scale: tuple[float, float]) -> nw.Expr:
    return rated("nps") & (nw.col("scale_low") == scale[0]) & (nw.col("scale_high") == scale[1])


def _net(scale: tuple[float, float]) -> nw.Expr:
    not_bottom = nw.when(box_is("middle")).then(0.0).otherwise(-1.0)
    boxed = _on(scale) & ~nw.col("box").is_null()
    return nw.when(boxed).then(nw.when(box_is("top")).then(1.0).otherwise(not_bottom))


@_score(title="Net Promoter Score", answered_on=FROM_ZERO)
def nps() -> nw.Expr:
    """Share of promoters (9–10) minus share of detractors (0–6) among answers on the 0–10 scale."""
    return _net(FROM_ZERO)


@_score(title="Net Promoter Score, 1–10 scale", answered_on=FROM_ONE)
def nps_from_one() -> nw.Expr:
    """Share of promoters (9–10) minus share of detractors (1–6) on a 1–10 scale; never pooled with the 0–10 scale."""
    return _net(FROM_ONE)


@_share(title="Promoters", better="higher")
def promoters() -> nw.Expr:
    """Share of answers 9–10 on the 0–10 scale."""
    return nw.when(_on(FROM_ZERO)).then(box_is("top"))


@_share(title="Passives", better="neither")
def passives() -> nw.Expr:
    """Share of answers 7–8 on the 0–10 scale."""
    return nw.when(_on(FROM_ZERO)).then(box_is("middle"))


@_share(title="Detractors", better="lower")
def detractors() -> nw.Expr:
    """Share of answers 0–6 on the 0–10 scale."""
    return nw.when(_on(FROM_ZERO)).then(box_is("bottom"))


@_boxed(title="Would buy again", kind="share", better="higher", survey="repurchase")
def repurchase_intent() -> nw.Expr:
    """Share of answers in the top box of the question whether the customer would buy again."""
    return nw.when(rated("repurchase")).then(box_is("top"))
