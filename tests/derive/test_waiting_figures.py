"""Waiting and solving: each figure is what a plain loop over the rows of hand-written and random desks counts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from derive_desk import Rows, change, message, run, ticket
from derive_stories import CHANGES, MESSAGES, TICKETS, random_desk

from cxlib.metrics import METRICS, get, measured_frame, missing_reason, population, query, row_frame
from cxlib.metrics.queries import Query
from cxlib.store.folder import open_data

MARCH, DAY = "2026-03", 1440.0
END = datetime(2026, 4, 20, 12, tzinfo=UTC)
DESKS = {"by hand": (TICKETS, MESSAGES, CHANGES)} | {f"random {seed}": random_desk(seed) for seed in (7, 8, 9)}
Row = dict[str, Any]
Desk = tuple[dict[str, Rows], Query]


@pytest.fixture(scope="module", params=DESKS)
def desk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    folder = tmp_path_factory.mktemp("home") / "desk"
    given, messages, changes = DESKS[request.param]
    parts = [(row | {"handle_minutes": 7.0}) if place % 3 == 0 else row for place, row in enumerate(given)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CX_HOME", str(folder.parent))
        tables = run(folder, extracted_at=END, tickets=parts, messages=messages, changes=changes)
        return tables, query(open_data(str(folder)), month=MARCH)


def gone(row: Row) -> bool:
    return row["status"] in ("deleted", "merged", "spam")


def in_march(at: datetime | None) -> bool:
    return at is not None and f"{at.astimezone(ZoneInfo('Europe/Warsaw')):%Y-%m}" == MARCH


def solved(value: Callable[[Row], Any]) -> Callable[[Row], Any]:
    return lambda row: value(row) if in_march(row["solved_at"]) and not gone(row) else None


def opened(value: Callable[[Row], Any]) -> Callable[[Row], Any]:
    return lambda row: value(row) if in_march(row["created_at"]) and not gone(row) else None


def touched(fits: Callable[[int], bool]) -> Callable[[Row], Any]:
    return solved(lambda row: None if row["agent_replies"] is None else fits(row["agent_replies"]))


def not_answered(row: Row) -> bool | None:
    if row["opened_by"] == "agent":
        return None
    first = row["first_replied_at"]
    if first is not None and first < row["created_at"]:
        return None  # nobody knows when
    return first is None or first - row["created_at"] > timedelta(days=7)


def days_to_solve(row: Row) -> float | None:
    if row["resolution_minutes"] is None:
        return None
    month = 30 * DAY
    if row["solved_at"] is None and row["resolution_minutes"] < month:
        return None  # a timer closed it before
    return min(row["resolution_minutes"], month) / DAY


def handled(row: Row) -> float | None:
    return row["estimated_handle_minutes"] if row["handle_minutes"] is None else row["handle_minutes"]


LOOPS: dict[str, Callable[[Row], Any]] = {
    "one_touch_resolution": touched(lambda n: n == 1),
    "two_touch_resolution": touched(lambda n: n == 2),
    "multi_touch_resolution": touched(lambda n: n > 2),
    "no_reply_resolution": touched(lambda n: n == 0),
    "replies_to_resolve": touched(lambda n: n),
    "handoffs": solved(lambda row: row["handoffs"]),
    "right_first_time": solved(lambda row: None if row["team_changes"] is None else row["team_changes"] == 0),
    "solved_after_one_handoff": solved(lambda row: row["handoffs"] == 1 if row["handoffs"] else None),
    "handle_time": solved(lambda row: row["handle_minutes"]),
    "estimated_handle_time": solved(handled),
    "unanswered": opened(not_answered),
}


@pytest.mark.parametrize("name", LOOPS)
def test_a_figure_is_what_a_loop_counts(desk: Desk, name: str) -> None:
    tables, here = desk
    values = [float(value) for row in tables["tickets"] if (value := LOOPS[name](row)) is not None]
    frame = measured_frame(get(name), here, [MARCH])
    assert (frame["n"].sum(), frame["sum_wx"].sum()) == (len(values), pytest.approx(sum(values)))


def test_the_four_classes_of_touches_are_all_solved_tickets(desk: Desk) -> None:
    tables, here = desk
    parts = [measured_frame(get(f"{name}_resolution"), here, [MARCH]) for name in ("one_touch", "two_touch",
             "multi_touch", "no_reply")]  # fmt: skip
    counted = sum(1 for row in tables["tickets"] if touched(lambda _: True)(row))
    assert {part["n"].sum() for part in parts} == {counted}
    assert sum(part["sum_wx"].sum() for part in parts) == counted > 5


def test_the_restricted_mean_counts_thirty_days_at_most_and_waits_until_they_are_over(desk: Desk) -> None:
    tables, here = desk
    old = [row for row in tables["tickets"] if row["created_at"] and row["created_at"] <= END - timedelta(days=30)]
    values = [value for row in old if (value := opened(days_to_solve)(row)) is not None]
    frame = measured_frame(get("mean_resolution_time"), here, [MARCH])
    assert (frame["n"].sum(), frame["sum_wx"].sum()) == (len(values), pytest.approx(sum(values)))
    assert max(values) == 30.0 > min(values)


@pytest.mark.parametrize("name", ["requester_wait", "agent_wait", "on_hold"])
def test_time_in_status_is_that_of_solved_tickets(desk: Desk, name: str) -> None:
    tables, here = desk
    ever = name != "requester_wait"

    def spent(row: Row, minutes: str) -> float | None:
        there = row["wait_ended"] and not (ever and not row[f"{name}_minutes"])
        return row[minutes] if there else None

    for twin in ("", "_business"):
        column = f"{name}{twin}_minutes"
        values = [x for row in tables["tickets"] if (x := solved(lambda row, c=column: spent(row, c))(row)) is not None]
        rows = row_frame(get(f"{name}_time{twin}"), here, [MARCH])
        assert sorted(rows["value"]) == sorted(values)
        assert rows["ended"].all()


def test_the_time_to_reply_is_the_wait_of_each_question_and_belongs_to_who_answered(desk: Desk) -> None:
    tables, here = desk
    march = [row for row in tables["replies"] if in_march(row["asked_at"])]
    asked = [row for row in march if row["reply_minutes"] is not None and not row["reply_competing"]]
    rows = row_frame(get("reply_time"), here, [MARCH], "agent")
    expected = sorted((row["agent_id"] or "(not known)", row["reply_minutes"], row["reply_ended"]) for row in asked)
    assert sorted(rows.select("group", "value", "ended").rows()) == expected
    outside = sum(bool(row["reply_competing"]) for row in march)
    running = sum(row["reply_ended"] is False and not row["reply_competing"] for row in march)
    assert population(get("reply_time"), here, MARCH) == (len(march), 0, outside, running)


def test_the_mean_backlog_is_the_stock_at_the_ends_of_days(desk: Desk) -> None:
    tables, here = desk
    first = min(row["first_day"] for row in tables["backlog_months"])
    stock = []
    for number in range(first.day, 32):
        day = first.replace(day=number)
        inside = [row for row in tables["backlog_months"] if row["first_day"] <= day <= row["last_day"]]
        assert len({row["ticket_id"] for row in inside}) == len(inside)
        stock.append(len(inside))
    frame = measured_frame(get("backlog"), here, [MARCH])
    assert frame["sum_wx"].sum() == pytest.approx(sum(stock) / len(stock))
    ages = row_frame(get("backlog_age"), here, [MARCH])
    dated = {row["ticket_id"] for row in tables["tickets"] if row["created_at"]}
    assert ages.height == stock[-1] == sum(row["ticket_id"] in dated for row in tables["backlog_months"]
                                           if row["unsolved_at_end"] and row["month_day"].month == 3)  # fmt: skip
    assert population(get("backlog_age"), here, MARCH)[2:] == (0, 0)


def test_every_wait_has_its_twin_in_opening_hours() -> None:
    waits = {name for name, metric in METRICS.items() if metric.kind == "duration" and metric.quantile == 0.5}
    waits = {name for name in waits if not name.endswith("_business")}
    assert len(waits) >= 8
    assert {f"{name}_business" for name in waits} <= set(METRICS)


def test_missed_contacts_are_calls_and_chats_nobody_took_and_unknown_where_none_is_ever_called_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CX_HOME", str(tmp_path))
    kinds = [("phone", "missed", 1), ("phone", "solved", 1), ("chat", "missed", 1), ("chat", "open", 1),
             ("email", "open", 0), ("phone", "spam", 0), ("chat", None, 0)]  # fmt: skip
    rows = [ticket(f"t{place}", "2 08:00", channel=channel, status=status) for place, (channel, status, _) in
            enumerate(kinds)]  # fmt: skip
    rows.append(ticket("ours", "2 08:00", channel="phone", status="missed", opened_by="agent"))
    run(tmp_path / "desk", tickets=rows)
    frame = measured_frame(get("missed_contacts"), query(open_data(str(tmp_path / "desk")), month=MARCH), [MARCH])
    assert (frame["n"].sum(), frame["sum_wx"].sum()) == (sum(kind[2] for kind in kinds), 2)
    run(tmp_path / "never", tickets=[row for row in rows if row["status"] != "missed"])
    reason = missing_reason(get("missed_contacts"), query(open_data(str(tmp_path / "never")), month=MARCH))
    assert reason is not None
    assert "source never says missed" in reason


def test_documents_are_complete_where_any_are_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CX_HOME", str(tmp_path))
    needs = [(2, True), (1, False), (0, True), (None, True), (3, None)]
    rows = [ticket(f"t{n}", "2 08:00", documents_required=needed, documents_complete=there) for n, (needed, there) in
            enumerate(needs)]  # fmt: skip
    rows.append(ticket("gone", "2 08:00", status="spam", documents_required=1, documents_complete=True))
    run(tmp_path / "desk", tickets=rows)
    frame = measured_frame(get("documents_complete"), query(open_data(str(tmp_path / "desk")), month=MARCH), [MARCH])
    assert (frame["n"].sum(), frame["sum_wx"].sum()) == (3, 2)  # where nobody says how many, the source's word counts


def test_an_estimate_is_called_one_and_is_not_made_where_the_source_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "estimated" in get("estimated_handle_time").title.lower()
    assert "estimated" in get("estimated_handle_time").sentence
    assert "estimated" not in get("handle_time").sentence
    monkeypatch.setenv("CX_HOME", str(tmp_path))
    told = [message("1", "t", "2 08:00", "customer", "c"), message("2", "t", "2 09:00", "agent", "a1")]
    ends = [change("1", "t", "2 09:00", "status", "open", "solved")]
    run(tmp_path / "all", tickets=[ticket("t", "2 08:00", handle_minutes=3.0)], messages=told, changes=ends)
    run(tmp_path / "none", tickets=[ticket("t", "2 08:00")], messages=told, changes=ends)
    recorded, estimated = (query(open_data(str(tmp_path / name)), month=MARCH) for name in ("all", "none"))
    assert missing_reason(get("handle_time"), recorded) is None
    assert missing_reason(get("estimated_handle_time"), recorded) is not None
    assert missing_reason(get("handle_time"), estimated) is not None
    assert measured_frame(get("estimated_handle_time"), estimated, [MARCH])["sum_wx"].sum() == 5.0
