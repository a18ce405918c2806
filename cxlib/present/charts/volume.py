"""Hours of the week as a map, darker where there is more; single days on what is expected; weeks to come."""

from cxlib import numbers
from cxlib.numbers import Format
from cxlib.present.charts import theme
from cxlib.present.charts.axis import Axis
from cxlib.present.charts.figure import Figure, chart, figure
from cxlib.present.charts.frame import Frame, Layers
from cxlib.present.sentences.change import level_format
from cxlib.present.sentences.groups import Row, estimate
from cxlib.present.sentences.money import span
from cxlib.present.sentences.planning import agents, expected, most_agents, seven_days
from cxlib.present.sentences.sentence import plain
from cxlib.present.sentences.volume import DAYS_TOLD, against, beside_run, busiest, clock_hour, day, run_text
from cxlib.results.certainty import of_row
from cxlib.results.planning import Forecast, Staffing
from cxlib.results.types import Peaks, UnusualDays

ROW, DARKEST = 18, 0.5
HEIGHT, ROOM = 240, 30  # of single days, and of weeks to come
LABELS = 5  # weeks from one to the next


@chart.register
def _(result: Peaks) -> Figure:
    top = busiest(result)
    form = Format("", decimals=1 if top["value"] < 100 else 0, language=result.scope.language)
    tips = [form.with_interval(row["value"], row["low"], row["high"]) for row in result.points.iter_rows(named=True)]
    months = " to ".join(numbers.month(month, result.scope.language) for month in result.months)
    subtitle = (
        f"{result.metric.title}, mean of one hour, by weekday and hour of the clock, {months}. Framed: the busiest."
    )
    return _map(result, top, [form.bare(value) for value in result.points["value"]], tips, subtitle)


@chart.register
def _(result: Staffing) -> Figure:
    texts, tips = ([agents(row, bare=bare) for row in result.points.iter_rows(named=True)] for bare in (True, False))
    subtitle = (
        f"Agents at work for {plain(result.channel)} in open hours, by weekday and hour of the clock, "
        f"{span(result.months)}. Framed: the most. In brackets: interval."
    )
    return _map(result, most_agents(result), texts, tips, subtitle)


def _map(result: Peaks | Staffing, top: Row, texts: list[str], tips: list[str], subtitle: str) -> Figure:
    """Return the map of a result's points; a text and a tip for each of them, a frame around the top one."""
    language, shown = result.scope.language, [int(hour) for hour in result.points["hour"]]
    first, end = min(shown), max(shown) + 1
    days = sorted(set(result.points["weekday"]))
    frame = Frame((0, len(days)), (end, first - 1), ROW * (end - first + 1))
    cells, words = [], []
    for row, text, told in zip(result.points.iter_rows(named=True), texts, tips, strict=True):
        x, y = days.index(row["weekday"]), row["hour"]
        tip = f"{numbers.weekday(row['weekday'], language)}, {clock_hour(y)}: {told}"
        shade = DARKEST * row["value"] / top["value"] if top["value"] else 0.0
        cells.append({"x": x, "x2": x + 1, "y": y, "y2": y + 1, "shade": shade, "tip": tip})
        words.append({"x": x + 0.5, "y": y + 0.5, "text": text})
    x, y = days.index(top["weekday"]), top["hour"]
    frame_of_top = [{"x": x, "x2": x + 1, "y": y, "y2": y + 1}]
    heads = [{"x": x + 0.5, "y": first - 0.5, "text": numbers.weekday(day, language)[:3]} for x, day in enumerate(days)]
    hours = [{"y": hour + 0.5, "text": str(hour)} for hour in range(first, end)]
    layers = [
        *frame.layer("rect", cells, fill=theme.ACCENT, stroke=theme.PAPER),
        *frame.layer("rect", frame_of_top, filled=False, stroke=theme.INK, strokeWidth=2),
        *frame.layer("text", words, fontSize=theme.SMALL),
        *frame.layer("text", heads, fontWeight="bold"),
        *frame.layer("text", hours, "left", align="right", dx=-8, fill=theme.MUTED),
    ]
    return figure(result, frame, layers, subtitle)


