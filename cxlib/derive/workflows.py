"""Workflows ticket by ticket."""

from __future__ import annotations

import polars as pl


def ticket_workflows(runs: pl.LazyFrame) -> pl.LazyFrame:
    """Return the table `ticket_workflows`, without local days; runs that touched no ticket belong to none."""
    keys = ["ticket_id", "kind", "name"]
    number = pl.concat_str(pl.col(keys).fill_null(""), separator="/")
    return (
        runs.filter(pl.col("ticket_id").is_not_null() & pl.col("ran_at").is_not_null())
        .group_by(keys)
        .agg(
            pl.len().cast(pl.Int64).alias("runs"),
            pl.col("ran_at").min(),
            pl.col("agent_id").is_not_null().any().alias("by_agent"),
        )
        .with_columns(number.alias("ticket_workflow_id"))
        .sort(keys)
    )
