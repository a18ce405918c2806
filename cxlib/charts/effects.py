"""Effects: one dot with its interval a row, around the line of no effect."""

from __future__ import annotations

from cxlib import numbers
from cxlib.charts.figure import Figure, blank, chart, figure
from cxlib.charts.rows import NAME, Row, axis_of, draw, frame_of, reference
from cxlib.numbers import Format
from cxlib.stats.effects_result import Effects
from cxlib.words.effects import effect_format, most_rows
from cxlib.words.groups import Row as Group
from cxlib.words.groups import label
from cxlib.words.money import span
from cxlib.words.sentence import plain

ENOUGH, MOST = 16, 30
LINES = {0.0: "no difference", 1.0: "no difference", 50.0: "half of them"}


@chart.register
def _(result: Effects) -> Figure:
    every = [row for row in result.points.iter_rows(named=True) if row["value"] is not None]
    known = _surest(every)
    judged = result.none is not None or any(row["p_value"] is not None for row in every)
    rows = []
    for row in known:
        ends = row["value"], row["low"], row["high"]
        text = effect_format(result, row).short.with_interval(*ends)
        rows.append(Row(label(row, NAME), text, *ends, quiet=not row["beyond"] and judged))
    if not rows:
        return blank(result)
    form = Format(result.measured_in, decimals=1, signed=result.signed, language=result.scope.language)
    ends_of_all = [end for row in rows for end in (row.low, row.high, result.none)]
    axis = axis_of(result.metric, rows, *ends_of_all, form=form)
    frame = frame_of(axis, rows, headed=True)
    none = [] if result.none is None else reference(frame, axis, result.none, LINES.get(result.none, "all together"))
    counted = f"{numbers.number(most_rows(result))} rows"
    unit = f" in {result.measured_in}" if result.measured_in else ""
    reading = f" {plain(result.reading, 160)}." if result.reading else ""
    blue = "" if not judged else " Blue: beyond chance among all of them."
    rest = f" {len(every) - len(known)} more in the table." if len(every) > len(known) else ""
    told = f"{plain(result.title, 160)}{unit}, {span(result.months)}, {counted}.{reading}"
    subtitle = f"{told} Line: 95 % interval.{blue}{rest}"
    return figure(result, frame, draw(frame, axis, rows, behind=none), subtitle)


def _surest(rows: list[Group]) -> list[Group]:
    """Return the rows beyond chance and the next surest, in the order given: 16, more where more are beyond chance."""
    if all(row["p_value"] is None for row in rows):
        return rows[:MOST]
    by_chance = sorted(rows, key=lambda row: (not row["beyond"], 1.0 if row["p_value"] is None else row["p_value"]))
    kept = by_chance[: max(ENOUGH, min(MOST, sum(bool(row["beyond"]) for row in rows)))]
    return [row for row in rows if row in kept]
