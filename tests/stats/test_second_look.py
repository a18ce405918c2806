"""Sentences and tests looked at again: what is told is what was tested, and p < .05 exactly when 0 lies outside."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from effects_by_hand import effects
from results_by_hand import RESULTS
from scipy.stats import t
from stats import desk
from stats.test_team_and_peers import _customers

from cxlib.estimates.covariates import with_background
from cxlib.metrics import Query, query
from cxlib.present.sentences import headline, say
from cxlib.present.sentences.change import counted
from cxlib.present.tables import table
from cxlib.questions import before_leaving, by_tenure, case_mix, drivers, ordinal_change, peers, tenure_curve
from cxlib.questions.demand.level_shift import _Weeks, design
from cxlib.questions.team.workload import beyond_chance
from cxlib.questions.workflows.peers import FAR, _against_peers
from cxlib.results.effects import Effects
from cxlib.results.types import NotKnown
from cxlib.stats.model import model
from cxlib.stats.spread import spread
from cxlib.store.folder import open_data

# --- sentences --------------------------------------------------------------------------------------------------------


def test_only_what_is_tested_is_counted_and_called_the_clearest() -> None:
    """A line of reference has no p-value: it is neither one of the comparisons nor the clearest of them."""
    rows = [("All", 24.0, 5.0, None), ("Early", 30.0, 9.0, False), ("Late", 22.0, 9.0, False)]
    told = str(say(effects(RESULTS["change"], *rows, none=24.0)))
    assert "none of 2 beyond chance" in told
    assert "nearest to it Early" in told
    untested = effects(RESULTS["change"], rows[0], none=24.0)
    assert "chance" not in str(say(untested))
    assert headline(untested) == untested.title


def test_the_rows_of_the_whole_model_are_told_not_those_of_one_level(looked: Query) -> None:
    found = drivers("csat", looked)
    assert isinstance(found, Effects)
    assert found.points["n"].max() <= found.n
    levels = replace(found, points=found.points.filter(pl.col("family") == "channel"))
    assert levels.points["n"].max() < levels.n
    behind = counted(levels.metric, levels.n)
    assert behind in str(say(levels))
    assert behind in table(levels).text


def test_answers_that_count_once_whatever_their_weight_are_said_to(looked: Query) -> None:
    for found in (drivers("csat", looked), ordinal_change("csat_mean", looked)):
        assert isinstance(found, Effects)
        assert "count once here, whatever their weight" in table(found).text
    plainly = drivers("csat", replace(looked, weighted=False))
    assert "weight" not in table(plainly).text


def test_a_month_beside_itself_is_said(looked: Query) -> None:
    found = ordinal_change("csat_mean", looked, looked.month)
    assert isinstance(found, NotKnown)
    assert "compared with itself" in found.reason


def test_titles_of_what_is_not_known_are_not_cut() -> None:
    title = "Agents in the months before they left against those who stayed"
    assert str(say(NotKnown(title, "Nobody left."))).startswith(f"{title} is not known")


# --- p below .05 exactly when 0 lies outside --------------------------------------------------------------------------


def test_gini_beyond_chance_agrees_with_its_interval_at_every_edge() -> None:
    drawn = np.arange(1000.0)
    for seen in (*np.arange(15.5, 35), *np.arange(15.0, 35), *np.arange(965.5, 985), *np.arange(965.0, 985)):
        found = beyond_chance(float(seen), drawn)
        assert (found["p_value"] < 0.05) == (found["low"] > 0 or found["high"] < 0), seen


def test_a_step_at_its_limit_has_p_at_five_percent(warsaw: Query) -> None:
    from cxlib.estimates.daily import daily_metric
    from cxlib.estimates.daily_model import observed_days

    days = observed_days(daily_metric("ticket_volume"), warsaw)
    assert isinstance(days, pl.DataFrame)
    weeks = _Weeks.of(days, design(days))
    limit, _ = weeks.test(0.0)
    for found in (limit - 1e-9, limit, limit + 1e-9, limit * 1.001, limit * 0.999):
        assert (weeks.test(float(found))[1] < 0.05) == (found > limit)


def test_the_spread_of_agents_is_beyond_chance_exactly_when_its_lower_limit_is() -> None:
    rng, sides = np.random.default_rng(8), set()
    for _ in range(300):
        n = rng.integers(15, 80, 12).astype(float)
        variance = 0.2 * 0.8 / n
        found = spread(n, rng.normal(0, np.sqrt(variance * 1.5)), variance, np.zeros(12))
        assert found is not None
        assert (min(1.0, 2 * found.p_more) < 0.05) == (found.low > 0)
        sides.add(found.low > 0)
    assert sides == {True, False}


def test_a_workflow_is_far_above_its_peers_exactly_when_its_interval_is() -> None:
    sides = set()
    for uses in range(40, 130):
        rows = pl.DataFrame({"kind": "macro", "name": list("abcd"), "uses": [uses, 30, 25, 35], "exposure": 1.0})
        rows = rows.with_columns(variance=pl.col("uses") * 1.5)
        first = _against_peers(rows, ["kind"]).row(0, named=True)
        assert (first["p_value"] < 0.05) == (first["low"] > FAR), uses
        sides.add(first["low"] > FAR)
    assert sides == {True, False}


# --- few among many ---------------------------------------------------------------------------------------------------


def _rare(seed: int, units: int = 700, few: int = 12, each: int = 3) -> pl.DataFrame:
    """Answers of many customers, a few of whom – with as many answers each – are of a rare kind that means nothing."""
    rng = np.random.default_rng(seed)
    unit = np.concatenate([np.repeat(np.arange(few), each), np.arange(few, units)])
    chance = 1 / (1 + np.exp(-(0.9 + rng.normal(0, 1, units)[unit])))
    kind = np.where(unit < few, "rare", "common")
    return pl.DataFrame({"x": (rng.random(len(unit)) < chance) * 1.0, "unit": unit, "kind": kind})


def test_a_rare_level_has_the_freedom_of_its_few_customers() -> None:
    found = model(_rare(1), "x", {"kind": "Kind"}, unit="unit", share=True).rows[0]
    assert found["units"] == 12
    assert found["p_value"] == pytest.approx(2 * t.sf(abs(found["value"] / found["se"]), 11))
    assert found["high"] - found["value"] == pytest.approx(t.ppf(0.975, 11) * found["se"], rel=1e-6)


def test_a_rare_level_is_seldom_called_beyond_chance() -> None:
    p = [
        model(_rare(seed), "x", {"kind": "Kind"}, unit="unit", share=True).rows[0].get("p_value") for seed in range(150)
    ]
    known = [value for value in p if value is not None]
    assert len(known) > 140
    assert sum(value < 0.05 for value in known) <= 15  # 7.5 expected, three standard errors more


# --- agents -----------------------------------------------------------------------------------------------------------


def _answers_of_agents(folder: Path, *, after: float, since: int = 6) -> Query:
    """Thirty agents of whom eight leave on 15 June; answers from a month of theirs on are bad with chance `after`.

    Other answers are with 10 %. From that month on those eight have about five conversations a month, all else twenty.
    """
    rng, gone = np.random.default_rng(3), datetime(2026, 6, 15, tzinfo=UTC)
    agents = [
        {"agent_id": f"a{k:02d}", "hired_at": datetime(2024, 1, 1, tzinfo=UTC), "left_at": gone if k < 8 else None}
        for k in range(30)
    ]
    tickets: desk.Rows = []
    answers: desk.Rows = []
    for number in range(6000):
        at = datetime(2025, 11, 1, tzinfo=UTC) + timedelta(days=float(rng.uniform(0, 364)))
        agent = int(rng.integers(30))
        late = agent < 8 and at >= datetime(2026, since, 1, tzinfo=UTC)
        bad = rng.random() < (after if late else 0.1)
        common = {"ticket_id": f"t{number}", "customer_id": f"c{number}", "agent_id": f"a{agent:02d}"}
        tickets.append(
            {**common, "created_at": at, "created_day": at.date(), "opened_by": "customer", "agent_replies": 1}
        )
        answers.append(
            {**common, "survey_id": f"s{number}", "kind": "csat", "answered_at": at, "answered_day": at.date(),
             "answer": 1.0 if bad else 5.0, "scale_low": 1.0, "scale_high": 5.0, "box": "bottom" if bad else "top",
             "latest": True, "customer_latest": True, "weight": 1.0}
        )  # fmt: skip
    months = [
        {"agent_month_id": f"{a['agent_id']}/{m}", "agent_id": a["agent_id"], "month_day": m,
         "month_at": datetime(m.year, m.month, 1, tzinfo=UTC), "employed_share": 1.0,
         "conversations": (5 if a["left_at"] and m >= date(2026, since, 1) else 20) + int(a["agent_id"][1:]) % 3,
         "left": a["left_at"] is not None and m == date(2026, 6, 1), "tenure_months": 20.0}
        for a in agents for m in (date(2025 + (k + 10) // 12, (k + 10) % 12 + 1, 1) for k in range(12))
        if a["left_at"] is None or m <= date(2026, 6, 1)
    ]  # fmt: skip
    return query(
        desk.build(folder, tickets=tickets, surveys=answers, agents=agents, agent_months=months), month="2026-10"
    )


def test_the_month_of_leaving_and_what_follows_are_not_held_for_staying(tmp_path: Path) -> None:
    """Answers given in an agent's last month or after it belong to neither side; they were counted as of who stayed."""
    found = [before_leaving(_answers_of_agents(tmp_path / name, after=share), ("csat",)) for name, share in
             (("same", 0.1), ("bad", 1.0))]  # fmt: skip
    same, bad = found
    assert isinstance(same, Effects)
    assert isinstance(bad, Effects)
    assert same.points["value"][0] == pytest.approx(bad.points["value"][0])
    assert abs(bad.points["value"][0]) < 6


