"""A daily count as a model: weekdays, public holidays, times of the year and a steady trend, multiplied together.

Quasi-Poisson with log link (McCullagh & Nelder 1989, ch. 6). What tells days apart (weekdays, holidays) has the
dispersion of days; what lasts (trend, seasons, steps) has that of weeks, times (1 + r) ÷ (1 − r) where each week
resembles the one before with correlation r.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cxlib.estimates.context import unanswerable
from cxlib.estimates.counted_days import feasts
from cxlib.estimates.daily import day_counts
from cxlib.metrics import Metric, Query
from cxlib.periods import months_between
from cxlib.results.types import NotKnown
from cxlib.stats.effects import Row, p_of
from cxlib.stats.intervals import Array

WEEKS, YEARS_FOR_MONTHS = 10, 3
YEAR = 365.25
STRONGEST, THOUSANDFOLD = 0.9, 6.9
Columns = dict[str, Array]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A fitted count.

    Attributes:
        kept: Which days it is about; days of a kind that never has a row are left out.
        expected: Expected count of each day, 0 on days left out.
        names: Names of the coefficients; a column that those before it determine has none.
        values: Coefficients, on the log scale.
        covariance: Theirs, at dispersion 1.
        error: Variance of each day's log expectation, at dispersion 1.
        dispersion: Of single days, at least 1.
        slow: Of weeks that follow each other, at least that of days.
        freedom: Weeks less what varies between weeks.
    """

    kept: Flags
    expected: Array
    names: tuple[str, ...]
    values: Array
    covariance: Array
    error: Array
    dispersion: float
    slow: float
    freedom: float

    def effect(self, weights: Mapping[str, float], *, lasts: bool = True) -> tuple[float, float]:
        """Return a sum of coefficients times weights, and its error; a coefficient left out counts as 0."""
        vector = np.array([weights.get(name, 0.0) for name in self.names])
        dispersion = self.slow if lasts else self.dispersion
        return float(vector @ self.values), float(np.sqrt(vector @ self.covariance @ vector * dispersion))


def observed_days(metric: Metric, query: Query, by: str = "") -> pl.DataFrame | NotKnown:
    """Return the rows of `day_counts` up to the end of the reported month, or why they are too few for a model.

    Beside them: weekday, monday (of the week), feast (a public holiday, also at a weekend).
    """
    if reason := unanswerable(metric, query, by):
        return reason
    days = day_counts(metric, query, months_between(query.data.first_month, query.month), by)
    number = days["day"].n_unique()
    if number < 7 * WEEKS:
        words = f"A model of daily counts needs {WEEKS} weeks; the data observe {number} days with these rows."
        return NotKnown(metric.title, words)
    if not by and (few := too_few(days)):
        return NotKnown(metric.title, f"There is too little for a model: {few}.")
    settings = query.data.settings
    day, feast = pl.col("day"), feasts(days["day"], settings.schedules[settings.default_schedule])
    return days.with_columns(weekday=day.dt.weekday(), monday=day.dt.truncate("1w"), feast=feast)


def too_few(days: pl.DataFrame) -> str | None:
    """Return why a count is too small for a model, if it is: its median on a working day is below 1."""
    working = days.filter(pl.col("kind") == "working")["sum_wx"]
    return None if 2 * int((working >= 1).sum()) > len(working) else "on half of the working days or more there is none"


def design(days: pl.DataFrame, steps: Sequence[date] = (), *, yearly: bool = False) -> Columns:
    """Return the columns of the model by name, but for its constant: the level of the busiest weekday.

    Args:
        days: One group of `observed_days`.
        steps: Days from which the count may be on another level.
        yearly: Times of the year one by one for each year.
    """
    day, feast, weekday, years = (
        part.to_numpy() for part in (days["day"], days["feast"], days["weekday"], days["day"].dt.year())
    )
    level = np.bincount(weekday, days["sum_wx"].to_numpy(), 8) / np.fmax(np.bincount(weekday, minlength=8), 1)
    usual = 7 - int(np.argmax(level[:0:-1]))  # of equal ones the last in the week
    flags = {f"weekday {number}": (weekday == number) & ~feast for number in range(1, 8) if number != usual}
    closed = (days["kind"] == "weekend").to_numpy()
    flags |= {"holiday": feast & ~closed, "holiday at a weekend": feast & closed}
    for name, flag in seasons(days).items():
        flags |= {f"{name} {year}": flag & (years == year) for year in np.unique(years)} if yearly else {name: flag}
    flags |= {f"step {start}": day >= np.datetime64(start) for start in steps}
    past = (day - day[-1]) / np.timedelta64(1, "D") / YEAR
    return {"trend": past} | {name: flag.astype(np.float64) for name, flag in flags.items()}


