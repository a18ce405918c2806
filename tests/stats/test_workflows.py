"""Workflows: reach, uses against peers and how tickets fare, against loops, another tool, planted and absent truths."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from stats.desk import Rows, build
from stats.service_desk import MACROS, by_ticket, looked, run, runs, tickets

import cxlib as cx
from cxlib.metrics.queries import Query, query
from cxlib.questions import breakdown, trend
from cxlib.questions.workflows.outcomes import workflow_outcomes
from cxlib.questions.workflows.peers import FAR, heavy_workflows
from cxlib.questions.workflows.reach import workflow_reach
from cxlib.results.types import Breakdown, Effects, NotKnown, Shortlist, Trend
from cxlib.store.folder import open_data
from tests.sources.zendesk_desk import FIXTURES, imported

EQUAL = dict.fromkeys(MACROS, 0.2)
PLANTED = {"one": 0.1, "two": 0.1, "three": 0.1, "four": 0.1, "block": (0.8, 0.35)}


def reach(looked_at: Query, by: str = "workflow_kind") -> Breakdown:
    found = workflow_reach(looked_at, by)
    assert isinstance(found, Breakdown)
    return found


def heavy(looked_at: Query, by: str = "") -> Shortlist:
    found = heavy_workflows(looked_at, by)
    assert isinstance(found, Shortlist)
    return found


def outcomes(looked_at: Query) -> Effects:
    found = workflow_outcomes(looked_at)
    assert isinstance(found, Effects)
    return found


# --- reach ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def mixed(tmp_path: Path) -> tuple[Query, Rows, Rows]:
    asked = tickets()
    ran = runs(asked, EQUAL)
    for number, ticket in enumerate(asked):
        if number % 7 == 0:
            ran.append(run(10_000 + number, ticket, "one", kind="saved_reply", hours=2))
        if number % 3 == 0:
            ran += [run(20_000 + number, ticket, "closes", kind="automation", hours=50),
                    run(30_000 + number, ticket, "first reply", kind="sla")]  # fmt: skip
    return looked(tmp_path / "desk", asked, ran), asked, ran


def test_reach_is_the_share_a_loop_counts(mixed: tuple[Query, Rows, Rows]) -> None:
    view_of, asked, ran = mixed
    inside = {t["ticket_id"]: t["solved_at"] for t in asked if t["solved_day"].strftime("%Y-%m") == "2026-10"}
    for by, names in (("workflow_kind", lambda one: one["kind"].replace("_", " ")),
                      ("workflow", lambda one: f"{one['kind'].replace('_', ' ')}: {one['name']}")):  # fmt: skip
        touched = defaultdict(set)
        for one in ran:
            if one["ticket_id"] in inside and one["kind"] != "sla" and one["ran_at"] <= inside[one["ticket_id"]]:
                touched[names(one)].add(one["ticket_id"])
        found = dict(reach(view_of, by).points.select("label", "value").iter_rows())
        assert found == pytest.approx({name: 100 * len(ids) / len(inside) for name, ids in touched.items()})
    assert "automation" not in reach(view_of).points["label"]


def test_one_number_by_two_routes(mixed: tuple[Query, Rows, Rows], tmp_path: Path) -> None:
    view_of, asked, ran = mixed
    columns = ("n", "units", "value", "se", "low", "high")
    whole = trend("workflow_share", view_of)
    assert isinstance(whole, Trend)
    found = reach(view_of)
    last = whole.points.row(-1, named=True)
    assert [getattr(found.overall, name) for name in columns] == pytest.approx([last[name] for name in columns])
    only = looked(tmp_path / "only", asked, [one for one in ran if one["kind"] == "saved_reply"])
    alone = trend("workflow_share", only)
    assert isinstance(alone, Trend)
    row = found.points.row(by_predicate=pl.col("group") == "saved reply", named=True)
    assert [row[name] for name in columns] == pytest.approx(
        [alone.points.row(-1, named=True)[name] for name in columns]
    )
    assert row["before"] == pytest.approx(alone.points.row(-2, named=True)["value"])


# --- against peers ----------------------------------------------------------------------------------------------------


def test_uses_against_peers_are_those_a_loop_counts(tmp_path: Path) -> None:
    asked = tickets()
    ran = runs(asked, PLANTED)
    ran += [
        run(50_000 + number, ticket, "two") for number, ticket in enumerate(asked[:40])
    ]  # some ran twice on a ticket
    found = heavy(looked(tmp_path / "desk", asked, ran))
    inside = [one for one in ran if date(2025, 11, 1) <= one["ran_day"] <= date(2026, 10, 31)]
    total, by_ticket = Counter(one["name"] for one in inside), Counter((o["name"], o["ticket_id"]) for o in inside)
    variance: Counter[str] = Counter()
    for (name, _), count in by_ticket.items():
        variance[name] += count**2
    for row in found.points.iter_rows(named=True):
        name = row["label"].removeprefix("macro: ")
        others = sum(total.values()) - total[name]
        ratio = total[name] / (others / (len(total) - 1))
        error = math.sqrt(variance[name] / total[name] ** 2 + (variance.total() - variance[name]) / others**2)
        assert row["value"] == pytest.approx(ratio)
        assert row["n"] == total[name]
        assert (row["low"], row["high"]) == pytest.approx(
            (ratio * math.exp(-1.959964 * error), ratio * math.exp(1.959964 * error)), rel=1e-6
        )  # fmt: skip


def test_the_ratio_of_single_uses_is_statsmodels(tmp_path: Path) -> None:
    from statsmodels.stats.rates import confint_poisson_2indep

    asked = tickets()
    found = heavy(looked(tmp_path / "desk", asked, runs(asked, PLANTED)))
    counts = dict(found.points.select("label", "n").iter_rows())
    for label, low, high in found.points.select("label", "low", "high").iter_rows():
        others = sum(counts.values()) - counts[label]
        expected = confint_poisson_2indep(
            counts[label], 1, others, len(counts) - 1, compare="ratio", method="score-log"
        )
        assert (low, high) == pytest.approx(expected, rel=0.02)


def test_the_blockage_is_named_and_a_shortcut_too(tmp_path: Path) -> None:
    asked = tickets(4000)
    ran = runs(asked, PLANTED) + [
        run(70_000 + number, ticket, "good") for number, ticket in enumerate(asked)
        if number % (6 if ticket["agent_replies"] == 1 else 15) == 0
    ]  # fmt: skip
    found = heavy(looked(tmp_path / "desk", asked, ran))
    named = {row["label"]: row["note"] for row in found.points.filter("named").iter_rows(named=True)}
    assert set(named) == {"macro: block", "macro: good"}
    assert named["macro: block"].startswith("blockage: ")
    assert "more often reopened" in named["macro: block"]
    assert named["macro: good"].startswith("good shortcut: more often resolved at first contact")
    assert "blockage" in str(cx.say(found))


def test_much_used_and_nothing_else_is_an_overloaded_step(tmp_path: Path) -> None:
    asked = tickets()
    found = heavy(looked(tmp_path / "desk", asked, runs(asked, PLANTED | {"block": 0.5})))
    notes = found.points.filter("named")["note"].to_list()
    assert notes == ["overloaded step: nothing shows that its tickets fare better or worse"]


def test_twice_the_peers_is_not_far_above_them(tmp_path: Path) -> None:
    asked = tickets()
    found = heavy(looked(tmp_path / "desk", asked, runs(asked, dict.fromkeys(MACROS[:4], 0.2) | {"five": 0.2 * FAR})))
    assert not found.points["named"].any()
    assert "No workflow" in str(cx.say(found))


def test_a_team_that_uses_a_step_far_more_than_others_is_named(tmp_path: Path) -> None:
    asked = tickets(3000)
    ran = [
        one for one in runs(asked, {"one": 0.6, "two": 0.2}) if one["name"] == "two" or int(one["run_id"][1:]) % 5 == 0
    ]
    seen = {(one["ticket_id"], one["name"]) for one in ran}
    ran += [
        run(80_000 + n, t, "one")
        for n, t in enumerate(asked)
        if t["team"] == "c" and (t["ticket_id"], "one") not in seen
    ]
    found = heavy(looked(tmp_path / "desk", asked, ran), "team")
    assert found.points.filter("named")["label"].to_list() == ["macro: one, c"]
    inside = [one for one in ran if one["name"] == "one"]
    teams = {t["ticket_id"]: t["team"] for t in asked}
    used, of = Counter(teams[one["ticket_id"]] for one in inside), Counter(teams.values())
    ratio = used["c"] / of["c"] / ((used.total() - used["c"]) / (of.total() - of["c"]))
    assert found.points["value"][0] == pytest.approx(ratio)


def test_nobody_is_named_when_all_are_equal(tmp_path: Path) -> None:
    named = 0
    for seed in range(20):
        asked = tickets(800, seed=seed)
        found = heavy(looked(tmp_path / f"desk {seed}", asked, runs(asked, EQUAL, seed=100 + seed)))
        named += found.points["named"].any()
    assert named <= 3  # a false discovery in one of twenty at most is promised; four of twenty have probability .016


# --- how tickets fare -------------------------------------------------------------------------------------------------


def test_the_difference_is_the_weighted_one_a_loop_finds(tmp_path: Path) -> None:
    asked = tickets()
    asked[40]["channel"] = "phone"  # the only one: with a workflow it has nothing beside it
    ran = [*runs(asked, PLANTED), *(run(50_000 + number, asked[40], name) for number, name in enumerate(PLANTED))]
    ran += [
        run(60_000 + number, ticket, "one", hours=1.5) for number, ticket in enumerate(asked)
    ]  # after the first reply
    found = outcomes(looked(tmp_path / "desk", asked, ran))
    known = [t for t in asked if date(2025, 11, 1) <= t["first_solved_day"] < date(2026, 10, 1)]
    for name in PLANTED:
        early = {one["ticket_id"] for one in ran if one["name"] == name and int(one["run_id"][1:]) < 60_000}
        strata: dict[tuple[str, ...], tuple[Rows, Rows]] = defaultdict(lambda: ([], []))
        for ticket in known:
            key = (ticket["first_solved_day"].strftime("%Y-%m"), ticket["channel"], ticket["category"])
            strata[key][ticket["ticket_id"] not in early].append(ticket)
        top = bottom = 0.0
        told: Rows = []
        for one, other in strata.values():
            if min(len({t["customer_id"] for t in side}) for side in (one, other)) > 1:
                weight = len(one) * len(other) / (len(one) + len(other))
                shares = [sum(t["reopens"] for t in side) / len(side) for side in (one, other)]
                top, bottom = top + weight * (shares[0] - shares[1]), bottom + weight
                told += one
        row = found.points.row(by_predicate=pl.col("group") == f"macro: {name}/reopen_rate", named=True)
        assert row["value"] == pytest.approx(100 * top / bottom), name
        assert (row["n"], row["units"]) == (len(told), len({ticket["customer_id"] for ticket in told})), name
        assert len(told) < len(early & {ticket["ticket_id"] for ticket in known}), "some had nothing beside them"
        assert row["low"] < row["value"] < row["high"]


def test_long_stories_are_not_held_against_a_workflow(tmp_path: Path) -> None:
    """A macro used by chance at every reply is on more of the tickets that took two; it is compared as of the first."""
    asked = tickets(3000)
    ran = runs(asked, EQUAL)
    ran += [run(60_000 + n, t, "one", hours=2) for n, t in enumerate(asked) if t["agent_replies"] == 2 and n % 2]
    found = outcomes(looked(tmp_path / "desk", asked, ran))
    assert not (found.points["p_adjusted"] < 0.05).any()


def test_what_the_data_do_not_say_is_told(tmp_path: Path) -> None:
    bare = looked(tmp_path / "bare", tickets(200), [])
    for answer in (
        heavy_workflows(bare),
        workflow_outcomes(bare),
        workflow_outcomes(bare),
        heavy_workflows(bare, "team"),
    ):
        assert isinstance(answer, NotKnown)
        assert "workflow_runs" in answer.reason
    asked = tickets(200)
    few = looked(tmp_path / "few", asked, [run(1, asked[0], "one")])
    assert heavy(few).points["reason"].to_list() == ["fewer than 3 peers"]
    assert set(outcomes(few).points["reason"]) == {"fewer than 20 customers on a side"}
    late = looked(tmp_path / "late", asked, [run(1, asked[0], "one", hours=2)])
    assert isinstance(workflow_outcomes(late), NotKnown)


def test_runs_without_tickets_are_told(tmp_path: Path) -> None:
    ran = runs(tickets(300), EQUAL)
    alone = query(build(tmp_path / "desk", workflow_runs=ran, ticket_workflows=by_ticket(ran)), month="2026-10")
    for answer in (workflow_outcomes(alone), workflow_reach(alone), heavy_workflows(alone, "team")):
        assert isinstance(answer, NotKnown)
    assert heavy(alone).points["value"].count() == len(MACROS)
    assert isinstance(heavy_workflows(alone, "workflow_kind"), NotKnown)


def test_duckdb_gives_the_same_answers(tmp_path: Path) -> None:
    asked = tickets(1500)
    there = looked(tmp_path / "desk", asked, runs(asked, PLANTED))
    duck = replace(there, engine="duckdb")
    for ask in (workflow_reach, workflow_outcomes, heavy_workflows, lambda v: heavy_workflows(v, "team")):
        one, other = (ask(each).points.sort("group") for each in (there, duck))
        assert_frame_equal(one, other, abs_tol=1e-9)


def test_macros_and_triggers_of_zendesk_are_workflows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CX_HOME", str(tmp_path))
    folder, _ = imported(FIXTURES / "api", folder=tmp_path / "desk")
    ran = pl.read_parquet(folder / "workflow_runs.parquet")
    assert {"macro", "trigger"} <= set(ran["kind"])
    data = open_data(str(folder))
    months = ran["ran_day"].dt.strftime("%Y-%m").unique()
    for month in months.filter(months.is_between(pl.lit(data.first_month), pl.lit(data.last_month))):
        there = query(data, month=month)
        uses = trend("workflow_uses", there)
        assert isinstance(uses, Trend)
        assert uses.points["value"][-1] == ran.filter(pl.col("ran_day").dt.strftime("%Y-%m") == month)["kind"].count()
        for answer in (workflow_reach(there), workflow_outcomes(there), heavy_workflows(there)):
            assert str(cx.say(answer))
            cx.table(answer)
            cx.chart(answer)
    assert "automatic answer" in str(cx.say(trend("automation_rate", query(data, month=data.last_month))))


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    name = "<script>alert(1)</script> $x$ [a](http://e.org) \u202e"
    asked = tickets(1000)
    there = looked(tmp_path / "desk", asked, runs(asked, PLANTED | {name: 0.7}))
    for answer in (heavy_workflows(there), workflow_outcomes(there), workflow_reach(there, "workflow")):
        told = cx.say(answer)._repr_mimebundle_()["text/markdown"]
        assert "<script>" not in told + cx.table(answer).html
        assert "\u202e" not in told + cx.table(answer).text


# --- the demo ---------------------------------------------------------------------------------------------------------


def test_the_demo_shows_its_blockage_and_its_shortcut(small_demo: Path) -> None:
    found = heavy(query(open_data(str(small_demo)), month="previous"))
    first = found.points.row(0, named=True)
    assert first["label"] == "macro: forward to partner"
    assert first["note"].startswith("blockage: ")
    assert not [row for row in found.points.iter_rows(named=True) if row["note"].startswith("overloaded")]


def test_kinds_of_workflow_are_told_in_words(small_demo: Path) -> None:
    found = breakdown("workflow_uses", query(open_data(str(small_demo)), month="previous"), "workflow_kind")
    assert isinstance(found, Breakdown)
    assert "saved reply" in found.points["label"].to_list()
    assert not any("_" in label for label in found.points["label"])
