"""What is behind a figure: a change divided part by part; a funnel of agents, without order or ranking."""

import polars as pl

from cxlib import numbers
from cxlib.numbers import Format
from cxlib.present.charts import theme
from cxlib.present.charts.axis import Axis
from cxlib.present.charts.figure import Figure, blank, chart, figure
from cxlib.present.charts.frame import Frame, Layers
from cxlib.present.charts.rows import MARK, Row, axis_of, draw, frame_of, reference
from cxlib.present.sentences.agents import NAMED, apart
from cxlib.present.sentences.change import FEW, counted, counted_rows, level_format, verdict
from cxlib.present.sentences.groups import Row as Group, label
from cxlib.present.sentences.sentence import plain
from cxlib.present.sentences.why import beyond, part_format, part_name, plural
from cxlib.results.reasons import Decomposition, Funnel

HEIGHT, TOP, RIGHT = 300, 24, 1.16
MOST = 5  # groups of a change divided
BANDS = ((("low_998", "high_998"), "99.8 %", 0.22, "high_998"), (("low", "high"), "95 %", 0.45, "low"))


@chart.register
def _(result: Funnel) -> Figure:
    if result.points["n"].sum() < FEW:
        return blank(result)
    curve = result.curve.rows(named=True)
    least = max(10, min(result.points["n"]))  # with fewer answers chance reaches almost everywhere
    wide = [row for row in curve if row["n"] >= least] or curve[-1:]
    axis = Axis.of(result.metric, [*result.points["value"], *(row[end] for row in wide for end in BANDS[0][0])])
    count = Format("", language=result.scope.language)
    along = Axis.of(result.metric, [0.0, float(curve[-1]["n"])], form=count, zero=True)
    frame = Frame((along.low, RIGHT * curve[-1]["n"]), (axis.low, axis.high), HEIGHT, top=TOP)
    layers = [*along.along_the_foot(frame), *axis.down_the_side(frame), *_bands(frame, axis, result)]
    foot = [{"x": frame.x[1], "y": axis.low, "text": f"number of {counted_rows(result.metric)}"}]
    side = [{"y": axis.high, "text": f"{result.metric.title}, {result.metric.measured_in}"}]
    layers += frame.layer("text", foot, align="right", dy=32, fill=theme.MUTED)
    layers += frame.layer("text", side, "left", align="left", dx=-40, dy=-16, fill=theme.MUTED)
    return figure(result, frame, layers + _dots(frame, axis, along, result), _funnel_subtitle(result, axis.said))


def _bands(frame: Frame, axis: Axis, result: Funnel) -> Layers:
    layers: Layers = []
    last = result.curve.row(-1, named=True)
    for (low, high), name, shade, edge in BANDS:
        band = [
            {"x": row["n"], "y": axis.inside(row[low]), "y2": axis.inside(row[high])}
            for row in result.curve.iter_rows(named=True)
        ]
        layers += frame.layer("area", band, fill=theme.FAINT, fillOpacity=shade)
        text = [{"x": last["n"], "y": axis.at(last[edge]), "text": name}]  # right of all dots, one above, one below
        layers += frame.text(text, align="left", dx=5, fill=theme.MUTED, fontSize=theme.SMALL)
    line = [{"y": axis.at(result.overall)}]
    return layers + frame.layer("rule", line, "across", stroke=theme.INK, strokeDash=theme.DASHED)


def _dots(frame: Frame, axis: Axis, along: Axis, result: Funnel) -> Layers:
    share, dots = Format("%", decimals=1, language=result.scope.language), []
    for row in result.points.iter_rows(named=True):
        tip = f"{label(row)}: {share.value(row['value'])}, {counted(result.metric, row['n'])}"
        dots.append((row["evident"], {"x": row["n"], "y": axis.at(row["value"]), "tip": tip}))
    quiet, loud = ([dot for evident, dot in dots if evident is found] for found in (False, True))
    layers = frame.layer("point", quiet, filled=True, size=40, fill=theme.MUTED, opacity=1)
    layers += frame.layer("point", loud, filled=True, size=90, fill=theme.ACCENT, opacity=1)
    for row in apart(result)[:NAMED]:
        right = row["n"] > along.high / 2
        place = [{"x": row["n"], "y": axis.at(row["value"]), "text": label(row, 24)}]
        layers += frame.text(place, align="right" if right else "left", dx=-9 if right else 9, fontWeight="bold")
    return layers


def _funnel_subtitle(result: Funnel, said: str) -> str:
    first, last = (numbers.month(month, result.scope.language) for month in result.months)
    same = f" with the same mix of {' and '.join(plain(title) for title in result.mix)}" if result.mix else ""
    answers = counted_rows(result.metric)
    return (
        f"{result.metric.title}, {result.metric.measured_in},{same}, by number of {answers}, {first} to {last}. "
        f"Dashed: all but those apart. Grey: how far chance reaches if all are equal.{said}"
    )


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
    return figure(result, frame, draw(frame, axis, rows, behind=behind), _why_subtitle(result, axis.said, len(groups)))


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


def _why_subtitle(result: Decomposition, said: str, drawn: int) -> str:
    many = plural(result)
    unit = "" if result.metric.kind in ("score", "duration") else f", {result.metric.measured_in}"
    measured = f"{result.metric.title}{unit}"
    rest = result.groups.height - drawn
    more = f"; {rest} more in the table" if rest else ""
    below = f" in points; below, mix and within of those {many} that moved it most{more}" if drawn else ""
    measured = f"{measured}, {result.metric.statistic}" if result.metric.kind == "duration" else measured
    return f"{measured}, parts by {many}{below}. Line: 95 % interval. Grey: within chance.{said}"
