"""Hours of the week: a map of weekday and hour, darker where more arrives, the number in every cell."""

from __future__ import annotations

from cxlib import numbers
from cxlib.charts import theme
from cxlib.charts.figure import Figure, chart, figure
from cxlib.charts.frame import Frame
from cxlib.stats.results import Peaks
from cxlib.words.volume import busiest, clock_hour

ROW, DARKEST = 18, 0.5
DAYS, HOURS = 7, 24


@chart.register
def _(result: Peaks) -> Figure:
    language, top = result.scope.language, busiest(result)
    decimals = 1 if top["value"] < 100 else 0
    form = numbers.Format("", decimals=decimals, language=language)
    frame = Frame((0, DAYS), (HOURS, -1), ROW * (HOURS + 1))
    cells, texts = [], []
    for row in result.points.iter_rows(named=True):
        x, y = row["weekday"] - 1, row["hour"]
        day = numbers.weekday(row["weekday"], language)
        tip = f"{day}, {clock_hour(y)}: {form.with_interval(row['value'], row['low'], row['high'])}"
        shade = DARKEST * row["value"] / top["value"] if top["value"] else 0.0
        cells.append({"x": x, "x2": x + 1, "y": y, "y2": y + 1, "shade": shade, "tip": tip})
        texts.append({"x": x + 0.5, "y": y + 0.5, "text": form.bare(row["value"])})
    x, y = top["weekday"] - 1, top["hour"]
    frame_of_top = [{"x": x, "x2": x + 1, "y": y, "y2": y + 1}]
    heads = [{"x": day - 0.5, "y": -0.5, "text": numbers.weekday(day, language)[:3]} for day in range(1, DAYS + 1)]
    hours = [{"y": hour + 0.5, "text": str(hour)} for hour in range(HOURS)]
    layers = [
        *frame.layer("rect", cells, fill=theme.ACCENT, stroke=theme.PAPER),
        *frame.layer("rect", frame_of_top, filled=False, stroke=theme.INK, strokeWidth=2),
        *frame.layer("text", texts, fontSize=theme.SMALL),
        *frame.layer("text", heads, fontWeight="bold"),
        *frame.layer("text", hours, "left", align="right", dx=-8, fill=theme.MUTED),
    ]
    months = " to ".join(numbers.month(month, language) for month in result.months)
    subtitle = (
        f"{result.metric.title}, mean of one hour, by weekday and hour of the clock, {months}. Framed: the busiest."
    )
    return figure(result, frame, layers, subtitle)
