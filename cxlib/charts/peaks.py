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
DAYS = 7


@chart.register
def _(result: Peaks) -> Figure:
    top = busiest(result)
    form = Format("", decimals=1 if top["value"] < 100 else 0, language=result.scope.language)
    tips = [form.with_interval(row["value"], row["low"], row["high"]) for row in result.points.iter_rows(named=True)]
    months = " to ".join(numbers.month(month, result.scope.language) for month in result.months)
    subtitle = (
        f"{result.metric.title}, mean of one hour, by weekday and hour of the clock, {months}. Framed: the busiest."
    )
    return _map(result, top, form, tips, subtitle)


@chart.register
def _(result: Staffing) -> Figure:
    tips = [agents(row) for row in result.points.iter_rows(named=True)]
    subtitle = (
        f"Agents at work for {plain(result.channel)} in open hours, by weekday and hour of the clock, "
        f"{span(result.months)}. Framed: the most."
    )
    return _map(result, most_agents(result), Format("", language=result.scope.language), tips, subtitle)


def _map(result: Peaks | Staffing, top: Row, form: Format, tips: list[str], subtitle: str) -> Figure:
    """Return the map of a result's points; a tip for each of them, a frame around the top one."""
    language, shown = result.scope.language, [int(hour) for hour in result.points["hour"]]
    first, end = min(shown), max(shown) + 1
    frame = Frame((0, DAYS), (end, first - 1), ROW * (end - first + 1))
    cells, texts = [], []
    for row, told in zip(result.points.iter_rows(named=True), tips, strict=True):
        x, y = row["weekday"] - 1, row["hour"]
        tip = f"{numbers.weekday(row['weekday'], language)}, {clock_hour(y)}: {told}"
        shade = DARKEST * row["value"] / top["value"] if top["value"] else 0.0
        cells.append({"x": x, "x2": x + 1, "y": y, "y2": y + 1, "shade": shade, "tip": tip})
        texts.append({"x": x + 0.5, "y": y + 0.5, "text": form.bare(row["value"])})
    x, y = top["weekday"] - 1, top["hour"]
    frame_of_top = [{"x": x, "x2": x + 1, "y": y, "y2": y + 1}]
    heads = [
        {"x": day - 0.5, "y": first - 0.5, "text": numbers.weekday(day, language)[:3]} for day in range(1, DAYS + 1)
    ]
    hours = [{"y": hour + 0.5, "text": str(hour)} for hour in range(first, end)]
    layers = [
        *frame.layer("rect", cells, fill=theme.ACCENT, stroke=theme.PAPER),
        *frame.layer("rect", frame_of_top, filled=False, stroke=theme.INK, strokeWidth=2),
        *frame.layer("text", texts, fontSize=theme.SMALL),
        *frame.layer("text", heads, fontWeight="bold"),
        *frame.layer("text", hours, "left", align="right", dx=-8, fill=theme.MUTED),
    ]
    return figure(result, frame, layers, subtitle)
