"""Figures of a metric by month and group, whatever its kind, and each unit's influence on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from cxlib.estimates.counted_days import KEYS, day_sums, scatter, with_empty_days
from cxlib.metrics import Metric, Query, measured_frame, row_frame, unit_frame
from cxlib.metrics.registry import SIGNED
from cxlib.results.types import POINT, Estimate
from cxlib.stats.durations import Curve, coded, curves_by, parted, quantiles
from cxlib.stats.intervals import ALPHA, MANY, Array, Figures, Places, Sums, counted_total, measure
from cxlib.stats.sums import finite_column


@dataclass(frozen=True)
class EstimateTable:
    """Figures of one metric: row i of `keys` (period, group) names element i of `figures`.

    `choose(places)` returns the figures of some rows only; the place after the last one is an empty cell.
    """

    metric: Metric
    keys: pl.DataFrame
    choose: Callable[[Places], Figures]

    @cached_property
    def figures(self) -> Figures:
        """The figures of all rows."""
        return self.choose(np.arange(self.keys.height))

    @classmethod
    def of_units(cls, metric: Metric, units: pl.DataFrame) -> EstimateTable:
        """Return the cells of a unit frame at hand."""
        w, wx = pl.col("sum_w"), pl.col("sum_wx")
        squares = {"sum_ww": w * w, "sum_wxwx": wx * wx, "sum_wwx": w * wx}
        squares |= {"sum_www": w**3, "sum_wwwx": w * w * wx, "sum_wwxwx": w * wx * wx, "sum_wxwxwx": wx**3}
        summed = units.group_by(KEYS).agg(
            pl.col("n", "sum_w", "sum_wx", "sum_wxx").sum(), units=pl.len(), **{k: v.sum() for k, v in squares.items()}
        )
        found = cls.of_sums(metric, summed.sort(KEYS))
        return found if SIGNED in metric.needs and (units["sum_wx"] < 0).any() else found.from_zero()

    @classmethod
    def of_sums(cls, metric: Metric, frame: pl.DataFrame) -> EstimateTable:
        """Return the cells of a measured frame."""
        sums = Sums.of(frame)
        return cls(metric, frame.select(KEYS), lambda places: measure(metric, sums.take(places)))

    def from_zero(self) -> EstimateTable:
        """Return sums of money without a refund, whose intervals begin at 0; all else is within its range anyway."""
        if SIGNED not in self.metric.needs:
            return self
        return replace(self, choose=lambda places: self.choose(places).clipped(0.0, np.inf))

    def points(self) -> pl.DataFrame:
        """Return period, group and the POINT columns in printed units, null where there is nothing to say."""
        return pl.concat([self.keys, printed(self.figures, self.metric.factor)], how="horizontal")

    def at(self, keys: pl.DataFrame) -> EstimateTable:
        """Return the cells of these keys, in this order; without rows n = 0 and no value."""
        index = {key: place for place, key in enumerate(_names(self.keys))}
        wanted = [index.get(key, self.keys.height) for key in _names(keys)]
        places = np.array([*wanted, self.keys.height], dtype=np.int64)
        return EstimateTable(
            self.metric,
            keys if keys.columns == list(KEYS) else keys.select(KEYS),
            lambda chosen: self.choose(places[chosen]),
        )


def _names(keys: pl.DataFrame) -> list[tuple[str, str]]:
    return list(zip(*(keys[name].to_list() for name in KEYS), strict=True))


def estimate_table(metric: Metric, query: Query, months: Sequence[str], by: str = "") -> EstimateTable:
    """Return the figures of a metric for the months and groups that have rows."""
    if metric.kind == "duration":
        return estimate_table_of(metric, row_frame(metric, query, months, by))
    if metric.kind == "count" and metric.unit == "day":
        return daily(metric, query, unit_frame(metric, query, months, by), by)
    found = EstimateTable.of_sums(metric, measured_frame(metric, query, months, by))
    return found if SIGNED in metric.needs and _paid_back(metric, query) else found.from_zero()


def _paid_back(metric: Metric, query: Query) -> bool:
    """Tell whether the data have negative amounts: without, no sum of them is below 0."""
    negative = query.data.scan(metric.table).select((pl.col(SIGNED) < 0).any())
    return bool(query.data.once(("negative amounts", metric.table), negative.collect).item())


def estimate_table_of(metric: Metric, rows: pl.DataFrame) -> EstimateTable:
    """Return the medians (or another quantile) of the waits of a row frame, by month and group."""
    by_key = curves_by(coded(rows), *KEYS)
    found = [*by_key.values(), Curve.of_waits(*np.zeros((3, 0)), size=0)]
    return EstimateTable(
        metric, _keys_of(by_key), lambda places: quantiles([found[place] for place in places], metric.quantile)
    )


def daily(metric: Metric, query: Query, units: pl.DataFrame, by: str = "") -> EstimateTable:
    """Return monthly totals of a daily count; observed days are the units, those without rows too.

    The variance of a total is the total times the dispersion of its days (`scatter`).

    Args:
        metric: A count by day.
        query: What is asked about: data, month, filters.
        units: Unit frame, one row per month, group and day.
        by: Dimension of the groups.
    """
    days = with_empty_days(metric, query, units, by)
    return of_days(metric, days, scatter(days))


def of_days(metric: Metric, days: pl.DataFrame, scattered: pl.DataFrame) -> EstimateTable:
    """Return the totals of days (`day_sums`), weighted where they have a weight."""
    keys, sums, free = day_sums(days, scattered)
    free = np.append(free, MANY)
    return EstimateTable(metric, keys, lambda places: counted_total(sums.take(places), free[places]))


def influences(metric: Metric, query: Query, months: Sequence[str], by: str = "") -> pl.DataFrame:
    """Return period, group, unit, influence: what each unit adds to the error of its cell's figure.

    Shares, means, scores: (Σwx − R·Σw of the unit) ÷ Σw; counts: the unit's total; durations: its influence on the
    survival curve at the quantile, which is proportional to that on the quantile.
    """
    if metric.kind == "duration":
        return influences_of(metric, row_frame(metric, query, months, by))
    return influences_of_units(metric, unit_frame(metric, query, months, by))


def influences_of_units(metric: Metric, frame: pl.DataFrame) -> pl.DataFrame:
    """Return period, group, unit, influence of a unit frame at hand."""
    own = pl.col("sum_wx")
    if metric.kind != "count":
        whole = pl.col("sum_w").sum().over(KEYS)
        own = (own - pl.col("sum_wx").sum().over(KEYS) / whole * pl.col("sum_w")) / whole
    return frame.select(*KEYS, "unit", influence=own)


def _keys_of(found: dict[tuple[Any, ...], Curve]) -> pl.DataFrame:
    return pl.DataFrame(list(found), schema=dict.fromkeys(KEYS, pl.String), orient="row")


def influences_of(metric: Metric, waits: pl.DataFrame) -> pl.DataFrame:
    """Return period, group, unit (its number), influence of the waits of a row frame."""
    by_key = curves_by(coded(waits), *KEYS)
    curves = [*by_key.values()]
    found = np.concatenate([np.zeros(0), *(curve.own_influence_at(metric.quantile) for curve in curves)])
    code: Places = np.concatenate([np.zeros(0, dtype=np.int64), *(curve.own_units[0] for curve in curves)])
    cell = np.repeat(np.arange(len(curves)), [len(curve.own_units[0]) for curve in curves])
    there = found != 0
    keys: pl.DataFrame = _keys_of(by_key)[cell[there]]
    return keys.with_columns(unit=code[there], influence=found[there])


def correlation(influence: pl.DataFrame, after: pl.DataFrame, before: pl.DataFrame) -> Array:
    """Return the correlation of pairs of figures, from the units that contribute to both; 0 where none does.

    Args:
        influence: Result of `influences`.
        after: Keys (period, group), one row a pair.
        before: Keys of the other figure of each pair.
    """
    rows = influence if influence["unit"].dtype.is_integer() else coded(influence).with_columns(unit="code")
    parts, spread = (
        parted(rows, KEYS, ("unit", "influence")),
        np.zeros(int(rows["unit"].to_numpy().max(initial=-1)) + 1),
    )
    nothing = [np.zeros(0, dtype=np.int64), np.zeros(0)]
    found = []
    for keys in zip(_names(after), _names(before), strict=True):
        (code, one), (code_before, other) = (parts.get(key, nothing) for key in keys)
        spread[code] = one
        size = float(np.sqrt((one @ one) * (other @ other)))
        found.append(float(spread[code_before] @ other) / size if size > 0 else 0.0)
        spread[code] = 0.0
    return np.clip(np.array(found, dtype=np.float64), -1.0, 1.0)


def printed(figures: Figures, factor: float) -> pl.DataFrame:
    """Return the POINT columns in printed units; null where not known, both bounds where neither says anything."""
    low, high = (bound * factor for bound in figures.limits(np.asarray(ALPHA)))
    low = np.where(~np.isfinite(high) & (low == 0), np.nan, low)
    numbers = {"value": figures.value * factor, "se": figures.se * factor, "low": low, "high": high}
    counts = [pl.Series(name, getattr(figures, name).astype(np.int64)) for name in ("n", "units")]
    return pl.DataFrame([*counts, *(finite_column(name, number) for name, number in numbers.items())])


def estimates(points: pl.DataFrame) -> list[Estimate]:
    """Return the rows of a table of points as estimates."""
    return [Estimate(**row) for row in points.select(POINT).iter_rows(named=True)]
