"""One run over a data folder: read what was given, derive, write tables and manifest."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from cxlib.derive.agents import agent_months, agent_tickets, agent_work, with_tenure, with_work
from cxlib.derive.backlog import backlog_months
from cxlib.derive.customers import customer_months
from cxlib.derive.orders import derive_orders, followed_answers, scores, with_orders
from cxlib.derive.repeats import set_repeats_aside, write_texts
from cxlib.derive.replies import conversation, replies
from cxlib.derive.self_service import visits
from cxlib.derive.status import history, states, status_moves
from cxlib.derive.surveys import derive_surveys
from cxlib.derive.tickets import derive_tickets
from cxlib.derive.workflows import ticket_workflows, with_workflows
from cxlib.errors import CxError
from cxlib.store import folder as store
from cxlib.store.folder import Data, open_data, replacing, settings_of, table_path, write_table
from cxlib.tables.schema import GIVEN, TABLES, conform, span, table

# Filled by derive; a derived column tells a run was there.
_FILLED = {"tickets": "created_day", "orders": "ordered_day"}
_ENRICHED = ("tickets", "surveys", "orders", "article_views")


def rederive(name: str) -> None:
    """Recompute everything derived in a data set, given by name or path; on any failure the old content stays."""
    with replacing(open_data(name).folder, keep=True) as aside:
        derive(aside)


def derive(folder: Path) -> None:
    """Recompute all derived columns and tables of a data folder and bring its manifest up to date.

    Equal given tables and settings give equal bytes, however often it runs.

    Raises:
        CxError: A table lacks a required column, the settings are unusable, or no row holds an instant.
    """
    settings, manifest = settings_of(folder), store.read_manifest(folder)
    set_repeats_aside(folder, manifest)
    for name, mark in _FILLED.items():
        _keep_given(folder, name, mark)
    data = Data(folder.name, folder, settings, manifest)
    manifest |= _end_of_observation(data)
    for name, frame in _derived(data):
        write_table(_with_local_time(frame, name, settings.timezone), name, folder=folder, derived=True)
    write_texts(folder)
    store.write_manifest(folder, manifest | _summary(data) | {"timezone": settings.timezone})
    store.seal_by_name(folder)


def _derived(data: Data) -> Iterator[tuple[str, pl.LazyFrame]]:
    """Yield every table to write; a table may be read again only after it was written."""
    yield from ((name, _given(data, name)) for name in GIVEN if data.has(name) and name not in _ENRICHED)
    if data.has("workflow_runs"):
        yield "ticket_workflows", ticket_workflows(_given(data, "workflow_runs"))
    yield from ((name, frame.lazy()) for name, frame in _laid(data))


def _laid(data: Data) -> Iterator[tuple[str, pl.DataFrame]]:
    spoken = conversation(_given(data, "messages"), _read(data, "tickets"))
    changed = history(_given(data, "changes"))
    tickets, surveys = _tickets_and_surveys(data, spoken, changed)
    settings, end, customers = data.settings, data.extracted_at, _read(data, "customers")
    answers = scores(surveys, end)
    orders = derive_orders(_read(data, "orders"), tickets, customers, answers, settings.timezone)
    if data.has("orders"):
        tickets = with_orders(tickets, orders, end)
        yield "orders", orders
    if data.has("workflow_runs"):
        tickets = with_workflows(tickets, _read(data, "workflow_runs"))
    if data.has("orders") or data.has("customers"):
        yield "customer_months", customer_months(customers, tickets, orders, answers, settings=settings, end=end)
    if data.has("surveys"):
        yield "surveys", surveys
        if data.has("orders"):
            yield "followed_answers", followed_answers(answers, orders, customers, settings, end)
    yield from _of_tickets(data, tickets, spoken, changed)
    yield from _of_agents(data, tickets, spoken)
    if data.has("article_views"):
        seen = visits(_read(data, "article_views"), tickets, settings, end)
        yield from zip(("visits", "article_views"), seen, strict=True)


def _tickets_and_surveys(data: Data, spoken: pl.DataFrame, changed: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    settings, end, agents = data.settings, data.extracted_at, _read(data, "agents")
    given, changes = _read(data, "tickets"), _given(data, "changes")
    tickets = derive_tickets(given, spoken, changed, changes, settings=settings, extracted_at=end)
    surveys = derive_surveys(_read(data, "surveys"), tickets, spoken, settings)
    tickets = with_tenure(tickets, agents, "first_replied_at", "created_at")
    return tickets, with_tenure(surveys, agents, "sent_at", "answered_at")


def _of_tickets(
    data: Data, tickets: pl.DataFrame, spoken: pl.DataFrame, changed: pl.DataFrame
) -> Iterator[tuple[str, pl.DataFrame]]:
    settings, end = data.settings, data.extracted_at
    if data.has("tickets"):
        yield "tickets", tickets
        moves = status_moves(states(changed, tickets, end))
        yield "status_moves", moves
        yield "backlog_months", backlog_months(moves, tickets, settings, end)
    if data.has("messages"):
        yield "replies", replies(spoken, tickets, settings=settings, extracted_at=end)
        yield "agent_tickets", agent_tickets(spoken, tickets, settings)


def _of_agents(data: Data, tickets: pl.DataFrame, spoken: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    zone, end, agents = data.settings.timezone, data.extracted_at, _read(data, "agents")
    acted = _given(data, "changes").select("by", "changed_at").collect()
    work = agent_work(agents, spoken, acted, tickets, timezone=zone, end=end)
    if data.has("agents") or work:
        yield "agent_months", with_work(agent_months(agents, zone, end), work, zone)


def _keep_given(folder: Path, name: str, mark: str) -> None:
    present = table_path(folder, name)
    if not present.exists() or mark in pl.scan_parquet(present).collect_schema():
        return
    kept = folder / "given"
    shutil.rmtree(kept / name, ignore_errors=True)
    (kept / f"{name}.parquet").unlink(missing_ok=True)
    kept.mkdir(exist_ok=True)
    shutil.copytree(present, kept / name) if present.is_dir() else shutil.copy2(present, kept / present.name)


def _given(data: Data, name: str) -> pl.LazyFrame:
    """Return the given columns of a table; no rows where the folder lacks it."""
    if not data.has(name):
        return conform(pl.LazyFrame(schema=[column.name for column in table(name).given]), name)
    kept = Data(data.name, data.folder / "given", data.settings, data.manifest)
    return conform((kept if kept.has(name) else data).scan(name), name)


def _read(data: Data, name: str) -> pl.DataFrame:
    """Return the given columns of a table; currencies in capitals, the settings' own where an order has none."""
    given = _given(data, name)
    code = pl.col("currency").str.strip_chars().str.to_uppercase()
    own = [code.replace("", None).fill_null(data.settings.currency)] if name == "orders" else []
    return given.with_columns(own).collect()


