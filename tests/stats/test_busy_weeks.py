"""How much more months move than the scatter of days explains: against known noise, and what it does to a test."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cxlib.metrics import METRICS, view
from cxlib.stats import busy_weeks as module
from cxlib.stats.busy_weeks import A_MONTH, BusyWeeks, _block_variance, busy_weeks
from cxlib.stats.differences import difference
from cxlib.stats.intervals import MANY, Sums, counted_total
from cxlib.store import open_data

WEEKS, RUNS = 104, 300
CALM = 2 / A_MONTH  # variance of the difference of two means of four independent weeks of variance 1


def weeks(rng: np.random.Generator, related: float, step: float = 0.0) -> np.ndarray:
    """Return weeks of variance 1 that resemble each other, with a step in the middle."""
    drawn = rng.normal(size=WEEKS)
    for place in range(1, WEEKS):
        drawn[place] = related * drawn[place - 1] + np.sqrt(1 - related**2) * drawn[place]
    return drawn + step * (np.arange(WEEKS) >= WEEKS // 2)


def mean_variance(related: float, step: float = 0.0) -> float:
    rng = np.random.default_rng(5)
    return float(np.mean([_block_variance(weeks(rng, related, step), A_MONTH) for _ in range(RUNS)]))


def expected(related: float) -> float:
    """Return the variance of the difference of neighbouring means of four weeks, summed over all pairs of weeks."""
    signs = np.repeat([-1.0, 1.0], A_MONTH) / A_MONTH
    lags = np.abs(np.subtract.outer(np.arange(2 * A_MONTH), np.arange(2 * A_MONTH)))
    return float(signs @ related**lags @ signs)


@pytest.mark.parametrize("related", [0.0, 0.3, 0.6])
def test_blocks_vary_as_their_weeks_let_expect(related: float) -> None:
    assert mean_variance(related) == pytest.approx(expected(related), rel=0.12)
    assert expected(0.0) == CALM


def test_a_lasting_step_is_not_taken_for_noise() -> None:
    assert mean_variance(0.0, step=4.0) < 1.4 * CALM


def test_few_weeks_add_nothing(small_demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = view(open_data(str(small_demo)), month="2026-10")
    metric = looked.metric("ticket_volume")
    assert busy_weeks(metric, looked).times >= 1
    monkeypatch.setattr(module, "FEWEST", 1000)
    assert busy_weeks(metric, view(open_data(str(small_demo)), month="2026-10")) == BusyWeeks()


def test_a_week_and_a_month_have_noise_of_their_own(small_demo: Path) -> None:
    looked = view(open_data(str(small_demo)), month="2026-10")
    metric = looked.metric("message_volume")
    assert busy_weeks(metric, looked, 1) != busy_weeks(metric, looked, A_MONTH)


def test_widened_figures_have_a_wider_difference_and_a_larger_p_value() -> None:
    none, count = np.zeros(1), np.array([100.0])
    one, other = (
        counted_total(Sums(of, of, none, of, none, none, of, none), np.array([MANY])) for of in (1.3 * count, count)
    )
    plain = difference(one, other, np.zeros(1))
    wide = difference(one.widened(2.0), other.widened(2.0), np.zeros(1))
    assert (wide.high - wide.low) == pytest.approx(2 * (plain.high - plain.low))
    assert plain.p_value[0] < 0.06 < wide.p_value[0]


def test_every_metric_paced_by_a_count_is_of_units_that_share_it() -> None:
    paced = {name: metric for name, metric in METRICS.items() if metric.paced_by}
    assert {"conversations_per_agent", "tickets_per_customer"} <= set(paced)
    for metric in paced.values():
        assert METRICS[metric.paced_by].kind == "count" and METRICS[metric.paced_by].unit == "day"
        assert replace(metric, paced_by="").kind == "mean"
