"""Would the silent agree? Weights against loops and statsmodels, a known truth, the worst case; and ordered answers."""

from __future__ import annotations

import importlib
import itertools
import json
import math
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from stats import desk

from cxlib.metrics import Query, query
from cxlib.questions import breakdown, nonresponse, ordinal_change
from cxlib.questions.groups.ordinal import higher_rather_than_lower
from cxlib.results.types import Effects, NotKnown
from cxlib.store.folder import open_data

home = importlib.import_module("cxlib.questions.groups.nonresponse")


def asked(seed: int, customers: int = 1500, response: tuple[float, float] = (0.45, 0.15)) -> pl.DataFrame:
    """Return offers: by phone fewer are satisfied and fewer answer; `truth` is what all would have said."""
    rng = np.random.default_rng(seed)
    unit = np.repeat(np.arange(customers), rng.integers(1, 4, customers))
    phone = rng.random(len(unit)) < 0.5
    own = rng.normal(0, 0.08, customers)[unit]
    happy = (rng.random(len(unit)) < np.where(phone, 0.55, 0.85) + own).astype(float)
    answers = rng.random(len(unit)) < np.where(phone, response[1], response[0])
    return pl.DataFrame({"unit": unit, "weight": rng.choice([0.5, 1.0, 2.0], len(unit)), "truth": happy,
                         "channel": np.where(phone, "phone", "email"), "x": happy, "told": answers}).with_columns(
        x=pl.when("told").then("x"))  # fmt: skip


def test_the_levels_are_those_of_a_loop_with_chances_of_statsmodels() -> None:
    import statsmodels.api as sm

    frame = asked(1).with_columns(reopened=(pl.int_range(pl.len()) % 7 == 0).cast(pl.Float64))
    x = sm.add_constant(np.column_stack([frame["channel"] == "phone", frame["reopened"]]).astype(float))
    weight, told = frame["weight"].to_numpy(), frame["told"].to_numpy().astype(float)
    chance = sm.GLM(told, x, family=sm.families.Binomial(), freq_weights=weight).fit().predict(x)
    sums = np.zeros((3, 2))
    for p, row in zip(chance, frame.to_dicts(), strict=True):
        if row["x"] is not None:
            for place, by in enumerate((1.0, 1 / p, 1 / p - 1)):
                sums[place] += by * row["weight"] * np.array([row["x"], 1.0])
    whole, _ = home.levels(frame, ["channel", "reopened"])
    assert whole == pytest.approx(sums[:, 0] / sums[:, 1], abs=1e-6)


def test_no_answer_counts_more_than_five_times_the_mean_one() -> None:
    p, one = np.array([[0.5], [0.001]]), np.array([[100.0], [100.0]])
    heard, total = np.array([[50.0], [1.0]]), np.array([[50.0], [0.0]])
    inverse = 1 / (51 / 200 / 5)
    told, every, quiet = home.weighted(p, one, heard, total)[:, 0]
    assert told == pytest.approx(50 / 51)
    assert every == pytest.approx(100 / (100 + inverse))
    assert quiet == pytest.approx(50 / (50 + inverse - 1))


def test_weights_bring_the_figure_to_the_truth_where_kinds_decide_who_answers() -> None:
    covered, nearer, runs = 0, 0, 40
    for seed in range(runs):
        frame = asked(seed, 600).with_columns(weight=pl.lit(1.0))
        whole, drawn = home.levels(frame, ["channel"])
        truth, error = 0.70, np.std(drawn[:, 1], ddof=1)
        assert frame["truth"].mean() == pytest.approx(truth, abs=0.06)
        covered += abs(whole[1] - truth) < 1.96 * error
        nearer += abs(whole[1] - truth) < abs(whole[0] - truth)
    assert covered / runs >= 0.85
    assert nearer / runs >= 0.85  # what was told lies 7.5 points too high


def test_where_all_answer_alike_the_weights_move_nothing() -> None:
    alarms, runs = 0, 60
    for seed in range(runs):
        whole, drawn = home.levels(asked(seed, 400, response=(0.3, 0.3)), ["channel"])
        alarms += abs(whole[1] - whole[0]) > 1.96 * np.std(drawn[:, 1] - drawn[:, 0], ddof=1)
    assert alarms / runs <= 0.15


def test_a_kind_of_which_none_or_all_answered_stays_finite() -> None:
    frame = asked(2)
    none = frame.with_columns(x=pl.when(pl.col("channel") == "email").then("x"))
    every = frame.with_columns(x=pl.when(pl.col("channel") == "email").then("truth").otherwise("x"))
    for changed in (none, every, frame.with_columns(channel=pl.lit("email"))):
        whole, drawn = home.levels(changed, ["channel"])
        assert np.isfinite(whole[:2]).all()
        assert ((whole[:2] >= 0) & (whole[:2] <= 1)).all()
        assert len(drawn) > 150


