"""How answers and waits spread over ordered classes, and whether that changed."""

from __future__ import annotations

from dataclasses import replace

import narwhals as nw
import numpy as np
import polars as pl

from cxlib.metrics import Metric, View, get, row_frame
from cxlib.metrics.pieces import box_is
from cxlib.stats.cells import KEYS, Cells, cells, correlation, influences
from cxlib.stats.change import difference, widest
from cxlib.stats.effects import beyond
from cxlib.stats.results import POINT, Distribution, NotKnown
from cxlib.stats.scope import scope, unanswerable

HOUR, DAY = 60.0, 1440.0
BRACKETS = (
    ("≤ 1 h", HOUR), ("1–4 h", 4 * HOUR), ("4–8 h", 8 * HOUR), ("8–24 h", DAY), ("1–3 d", 3 * DAY), ("3–7 d", 7 * DAY),
    ("> 7 d", float("inf")),
)  # fmt: skip
AGES = (
    ("≤ 1 d", DAY), ("1–3 d", 3 * DAY), ("3–7 d", 7 * DAY), ("1–4 weeks", 28 * DAY), ("4–13 weeks", 91 * DAY),
    ("> 13 weeks", float("inf")),
)  # fmt: skip
Class = tuple[Cells, pl.DataFrame | None]
STILL_OPEN, CUT_OFF = "still open", "closed without it"
UNDECIDED = 0.005
"""Share of a month's waits that may still end in a bracket for it to be compared."""
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

    Each class is compared with itself in the baseline month as any share is (`stats.change`); which of them moved is
    told after Benjamini & Hochberg's control of all classes together. Brackets into which more than a few waits of
    either month may still fall are not compared: a younger month has had less time.

    Raises:
        UsageError: No such metric or dimension.
    """
    metric = get(name)
    if reason := unanswerable(metric, view):
        return reason
    months = sorted({view.month, view.baseline})
    classes: dict[str, Class]
    if metric.kind == "duration":
        classes = _brackets(metric, row_frame(metric, view, months))
    elif metric.survey:
        titles = CLASSES.get(metric.survey, ("Bottom box", "Middle", "Top box"))
        shares = {title: _share_of(metric, box) for title, box in zip(titles, BOXES, strict=True)}
        classes = {title: (cells(s, view, months), influences(s, view, months)) for title, s in shares.items()}
    else:
        return NotKnown(metric.title, f"{metric.title} is neither a survey answer nor a wait: it has no classes.")
    points = pl.concat([_compared(title, *found, view) for title, found in classes.items()])
    points = points.with_columns(beyond(points["p_value"]))
    return Distribution(metric, scope(metric, view), metric.title, view.baseline, points)


def _compared(title: str, found: Cells, influence: pl.DataFrame | None, view: View) -> pl.DataFrame:
    """Return the class in the reported month, its share in the baseline month and the difference of both."""
    after, before = (pl.DataFrame({"period": [month], "group": [""]}) for month in (view.month, view.baseline))
    here, then = found.at(after), found.at(before)
    correlated = np.zeros(1) if influence is None else correlation(influence, after, before)
    apart = difference(here.figures, then.figures, correlated, widest(found.metric))
    differs = pl.DataFrame(apart.columns(found.metric)).rename({"low": "low_difference", "high": "high_difference"})
    if influence is None or view.month == view.baseline:
        differs = differs.clear(n=1)  # one row of nulls
    own = here.points().select(pl.lit(title).alias("group"), *POINT)
    return pl.concat([own, then.points().select(before="value"), differs], how="horizontal")


def _share_of(metric: Metric, box: str) -> Metric:
    """Return the share of one box among the rows on which a survey metric has a value."""

    def value() -> nw.Expr:
        answered = metric.value()
        assert isinstance(answered, nw.Expr)
        return nw.when(~answered.is_null()).then(box_is(box))

    return replace(metric, kind="share", measured_in="%", scale=(0.0, 100.0), value=value)


def _brackets(metric: Metric, rows: pl.DataFrame) -> dict[str, Class]:
    aged = metric.table == "backlog_months"  # how old what is unsolved is: none of these ages ends or runs on
    limits, ended, running = dict(AGES if aged else BRACKETS), pl.col("ended"), pl.col("running")
    rows = rows.with_columns(place=pl.Series(list(limits.values())).search_sorted(rows["value"]))
    inside = {label: ended & (pl.col("place") == number) for number, label in enumerate(limits)}
    inside |= {} if aged else {STILL_OPEN: running}
    if rows.select((~ended & ~running).any()).item():
        inside[CUT_OFF] = ~ended & ~running
    share = replace(metric, kind="share", measured_in="%", scale=(0.0, 100.0))
    undecided = {label: running & (pl.col("value") <= limits.get(label, float("inf"))) for label in inside}
    return {label: _share_in(share, rows, inside[label], undecided[label]) for label in inside}


def _share_in(metric: Metric, rows: pl.DataFrame, inside: pl.Expr, undecided: pl.Expr) -> Class:
    """Return the share of rows inside a class, by month, and each unit's influence on it; None where undecided."""
    n, x = pl.col("n"), pl.col("x")
    units = rows.group_by(*KEYS, "unit").agg(n=pl.len().cast(pl.Int64), x=inside.sum().cast(pl.Int64))
    sums = {"sum_w": n, "sum_wx": x, "sum_wxx": x, "sum_ww": n * n, "sum_wxwx": x * x, "sum_wwx": n * x}
    summed = units.group_by(KEYS).agg(n.sum(), units=pl.len(), **{name: part.sum() for name, part in sums.items()})
    whole, level = n.sum().over(KEYS), x.sum().over(KEYS) / n.sum().over(KEYS)
    late = rows.group_by("period").agg(late=undecided.mean()).filter(pl.col("late") > UNDECIDED).height
    influence = units.select(*KEYS, "unit", influence=(x - level * n) / whole)
    return Cells.of_sums(metric, summed), None if late else influence
