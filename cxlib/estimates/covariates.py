"""Customers one by one: their own figures, and what was known of them before an outcome, as columns to allow for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import polars as pl

from cxlib.metrics import Metric, Query, unit_frame
from cxlib.stats.intervals import Array

LOOK_BACK = timedelta(days=365)
FEWEST = 10  # rows of a class of importance; rarer ones are as the most frequent
UNTOLD = 0.05  # share without joined_at up to which they count as of mean tenure


def by_customer(metric: Metric, query: Query, months: Sequence[str]) -> pl.DataFrame:
    """Return unit (customer) and value: the total of a count, else the mean; rows without a customer are left out.

    Computed units, to ten digits: the last bits depend on the order of a sum and would part equal ranks.
    """
    return _valued(metric, unit_frame(replace(metric, unit="customer_id"), query, months))


def by_customer_and_month(metric: Metric, query: Query, months: Sequence[str]) -> dict[str, pl.DataFrame]:
    """Return what `by_customer` tells of each of these months."""
    rows = unit_frame(replace(metric, unit="customer_id"), query, months)
    return {month: _valued(metric, rows.filter(pl.col("period") == month)) for month in months}


def _valued(metric: Metric, rows: pl.DataFrame) -> pl.DataFrame:
    sums = rows.filter(~pl.col("unit").str.starts_with("row ")).group_by("unit").agg(pl.col("sum_w", "sum_wx").sum())
    value = pl.col("sum_wx") if metric.kind == "count" else pl.col("sum_wx") / pl.col("sum_w")
    return sums.select("unit", value=value.round_sig_figs(10)).filter(pl.col("value").is_finite()).sort("unit")


def with_background(rows: pl.DataFrame, query: Query) -> pl.DataFrame:
    """Add what was known of each `unit` (customer) at `at`, sorted by both.

    joined_at, importance (where the data say them), tickets and spent in the 365 days before.
    """
    data = query.data
    if data.has("customers"):
        told = [name for name in ("joined_at", "importance") if name in data.filled("customers")]
        customers = data.scan("customers").select("customer_id", *told).unique("customer_id").collect()
        rows = rows.join(customers, left_on="unit", right_on="customer_id", how="left")
    for name, table, anchor, value in (
        ("tickets", "tickets", "created_at", pl.lit(1.0)),
        ("spent", "orders", "ordered_at", pl.col("net_amount")),
    ):
        mixed = name == "spent" and len(query.currencies) > 1  # amounts are never added across currencies
        if data.has(table) and anchor in data.filled(table) and not mixed:
            rows = rows.with_columns(_year_before(rows, query, table, anchor, value).alias(name))
    return rows.sort("unit", "at")


def customers_listed(rows: pl.DataFrame, *columns: str | pl.Expr) -> pl.DataFrame:
    """Return customers for a list: whose, `group`, these columns, and what was known of them before."""
    known = [name for name in ("joined_at", "importance", "tickets", "spent") if name in rows.columns]
    return rows.select(pl.col("unit").alias("customer_id"), "group", *columns, *known).sort("group", "customer_id")


def _year_before(rows: pl.DataFrame, query: Query, table: str, anchor: str, value: pl.Expr) -> pl.Series:
    """Return the sum of `value` over each unit's rows of a table in the 365 days up to `at`, in the same order."""
    rows_of = query.data.scan(table)
    if table == "orders" and len(query.data.currencies) > 1:
        rows_of = rows_of.filter(pl.col("currency").is_in(query.currencies))
    given = rows_of.select(unit="customer_id", when=anchor, so_far=value.cast(pl.Float64)).drop_nulls()
    summed = given.sort("when").with_columns(pl.col("so_far").cum_sum().over("unit"))
    found = query.data.once(("so far", table, tuple(query.currencies)), summed.collect)
    sums = []
    for back in (timedelta(0), LOOK_BACK):
        asked_at = rows.select("unit", at=pl.col("at") - back).with_row_index("_row").sort("at", "_row")
        joined = asked_at.join_asof(found, left_on="at", right_on="when", by="unit", check_sortedness=False)
        sums.append(joined.sort("_row")["so_far"].fill_null(0.0))
    return sums[0] - sums[1]


def background_of(rows: pl.DataFrame, room: int) -> tuple[list[Array], list[str]]:
    """Return columns of what was known at the answer, standardised, and their names; `room` at most."""
    known: dict[str, list[pl.Series]] = {}
    if "joined_at" in rows.columns and rows["joined_at"].null_count() <= UNTOLD * rows.height:
        tenure = ((rows["at"] - rows["joined_at"]).dt.total_days().clip(0) + 30).cast(pl.Float64).log()
        known["tenure"] = [tenure.fill_null(strategy="mean")]
    if "importance" in rows.columns:
        levels = rows["importance"].fill_null("")
        often = levels.value_counts().filter(pl.col("count") >= FEWEST).sort("count", "importance", descending=True)
        known["importance"] = [(levels == level).cast(pl.Float64) for level in often["importance"].to_list()[1:]]
    if "tickets" in rows.columns:
        known["tickets in the year before"] = [(rows["tickets"] + 1).log()]
    if "spent" in rows.columns:
        known["spending in the year before"] = [(rows["spent"].clip(0) + 1).log()]
    columns: list[Array] = []
    names = []
    for name, group in known.items():
        new = [column.to_numpy() for column in group if (column.std() or 0.0) > 0]  # type: ignore[operator]
        if new and len(columns) + len(new) <= room:
            columns += [(column - column.mean()) / column.std() for column in new]
            names.append(name)
    return columns, names
