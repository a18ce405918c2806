"""Days in a row on which more or less came than expected, though no single day is unusual.

A scan over all runs that end in the reported month: each one's log ratio of count to expectation over its error, the
largest held against its simulated distribution without a run (Kulldorff 1997 on scan statistics), with the dispersion
of days, levels of weeks that resemble each other, and the error of what is expected.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from cxlib.estimates.daily_model import STRONGEST, Columns, Flags, Model, fit, scaled_weeks
from cxlib.questions.demand.level_shift import EDGE
from cxlib.results.volume import Run
from cxlib.stats.intervals import ALPHA, Array

SHORTEST = 5  # days of a run
WINDOW, LEARNT = 7 * EDGE, 7 * 8  # days looked at – steps in them are not found yet –, and least days before them
SIMULATED, SEED = 1999, 1997
LEAST = 0.5  # counted at least, lest a logarithm be of nothing


def window(days: pl.DataFrame, month: str) -> Flags:
    """Return the days in which a run may lie: the last six weeks up to the end of the month, none after too few."""
    last, size = days["period"] == month, int((days["period"] == month).sum())
    longest = max(WINDOW, size)
    size = longest if days.height - longest >= LEARNT else size
    there = np.arange(days.height) >= days.height - size
    return np.asarray(there & bool(last.any()) & (days.height - size >= LEARNT))


def strongest_run(days: pl.DataFrame, columns: Columns, month: str, outside: Flags) -> Run | None:
    """Return the strongest run of days of one group of `observed_days` if it is beyond chance.

    Args:
        days: Up to the end of the reported month.
        columns: The model's (`counting.design`).
        month: The reported month, in which the run must end.
        outside: Single days that are unusual by themselves: they count as what is expected, so that none is a run.
    """
    looked = window(days, month)
    if not looked.any():
        return None
    model = fit(days, columns, looked | outside)
    inside = looked & model.kept
    part = days.filter(pl.Series(inside))
    expected, counts = model.expected[inside], part["sum_wx"].to_numpy().astype(np.float64)
    usual = np.where(outside[inside], expected, counts)
    ends = np.flatnonzero((part["period"] == month).to_numpy()).tolist()
    spans = [(first, last) for last in ends for first in range(last - SHORTEST + 2)]
    if not spans:
        return None
    scan = _Scan.of(expected, _covariance(days, model, ~looked & ~outside, inside), spans)
    apart = (usual - expected)[:, None]
    found = np.abs(scan.statistics(apart)[:, 0])
    largest = scan.simulated()
    limit = float(np.sort(largest)[1 - round(ALPHA * (SIMULATED + 1))])  # beyond it p is below .05
    if not (found > limit).any():
        return None
    # of all runs beyond chance the likeliest by its days: how far it reaches is no matter of what weeks share
    best = int(np.argmax(np.where(found > limit, (scan.member @ apart)[:, 0] ** 2 / scan.expected, -1.0)))
    rows, of = slice(spans[best][0], spans[best][1] + 1), float(scan.expected[best])
    ratio = np.log(max(float(usual[rows].sum()), LEAST) / of)
    middle, low, high = (float(np.expm1(ratio + sign * limit * scan.error[best])) * 100 for sign in (0, -1, 1))
    p_value = float((1 + (largest >= found[best]).sum()) / (SIMULATED + 1))
    return Run(part["day"][rows][0], part["day"][rows][-1], float(counts[rows].sum()), of, middle, low, high, p_value)


def _covariance(days: pl.DataFrame, model: Model, learnt: Flags, inside: Flags) -> Array:
    """Return the covariance of the counts of the days looked at: of days, of levels of weeks, of the expectation."""
    residual = np.where(learnt & model.kept, days["sum_wx"].to_numpy() - model.expected, 0.0)
    weeks = scaled_weeks(days["monday"], residual, np.where(learnt, model.expected, 0.0))
    terms = sum("weekday" not in name for name in model.names)
    power = float(weeks @ weeks)
    spread = power / max(len(weeks) - terms, 1)
    related = float(weeks[1:] @ weeks[:-1]) / power if power > 0 else 0.0
    related = float(np.clip(related + terms / len(weeks) + 1 / np.sqrt(len(weeks)), 0.0, STRONGEST))  # and its error
    expected = model.expected[inside]
    monday = days.filter(pl.Series(inside))["monday"]
    week = (monday - monday.min()).dt.total_days().to_numpy() // 7
    of_week = float(expected.sum()) / max(len(np.unique(week)), 1)
    more = max(spread - model.dispersion, 0.0)
    lasting = min(related * spread / more, STRONGEST) if more > 0 else 0.0
    levels = more / of_week * lasting ** np.abs(week[:, None] - week)
    doubt = np.sqrt(model.error[inside] * model.slow)
    shared = levels + doubt[:, None] * doubt
    return np.asarray(np.diag(model.dispersion * expected) + shared * expected[:, None] * expected)


@dataclass(frozen=True, slots=True, eq=False)
class _Scan:
    """All runs: which days are in each, its expected count, the error of its log ratio, and the days' covariance."""

    member: Array
    expected: Array
    error: Array
    covariance: Array

    @classmethod
    def of(cls, expected: Array, covariance: Array, spans: list[tuple[int, int]]) -> _Scan:
        member = np.zeros((len(spans), len(expected)))
        for place, (first, last) in enumerate(spans):
            member[place, first : last + 1] = 1.0
        total = member @ expected
        error = np.sqrt(np.einsum("ij,jk,ik->i", member, covariance, member)) / total
        return cls(member, total, error, covariance)

    def statistics(self, apart: Array) -> Array:
        """Return the log ratio over its error of each run, for columns of counts less what is expected."""
        counted = np.fmax(self.expected[:, None] + self.member @ apart, LEAST)
        return np.asarray(np.log(counted / self.expected[:, None]) / self.error[:, None])

    def simulated(self) -> Array:
        """Return the largest statistics of so many months without a run."""
        values, vectors = np.linalg.eigh(self.covariance)
        root = vectors * np.sqrt(np.fmax(values, 0.0))
        drawn = root @ np.random.default_rng(SEED).standard_normal((len(root), SIMULATED))
        return np.asarray(np.abs(self.statistics(drawn)).max(axis=0))
