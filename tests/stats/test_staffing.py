"""Agents by Erlang C: against published figures, factorials, a simulated queue, and literal rows counted by hand."""

from __future__ import annotations

import heapq
import tomllib
from dataclasses import replace
from datetime import date, datetime, timedelta
from math import exp, factorial
from pathlib import Path

import numpy as np
import pytest
from stats.volume_desk import HOLIDAYS, ZONE, Row, build, known

from cxlib.errors import UsageError
from cxlib.metrics import Query
from cxlib.present.sentences import say
from cxlib.questions import staffing
from cxlib.questions.demand.staffing import agents_needed
from cxlib.results.types import NotKnown
from cxlib.settings import StaffingSettings, build as settings_of

FREE = StaffingSettings(max_occupancy=0.99)


def need(per_hour: float, seconds: float, level: float, within: float = 20.0, busy: float = 0.99) -> float:
    target = StaffingSettings(level, within, max_occupancy=busy)
    return float(agents_needed(np.array([per_hour]), seconds / 60, target)[0])


def test_published_figures_come_out() -> None:
    # pyworkforce 0.1.0 and ErlangC 0.1.0 for R, as documented: 100 calls in 30 minutes of 180 s, 80 % within 20 s,
    # occupancy at most 85 %: 14 agents, who reach 0.88835; with shrinkage 0.3 20 agents
    assert need(200, 180, 0.8, busy=0.85) == 14
    assert [need(200, 180, level) for level in (0.8883, 0.8884)] == [14, 15]
    assert np.ceil(14 / (1 - 0.3)) == 20
    # stimulus (test_erlang_c.py): 25 calls in 900 s of 752 s, 90 % within 20 s: 28 agents; 35 calls: 37 reach .9042
    assert need(100, 752, 0.9) == 28
    assert [need(140, 752, level) for level in (0.9042, 0.9043)] == [37, 38]


def service_level(load: float, agents: int, handle: float, within: float) -> float:
    last = load**agents / factorial(agents) * agents / (agents - load)
    waits = last / (sum(load**k / factorial(k) for k in range(agents)) + last)
    return 1 - waits * exp(-(agents - load) * within / handle)


@pytest.mark.parametrize("per_hour", [0.2, 3.0, 17.0, 240.0, 900.0])
@pytest.mark.parametrize("handle", [45.0, 400.0])
@pytest.mark.parametrize("level", [0.5, 0.8, 0.97])
def test_the_formula_in_factorials_needs_as_many(per_hour: float, handle: float, level: float) -> None:
    load = per_hour * handle / 3600
    agents = int(load) + 1
    while load == agents or service_level(load, agents, handle, 20.0) < level or load / agents > 0.85:
        agents += 1
    assert need(per_hour, handle, level, busy=0.85) == agents


def simulated(per_hour: float, handle: float, agents: int, within: float, calls: int = 60_000) -> float:
    """Return the share of calls of a simulated queue that are answered in time."""
    rng = np.random.default_rng(5)
    free = [0.0] * agents
    now, in_time = 0.0, 0
    for gap, work in zip(rng.exponential(3600 / per_hour, calls), rng.exponential(handle, calls), strict=True):
        now += gap
        begin = max(now, heapq.heappop(free))
        in_time += begin - now <= within
        heapq.heappush(free, begin + work)
    return in_time / calls


@pytest.mark.parametrize(("per_hour", "handle"), [(200.0, 180.0), (12.0, 600.0)])
def test_a_simulated_queue_is_answered_in_time_by_as_many_and_not_by_one_less(per_hour: float, handle: float) -> None:
    agents = int(need(per_hour, handle, 0.8))
    assert simulated(per_hour, handle, agents, 20.0) > 0.8 - 0.015
    assert simulated(per_hour, handle, agents - 1, 20.0) < 0.8
    load = per_hour * handle / 3600
    assert simulated(per_hour, handle, agents, 20.0) == pytest.approx(
        service_level(load, agents, handle, 20.0), abs=0.015
    )


def test_chats_at_once_and_hours_without_any() -> None:
    rates = np.array([0.0, 200.0])
    assert agents_needed(rates, 3.0, FREE).tolist() == [0, 14]
    assert agents_needed(rates, 3.0, FREE, 2).tolist() == [0, 7]
    assert agents_needed(rates, 3.0, FREE, 3).tolist() == [0, 5]
    assert agents_needed(rates, 0.0, FREE).tolist() == [0, 0]
    assert need(200, 180, 0.8, busy=0.5) == 20


def calls() -> list[Row]:
    """Return calls and chats of three months, denser on Monday mornings, and what each took."""
    rng = np.random.default_rng(12)
    rows: list[Row] = []
    for day in (date(2025, 11, 1) + timedelta(days=i) for i in range(92)):
        for hour in range(6, 21):
            often = 22.0 if (day.weekday(), hour) == (0, 9) else 6.0 if 8 <= hour < 18 and day.weekday() < 5 else 0.5
            for _ in range(int(rng.poisson(often))):
                at = datetime(day.year, day.month, day.day, hour, int(rng.integers(60)), tzinfo=ZONE)
                channel = str(rng.choice(("phone", "chat", "email"), p=(0.6, 0.3, 0.1)))
                worked = None if channel == "chat" else float(rng.exponential(6.0))
                rows.append(
                    {
                        "ticket_id": f"t{len(rows)}", "customer_id": f"c{rng.integers(90)}", "channel": channel,
                        "status": "solved", "opened_by": "customer", "created_at": at,
                        "first_solved_at": at + timedelta(minutes=30), "solved_at": at + timedelta(minutes=30),
                        "handle_minutes": worked, "agent_replies": int(rng.integers(1, 4)),
                    }
                )  # fmt: skip
    late = datetime(2026, 10, 15, tzinfo=ZONE)  # so that the data have a month after those looked at
    return [*rows, rows[0] | {"ticket_id": "late", "created_at": late, "first_solved_at": None, "solved_at": None}]


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    """The rows of the three months."""
    return calls()[:-1]


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory) -> Query:
    return replace(build(tmp_path_factory.mktemp("calls") / "desk", calls()), month="2026-01")


