"""Who stays and how fast who leaves: against published figures, dumb loops, a second tool and what was planted."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.stats import norm

from cxlib import table
from cxlib.errors import UsageError
from cxlib.estimates.episodes import spells
from cxlib.metrics import Query, query
from cxlib.questions import customers_leaving, customers_staying
from cxlib.questions.customers.hazards import cox, proportional
from cxlib.questions.customers.survival import kaplan_meier, log_rank
from cxlib.results.types import Effects, NotKnown, Survival
from cxlib.stats.intervals import Array
from cxlib.store.folder import open_data

ROSSI = {"fin": -0.3794, "age": -0.0574, "race": 0.3139, "wexp": -0.1498, "mar": -0.4337, "paro": -0.0849,
         "prio": 0.0915}  # fmt: skip
END = datetime(2026, 10, 31, 23, tzinfo=UTC)
Shared = Callable[..., Path]
Spells = tuple[Array, Array, Array, Array]


@pytest.fixture(scope="module")
def shop(small_demo: Path) -> Query:
    return query(open_data(str(small_demo)), month="2026-10")


@pytest.fixture(scope="module")
def rossi(shared_data: Shared) -> tuple[Array, Array, Array]:
    frame = pl.read_csv(shared_data("survival/rossi.csv"))
    return frame["week"].to_numpy() * 1.0, frame["arrest"].to_numpy() * 1.0, frame.select(*ROSSI).to_numpy() * 1.0


def _split(stop: Array, left: Array, cut: float) -> tuple[Array, Array, Array, Array]:
    """Return entry, stop, left and the row they come from, each row split at `cut`."""
    late = np.flatnonzero(stop > cut)
    entry = np.concatenate([np.zeros(len(stop)), np.full(len(late), cut)])
    ends = np.concatenate([np.where(stop > cut, 0.0, left), left[late]])
    return entry, np.concatenate([np.minimum(stop, cut), stop[late]]), ends, np.append(np.arange(len(stop)), late)


def test_cox_gives_the_published_figures(rossi: tuple[Array, Array, Array]) -> None:
    stop, left, x = rossi
    found = cox(np.zeros(len(stop)), stop, left, x)
    assert found.beta == pytest.approx(list(ROSSI.values()), abs=6e-5)
    assert found.log_likelihood == pytest.approx(-658.7477, abs=6e-5)


def test_splitting_rows_changes_nothing_even_at_an_instant_at_which_somebody_leaves(
    rossi: tuple[Array, Array, Array],
) -> None:
    stop, left, x = rossi
    units = np.arange(len(stop))
    whole = cox(np.zeros(len(stop)), stop, left, x, units)
    for cut in (20.0, 20.5):
        entry, ends, happened, row = _split(stop, left, cut)
        halves = cox(entry, ends, happened, x[row], row)
        assert halves.beta == pytest.approx(whole.beta, abs=1e-9)
        assert halves.log_likelihood == pytest.approx(whole.log_likelihood, abs=1e-7)
        assert halves.covariance == pytest.approx(whole.covariance, abs=1e-9)
        days = np.arange(0.0, 52.0)
        one, two = kaplan_meier(np.zeros(len(stop)), stop, left, days), kaplan_meier(entry, ends, happened, days)
        assert np.allclose(one, two, equal_nan=True)
        group = x[:, 0]
        assert log_rank(entry, ends, happened, group[row]) == pytest.approx(log_rank(0 * stop, stop, left, group))


def test_errors_by_customer_are_those_of_statsmodels(rossi: tuple[Array, Array, Array]) -> None:
    from statsmodels.duration.hazard_regression import PHReg

    stop, left, x = rossi
    units = np.arange(len(stop)) // 3
    second = PHReg(stop, x, status=left, ties="efron").fit(groups=units)
    ours = cox(np.zeros(len(stop)), stop, left, x, units)
    assert np.sqrt(np.diag(ours.covariance)) == pytest.approx(second.bse)


@pytest.mark.parametrize(
    ("name", "time", "left", "median"), [("waltons_dataset", "T", "E", 56.0), ("lung", "time", "status", 310.0)]
)
def test_curves_reach_the_half_where_published(
    name: str, time: str, left: str, median: float, shared_data: Shared
) -> None:
    frame = pl.read_csv(shared_data(f"survival/{name}.csv"))
    stop, ended = frame[time].to_numpy() * 1.0, (frame[left] == frame[left].max()).to_numpy() * 1.0
    days = np.unique(stop)
    share, _, low, high = kaplan_meier(0 * stop, stop, ended, days)
    assert days[np.argmax(share <= 0.5)] == median
    inside = ~np.isnan(low)
    assert ((low < share) & (share < high))[inside].all()


def test_curves_of_the_telephone_customers(shared_data: Shared) -> None:
    frame = pl.read_excel(shared_data("telco/Telco_customer_churn.xlsx"))

    def curve(rows: pl.DataFrame, days: list[float]) -> Array:
        stop, left = rows["Tenure Months"].to_numpy() * 1.0, rows["Churn Value"].to_numpy() * 1.0
        return kaplan_meier(0 * stop, stop, left, np.array(days))[0]

    known = frame.filter(pl.col("Tenure Months") > 0)
    assert curve(known, [12.0, 24.0, 60.0]) == pytest.approx([0.8432, 0.7887, 0.6644], abs=6e-5)
    monthly = frame.filter(pl.col("Contract") == "Month-to-month", pl.col("Internet Service") != "No")
    assert monthly.height == 3351
    before, reached = curve(monthly, [33.0, 34.0])
    assert before > 0.5 >= reached


def _loop(data: Any, by: str, leaves: Callable[[str, datetime], datetime | None], first: date) -> list[tuple[Any, ...]]:
    """Return unit, group, entry, stop and left of each answer, one customer after the other."""
    answers: dict[str, dict[datetime, str]] = {}
    for row in data.scan("followed_answers").sort("answered_at", "survey_id").collect().to_dicts():
        if row[by] and row["answered_day"] >= first and row["answered_at"] < END:
            answers.setdefault(row["customer_id"], {})[row["answered_at"]] = row[by]
    rows = []
    for unit, given in answers.items():
        times = sorted(given)
        start = None
        for place, at in enumerate(times):
            gone = leaves(unit, at)
            if gone == at:
                continue
            start = start or at
            following = times[place + 1] if place + 1 < len(times) else END
            stop = min(following, END, gone or END)
            left = gone is not None and gone <= min(following, END)
            rows.append((unit, given[at], (at - start) / timedelta(days=1), (stop - start) / timedelta(days=1), left))
            if left:
                break
    return sorted(rows)


def _told(rows: pl.DataFrame) -> list[tuple[Any, ...]]:
    return sorted(rows.select("unit", "group", "entry", "stop", "left").rows())


def _same(found: list[tuple[Any, ...]], expected: list[tuple[Any, ...]]) -> None:
    assert [(*row[:2], row[4]) for row in found] == [(*row[:2], row[4]) for row in expected]
    assert [row[2:4] for row in found] == [pytest.approx(row[2:4], abs=1e-4) for row in expected]


@pytest.mark.parametrize("by", ["loyalty_class", "experience"])
def test_spells_are_what_a_loop_over_the_customers_gives(shop: Query, by: str) -> None:
    left_at = dict(shop.data.scan("customers").unique("customer_id").select("customer_id", "left_at").collect().rows())
    rows, sampled = spells(shop, by, shop.months(36))
    expected = _loop(shop.data, by, lambda unit, _: left_at.get(unit), date(2025, 5, 1))
    assert not sampled
    assert sum(row[4] for row in expected) > 5
    assert any(row[2] > 0 for row in expected)
    _same(_told(rows), expected)


def _unrecorded(shop: Query, folder: Path) -> Query:
    """Return the same shop without anybody's leaving on record."""
    shutil.copytree(shop.data.folder, folder)
    never = pl.lit(None, pl.Datetime("us", "UTC")).alias("left_at")
    pl.read_parquet(folder / "customers.parquet").with_columns(never).write_parquet(folder / "customers.parquet")
    return query(open_data(str(folder)), month="2026-10")


