"""Differences of figures: interval and p-value from one statistic, the interval's inversion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import polars as pl

from cxlib.metrics import Metric
from cxlib.stats.intervals import ALPHA, Array, Figures, Limits, Places, normal_quantile
from cxlib.stats.sums import finite_column

LEAST = 1e-16  # smallest p-value told apart from 0
NEAR = 1e-7  # precision of a p-value's normal quantile
WITHIN = {"xatol": NEAR, "xrtol": 0.0}
HUGE = 1e300


@dataclass(frozen=True, slots=True)
class Difference:
    """Differences of figures in computed units, one element a pair; NaN where nothing is known."""

    value: Array
    low: Array
    high: Array
    p_value: Array
    calendar: Array | None = None
    """Of counts of days: what other days make of the plain difference; `value` is that of like days."""

    def columns(self, metric: Metric, prefix: str = "") -> list[pl.Series]:
        """Return the columns difference, low, high, p_value (with a prefix on all), in printed units."""
        numbers = {"difference": self.value, "low": self.low, "high": self.high}
        series = [finite_column(f"{prefix}{name}", number * metric.factor) for name, number in numbers.items()]
        return [*series, finite_column(f"{prefix}p_value", self.p_value)]

    def rows(self, metric: Metric) -> list[tuple[float | None, ...]]:
        """Return difference, low, high, p_value and calendar of each pair, in printed units."""
        nothing = np.full(len(self.value), np.nan)
        calendar = nothing if self.calendar is None else self.calendar * metric.factor
        return pl.DataFrame([*self.columns(metric), finite_column("calendar", calendar)]).rows()

    def divided(self, by: float) -> Difference:
        """Return the differences per one of so many; their p-values are the same."""
        return replace(self, value=self.value / by, low=self.low / by, high=self.high / by)

    @classmethod
    def stacked(cls, parts: Sequence[Difference]) -> Difference:
        """Return several as one, in their order; all of them have a calendar's part or none has."""
        names = [item.name for item in fields(cls) if getattr(parts[0], item.name) is not None]
        return cls(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def difference(after: Figures, before: Figures, correlated: Array, widest: float = np.inf) -> Difference:
    """Return after − before with its 95 % interval and the p-value that the interval's inversion gives.

    Method of variance estimates recovery: Newcombe 1998; Zou & Donner 2008 for correlated figures. p is the smallest
    alpha at which 0 lies outside, so p < .05 exactly when 0 lies outside the 95 % interval.

    Args:
        after: Figures of the reported side.
        before: Figures of the other side, same length.
        correlated: Correlation of the two errors (`cells.correlation`).
        widest: Largest possible difference (2 for scores), beyond which intervals are cut.
    """

    def bounds(alpha: Array) -> tuple[Array, Array]:
        low, high = _recover(after, before, correlated, alpha)
        cut_low, cut_high = np.maximum(low, -widest), np.minimum(high, widest)
        return np.where(np.isinf(low), low, cut_low), np.where(np.isinf(high), high, cut_high)

    low, high = bounds(np.asarray(ALPHA))
    value = after.value - before.value
    return Difference(value, low, high, _invert(bounds, value, low, high))


def _recover(after: Figures, before: Figures, correlated: Array, alpha: Array) -> tuple[Array, Array]:
    (low_a, high_a), (low_b, high_b) = after.limits(alpha), before.limits(alpha)
    value = after.value - before.value
    down = _combined(after.value - low_a, high_b - before.value, correlated)
    up = _combined(high_a - after.value, before.value - low_b, correlated)
    return value - down, value + up


def _combined(one: Array, other: Array, correlated: Array) -> Array:
    """Return √(a² + b² − 2rab); infinite where either is."""
    known_both = np.isfinite(one) & np.isfinite(other)
    a, b = np.where(known_both, one, 0.0), np.where(known_both, other, 0.0)
    squared = np.fmax(a * a + b * b - 2 * correlated * a * b, 0.0)
    unknown = np.where(np.isnan(one) | np.isnan(other), np.nan, np.inf)
    return np.where(known_both, np.sqrt(squared), unknown)


def _invert(bounds: Limits, value: Array, low: Array, high: Array) -> Array:
    """Find the smallest alpha whose interval leaves out 0, by its normal quantile: bounds are nearly straight in it."""
    from scipy.optimize.elementwise import find_root
    from scipy.special import ndtr

    def inside(z: Array, place: Places) -> Array:
        """Return how far the intervals of these places reach beyond 0, as a finite number."""
        every = np.full(value.shape, NEAR)
        every[place] = z
        low_z, high_z = bounds(2 * ndtr(-every))
        return np.asarray(np.clip(np.where(value > 0, -low_z, high_z)[place], -HUGE, HUGE), dtype=np.float64)

    far = float(normal_quantile(np.asarray(LEAST)))
    places = np.arange(len(value))
    found = find_root(inside, (np.full_like(value, NEAR), np.full_like(value, far)), args=(places,), tolerances=WITHIN)
    beyond = inside(np.full_like(value, far), places) < 0
    z = np.where(found.success, found.x, np.where(beyond, far, NEAR))  # where 0 stays on one side as far as one looks
    unknown = np.isnan(value) | np.isnan(low) | (np.isinf(low) & np.isinf(high))
    return np.where(unknown, np.nan, np.where(value == 0, 1.0, 2 * ndtr(-z)))


def widest(metric: Metric) -> float:
    """Return the largest possible difference of two figures of a metric, in computed units."""
    return (metric.scale[1] - metric.scale[0]) / metric.factor if metric.scale else np.inf
