"""Agents' months, visits of the help articles, workflows of a ticket: against plain loops over rows written by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from derive_desk import EXTRACTED, SETTINGS, Rows, at, by_key, run, ticket

ZONE = ZoneInfo("Europe/Warsaw")
DAY = timedelta(hours=24)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CX_HOME", str(tmp_path))
    return tmp_path / "desk"


def agent(number: str, hired: datetime | None, left: datetime | None = None) -> dict[str, Any]:
    return {"agent_id": number, "name": number, "hired_at": hired, "left_at": left}


AGENTS = [
    agent("stays", datetime(2025, 11, 30, 23, 30, tzinfo=UTC)),  # December in Warsaw
    agent("leaves", datetime(2026, 1, 16, 11, tzinfo=UTC), datetime(2026, 3, 15, 11, tzinfo=UTC)),
    agent("one month", datetime(2026, 2, 3, tzinfo=UTC), datetime(2026, 2, 13, tzinfo=UTC)),
    agent("leaves as a month begins", datetime(2026, 1, 31, 23, tzinfo=UTC), datetime(2026, 2, 28, 23, tzinfo=UTC)),
    agent("will leave", datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 2, tzinfo=UTC)),
    agent("will come", datetime(2026, 4, 1, tzinfo=UTC)),
    agent("since when is unknown", None, datetime(2026, 3, 2, tzinfo=UTC)),
    agent("left before", datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 2, 2, tzinfo=UTC)),
]


def months_by_hand(row: dict[str, Any]) -> dict[str, tuple[float, bool, float]]:
    """Return month -> share employed, left, tenure, by counting the quarters of an hour."""
    found: dict[str, tuple[float, bool, float]] = {}
    tenure, (year, month) = 0.0, (2025, 11)
    while (year, month) < (2026, 6) and row["hired_at"] is not None:
        starts = datetime(year, month, 1, tzinfo=ZONE).astimezone(UTC)
        year, month = (year + month // 12, month % 12 + 1)
        ends = datetime(year, month, 1, tzinfo=ZONE).astimezone(UTC)
        until = min(row["left_at"] or EXTRACTED, EXTRACTED)
        quarters = [starts + timedelta(minutes=15 * n) for n in range(int((ends - starts) / timedelta(minutes=15)))]
        share = sum(row["hired_at"] <= quarter < until for quarter in quarters) / len(quarters)
        left = row["left_at"] is not None and row["hired_at"] <= row["left_at"] <= EXTRACTED
        left = left and starts <= row["left_at"] < ends
        if share or left:
            found[f"{starts.astimezone(ZONE):%Y-%m}"] = (share, left, tenure)
        tenure += share
    return found


def test_agents_months_are_those_a_loop_counts(desk: Path) -> None:
    rows = run(desk, agents=AGENTS)["agent_months"]
    for row in AGENTS:
        mine = [month for month in rows if month["agent_id"] == row["agent_id"]]
        got = {f"{one['month_day']:%Y-%m}": (one["employed_share"], one["left"], one["tenure_months"]) for one in mine}
        expected = months_by_hand(row)
        assert list(got) == list(expected), row["agent_id"]
        for month, values in expected.items():
            assert got[month] == pytest.approx(values), (row["agent_id"], month)
    shares = {row["agent_month_id"]: row["employed_share"] for row in rows}
    assert len(shares) == len(rows) == 5 - 1 + 3 + 1 + 2 + 1
    assert shares["stays/2026-02"] == 1.0
    assert shares["stays/2026-03"] == pytest.approx((30 * 24 + 14 - 1) / (31 * 24 - 1))  # the clocks skip an hour
    assert {row["agent_id"] for row in rows if row["left"]} == {"leaves", "one month", "leaves as a month begins"}


def test_a_month_whose_midnight_the_clocks_skip_begins_at_one(desk: Path) -> None:
    desk.mkdir()
    (desk / "settings.toml").write_text('timezone = "Asia/Amman"', encoding="utf-8")
    hired, left = datetime(2011, 3, 1, tzinfo=UTC), datetime(2011, 4, 1, 12, tzinfo=UTC)
    rows = run(desk, agents=[agent("a", hired, left)])["agent_months"]
    assert [row["month_day"] for row in rows] == [date(2011, 3, 1), date(2011, 4, 1)]
    assert rows[1]["month_at"] == datetime(2011, 3, 31, 22, tzinfo=UTC)
    assert rows[1]["employed_share"] == pytest.approx(14 / (30 * 24 - 1))


def test_a_month_that_begins_as_the_data_end_is_not_there(desk: Path) -> None:
    end = datetime(2026, 3, 31, 22, tzinfo=UTC)
    rows = run(desk, agents=[agent("a", datetime(2026, 3, 1, tzinfo=UTC))], extracted_at=end)["agent_months"]
    assert [(row["month_day"], row["left"]) for row in rows] == [(date(2026, 3, 1), None)]


def seen(number: str, viewed: str, visitor: str | None, customer: str | None = None, **more: Any) -> dict[str, Any]:
    row = {"view_id": number, "article_id": "k", "viewed_at": at(viewed), "visitor_id": visitor}
    return {**row, "customer_id": customer, **more}


TICKETS = [
    ticket("soon", "2 20:00", customer_id="ann"),
    ticket("late", "12 08:31", customer_id="ann"),
    ticket("before", "5 07:59", customer_id="bob"),
    ticket("deleted", "9 09:00", customer_id="bob", status="deleted"),
    ticket("by agent", "10 09:00", customer_id="bob", opened_by="agent"),
    ticket("a day later", "18 08:00", customer_id="bob"),
    ticket("named", "7 08:00", customer_id="cid"),
    ticket("between", "16 08:30", customer_id="cid"),
    ticket("at the end", "31 10:00", customer_id="cid"),
    ticket("nobody's", "4 09:00", customer_id=None),
]
VIEWS = [
    seen("1", "2 08:00", "v1", "ann", helpful=True),
    seen("2", "2 09:00", "v1", None, helpful=False),
    seen("3", "2 23:30", "v1", "ann"),  # the next day in Warsaw
    seen("4", "11 08:30", "v1", "ann"),
    seen("5", "5 08:00", "v2", "bob", helpful=False),
    seen("6", "9 08:00", None, "bob"),
    seen("7", "10 08:00", None, "bob", helpful=True),
    seen("8", "10 09:00", None, "bob", helpful=True),
    seen("9", "17 08:00", "v2", "bob"),
    seen("10", "16 08:00", "v3", "cid"),
    seen("11", "16 09:00", "v3"),
    seen("12", "31 08:00", "v3", "cid"),
    seen("13", "4 08:00", "v4"),
    seen("14", "4 08:00", None),
    seen("15", "4 08:00", None),
]
NAMING = [
    *VIEWS,
    seen("16", "6 09:00", "v5", ticket_id="named"),
    seen("17", "6 07:00", "v6", ticket_id="named"),
    seen("18", "6 07:00", "v7", ticket_id="in no table"),
]


def visits_by_hand(views: Rows, tickets: Rows) -> dict[str, tuple[Any, ...]]:
    groups: dict[str, Rows] = {}
    for query in views:
        day = query["viewed_at"].astimezone(ZONE).date()
        who = query["visitor_id"] or query["customer_id"] or query["view_id"]
        groups.setdefault(f"{who}/{day}", []).append(query)
    names = any(query.get("ticket_id") for query in views)
    found = {}
    for key, rows in groups.items():
        times, votes = [row["viewed_at"] for row in rows], [row.get("helpful") for row in rows]
        customer = next((row["customer_id"] for row in rows if row["customer_id"]), None)
        named = {row.get("ticket_id") for row in rows} - {None}
        opened = any(number not in {one["ticket_id"] for one in tickets} for number in named)
        for one in tickets:
            real = one.get("status") != "deleted" and one.get("opened_by") != "agent"
            mine = real and customer is not None and one["customer_id"] == customer and one["created_at"] > min(times)
            opened = opened or ((mine or one["ticket_id"] in named) and one["created_at"] <= max(times) + DAY)
        known = (names or (customer is not None and tickets)) and max(times) + DAY <= EXTRACTED
        found[key] = (customer, max(times), len(rows), votes.count(True), votes.count(False), opened if known else None)
    return found


COLUMNS = ("customer_id", "viewed_at", "views", "helpful_votes", "unhelpful_votes", "ticket_opened")


@pytest.mark.parametrize("views", [VIEWS, NAMING], ids=["by customer", "named too"])
@pytest.mark.parametrize("tickets", [TICKETS, []], ids=["tickets", "no tickets"])
def test_visits_are_those_a_loop_finds(desk: Path, views: Rows, tickets: Rows) -> None:
    rows = by_key(run(desk, tickets=tickets, article_views=views)["visits"])
    expected = visits_by_hand(views, tickets)
    assert {key: tuple(row[name] for name in COLUMNS) for key, row in rows.items()} == expected
    assert sum(row["views"] for row in rows.values()) == len(views)


def test_a_visit_knows_whether_a_ticket_followed(desk: Path) -> None:
    rows = by_key(run(desk, tickets=TICKETS, article_views=VIEWS)["visits"])
    assert {key: row["ticket_opened"] for key, row in rows.items()} == {
        "v1/2026-03-02": True, "v1/2026-03-03": False, "v1/2026-03-11": False, "v2/2026-03-05": False,
        "bob/2026-03-09": False, "bob/2026-03-10": False, "v2/2026-03-17": True, "v3/2026-03-16": True,
        "v3/2026-03-31": None, "v4/2026-03-04": None, "14/2026-03-04": None, "15/2026-03-04": None,
    }  # fmt: skip
    row = rows["v1/2026-03-03"]
    assert (row["visitor_id"], row["viewed_day"], row["viewed_hour"]) == ("v1", date(2026, 3, 3), 0)


RUNS = [
    {"run_id": str(n), "ticket_id": number, "ran_at": at(ran), "kind": kind, "name": name, "agent_id": by}
    for n, (number, ran, kind, name, by) in enumerate(
        [
            ("1", "3 09:00", "macro", "refund", "a1"),
            ("1", "2 23:30", "macro", "refund", None),
            ("1", "2 10:00", "trigger", "refund", None),
            ("1", "2 10:00", "trigger", "route", None),
            ("1", "2 11:00", "trigger", "route", None),
            ("2", "2 11:00", "macro", None, "a2"),
            ("2", "2 10:00", "macro", None, "a2"),
            ("nowhere", "2 11:00", "sla", "gold", None),
            (None, "2 11:00", "sla", "gold", None),
        ]
    )
]


def test_workflows_of_a_ticket_are_those_a_loop_counts(desk: Path) -> None:
    rows = run(desk, workflow_runs=RUNS, tickets=[ticket("1", "2 08:00"), ticket("2", "2 08:00")])["ticket_workflows"]
    expected: dict[tuple[Any, ...], Rows] = {}
    for one in RUNS:
        if one["ticket_id"] is not None:
            expected.setdefault((one["ticket_id"], one["kind"], one["name"]), []).append(one)
    assert {
        (row["ticket_id"], row["kind"], row["name"]): (row["runs"], row["ran_at"], row["by_agent"]) for row in rows
    } == {
        key: (len(runs), min(one["ran_at"] for one in runs), any(one["agent_id"] for one in runs))
        for key, runs in expected.items()
    }
    assert by_key(rows)["1/macro/refund"]["ran_day"] == date(2026, 3, 3)
    assert len(by_key(rows)) == len(rows) == 5


def test_deriving_again_changes_no_byte(desk: Path) -> None:
    desk.mkdir()
    (desk / "settings.toml").write_text(SETTINGS, encoding="utf-8")
    run(desk, tickets=TICKETS, article_views=NAMING, workflow_runs=RUNS, agents=AGENTS)
    paths = [desk / f"{name}.parquet" for name in ("agent_months", "visits", "ticket_workflows")]
    once = [path.read_bytes() for path in paths]
    run(desk)
    assert [path.read_bytes() for path in paths] == once


def test_tables_without_rows_give_tables_without_rows(desk: Path) -> None:
    tables = run(desk, tickets=TICKETS, article_views=[], workflow_runs=[], agents=[])
    assert [tables[name] for name in ("agent_months", "visits", "ticket_workflows")] == [[], [], []]
