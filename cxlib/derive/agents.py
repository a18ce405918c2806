"""Each agent's share of each ticket, month by month."""

from __future__ import annotations

import polars as pl

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