def test_without_leaving_on_record_the_end_of_silence_counts_once_it_is_known(shop: Query, tmp_path: Path) -> None:
    silent = _unrecorded(shop, tmp_path / "shop")
    bought: dict[str, list[datetime]] = {}
    for row in silent.data.scan("orders").collect().to_dicts():
        if (row["kind"] or "order") in ("order", "subscription") and row["ordered_at"] <= END:
            bought.setdefault(row["customer_id"], []).append(row["ordered_at"])
    window = timedelta(days=90)

    def leaves(unit: str, at: datetime) -> datetime | None:
        times = sorted(bought.get(unit, []))
        before = [time for time in times if time <= at]
        if not before or before[-1] + window <= at:
            return at  # not active: not at risk
        last = before[-1]
        for time in [time for time in times if time > at]:
            if time > last + window:
                break
            last = time
        return last + window if last + window <= END else None

    rows, _ = spells(silent, "experience", silent.months(36))
    expected = _loop(silent.data, "experience", leaves, date(2025, 5, 1))
    again = {row[0] for row in expected if row[2] == 0}
    _same([row for row in _told(rows) if row[0] in again], expected)
    assert sum(row[4] for row in expected) > 20


def test_the_planted_ratio_is_found(many: tuple[Query, dict[str, Any]]) -> None:
    looked, planted = many
    found = customers_leaving(looked)
    assert isinstance(found, Effects)
    rows = {row["group"]: row for row in found.points.iter_rows(named=True)}
    for name in ("detractor", "passive"):
        row, expected = rows[name], planted[f"{name}s_over_promoters"]
        assert abs(math.log(row["value"] / expected)) < 3 * row["se"] / row["value"]
        assert (row["p_value"] < 0.05) == (not row["low"] <= 1 <= row["high"])
    assert rows["detractor"]["p_adjusted"] < 0.05
    assert "allowing for tenure, importance, tickets" in table(found).text.lower()
    curves = customers_staying(looked)
    assert isinstance(curves, Survival)
    assert curves.p_value is not None and curves.p_value < 0.001
    last = {row["group"]: row["value"] for row in curves.points.filter(months=24).iter_rows(named=True)}
    assert last["promoter"] > last["detractor"]
    assert f"{curves.left} customers left" in table(found).text


