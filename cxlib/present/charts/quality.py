"""Pictures of the data themselves: one bar a reason; a bar a month for each table."""

import polars as pl

from cxlib import numbers
from cxlib.metrics import METRICS
from cxlib.present.charts import theme
from cxlib.present.charts.axis import Axis
from cxlib.present.charts.figure import Figure, blank, chart, figure
from cxlib.present.charts.frame import Frame
from cxlib.present.charts.rows import NAME, Row, draw, frame_of
from cxlib.present.sentences.quality import LONG
from cxlib.present.sentences.sentence import plain
from cxlib.results.quality import Coverage, Tally

MOST, HEIGHT, TALL = 10, 34, 0.8


@chart.register
def _(result: Tally) -> Figure:
    told = result.points.filter(~pl.col("label").str.starts_with("rounded"))  # these agree: in the sentence and table
    language, shown = result.scope.language, told.head(MOST).to_dicts()
    if not shown:
        return blank(result)
    form = numbers.Format("", language=language)
    rows = [
        Row(plain(row["label"], NAME), f"{form.value(row['n'])} · {plain(row['family'])}", row["n"],
            quiet=row["known"] and result.compared is not None)
        for row in shown
    ]  # fmt: skip
    axis = Axis.of(METRICS["ticket_volume"], [row.value for row in rows], form=form, zero=True)
    frame = frame_of(axis, rows)
    more = told.height - len(rows)
    rest = f" {more} more in the table." if more else ""
    known = " Grey: the reason is known; without those only rounded." if result.compared is not None else ""
    return figure(result, frame, draw(frame, axis, rows, bars=True), f"Number of rows by reason.{known}{rest}")


@chart.register
def _(result: Coverage) -> Figure:
    names, months = result.points["table"].unique(maintain_order=True).to_list(), list(result.months)
    frame = Frame((0, len(months) + 3.0), (len(names) + 0.7, 0), HEIGHT * len(names) + 20)
    bars, texts = [], []
    for (name,), part in result.points.partition_by("table", as_dict=True, maintain_order=True).items():
        foot, top = names.index(name) + 1, max(1, *part["rows"])
        for x, (month, rows) in enumerate(part.select("month", "rows").iter_rows()):
            tip = f"{name}, {numbers.month(month)}: {numbers.number(rows)} rows"
            bars.append({"x": x + 0.1, "x2": x + 0.9, "y": foot, "y2": foot - TALL * rows / top, "tip": tip})
            if not rows or x == len(months) - 1:
                texts.append({"x": x + (2.5 if rows else 0.5), "y": foot - 0.25, "text": numbers.number(rows)})
    shown = list(enumerate(months))[::-3]
    heads = [{"x": x + 0.5, "y": frame.y[0] - 0.3, "text": numbers.short_month(month)} for x, month in shown]
    labels = [{"y": y + 0.75, "text": plain(name, LONG).replace("_", " ")} for y, name in enumerate(names)]
    layers = [
        *frame.layer("rect", bars, fill=theme.ACCENT, fillOpacity=0.6),
        *frame.layer("text", texts),
        *frame.layer("text", heads, fill=theme.MUTED),
        *frame.layer("text", labels, "left", align="right", dx=-8, fill=theme.MUTED),
    ]
    about = f"the highest bar is its best month, 0 a month without rows; at the right: {numbers.month(months[-1])}"
    return figure(result, frame, layers, f"Rows of each table by month: {about}.")
