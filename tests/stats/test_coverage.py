"""Intervals cover and tests keep their level: short seeded versions of tests/benchmarks/coverage.py and models.py.

Models of waits, counts ahead and agents have short versions of their own beside their other tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from benchmarks.coverage import (
    Design,
    Tally,
    changes,
    counts,
    durations,
    everything,
    inequalities,
    money,
    one_sample,
    share,
    surveys,
)

from benchmarks import models

FEW = Design(12, 5, 0.2)
WEIGHTED = Design(100, 4, 0.2, weighted=True)
SHORT = {
    "surveys": lambda rng: surveys(rng, [Design(10), Design(200), FEW, Design(60, 3, 0.5)], 1000),
    "weighted answers": lambda rng: surveys(rng, [Design(60, weighted=True), WEIGHTED], 1000),
    "changes of weighted answers": lambda rng: changes(rng, [WEIGHTED, Design(10, weighted=True)], 400),
    "changes": lambda rng: changes(rng, [Design(50), FEW, Design(100, 3, 0.5)], 400),
    "durations": lambda rng: durations(rng, [Design(40), Design(60, 5, 0.5)], 150),
    "counts": lambda rng: counts(rng, 200),
    "money": lambda rng: money(rng, 150),
    "inequalities": lambda rng: inequalities(rng, 40),
    "contrasts": lambda rng: models.contrasts(rng, 60),
    "backlog": lambda rng: models.backlog(rng, 60),
    "work and spending": lambda rng: models.work(rng, 160),
}


@pytest.mark.parametrize("sweep", SHORT)
def test_every_method_keeps_its_promise(sweep: str) -> None:
    tallies: Iterator[Tally] = SHORT[sweep](np.random.default_rng(20261))
    broken = [str(tally) for tally in tallies if not tally.kept]
    assert broken == []


def test_treating_answers_as_independent_would_break_the_promise() -> None:
    """The simulation can fail: intervals that take every answer for a unit of its own cover too little."""
    rng = np.random.default_rng(3)
    design, rows = Design(60, 5, 0.5), []
    from benchmarks.coverage import covered, month

    from cxlib.stats.intervals import Sums, measure

    for _ in range(800):
        n, _, wx, _ = month(rng, design, share(0.7), rng.random((1, 60)))
        answers = np.repeat([0.0, 1.0], [int(n.sum() - wx.sum()), int(wx.sum())])[None, :]
        one = np.ones_like(answers)
        rows.append(covered(measure(share(0.7).metric, Sums.of_units(one, one, answers, answers)), 0.7)[0])
    naive = Tally("naive", "", [float(np.mean(rows))], design.floor, runs=800)
    assert not naive.kept
    assert one_sample(rng, design, share(0.7), 800) > 0.92


@pytest.mark.long
@pytest.mark.parametrize("grid", [everything, models.everything])
def test_every_method_keeps_its_promise_over_the_whole_grid(grid: Callable[[], Iterator[Tally]]) -> None:
    broken = [tally for tally in grid() if not tally.kept]
    assert [str(tally) for tally in broken] == []
