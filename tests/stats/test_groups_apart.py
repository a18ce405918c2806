"""Groups against each other: one large customer, groups that are not known, and who stands apart step by step."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, strategies as st

from benchmarks import groups as simulated
from cxlib.metrics import METRICS, Query
from cxlib.present.sentences import say
from cxlib.questions import breakdown
from cxlib.questions.groups.breakdown import against_rest
from cxlib.results.types import Breakdown
from cxlib.stats.apart import stepped_down
from cxlib.stats.capped import LARGEST, caps
from cxlib.stats.durations import coded
from cxlib.stats.equality import anova_type, curves_apart, either, equality, residuals
from cxlib.stats.logrank import log_rank
from cxlib.stats.outcome_groups import MADE_OF, made_of_outcome

CSAT, WAIT = METRICS["csat"], METRICS["reply_time"]


def rated(group: str, good: int, bad: int, start: int) -> pl.DataFrame:
    """A unit frame of answers, one a customer."""
    x = pl.Series("sum_wx", [1.0] * good + [0.0] * bad)
    names = [f"u{start + place}" for place in range(len(x))]
    frame = pl.DataFrame([pl.Series("unit", names), x]).with_columns(
        group=pl.lit(group), n=1, sum_w=1.0, sum_wxx="sum_wx"
    )
    return frame.select("group", "unit", "n", "sum_w", "sum_wx", "sum_wxx")


@given(st.lists(st.sampled_from([1, 2, 3, 7, 40, 400]), min_size=1, max_size=60))
def test_no_unit_makes_more_than_its_part_of_a_groups_squares_and_no_weight_is_cut_further(sizes: list[int]) -> None:
    weight = np.array(sizes, dtype=float)
    most = max(LARGEST, min(1.0, 2 / len(sizes)))
    kept = caps(weight, np.zeros(len(sizes), dtype=np.int64)) * weight
    assert kept.max() ** 2 <= most * (kept**2).sum() * (1 + 1e-6)
    if kept.max() < weight.max():
        more = np.minimum(weight, kept.max() * 1.01)
        assert more.max() ** 2 > most * (more**2).sum()
    assert (kept[weight < kept.max()] == weight[weight < kept.max()]).all()


def test_waits_that_count_half_add_half_as_a_loop_over_times_adds_up() -> None:
    rng = np.random.default_rng(8)
    value, ended = rng.integers(1, 12, 60).astype(float), rng.random(60) < 0.7
    weight, group = rng.choice([0.25, 0.5, 1.0], 60), rng.choice(["a", "b", "c"], 60)
    columns = {
        "value": value,
        "ended": ended,
        "group": group,
        "unit": [f"u{n % 20}" for n in range(60)],
        "weight": weight,
    }
    parts, expected = log_rank(coded(pl.DataFrame(columns)))
    rows = list(zip(value, ended, group, weight, strict=True))
    for place, name in enumerate("abc"):
        total, observed = 0.0, sum(w for _, done, own, w in rows if own == name and done)
        for time in {v for v, done, _, _ in rows if done}:
            at_risk = [(own == name) * w for v, _, own, w in rows if v >= time]
            everybody = sum(w for v, _, _, w in rows if v >= time)
            total += sum(w for v, done, _, w in rows if v == time and done) * sum(at_risk) / everybody
        assert expected[place] == pytest.approx(total)
        assert parts[place].sum() == pytest.approx(observed - total)


def test_one_customer_of_two_fifths_neither_silences_the_tests_nor_makes_them_alarm() -> None:
    """Without the limit of weights: shares 0 of 40 found with two large customers; .20 alarms with one in one group."""
    rng = np.random.default_rng(3)
    quiet = simulated.rates(rng, 300, 0.6, "one group", 0.0, 150)
    assert (quiet <= 0.10).all()
    found = simulated.rates(rng, 1000, 0.4, "two customers", 1.0, 40)
    assert (found >= 0.5).all()


def test_two_heavy_callers_do_not_hide_that_some_wait_minutes_and_others_weeks() -> None:
    rng = np.random.default_rng(4)
    rows = simulated.desk(rng, 4000, 0.5, "two customers")
    value = np.exp(rng.normal(0, 1, 4000)) * 30.0**rows.group
    value[rows.customer == 4000], value[rows.customer == 4001] = 300.0, 0.1
    columns = {"value": value, "ended": np.full(4000, True), "group": rows.group.astype(str)}
    waited = pl.DataFrame(columns | {"unit": rows.customer.astype(str)})
    p_value = curves_apart(waited)
    assert p_value is not None
    assert p_value < 1e-6
    uncapped = anova_type(*log_rank(coded(waited)))
    assert uncapped is not None
    assert uncapped > 1e-3, "the case is one that the plain test does not see well"


def test_the_smaller_of_two_p_values_counts_twice() -> None:
    assert either(0.02, 0.3) == pytest.approx(0.04)
    assert either(0.7, 0.6) == 1.0
    assert (either(None, 0.3), either(None, None)) == (0.3, None)


def test_a_wait_without_an_answer_has_no_agent_and_no_say() -> None:
    """Eight agents alike; 100 waits that never ended have nobody and would differ from all of them by construction."""
    rng = np.random.default_rng(2)
    columns = {
        "value": rng.exponential(60, 800),
        "ended": np.full(800, True),
        "group": [f"a{n % 8}" for n in range(800)],
    }
    known = pl.DataFrame(columns | {"unit": [f"u{n}" for n in range(800)]})
    nobody = {"value": rng.exponential(600, 100), "ended": np.full(100, False), "group": ["(not known)"] * 100}
    everything = pl.concat([known, pl.DataFrame(nobody | {"unit": [f"v{n}" for n in range(100)]})])
    made, fair = (equality(residuals(WAIT, coded(rows))) for rows in (everything, known))
    assert made is not None
    assert fair is not None
    assert made < 1e-6
    assert fair > 0.05


def test_unknown_groups_are_shown_and_neither_compared_nor_in_the_rest(looked: Query) -> None:
    found = breakdown("resolution_time", looked, "channel")
    known = breakdown(
        "resolution_time",
        dataclasses.replace(looked, filters=(("channel", ("chat", "email", "phone", "web")),)),
        "channel",
    )
    assert isinstance(found, Breakdown)
    assert isinstance(known, Breakdown)
    unknown = found.points.filter(pl.col("group") == "(not known)").row(0, named=True)
    assert unknown["n"] > 0
    assert (unknown["rest_difference"], unknown["rest_p"], unknown["p_adjusted"]) == (None, None, None)
    assert (found.p_value, found.medians_p, found.curves_p) == (known.p_value, known.medians_p, known.curves_p)
    shared = ["group", "rest_difference", "rest_low", "rest_p", "p_adjusted"]
    assert found.points.filter(pl.col("group") != "(not known)").select(shared).equals(known.points.select(shared))
    assert found.overall.n == found.points["n"].sum()


def test_the_other_end_is_compared_without_who_drags_the_rest_along() -> None:
    """Phone 50 of 100; chat 46 of 50 lies 19 points above all others, 7 above e-mail and web."""
    parts = [
        rated("phone", 50, 50, 0),
        rated("chat", 46, 4, 100),
        rated("email", 85, 15, 150),
        rated("web", 85, 15, 250),
    ]
    rows = pl.concat(parts)
    found = {row["group"]: row for row in stepped_down(CSAT, rows, against_rest, 1e-9).iter_rows(named=True)}
    assert found["phone"]["rest_without"] == []
    assert found["phone"]["rest_difference"] == pytest.approx(100 * (50 / 100 - 216 / 250))
    assert found["chat"]["rest_without"] == ["phone"]
    assert found["chat"]["rest_difference"] == pytest.approx(100 * (46 / 50 - 170 / 200))
    plain = {row["group"]: row for row in against_rest(CSAT, rows).iter_rows(named=True)}
    assert plain["chat"]["rest_p"] < 0.01
    assert found["phone"]["p_adjusted"] == pytest.approx(max(1e-9, 4 * plain["phone"]["rest_p"]))
    assert found["chat"]["p_adjusted"] == pytest.approx(min(1.0, 3 * found["chat"]["rest_p"]))
    assert found["chat"]["p_adjusted"] > 0.05


def test_no_group_is_surer_than_the_test_of_all_and_small_ones_are_not_looked_at() -> None:
    rows = pl.concat([rated("one", 80, 20, 0), rated("two", 40, 60, 100), rated("few", 0, 29, 200)])
    found = {row["group"]: row for row in stepped_down(CSAT, rows, against_rest, 0.03).iter_rows(named=True)}
    assert found["few"]["p_adjusted"] is None
    assert found["one"]["p_adjusted"] == 0.03
    assert found["two"]["p_adjusted"] is None, "once the other is out, its rest has 29 rows"
    nobody = stepped_down(CSAT, rows, against_rest, None)
    assert nobody["p_adjusted"].null_count() == 3
    assert nobody["rest_p"].null_count() == 0


def test_two_groups_are_one_comparison() -> None:
    rows = pl.concat([rated("one", 80, 20, 0), rated("two", 40, 60, 100)])
    one, two = stepped_down(CSAT, rows, against_rest, 1e-12).iter_rows(named=True)
    assert one["p_adjusted"] == pytest.approx(one["rest_p"])
    assert two["p_adjusted"] == pytest.approx(two["rest_p"])
    assert one["rest_p"] == pytest.approx(two["rest_p"])


def test_equal_groups_are_seldom_named() -> None:
    """Family-wise: of 200 desks of six equal channels at most one in twenty names any, and few clearly."""
    rng, named = np.random.default_rng(5), []
    for _ in range(200):
        good = rng.binomial(60, 0.8, 6)
        rows = pl.concat(rated(f"g{n}", int(k), 60 - int(k), 60 * n) for n, k in enumerate(good))
        named.append(stepped_down(CSAT, rows, against_rest, equality(residuals(CSAT, coded(rows))))["p_adjusted"].min())
    assert np.mean([p is not None and p < 0.05 for p in named]) <= 0.06


def test_groups_made_of_the_figure_itself_are_not_compared(looked: Query, monkeypatch: pytest.MonkeyPatch) -> None:
    assert made_of_outcome("customer_effort", "effort_class")
    assert not made_of_outcome("csat", "effort_class")
    monkeypatch.setitem(MADE_OF, "channel", ("csat",))
    found = breakdown("csat", looked, "channel")
    assert isinstance(found, Breakdown)
    assert found.made_of_outcome
    assert (found.p_value, found.points["rest_p"].null_count()) == (None, found.points.height)
    assert "not compared, as the groups are made of the figure itself" in say(found).text


def test_agents_and_days_are_everybody_and_customers_a_sample() -> None:
    census = {name for name, metric in METRICS.items() if metric.census}
    assert {"conversations_per_agent", "agent_turnover", "ticket_volume", "revenue"} <= census
    assert not {"csat", "resolution_time", "retention", "left_with_ticket", "average_order_value"} & census


def test_requests_to_eight_agencies_differ_although_two_callers_made_half_of_them(
    shared_data: Callable[..., Path],
) -> None:
    """Baltimore's requests, p 7e-69 if each is another caller's; the plain test by caller gives .004."""
    at = "%m/%d/%Y %I:%M:%S %p"
    read = pl.read_csv(shared_data("baltimore_311/requests.csv"), infer_schema_length=0)
    opened, closed = (pl.col(name).str.to_datetime(at, strict=False) for name in ("CreatedDate", "CloseDate"))
    largest = read["Agency"].value_counts(sort=True)["Agency"].head(8)
    rows = read.filter(pl.col("Agency").is_in(largest.implode()), opened.is_not_null()).select(
        group="Agency", ended=closed.is_not_null(), value=((closed - opened).dt.total_seconds() / 60).fill_null(1e6)
    )
    drawn = np.random.default_rng(0).random(rows.height)
    callers = np.where(drawn < 0.3, "A", np.where(drawn < 0.5, "B", np.arange(rows.height).astype(str)))
    waited = coded(rows.with_columns(pl.Series("unit", callers)).filter(pl.col("value") >= 0))
    plain, found = anova_type(*log_rank(waited)), curves_apart(waited)
    medians = equality(residuals(METRICS["resolution_time"], waited))
    assert plain is not None
    assert found is not None
    assert medians is not None
    assert max(found, medians) < 1e-30
    assert plain > 1e-3, "so that the limit of weights is what finds it"
