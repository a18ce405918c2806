"""Agents month by month: their share of each ticket, and how long they were employed."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from cxlib.schema import INSTANT
from cxlib.settings import Settings


def agent_tickets(spoken: pl.DataFrame, tickets: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Return the table `agent_tickets`: one row an agent, ticket and local month with a message or note by the agent.

    Minutes are those recorded on the agent's messages; else the ticket's, shared out by the number of agents' messages;
    else replies × `minutes_per_reply`. Messages of an unknown agent belong to nobody.
    """
    month = pl.col("sent_at").dt.convert_time_zone(settings.timezone).dt.date().dt.month_start()
    work, wrote = pl.col("handle_minutes"), pl.len().over("ticket_id")
    by_agent = spoken.filter(pl.col("author") == "agent").with_columns(month.alias("month_day"), wrote.alias("of"))
    about = tickets.unique("ticket_id", keep="first").select("ticket_id", pl.col("handle_minutes").alias("whole"))
    keys = ["agent_id", "ticket_id", "month_day"]
    shares = (
        by_agent.rename({"author_id": "agent_id"})
        .filter(pl.col("agent_id").is_not_null())
        .group_by(keys)
        .agg(
            pl.col("is_reply").sum().cast(pl.Int64).alias("replies"),
            pl.when(work.count() > 0).then(work.sum()).alias("recorded"),
            (pl.len() / pl.col("of").first()).alias("share"),
        )
        .join(about, on="ticket_id", how="left")
    )
    estimated = pl.col("replies") * settings.minutes_per_reply
    minutes = pl.coalesce("recorded", pl.col("whole") * pl.col("share"), estimated)
    number = pl.format("{}/{}/{}", "agent_id", "ticket_id", pl.col("month_day").dt.strftime("%Y-%m"))
    return shares.with_columns(minutes.alias("minutes"), number.alias("agent_ticket_id")).sort(keys)


def agent_months(agents: pl.DataFrame, timezone: str, end: datetime) -> pl.DataFrame:
    """Return the table `agent_months`, without local days, up to the end of the data.

    What is left of a month after the end of the data does not count as employed. Agents of whom nobody knows when they
    were hired have no months.
    """
    hired, left = pl.col("hired_at"), pl.min_horizontal("left_at", pl.lit(end).cast(INSTANT))
    first, last = (at.dt.convert_time_zone(timezone).dt.date().dt.month_start() for at in (hired, left))
    months = (
        agents.unique("agent_id", keep="first").filter(hired <= left)
        .with_columns(left.alias("until"), month=pl.date_ranges(first, last, "1mo")).explode("month")
        .with_columns(month_at=begins("month", "0mo", timezone), ends=begins("month", "1mo", timezone))
        .sort("agent_id", "month")
    )  # fmt: skip
    employed = pl.min_horizontal("until", "ends") - pl.max_horizontal("hired_at", "month_at")
    share = employed / (pl.col("ends") - pl.col("month_at"))
    number = pl.format("{}/{}", "agent_id", pl.col("month").dt.strftime("%Y-%m"))
    left_now = (pl.col("left_at") <= end).fill_null(False) & (pl.col("left_at") < pl.col("ends"))
    tenure = share.cum_sum().over("agent_id") - share
    rows = months.with_columns(agent_month_id=number, employed_share=share, left=left_now, tenure_months=tenure)
    return rows.filter((pl.col("employed_share") > 0) | pl.col("left"))  # else the data end as the month begins


def begins(day: str, later: str, timezone: str) -> pl.Expr:
    """Return the first instant of a local day (or of one `later`); where the clocks skip its midnight, one o'clock."""
    midnight = pl.col(day).dt.offset_by(later).cast(pl.Datetime("us"))
    hours = [
        at.dt.replace_time_zone(timezone, ambiguous="earliest", non_existent="null")
        for at in (midnight, midnight.dt.offset_by("1h"))
    ]
    return pl.coalesce(hours).dt.convert_time_zone("UTC")
