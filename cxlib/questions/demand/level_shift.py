"""Did a daily count change its level, and from which week on? A test over all weeks at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

import numpy as np
import polars as pl

from cxlib.estimates.context import result_context
from cxlib.estimates.daily import daily_metric
from cxlib.estimates.daily_model import Columns, Model, design, fit, observed_days, relative, scaled_weeks, too_few
from cxlib.estimates.persons import unnamed
from cxlib.metrics import Metric, Query
from cxlib.metrics.frames import cache_key
from cxlib.numbers import day as day_text
from cxlib.periods import month_of
from cxlib.questions.groups.breakdown import labels
from cxlib.results.types import Effects, NotKnown
from cxlib.stats.effects import Row, effect_points
from cxlib.stats.intervals import ALPHA, Array
from cxlib.tables.schema import DIMENSIONS

EDGE = 6
RUNS, SEED = 4999, 2011  # so many that a step can be clear among the groups of a dimension
TRUTHS, TRIED = (0.0, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9), 100  # autocorrelations tried, in so many runs each
LEAST_OWN = 0.05  # share of a step that the calendar terms must leave, or it cannot be told from them


@dataclass(frozen=True, slots=True)
class Step:
    """The strongest lasting step: first day (a Monday), log ratio, its error, 95 % limit of |t| over all weeks, p.

    `last`: whether the day is the last one looked at, so that a step after it would be found there too.
    """

    day: date
    value: float
    error: float
    limit: float
    p_value: float
    last: bool

    def told(self) -> Row:
        """Return value, se, low, high in %, and p_value; the interval allows for the week having been picked."""
        found = relative(self.value, self.error, self.limit, np.inf)
        return found | ({"p_value": self.p_value} if "value" in found else {})


def level_shift(name: str, query: Query, by: str = "") -> Effects | NotKnown:
    """Return the strongest lasting step of a daily count, of the whole and of each group of a dimension.

    Beside weekdays, holidays, times of the year and trend, over all weeks with six more on each side. The largest of
    these statistics is held against the largest under no step (Andrews 1993), simulated from the fitted model with
    its dispersion and autocorrelation of weeks; the interval allows for the week having been picked.

    Raises:
        UsageError: No such metric or dimension, or no daily count.
    """
    metric, by = daily_metric(name), by or query.by or "category"
    if reason := unnamed(f"{metric.title}: strongest lasting step", by):
        return reason
    whole, parts = observed_days(metric, query), observed_days(metric, query, by)
    if isinstance(whole, NotKnown) or isinstance(parts, NotKnown):
        return whole if isinstance(whole, NotKnown) else parts  # type: ignore[return-value]
    named = dict(labels(query, by, parts.select("group").unique()).iter_rows())
    rows = [
        _row(part, group, named[group], strongest) for (group,), part in parts.group_by("group", maintain_order=True)
    ]
    rows.sort(key=lambda row: (row.get("p_value", 2.0), -row["n"]))
    return Effects(
        metric=metric,
        scope=replace(result_context(metric, query), provisional=0.0, observed=None),
        title=f"{metric.title}: strongest lasting step by {DIMENSIONS[by].title}",
        months=(month_of(whole["day"][0]), month_of(whole["day"][-1])),
        measured_in="%",
        none=0.0,
        points=effect_points([_row(whole, "(all)", "All", partial(_of_all, metric, query)), *rows]),
        allowing_for=("weekday", "public holidays", "time of the year", "trend"),
        caveat="One step is looked for in each; its interval allows for the week having been picked among all.",
    )


def _row(days: pl.DataFrame, group: str, label: str, find: Callable[[pl.DataFrame], Step | None]) -> Row:
    row = {"group": group, "label": label, "family": "", "n": int(days["n"].sum()), "units": days.height}
    if reason := too_few(days):
        return row | {"reason": reason}
    if (step := find(days)) is None:
        return row | {"reason": f"no week has {EDGE} more on each side that the calendar leaves to judge"}
    told, later = step.told(), " or later" if step.last else ""
    return row | told | ({"label": f"{label}, from {day_text(step.day)}{later}"} if "value" in told else {})


def _of_all(metric: Metric, query: Query, days: pl.DataFrame) -> Step | None:
    asked = ("strongest step", *cache_key(metric, query, [query.month], ""))
    return query.data.remember(asked, lambda: strongest(days))


def lasting_step(metric: Metric, query: Query, days: pl.DataFrame) -> Step | None:
    """Return the strongest step of the `observed_days` of all groups together if it is beyond chance."""
    step = _of_all(metric, query, days)
    return step if step and step.p_value < ALPHA else None


def steps_of(metric: Metric, query: Query, days: pl.DataFrame) -> list[date]:
    """Return the day of that step, if there is one."""
    step = lasting_step(metric, query, days)
    return [step.day] if step else []


def strongest(days: pl.DataFrame) -> Step | None:
    """Return the strongest step of one group of `observed_days`; None where no week can be told from the calendar."""
    columns = design(days)
    weeks = _Weeks.of(days, columns)
    if not weeks.starts:
        return None
    day = weeks.starts[int(np.argmax(np.abs(weeks.steps.T @ weeks.residual)))]
    name = f"step {day}"
    model = fit(days, columns | {name: (days["day"] >= day).to_numpy().astype(np.float64)}, near=weeks.model)
    if name not in model.names:
        return None
    at = model.names.index(name)
    misfit = np.where(model.kept, days["sum_wx"].to_numpy() - model.expected, 0.0)
    squares = float(np.square(scaled_weeks(days["monday"], misfit, model.expected)).sum())
    value, error = float(model.values[at]), float(np.sqrt(model.covariance[at, at] * squares / weeks.freedom))
    last = day == weeks.starts[-1]
    return Step(day, value, error, *weeks.test(abs(value / error)), last) if error > 0 else None


@dataclass(frozen=True, slots=True, eq=False)
class _Weeks:
    """Weeks in units of the root of what the calendar lets expect of them.

    `model` of the days without a step; `residual` counted − expected; `basis` the calendar terms, orthonormal; `steps`
    what these leave of a step from each of `starts` on, of length 1.
    """

    model: Model
    expected: Array
    residual: Array
    basis: Array
    steps: Array
    starts: list[date]

    @classmethod
    def of(cls, days: pl.DataFrame, columns: Columns) -> _Weeks:
        model, mondays = fit(days, columns), days["monday"].unique().sort()
        place = mondays.search_sorted(days["monday"]).to_numpy()
        daily = np.column_stack([np.ones(days.height), *columns.values()]) * model.expected[:, None]
        totals = np.zeros((len(mondays), daily.shape[1] + 1))
        misfit = np.where(model.kept, days["sum_wx"].to_numpy() - model.expected, 0.0)
        np.add.at(totals, place, np.column_stack([misfit, daily]))
        expected = totals[:, 1]
        root = np.sqrt(np.where(expected > 0, expected, 1.0))
        left, size, _ = np.linalg.svd(totals[:, 1:] / root[:, None], full_matrices=False)
        basis = left[:, size > 1e-8 * size[0]]
        starts = np.arange(EDGE, max(len(mondays) - EDGE + 1, EDGE))
        steps = np.where(np.arange(len(mondays))[:, None] >= starts, (expected / root)[:, None], 0.0)
        own = steps - basis @ (basis.T @ steps)
        sizes = np.sqrt((own**2).sum(axis=0))
        kept = sizes**2 > np.fmax(LEAST_OWN * np.fmin((steps**2).sum(axis=0), expected.sum() / 4), 1e-9)
        days_of = [mondays[int(at)] for at in starts[kept]]
        return cls(model, expected, totals[:, 0] / root, basis, own[:, kept] / sizes[kept], days_of)

    @property
    def freedom(self) -> float:
        """Weeks less calendar terms and the step."""
        return float(max(len(self.expected) - self.basis.shape[1] - 1, 1))

    def test(self, found: float) -> tuple[float, float]:
        """Return the 95 % limit of the largest statistic without a step, and the p-value of the one found.

        Weeks are drawn with the skewness of an overdispersed count, (2φ − 1) ÷ √(φ · expected), each resembling the one
        before. How much is found by indirect inference (Gouriéroux, Monfort & Renault 1993): the autocorrelation whose
        fitted one is on average the one seen, plus a standard error.
        """
        left = self.left(self.residual[:, None])
        spread = max(float((left**2).sum()) / self.freedom, 1.0)
        shape = (4 * spread * np.fmax(self.expected, 1.0) / (2 * spread - 1) ** 2)[:, None]
        gamma = np.random.default_rng(SEED).gamma(shape, size=(len(shape), RUNS))
        drawn = (gamma - shape) / np.sqrt(shape)
        seen = [float(_related(self.left(_chained(drawn[:, :TRIED], truth))).mean()) for truth in TRUTHS]
        related = float(_related(left)[0]) + 1 / float(np.sqrt(len(shape)))
        drawn = _chained(drawn, float(np.interp(related, np.maximum.accumulate(seen), TRUTHS)))
        largest = np.abs(self.steps.T @ drawn).max(axis=0)
        squares = (drawn**2).sum(axis=0) - ((self.basis.T @ drawn) ** 2).sum(axis=0) - largest**2  # as of `left`
        statistics = largest / np.sqrt(np.fmax(squares, 1e-9) / self.freedom)
        limit = np.sort(statistics)[1 - round(ALPHA * (RUNS + 1))]  # beyond it p is below .05, at it .05
        return float(limit), float((1 + (statistics >= found).sum()) / (RUNS + 1))

    def left(self, weeks: Array) -> Array:
        """Return what calendar terms and the strongest step leave of each column of weeks."""
        scores = self.steps.T @ weeks
        best = np.argmax(np.abs(scores), axis=0)
        step = self.steps[:, best] * scores[best, np.arange(weeks.shape[1])]
        return np.asarray(weeks - self.basis @ (self.basis.T @ weeks) - step)


def _related(left: Array) -> Array:
    """Return the correlation of neighbouring weeks in each column."""
    return np.asarray((left[1:] * left[:-1]).sum(axis=0) / np.fmax((left**2).sum(axis=0), 1e-12))


def _chained(drawn: Array, related: float) -> Array:
    """Return columns in which each week resembles the one before."""
    chained = drawn.copy()
    for week in range(1, len(drawn)):
        chained[week] = related * chained[week - 1] + np.sqrt(1 - related**2) * drawn[week]
    return chained
