"""A trend: thirteen months (or days, weeks, years) with their band, the year before behind, the last marked."""

from collections.abc import Sequence
from typing import Any

from cxlib import numbers
from cxlib.periods import A_YEAR, SHOWN, Grain, bounds, earlier, grain_of
from cxlib.present.charts import theme
from cxlib.present.charts.axis import Axis, measure
from cxlib.present.charts.figure import Figure, blank, chart, figure
from cxlib.present.charts.frame import Frame, Layers, Rows
from cxlib.present.charts.label_placement import Place, Spot, along, free_spot
from cxlib.present.sentences.change import goal_value, level_format
from cxlib.present.sentences.groups import estimate
from cxlib.present.sentences.sentence import plain
from cxlib.results.types import Trend
from cxlib.settings import Event

MONTHS = SHOWN["month"]
LABELS: dict[Grain, int] = {"day": 21, "week": 13, "month": 3, "year": 1}
HEIGHT, LINE = 240, 16
Point = dict[str, Any]


@chart.register
def _(result: Trend) -> Figure:
    now, before = windows(result)
    if not now:
        return blank(result)
    aims = [goal.value for goal in (result.target, result.benchmark) if goal is not None]
    values = [point["value"] for point in (*now, *before)]
    axis = Axis.of(result.metric, [*values, *aims], bounds=[(point["low"], point["high"]) for point in now])
    events = _events(result)
    frame = Frame((min(0, now[0]["x"]), _end(result)), (axis.low, axis.high), HEIGHT, top=LINE * len(events))
    lines = [[_place(axis, point) for point in points] for points in (now, before) if points]
    posts = [[{"x": x, "y": axis.low}, {"x": x, "y": axis.high}] for x, _ in events]
    taken = [point for line in (*lines, *posts) for point in along(line)]
    goals, goal_labels = _goals(frame, axis, result, taken)
    year, year_label = _year_before(frame, axis, now, before, taken)
    context = axis.down_the_side(frame) + _months(frame, result) + _happened(frame, events, axis) + year + goals
    layers = context + _line(frame, axis, now) + year_label + goal_labels + _reported(frame, axis, result, now)
    return figure(result, frame, layers, _subtitle(result, axis, bool(before)))


def windows(result: Trend) -> tuple[list[Point], list[Point]]:
    """Return the known points shown and those a year before: `x` counts periods to the last, `run` where unbroken."""
    grain, end = _grain(result), _end(result)
    now: list[Point] = []
    before: list[Point] = []
    for place, row in enumerate(result.points.iter_rows(named=True)):
        x = place - result.points.height + 1 + end
        if row["value"] is not None:
            now += [row | {"x": x}] if 0 <= x <= end else []
            before += [row | {"x": x + A_YEAR[grain]}] if A_YEAR[grain] and 0 <= x + A_YEAR[grain] <= end else []
    return _with_runs(now), _with_runs(before)


def _grain(result: Trend) -> Grain:
    return grain_of(result.points["period"][-1]) if result.points.height else "month"


def _end(result: Trend) -> int:
    """Return the place of the last period; years are as many as there are, all others always the same number."""
    grain = _grain(result)
    return max(min(SHOWN[grain], result.points.height) if grain == "year" else SHOWN[grain], 2) - 1


def _period(result: Trend, x: int) -> str:
    """Return the period at a place."""
    last: str = result.points["period"][-1]
    return earlier(last, _end(result) - x)


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
    line = [_place(axis, point) for point in points]
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
    if last["x"] != _end(result):
        return layers
    value = level_format(result.metric, estimate(last), result.scope.language).short.value(last["value"])
    interval = [_interval(axis, last)] if _bounded(last) else []
    return [
        *layers,
        *frame.layer("rule", interval, stroke=theme.ACCENT, strokeWidth=1.5),
        *frame.layer("point", [_place(axis, last)], filled=True, size=90, fill=theme.ACCENT, opacity=1),
        *frame.layer("text", [_place(axis, last) | {"text": value}], align="left", dx=9, fontWeight="bold"),
    ]


def _year_before(
    frame: Frame, axis: Axis, now: list[Point], before: list[Point], taken: list[Place]
) -> tuple[Layers, Layers]:
    """Return the line of the year before, and its label beside it where it is farthest from the other lines."""
    line = [_place(axis, point) for point in before]
    drawn = frame.layer("line", line, stroke=theme.FAINT, strokeWidth=1.5)
    here = {point["x"]: point["value"] for point in now}
    both = [point for point in before if point["x"] in here]
    apart = sorted(both, key=lambda point: -abs(float(point["value"]) - here[point["x"]]))
    beside = [(point["x"], axis.at(point["value"]), -1 if point["value"] > here[point["x"]] else 1) for point in apart]
    spots = [(x, y, far * side) for far in (11, 18, 26) for x, y, side in beside]
    return drawn, _text(frame, "a year before", spots, taken, fill=theme.MUTED) if spots else []


