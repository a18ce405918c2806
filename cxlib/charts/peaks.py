"""Hours of the week: a map of weekday and hour, darker where there is more, the number in every cell."""

from __future__ import annotations

from cxlib import numbers
from cxlib.charts import theme
from cxlib.charts.figure import Figure, chart, figure
from cxlib.charts.frame import Frame
from cxlib.numbers import Format
from cxlib.stats.planning_results import Staffing
from cxlib.stats.results import Peaks
from cxlib.words.groups import Row
from cxlib.words.money import span
from cxlib.words.planning import agents, most_agents
from cxlib.words.sentence import plain
from cxlib.words.volume import busiest, clock_hour

ROW, DARKEST = 18, 0.5


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