def _with_local_time(frame: pl.LazyFrame, name: str, timezone: str) -> pl.LazyFrame:
    """Add the local day and hour beside every anchor of the table."""
    columns: list[pl.Expr] = []
    for column in table(name).columns:
        anchor, _, part = column.name.rpartition("_")
        if column.derived and part in ("day", "hour"):
            local = pl.col(f"{anchor}_at").dt.convert_time_zone(timezone).dt
            columns.append((local.date() if part == "day" else local.hour()).alias(column.name))
    return frame.with_columns(columns)


def _end_of_observation(data: Data) -> dict[str, Any]:
    """Return the source's own `extracted_at`, else the latest instant as `schema.span` finds it.

    `latest_instant` is written beside it: where the two are equal the source named no end, and new data may move it.
    """
    found = span({name: _given(data, name) for name in GIVEN if data.has(name)})
    latest = found and found[1]
    extracted_at = data.manifest.get("extracted_at")
    named = extracted_at is not None and extracted_at != data.manifest.get("latest_instant")
    if latest is None and not named:
        raise CxError(
            f"No table of {data.name!r} holds an instant, so the end of the data is unknown; map a date column, "
            "or let the source write extracted_at."
        )
    known = {"latest_instant": latest.isoformat()} if latest else {}
    return known | {"extracted_at": extracted_at if named else known["latest_instant"]}


def _summary(data: Data) -> dict[str, Any]:
    """Return first and last month in which any given table has rows, and the rows per table.

    Rows after the end of the data open no month, nor do promises and master data (unless there is nothing else).
    """
    tables = [declared for declared in TABLES if data.has(declared)]
    rows = {name: data.scan(name).select(pl.len()).collect().item() for name in tables}
    given = {name: _given(data, name) for name in GIVEN if data.has(name)}
    ends = span(given, until=data.extracted_at) or (data.extracted_at, data.extracted_at)
    first, last = (f"{end.astimezone(ZoneInfo(data.settings.timezone)):%Y-%m}" for end in ends)
    return {"rows": rows, "first_month": first, "last_month": last} | _filled(data)


def _filled(data: Data) -> dict[str, Any]:
    """Return how many orders were given no currency, and the one they were taken to be in."""
    unsaid = _given(data, "orders").select(pl.col("currency").null_count()).collect().item()
    return {"filled": {"orders": {f"currency not given, taken as {data.settings.currency}": unsaid}} if unsaid else {}}
