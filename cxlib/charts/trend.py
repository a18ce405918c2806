"""A trend: thirteen months with their band, the year before behind them, the reported month marked."""

from __future__ import annotations

from typing import Any

from cxlib import numbers
from cxlib.charts import theme
from cxlib.charts.axis import Axis, measure
from cxlib.charts.figure import Figure, blank, chart, figure
from cxlib.charts.frame import Frame, Layers, Rows
from cxlib.periods import last_day, month_index, month_of, shift
from cxlib.settings import Event
from cxlib.stats.results import Trend
from cxlib.words.change import goal_value, level_format
from cxlib.words.groups import estimate
from cxlib.words.sentence import plain

MONTHS = 13
HEIGHT, LINE = 240, 16
Point = dict[str, Any]


@chart.register
def _(result: Trend) -> Figure:
    now, before = windows(result)
    if not now:
        return blank(result)
    aims = [goal.value for goal in (result.target, result.benchmark) if goal is not None]
    ends = [point[end] for point in now for end in ("value", "low", "high")]
    axis = Axis.of(result.metric, [*ends, *(point["value"] for point in before), *aims])
    events = _events(result)
    frame = Frame((min(0, now[0]["x"]), max(MONTHS - 1, 1)), (axis.low, axis.high), HEIGHT, top=LINE * len(events))
    year, year_label = _year_before(frame, axis, now, before)
    goals, goal_labels = _goals(frame, axis, result)
    context = axis.down_the_side(frame) + _months(frame, result) + _happened(frame, events, axis) + year + goals
    layers = context + _line(frame, axis, now) + year_label + goal_labels + _reported(frame, axis, result, now)
    return figure(result, frame, layers, _subtitle(result, axis, bool(before)))


def windows(result: Trend) -> tuple[list[Point], list[Point]]:
    """Return the known points of the last 13 months and of those a year before: `x` 0 … 12, `run` where unbroken."""
    last = month_index(result.scope.month)
    now: list[Point] = []
    before: list[Point] = []
    for row in result.points.iter_rows(named=True):
        x = month_index(row["period"]) - last + MONTHS - 1
        if row["value"] is not None:
            now += [row | {"x": x}] if 0 <= x < MONTHS else []
            before += [row | {"x": x + 12}] if 0 <= x + 12 < MONTHS else []
    return _with_runs(now), _with_runs(before)


def _with_runs(points: list[Point]) -> list[Point]:
    run, last = 0, None
    for point in points:
        run += last is not None and point["x"] != last + 1
        point["run"], last = run, point["x"]
    return points


def _line(frame: Frame, axis: Axis, points: list[Point]) -> Layers:
    band = [_interval(axis, point) | {"run": point["run"]} for point in points if _bounded(point)]
    runs = [row["run"] for row in band]
    alone = [row for row in band if runs.count(row["run"]) == 1]
    line = [_place(axis, point) | {"run": point["run"]} for point in points]
    return [
        *frame.layer("area", band, fill=theme.ACCENT, fillOpacity=theme.BAND),
        *frame.layer("rule", alone, stroke=theme.ACCENT, strokeOpacity=0.5),
        *frame.layer("line", line, stroke=theme.ACCENT, strokeWidth=2.5),
    ]


def _reported(frame: Frame, axis: Axis, result: Trend, now: list[Point]) -> Layers:
    """Mark the reported month by dot, interval and value; a small dot at every month for the pointer."""
    dots = [_place(axis, point) | {"tip": _tip(result, point)} for point in now]
    layers = frame.layer("point", dots, filled=True, size=22, fill=theme.ACCENT, opacity=1)
    last = now[-1]
    if last["x"] != MONTHS - 1:
        return layers
    value = level_format(result.metric, estimate(last), result.scope.language).value(last["value"])
    interval = [_interval(axis, last)] if _bounded(last) else []
    return [
        *layers,
        *frame.layer("rule", interval, stroke=theme.ACCENT, strokeWidth=1.5),
        *frame.layer("point", [_place(axis, last)], filled=True, size=90, fill=theme.ACCENT, opacity=1),
        *frame.layer("text", [_place(axis, last) | {"text": value}], align="left", dx=9, fontWeight="bold"),
    ]


