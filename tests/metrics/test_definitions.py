"""Definitions of the figures, each on a few literal tickets whose answer is plain."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cxlib.metrics import get, measured_frame, missing_reason, population, query, row_frame
from cxlib.metrics.queries import Query
from cxlib.store.folder import open_data, write_manifest
from cxlib.tables.schema import conform

DAY = 1440.0
NOON = datetime(2026, 10, 5, 12, tzinfo=UTC)
EXTRACTED = datetime(2026, 10, 31, 23, tzinfo=UTC)
Looked = Callable[[str, list[dict[str, Any]]], Query]


@pytest.fixture
def looked(tmp_path: Path) -> Looked:
    def build(table: str, rows: list[dict[str, Any]]) -> Query:
        folder = tmp_path / "literal"
        folder.mkdir()
        numbered = [{"ticket_id": f"t{place}", "created_at": NOON, **row} for place, row in enumerate(rows)]
        conform(pl.LazyFrame(numbered), table, derived=True).collect().write_parquet(folder / f"{table}.parquet")
        manifest = {"extracted_at": EXTRACTED.isoformat(), "first_month": "2026-10", "last_month": "2026-10"}
        write_manifest(folder, manifest)
        return query(open_data(str(folder)), month="2026-10")

    return build


def _solved(days_ago: int = 20, **more: Any) -> dict[str, Any]:
    at = EXTRACTED - timedelta(days=days_ago)
    day = date(2026, 10, 31) - timedelta(days=days_ago)
    base = {"status": "solved", "solved_at": at, "solved_day": day, "first_solved_at": at, "first_solved_day": day}
    return {**base, "agent_replies": 1, "reopens": 0, "category": "billing", **more}


def _share(name: str, looked: Query) -> tuple[int, float]:
    frame = measured_frame(get(name), looked, ["2026-10"])
    return frame["n"].sum(), frame["sum_wx"].sum()


@pytest.mark.parametrize(
    ("ticket", "counted", "resolved"),
    [
        (_solved(), 1, 1),
        (_solved(agent_replies=0), 1, 1),
        (_solved(agent_replies=2), 1, 0),
        (_solved(reopens=1), 1, 0),
        (_solved(next_same_category_minutes=6.9 * DAY), 1, 0),
        (_solved(next_same_category_minutes=7.1 * DAY), 1, 1),
        (_solved(next_ticket_minutes=1 * DAY), 1, 1),
        (_solved(next_ticket_minutes=1 * DAY, category=None), 1, 0),
        (_solved(days_ago=6), 0, 0),
        (_solved(days_ago=7), 1, 1),
        (_solved(status="merged"), 0, 0),
        (_solved(opened_by="agent"), 0, 0),
        ({"status": "open"}, 0, 0),
    ],
)
def test_first_contact_resolution(looked: Looked, ticket: dict[str, Any], counted: int, resolved: int) -> None:
    assert _share("first_contact_resolution", looked("tickets", [ticket])) == (counted, resolved)


@pytest.mark.parametrize(
    ("ticket", "counted", "reopened"),
    [
        (_solved(), 1, 0),
        (_solved(reopens=1, reopened_after_minutes=13.9 * DAY), 1, 1),
        (_solved(reopens=1, reopened_after_minutes=14.1 * DAY), 1, 0),
        (_solved(reopens=1, reopened_after_minutes=60.0, status="open", solved_at=None, solved_day=None), 1, 1),
        (_solved(days_ago=13, reopens=1, reopened_after_minutes=60.0), 0, 0),
        (_solved(reopens=2), 0, 0),
    ],
)
def test_reopened_counts_tickets_that_are_open_now(
    looked: Looked, ticket: dict[str, Any], counted: int, reopened: int
) -> None:
    assert _share("reopen_rate", looked("tickets", [ticket])) == (counted, reopened)


def _due(**more: Any) -> dict[str, Any]:
    due = NOON + timedelta(hours=4)
    day = due.date()
    return {"first_reply_due_at": due, "first_reply_due_day": day, "due_at": due, "due_day": day, **more}


LATE = {"first_reply_due_at": EXTRACTED + timedelta(hours=1), "first_reply_due_day": date(2026, 10, 31)}


@pytest.mark.parametrize(
    ("ticket", "counted", "kept"),
    [
        (_due(first_replied_at=NOON + timedelta(hours=4)), 1, 1),
        (_due(first_replied_at=NOON + timedelta(hours=5)), 1, 0),
        (_due(), 1, 0),
        (_due(first_reply_competing=True), 0, 0),
        (_due(status="deleted", first_replied_at=NOON), 0, 0),
        (LATE, 0, 0),
        ({**LATE, "first_replied_at": NOON}, 1, 1),
        ({}, 0, 0),
    ],
)
def test_overdue_waits_are_breaches_and_waits_not_yet_due_are_not_counted(
    looked: Looked, ticket: dict[str, Any], counted: int, kept: int
) -> None:
    assert _share("sla_first_reply", looked("tickets", [ticket])) == (counted, kept)


def test_an_open_overdue_resolution_is_a_breach(looked: Looked) -> None:
    assert _share("sla_resolution", looked("tickets", [_due(status="open"), _due(solved_at=NOON)])) == (2, 1)


def _waiting(minutes: float, ended: bool, **more: Any) -> dict[str, Any]:
    clock = {"first_reply_minutes": minutes, "first_reply_ended": ended, "first_reply_business_minutes": minutes / 3}
    return {"created_day": NOON.date(), **clock, **more}


def test_competing_ends_are_outside_the_wait_and_counted_beside_it(looked: Looked) -> None:
    here = looked(
        "tickets",
        [
            _waiting(5.0, True),
            _waiting(900.0, False),
            _waiting(30.0, False, first_reply_competing=True),
            _waiting(1.0, True, status="spam"),
        ],
    )
    rows = row_frame(get("first_reply_time"), here, ["2026-10"])
    assert rows.select("value", "ended").rows() == [(5.0, True), (900.0, False)]
    assert population(get("first_reply_time"), here, "2026-10") == (4, 0, 2, 1)
    business = row_frame(get("first_reply_time_business"), here, ["2026-10"])
    assert business["value"].to_list() == [5.0 / 3, 300.0]


def test_volume_leaves_out_what_agents_opened_and_what_is_gone(looked: Looked) -> None:
    statuses = ["open", "solved", "missed", None, "merged", "deleted", "spam"]
    rows = [{"status": status, "created_day": NOON.date()} for status in statuses]
    rows.append({"status": "open", "opened_by": "agent", "created_day": NOON.date()})
    assert _share("ticket_volume", looked("tickets", rows)) == (4, 4.0)


def _rating(place: int, **more: Any) -> dict[str, Any]:
    base = {"survey_id": f"s{place}", "kind": "csat", "latest": True, "customer_latest": True, "answered_at": NOON}
    return {**base, "answered_day": NOON.date(), "customer_id": "c1", **more}


def test_satisfied_and_dissatisfied_customers_count_people_by_their_last_word(looked: Looked) -> None:
    here = looked(
        "surveys",
        [
            _rating(1, box="top", customer_latest=False),
            _rating(2, box="bottom"),
            _rating(3, box="top", customer_id="c2"),
            _rating(4, box="middle", customer_id="c3"),
            _rating(5, box="top", customer_id=None),
        ],
    )
    assert _share("satisfied_customers", here) == (4, 2.0)
    assert _share("dissatisfied_customers", here) == (4, 1.0)
    assert _share("csat", here) == (5, 3.0)


def test_nps_scales_are_never_pooled(looked: Looked) -> None:
    full, short = (0.0, 10.0), (1.0, 10.0)
    scales = [("top", *full), ("bottom", *full), ("bottom", *full), ("top", *short), ("top", 0.0, 5.0)]
    rows = [
        _rating(place, kind="nps", box=box, scale_low=low, scale_high=high)
        for place, (box, low, high) in enumerate(scales)
    ]
    here = looked("surveys", rows)
    assert _share("nps", here) == (3, -1.0)
    assert _share("nps_from_one", here) == (1, 1.0)
    assert _share("promoters", here) == (3, 1.0)


def test_response_rate_waits_until_an_offer_is_old_enough(looked: Looked) -> None:
    old, young = EXTRACTED - timedelta(days=15), EXTRACTED - timedelta(days=13)
    rows = [
        _rating(1, sent_at=old, sent_day=old.date()),
        _rating(2, sent_at=old, sent_day=old.date(), answered_at=None),
        _rating(3, sent_at=young, sent_day=young.date()),
    ]
    here = looked("surveys", rows)
    assert _share("response_rate", here) == (2, 1.0)
    assert population(get("response_rate"), here, "2026-10")[:2] == (3, 1)


def test_answers_that_weigh_nothing_do_not_count(looked: Looked) -> None:
    weights = [2.0, 0.0, -3.0, None]
    here = looked("surveys", [_rating(place, box="top", weight=weight) for place, weight in enumerate(weights)])
    assert _share("csat", here) == (2, 3.0)


def test_tickets_that_are_over_wait_for_nothing(looked: Looked) -> None:
    rows = [
        {"created_day": NOON.date(), "status": status, "resolution_minutes": 60.0, "resolution_ended": False}
        for status in ("open", "closed", "missed", "deleted", "spam", None)
    ]
    assert population(get("resolution_time"), looked("tickets", rows), "2026-10") == (6, 0, 2, 2)


def test_promises_not_yet_due_are_not_yet_known(looked: Looked) -> None:
    waiting, over = {**LATE, "status": "open"}, {**LATE, "status": "merged"}
    here = looked("tickets", [waiting, over, {**LATE, "first_replied_at": NOON}, _due(first_replied_at=NOON)])
    assert population(get("sla_first_reply"), here, "2026-10")[:2] == (4, 1)


def test_promises_kept_before_they_are_due_are_known(looked: Looked) -> None:
    late = EXTRACTED + timedelta(hours=1)
    kept = {"status": "solved", "solved_at": NOON, "due_at": late, "due_day": date(2026, 10, 31)}
    here = looked("tickets", [kept, kept])
    assert _share("sla_resolution", here) == (2, 2.0)
    assert population(get("sla_resolution"), here, "2026-10")[:2] == (2, 0)


OPEN = {
    "status": "open", "due_at": NOON, "due_day": NOON.date(), "created_day": NOON.date(), "resolution_minutes": 60.0,
    "resolution_ended": False,
}  # fmt: skip


def test_where_the_status_says_that_no_ticket_is_solved_none_is_in_time_and_all_still_wait(looked: Looked) -> None:
    here = looked("tickets", [OPEN, OPEN, {**OPEN, "status": "merged"}])
    assert [missing_reason(get(name), here) for name in ("sla_resolution", "resolution_time")] == [None, None]
    assert _share("sla_resolution", here) == (2, 0.0)
    assert row_frame(get("resolution_time"), here, ["2026-10"])["ended"].to_list() == [False, False]
    assert "solved_at" in str(missing_reason(get("one_touch_resolution"), here))


@pytest.mark.parametrize("status", ["solved", "closed", None])
def test_a_solved_ticket_without_its_date_leaves_resolution_unknown(looked: Looked, status: str | None) -> None:
    here = looked("tickets", [{**OPEN, "status": status}])
    assert "do not say solved_at" in str(missing_reason(get("resolution_time"), here))
