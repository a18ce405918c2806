"""One customer's history, and which important or long-loyal customers wait now: both as the data end."""

from __future__ import annotations

import difflib
from datetime import date, datetime
from zoneinfo import ZoneInfo

import narwhals as nw
import polars as pl

from cxlib.errors import CxError, UsageError
from cxlib.estimates.context import about
from cxlib.estimates.drilldown import Listed, row_list, with_rows
from cxlib.estimates.experience import YEAR
from cxlib.metrics import Query, table_rows
from cxlib.metrics.availability import solving_unknown
from cxlib.metrics.predicates import is_waiting
from cxlib.results.types import History, NotKnown, WaitingList
from cxlib.tables.schema import INSTANT, table

HISTORY, WAITING = "Customer history", "Customers who wait"
MOST = 100
TEXT, NUMBER = pl.String(), pl.Float64()
COLUMNS = {
    "at": INSTANT, "day": pl.Date(), "kind": TEXT, "id": TEXT, "what": TEXT, "note": TEXT, "channel": TEXT,
    "status": TEXT, "until": INSTANT, "answer": NUMBER, "scale_low": NUMBER, "scale_high": NUMBER,
    "scale_share": NUMBER, "amount": NUMBER, "currency": TEXT,
}  # fmt: skip
WORK = {"ticket_id": TEXT, "at": INSTANT, "agent_id": TEXT, "agent": TEXT, "minutes": NUMBER, "estimated": pl.Boolean()}
NO_WAITS = {"ticket_id": TEXT, "minutes": NUMBER}
KINDS = {
    "ticket": ("tickets", "created", {"ticket_id": "id", "category": "what", "subject": "note", "solved_at": "until"}),
    "answer": ("surveys", "answered", {"survey_id": "id", "kind": "what", "comment": "note"}),
    "order": ("orders", "ordered", {"order_id": "id", "kind": "what"}),
}


def history(query: Query, customer_id: str = "") -> History | NotKnown:
    """Return every ticket, answer and order of a customer up to the end of the data, and who worked on the tickets.

    Args:
        query: What is asked about; its filters hold, its month plays no part.
        customer_id: The customer; empty for the one with the most to tell: most kinds of events, then most events,
            then the first number.

    Raises:
        UsageError: No such customer or dimension.
    """
    if customer_id:
        _check(query, customer_id)
    kinds = [kind for kind in KINDS if query.data.has(KINDS[kind][0])]
    if reason := _unreachable(query, *(KINDS[kind][0] for kind in kinds)):
        return NotKnown(HISTORY, reason)
    chosen = customer_id or _most_to_tell(query, kinds)
    found = [_events(query, kind, chosen) for kind in kinds]
    events = pl.concat([pl.DataFrame(schema=COLUMNS), *found], how="diagonal").sort("at", "kind", "id")
    if events.is_empty():
        who = f"of customer {customer_id!r}" if customer_id else "that names a customer"
        kept = f" among {query.filter_text}" if query.filters else ""
        return NotKnown(HISTORY, f"The data {query.data.name!r} hold no ticket, answer or order {who}{kept}.")
    return _history(query, chosen, events)


@row_list(
    "Tickets of the important or long-loyal customers who wait as the data end",
    "Open tickets of a customer are its rows; the figure is the wait since the oldest of them was created.",
    figure=pl.col("minutes").max(),
)
def _waiting(query: Query) -> Listed:
    tickets, listed = _selected(query)
    rows, who = tickets.join(listed, on="customer_id", how="semi"), pl.format("{} ({})", "name", "customer_id")
    who = pl.coalesce(who, "customer_id")
    ids = ("ticket_id", "customer_id", "agent_id", who.alias("group"), "minutes")
    named = rows.join(_customers(query).select("customer_id", "name"), on="customer_id", how="left")
    listed = named.select(*ids, "created_at", "category", "channel").sort("customer_id", "created_at", "ticket_id")
    return Listed(listed, query.data.last_day.isoformat(), {"figure": "minutes"})


