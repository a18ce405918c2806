"""A change that another mix of channels made is said to be one, where the groups stood still or went the other way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from stats import desk

from cxlib import numbers
from cxlib.metrics import Query, query
from cxlib.present.sentences import headline, say
from cxlib.questions import overview
from cxlib.results.types import Overview

SHRINKING = {(9, "phone"): (100, 50), (9, "email"): (400, 360), (10, "phone"): (400, 200), (10, "email"): (100, 90)}
OPPOSITE = SHRINKING | {(10, "phone"): (400, 260), (10, "email"): (100, 98)}
STEADY = SHRINKING | {(10, "phone"): (100, 30), (10, "email"): (400, 300)}


def look(folder: Path, answers: dict[tuple[int, str], tuple[int, int]]) -> Query:
    """Lay down answers by month and channel: how many, and how many of them satisfied; each of its own customer."""

    def rows() -> Iterator[dict[str, Any]]:
        for (month, channel), (many, good) in answers.items():
            for place in range(many):
                name = f"{month}{channel}{place}"
                at = datetime(2026, month, 2, 12, tzinfo=UTC) + timedelta(hours=place)
                yield {
                    "survey_id": name, "kind": "csat", "ticket_id": name, "customer_id": name, "answered_at": at,
                    "answered_day": at.date(), "latest": True, "box": "top" if place < good else "bottom",
                    "answer": 5.0 if place < good else 1.0, "scale_low": 1.0, "scale_high": 5.0, "channel": channel,
                }  # fmt: skip

    surveys = list(rows())
    at = datetime(2026, 9, 1, tzinfo=UTC)
    tickets = [{"ticket_id": r["ticket_id"], "channel": r.pop("channel"), "created_at": at} for r in surveys]
    return query(desk.build(folder, surveys=surveys, tickets=tickets), month="2026-10", by="channel")


def by_hand(answers: dict[tuple[int, str], tuple[int, int]]) -> tuple[float, float]:
    """Kitagawa's mix and within parts in points, added up group by group."""
    total = {month: sum(many for (m, _), (many, _) in answers.items() if m == month) for month in (9, 10)}
    mix = within = 0.0
    for channel in ("phone", "email"):
        (n0, x0), (n1, x1) = answers[9, channel], answers[10, channel]
        mix += 100 * (n1 / total[10] - n0 / total[9]) * (x0 / n0 + x1 / n1) / 2
        within += 100 * (x1 / n1 - x0 / n0) * (n1 / total[10] + n0 / total[9]) / 2
    return mix, within


def text_of(found: Overview) -> str:
    return say(found).text.replace(numbers.SPACE, " ")


@pytest.mark.parametrize("answers", [SHRINKING, OPPOSITE, STEADY])
def test_the_overview_carries_the_parts_of_what_moved(
    tmp_path: Path, answers: dict[tuple[int, str], tuple[int, int]]
) -> None:
    (parts,) = overview(look(tmp_path / "desk", answers), ["csat"]).parts
    assert [row["difference"] for row in parts.parts.iter_rows(named=True)] == pytest.approx(by_hand(answers))
    assert parts.by_mix == (answers is not STEADY)


def test_a_mix_is_named_in_the_sentence_and_the_groups_say_what_they_did(tmp_path: Path) -> None:
    found = overview(look(tmp_path / "desk", OPPOSITE), ["csat"])
    said = text_of(found).split("\n")[0]
    assert said.startswith("Satisfaction looks 10.4 points (")
    assert "lower, at 71.6 % (500 answers), because of another mix of channels, above all more phone (80.0" in said
    assert "(80.0 % after 20.0 %). Within channels it rose by 11.5 points (" in said
    assert said.endswith("more than chance explains.")
    assert headline(found).endswith("moved more than chance explains, all by another mix of channels")
    assert "may be why" not in text_of(found)


def test_groups_that_stood_still_are_said_to_have(tmp_path: Path) -> None:
    said = text_of(overview(look(tmp_path / "desk", SHRINKING), ["csat"])).split("\n")[0]
    assert "Satisfaction looks" in said
    assert "Within channels it moved by 0" in said
    assert said.endswith("no more than chance explains.")


def test_a_change_of_the_groups_themselves_is_told_as_before(tmp_path: Path) -> None:
    found = overview(look(tmp_path / "desk", STEADY), ["csat"])
    assert text_of(found).startswith("Satisfaction fell by 16")
    assert "mix" not in text_of(found) + headline(found)


def test_without_a_dimension_there_are_no_parts(tmp_path: Path) -> None:
    from dataclasses import replace

    assert overview(replace(look(tmp_path / "desk", OPPOSITE), by=""), ["csat"]).parts == ()
