"""The key figures of the first page: one line of thirteen months with its band a figure, each on its own scale."""

from typing import Any

from cxlib import numbers
from cxlib.periods import shift
from cxlib.present.charts import theme
from cxlib.present.charts.figure import Figure, blank, chart, figure
from cxlib.present.charts.frame import Frame, Layers
from cxlib.present.charts.trend import MONTHS, windows
from cxlib.present.sentences import verdict
from cxlib.present.sentences.change import level_format, verdict_words
from cxlib.present.sentences.groups import estimate
from cxlib.results.types import NotKnown, Overview, Trend

HEIGHT = 88
TITLE, VALUE, TOP, FOOT = 0.15, 0.36, 0.5, 0.93


@chart.register
def _(result: NotKnown) -> Figure:
    return blank(result)


@chart.register
def _(result: Overview) -> Figure:
    shown = [trend for trend in result.trends if windows(trend)[0]]
    if not shown:
        return blank(result)
    frame = Frame((0, MONTHS - 1), (len(shown) + 0.0, 0.0), HEIGHT * len(shown))
    layers: Layers = []
    for place, trend in enumerate(shown):
        layers += _spark(frame, place, trend, trend.metric.name in result.survives)
    last = result.scope.month
    ends = [numbers.month(month, result.scope.language) for month in (shift(last, 1 - MONTHS), last)]
    for x, text, align in ((0, ends[0], "left"), (MONTHS - 1, ends[1], "right")):
        layers += frame.layer("text", [{"x": x, "y": frame.y[0], "text": text}], dy=10, align=align, fill=theme.MUTED)
    subtitle = f"{' to '.join(ends)}, each on its own scale. Band: 95 % interval. Blue: clear among all of them."
    return figure(result, frame, layers, subtitle)


def _spark(frame: Frame, place: int, trend: Trend, survives: bool) -> Layers:
    points, _ = windows(trend)
    ends = [point[end] for point in points for end in ("value", "low", "high") if point[end] is not None]
    low, high = min(ends), max(ends)

    def y(value: float) -> float:
        share = (value - low) / (high - low) if high > low else 0.5
        return place + FOOT - share * (FOOT - TOP)

    moved = trend.change is not None and verdict(trend.change) in ("rose", "fell")
    colour = theme.ACCENT if moved and survives else theme.FAINT
    band = [
        {"x": point["x"], "y": y(point["low"]), "y2": y(point["high"]), "run": point["run"]}
        for point in points
        if point["low"] is not None and point["high"] is not None
    ]
    line = [{"x": point["x"], "y": y(point["value"]), "run": point["run"]} for point in points]
    title = [{"y": place + TITLE, "text": trend.metric.title}]
    value = [{"y": place + VALUE, "text": _told(trend, points[-1])}]
    ink = theme.INK if colour == theme.ACCENT else theme.MUTED
    return [
        *frame.layer("rule", [{"y": float(place)}] if place else [], "across", stroke=theme.GRID),
        *frame.layer("area", band, fill=colour, fillOpacity=theme.BAND),
        *frame.layer("line", line, stroke=colour, strokeWidth=2),
        *frame.layer("point", line, filled=True, size=14, fill=colour, opacity=1),
        *frame.layer("point", line[-1:], filled=True, size=50, fill=colour, opacity=1),
        *frame.layer("text", title, "left", align="left", fontWeight="bold"),
        *frame.layer("text", value, "left", align="left", fill=ink),
    ]


def _told(trend: Trend, last: dict[str, Any]) -> str:
    if last["x"] != MONTHS - 1:
        return "no value"
    value = level_format(trend.metric, estimate(last), trend.scope.language).value(last["value"])
    told = f"{value} {verdict_words(trend.change)}".strip()
    return told + (", provisional" if trend.scope.provisional > 0 else "")