def _goals(frame: Frame, axis: Axis, result: Trend, taken: list[Place]) -> tuple[Layers, Layers]:
    """Return dashed lines, and their labels above or below where there is room."""
    lines: Layers = []
    labels: Layers = []
    goals = (("Target", result.target, theme.DASHED), ("Benchmark", result.benchmark, theme.DOTTED))
    known = [(name, goal, dash, axis.at(goal.value)) for name, goal, dash in goals if goal is not None]
    left, right = frame.x
    taken += [point for *_, y in known for point in along([{"x": left, "y": y}, {"x": right, "y": y}])]
    for name, goal, dash, y in known:
        spots = [(left + (right - left) * share / 16, y, dy) for share in range(16) for dy in (-10, 11)]
        lines += frame.layer("rule", [{"y": y}], "across", stroke=theme.INK, strokeDash=dash)
        labels += _text(frame, f"{name} {goal_value(result.metric, goal)}", spots, taken)
    return lines, labels


def _text(frame: Frame, text: str, spots: Sequence[Spot], taken: list[Place], **style: Any) -> Layers:
    x, y, dy = free_spot(frame, text, spots, taken)
    return frame.text([{"x": x, "y": y, "text": text}], align="left", dx=3, dy=dy, **style)


def _events(result: Trend) -> list[tuple[float, Event]]:
    """Return the events within the periods drawn, with their place."""
    spans = [(x, *bounds(_period(result, x))) for x in range(_end(result) + 1)]
    found = []
    for event in sorted(result.events, key=lambda event: event.date):
        for x, first, last in spans:
            if first <= event.date <= last:
                at = x - 0.5 + ((event.date - first).days + 0.5) / ((last - first).days + 1)
                found += [(at, event)] if 0 <= at <= spans[-1][0] else []
    return found


def _happened(frame: Frame, events: list[tuple[float, Event]], axis: Axis) -> Layers:
    layers: Layers = []
    for number, (x, event) in enumerate(events):
        side: dict[str, Any] = {"dx": -4, "align": "right"} if x > sum(frame.x) / 2 else {"dx": 4, "align": "left"}
        text: Rows = [{"x": x, "y": axis.high, "text": plain(event.title, 40)}]
        layers += frame.upright([x], stroke=theme.MUTED, strokeWidth=1)
        layers += frame.layer("text", text, dy=8 - LINE * (number + 1), fill=theme.MUTED, **side)
    return layers


def _months(frame: Frame, result: Trend) -> Layers:
    """Return the labels below; the first of each year names the year, the very first only if no year begins next."""
    grain, rows, last = _grain(result), [], ""
    end = _end(result)
    for x in range(end % LABELS[grain], end + 1, LABELS[grain]):
        period = _period(result, x)
        first = bounds(period)[0]
        named = numbers.short_month(f"{first:%Y-%m}", result.scope.language)
        text = {"day": f"{first.day} {named}", "year": period[:4]}.get(grain, named)
        year = "" if grain == "year" or f"{first:%Y}" == last else f" {first:%Y}"
        rows.append({"x": x, "y": frame.y[0], "text": text + year})
        if len(rows) == 2 and year and grain == "month":
            rows[0]["text"] = str(rows[0]["text"]).split()[0]  # two long labels would touch on a narrow screen
        last = f"{first:%Y}"
    return frame.layer("text", rows, dy=16, fill=theme.MUTED)


def _subtitle(result: Trend, axis: Axis, year: bool) -> str:
    language, end = result.scope.language, _end(result)
    first, last = (numbers.period(_period(result, x), language) for x in (0, end))
    measured = measure(result.metric, axis, result.points.row(-1, named=True)["n"])
    back = f"; grey: {'52 weeks' if _grain(result) in ('day', 'week') else 'a year'} before" if year else ""
    return f"{measured}, {first} to {last}. Band: 95 % interval{back}.{axis.said}"


def _place(axis: Axis, point: Point) -> Point:
    return {"x": point["x"], "y": axis.at(point["value"]), "run": point["run"]}


def _interval(axis: Axis, point: Point) -> Point:
    return {"x": point["x"], "y": axis.inside(point["low"]), "y2": axis.inside(point["high"])}


def _bounded(point: Point) -> bool:
    return point["low"] is not None and point["high"] is not None


def _tip(result: Trend, point: Point) -> str:
    form = level_format(result.metric, estimate(point), result.scope.language)
    value = form.with_interval(point["value"], point["low"], point["high"])
    return f"{numbers.period(point['period'], result.scope.language)}: {value}"
