"""A tiny help desk written by hand: rows as short tuples, instants as "day hh:mm" of March 2026 (UTC)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from cxlib.derive import derive
from cxlib.tables.schema import GIVEN, conform

Rows = list[dict[str, Any]]
EXTRACTED = datetime(2026, 3, 31, 12, tzinfo=UTC)
SETTINGS = """
timezone = "Europe/Warsaw"
minutes_per_reply = 5.0
windows.backlog_days = 0
[schedules.default]
hours = { monday = ["09:00-17:00"], tuesday = ["09:00-17:00"], wednesday = ["09:00-17:00"], thursday = ["09:00-17:00"] }
[schedules.always]
hours = { monday = ["00:00-24:00"], tuesday = ["00:00-24:00"], sunday = ["00:00-24:00"] }
"""


def at(text: str) -> datetime:
    """Return the instant of "2 09:30": 2 March 2026 (a Monday), 09:30 UTC (10:30 in Warsaw until the 29th)."""
    day, clock = text.split()
    hour, minute = clock.split(":")
    return datetime(2026, 3, int(day), int(hour), int(minute), tzinfo=UTC)


def ticket(number: str, created: str | None, **given: Any) -> dict[str, Any]:
    row = {"ticket_id": number, "created_at": created, "customer_id": f"customer of {number}", "channel": "email"}
    return _timed(row | given)


def message(number: str, ticket_id: str, sent: str, author: str, author_id: str = "", **given: Any) -> dict[str, Any]:
    row = {"message_id": number, "ticket_id": ticket_id, "sent_at": sent, "author": author, "author_id": author_id}
    return _timed({**row, "is_public": True, **given})


def change(number: str, ticket_id: str, changed: str, field: str, *values: str | None, by: str = "a1") -> Any:
    """Return a change of a field; `values` are the old and the new one."""
    row = {"change_id": number, "ticket_id": ticket_id, "changed_at": changed, "field": field}
    return _timed(row | dict(zip(("old", "new"), values, strict=True)) | {"by": by})


def survey(number: str, answered: str | None, answer: float | None, **given: Any) -> dict[str, Any]:
    row = {"survey_id": number, "kind": "csat", "question": "overall", "answered_at": answered, "answer": answer}
    return _timed({**row, "scale_low": 1.0, "scale_high": 5.0, "high_is_good": True, **given})


def _timed(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: at(value) if name.endswith("_at") and isinstance(value, str) else None if value == "" else value
        for name, value in row.items()
    }


def write(folder: Path, **tables: Rows) -> None:
    """Write given tables as a source does, over whatever is there."""
    folder.mkdir(exist_ok=True)
    for name, rows in tables.items():
        columns = {column.name: [row.get(column.name) for row in rows] for column in GIVEN[name].given}
        frame = pl.DataFrame(columns, infer_schema_length=None, strict=False)
        conform(frame.lazy(), name).collect().write_parquet(folder / f"{name}.parquet")


def run(folder: Path, *, extracted_at: datetime | None = EXTRACTED, **tables: Rows) -> dict[str, Rows]:
    """Write the tables, derive, and return all tables of the folder as rows."""
    write(folder, **tables)
    if not (folder / "manifest.json").exists():
        told = {} if extracted_at is None else {"extracted_at": extracted_at.isoformat()}
        (folder / "manifest.json").write_text(json.dumps(told), encoding="utf-8")
    if not (folder / "settings.toml").exists():
        (folder / "settings.toml").write_text(SETTINGS, encoding="utf-8")
    derive(folder)
    return {path.stem: pl.read_parquet(path).to_dicts() for path in sorted(folder.glob("*.parquet"))}


def by_key(rows: Rows) -> dict[str, dict[str, Any]]:
    """Return rows by the value of their first column."""
    return {str(next(iter(row.values()))): row for row in rows}


def minutes(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds() / 60
