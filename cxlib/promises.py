"""Promises that several columns or tables keep together, and what a row that breaks one does to which figure."""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import polars as pl

from cxlib.store.folder import Data
from cxlib.tables.columns import Table
from cxlib.tables.schema import PROMISED

_SOLVED, _ACTIVE = ("solved", "closed"), ("new", "open", "pending", "hold")
_ORDERED = {
    "tickets": (
        ("created_at", "first_replied_at", "the first reply counts in no waiting time"),
        ("created_at", "taken_at", "it counts in no time until somebody took it"),
        ("created_at", "solved_at", "it counts in no resolution time"),
        ("solved_at", "closed_at", "waits end when it was solved; closed_at is not used"),
        ("created_at", "closed_at", "it may count as solved before it was opened"),
        ("created_at", "first_reply_due_at", "the promise of a first reply counts as broken from the start"),
        ("created_at", "due_at", "the promise of a solution counts as broken from the start"),
    ),
    "surveys": (("sent_at", "answered_at", "the answer counts; how long it took does not"),),
    "customers": (("joined_at", "left_at", "how long the customer stayed is not known"),),
    "agents": (("hired_at", "left_at", "the months the agent was employed are not known"),),
}
_LONGEST_CHAIN = 20  # doublings: a chain of 2 ** 20 merged tickets


class Broken(NamedTuple):
    """A promise that rows break: what it is, what they do to which figure, which they are."""

    promise: str
    effect: str
    ids: pl.Series


def of_rows(data: Data, declared: Table) -> Iterator[Broken]:
    """Yield what a row breaks by several of its columns, and instants that lie far from all others."""
    frame, key = data.scan(declared.name), declared.key
    have = set(frame.collect_schema().names())
    for earlier, later, effect in _ORDERED.get(declared.name, ()):
        if {earlier, later} <= have:
            rows = frame.filter(pl.col(later) < pl.col(earlier))
            yield _broken(f"{later} lies before {earlier}", effect, rows, key)
    for column in declared.given:
        if column.kind == "instant" and column.name not in PROMISED and column.name in have:
            rows = frame.filter(pl.col(column.name) > data.extracted_at)
            effect = "it opens no month and counts in none"
            yield _broken(f"{column.name} lies after the end of the data", effect, rows, key)
    if declared.name == "tickets":
        yield from _of_tickets(frame, have)
    if declared.name == "orders" and {"kind", "amount"} <= have:
        rows = frame.filter((pl.col("kind") == "refund") & (pl.col("amount") < 0))
        yield _broken("a refund of a negative amount", "its size lowers revenue, whatever its sign", rows, key)


def _of_tickets(frame: pl.LazyFrame, have: set[str]) -> Iterator[Broken]:
    if not {"status", "solved_at", "closed_at"} <= have:
        return
    status, known = pl.col("status"), frame.select(pl.col("solved_at", "closed_at").is_not_null().any()).collect()
    timeless = status.is_in(_SOLVED) & pl.col("solved_at").is_null() & pl.col("closed_at").is_null()
    if any(known.row(0)):  # where no ticket has such a time, figures say that they are not known
        effect = "resolution time counts it as never solved, and no backlog holds it"
        yield _broken("a solved ticket without solved_at or closed_at", effect, frame.filter(timeless), "ticket_id")
    effect = "it counts as unsolved: the backlog holds it"
    rows = frame.filter(status.is_in(_ACTIVE) & pl.col("closed_at").is_not_null())
    yield _broken("an unsolved ticket that has closed_at", effect, rows, "ticket_id")
    if "merged_into" in have:
        yield from _merges(frame)


def _merges(frame: pl.LazyFrame) -> Iterator[Broken]:
    merged = frame.select("ticket_id", "merged_into").drop_nulls().unique("ticket_id", keep="first").collect()
    itself = merged.filter(pl.col("ticket_id") == pl.col("merged_into"))
    effect = "merged tickets count in no figure, so this request is lost"
    yield Broken("a ticket merged into itself", effect, itself["ticket_id"].sort())
    step = merged.filter(pl.col("ticket_id") != pl.col("merged_into"))
    for _ in range(_LONGEST_CHAIN):  # each round doubles how far one looks; who still goes on runs in a ring
        far = step.select(merged_into="ticket_id", further="merged_into")
        step = step.join(far, on="merged_into").select("ticket_id", merged_into="further")
    ring = step["merged_into"].unique().sort()
    yield Broken(
        "a ticket merged in a ring that leads back to it", effect.replace("this request", "these requests"), ring
    )


def spellings(data: Data) -> Iterator[Broken]:
    """Yield ids of customers that differ from another one only in capitals or in spaces around them."""
    holders = [name for name in ("customers", "tickets", "surveys", "orders") if data.has(name)]
    parts = [
        data.scan(name).select("customer_id").drop_nulls().unique()
        for name in holders
        if "customer_id" in data.scan(name).collect_schema()
    ]
    if not parts:
        return
    same = pl.col("customer_id").str.strip_chars().str.to_lowercase()
    alike = pl.concat(parts).unique().filter(pl.len().over(same) > 1).sort(same, "customer_id").collect()
    effect = "each counts as a customer of its own: repeat contacts, retention and intervals take them for several"
    yield Broken("customer_id differs from another one only in capitals or outer spaces", effect, alike["customer_id"])


def far_before(data: Data, name: str, anchor: str) -> Iterator[Broken]:
    """Yield rows of a table that lie more than 400 days before all later ones, if they are at most 1 % of its rows."""
    key = data.scan(name).collect_schema().names()[0]
    rows = data.scan(name).select(pl.col(key).alias("id"), pl.col(anchor).alias("at")).drop_nulls().sort("at").collect()
    few = rows.head(max(1, rows.height // 100) + 1)["at"].to_list()
    gaps = [place for place, (one, other) in enumerate(pairwise(few), start=1) if (other - one).days > 400]
    if gaps:
        effect = "months, and all that is counted since the first one, begin with it"
        yield Broken(f"{anchor} lies more than 400 days before all later rows", effect, rows["id"].head(gaps[-1]))


def _broken(promise: str, effect: str, rows: pl.LazyFrame, key: str) -> Broken:
    return Broken(promise, effect, rows.select(key).collect().to_series())
