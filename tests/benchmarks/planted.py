"""Whether the questions find what was planted: demos of many seeds, estimate against the truth of each.

    python tests/benchmarks/planted.py [seeds] [tickets]

A planted effect is found when it lies within three standard errors of the estimate. Over all seeds the errors must also
average out: the mean of (estimate − truth) ÷ standard error is within 3 ÷ √seeds of 0, else the question is biased.
"""

from __future__ import annotations

import json
import math
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl

import cxlib as cx
from cxlib.derive import derive
from cxlib.metrics import View
from cxlib.sources.demo import DemoParameters, build_demo
from cxlib.stats.experience import TERMS, experiences
from cxlib.stats.model import model
from cxlib.store import open_data

Found = tuple[float, float, float]
"""Estimate, its standard error, the truth."""
Check = Callable[[View, dict[str, Any]], Found]
CHECKS: dict[str, Check] = {}
SEEDS = 20


def planted(name: str) -> Callable[[Check], Check]:
    """Register what compares a question's answer with the planted effects (`truth.json`, "effects")."""

    def register(check: Check) -> Check:
        CHECKS[name] = check
        return check

    return register


def error_of(low: float, high: float) -> float:
    """Return the standard error behind a 95 % interval."""
    return (high - low) / 2 / 1.96


@planted("satisfaction fell: the part of the mix")
def mix(view: View, truth: dict[str, Any]) -> Found:
    row = cx.why("csat", view, "channel").parts.row(by_predicate=pl.col("part") == "mix", named=True)
    return row["difference"], error_of(row["low"], row["high"]), truth["satisfaction_fall"]["mix"]


@planted("satisfaction fell: the part within channels")
def within(view: View, truth: dict[str, Any]) -> Found:
    row = cx.why("csat", view, "channel").parts.row(by_predicate=pl.col("part") == "within", named=True)
    return row["difference"], error_of(row["low"], row["high"]), truth["satisfaction_fall"]["within"]


@planted("agents leave: in % a year")
def agents_leave(view: View, truth: dict[str, Any]) -> Found:
    row = cx.turnover(view).points.row(0, named=True)
    return row["value"], max(row["se"], 1.0), truth["agent_turnover"]["a_year"]


@planted("one agent is worse: points of satisfaction")
def worse_agent(view: View, truth: dict[str, Any]) -> Found:
    row = cx.one_agent(view, truth["worse_agent"]["agent_id"], months=60).points.row(0, named=True)
    return row["value"], row["se"], truth["worse_agent"]["difference"]


@planted("contacts by chat are credited with more orders")
def chat(view: View, truth: dict[str, Any]) -> Found:
    found = cx.contrast("credited_conversion", view, "channel", "chat")
    return found.difference, error_of(found.low, found.high), 100 * truth["orders_helped_by_chat"]["uplift"]


@planted("promoters buy again: multiple of detractors, logarithm")
def multiple(view: View, truth: dict[str, Any]) -> Found:
    found = cx.contrast("purchase_after_recommendation", view, "loyalty_class", "promoter", "detractor", months=33)
    error = error_of(math.log(found.ratio_low), math.log(found.ratio_high))
    return math.log(found.ratio), error, math.log(truth["repeat_purchase"]["multiple"])


@planted("detractors leave sooner than promoters: hazard ratio, logarithm")
def leaving(view: View, truth: dict[str, Any]) -> Found:
    row = cx.customers_leaving(view).points.row(by_predicate=pl.col("group") == "detractor", named=True)
    expected = math.log(truth["leaving_by_loyalty"]["detractors_over_promoters"])
    return math.log(row["value"]), row["se"] / row["value"], expected


@planted("a category's volume rose for good: factor, logarithm")
def rise(view: View, truth: dict[str, Any]) -> Found:
    planted_rise = truth["volume_rise"]
    found = cx.level_shift("ticket_volume", view, "category").points.filter(pl.col("beyond"))
    row = found.row(by_predicate=pl.col("group") == planted_rise["category"], named=True)
    return math.log1p(row["value"] / 100), row["se"] / (100 + row["value"]), math.log(planted_rise["factor"])


