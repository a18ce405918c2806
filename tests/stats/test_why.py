"""The parts of a change sum to it, equal a plain loop, cover the truth, and find what the demo company plants."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings, strategies as st
from stats import desk

from cxlib.errors import UsageError
from cxlib.metrics import METRICS, Query, query
from cxlib.present.sentences import say
from cxlib.questions import change, mix_decomposition
from cxlib.questions.over_time.decomposition import divide
from cxlib.results.reasons import Decomposition
from cxlib.results.types import NotKnown
from cxlib.store.folder import open_data

NOW, BEFORE = "2026-10", "2026-09"
CSAT, MEAN = METRICS["csat"], METRICS["csat_mean"]
SHARES = np.array([[0.2, 0.3, 0.3, 0.2], [0.4, 0.2, 0.25, 0.15]])
CHANCES = np.array([[0.5, 0.8, 0.85, 0.9], [0.5, 0.75, 0.85, 0.9]])


def frame(rows: list[tuple[str, str, str, float, float]]) -> pl.DataFrame:
    """A unit frame of (period, group, unit, weight, value)."""
    names = ["period", "group", "unit", "sum_w", "x"]
    weighted = pl.DataFrame(rows, schema=names, orient="row").with_columns(sum_wx=pl.col("sum_w") * pl.col("x"))
    return weighted.group_by("period", "group", "unit").agg(pl.col("sum_w", "sum_wx").sum()).sort(names[:3])


def divided(units: pl.DataFrame, metric: Any = MEAN) -> tuple[pl.DataFrame, pl.DataFrame]:
    return divide(metric, units, units["group"].unique().sort(), BEFORE)


def by_loop(rows: list[tuple[str, str, str, float, float]]) -> dict[str, float]:
    """Kitagawa's parts, term by term, over literal rows."""
    weight: dict[Any, float] = defaultdict(float)
    total: dict[Any, float] = defaultdict(float)
    for period, group, _, w, x in rows:
        weight[period, group] += w
        total[period, group] += w * x
    groups = {group for _, group in weight}
    both = {g for g in groups if weight.get((NOW, g)) and weight.get((BEFORE, g))}

    def figure(period: str, some: set[str]) -> float:
        held = [g for g in some if weight.get((period, g))]
        return sum(total[period, g] for g in held) / sum(weight[period, g] for g in held)

    parts = {"mix": 0.0, "within": 0.0}
    for g in both:
        share = {p: weight[p, g] / sum(weight[p, h] for h in both) for p in (NOW, BEFORE)}
        mean = {p: total[p, g] / weight[p, g] for p in (NOW, BEFORE)}
        parts["mix"] += (share[NOW] - share[BEFORE]) * (mean[NOW] + mean[BEFORE]) / 2
        parts["within"] += (share[NOW] + share[BEFORE]) / 2 * (mean[NOW] - mean[BEFORE])
    if both != groups:
        parts["turnover"] = (figure(NOW, groups) - figure(NOW, both)) - (figure(BEFORE, groups) - figure(BEFORE, both))
    return parts


answers = st.tuples(
    st.sampled_from([NOW, BEFORE]), st.sampled_from("abcd"), st.sampled_from([f"c{i}" for i in range(9)]),
    st.sampled_from([0.5, 1.0, 2.0]), st.sampled_from([0.0, 25.0, 100.0]),
)  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(st.lists(answers, max_size=30))
def test_parts_sum_to_the_change_and_equal_a_plain_loop(drawn: list[tuple[str, str, str, float, float]]) -> None:
    rows = [(NOW, "a", "c1", 1.0, 25.0), (BEFORE, "a", "c2", 1.0, 100.0), *drawn]
    parts, groups = divided(frame(rows))
    found = dict(parts.select("part", "difference").iter_rows())
    assert found == pytest.approx(by_loop(rows), abs=1e-9)
    level = {
        p: np.average([r[4] for r in rows if r[0] == p], weights=[r[3] for r in rows if r[0] == p])
        for p in (NOW, BEFORE)
    }
    assert sum(found.values()) == pytest.approx(level[NOW] - level[BEFORE], abs=1e-9)
    for part, size in found.items():
        assert groups[part].sum() == pytest.approx(size, abs=1e-9)
    assert groups["difference"].sum() == pytest.approx(sum(found.values()), abs=1e-9)


def test_a_whole_question_equals_a_loop_over_the_literal_rows(
    looked: Query, literal_tickets: desk.Rows, literal_surveys: desk.Rows
) -> None:
    channel = {ticket["ticket_id"]: ticket["channel"] or "(not known)" for ticket in literal_tickets}
    rows = [
        (f"{r['answered_day']:%Y-%m}", channel[r["ticket_id"]], "", r["weight"], 100.0 * (r["box"] == "top"))
        for r in literal_surveys
        if r["kind"] == "csat" and f"{r['answered_day']:%Y-%m}" in (NOW, BEFORE)
    ]
    result = mix_decomposition("csat", looked, "channel")
    assert isinstance(result, Decomposition)
    assert dict(result.parts.select("part", "difference").iter_rows()) == pytest.approx(by_loop(rows))
    assert result.parts["difference"].sum() == pytest.approx(change("csat", looked).difference)  # type: ignore[union-attr]


