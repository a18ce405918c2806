"""What agents did month by month, and how long they had been there: against plain loops over drawn rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from derive_desk import EXTRACTED, Rows, change, message, run, survey, ticket

ZONE = ZoneInfo("Europe/Warsaw")
AGENTS = ("ann", "ben", "cid")
LISTED = "dan"  # changes things, but never writes and never has a ticket
WORK = ("conversations", "solved", "customer_days", "days_worked")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CX_HOME", str(tmp_path))
    return tmp_path / "desk"


def _drawn(seed: int) -> tuple[Rows, Rows, Rows]:
    rng = np.random.default_rng(seed)
    tickets, messages, changes = [], [], []
    for number in range(60):
        created = datetime(2026, 1, 25, tzinfo=UTC) + timedelta(hours=float(rng.uniform(0, 24 * 60)))
        solved = created + timedelta(days=float(rng.uniform(0, 20)))
        customer = None if number % 7 == 0 else f"c{rng.integers(9)}"
        row = ticket(f"t{number}", None, customer_id=customer, opened_by="customer", agent_id=str(rng.choice(AGENTS)))
        status = "spam" if number % 11 == 0 else "solved"
        tickets.append(row | {"created_at": created, "solved_at": solved, "status": status})
        for reply in range(int(rng.integers(0, 4))):
            sent = created + timedelta(hours=float(rng.uniform(1, 200)))
            who = None if rng.random() < 0.1 else str(rng.choice(AGENTS))
            written = message(f"m{number}/{reply}", f"t{number}", None, "agent", "", is_public=bool(rng.random() < 0.8))
            messages.append(written | {"sent_at": sent, "author_id": who})
        for step in range(2):
            by = str(rng.choice([*AGENTS, LISTED, "timer", "customer", "nobody known"]))
            happened = change(f"h{number}/{step}", f"t{number}", None, "priority", "low", "high", by=by)
            changes.append(happened | {"changed_at": created + timedelta(hours=float(rng.uniform(1, 300)))})
    return tickets, messages, changes


def _by_hand(tickets: Rows, messages: Rows, changes: Rows) -> dict[tuple[str, str], dict[str, set[object]]]:
    about = {row["ticket_id"]: row for row in tickets}
    found: dict[tuple[str, str], dict[str, set[object]]] = {}

    def put(agent: str, at: datetime, name: str, what: object) -> None:
        local = at.astimezone(ZONE)
        if at <= EXTRACTED:
            mine = found.setdefault((agent, f"{local:%Y-%m}"), {each: set() for each in WORK})
            mine[name].add((local.date(), what) if name == "customer_days" else local.date() if what is None else what)

    for row in messages:
        one = about[row["ticket_id"]]
        if row["author_id"]:
            put(row["author_id"], row["sent_at"], "days_worked", None)
            if row["is_public"] and row["sent_at"] > one["created_at"]:
                put(row["author_id"], row["sent_at"], "conversations", row["ticket_id"])
                put(row["author_id"], row["sent_at"], "customer_days", one["customer_id"] or row["ticket_id"])
    for row in changes:
        if row["by"] in (*AGENTS, LISTED):
            put(row["by"], row["changed_at"], "days_worked", None)
    for row in tickets:
        if row["status"] != "spam":
            put(row["agent_id"], row["solved_at"], "solved", row["ticket_id"])
    return found


@pytest.mark.parametrize("seed", range(3))
def test_work_is_what_a_loop_counts(desk: Path, seed: int) -> None:
    tickets, messages, changes = _drawn(seed)
    hired = [
        {"agent_id": "ann", "hired_at": datetime(2026, 2, 1, tzinfo=UTC)},
        {"agent_id": "ben"},
        {"agent_id": LISTED},
    ]
    rows = run(desk, tickets=tickets, messages=messages, changes=changes, agents=hired)["agent_months"]
    expected = _by_hand(tickets, messages, changes)
    got = {(row["agent_id"], f"{row['month_day']:%Y-%m}"): row for row in rows}
    assert set(expected) <= set(got)
    assert len(got) == len(rows) == len({row["agent_month_id"] for row in rows})
    for key, row in got.items():
        mine = expected.get(key, {name: set() for name in WORK})
        assert [row[name] for name in WORK] == [len(mine[name]) for name in WORK], key
        assert (row["employed_share"] is None) == (key[0] != "ann" or key[1] < "2026-02")
        assert row["month_at"].astimezone(ZONE).replace(tzinfo=None) == datetime.combine(
            row["month_day"], datetime.min.time()
        )
    assert sum(row["conversations"] for row in rows) > 30


def test_without_messages_nobody_knows_conversations_but_solved_is_known(desk: Path) -> None:
    tickets, _, changes = _drawn(1)
    rows = run(desk, tickets=tickets, changes=changes)["agent_months"]
    assert {row["conversations"] for row in rows} == {row["customer_days"] for row in rows} == {None}
    real = [row for row in tickets if row["status"] != "spam" and row["solved_at"] <= EXTRACTED]
    assert sum(row["solved"] for row in rows) == len(real)
    assert {row["left"] for row in rows} == {None}


def test_without_anybodys_leaving_nobodys_staying_is_known(desk: Path) -> None:
    hired = datetime(2026, 2, 1, tzinfo=UTC)
    rows = run(desk, agents=[{"agent_id": "ann", "hired_at": hired}])["agent_months"]
    assert [row["left"] for row in rows] == [None, None]
    gone = {"agent_id": "ben", "hired_at": hired, "left_at": datetime(2026, 3, 3, tzinfo=UTC)}
    rows = run(desk, agents=[{"agent_id": "ann", "hired_at": hired}, gone])["agent_months"]
    march = [(row["agent_id"], row["left"]) for row in rows if row["month_day"].month == 3]
    assert march == [
        ("ann", False),
        ("ben", True),
    ]


def test_time_in_the_job_is_counted_in_days(desk: Path) -> None:
    hired = datetime(2025, 3, 1, 8, tzinfo=UTC)
    first, second, third = "days 1–30", "days 31–60", "days 61–90"
    days: dict[float, str | None] = {
        0: first,
        29.9: first,
        30: second,
        60: third,
        89.9: third,
        90: "days 91–365",
        364.9: "days 91–365",
    }
    days |= {365: "later than a year", -1: None}
    asked = [
        survey(f"s{day}", None, 5.0, ticket_id=f"t{day}", agent_id="ann") | {"sent_at": hired + timedelta(days=day)}
        for day in days
    ]
    tickets = [ticket(f"t{day}", None, agent_id="ann") | {"created_at": hired + timedelta(days=day)} for day in days]
    tables = run(desk, tickets=[*tickets, ticket("else", "2 09:00", agent_id="ben")], surveys=asked,
                 agents=[{"agent_id": "ann", "hired_at": hired}, {"agent_id": "ben"}])  # fmt: skip
    assert [row["agent_tenure"] for row in tables["surveys"]] == list(days.values())
    assert [row["agent_tenure"] for row in tables["tickets"]] == [*days.values(), None]
