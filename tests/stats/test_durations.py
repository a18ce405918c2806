"""Kaplan–Meier quantiles against published medians, a second tool and dumb loops."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from cxlib.estimates.estimate_table import printed
from cxlib.stats.durations import Curve, coded, curves_by, quantiles
from cxlib.stats.intervals import ALPHA


def curve(values: list[float], ended: list[bool], units: list[str] | None = None) -> Curve:
    units = units or [f"u{place}" for place in range(len(values))]
    rows = coded(pl.DataFrame({"value": values, "ended": ended, "unit": units}, schema_overrides={"value": pl.Float64}))
    return Curve.of(rows, rows["code"].n_unique())


def drawn(
    seed: int, n: int = 80, units: int = 25, *, running: bool = True
) -> tuple[list[float], list[bool], list[str]]:
    rng = np.random.default_rng(seed)
    waited, observed = np.round(rng.lognormal(3, 1, n)), np.round(rng.lognormal(3.6, 0.8, n))
    ended = waited <= observed if running else np.full(n, True)
    values = np.where(ended, waited, observed)
    return values.tolist(), ended.tolist(), [f"u{code}" for code in rng.integers(0, units, n)]


@pytest.mark.parametrize(
    ("file", "time", "event", "median"),
    [("waltons_dataset.csv", "T", "E", 56.0), ("lung.csv", "time", "status", 310.0)],
)
def test_published_medians_are_found(
    shared_data: Callable[..., Path], file: str, time: str, event: str, median: float
) -> None:
    data = pl.read_csv(shared_data(f"survival/{file}"))
    assert curve(data[time].to_list(), (data[event] == 1).to_list()).quantile() == median


def test_the_published_interval_of_lung_is_met_within_a_step(shared_data: Callable[..., Path]) -> None:
    data = pl.read_csv(shared_data("survival/lung.csv"))
    found = curve(data["time"].to_list(), (data["status"] == 1).to_list())
    low, high = quantiles([found]).limits(np.asarray(ALPHA))
    assert (low[0], high[0]) == pytest.approx((285, 363), abs=13)  # R survfit: 285 to 363


def test_the_curve_equals_statsmodels() -> None:
    from statsmodels.duration.survfunc import SurvfuncRight

    values, ended, _ = drawn(1)
    reference = SurvfuncRight(np.array(values), np.array(ended, dtype=int))
    found = curve(values, ended)
    for at, probability in zip(reference.surv_times, reference.surv_prob, strict=True):
        assert found.survival(at) == pytest.approx(probability)
    error = np.interp(found.quantile(), reference.surv_times, reference.surv_prob_se)
    alone = np.sqrt(np.square(found.influence(found.quantile())).sum())
    assert alone == pytest.approx(error, rel=0.02)
    for q in (0.25, 0.5, 0.75):
        assert found.quantile(q) == reference.quantile(q)


def test_without_running_waits_the_median_is_the_ordinary_one() -> None:
    for n in (1, 2, 7, 10):
        values, _, _ = drawn(n, n, running=False)
        assert curve(values, [True] * n).quantile() == pytest.approx(np.median(values))


@pytest.mark.parametrize("running", [True, False])
def test_influences_equal_leaving_each_customer_out(running: bool) -> None:
    values, ended, units = drawn(7, 300, 100, running=running)
    whole, at = curve(values, ended, units), 20.0
    names = sorted(set(units))
    without = []
    for name in names:
        kept = [place for place, unit in enumerate(units) if unit != name]
        without.append(curve([values[place] for place in kept], [ended[place] for place in kept]).survival(at))
    jackknife = np.sqrt((len(names) - 1) / len(names) * np.square(np.array(without) - np.mean(without)).sum())
    influence = whole.influence(at)
    assert influence.sum() == pytest.approx(0, abs=1e-12)
    assert np.sqrt(np.square(influence).sum()) == pytest.approx(jackknife, rel=0.03)
    if not running:
        share = np.mean(np.array(values) > at)
        literal = [
            sum((values[place] > at) - share for place, unit in enumerate(units) if unit == name) / len(values)
            for name in names
        ]
        assert influence == pytest.approx(np.array(literal))


def test_waiting_that_has_not_ended_lengthens_the_median() -> None:
    ended = curve([1, 2, 3, 4, 5], [True] * 5).quantile()
    running = curve([1, 2, 3, 4, 5], [True, True, False, False, False]).quantile()
    assert ended == 3
    assert np.isnan(running)


def test_a_median_not_yet_reached_is_none_and_has_no_upper_bound() -> None:
    found = quantiles([curve([float(day) for day in range(1, 31)], [day < 8 for day in range(30)])])
    point = printed(found, 1.0).row(0, named=True)
    assert (point["value"], point["se"], point["high"]) == (None, None, None)
    assert point["n"] == 30


def test_one_wait_has_a_value_and_no_interval_and_no_wait_has_none() -> None:
    rows = coded(pl.DataFrame({"period": "2026-10", "group": "a", "unit": ["u"], "value": [7.0], "ended": [True]}))
    sides = [*curves_by(rows, "period", "group").values(), Curve.of(rows.clear(), 1)]
    one, none = printed(quantiles(sides), 1.0).iter_rows(named=True)
    assert one == {"n": 1, "units": 1, "value": 7.0, "se": None, "low": None, "high": None}
    assert none == {"n": 0, "units": 0, "value": None, "se": None, "low": None, "high": None}


def test_waits_all_alike_have_that_wait_as_median_and_interval() -> None:
    point = printed(quantiles([curve([5.0] * 40, [True] * 40)]), 1.0).row(0, named=True)
    assert (point["value"], point["low"], point["high"]) == (5.0, 5.0, 5.0)
