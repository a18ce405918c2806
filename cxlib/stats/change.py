"""Differences of published figures: interval and p-value from one statistic, overlap of units counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from cxlib.metrics import Metric, View
from cxlib.stats.cells import Cells, cells, correlation, estimates, influences, known
from cxlib.stats.intervals import ALPHA, Array, Figures, Limits
from cxlib.stats.results import Change, NotKnown, Scope
from cxlib.stats.scope import partly_observed, scope, unanswerable

HALVINGS = 28
LEAST = 1e-16  # smallest p-value told apart from 0


@dataclass(frozen=True, slots=True)
class Difference:
    """Differences of figures in computed units, one element a pair; NaN where nothing is known."""

    value: Array
    low: Array
    high: Array
    p_value: Array

    def columns(self, metric: Metric, prefix: str = "") -> list[pl.Series]:
        """Return the columns difference, low, high, p_value (with a prefix on all), in printed units."""
        numbers = {"difference": self.value, "low": self.low, "high": self.high}
        series = [known(f"{prefix}{name}", number * metric.factor) for name, number in numbers.items()]
        return [*series, known(f"{prefix}p_value", self.p_value)]


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
    """Find, by bisection, the smallest alpha whose interval leaves out 0."""
    outside = (low > 0) | (high < 0)
    inner, outer = np.where(outside, LEAST, ALPHA), np.where(outside, ALPHA, 1.0)
    for _ in range(HALVINGS):
        middle = np.sqrt(inner * outer)
        low_m, high_m = bounds(middle)
        outside = (low_m > 0) | (high_m < 0)
        inner, outer = np.where(outside, inner, middle), np.where(outside, middle, outer)
    unknown = np.isnan(value) | np.isnan(low) | (np.isinf(low) & np.isinf(high))
    return np.where(unknown, np.nan, np.where(value == 0, 1.0, np.sqrt(inner * outer)))


def widest(metric: Metric) -> float:
    """Return the largest possible difference of two figures of a metric, in computed units."""
    return (metric.scale[1] - metric.scale[0]) / metric.factor if metric.scale else np.inf


def compare(
    metric: Metric, view: View, found: Cells, baseline: str, by: str = "", *, influence: pl.DataFrame | None = None
) -> Difference:
    """Return the differences of the reported month's cells from the same groups in the baseline month.

    Args:
        metric: The metric.
        view: Names the reported month.
        found: Cells of both months, as published.
        baseline: The other month.
        by: Dimension of the cells' groups.
        influence: `cells.influences` of both months where they are at hand.
    """
    after = found.keys.filter(pl.col("period") == view.month)
    before = after.with_columns(period=pl.lit(baseline))
    if metric.kind == "count" and metric.unit == "day":
        correlated = np.zeros(after.height)
    else:
        own = influences(metric, view, [view.month, baseline], by) if influence is None else influence
        correlated = correlation(own, after, before)
    return difference(found.at(after).figures, found.at(before).figures, correlated, widest(metric))


def change_of(
    metric: Metric, view: View, found: Cells, baseline: str, about: Scope, *, influence: pl.DataFrame | None = None
) -> Change | None:
    """Return the change of the whole from the baseline month; None if the data do not reach it.

    A count of a month that is not wholly observed is not compared: its missing days are no change.
    """
    if baseline == view.month or not view.data.first_month <= baseline <= view.data.last_month:
        return None
    keys = pl.DataFrame({"period": [view.month, baseline], "group": ["", ""]})
    points = found.at(keys).points()
    after, before = estimates(points)
    part = partly_observed(metric, view, baseline)
    if about.observed or part:
        return Change(metric, about, view.month, baseline, after, before, None, None, None, None, before_observed=part)
    found_apart = compare(metric, view, found.at(keys), baseline, influence=influence)
    differs = pl.DataFrame(found_apart.columns(metric)).row(0, named=True)
    return Change(metric, about, view.month, baseline, after, before, **differs)


def change(name: str, view: View, baseline: str = "") -> Change | NotKnown:
    """Return how a metric changed from a month (default: the view's baseline) to the reported one.

    Raises:
        UsageError: No such metric or dimension.
    """
    metric = view.metric(name)
    baseline = baseline or view.baseline
    if reason := unanswerable(metric, view):
        return reason
    found = cells(metric, view, [baseline, view.month])
    return change_of(metric, view, found, baseline, scope(metric, view)) or NotKnown(
        metric.title, f"There is nothing to compare with: the data {view.data.name!r} do not hold {baseline}."
    )
