"""Workflows ticket by ticket, and tickets by the workflows that ran on them."""

import polars as pl

from cxlib.tables.columns import NO_WORKFLOW

AUTOMATIC = "auto_reply"


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


def with_workflows(tickets: pl.DataFrame, runs: pl.DataFrame) -> pl.DataFrame:
    """Add which kinds of workflow ran on a ticket up to its last solve, and whether an automatic answer was sent.

    A policy (SLA) watches a ticket and does not work on it; a timer that closes a solved ticket did not help to solve
    it. Where no run is an automatic answer, the source does not record them: not known.
    """
    kind, until = pl.col("kind"), tickets.select("ticket_id", "solved_at").unique("ticket_id")
    ran = runs.join(until, on="ticket_id").filter((pl.col("ran_at") <= pl.col("solved_at")).fill_null(True))
    found = ran.filter(kind != "sla").group_by("ticket_id").agg(
        workflow_kinds=kind.unique().sort().str.join("+"), auto_answered=(kind == AUTOMATIC).any()
    )  # fmt: skip
    recorded = bool((runs["kind"] == AUTOMATIC).any())
    answered = pl.when(recorded).then(pl.col("auto_answered").fill_null(False))
    known = tickets.drop(found.columns[1:], strict=False)
    joined = known.join(found, on="ticket_id", how="left", maintain_order="left")
    return joined.with_columns(pl.col("workflow_kinds").fill_null(NO_WORKFLOW), auto_answered=answered)
