"""The questions find what was planted: two small demos, and a few at full size."""

from __future__ import annotations

import math
from statistics import NormalDist

import pytest
from benchmarks.planted import CHECKS, Found, answers, scores, verdict

LARGE = (
    "contacts by chat are credited with more orders",
    "promoters buy again: multiple of detractors, logarithm",
    "detractors leave sooner than promoters: ratio, logarithm",
    "a category's volume rose for good: factor, logarithm",
    "first replies since the dated event: factor, logarithm",
    "a workflow that goes with reopening",
    "an article that visitors leave with a ticket",
)
"""Effects that even 8,000 tickets tell from none, and from twice their size."""


@pytest.fixture(scope="module")
def found() -> dict[str, list[Found]]:
    return answers(2, 8_000)


@pytest.mark.parametrize("name", CHECKS)
def test_what_was_planted_is_found(name: str, found: dict[str, list[Found]]) -> None:
    assert verdict(found[name]) == "found", scores(found[name])


@pytest.mark.parametrize("name", LARGE)
def test_no_effect_or_one_twice_as_large_would_be_missed(name: str, found: dict[str, list[Found]]) -> None:
    for times in (0.0, 2.0):
        other = [(estimate, error, times * truth) for estimate, error, truth in found[name]]
        assert verdict(other) != "found", times


def test_a_miss_and_a_bias_are_told() -> None:
    assert verdict([(1.0, 1.0, 0.0), (-1.0, 1.0, 0.0)]) == "found"
    assert verdict([(3.5, 1.0, 0.0), (-3.0, 1.0, 0.0)]) == "missed by 2 of 2 seeds"
    assert verdict([(0.0, 0.5, 1.1)] * 4) == "biased"
    assert verdict([(1.0, 0.0, 1.0)]) == "missed by 1 of 1 seeds; biased"
    assert scores([(1.0, 0.0, 1.0)]) == [math.inf]


@pytest.mark.long
def test_what_was_planted_is_found_at_full_size() -> None:
    """No answer, and no effect's mean over the seeds, is farther off than the farthest of all by chance in 1 of 100."""
    every = {name: scores(found) for name, found in answers(3).items()}
    single, whole = (NormalDist().inv_cdf(1 - 0.01 / 2 / comparisons) for comparisons in (3 * len(every), len(every)))
    far = {name: values for name, values in every.items() if max(map(abs, values)) > single}
    biased = {name: values for name, values in every.items() if abs(sum(values)) / math.sqrt(3) > whole}
    assert far | biased == {}
