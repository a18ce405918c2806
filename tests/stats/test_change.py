"""Changes: interval and p-value from one statistic, overlap counted, against published numbers and dumb loops."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings, strategies as st

from cxlib.estimates.estimate_table import correlation
from cxlib.metrics import get
from cxlib.stats.differences import difference
from cxlib.stats.durations import Curve, quantiles
from cxlib.stats.intervals import Array, Figures, Sums, measure

NONE = np.zeros(1)
Counts = dict[float, int]


def single(name: str, counts: Counts) -> Figures:
    """Return the figure of single answers: answer → how many units gave it."""
    x = np.repeat(list(counts), list(counts.values())).astype(float)[None, :]
    one = np.ones_like(x)
    return measure(get(name), Sums.of_units(one, one, x, x * x))


def both(after: Array, before: Array) -> tuple[Figures, Figures, float]:
    """Return two figures of the same units (NaN = no answer that month) and their correlation, the dumb way."""
    found, influences = [], []
    for x in (after, before):
        n = (~np.isnan(x)).astype(float)
        filled = np.nan_to_num(x)
        found.append(measure(get("csat"), Sums.of_units(n, n, filled, filled**2)))
        influences.append(np.where(n > 0, filled - np.nanmean(x), 0.0))
    a, b = influences
    return found[0], found[1], float(a @ b / np.sqrt((a @ a) * (b @ b)))


@pytest.mark.parametrize(("kept", "n", "kept_before", "n_before"), [(56, 70, 48, 80), (9, 10, 3, 10), (10, 10, 0, 20)])
def test_a_change_of_two_separate_shares_is_newcombes(kept: int, n: int, kept_before: int, n_before: int) -> None:
    from statsmodels.stats.proportion import confint_proportions_2indep

    after = single("csat", {1.0: kept, 0.0: n - kept})
    before = single("csat", {1.0: kept_before, 0.0: n_before - kept_before})
    found = difference(after, before, NONE)
    expected = confint_proportions_2indep(kept, n, kept_before, n_before, method="newcomb")
    assert (found.low[0], found.high[0]) == pytest.approx(expected, abs=1e-9)
    assert found.value[0] == pytest.approx(kept / n - kept_before / n_before)


def test_a_change_of_scores_is_near_the_published_adjusted_wald(shared_data: Callable[..., Path]) -> None:
    path = shared_data("nps_golden_two_sample.csv", folder="golden")
    rows = [
        row
        for row in csv.DictReader(path.open(encoding="utf-8"), skipinitialspace=True)
        if row["test"] == "adjusted.wald"
    ]
    for row in rows:
        sides = [tuple(map(int, row[name].split("/"))) for name in "xy"]
        one, other = (single("nps", dict(zip((-1.0, 0.0, 1.0), side, strict=True))) for side in sides)
        if one.value < other.value:
            one, other = other, one  # the published interval is around the difference without its sign
        found = difference(one, other, NONE)
        smallest = min(map(sum, sides))
        if smallest >= 30:
            near = 1.5 / smallest  # methods differ by what three added answers can do
            assert (found.low[0], found.high[0]) == pytest.approx((float(row["lo"]), float(row["hi"])), abs=near)
            assert found.p_value[0] == pytest.approx(float(row["p"]), abs=0.03)
        assert (found.p_value[0] < 0.05) == (float(row["p"]) < 0.05)
    assert len(rows) == 4


def test_scores_that_cannot_differ_more_are_cut_at_the_widest_difference() -> None:
    found = difference(single("nps", {1.0: 3}), single("nps", {-1.0: 3}), NONE, 2.0)
    assert (found.value[0], found.high[0]) == (2.0, 2.0)


sides = st.tuples(st.integers(0, 60), st.integers(0, 60)).filter(lambda side: sum(side) > 0)


@settings(max_examples=80, deadline=None)
@given(sides, sides, st.floats(-1, 1))
def test_p_is_below_five_percent_exactly_when_zero_lies_outside(
    after: tuple[int, int], before: tuple[int, int], r: float
) -> None:
    figures = [single("csat", dict(zip((1.0, 0.0), side, strict=True))) for side in (after, before)]
    found = difference(figures[0], figures[1], np.array([r]))
    outside = found.low[0] > 0 or found.high[0] < 0
    assert (found.p_value[0] < 0.05) == outside
    assert found.low[0] <= found.value[0] <= found.high[0]
    back = difference(figures[1], figures[0], np.array([r]))
    assert (back.low[0], back.high[0]) == pytest.approx((-found.high[0], -found.low[0]), abs=1e-12)
    assert back.p_value[0] == pytest.approx(found.p_value[0], rel=1e-6)


def test_p_is_the_level_whose_interval_just_touches_zero() -> None:
    after, before = single("csat", {1.0: 62, 0.0: 38}), single("csat", {1.0: 50, 0.0: 50})
    p = difference(after, before, NONE).p_value
    (low_a, _), (_, high_b) = after.limits(p), before.limits(p)
    touching = np.sqrt((after.value - low_a) ** 2 + (high_b - before.value) ** 2)
    assert touching[0] == pytest.approx(0.12, abs=1e-8)


def halved(after: Figures, before: Figures) -> float:
    """Return the smallest level whose interval leaves out 0, by halving alone."""
    inside, outside = 1e-16, 1.0
    for _ in range(60):
        level = np.array([np.sqrt(inside * outside)])
        (low_a, high_a), (low_b, high_b) = after.limits(level), before.limits(level)
        apart = (after.value - before.value)[0]
        down = float(np.hypot(after.value - low_a, high_b - before.value)[0])
        up = float(np.hypot(high_a - after.value, before.value - low_b)[0])
        inside, outside = (inside, level[0]) if apart - down > 0 or apart + up < 0 else (level[0], outside)
    return float(outside)


@settings(max_examples=60, deadline=None)
@given(sides, sides)
def test_p_of_shares_is_found_by_halving_too(after: tuple[int, int], before: tuple[int, int]) -> None:
    one, other = (single("csat", dict(zip((1.0, 0.0), side, strict=True))) for side in (after, before))
    expected = halved(one, other) if one.value != other.value else 1.0
    assert difference(one, other, NONE).p_value[0] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("longer", [1.0, 1.1, 1.4, 2.0, 30.0])
def test_p_of_medians_whose_intervals_jump_is_found_by_halving_too(longer: float) -> None:
    rng = np.random.default_rng(3)
    waits = [rng.lognormal(0, 1, 60), longer * rng.lognormal(0, 1, 45)]
    one, other = (
        quantiles([Curve.of_waits(each, np.ones(len(each)), np.arange(len(each)), size=len(each))]) for each in waits
    )
    assert difference(one, other, NONE).p_value[0] == pytest.approx(halved(one, other), rel=1e-5)


def test_the_same_customers_answering_alike_make_a_change_certain() -> None:
    rng = np.random.default_rng(4)
    before = np.where(rng.random(200) < 0.6, 1.0, 0.0)
    after = before.copy()
    after[np.flatnonzero(before == 0)[:12]] = 1.0
    one, other, r = both(after, before)
    paired, apart = (difference(one, other, np.array([value])) for value in (r, 0.0))
    assert paired.p_value[0] < 0.001
    assert apart.p_value[0] > 0.05


def test_newcomers_who_are_worse_are_not_overlooked() -> None:
    stayed = np.array([1.0] * 80 + [0.0] * 20)
    gone, new = np.full(100, np.nan), np.array([1.0] * 60 + [0.0] * 40)
    one, other, r = both(np.concatenate([stayed, new]), np.concatenate([stayed, gone]))
    found = difference(one, other, np.array([r]))
    assert found.value[0] == pytest.approx(-0.10)  # over those in both months it would be 0
    assert found.p_value[0] < 0.05


def test_the_correlation_comes_from_the_units_in_both_cells() -> None:
    frame = pl.DataFrame(
        {
            "period": ["b", "b", "b", "a", "a", "a"], "group": ["g"] * 6, "unit": ["1", "2", "3", "2", "3", "4"],
            "influence": [1.0, 2.0, -3.0, 2.0, -1.0, -1.0],
        }
    )  # fmt: skip
    after, before = (pl.DataFrame({"period": [name, name], "group": ["g", "nobody"]}) for name in "ab")
    expected = (2 * 2 + -1 * -3) / np.sqrt((1 + 4 + 9) * (4 + 1 + 1))
    assert correlation(frame, after, before) == pytest.approx([expected, 0.0])


def test_without_a_value_on_one_side_nothing_is_said() -> None:
    empty = measure(get("csat"), Sums(*np.zeros((8, 1))))
    found = difference(single("csat", {1.0: 3}), empty, NONE)
    assert all(np.isnan(part[0]) for part in (found.value, found.low, found.high, found.p_value))


def test_without_an_interval_there_is_a_difference_but_no_p() -> None:
    found = difference(single("csat_mean", {50.0: 3}), single("csat_mean", {0.0: 5, 100.0: 9}), NONE)
    assert np.isfinite(found.value[0])
    assert np.isinf(found.low[0])
    assert np.isnan(found.p_value[0])


def test_medians_that_moved_are_told_from_medians_that_did_not() -> None:
    rng = np.random.default_rng(8)

    def waits(median: float) -> Curve:
        return Curve(np.sort(median * rng.lognormal(0, 1, 400)), np.ones(400), np.arange(400), 400)

    found = difference(quantiles([waits(100), waits(100)]), quantiles([waits(100), waits(160)]), np.zeros(2))
    assert found.p_value[0] > 0.05
    assert found.p_value[1] < 0.001
    assert found.low[1] < -60 + 25
    assert found.high[1] < 0
