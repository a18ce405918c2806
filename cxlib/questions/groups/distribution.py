"""How answers and waits spread over ordered classes, and whether that changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import narwhals as nw
import numpy as np
import polars as pl

from cxlib.estimates.comparable import incomparable
from cxlib.estimates.context import result_context, unanswerable
from cxlib.estimates.counted_days import KEYS
from cxlib.estimates.estimate_table import EstimateTable, correlation, influences
from cxlib.metrics import Metric, Query, get, measured_frame, row_frame
from cxlib.metrics.predicates import box_is
from cxlib.results.types import POINT, Distribution, NotKnown
from cxlib.stats.differences import difference, widest
from cxlib.stats.effects import adjusted

HOUR, DAY = 60.0, 1440.0
BRACKETS = (
    ("≤ 1 h", HOUR), ("1–4 h", 4 * HOUR), ("4–8 h", 8 * HOUR), ("8–24 h", DAY), ("1–3 d", 3 * DAY), ("3–7 d", 7 * DAY),
    ("> 7 d", float("inf")),
)  # fmt: skip
AGES = (
    ("≤ 1 d", DAY), ("1–3 d", 3 * DAY), ("3–7 d", 7 * DAY), ("1–4 weeks", 28 * DAY), ("4–13 weeks", 91 * DAY),
    ("> 13 weeks", float("inf")),
)  # fmt: skip
STILL_OPEN, CUT_OFF = "still open", "closed without it"
UNDECIDED = 0.005
"""Share of a month's waits that may still end in a bracket for it to be compared."""
_DIFFERS = ("difference", "low_difference", "high_difference", "p_value")
BOXES = ("bottom", "middle", "top")
CLASSES = {
    "csat": ("Dissatisfied", "In between", "Satisfied"),
    "effort": ("High effort (4–5)", "Some effort (3)", "Low effort (1–2)"),
    "ease": ("Not easy (1–2)", "In between (3–5)", "Very easy (6–7)"),
    "nps": ("Detractors", "Passives", "Promoters"),
    "repurchase": ("Would not", "Undecided", "Would"),
}


def distribution(name: str, query: Query) -> Distribution | NotKnown:
    """Return the shares of ordered classes of a survey's answers (worst first) or of waits (shortest first).

    Each class is compared with itself in the baseline month as any share is (`estimates.changes`); p-values are
    adjusted for all classes together (Benjamini & Hochberg). Brackets into which more than a few waits of either month
    may still fall are not compared: a younger month has had less time.

    Raises:
        UsageError: No such metric or dimension.
    """
    metric = get(name)
    if reason := unanswerable(metric, query):
        return reason
    months = sorted({query.month, query.baseline})
    if metric.kind == "duration":
        classes = _brackets(metric, row_frame(metric, query, months))
    elif metric.survey:
        titles = CLASSES.get(metric.survey, ("Bottom box", "Middle", "Top box"))
        shares = {title: _share_of(metric, box) for title, box in zip(titles, BOXES, strict=True)}
        sums, influence = (
            pl.concat(frame(share, query, months).with_columns(group=pl.lit(title)) for title, share in shares.items())
            for frame in (measured_frame, influences)
        )
        classes = _Classes(titles, EstimateTable.of_sums(shares[titles[0]], sums), influence, frozenset())
    else:
        return NotKnown(metric.title, f"{metric.title} is neither a survey answer nor a wait: it has no classes.")
    points, unlike = _compared(classes, query), incomparable(metric, query, query.baseline)
    if unlike:
        points = points.with_columns(pl.lit(None, pl.Float64).alias(name) for name in _DIFFERS)
    points = points.with_columns(adjusted(points["p_value"]))
    return Distribution(metric, result_context(metric, query), metric.title, query.baseline, points, unlike)


@dataclass(frozen=True, slots=True)
class _Classes:
    """Shares of classes: their names in order, cells and influences by month and class, and those not to compare."""

    names: Sequence[str]
    cells: EstimateTable
    influence: pl.DataFrame
    undecided: frozenset[str]


def _compared(classes: _Classes, query: Query) -> pl.DataFrame:
    """Return the classes in the reported month, their shares in the baseline month and the differences of both."""
    metric, names = classes.cells.metric, pl.Series("group", classes.names)
    after, before = (
        pl.DataFrame([pl.repeat(m, len(names), eager=True).alias("period"), names])
        for m in (query.month, query.baseline)
    )
    here, then = classes.cells.at(after), classes.cells.at(before)
    apart = difference(here.figures, then.figures, correlation(classes.influence, after, before), widest(metric))
    differs = pl.DataFrame(apart.columns(metric)).rename({"low": "low_difference", "high": "high_difference"})
    told = ~names.is_in(sorted(classes.undecided)) & (query.month != query.baseline)
    differs = differs.select(pl.when(told).then(pl.all()))
    own = here.points().select("group", *POINT)
    return pl.concat([own, then.points().select(before="value"), differs], how="horizontal")


def _share_of(metric: Metric, box: str) -> Metric:
    """Return the share of one box among the rows on which a survey metric has a value."""

    def value() -> nw.Expr:
        answered = metric.value()
        assert isinstance(answered, nw.Expr)
        return nw.when(~answered.is_null()).then(box_is(box))

    return replace(metric, kind="share", measured_in="%", scale=(0.0, 100.0), value=value)


def _brackets(metric: Metric, rows: pl.DataFrame) -> _Classes:
    """Return the brackets of waits; undecided are those into which waits that still run may fall."""
    aged = metric.table == "backlog_months"  # how old what is unsolved is: none of these ages ends or runs on
    limits, ended, running = dict(AGES if aged else BRACKETS), pl.col("ended"), pl.col("running")
    rows = rows.with_columns(place=pl.Series(list(limits.values())).search_sorted(rows["value"]))
    inside = {label: ended & (pl.col("place") == number) for number, label in enumerate(limits)}
    inside |= {} if aged else {STILL_OPEN: running}
    if rows.select((~ended & ~running).any()).item():
        inside[CUT_OFF] = ~ended & ~running
    share = replace(metric, kind="share", measured_in="%", scale=(0.0, 100.0))
    late = rows.group_by("period").agg(
        (running & (pl.col("value") <= limits.get(label, np.inf))).mean().alias(label) for label in inside
    )
    undecided = frozenset(label for label in inside if (late[label] > UNDECIDED).any())
    n, x = pl.col("n"), pl.col("x")
    units = rows.group_by("period", "unit").agg(
        n=pl.len().cast(pl.Int64), **{label: part.sum().cast(pl.Int64) for label, part in inside.items()}
    )
    units = units.unpivot(list(inside), index=["period", "unit", "n"], variable_name="group", value_name="x")
    sums = {"sum_w": n, "sum_wx": x, "sum_wxx": x, "sum_ww": n * n, "sum_wxwx": x * x, "sum_wwx": n * x}
    summed = units.group_by(KEYS).agg(n.sum(), units=pl.len(), **{name: part.sum() for name, part in sums.items()})
    whole, level = n.sum().over(KEYS), x.sum().over(KEYS) / n.sum().over(KEYS)
    influence = units.select(*KEYS, "unit", influence=(x - level * n) / whole)
    return _Classes(list(inside), EstimateTable.of_sums(share, summed), influence, undecided)
