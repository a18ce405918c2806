"""Agents: how many conversations, solved tickets and customers come to each, and how many leave."""

from __future__ import annotations

import narwhals as nw

from cxlib.metrics.registry import SOLVED, Ratio, metric


def _per_day(column: str) -> Ratio:
    worked = nw.when((nw.col("days_worked") > 0).fill_null(False))
    return Ratio(worked.then(nw.col(column)), nw.col("days_worked"))


def _leavers(months_of_a_year: float) -> Ratio:
    employed = nw.col("employed_share")
    left = nw.when(nw.col("left")).then(1.0).otherwise(0.0)
    return Ratio(nw.when(~employed.is_null() & ~nw.col("left").is_null()).then(left), employed / months_of_a_year)


@metric(title="Conversations per agent", table="agent_months", anchor="month", unit="agent_id", kind="mean",
        measured_in="conversations", better="neither", needs=("conversations",), history=SOLVED,
        paced_by="ticket_volume", of_days="working")  # fmt: skip
def conversations_per_agent() -> Ratio:
    """Tickets with a public reply by the agent in the month, per agent; who was employed half the month counts half.

    A ticket that two agents answered is a conversation of each. Agents who answered nobody are left out.
    """
    counted = nw.when((nw.col("conversations") > 0).fill_null(False)).then(nw.col("conversations"))
    return Ratio(counted, nw.when(nw.col("employed_share") > 0).then(nw.col("employed_share")).otherwise(1.0))


@metric(title="Solved per agent", table="agent_months", anchor="month", unit="agent_id", kind="mean",
        measured_in="tickets", better="neither", needs=("solved",), revised="solve", history=SOLVED,
        paced_by="ticket_volume", of_days="working")  # fmt: skip
def solved_per_agent() -> Ratio:
    """Tickets last solved in the month by their last assignee, per agent; who was employed half the month counts half.

    It takes no messages: a ticket's assignee and the time it was solved are enough. Who solved none is left out.
    """
    counted = nw.when((nw.col("solved") > 0).fill_null(False)).then(nw.col("solved"))
    return Ratio(counted, nw.when(nw.col("employed_share") > 0).then(nw.col("employed_share")).otherwise(1.0))


@metric(title="Solved per agent and day", table="agent_months", anchor="month", unit="agent_id", kind="mean",
        measured_in="tickets", better="neither", needs=("solved", "days_worked"), revised="solve",
        history=SOLVED, paced_by="ticket_volume")  # fmt: skip
def solved_per_agent_day() -> Ratio:
    """Tickets last solved in the month by their last assignee, per local day with a message or change by the agent."""
    return _per_day("solved")


@metric(title="Customers served per agent and day", table="agent_months", anchor="month", unit="agent_id", kind="mean",
        measured_in="customers", better="neither", needs=("customer_days", "days_worked"), history=SOLVED,
        paced_by="ticket_volume")  # fmt: skip
def customers_served() -> Ratio:
    """Customers to whom the agent replied in public, each once a day, per day worked."""
    return _per_day("customer_days")


@metric(title="Agent turnover a month", table="agent_months", anchor="month", unit="agent_id", kind="rate",
        better="lower", needs=("employed_share", "left"))  # fmt: skip
def agent_turnover() -> Ratio:
    """Agents who left in the month, divided by the mean number employed in it."""
    return _leavers(1.0)


@metric(title="Agent turnover a year", table="agent_months", anchor="month", unit="agent_id", kind="rate",
        measured_in="% a year", better="lower", needs=("employed_share", "left"))  # fmt: skip
def agent_turnover_annualised() -> Ratio:
    """Agents who left in the month, divided by the mean number employed in it, times twelve."""
    return _leavers(12.0)
