"""Shortlists: one bar with its interval a row."""

from __future__ import annotations

from cxlib import numbers
from cxlib.charts.figure import Figure, blank, chart, figure
from cxlib.charts.rows import NAME, Row, axis_of, draw, frame_of
from cxlib.stats.shortlist_result import Shortlist
from cxlib.words.groups import label
from cxlib.words.money import span
from cxlib.words.sentence import plain
from cxlib.words.shortlist import shortlist_format

MOST = 12


@chart.register
def _(result: Shortlist) -> Figure:
    known = [row for row in result.points.iter_rows(named=True) if row["value"] is not None][:MOST]
    rows = []
    for row in known:
        ends = row["value"], row["low"], row["high"]
        text = shortlist_format(result, row).short.with_interval(*ends)
        rows.append(Row(label(row, NAME), text, *ends, quiet=not row["named"]))
    if not rows:
        return blank(result)
    axis = axis_of(result.metric, rows, form=shortlist_format(result, known[0]))
    frame = frame_of(axis, rows)
    counted = f"{numbers.number(sum(row['n'] for row in known))} rows"
    subtitle = (
        f"{result.measured_in.capitalize()}, {span(result.months)}, {counted}: {plain(result.reading, 160)}. "
        "Line: 95 % interval. Blue: to look at."
    )
    return figure(result, frame, draw(frame, axis, rows, bars=True), subtitle)
