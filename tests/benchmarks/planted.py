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


@planted("contacts by chat are credited with more orders")
def chat(view: View, truth: dict[str, Any]) -> Found:
    found = cx.contrast("credited_conversion", view, "channel", "chat")
    return found.difference, error_of(found.low, found.high), 100 * truth["orders_helped_by_chat"]["uplift"]


@planted("promoters buy again: multiple of detractors, logarithm")
def multiple(view: View, truth: dict[str, Any]) -> Found:
    found = cx.contrast("purchase_after_recommendation", view, "loyalty_class", "promoter", "detractor", months=33)
    error = error_of(math.log(found.ratio_low), math.log(found.ratio_high))
    return math.log(found.ratio), error, math.log(truth["repeat_purchase"]["multiple"])


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
