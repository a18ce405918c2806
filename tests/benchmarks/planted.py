"""Whether the questions find what was planted: demos of many seeds, estimate against the truth of each.

    python tests/benchmarks/planted.py [seeds] [tickets]

A planted effect is found when it lies within three standard errors of the estimate. Over all seeds the errors must also
average out: the mean of (estimate − truth) ÷ standard error is within 3 ÷ √seeds of 0, else the question is biased.
`planted_20_seeds.txt` is the table of 20 demos at full size.

The source's own figures have no check here: their reasons are told ticket by ticket and hold exactly or not at all
(`tests/stats/test_reconciliation.py`). What a demo counts and does not draw – agents who left – is compared with an
error of its rounding, not of chance.
"""

from __future__ import annotations

import json
import math
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import polars as pl

import cxlib as cx
from cxlib.demo import DemoParameters, build_demo
from cxlib.demo.activity import LEAVING_CHANCE, SHORTCUT_CHANCES
from cxlib.demo.requests import _FATES, Fate
from cxlib.derive import derive
from cxlib.estimates.experience import TERMS, experiences
from cxlib.metrics import Query
from cxlib.metrics.rows import counted_rows
from cxlib.questions.groups.nonresponse import levels
from cxlib.stats.model import model
from cxlib.store.folder import open_data

Found = tuple[float, float, float]
"""Estimate, its standard error, the truth."""
Check = Callable[[Query, dict[str, Any]], Found]
CHECKS: dict[str, Check] = {}
SEEDS = 20
ROUNDING = 0.002  # of what is counted exactly: months instead of days


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
def mix(query: Query, truth: dict[str, Any]) -> Found:
    row = cx.mix_decomposition("csat", query, "channel").parts.row(by_predicate=pl.col("part") == "mix", named=True)
    return row["difference"], error_of(row["low"], row["high"]), truth["satisfaction_fall"]["mix"]


@planted("satisfaction fell: the part within channels")
def within(query: Query, truth: dict[str, Any]) -> Found:
    row = cx.mix_decomposition("csat", query, "channel").parts.row(by_predicate=pl.col("part") == "within", named=True)
    return row["difference"], error_of(row["low"], row["high"]), truth["satisfaction_fall"]["within"]


@planted("agents leave: in % a year, counted")
def agents_leave(query: Query, truth: dict[str, Any]) -> Found:
    row = cx.turnover(query).points.row(0, named=True)
    return row["value"], ROUNDING * row["value"], truth["agent_turnover"]["a_year"]


@planted("one agent is worse: points of satisfaction")
def worse_agent(query: Query, truth: dict[str, Any]) -> Found:
    row = cx.one_agent(query, truth["worse_agent"]["agent_id"], months=60).points.row(0, named=True)
    return row["value"], row["se"], truth["worse_agent"]["difference"]


@planted("contacts by chat are credited with more orders")
def chat(query: Query, truth: dict[str, Any]) -> Found:
    """Expect the uplift of those answered to the end: a customer who gives up is answered too, but no order follows."""
    found = cx.contrast("credited_conversion", query, "channel", "chat")
    to_the_end = _FATES[Fate.ANSWERED] / (_FATES[Fate.ANSWERED] + _FATES[Fate.ABANDONED])
    uplift = 100 * truth["orders_helped_by_chat"]["uplift"] * to_the_end
    return found.difference, error_of(found.low, found.high), uplift


@planted("promoters buy again: multiple of detractors, logarithm")
def multiple(query: Query, truth: dict[str, Any]) -> Found:
    found = cx.contrast("purchase_after_recommendation", query, "loyalty_class", "promoter", "detractor", months=33)
    error = error_of(math.log(found.ratio_low), math.log(found.ratio_high))
    return math.log(found.ratio), error, math.log(truth["repeat_purchase"]["multiple"])


def _leaving(loyalty: str) -> Check:
    def check(query: Query, truth: dict[str, Any]) -> Found:
        row = cx.customers_leaving(query).points.row(by_predicate=pl.col("group") == loyalty, named=True)
        expected = math.log(truth["leaving_by_loyalty"][f"{loyalty}s_over_promoters"])
        return math.log(row["value"]), row["se"] / row["value"], expected

    return check


planted("detractors leave sooner than promoters: ratio, logarithm")(_leaving("detractor"))
planted("passives leave sooner than promoters: ratio, logarithm")(_leaving("passive"))


def _after_phone(name: str, part: float) -> Check:
    def check(query: Query, truth: dict[str, Any]) -> Found:
        found = cx.contrast(name, query, "handling_channel", "phone", "email", months=33)
        return found.difference, error_of(found.low, found.high), part * truth["loyalty_by_channel"]["difference"]

    return check


planted("promoters after phone against e-mail: half the points")(_after_phone("promoters", 0.5))
planted("detractors after phone against e-mail: half the points")(_after_phone("detractors", -0.5))


