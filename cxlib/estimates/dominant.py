"""Customers so large that a figure is theirs: who they are, and the figure without them.

The error of a figure is taken from how customers differ. One with two fifths of the rows leaves an interval that more
answers never make narrower, and a test that sees no change of all the others: its own error cannot be known from one.
So the change is judged without such customers and their part is told beside it.
"""

from __future__ import annotations

import polars as pl

from cxlib.estimates.estimate_table import (
    EstimateTable,
    estimate_table_of,
    estimates,
    influences_of,
    influences_of_units,
)
from cxlib.metrics import Metric
from cxlib.metrics.registry import SIGNED
from cxlib.results.types import Without

LARGE = 0.15  # of a month's rows or amount: below a fifth, so that one who usually has a fifth is always seen
FEWEST = 20  # other customers in either month; among fewer each is large


def dominant(metric: Metric, frame: pl.DataFrame, months: list[str]) -> pl.DataFrame:
    """Return unit and its share (0–1) in each of two months, of customers with more than `LARGE` in either.

    No rows where the others are too few, or where units are no customers.

    Args:
        metric: The metric; of money the amount decides, else the weight of the rows.
        frame: Unit frame, of a duration row frame, of these months.
        months: The reported month and the one it is compared with.
    """
    size = pl.len().cast(pl.Float64) if metric.kind == "duration" else pl.col(_size(metric)).abs().sum()
    sized = frame.filter(pl.col("period").is_in(months)).group_by("period", "unit").agg(size=size)
    shares = sized.with_columns(share=pl.col("size") / pl.col("size").sum().over("period"))
    large = shares.filter(pl.col("share") > LARGE)["unit"].unique()
    others = shares.filter(~pl.col("unit").is_in(large.implode())).group_by("period").len()
    if metric.unit != "customer_id" or others.height < len(set(months)) or others["len"].min() < FEWEST:  # type: ignore[operator]
        large = large.clear()
    sides = [pl.col("share").filter(pl.col("period") == month).sum().alias(month) for month in months]
    return shares.filter(pl.col("unit").is_in(large.implode())).group_by("unit").agg(*sides).sort("unit")


def others(metric: Metric, frame: pl.DataFrame, large: pl.DataFrame) -> tuple[EstimateTable, pl.DataFrame]:
    """Return the figures of all customers but the large ones, and each unit's influence on them."""
    kept = frame.filter(~pl.col("unit").is_in(large["unit"].implode()))
    if metric.kind == "duration":
        return estimate_table_of(metric, kept), influences_of(metric, kept)
    return EstimateTable.of_units(metric, kept), influences_of_units(metric, kept)


def without(large: pl.DataFrame, found: EstimateTable, months: list[str]) -> Without:
    """Return what is told of the large customers, and the figures of the others in these months.

    Args:
        large: Result of `dominant`.
        found: Figures of `others`.
        months: The reported month and the one it is compared with.
    """
    now, then = estimates(found.at(pl.DataFrame({"period": months, "group": [""] * len(months)})).points())
    share, share_before = (100 * float(large[month].sum()) for month in months)
    return Without(large.height, share, share_before, now, then)


def _size(metric: Metric) -> str:
    return "sum_wx" if metric.kind == "count" or SIGNED in metric.needs else "sum_w"
