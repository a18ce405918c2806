"""Contrasts and amounts per customer: one dot or bar with its interval a row."""

from __future__ import annotations

from dataclasses import replace

from cxlib import numbers
from cxlib.charts.axis import measure
from cxlib.charts.figure import Figure, blank, chart, figure
from cxlib.charts.rows import NAME, Row, axis_of, draw, frame_of
from cxlib.stats.results import Contrast, Worth
from cxlib.words.change import FEW, level_format
from cxlib.words.groups import estimate
from cxlib.words.money import amount, span
from cxlib.words.sentence import plain


@chart.register
def _(result: Contrast) -> Figure:
    rows = []
    for point in result.points.iter_rows(named=True):
        if point["value"] is not None:
            ends = point["value"], point["low"], point["high"]
            text = level_format(result.metric, estimate(point), result.scope.language).short.with_interval(*ends)
            rows.append(Row(plain(point["group"], NAME), text, *ends, quiet=point["n"] < FEW))
    if not rows:
        return blank(result)
    axis = axis_of(result.metric, rows)
    measured = measure(result.metric, axis, int(result.points["n"].sum()))
    alike = f" and {plain(result.within)}" if result.within else ""
    subtitle = f"{measured}, {span(result.months)}, equal weights of months{alike}. Line: 95 % interval.{axis.said}"
    frame = frame_of(axis, rows)
    return figure(result, frame, draw(frame, axis, rows), subtitle)


@chart.register
def _(result: Worth) -> Figure:
    rows = []
    for point in result.points.iter_rows(named=True):
        if point["value"] is not None:
            form, ends = amount(result, estimate(point)), (point["value"], point["low"], point["high"])
            rows.append(Row(point["group"], form.with_interval(*ends), *ends))
    if not rows:
        return blank(result)
    rows = [replace(row, quiet=place < len(rows) - 2) for place, row in enumerate(rows)]
    axis = axis_of(result.metric, rows, form=amount(result, estimate(result.points.row(0, named=True))))
    frame, n = frame_of(axis, rows), numbers.number(result.points["n"].max() or 0)  # type: ignore[arg-type]
    subtitle = (
        f"{result.metric.measured_in} per customer, the year after {numbers.month(result.start)}, {n} customers active "
        "then. Line: 95 % interval."
    )
    return figure(result, frame, draw(frame, axis, rows, bars=True), subtitle)
