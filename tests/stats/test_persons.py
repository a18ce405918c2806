"""Persons: compared together, never looked for one by one but by the funnel, whose rule is Holm's at 1 %."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import polars as pl
import pytest

from cxlib.metrics import Query
from cxlib.questions import breakdown, contrast, dated_event, level_shift, movers, overview
from cxlib.questions.team.case_mix import _evident
from cxlib.results.types import Breakdown, NotKnown


def test_persons_are_compared_together_and_never_looked_for_one_by_one(looked: Query) -> None:
    found = breakdown("csat", looked, "agent")
    assert isinstance(found, Breakdown)
    assert found.personal
    assert found.p_value is not None
    assert found.points["p_adjusted"].null_count() == found.points.height


@pytest.mark.parametrize("asked", [
    lambda query: contrast("csat", query, "agent", "a0", "a1"),
    lambda query: movers("ticket_volume", query, "agent"),
    lambda query: level_shift("ticket_volume", query, "agent"),
    lambda query: dated_event("csat", query, by="agent", group="a0"),
])  # fmt: skip
def test_no_other_question_compares_persons_one_by_one(looked: Query, asked: Callable[[Query], object]) -> None:
    found = asked(looked)
    assert isinstance(found, NotKnown)
    assert "cx.agents" in found.reason


def test_the_first_page_names_no_person_who_moved(looked: Query) -> None:
    assert overview(dataclasses.replace(looked, by="agent")).segments == ()


def test_one_agents_months_are_beyond_chance_by_the_funnels_rule() -> None:
    """Holm at 0.25 %: .0004 × 4, .0006 × 3 hold; .002 × 2 does not, nor what has no p-value."""
    found = _evident(pl.Series([0.0006, None, 0.5, 0.0004, 0.002]))
    assert found.to_list() == [True, None, False, True, False]
