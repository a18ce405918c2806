"""Each derived ticket column: as told by hand for hard tickets, and as a loop finds it for these and random ones."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from derive_desk import EXTRACTED, Rows, at, by_key, message, minutes, run, ticket
from derive_loops import clocks, next_ticket, story, time_in_status
from derive_stories import CHANGES, MESSAGES, TICKETS, random_desk

from cxlib.clock import open_minutes
from cxlib.settings import read_settings

FACTS = (
    "first_replied_at", "agent_replies", "customer_messages", "handoffs", "taken_at", "team_changes", "first_solved_at",
    "solved_at", "closed_at", "reopens", "reopened_at", "status",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CX_HOME", str(tmp_path))


@pytest.fixture
def derived(tmp_path: Path) -> dict[str, dict[str, Any]]:
    return by_key(run(tmp_path / "desk", tickets=TICKETS, messages=MESSAGES, changes=CHANGES)["tickets"])


DESKS = {"by hand": (TICKETS, MESSAGES, CHANGES)} | {f"random {seed}": random_desk(seed) for seed in range(3)}


@pytest.fixture(params=DESKS)
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Rows, Rows, Rows, Rows]:
    given, messages, changes = DESKS[request.param]
    rows = run(tmp_path / "desk", tickets=given, messages=messages, changes=changes)["tickets"]
    return given, messages, changes, rows


def test_empty_columns_are_filled_as_a_loop_over_the_events_finds_them(desk: tuple[Rows, Rows, Rows, Rows]) -> None:
    given, messages, changes, rows = desk
    for before, row in zip(given, rows, strict=True):
        told = story(before, messages, changes)
        for name in FACTS:
            expected = before[name] if before.get(name) is not None else told.get(name)
            if name == "first_solved_at":  # where only the last solve is on record it is the first one known
                expected = expected or row["solved_at"]
            assert row[name] == expected, (row["ticket_id"], name)


def test_clocks_run_as_a_loop_finds_them(desk: tuple[Rows, Rows, Rows, Rows]) -> None:
    given, messages, changes, rows = desk
    for before, row in zip(given, rows, strict=True):
        for name, expected in clocks(before, messages, changes).items():
            minutes_of, ended = row[f"{name}_minutes"], row[f"{name}_ended"]
            assert (minutes_of, ended) == expected[:2], (row["ticket_id"], name)
            assert name == "resolution" or row[f"{name}_competing"] == expected[2], (row["ticket_id"], name)
            assert minutes_of is None or minutes_of >= 0


def test_next_tickets_are_those_a_loop_finds(desk: tuple[Rows, Rows, Rows, Rows]) -> None:
    rows = desk[3]
    for row in rows:
        assert row["next_ticket_minutes"] == next_ticket(row, rows, same_category=False), row["ticket_id"]
        assert row["next_same_category_minutes"] == next_ticket(row, rows, same_category=True), row["ticket_id"]
    assert any(row["next_same_category_minutes"] for row in rows)


def test_time_in_each_status_is_what_a_loop_adds_up(desk: tuple[Rows, Rows, Rows, Rows]) -> None:
    given, _, changes, rows = desk
    told = {row["ticket_id"] for row in changes if row["field"] == "status"}
    groups = {"requester_wait": {"new", "open", "hold"}, "agent_wait": {"pending"}, "on_hold": {"hold"}}
    for before, row in zip(given, rows, strict=True):
        known = before["ticket_id"] in told or row["status"] in {"new", "open", "pending", "hold"}
        assert (row["wait_ended"] is None) != known
        for name, statuses in groups.items():
            expected = time_in_status(before | {"status": row["status"]}, changes, statuses) if known else None
            assert row[f"{name}_minutes"] == expected, (row["ticket_id"], name)
            if known:
                assert row[f"{name}_business_minutes"] <= row[f"{name}_minutes"]


def test_business_twins_count_the_open_minutes_of_the_tickets_own_schedule(
    derived: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    settings = read_settings(tmp_path / "desk" / "settings.toml")
    for row in derived.values():
        schedule = settings.schedules[row["schedule"] or "default"]
        for name in ("take_up", "first_reply", "resolution"):
            if (length := row[f"{name}_minutes"]) is not None:
                ends = (pl.Series([row["created_at"] + timedelta(minutes=length * part)]) for part in (0, 1))
                expected = open_minutes(*ends, schedule, settings.timezone)[0]
                assert row[f"{name}_business_minutes"] == expected, (row["ticket_id"], name)
    assert derived["plain"]["resolution_minutes"] == 240
    assert derived["plain"]["resolution_business_minutes"] == 240  # 09:00 to 13:00 in Warsaw
    three_weeks, last_days = (
        3 * 3 * 1440,
        1440 - 60 + 1440 + 14 * 60,
    )  # Sundays to Tuesdays
    whole = minutes(at("2 08:00"), at("3 23:00")) + three_weeks + last_days
    assert derived["never answered"]["first_reply_business_minutes"] == whole


WHAT_HAPPENED = {
    "plain": {
        "agent_replies": 2,
        "customer_messages": 3,
        "handoffs": 1,
        "first_reply_minutes": 60,
        "take_up_minutes": 40,
        "resolution_minutes": 240,
        "resolution_ended": True,
        "reopens": 0,
        "requester_wait_minutes": 180,
        "agent_wait_minutes": 60,
        "wait_ended": True,
        "estimated_handle_minutes": 10,
    },
    "agent-opened": {"agent_replies": 1, "first_reply_minutes": 30, "first_reply_ended": True},
    "agent-opened, note first": {"opened_by": "agent", "agent_replies": 1, "first_reply_minutes": 5},
    "note first": {"opened_by": "customer", "agent_replies": 1, "first_reply_minutes": 40},
    "never answered": {
        "agent_replies": 0,
        "first_reply_minutes": minutes(at("2 08:00"), EXTRACTED),
        "first_reply_ended": False,
        "first_reply_competing": False,
        "resolution_ended": False,
    },
    "solved without reply": {
        "agent_replies": 0,
        "first_reply_minutes": 120,
        "first_reply_ended": False,
        "first_reply_competing": True,
        "take_up_competing": True,
        "resolution_ended": True,
    },
    "reopened, still open": {
        "reopens": 1,
        "reopened_at": at("5 09:00"),
        "reopened_after_minutes": 1500,
        "solved_at": None,
        "first_solved_at": at("4 08:00"),
        "resolution_ended": False,
        "resolution_minutes": minutes(at("3 08:00"), EXTRACTED),
    },
    "merged": {
        "first_reply_competing": True,
        "first_reply_minutes": 720,
        "resolution_ended": False,
        "resolution_minutes": 720,
    },
    "merged, nobody knows when": {
        "resolution_minutes": None,
        "resolution_ended": False,
        "take_up_competing": True,
        "take_up_minutes": None,
        "wait_ended": None,
    },
    "deleted": {
        "first_reply_competing": True,
        "first_reply_minutes": None,
        "take_up_minutes": 60,
        "resolution_ended": False,
    },
    "reassigned": {
        "handoffs": 2,
        "team_changes": 2,
        "agent_replies": 4,
        "handle_minutes": 6.5,
        "on_hold_minutes": 300,
        "requester_wait_minutes": 300,
        "estimated_handle_minutes": None,
    },
    "bot first": {
        "first_reply_minutes": 90,
        "agent_wait_minutes": minutes(at("4 10:00"), EXTRACTED),
        "wait_ended": False,
    },
    "requester unknown": {"first_reply_minutes": 45, "resolution_minutes": 60, "next_ticket_minutes": None},
    "solved twice": {
        "first_solved_at": at("4 09:00"),
        "solved_at": at("6 11:00"),
        "reopens": 1,
        "resolution_minutes": 3060,
    },
    "closed by timer": {
        "solved_at": None,
        "first_solved_at": None,
        "closed_at": at("15 09:00"),
        "resolution_ended": False,
        "resolution_minutes": minutes(at("4 08:00"), at("11 09:00")),
        "reopens": 0,
    },
    "solved, then closed by timer": {
        "solved_at": at("4 12:00"),
        "closed_at": at("14 12:00"),
        "resolution_minutes": 240,
    },
    "given": {"first_reply_minutes": 30, "agent_replies": 1, "resolution_minutes": 1440, "take_up_minutes": 10},
    "reply before creation": {
        "first_reply_minutes": None,
        "first_reply_ended": None,
        "first_reply_business_minutes": None,
    },
    "solved, nobody knows when": {"resolution_minutes": None, "resolution_ended": False, "solved_at": None},
    "missed": {
        "first_reply_competing": True,
        "first_reply_minutes": 1,
        "take_up_minutes": 1,
        "resolution_ended": False,
    },
    "status unknown": {"status": "open", "first_reply_ended": False, "agent_replies": None},
    "all at once": {"agent_replies": 6, "handoffs": 1, "solved_at": None, "reopens": 1, "reopened_after_minutes": 0},
    "note before the customer": {"opened_by": "customer", "first_reply_minutes": 20},
    "solved before creation": {"resolution_minutes": None, "next_ticket_minutes": None},
    "plain, same matter": {"created_hour": 1, "created_day": at("30 00:00").date()},
}


@pytest.mark.parametrize("number", WHAT_HAPPENED)
def test_hard_tickets_mean_what_they_should(number: str, derived: dict[str, dict[str, Any]]) -> None:
    expected = WHAT_HAPPENED[number]
    assert {name: derived[number][name] for name in expected} == expected


@pytest.mark.parametrize(
    ("sent", "opener", "first_reply"), [("2 08:00", "agent", None), ("2 08:01", "agent", None), ("2 08:02", None, 2)]
)
def test_an_agent_opens_a_ticket_only_with_a_message_at_its_creation(
    sent: str, opener: str | None, first_reply: float | None, tmp_path: Path
) -> None:
    talk = [message("1", "t", sent, "agent", "a1"), message("2", "t", "2 09:00", "customer", "c")]
    tables = run(tmp_path / "desk", tickets=[ticket("t", "2 08:00")], messages=talk)
    found = tables["tickets"][0]
    assert found["opened_by"] == opener
    assert (found["first_reply_minutes"] if found["first_reply_ended"] else None) == first_reply
    assert found["agent_replies"] == (first_reply is not None)
    assert [(row["asked_at"], row["reply_ended"]) for row in tables["replies"]] == [(at("2 09:00"), False)]


def test_a_next_ticket_of_the_same_matter_skips_the_merged_one(derived: dict[str, dict[str, Any]]) -> None:
    plain = derived["plain"]
    assert plain["next_ticket_minutes"] == minutes(at("2 12:00"), at("7 08:00"))
    assert plain["next_same_category_minutes"] == minutes(at("2 12:00"), at("29 23:30"))


def test_a_new_ticket_undoes_last_weeks_unknown_next_ticket(tmp_path: Path) -> None:
    first = ticket("1", "2 08:00", customer_id="c", solved_at="2 09:00", status="solved")
    assert run(tmp_path / "desk", tickets=[first])["tickets"][0]["next_ticket_minutes"] is None
    both = [first, ticket("2", "4 09:00", customer_id="c", status="open")]
    assert run(tmp_path / "desk", tickets=both)["tickets"][0]["next_ticket_minutes"] == 2 * 1440


def test_an_end_that_the_source_never_tells_starts_no_clock(tmp_path: Path) -> None:
    rows = run(tmp_path / "desk", tickets=[ticket("1", "2 08:00", solved_at="2 09:00"), ticket("2", "2 08:00")])
    for row in rows["tickets"]:
        assert {row[f"{name}_{part}"] for name in ("take_up", "first_reply") for part in ("minutes", "ended")} == {None}
    assert [row["resolution_ended"] for row in rows["tickets"]] == [True, False]
