"""How far groups lie apart beyond chance, and each one's own difference drawn towards the common level."""

from __future__ import annotations

import numpy as np
import polars as pl

from cxlib.results.reasons import Spread
from cxlib.stats.intervals import Array, normal_quantile

LEAST, FEWEST = 10, 5  # answers of a group that counts, and such groups
POINTS = 100.0
TOO_ALIKE = 0.01  # p-value from which alikeness is a warning
GRID = np.linspace(0.0, 0.5, 501)  # spreads a share can have


def spread(n: Array, difference: Array, variance: Array, tails: Array) -> Spread | None:
    """Return the standard deviation between groups, in points; None with fewer than five groups of ten answers.

    Value by Paule & Mandel 1982, limits by the profile of Cochran's Q (Viechtbauer 2007), its chi-squared distribution
    fitted by mean and variance, as a few answers have heavier tails than a normal.

    Args:
        n: Answers of each group.
        difference: Observed − expected share.
        variance: Its variance by chance.
        tails: Its excess kurtosis by chance.
    """
    from scipy.optimize import brentq
    from scipy.special import chdtrc, chdtri

    used = (n >= LEAST) & (variance > 0)
    if used.sum() < FEWEST:
        return None
    d, v, free = difference[used], variance[used], float(used.sum() - 1)
    fitted = 2 * free**2 / (2 * free + float(tails[used].sum()))
    if fitted < 1:  # all but certain answers: chance alone can reach anywhere
        return None

    def misfit(tau: float) -> float:
        weight = 1 / (v + tau**2)
        return float((weight * (d - (weight @ d) / weight.sum()) ** 2).sum()) / free

    def reaching(goal: float) -> float:
        return 0.0 if misfit(0.0) <= goal else float(brentq(lambda tau: misfit(tau) - goal, 0.0, 10.0))

    value, low, high = (reaching(goal) for goal in (1.0, *(chdtri(fitted, p) / fitted for p in (0.025, 0.975))))
    more = float(chdtrc(fitted, misfit(0.0) * fitted))
    known = POINTS * high if 1 - more >= TOO_ALIKE else None
    return Spread(POINTS * value, POINTS * low, known, misfit(0.0), more, 1 - more)


def shrunk(difference: Array, variance: Array) -> pl.DataFrame:
    """Return shrunk, shrunk_low, shrunk_high: each difference drawn towards 0, the spread itself being uncertain.

    Normal model with a flat prior on the spread between groups, summed over a grid (Gelman et al. 2013, ch. 5.4).
    """
    v = np.fmax(variance, 1e-12)
    total = v + GRID[:, None] ** 2
    log = -0.5 * (np.log(total) + difference**2 / total).sum(axis=1)
    weight = np.exp(log - log.max())
    kept = GRID[:, None] ** 2 / total
    means = kept * difference
    mean = weight @ means / weight.sum()
    squared = weight @ (kept * v + means**2) / weight.sum() - mean**2
    half = float(normal_quantile(np.asarray(0.05))) * np.sqrt(squared)
    return pl.DataFrame({"shrunk": mean, "shrunk_low": mean - half, "shrunk_high": mean + half})