Offers = list[dict[str, Any]]


def _offers(**other: Any) -> Offers:
    """Return surveys sent on 300 tickets, every third answered, the phone's worse."""
    rows: Offers = []
    for number in range(300):
        sent = datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(hours=12 * number)
        told = number % 3 == 0
        good = number % 5 > (number % 2) * 2
        rows.append(
            {"survey_id": f"s{number}", "kind": "csat", "ticket_id": f"t{number}", "customer_id": f"c{number % 90}",
             "sent_at": sent, "sent_day": sent.date(), "answered_at": sent + timedelta(hours=5) if told else None,
             "answered_day": (sent + timedelta(hours=5)).date() if told else None, "weight": 1.0 + number % 2,
             "latest": True if told else None, "box": ("top" if good else "bottom") if told else None,
             "answer": (1.0 if good else 0.0) if told else None, "scale_low": 0.0, "scale_high": 1.0,
             "scale_share": (1.0 if good else 0.0) if told else None} | other
        )  # fmt: skip
    return rows


def _looked(folder: Path, offers: Offers) -> Query:
    tickets = [{"ticket_id": f"t{i}", "channel": "phone" if i % 2 else "email",
                "created_at": datetime(2026, 2, 1, tzinfo=UTC)} for i in range(300)]  # fmt: skip
    return query(desk.build(folder, surveys=offers, tickets=tickets), month="2026-10")


def test_told_and_the_worst_case_are_what_a_loop_counts(tmp_path: Path) -> None:
    offers = _offers()
    found = nonresponse("csat", _looked(tmp_path / "desk", offers))
    assert isinstance(found, Effects)
    heard = sum(o["weight"] for o in offers if o["answered_at"])
    good = sum(o["weight"] for o in offers if o["box"] == "top")
    every = sum(o["weight"] for o in offers)
    low, high = 100 * good / every, 100 * (good + every - heard) / every
    text = found.caveat
    assert f"Told by {round(100 * heard / every)}\N{NO-BREAK SPACE}% of those asked: {100 * good / heard:.1f}" in text
    assert f"anywhere between {low:.1f} and {high:.1f}\N{NO-BREAK SPACE}%" in text
    assert found.allowing_for == ("channel",)
    assert found.points["n"].to_list() == [100, 100]
    assert found.points["units"].to_list() == [len({o["customer_id"] for o in offers if o["answered_at"]})] * 2


def test_what_cannot_be_said_is_said_why(tmp_path: Path, looked: Query) -> None:
    quiet = {"answered_at": None, "answered_day": None, "box": None}
    cases = {
        "only answers": ([o for o in _offers() if o["answered_at"]], "only those with an answer are recorded"),
        "one respondent": ([o if o["survey_id"] == "s0" else o | quiet for o in _offers()], "1 customers answered"),
        "no weight": (_offers(weight=0.0), "none was sent that counts"),
        "other months": (_offers(sent_day=datetime(2020, 1, 1, tzinfo=UTC).date()), "none was sent that counts"),
    }  # fmt: skip
    for name, (offers, reason) in cases.items():
        found = nonresponse("csat", _looked(tmp_path / name, offers))
        assert isinstance(found, NotKnown), name
        assert reason in found.reason, name
    assert isinstance(nonresponse("response_rate", looked), NotKnown)
    assert isinstance(nonresponse("ticket_volume", looked), NotKnown)
    alike = [o | {"box": "top" if o["answered_at"] else None} for o in _offers()]
    same = nonresponse("csat", _looked(tmp_path / "alike", alike))
    assert isinstance(same, Effects)
    assert same.points["value"].to_list() == [None, None]
    assert "all answers are alike" in same.points["reason"][0]
    assert "100.0" in same.caveat
    unlike = [o | {"ticket_id": None} for o in _offers()]  # of whom nothing is known
    untold = nonresponse("csat", _looked(tmp_path / "untold", unlike))
    assert isinstance(untold, Effects)
    assert "nothing known of those asked tells who answers" in untold.points["reason"][0]
    nothing = nonresponse("csat", looked)  # its surveys say nothing of who was asked
    assert isinstance(nothing, NotKnown)