def _year_before(frame: Frame, axis: Axis, now: list[Point], before: list[Point]) -> tuple[Layers, Layers]:
    """Return the line of the year before, and its label where the two lines are farthest apart."""
    line = [_place(axis, point) | {"run": point["run"]} for point in before]
    drawn = frame.layer("line", line, stroke=theme.FAINT, strokeWidth=1.5)
    here = {point["x"]: point["value"] for point in now}
    inner = [point for point in before if 2 <= point["x"] <= 10 and point["x"] in here]
    if not inner:
        return drawn, []
    place = max(inner, key=lambda point: abs(float(point["value"]) - here[point["x"]]))
    text = [_place(axis, place) | {"text": "a year before"}]
    return drawn, frame.text(text, dy=-11 if place["value"] > here[place["x"]] else 12, fill=theme.MUTED)


def _goals(frame: Frame, axis: Axis, result: Trend) -> tuple[Layers, Layers]:
    """Return dashed lines, and their labels."""
    lines: Layers = []
    labels: Layers = []
    goals = (("Target", result.target, theme.DASHED, 0), ("Benchmark", result.benchmark, theme.DOTTED, 5))
    for name, goal, dash, x in goals:
        if goal is not None:
            row = {"y": axis.at(goal.value)}
            text = [row | {"x": x, "text": f"{name} {goal_value(result.metric, goal)}"}]
            lines += frame.layer("rule", [row], "across", stroke=theme.INK, strokeDash=dash)
            labels += frame.text(text, align="left", dx=3, dy=-9)
    return lines, labels


def _events(result: Trend) -> list[tuple[float, Event]]:
    """Return the events within the months drawn, with their place."""
    last = month_index(result.scope.month)
    found = []
    for event in sorted(result.events, key=lambda event: event.date):
        month = month_of(event.date)
        x = month_index(month) - last + MONTHS - 1.5 + (event.date.day - 0.5) / last_day(month).day
        if 0 <= x <= MONTHS - 1:
            found.append((x, event))
    return found


def _happened(frame: Frame, events: list[tuple[float, Event]], axis: Axis) -> Layers:
    layers: Layers = []
    for number, (x, event) in enumerate(events):
        side: dict[str, Any] = {"dx": -4, "align": "right"} if x > MONTHS / 2 else {"dx": 4, "align": "left"}
        text: Rows = [{"x": x, "y": axis.high, "text": plain(event.title, 40)}]
        layers += frame.layer("rule", [{"x": x, "y": axis.low, "y2": axis.high}], stroke=theme.MUTED, strokeWidth=1)
        layers += frame.layer("text", text, dy=8 - LINE * (number + 1), fill=theme.MUTED, **side)
    return layers


def _months(frame: Frame, result: Trend) -> Layers:
    rows = []
    for x in range(0, MONTHS, 3):
        period = shift(result.scope.month, x + 1 - MONTHS)
        year = period[:4] if x == 0 or int(period[5:]) <= 3 else ""
        rows.append(
            {"x": x, "y": frame.y[0], "text": f"{numbers.short_month(period, result.scope.language)} {year}".strip()}
        )
    return frame.layer("text", rows, dy=16, fill=theme.MUTED)


def _subtitle(result: Trend, axis: Axis, year: bool) -> str:
    last, language = result.scope.month, result.scope.language
    months = f"{numbers.month(shift(last, 1 - MONTHS), language)} to {numbers.month(last, language)}"
    measured = measure(result.metric, axis, result.points.row(-1, named=True)["n"])
    return f"{measured}, {months}. Band: 95 % interval{'; grey: a year before' if year else ''}.{axis.said}"


def _place(axis: Axis, point: Point) -> Point:
    return {"x": point["x"], "y": axis.at(point["value"])}


def _interval(axis: Axis, point: Point) -> Point:
    return {"x": point["x"], "y": axis.at(point["low"]), "y2": axis.at(point["high"])}


def _bounded(point: Point) -> bool:
    return point["low"] is not None and point["high"] is not None


def _tip(result: Trend, point: Point) -> str:
    form = level_format(result.metric, estimate(point), result.scope.language)
    value = form.with_interval(point["value"], point["low"], point["high"])
    return f"{numbers.month(point['period'], result.scope.language)}: {value}"
