"""A distribution: one bar with its interval a class, in the order of the classes."""

from __future__ import annotations

from cxlib import numbers
from cxlib.charts.figure import Figure, blank, chart, figure
from cxlib.charts.rows import NAME, Row, axis_of, draw, frame_of
from cxlib.stats.results import Distribution
from cxlib.words.change import counted
from cxlib.words.groups import share_format
from cxlib.words.sentence import plain


@chart.register
def _(result: Distribution) -> Figure:
    rows = []
    for point in result.points.iter_rows(named=True):
        if point["value"] is not None:
            ends = point["value"], point["low"], point["high"]
            text = share_format(point).with_interval(*ends)
            rows.append(Row(plain(point["group"], NAME), text, *ends, before=point["before"]))
    if not rows:
        return blank(result)
    axis = axis_of(result.metric, rows, form=numbers.share_format())
    frame = frame_of(axis, rows)
    month = numbers.month(result.scope.month, result.scope.language)
    known = result.points["before"].count() > 0
    mark = f"; grey mark: {numbers.month(result.baseline, result.scope.language)}" if known else ""
    n = counted(result.metric, result.points["n"].max() or 0)  # type: ignore[arg-type]
    subtitle = f"{plain(result.title)}, share in %, {month}, {n}. Line: 95 % interval{mark}."
    return figure(result, frame, draw(frame, axis, rows, bars=True), subtitle)
