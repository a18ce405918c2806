"""Agents month by month: their share of each ticket, and how long they were employed."""

from datetime import datetime

import polars as pl

from cxlib.derive.tickets import GONE
from cxlib.settings import Settings
from cxlib.tables.columns import TENURE_BRACKETS
from cxlib.tables.schema import INSTANT

TENURE = (30.0, 60.0, 90.0, 365.0)  # days


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
    estimated = pl.col("replies") * pl.lit(settings.minutes_per_reply, dtype=pl.Float64)
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
    told = bool(agents["left_at"].count())  # where nobody's leaving is known, nobody's staying is
    tenure = share.cum_sum().over("agent_id") - share
    rows = months.with_columns(
        agent_month_id=number, employed_share=share, tenure_months=tenure, left=pl.when(told).then(left_now)
    )
    # Without either the data end as the month begins.
    return rows.filter((pl.col("employed_share") > 0) | pl.col("left").fill_null(False))


def agent_work(
    agents: pl.DataFrame,
    spoken: pl.DataFrame,
    changed: pl.DataFrame,
    tickets: pl.DataFrame,
    *,
    timezone: str,
    end: datetime,
) -> dict[str, pl.DataFrame]:
    """Return column of `agent_months` → agent_id, month and how many; only what the data can know.

    Changes of any field count, but for those by nobody listed, writing or assigned. Tickets deleted, merged or spam are
    solved by nobody.
    """

    def dated(rows: pl.DataFrame, agent: str, at: str) -> pl.DataFrame:
        day = pl.col(at).dt.convert_time_zone(timezone).dt.date()
        return rows.filter(pl.col(at) <= end).with_columns(agent_id=agent, day=day, month=day.dt.month_start())

    about = tickets.unique("ticket_id", keep="first").select(
        "ticket_id", "customer_id", "agent_id", "solved_at", "status"
    )
    wrote = dated(spoken.filter(pl.col("author") == "agent"), "author_id", "sent_at")
    solved = dated(about.filter(~pl.col("status").is_in(GONE).fill_null(False)), "agent_id", "solved_at")
    known = pl.concat([agents["agent_id"], wrote["agent_id"], about["agent_id"]]).unique().drop_nulls()
    acted = dated(changed.filter(pl.col("by").is_in(known.implode())), "by", "changed_at")
    replied = wrote.filter("is_reply").join(about.drop("agent_id"), on="ticket_id", how="left")
    who = pl.coalesce("customer_id", pl.format("ticket {}", "ticket_id"))
    days = pl.concat([rows.select("agent_id", "month", "day") for rows in (wrote, acted)])
    distinct = {"solved": solved.select("agent_id", "month", "ticket_id"), "days_worked": days}
    if len(spoken):
        distinct["conversations"] = replied.select("agent_id", "month", "ticket_id")
        distinct["customer_days"] = replied.select("agent_id", "month", "day", who)
    count = pl.len().cast(pl.Int64)
    return {
        name: rows.drop_nulls("agent_id").unique().group_by("agent_id", "month").agg(count.alias(name))
        for name, rows in distinct.items()
        if len(rows)
    }


def with_work(months: pl.DataFrame, work: dict[str, pl.DataFrame], timezone: str) -> pl.DataFrame:
    """Return `agent_months` with the columns of `agent_work`, and rows of months worked without being employed."""
    keys = ["agent_id", "month"]
    every = pl.concat([months.select(keys), *(part.select(keys) for part in work.values())]).unique()
    found = every.join(months, on=keys, how="left")
    for name, part in work.items():
        found = found.join(part, on=keys, how="left").with_columns(pl.col(name).fill_null(0))
    number = pl.format("{}/{}", "agent_id", pl.col("month").dt.strftime("%Y-%m"))
    begun = pl.coalesce("month_at", begins("month", "0mo", timezone))
    return found.with_columns(agent_month_id=number, month_at=begun, month_day="month").sort(keys)


def with_tenure(rows: pl.DataFrame, agents: pl.DataFrame, *at: str) -> pl.DataFrame:
    """Return rows with `agent_tenure`: how long their agent had been there at the first of the instants known.

    Null where nobody knows.
    """
    hired = agents.filter(pl.col("hired_at").is_not_null()).unique("agent_id", keep="first")
    days = (pl.coalesce(at) - pl.col("hired_at")).dt.total_hours() / 24
    reached = pl.sum_horizontal((days >= least).cast(pl.Int64) for least in TENURE)
    bracket = pl.when(days >= 0).then(reached.replace_strict(dict(enumerate(TENURE_BRACKETS))))
    joined = rows.join(hired.select("agent_id", "hired_at"), on="agent_id", how="left", maintain_order="left")
    return joined.with_columns(agent_tenure=bracket).drop("hired_at")


def begins(day: str, later: str, timezone: str) -> pl.Expr:
    """Return the first instant of a local day (or of one `later`); where the clocks skip its midnight, one o'clock."""
    midnight = pl.col(day).dt.offset_by(later).cast(pl.Datetime("us"))
    hours = [
        at.dt.replace_time_zone(timezone, ambiguous="earliest", non_existent="null")
        for at in (midnight, midnight.dt.offset_by("1h"))
    ]
    return pl.coalesce(hours).dt.convert_time_zone("UTC")
