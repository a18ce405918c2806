"""Values, standard errors and intervals from sums over independent units; numbers only, one array element a cell.

Inside this module and its neighbours a missing number is NaN and an unknown bound ±inf; `points` turns both into null.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
import polars as pl

from cxlib.metrics.registry import SIGNED, Metric

Array = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
Limits = Callable[[Array], tuple[Array, Array]]
ALPHA = 0.05
FEWEST_EVEN = 2 - 1e-9
MANY = 1e9  # degrees of freedom of a normal distribution


@dataclass(frozen=True, slots=True)
class Sums:
    """What a cell (month, group) sums to: the columns of a measured frame, one array element a cell."""

    n: Array
    units: Array
    w: Array
    wx: Array
    wxx: Array
    ww: Array
    wxwx: Array
    wwx: Array

    @classmethod
    def of(cls, frame: pl.DataFrame) -> Sums:
        """Take the columns of a measured frame."""
        names = ("n", "units", "sum_w", "sum_wx", "sum_wxx", "sum_ww", "sum_wxwx", "sum_wwx")
        return cls(*(frame[name].to_numpy().astype(np.float64) for name in names))

    @classmethod
    def of_units(cls, n: Array, w: Array, wx: Array, wxx: Array) -> Sums:
        """Sum units, given along the last axis; units without rows (n = 0) do not count."""
        per_unit = (n, np.sign(n), w, wx, wxx, w * w, wx * wx, w * wx)
        return cls(*(np.atleast_1d(part.sum(axis=-1)) for part in per_unit))

    @classmethod
    def stacked(cls, parts: Sequence[Sums]) -> Sums:
        """Lay the cells of several sums one after the other."""
        return cls(*(np.concatenate([getattr(part, item.name) for part in parts]) for item in fields(cls)))

    def take(self, places: Places) -> Sums:
        """Return the cells at these places; the place after the last one is an empty cell."""
        return Sums(*(np.append(getattr(self, item.name), 0.0)[places] for item in fields(self)))


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
    squares, worth = _divide(sums.wxx, sums.w), effective_n(sums, spread, se)

    def limits(alpha: Array) -> tuple[Array, Array]:
        return adjusted_wald(value, squares, worth(alpha), normal_quantile(alpha))

    return Figures(sums.n, sums.units, value, se, limits)


def mean(sums: Sums) -> Figures:
    """Return means with t intervals, cluster-robust, even units − 1 degrees of freedom; none where all are alike."""
    value, se, _ = _ratio(sums)
    df = even_units(sums) - 1

    def limits(alpha: Array) -> tuple[Array, Array]:
        half = np.where(se > 0, t_quantile(alpha, df) * se, np.inf)
        return value - half, value + half

    return Figures(sums.n, sums.units, value, se, limits)


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
    events = np.where(there, np.where(value > 0, _divide(value * value, variance), 0.0), np.nan)
    return value, variance, events, np.where(events > 0, _divide(value, events), 1.0)


def amount(sums: Sums) -> Figures:
    """Return totals of rows that may be negative, with t intervals; none where all is 0 or of one unit.

    Variance = Σ of squared unit totals (compound Poisson, as in `total`), units − 1 degrees of freedom. A score
    interval would need a sign and a worth of one event, which a sum near 0 has not.
    """
    there = sums.n > 0
    value, se = np.where(there, sums.wx, np.nan), np.where(there, np.sqrt(sums.wxwx), np.nan)

    def limits(alpha: Array) -> tuple[Array, Array]:
        half = np.where((se > 0) & (sums.units > 1), t_quantile(alpha, sums.units - 1) * se, np.inf)
        return np.where(there, value - half, np.nan), np.where(there, value + half, np.nan)

    return Figures(sums.n, sums.units, value, se, limits)


def rate(sums: Sums) -> Figures:
    """Return events ÷ time with the exact Poisson interval (Garwood 1936): each unit has the event at most once."""
    value, seen = _divide(sums.wx, sums.w), sums.wx

    def limits(alpha: Array) -> tuple[Array, Array]:
        from scipy.special import gammaincinv

        low = np.where(seen > 0, gammaincinv(np.fmax(seen, 1), alpha / 2), 0.0)
        return _divide(low, sums.w), _divide(gammaincinv(seen + 1, 1 - alpha / 2), sums.w)

    return Figures(sums.n, sums.units, value, _divide(np.sqrt(seen), sums.w), limits)


def effective_n(sums: Sums, spread: Array, se: Array) -> Callable[[Array], Array]:
    """Return how many independent answers the rows of a cell are worth, as a function of alpha (1 − confidence).

    n ÷ design effect, never more than n, times (t with n − 1 ÷ t with even units − 1 degrees of freedom)²: Korn &
    Graubard 1998. Without any spread, or with one unit, answers of one unit are taken to be one answer.

    Args:
        sums: Sums of the cells.
        spread: Variance of single answers.
        se: Cluster-robust standard error.
    """
    design = _divide(se * se * (sums.n - 1), spread)
    worth, even = np.where(design > 1, _divide(sums.n, design), sums.n), even_units(sums)
    told = (spread > 0) & (se > 0)

    def worth_at(alpha: Array) -> Array:
        ratio = _divide(t_quantile(alpha, sums.n - 1), t_quantile(alpha, even - 1))
        return np.where(told, worth * ratio * ratio, even)

    return worth_at


def even_units(sums: Sums) -> Array:
    """Return how many units of equal weight these are worth, (Σw)² ÷ Σw² (Kish 1965): of equal units all of them.

    Taken for the number of units wherever an error is small-sample corrected: few uneven units know their error less.
    """
    return np.minimum(sums.units, _divide(sums.w * sums.w, sums.ww))


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
    value = _divide(sums.wx, sums.w)
    residual = sums.wxwx - 2 * value * sums.wwx + value * value * sums.ww
    residual = np.where(residual > 1e-12 * (sums.wxwx + value * value * sums.ww), residual, 0.0)
    even = even_units(sums)
    told = np.where(
        even > FEWEST_EVEN, _divide(even, even - 1), np.nan
    )  # of one unit, or all but one, no error is known
    variance = _divide(residual, sums.w * sums.w) * told
    spread = _divide(sums.wxx, sums.w) - value * value
    return value, np.sqrt(variance), np.where(spread > 1e-12, spread, 0.0)


def _divide(a: Array, b: Array) -> Array:
    nothing = np.full(np.broadcast(a, b).shape, np.nan)
    return np.asarray(np.divide(a, b, out=nothing, where=b != 0), dtype=np.float64)
