"""Funnels: limits equal a plain convolution, equal agents raise no alarm, and a planted one is found."""

from __future__ import annotations

import json
from functools import reduce
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from stats import desk

from cxlib.demo import DemoParameters, build_demo
from cxlib.derive import derive
from cxlib.errors import UsageError
from cxlib.metrics import Query, query
from cxlib.metrics.frames import NOT_KNOWN
from cxlib.present.sentences import say
from cxlib.questions import agents, breakdown
from cxlib.questions.team.agents import _curve, settled
from cxlib.results.reasons import Funnel, Spread
from cxlib.results.types import Breakdown, NotKnown
from cxlib.stats.case_mix import alone, chances, expected
from cxlib.stats.spread import shrunk, spread
from cxlib.store.folder import open_data

MIX = ["channel", "category"]
BY_CHANNEL, BY_CATEGORY = np.array([0.9, 0.8, 0.75, 0.6]), np.array([0.0, 0.05, -0.05, 0.02, -0.02])


def drawn(
    rng: np.random.Generator,
    size: int,
    n: int,
    *,
    apart: float = 0.0,
    worse: float = 0.0,
    most: int = 1,
    alike: float = 0.0,
) -> pl.DataFrame:
    """Answers of agents with different mixes of work; `apart` is the spread between them, the first one `worse`."""
    agent = np.repeat(np.arange(size), rng.poisson(n * rng.uniform(0.3, 1.7, size)) + 1)
    channel, category = rng.integers(0, 4, len(agent)), rng.integers(0, 5, len(agent))
    unit = np.unique(np.arange(len(agent)) // most + agent * 10**6, return_inverse=True)[1]
    chance = BY_CHANNEL[channel] + BY_CATEGORY[category] + rng.normal(0, apart, size)[agent] - worse * (agent == 0)
    again = rng.random(len(agent)) < np.sqrt(alike)
    u = np.where(again, rng.random(unit.max() + 1)[unit], rng.random(len(agent)))
    names = {"group": agent, "channel": channel, "category": category, "unit": unit}
    rows = pl.DataFrame({name: codes.astype(str) for name, codes in names.items()})
    rows = rows.with_columns(n=pl.lit(1, pl.Int64), x=pl.Series((u < np.clip(chance, 0, 1)).astype(np.int64)))
    return rows.group_by(*names).agg(pl.col("n", "x").sum()).sort(*names)


def spread_of(points: pl.DataFrame) -> Spread | None:
    return spread(*(points[name].to_numpy().astype(float) for name in ("n", "difference", "variance", "tails")))


def test_chances_equal_adding_one_answer_after_the_other() -> None:
    n, p = np.array([3.0, 40.0, 0.0, 7.0]), np.array([0.5, 0.91, 0.3, 0.0])
    each = [chance for trials, chance in zip(n, p, strict=True) for _ in range(int(trials))]
    by_loop = reduce(lambda found, chance: np.convolve(found, [1 - chance, chance]), each, np.ones(1))
    assert chances(n, p) == pytest.approx(by_loop, abs=1e-14)


def test_expected_values_add_up_to_what_was_observed_in_every_channel_and_category() -> None:
    rows = drawn(np.random.default_rng(1), 8, 60)
    modelled = rows.join(expected(rows, MIX, pl.lit(True)), on=MIX)
    for name in MIX:
        sums = modelled.group_by(name).agg(pl.col("x").sum(), e=(pl.col("n") * pl.col("p")).sum())
        assert sums["e"].to_numpy() == pytest.approx(sums["x"].to_numpy(), rel=1e-6)
    one = rows.join(expected(rows, ["channel"], pl.lit(True)), on="channel")
    plain = rows.group_by("channel").agg(rate=pl.col("x").sum() / pl.col("n").sum())
    assert one.join(plain, on="channel").select((pl.col("p") - pl.col("rate")).abs().max()).item() < 1e-6


def test_points_and_limits_equal_a_loop_over_each_answer() -> None:
    rows = drawn(np.random.default_rng(2), 6, 40)
    modelled, points, _ = settled(rows, MIX)
    level = rows["x"].sum() / rows["n"].sum()
    for point in points.iter_rows(named=True):
        own = modelled.filter(pl.col("group") == point["group"])
        each = [row["p"] for row in own.iter_rows(named=True) for _ in range(row["n"])]
        pmf = reduce(lambda found, chance: np.convolve(found, [1 - chance, chance]), each, np.ones(1))
        for low, high, alpha in (("low", "high", 0.05), ("low_998", "high_998", 0.002)):
            bottom = next(k for k in range(len(pmf)) if pmf[: k + 1].sum() > alpha / 2)
            top = next(k for k in reversed(range(len(pmf))) if pmf[k:].sum() > alpha / 2)
            limits = [level + (k - sum(each)) / len(each) for k in (bottom, top)]
            assert [point[low], point[high]] == pytest.approx(limits)
        seen = int(own["x"].sum())
        assert point["value"] == pytest.approx(level + (seen - sum(each)) / len(each))
        assert point["p_value"] == pytest.approx(min(1, 2 * min(pmf[: seen + 1].sum(), pmf[seen:].sum())))
        assert (point["p_value"] < 0.05) == (not point["low"] <= point["value"] <= point["high"])


def test_the_curve_lies_between_the_binomials_whole_numbers_wider_by_the_root_of_the_design() -> None:
    from scipy.stats import binom

    rows = pl.DataFrame({"group": ["a", "b"], "unit": ["u", "v"], "n": [50, 30], "x": [25, 15], "p": [0.5, 0.5]})
    curve, wide = (_curve(rows, design, 100.0) for design in (1.0, 2.25))
    last, wider = curve.row(-1, named=True), wide.row(-1, named=True)
    assert last["n"] == 50
    for name, end in (("low", 0.025), ("low_998", 0.001), ("high", 0.975), ("high_998", 0.999)):
        number = binom.ppf(end, 50, 0.5)  # 18, 14, 32 and 36 of 50
        assert number - 1 < last[name] / 2 <= number
        assert wider[name] - 50 == pytest.approx(1.5 * (last[name] - 50))


@pytest.mark.parametrize(("most", "alike"), [(1, 0.0), (4, 0.4)])
def test_equal_agents_raise_no_alarm(most: int, alike: float) -> None:
    rng, runs, alarms, outside, judged, more, less, held = np.random.default_rng(7), 40, 0, 0, 0, 0, 0, 0
    for _ in range(runs):
        _, points, apart = settled(drawn(rng, 14, 60, most=most, alike=alike), MIX)
        found = spread_of(points)
        assert found is not None
        alarms += bool(apart)
        outside += points.filter(pl.col("p_value") < 0.05).height
        judged += points.height
        more, less = more + (found.p_more < 0.025), less + (found.p_less < 0.025)
        held += found.low == 0.0
    grace = 3 * np.sqrt(0.065 * 0.935 / runs)
    assert max(alarms, more, less, runs - held) / runs <= 0.065 + grace
    assert outside / judged <= 0.065 + 3 * np.sqrt(0.065 * 0.935 / judged)


def test_the_spread_between_agents_lies_within_its_limits() -> None:
    rng, runs, held, values = np.random.default_rng(8), 40, 0, []
    for _ in range(runs):
        found = spread_of(settled(drawn(rng, 14, 100, apart=0.08), MIX)[1])
        assert found is not None
        values.append(found.value)
        held += found.low <= 8.0 <= (found.high or 0.0)
    assert held / runs >= 0.93 - 3 * np.sqrt(0.93 * 0.07 / runs)
    assert np.mean(values) == pytest.approx(8.0, abs=1.0)


def test_answers_more_alike_than_chance_makes_them_are_a_warning() -> None:
    n, p = np.full(20, 100.0), np.full(20, 0.8)
    found = spread(n, np.tile([0.005, -0.005], 10), p * (1 - p) / n, np.zeros(20))
    assert found is not None
    assert found.dispersion < 0.1
    assert found.p_less < 0.001
    assert found.high is None
    assert spread(n[:4], np.zeros(4), p[:4], np.zeros(4)) is None


def test_drawing_towards_zero_equals_summing_over_spreads_one_by_one() -> None:
    d, v = np.array([-0.25, 0.02, 0.05, -0.01, 0.0]), np.array([0.001, 0.002, 0.01, 0.002, 0.001])
    weights, means, squares = [], [], []
    for tau in np.linspace(0, 0.5, 501):
        weights.append(
            np.prod([np.exp(-(x**2) / 2 / (s + tau**2)) / np.sqrt(s + tau**2) for x, s in zip(d, v, strict=True)])
        )
        means.append([tau**2 / (s + tau**2) * x for x, s in zip(d, v, strict=True)])
        squares.append(
            [tau**2 / (s + tau**2) * s + (tau**2 / (s + tau**2) * x) ** 2 for x, s in zip(d, v, strict=True)]
        )
    mean, square = (np.average(table, axis=0, weights=weights) for table in (means, squares))
    found = shrunk(d, v)
    assert found["shrunk"].to_numpy() == pytest.approx(mean)
    assert ((found["shrunk_high"] - found["shrunk"]) / 1.959964).to_numpy() == pytest.approx(np.sqrt(square - mean**2))
    assert (found["shrunk"].abs() <= pl.Series(abs(d))).all()


def test_one_bad_agent_is_named_and_does_not_make_others_look_good() -> None:
    rng, found, others = np.random.default_rng(9), 0, 0
    for _ in range(10):
        _, points, apart = settled(drawn(rng, 20, 120, worse=0.25), MIX)
        found += "0" in apart
        others += bool(apart - {"0"})
        assert points.filter(pl.col("group") == "0")["difference"][0] < 0
    assert found >= 9
    assert others <= 1


def test_the_demo_companys_planted_agent_is_the_only_one_named(small_demo: Path) -> None:
    truth = json.loads((small_demo / "truth.json").read_text())["effects"]["worse_agent"]
    result = agents("csat", query(open_data(str(small_demo))))
    assert isinstance(result, Funnel)
    point = result.points.row(by_predicate=pl.col("group") == truth["agent_id"], named=True)
    error = (point["high"] - point["low"]) / 2 / 1.96
    assert abs(point["difference"] - truth["difference"]) < 3 * error
    assert result.points.filter("evident")["group"].to_list() in ([truth["agent_id"]], [])
    assert not result.points.select(pl.col(pl.Float64).is_nan().any()).transpose().to_series().any()


def test_an_agent_planted_far_below_is_named_and_nobody_else(tmp_path: Path) -> None:
    build_demo(tmp_path, parameters=DemoParameters(tickets=12_000, agents=20, months=14, worse_agent_log_odds=-2.5))
    derive(tmp_path)
    planted = json.loads((tmp_path / "truth.json").read_text())["effects"]["worse_agent"]["agent_id"]
    result = agents("csat", query(open_data(str(tmp_path))))
    assert isinstance(result, Funnel)
    assert result.points.filter("evident")["group"].to_list() == [planted]


def test_what_cannot_be_compared_is_said_in_words(looked: Query) -> None:
    assert "no share" in say(agents("resolution_time", looked)).text
    with pytest.raises(UsageError, match="'agent' or 'team'"):
        agents("csat", looked, "channel")
    answer = agents("csat", looked, "team")
    assert isinstance(answer, NotKnown)
    result = agents("csat", looked)
    assert isinstance(result, Funnel)
    assert result.mix == ("channel",), "no categories in these data"


def worked(*rows: tuple[str, str, str, int, int]) -> pl.DataFrame:
    """Rows of (agent, channel, category, answers, those that count), each answer of a customer of its own."""
    answers = [(*row[:3], f"{row[:3]}{i}", 1, int(i < row[4])) for row in rows for i in range(row[3])]
    return pl.DataFrame(answers, schema=["group", *MIX, "unit", "n", "x"], orient="row")


def test_one_channel_and_one_category_leave_the_overall_share() -> None:
    rows = worked(("A", "email", "X", 60, 40), ("B", "email", "X", 60, 10))
    assert expected(rows, MIX, pl.lit(True))["p"].to_list() == pytest.approx([50 / 120])
    assert alone(rows, MIX) == frozenset()
    assert settled(rows, MIX)[2] == {"A", "B"}


def test_a_dimension_that_does_not_vary_changes_nothing() -> None:
    rows = drawn(np.random.default_rng(3), 6, 40)
    constant = rows.with_columns(category=pl.lit("X")).group_by("group", *MIX, "unit").agg(pl.col("n", "x").sum())
    two, one = (settled(constant.sort(pl.all()), mix)[1] for mix in (MIX, ["channel"]))
    assert two["expected"].to_numpy() == pytest.approx(one["expected"].to_numpy())


def test_whoever_shares_no_work_with_others_is_alone() -> None:
    apart = worked(("A", "email", "X", 30, 30), ("B", "phone", "Y", 30, 0))
    assert alone(apart, MIX) == {"A", "B"}
    assert alone(apart, []) == frozenset()
    shared = worked(("A", "email", "X", 9, 5), ("B", "email", "X", 9, 5), ("C", "phone", "X", 9, 0))
    assert alone(shared, MIX) == {"C"}
    # nobody else writes mails about Y; email and Y are known from the others all the same
    sums = worked(
        ("A", "email", "Y", 9, 5), ("B", "email", "X", 9, 5), ("C", "phone", "X", 9, 5), ("D", "phone", "Y", 9, 5)
    )
    assert alone(sums, MIX) == frozenset()


def _rated(folder: Path, *work: tuple[str, str, float]) -> Query:
    """Data of agents, each with one channel, 60 answers and a share of them that count."""
    day = desk.EXTRACTED.replace(month=10, day=5)
    tickets = [
        {"ticket_id": f"{agent}{channel}{i}", "customer_id": f"{agent}{channel}{i}", "agent_id": agent,
         "channel": channel, "status": "solved", "created_at": day, "created_day": day.date()}
        for agent, channel, _ in work for i in range(60)
    ]  # fmt: skip
    top = [i < 60 * share for _, _, share in work for i in range(60)]
    surveys = [
        {"survey_id": row["ticket_id"], "kind": "csat", "box": "top" if good else "bottom", "latest": True,
         "customer_latest": True, "answer": 1.0, "answered_at": day, "answered_day": day.date(),
         **{name: row[name] for name in ("ticket_id", "customer_id", "agent_id")}}
        for row, good in zip(tickets, top, strict=True)
    ]  # fmt: skip
    return query(desk.build(folder, tickets=tickets, surveys=surveys), month="2026-10")


def test_agents_who_did_not_do_the_same_work_are_not_compared(tmp_path: Path) -> None:
    answer = agents("csat", _rated(tmp_path / "two", ("A", "email", 1.0), ("B", "phone", 0.1)))
    assert isinstance(answer, NotKnown)
    assert "did the same work, by channel" in answer.reason
    three = agents("csat", _rated(tmp_path / "three", ("A", "email", 0.9), ("B", "email", 0.8), ("C", "phone", 0.1)))
    assert isinstance(three, Funnel)
    assert (three.points["group"].to_list(), three.alone) == (["B", "A"], ("C",))
    assert three.overall == pytest.approx(85.0)
    assert say(three).text.endswith(" Not compared, as nobody else did the same work: C.")
    alike = agents("csat", _rated(tmp_path / "alike", ("A", "email", 0.9), ("B", "email", 0.1)))
    assert isinstance(alike, Funnel)
    assert alike.points["evident"].to_list() == [True, True]


def test_shares_and_their_limits_end_at_0_and_100_percent(tmp_path: Path) -> None:
    """Who is right in all of the work that fares badly lies further above the common level than a share can."""
    phone = [(f"P{k}", "phone", share) for k, share in enumerate((1.0, 0.1, 0.1, 0.1))]
    email = [(f"E{k}", "email", share) for k, share in enumerate((0.0, 0.9, 0.9, 0.9))]
    found = agents("csat", _rated(tmp_path / "desk", *phone, *email))
    assert isinstance(found, Funnel)
    shown = found.points.select("value", "low", "high", "low_998", "high_998")
    assert (shown.min_horizontal().min(), shown.max_horizontal().max()) == (0.0, 100.0)
    at = {row["group"]: row for row in found.points.iter_rows(named=True)}
    assert (at["P0"]["value"], at["E0"]["value"]) == (100.0, 0.0)
    assert found.overall + at["P0"]["difference"] > 100  # the difference itself is not cut
    assert found.overall == pytest.approx(at["P1"]["value"] - at["P1"]["difference"])


def test_agents_side_by_side_stand_by_name_and_make_no_league_table(small_demo: Path) -> None:
    shown = breakdown("csat", query(open_data(str(small_demo))), "agent")
    assert isinstance(shown, Breakdown)
    names = shown.points.filter(pl.col("group") != NOT_KNOWN)["label"].to_list()
    assert len(names) > 10
    assert names == sorted(names)
    values = shown.points["value"].drop_nulls().to_list()
    assert values != sorted(values, reverse=True)
