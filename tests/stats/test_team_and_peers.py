"""Whether agents do the same, one agent's months, a customer among peers: loops, exact ranks, false alarms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from stats import desk

from cxlib.errors import UsageError
from cxlib.metrics import Query, query
from cxlib.present.sentences import say
from cxlib.present.tables import table
from cxlib.questions import agents, breakdown, case_mix, figures, one_agent, peers
from cxlib.questions.customers.peers import FEWEST, among
from cxlib.results.types import Effects, NotKnown
from cxlib.store.folder import open_data


def test_the_same_figures_as_the_funnels(looked: Query) -> None:
    found = case_mix(looked, ("csat", "reopen_rate"))
    assert isinstance(found, NotKnown)  # four agents: a spread needs five
    assert "fewer than five" in found.reason


def _desk(folder: Path, *, worse: float = 0.0, size: int = 8) -> Query:
    """Answers of agents over ten months in which satisfaction falls; the first agent is worse, works on phone more."""
    rng, rows, tickets = np.random.default_rng(6), [], []
    for number in range(4000):
        agent = int(rng.integers(size))
        channel = "phone" if rng.random() < (0.8 if agent == 0 else 0.3) else "email"
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=float(rng.uniform(0, 303)))
        chance = 0.9 - 0.2 * (channel == "phone") - 0.015 * at.month - worse * (agent == 0)
        box = "top" if rng.random() < chance else "bottom"
        tickets.append({"ticket_id": f"t{number}", "channel": channel, "agent_id": f"a{agent}", "created_at": at,
                        "created_day": at.date()})  # fmt: skip
        rows.append(
            {"survey_id": f"s{number}", "kind": "csat", "box": box, "latest": True, "customer_latest": True,
             "answer": 1.0, "scale_low": 0.0, "scale_high": 1.0, "scale_share": float(box == "top"), "answered_at": at,
             "answered_day": at.date(), "ticket_id": f"t{number}", "customer_id": f"c{number // 2}",
             "agent_id": f"a{agent}", "sent_at": at}
        )  # fmt: skip
    names = [{"agent_id": f"a{n}", "name": f"Name {n}"} for n in range(size)]
    return query(desk.build(folder, tickets=tickets, surveys=rows, agents=names), month="2026-10")


def test_alike_agents_are_called_so_and_a_worse_one_is_left_out(tmp_path: Path) -> None:
    same, one = case_mix(_desk(tmp_path / "same"), ("csat",)), case_mix(_desk(tmp_path / "worse", worse=0.4), ("csat",))
    assert isinstance(same, Effects)
    assert isinstance(one, Effects)
    row = same.points.row(0, named=True)
    assert (row["value"], row["low"], row["n"], row["units"]) == (0.0, 0.0, 4000, 8)
    assert row["p_value"] > 0.05
    apart = 2 * 1.645 * row["high"]  # the middle nine tenths of a normal distribution
    assert apart < 10
    assert same.reading == f"alike, nine in ten agents within {apart:.1f} points at most"
    assert "Left out: 1 evidently apart" in str(say(one))


def test_few_answers_never_call_agents_alike(tmp_path: Path) -> None:
    day = datetime(2026, 10, 5, tzinfo=UTC)
    rows = [
        {"survey_id": f"{agent}{k}", "kind": "csat", "box": "top" if k < 9 else "bottom", "latest": True,
         "customer_latest": True, "answer": 1.0, "answered_at": day, "answered_day": day.date(),
         "ticket_id": f"{agent}{k}", "customer_id": f"{agent}{k}", "agent_id": agent}
        for agent in "abcdef" for k in range(13 + ord(agent) % 2)
    ]  # fmt: skip
    found = case_mix(query(desk.build(tmp_path / "desk", surveys=rows), month="2026-10"), ("csat",))
    assert isinstance(found, Effects)
    assert "alike" not in found.reading + str(say(found)).split(":", 1)[1]


def test_the_spread_of_agents_is_another_tools_on_differences_counted_by_hand(tmp_path: Path) -> None:
    """One channel, so that every answer is expected to be what the others' are; answers of single customers."""
    from statsmodels.stats.meta_analysis import combine_effects

    day = datetime(2026, 10, 5, tzinfo=UTC)
    good = {"a": 50, "b": 54, "c": 58, "d": 61, "e": 66, "f": 70}  # of 100 each
    rows = [
        {"survey_id": f"{agent}{k}", "kind": "csat", "box": "top" if k < top else "bottom", "latest": True,
         "customer_latest": True, "answer": 1.0, "answered_at": day, "answered_day": day.date(),
         "ticket_id": f"{agent}{k}", "customer_id": f"{agent}{k}", "agent_id": agent}
        for agent, top in good.items() for k in range(100)
    ]  # fmt: skip
    found = case_mix(query(desk.build(tmp_path / "desk", surveys=rows), month="2026-10"), ("csat",))
    assert isinstance(found, Effects)
    level = sum(good.values()) / 600
    differences = np.array([top / 100 - level for top in good.values()])
    tau2 = combine_effects(differences, np.full(6, level * (1 - level) / 100), method_re="pm").tau2
    row = found.points.row(0, named=True)
    assert tau2 > 0
    assert row["value"] == pytest.approx(100 * np.sqrt(tau2), rel=1e-4)
    assert row["low"] < row["value"] < row["high"]


