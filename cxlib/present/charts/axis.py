"""Axes drawn as layers, so that every label is text from `numbers`: unit of the axis, ticks, what the subtitle says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import log10

from cxlib import numbers
from cxlib.metrics.registry import Metric
from cxlib.numbers import Format, format_of
from cxlib.present.charts import theme
from cxlib.present.charts.frame import Frame, Layers
from cxlib.present.sentences.change import counted

LETTERS = 36
SECOND = 1 / 60
_ROUND = (SECOND, 0.1, 1.0, 10.0, 60.0, 600.0, 2880.0, 14400.0, 86400.0)  # minutes
_LONG = {"min": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis of values in the unit it is printed in, from its low to its high end, both divided by the unit."""

    low: float
    high: float
    ticks: tuple[float, ...]  # where lines and labels are
    form: Format  # of the labels
    divisor: float  # value of the metric ÷ place on the axis
    metric: Metric | None = None  # of a logarithmic axis of durations, whose places are logarithms of minutes

    @classmethod
    def of(
        cls,
        metric: Metric,
        values: Iterable[float | None],
        *,
        bounds: Iterable[tuple[float | None, float | None]] = (),
        form: Format | None = None,
        zero: bool = False,
    ) -> Axis:
        """Return the axis that holds all values, in the metric's unit; None is skipped.

        It holds the ends of intervals, `bounds`, too, but for those far beyond the others, which `inside` cuts. `form`
        is how they are printed, if not as the metric's; with `zero` the axis must reach it (bars).
        """
        known = [value for value in values if value is not None]
        ends = metric.possible if form is None else (-float("inf"), float("inf"))
        low, high = _with_bounds(min(known), max(known), _clipped(bounds, ends))
        if zero or metric.kind == "count" or 0 < low < 0.4 * high:
            low = min(low, max(ends[0], 0.0))
        room = 0.06 * (high - low) or abs(high) * 0.1 or 1.0
        bottom = low if low == 0 else max(low - room, min(ends[0], low))
        top = min(high + room, max(ends[1], high))
        printed = form or format_of(metric, top)
        low, high = bottom / printed.divisor, top / printed.divisor
        ticks = numbers.ticks(low, high)
        labels = replace(printed, decimals=numbers.tick_decimals(ticks), divisor=1.0)
        return cls(low, high, tuple(ticks), labels, printed.divisor)

    @classmethod
    def logarithmic(cls, metric: Metric, values: Iterable[float | None]) -> Axis:
        """Return the logarithmic axis of durations that holds all values; zero, which it lacks, counts as a second."""
        places = [log10(max(value, SECOND)) for value in values if value is not None]
        room = 0.06 * (max(places) - min(places))
        low, high = min(places) - room, max(places) + room
        ticks = tuple(log10(minutes) for minutes in _ROUND if low <= log10(minutes) <= high)
        return cls(low, high, ticks, format_of(metric, 1.0), 1.0, metric)

    def at(self, value: float) -> float:
        """Return where a value of the metric stands on the axis."""
        return value / self.divisor if self.metric is None else log10(max(value, SECOND))

    def inside(self, value: float) -> float:
        """Return the same, or the end of the axis that the value lies beyond."""
        return min(max(self.at(value), self.low), self.high)

    @property
    def cut(self) -> bool:
        """Whether the axis leaves out zero."""
        return self.metric is not None or not self.low <= 0 <= self.high

    def down_the_side(self, frame: Frame) -> Layers:
        """Return light lines across, a darker one at zero, and labels at the left."""
        rows = [{"y": tick, "text": self.form.short.value(tick)} for tick in self.ticks]
        return [
            *frame.layer("rule", [{"y": tick} for tick in self.ticks], "across", stroke=theme.GRID),
            *frame.layer("rule", [] if self.cut else [{"y": 0.0}], "across", stroke=theme.FAINT),
            *frame.layer("text", rows, "left", align="right", dx=-8, fill=theme.MUTED),
        ]

    def along_the_foot(self, frame: Frame) -> Layers:
        """Return light lines upward, a darker one at zero, and labels below."""
        labels = [self._label(tick) for tick in self.ticks]
        # Beside each other on a narrow screen; the subtitle names the unit.
        if self.metric is None and sum(map(len, labels)) > LETTERS:
            labels = [self.form.bare(tick) for tick in self.ticks]
        rows = [{"x": tick, "y": frame.y[0], "text": label} for tick, label in zip(self.ticks, labels, strict=True)]
        return [
            *frame.upright(self.ticks, stroke=theme.GRID),
            *frame.upright([] if self.cut else [0.0], stroke=theme.FAINT),
            *frame.layer("text", rows, dy=14, fill=theme.MUTED),
        ]

    @property
    def said(self) -> str:
        """What the subtitle must say of it: " The axis does not start at 0.", or nothing."""
        kind = "" if self.metric is None else " is logarithmic and"
        return f" The axis{kind} does not start at{numbers.SPACE}0." if self.cut else ""

    def _label(self, tick: float) -> str:
        if self.metric is None:
            return self.form.short.value(tick)
        return replace(format_of(self.metric, 10**tick), decimals=0 if tick >= 0 else 1).value(10**tick)


def _clipped(
    bounds: Iterable[tuple[float | None, float | None]], ends: tuple[float, float]
) -> list[tuple[float | None, float | None]]:
    """Return the bounds within what the figure can be."""
    return [tuple(end and min(max(end, ends[0]), ends[1]) for end in pair) for pair in bounds]  # type: ignore[misc]


def _with_bounds(low: float, high: float, bounds: Iterable[tuple[float | None, float | None]]) -> tuple[float, float]:
    """Return the ends of values, moved outward by intervals: by no more than thrice a usual one's width at a time."""
    pairs = [(one, other) for one, other in bounds if one is not None and other is not None]
    if not pairs:
        return low, high
    usual = sorted(other - one for one, other in pairs)[(len(pairs) - 1) // 2]
    reach = max(3 * usual, high - low, 0.25 * abs(high))
    first, last = min(one for one, _ in pairs), max(other for _, other in pairs)
    return min(low, max(first, low - reach)), max(high, min(last, high + reach))


def measure(metric: Metric, axis: Axis, n: int | None = None) -> str:
    """Return measure, unit and number of rows for a subtitle: "Time to first reply, median in hours, 1,203 tickets"."""
    unit = {
        "duration": f", {metric.statistic}{f' in {_LONG.get(axis.form.unit)}' if axis.metric is None else ''}",
        "count": "",
    }.get(metric.kind, f", {metric.measured_in}")
    rows = "" if n is None or metric.kind == "count" else f", {counted(metric, n)}"
    return f"{metric.title}{unit}{rows}"
