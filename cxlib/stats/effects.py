"""Rows of `Effects`: interval and p-value from an estimate and its error, and which rows survive all being looked at.

A row names its columns (group, label, family, n, units, value …); what it leaves out is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from cxlib.metrics import Metric
from cxlib.stats.intervals import ALPHA, t_quantile
from cxlib.stats.results import POINT, NotKnown

FALSE_DISCOVERIES = 0.05
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
    """Return the names whose p-value survives Benjamini & Hochberg 1995 at 5 % within this family."""
    if not p_values:
        return frozenset()
    from statsmodels.stats.multitest import multipletests

    rejected = multipletests(list(p_values.values()), alpha=FALSE_DISCOVERIES, method="fdr_bh")[0]
    return frozenset(name for name, found in zip(p_values, rejected, strict=True) if found)


def beyond(p_values: pl.Series) -> pl.Series:
    """Return, as `beyond`, which rows survive Benjamini–Hochberg at 5 % among all of them; null without a p-value."""
    known = {str(place): p for place, p in enumerate(p_values) if p is not None}
    found = survivors(known)
    told = [None if p is None else str(place) in found for place, p in enumerate(p_values)]
    return pl.Series("beyond", told, dtype=pl.Boolean)


def effect_points(rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """Return rows as points of `Effects`: columns that are left out empty, `beyond` told among all of them."""
    points = pl.DataFrame([{"family": "", "n": 0, "units": 0, **row} for row in rows], schema=SCHEMA)
    return points.insert_column(points.width - 1, beyond(points["p_value"]))


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
