"""How answers and waits spread over ordered classes."""

from __future__ import annotations

from dataclasses import replace

import narwhals as nw
import polars as pl

from cxlib.metrics import Metric, View, get, row_frame
from cxlib.metrics.pieces import box_is
from cxlib.stats.cells import KEYS, Cells, cells
from cxlib.stats.results import POINT, Distribution, NotKnown
from cxlib.stats.scope import scope, unanswerable

HOUR, DAY = 60.0, 1440.0
BRACKETS = (
    ("≤ 1 h", HOUR), ("1–4 h", 4 * HOUR), ("4–8 h", 8 * HOUR), ("8–24 h", DAY), ("1–3 d", 3 * DAY), ("3–7 d", 7 * DAY),
    ("> 7 d", float("inf")),
)  # fmt: skip
STILL_OPEN = "still open"
BOXES = ("bottom", "middle", "top")
CLASSES = {
    "csat": ("Dissatisfied", "In between", "Satisfied"),
    "effort": ("High effort (4–5)", "Some effort (3)", "Low effort (1–2)"),
    "ease": ("Not easy (1–2)", "In between (3–5)", "Very easy (6–7)"),
    "nps": ("Detractors", "Passives", "Promoters"),
    "repurchase": ("Would not", "Undecided", "Would"),
}


def distribution(name: str, view: View) -> Distribution | NotKnown:
    """Return the shares of ordered classes of a survey's answers (worst first) or of waits (shortest first).

    Raises:
        UsageError: No such metric or dimension.
    """
    metric = get(name)
    if reason := unanswerable(metric, view):
        return reason
    months = sorted({view.month, view.baseline})
    if metric.kind == "duration":
        classes = _brackets(metric, row_frame(metric, view, months))
    elif metric.survey:
        titles = CLASSES.get(metric.survey, ("Bottom box", "Middle", "Top box"))
        classes = {title: cells(_share_of(metric, box), view, months) for title, box in zip(titles, BOXES, strict=True)}
    else:
        return NotKnown(metric.title, f"{metric.title} is neither a survey answer nor a wait: it has no classes.")
    here, before = (_in_month(classes, month) for month in (view.month, view.baseline))
    points = here.with_columns(before["value"].alias("before"))
    return Distribution(metric, scope(metric, view), metric.title, view.baseline, points)


def _in_month(classes: dict[str, Cells], month: str) -> pl.DataFrame:
    keys = pl.DataFrame({"period": [month], "group": [""]})
    points = [found.at(keys).points().with_columns(group=pl.lit(title)) for title, found in classes.items()]
    return pl.concat(points).select("group", *POINT)


def _share_of(metric: Metric, box: str) -> Metric:
    """Return the share of one box among the rows on which a survey metric has a value."""

    def value() -> nw.Expr:
        answered = metric.value()
        assert isinstance(answered, nw.Expr)
        return nw.when(~answered.is_null()).then(box_is(box))

    return replace(metric, kind="share", measured_in="%", scale=(0.0, 100.0), value=value)


def _brackets(metric: Metric, rows: pl.DataFrame) -> dict[str, Cells]:
    place = pl.Series([limit for _, limit in BRACKETS]).search_sorted(rows["value"])
    rows = rows.with_columns(place=pl.when("ended").then(place).otherwise(len(BRACKETS)))
    share = replace(metric, kind="share", measured_in="%", scale=(0.0, 100.0))
    labels = (*(label for label, _ in BRACKETS), STILL_OPEN)
    return {label: _share_in(share, rows, pl.col("place") == number) for number, label in enumerate(labels)}


def _share_in(metric: Metric, rows: pl.DataFrame, inside: pl.Expr) -> Cells:
    """Return the share of rows inside a class, by month, with the sums over units that its error needs."""
    n, x = pl.col("n"), pl.col("x")
    units = rows.group_by(*KEYS, "unit").agg(n=pl.len().cast(pl.Int64), x=inside.sum().cast(pl.Int64))
    sums = {"sum_w": n, "sum_wx": x, "sum_wxx": x, "sum_ww": n * n, "sum_wxwx": x * x, "sum_wwx": n * x}
    summed = units.group_by(KEYS).agg(n.sum(), units=pl.len(), **{name: part.sum() for name, part in sums.items()})
    return Cells.of_sums(metric, summed)
