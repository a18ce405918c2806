"""A change divided: from the one figure to the other part by part, and below it what each group moved."""

import polars as pl

from cxlib import numbers
from cxlib.charts import theme
from cxlib.charts.figure import Figure, blank, chart, figure
from cxlib.charts.frame import Frame, Layers
from cxlib.charts.rows import MARK, Row, axis_of, draw, frame_of, reference
from cxlib.stats.reasons import Decomposition
from cxlib.words.change import level_format, verdict
from cxlib.words.groups import Row as Group
from cxlib.words.groups import label
from cxlib.words.why import beyond, part_format, part_name, plural

MOST = 5


@chart.register
def _(result: Decomposition) -> Figure:
    if verdict(result.change) in ("few", "unknown"):
        return blank(result)
    before, after = result.change.before.value or 0.0, result.change.after.value or 0.0
    starts, steps = [], []
    level = before
    for part in result.parts.iter_rows(named=True):
        steps.append(_step(result, part, part_name(result, part["part"]), level))
        starts.append(level)
        level += part["difference"]
    groups = result.groups.filter(pl.col("difference").is_not_null()).rows(named=True)[:MOST]
    shares = [_step(result, row, f"Of this: {label(row, 24)}", before) for row in groups]
    rows = [_end(result, after=False), *steps, _end(result, after=True), *shares]
    axis = axis_of(result.metric, rows, *(end for row in rows for end in (row.low, row.high)))
    frame = frame_of(axis, rows, headed=True)
    places = [before, *starts, after, *([before] * len(shares))]
    bars = [
        {"x": axis.at(places[place]), "x2": axis.at(row.value), "y": place + MARK}
        for place, row in enumerate(rows)
        if row.value != places[place]
    ]
    behind = [
        *reference(frame, axis, before, numbers.month(result.change.baseline, result.scope.language)),
        *frame.layer("rule", bars, stroke=theme.FAINT, strokeWidth=13, strokeOpacity=0.5),
        *_connected(frame, [axis.at(place) for place in (*starts, level)]),
    ]
    return figure(result, frame, draw(frame, axis, rows, behind=behind), _subtitle(result, axis.said, len(groups)))


def _step(result: Decomposition, part: Group, name: str, start: float) -> Row:
    low, high = (None if part[end] is None else start + part[end] for end in ("low", "high"))
    text = part_format(result, part).with_interval(part["difference"], part["low"], part["high"])
    return Row(name, text, start + part["difference"], low, high, quiet=not beyond(part))


def _end(result: Decomposition, *, after: bool) -> Row:
    change = result.change
    period, side = (change.period, change.after) if after else (change.baseline, change.before)
    value = side.value or 0.0
    text = level_format(result.metric, side, result.scope.language).with_interval(value, side.low, side.high)
    return Row(numbers.month(period, result.scope.language), text, value, side.low, side.high)


def _connected(frame: Frame, levels: list[float]) -> Layers:
    """Return thin lines from the end of each step down to the next row."""
    spans = ((MARK, 0.48), (1.0, 1 + MARK))  # not through the text of the next row
    lines = [{"x": x, "y": place + y, "y2": place + y2} for place, x in enumerate(levels) for y, y2 in spans]
    return frame.layer("rule", lines, stroke=theme.MUTED, strokeWidth=1)


def _subtitle(result: Decomposition, said: str, drawn: int) -> str:
    many = plural(result)
    unit = "" if result.metric.kind in ("score", "duration") else f", {result.metric.measured_in}"
    measured = f"{result.metric.title}{unit}"
    rest = result.groups.height - drawn
    more = f"; {rest} more in the table" if rest else ""
    below = f" in points; below, mix and within of those {many} that moved it most{more}" if drawn else ""
    measured = f"{measured}, {result.metric.statistic}" if result.metric.kind == "duration" else measured
    return f"{measured}, parts by {many}{below}. Line: 95 % interval. Grey: within chance.{said}"
