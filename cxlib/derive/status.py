"""Status history: what it says of each ticket, the time in each status, the steps of the backlog."""

from datetime import datetime

import polars as pl

from cxlib.derive.waiting import with_business_minutes
from cxlib.settings import Settings
from cxlib.tables.schema import INSTANT

DONE = ("solved", "closed")
OVER = (*DONE, "deleted", "merged", "spam", "missed")
_WAITS = {"requester_wait": ("new", "open", "hold"), "agent_wait": ("pending",), "on_hold": ("hold",)}


def history(changes: pl.LazyFrame) -> pl.DataFrame:
    """Return each ticket's status changes in order: `step` (0, 1, …), `at`, `before`, `after`, `solving`, `leaving`.

    Solving: solved (or closed at once) by anyone but a timer. Leaving: active again after having been solved so.
    """
    before, after = pl.col("before").is_in(DONE), pl.col("after")
    solving = after.is_in(DONE) & ~before & pl.col("by").ne_missing("timer")
    was_solved = (pl.col("solving").cum_sum().over("ticket_id") > 0) | (pl.col("step") == 0)
    return (
        _in_order(changes, "status")
        .with_columns(pl.col("before").fill_null("new"))
        .with_columns(solving.alias("solving"))
        .with_columns((before & ~after.is_in(OVER) & was_solved).alias("leaving"))
        .collect()
    )


def status_facts(changed: pl.DataFrame) -> pl.DataFrame:
    """Return what the status history says of each ticket: one row a ticket that has one."""
    at, step, after = pl.col("at"), pl.col("step"), pl.col("after")
    since = step > step.filter("leaving").max().fill_null(-1)
    ending = after.is_in(OVER) & ~pl.col("before").is_in(OVER)
    return changed.group_by("ticket_id", maintain_order=True).agg(
        after.last().alias("status"),
        at.filter("solving").first().alias("first_solved_at"),
        at.filter(pl.col("solving") & since).last().alias("solved_at"),
        at.filter((after == "closed") & since).first().alias("closed_at"),
        pl.col("leaving").sum().cast(pl.Int64).alias("reopens"),
        at.filter("leaving").first().alias("reopened_at"),
        pl.when(after.last().is_in(OVER)).then(at.filter(ending).last()).alias("over_at"),
    )


def assignment_facts(changes: pl.LazyFrame) -> pl.DataFrame:
    """Return first assignment to a human and moves between teams: one row a ticket that has changes of any field.

    A first team is no move; where no ticket ever has a change of team, moves are unknown.
    """
    moved = (pl.col("before") != pl.col("after")).sum().cast(pl.Int64)
    teams = _in_order(changes, "team").group_by("ticket_id").agg(moved.alias("team_changes"))
    human = ~pl.col("after").is_in(["", "bot"])
    taken = _in_order(changes, "agent").filter(human).group_by("ticket_id").agg(pl.col("at").min().alias("taken_at"))
    known = pl.col("team_changes").is_not_null().any()
    return (
        changes.select(pl.col("ticket_id").unique(maintain_order=True))
        .join(taken, on="ticket_id", how="left", maintain_order="left")
        .join(teams, on="ticket_id", how="left", maintain_order="left")
        .with_columns(pl.when(known).then(pl.col("team_changes").fill_null(0)))
        .collect()
    )


