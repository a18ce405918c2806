"""What workflows and help articles tell of tickets and views: literal rows against loops."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from derive_desk import Rows, at, by_key, run, ticket


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CX_HOME", str(tmp_path))
    return tmp_path / "desk"


def ran(number: str, ticket_id: str | None, when: str, kind: str | None, name: str = "one") -> dict[str, Any]:
    return {"run_id": number, "ticket_id": ticket_id, "ran_at": at(when), "kind": kind, "name": name}


TICKETS = [
    ticket("solved", "2 08:00", solved_at="3 08:00", status="solved"),
    ticket("touched late", "2 08:00", solved_at="3 08:00", status="solved"),
    ticket("open", "2 08:00", status="open"),
    ticket("untouched", "2 08:00", solved_at="3 08:00", status="solved"),
    ticket("watched", "2 08:00", solved_at="3 08:00", status="solved"),
]
RUNS = [
    ran("1", "solved", "2 09:00", "saved_reply"),
    ran("2", "solved", "2 09:00", "macro"),
    ran("3", "solved", "3 08:00", "macro", "at the very solve"),
    ran("4", "solved", "7 08:00", "automation", "closes a solved ticket"),
    ran("5", "touched late", "4 08:00", "automation"),
    ran("6", "touched late", "4 08:00", "auto_reply"),
    ran("7", "open", "20 08:00", "auto_reply"),
    ran("8", "watched", "2 09:00", "sla"),
    ran("9", None, "2 09:00", "trigger"),
    ran("10", "in no table", "2 09:00", "trigger"),
    ran("11", "untouched", "2 09:00", None),
]


def by_hand(tickets: Rows, runs: Rows) -> dict[str, tuple[str, bool | None]]:
    recorded = any(one["kind"] == "auto_reply" for one in runs)
    found = {}
    for row in tickets:
        solved: datetime | None = row.get("solved_at")
        mine = [one for one in runs if one["ticket_id"] == row["ticket_id"] and one["kind"] is not None]
        kinds = {one["kind"] for one in mine if one["kind"] != "sla" and (solved is None or one["ran_at"] <= solved)}
        found[row["ticket_id"]] = ("+".join(sorted(kinds)) or "none", "auto_reply" in kinds if recorded else None)
    return found


@pytest.mark.parametrize("runs", [RUNS, [one for one in RUNS if one["kind"] != "auto_reply"], []])
def test_a_ticket_knows_the_workflows_that_ran_up_to_its_solve(desk: Path, runs: Rows) -> None:
    rows = by_key(run(desk, tickets=TICKETS, workflow_runs=runs)["tickets"])
    found = {key: (row["workflow_kinds"], row["auto_answered"]) for key, row in rows.items()}
    assert found == by_hand(TICKETS, runs)


def test_workflows_by_hand(desk: Path) -> None:
    rows = by_key(run(desk, tickets=TICKETS, workflow_runs=RUNS)["tickets"])
    assert {key: row["workflow_kinds"] for key, row in rows.items()} == {
        "solved": "macro+saved_reply", "touched late": "none", "open": "auto_reply", "untouched": "none",
        "watched": "none",
    }  # fmt: skip
    assert [key for key, row in rows.items() if row["auto_answered"]] == ["open"]


def test_without_runs_nothing_is_known_of_workflows(desk: Path) -> None:
    rows = run(desk, tickets=TICKETS)["tickets"]
    assert {(row["workflow_kinds"], row["auto_answered"]) for row in rows} == {(None, None)}


def test_every_view_knows_whether_a_ticket_followed_its_visit(desk: Path) -> None:
    tickets = [ticket("soon", "2 20:00", customer_id="ann"), ticket("late", "12 08:31", customer_id="ann")]
    views = [
        {"view_id": number, "article_id": "k", "viewed_at": at(when), "visitor_id": visitor, "customer_id": customer}
        for number, when, visitor, customer in (
            ("1", "2 08:00", "v1", "ann"), ("2", "2 09:00", "v1", None), ("3", "11 08:30", "v1", "ann"),
            ("4", "31 11:00", "v1", "ann"), ("5", "2 08:00", "v2", None), ("6", "2 08:00", None, None),
        )
    ]  # fmt: skip
    once = by_key(run(desk, tickets=tickets, article_views=views)["article_views"])
    assert {key: row["ticket_opened"] for key, row in once.items()} == {
        "1": True, "2": True, "3": False, "4": None, "5": None, "6": None,
    }  # fmt: skip
    assert by_key(run(desk)["article_views"]) == once
