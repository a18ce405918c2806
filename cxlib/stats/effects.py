"""Rows of `Effects`: interval and p-value from an estimate and its error, and p-values adjusted within a family.

A row names its columns (group, label, family, n, units, value …); what it leaves out is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from cxlib.metrics import Metric
from cxlib.results.certainty import certainty
from cxlib.results.types import POINT, NotKnown
from cxlib.stats.intervals import ALPHA, t_quantile

Row = dict[str, Any]
SCHEMA = {"group": pl.String, "label": pl.String, "family": pl.String, "n": pl.Int64, "units": pl.Int64}
SCHEMA |= dict.fromkeys((*POINT[2:], "p_value"), pl.Float64) | {"reason": pl.String}


def half_width(se: float, df: float) -> float:
    """Return half the width of the 95 % interval: Student's t, the normal distribution for infinite `df`."""
    return float(t_quantile(np.asarray(ALPHA), df)) * se


def interval(value: float, se: float, df: float) -> Row:
    """Return value, se, low and high: the 95 % interval of Student's t with `df` degrees of freedom."""
    half = half_width(se, df)
    return {"value": value, "se": se, "low": value - half, "high": value + half}


def p_of(t: float, df: float) -> float:
    """Return the two-sided p-value of Student's t."""
    from scipy.special import stdtr

    return 2 * float(stdtr(df, -abs(t)))


def tested(value: float, se: float, *, df: float, factor: float = 1.0) -> Row:
    """Return value, se, low, high and p_value of a difference: one t statistic; `factor` is printed ÷ computed unit."""
    printed = {name: factor * number for name, number in interval(value, se, df).items()}
    return {**printed, "p_value": p_of(value / se, df)}


def survivors(p_values: Mapping[str, float]) -> frozenset[str]:
    """Return the names that are clear within this family: by their p-value adjusted for all of them."""
    family = adjusted(pl.Series(list(p_values.values()), dtype=pl.Float64))
    return frozenset(name for name, p in zip(p_values, family, strict=True) if certainty(p) == "clear")


def adjusted(p_values: pl.Series) -> pl.Series:
    """Return, as `p_adjusted`, the p-values adjusted for all being compared; null where there is none.

    Benjamini & Hochberg 1995: the adjusted value is the lowest rate of false discoveries at which the row survives.
    `certainty` turns it into a level.

    Example:
        >>> adjusted(pl.Series([0.001, 0.04, None])).to_list()
        [0.002, 0.04, None]
    """
    from statsmodels.stats.multitest import multipletests

    known = [p for p in p_values if p is not None]
    family = iter(multipletests(known, method="fdr_bh")[1].tolist() if known else [])
    return pl.Series("p_adjusted", [None if p is None else next(family) for p in p_values], dtype=pl.Float64)


def effect_points(rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """Return rows as points of `Effects`: columns that are left out empty, `p_adjusted` among all of them."""
    points = pl.DataFrame([{"family": "", "n": 0, "units": 0, **row} for row in rows], schema=SCHEMA)
    return points.insert_column(points.width - 1, adjusted(points["p_value"]))


def no_value(title: str, rows: Sequence[Row]) -> NotKnown | None:
    """Return why none of the rows has a value, each reason once; None where one has."""
    if any("value" in row for row in rows):
        return None
    return NotKnown(title, "; ".join(dict.fromkeys(row["reason"].removesuffix(".") for row in rows)) + ".")


def unit_of(metric: Metric) -> str:
    """Return the unit of a difference: points of a share, else that of the metric ("of 5" left out)."""
    return "points" if metric.factor != 1 else metric.measured_in.split(" of ")[0]


def some_units(rows: pl.DataFrame, step: int) -> tuple[pl.DataFrame, str]:
    """Return the rows of every `step`-th unit (all if 1 or less), and what is to be said of it."""
    if step <= 1:
        return rows, ""
    chosen = rows["unit"].unique().sort().gather_every(step)
    return rows.filter(pl.col("unit").is_in(chosen.implode())), f" One customer in {step} stands for all."
