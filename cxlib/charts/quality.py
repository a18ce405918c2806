"""Pictures of the data themselves: one bar a reason; a map of tables and months, paler where rows are fewer."""

from __future__ import annotations

import polars as pl

from cxlib import numbers
from cxlib.charts import theme
from cxlib.charts.axis import Axis
from cxlib.charts.figure import Figure, blank, chart, figure
from cxlib.charts.frame import Frame
from cxlib.charts.rows import Row, draw, frame_of
from cxlib.metrics import METRICS
from cxlib.stats.quality_results import Coverage, Tally
from cxlib.words.quality import LONG
from cxlib.words.sentence import plain

MOST, LETTERS, HEIGHT, DARKEST = 10, 56, 28, 0.5


@chart.register
def _(result: Tally) -> Figure:
    told = result.points.filter(~pl.col("label").str.starts_with("rounded"))  # these agree: in the sentence and table
    language, shown = result.scope.language, told.head(MOST).to_dicts()
    if not shown:
        return blank(result)
    form = numbers.Format("", language=language)
    rows = [
        Row(plain(row["label"], LETTERS), f"{form.value(row['n'])} · {plain(row['family'])}", row["n"], None, None,
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
    frame = Frame((0, len(months)), (len(names), -1), HEIGHT * (len(names) + 1))
    cells, texts = [], []
    for (name,), part in result.points.partition_by("table", as_dict=True, maintain_order=True).items():
        y, top = names.index(name), max(1, *part["rows"])
        for x, (month, rows) in enumerate(part.select("month", "rows").iter_rows()):
            tip = f"{name}, {numbers.month(month)}: {numbers.number(rows)} rows"
            cells.append({"x": x, "x2": x + 1, "y": y, "y2": y + 1, "shade": DARKEST * rows / top, "tip": tip})
            texts.append({"x": x + 0.5, "y": y + 0.5, "text": _short(rows)})
    heads = [{"x": x + 0.5, "y": -0.5, "text": numbers.short_month(month)} for x, month in enumerate(months)]
    labels = [{"y": y + 0.5, "text": plain(name, LONG).replace("_", " ")} for y, name in enumerate(names)]
    layers = [
        *frame.layer("rect", cells, fill=theme.ACCENT, stroke=theme.PAPER),
        *frame.layer("text", texts, fontSize=theme.SMALL),
        *frame.layer("text", heads, fontSize=theme.SMALL, fontWeight="bold"),
        *frame.layer("text", labels, "left", align="right", dx=-8, fill=theme.MUTED),
    ]
    return figure(result, frame, layers, "Rows of each table by month, paler where a table has fewer than in its best.")


def _short(rows: int) -> str:
    """Return a count that fits a cell: "812", "2.2k", "12k"."""
    if rows < 1000:
        return str(rows)
    return f"{rows / 1000:.1f}k" if rows < 9950 else f"{rows / 1000:.0f}k"
