"""What other tools get wrong, each on a few rows: a dashboard, three help desks, an R package.

What a Zendesk package for data warehouses gets wrong stands in sources/test_zendesk_errors.py.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cxlib.metrics import get, measured_frame, query, row_frame
from cxlib.metrics.queries import Query
from cxlib.questions import change
from cxlib.results.types import Change
from cxlib.store.folder import open_data
from tests.derive.derive_desk import SETTINGS, Rows, at, by_key, change as moved, message, run, survey, ticket

MARCH = "2026-03"
Desk = Callable[..., tuple[dict[str, Rows], Query]]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("CX_HOME", str(tmp_path))

    def build(settings: str = SETTINGS, **given: Rows) -> tuple[dict[str, Rows], Query]:
        folder = tmp_path / "desk"
        folder.mkdir()
        (folder / "settings.toml").write_text(settings, encoding="utf-8")
        return run(folder, **given), query(open_data(str(folder)), month=MARCH)

    return build


def counted(name: str, looked: Query) -> tuple[int, float]:
    """Return how many rows a share counts, and how many of them are so."""
    frame = measured_frame(get(name), looked, [MARCH])
    return frame["n"].sum(), frame["sum_wx"].sum()


def waits(name: str, looked: Query) -> list[tuple[float, bool]]:
    return row_frame(get(name), looked, [MARCH]).select("value", "ended").rows()


def test_streamlit_zendesk_a_closed_ticket_is_not_unsolved(desk: Desk) -> None:
    tickets = [
        ticket("closed", "2 08:00", status="closed", solved_at="3 08:00", closed_at="6 08:00"),
        ticket("solved", "2 08:00", status="solved", solved_at="3 08:00"),
        ticket("open", "2 08:00", status="open"),
    ]
    tables, _ = desk(tickets=tickets)
    stock = dict.fromkeys(("closed", "solved", "open"), 0)
    for move in tables["status_moves"]:
        stock[move["ticket_id"]] += move["step"]
    assert stock == {"closed": 0, "solved": 0, "open": 1}
    assert {number: row["resolution_ended"] for number, row in by_key(tables["tickets"]).items()} == {
        "closed": True, "solved": True, "open": False
    }  # fmt: skip


def test_streamlit_zendesk_a_promise_still_running_is_neither_kept_nor_broken(desk: Desk) -> None:
    tickets = [
        ticket("running", "31 08:00", status="open", first_reply_due_at="31 16:00"),
        ticket("overdue", "30 08:00", status="open", first_reply_due_at="30 16:00"),
        ticket("kept", "30 08:00", status="open", first_reply_due_at="30 16:00", first_replied_at="30 09:00"),
        ticket("late", "30 08:00", status="open", first_reply_due_at="30 09:00", first_replied_at="30 16:00"),
    ]
    assert counted("sla_first_reply", desk(tickets=tickets)[1]) == (3, 1)


def test_chatwoot_without_opening_hours_business_minutes_are_unknown_and_not_0(desk: Desk) -> None:
    tickets = [
        ticket("no hours", "2 10:00", schedule="never", first_replied_at="2 11:00", status="open"),
        ticket("hours", "2 10:00", first_replied_at="2 11:00", status="open"),
    ]
    changes = [moved(row["ticket_id"], row["ticket_id"], "2 12:00", "status", "new", "open") for row in tickets]
    tables, looked = desk(SETTINGS + "[schedules.never]\nhours = {}\n", tickets=tickets, changes=changes)
    row = by_key(tables["tickets"])["no hours"]
    business = [name for name in row if name.endswith("_business_minutes")]
    assert len(business) == 6
    assert [row[name] for name in business] == [None] * 6
    assert row["first_reply_minutes"] == 60.0
    assert waits("first_reply_time_business", looked) == [(60.0, True)]


def test_chatwoot_resolution_ends_with_the_last_solve_and_not_with_the_last_update(desk: Desk) -> None:
    changes = [
        moved("1", "t", "2 10:00", "status", "open", "solved"),
        moved("2", "t", "5 10:00", "priority", "low", "high"),
        moved("3", "t", "6 10:00", "status", "solved", "closed", by="timer"),
    ]
    tables, _ = desk(tickets=[ticket("t", "2 08:00")], changes=changes)
    assert tables["tickets"][0]["resolution_minutes"] == 120.0


BOT = [
    message("1", "t", "2 08:00", "customer", "c"),
    message("2", "t", "2 08:01", "bot", "b"),
    message("3", "t", "2 09:00", "customer", "c"),
    message("4", "t", "2 09:30", "agent", "a1"),
]


def test_chatwoot_time_with_a_bot_counts_as_waiting_for_the_first_reply_and_the_metric_says_so(desk: Desk) -> None:
    tables, looked = desk(tickets=[ticket("t", "2 08:00", status="open")], messages=BOT)
    assert waits("first_reply_time", looked) == [(90.0, True)]
    assert [row["reply_minutes"] for row in tables["replies"]] == [90.0]
    assert "bot time is waiting" in get("first_reply_time").sentence


def test_chatwoot_the_time_a_bot_had_it_solved_is_in_no_requesters_wait(desk: Desk) -> None:
    changes = [
        moved("1", "t", "2 08:02", "status", "new", "solved", by="bot"),
        moved("2", "t", "2 09:00", "status", "solved", "open", by="customer"),
    ]
    tables, looked = desk(tickets=[ticket("t", "2 08:00")], messages=BOT, changes=changes)
    row = tables["tickets"][0]
    until_now = (datetime(2026, 3, 31, 12, tzinfo=UTC) - at("2 09:00")).total_seconds() / 60
    assert (row["requester_wait_minutes"], row["reopens"]) == (2 + until_now, 1)
    assert (row["resolution_ended"], row["first_reply_competing"]) == (False, False)
    assert waits("first_reply_time", looked) == [(90.0, True)]  # from the creation, as the metric says


def test_zammad_a_first_solution_is_not_whatever_closed_within_a_quarter_of_an_hour(desk: Desk) -> None:
    tickets = [
        ticket("at once", "2 08:00", solved_at="4 08:00", agent_replies=1, reopens=0, status="solved"),
        ticket("two replies", "2 08:00", solved_at="2 08:10", agent_replies=2, reopens=0, status="solved"),
        ticket("reopened", "2 08:00", solved_at="2 08:10", agent_replies=1, reopens=1, status="solved"),
    ]
    assert counted("first_contact_resolution", desk(tickets=tickets)[1]) == (3, 1)


def test_frappe_a_resolution_is_not_rounded_up_to_days(desk: Desk) -> None:
    tickets = [ticket("t", "2 08:00", solved_at="3 08:01", status="solved")]
    assert waits("resolution_time", desk(tickets=tickets)[1]) == [(1441.0, True)]


def test_frappe_a_first_reply_in_the_same_second_is_0_minutes_and_kept(desk: Desk) -> None:
    tickets = [ticket(n, "2 08:00", first_replied_at=replied) for n, replied in (("0", "2 08:00"), ("9", "2 08:09"))]
    messages = [message("1", "0", "3 08:00", "customer", "c"), message("2", "0", "3 08:00", "agent", "a1")]
    tables, looked = desk(tickets=tickets, messages=messages)
    assert sorted(waits("first_reply_time", looked)) == [(0.0, True), (9.0, True)]
    assert [row["reply_minutes"] for row in tables["replies"]] == [0.0]


def nps(month: int, detractors: int, passives: int, promoters: int) -> Rows:
    answers = [0.0] * detractors + [7.0] * passives + [10.0] * promoters
    scale: dict[str, Any] = {"kind": "nps", "scale_low": 0.0, "scale_high": 10.0}
    first = datetime(2026, month, 2, 12, tzinfo=UTC)
    return [
        survey(f"{month}-{n}", None, answer, customer_id=f"{month}-{n}", **scale)
        | {"answered_at": first + timedelta(minutes=n)}
        for n, answer in enumerate(answers)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("february", "march", "sign"), [((20, 30, 50), (30, 30, 40), -1), ((30, 30, 40), (20, 30, 50), 1)]
)
def test_r_nps_the_interval_of_a_difference_keeps_its_sign(
    desk: Desk, february: tuple[int, int, int], march: tuple[int, int, int], sign: int
) -> None:
    found = change("nps", desk(surveys=nps(2, *february) + nps(3, *march))[1])
    assert isinstance(found, Change)
    assert found.difference == pytest.approx(20 * sign)
    assert found.low < 0 < found.high
    assert abs(found.low + found.high) / 2 == pytest.approx(20, abs=1.5)
    assert (found.low + found.high) * sign > 0
    assert found.p_value == pytest.approx(0.0794, abs=0.01)


@pytest.mark.parametrize("answers", [(0, 0, 10), (10, 0, 0)])
def test_r_nps_no_limit_lies_beyond_100(desk: Desk, answers: tuple[int, int, int]) -> None:
    found = change("nps", desk(surveys=nps(2, 5, 0, 5) + nps(3, *answers))[1])
    assert isinstance(found, Change)
    limits = (found.after.low, found.after.high)
    assert -100 <= min(limits) < max(limits) <= 100
    assert 100 in (max(limits), -min(limits))
    assert -200 <= found.low < found.high <= 200