def seasons(days: pl.DataFrame) -> dict[str, Flags]:
    """Return the times of the year that have an effect: 11 months from three years on, else what may be told apart."""
    month = days["day"].dt.month().to_numpy()
    whole = np.unique(days["day"].dt.strftime("%Y%m").to_numpy().astype(np.int64), return_counts=True)
    years = np.bincount(whole[0][whole[1] >= 28] % 100, minlength=13)
    if years[1:].min() >= YEARS_FOR_MONTHS:
        return {f"month {number}": month == number for number in range(2, 13)}
    found = {f"month {number}": month == number for number in (12, 7) if years[number] and days.height >= YEAR / 2}
    closed = days.filter(pl.col("feast") & (pl.col("kind") == "holiday"))["monday"].unique()
    return found | {"weeks with a holiday": (days["monday"].is_in(closed.to_list()) & ~days["feast"]).to_numpy()}


def fit(days: pl.DataFrame, columns: Columns, without: Flags | None = None, near: Model | None = None) -> Model:
    """Fit the count of one group of `observed_days`; days `without` have an expectation but no say in it.

    The search begins at the coefficients of a model that is `near`, where one is given.
    """
    import statsmodels.api as sm

    counts = days["sum_wx"].to_numpy().astype(np.float64)
    kept = np.ones(len(counts), dtype=bool)
    for name, column in columns.items():
        if name != "trend" and not name.startswith("step") and not counts[column > 0].any():
            kept &= column == 0
    used = kept if without is None else kept & ~without
    names, matrix = independent({"": np.ones(len(counts))} | columns, used)
    begin = None if near is None else [dict(zip(near.names, near.values, strict=True)).get(name, 0.0) for name in names]
    model = sm.GLM(counts[used], matrix[used], family=sm.families.Poisson())
    fitted = model.fit(start_params=begin, scale=1.0, wls_method="qr")
    values, covariance = np.asarray(fitted.params), np.asarray(fitted.cov_params())
    expected = np.exp(np.where(kept, matrix @ values, -np.inf))
    dispersion = max(1.0, float(fitted.pearson_chi2) / max(int(used.sum()) - len(names), 1))
    own = sum("weekday" not in name for name in names)
    slow, freedom = weekly_dispersion(
        days["monday"], np.where(used, counts - expected, 0.0), np.where(used, expected, 0.0), own
    )
    error = ((matrix @ covariance) * matrix).sum(axis=1)
    return Model(kept, expected, names, values, covariance, error, dispersion, max(dispersion, slow), freedom)


def weekly_dispersion(weeks: pl.Series, residual: Array, expected: Array, terms: int) -> tuple[float, float]:
    """Return the dispersion of weeks, widened by their autocorrelation, and weeks less terms.

    Fitted terms make neighbours look less alike, each by about 1 ÷ number of weeks: that is added again.
    """
    scaled = scaled_weeks(weeks, residual, expected)
    power, freedom = float(scaled @ scaled), float(max(len(scaled) - terms, 1))
    found = float(scaled[1:] @ scaled[:-1]) / power if power > 0 else 0.0
    related = float(np.clip(found + terms / max(len(scaled), 1), 0.0, STRONGEST))
    return power / freedom * (1 + related) / (1 - related), freedom


def scaled_weeks(weeks: pl.Series, residual: Array, expected: Array) -> Array:
    """Return the residual of each week with an expectation over the root of that, in the order of the weeks."""
    _, week = np.unique(weeks.to_numpy(), return_inverse=True)
    left, told = np.bincount(week, residual), np.bincount(week, expected)
    return np.asarray(left[told > 0] / np.sqrt(told[told > 0]), dtype=np.float64)


def independent(columns: Columns, used: Flags) -> tuple[tuple[str, ...], Array]:
    """Return names and matrix of the columns that those before them do not determine on the days used."""
    names, basis = list[str](), np.zeros((int(used.sum()), 0))
    for name, column in columns.items():
        left = column[used]
        size = float(np.linalg.norm(left))
        for _ in range(2):  # once more against rounding
            left = left - basis @ (basis.T @ left)
        if (own := float(np.linalg.norm(left))) > 1e-6 * size > 0:
            names, basis = [*names, name], np.column_stack([basis, left / own])
    return tuple(names), np.column_stack([columns[name] for name in names])


def relative(value: float, error: float, width: float, freedom: float) -> Row:
    """Return value, se, low, high in % and p-value of an effect on the log scale; the interval is ± width × error.

    Only a reason where the interval reaches beyond a thousandfold: of nothing there is no %.
    """
    if not abs(value) + width * error < THOUSANDFOLD:
        return {"reason": "too little on one side to say by how much"}
    middle, low, high = (float(np.expm1(value + sign * width * error)) * 100 for sign in (0, -1, 1))
    se = float(np.exp(value) * error) * 100
    return {"value": middle, "se": se, "low": low, "high": high, "p_value": p_of(value / error, freedom)}
