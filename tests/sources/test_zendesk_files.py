"""Zendesk's files read: every shape, nothing lost; recorded answers of the real API and Fivetran's seed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from cxlib.errors import CxError
from cxlib.sources.reading.rails_zones import ZONES, iana_zone
from tests.sources.zendesk_desk import imported, table, write_lines

Find = Callable[[str], Path]
TICKETS = [
    {"id": 12_345_678_901_234 + n, "url": f"https://x.zendesk.com/api/v2/tickets/{n}.json", "requester_id": n,
     "created_at": f"2024-05-0{n}T10:00:00Z", "status": "open", "via": {"channel": "email"}, "tags": ["a", "b"]}
    for n in range(1, 5)
]  # fmt: skip


def written(folder: Path, shape: str) -> Path:
    pages = [{"tickets": TICKETS[:2], "count": 2, "next_page": "x"}, {"tickets": TICKETS[2:], "count": 2}]
    texts = {
        "tickets.jsonl": "\n".join(map(json.dumps, TICKETS)),
        "array.json": json.dumps(TICKETS, indent=1),
        "dump.json": json.dumps({"tickets": TICKETS, "count": 4}),
        "pages.jsonl": "\n".join(map(json.dumps, pages)) + "\n\n",
        "bom.jsonl": "\ufeff" + "\n".join(map(json.dumps, TICKETS)),
        "zendesk_tickets-0001.json": json.dumps({"users": [], "tickets": TICKETS}, indent=2),
    }
    path = folder / shape
    path.write_text(texts[shape], encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "shape",
    ["tickets.jsonl", "array.json", "dump.json", "pages.jsonl", "bom.jsonl", "zendesk_tickets-0001.json"],
)
def test_every_shape_of_json_gives_the_same_tickets(shape: str, tmp_path: Path) -> None:
    folder, report = imported(written(tmp_path, shape), folder=tmp_path / "data", derived=False)
    assert table(folder, "tickets", "ticket_id", "customer_id", "channel") == [
        (str(row["id"]), str(row["requester_id"]), "email") for row in TICKETS
    ]
    assert sum(item["rows"] for item in report.files) == 4


def test_a_broken_line_and_a_ticket_without_date_or_number_are_set_aside_with_the_reason(tmp_path: Path) -> None:
    bad = [
        {**TICKETS[0], "id": 5, "created_at": "yesterday"},
        {**TICKETS[0], "id": 6, "created_at": None},
        {"status": "x"},
    ]
    path = write_lines(tmp_path / "tickets.jsonl", '{"id": 77, "cut', *TICKETS, "[1, 2]", *bad)
    folder, report = imported(path, folder=tmp_path / "data", derived=False)
    assert report.rows["tickets"] == 4
    assert report.set_aside["tickets"] == {
        "missing created_at": 1, "missing ticket_id": 1, "not a JSON record": 2, "unreadable created_at": 1
    }  # fmt: skip
    kept = pl.read_parquet(folder / "set_aside" / "tickets.parquet")
    assert kept.filter(pl.col("reason") == "not a JSON record")["line"].to_list() == ['{"id": 77, "cut', "[1, 2]"]
    assert kept.filter(pl.col("reason") == "unreadable created_at")["created_at"].to_list() == ["yesterday"]
    assert report.files[0]["rows"] == 9


def test_a_comment_of_no_ticket_is_set_aside_and_one_met_twice_counts_once(tmp_path: Path) -> None:
    told = {"author_id": 1, "public": True, "created_at": "2024-05-01T10:00:00Z", "body": "x"}
    write_lines(tmp_path / "tickets.jsonl", *TICKETS)
    write_lines(tmp_path / "ticket_comments.jsonl", {"id": 1, "ticket_id": TICKETS[0]["id"], **told}, {"id": 2, **told})
    audit = {"id": 9, "ticket_id": TICKETS[0]["id"], **told, "events": [{"id": 1, "type": "Comment", **told}]}
    write_lines(tmp_path / "audits.jsonl", audit)
    _, report = imported(tmp_path, folder=tmp_path / "data", derived=False)
    assert (report.rows["messages"], report.set_aside["messages"]) == (1, {"missing ticket_id": 1})
    assert report.left_out["messages"] == {"same record again": 1}


def test_files_that_are_not_json_are_told(tmp_path: Path) -> None:
    path = tmp_path / "tickets.json"
    path.write_text("<html>", encoding="utf-8")
    with pytest.raises(CxError, match=r"tickets\.json is neither JSON lines nor JSON"):
        imported(path, folder=tmp_path / "data")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("null", "tickets.json holds something else where records are expected"),
        (json.dumps([{**TICKETS[0], "satisfaction_rating": "good"}]), "has another shape than Zendesk's"),
    ],
)
def test_json_of_another_shape_is_told_in_words(text: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "tickets.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CxError, match=told):
        imported(path, folder=tmp_path / "data")


def test_a_schedule_over_midnight_and_struck_out_hours_and_names_met_twice(tmp_path: Path) -> None:
    from cxlib.sources.zendesk.importer import import_zendesk

    spans = [
        {"start_time": 1440 * 6 + 1200, "end_time": 1440 * 7},
        {"start_time": 1440 + 1320, "end_time": 1440 * 2 + 120},
    ]
    two = [
        {"id": n, "name": "Night", "time_zone": zone, "intervals": spans}
        for n, zone in ((1, "Pacific Time (US & Canada)"), (2, "Europe/Paris"))
    ]
    write_lines(tmp_path / "tickets.jsonl", *TICKETS)
    (tmp_path / "schedules.json").write_text(json.dumps({"schedules": two}), encoding="utf-8")
    folder = tmp_path / "data"
    folder.mkdir()
    import_zendesk([tmp_path], folder=folder)
    text = (folder / "settings.toml").read_text(encoding="utf-8")
    for line in ("[schedules.Night]", '[schedules."Night (2)"]', 'timezone = "America/Los_Angeles"'):
        assert line in text
    for line in ('monday = ["22:00-24:00"]', 'tuesday = ["00:00-02:00"]', 'saturday = ["20:00-24:00"]', "sunday = []"):
        assert line in text


def test_rails_names_stand_for_zones_that_exist() -> None:
    assert len(ZONES) >= 151
    for name, zone in ZONES.items():
        assert ZoneInfo(iana_zone(name)).key == zone
    told = {"Kyiv": "Europe/Kiev", "Mumbai": "Asia/Kolkata", "La Paz": "America/La_Paz", "Asia/Tokyo": "Asia/Tokyo"}
    assert {name: iana_zone(name) for name in told} == told
    with pytest.raises(CxError, match="neither a Rails nor an IANA name"):
        iana_zone("Mars")


def test_recorded_answers_of_the_real_api_lose_nothing(shared_data: Find, tmp_path: Path) -> None:
    source = shared_data("zendesk_api/tickets.jsonl").parent
    lines = {path.stem: path.read_text(encoding="utf-8").splitlines() for path in source.glob("*.jsonl")}
    records = {name: [json.loads(line) for line in rows if line.strip()] for name, rows in lines.items()}
    folder, report = imported(source, folder=tmp_path / "data")
    read = {item["name"].removesuffix(".jsonl"): item["rows"] for item in report.files}
    assert read == {name: len(records[name]) for name in read}
    assert (read["tickets"], read["audits"], read["users"], read["engagements"]) == (1520, 129, 2694, 1261)
    assert not report.set_aside
    assert report.rows["tickets"] + sum(report.left_out["tickets"].values()) == 1520
    assert set(table(folder, "tickets", "ticket_id")) == {str(row["id"]) for row in records["tickets"]}
    events = [event for audit in records["audits"] for event in audit["events"]]
    spoken = {str(event["id"]) for event in events if event["type"] == "Comment"}
    assert set(table(folder, "messages", "message_id")) == spoken | {str(row["id"]) for row in records["comments"]}
    by_rule = sum(event.get("via", {}).get("channel") == "rule" for event in events)
    left = sum(report.left_out["changes"].values())
    assert report.rows["messages"] + report.rows["changes"] + by_rule + left == len(events) == 1236
    assert report.rows["workflow_runs"] == by_rule == 2
    people = {str(row["id"]) for row in records["users"]}
    assert set(table(folder, "customers", "customer_id")) | set(table(folder, "agents", "agent_id")) >= people
    assert sum(report.left_out["engagements"].values()) == 1261
    left_files = {name for name, why in report.left_out.items() if any("file not used" in words for words in why)}
    assert left_files | set(read) == set(records)


def test_fivetrans_seed_imports_whole(shared_data: Find, tmp_path: Path) -> None:
    source = shared_data("fivetran_zendesk/ticket_data.csv").parent
    folder, report = imported(source, folder=tmp_path / "data")
    assert {name: report.rows[name] for name in ("tickets", "messages", "changes")} == {
        "tickets": 10, "messages": 20, "changes": 35
    }  # fmt: skip
    assert report.left_out["messages"] == {"same record again": 3}  # one line of 38 stands there four times
    assert not report.set_aside
    row = pl.read_parquet(folder / "tickets.parquet").row(by_predicate=pl.col("ticket_id") == "11071", named=True)
    created, solved = row["created_at"], row["solved_at"]
    assert (str(created), str(solved)) == ("2020-08-28 18:06:36+00:00", "2020-11-14 11:01:27+00:00")
    assert row["resolution_minutes"] == (solved - created).total_seconds() / 60
    notes = report.notes.get("tickets", {})
    assert "schedule that the export does not hold" not in notes  # only tickets outside the seed have schedules
