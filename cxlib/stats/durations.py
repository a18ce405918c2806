"""Quantiles of waits, some of which have not ended: Kaplan–Meier, errors by customer.

The error of the curve is the infinitesimal jackknife summed over units – what a delete-a-group jackknife over customers
tends to, in one pass, and the ordinary cluster-robust linearisation where every wait has ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from cxlib.metrics.frames import numbered
from cxlib.stats.intervals import ALPHA, Array, Figures, Places, Sums, effective_n, normal_quantile

STEP = 1e-9  # two survival probabilities nearer than this are one
HALF = 0.5
WAIT = ("value", "ended", "code")


@dataclass(frozen=True)
class Curve:
    """Waits of one cell and their Kaplan–Meier curve (Kaplan & Meier 1958).

    Attributes:
        values: Minutes waited, sorted.
        ended: Whether the wait has ended (1) or was still running (0), in that order.
        units: Number 0 … of the unit of each wait, in that order.
        size: Number of units in the whole frame: length of `influence`.
    """

    values: Array
    ended: Array
    units: Places
    size: int

    @classmethod
    def of(cls, rows: pl.DataFrame, size: int) -> Curve:
        """Take columns value, ended and code (number of the unit) of a row frame."""
        return cls.of_waits(*(rows[name].to_numpy() for name in WAIT), size=size)

    @classmethod
    def of_waits(cls, values: Array, ended: Array, units: Places, *, size: int) -> Curve:
        """Take waits in any order."""
        order = np.argsort(values, kind="stable")
        return cls(
            values[order].astype(np.float64), ended[order].astype(np.float64), units[order].astype(np.int64), size
        )

    def only(self, chosen: Places) -> Curve:
        """Return the curve of the waits that are marked, in the order of `values`."""
        return Curve(self.values[chosen], self.ended[chosen], self.units[chosen], self.size)

    @cached_property
    def own_units(self) -> tuple[Places, Places]:
        """Numbers of the units that have a wait here, and which of these each wait is of."""
        numbers, places = np.unique(self.units, return_inverse=True)
        return numbers, places

    @cached_property
    def _steps(self) -> tuple[Array, ...]:
        """Distinct times, waits at risk, ends, and survival just after each."""
        first = np.flatnonzero(np.append(True, self.values[1:] != self.values[:-1])[: len(self.values)])
        at_risk = (len(self.values) - first).astype(np.float64)
        ends = np.bincount(self._place, self.ended, len(first)).astype(np.float64)
        return self.values[first], at_risk, ends, np.cumprod(1 - ends / at_risk, dtype=np.float64)

    @cached_property
    def _place(self) -> Places:
        """Which of the distinct times each wait lasted."""
        return np.cumsum(np.append(False, self.values[1:] != self.values[:-1]))[: len(self.values)]

    @cached_property
    def _quantiles(self) -> dict[float, float]:
        return {}

    @cached_property
    def _precisions(self) -> dict[float, tuple[Sums, float, float]]:
        return {}

    @cached_property
    def _past(self) -> Array:
        """Share of waits that has ended by each distinct time."""
        return 1 - self._steps[3]

    def quantile(self, q: float = HALF) -> float:
        """Return the time by which a share q of waits has ended; NaN if not yet reached.

        Where the curve is flat at exactly 1 − q the middle of the flat piece is taken, as for an ordinary median.
        """
        if q not in self._quantiles:
            self._quantiles[q] = self._quantile(q)
        return self._quantiles[q]

    def _quantile(self, q: float) -> float:
        times, _, ends, survival = self._steps
        first = int(self._past.searchsorted(q - STEP))
        if first == len(times):
            return np.nan
        if abs(survival[first] - (1 - q)) >= STEP:
            return float(times[first])
        later = np.flatnonzero(ends[first + 1 :] > 0)
        return float((times[first] + times[first + 1 + later[0]]) / 2 if len(later) else times[first])

    def survival(self, at: float) -> float:
        """Return the share of waits that last longer than `at`."""
        times, _, _, survival = self._steps
        place = np.searchsorted(times, at, side="right")
        return float(survival[place - 1]) if place else 1.0

    def influence(self, at: float) -> Array:
        """Return each unit's influence on `survival(at)`, so that their squares sum to its variance."""
        every = np.zeros(self.size)
        every[self.own_units[0]] = self.own_influence(at)
        return every

    def own_influence(self, at: float) -> Array:
        """Return the influence on `survival(at)` of each of its `own_units`.

        Derivative of the product-limit estimate by the weight of each wait (Therneau & Grambsch 2000, 7.4), survival ×
        (∫ dN̄ ÷ Y(Y − dN̄) − own end ÷ (Y − dN̄)) up to `at`, summed by unit.
        """
        times, at_risk, ends, _ = self._steps
        left = at_risk - ends
        per_end = np.where((times <= at) & (left > 0), 1.0 / np.where(left > 0, left, 1.0), 0.0)
        passed = np.cumsum(per_end * ends / at_risk)
        own = self.survival(at) * (passed[self._place] - self.ended * per_end[self._place])
        return np.bincount(self.own_units[1], weights=own, minlength=len(self.own_units[0])).astype(np.float64)

    def influence_at(self, q: float = HALF) -> Array:
        """Return each unit's influence on the curve at a quantile; all 0 where it is not yet reached."""
        every = np.zeros(self.size)
        every[self.own_units[0]] = self.own_influence_at(q)
        return every

    def own_influence_at(self, q: float = HALF) -> Array:
        """Return the influence on the curve at a quantile of each of its `own_units`, as `influence_at`."""
        at = self.quantile(q)
        return self.own_influence(at) if np.isfinite(at) else np.zeros(len(self.own_units[0]))

    def cut(self, low: float, high: float) -> tuple[float, float]:
        """Return the first times by which a share `low` and more than a share `high` of waits has ended.

        0 and inf where the curve gives no such time.
        """
        times, past = self._steps[0], self._past
        first = past.searchsorted(low - STEP, side="left") if low > 0 else -1
        last = past.searchsorted(high + STEP, side="right")
        return times[first] if -1 < first < len(times) else 0.0, times[last] if last < len(times) else np.inf

    def precision(self, q: float) -> tuple[Sums, float, float]:
        """Return the number of waits by unit, and variance and error of the curve at a quantile (½ if not reached)."""
        if q not in self._precisions:
            self._precisions[q] = self._precision(q)
        return self._precisions[q]

    def _precision(self, q: float) -> tuple[Sums, float, float]:
        at = self.quantile(q)
        sizes = np.bincount(self.own_units[1]).astype(np.float64)
        sums = Sums.of_units(sizes, sizes, sizes, sizes)
        groups = sums.units[0]
        if not np.isfinite(at) or groups < 2:
            return sums, HALF * HALF, np.nan
        p = self.survival(at)
        return sums, p * (1 - p), float(np.sqrt(np.square(self.own_influence(at)).sum() * groups / (groups - 1)))


