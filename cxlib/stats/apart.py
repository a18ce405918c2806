"""Which groups stand apart from the rest: step by step, so that nobody is measured against who drags the rest along."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from cxlib.metrics import Metric
from cxlib.results.certainty import POSSIBLE

ENOUGH = 30  # rows of a sample, in a group and in its rest
MOST_OUT = 4
COLUMNS = ("rest_difference", "rest_low", "rest_high", "rest_p", "rest_without", "p_adjusted")
_TYPES = {"rest_without": pl.List(pl.String)}
UNTESTED = [pl.lit(None, dtype=_TYPES.get(name, pl.Float64)).alias(name) for name in COLUMNS]
"""COLUMNS of groups that are not compared."""
Against = Callable[[Metric, pl.DataFrame], pl.DataFrame]


def stepped_down(metric: Metric, rows: pl.DataFrame, against: Against, whole_p: float | None) -> pl.DataFrame:
    """Return group and COLUMNS: each group against the rest, without those already found apart.

    The surest group is taken out, then the others are compared with what remains, and so on while one stands apart: at
    most four times. `rest_without` lists who was out when a group was compared; `p_adjusted` is Holm's (1979) step-down
    p-value among the groups with rows enough, never below that of the test of all groups together, and null for others.

    Args:
        metric: What is compared.
        rows: Unit frame, of a duration row frame, of the groups that are known.
        against: Returns group, rest_difference, rest_low, rest_high and rest_p of such rows.
        whole_p: p-value that all groups are equal; with None nobody is looked for.
    """
    done: list[pl.DataFrame] = []
    out: list[str] = []
    least = whole_p
    while True:
        left = rows.filter(~pl.col("group").is_in(out))
        found = _adjusted(metric, left, against(metric, left), least).with_columns(
            rest_without=pl.lit(out, dtype=pl.List(pl.String))
        )
        surest = found.drop_nulls("p_adjusted").sort("p_adjusted", "rest_p", "size", "group").head(1)
        sure = surest.height and surest["p_adjusted"][0] < POSSIBLE and found.height > 2 and len(out) < MOST_OUT
        if not sure:
            return pl.concat([*done, found]).select("group", *COLUMNS)
        done, least = [*done, surest], surest["p_adjusted"][0]
        out = [*out, surest["group"][0]]


def _adjusted(metric: Metric, rows: pl.DataFrame, found: pl.DataFrame, least: float | None) -> pl.DataFrame:
    """Add size and p_adjusted: p times the number of comparisons (of two groups there is but one), at least `least`."""
    size = pl.len() if metric.kind == "duration" else pl.col("n").sum()
    sized = found.join(rows.group_by("group").agg(size=size.cast(pl.Int64)), on="group", how="left").sort("group")
    enough = pl.lit(metric.census) | ((pl.col("size") >= ENOUGH) & (pl.col("size").sum() - pl.col("size") >= ENOUGH))
    tested = pl.when(enough & pl.lit(least is not None)).then("rest_p")
    family = 1 if found.height == 2 else tested.count()
    return sized.with_columns(p_adjusted=(tested * family).clip(least or 0.0, 1.0))