@planted("first replies since the dated event: factor on business minutes, logarithm")
def event(view: View, truth: dict[str, Any]) -> Found:
    found = cx.dated_event("first_reply_time_business", view, within="channel").points
    row = found.row(by_predicate=pl.col("group").str.starts_with(truth["event"]["date"]), named=True)
    return math.log1p(row["value"] / 100), row["se"] / (100 + row["value"]), math.log(truth["event"]["factor"])


@planted("first replies since the event without an effect")
def no_event(view: View, truth: dict[str, Any]) -> Found:
    found = cx.dated_event("first_reply_time_business", view, within="channel").points
    row = found.row(by_predicate=~pl.col("group").str.starts_with(truth["event"]["date"]), named=True)
    return math.log1p(row["value"] / 100), row["se"] / (100 + row["value"]), 0.0


@planted("first reply doubled: log-odds of satisfaction")
def doubled(view: View, truth: dict[str, Any]) -> Found:
    answers = experiences(view.metric("csat"), view, view.months(12))
    found = model(answers, "x", TERMS, unit="unit", share=True)
    return *found.coefficients["first_reply"], truth["first_reply_time_on_satisfaction"]["log_odds_per_doubling"]


def _per_handoff(name: str, kind: str) -> Check:
    def check(view: View, truth: dict[str, Any]) -> Found:
        row = cx.goes_with(name, view).points.row(by_predicate=pl.col("group") == "handoffs", named=True)
        return row["value"], row["se"], truth["effort_by_handoffs"][kind]["per_handoff"]

    return check


planted("one handoff more: effort, all else alike")(_per_handoff("customer_effort", "effort"))
planted("one handoff more: ease, all else alike")(_per_handoff("customer_ease", "ease"))


@planted("a workflow that goes with reopening")
def blockage(view: View, truth: dict[str, Any]) -> Found:
    name = f"macro: {truth['blockage']['workflow']}/reopen_rate"
    row = cx.workflow_outcomes(view).points.row(by_predicate=pl.col("group") == name, named=True)
    return row["value"], row["se"], truth["blockage"]["difference"]


def demos(seeds: int, tickets: int) -> Iterator[tuple[View, dict[str, Any]]]:
    """Build and derive one demo a seed; give its view and its planted effects."""
    for seed in range(1, seeds + 1):
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place) / "demo"
            folder.mkdir()
            build_demo(folder, parameters=DemoParameters(seed=seed, tickets=tickets))
            derive(folder)
            truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
            yield cx.view(open_data(str(folder))), truth["effects"]


def scores(seeds: int = SEEDS, tickets: int = 80_000, names: tuple[str, ...] = ()) -> dict[str, list[float]]:
    """Return, by planted effect, (estimate − truth) ÷ standard error of every seed; infinite where not answered."""
    found: dict[str, list[float]] = {name: [] for name in names or CHECKS}
    for view, truth in demos(seeds, tickets):
        for name, values in found.items():
            estimate, error, expected = CHECKS[name](view, truth)
            values.append((estimate - expected) / error if error > 0 else math.inf)
    return found


def verdict(values: list[float]) -> str:
    """Return "found" or what is wrong."""
    missed = sum(abs(value) >= 3 for value in values)
    bias = sum(values) / len(values)
    wrong = [f"missed by {missed} of {len(values)} seeds"] if missed else []
    wrong += ["biased"] if abs(bias) > 3 / math.sqrt(len(values)) else []
    return "; ".join(wrong) or "found"


def report(seeds: int, tickets: int) -> str:
    """Return the table of all planted effects."""
    lines = [f"{seeds} demos of {tickets:,} tickets. (estimate − truth) ÷ standard error: mean, farthest, verdict", ""]
    for name, values in scores(seeds, tickets).items():
        farthest = max(values, key=abs)
        lines.append(f"{name:60s} {sum(values) / len(values):+6.2f} {farthest:+6.2f}  {verdict(values)}")
    return "\n".join(lines)


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    print(report(*(given + [SEEDS, 80_000][len(given) :])))
