"""Next weeks' counts: what the calendar expects times a level that may drift, held to seasonal naive by backtest.

Calendar: quasi-Poisson regression of daily counts on weekday, public holiday and, with a year known, December and July
(McCullagh & Nelder 1989, ch. 6). Level: weekly counts ÷ expected by simple exponential smoothing, whose errors and
those of the calendar make the prediction interval (Hyndman, Koehler, Ord & Snyder 2008, ch. 6). Where the count made a
lasting step (`level_shift`), what lies before it is brought to the level after it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cxlib.clock import day_kinds
from cxlib.errors import UsageError
from cxlib.estimates.context import result_context, unanswerable
from cxlib.estimates.daily import daily_metric, day_counts
from cxlib.estimates.daily_model import WEEKS, observed_days
from cxlib.estimates.estimate_table import estimates
from cxlib.metrics import Metric, Query
from cxlib.periods import months_between
from cxlib.questions.demand.level_shift import EDGE, lasting_step, strongest
from cxlib.results.planning import Backtest, Forecast
from cxlib.results.types import POINT, Estimate, NotKnown
from cxlib.stats.intervals import ALPHA, Array, t_quantile
from cxlib.stats.sums import finite_column

YEAR, LEARNT, ORIGINS, MOST_ORIGINS, SHOWN, MOST = 52, 13, 8, 52, 26, 13
CALM = 4  # origins without a surprise from which an interval is widened
APART = (12, 7)
SUNDAY, HOLIDAY = 6, 7
BUSY = 0.5  # share of weeks in which something must have come
NAIVE = {1: "the week before", YEAR: "the same week of the year before"}


@dataclass(frozen=True, slots=True)
class Ahead:
    """A forecast week by week, the total of all weeks last, with its standard error and degrees of freedom."""

    value: Array
    se: Array
    df: float

    @property
    def half(self) -> Array:
        """Half the width of the 95 % prediction interval."""
        return float(t_quantile(np.asarray(ALPHA), self.df)) * self.se


@dataclass(frozen=True, slots=True)
class Since:
    """A lasting step as it became known: with so many days counted, on which day (both numbered from the first)."""

    counted: int
    day: int


Method = Callable[[Array, Array, Array, int], Ahead]


@dataclass(frozen=True, slots=True)
class _Tested:
    """A method, its mean error in %, scaled error, share of weeks inside its interval in %, and errors ÷ their se."""

    method: Method
    error: float
    mase: float | None
    held: float
    off: Array
    usual: float  # the error of those that a step did not surprise


def forecast(name: str, query: Query, weeks: int = 6) -> Forecast | NotKnown:
    """Return a daily count in the weeks of seven days after the reported month, with its backtest.

    Nothing after the reported month is used; public holidays to come are those of the default schedule.

    Raises:
        UsageError: No such metric or dimension, no daily count, or not 1 to 13 weeks.
    """
    metric = daily_metric(name)
    if not 1 <= weeks <= MOST:
        raise UsageError(f"{weeks} weeks cannot be forecast; ask for 1 to {MOST}.")
    if reason := unanswerable(metric, query):
        return reason
    title, settings = f"{metric.title}, the next {weeks} weeks", query.data.settings
    counted = day_counts(metric, query, months_between(query.data.first_month, query.month))
    needed = LEARNT + 2 * weeks + ORIGINS - 1
    if counted.height < 7 * needed:
        seen = f"The data {query.data.name!r} hold {counted.height // 7} whole weeks of it up to {query.month}"
        return NotKnown(title, f"{seen}; to forecast {weeks} and to test that takes {needed}.")
    counts = counted["sum_wx"].to_numpy().astype(np.float64)
    if not counts[-7 * (weeks + ORIGINS - 1) :].any():
        return NotKnown(title, f"Nothing arrived in the last {weeks + ORIGINS - 1} weeks up to {query.month}.")
    arrived = by_weeks(counts) > 0
    if arrived.mean() < BUSY:
        seldom = (
            f"{metric.measured_in.capitalize()} came in {arrived.sum()} of {len(arrived)} weeks up to {query.month}"
        )
        return NotKnown(title, f"{seldom}: too seldom to forecast a week.")
    last = counted["day"][-1]
    to_come = pl.date_range(last + timedelta(days=1), last + timedelta(days=7 * weeks), eager=True)
    days = pl.concat([counted["day"], to_come])
    kinds = day_kinds(days, settings.schedules[settings.default_schedule])
    strata = np.where(kinds == "holiday", HOLIDAY, days.dt.weekday().to_numpy() - 1)
    found, test = forecast_of(counts, strata, days.dt.month().to_numpy(), weeks, _steps(metric, query))
    about = replace(result_context(metric, query), provisional=0.0, observed=None)
    points, total = _points(by_weeks(counts)[-SHOWN:], found, last)
    return Forecast(metric, about, points, total, test)


def _steps(metric: Metric, query: Query) -> tuple[Since, ...]:
    """Return the lasting step as it was first found with fewer days, and as it is found with all; none without.

    The first time by halving: once found, a step is taken to be found in all weeks to come.
    """
    days = observed_days(metric, query)
    step = None if isinstance(days, NotKnown) else lasting_step(metric, query, days)
    if step is None or isinstance(days, NotKnown):
        return ()
    first = Since(days.height, (step.day - days["day"][0]).days)
    steps, seen = [first], first
    low, high = first.day + 7 * EDGE - 1, days.height  # never found with `low` days, found with `high`
    while high - low > 14:
        middle = (low + high) // 2
        at = strongest(days.head(middle)) if middle >= 7 * WEEKS else None
        if at is not None and at.p_value < ALPHA and abs((at.day - step.day).days) <= 7 * EDGE:
            high, seen = middle, Since(middle, (at.day - days["day"][0]).days)
        else:
            low = middle
    return (seen, *steps) if seen != first else (first,)


def _points(before: Array, found: Ahead, last: date) -> tuple[pl.DataFrame, Estimate]:
    """Return the weeks before and those ahead as rows, and the total of those ahead."""
    low, high = np.maximum(found.value - found.half, 0.0), found.value + found.half
    blank, past = np.full_like(before, np.nan), len(before)
    columns = {"value": (before, found.value), "se": (blank, found.se), "low": (blank, low), "high": (blank, high)}
    rows = pl.DataFrame([finite_column(name, np.concatenate(parts)) for name, parts in columns.items()])
    firsts = pl.Series([last + timedelta(days=7 * place + 1) for place in range(-past, len(found.value))])
    ahead = pl.Series(np.arange(len(rows)) >= past)
    count = pl.when(ahead).then(0).otherwise(pl.col("value")).cast(pl.Int64)
    days = pl.when(ahead).then(0).otherwise(7).cast(pl.Int64)
    rows = rows.with_columns(first=firsts, ahead=ahead, n=count, units=days).select("first", "ahead", *POINT)
    return rows[:-1], estimates(rows[-1:])[0]


def forecast_of(
    counts: Array, strata: Array, months: Array, weeks: int, steps: Sequence[Since] = ()
) -> tuple[Ahead, Backtest]:
    """Return the forecast of the closer method, and the backtest of the model against the better seasonal naive.

    Where errors of the backtest were larger than the method thought, its interval is widened as many times: intervals
    of smoothing methods hold less often than they promise (Hyndman et al. 2002). No error is below Poisson's.

    A step is used where it was known with the days up to then. Forecasts made before, of weeks that it lies in or
    before, count in the errors told, but neither choose the method nor widen: they measure a step, not what is to come.

    Args:
        counts: Daily counts, no day left out, oldest first, at least 7 × (20 + 2 × weeks) of them.
        strata: What each day is, those ahead too: 0 = Monday … 6 = Sunday, 7 = public holiday.
        months: The month of each, 1–12.
        weeks: How many weeks ahead.
        steps: A lasting step, in the order in which it became known.
    """
    ends, lags, calm = _origins(len(counts), weeks, steps)
    actual = np.array([_with_total(by_weeks(counts[end : end + 7 * weeks])) for end in ends])
    usual = np.array([np.abs(np.diff(by_weeks(counts[:end]))).mean() for end in ends])
    model = partial(by_calendar, steps=steps)

    def tested(method: Method) -> _Tested:
        made = [method(counts[:end], strata[: end + 7 * weeks], months[: end + 7 * weeks], weeks) for end in ends]
        wrong, se = actual - np.array([each.value for each in made]), np.array([each.se for each in made])
        error = np.abs(wrong[:, :-1])
        held = np.abs(wrong) <= np.array([each.half for each in made])
        off = np.sqrt((np.divide(wrong, se, out=np.zeros_like(wrong), where=se > 0)[calm] ** 2).mean(axis=0))
        off[:-1] = np.sqrt((off[:-1] ** 2).mean())
        scaled = (error.mean(axis=1)[usual > 0] / usual[usual > 0]).tolist()
        mase = sum(scaled) / len(scaled) if scaled else None
        percent = float(100 * error.sum() / actual[:, :-1].sum())
        held_of = float(100 * held[:, :-1].mean())
        return _Tested(method, percent, mase, held_of, np.maximum(off, 1.0), float(error[calm].sum()))

    rivals = {NAIVE[lag]: tested(naive(lag)) for lag in lags}
    rival, own = min(rivals, key=lambda each: rivals[each].usual), tested(model)
    other, widened = rivals[rival], float(own.off[0])
    test = Backtest(
        len(ends), own.error, other.error, own.mase, other.mase, own.held, widened, rival, int((~calm).sum()),
        own.usual < other.usual,
    )  # fmt: skip
    chosen = own if test.beats else other
    found = chosen.method(counts, strata, months, weeks)
    return replace(found, se=np.maximum(found.se * chosen.off, np.sqrt(found.value))), test


def _origins(days: int, weeks: int, steps: Sequence[Since]) -> tuple[list[int], list[int], NDArray[np.bool_]]:
    """Return with how many days backtests are made, which naive methods are tried, and which a step did not surprise.

    From a year on where that leaves enough; where fewer than four of them were not surprised, from a quarter on.
    """
    blocks, lags, start = days // 7, [1], LEARNT + weeks
    tried = [(start, lags)]
    if blocks >= YEAR + start + weeks + ORIGINS - 1:
        tried.insert(0, (YEAR + start, [1, YEAR]))
    for start, lags in tried:
        first = max(start, blocks - weeks - MOST_ORIGINS + 1)
        ends = [days - 7 * (blocks - origin) for origin in range(first, blocks - weeks + 1)]
        calm = np.array([not _surprised(end, end + 7 * weeks, steps) for end in ends])
        if calm.sum() >= CALM:
            return ends, lags, calm
    return ends, lags, np.ones_like(calm)


def _surprised(made: int, until: int, steps: Sequence[Since]) -> bool:
    """Tell whether a forecast with so many days, of those until then, is one that a step not yet known made wrong."""
    return bool(steps) and made < steps[0].counted and until > steps[0].day


def by_calendar(counts: Array, strata: Array, months: Array, weeks: int, *, steps: Sequence[Since] = ()) -> Ahead:
    """Return the forecast of the model: calendar times level, from the last step known on."""
    if not counts.any():
        return Ahead(np.zeros(weeks + 1), np.zeros(weeks + 1), 1.0)
    since = next((step.day for step in reversed(steps) if step.counted <= len(counts)), 0)
    expected, gradient, covariance = _calendar(counts, strata, months, since)
    usual, to_come = expected[: len(counts)], by_weeks(expected[len(counts) :])
    moved, moved_error = _moved(counts, usual, since)
    past = by_weeks(usual * np.where(np.arange(len(counts)) < since, np.exp(-moved), 1.0))
    level, alpha, spread = _smoothed(by_weeks(counts) / past)
    sums = np.vstack([np.eye(weeks), np.ones(weeks)])
    errors = sums @ (to_come[:, None] * (np.eye(weeks) + alpha * np.tri(weeks, k=-1)))
    slope = sums @ gradient[len(counts) :].reshape(weeks, 7, -1).sum(axis=1)
    doubt = np.einsum("ij,jk,ik->i", slope, covariance, slope)
    of_step = (1 - alpha) ** ((len(counts) - since) / 7) * moved_error * (sums @ to_come)
    variance = spread**2 * (errors**2).sum(axis=1) + level**2 * (np.maximum(doubt, 0.0) + of_step**2)
    return Ahead(level * sums @ to_come, np.sqrt(variance), len(past) - 2.0)


def _moved(counts: Array, usual: Array, since: int) -> tuple[float, float]:
    """Return the log ratio of a step and its error, from the weeks after it and half a year before it; 0 without."""
    if not since:
        return 0.0, 0.0
    sides = [
        (by_weeks(part[since:][: (len(part) - since) // 7 * 7]), by_weeks(part[:since])[-26:])
        for part in (counts, usual)
    ]
    (after, before), (after_usual, before_usual) = sides
    pairs = ((after, after_usual), (before, before_usual))
    means = [float(each.sum() / of.sum()) for each, of in pairs]
    if min(means) <= 0:
        return 0.0, 0.0
    apart = [each / np.fmax(of, 1e-9) / mean - 1 for (each, of), mean in zip(pairs, means, strict=True)]
    spread = sum(float(part @ part) for part in apart) / max(sum(map(len, apart)) - 2, 1)
    return float(np.log(means[0] / means[1])), float(np.sqrt(spread * sum(1 / len(part) for part in apart)))


def naive(lag: int) -> Method:
    """Return the method that repeats the counts of `lag` weeks before; its error is that it had so far."""

    def repeat(counts: Array, _strata: Array, _months: Array, weeks: int) -> Ahead:
        blocks, step = by_weeks(counts), np.arange(weeks) % lag - lag
        at = np.arange(lag, len(blocks) - weeks + 1)[:, None]
        wrong = blocks[at + np.arange(weeks)] - blocks[at + step]
        value = blocks[len(blocks) + step]
        return Ahead(_with_total(value), np.sqrt((_with_total(wrong) ** 2).mean(axis=0)), len(at))

    return repeat


def by_weeks(days: Array) -> Array:
    """Return sums of seven days, the last one ending with the last day; days before the first are left out."""
    return np.asarray(days[len(days) % 7 :].reshape(-1, 7).sum(axis=1), dtype=np.float64)


def _with_total(weeks: Array) -> Array:
    return np.concatenate([weeks, weeks.sum(axis=-1, keepdims=True)], axis=-1)


def _calendar(counts: Array, strata: Array, months: Array, since: int = 0) -> tuple[Array, Array, Array]:
    """Return the count expected on each day, its derivatives by the coefficients, and their covariance.

    Each 13 weeks have a level of their own in the regression, so that December is held to the weeks around it, and the
    days before a step (before the day numbered `since`) have another.
    """
    from statsmodels.genmod.families import Poisson
    from statsmodels.genmod.generalized_linear_model import GLM
    from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

    past = len(counts)
    strata = np.where(np.isin(strata, strata[:past]), strata, SUNDAY)  # the first holiday ever: like a Sunday
    open_ = np.isin(strata, strata[:past][counts > 0])
    terms = [strata == each for each in np.unique(strata[open_])]
    terms += [months == month for month in APART if past >= 7 * YEAR and counts[months[:past] == month].any()]
    design = np.column_stack(terms).astype(np.float64) * open_[:, None]
    quarter = np.minimum(np.arange(past)[::-1] // (7 * LEARNT), past // (7 * LEARNT) - 1)
    there = open_[:past] & np.isin(quarter, quarter[counts > 0])
    stepped = np.arange(past) < since
    levels = [quarter == each for each in np.unique(quarter[there])[1:]]
    levels += [stepped] if len(np.unique(np.column_stack([quarter, stepped])[there], axis=0)) > len(levels) + 1 else []
    whole = np.column_stack([design[:past], *levels]).astype(np.float64)[there]
    # one row, in two halves lest the fit be exact, for all days of one stratum, month and level: a fifth of the time
    alike = (quarter * 8 + strata[:past]) * 13 + np.where(np.isin(months[:past], APART), months[:past], 0)
    alike = 2 * alike + stepped
    _, first, member, often = np.unique(alike[there], return_index=True, return_inverse=True, return_counts=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PerfectSeparationWarning)  # days all alike are fitted exactly: no fault
        halves = np.repeat([np.bincount(member, counts[there]) / 2, often / 2], 2, axis=1)
        fitted = GLM(halves[0], np.repeat(whole[first], 2, axis=0), Poisson(), exposure=halves[1]).fit()
    mean = np.exp(whole @ fitted.params)
    dispersion = ((counts[there] - mean) ** 2 / mean).sum() / max(len(mean) - whole.shape[1], 1)
    used = len(terms)
    expected = np.where(open_, np.exp(design @ fitted.params[:used]), 0.0)
    covariance = fitted.cov_params()[:used, :used] * dispersion
    return expected, expected[:, None] * design, np.asarray(covariance, dtype=np.float64)


def _smoothed(ratios: Array) -> tuple[float, float, float]:
    """Return the last level, how fast it follows (α), and the standard deviation of one week's error."""
    from statsmodels.tools.sm_exceptions import ConvergenceWarning
    from statsmodels.tsa.holtwinters import SimpleExpSmoothing

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # at the ends of α, 0 and 1, the slope is no test
        fitted = SimpleExpSmoothing(ratios, initialization_method="estimated").fit()
    spread = float(np.sqrt(fitted.sse / (len(ratios) - 2)))
    return float(fitted.level[-1]), float(fitted.params["smoothing_level"]), spread
