"""Spending around an experience, what a point is worth, revenue retained: loops, a second tool, false alarms."""

from __future__ import annotations

import shutil
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from cxlib import say, table
from cxlib.errors import UsageError
from cxlib.metrics import Query, measured_frame, query
from cxlib.periods import months_between
from cxlib.questions import spending_after, value_of_a_point
from cxlib.questions.customers.spending import within_months
from cxlib.results.types import Effects, NotKnown
from cxlib.stats.rank_correlation import partial
from cxlib.store.folder import open_data


@pytest.fixture(scope="module")
def shop(many: tuple[Query, dict[str, Any]]) -> Query:
    return replace(many[0], month="2026-10")


@pytest.fixture(scope="module")
def small(small_demo: Path) -> Query:
    return query(open_data(str(small_demo)), month="2026-10")


def _known(found: Effects | NotKnown) -> Effects:
    assert isinstance(found, Effects)
    return found


def _rows(found: Effects | NotKnown) -> dict[str, dict[str, Any]]:
    return {row["group"]: row for row in _known(found).points.iter_rows(named=True)}


def _costing(shop: Query, **costs: float) -> Query:
    return replace(shop, data=replace(shop.data, settings=replace(shop.data.settings, costs=costs)))


def test_a_difference_within_months_is_least_squares_with_an_effect_of_each_month() -> None:
    from statsmodels.api import OLS

    rng = np.random.default_rng(2)
    month, told = rng.integers(0, 9, 300), rng.random(300) < 0.3
    x = rng.normal(size=300) * (1 + told) + month + 0.5 * told
    dummies = (month[:, None] == np.arange(9)).astype(float)
    second = OLS(x, np.column_stack([told, dummies])).fit(cov_type="HC1")
    value, se, n, smaller = within_months(x, told, month)
    assert value == pytest.approx(second.params[0])
    assert se == pytest.approx(second.bse[0], rel=0.06)
    assert (n, smaller) == (300, told.sum())


def test_intervals_within_months_cover_and_raise_few_alarms() -> None:
    from cxlib.stats.intervals import t_quantile

    rng, covered = np.random.default_rng(3), 0
    for _ in range(1000):
        month, told = rng.integers(0, 6, 240), rng.random(240) < 0.15
        x = rng.lognormal(0.0, 1.0, 240) + month
        value, se, _, smaller = within_months(x, told, month)
        covered += abs(value) < float(t_quantile(np.asarray(0.05), smaller - 1)) * se
    assert 915 <= covered <= 975


