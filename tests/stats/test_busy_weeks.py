"""How much more months move than the scatter of days explains: against known noise, and what it does to a test."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats

from cxlib.derive import derive
from cxlib.estimates import busy_weeks as module
from cxlib.estimates.busy_weeks import A_MONTH, BusyWeeks, _block_variance, busy_weeks
from cxlib.metrics import METRICS, query
from cxlib.questions import change
from cxlib.results.types import Change
from cxlib.stats.differences import Difference, difference
from cxlib.stats.intervals import MANY, Figures, Sums, counted_total, normal_quantile
from cxlib.store.folder import open_data, write_manifest
from cxlib.tables.schema import conform

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
    looked = query(open_data(str(small_demo)), month="2026-10")
    metric = looked.metric("ticket_volume")
    assert busy_weeks(metric, looked).times >= 1
    monkeypatch.setattr(module, "FEWEST", 1000)
    assert busy_weeks(metric, query(open_data(str(small_demo)), month="2026-10")) == BusyWeeks()


def test_a_week_and_a_month_have_noise_of_their_own(small_demo: Path) -> None:
    looked = query(open_data(str(small_demo)), month="2026-10")
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


def _figures(value: float, se: float) -> Figures:
    at = np.array([value])

    def limits(alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return at - normal_quantile(alpha) * se, at + normal_quantile(alpha) * se

    return Figures(at, at, at, np.array([se]), limits)


def _half(found: Difference) -> float:
    return float(found.high[0] - found.low[0]) / 2


def test_a_count_is_never_surer_than_its_busy_weeks_let_it_be() -> None:
    busy = BusyWeeks(times=3.0, relative=0.002, df=20.0)
    after, before, none = _figures(1000.0, 20.0), _figures(900.0, 20.0), np.zeros(1)
    widened = busy.of_count(after, before, none)
    assert _half(widened) == pytest.approx(stats.t.ppf(0.975, 20) * math.sqrt(0.002 * (1000**2 + 900**2)))
    assert widened.p_value[0] == pytest.approx(
        2 * stats.t.sf(100 / math.sqrt(0.002 * (1000**2 + 900**2)), 20), rel=1e-4
    )
    sure = BusyWeeks(relative=1e-6, df=20.0).of_count(after, before, none)
    assert _half(sure) == pytest.approx(stats.norm.ppf(0.975) * math.hypot(20, 20))
    part = busy.of_count(after, before, none, grouped=True)
    assert _half(part) == pytest.approx(stats.t.ppf(0.975, 20) * math.sqrt(3) * math.hypot(20, 20))


def test_a_year_is_as_much_surer_than_a_month_as_it_is_longer() -> None:
    busy, none = BusyWeeks(relative=0.002, df=20.0), np.zeros(1)
    month, year = (
        busy.of_count(_figures(1000.0 * n, 1.0), _figures(1000.0 * n, 1.0), none, blocks=n) for n in (1.0, 12.0)
    )
    assert _half(year) == pytest.approx(math.sqrt(12) * _half(month))


def test_who_shares_a_count_varies_with_it() -> None:
    busy = BusyWeeks(relative=0.002, excess=0.0015, df=20.0)
    both = 100.0**2 + 90.0**2
    for se, variance in ((1.0, 0.002 * both), (6.0, 2 * 6.0**2 * 0.5 + 0.0015 * both)):
        found = busy.of_sharers(_figures(100.0, se), _figures(90.0, se), np.array([0.5]), np.inf)
        assert _half(found) == pytest.approx(stats.norm.ppf(0.975) * math.sqrt(variance))


def _months_of_noise(rng: np.random.Generator) -> pl.DataFrame:
    """Return 86 weeks of days whose level is noisy by day and by week, weeks resembling each other."""
    level = np.repeat(np.exp(0.04 * weeks(rng, 0.3)[:86]), 7)
    usual = np.tile([50.0, 45.0, 43.0, 42.0, 40.0, 18.0, 14.0], 86)
    day = pl.date_range(date(2025, 3, 3), date(2025, 3, 3) + timedelta(days=7 * 86 - 1), eager=True)
    count = rng.poisson(usual * level * np.exp(0.05 * rng.normal(size=len(usual))))
    return pl.DataFrame({
        "day": day, "weekday": day.dt.weekday(), "monday": day.dt.truncate("1w"), "sum_wx": count.astype(float),
        "feast": False, "kind": np.where(day.dt.weekday().to_numpy() > 5, "weekend", "working"),
    })  # fmt: skip


def test_equal_months_of_noisy_weeks_are_called_different_as_often_as_promised(
    small_demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked, rng, p_values = query(open_data(str(small_demo)), month="2026-10"), np.random.default_rng(11), []
    for _ in range(400):
        days = _months_of_noise(rng)
        monkeypatch.setattr(module, "observed_days", lambda *_, days=days: days)
        busy = module._busy_weeks(looked.metric("ticket_volume"), looked, A_MONTH)
        sums = days["sum_wx"].to_numpy()[-56:].reshape(2, 28).sum(axis=1)
        before, after = (_figures(total, math.sqrt(1.1 * total)) for total in sums)
        p_values.append(busy.of_count(after, before, np.zeros(1)).p_value[0])
    assert np.mean(np.array(p_values) < 0.05) < 0.065
    assert np.mean(np.array(p_values) < 0.005) <= 0.0075


def test_work_of_agents_is_compared_on_as_many_working_days(tmp_path: Path) -> None:
    """Ten agents solve two tickets on each working day: more in March, but on as many working days no more."""
    days = [day for day in _days(date(2026, 1, 1), date(2026, 3, 31)) if day.weekday() < 5]
    rows = [
        {"ticket_id": f"{day}{agent}{number}", "customer_id": f"c{agent}{number}", "agent_id": f"a{agent}",
         "status": "solved", "opened_by": "customer", "created_at": at, "solved_at": at + timedelta(hours=1)}
        for day in days for at in [datetime.combine(day, time(9), UTC)] for agent in range(10) for number in range(2)
    ]  # fmt: skip
    folder = tmp_path / "desk"
    folder.mkdir()
    conform(pl.DataFrame(rows), "tickets").write_parquet(folder / "tickets.parquet")
    write_manifest(folder, {"extracted_at": "2026-04-01T00:00:00+00:00"})
    derive(folder)
    found = change("solved_per_agent", query(open_data(str(folder)), month="2026-03"))
    assert isinstance(found, Change)
    assert (found.before.value, found.after.value) == (2 * 20, 2 * 22)
    assert (found.difference, found.calendar) == (pytest.approx(0.0), pytest.approx(4.0))


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
