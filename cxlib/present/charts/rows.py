"""Rows of one figure each: name and value above, a dot or bar with its interval below; legible on a narrow screen."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from cxlib.metrics.registry import Metric
from cxlib.numbers import Format
from cxlib.present.charts import theme
from cxlib.present.charts.axis import Axis
from cxlib.present.charts.frame import Frame, Layers

HEIGHT, LINE = 42, 17
MARK, LABEL = 0.24, -0.2
LOGARITHMIC = 50  # largest ÷ smallest duration from which the small ones would look like zero
LETTERS, SHORTEST = 42, 10  # of one line of a name at 360 px; of its end beside the value
LINE_WIDTH, NAME_LETTER, VALUE_LETTER = 316, 7.5, 6.7  # pixels at 360 px
NAME = 2 * LETTERS


@dataclass(frozen=True, slots=True)
class Row:
    """One row: value, interval and the value of the month before, in the unit of the metric.

    `quiet` rows are grey: too few answers, or context.
    """

    label: str
    text: str
    value: float
    low: float | None = None
    high: float | None = None
    before: float | None = None
    quiet: bool = False

    @property
    def name(self) -> list[str]:
        """The lines of the label: the last stands beside the value, and is empty where that leaves no room."""
        room = min(LETTERS, int((LINE_WIDTH - VALUE_LETTER * len(self.text)) / NAME_LETTER))
        if room < min(SHORTEST, len(self.label)):
            return [*textwrap.wrap(self.label, LETTERS), ""]
        broken = (textwrap.wrap(self.label, letters) or [""] for letters in range(LETTERS, room - 1, -1))
        return next(lines for lines in broken if len(lines[-1]) <= room)


def row_of(
    point: Mapping[str, Any], label: str, form: Format, *, before: float | None = None, quiet: bool = False
) -> Row:
    """Return the row of a point of a result, value and interval printed by the format."""
    ends = point["value"], point["low"], point["high"]
    return Row(label, form.with_interval(*ends), *ends, before, quiet)


def axis_of(metric: Metric, rows: list[Row], *more: float | None, form: Format | None = None) -> Axis:
    """Return the axis that holds all values, `more` too, and the intervals but for quiet rows, which may be cut.

    `form` is how bars are printed; without it rows are dots and their axis need not start at 0.
    """
    values = [value for row in rows for value in (row.value, row.before)]
    loud = [row for row in rows if not row.quiet] or rows
    bounds = [(row.low, row.high) for row in loud]
    known = [row.value for row in rows]
    if form is None and metric.kind == "duration" and 0 < LOGARITHMIC * min(known) < max(known):
        return Axis.logarithmic(metric, [*values, *(end for pair in bounds for end in pair), *more])
    return Axis.of(metric, [*values, *more], bounds=bounds, form=form, zero=form is not None)


def frame_of(axis: Axis, rows: list[Row], *, headed: bool = False) -> Frame:
    """Return the plane for these rows; `headed` leaves room above for the label of a reference line."""
    head, foot = -1.05 if headed else -0.5, len(rows) - 0.5
    height, bends = HEIGHT * (foot - head), []
    for place, row in enumerate(rows):  # room for the first lines of a name, above the last
        if more := LINE * (len(row.name) - 1):
            pixel = height - HEIGHT * (foot - place + 0.45)
            height += more
            bends += [(place - 0.45, pixel), (place - 0.42, pixel + more + 0.03 * HEIGHT)]
    lanes = [(place + 0.48, float(place)) for place in range(len(rows))] + ([(head + 0.35, head)] if headed else [])
    return Frame((axis.low, axis.high), (foot, head), round(height), bends=tuple(bends[::-1]), lanes=tuple(lanes))


def draw(frame: Frame, axis: Axis, rows: list[Row], *, bars: bool = False, behind: Sequence[alt.Chart] = ()) -> Layers:
    """Return the layers of the rows, the first one at the top; bars start at zero, dots do not."""
    layers = [*axis.along_the_foot(frame), *behind]
    for quiet, colour in ((False, theme.ACCENT), (True, theme.FAINT)):
        places = [(place + MARK, row) for place, row in enumerate(rows) if row.quiet == quiet]
        values = [{"x": axis.at(row.value), "y": y, "tip": f"{row.label}: {row.text}"} for y, row in places]
        intervals = [
            {"x": axis.inside(row.low), "x2": axis.inside(row.high), "y": y}
            for y, row in places
            if row.low is not None and row.high is not None
        ]
        if bars:
            layers += frame.layer("rule", [row | {"x2": 0.0} for row in values], stroke=colour, strokeWidth=13)
        layers += frame.layer("rule", intervals, stroke=theme.INK if bars else colour, strokeWidth=2)
        if not bars:
            layers += frame.layer("point", values, filled=True, size=80, fill=colour, opacity=1)
    return layers + _before(frame, axis, rows, bars) + _labels(frame, rows)


def reference(frame: Frame, axis: Axis, value: float, text: str) -> Layers:
    """Return a dashed line past the marks of all rows with its label above."""
    x = axis.at(value)
    right = x > (axis.low + axis.high) / 2
    label = [{"x": x, "y": frame.y[1], "text": text}]
    return [
        *frame.upright([x], stroke=theme.INK, strokeDash=theme.DASHED),
        *frame.text(label, align="right" if right else "left", dx=-5 if right else 5, dy=7, fill=theme.MUTED),
    ]


def _before(frame: Frame, axis: Axis, rows: list[Row], bars: bool) -> Layers:
    known = [{"x": axis.at(row.before), "y": y + MARK} for y, row in enumerate(rows) if row.before is not None]
    if bars:
        ends = [row | {"y": row["y"] - 0.22, "y2": row["y"] + 0.22} for row in known]
        return frame.layer("rule", ends, stroke=theme.MUTED, strokeWidth=2)
    return frame.layer("point", known, filled=False, size=60, stroke=theme.MUTED, strokeWidth=1.5)


def _labels(frame: Frame, rows: list[Row]) -> Layers:
    names = [
        (back, {"y": y + LABEL, "text": line})
        for y, row in enumerate(rows)
        for back, line in enumerate(row.name[::-1])
        if line
    ]
    values = [{"y": y + LABEL, "text": row.text} for y, row in enumerate(rows)]
    layers = frame.text(values, "right", align="right", fill=theme.MUTED)
    for up in range(max((back for back, _ in names), default=0) + 1):
        lines = [line for back, line in names if back == up]
        layers += frame.text(lines, "left", align="left", dx=4, dy=-LINE * up, fontWeight="bold")
    return layers
