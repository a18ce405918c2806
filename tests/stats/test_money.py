"""Contrasts, relations and the cost of a lost customer, against dumb loops, a second tool and what was planted."""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from cxlib import say
from cxlib.errors import UsageError
from cxlib.metrics import Query, query
from cxlib.periods import months_between
from cxlib.questions import churn_cost, contrast, relation, relation_by_lag
from cxlib.results.types import Contrast, Effects, NotKnown, Worth
from cxlib.stats.rank_correlation import correlate, separates
from cxlib.store.folder import open_data

COSTS = {"gross_margin": 0.4, "acquisition": 30.0, "agent_hour": 20.0}


@pytest.fixture(scope="module")
def shop(small_demo: Path) -> Query:
    return query(open_data(str(small_demo)), month="2026-10")


def _contrast(*asked: Any, **more: Any) -> Contrast:
    found = contrast(*asked, **more)
    assert isinstance(found, Contrast)
    return found


def _costing(shop: Query, costs: dict[str, float]) -> Query:
    return replace(shop, data=replace(shop.data, settings=replace(shop.data.settings, costs=costs)))


def _by_hand(rows: list[dict[str, Any]], group: str, sides: tuple[str, str]) -> tuple[float, float, float]:
    """Return both figures with Mantel-Haenszel weights of months, and the variance of their difference by customer."""
    cells: dict[Any, list[tuple[str, float]]] = defaultdict(list)
    for row in rows:
        if row[group] in sides:
            cells[row["month"], row[group]].append((row["customer"], float(row["x"])))
    months = sorted({month for month, _ in cells})
    both = [m for m in months if all(len({c for c, _ in cells[m, side]}) > 1 for side in sides)]
    weights = {m: 1 / (1 / len(cells[m, sides[0]]) + 1 / len(cells[m, sides[1]])) for m in both}
    values, influence = [], defaultdict(float)
    for sign, side in ((1, sides[0]), (-1, sides[1])):
        value = 0.0
        for month in both:
            share, here = weights[month] / sum(weights.values()), cells[month, side]
            mean = sum(x for _, x in here) / len(here)
            k = len({c for c, _ in here})
            value += share * mean
            for customer, x in here:
                influence[customer] += sign * share * (x - mean) / len(here) * (k / (k - 1)) ** 0.5
        values.append(value)
    return values[0], values[1], sum(part**2 for part in influence.values())


def test_a_contrast_is_what_a_loop_over_the_answers_gives(shop: Query) -> None:
    found = _contrast("purchase_after_recommendation", shop, "loyalty_class", "promoter", "detractor", within="")
    assert found.months == ("2025-08", "2026-07")
    answers = shop.data.scan("followed_answers").collect().to_dicts()
    rows = [
        {"month": row["answered_day"].replace(day=1), "customer": row["customer_id"], "group": row["loyalty_class"],
         "x": (row["next_order_minutes"] or 1e9) <= 90 * 1440}
        for row in answers if date(2025, 8, 1) <= row["answered_day"] < date(2026, 8, 1)
    ]  # fmt: skip
    one, two, variance = _by_hand(rows, "group", ("promoter", "detractor"))
    assert found.points["value"].to_list() == pytest.approx([100 * one, 100 * two])
    assert found.difference == pytest.approx(100 * (one - two))
    assert found.low is not None
    assert found.high is not None
    assert (found.high - found.low) / 3.92 == pytest.approx(100 * variance**0.5, rel=0.06)
    assert found.ratio == pytest.approx(one / two)


def test_all_others_are_the_rows_of_every_other_known_group(shop: Query) -> None:
    found = _contrast("contact_conversion", shop, "channel", "chat", within="")
    tickets = shop.data.scan("tickets").collect().to_dicts()
    rows = [
        {"month": row["created_day"].replace(day=1), "customer": row["customer_id"], "group": row["channel"] == "chat",
         "x": (row["next_order_minutes"] or 1e9) <= 7 * 1440}
        for row in tickets
        if date(2025, 10, 1) <= row["created_day"] < date(2026, 10, 1) and row["first_replied_at"]
        and row["customer_id"] and row["opened_by"] != "agent" and row["channel"]
        and row["status"] not in ("deleted", "merged", "spam")
    ]  # fmt: skip
    one, two, _ = _by_hand(rows, "group", (True, False))  # type: ignore[arg-type]
    assert found.points["value"].to_list() == pytest.approx([100 * one, 100 * two])


