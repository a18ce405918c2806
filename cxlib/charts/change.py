"""A change: the two published figures with their intervals, one below the other."""

from __future__ import annotations

from cxlib import numbers
from cxlib.charts.axis import measure
from cxlib.charts.figure import Figure, blank, chart, figure
from cxlib.charts.rows import Row, axis_of, draw, frame_of
from cxlib.stats.results import Change
from cxlib.words.change import level_format


@chart.register
def _(result: Change) -> Figure:
    rows = []
    for period, side in ((result.period, result.after), (result.baseline, result.before)):
        if side.value is not None:
            form = level_format(result.metric, side, result.scope.language)
            text = form.short.with_interval(side.value, side.low, side.high)
            label = numbers.month(period, result.scope.language)
            rows.append(Row(label, text, side.value, side.low, side.high, quiet=period == result.baseline))
    if not rows:
        return blank(result)
    axis = axis_of(result.metric, rows, *(end for row in rows for end in (row.low, row.high)))
    frame = frame_of(axis, rows)
    subtitle = f"{measure(result.metric, axis, result.after.n)}. Line: 95 % interval.{axis.said}"
    return figure(result, frame, draw(frame, axis, rows), subtitle)
