"""What workflows reach: the share of solved tickets on which each ran before the solve."""

from __future__ import annotations

import polars as pl

from cxlib.estimates.context import result_context, unanswerable
from cxlib.estimates.drilldown import Listed, row_list, with_rows
from cxlib.estimates.estimate_table import EstimateTable, estimates
from cxlib.metrics import Query
from cxlib.metrics.rows import ADDS, counted_rows
from cxlib.periods import month_index
from cxlib.questions.workflows.outcomes import MONTH, NONE, workflow_runs
from cxlib.results.types import POINT, Breakdown, Estimate, NotKnown
from cxlib.stats.apart import UNTESTED
from cxlib.tables.schema import DIMENSIONS


@row_list(
    "Solved tickets, and what ran on each before the solve",
    "The figure is the sum of what the rows add: each 100 ÷ the solved tickets of its month. A ticket has a row for "
    "each that ran on it, and one that adds nothing where none did.",
    sums=(ADDS,), by=("month", "group"),
)  # fmt: skip
def _workflow_reach(query: Query, by: str = "workflow_kind") -> Listed:
    tickets, touched = _reached(query, by)
    rows = tickets.join(touched.drop("unit"), on=["period", "ticket_id"], how="left")
    share = pl.when(pl.col("group").is_not_null()).then(100 / pl.col("ticket_id").n_unique().over("period"))
    rows = rows.select(
        "ticket_id",
        "customer_id",
        MONTH,
        pl.col("group").fill_null(NONE),
        share.fill_null(0.0).alias(ADDS),
        "solved_at",
    )
    rows = rows.sort("month", "group", "ticket_id", descending=[True, False, False])
    months = " ".join(rows["month"].unique(maintain_order=True))
    return Listed(rows, months, {ADDS: query.metric("workflow_share").measured_in}, f"by {DIMENSIONS[by].title}")


@with_rows(_workflow_reach)
def workflow_reach(query: Query, by: str = "workflow_kind") -> Breakdown | NotKnown:
    """Return the share of solved tickets on which each kind of workflow, or each workflow, ran before the solve.

    A ticket may belong to several: shares do not add up, and groups are not tested against each other.

    Args:
        query: What is asked about: data, month, filters.
        by: "workflow_kind" or "workflow".

    Raises:
        UsageError: No such dimension of the query's filters.
    """
    metric = query.metric("workflow_share")
    if reason := unanswerable(metric, query):
        return reason
    tickets, each = _reached(query, by)
    anything = tickets.filter(pl.col("wx") > 0).select("period", pl.lit("").alias("group"), "ticket_id", "unit")
    touched = pl.concat([each, anything])
    own = tickets.group_by("period", "unit").agg(n=pl.col("n").sum())
    whole = own.group_by("period").agg(pl.col("n").sum(), units=pl.len(), sum_ww=(pl.col("n") ** 2).sum())
    x, cell = pl.col("sum_wx"), ["period", "group"]
    by_unit = touched.group_by(*cell, "unit").agg(sum_wx=pl.len()).join(own, on=["period", "unit"])
    sums = by_unit.group_by(cell).agg(
        x.sum(), sum_wxx=x.sum(), sum_wxwx=(x**2).sum(), sum_wwx=(x * pl.col("n")).sum()
    )  # fmt: skip
    points = EstimateTable.of_sums(metric, sums.join(whole, on="period").with_columns(sum_w="n")).points()
    here, before = (points.filter(pl.col("period") == month_index(each)) for each in (query.month, query.baseline))
    joined = here.join(before.select("group", before="value"), on="group", how="left").sort("value", descending=True)
    rows = joined.filter(pl.col("group") != "").with_columns(label="group")
    rows = rows.select("group", "label", *POINT, "before", *UNTESTED)
    overall = estimates(joined.filter(pl.col("group") == "")) or [Estimate(0, 0, None, None, None, None)]
    title = DIMENSIONS[by].title
    return Breakdown(metric, result_context(metric, query), by, title, query.baseline, rows, overall[0], None)


def _reached(query: Query, by: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the solved tickets of both months, and period, group, ticket_id, unit of what ran on them before."""
    columns = ("period", "ticket_id", "customer_id", "unit", "n", "wx", "solved_at")
    tickets = counted_rows(query.metric("workflow_share"), query, sorted({query.month, query.baseline}), *columns)
    runs = workflow_runs(query, pl.lit(by == "workflow")).join(tickets, on="ticket_id")
    runs = runs.filter(pl.col("ran_at") <= pl.col("solved_at"), pl.col("kind") != "sla")
    return tickets, runs.select("period", "group", "ticket_id", "unit").unique()
