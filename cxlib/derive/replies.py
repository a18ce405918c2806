"""Messages in order, which of them are replies, and the table of waits between a question and its reply."""

from datetime import datetime, timedelta

import polars as pl

from cxlib.derive.waiting import with_clock
from cxlib.settings import Settings

# An agent's message later than this after the creation answers a ticket of which the opening text is missing.
OPENS_WITHIN = timedelta(seconds=60)


def conversation(messages: pl.LazyFrame, tickets: pl.DataFrame) -> pl.DataFrame:
    """Return all messages in the order of their ticket, without their text.

    Adds `is_public` (unknown means public), `opener` (who wrote the ticket's first public message;
    not known where an agent did and all messages come later than `OPENS_WITHIN` after the creation) and `is_reply`: a
    public message of a human agent strictly after the ticket's creation, and after its first message (a note too) where
    an agent opened it. Equal instants are ordered by message number.
    """
    told = pl.col("author") != "system"
    opened = pl.coalesce("opened_by", "opener")
    created = pl.coalesce("created_at", "began_at")
    after = pl.when(opened == "agent").then(pl.max_horizontal(created, "began_at")).otherwise(created)
    answers = (pl.col("opener") == "agent") & (pl.col("began_at") - pl.col("created_at") > OPENS_WITHIN)
    number = pl.col("message_id")
    return (
        messages.select(
            "message_id", "ticket_id", "sent_at", "author", "author_id", "channel", "handle_minutes",
            pl.col("is_public").fill_null(True),
        )
        .filter(pl.col("sent_at").is_not_null())
        .sort("ticket_id", "sent_at", number.str.len_chars(), number)
        .with_columns(
            pl.col("author").filter(told & pl.col("is_public")).first().over("ticket_id").alias("opener"),
            pl.col("sent_at").filter(told).first().over("ticket_id").alias("began_at"),
        )
        .join(_known(tickets, "created_at", "opened_by"), on="ticket_id", how="left", maintain_order="left")
        .with_columns(pl.when(~answers.fill_null(False)).then("opener").alias("opener"))
        .with_columns(_by_agent().and_(pl.col("sent_at") > after).fill_null(False).alias("is_reply"))
        .drop("created_at", "opened_by", "began_at")
        .collect()
    )  # fmt: skip


def ticket_facts(spoken: pl.DataFrame) -> pl.DataFrame:
    """Return what the messages say of each ticket: one row a ticket that has messages."""
    answerer = pl.col("author_id").filter(pl.col("is_reply") & pl.col("author_id").is_not_null())
    work = pl.col("handle_minutes")
    return spoken.group_by("ticket_id", maintain_order=True).agg(
        pl.col("opener").first().alias("opened_by"),
        pl.col("sent_at").filter("is_reply").first().alias("first_replied_at"),
        pl.col("sent_at").filter("is_reply").slice(1).first().alias("second_replied_at"),
        pl.col("is_reply").sum().cast(pl.Int64).alias("agent_replies"),
        ((pl.col("author") == "customer") & pl.col("is_public")).sum().cast(pl.Int64).alias("customer_messages"),
        (answerer != answerer.shift()).sum().cast(pl.Int64).alias("handoffs"),
        pl.when(work.count() > 0).then(work.sum()).alias("handle_minutes"),
    )


def replies(spoken: pl.DataFrame, tickets: pl.DataFrame, *, settings: Settings, extracted_at: datetime) -> pl.DataFrame:
    """Return the table `replies`: each customer message that opens a wait, and the next public agent reply.

    A further message of the customer opens no new wait, a bot's or a note neither opens nor ends one.
    """
    public = spoken.filter(_by_agent() | (pl.col("is_public") & (pl.col("author") == "customer"))).with_row_index()
    by_agent = pl.col("author") == "agent"
    answers = public.filter(by_agent).select(
        pl.col("index").alias("answer"), replied_at="sent_at", agent_id="author_id", reply_channel="channel"
    )
    waits = (
        public.with_columns(
            pl.when(by_agent).then("index").backward_fill().over("ticket_id").alias("answer"),
            (by_agent.shift(fill_value=True).over("ticket_id") & ~by_agent).alias("opens"),
        )
        .filter("opens")
        .join(answers, on="answer", how="left", maintain_order="left")
        .rename({"message_id": "reply_id", "sent_at": "asked_at"})
    )
    about = _known(tickets, "customer_id", "schedule", "over", "over_at", pl.col("channel").alias("ticket_channel"))
    waits = waits.join(about.collect(), on="ticket_id", how="left", maintain_order="left").with_columns(
        pl.coalesce("customer_id", "author_id").alias("customer_id"),
        pl.coalesce("reply_channel", "channel", "ticket_channel").alias("channel"),
        pl.col("over").fill_null(False),
    )
    gone = pl.col("over_at")
    return with_clock(
        waits, "reply", start="asked_at", end="replied_at", gone=gone, settings=settings, extracted_at=extracted_at
    )


def _by_agent() -> pl.Expr:
    return (pl.col("author") == "agent") & pl.col("is_public")


def _known(tickets: pl.DataFrame, *columns: str | pl.Expr) -> pl.LazyFrame:
    """Return one row a ticket number, so that a duplicated ticket does not multiply its messages."""
    return tickets.lazy().unique("ticket_id", keep="first", maintain_order=True).select("ticket_id", *columns)