def test_the_curve_is_a_product_over_those_at_risk(many: tuple[Query, dict[str, Any]]) -> None:
    looked, _ = many
    found = customers_staying(looked)
    assert isinstance(found, Survival)
    rows = spells(looked, "loyalty_class", looked.months(36))[0].filter(group="passive").to_dicts()
    share, month = 1.0, 365.25 / 12
    for end in sorted(row["stop"] for row in rows if row["left"] and row["stop"] <= 12 * month):
        at_risk = sum(row["entry"] < end <= row["stop"] for row in rows)
        share *= 1 - 1 / at_risk
    told = found.points.filter(group="passive", months=12).row(0, named=True)
    assert told["value"] == pytest.approx(100 * share)
    assert told["n"] == sum(row["entry"] < 12 * month <= row["stop"] for row in rows)
    assert told["low"] < told["value"] < told["high"]


def _simulated(rng: np.random.Generator, ratio: float, later: float) -> tuple[Array, Array, Array]:
    """Return stop, left and class of 400 customers whose class has one ratio before day 180 and another afterwards."""
    group = (rng.random(400) < 0.4).astype(float)
    need = rng.exponential(size=400)
    early, late = 0.003 * ratio**group, 0.003 * later**group
    time = np.where(need < 180 * early, need / early, 180 + (need - 180 * early) / late)
    end = rng.uniform(100, 700, 400)
    return np.minimum(time, end), (time <= end).astype(float), group


def test_intervals_cover_and_ratios_that_hold_raise_no_alarm() -> None:
    rng, covered, alarms = np.random.default_rng(11), 0, 0
    for _ in range(200):
        stop, left, group = _simulated(rng, 2.0, 2.0)
        x, entry = group[:, None], np.zeros(400)
        found = cox(entry, stop, left, x, np.arange(400))
        covered += abs(found.beta[0] - math.log(2)) < 1.96 * found.covariance[0, 0] ** 0.5
        p_value = proportional(entry, stop, left, x, x, beta=found.beta)
        alarms += p_value is not None and p_value < 0.05
    assert 180 <= covered <= 199
    assert 2 <= alarms <= 20


def test_a_ratio_that_turns_is_noticed() -> None:
    rng, noticed, entry = np.random.default_rng(12), 0, np.zeros(400)
    for _ in range(10):
        stop, left, group = _simulated(rng, 4.0, 0.3)
        x = group[:, None]
        p_value = proportional(entry, stop, left, x, x, beta=cox(entry, stop, left, x).beta)
        noticed += p_value is not None and p_value < 0.05
    assert noticed >= 7


def test_the_test_of_a_ratio_that_holds_is_near_the_one_of_the_larger_model() -> None:
    stop, left, group = _simulated(np.random.default_rng(13), 2.0, 1.2)
    x, entry, middle = group[:, None], np.zeros(400), float(np.median(stop[left > 0]))
    late = stop > middle
    begin, end = np.append(entry, np.full(late.sum(), middle)), np.append(np.minimum(stop, middle), stop[late])
    ends = np.append(np.where(late, 0.0, left), left[late])
    later = np.append(np.zeros_like(group), group[late])
    larger = cox(begin, end, ends, np.column_stack([np.append(group, group[late]), later]))
    wald = 2 * norm.sf(abs(larger.beta[1]) / larger.covariance[1, 1] ** 0.5)
    assert proportional(entry, stop, left, x, x, beta=cox(entry, stop, left, x).beta) == pytest.approx(wald, abs=0.005)


def test_what_cannot_be_told_is_said(shop: Query, tmp_path: Path) -> None:
    few = customers_leaving(shop)
    assert isinstance(few, NotKnown)
    assert "10 of each are needed" in few.reason
    one = customers_staying(shop.only("loyalty_class", "promoter"))
    assert isinstance(one, NotKnown)
    assert "Fewer than two classes" in one.reason
    nobody = _unrecorded(shop, tmp_path / "shop")
    bare = replace(nobody.data, folder=tmp_path / "bare")
    shutil.copytree(nobody.data.folder, bare.folder)
    (bare.folder / "orders.parquet").unlink()
    unknown = customers_staying(query(open_data(str(bare.folder)), month="2026-10"))
    assert isinstance(unknown, NotKnown)
    assert "no table 'orders'" in unknown.reason
    (bare.folder / "followed_answers.parquet").unlink()
    assert isinstance(customers_leaving(query(open_data(str(bare.folder)), month="2026-10")), NotKnown)
    with pytest.raises(UsageError, match="class of an answer"):
        customers_staying(shop, "country")
