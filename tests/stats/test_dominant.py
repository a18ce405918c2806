"""A customer so large that a figure is theirs: told, left out of the change, and the others are seen."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module

import numpy as np
import polars as pl
import pytest
from results_by_hand import RESULTS, change, estimate
from stats import desk

from benchmarks import dominant as simulated
from cxlib import numbers
from cxlib.estimates.dominant import FEWEST, dominant
from cxlib.metrics import METRICS, Query, query
from cxlib.present.sentences import headline, say
from cxlib.present.sentences.change import verdict
from cxlib.present.tables import table
from cxlib.questions import change as change_of, mix_decomposition, trend
from cxlib.results.reasons import Decomposition
from cxlib.results.types import Change, Trend, Without

NOW, THEN = "2026-10", "2026-09"
CSAT, REVENUE, WAIT = METRICS["csat"], METRICS["revenue"], METRICS["resolution_time"]


def units(month: str, sizes: list[float]) -> pl.DataFrame:
    rows = [
        {"period": month, "group": "", "unit": f"c{n}", "n": 1, "sum_w": w, "sum_wx": w} for n, w in enumerate(sizes)
    ]
    return pl.DataFrame(rows).with_columns(sum_wxx="sum_wx")


def test_a_customer_with_over_fifteen_in_a_hundred_of_either_month_is_large() -> None:
    even = [1.0] * 84
    frame = pl.concat([units(NOW, [16.0, *even]), units(THEN, [0.5, *even])])
    found = dominant(CSAT, frame, [NOW, THEN])
    assert found.rows() == [("c0", pytest.approx(0.16), pytest.approx(0.5 / 84.5))]
    assert dominant(CSAT, pl.concat([units(NOW, [15.0, *even, 1.0]), units(THEN, even)]), [NOW, THEN]).is_empty()


def test_of_money_the_amount_decides_and_of_waits_their_number() -> None:
    even = units(THEN, [1.0] * 60)
    paid = units(NOW, [1.0] * 60).with_columns(sum_wx=pl.when(pl.col("unit") == "c7").then(-40.0).otherwise(1.0))
    assert dominant(REVENUE, pl.concat([paid, even]), [NOW, THEN])["unit"].to_list() == ["c7"]
    assert dominant(CSAT, pl.concat([paid, even]), [NOW, THEN]).is_empty()
    waits = pl.DataFrame({"unit": ["c1"] * 20 + [f"c{n}" for n in range(60)]})
    both = pl.concat([waits.with_columns(period=pl.lit(month)) for month in (NOW, THEN)])
    assert dominant(WAIT, both, [NOW, THEN])["unit"].to_list() == ["c1"]


def test_among_few_customers_or_of_other_units_nobody_is_large() -> None:
    few, enough = ([60.0, *[1.0] * n] for n in (FEWEST - 1, FEWEST))
    for sizes, number in ((few, 0), (enough, 1)):
        frame = pl.concat([units(NOW, sizes), units(THEN, enough)])
        assert dominant(CSAT, frame, [NOW, THEN]).height == number
    agents = METRICS["conversations_per_agent"]
    assert dominant(agents, pl.concat([units(NOW, enough), units(THEN, enough)]), [NOW, THEN]).is_empty()


def test_a_fall_among_all_others_is_seen_beside_a_customer_of_two_fifths() -> None:
    """180 of 300 answers are the others'; with the large customer compared too the fall is found in 7 %."""
    rng = np.random.default_rng(1)
    assert simulated.rate(rng, 300, 0.4, "both", 0.12, 100) > 0.7


@pytest.mark.parametrize("where", ["both", "after", "before"])
def test_a_customer_who_comes_goes_or_stays_is_no_change_of_the_others(where: str) -> None:
    rng = np.random.default_rng(2)
    assert simulated.rate(rng, 300, 0.4, where, 0.0, 200) < 0.09


def test_the_change_of_one_literal_desk_is_that_of_its_others() -> None:
    """100 others of whom 88, then 76 are satisfied, and one customer with 60 answers of whom 33 are."""
    frame = pl.concat([simulated.literal(THEN, 88, 100, 33, 60), simulated.literal(NOW, 76, 100, 33, 60)])
    found = simulated.judged(frame)
    assert found.without is not None
    assert found.without.customers == 1
    assert found.without.share == found.without.share_before == pytest.approx(100 * 60 / 160)
    assert (found.after.value, found.before.value) == (pytest.approx(100 * 109 / 160), pytest.approx(100 * 121 / 160))
    assert (found.without.after.value, found.without.before.value) == (pytest.approx(76), pytest.approx(88))
    assert found.difference == pytest.approx(-12)
    alone = simulated.judged(pl.concat([simulated.literal(THEN, 88, 100, 0, 0), simulated.literal(NOW, 76, 100, 0, 0)]))
    assert alone.without is None
    assert (found.low, found.high, found.p_value) == (alone.low, alone.high, alone.p_value)