@with_rows(_waiting)
def waiting(query: Query) -> WaitingList | NotKnown:
    """Return the important or long-loyal customers with open tickets: both, then important, then loyal, longest first.

    Important is who has one of the settings' `important` classes, long-loyal who joined `loyal_years` ago or earlier.

    Raises:
        UsageError: A dimension that does not exist.
    """
    settings = query.data.settings
    if not {"importance", "joined_at"} & (filled := query.data.filled("customers")):
        reason = f"The data {query.data.name!r} do not say how important customers are or when they joined."
        return NotKnown(WAITING, reason)
    if unknown := _unreachable(query, "tickets") or solving_unknown(query):
        return NotKnown(WAITING, unknown)
    tickets, listed = _selected(query)
    return WaitingList(
        scope=about(query),
        as_of=query.data.last_day,
        important=settings.important if "importance" in filled else (),
        loyal_years=settings.loyal_years,
        everybody=tickets["customer_id"].n_unique(),
        selected=listed.height,
        customers=listed.head(MOST).select(
            "customer_id", "name", "importance", "is_important", "years", "is_loyal", "tickets", "minutes",
            "ticket_id", "category", "channel", pl.coalesce("agent", "agent_id"),
        ),
    )  # fmt: skip


def _selected(query: Query) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return all tickets whose customers wait, and the important or long-loyal customers among these, in order."""
    settings, end = query.data.settings, query.data.extracted_at
    tickets = _open_tickets(query, ~nw.col("customer_id").is_null()).join(_names(query), on="agent_id", how="left")
    oldest = tickets.group_by("customer_id", maintain_order=True).agg(
        pl.all().first(), pl.len().cast(pl.Int64).alias("tickets")
    )
    years = _minutes(pl.col("joined_at"), end) / YEAR
    waits = oldest.join(_customers(query), on="customer_id", how="left").with_columns(
        years=years,
        is_important=pl.col("importance").is_in(list(settings.important)).fill_null(False),
        is_loyal=(years >= settings.loyal_years).fill_null(False),
    )
    first = ["is_important", "is_loyal", "minutes", "customer_id"]
    listed = waits.filter(pl.col("is_important") | pl.col("is_loyal")).sort(first, descending=[True, True, True, False])
    return tickets, listed


def _check(query: Query, customer_id: str) -> None:
    """Refuse a customer nobody knows, with the nearest number."""
    holders = [name for name in ("customers", "tickets", "surveys", "orders") if query.data.has(name)]
    known = {number for name in holders for number in query.data.scan(name).select("customer_id").collect().to_series()}
    if customer_id not in known:
        near = difflib.get_close_matches(customer_id, sorted(known - {None}), n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise UsageError(
            f"There is no customer {customer_id!r} in the data {query.data.name!r}.{hint} "
            "Leave customer_id empty for the customer with the most to tell."
        )


def _unreachable(query: Query, *tables: str) -> str:
    """Return why the query's filters cannot be applied to these tables, or nothing."""
    try:
        for name in tables:
            table_rows(name, query, nw.col(table(name).key).is_null(), table(name).key)
    except UsageError:
        raise
    except CxError as error:
        return str(error)
    return ""


def _on_record(query: Query, kind: str) -> nw.Expr:
    """Rows that name a customer and an instant within the data."""
    at = nw.col(f"{KINDS[kind][1]}_at")
    return ~nw.col("customer_id").is_null() & (at <= nw.lit(query.data.extracted_at))


def _most_to_tell(query: Query, kinds: list[str]) -> str:
    rows = [
        table_rows(KINDS[kind][0], query, _on_record(query, kind), "customer_id").with_columns(kind=pl.lit(kind))
        for kind in kinds
    ]
    if not rows:
        return ""
    told = pl.concat(rows).group_by("customer_id").agg(pl.col("kind").n_unique(), pl.len())
    ranked = told.sort("kind", "len", "customer_id", descending=[True, True, False])
    return str(ranked["customer_id"][0]) if ranked.height else ""


def _events(query: Query, kind: str, customer_id: str) -> pl.DataFrame:
    name, anchor, renamed = KINDS[kind]
    own = {column.name for column in table(name).columns}
    same = [column for column in COLUMNS if column in own and column not in (*renamed, *renamed.values(), "kind")]
    of_customer = _on_record(query, kind) & (nw.col("customer_id") == customer_id)
    rows = table_rows(name, query, of_customer, *renamed, *same, f"{anchor}_at", f"{anchor}_day")
    rows = rows.rename(renamed | {f"{anchor}_at": "at", f"{anchor}_day": "day"})
    return rows.with_columns(pl.lit(kind).alias("kind"))


def _open_tickets(query: Query, where: nw.Expr) -> pl.DataFrame:
    """Return tickets whose customer waits for us, with the minutes since their creation, longest first."""
    end = query.data.extracted_at
    columns = ("ticket_id", "customer_id", "agent_id", "category", "channel", "created_at")
    rows = table_rows("tickets", query, is_waiting() & _on_record(query, "ticket") & where, *columns)
    return rows.sort("created_at", "ticket_id").with_columns(minutes=_minutes(pl.col("created_at"), end))