def test_one_agents_months_equal_a_model_on_single_answers(tmp_path: Path) -> None:
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    here = _desk(tmp_path / "desk", worse=0.2)
    found = one_agent(here, "a0")
    assert isinstance(found, Effects)
    channels = here.data.scan("tickets").select("ticket_id", "channel")
    rows = (
        here.data.scan("surveys").join(channels, on="ticket_id").collect()
        .with_columns(month=pl.col("answered_day").dt.strftime("%Y-%m"), top=(pl.col("box") == "top").cast(pl.Float64))
    )  # fmt: skip
    months = sorted(set(rows["month"]))
    phone = (rows["channel"] == "phone").cast(pl.Float64).to_numpy()
    design = np.column_stack([phone, *((rows["month"] == month).cast(pl.Float64).to_numpy() for month in months)])
    mine = (rows["agent_id"] == "a0").to_numpy()
    top = rows["top"].to_numpy()
    chance = GLM(top[~mine], design[~mine], family=Binomial()).fit().predict(design)
    assert [row["group"] for row in found.points.iter_rows(named=True)] == ["all months", *months]
    for row in found.points.iter_rows(named=True):
        own = mine & ((rows["month"] == row["group"]).to_numpy() | (row["group"] == "all months"))
        assert row["n"] == own.sum()
        assert row["units"] == rows.filter(own)["customer_id"].n_unique()
        assert row["value"] == pytest.approx(100 * (top[own].mean() - chance[own].mean()), abs=1e-5)
        assert (row["p_value"] < 0.05) == (row["low"] > 0 or row["high"] < 0)
    whole = found.points.row(0, named=True)
    assert whole["low"] < -20 < whole["high"] < 0
    assert "Name 0" in str(say(found))


def test_who_is_not_there_is_said(tmp_path: Path, looked: Query) -> None:
    here = _desk(tmp_path / "desk")
    empty = one_agent(here)
    assert isinstance(empty, NotKnown)
    assert "agent_id" in empty.reason
    assert "'a0'" in empty.reason
    with pytest.raises(UsageError, match="Did you mean 'a0'"):
        one_agent(here, "a00")
    assert isinstance(one_agent(here.only("channel", "chat"), "a0"), NotKnown)
    alone = one_agent(here.only("agent", "a0"), "a0")
    assert isinstance(alone, NotKnown)
    assert "Nobody else" in alone.reason
    for name in ("nps", "csat_mean"):  # −1, 0, 1 and means have no chance that a logistic model could tell
        score = one_agent(looked, "a1", name)
        assert isinstance(score, NotKnown)
        assert "is no share" in score.reason