def test_the_demo_knows_what_all_who_were_asked_would_say(small_demo: Path) -> None:
    planted = json.loads((small_demo / "truth.json").read_text(encoding="utf-8"))["effects"]["silent"]
    assert planted["asked"] > planted["told"] + 1
    looked = query(open_data(str(small_demo)))
    began = time.perf_counter()
    found = nonresponse("csat", looked)
    assert time.perf_counter() - began < 20
    assert isinstance(found, Effects)
    assert found.months == tuple(planted["months"])
    told, _, _ = _levels(found)
    n = found.points["n"][0]
    assert abs(told - planted["told"]) < 4 * 100 * math.sqrt(0.25 / n)
    low, high = (
        float(part) for part in found.caveat.split("between ")[1].split("\N{NO-BREAK SPACE}%")[0].split(" and ")
    )
    assert low < planted["asked"] < high


def _levels(found: Effects) -> list[float]:
    words = found.caveat.replace("\N{NO-BREAK SPACE}", " ").split(" %")
    return [float(part.split()[-1]) for part in words[1:4]]


def test_ordered_answers_are_compared_as_brunner_and_munzel_do() -> None:
    from statsmodels.stats.nonparametric import rank_compare_2indep

    rng = np.random.default_rng(1)
    x, y = rng.integers(1, 6, 70).astype(float), rng.integers(2, 6, 90).astype(float)
    units = (pl.Series([f"a{i}" for i in range(70)]), pl.Series([f"b{i}" for i in range(90)]))
    value, error = higher_rather_than_lower((pl.Series(x), units[0]), (pl.Series(y), units[1]))
    other = rank_compare_2indep(y, x)
    pairs = [np.sign(b - a) for a, b in itertools.product(x, y)]
    assert value == pytest.approx(float(np.mean(pairs)))
    assert value == pytest.approx(2 * other.prob1 - 1)
    assert error == pytest.approx(2 * np.sqrt(other.var_prob if hasattr(other, "var_prob") else other.var / other.nobs))


def test_several_answers_of_one_customer_are_not_taken_for_many() -> None:
    alarms, naive, runs = 0, 0, 300
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        unit = np.repeat(np.arange(40), 5)
        own = rng.normal(0, 1.5, 40)[unit]
        sides = [np.clip(np.round(3 + own + rng.normal(0, 1, 200)), 1, 5) for _ in range(2)]
        shuffled = rng.normal(0, 1.5, 40)[unit]
        sides[1] = np.clip(np.round(3 + shuffled + rng.normal(0, 1, 200)), 1, 5)
        names = [pl.Series([f"{side}{i}" for i in unit]) for side in "ab"]
        value, error = higher_rather_than_lower(*((pl.Series(s), n) for s, n in zip(sides, names, strict=True)))
        alarms += abs(value) > 2.02 * error
        alone = [pl.Series([f"{side}{i}" for i in range(200)]) for side in "ab"]
        _, small = higher_rather_than_lower(*((pl.Series(s), n) for s, n in zip(sides, alone, strict=True)))
        naive += abs(value) > 1.97 * small
    assert alarms / runs <= 0.09
    assert naive / runs > 0.2, "clusters that do not matter would prove nothing"


def test_the_same_customers_twice_are_compared_with_themselves() -> None:
    rng = np.random.default_rng(3)
    own, names = rng.normal(0, 2, 200), pl.Series([f"c{i}" for i in range(200)])
    sides = [pl.Series(np.round(5 + own + rng.normal(0, 0.5, 200))) for _ in range(2)]
    strangers = pl.Series([f"d{i}" for i in range(200)])
    _, paired = higher_rather_than_lower((sides[0], names), (sides[1], names))
    _, apart = higher_rather_than_lower((sides[0], names), (sides[1], strangers))
    assert paired < 0.5 * apart


def test_the_companion_of_a_changed_mean(looked: Query) -> None:
    found = ordinal_change("csat_mean", looked)
    assert isinstance(found, Effects)
    rows = looked.data.scan("surveys").filter(pl.col("kind") == "csat").collect().to_dicts()
    months = [[r for r in rows if f"{r['answered_day']:%Y-%m}" == month] for month in ("2026-09", "2026-10")]
    signs = [np.sign(b["scale_share"] - a["scale_share"]) for a in months[0] for b in months[1]]
    row = found.points.row(0, named=True)
    assert row["value"] == pytest.approx(100 * float(np.mean(signs)))
    assert row["n"] == sum(map(len, months))
    assert row["low"] < row["value"] < row["high"]
    assert isinstance(ordinal_change("csat", looked), NotKnown)
    assert isinstance(ordinal_change("csat_mean", looked, "2024-01"), NotKnown)
    assert isinstance(breakdown("csat", replace(looked, by="channel")), object)
