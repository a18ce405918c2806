"""An event log laid as tickets and changes: which activity means taken, solved, reopened, closed by a timer."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from cxlib.sources.mapped.mapping import EVENTS, ROW, EventSpec

_AT, _TICKET, _AGENT = pl.col("happened_at"), "ticket_id", pl.col("agent_id")
_STATUS = {"closed_by_timer": "closed", "closed": "closed", "solved": "solved", "reopened": "open", "taken": "open"}
_ENDED = ("closed", "deleted", "merged", "spam", "missed")
_SOLVED = ("solved", *_ENDED)
# Work on a ticket that was closed for good does not open it again; only an activity that means "reopened" does.
_WEAK = ("taken", "pending", "hold")


def lay(events: pl.LazyFrame, spec: EventSpec) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """Return the tickets and the changes (of status and of agent) that an event log tells.

    Without activities that mean "created", the first event of a ticket creates it. A taken ticket's agent changes with
    every event of work (taken, replied, solved); before it is taken it has none, so that solving is not taking.
    An activity without a meaning counts as an event only. Simultaneous events keep the order of the file.
    """
    if "agent_id" not in spec.columns:
        events = events.with_columns(pl.lit(None, dtype=pl.String).alias("agent_id"))
    ordered = _with_status(events.sort(_TICKET, "happened_at", ROW), spec)
    changes = _changes(ordered, spec)
    return _tickets(ordered, changes, spec), changes


def _means(spec: EventSpec, *meanings: str) -> pl.Expr:
    return pl.col("activity").is_in([name for meaning in meanings for name in spec.activities.get(meaning, ())])


def _with_status(ordered: pl.LazyFrame, spec: EventSpec) -> pl.LazyFrame:
    """Add `status` (that the event leads to, null = none), `old` (before it) and `working_agent` to ordered events."""
    leads = {
        meaning: _STATUS.get(meaning, meaning) for meaning in spec.activities if meaning not in ("created", "replied")
    }
    strong, weak = ([meaning for meaning in leads if (meaning in _WEAK) == is_weak] for is_weak in (False, True))
    previous = pl.col("strong").forward_fill().shift(1).over(_TICKET).fill_null("")
    worked = pl.when(~previous.is_in(_ENDED)).then(_first(spec, leads, weak))
    taken = _means(spec, "taken").cum_max().over(_TICKET)
    return (
        ordered.with_columns(strong=_first(spec, leads, strong))
        .with_columns(status=pl.coalesce("strong", worked))
        .with_columns(
            old=pl.col("status").forward_fill().shift(1).over(_TICKET).fill_null("new"),
            working_agent=pl.when(_means(spec, "taken", "replied", "solved")).then(_AGENT),
            taken=taken,
        )
    )


def _first(spec: EventSpec, leads: Mapping[str, str], meanings: list[str]) -> pl.Expr:
    found = [pl.when(_means(spec, meaning)).then(pl.lit(leads[meaning])) for meaning in meanings]
    return pl.coalesce(found) if found else pl.lit(None, dtype=pl.String)


def _created(spec: EventSpec) -> pl.Expr:
    return _AT.filter(_means(spec, "created")).min() if spec.activities.get("created") else _AT.min()


def _changes(ordered: pl.LazyFrame, spec: EventSpec) -> pl.LazyFrame:
    by = pl.when(_means(spec, "closed_by_timer")).then(pl.lit("timer")).otherwise(_AGENT).alias("by")
    made = ordered.group_by(_TICKET).agg(_created(spec).alias("changed_at"), pl.lit(-1, dtype=pl.Int64).alias("place"))
    opened = made.filter(pl.col("changed_at").is_not_null()).with_columns(
        field=pl.lit("status"), old=pl.lit(None, dtype=pl.String), new=pl.lit("new"), by=pl.lit(None, dtype=pl.String)
    )
    # A second solve of a solved ticket is kept: the last one is when the ticket was solved.
    moved = pl.col("status").is_not_null() & ((pl.col("status") != pl.col("old")) | (pl.col("status") == "solved"))
    place = pl.col(ROW).cast(pl.Int64).alias("place")
    at = _AT.alias("changed_at")
    status = ordered.filter(moved).select(
        _TICKET, at, place, pl.lit("status").alias("field"), "old", new="status", by=by
    )
    assigned = ordered.filter(pl.col("taken") & pl.col("working_agent").is_not_null()).with_columns(
        old=pl.col("working_agent").shift(1).over(_TICKET)
    )
    agent = assigned.filter(pl.col("working_agent").ne_missing(pl.col("old"))).select(
        _TICKET, at, place, pl.lit("agent").alias("field"), "old", new="working_agent", by=_AGENT
    )
    columns = (_TICKET, "changed_at", "place", "field", "old", "new", "by")
    rows = pl.concat([frame.select(columns) for frame in (opened, status, agent)])
    return rows.sort(_TICKET, "changed_at", "place", "field").with_columns(
        change_id=pl.format("{}:{}", _TICKET, pl.int_range(1, pl.len() + 1).over(_TICKET))
    )


def _tickets(ordered: pl.LazyFrame, changes: pl.LazyFrame, spec: EventSpec) -> pl.LazyFrame:
    attributes = [name for name in spec.columns if name not in (_TICKET, "happened_at", "activity", "agent_id")]
    solved = _AT.filter(_means(spec, "solved"))
    final = pl.col("status").drop_nulls().last().fill_null("new")
    replied = _means(spec, "replied")
    tickets = ordered.group_by(_TICKET, maintain_order=True).agg(
        *(pl.col(name).drop_nulls().first() for name in attributes),
        _created(spec).alias("created_at"),
        pl.col("working_agent").drop_nulls().last().alias("agent_id"),
        final.alias("status"),
        _AT.filter(_means(spec, "taken")).min().alias("taken_at"),
        _AT.filter(replied).min().alias("first_replied_at"),
        replied.sum().alias("agent_replies"),
        solved.min().alias("first_solved_at"),
        solved.max().alias("solved_at"),
        _AT.filter(_means(spec, "closed", "closed_by_timer")).max().alias("closed_at"),
    )
    left_solved = (pl.col("field") == "status") & pl.col("old").is_in(_SOLVED) & ~pl.col("new").is_in(_SOLVED)
    handed = (pl.col("field") == "agent") & pl.col("old").is_not_null()
    counts = changes.group_by(_TICKET).agg(reopens=left_solved.sum(), handoffs=handed.sum())
    known = tickets.with_columns(
        agent_replies=pl.col("agent_replies") if spec.activities.get("replied") else None,
        solved_at=pl.when(pl.col("status").is_in(_SOLVED)).then("solved_at"),
        closed_at=pl.when(pl.col("status").is_in(_ENDED)).then("closed_at"),
    )
    return known.join(counts, on=_TICKET, how="left", maintain_order="left")


def notes(events: pl.LazyFrame, spec: EventSpec) -> dict[str, dict[str, dict[str, Any]]]:
    """Tell which activities have no meaning or never occur, and which attributes vary within a ticket."""
    seen = dict(events.group_by("activity").len().collect(engine="streaming").sort("activity").rows())
    meant = {name for names in spec.activities.values() for name in names}
    meaningless, absent = [name for name in seen if name not in meant], sorted(meant - seen.keys())
    said: dict[str, dict[str, Any]] = {}
    if meaningless:
        count = sum(seen[name] for name in meaningless)
        said["events of activities without a meaning in the mapping"] = {"count": count, "examples": meaningless}
    if absent:
        said["activities of the mapping that do not occur"] = {"count": len(absent), "examples": absent}
    attributes = [c.name for c in EVENTS.columns[3:] if c.name in spec.columns and c.name != "agent_id"]
    several: dict[str, dict[str, Any]] = {}
    if attributes:
        counts = events.group_by(_TICKET).agg(pl.col(attributes).drop_nulls().n_unique()).collect(engine="streaming")
        for name in attributes:
            ids = counts.filter(pl.col(name) > 1)[_TICKET].sort()
            if len(ids):
                words = f"{name} has several values in one ticket, the first is kept"
                several[words] = {"count": len(ids), "examples": ids.head(3).to_list()}
    return {"changes": said, "tickets": several}
