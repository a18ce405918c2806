"""Why the median of a wait moved: what it would be with the other month's mix of groups.

A median is no sum over groups, so its change is divided by asking what each month would have shown with the groups in
the shares of the other (DiNardo, Fortin & Lemieux 1996), both ways, averaged as Kitagawa's parts of a mean are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from cxlib.stats.durations import HALF, STEP
from cxlib.stats.effects import half_width, p_of
from cxlib.stats.intervals import Array, Places
from cxlib.stats.sums import finite_column

DRAWS = 200
BLOCK = 4_000_000  # weights at once
ENOUGH = 0.95  # share of draws in which all medians are reached; with fewer there is no interval


@dataclass(frozen=True, slots=True, eq=False)
class Waits:
    """Waits of one month, the shortest first; of equal ones those that ended first.

    Attributes:
        values: Minutes.
        ended: 1 where the wait has ended, 0 where it was still running.
        group: Number of the group, −1 of those that only one month has.
        unit: Number of the unit.
    """

    values: Array
    ended: Array
    group: Places
    unit: Places

    @classmethod
    def of(cls, rows: pl.DataFrame) -> Waits:
        """Take columns value, ended, place (of the group) and code (of the unit)."""
        ordered = rows.sort("value", ~pl.col("ended"))
        return cls(
            ordered["value"].to_numpy().astype(np.float64), ordered["ended"].to_numpy().astype(np.float64),
            ordered["place"].to_numpy().astype(np.int64), ordered["code"].to_numpy().astype(np.int64),
        )  # fmt: skip

    def quantiles(self, weights: Array, q: float) -> Array:
        """Return the Kaplan–Meier quantile (½: the median) for each row of weights; NaN where it is not yet reached."""
        at_risk = np.cumsum(weights[:, ::-1], axis=1)[:, ::-1]
        hazard = np.divide(weights * self.ended, at_risk, out=np.zeros_like(weights), where=at_risk > 0)
        left = np.cumprod(1 - hazard, axis=1)
        first, later = ((left <= 1 - q + STEP).argmax(axis=1), (left < 1 - q - STEP).argmax(axis=1))
        reached = left[np.arange(len(left)), first]
        flat = (np.abs(reached - (1 - q)) < STEP) & (later > first)
        found = np.where(flat, (self.values[first] + self.values[later]) / 2, self.values[first])
        return np.where(reached <= 1 - q + STEP, found, np.nan)

    def shares(self, weights: Array, groups: int) -> Array:
        """Return the share of each group that both months have, for each row of weights."""
        sums = weights @ (self.group[:, None] == np.arange(groups)).astype(np.float64)
        return np.asarray(sums / sums.sum(axis=1, keepdims=True), dtype=np.float64)


def parts_of_wait(rows: pl.DataFrame, baseline: str, q: float = HALF) -> pl.DataFrame:
    """Return part, difference, low, high, p_value (minutes) of the change of a median or other quantile.

    Errors by the Bayesian bootstrap of units, whose waits in both months move together (Rubin 1981); interval and
    p-value from one t statistic, units of the smaller month − 1 degrees of freedom. Null where a median is not reached.

    Args:
        rows: Row frame of two months (period, group, unit, value, ended); a group with rows in both.
        baseline: The earlier month.
        q: The quantile.
    """
    after, before, groups, units = _sides(rows, baseline)
    names = ["mix", "within"] + ["turnover"] * bool((after.group < 0).any() or (before.group < 0).any())
    values = divided(after, before, np.ones((1, units)), groups, q)[:, 0]
    generator = np.random.default_rng(0)
    size = max(1, BLOCK // len(rows))
    blocks = [min(size, DRAWS - done) for done in range(0, DRAWS, size)]
    draws = np.hstack([divided(after, before, generator.exponential(1.0, (n, units)), groups, q) for n in blocks])
    reached = np.isfinite(draws).all(axis=0)
    se = draws[:, reached].std(axis=1, ddof=1) if reached.mean() >= ENOUGH else np.full(3, np.nan)
    se = np.where(se > 0, se, np.nan)
    free = float(rows.group_by("period").agg(pl.col("unit").n_unique())["unit"].min()) - 1.0  # type: ignore[arg-type]
    half = np.array([half_width(error, free) for error in se])
    numbers = {"difference": values, "low": values - half, "high": values + half}
    columns = [finite_column(name, number[: len(names)]) for name, number in numbers.items()]
    p_values = np.array([p_of(value / error, free) for value, error in zip(values, se, strict=True)])
    return pl.DataFrame([pl.Series("part", names), *columns, finite_column("p_value", p_values[: len(names)])])


def divided(after: Waits, before: Waits, drawn: Array, groups: int, q: float) -> Array:
    """Return mix, within and turnover (rows) of the change of the quantile, for each draw of weights of units."""
    medians, swapped, every = [], [], []
    weights = [drawn[:, side.unit] for side in (after, before)]
    shares = [side.shares(w, groups) for side, w in zip((after, before), weights, strict=True)]
    for place, side in enumerate((after, before)):
        alone = side.group < 0
        shared = weights[place] * ~alone if alone.any() else weights[place]
        other = np.divide(shares[1 - place], shares[place], out=np.zeros_like(shares[0]), where=shares[place] > 0)
        medians.append(side.quantiles(shared, q))
        every.append(side.quantiles(weights[place], q) if alone.any() else medians[-1])
        swapped.append(side.quantiles(shared * other[:, side.group], q))
    mix = (medians[0] - swapped[0] + swapped[1] - medians[1]) / 2
    within = (swapped[0] - medians[1] + medians[0] - swapped[1]) / 2
    return np.array([mix, within, every[0] - medians[0] - every[1] + medians[1]])


def _sides(rows: pl.DataFrame, baseline: str) -> tuple[Waits, Waits, int, int]:
    """Return the waits of the reported and of the other month, the number of shared groups and that of units."""
    shared = rows.group_by("group").agg(pl.col("period").n_unique()).filter(pl.col("period") == 2)["group"].sort()
    numbered = rows.with_columns(
        code=pl.col("unit").rank("dense").cast(pl.Int64) - 1,
        place=pl.col("group").replace_strict(shared, np.arange(len(shared)), default=-1, return_dtype=pl.Int64),
    )
    then = pl.col("period") == baseline
    after, before = (Waits.of(numbered.filter(side)) for side in (~then, then))
    return after, before, len(shared), numbered["code"].n_unique()
