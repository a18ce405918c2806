"""Effort and ease: two scales never pooled, brackets of tickets, what a customer said before, by plain loops."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest
from derive_desk import Rows, by_key, run, survey, ticket

from cxlib.metrics import get, measured_frame, query
from cxlib.questions import breakdown
from cxlib.results.types import Breakdown
from cxlib.store.folder import open_data

MARCH = "2026-03"
SCALES = {"effort": (1.0, 5.0), "ease": (1.0, 7.0)}


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CX_HOME", str(tmp_path))


def said(number: str, kind: str, answer: float | None, answered: str = "5 08:00", **more: Any) -> dict[str, Any]:
    low, high = SCALES[kind]
    good = {"high_is_good": kind == "ease", "scale_low": low, "scale_high": high, "kind": kind}
    return survey(number, answered, answer, **(good | more))


ANSWERS = [
    *(said(f"effort {n}", "effort", answer) for n, answer in enumerate((1, 1, 2, 3, 4, 5))),
    *(said(f"ease {n}", "ease", answer) for n, answer in enumerate((1, 3, 4, 5, 6, 7, 7))),
    said("effort turned round", "effort", 5, high_is_good=True),
    said("ease turned round", "ease", 6, high_is_good=False),
    said("direction not known", "effort", 2, high_is_good=None),
    said("outside its scale", "effort", 6),
    said("not answered", "effort", None),
    said("another scale", "effort", 1, scale_high=7.0),
    said("yet another", "ease", 5, scale_high=5.0),
    said("first rating", "effort", 5, "5 07:00", ticket_id="t1", customer_id="c1"),
    said("second rating", "effort", 1, "5 08:00", ticket_id="t1", customer_id="c1"),
]


def by_hand(kind: str) -> list[float]:
    """The answers that count, on the usual scale and in the usual direction."""
    found = []
    for row in ANSWERS:
        low, high = SCALES[kind]
        usual = row["kind"] == kind and (row["scale_low"], row["scale_high"]) == (low, high)
        if not usual or row["answer"] is None or not low <= row["answer"] <= high or row["survey_id"] == "first rating":
            continue
        turned = row["high_is_good"] is not None and row["high_is_good"] != (kind == "ease")
        found.append(low + high - row["answer"] if turned else row["answer"])
    return found


def test_effort_and_ease_are_means_and_shares_of_their_own_scale(tmp_path: Path) -> None:
    run(tmp_path / "desk", surveys=ANSWERS)
    looked = query(open_data(str(tmp_path / "desk")), month=MARCH)
    effort, ease = by_hand("effort"), by_hand("ease")
    assert (len(effort), len(ease)) == (9, 8), "the loop itself leaves out what must be left out"
    expected = {
        "customer_effort": (len(effort), sum(effort)),
        "low_effort": (len(effort), len([answer for answer in effort if answer <= 2])),
        "customer_ease": (len(ease), sum(ease)),
        "easy": (len(ease), len([answer for answer in ease if answer >= 5])),
    }
    for name, (n, total) in expected.items():
        row = measured_frame(get(name), looked, [MARCH]).row(0, named=True)
        assert (row["n"], row["sum_wx"]) == (n, pytest.approx(total)), name


@pytest.mark.parametrize(
    ("column", "noun"), [("handoffs", "handoff"), ("customer_messages", "contact")], ids=["handoffs", "contacts"]
)
def test_brackets_say_the_count_and_sort_as_it(column: str, noun: str, tmp_path: Path) -> None:
    counts = [None, 0, 1, 2, 3, 4, 17]
    tickets = [ticket(str(n), "2 08:00", **{column: count}) for n, count in enumerate(counts)]
    rows = by_key(run(tmp_path / "desk", tickets=tickets)["tickets"])
    more = f"3 or more {noun}s"
    expected = [None, f"0 {noun}s", f"1 {noun}", f"2 {noun}s", more, more, more]
    assert [rows[str(n)][f"{noun}s_bracket"] for n in range(len(counts))] == expected
    assert sorted(expected[1:5]) == expected[1:5]


STORY = [
    said("1", "effort", 5, "2 08:00", ticket_id="t1", customer_id="c1"),
    said("2", "effort", 1, "9 08:00", ticket_id="t2", customer_id="c1"),
    said("3", "ease", 4, "9 08:00", ticket_id="t2", customer_id="c1"),
    said("4", "ease", 5, "10 08:00", customer_id="c1"),
    said("5", "effort", 3, "20 08:00", ticket_id="t3", customer_id="c2"),
    said("6", "effort", 9, "11 08:00", ticket_id="t4", customer_id="c1"),  # outside its scale: no answer
    said("7", "effort", 2, "12 08:00", ticket_id="t5"),
    survey("before all", "1 08:00", 5, customer_id="c1"),
    survey("between", "8 08:00", 5, customer_id="c1"),
    survey("same instant", "9 08:00", 5, customer_id="c1"),
    survey("at the end", "30 08:00", 5, customer_id="c1"),
    survey("same ticket, asked first", "1 08:00", 5, ticket_id="t1", customer_id="c1"),
    survey("same ticket, later", "30 08:00", 5, ticket_id="t1", customer_id="c1"),
    survey("ticket without a customer", "1 08:00", 5, ticket_id="t5"),
    survey("nobody", "30 08:00", 5),
    survey("too early", "19 08:00", 5, customer_id="c2"),
    survey("not answered", None, None, customer_id="c1", sent_at="8 09:00"),
    survey("no instant", None, None, customer_id="c1"),
]
WORDS = {
    "effort": {1: "low effort", 2: "low effort", 3: "some effort", 4: "high effort", 5: "high effort"},
    "ease": {n: "easy" if n >= 5 else "not easy" for n in range(1, 8)},
}


def class_by_hand(row: dict[str, Any], kind: str, rows: Rows) -> str | None:
    valid = [other for other in rows if other["kind"] == kind and other["answer"] in WORDS[kind]]
    same = [other for other in valid if row.get("ticket_id") and other.get("ticket_id") == row["ticket_id"]]
    when = row["answered_at"] or row.get("sent_at")
    mine = [other for other in valid if row.get("customer_id") and other.get("customer_id") == row["customer_id"]]
    before = [other for other in mine if when and other["answered_at"] <= when]
    latest = sorted(same or before, key=lambda other: (other["answered_at"], other["survey_id"]))
    return WORDS[kind][latest[-1]["answer"]] if latest else None


def test_reported_effort_is_that_of_the_same_ticket_else_the_latest_before(tmp_path: Path) -> None:
    rows = by_key(run(tmp_path / "desk", surveys=STORY)["surveys"])
    for row, kind in product(STORY, WORDS):
        assert rows[row["survey_id"]][f"{kind}_class"] == class_by_hand(row, kind, STORY), (row["survey_id"], kind)
    classes = {number: (row["effort_class"], row["ease_class"]) for number, row in rows.items()}
    assert classes["before all"] == (None, None)
    assert classes["between"] == ("high effort", None)
    assert classes["same instant"] == ("low effort", "not easy")
    assert classes["at the end"] == ("low effort", "easy")
    assert classes["same ticket, asked first"][0] == classes["same ticket, later"][0] == "high effort"
    assert classes["not answered"] == ("high effort", None)
    assert classes["nobody"] == classes["too early"] == (None, None)


def test_brackets_are_shown_in_their_order_and_the_unknown_last(tmp_path: Path) -> None:
    tickets = [ticket(f"t{n}", "2 08:00", handoffs=n) for n in range(4)] + [ticket("t9", "2 08:00")]
    answers = [
        said(f"answer {n}", "effort", answer, ticket_id=f"t{n}", customer_id=f"c{n}")
        for n, answer in ((0, 4), (1, 2), (2, 5), (3, 2), (9, 1))
    ]
    run(tmp_path / "desk", tickets=tickets, surveys=answers)
    found = breakdown("customer_effort", query(open_data(str(tmp_path / "desk")), month=MARCH), "handoffs")
    assert isinstance(found, Breakdown)
    brackets = ["0 handoffs", "1 handoff", "2 handoffs", "3 or more handoffs", "(not known)"]
    assert found.points["group"].to_list() == brackets
    assert found.points["value"].to_list() == [4.0, 2.0, 5.0, 2.0, 1.0]