def test_both_sides_are_made_alike_in_importance(shop: Query) -> None:
    found = _contrast("contact_conversion", shop, "channel", "chat", "phone")
    class_of = {row["customer_id"]: row["importance"] for row in shop.data.scan("customers").collect().to_dicts()}
    rows = [
        {"month": (row["created_day"].replace(day=1), class_of[row["customer_id"]]), "customer": row["customer_id"],
         "group": row["channel"], "x": (row["next_order_minutes"] or 1e9) <= 7 * 1440}
        for row in shop.data.scan("tickets").collect().to_dicts()
        if date(2025, 10, 1) <= row["created_day"] < date(2026, 10, 1) and row["first_replied_at"]
        and row["customer_id"] in class_of and row["opened_by"] != "agent"
        and row["status"] not in ("deleted", "merged", "spam")
    ]  # fmt: skip
    one, two, variance = _by_hand(rows, "group", ("chat", "phone"))
    assert found.points["value"].to_list() == pytest.approx([100 * one, 100 * two])
    assert found.high is not None and found.low is not None
    assert (found.high - found.low) / 3.92 == pytest.approx(100 * variance**0.5, rel=0.06)
    assert found.within == "customer importance"
    assert _contrast("contact_conversion", shop, "channel", "chat", "phone", within="channel").within == ""


def test_interval_and_p_value_of_a_contrast_agree(shop: Query) -> None:
    verdicts = set()
    for name, by, sides in (
        ("purchase_after_recommendation", "loyalty_class", ("promoter", "detractor")),
        ("credited_conversion", "channel", ("chat", "all others")), ("spending_less", "experience", ("bad", "good")),
        ("average_order_value", "helped_by", ("chat", "no contact")),
    ):  # fmt: skip
        found = _contrast(name, shop, by, *sides, months=18)
        assert found.low is not None and found.high is not None and found.p_value is not None
        assert (found.p_value < 0.05) == (not found.low <= 0 <= found.high)
        verdicts.add(found.p_value < 0.05)
    assert verdicts == {True, False}


def test_the_planted_multiple_of_promoters_is_found(shop: Query, small_demo: Path) -> None:
    planted = json.loads((small_demo / "truth.json").read_text())["effects"]["repeat_purchase"]
    found = _contrast(
        "purchase_after_recommendation", shop, "loyalty_class", "promoter", "detractor", within="", months=18
    )
    assert found.ratio is not None and found.ratio_high is not None
    error = np.log(found.ratio_high / found.ratio) / 1.96
    assert abs(np.log(found.ratio / planted["multiple"])) < 3 * error
    assert error < 0.25
    sides = zip(found.points.iter_rows(named=True), ("promoters", "detractors"), strict=True)
    assert all(abs(row["value"] - 100 * planted[name]) < 3 * row["se"] for row, name in sides)


def test_the_planted_uplift_of_chat_is_found(shop: Query, small_demo: Path) -> None:
    planted = json.loads((small_demo / "truth.json").read_text())["effects"]["orders_helped_by_chat"]
    found = _contrast("credited_conversion", shop, "channel", "chat", months=18)
    assert found.difference is not None and found.low is not None and found.high is not None
    error = (found.high - found.low) / 3.92
    assert abs(found.difference - 100 * planted["uplift"]) < 3 * error
    assert found.low > 0


