"""The log-rank test by customer: published figures, a second tool, a dumb loop, and its level by simulation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from stats.test_durations import drawn

from cxlib.metrics import Query
from cxlib.present.sentences import say
from cxlib.questions import breakdown
from cxlib.results.types import Breakdown
from cxlib.stats.durations import coded
from cxlib.stats.equality import anova_type
from cxlib.stats.intervals import Array
from cxlib.stats.logrank import log_rank


def rows_of(
    values: list[float] | Array, ended: list[bool] | Array, groups: list[str], units: list[str] | None = None
) -> pl.DataFrame:
    units = units or [f"u{place}" for place in range(len(values))]
    return coded(pl.DataFrame({"value": values, "ended": ended, "group": groups, "unit": units}, strict=False))


def three(seed: int) -> pl.DataFrame:
    values, ended, units = drawn(seed, n=120)
    return rows_of(values, ended, [("one", "two", "three")[place % 7 % 3] for place in range(120)], units)


def test_the_published_sums_of_lung_by_sex_are_found(shared_data: Callable[..., Path]) -> None:
    """R: survdiff(Surv(time, status) ~ sex, lung): observed 112 and 53, expected 91.6 and 73.4, chi-square 10.3."""
    data = pl.read_csv(shared_data("survival/lung.csv"))
    rows = rows_of(data["time"].to_list(), (data["status"] == 1).to_list(), data["sex"].cast(pl.String).to_list())
    parts, expected = log_rank(rows)
    assert {round(number, 1) for number in expected} == {91.6, 73.4}
    assert sorted(np.round(parts.sum(axis=1) + expected, 6)) == [53.0, 112.0]
    assert anova_type(parts, expected) == pytest.approx(0.0013, abs=0.0004)


@pytest.mark.parametrize("seed", [3, 4])
def test_observed_less_expected_are_what_a_loop_over_times_adds_up(seed: int) -> None:
    rows = three(seed)
    waits = rows.select("value", "ended", "group").rows()
    parts, expected = log_rank(rows)
    for place, group in enumerate(sorted({group for _, _, group in waits})):
        observed = sum(ended for _, ended, own in waits if own == group)
        total = 0.0
        for time in {value for value, ended, _ in waits if ended}:
            at_risk = [own == group for value, _, own in waits if value >= time]
            total += sum(ended for value, ended, _ in waits if value == time) * sum(at_risk) / len(at_risk)
        assert expected[place] == pytest.approx(total)
        assert parts[place].sum() == pytest.approx(observed - total)


def test_a_second_tool_finds_the_same_where_every_wait_is_another_customers() -> None:
    from statsmodels.duration.survfunc import survdiff

    rng = np.random.default_rng(5)
    n = 4_000
    values, group = rng.exponential(1.0, n), rng.integers(0, 3, n)
    values, observed = np.where(group == 1, values * 1.12, values), rng.uniform(0.2, 3.0, n)
    values, ended = np.minimum(values, observed), values < observed
    parts, expected = log_rank(rows_of(values, ended, [f"g{name}" for name in group]))
    theirs = survdiff(values, ended.astype(int), group)[1]
    mine = anova_type(parts, expected)
    assert 0.001 < theirs < 0.5
    assert mine == pytest.approx(theirs, rel=0.1)


def test_waits_written_down_twice_are_no_new_evidence() -> None:
    rows = three(3)
    once, twice = (anova_type(*log_rank(frame)) for frame in (rows, pl.concat([rows, rows])))
    assert once == pytest.approx(twice, rel=1e-9)


def _simulated(rng: np.random.Generator) -> pl.DataFrame:
    """Return waits of 90 customers in three groups, alike but for chance; those of one customer resemble each other."""
    n = 90
    waits = rng.integers(1, 7, n)
    unit = np.repeat(np.arange(n), waits)
    values = np.exp(rng.normal(0, 0.8, n)[unit] + rng.normal(0, 0.8, len(unit)))
    observed = rng.uniform(0.5, 6.0, len(unit))
    ended, group = values <= observed, np.repeat(rng.integers(0, 3, n), waits)
    return rows_of(np.minimum(values, observed), ended, [f"g{g}" for g in group], [f"u{u}" for u in unit])


def test_equal_groups_are_called_different_in_one_case_of_twenty_although_customers_wait_often() -> None:
    rng = np.random.default_rng(11)
    found = [anova_type(*log_rank(_simulated(rng))) for _ in range(600)]
    alarms = np.mean([p is not None and p < 0.05 for p in found])
    assert 0.03 < alarms < 0.07


def test_equal_medians_of_curves_that_part_afterwards_are_told_apart() -> None:
    rng = np.random.default_rng(2)
    early = rng.uniform(0, 1, 800)
    values = np.concatenate([early, 1 + rng.exponential(0.2, 400), 1 + rng.exponential(3.0, 400)])
    groups = ["one", "two"] * 400 + ["one"] * 400 + ["two"] * 400
    p = anova_type(*log_rank(rows_of(values, np.full(1600, True), groups)))
    assert p is not None
    assert p < 0.001


@pytest.mark.parametrize("rows", [rows_of([], [], []), rows_of([1.0], [True], ["a"]),
                                  rows_of([1.0, 2.0], [False, False], ["a", "b"])])  # fmt: skip
def test_too_little_gives_no_test(rows: pl.DataFrame) -> None:
    parts, expected = log_rank(rows.with_columns(pl.col("value").cast(pl.Float64), pl.col("ended").cast(pl.Boolean)))
    assert anova_type(parts[expected > 0], expected[expected > 0]) is None


def test_waits_have_one_verdict_made_of_medians_and_whole_curves(looked: Query) -> None:
    found = breakdown("resolution_time", looked, "channel")
    assert isinstance(found, Breakdown)
    assert found.medians_p is not None
    assert found.curves_p is not None
    assert found.p_value == pytest.approx(min(1.0, 2 * min(found.medians_p, found.curves_p)))
    for medians, curves in ((0.5, 0.5), (0.5, 0.001), (0.001, 0.5), (0.001, 0.001)):
        both = min(1.0, 2 * min(medians, curves))
        told = say(replace(found, p_value=both, medians_p=medians, curves_p=curves)).text
        assert ("no difference beyond chance" in told) == (both == 1.0)
        assert ("more than chance explains" in told) == (both < 0.005)
        assert ("of whole curves" in told or "whole curves of waits" in told) == (medians == 0.5 and both < 0.005)
    other = breakdown("csat", looked, "channel")
    assert isinstance(other, Breakdown)
    assert (other.medians_p, other.curves_p) == (None, None)


def test_all_waits_unfinished_or_one_group_alone_have_no_test_of_curves(looked: Query) -> None:
    one = breakdown("resolution_time", looked.only("channel", "chat"), "channel")
    assert isinstance(one, Breakdown)
    assert (one.curves_p, one.p_value) == (None, None)
