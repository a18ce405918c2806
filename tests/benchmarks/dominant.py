"""Whether changes are found, and no others, where one customer gives 20 to 60 % of the answers of a month.

    python tests/benchmarks/dominant.py [runs]

The large customer is satisfied with 55 % of their answers, every other one with 88 % on average; they are there in both
months, in the later or in the earlier one only. Found: the others are 12 points lower in the later month.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

import numpy as np
import polars as pl

from cxlib.estimates.changes import changes_of
from cxlib.estimates.estimate_table import EstimateTable, estimate_table_of, influences_of, influences_of_units
from cxlib.metrics import METRICS, Metric
from cxlib.results.types import Change, ResultContext

CSAT, NOW, THEN = METRICS["csat"], "2026-10", "2026-09"
LEVEL, LARGE, ALIKE = 0.88, 0.55, 6.0
VIEW = cast(
    "Any",
    SimpleNamespace(
        month=NOW,
        data=SimpleNamespace(first_month=THEN, last_month=NOW, extracted_at=datetime(2026, 11, 1, tzinfo=UTC)),
    ),
)


def literal(month: str, good: int, answers: int, good_of_large: int, of_large: int) -> pl.DataFrame:
    """Return a unit frame: one answer each of others (customers "o0" …), and those of one large customer."""
    x = [1.0] * good + [0.0] * (answers - good)
    rows = [(month, "", f"o{place}", 1, 1.0, one, one) for place, one in enumerate(x)]
    if of_large:
        rows.append((month, "", "large", of_large, float(of_large), float(good_of_large), float(good_of_large)))
    return pl.DataFrame(rows, ["period", "group", "unit", "n", "sum_w", "sum_wx", "sum_wxx"], orient="row")


def judged(frame: pl.DataFrame, metric: Metric = CSAT, *, everybody: bool = False) -> Change:
    """Return the change of such a frame, or of a row frame of waits, as `cx.change` finds it."""
    if metric.kind == "duration":
        found, influence = estimate_table_of(metric, frame), influences_of(metric, frame)
    else:
        found, influence = EstimateTable.of_units(metric, frame), influences_of_units(metric, frame)
    large = None if everybody else frame
    with patch("cxlib.estimates.changes.incomparable", return_value=None):  # there are no surveys to look at
        [told] = changes_of(
            metric, VIEW, found, ResultContext("simulated", NOW), THEN, influence=influence, frame=large
        )
    assert told is not None
    return told


def month(rng: np.random.Generator, name: str, levels: np.ndarray, of_others: int, of_large: int) -> pl.DataFrame:
    """Return the unit frame of a month: answers of customers with these chances, and of the large one."""
    who = rng.integers(0, len(levels), of_others)
    x = (rng.random(of_others) < levels[who]).astype(float)
    rows = pl.DataFrame({"unit": [f"o{place}" for place in who], "x": x})
    large = pl.DataFrame({"unit": ["large"] * of_large, "x": (rng.random(of_large) < LARGE).astype(float)})
    sums = (
        pl.concat([rows, large])
        .group_by("unit")
        .agg(n=pl.len(), sum_w=pl.len().cast(pl.Float64), sum_wx=pl.col("x").sum())
    )
    return sums.sort("unit").select(period=pl.lit(name), group=pl.lit(""), unit="unit", n="n", sum_w="sum_w",
                                    sum_wx="sum_wx", sum_wxx="sum_wx")  # fmt: skip


def pair(rng: np.random.Generator, n: int, share: float, where: str, lower: float) -> pl.DataFrame:
    """Return two months of n answers; the large customer's share is added by others where they are not there."""
    others = int(n * (1 - share))
    levels = rng.beta(ALIKE * LEVEL, ALIKE * (1 - LEVEL), others)  # half as many answer as could
    there = {NOW: where in ("both", "after"), THEN: where in ("both", "before")}
    parts = [
        month(rng, name, np.clip(levels - moved, 0, 1), others, int(n * share) if there[name] else 0)
        for name, moved in ((THEN, 0.0), (NOW, lower))
    ]
    return pl.concat(parts)


def rate(
    rng: np.random.Generator, n: int, share: float, where: str, lower: float, runs: int, *, everybody: bool = False
) -> float:
    """Return how often a change is found at 5 %."""
    found = [judged(pair(rng, n, share, where, lower), everybody=everybody).p_value for _ in range(runs)]
    return float(np.mean([p is not None and p < 0.05 for p in found]))


def lines(runs: int, seed: int = 1) -> Iterator[str]:
    """Return the lines of the table, as they are found."""
    rng = np.random.default_rng(seed)
    yield f"{'answers, large customer':<40}{'alarms':>9}{'found':>9}{'alarms, all':>14}{'found, all':>13}"
    for where in ("both", "after", "before"):
        for n in (100, 300, 1000):
            for share in (0.2, 0.4, 0.6):
                told = [
                    rate(rng, n, share, where, lower, runs, everybody=everybody)
                    for everybody in (False, True)
                    for lower in (0.0, 0.12)
                ]
                cells = "".join(f"{100 * one:{size}.1f} %" for one, size in zip(told, (7, 7, 12, 11), strict=True))
                yield f"{f'{n}, {share:.0%} in {where}':<40}{cells}"


if __name__ == "__main__":
    for line in lines(int(sys.argv[1]) if len(sys.argv) > 1 else 1000):
        print(line, flush=True)