def test_the_month_of_notice_is_not_held_for_a_change_of_work(tmp_path: Path) -> None:
    """In the month before they leave the eight get nothing new; what counts is how they fared before it."""
    names, found = ("csat", "conversations_per_agent"), {}
    for since in (6, 5, 4):
        found[since] = before_leaving(_answers_of_agents(tmp_path / str(since), after=1.0, since=since), names)
    usual, notice, early = (one.points for one in found.values() if isinstance(one, Effects))
    assert notice["value"].to_list() == pytest.approx(usual["value"].to_list())
    assert notice["n"][1] == early["n"][1] == 8 * 3  # February, March and April
    assert notice["value"][1] == pytest.approx(7 / 8 - 23 / 22)  # beyond twenty, on average
    assert early["value"].to_list() == pytest.approx([-30, -5], abs=5)
    assert early["high"].max() < 0
    told = table(found[5])
    assert "the last month before leaving, when work is often handed over, is left out" in told.text


def test_results_by_tenure_name_the_months_they_are_from(small_demo: Path) -> None:
    looked_at = query(open_data(str(small_demo)))
    known = looked_at.settled("first_contact_resolution").month
    assert known < looked_at.month
    found: Any = by_tenure(looked_at, ("first_contact_resolution",))
    assert isinstance(found, Effects)
    assert found.months[1] == known


