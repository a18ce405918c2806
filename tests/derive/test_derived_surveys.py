"""Survey columns: boxes on every scale, the answer that counts, the channel that was rated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from derive_desk import Rows, by_key, message, run, survey, ticket
from derive_loops import box, latest


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CX_HOME", str(tmp_path))


def derived(tmp_path: Path, surveys: Rows, **tables: Rows) -> dict[str, dict[str, Any]]:
    return by_key(run(tmp_path / "desk", surveys=surveys, **tables)["surveys"])


SCALES = [(1, high) for high in range(2, 11)] + [(0, 10), (0, 1), (-2, 2), (0, 100), (3, 3)]


@pytest.mark.parametrize("good", [True, False])
@pytest.mark.parametrize(("low", "high"), SCALES)
def test_boxes_follow_the_points_of_the_scale(low: float, high: float, good: bool, tmp_path: Path) -> None:
    answers = [None, *range(int(low) - 2, int(high) + 3)]
    scale = {"scale_low": float(low), "scale_high": float(high), "high_is_good": good}
    rows = derived(tmp_path, [survey(str(number), "2 08:00", answer, **scale) for number, answer in enumerate(answers)])
    for number, answer in enumerate(answers):
        row = rows[str(number)]
        assert row["box"] == box(answer, low, high, good=good), answer
        inside = answer is not None and low <= answer <= high and low < high
        share = (answer - low if good else high - answer) / (high - low) if inside else None
        assert row["scale_share"] == share


def test_named_boxes_of_the_common_scales(tmp_path: Path) -> None:
    nps = {"kind": "nps", "scale_low": 0.0, "scale_high": 10.0}
    rows = derived(
        tmp_path,
        [
            *[survey(f"nps {answer}", "2 08:00", answer, **nps) for answer in range(12)],
            *[survey(f"csat {answer}", "2 08:00", answer) for answer in range(1, 6)],
            survey("effort 1", "2 08:00", 1, kind="effort", high_is_good=None),
            survey("ease 1", "2 08:00", 1, kind="ease", high_is_good=None),
            survey("no scale", "2 08:00", 4, scale_low=None),
        ],
    )
    boxes = {number: row["box"] for number, row in rows.items()}
    assert [boxes[f"nps {answer}"] for answer in range(12)] == ["bottom"] * 7 + ["middle"] * 2 + ["top"] * 2 + [None]
    assert [boxes[f"csat {answer}"] for answer in range(1, 6)] == ["bottom", "bottom", "middle", "top", "top"]
    assert (boxes["effort 1"], boxes["ease 1"], boxes["no scale"]) == ("top", "bottom", None)


RATINGS = [
    survey("1", "2 08:00", 1, ticket_id="t1", customer_id="c1"),
    survey("2", "5 08:00", 5, ticket_id="t1", customer_id="c1"),
    survey("3", "4 08:00", 3, ticket_id="t1", customer_id="c1"),
    survey("4", "6 08:00", 4, ticket_id="t1", customer_id="c1", question="other"),
    survey("5", "7 08:00", 4, ticket_id="t2", customer_id="c1"),
    survey("6", "8 08:00", 9, ticket_id="t2", customer_id="c1"),  # outside its scale
    survey("7", "31 23:00", 2, ticket_id="t1", customer_id="c1"),  # April in Warsaw
    survey("9", "9 08:00", 3, customer_id="c2"),
    survey("8", "9 08:00", 2, customer_id="c2"),
    survey("10", "9 08:00", 1),
    survey("11", "9 08:00", 1),
    survey("12", None, None, ticket_id="t1", customer_id="c1", sent_at="9 08:00"),
    survey("13", "9 09:00", 1, kind="nps", ticket_id="t1", customer_id="c1", scale_low=0.0, scale_high=10.0),
    survey("14", "9 09:00", None, ticket_id="t1", customer_id="c1"),
]


def test_the_latest_answer_of_the_month_counts(tmp_path: Path) -> None:
    rows = derived(tmp_path, RATINGS)
    assert {number: row["latest"] for number, row in rows.items()} == latest(RATINGS, per_customer=False)
    per_customer = {number: row["customer_latest"] for number, row in rows.items()}
    assert per_customer == latest(RATINGS, per_customer=True)
    assert [number for number, row in rows.items() if row["latest"]] == ["2", "4", "5", "7", "9", "10", "11", "13"]
    assert [number for number, flag in per_customer.items() if flag] == ["4", "5", "7", "9", "10", "11", "13"]
    assert rows["12"]["latest"] is None
    assert (rows["7"]["answered_day"].isoformat(), rows["7"]["answered_hour"]) == ("2026-04-01", 1)


TICKETS = [
    ticket("mailed", "2 08:00", channel="web", solved_at="3 08:00", status="solved", customer_id="c1"),
    ticket("called", "2 08:00", channel="phone", solved_at="2 09:00", status="solved", customer_id="c2"),
    ticket("silent", "2 08:00", channel="web", solved_at="4 08:00", status="solved", customer_id="c1"),
    ticket("spam", "2 08:00", channel="app", solved_at="9 08:00", status="spam", customer_id="c1"),
]
MESSAGES = [
    message("1", "mailed", "2 08:00", "customer", "c1", channel="web"),
    message("2", "mailed", "2 09:00", "agent", "a1", channel="email"),
    message("3", "mailed", "2 10:00", "agent", "a1", channel="chat"),
    message("4", "mailed", "2 11:00", "agent", "a1", channel="phone", is_public=False),
    message("5", "mailed", "2 12:00", "bot", "b", channel="app"),
    message("6", "mailed", "7 12:00", "agent", "a1"),
    message("7", "silent", "2 12:00", "customer", "c1"),
]


@pytest.mark.parametrize(
    ("expected", "rated"),
    [
        ("chat", {"ticket_id": "mailed", "answered_at": "5 08:00"}),
        ("email", {"ticket_id": "mailed", "answered_at": "2 09:30"}),
        ("web", {"ticket_id": "mailed", "answered_at": "8 09:30"}),  # a message without channel came in the ticket's
        ("chat", {"ticket_id": "mailed", "answered_at": None, "sent_at": "3 09:00"}),
        (None, {"ticket_id": "mailed", "answered_at": "2 08:30"}),
        ("phone", {"ticket_id": "called", "answered_at": "5 08:00"}),
        (None, {"ticket_id": "silent", "answered_at": "5 08:00"}),
        (None, {"ticket_id": "unknown", "answered_at": "5 08:00"}),
        ("chat", {"customer_id": "c1", "answered_at": "3 12:00"}),
        (None, {"customer_id": "c1", "answered_at": "10 12:00"}),  # the last solved was the silent one; spam is none
        ("phone", {"customer_id": "c2", "answered_at": "31 23:00"}),
        (None, {"customer_id": "c2", "answered_at": "2 08:59"}),
        (None, {"answered_at": "5 08:00"}),
    ],
)
def test_handling_channel_is_that_of_the_last_public_agent_message(
    expected: str | None, rated: dict[str, Any], tmp_path: Path
) -> None:
    row = derived(tmp_path, [survey("1", None, 5, **rated)], tickets=TICKETS, messages=MESSAGES)["1"]
    assert row["handling_channel"] == expected


def test_surveys_stand_without_tickets_and_messages(tmp_path: Path) -> None:
    row = derived(tmp_path, [survey("1", "2 08:00", 5, ticket_id="t", customer_id="c")])["1"]
    assert (row["box"], row["latest"], row["handling_channel"]) == ("top", True, None)


def test_a_ticket_solved_more_than_30_days_before_is_not_the_one_rated(tmp_path: Path) -> None:
    row = derived(
        tmp_path,
        [survey("1", "31 23:00", 5, customer_id="c")],
        tickets=[ticket("1", "1 08:00", customer_id="c", solved_at="1 22:59", status="solved", channel="phone")],
    )["1"]
    assert row["handling_channel"] is None
