"""Are all groups alike? One test for shares, means, scores and medians, one for whole curves of waits."""

from __future__ import annotations

import numpy as np
import polars as pl

from cxlib.metrics import Metric
from cxlib.stats.capped import caps
from cxlib.stats.durations import Curve, coded
from cxlib.stats.intervals import Array
from cxlib.stats.logrank import log_rank


def residuals(metric: Metric, rows: pl.DataFrame) -> pl.DataFrame:
    """Return group, code (number of the unit), weight and residual from the common value, as `equality` takes them.

    Args:
        metric: What is compared.
        rows: Coded unit frame; of a duration coded row frame, whose residuals are each wait's influence on the common
            curve at the common quantile: ended or not, in one number.
    """
    if metric.kind != "duration":
        common = pl.col("sum_wx").sum() / pl.col("sum_w").sum()
        return rows.select("group", "code", weight="sum_w", residual=pl.col("sum_wx") - common * pl.col("sum_w"))
    common_curve = Curve.of(rows.with_columns(code=pl.int_range(pl.len())), rows.height)
    influence = pl.Series("residual", common_curve.influence_at(metric.quantile) * rows.height)
    return rows.select("group", "code", weight=pl.lit(1.0)).with_columns(influence)


def equality(found: pl.DataFrame) -> float | None:
    """Return the p-value that all groups share one value; None with fewer than two groups or without differences.

    ANOVA-type statistic of Brunner, Dette & Munk 1997 with Box's degrees of freedom, its covariance from sums by unit:
    unlike a Wald test it keeps its level with many small groups. No unit counts for most of a group (`capped`).

    Args:
        found: group, code (number of the unit), weight, residual (weighted, from the common value).
    """
    sums = found.group_by("group", "code").agg(pl.col("weight", "residual").sum()).sort("group", "code")
    group, code = sums.select(pl.col("group", "code").rank("dense").cast(pl.Int64) - 1).to_numpy().T
    weight, residual = sums["weight"].to_numpy(), sums["residual"].to_numpy()
    factor = caps(weight, group)
    counted = factor * weight
    if not counted.sum() > 0:
        return None
    moved = factor * residual - (factor @ residual) / counted.sum() * counted  # from the common value as capped
    matrix = np.zeros((int(group.max()) + 1, int(code.max()) + 1))
    matrix[group, code] = moved
    return anova_type(matrix, np.bincount(group, counted).astype(np.float64))


def curves_apart(waits: pl.DataFrame) -> float | None:
    """Return the p-value of the log-rank test of waits; groups none of which any end was expected in are left out.

    Args:
        waits: Row frame; of one unit's waits in a group no more count than in `equality`.
    """
    rows = coded(waits)
    number = pl.col("group").rank("dense").cast(pl.Int64) - 1
    cells = rows.group_by("group", "code").agg(waited=pl.len().cast(pl.Float64)).with_columns(number=number)
    weight = pl.Series("weight", caps(cells["waited"].to_numpy(), cells["number"].to_numpy()))
    capped = rows.join(cells.with_columns(weight), on=["group", "code"], how="left", maintain_order="left")
    parts, expected = log_rank(capped)
    return anova_type(parts[expected > 0], expected[expected > 0])


def either(*p_values: float | None) -> float | None:
    """Return one p-value for several tests of one question: the smallest, times their number (Bonferroni)."""
    known = [p_value for p_value in p_values if p_value is not None]
    return min(1.0, len(known) * min(known)) if known else None


def anova_type(matrix: Array, weight: Array) -> float | None:
    """Return the p-value that the sums of all groups are 0, given what each unit adds to each (groups × units)."""
    from scipy.special import chdtrc

    groups, units = matrix.shape
    if groups < 2 or units < 2 or not (weight > 0).all():
        return None
    centred = matrix - np.outer(weight / weight.sum(), matrix.sum(axis=0))
    scaled = centred / np.sqrt(weight)[:, None]
    covariance = scaled @ scaled.T * units / (units - 1)
    trace = float(np.trace(covariance))
    if trace <= 0:
        return None
    free = trace * trace / float(np.square(covariance).sum())
    return float(chdtrc(free, free * float((matrix.sum(axis=1) ** 2 / weight).sum()) / trace))
