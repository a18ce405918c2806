"""Effects: one dot with its interval a row, around the line of no effect."""

from __future__ import annotations

from cxlib import numbers
from cxlib.charts.figure import Figure, blank, chart, figure
from cxlib.charts.rows import Row, axis_of, draw, frame_of, reference
from cxlib.numbers import Format
from cxlib.stats.effects_result import Effects
from cxlib.words.effects import effect_format, most_rows
from cxlib.words.groups import label
from cxlib.words.money import span
from cxlib.words.sentence import plain

LETTERS = 40
MOST = 30


@chart.register
def _(result: Effects) -> Figure:
    known = [row for row in result.points.iter_rows(named=True) if row["value"] is not None][:MOST]
    rows = []
    for row in known:
        ends = row["value"], row["low"], row["high"]
        text = effect_format(result, row).with_interval(*ends)
        rows.append(Row(label(row, LETTERS), text, *ends, quiet=not row["beyond"] and result.none is not None))
    if not rows:
        return blank(result)
    form = Format(result.measured_in, decimals=1, signed=result.signed, language=result.scope.language)
    ends_of_all = [end for row in rows for end in (row.low, row.high, result.none)]
    axis = axis_of(result.metric, rows, *ends_of_all, form=form)
    frame = frame_of(axis, rows, headed=True)
    none = [] if result.none is None else reference(frame, axis, result.none, "no difference")
    counted = f"{numbers.number(most_rows(known))} rows"
    unit = f" in {result.measured_in}" if result.measured_in else ""
    reading = f" {plain(result.reading, 160)}." if result.reading else ""
    blue = "" if result.none is None else " Blue: beyond chance among all of them."
    subtitle = (
        f"{plain(result.title, 160)}{unit}, {span(result.months)}, {counted}.{reading} Line: 95 % interval.{blue}"
    )
    return figure(result, frame, draw(frame, axis, rows, behind=none), subtitle)