def coded(rows: pl.DataFrame) -> pl.DataFrame:
    """Return a frame with `code`, the number 0 … of each of its units, and flags of waits as 0 or 1.

    A row frame numbers its units already; of a part of it they are numbered anew.
    """
    if "code" in rows.columns:
        code = pl.Series("code", np.unique(rows["code"].to_numpy(), return_inverse=True)[1], dtype=pl.Int64)
    else:
        code = numbered(rows["unit"])
    return rows.with_columns(code, pl.col(pl.Boolean).cast(pl.Float64))


def curves_by(rows: pl.DataFrame, *keys: str) -> dict[tuple[Any, ...], Curve]:
    """Return the curves of a coded row frame by the values of these columns."""
    size = int(rows["code"].to_numpy().max(initial=-1)) + 1
    return {key: Curve.of_waits(*part, size=size) for key, part in parted(rows, keys, WAIT).items()}


def parted(rows: pl.DataFrame, keys: Sequence[str], columns: Sequence[str]) -> dict[tuple[Any, ...], list[Any]]:
    """Return these columns of the rows by the values of the keys, in the order of the keys, then as they stand."""
    found = rows.group_by(keys).agg(columns).sort(keys)
    arrays = ([part.to_numpy() for part in found[name]] for name in columns)
    return dict(zip(found.select(keys).iter_rows(), map(list, zip(*arrays, strict=True)), strict=True))


def quantiles(cells: Sequence[Curve], q: float = HALF) -> Figures:
    """Return a quantile of several curves as figures, with Woodruff's interval (1952): inverting the share below it.

    Kept are the times at which the share of ended waits differs from q by no more than chance allows, with the
    effective number of waits that the cluster-robust error at the quantile implies. Bounds are 0 and inf where the
    curve gives none; the error printed is a quarter of the 95 % interval's width, where both are known.
    """
    sums, spreads, errors = zip(*(curve.precision(q) for curve in cells), strict=True) if cells else ((), (), ())
    stacked = Sums.stacked(sums) if cells else Sums(*np.zeros((8, 0)))
    worth = effective_n(stacked, np.array(spreads, dtype=np.float64), np.array(errors, dtype=np.float64))

    def limits(alpha: Array) -> tuple[Array, Array]:
        half = normal_quantile(alpha) * np.sqrt(q * (1 - q) / worth(alpha))
        halves = np.broadcast_to(half, (len(cells),))
        cuts = [curve.cut(q - half, q + half) for curve, half in zip(cells, halves, strict=True)]
        low, high = np.array(cuts, dtype=np.float64).reshape(-1, 2).T
        return np.where(stacked.n > 0, low, np.nan), np.where(stacked.n > 0, high, np.nan)

    low, high = limits(np.asarray(ALPHA))
    se = (high - low) / (2 * normal_quantile(np.asarray(ALPHA)))
    value = np.array([curve.quantile(q) for curve in cells], dtype=np.float64)
    return Figures(stacked.n, stacked.units, value, np.where(np.isfinite(se), se, np.nan), limits)