def _history(query: Query, customer_id: str, events: pl.DataFrame) -> History:
    has_tickets = query.data.has("tickets")
    waits = _open_tickets(query, nw.col("customer_id") == customer_id) if has_tickets else pl.DataFrame(schema=NO_WAITS)
    is_ticket = pl.col("kind") == "ticket"
    work = _work(query, events.filter(is_ticket).select("at", ticket_id="id"))
    found = _customers(query).filter(pl.col("customer_id") == customer_id).to_dicts()
    person = found[0] if found else dict.fromkeys(("name", "importance", "joined_at"))
    return History(
        scope=about(query),
        customer_id=customer_id,
        name=person["name"] or "",
        importance=person["importance"] or "",
        as_of=query.data.last_day,
        joined=_local(query, person["joined_at"]) if person["joined_at"] else None,
        first=events["day"][0],
        counts=tuple(events.filter(pl.col("kind") == kind).height for kind in KINDS),
        events=events.with_columns(waiting=is_ticket & pl.col("id").is_in(waits["ticket_id"].to_list())),
        work=work,
        agents=_agents(work),
        waited=tuple(waits["minutes"]),
    )


def _work(query: Query, tickets: pl.DataFrame) -> pl.DataFrame:
    """Return who worked on which ticket: those who wrote, else the last assignee."""
    if tickets.is_empty():
        return pl.DataFrame(schema=WORK)
    here = pl.col("ticket_id").is_in(tickets["ticket_id"].to_list())
    columns = ("ticket_id", "agent_id", "handle_minutes", "estimated_handle_minutes")
    whole = query.data.scan("tickets").filter(here).select(columns).collect()
    wrote = pl.DataFrame(schema={"ticket_id": TEXT, "agent_id": TEXT, "minutes": NUMBER})
    if query.data.has("agent_tickets"):
        parts = query.data.scan("agent_tickets").filter(here).group_by("ticket_id", "agent_id").agg(_sum("minutes"))
        wrote = parts.collect()
    assigned = whole.join(wrote, on="ticket_id", how="anti").drop_nulls("agent_id")
    assigned = assigned.select("ticket_id", "agent_id", minutes=pl.coalesce(columns[2:]))
    estimated = pl.col("handle_minutes").is_null() & pl.col("minutes").is_not_null()
    return (
        pl.concat([wrote, assigned])
        .join(whole.select("ticket_id", "handle_minutes"), on="ticket_id")
        .join(tickets, on="ticket_id")
        .join(_names(query), on="agent_id", how="left")
        .with_columns(pl.coalesce("agent", "agent_id"), estimated=estimated)
        .sort("at", "ticket_id", "agent_id")
        .select(list(WORK))
    )


def _agents(work: pl.DataFrame) -> pl.DataFrame:
    tickets = pl.col("ticket_id").n_unique().cast(pl.Int64).alias("tickets")
    summed = work.group_by("agent_id").agg(pl.col("agent").first(), tickets, _sum("minutes"))
    order = ["minutes", "tickets", "agent_id"]
    return summed.sort(order, descending=[True, True, False], nulls_last=True)


def _sum(column: str) -> pl.Expr:
    """Return a sum that is null, not 0, where nothing is known."""
    return pl.when(pl.col(column).count() > 0).then(pl.col(column).sum())


def _names(query: Query) -> pl.DataFrame:
    if not query.data.has("agents"):
        return pl.DataFrame(schema={"agent_id": TEXT, "agent": TEXT})
    return query.data.scan("agents").select("agent_id", agent="name").unique("agent_id", keep="first").collect()


def _customers(query: Query) -> pl.DataFrame:
    columns = {"customer_id": TEXT, "name": TEXT, "importance": TEXT, "joined_at": INSTANT}
    if not query.data.has("customers"):
        return pl.DataFrame(schema=columns)
    return query.data.scan("customers").select(list(columns)).unique("customer_id", keep="first").collect()


def _minutes(since: pl.Expr, end: datetime) -> pl.Expr:
    return (pl.lit(end) - since).dt.total_microseconds() / 60e6


def _local(query: Query, instant: datetime) -> date:
    return instant.astimezone(ZoneInfo(query.data.settings.timezone)).date()
