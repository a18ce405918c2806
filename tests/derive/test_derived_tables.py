"""The derived tables: waits between question and reply, steps of the backlog, agents' shares of tickets."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from derive_desk import EXTRACTED, Rows, at, by_key, change, message, minutes, run, ticket
from derive_loops import OVER, of, questions, replies_of
from derive_stories import CHANGES, MESSAGES, TICKETS, random_desk

DESKS = {"by hand": (TICKETS, MESSAGES, CHANGES)} | {f"random {seed}": random_desk(seed) for seed in (7, 8)}


@pytest.fixture(params=DESKS)
def desk(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Rows, Rows, Rows, dict[str, Rows]]:
    monkeypatch.setenv("CX_HOME", str(tmp_path))
    given, messages, changes = DESKS[request.param]
    return given, messages, changes, run(tmp_path / "desk", tickets=given, messages=messages, changes=changes)


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Rows]:
    monkeypatch.setenv("CX_HOME", str(tmp_path))
    return run(tmp_path / "desk", tickets=TICKETS, messages=MESSAGES, changes=CHANGES)


def test_every_wait_is_one_a_loop_finds(desk: tuple[Rows, Rows, Rows, dict[str, Rows]]) -> None:
    given, messages, _, tables = desk
    rows = by_key(tables["replies"])
    expected = {number: (answered, by) for row in given for number, answered, by in questions(row, messages)}
    known = {row["ticket_id"] for row in given}
    assert {number for number, row in rows.items() if row["ticket_id"] in known} == set(expected)
    for number, (answered, by) in expected.items():
        row = rows[number]
        assert (row["replied_at"], row["agent_id"], row["reply_ended"]) == (answered, by, answered is not None) or (
            answered is None and row["reply_ended"] is None  # asked after the end of the data
        )
        if answered:
            assert row["reply_minutes"] == minutes(row["asked_at"], answered)
            assert row["reply_competing"] is False


def test_waits_without_a_reply_run_to_the_end_of_the_ticket_or_of_the_data(told: dict[str, Rows]) -> None:
    rows = by_key(told["replies"])
    waiting, gone, lost = rows["18"], rows["15"], rows["38"]
    assert waiting["reply_minutes"] == minutes(at("5 09:00"), EXTRACTED)
    assert (waiting["reply_ended"], waiting["reply_competing"]) == (False, False)
    assert (gone["reply_minutes"], gone["reply_ended"], gone["reply_competing"]) == (120, False, True)
    assert (lost["ticket_id"], lost["customer_id"], lost["reply_competing"]) == ("nowhere", "c", False)


def test_a_wait_belongs_to_who_asked_and_who_answered(told: dict[str, Rows]) -> None:
    rows = by_key(told["replies"])
    shown = {number: tuple(rows[number][name] for name in ("customer_id", "agent_id", "channel")) for number in rows}
    assert shown["1"] == ("customer of plain", "a1", "phone")
    assert shown["4"] == ("customer of plain", "a2", "chat")
    assert shown["30"] == ("visitor", "a1", "email")
    assert rows["4"]["reply_minutes"] == 120
    assert "2" not in rows  # a second message while waiting


def test_the_backlog_on_any_day_is_what_a_loop_counts(desk: tuple[Rows, Rows, Rows, dict[str, Rows]]) -> None:
    given, _, changes, tables = desk
    told = {row["ticket_id"] for row in changes if row["field"] == "status"}
    for day in range(2, 32):
        instant = at(f"{day} 12:30")
        expected: Counter[str] = Counter()
        for row in given:
            if row["ticket_id"] in told and row["created_at"] <= instant:
                past = [one for one in of(changes, row, "changed_at") if one["field"] == "status"]
                status = past[0]["old"] or "new"
                for one in past:
                    status = one["new"] if one["changed_at"] <= instant else status
                expected[row["ticket_id"]] += status not in OVER
        stock: Counter[str] = Counter()
        for move in tables["status_moves"]:
            if move["ticket_id"] in told and move["moved_at"] <= instant:
                stock[move["ticket_id"]] += move["step"]
        assert +stock == +expected, day


def test_tickets_without_history_are_unsolved_from_creation_to_their_end(told: dict[str, Rows]) -> None:
    moves = defaultdict(list)
    for row in told["status_moves"]:
        moves[row["ticket_id"]].append((row["moved_at"], row["step"]))
    assert moves["given"] == [(at("5 08:00"), 1), (at("6 08:00"), -1)]
    assert moves["missed"] == [(at("5 08:00"), 1), (at("5 08:01"), -1)]
    assert moves["never answered"] == [(at("2 08:00"), 1)]
    assert "merged, nobody knows when" not in moves
    assert [step for _, step in moves["solved twice"]] == [1, -1, 1, -1]
    assert len({row["move_id"] for row in told["status_moves"]}) == len(told["status_moves"])


def test_a_history_that_misses_the_last_status_still_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CX_HOME", str(tmp_path))
    tables = run(
        tmp_path / "desk",
        tickets=[ticket("1", "2 08:00", status="deleted")],
        changes=[change("1", "1", "2 09:00", "status", "new", "pending")],
    )
    assert [row["step"] for row in tables["status_moves"]] == [1, -1]
    assert tables["tickets"][0]["requester_wait_minutes"] == 60
    assert (tables["tickets"][0]["agent_wait_minutes"], tables["tickets"][0]["wait_ended"]) == (0, True)


def test_changes_outside_the_ticket_or_the_data_make_no_negative_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CX_HOME", str(tmp_path))
    tables = run(
        tmp_path / "desk",
        tickets=[ticket("1", "2 08:00", status="open"), ticket("2", "2 08:00"), ticket("3", None, status="open")],
        changes=[
            change("1", "1", "1 08:00", "status", "open", "pending"),
            change("2", "1", "2 09:00", "status", "pending", "open"),
            change("3", "2", "31 13:00", "status", "hold", "pending"),
        ],
    )
    early, late, _ = tables["tickets"]
    assert (early["agent_wait_minutes"], early["requester_wait_minutes"]) == (60, minutes(at("2 09:00"), EXTRACTED))
    assert (late["on_hold_minutes"], late["agent_wait_minutes"]) == (minutes(at("2 08:00"), at("31 13:00")), 0)
    assert [row["ticket_id"] for row in tables["status_moves"]] == ["1", "2"]


def test_agents_shares_add_up_to_the_tickets_replies(desk: tuple[Rows, Rows, Rows, dict[str, Rows]]) -> None:
    given, messages, _, tables = desk
    expected: Counter[tuple[Any, ...]] = Counter()
    for row in given:
        expected.update((row["ticket_id"], one["author_id"]) for one in replies_of(row, messages) if one["author_id"])
    got: Counter[tuple[Any, ...]] = Counter()
    for share in tables["agent_tickets"]:
        got[share["ticket_id"], share["agent_id"]] += share["replies"]
    assert +got == expected


def test_minutes_are_recorded_shared_out_or_estimated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CX_HOME", str(tmp_path))
    tickets = [ticket("own", "2 09:00"), ticket("whole", "2 09:00", handle_minutes=30.0), ticket("none", "2 08:00")]
    messages = [
        message("1", "own", "2 09:00", "agent", "a1", handle_minutes=3.0),
        message("2", "own", "31 22:30", "agent", "a1", handle_minutes=2.0),  # April in Warsaw
        message("3", "whole", "2 09:00", "agent", "a1"),
        message("4", "whole", "2 10:00", "agent", "a1", is_public=False),
        message("5", "whole", "2 11:00", "agent", "a2"),
        message("6", "none", "2 08:00", "customer", "c"),
        message("7", "none", "2 09:00", "agent", "a1"),
        message("8", "none", "2 10:00", "agent", None),
    ]
    rows = run(tmp_path / "desk", tickets=tickets, messages=messages)["agent_tickets"]
    got = {(row["ticket_id"], row["agent_id"], row["month_day"]): (row["replies"], row["minutes"]) for row in rows}
    march = date(2026, 3, 1)
    assert got == {
        ("own", "a1", march): (0, 3),  # the message that opened the ticket is no reply
        ("own", "a1", date(2026, 4, 1)): (1, 2),
        ("whole", "a1", march): (0, 20),
        ("whole", "a2", march): (1, 10),
        ("none", "a1", march): (1, 5),
    }


def test_a_duplicated_ticket_counts_once_and_multiplies_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CX_HOME", str(tmp_path))
    twice = [*TICKETS, TICKETS[0]]
    tables = run(tmp_path / "desk", tickets=twice, messages=MESSAGES, changes=CHANGES)
    once = run(tmp_path / "once", tickets=TICKETS, messages=MESSAGES, changes=CHANGES)
    assert len(tables["tickets"]) == len(TICKETS)
    assert all(tables[name] == once[name] for name in ("status_moves", "replies", "agent_tickets"))
    assert tables["tickets"][0]["agent_replies"] == 2