@chart.register
def _(result: UnusualDays) -> Figure:
    rows = list(result.points.iter_rows(named=True))
    axis = Axis.of(result.metric, [row["value"] for row in rows], bounds=[(row["low"], row["high"]) for row in rows])
    last = max(row["day"].day for row in rows)
    frame = Frame((0.5, last + 0.5), (axis.low, axis.high), HEIGHT, top=ROOM)
    bands = [{"x": row["day"].day, "y": axis.inside(row["low"]), "y2": axis.inside(row["high"])} for row in rows]
    places = [
        {
            "x": row["day"].day,
            "y": axis.at(row["value"]),
            "tip": f"{day(row)}: {against(row)}",
            "out": of_row(row) == "clear",
        }
        for row in rows
    ]
    dots = {
        found: [{name: place[name] for name in ("x", "y", "tip")} for place in places if place["out"] == found]
        for found in (False, True)
    }
    month = numbers.short_month(result.scope.month, result.scope.language)
    ticks = [{"x": number, "y": axis.low, "text": f"{number} {month}"} for number in range(1, last + 1, 7)]
    named = [
        {"x": row["day"].day, "y": axis.at(row["value"]), "text": day(row)} for row in beside_run(result)[:DAYS_TOLD]
    ]
    sides = [[row for row in named if (row["x"] > last / 2) == right] for right in (False, True)]
    layers = [
        *_run(result, frame, axis),
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
        f"expect, all days together within theirs with 95 %. Blue: clear."
    )
    subtitle += f" Shaded: {result.run.days} days in a row beyond chance." if result.run else ""
    return figure(result, frame, layers, subtitle)


def _run(result: UnusualDays, frame: Frame, axis: Axis) -> Layers:
    """Return the days of a run, as far as they are in the month, as a shaded field."""
    if result.run is None:
        return []
    shown = [row["day"].day for row in result.points.iter_rows(named=True) if row["day"] >= result.run.first]
    shown = [number for number in shown if number <= result.run.last.day]
    field = {"x": min(shown) - 0.5, "x2": max(shown) + 0.5, "y": axis.low, "y2": axis.high}
    tip = run_text(result.run)
    return frame.layer("rect", [field | {"tip": tip}], fill=theme.ACCENT, fillOpacity=theme.BAND / 2)


@chart.register
def _(result: Forecast) -> Figure:
    language = result.scope.language
    rows = list(enumerate(result.points.iter_rows(named=True)))
    bounds = [(row["low"], row["high"]) for _, row in rows]
    axis = Axis.of(result.metric, [row["value"] for _, row in rows], bounds=bounds)
    frame = Frame((0, len(rows) - 1), (axis.low, axis.high), HEIGHT)
    known, coming = ([(x, row) for x, row in rows if row["ahead"] == ahead] for ahead in (False, True))
    dots = [{"x": x, "y": axis.at(row["value"]), "tip": _tip(result, row)} for x, row in rows]
    line = [{"x": x, "y": axis.at(row["value"])} for x, row in known]
    path = line[-1:] + [{"x": x, "y": axis.at(row["value"])} for x, row in coming]
    bounded = [(x, row) for x, row in coming if row["high"] is not None]
    band = [{"x": x, "y": axis.inside(row["low"]), "y2": axis.inside(row["high"])} for x, row in bounded]
    band = line[-1:] and [line[-1] | {"y2": line[-1]["y"]}, *band]
    last = len(known) - 0.5
    firsts = [(x, row["first"]) for x, row in rows[::LABELS]]
    labels = [
        {"x": x, "y": frame.y[0], "text": f"{day.day} {numbers.short_month(f'{day:%Y-%m}', language)}"}
        for x, day in firsts
    ]
    layers = [
        *axis.down_the_side(frame),
        *frame.layer("rule", [{"x": last, "y": axis.low, "y2": axis.high}], stroke=theme.FAINT),
        *frame.layer("area", band, fill=theme.ACCENT, fillOpacity=theme.BAND),
        *frame.layer("line", line, stroke=theme.ACCENT, strokeWidth=2.5),
        *frame.layer("line", path, stroke=theme.ACCENT, strokeWidth=2, strokeDash=theme.DASHED),
        *frame.layer("point", dots, filled=True, size=22, fill=theme.ACCENT, opacity=1),
        *frame.layer("text", labels, dy=16, fill=theme.MUTED),
    ]
    subtitle = (
        f"{result.metric.title} in weeks of seven days, by their first day. Right of the line: forecast; band: 95 % "
        f"prediction interval.{axis.said}"
    )
    return figure(result, frame, layers, subtitle)


def _tip(result: Forecast, row: dict[str, object]) -> str:
    form = level_format(result.metric, estimate(row), result.scope.language)
    value = expected(result, row) if row["ahead"] else form.value(row["value"])  # type: ignore[arg-type]
    return f"{seven_days(row['first'])}: {value}"  # type: ignore[arg-type]
