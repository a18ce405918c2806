"""Values, errors and intervals against published numbers, a second tool and dumb loops."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from cxlib.estimates.estimate_table import printed
from cxlib.metrics import get
from cxlib.stats.differences import difference
from cxlib.stats.intervals import ALPHA, Sums, adjusted_wald, even_units, measure, normal_quantile

LEVEL = np.asarray(ALPHA)
Rows = list[tuple[str, float, float]]  # unit, weight, answer
KINDS = ("csat", "nps", "csat_mean", "satisfied_customers")
ANSWERS = {
    "csat": (0.0, 1.0),
    "nps": (-1.0, 0.0, 1.0),
    "csat_mean": (0.0, 25.0, 100.0),
    "satisfied_customers": (0.0, 1.0),
}


def summed(rows: Rows) -> Sums:
    """Sum rows the dumb way."""
    units: dict[str, list[float]] = defaultdict(lambda: [0.0] * 4)
    for unit, weight, x in rows:
        for place, part in enumerate((1.0, weight, weight * x, weight * x * x)):
            units[unit][place] += part
    return Sums.of_units(*np.array(list(units.values())).T[:, None, :])


def random_rows(seed: int, answers: tuple[float, ...], *, units: int = 40, weighted: bool = True) -> Rows:
    rng = np.random.default_rng(seed)
    return [
        (f"u{rng.integers(units)}", float(rng.uniform(0.5, 2)) if weighted else 1.0, float(rng.choice(answers)))
        for _ in range(3 * units)
    ]


def golden(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file, skipinitialspace=True))


def test_adjusted_wald_equals_the_published_r_package(shared_data: Callable[..., Path]) -> None:
    rows = golden(shared_data("nps_golden_one_sample.csv", folder="golden"))
    assert len(rows) == 16
    for row in rows:
        against, neither, promoters = (int(row[name]) for name in ("detractors", "passives", "promoters"))
        n = np.array([against + neither + promoters])
        low, high = adjusted_wald((promoters - against) / n, (promoters + against) / n, n, normal_quantile(LEVEL))
        assert (low[0], high[0]) == pytest.approx((float(row["adjwald_lo"]), float(row["adjwald_hi"])), abs=1e-6)


def test_a_score_of_single_answers_has_that_interval_clipped_to_its_scale() -> None:
    answers: Rows = [(f"u{place}", 1.0, x) for place, x in enumerate([1.0] * 10)]
    low, high = measure(get("nps"), summed(answers)).limits(LEVEL)
    assert (low[0], high[0]) == pytest.approx((0.47503551545, 1.0), abs=1e-6)


@pytest.mark.parametrize(("kept", "n"), [(0, 5), (9, 10), (10, 10), (3, 7), (410, 500)])
def test_a_share_of_single_answers_has_wilsons_interval(kept: int, n: int) -> None:
    from statsmodels.stats.proportion import proportion_confint

    rows: Rows = [(f"u{place}", 1.0, float(place < kept)) for place in range(n)]
    low, high = measure(get("csat"), summed(rows)).limits(LEVEL)
    assert (low[0], high[0]) == pytest.approx(proportion_confint(kept, n, method="wilson"), abs=1e-9)


@pytest.mark.parametrize("name", ["csat", "nps", "csat_mean"])
def test_errors_equal_cluster_robust_regression_on_a_constant(name: str) -> None:
    import statsmodels.api as sm
    from scipy.stats import t

    rows = random_rows(3, ANSWERS[name])
    units, weights, answers = zip(*rows, strict=True)
    codes = {unit: code for code, unit in enumerate(dict.fromkeys(units))}
    model = sm.WLS(np.array(answers), np.ones(len(rows)), weights=np.array(weights))
    fit = model.fit(cov_type="cluster", cov_kwds={"groups": np.array([codes[unit] for unit in units])}, use_t=True)
    found = measure(get(name), summed(rows))
    count, even = len(codes), _even(rows)
    corrected = fit.bse[0] * np.sqrt(even / (even - 1) * (count - 1) / count)
    assert (found.value[0], found.se[0]) == pytest.approx((fit.params[0], corrected), rel=1e-9)
    assert even < count
    if name == "csat_mean":
        low, high = found.limits(LEVEL)
        by_unit: dict[str, float] = dict.fromkeys(codes, 0.0)
        for unit, weight, answer in rows:
            by_unit[unit] += weight * (answer - fit.params[0])
        cubes, squares = (sum(r**power for r in by_unit.values()) for power in (3, 2))
        ends = skewed_ends(t.ppf(0.975, even - 1), 1.4 * cubes / squares**1.5)
        assert [low[0], high[0]] == pytest.approx([fit.params[0] + end * corrected for end in ends], rel=1e-7)


def _even(rows: list[tuple[str, float, float]]) -> float:
    """Return how many units of equal weight the rows are worth."""
    by_unit: dict[str, float] = {}
    for unit, weight, _ in rows:
        by_unit[unit] = by_unit.get(unit, 0.0) + weight
    return sum(by_unit.values()) ** 2 / sum(weight**2 for weight in by_unit.values())


@pytest.mark.filterwarnings("error")
def test_one_unit_with_nearly_all_rows_knows_no_error() -> None:
    rows = [("c0", 1.0, 100.0), *(("c0", 1.0, 0.0) for _ in range(29)), ("c1", 1.0, 0.0)]
    low, high = measure(get("csat_mean"), summed(rows)).limits(LEVEL)
    assert (low[0], high[0]) == (0, 100) or not np.isfinite([low[0], high[0]]).any()
    found = measure(get("csat"), summed([(unit, weight, answer / 100) for unit, weight, answer in rows]))
    low, high = found.limits(LEVEL)
    assert 0 <= low[0] < 0.01
    assert high[0] > 0.7


def test_units_of_equal_weight_are_all_counted_and_uneven_ones_for_less() -> None:
    equal = [(f"c{n}", 2.0, float(n % 2)) for n in range(8)]
    assert even_units(summed(equal))[0] == pytest.approx(8)
    uneven = [*equal[:-1], ("c7", 40.0, 1.0)]
    assert even_units(summed(uneven))[0] == pytest.approx((7 * 2 + 40) ** 2 / (7 * 4 + 1600))
    low, high = measure(get("csat"), summed(uneven)).limits(LEVEL)
    lower, higher = measure(get("csat"), summed(equal)).limits(LEVEL)
    assert high[0] - low[0] > higher[0] - lower[0]


def test_answers_that_repeat_their_unit_widen_the_interval() -> None:
    alone: Rows = [(f"u{place}", 1.0, float(place % 3 == 0)) for place in range(60)]
    copied = [row for row in alone for _ in range(4)]
    one, four = (measure(get("csat"), summed(rows)) for rows in (alone, copied))
    assert four.value == pytest.approx(one.value)
    assert four.se == pytest.approx(one.se)
    width_one, width_four = (np.subtract(*found.limits(LEVEL)[::-1])[0] for found in (one, four))
    assert width_one <= width_four < 1.05 * width_one


def test_all_answers_alike_count_as_one_a_unit() -> None:
    rows: Rows = [(unit, 1.0, 1.0) for unit in "abcde" for _ in range(10)]
    low, high = measure(get("csat"), summed(rows)).limits(LEVEL)
    assert (low[0], high[0]) == pytest.approx((1 - 0.4344825, 1.0), abs=1e-6)  # Wilson for 5 of 5, not 50 of 50


@settings(max_examples=120, deadline=None)
@given(
    name=st.sampled_from(KINDS),
    drawn=st.lists(st.tuples(st.integers(0, 4), st.sampled_from([0.5, 1.0, 3.0]), st.integers(0, 2)), max_size=8),
)
def test_nothing_printed_is_ever_not_a_number(name: str, drawn: list[tuple[int, float, int]]) -> None:
    choices = ANSWERS[name]
    rows: Rows = [(f"u{unit}", weight, choices[place % len(choices)]) for unit, weight, place in drawn]
    metric = get(name)
    sums = summed(rows) if rows else Sums(*np.zeros((8, 1)))
    point = printed(measure(metric, sums), metric.factor).row(0, named=True)
    assert all(number is None or np.isfinite(number) for number in point.values())
    assert point["n"] == len(rows)
    assert (point["value"] is None) == (not rows)
    if point["low"] is not None:
        lowest, highest = metric.scale or (0.0, np.inf)
        assert lowest <= point["low"] <= point["value"] <= point["high"] <= highest
    if name in ("csat", "satisfied_customers") and rows:
        assert point["low"] is not None


def test_one_answer_has_a_value_and_an_honest_interval() -> None:
    for name, value, bounds in (("csat", 100.0, (20.654931, 100.0)), ("csat_mean", 1.0, (None, None))):
        metric = get(name)
        point = printed(measure(metric, summed([("a", 1.0, 1.0)])), metric.factor).row(0, named=True)
        assert (point["n"], point["units"], point["value"], point["se"]) == (1, 1, pytest.approx(value), None)
        assert (point["low"], point["high"]) == pytest.approx(bounds, abs=1e-5)


def skewed_ends(t: float, g: float) -> tuple[float, float]:
    """Both ends in standard errors: roots of Hall's cubic, searched for, the nearer one halfway back to Student's t."""
    from scipy.optimize import brentq

    def cubic(x: float) -> float:
        return x + g * x**2 / 3 + g**2 * x**3 / 27 + g / 6

    roots = [-brentq(lambda x, aim=aim: cubic(x) - aim, -1e3, 1e3, xtol=1e-13) for aim in (t, -t)]
    low, high = (root if abs(root) > t else (root + side) / 2 for root, side in zip(roots, (-t, t), strict=True))
    return low, high


def amounts(values: np.ndarray) -> Sums:
    """Sum one amount a customer."""
    ones = np.ones(len(values))
    return Sums.of_units(ones, ones, values, values * values)


@pytest.mark.parametrize("refunds", [0.0, 0.2, 0.5, 0.8])
def test_an_amount_lies_within_its_interval_whatever_its_sign(refunds: float) -> None:
    rng, revenue, runs, held = np.random.default_rng(11), get("revenue"), 1500, 0
    truth = 40 * 42.5 * (1 - 2 * refunds)
    for _ in range(runs):
        size = rng.poisson(40)
        found = measure(revenue, amounts(rng.uniform(5, 80, size) * np.where(rng.random(size) < refunds, -1, 1)))
        low, high = found.limits(LEVEL)
        assert low[0] < found.value[0] < high[0]
        held += low[0] <= truth <= high[0]
    assert abs(held / runs - 0.95) < 0.01 + 3 * np.sqrt(0.95 * 0.05 / runs)


def test_an_amount_and_its_negative_have_the_same_interval_but_for_the_sign() -> None:
    values = np.random.default_rng(12).normal(0, 30, 50)
    (low, high), (low_n, high_n) = (measure(get("revenue"), amounts(v)).limits(LEVEL) for v in (values, -values))
    assert (low[0], high[0]) == pytest.approx((-high_n[0], -low_n[0]))


def test_an_amount_of_orders_only_has_the_interval_of_a_bootstrap() -> None:
    rng = np.random.default_rng(13)
    values = rng.uniform(5, 80, 300)
    drawn = rng.poisson(1.0, (4000, 300)) @ values  # customers come and go, too
    low, high = measure(get("revenue"), amounts(values)).limits(LEVEL)
    wide = drawn.std() * 3.92
    assert [low[0], high[0]] == pytest.approx(np.quantile(drawn, [0.025, 0.975]), abs=0.05 * wide)


def test_an_amount_of_nothing_or_of_one_customer_has_no_interval() -> None:
    for values in (np.zeros(9), np.array([-5.0])):
        point = printed(measure(get("revenue"), amounts(values)), 1.0).row(0, named=True)
        assert (point["value"], point["low"], point["high"]) == (values.sum(), None, None)


def test_a_change_of_an_amount_through_zero_has_a_p_value_that_agrees_with_its_interval() -> None:
    rng = np.random.default_rng(14)
    for shift in (0.0, 10.0, 40.0):
        after, before = (measure(get("revenue"), amounts(rng.normal(mu, 30, 60))) for mu in (-shift, 0.0))
        found = difference(after, before, np.zeros(1))
        assert found.low[0] < found.value[0] < found.high[0]
        assert (found.p_value[0] < 0.05) == (not found.low[0] <= 0 <= found.high[0])


def test_counts_keep_their_score_interval() -> None:
    low, high = measure(get("satisfied_customers"), amounts(np.ones(4))).limits(LEVEL)
    assert (low[0], high[0]) == pytest.approx((1.5555, 10.286), abs=1e-3)  # Wilson's score interval of a rate, 4 seen