def test_labels_take_the_place_of_names_wherever_agents_are_shown(tmp_path: Path) -> None:
    here = _desk(tmp_path / "desk", worse=0.4)
    folder = here.data.folder
    settings = (folder / "settings.toml").read_text(encoding="utf-8")
    (folder / "settings.toml").write_text("agent_labels = true\n" + settings, encoding="utf-8")
    hidden = query(open_data(str(folder)), month="2026-10")
    for question in (
        lambda v: agents("csat", v),
        lambda v: breakdown("csat", v, "agent"),
        lambda v: one_agent(v, "a0"),
    ):
        shown, not_shown = (f"{say(question(v))} {table(question(v))}" for v in (here, hidden))
        assert "Name 0" in shown
        assert "Name" not in not_shown
        assert "Agent 1" in not_shown
    told = figures(hidden, ["2026-10"], "agent", ["csat"])
    assert set(told["group"]) == {f"a{n}" for n in range(8)}  # ids, never names
    assert query(hidden.data, month="2026-10", filters="agent=Agent 3").filters == (("agent", ("a2",)),)
    assert pl.read_parquet(folder / "agents.parquet")["name"][0] == "Name 0"


def test_a_percentile_equals_counting() -> None:
    others = np.array([1.0, 2, 2, 3, 5, 8, 8, 8, 13, 21])
    found = among(8.0, others)
    assert found["value"] == pytest.approx(100 * (5 + 1.5) / 10)
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(6.5, 10, method="wilson")
    assert (found["low"], found["high"]) == pytest.approx((100 * low, 100 * high))
    assert found["p_value"] == 1.0
    far = among(100.0, others)
    assert far["p_value"] == pytest.approx(2 / 11)
    from statsmodels.robust.scale import mad

    assert far["score"] == pytest.approx((100 - 6.5) / mad(others, center=6.5), rel=1e-4)
    assert among(1.0, np.zeros(10))["score"] is None


def test_a_rank_among_alike_is_rare_as_often_as_it_says() -> None:
    rng = np.random.default_rng(8)
    for draw in (
        rng.standard_normal((1000, 101)),
        rng.poisson(2.0, (1000, 101)) * 1.0,
        rng.lognormal(0, 2, (1000, 101)),
    ):
        alarms = 0
        for values in draw:
            alarms += among(float(values[0]), values[1:])["p_value"] < 0.05
        assert alarms <= 71  # 50 expected, three standard errors more


def _customers(folder: Path, *, odd: bool = False, size: int = 400) -> Query:
    rng, customers, tickets = np.random.default_rng(4), [], []
    for number in range(size):
        kind, since = ("high", 2019) if number % 4 == 0 else ("low", 2025)
        joined = datetime(since, 1, 1, tzinfo=UTC) + timedelta(days=number % 50)
        gone = datetime(2025, 3, 1, tzinfo=UTC) if number % 40 == 3 else None
        customers.append(
            {"customer_id": f"c{number:03d}", "name": "x", "importance": kind, "joined_at": joined, "left_at": gone}
        )
        count = 0 if gone else int(rng.poisson(3))
        for ticket in range(60 if odd and number == 0 else count):
            at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=float(rng.uniform(0, 300)))
            tickets.append({"ticket_id": f"t{number}/{ticket}", "customer_id": f"c{number:03d}", "created_at": at,
                            "created_day": at.date(), "opened_by": "customer",
                            "first_reply_minutes": float(rng.lognormal(5, 1)), "first_reply_ended": True,
                            "first_replied_at": at})  # fmt: skip
    return query(desk.build(folder, customers=customers, tickets=tickets), month="2026-10")


