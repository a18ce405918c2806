"""Workflows: how often they are used, and how much of the work they carry."""

from __future__ import annotations

import narwhals as nw

from cxlib.metrics.predicates import by_customer, is_gone
from cxlib.metrics.registry import metric
from cxlib.tables.columns import NO_WORKFLOW


def _solved() -> nw.Expr:
    return by_customer() & ~is_gone()


@metric(title="Workflow uses", table="workflow_runs", anchor="ran", unit="day", kind="count", measured_in="uses",
        better="neither", needs=("kind",))  # fmt: skip
def workflow_uses() -> nw.Expr:
    """Number of times saved replies, macros, automations, automatic answers, suggestions, triggers or SLA policies ran.

    Every run counts, on whatever ticket, also several of one workflow on one ticket.
    """
    return nw.when(~nw.col("kind").is_null()).then(1.0)


@metric(title="Solved with a workflow", table="tickets", anchor="solved", kind="share", better="neither",
        needs=("workflow_kinds",))  # fmt: skip
def workflow_share() -> nw.Expr:
    """Share of solved tickets of customers on which a workflow ran before they were solved, SLA policies apart."""
    return nw.when(_solved() & ~nw.col("workflow_kinds").is_null()).then(nw.col("workflow_kinds") != NO_WORKFLOW)


@metric(title="Automation rate", table="tickets", anchor="solved", kind="share", better="neither",
        needs=("auto_answered", "first_replied_at"))  # fmt: skip
def automation_rate() -> nw.Expr:
    """Share of solved tickets of customers that an automatic answer settled: sent before the solve, no human reply."""
    unaided = nw.col("auto_answered") & nw.col("first_replied_at").is_null()
    return nw.when(_solved() & ~nw.col("auto_answered").is_null()).then(unaided)
