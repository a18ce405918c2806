"""Ticket columns: what events fill, the clocks from creation, the customer's next ticket, when requests arrive."""

from datetime import datetime, time, timedelta

import polars as pl

from cxlib.clock import business_minutes, day_kinds
from cxlib.derive.nearest import with_nearest
from cxlib.derive.promises import with_state_when_due
from cxlib.derive.replies import ticket_facts
from cxlib.derive.status import OVER, assignment_facts, states, status_facts, waits
from cxlib.derive.waiting import minutes_between, with_clock
from cxlib.settings import Settings

GONE = ("deleted", "merged", "spam")
_CLOSED = {"working": "off hours", "weekend": "weekend", "holiday": "holiday"}


def derive_tickets(
    given: pl.DataFrame,
    spoken: pl.DataFrame,
    changed: pl.DataFrame,
    changes: pl.LazyFrame,
    *,
    settings: Settings,
    extracted_at: datetime,
) -> pl.DataFrame:
    """Return the tickets with their empty given columns filled from events and all derived columns but local days.

    Messages come as `conversation` orders them, status changes as `history` does. One row a given row, in the same
    order, and two working columns: `over` (nothing more will come: solved, closed, deleted, merged, spam, missed) and
    `over_at` (since when; null where nothing says so).
    """
    facts = (ticket_facts(spoken), status_facts(changed), assignment_facts(changes))
    tickets = given
    for fact in facts:
        tickets = _filled(tickets, fact)
    solved = pl.col("first_solved_at"), pl.col("over_at")
    tickets = _with_end(tickets).with_columns(first_solved_at=pl.coalesce("first_solved_at", "solved_at"))
    for name, end, gone, known in (
        ("take_up", "taken_at", pl.min_horizontal(*solved), False),
        ("first_reply", "first_replied_at", pl.min_horizontal(*solved), len(spoken) > 0),
        ("resolution", "solved_at", solved[1], tickets["status"].count() > 0),
    ):
        if known or tickets[end].count():  # else the source does not know this end at all: no clock, not an endless one
            tickets = with_clock(
                tickets, name, start="created_at", end=end, gone=gone, settings=settings, extracted_at=extracted_at
            )
    spent = waits(states(changed, tickets, extracted_at), changed, tickets, settings)
    tickets = tickets.join(spent, on="ticket_id", how="left", maintain_order="left")
    status, live = pl.col("status"), pl.col("channel").is_in(["phone", "chat"])
    per_reply = pl.lit(settings.minutes_per_reply, dtype=pl.Float64)
    estimated = pl.when(pl.col("handle_minutes").is_null()).then(pl.col("agent_replies") * per_reply)
    tickets = with_state_when_due(tickets, changed, settings, extracted_at)
    return _with_next_ticket(tickets).with_columns(
        _second_reply().alias("second_reply_minutes"),
        minutes_between("first_solved_at", "reopened_at").alias("reopened_after_minutes"),
        estimated.alias("estimated_handle_minutes"),
        pl.when(live & (status == "missed").any()).then(status == "missed").alias("missed"),
        _bracket("handoffs", "handoff"),
        _bracket("customer_messages", "contact"),
        arrivals(tickets["created_at"], tickets["schedule"], settings),
    )


def _second_reply() -> pl.Expr:
    early = pl.col("second_replied_at") < pl.col("first_solved_at")
    minutes = pl.when(early).then(0.0).otherwise(minutes_between("first_solved_at", "second_replied_at"))
    return pl.when(pl.col("agent_replies") >= 2).then(minutes)


def _bracket(count: str, noun: str) -> pl.Expr:
    """Return a count in words, "0 handoffs" to "3 or more handoffs", which sort as they count."""
    number = pl.col(count)
    words = pl.format(f"{{}} {noun}{{}}", number, pl.when(number == 1).then(pl.lit("")).otherwise(pl.lit("s")))
    return pl.when(number >= 3).then(pl.lit(f"3 or more {noun}s")).otherwise(words).alias(f"{noun}s_bracket")


def _filled(tickets: pl.DataFrame, facts: pl.DataFrame) -> pl.DataFrame:
    """Add the facts of each ticket: a new column as it is, an existing one only where the source left it empty."""
    both = [name for name in facts.columns if name in tickets.columns and name != "ticket_id"]
    joined = tickets.join(facts, on="ticket_id", how="left", suffix=" told", maintain_order="left")
    return joined.with_columns(pl.coalesce(name, f"{name} told").alias(name) for name in both).drop(
        f"{name} told" for name in both
    )


def _with_end(tickets: pl.DataFrame) -> pl.DataFrame:
    """Add `over` and complete `over_at`: the status decides, else a known end; events before the ticket's columns."""
    ended = pl.coalesce("solved_at", "closed_at")
    over = pl.coalesce(pl.col("status").is_in(OVER), ended.is_not_null())
    return tickets.with_columns(over.alias("over")).with_columns(
        pl.when("over").then(pl.coalesce("over_at", ended)).alias("over_at")
    )


def _with_next_ticket(tickets: pl.DataFrame) -> pl.DataFrame:
    """Add the minutes from the first solve to the same customer's next ticket, of any and of the same category.

    Deleted, merged and spam tickets are no next ticket; null where none came (yet).
    """
    real = tickets.filter(~pl.col("status").is_in(GONE).fill_null(False))
    solved, rows = pl.col("first_solved_at"), tickets
    sound = pl.when(solved >= pl.col("created_at")).then(solved)
    for name, by in (("next_ticket", ["customer_id"]), ("next_same_category", ["customer_id", "category"])):
        nexts = real.select(*by, _at="created_at", _next="created_at")
        after = {"strategy": "forward", "allow_exact_matches": False}
        rows = with_nearest(rows.with_columns(_solved=sound), nexts, "_solved", "_at", by, **after)
        rows = rows.with_columns(minutes_between("_solved", "_next").alias(f"{name}_minutes")).drop("_next", "_solved")
    return rows


def arrivals(created: pl.Series, schedule: pl.Series, settings: Settings) -> pl.Series:
    """Return the column `arrival`: "opening hours", "off hours" (of a working day), "weekend" or "holiday".

    An instant is inside opening hours when the next microsecond is open time. Where all requests are dated midnight the
    source knows the day only, and every arrival is null, as it is under a schedule without opening hours. Names of
    schedules may be null, for the default one.
    """
    names = schedule.cast(pl.String).fill_null(settings.default_schedule)
    inside = business_minutes(created, created + timedelta(microseconds=1), names, settings) > 0
    told = created.dt.convert_time_zone(settings.timezone).dt.time()
    rows = pl.DataFrame({"created": created, "name": names, "inside": inside}).with_row_index()
    parts = [pl.DataFrame(schema={"index": pl.UInt32, "arrival": pl.String})]
    for (name,), part in rows.filter(pl.lit(bool((told != time()).any()))).partition_by("name", as_dict=True).items():
        plan = settings.schedules[str(name)]
        if not plan.is_known:
            continue
        day = part["created"].dt.convert_time_zone(plan.timezone or settings.timezone).dt.date()
        known = part.with_columns(day.alias("day")).drop_nulls("day")
        kinds = day_kinds(known["day"], plan).replace_strict(_CLOSED, return_dtype=pl.String)
        when = pl.when("inside").then(pl.lit("opening hours")).otherwise(kinds)
        parts.append(known.select("index", when.alias("arrival")))
    return rows.join(pl.concat(parts), on="index", how="left", maintain_order="left")["arrival"]
