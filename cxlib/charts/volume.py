"""Comparisons: one dot with its interval a row, in % of what it is compared with; zero as the line to hold it to."""

from __future__ import annotations

from dataclasses import replace

from cxlib import numbers
from cxlib.charts.figure import Figure, blank, chart, figure
from cxlib.charts.rows import NAME, Row, axis_of, draw, frame_of
from cxlib.stats.results import Comparison
from cxlib.words.groups import label
from cxlib.words.sentence import plain
from cxlib.words.volume import LONG, percent

MOST = 15


@chart.register
def _(result: Comparison) -> Figure:
    known = [row for row in result.points.iter_rows(named=True) if row["difference"] is not None]
    if not known:
        return blank(result)
    largest = sorted(known, key=lambda row: -row["n"])[:MOST]
    rows = [
        Row(label(row, NAME), percent(row), row["difference"], row["low_difference"], row["high_difference"],
            quiet=not row["beyond"])
        for row in known if row in largest
    ]  # fmt: skip
    form = replace(numbers.share_format(language=result.scope.language), signed=True)
    axis = axis_of(result.metric, rows, 0.0, *(end for row in rows for end in (row.low, row.high)), form=form)
    frame = frame_of(axis, rows)
    more = f" The {len(rows)} largest; {len(known) - len(rows)} more in the table." if len(known) > len(rows) else ""
    subtitle = f"{plain(result.title, LONG)}, difference in %. Line: 95 % interval. Blue: beyond chance.{more}"
    return figure(result, frame, draw(frame, axis, rows), subtitle)
