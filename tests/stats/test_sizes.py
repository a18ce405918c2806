"""How large a change must be to matter and to show: margins by hand, power by simulation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from benchmarks.coverage import Design, measure
from results_by_hand import change, estimate

from benchmarks import coverage
from cxlib.present.sentences import verdict
from cxlib.results.types import Change
from cxlib.stats.differences import Difference, difference
from cxlib.stats.durations import quantiles
from cxlib.stats.intervals import Sums
from cxlib.stats.sizes import detectable, margin


def of(name: str, before: float, given: float, **other: float) -> Change:
    built = change(name, estimate(before, 1.0), estimate(before, 1.0), 1.0, 0.5)
    return replace(built, scope=replace(built.scope, margin=given), **other)


@pytest.mark.parametrize(
    ("name", "before", "given", "expected"),
    [
        ("csat", 60.0, 2.0, 2.0),
        ("csat", 90.0, 2.0, 1.0),
        ("automation_rate", 0.7, 2.0, 0.07),
        ("reopen_rate", 5.8, 2.0, 0.58),
        ("agent_turnover", 2.0, 1.0, 0.2),
        ("nps", 30.0, 5.0, 5.0),
        ("nps", -90.0, 5.0, 1.0),
        ("customer_effort", 2.0, 0.2, 0.2),
        ("gross_revenue_retention", 15.4, 0.05, 0.77),
        ("handoffs", 0.2, 0.05, 0.01),
        ("ticket_volume", 2000.0, 0.05, 100.0),
        ("first_reply_time", 300.0, 0.1, 30.0),
    ],
)
def test_a_margin_is_at_most_a_tenth_of_the_rarer_side_or_relative(
    name: str, before: float, given: float, expected: float
) -> None:
    assert margin(of(name, before, given)) == pytest.approx(expected)


def test_a_rare_share_with_half_a_point_of_doubt_is_not_about_the_same() -> None:
    rare = of("automation_rate", 0.7, 2.0, difference=0.0, low=-0.5, high=0.5)
    assert verdict(rare) == "chance"
    assert verdict(replace(rare, low=-0.06, high=0.06)) == "same"


def test_without_an_interval_or_a_figure_before_nothing_is_said_of_what_would_show() -> None:
    assert detectable(of("csat", 60.0, 2.0, low=None)) is None
    assert detectable(of("ticket_volume", 0.0, 0.05)) is None


RUNS = 250
Drawn = Callable[[np.random.Generator, float], Difference]


def shares(p: float, design: Design) -> Drawn:
    return lambda rng, shift: _surveyed(rng, design, coverage.share(p + shift / 100), coverage.share(p))


def scores(rng: np.random.Generator, shift: float) -> Difference:
    after = coverage.score(0.5 + shift / 200, 0.2 - shift / 200)
    return _surveyed(rng, Design(300), after, coverage.score(0.5, 0.2))


def means(rng: np.random.Generator, shift: float) -> Difference:
    usual = np.array([0.1, 0.2, 0.3, 0.2, 0.2])
    moved = usual + np.array([-0.4, -0.2, 0.0, 0.2, 0.4]) * shift / 50  # by as many points of 100
    return _surveyed(rng, Design(300), coverage.mean(tuple(moved)), coverage.mean(tuple(usual)))


def waits(rng: np.random.Generator, shift: float) -> Difference:
    design, medians = Design(300), (100.0 * (1 + shift / 100), 100.0)
    drawn = [
        quantiles([coverage.waits(rng, design, rng.standard_normal(300), m, True) for _ in range(RUNS)])
        for m in medians
    ]
    return difference(*drawn, np.zeros(RUNS))


def counts(rng: np.random.Generator, shift: float) -> Difference:
    both = [
        coverage.days(rng, 600 * x, 2.0, month, RUNS) for x, month in ((1 + shift / 100, "2026-06"), (1, "2026-09"))
    ]
    return difference(*both, np.zeros(RUNS))


def _surveyed(
    rng: np.random.Generator, design: Design, after: coverage.Answers, before: coverage.Answers
) -> Difference:
    drawn = [coverage.month(rng, design, each, rng.random((RUNS, design.units))) for each in (after, before)]
    return difference(*(measure(after.metric, Sums.of_units(*month)) for month in drawn), np.zeros(RUNS))


@pytest.mark.parametrize(
    ("name", "before", "drawn"),
    [
        ("csat", 50.0, shares(0.5, Design(300))),
        ("csat", 80.0, shares(0.8, Design(300, 3, 0.3))),
        ("csat", 10.0, shares(0.1, Design(600))),
        ("nps", 30.0, scores),
        ("csat_mean", 55.0, means),
        ("first_reply_time", 100.0, waits),
        ("ticket_volume", 600.0, counts),
    ],
)
def test_what_would_show_is_found_in_four_of_five_months(name: str, before: float, drawn: Drawn) -> None:
    rng = np.random.default_rng(7)
    metric = coverage.get(name)
    quiet = drawn(rng, 0.0)
    ends = [(low * metric.factor, high * metric.factor) for low, high in zip(quiet.low, quiet.high, strict=True)]
    found = [detectable(of(name, before, 1.0, low=low, high=high)) for low, high in ends if np.isfinite(high - low)]
    size = float(np.mean([each for each in found if each is not None]))
    power = np.mean([(drawn(rng, side * size).p_value < 0.05).mean() for side in (1, -1)])
    assert 0.75 < power < 0.85 + 0.03