def test_few_customers_are_not_compared(shop: Query) -> None:
    lone = _contrast("spending_less", shop.only("country", "PL"), "experience", "bad", "good", months=2)
    assert lone.points["units"].min() < 20  # type: ignore[operator]
    assert (lone.difference, lone.p_value, lone.ratio) == (None, None, None)
    text = say(lone).text
    assert "too few to compare" in text or "no months" in text


def test_what_cannot_be_contrasted_is_said_in_words(shop: Query) -> None:
    unknown = contrast("purchase_after_recommendation", shop, "loyalty_class", "promotor")
    assert isinstance(unknown, NotKnown)
    assert "there are 'detractor', 'passive', 'promoter'" in unknown.reason
    said = "Bought after the answer, 'promotor' beside 'all others', is not known: No rows"
    assert say(unknown).text.startswith(said)
    assert isinstance(contrast("revenue", shop, "loyalty_class", "promoter"), NotKnown)
    assert isinstance(contrast("csat", shop, "loyalty_class", "promoter"), NotKnown)


def test_no_score_is_grouped_by_the_class_made_from_it(shop: Query) -> None:
    for name, by in (("csat", "experience"), ("nps", "loyalty_class")):
        assert isinstance(contrast(name, shop, by, "good"), NotKnown)


def test_sentences_speak_of_going_together_with_n_and_a_caveat(shop: Query) -> None:
    found = say(_contrast("credited_conversion", shop, "channel", "chat", months=18)).text
    assert found.endswith("What goes together need not be why.")
    assert "tickets)" in found
    for text in (found, say(relation(shop)).text, say(churn_cost(_costing(shop, COSTS))).text):
        assert not {"drives", "causes", "leads to", "because of"} & set(text.lower().split())


def _partial_by_hand(shop: Query, names: list[str], x: list[float], y: list[float]) -> float:
    """Rank both sides and what was known before, and correlate what least squares (statsmodels) leaves of the sides."""
    from scipy.stats import pearsonr, rankdata
    from statsmodels.api import OLS, add_constant

    split = datetime(2026, 7, 31, 22, tzinfo=UTC)
    known = {row["customer_id"]: row for row in shop.data.scan("customers").collect().to_dicts()}
    joined = [(split - known[name]["joined_at"]).days if name in known else np.nan for name in names]
    tenure = np.log(np.maximum(joined, 0) + 30)
    columns = [np.where(np.isnan(tenure), np.nanmean(tenure), tenure)]
    classes = [known.get(name, {}).get("importance") or "" for name in names]
    columns += [np.array([one == level for one in classes], float) for level in sorted(set(classes))[1:]]
    for table, at in (("tickets", "created_at"), ("orders", "ordered_at")):
        sums = dict.fromkeys(names, 0.0)
        for row in shop.data.scan(table).collect().to_dicts():
            if row["customer_id"] in sums and split - timedelta(days=365) < row[at] <= split:
                sums[row["customer_id"]] += 1.0 if table == "tickets" else row["net_amount"] or 0.0
        columns.append(np.maximum(np.array([round(sums[name], 6) for name in names]), 0))
    held = add_constant(np.column_stack([rankdata(column) for column in columns]))
    return float(pearsonr(*(OLS(rankdata(side), held).fit().resid for side in (x, y))).statistic)


