"""Single days of a count: a dot a day on the interval expected of it; those outside marked and named."""

from __future__ import annotations

from cxlib import numbers
from cxlib.charts import theme
from cxlib.charts.axis import Axis
from cxlib.charts.figure import Figure, chart, figure
from cxlib.charts.frame import Frame
from cxlib.stats.results import UnusualDays
from cxlib.words.days import TOLD, against, day, outside

HEIGHT, ROOM = 240, 30


@chart.register
def _(result: UnusualDays) -> Figure:
    rows = list(result.points.iter_rows(named=True))
    axis = Axis.of(result.metric, [row[end] for row in rows for end in ("low", "high", "value")])
    last = max(row["day"].day for row in rows)
    frame = Frame((0.5, last + 0.5), (axis.low, axis.high), HEIGHT, top=ROOM)
    bands = [{"x": row["day"].day, "y": axis.at(row["low"]), "y2": axis.at(row["high"])} for row in rows]
    places = [
        {"x": row["day"].day, "y": axis.at(row["value"]), "tip": f"{day(row)}: {against(row)}", "out": row["outside"]}
        for row in rows
    ]
    dots = {
        found: [{name: place[name] for name in ("x", "y", "tip")} for place in places if place["out"] == found]
        for found in (False, True)
    }
    month = numbers.short_month(result.scope.month, result.scope.language)
    ticks = [{"x": number, "y": axis.low, "text": f"{number} {month}"} for number in range(1, last + 1, 7)]
    named = [{"x": row["day"].day, "y": axis.at(row["value"]), "text": day(row)} for row in outside(result)[:TOLD]]
    sides = [[row for row in named if (row["x"] > last / 2) == right] for right in (False, True)]
    layers = [
        *axis.down_the_side(frame),
        *frame.layer("text", ticks, dy=16, fill=theme.MUTED),
        *frame.layer("rule", bands, stroke=theme.FAINT, strokeWidth=8, strokeOpacity=0.4),
        *frame.layer("point", dots[False], filled=True, size=30, fill=theme.MUTED, opacity=1),
        *frame.layer("point", dots[True], filled=True, size=90, fill=theme.ACCENT, opacity=1),
        *frame.text(sides[0], align="left", dx=8, limit=260, fontWeight="bold"),
        *frame.text(sides[1], align="right", dx=-8, limit=260, fontWeight="bold"),
    ]
    subtitle = (
        f"{result.metric.title} a day, {numbers.month(result.scope.month)}. Bars: what the calendar and the trend let "
        f"expect, all days together within theirs with 95 %. Blue: outside."
    )
    return figure(result, frame, layers, subtitle)
