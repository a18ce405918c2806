"""Values, standard errors and intervals from sums over independent units; numbers only, one array element a cell.

Inside this module and its neighbours a missing number is NaN and an unknown bound ±inf; `points` turns both into null.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cxlib.metrics.registry import SIGNED, Metric
from cxlib.stats.sums import Array, Places, Sums, divide, even_units, residual, skewness

__all__ = [
    "ALPHA", "MANY", "Array", "Figures", "Limits", "Places", "Sums", "adjusted_wald", "amount", "effective_n",
    "even_units", "mean", "measure", "normal_quantile", "rate", "score", "share", "skewed", "t_quantile", "total",
    "wilson",
]  # fmt: skip

Limits = Callable[[Array], tuple[Array, Array]]
ALPHA = 0.05
FEWEST_EVEN = 2 - 1e-9
MORE_SKEWED = 1.4  # times the skewness a sample shows: samples of heavy tails show too little of it
MORE_SKEWED_SUM = 1.25  # the same of the cubes of a sum, which no deviation from a mean makes smaller
NO_SKEW = 1e-10
MANY = 1e9  # degrees of freedom of a normal distribution


@dataclass(frozen=True, slots=True)
class Figures:
    """Published figures of several cells: `limits(alpha)` gives low and high bounds at confidence 1 − alpha."""

    n: Array
    units: Array
    value: Array
    se: Array
    limits: Limits

    def clipped(self, lowest: float, highest: float) -> Figures:
        """Return the same figures with intervals kept within the possible values and never beside their own value."""

        def limits(alpha: Array) -> tuple[Array, Array]:
            low, high = self.limits(alpha)
            inside = (np.where(np.isinf(bound), bound, np.clip(bound, lowest, highest)) for bound in (low, high))
            low, high = inside
            return np.fmin(low, self.value), np.fmax(high, self.value)

        return Figures(self.n, self.units, self.value, self.se, limits)

    def widened(self, times: Array | float, df: Array | float = np.inf) -> Figures:
        """Return the same figures with errors and intervals that many times as wide.

        Where that is itself known with `df` degrees of freedom only, intervals are those of Student's t.
        """

        def limits(alpha: Array) -> tuple[Array, Array]:
            low, high = self.limits(alpha)
            wide = times * t_quantile(alpha, df) / normal_quantile(alpha)
            return self.value - wide * (self.value - low), self.value + wide * (high - self.value)

        return Figures(self.n, self.units, self.value, self.se * times, limits)

    def divided(self, lengths: Array) -> Figures:
        """Return the same figures per one of so many."""

        def limits(alpha: Array) -> tuple[Array, Array]:
            low, high = self.limits(alpha)
            return low / lengths, high / lengths

        return Figures(self.n, self.units, self.value / lengths, self.se / lengths, limits)


def measure(metric: Metric, sums: Sums) -> Figures:
    """Return value, error and interval of a share, mean, score or count, in computed units (shares 0–1)."""
    lowest, highest = metric.possible
    by_kind = {"share": share, "score": score, "rate": rate, "count": amount if SIGNED in metric.needs else total}
    return by_kind.get(metric.kind, mean)(sums).clipped(lowest / metric.factor, highest / metric.factor)


def share(sums: Sums) -> Figures:
    """Return shares with Wilson intervals on the effective number of answers (Wilson 1927; Korn & Graubard 1998)."""
    value, se, spread = _ratio(sums)
    worth = effective_n(sums, spread, se)

    def limits(alpha: Array) -> tuple[Array, Array]:
        return wilson(value, worth(alpha), normal_quantile(alpha))

    return Figures(sums.n, sums.units, value, se, limits)


def score(sums: Sums) -> Figures:
    """Return scores (mean of −1, 0, 1) with adjusted Wald intervals on the effective number of answers (Rocks 2016)."""
    value, se, spread = _ratio(sums)
    squares, worth = divide(sums.wxx, sums.w), effective_n(sums, spread, se)

    def limits(alpha: Array) -> tuple[Array, Array]:
        return adjusted_wald(value, squares, worth(alpha), normal_quantile(alpha))

    return Figures(sums.n, sums.units, value, se, limits)


def mean(sums: Sums) -> Figures:
    """Return means with `skewed` t intervals, cluster-robust, even units − 1 degrees of freedom; none of all alike."""
    value, se, _ = _ratio(sums)
    limits = skewed(value, se, even_units(sums) - 1, MORE_SKEWED * skewness(sums, value))
    return Figures(sums.n, sums.units, value, se, limits)


def skewed(value: Array, se: Array, df: Array, skew: Array) -> Limits:
    """Return limits of means or sums of units that may be very unlike each other; none without an error.

    Student's t, its ends moved as Hall's (1992) cubic transformation of the t statistic says: the far end all the way,
    the near end half of it, for moved all the way it calls equal months of skewed amounts different too often.

    Args:
        value: Means or sums.
        se: Their standard errors.
        df: Degrees of freedom.
        skew: Skewness to allow for: Σ r³ ÷ (Σ r²)^1.5 over the residuals r of the units, and some more.
    """
    even = ~(np.abs(skew) > NO_SKEW)
    bend = np.where(even, 1.0, skew)

    def reach(alpha: Array, side: float) -> Array:
        """Return how many standard errors away the upper (side 1) or lower (−1) end lies."""
        t = t_quantile(alpha, df)
        curved = -side * 3 / bend * (np.cbrt(1 - bend * (side * t + bend / 6)) - 1)
        return np.where(even, t, np.fmax(0.0, np.where(curved > t, curved, (t + curved) / 2)))

    def limits(alpha: Array) -> tuple[Array, Array]:
        down, up = (np.where(se > 0, reach(alpha, side) * se, np.inf) for side in (-1.0, 1.0))
        return value - down, value + up

    return limits


def total(sums: Sums) -> Figures:
    """Return totals of a census; the interval speaks of the process behind them, a compound Poisson one.

    Score interval (Wilson's for a rate) on the total's effective number of events T² ÷ variance, variance = Σ of
    squared unit totals: Hoffman 1981 on compound Poisson, Brown, Cai & DasGupta 2003 on the score interval.

    Args:
        sums: Sums over units; `wxwx` is the variance of the total.
    """
    value, variance, events, worth = _events(sums)

    def limits(alpha: Array) -> tuple[Array, Array]:
        z = normal_quantile(alpha)
        centre, half = events + z * z / 2, z * np.sqrt(events + z * z / 4)
        return worth * (centre - half), worth * (centre + half)

    return Figures(sums.n, sums.units, value, np.sqrt(variance), limits)


def counted_total(sums: Sums, free: Array) -> Figures:
    """Return totals of days with the exact Poisson interval (Garwood 1936) on their effective number of events.

    Args:
        sums: Sums over days; `wxwx` is the variance of the total, its dispersion times the total.
        free: Degrees of freedom of that dispersion (`MANY` where it is known): limits are those at the confidence that
            a normal quantile as large as Student's gives.
    """
    from scipy.special import gammainccinv, gammaincinv, ndtr

    value, variance, events, worth = _events(sums)

    def limits(alpha: Array) -> tuple[Array, Array]:
        tail = ndtr(-t_quantile(alpha, free))
        low = np.where(events > 0, gammaincinv(np.fmax(events, 1e-9), tail), 0.0)
        return worth * np.minimum(low, events), worth * gammainccinv(events + 1, tail)

    return Figures(sums.n, sums.units, value, np.sqrt(variance), limits)


def _events(sums: Sums) -> tuple[Array, Array, Array, Array]:
    """Return totals, their variance, the events that they are worth and what one is worth; NaN without rows."""
    there = sums.n > 0
    value, variance = np.where(there, sums.wx, np.nan), np.where(there, sums.wxwx, np.nan)
    events = np.where(there, np.where(value > 0, divide(value * value, variance), 0.0), np.nan)
    return value, variance, events, np.where(events > 0, divide(value, events), 1.0)


def amount(sums: Sums) -> Figures:
    """Return totals of rows that may be negative, with `skewed` t intervals; none where all is 0 or of one unit.

    Variance = Σ of squared unit totals (compound Poisson, as in `total`), its skewness from their cubes, units − 1
    degrees of freedom. A score interval would need a sign and a worth of one event, which a sum near 0 has not.
    """
    there = sums.n > 0
    value, se = np.where(there, sums.wx, np.nan), np.where(there, np.sqrt(sums.wxwx), np.nan)
    error = np.where(sums.units > 1, se, 0.0)
    ends = skewed(value, error, sums.units - 1, MORE_SKEWED_SUM * divide(sums.wxwxwx, error**3))

    def limits(alpha: Array) -> tuple[Array, Array]:
        low, high = ends(alpha)
        return np.where(there, low, np.nan), np.where(there, high, np.nan)

    return Figures(sums.n, sums.units, value, se, limits)


def rate(sums: Sums) -> Figures:
    """Return events ÷ time with the exact Poisson interval (Garwood 1936): each unit has the event at most once."""
    value, seen = divide(sums.wx, sums.w), sums.wx

    def limits(alpha: Array) -> tuple[Array, Array]:
        from scipy.special import gammaincinv

        low = np.where(seen > 0, gammaincinv(np.fmax(seen, 1), alpha / 2), 0.0)
        return divide(low, sums.w), divide(gammaincinv(seen + 1, 1 - alpha / 2), sums.w)

    return Figures(sums.n, sums.units, value, divide(np.sqrt(seen), sums.w), limits)


def effective_n(sums: Sums, spread: Array, se: Array) -> Callable[[Array], Array]:
    """Return how many independent answers the rows of a cell are worth, as a function of alpha (1 − confidence).

    n ÷ design effect, never more than n, times (t with n − 1 ÷ t with even units − 1 degrees of freedom)²: Korn &
    Graubard 1998. Without any spread, or with one unit, answers of one unit are taken to be one answer.

    Args:
        sums: Sums of the cells.
        spread: Variance of single answers.
        se: Cluster-robust standard error.
    """
    design = divide(se * se * (sums.n - 1), spread)
    worth, even = np.where(design > 1, divide(sums.n, design), sums.n), even_units(sums)
    told = (spread > 0) & (se > 0)

    def worth_at(alpha: Array) -> Array:
        ratio = divide(t_quantile(alpha, sums.n - 1), t_quantile(alpha, even - 1))
        return np.where(told, worth * ratio * ratio, even)

    return worth_at


def wilson(p: Array, n: Array, z: Array) -> tuple[Array, Array]:
    """Return Wilson's interval of a share p of n answers (Wilson 1927)."""
    shrink = 1 + z * z / n
    centre = (p + z * z / (2 * n)) / shrink
    half = z / shrink * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return np.clip(centre - half, 0, p), np.clip(centre + half, p, 1)


def adjusted_wald(value: Array, squares: Array, n: Array, z: Array) -> tuple[Array, Array]:
    """Return the adjusted Wald interval of a score, not clipped: three answers are added, ¾ −1, 1½ 0, ¾ +1.

    Args:
        value: Score, −1 … 1.
        squares: Mean of squared answers (promoters + detractors).
        n: Number of answers.
        z: Normal quantile.
    """
    centre = n * value / (n + 3)
    variance = (n * squares + 1.5) / (n + 3) - centre * centre
    half = z * np.sqrt(variance / (n + 3))
    return centre - half, centre + half


def normal_quantile(alpha: Array) -> Array:
    """Return the two-sided normal quantile: 1.96 for alpha 0.05."""
    from scipy.special import ndtri

    return np.asarray(-ndtri(np.asarray(alpha) / 2), dtype=np.float64)


def t_quantile(alpha: Array, df: Array | float) -> Array:
    """Return the two-sided quantile of Student's t; NaN without a degree of freedom."""
    from scipy.special import stdtrit

    return np.asarray(-stdtrit(df, np.asarray(alpha) / 2), dtype=np.float64)


def _ratio(sums: Sums) -> tuple[Array, Array, Array]:
    """Return Σwx ÷ Σw, its cluster-robust error (NaN with one unit) and the variance of single answers."""
    value = divide(sums.wx, sums.w)
    even = even_units(sums)
    told = np.where(
        even > FEWEST_EVEN, divide(even, even - 1), np.nan
    )  # of one unit, or all but one, no error is known
    variance = divide(residual(sums, value), sums.w * sums.w) * told
    spread = divide(sums.wxx, sums.w) - value * value
    return value, np.sqrt(variance), np.where(spread > 1e-12, spread, 0.0)