def test_a_relation_is_scores_of_a_year_with_what_followed(shop: Query) -> None:
    from scipy.stats import spearmanr

    found = relation(shop, ("csat", "first_reply_time"))
    assert isinstance(found, Effects)
    assert found.months == ("2025-08", "2026-07")
    assert "of August 2026 to October 2026" in found.title
    answers: dict[str, list[float]] = defaultdict(list)
    for row in shop.data.scan("surveys").collect().to_dicts():
        inside = row["answered_day"] and date(2025, 8, 1) <= row["answered_day"] < date(2026, 8, 1)
        if inside and row["kind"] == "csat" and row["latest"] and row["box"] and row["customer_id"]:
            answers[row["customer_id"]].append(row["box"] == "top")
    bought: dict[str, float] = defaultdict(float)
    for row in shop.data.scan("orders").collect().to_dicts():
        if date(2026, 8, 1) <= row["ordered_day"] < date(2026, 11, 1):
            bought[row["customer_id"]] += row["net_amount"] or 0.0
    x = [round(sum(values) / len(values), 9) for values in answers.values()]
    y = [round(bought[name], 6) for name in answers]
    csat = found.points.row(0, named=True)
    assert csat["n"] == len(x)
    assert found.allowing_for == ("tenure", "importance", "tickets in the year before", "spending in the year before")
    assert csat["value"] == pytest.approx(_partial_by_hand(shop, list(answers), x, y))
    assert abs(csat["value"] - spearmanr(x, y).statistic) < 0.1
    assert csat["se"] == pytest.approx(1 / len(x) ** 0.5, rel=0.25)
    assert (csat["p_value"] < 0.05) == (not csat["low"] <= 0 <= csat["high"])
    again = relation(shop, ("csat", "first_reply_time"))
    assert isinstance(again, Effects)
    assert found.points.equals(again.points)


def test_a_strong_relation_is_found_and_a_few_customers_are_not_correlated(shop: Query, tmp_path: Path) -> None:
    folder = tmp_path / "linked"
    shutil.copytree(shop.data.folder, folder)
    orders = pl.read_parquet(folder / "orders.parquet")
    surveys = pl.read_parquet(folder / "surveys.parquet")
    angry = surveys.filter(pl.col("answered_day") >= date(2025, 8, 1), pl.col("box") != "top", kind="csat")
    loses = pl.col("customer_id").is_in(angry["customer_id"].drop_nulls().unique().implode())
    orders.with_columns(net_amount=pl.when(loses).then(0.0).otherwise("net_amount")).write_parquet(
        folder / "orders.parquet"
    )
    linked = relation(query(open_data(str(folder)), month="2026-10"), ("csat", "nps"))
    assert isinstance(linked, Effects)
    assert linked.points["p_adjusted"].to_list()[0] < 0.05 <= linked.points["p_adjusted"][1]
    assert "Rank correlation with revenue of August 2026 to October 2026" in say(linked).text
    assert "more than chance explains among 2" in say(linked).text
    few = relation(shop.only("agent", "A003"), ("csat",), months=1)
    assert isinstance(few, Effects)
    assert few.points["value"].to_list() == [None]
    assert "fewer than 20 are not correlated" in say(few).text


def test_the_first_lag_is_the_relation_with_the_month_that_follows(shop: Query) -> None:
    lags = relation_by_lag(shop)
    assert isinstance(lags, Effects)
    assert lags.months == ("2025-05", "2026-04")
    assert lags.points["group"].to_list() == months_between("2026-05", "2026-10")
    assert lags.points["label"][0] == "1 month later, May 2026"
    assert lags.points["label"][1] == "2 months later, June 2026"
    first = relation(replace(shop, month="2026-05"), ("csat",), later=1)
    assert isinstance(first, Effects)
    told = ["n", "value", "se", "low", "high", "p_value"]
    assert lags.points.row(0, named=True)["n"] > 100
    assert lags.points.select(told).row(0) == pytest.approx(first.points.select(told).row(0))


def test_what_follows_only_later_shows_in_the_later_lags(shop: Query, tmp_path: Path) -> None:
    folder = tmp_path / "later"
    shutil.copytree(shop.data.folder, folder)
    orders = pl.read_parquet(folder / "orders.parquet")
    surveys = pl.read_parquet(folder / "surveys.parquet")
    angry = surveys.filter(pl.col("answered_day").is_between(date(2025, 5, 1), date(2026, 4, 30)), kind="csat")
    angry = angry.filter(pl.col("box") != "top")["customer_id"].drop_nulls().unique()
    loses = pl.col("customer_id").is_in(angry.implode()) & (pl.col("ordered_day") >= date(2026, 8, 1))
    orders.with_columns(net_amount=pl.when(loses).then(-50.0).otherwise("net_amount")).write_parquet(
        folder / "orders.parquet"
    )
    lags = relation_by_lag(query(open_data(str(folder)), month="2026-10"))
    assert isinstance(lags, Effects)
    assert (lags.points["p_adjusted"] < 0.05).to_list() == [False] * 3 + [True] * 3
    nobody = relation_by_lag(shop.only("agent", "A003"), months=1)
    assert isinstance(nobody, NotKnown)
    assert "fewer than 20 are not correlated" in nobody.reason