def states(changed: pl.DataFrame, tickets: pl.DataFrame, extracted_at: datetime) -> pl.DataFrame:
    """Return each ticket's statuses in order: `step`, `at`, `state`, `until` (the next one, else the end of the data).

    Begins at the creation; ends with the ticket's own status where the history stops short of it. A ticket without
    history has at most its beginning and its end, and no rows at all if it is over and nothing says since when; no
    ticket has any where nothing says of any whether it is solved.
    """
    told = tickets.select(pl.col("status", "solved_at", "closed_at").is_not_null().any()).row(0)
    tickets = tickets if any(told) else tickets.clear()
    ends = changed.group_by("ticket_id").agg(
        pl.col("before").first().alias("first"), pl.col("at").last().alias("last_at"), pl.col("step").last()
    )  # fmt: skip
    known = tickets.unique("ticket_id", keep="first", maintain_order=True).join(ends, on="ticket_id", how="left")
    known = known.filter(~pl.col("over") | pl.coalesce("over_at", "last_at").is_not_null())
    active = pl.when(~pl.col("status").is_in(OVER)).then("status")
    begun = known.select(
        "ticket_id", pl.lit(-1, pl.Int64).alias("step"), pl.col("created_at").alias("at"),
        pl.coalesce("first", active, pl.lit("new")).alias("state"),
    )  # fmt: skip
    over = known.filter("over").select(
        "ticket_id", (pl.col("step") + 1).fill_null(0).alias("step"),
        pl.max_horizontal("over_at", "last_at").alias("at"), pl.col("status").fill_null("closed").alias("state"),
    )  # fmt: skip
    of_known = changed.join(known, on="ticket_id", how="semi")
    between = of_known.select("ticket_id", "step", "at", pl.col("after").alias("state"))
    until = pl.col("at").shift(-1).over("ticket_id").fill_null(pl.lit(extracted_at).cast(INSTANT))
    return (
        pl.concat([begun, between, over])
        .sort("ticket_id", "step")
        .with_columns(pl.col("at").cum_max().over("ticket_id"))
        .with_columns(until.alias("until"))
    )


def waits(laid: pl.DataFrame, changed: pl.DataFrame, tickets: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Return minutes and open minutes in each group of statuses, one row a ticket whose history is known.

    Known are tickets with a status change and, where there are any, active ones that had none yet. `wait_ended`: the
    ticket is in none of the active statuses any more.
    """
    waiting = ~pl.col("status").is_in(OVER) & pl.lit(len(changed) > 0)
    known = tickets.filter(pl.col("ticket_id").is_in(changed["ticket_id"].implode()) | waiting)
    spans = laid.join(known.select("ticket_id", "schedule").unique("ticket_id"), on="ticket_id", maintain_order="left")
    spans = with_business_minutes(spans, "spent_minutes", "at", "until", settings)
    told = pl.col("spent_minutes").count()  # without opening hours the open minutes are unknown, not 0
    sums = [
        pl.when(pl.col(f"spent{twin}_minutes").count() == told)
        .then(pl.col(f"spent{twin}_minutes").filter(pl.col("state").is_in(group)).sum())
        .alias(f"{name}{twin}_minutes")
        for name, group in _WAITS.items()
        for twin in ("", "_business")
    ]
    ended = pl.col("state").last().is_in(OVER).alias("wait_ended")
    return spans.group_by("ticket_id", maintain_order=True).agg(*sums, ended)


def status_moves(laid: pl.DataFrame) -> pl.DataFrame:
    """Return the table `status_moves`: +1 where a ticket becomes unsolved, −1 where it stops being so."""
    active = (~pl.col("state").is_in(OVER)).cast(pl.Int64)
    return (
        laid.filter(pl.col("at").is_not_null())
        .with_columns((active - active.shift(fill_value=0).over("ticket_id")).alias("move"))
        .filter(pl.col("move") != 0)
        .with_columns(pl.int_range(1, pl.len() + 1).over("ticket_id").alias("number"))
        .select(
            pl.format("{}/{}", "ticket_id", "number").alias("move_id"),
            "ticket_id", pl.col("at").alias("moved_at"), pl.col("move").alias("step"),
        )
    )  # fmt: skip


def _in_order(changes: pl.LazyFrame, field: str) -> pl.LazyFrame:
    """Return the changes of one field, each with the value `before` it: its own, else that of the change before."""
    number = pl.col("change_id")
    return (
        changes.filter((pl.col("field") == field) & pl.col("new").is_not_null() & pl.col("changed_at").is_not_null())
        .sort("ticket_id", "changed_at", number.str.len_chars(), number)
        .select(
            "ticket_id", "by", at="changed_at", after="new",
            before=pl.coalesce("old", pl.col("new").shift().over("ticket_id")),
            step=pl.int_range(pl.len()).over("ticket_id"),
        )
    )  # fmt: skip