@pytest.mark.parametrize("name", ["csat", "csat_mean", "nps", "average_order_value", "resolution_time"])
def test_every_kind_of_figure_is_compared_as_if_the_large_customer_were_not_there(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        import_module("cxlib.estimates.changes"), "partly_observed", lambda *_: None
    )  # both months are whole
    rng, metric = np.random.default_rng(9), METRICS[name]
    value = {"nps": rng.choice([-1.0, 0.0, 1.0], 400), "csat": rng.choice([0.0, 1.0], 400)}.get(
        name, rng.gamma(3, 9, 400)
    )
    month = np.where(np.arange(400) % 2, NOW, THEN)
    unit = [f"c{n % 90}" if n < 250 else "large" for n in range(400)]
    rows = pl.DataFrame({"period": month, "group": "", "unit": unit, "value": value, "ended": rng.random(400) < 0.9})
    if metric.kind != "duration":
        x = pl.col("value")
        sums = {"n": pl.len(), "sum_w": pl.len().cast(pl.Float64), "sum_wx": x.sum(), "sum_wxx": (x * x).sum()}
        rows = rows.group_by("period", "group", "unit").agg(**sums).sort("period", "unit")
    told = simulated.judged(rows, metric)
    alone = simulated.judged(rows.filter(pl.col("unit") != "large"), metric)
    assert told.without is not None
    assert alone.without is None
    assert (told.without.after, told.without.before) == (alone.after, alone.before)
    assert (told.difference, told.low, told.high, told.p_value) == pytest.approx(
        (alone.difference, alone.low, alone.high, alone.p_value)
    )
    assert told.after.n > alone.after.n


def test_the_sentence_says_whose_the_figure_is_and_what_it_is_without_them() -> None:
    left_out = Without(1, 40.0, 38.0, estimate(76.0, 5.0, 180), estimate(88.0, 5.0, 190))
    whole = change("csat", estimate(68.0, 14.0, 300), estimate(72.0, 14.0, 305), 6.0, 0.0004)
    told = replace(whole, difference=-12.0, low=-18.0, high=-6.0, without=left_out)
    assert verdict(told) == "fell"
    text = say(told).text.replace(numbers.SPACE, " ")
    assert text.startswith(
        "Without one customer with 40 % of the answers (38 % in September 2026): Satisfaction fell by 12"
    )
    assert "to 76 % (180 answers)" in text.replace("76.0", "76")
    assert "With them it is 68 %" in text.replace("68.0", "68")
    assert headline(told).endswith("(without one customer)")
    assert "is without one customer with 40" in " ".join(table(told).notes)
    assert "Without" not in say(RESULTS["change"]).text


@pytest.fixture(scope="module")
def with_a_large_one(
    tmp_path_factory: pytest.TempPathFactory, literal_tickets: desk.Rows, literal_surveys: desk.Rows
) -> Query:
    """The desk of the other tests, but two fifths of all answers are one customer's."""
    folder = tmp_path_factory.mktemp("large") / "desk"
    surveys = [row | ({"customer_id": "large"} if n % 5 < 2 else {}) for n, row in enumerate(literal_surveys)]
    return query(desk.build(folder, tickets=literal_tickets, surveys=surveys), month=NOW)


def test_trend_change_and_its_parts_all_leave_the_large_customer_out(with_a_large_one: Query) -> None:
    told, of_trend, parts = (
        change_of("csat", with_a_large_one),
        trend("csat", with_a_large_one),
        mix_decomposition("csat", with_a_large_one, "channel"),
    )
    assert isinstance(told, Change)
    assert isinstance(of_trend, Trend)
    assert isinstance(parts, Decomposition)
    assert told.without is not None
    assert 30 < told.without.share < 50
    assert of_trend.change is not None
    assert replace(of_trend.change, p_adjusted=None) == told
    assert of_trend.points["value"][-1] == told.after.value, "the published figure is everybody's"
    assert parts.without == told.without
    assert parts.parts["difference"].sum() == pytest.approx(told.difference)
    assert parts.change.after == told.without.after
    for answer in (told, of_trend, parts):
        assert say(answer).text.startswith("Without one customer with ")