@planted("recommendation after phone against e-mail: points, one month")
def loyalty(query: Query, truth: dict[str, Any]) -> Found:
    points = cx.breakdown("nps", query, "handling_channel").points
    phone, email = (points.row(by_predicate=pl.col("group") == name, named=True) for name in ("phone", "email"))
    error = math.hypot(phone["se"], email["se"])
    return phone["value"] - email["value"], error, truth["loyalty_by_channel"]["difference"]


@planted("all who were asked, against what was told: what weights reach")
def asked(query: Query, truth: dict[str, Any]) -> Found:
    row = cx.nonresponse("csat", query).points.row(by_predicate=pl.col("group") == "asked", named=True)
    return row["value"], row["se"], truth["silent"]["weighted"] - truth["silent"]["told"]


@planted("satisfaction told in the year of the silent")
def told(query: Query, truth: dict[str, Any]) -> Found:
    settled = query.settled("response_rate")
    rows = experiences(query.metric("csat"), settled, settled.months(12), anchor="sent")
    level, drawn = levels(rows.filter(pl.col("answered_at").is_null() | pl.col("x").is_not_null()), [])
    return 100 * level[0], 100 * float(drawn[:, 0].std()), truth["silent"]["told"]


@planted("a category's volume rose for good: factor, logarithm")
def rise(query: Query, truth: dict[str, Any]) -> Found:
    planted_rise = truth["volume_rise"]
    found = cx.level_shift("ticket_volume", query, "category").points.filter(pl.col("p_adjusted") < 0.05)
    row = found.row(by_predicate=pl.col("group") == planted_rise["category"], named=True)
    return math.log1p(row["value"] / 100), row["se"] / (100 + row["value"]), math.log(planted_rise["factor"])


@planted("first replies since the dated event: factor, logarithm")
def event(query: Query, truth: dict[str, Any]) -> Found:
    found = cx.dated_event("first_reply_time_business", query, within="channel").points
    row = found.row(by_predicate=pl.col("group").str.starts_with(truth["event"]["date"]), named=True)
    return math.log1p(row["value"] / 100), row["se"] / (100 + row["value"]), math.log(truth["event"]["factor"])


@planted("first replies since the event without an effect")
def no_event(query: Query, truth: dict[str, Any]) -> Found:
    found = cx.dated_event("first_reply_time_business", query, within="channel").points
    row = found.row(by_predicate=~pl.col("group").str.starts_with(truth["event"]["date"]), named=True)
    return math.log1p(row["value"] / 100), row["se"] / (100 + row["value"]), 0.0


@planted("first reply doubled: log-odds of satisfaction")
def doubled(query: Query, truth: dict[str, Any]) -> Found:
    answers = experiences(query.metric("csat"), query, query.months(12))
    found = model(answers, "x", TERMS, unit="unit", share=True)
    return *found.coefficients["first_reply"], truth["first_reply_time_on_satisfaction"]["log_odds_per_doubling"]


def _per_handoff(name: str, kind: str) -> Check:
    def check(query: Query, truth: dict[str, Any]) -> Found:
        row = cx.drivers(name, query).points.row(by_predicate=pl.col("group") == "handoffs", named=True)
        return row["value"], row["se"], truth["effort_by_handoffs"][kind]["per_handoff"]

    return check


planted("one handoff more: effort, all else alike")(_per_handoff("customer_effort", "effort"))
planted("one handoff more: ease, all else alike")(_per_handoff("customer_ease", "ease"))


@planted("a workflow that goes with reopening")
def blockage(query: Query, truth: dict[str, Any]) -> Found:
    name = f"macro: {truth['blockage']['workflow']}/reopen_rate"
    row = cx.workflow_outcomes(query).points.row(by_predicate=pl.col("group") == name, named=True)
    return row["value"], row["se"], truth["blockage"]["difference"]


def _with_it(rate: float, chances: tuple[float, float]) -> tuple[float, float, float]:
    """Return the share with a mark and the rate on those with and without it, by its chances if so and if not."""
    yes, no = chances
    share = rate * yes + (1 - rate) * no
    return share, rate * yes / share, rate * (1 - yes) / (1 - share)


@planted("a workflow that goes with one reply and no reopening")
def shortcut(query: Query, truth: dict[str, Any]) -> Found:
    """Expect, in each channel, what the odds ratio makes of its share; a customer who comes back spoils both sides."""
    metric, name = "first_contact_resolution", truth["shortcut"]["workflow"]
    row = cx.workflow_outcomes(query).points.row(by_predicate=pl.col("group") == f"macro: {name}/{metric}", named=True)
    settled = query.settled(metric)
    columns = ("group", "n", "wx", "agent_replies", "reopens", "first_replied_at")
    rows = counted_rows(settled.metric(metric), settled, settled.months(12), *columns, by="channel")
    once = (pl.col("agent_replies") <= 1) & (pl.col("reopens") == 0)
    by_channel = rows.filter(pl.col("n") > 0).drop_nulls("first_replied_at").group_by("group").agg(
        pl.len().alias("n"), pl.col("wx").mean(), once=once.mean()
    )  # fmt: skip
    weights, sizes = [], []
    for channel in by_channel.iter_rows(named=True):
        share, on, off = _with_it(channel["once"], SHORTCUT_CHANCES)
        weights.append(channel["n"] * share * (1 - share))
        sizes.append(100 * (on - off) * channel["wx"] / channel["once"])
    return row["value"], row["se"], sum(w * size for w, size in zip(weights, sizes, strict=True)) / sum(weights)