def drawn_months(rng: np.random.Generator, people: int, most: int, correlation: float) -> pl.DataFrame:
    """Two months of answers by overlapping customers, whose own answers resemble each other."""
    own, rows = rng.random(people), []
    for place, period in enumerate((BEFORE, NOW)):
        who = np.flatnonzero(rng.random(people) < 0.6)
        who = np.repeat(who, rng.integers(1, most + 1, len(who)))
        group = rng.choice(4, len(who), p=SHARES[place])
        again = rng.random(len(who)) < np.sqrt(correlation)
        x = np.where(again, own[who], rng.random(len(who))) < CHANCES[place][group]
        rows += [(period, f"g{g}", f"c{i}", 1.0, float(v)) for g, i, v in zip(group, who, x, strict=True)]
    return frame(rows)


@pytest.mark.parametrize(("people", "most", "correlation"), [(60, 1, 0.0), (300, 1, 0.0), (300, 3, 0.3)])
def test_intervals_of_parts_cover_the_truth(people: int, most: int, correlation: float) -> None:
    truth = {
        "mix": 100 * ((SHARES[1] - SHARES[0]) * CHANCES.mean(axis=0)).sum(),
        "within": 100 * (SHARES.mean(axis=0) * (CHANCES[1] - CHANCES[0])).sum(),
    }
    rng, runs, hits = np.random.default_rng(20262), 200, dict.fromkeys(truth, 0)
    for _ in range(runs):
        parts, _ = divided(drawn_months(rng, people, most, correlation), CSAT)
        for row in parts.iter_rows(named=True):
            if row["part"] in hits:
                hits[row["part"]] += row["low"] <= truth[row["part"]] <= row["high"]
    floor = 0.93 - 3 * np.sqrt(0.93 * 0.07 / runs)
    assert {part: n / runs for part, n in hits.items() if n / runs < floor} == {}


def test_the_error_equals_that_of_leaving_out_one_customer_after_the_other() -> None:
    units = drawn_months(np.random.default_rng(3), 500, 3, 0.4)
    who = units["unit"].unique().to_list()
    left_out = np.array([divided(units.filter(pl.col("unit") != one), CSAT)[0]["difference"] for one in who])
    jackknife = np.sqrt((len(who) - 1) * left_out.var(axis=0))
    parts, _ = divided(units, CSAT)
    half = ((parts["high"] - parts["low"]) / 2).to_numpy()
    assert half / 1.97 == pytest.approx(jackknife, rel=0.02)
    outside = ((parts["low"] > 0) | (parts["high"] < 0)).to_list()
    assert outside == (parts["p_value"] < 0.05).to_list()


def test_the_demo_companys_planted_parts_are_found(small_demo: Path) -> None:
    truth = json.loads((small_demo / "truth.json").read_text())["effects"]["satisfaction_fall"]
    looked = query(open_data(str(small_demo)), month=truth["months"][1])
    result = mix_decomposition("csat", looked, "channel")
    assert isinstance(result, Decomposition)
    for part in ("mix", "within"):
        row = result.parts.row(by_predicate=pl.col("part") == part, named=True)
        error = (row["high"] - row["low"]) / 2 / 1.98
        assert abs(row["difference"] - truth[part]) < 3 * error, part


def test_what_has_no_parts_is_said_in_words(looked: Query) -> None:
    for name in ("agent_turnover", "ticket_volume"):
        answer = mix_decomposition(name, looked, "channel")
        assert isinstance(answer, NotKnown)
        assert "break it down instead" in say(answer).text
    with pytest.raises(UsageError, match="Say by what"):
        mix_decomposition("csat", looked)
    assert isinstance(mix_decomposition("csat", looked, "channel", "2020-01"), NotKnown)


def test_groups_of_one_customer_and_answers_all_alike_have_no_false_certainty() -> None:
    alike = [(period, group, f"c{i}", 1.0, 100.0) for period in (NOW, BEFORE) for group in "ab" for i in range(9)]
    parts, groups = divided(frame(alike))
    assert parts["difference"].to_list() == pytest.approx([0.0, 0.0])
    assert parts["low"].null_count() == 2
    assert True not in groups.select(pl.col(pl.Float64).is_nan().any()).row(0)
    single = [*alike[:-1], (BEFORE, "z", "c1", 1.0, 0.0), (NOW, "z", "c2", 1.0, 100.0)]
    assert (divided(frame(single))[0]["high"] - divided(frame(single))[0]["low"]).min() > 0
    parts, _ = divided(frame([(NOW, "a", "c1", 1.0, 0.0), (BEFORE, "a", "c1", 1.0, 100.0)]))
    assert parts["low"].null_count() == 2


def test_a_mean_whose_refunds_have_no_order_beside_them_is_not_divided(small_demo: Path) -> None:
    answer = mix_decomposition("average_order_value", query(open_data(str(small_demo))), "importance")
    assert isinstance(answer, NotKnown)
    assert say(answer).text.startswith("Why Average order value moved is not known: Its refunds need not lie")
