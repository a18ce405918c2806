"""The hand-made desk imported: both shapes, roles, macros, merges, timers, ratings, promises, settings, the command."""

from __future__ import annotations

import json
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from cxlib.cli import main
from cxlib.errors import CxError, UsageError
from cxlib.sources import SOURCES
from tests.sources.zendesk_desk import (
    ANN,
    BOB,
    FIXTURES,
    audits,
    first_replies,
    imported,
    latest_tickets,
    table,
    ticket,
    write_lines,
)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return imported(FIXTURES / "api", folder=tmp_path_factory.mktemp("desk") / "api")[0]


@pytest.fixture(scope="module")
def fivetran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return imported(FIXTURES / "fivetran", folder=tmp_path_factory.mktemp("desk") / "fivetran")[0]


def test_the_command_imports_and_its_figures_are_those_of_a_plain_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CX_HOME", str(tmp_path))
    assert main(["import", "zendesk", str(FIXTURES / "api"), "--into", "desk"]) == 0
    assert "tickets: 12 rows written" in capsys.readouterr().out
    assert main(["figures", "desk", "--month", "2024-10", "--format", "json"]) == 0
    told = {row["metric"]: row for row in json.loads(capsys.readouterr().out)}
    october = {n for n, row in latest_tickets().items() if row["created_at"].startswith("2024-10")}
    waits = sorted(minutes for number, minutes in first_replies().items() if number in october)
    middle = (waits[len(waits) // 2 - 1] + waits[len(waits) // 2]) / 2
    assert (told["first_reply_time"]["value"], told["first_reply_time"]["n"]) == (
        pytest.approx(middle),
        len(waits) == 8 and 8,
    )
    ratings = [1, 0, 4]  # good, bad, four of five
    good = [answer == 1 or answer >= 4 for answer in ratings]
    assert (told["csat"]["value"], told["csat"]["n"]) == (pytest.approx(100 * sum(good) / len(good)), 3)
    by_customers = [
        n for n, row in latest_tickets().items() if n in october and row["submitter_id"] == row["requester_id"]
    ]
    counted = [n for n in by_customers if n not in (4, 5)]  # deleted and merged apart
    assert told["ticket_volume"]["value"] == len(counted) == 8


def test_both_shapes_lay_the_same_tables(api: Path, fivetran: Path) -> None:
    derived = [
        c for c in pl.read_parquet(api / "tickets.parquet").columns if c not in ("handle_minutes", "extracted_at")
    ]
    of_audits = ("estimated", "resolution", "requester_wait", "agent_wait", "workflow_kinds", "auto_answered")
    same = [c for c in derived if not c.startswith(of_audits)]
    assert table(api, "tickets", *same) == table(fivetran, "tickets", *same)
    said = ("message_id", "ticket_id", "sent_at", "author", "author_id", "is_public", "text")
    assert table(api, "messages", *said) == table(fivetran, "messages", *said)
    changed = ("ticket_id", "changed_at", "field", "new", "by")
    of_both = [
        sorted(
            row
            for row in map(str, table(folder, "changes", *changed))
            if "subject" not in row and "'customer', '3" not in row
        )
        for folder in (api, fivetran)
    ]
    assert of_both[0] == of_both[1]
    rated = ("ticket_id", "customer_id", "agent_id", "sent_at", "answered_at", "answer", "scale_high", "comment")
    assert sorted(map(str, table(fivetran, "surveys", *rated))) == sorted(
        str(row) for row in table(api, "surveys", *rated) if row[0] in ("1", "3", "6")
    )


def test_fivetrans_tables_as_parquet_with_types_are_the_same(fivetran: Path, tmp_path: Path) -> None:
    source = tmp_path / "parquet"
    source.mkdir()
    for path in (FIXTURES / "fivetran").glob("*.csv"):
        frame = pl.read_csv(path, try_parse_dates=True, infer_schema_length=None)
        frame = frame.with_columns(pl.col(name).cast(pl.Float64) for name in frame.columns if name == "assignee_id")
        frame.write_parquet(source / f"{path.stem}.parquet")
    folder, _ = imported(source, folder=tmp_path / "data")
    for name in ("tickets", "messages", "changes", "surveys", "customers"):
        columns = [
            c
            for c in pl.read_parquet(fivetran / f"{name}.parquet").columns
            if not c.endswith("_id") or name != "changes"
        ]
        assert table(folder, name, *columns) == table(fivetran, name, *columns), name


def test_every_audit_event_is_a_message_a_change_a_run_or_left_out_with_its_reason(tmp_path: Path) -> None:
    folder, report = imported(FIXTURES / "api", folder=tmp_path / "data", derived=False)
    events = [event["type"] for audit in audits() for event in audit["events"]]
    macros = events.count("AgentMacroReference")
    by_rule = sum(len(a["events"]) for a in audits() if a["via"]["source"]["rel"] in ("trigger", "automation"))
    assert by_rule == 6
    offered = events.count("SurveyOffered")  # a trigger's event: the run tells of it
    left = sum(report.left_out["changes"].values())
    assert report.rows["messages"] + report.rows["changes"] + macros + offered + left == len(events)
    assert report.left_out["tickets"] == {"older version of the same ticket": 1}
    assert report.left_out["engagements"] == {"ticket is not in the export": 1, "minutes of the ticket": 2}
    assert len(table(folder, "tickets", "ticket_id")) == len(latest_tickets())


def test_equal_files_give_equal_bytes(api: Path, tmp_path: Path) -> None:
    folder, _ = imported(FIXTURES / "api", folder=tmp_path / "data")
    names = sorted(path.name for path in api.glob("*.*"))
    assert len(names) > 8
    for name in names:
        assert (folder / name).read_bytes() == (api / name).read_bytes(), name


def test_macros_are_runs_and_saved_replies_and_rules_are_runs_too(api: Path) -> None:
    runs = table(api, "workflow_runs", "kind", "name", "ticket_id", "agent_id")
    assert sorted(row for row in runs if row[0] == "macro") == [
        ("macro", "Send invoice", "1", BOB), ("macro", "Send invoice", "11", ANN)  # the latter looked up by its number
    ]  # fmt: skip
    assert sorted(row[:3] for row in runs if row[0] != "macro") == [
        ("automation", "Close after 4 days", "1"), ("automation", "Solve pending after 5 days", "12"),
        ("sla", "Gold", "1"), ("sla", "Gold", "7"),
        *(("trigger", "Ask for a rating", number) for number in ("1", "11", "3", "6")),
    ]  # fmt: skip
    assert {row[0] for row in table(api, "messages", "ticket_id", "saved_reply") if row[1]} == {"1", "11"}


def test_a_close_by_automation_or_system_is_a_timers_and_no_resolution(api: Path) -> None:
    ends = [row for row in table(api, "changes", "ticket_id", "new", "by", "field") if row[3] == "status"]
    assert [row[:3] for row in ends if row[2] == "timer"] == [
        ("1", "closed", "timer"), ("12", "solved", "timer"), ("12", "closed", "timer")
    ]  # fmt: skip
    row = ticket(api, "12")
    assert (row["status"], row["solved_at"], row["resolution_ended"]) == ("closed", None, False)


def test_a_merged_ticket_knows_its_target_and_is_not_solved(api: Path, fivetran: Path) -> None:
    for folder in (api, fivetran):
        row = ticket(folder, "5")
        assert (row["status"], row["merged_into"], row["solved_at"]) == ("merged", "1", None)
        assert ticket(folder, "1")["status"] == "closed"


def test_minutes_of_engagements_without_an_offset_are_the_tickets(api: Path) -> None:
    assert ticket(api, "6")["handle_minutes"] == 7.5 + 2
    assert ticket(api, "1")["handle_minutes"] is None


def test_promised_instants_follow_the_target_in_clock_or_in_open_time(api: Path, fivetran: Path) -> None:
    for folder in (api, fivetran):  # 7: 299 of 480 minutes on Sunday, the rest on Monday from nine in Jerusalem
        assert ticket(folder, "1")["first_reply_due_at"] == datetime(2024, 10, 1, 9, tzinfo=UTC)
        assert ticket(folder, "7")["first_reply_due_at"] == datetime(2024, 10, 21, 9, 1, tzinfo=UTC)
        assert ticket(folder, "2")["first_reply_due_at"] is None


def test_schedules_are_settings_with_iana_zones_and_holidays(api: Path, fivetran: Path) -> None:
    told = [tomllib.loads((folder / "settings.toml").read_text(encoding="utf-8")) for folder in (api, fivetran)]
    assert told[0] == told[1]
    desk = told[0]["schedules"]["Jerusalem desk"]
    assert (told[0]["timezone"], desk["timezone"]) == ("Europe/Warsaw", "Asia/Jerusalem")
    assert (desk["hours"]["sunday"], desk["hours"]["friday"]) == (["09:00-18:00"], [])
    assert [str(day) for day in desk["extra_holidays"]] == ["2024-10-16", "2024-10-17"]


def test_a_folders_own_settings_stay_and_gain_the_schedules_they_lack(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    own = 'default_schedule = "Warsaw office"\n\n[schedules."Warsaw office"]\ntimezone = "Europe/Paris"\n'
    (folder / "settings.toml").write_text(own, encoding="utf-8")
    for _ in range(2):
        SOURCES["zendesk"]([FIXTURES / "api"], folder=folder)
        text = (folder / "settings.toml").read_text(encoding="utf-8")
        told = tomllib.loads(text)
        assert text.startswith(own.rstrip("\n"))
        assert list(told["schedules"]) == ["Warsaw office", "Jerusalem desk"]


def test_own_settings_without_schedules_take_zendesks_default(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text('currency = "PLN"\n', encoding="utf-8")
    SOURCES["zendesk"]([FIXTURES / "api"], folder=tmp_path)
    told = tomllib.loads((tmp_path / "settings.toml").read_text(encoding="utf-8"))
    assert (told["default_schedule"], told["currency"], len(told["schedules"])) == ("Warsaw office", "PLN", 2)


def test_ticket_metrics_fill_only_tickets_without_events(tmp_path: Path) -> None:
    created = {"created_at": "2024-05-01T00:00:00Z", "status": "solved", "requester_id": 1}
    metric = {
        "initially_assigned_at": "2024-05-01T00:05:00Z", "solved_at": "2024-05-02T00:00:00Z", "reopens": 1,
        "replies": 2, "reply_time_in_minutes": {"calendar": 10, "business": 0},
    }  # fmt: skip
    write_lines(tmp_path / "tickets.jsonl", {"id": 1, **created}, {"id": 2, **created})
    write_lines(tmp_path / "ticket_metrics.jsonl", {"ticket_id": 1, **metric}, {"ticket_id": 2, **metric})
    talk = [{"type": "Comment", "author_id": author, "public": True, "id": author} for author in (1, 5)]
    write_lines(
        tmp_path / "audits.jsonl",
        {"id": 1, "ticket_id": 2, "created_at": "2024-05-01T00:00:00Z", "events": talk[:1]},
        {"id": 2, "ticket_id": 2, "created_at": "2024-05-01T01:00:00Z", "events": talk[1:]},
    )
    folder, _ = imported(tmp_path, folder=tmp_path / "data")
    columns = ("first_replied_at", "agent_replies", "reopens", "solved_at")
    assert table(folder, "tickets", *columns) == [
        (datetime(2024, 5, 1, 0, 10, tzinfo=UTC), 2, 1, datetime(2024, 5, 2, tzinfo=UTC)),
        (datetime(2024, 5, 1, 1, tzinfo=UTC), 1, None, None),  # without users, whoever is not the requester is an agent
    ]


@pytest.mark.parametrize(
    ("paths", "mapping", "error", "words"),
    [
        (["nowhere"], None, UsageError, "There is no file nowhere"),
        ([str(FIXTURES)], None, CxError, "Nothing to import"),
        ([__file__], None, UsageError, "no known kind of record"),
        ([str(FIXTURES / "api")], Path("x.toml"), UsageError, "need no --mapping"),
    ],
)
def test_a_users_mistake_is_told(
    paths: list[str], mapping: Path | None, error: type[CxError], words: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=words):
        SOURCES["zendesk"]([Path(path) for path in paths], folder=tmp_path, mapping=mapping)