def test_a_curve_of_agents_knows_nothing_after_the_reported_month(tmp_path: Path) -> None:
    """Eight leave in June: a report of May shows nobody gone, whatever the data hold by now."""
    here = _answers_of_agents(tmp_path / "desk", after=0.1)
    late, early = tenure_curve(here), tenure_curve(replace(here, month="2026-05"))
    assert isinstance(late, Effects)
    assert late.months[1] == "2026-10"
    assert isinstance(early, NotKnown)
    assert "0 of them left" in early.reason


def test_alike_names_the_months_its_figures_are_from(small_demo: Path) -> None:
    looked_at = query(open_data(str(small_demo)))
    found = case_mix(looked_at, ("first_contact_resolution",))
    assert isinstance(found, Effects)
    assert found.months[1] == looked_at.settled("first_contact_resolution").month < looked_at.month


# --- customers --------------------------------------------------------------------------------------------------------


def test_the_customer_picked_for_having_the_most_to_tell_is_not_tested(tmp_path: Path) -> None:
    """One of all always has the most tickets: the highest rank of who was picked for it is no accident."""
    here = _customers(tmp_path / "desk", odd=True)
    picked, named = peers(here), peers(here, "c000")
    assert isinstance(picked, Effects)
    assert isinstance(named, Effects)
    assert picked.title == named.title
    assert picked.points["p_value"].null_count() == picked.points.height
    assert "chance" not in str(say(picked))
    assert "name a customer to have the ranks tested" in table(picked).text
    assert picked.points["p_adjusted"].null_count() == picked.points.height
    assert "singular in tickets" in str(say(named))


def test_spending_allowed_for_is_never_added_across_currencies(tmp_path: Path) -> None:
    at = datetime(2026, 9, 1, tzinfo=UTC)
    orders = [
        {"order_id": f"o{k}", "customer_id": "c1", "ordered_at": at - timedelta(days=5), "net_amount": amount,
         "currency": currency, "kind": "order"}
        for k, (amount, currency) in enumerate([(10.0, "EUR"), (9000.0, "JPY")])
    ]  # fmt: skip
    mixed = query(desk.build(tmp_path / "desk", orders=orders, tickets=desk.tickets()), month="2026-10")
    asked = pl.DataFrame({"unit": ["c1"], "at": [at]}, schema_overrides={"at": pl.Datetime("us", "UTC")})
    assert "spent" not in with_background(asked, mixed).columns
    assert with_background(asked, mixed.only("currency", "EUR"))["spent"].to_list() == [10.0]
