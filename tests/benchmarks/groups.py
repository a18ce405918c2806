"""Whether tests of groups and of changes hold level and power where one customer gives up to 60 % of all rows.

    python tests/benchmarks/groups.py [runs]

Alarms: share of runs with p < .05 where nothing differs but customers (each with a level of its own). Found: the same
where the first group of all customers but the large one is 12 points lower, or waits 1.4 times as long.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import polars as pl

from cxlib.metrics import METRICS
from cxlib.stats.durations import coded
from cxlib.stats.equality import curves_apart, equality, residuals
from cxlib.stats.intervals import Array

GROUPS, LEVEL, ALIKE, LONGER, LOWER = 3, 0.85, 6.0, 1.4, 0.12
PLACES = ("one group", "two customers", "all groups")


class Desk(NamedTuple):
    """Rows of a month: group and customer of each, the large customer's in one group or all."""

    group: Array
    customer: Array


def desk(rng: np.random.Generator, n: int, share: float, place: str) -> Desk:
    """Draw rows, about two a customer, and a large customer (or two, in a group each) with this share of them."""
    large = int(n * share)
    others = n - large
    group, customer = rng.integers(0, GROUPS, n), rng.integers(0, max(others // 2, 2), n)
    half = np.arange(large) < large // 2
    customer[others:] = np.where(half | (place != "two customers"), n, n + 1)
    group[others:] = {"one group": 0 * half, "two customers": ~half}.get(place, group[others:])
    return Desk(group, customer)


def answers(rng: np.random.Generator, rows: Desk, lower: float) -> pl.DataFrame:
    """Return a unit frame of answers; customers differ, and all but the large ones are lower in the first group."""
    level = rng.beta(ALIKE * LEVEL, ALIKE * (1 - LEVEL), int(rows.customer.max()) + 1)
    chance = level[rows.customer] - lower * ((rows.group == 0) & (rows.customer < len(rows.customer)))
    x = (rng.random(len(chance)) < chance).astype(float)
    frame = pl.DataFrame({"group": rows.group.astype(str), "unit": rows.customer.astype(str), "x": x})
    x_sum = pl.col("x").sum()
    sums = frame.group_by("group", "unit").agg(n=pl.len(), sum_w=pl.len().cast(pl.Float64), sum_wx=x_sum, sum_wxx=x_sum)
    return sums.sort("group", "unit")


def waits(rng: np.random.Generator, rows: Desk, longer: float) -> pl.DataFrame:
    """Return a row frame of waits, some still running; customers differ, and all but large ones wait longer in one."""
    level = np.exp(rng.normal(0, 0.6, int(rows.customer.max()) + 1))[rows.customer]
    later = np.where((rows.group == 0) & (rows.customer < len(rows.customer)), longer, 1.0)
    value, seen = level * later * rng.exponential(1.0, len(later)), rng.uniform(1.0, 6.0, len(later))
    columns = {"group": rows.group.astype(str), "unit": rows.customer.astype(str)}
    return pl.DataFrame(columns | {"value": np.minimum(value, seen), "ended": value <= seen})


def tested(rng: np.random.Generator, n: int, share: float, place: str, moved: float) -> tuple[float | None, ...]:
    """Return the p-values of one desk: of shares, of medians and of whole curves."""
    rows = desk(rng, n, share, place)
    rated, waited = answers(rng, rows, LOWER * moved), waits(rng, rows, LONGER**moved)
    of_shares = equality(residuals(METRICS["csat"], coded(rated)))
    of_medians = equality(residuals(METRICS["resolution_time"], coded(waited)))
    return of_shares, of_medians, curves_apart(waited)


def rates(rng: np.random.Generator, n: int, share: float, place: str, moved: float, runs: int) -> Array:
    """Return how often shares, medians and curves are called different."""
    found = [tested(rng, n, share, place, moved) for _ in range(runs)]
    return np.array([[p is not None and p < 0.05 for p in line] for line in found]).mean(axis=0)


def table(runs: int, seed: int = 1) -> Iterator[str]:
    """Return the lines of the table, as they are found."""
    rng = np.random.default_rng(seed)
    yield f"{'groups alike?':<40}{'alarms: shares, medians, curves':>34}{'found: shares, medians, curves':>34}"
    for place in PLACES:
        for n in (100, 300, 1000):
            for share in (0.0, 0.2, 0.4, 0.6) if place == "one group" else (0.2, 0.4, 0.6):
                both = [rates(rng, n, share, place, moved, runs) for moved in (0.0, 1.0)]
                told = ["".join(f"{100 * rate:8.1f} %" for rate in side) for side in both]
                yield f"{f'{n} rows, {share:.0%} of one, {place}':<40}{told[0]:>34}{told[1]:>34}"


if __name__ == "__main__":
    for line in table(int(sys.argv[1]) if len(sys.argv) > 1 else 1000):
        print(line, flush=True)
