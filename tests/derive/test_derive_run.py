"""A run over a folder: repeatable to the byte, blind to the order of rows, honest about the end of the data."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from derive_desk import Rows, at, by_key, message, run, survey, ticket, write
from derive_stories import CHANGES, MESSAGES, TICKETS

from cxlib.derive import derive, rederive
from cxlib.errors import CxError, UsageError
from cxlib.tables.schema import TABLES, dtype

SURVEYS = [survey("1", "5 08:00", 4, ticket_id="plain"), survey("2", "6 08:00", 2, customer_id="customer of plain")]
DESK: dict[str, Rows] = {"tickets": TICKETS, "messages": MESSAGES, "changes": CHANGES, "surveys": SURVEYS}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CX_HOME", str(tmp_path))
    return tmp_path / "data" / "desk"


@pytest.fixture(autouse=True)
def _parents(folder: Path) -> None:
    folder.parent.mkdir()


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def manifest(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "manifest.json").read_text(encoding="utf-8")))


def test_running_again_gives_equal_bytes(folder: Path) -> None:
    run(folder, **DESK)
    first = content(folder)
    derive(folder)
    rederive("desk")
    assert content(folder) == first
    assert {"tickets.parquet", "replies.parquet", "given/tickets.parquet"} <= set(first)


def test_the_order_of_given_rows_changes_nothing(folder: Path, tmp_path: Path) -> None:
    draw = random.Random(1)
    shuffled = {name: draw.sample(rows, len(rows)) for name, rows in DESK.items()}
    first, second = run(folder, **DESK), run(tmp_path / "shuffled", **shuffled)
    assert {name: by_key(rows) for name, rows in first.items()} == {name: by_key(rows) for name, rows in second.items()}


def test_every_table_has_its_declared_columns_and_types(folder: Path) -> None:
    for name in run(folder, **DESK):
        schema = pl.read_parquet_schema(folder / f"{name}.parquet")
        assert schema == {column.name: dtype(column) for column in TABLES[name].columns}, name


def test_a_fill_is_not_taken_for_a_given_value_when_the_events_change(folder: Path) -> None:
    first = run(folder, **DESK)
    assert by_key(first["tickets"])["plain"]["first_replied_at"] == at("2 09:00")
    later = [row for row in MESSAGES if row["message_id"] not in ("3", "37")]
    second = by_key(run(folder, messages=later)["tickets"])
    assert (second["plain"]["first_replied_at"], second["plain"]["agent_replies"]) == (at("2 12:00"), 1)
    assert (second["given"]["first_replied_at"], second["given"]["agent_replies"]) == (at("5 08:30"), 0)


def test_a_new_import_of_tickets_replaces_what_was_given(folder: Path) -> None:
    run(folder, tickets=[ticket("1", "2 08:00", solved_at="2 09:00")])
    rows = run(folder, tickets=[ticket("1", "2 08:00"), ticket("2", "2 08:00")])["tickets"]
    assert [row["solved_at"] for row in rows] == [None, None]


def test_months_kept_in_a_folder_become_one_file(folder: Path) -> None:
    expected = run(folder, **DESK)["messages"]
    for number, part in enumerate((MESSAGES[:20], MESSAGES[20:])):
        write(folder / "messages", messages=part)
        (folder / "messages" / "messages.parquet").rename(folder / "messages" / f"{number}.parquet")
    (folder / "messages.parquet").unlink()
    assert run(folder)["messages"] == expected
    assert not (folder / "messages").exists()


def test_the_manifest_tells_period_rows_and_what_others_wrote(folder: Path) -> None:
    folder.mkdir()
    told = {"extracted_at": "2026-03-31T12:00:00+00:00", "sources": ["mapped:x"], "set_aside": {"tickets": {"why": 1}}}
    (folder / "manifest.json").write_text(json.dumps(told), encoding="utf-8")
    future = {**ticket("far", "2 08:00"), "created_at": datetime(2030, 1, 1, tzinfo=UTC)}
    tables = run(folder, **DESK | {"tickets": [*TICKETS, future]})
    got = manifest(folder)
    assert got | told == got
    assert (got["first_month"], got["last_month"], got["timezone"]) == ("2026-03", "2026-03", "Europe/Warsaw")
    assert got["rows"] == {name: len(rows) for name, rows in tables.items()}
    assert by_key(tables["tickets"])["far"]["first_reply_minutes"] is None


def test_months_are_local_and_come_from_surveys_where_there_are_no_tickets(folder: Path) -> None:
    run(folder, extracted_at=None, surveys=[survey("1", "2 08:00", 4), survey("2", "31 22:30", 4)])
    assert (manifest(folder)["first_month"], manifest(folder)["last_month"]) == ("2026-03", "2026-04")


def test_the_end_of_the_data_is_the_latest_instant_unless_the_source_names_one(folder: Path) -> None:
    promised = ticket("1", "2 08:00", due_at="30 08:00", solved_at="4 08:00")
    run(folder, extracted_at=None, tickets=[promised])
    assert manifest(folder)["extracted_at"] == at("4 08:00").isoformat()
    run(folder, messages=[message("1", "1", "9 08:00", "customer")])
    assert manifest(folder)["extracted_at"] == at("9 08:00").isoformat()
    named = manifest(folder) | {"extracted_at": at("20 08:00").isoformat()}
    (folder / "manifest.json").write_text(json.dumps(named), encoding="utf-8")
    run(folder, messages=[message("1", "1", "10 08:00", "customer")])
    assert manifest(folder)["extracted_at"] == at("20 08:00").isoformat()


def test_data_without_any_instant_are_told(folder: Path) -> None:
    with pytest.raises(CxError, match="holds an instant"):
        run(folder, extracted_at=None, surveys=[survey("1", None, 4)])


def test_a_failing_run_leaves_the_old_data(folder: Path) -> None:
    run(folder, **DESK)
    settings = folder / "settings.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace("always", "nights"), encoding="utf-8")
    before = content(folder)
    with pytest.raises(UsageError, match="no schedule 'always'"):
        rederive("desk")
    assert content(folder) == before
