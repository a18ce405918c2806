"""Figures of a metric by month and group, whatever its kind, and each unit's influence on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from cxlib.metrics import Metric, View, measured_frame, row_frame, unit_frame
from cxlib.periods import first_day, last_day
from cxlib.stats.durations import Curve, coded, curves_by, parted, quantiles
from cxlib.stats.intervals import ALPHA, MANY, Array, Figures, Places, Sums, measure, total
from cxlib.stats.results import POINT, Estimate

KEYS = ("period", "group")


@dataclass(frozen=True)
class Cells:
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
    def of_units(cls, metric: Metric, units: pl.DataFrame) -> Cells:
        """Return the cells of a unit frame at hand."""
        w, wx = pl.col("sum_w"), pl.col("sum_wx")
        squares = {"sum_ww": w * w, "sum_wxwx": wx * wx, "sum_wwx": w * wx}
        summed = units.group_by(KEYS).agg(
            pl.col("n", "sum_w", "sum_wx", "sum_wxx").sum(), units=pl.len(), **{k: v.sum() for k, v in squares.items()}
        )
        return cls.of_sums(metric, summed.sort(KEYS))

    @classmethod
    def of_sums(cls, metric: Metric, frame: pl.DataFrame) -> Cells:
        """Return the cells of a measured frame."""
        sums = Sums.of(frame)
        return cls(metric, frame.select(KEYS), lambda places: measure(metric, sums.take(places)))

    def points(self) -> pl.DataFrame:
        """Return period, group and the POINT columns in printed units, null where there is nothing to say."""
        return pl.concat([self.keys, printed(self.figures, self.metric.factor)], how="horizontal")

    def at(self, keys: pl.DataFrame) -> Cells:
        """Return the cells of these keys, in this order; without rows n = 0 and no value."""
        index = {key: place for place, key in enumerate(_names(self.keys))}
        wanted = [index.get(key, self.keys.height) for key in _names(keys)]
        places = np.array([*wanted, self.keys.height], dtype=np.int64)
        return Cells(
            self.metric,
            keys if keys.columns == list(KEYS) else keys.select(KEYS),
            lambda chosen: self.choose(places[chosen]),
        )


def _names(keys: pl.DataFrame) -> list[tuple[str, str]]:
    return list(zip(*(keys[name].to_list() for name in KEYS), strict=True))


def cells(metric: Metric, view: View, months: Sequence[str], by: str = "") -> Cells:
    """Return the figures of a metric for the months and groups that have rows."""
    if metric.kind == "duration":
        return cells_of(metric, row_frame(metric, view, months, by))
    if metric.kind == "count" and metric.unit == "day":
        return daily(metric, unit_frame(metric, view, months, by), observed_until(view))
    return Cells.of_sums(metric, measured_frame(metric, view, months, by))


def cells_of(metric: Metric, rows: pl.DataFrame) -> Cells:
    """Return the medians (or another quantile) of the waits of a row frame, by month and group."""
    by_key = curves_by(coded(rows), *KEYS)
    found = [*by_key.values(), Curve.of_waits(*np.zeros((3, 0)), size=0)]
    return Cells(
        metric, _keys_of(by_key), lambda places: quantiles([found[place] for place in places], metric.quantile)
    )


def daily(metric: Metric, units: pl.DataFrame, until: date) -> Cells:
    """Return monthly totals of a daily count; days without rows count as zero.

    The variance of a total is the total times its dispersion around the month's own weekday means (quasi-Poisson,
    McCullagh & Nelder 1989, ch. 6), never below Poisson; how surely it is known from so few and skewed days by the
    variance that counts of a negative binomial of that dispersion φ give it (Satterthwaite 1946).

    Args:
        metric: A count by day.
        units: Unit frame, one row per month, group and day.
        until: Last day observed; later days are not zero but unknown.
    """
    keys = units.select(KEYS).unique().sort(KEYS)
    seen = units.select(*KEYS, "n", "sum_wx", day=pl.col("unit").str.to_date())
    days = keys.join(_calendar(keys["period"].unique().to_list(), until), on="period")
    days = days.join(seen, on=[*KEYS, "day"], how="left").with_columns(pl.col("n", "sum_wx").fill_null(0))
    usual = pl.col("sum_wx").mean().over(*KEYS, "weekday")
    days = days.with_columns(usual=usual).filter(pl.col("usual") > 0)
    summed = days.group_by(KEYS).agg(
        pl.col("n", "sum_wx").sum(),
        units=(pl.col("n") > 0).sum(),
        misfit=((pl.col("sum_wx") - pl.col("usual")) ** 2 / pl.col("usual")).sum(),
        df=pl.len().cast(pl.Float64) - pl.col("weekday").n_unique(),
        mean=pl.col("usual").mean(),
    )
    summed = keys.join(summed, on=KEYS, how="left", maintain_order="left").fill_null(0)
    n, value, units_seen, misfit, df, mean = (
        summed[name].to_numpy().astype(np.float64) for name in ("n", "sum_wx", "units", "misfit", "df", "mean")
    )
    dispersion = np.fmax(1.0, np.divide(misfit, df, out=np.ones_like(df), where=df > 0))
    none = np.zeros_like(value)
    sums = Sums(n, units_seen, none, value, none, none, value * dispersion, none)
    kurtosis = np.divide(6 * dispersion - 6 + 1 / dispersion, mean, out=np.zeros_like(mean), where=mean > 0)
    df = np.append(np.where(df > 0, df * 2 / (2 + kurtosis), MANY), MANY)
    return Cells(metric, keys, lambda places: total(sums.take(places), df[places]).clipped(0.0, np.inf))


def influences(metric: Metric, view: View, months: Sequence[str], by: str = "") -> pl.DataFrame:
    """Return period, group, unit, influence: what each unit adds to the error of its cell's figure.

    Shares, means, scores: (Σwx − R·Σw of the unit) ÷ Σw; counts: the unit's total; durations: its influence on the
    survival curve at the quantile, which is proportional to that on the quantile.
    """
    if metric.kind == "duration":
        return influences_of(metric, row_frame(metric, view, months, by))
    frame = unit_frame(metric, view, months, by)
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
    return pl.DataFrame([*counts, *(known(name, number) for name, number in numbers.items())])


def known(name: str, numbers: Array) -> pl.Series:
    """Return a column in which what is not a finite number is null."""
    found = np.atleast_1d(np.asarray(numbers, dtype=np.float64))
    return pl.Series(name, np.where(np.isfinite(found), found, np.nan), nan_to_null=True)


def estimates(points: pl.DataFrame) -> list[Estimate]:
    """Return the rows of a table of points as estimates."""
    return [Estimate(**row) for row in points.select(POINT).iter_rows(named=True)]


def observed_until(view: View) -> date:
    """Return the local day on which the data end."""
    return view.data.extracted_at.astimezone(ZoneInfo(view.data.settings.timezone)).date()


def _calendar(months: Sequence[str], until: date) -> pl.DataFrame:
    spans = [pl.date_range(first_day(month), min(last_day(month), until), eager=True) for month in months]
    frame = pl.DataFrame({"period": months, "day": spans}, schema={"period": pl.String, "day": pl.List(pl.Date)})
    return frame.explode("day").with_columns(weekday=pl.col("day").dt.weekday())
