"""Differences of figures: interval and p-value from one statistic, the interval's inversion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import polars as pl

from cxlib.metrics import Metric
from cxlib.stats.intervals import ALPHA, Array, Figures, Limits, normal_quantile
from cxlib.stats.sums import finite_column

LEAST = 1e-16  # smallest p-value told apart from 0
NEAR, STEPS = 1e-7, 27  # precision of a p-value's normal quantile; NEAR × 2**STEPS is beyond the widest bracket


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
    """Find the smallest alpha whose interval leaves out 0, by its normal quantile, in which bounds are nearly straight.

    ITP method of Oliveira & Takahashi 2020: no more steps than bisection where bounds jump, few where they are smooth.
    """
    from scipy.special import ndtr

    def inside(z: Array) -> Array:
        """Return how far the interval reaches beyond 0."""
        low_z, high_z = bounds(2 * ndtr(-z))
        return np.asarray(np.where(value > 0, -low_z, high_z), dtype=np.float64)

    at, beyond = normal_quantile(np.asarray(ALPHA)), np.where(value > 0, -low, high)
    outside = beyond < 0
    far = np.where(outside, normal_quantile(np.asarray(LEAST)), NEAR)
    f_far = inside(far)
    at = np.where((f_far < 0) == outside, far, at)  # where 0 stays on one side as far as one looks
    left, right = np.where(outside, at, far), np.where(outside, far, at)
    f_left, f_right = np.where(outside, beyond, f_far), np.where(outside, f_far, beyond)
    for step in range(STEPS, -1, -1):
        middle = _itp(left, right, f_left, f_right, NEAR * 2.0**step)
        found = inside(middle)
        out = found < 0
        left, f_left = np.where(out, middle, left), np.where(out, found, f_left)
        right, f_right = np.where(out, right, middle), np.where(out, f_right, found)
        if (right - left <= 2 * NEAR).all():
            break
    unknown = np.isnan(value) | np.isnan(low) | (np.isinf(low) & np.isinf(high))
    return np.where(unknown, np.nan, np.where(value == 0, 1.0, 2 * ndtr(-(left + right) / 2)))


def _itp(left: Array, right: Array, f_left: Array, f_right: Array, reach: float) -> Array:
    """Return the next place to look: the secant's, drawn towards the middle and kept within `reach` of it."""
    width, half = right - left, (left + right) / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        secant = (f_right * left - f_left * right) / (f_right - f_left)
    secant = np.where((secant > left) & (secant < right), secant, half)
    side, drawn = np.sign(half - secant), 0.1 * width * width
    towards = np.where(drawn <= abs(half - secant), secant + side * drawn, half)
    radius = np.fmax(reach - width / 2, 0.0)
    return np.where(abs(towards - half) <= radius, towards, half - side * radius)


def widest(metric: Metric) -> float:
    """Return the largest possible difference of two figures of a metric, in computed units."""
    return (metric.scale[1] - metric.scale[0]) / metric.factor if metric.scale else np.inf
