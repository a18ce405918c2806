"""Differences of published figures: interval and p-value from one statistic, overlap of units counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import polars as pl

from cxlib.metrics import Metric, View, dated_frame, row_frame, unit_frame
from cxlib.stats.cells import Cells, cells, correlation, estimates, influences, known, of_days
from cxlib.stats.comparable import incomparable
from cxlib.stats.counted_days import KEYS, calendar, like_days, scatter, with_empty_days
from cxlib.stats.dominant import dominant, others, without
from cxlib.stats.intervals import ALPHA, Array, Figures, Limits, normal_quantile
from cxlib.stats.results import Change, NotKnown, Scope
from cxlib.stats.scope import partly_observed, scope, unanswerable
from cxlib.stats.sizes import sized

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
        series = [known(f"{prefix}{name}", number * metric.factor) for name, number in numbers.items()]
        return [*series, known(f"{prefix}p_value", self.p_value)]

    def rows(self, metric: Metric) -> list[tuple[float | None, ...]]:
        """Return difference, low, high, p_value and calendar of each pair, in printed units."""
        nothing = np.full(len(self.value), np.nan)
        calendar = nothing if self.calendar is None else self.calendar * metric.factor
        return pl.DataFrame([*self.columns(metric), known("calendar", calendar)]).rows()

    @classmethod
    def stacked(cls, parts: Sequence[Difference]) -> Difference:
        """Lay several one after the other."""
        names = [item.name for item in fields(cls)]
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


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


def compare(
    metric: Metric,
    view: View,
    found: Cells,
    baselines: Sequence[str],
    by: str = "",
    *,
    influence: pl.DataFrame | None = None,
    but: pl.Series | None = None,
) -> Difference:
    """Return the differences of the reported month's cells from the same groups in other months, one after the other.

    Counts of days are compared on like days (`on_like_days`).

    Args:
        metric: The metric.
        view: Names the reported month.
        found: Cells of all these months, as published.
        baselines: The other months.
        by: Dimension of the cells' groups.
        influence: `cells.influences` of all these months where they are at hand.
        but: Units that `found` leaves out.
    """
    here = found.keys.filter(pl.col("period") == view.month)
    if metric.kind == "count" and metric.anchor != "month" and baselines:
        return Difference.stacked([on_like_days(metric, view, found, baseline, by, but=but) for baseline in baselines])
    after = pl.concat([here] * len(baselines))
    before = pl.concat([here.with_columns(period=pl.lit(month, pl.String)) for month in baselines])
    own = influences(metric, view, [view.month, *baselines], by) if influence is None else influence
    correlated = correlation(own, after, before)
    return difference(found.at(after).figures, found.at(before).figures, correlated, widest(metric))


def on_like_days(
    metric: Metric, view: View, found: Cells, baseline: str, by: str = "", *, but: pl.Series | None = None
) -> Difference:
    """Return the differences of a count of days from a month's on as many days of each class, and the calendar's part.

    Each row weighs what its day does (`like_days`), so that months of other lengths, weekdays or holidays are alike:
    Mantel-Haenszel weights of rates (Greenland & Robins 1985). Units are days, or customers as of the figure itself;
    the dispersion of days is that of both months together.

    Args:
        metric: A count whose rows have a day.
        view: Names the reported month.
        found: Cells of both months, as published.
        baseline: The other month.
        by: Dimension of the cells' groups.
        but: Units that `found` leaves out.
    """
    months = sorted({view.month, baseline})
    weighted = like_days(calendar(metric, view, months), view.month, baseline).drop("alike")
    here = found.keys.filter(pl.col("period") == view.month)
    pair = [here.with_columns(period=pl.lit(month, pl.String)) for month in (view.month, baseline)]
    correlated = np.zeros(here.height)
    if metric.unit == "day":
        days = with_empty_days(metric, view, unit_frame(metric, view, months, by), by)
        alike = of_days(metric, days.join(weighted, on=["period", "day"]), scatter(days, ["group"]))
    else:
        rows = dated_frame(metric, view, months, by).join(weighted, on=["period", "day"])
        rows = rows if but is None else rows.filter(~pl.col("unit").is_in(but.implode()))
        wx, wxx = (pl.col(name) * pl.col("weight") ** power for name, power in (("sum_wx", 1), ("sum_wxx", 2)))
        sums = pl.col("n", "sum_w", "sum_wx", "sum_wxx").sum()
        units = rows.with_columns(sum_wx=wx, sum_wxx=wxx).group_by("period", "group", "unit").agg(sums)
        alike = Cells.of_units(metric, units)
        correlated = correlation(units.select(*KEYS, "unit", influence="sum_wx"), *pair)
    after, before = (alike.at(side).figures for side in pair)
    differs = difference(after, before, correlated)
    plain = np.subtract(*(found.at(side).figures.value for side in pair))
    return replace(differs, calendar=plain - differs.value)


def changes_of(
    metric: Metric,
    view: View,
    found: Cells,
    about: Scope,
    *baselines: str,
    influence: pl.DataFrame | None = None,
    frame: pl.DataFrame | None = None,
) -> list[Change | None]:
    """Return the change of the whole from each of these months; None if the data do not reach it.

    A count of a month that is not wholly observed is not compared: its missing days are no change. Nor are months that
    are not alike (`comparable.incomparable`). Customers with a large part of either month are left out of what is
    compared (`dominant`).

    Args:
        metric: The metric.
        view: Names the reported month.
        found: Its figures of all these months.
        about: Scope of the changes.
        baselines: The months compared with.
        influence: `cells.influences` of these months where they are at hand.
        frame: Unit frame or row frame of these months, from which large customers are known; without it none is.
    """
    first, last = view.data.first_month, view.data.last_month
    reached = [month for month in baselines if month != view.month and first <= month <= last]
    if not reached:
        return [None] * len(baselines)
    partly = {month: partly_observed(metric, view, month) for month in reached}
    unlike = {month: incomparable(metric, view, month) for month in reached}
    compared = [] if about.observed else [month for month, part in partly.items() if not (part or unlike[month])]
    whole = found.at(pl.DataFrame({"period": [view.month, *partly], "group": ""}))
    after, *others = estimates(whole.points())
    apart = compare(metric, view, whole, compared, influence=influence).rows(metric) if compared else []
    differs = dict(zip(compared, apart, strict=True))
    told = {}
    for (month, part), before in zip(partly.items(), others, strict=True):
        size, low, high, p_value, other = differs.get(month, (None,) * 5)
        made = Change(
            metric, about, view.month, month, after, before, size, low, high, p_value, before_observed=part,
            calendar=other, incomparable=unlike[month],
        )  # fmt: skip
        told[month] = sized(made if frame is None or month not in differs else _judged(made, view, frame))
    return [told.get(month) for month in baselines]


def _judged(change: Change, view: View, frame: pl.DataFrame) -> Change:
    """Return a change judged without customers so large that they would silence its test; as it is without any."""
    metric, months = change.metric, [change.period, change.baseline]
    large = dominant(metric, frame, months)
    if large.is_empty():
        return change
    found, influence = others(metric, frame.filter(pl.col("period").is_in(months)), large)
    apart = compare(metric, view, found, [change.baseline], influence=influence, but=large["unit"]).rows(metric)
    size, low, high, p_value, calendar_part = apart[0]
    return replace(
        change, difference=size, low=low, high=high, p_value=p_value, calendar=calendar_part,
        without=without(large, found, months),
    )  # fmt: skip


def rows_of(metric: Metric, view: View, months: Sequence[str]) -> pl.DataFrame | None:
    """Return the frame of these months from which large customers are known; None where units are no customers."""
    if metric.unit != "customer_id":
        return None
    return (row_frame if metric.kind == "duration" else unit_frame)(metric, view, months)


def large_customers(metric: Metric, view: View, months: list[str]) -> pl.Series:
    """Return the customers left out of the change between two months, the reported one last."""
    frame = rows_of(metric, view, months)
    return pl.Series("unit", [], pl.String) if frame is None else dominant(metric, frame, months[::-1])["unit"]


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
    frame = rows_of(metric, view, [baseline, view.month])
    told = changes_of(metric, view, found, scope(metric, view), baseline, frame=frame)[0]
    if told is not None:
        from cxlib.stats.responding import with_response  # which compares response rates with what stands here

        return with_response(told, view)
    return NotKnown(
        metric.title, f"There is nothing to compare with: the data {view.data.name!r} do not hold {baseline}."
    )