def test_a_customers_place_equals_counting_over_the_tables(tmp_path: Path) -> None:
    here = _customers(tmp_path / "desk")
    found = peers(here, "c004")
    assert isinstance(found, Effects)
    customers, tickets = (here.data.scan(name).collect().to_dicts() for name in ("customers", "tickets"))
    alike_ = [c["customer_id"] for c in customers if c["importance"] == "high" and c["left_at"] is None]
    alike_.remove("c004")
    counts = {c: sum(t["customer_id"] == c for t in tickets) for c in (*alike_, "c004")}
    waits = {c: [t["first_reply_minutes"] for t in tickets if t["customer_id"] == c] for c in counts}
    means = {c: float(np.mean(values)) for c, values in waits.items() if values}
    for name, values in (("tickets", counts), ("first_reply_time", means)):
        row = found.points.row(by_predicate=pl.col("group") == name, named=True)
        others = [value for c, value in values.items() if c != "c004"]
        below, same = (
            sum(test) for test in zip(*((v < values["c004"], v == values["c004"]) for v in others), strict=True)
        )
        assert row["n"] == len(others) >= FEWEST
        assert row["value"] == pytest.approx(100 * (below + same / 2) / len(others))
    assert found.points.row(by_predicate=pl.col("group") == "csat_mean", named=True)["reason"]
    assert "typical" in str(say(found))
    assert "of high importance, 5 years or more with us" in str(say(found))


def test_a_singular_customer_is_called_so(tmp_path: Path) -> None:
    found = peers(_customers(tmp_path / "desk", odd=True), "c000")
    assert isinstance(found, Effects)
    assert dict(found.points.select("group", "p_adjusted").iter_rows())["tickets"] < 0.05
    assert "singular in tickets" in str(say(found))
    shown = table(found)
    assert "singular in tickets" in shown.text
    assert [row[3] for row in shown.rows if row[0].startswith("Tickets: 60")] == ["possible"]


def test_a_customers_place_is_told_not_tested_against_the_middle(tmp_path: Path) -> None:
    """A place far from 50 % of many peers may well be usual: interval and rank answer different questions."""
    here = _customers(tmp_path / "desk")
    found = [peers(here, f"c{number:03d}") for number in range(0, 80, 4)]
    told = [one for one in found if isinstance(one, Effects)]
    assert len(told) == 20
    assert {one.none for one in told} == {None}
    off = [row for one in told for row in one.points.drop_nulls("value").iter_rows(named=True)
           if (row["low"] > 50 or row["high"] < 50) and not row["p_adjusted"] < 0.05]  # fmt: skip
    assert len(off) > 10
    for one in told:
        if not (one.points["p_adjusted"] < 0.05).any():
            assert "chance" not in str(say(one))
            assert ". Read as % of peers below; typical" in str(say(one))


def test_few_in_thirty_customers_alike_are_called_singular(tmp_path: Path) -> None:
    here = _customers(tmp_path / "desk")
    called = 0
    for number in range(0, 400, 8):
        found = peers(here, f"c{number:03d}")
        called += isinstance(found, Effects) and bool((found.points["p_adjusted"] < 0.05).any())
    assert called <= 7  # at most 2.5 of 50 expected


def test_too_few_peers_and_unknown_customers_are_said(tmp_path: Path, looked: Query) -> None:
    few = peers(_customers(tmp_path / "desk", size=40), "c000")
    assert isinstance(few, NotKnown)
    assert "9 other customers are alike" in few.reason
    with pytest.raises(UsageError, match="no customer"):
        peers(looked, "nobody")
    assert isinstance(peers(looked), NotKnown)  # no table of customers
    here = _customers(tmp_path / "other")
    apart: Any = peers(here.only("channel", "phone"), "c004")
    assert apart.points["value"].null_count() == 5
    assert "channel" in apart.points["reason"][0]
    small: Any = peers(_customers(tmp_path / "small", size=160), "c004")
    assert "So few" in small.caveat or "so few" in small.caveat
