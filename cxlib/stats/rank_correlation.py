"""Spearman's rank correlation of two figures of customers, less what other columns tell of both."""

from __future__ import annotations

import numpy as np
import polars as pl

from cxlib.stats.effects import Row, tested
from cxlib.stats.intervals import Array, Places

LEAST, NEARLY_ONE = 20, 0.95
TINY = 1e-9


def spearman(x: Array, y: Array, held: list[Array]) -> Row:
    """Return value, se, low, high, p_value; or the reason why there are none."""
    if len(x) < LEAST:
        return {"reason": f"{len(x)} customers have both; fewer than {LEAST} are not correlated"}
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return {"reason": f"all {len(x)} customers are alike on one side"}
    if separates(x, y) or separates(y, x) or abs(correlate(x, y)) > NEARLY_ONE:
        return {"reason": "one all but determines the other: was it made from it?"}
    held = [pl.Series(column).rank("average").to_numpy() for column in held]
    basis = np.column_stack([np.ones(len(x)), *((column - column.mean()) / column.std() for column in held)])
    value, influence = partial(x, y, basis)
    if not np.isfinite(value):
        return {"reason": "what is allowed for tells one side wholly"}
    df = len(x) - basis.shape[1]
    se = float(np.sqrt(len(x) / df * (influence @ influence)))
    found = tested(float(np.arctanh(value)), se / (1 - value**2), df=df)
    low, high = np.tanh([found["low"], found["high"]])
    return {**found, "value": value, "se": se, "low": float(low), "high": float(high)}


def partial(x: Array, y: Array, basis: Array) -> tuple[float, Array]:
    """Return the correlation of the ranks of x and y less what the columns tell of them, and each customer's influence.

    Ties have their mean rank; with a constant alone it is Spearman's. The influence is its derivative by the weight of
    a customer, who moves residual products and the ranks of all others: the infinitesimal jackknife (Efron 1982).
    NaN where nothing is left of a side.
    """
    left, moved = [], []
    for side in (x, y):
        rank = pl.Series(side).rank("average").to_numpy() / len(x) - 0.5
        rest = rank - basis @ np.linalg.lstsq(basis, rank, rcond=None)[0]
        left.append(np.where(np.abs(rest) > TINY, rest, 0.0))
        moved.append(np.unique(side, return_inverse=True)[1])
    products = np.array([[one @ two for one in left] for two in left])
    if products.diagonal().min() <= TINY:
        return float("nan"), np.zeros(len(x))
    size = float(np.sqrt(products[0, 0] * products[1, 1]))
    value = float(products[0, 1]) / size
    xy = left[0] * left[1] + _above(moved[0], left[1]) + _above(moved[1], left[0])
    xx, yy = (left[side] ** 2 + 2 * _above(moved[side], left[side]) for side in (0, 1))
    return value, xy / size - value / 2 * (xx / products[0, 0] + yy / products[1, 1])


def _above(level: Places, rest: Array) -> Array:
    """Return what a customer's weight adds to Σ rank × rest: the rest of all above, half that of those alike, ÷ n."""
    total = np.bincount(level, rest)
    upward = np.cumsum(total[::-1])[::-1]
    return np.asarray((upward - total / 2)[level] / len(rest), dtype=np.float64)


def correlate(x: Array, y: Array) -> float:
    """Return Spearman's rank correlation, ties at their mean rank; NaN where one side is all alike."""
    one, two = (pl.Series(side).rank("average").to_numpy() for side in (x, y))
    one, two = one - one.mean(), two - two.mean()
    return float(one @ two / np.sqrt((one @ one) * (two @ two)))


def separates(score: Array, outcome: Array) -> bool:
    """Tell whether a two-valued outcome is separated by the score, but for one shared value of it (a leak)."""
    levels = np.unique(outcome)
    if len(levels) != 2 or len(np.unique(score)) < 3:
        return False
    here, there = (score[outcome == level] for level in levels)
    return bool(here.max() <= there.min() or there.max() <= here.min())
