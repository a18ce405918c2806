"""The hand-made Zendesk desk: twelve tickets in the API's shape and in Fivetran's, and what they say, read plainly."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from cxlib.derive import derive
from cxlib.sources import ImportReport
from cxlib.sources.zendesk.importer import import_zendesk

FIXTURES = Path(__file__).parent / "zendesk_fixtures"
ANN, BOB, CID = "37100000000001", "37100000000002", "37100000000003"


def imported(*paths: Path, folder: Path, derived: bool = True) -> tuple[Path, ImportReport]:
    """Import files into a new folder and derive; return the folder and the report."""
    folder.mkdir()
    report = import_zendesk(list(paths), folder=folder)
    if derived:
        derive(folder)
    return folder, report


def write_lines(path: Path, *records: Any) -> Path:
    """Write records as JSON lines; text is written as it is."""
    path.write_text("".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in records), encoding="utf-8")
    return path


def table(folder: Path, name: str, *columns: str) -> list[Any]:
    """Return rows of a table in the order of its key, one column as plain values."""
    frame = pl.read_parquet(folder / f"{name}.parquet")
    key = frame.columns[0]
    frame = frame.sort(pl.col(key).str.len_chars(), key).select(columns)
    return frame[columns[0]].to_list() if len(columns) == 1 else frame.rows()


def ticket(folder: Path, number: str) -> dict[str, Any]:
    """Return one ticket."""
    return pl.read_parquet(folder / "tickets.parquet").row(
        by_predicate=pl.col("ticket_id") == number, named=True
    )  # fmt: skip


def audits() -> list[dict[str, Any]]:
    """Return the audits of the fixture as they are."""
    text = (FIXTURES / "api" / "ticket_audits.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def latest_tickets() -> dict[int, dict[str, Any]]:
    """Return the newest version of each ticket of the fixture."""
    pages = [json.loads(line) for line in (FIXTURES / "api" / "tickets.json").read_text(encoding="utf-8").splitlines()]
    rows = sorted((row for page in pages for row in page["tickets"]), key=lambda row: row["updated_at"])
    return {row["id"]: row for row in rows}


def instant(text: str) -> datetime:
    """Return the instant of "2024-10-01T08:00:00Z"."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


def first_replies() -> dict[int, float]:
    """Return minutes to the first public comment by staff after creation (and after the first comment), by hand."""
    found: dict[int, float] = {}
    for number, told in latest_tickets().items():
        talk = [
            (instant(audit["created_at"]), event)
            for audit in audits()
            if audit["ticket_id"] == number
            for event in audit["events"]
            if event["type"] == "Comment"
        ]
        created = instant(told["created_at"])
        staff = {int(ANN), int(BOB), int(CID)} - {told["requester_id"]}
        replies = [at for at, event in talk if event["public"] and event["author_id"] in staff and at > created]
        if replies:
            found[number] = (min(replies) - created).total_seconds() / 60
    return found