def test_spending_around_an_experience_is_what_a_loop_adds_up(shop: Query) -> None:
    found = _rows(spending_after(shop, months=36))
    orders = defaultdict(list)
    for row in shop.data.scan("orders").collect().to_dicts():
        if row["net_amount"] is not None:
            orders[row["customer_id"]].append(row)
    cells: dict[str, dict[tuple[date, bool], list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in shop.data.scan("followed_answers").collect().to_dicts():
        if row["experience"] not in ("bad", "good") or row["spent_before"] is None:
            continue
        spent = [0.0] * 6
        for order in orders[row["customer_id"]]:
            days = (order["ordered_at"] - row["answered_at"]) / timedelta(days=30)
            if -3 < days <= 3 and (order["ticket_id"] is None or order["ticket_id"] != row["ticket_id"]):
                spent[int(np.ceil(days)) + 2] += order["net_amount"]
        assert sum(spent[:3]) == pytest.approx(row["spent_before"], abs=1e-6)
        assert sum(spent[3:]) == pytest.approx(row["spent_after"], abs=1e-6)
        key = row["answered_day"].replace(day=1), row["experience"] == "bad"
        names = ("before 3", "before 2", "before 1", "after 1", "after 2", "after 3")
        for name, amount in zip(names, spent, strict=True):
            cells[name][key].append(amount)
        cells["change"][key].append(sum(spent[3:]) - sum(spent[:3]))
    assert list(found) == ["change", "before 3", "before 2", "before 1", "after 1", "after 2", "after 3"]
    for name, row in found.items():
        value = weights = 0.0
        for month in {month for month, _ in cells[name]}:
            bad, good = cells[name][month, True], cells[name][month, False]
            if min(len(bad), len(good)) > 1:
                weight = len(bad) * len(good) / (len(bad) + len(good))
                weights += weight
                value += weight * (sum(bad) / len(bad) - sum(good) / len(good))
        assert row["value"] == pytest.approx(value / weights), name
        assert (row["p_value"] < 0.05) == (not row["low"] <= 0 <= row["high"])


def test_a_fall_after_bad_experiences_is_found_and_none_before(shop: Query, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    shutil.copytree(shop.data.folder, folder)
    answers = pl.read_parquet(folder / "followed_answers.parquet").filter(experience="bad")
    bad = answers.group_by("customer_id").agg(since=pl.col("answered_at").min())
    orders = pl.read_parquet(folder / "orders.parquet").join(bad, on="customer_id", how="left")
    later = (pl.col("ordered_at") > pl.col("since")).fill_null(False)
    more = pl.when(later).then(pl.col("net_amount") + 200.0).otherwise("net_amount").alias("net_amount")
    orders.with_columns(more).drop("since").write_parquet(folder / "orders.parquet")
    found = spending_after(query(open_data(str(folder)), month="2026-10"))
    rows = _rows(found)
    assert rows["change"]["p_adjusted"] < 0.05
    assert rows["change"]["value"] > 20
    assert not any(rows[f"before {place}"]["p_adjusted"] < 0.05 for place in (1, 2, 3))
    assert "Before it nothing shows that the sides differed" in say(found).text


def test_a_point_is_worth_what_least_squares_says(shop: Query) -> None:
    from statsmodels.formula.api import ols

    found = _known(value_of_a_point(_costing(shop, gross_margin=0.4)))
    start = datetime(2025, 10, 31, 23, tzinfo=UTC)
    active = {
        row["customer_id"] for row in shop.data.scan("customer_months").collect().to_dicts()
        if row["month_day"] == date(2025, 10, 1) and row["active"]
    }  # fmt: skip
    last: dict[str, str] = {}
    for row in shop.data.scan("followed_answers").sort("answered_at", "survey_id").collect().to_dicts():
        if row["loyalty_class"] and date(2024, 11, 1) <= row["answered_day"] < date(2025, 11, 1):
            last[row["customer_id"]] = row["loyalty_class"]
    names = sorted(active & set(last))
    year: dict[str, float] = defaultdict(float)
    before: dict[str, float] = defaultdict(float)
    for row in shop.data.scan("orders").collect().to_dicts():
        if date(2025, 11, 1) <= row["ordered_day"] < date(2026, 11, 1):
            year[row["customer_id"]] += row["net_amount"] or 0.0
        if start - timedelta(days=365) < row["ordered_at"] <= start:
            before[row["customer_id"]] += row["net_amount"] or 0.0
    asked: dict[str, int] = defaultdict(int)
    for row in shop.data.scan("tickets").collect().to_dicts():
        asked[row["customer_id"]] += start - timedelta(days=365) < row["created_at"] <= start
    known = {row["customer_id"]: row for row in shop.data.scan("customers").collect().to_dicts()}
    frame = {
        "margin": [0.4 * year[name] for name in names], "group": [last[name] for name in names],
        "importance": [known[name]["importance"] for name in names],
        "tenure": [np.log((start - known[name]["joined_at"]).days + 30) for name in names],
        "tickets": [np.log(asked[name] + 1) for name in names],
        "spent": [np.log(max(before[name], 0) + 1) for name in names],
    }  # fmt: skip
    model = "margin ~ C(group, Treatment('detractor')) + importance + tenure + tickets + spent"
    second = ols(model, {name: np.array(values) for name, values in frame.items()}).fit(cov_type="HC3", use_t=True)
    name = "C(group, Treatment('detractor'))[T.promoter]"
    point, risk = found.points.iter_rows(named=True)
    assert point["n"] == len(names)
    assert found.allowing_for == ("tenure", "importance", "tickets in the year before", "spending in the year before")
    assert point["value"] == pytest.approx(len(active) * second.params[name] / 200)
    assert point["se"] == pytest.approx(len(active) * second.bse[name] / 200)
    share = frame["group"].count("detractor") / len(names)
    assert risk["value"] == pytest.approx(len(active) * share * second.params[name])
    assert risk["se"] > len(active) * share * second.bse[name]


def test_what_promoters_bring_more_is_found_and_stands_in_the_sentence(shop: Query, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    shutil.copytree(shop.data.folder, folder)
    orders = pl.read_parquet(folder / "orders.parquet")
    gain = pl.when((pl.col("loyalty_class") == "promoter").fill_null(False)).then(300.0).otherwise(0.0)
    orders.with_columns(net_amount=pl.col("net_amount") + gain).write_parquet(folder / "orders.parquet")
    found = value_of_a_point(_costing(query(open_data(str(folder)), month="2026-10"), gross_margin=0.4))
    assert _rows(found)["point"]["p_adjusted"] < 0.05
    assert _rows(found)["point"]["value"] > 0
    assert "nor come with a better score" in say(found).text
    assert "nobody has turned one into the other" in table(found).text


def test_what_cannot_be_told_is_said(small: Query) -> None:
    absent = value_of_a_point(_costing(small))
    assert isinstance(absent, NotKnown)
    assert "do not say gross_margin" in absent.reason
    with pytest.raises(UsageError, match="share of revenue"):
        value_of_a_point(_costing(small, gross_margin=40.0))
    with pytest.raises(UsageError, match="class of an answer"):
        value_of_a_point(_costing(small, gross_margin=0.4), "ease")
    part = value_of_a_point(_costing(small.only("channel", "phone"), gross_margin=0.4))
    assert isinstance(part, NotKnown)
    early = value_of_a_point(_costing(replace(small, month="2025-10"), gross_margin=0.4))
    assert isinstance(early, NotKnown)
    few = spending_after(small, months=1)
    assert isinstance(few, NotKnown)
    assert "fewer than 20 are not compared" in few.reason
    with pytest.raises(UsageError, match="compared with itself"):
        spending_after(small, "bad", "bad")


def test_revenue_retained_is_what_a_loop_adds_up(shop: Query) -> None:
    months = months_between("2026-06", "2026-10")
    spent: dict[tuple[str, str], float] = defaultdict(float)
    for row in shop.data.scan("orders").collect().to_dicts():
        spent[row["customer_id"], f"{row['ordered_day']:%Y-%m}"] += row["net_amount"] or 0.0
    for name, most in (("net_revenue_retention", np.inf), ("gross_revenue_retention", 1.0)):
        frame = measured_frame(shop.metric(name), shop, months)
        for row in frame.iter_rows(named=True):
            earlier = f"{int(row['period'][:4]) - 1}{row['period'][4:]}"
            then = {who: amount for (who, month), amount in spent.items() if month == earlier and amount > 0}
            now = sum(spent[who, row["period"]] if most > 1 else min(max(spent[who, row["period"]], 0.0), amount)
                      for who, amount in then.items())  # fmt: skip
            assert row["n"] == len(then)
            assert row["sum_wx"] / row["sum_w"] == pytest.approx(100 * now / sum(then.values()))
        assert sorted(frame["period"]) == months


def test_a_partial_rank_correlation_is_scipys_and_its_error_the_bootstraps() -> None:
    from scipy.stats import spearmanr

    rng = np.random.default_rng(3)
    third = rng.normal(size=300)
    x, y = np.round(third + 1.2 * rng.normal(size=300)), np.round(third + rng.normal(size=300), 1)
    constant = np.ones((300, 1))
    assert partial(x, y, constant)[0] == pytest.approx(spearmanr(x, y).statistic)
    for basis in (constant, np.column_stack([constant, third])):
        value, influence = partial(x, y, basis)
        picks = rng.integers(300, size=(600, 300))
        error = np.std([partial(x[rows], y[rows], basis[rows])[0] for rows in picks])
        assert np.sqrt(influence @ influence) == pytest.approx(error, rel=0.12)
        assert abs(influence.sum()) < 1e-9
    assert abs(value) < 0.25 < spearmanr(x, y).statistic


def test_a_partial_rank_correlation_raises_few_alarms() -> None:
    rng, alarms = np.random.default_rng(4), 0
    for _ in range(500):
        third = rng.normal(size=120)
        x, y = third + rng.normal(size=120), np.exp(third + rng.normal(size=120))
        basis = np.column_stack([np.ones(120), np.argsort(np.argsort(third)) / 120])
        value, influence = partial(x, y, basis)
        alarms += abs(np.arctanh(value)) * (1 - value**2) > 1.98 * np.sqrt(influence @ influence * 120 / 118)
    assert alarms <= 45


def test_several_currencies_and_customers_all_alike_are_not_added_up(small: Query, shop: Query, tmp_path: Path) -> None:
    for place, (source, columns) in enumerate(
        ((small, [pl.when(pl.int_range(pl.len()) < 5).then(pl.lit("CHF")).otherwise("currency").alias("currency")]),
         (shop, [pl.lit(0.0).alias("net_amount")]))
    ):  # fmt: skip
        folder = tmp_path / str(place)
        shutil.copytree(source.data.folder, folder)
        pl.read_parquet(folder / "orders.parquet").with_columns(columns).write_parquet(folder / "orders.parquet")
        changed = _costing(query(open_data(str(folder)), month="2026-10"), gross_margin=0.4)
        worth, spent = value_of_a_point(changed), spending_after(changed)
        assert isinstance(worth, NotKnown)
        assert isinstance(spent, NotKnown) or spent.points["value"].null_count() == spent.points.height
        assert ("currencies" if place == 0 else "brought the same") in worth.reason