def test_ranks_share_their_mean_on_ties() -> None:
    from scipy.stats import spearmanr

    rng = np.random.default_rng(5)
    for _ in range(20):
        x, y = rng.integers(0, 4, 50).astype(float), rng.normal(size=50).round(1)
        assert correlate(x, y) == pytest.approx(spearmanr(x, y).statistic)


def test_a_score_made_from_the_outcome_is_called_so(shared_data: Callable[..., Path]) -> None:
    status = pl.read_excel(shared_data("telco/Telco_customer_churn_status.xlsx"))
    score = status["Satisfaction Score"].cast(pl.Float64).to_numpy()
    churned = status["Churn Value"].cast(pl.Float64).to_numpy()
    assert separates(score, churned)
    assert not separates(np.random.default_rng(1).permutation(score), churned)


def test_a_lost_customer_costs_the_margin_a_loop_adds_up(shop: Query) -> None:
    found = churn_cost(_costing(shop, COSTS))
    assert isinstance(found, Worth)
    months = shop.data.scan("customer_months").collect().to_dicts()
    active = sorted(row["customer_id"] for row in months if row["month_day"] == date(2025, 10, 1) and row["active"])
    year, minutes = dict.fromkeys(active, 0.0), dict.fromkeys(active, 0.0)
    for row in shop.data.scan("orders").collect().to_dicts():
        if row["customer_id"] in year and f"{row['ordered_day']:%Y-%m}" in months_between("2025-11", "2026-10"):
            year[row["customer_id"]] += row["net_amount"] or 0.0
    for row in shop.data.scan("tickets").collect().to_dicts():
        if row["customer_id"] in year and f"{row['created_day']:%Y-%m}" in months_between("2025-11", "2026-10"):
            spent = row["handle_minutes"] if row["handle_minutes"] is not None else row["estimated_handle_minutes"]
            minutes[row["customer_id"]] += spent or 0.0
    each = np.array([0.4 * year[name] - 20.0 * minutes[name] / 60 for name in active])
    lost, won = found.points.rows(named=True)[-2:]
    assert (lost["n"], lost["value"]) == (len(active), pytest.approx(each.mean()))
    assert lost["se"] == pytest.approx(each.std(ddof=1) / len(active) ** 0.5)
    assert won["value"] == 30.0
    assert "those who stayed and those who left" in say(found).text


def test_without_costs_or_a_year_nothing_is_made_up(shop: Query) -> None:
    silent = churn_cost(_costing(shop, {"agent_hour": 20.0}))
    assert isinstance(silent, NotKnown)
    assert "gross_margin and acquisition" in silent.reason
    assert isinstance(churn_cost(replace(_costing(shop, COSTS), month="2025-06")), NotKnown)
    assert isinstance(churn_cost(_costing(shop, COSTS).only("channel", "chat")), NotKnown)
    with pytest.raises(UsageError, match="share of revenue"):
        churn_cost(_costing(shop, COSTS | {"gross_margin": 40.0}))


def test_a_group_beside_itself_and_no_months_are_refused(shop: Query) -> None:
    with pytest.raises(UsageError, match="compared with itself"):
        contrast("contact_conversion", shop, "channel", "chat", "chat")
    for months in (0, -1):
        with pytest.raises(UsageError, match="at least 1 month"):
            contrast("contact_conversion", shop, "channel", "chat", months=months)


def test_a_question_without_an_answer_is_named_not_the_figure(shop: Query) -> None:
    text = say(relation(shop, ("csat",), months=99)).text
    assert text.startswith("What goes together with revenue is not known: Figures from")