def is_open(at: datetime) -> bool:
    if at.date() == date(2025, 12, 24):
        return 8 <= at.hour < 12
    return at.weekday() < 5 and at.date() not in HOLIDAYS and 8 <= at.hour < 18


def test_agents_are_those_of_the_hours_counted_by_hand(looked: Query, rows: list[Row]) -> None:
    answer = known(staffing(looked))
    passed: dict[tuple[int, int], int] = {}
    for i in range(92 * 24):
        at = datetime(2025, 11, 1, tzinfo=ZONE) + timedelta(hours=i)
        if is_open(at):
            passed[at.isoweekday(), at.hour] = passed.get((at.isoweekday(), at.hour), 0) + 1
    phone = [r for r in rows if r["channel"] == "phone"]
    inside = [r["created_at"] for r in phone if is_open(r["created_at"])]
    minutes = float(np.mean([r["handle_minutes"] for r in phone]))
    assert answer.handle.value == pytest.approx(minutes)
    assert answer.handle.n == len(phone)
    assert {(r["weekday"], r["hour"]) for r in answer.points.iter_rows(named=True)} == set(passed)
    for r in answer.points.iter_rows(named=True):
        n = sum((at.isoweekday(), at.hour) == (r["weekday"], r["hour"]) for at in inside)
        assert (r["n"], r["units"]) == (n, passed[r["weekday"], r["hour"]])
        assert r["rate"] == pytest.approx(n / r["units"])
        assert r["value"] == need(r["rate"], 60 * minutes, 0.8, busy=0.85)
        assert r["low"] <= r["value"] <= r["high"]
    top = max(answer.points.iter_rows(named=True), key=lambda r: r["value"])
    assert (top["weekday"], top["hour"]) == (1, 9)
    assert answer.outside == pytest.approx(100 * (1 - len(inside) / len(phone)))
    assert answer.at_work == tuple(answer.points[end].sum() for end in ("value", "low", "high"))
    assert answer.paid[0] == pytest.approx(answer.at_work[0] / 0.7)
    assert not answer.estimated
    assert "as recorded" in say(answer).text


def test_a_month_unlike_the_one_before_is_planned_by_itself(tmp_path: Path, looked: Query) -> None:
    def twice(row: Row) -> Row:
        return row | {"ticket_id": f"{row['ticket_id']} again", "customer_id": f"{row['customer_id']} again"}

    january = [row for row in calls()[:-1] if row["created_at"] >= datetime(2026, 1, 1, tzinfo=ZONE)]
    more = replace(build(tmp_path / "desk", [*calls(), *map(twice, january)]), month="2026-01")
    assert known(staffing(looked)).months == ("2025-11", "2026-01")
    moved = known(staffing(more))
    assert moved.months == ("2026-01", "2026-01")
    assert moved.points["n"].sum() == 2 * sum(r["channel"] == "phone" and is_open(r["created_at"]) for r in january)


def test_the_ends_are_those_of_arrivals_and_handle_time(looked: Query) -> None:
    from cxlib.questions.demand.staffing import _arrivals

    answer = known(staffing(looked))
    arrivals, _ = _arrivals(looked.only("channel", "phone"), ["2025-11", "2025-12", "2026-01"])
    for end, minutes in (("low", answer.handle.low), ("high", answer.handle.high)):
        by_hand = [need(rate, 60 * minutes, 0.8, busy=0.85) for rate in arrivals[end]]
        assert answer.points[end].to_list() == by_hand


def test_without_a_record_handle_time_is_estimated_and_called_so(looked: Query, rows: list[Row]) -> None:
    answer = known(staffing(looked, "chat"))
    replies = [r["agent_replies"] for r in rows if r["channel"] == "chat"]
    assert answer.estimated
    assert answer.handle.value == pytest.approx(6.0 * np.mean(replies))
    assert "estimated from replies, 2 at once" in say(answer).text
    cell = answer.points.row(0, named=True)
    assert cell["value"] == np.ceil(need(cell["rate"], 60 * answer.handle.value, 0.8, busy=0.85) / 2)


def test_what_has_no_answer_says_why(looked: Query, warsaw: Query) -> None:
    mail = staffing(looked, "email")
    assert isinstance(mail, NotKnown)
    assert "Nobody holds the line" in mail.reason
    few = staffing(looked.only("hour", "7"))
    assert isinstance(few, NotKnown)
    assert "Too few requests by phone" in few.reason
    unsolved = staffing(warsaw)
    assert isinstance(unsolved, NotKnown)
    assert "no handle times are recorded" in unsolved.reason
    with pytest.raises(UsageError, match="'phon'"):
        staffing(looked, "phon")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("service_level = 80.0", "service_level = 80.0: 0.01 to 0.99"),
        ("service_level = 0.0", "service_level = 0.0"),
        ("max_occupancy = 1.0", "max_occupancy = 1.0"),
        ("shrinkage = 1.0", "shrinkage = 1.0"),
        ("chats_at_once = 0", "chats_at_once = 0: 1 to 100"),
        ("within_seconds = -1.0", "cannot be negative"),
        ("agents = 3", "name in .staffing."),
    ],
)
def test_a_target_nobody_can_reach_is_refused(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        settings_of(tomllib.loads(f"[staffing]\n{text}"))