@planted("an article that visitors leave with a ticket")
def article(query: Query, truth: dict[str, Any]) -> Found:
    points = cx.leaving_articles(query).points
    row = points.row(by_predicate=pl.col("label") == truth["leaving_article"]["title"], named=True)
    rows = counted_rows(query.metric("left_with_ticket"), query, query.months(12), "n", "wx")
    seen = LEAVING_CHANCE + (1 - LEAVING_CHANCE) / points.height, 1 / points.height
    _, on, off = _with_it(rows["wx"].sum() / rows["n"].sum(), seen)
    return row["value"], row["se"], 100 * (on - off)


@planted("solved without a human reply: settled by the answer bot")
def automation(query: Query, truth: dict[str, Any]) -> Found:
    """The automation rate of those tickets that no human replied to."""
    rows = counted_rows(query.metric("automation_rate"), query, query.months(12), "n", "wx", "first_replied_at")
    alone = rows.filter(pl.col("first_replied_at").is_null() & (pl.col("n") > 0))["wx"]
    share = alone.mean()
    return 100 * share, 100 * math.sqrt(share * (1 - share) / len(alone)), 100 * truth["answer_bot"]["share"]


def demos(seeds: int, tickets: int) -> Iterator[tuple[Query, dict[str, Any]]]:
    """Build and derive one demo a seed; give its view and its planted effects."""
    for seed in range(1, seeds + 1):
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place) / "demo"
            folder.mkdir()
            build_demo(folder, parameters=DemoParameters(seed=seed, tickets=tickets))
            derive(folder)
            truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
            yield cx.query(open_data(str(folder))), truth["effects"]


def answers(seeds: int = SEEDS, tickets: int = 80_000, names: Sequence[str] = ()) -> dict[str, list[Found]]:
    """Return, by planted effect, estimate, standard error and truth of every seed."""
    found: dict[str, list[Found]] = {name: [] for name in names or CHECKS}
    for query, truth in demos(seeds, tickets):
        for name, seen in found.items():
            seen.append(CHECKS[name](query, truth))
    return found


def scores(found: list[Found]) -> list[float]:
    """Return (estimate − truth) ÷ standard error of every seed; infinite where not answered."""
    return [(estimate - truth) / error if error > 0 else math.inf for estimate, error, truth in found]


def verdict(found: list[Found]) -> str:
    """Return "found" or what is wrong."""
    values = scores(found)
    missed = sum(abs(value) >= 3 for value in values)
    wrong = [f"missed by {missed} of {len(values)} seeds"] if missed else []
    wrong += ["biased"] if abs(fmean(values)) > 3 / math.sqrt(len(values)) else []
    return "; ".join(wrong) or "found"


def report(seeds: int, tickets: int) -> str:
    """Return the table of all planted effects."""
    lines = [
        f"{seeds} demos of {tickets:,} tickets. Means of estimate, truth and standard error;",
        "mean, standard deviation and farthest of (estimate − truth) ÷ standard error.",
        "",
        f"{'effect':<62}{'estimate':>9}{'truth':>9}{'error':>8}{'mean':>7}{'sd':>6}{'far':>7}  verdict",
    ]
    every = []
    for name, found in answers(seeds, tickets).items():
        every += (values := scores(found))
        estimate, error, truth = (fmean(column) for column in zip(*found, strict=True))
        spread = stdev(values) if len(values) > 1 else 0.0
        figures = (
            f"{estimate:9.3f}{truth:9.3f}{error:8.3f}{fmean(values):+7.2f}{spread:6.2f}{max(values, key=abs):+7.2f}"
        )
        lines.append(f"{name:<62}{figures}  {verdict(found)}")
    beyond, chance = sum(abs(value) >= 3 for value in every), 0.0027 * len(every)
    said = f"{beyond} of {len(every)} answers lie 3 or more standard errors off; chance alone makes {chance:.1f}."
    return "\n".join([*lines, "", said])


if __name__ == "__main__":
    os.environ.setdefault("CX_HOME", str(Path(__file__).resolve().parents[2]))  # its settings hold the opening hours
    given = [int(word) for word in sys.argv[1:]]
    print(report(*(given + [SEEDS, 80_000][len(given) :])))
