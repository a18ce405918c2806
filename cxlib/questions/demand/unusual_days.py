"""Days on which more or less came than the calendar lets expect."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from cxlib.estimates.context import result_context
from cxlib.estimates.daily import daily_metric
from cxlib.estimates.daily_model import Flags, Model, design, fit, observed_days
from cxlib.metrics import Query
from cxlib.questions.demand.level_shift import steps_of
from cxlib.questions.demand.runs import strongest_run
from cxlib.results.types import NotKnown, UnusualDays
from cxlib.settings import Settings
from cxlib.stats.intervals import ALPHA, Array


def unusual_days(name: str, query: Query) -> UnusualDays | NotKnown:
    """Return each day of the reported month against what `count_model` lets expect of it.

    The interval is one for a new day – negative binomial with the dispersion of days and the error of the expectation –
    at a level at which all days of the month together are inside with 95 % (Bonferroni). Days outside it, were all days
    of the data tested, have no say in it, nor has a run of days (`strongest_run`) that is beyond chance.

    Raises:
        UsageError: No such metric or dimension, or no daily count.
    """
    metric = daily_metric(name)
    days = observed_days(metric, query)
    if isinstance(days, NotKnown):
        return days
    columns, counts = design(days, steps_of(metric, query, days)), days["sum_wx"].to_numpy()
    low, high = expected_between(fit(days, columns), ALPHA / days.height)
    outside = (counts < low) | (counts > high)
    run = strongest_run(days, columns, query.month, outside)
    if run:
        outside |= days["day"].is_between(run.first, run.last).to_numpy()
    model = fit(days, columns, outside)
    tested: Flags = model.kept & (days["period"] == query.month).to_numpy()
    if not tested.any():
        return NotKnown(metric.title, f"The data {query.data.name!r} observe no such day of {query.month}.")
    low, high = expected_between(model, ALPHA / int(tested.sum()))
    points = days.select("day", pl.col("n").cast(pl.Int64), value="sum_wx").with_columns(
        expected=model.expected, low=low, high=high,
        what=pl.Series(_happened(days["day"].to_list(), days["feast"].to_list(), query.data.settings)),
        p_value=tail_p(model, counts), outside=(counts < low) | (counts > high),
    ).with_columns(p_adjusted=(pl.col("p_value") * int(tested.sum())).clip(0.0, 1.0))  # fmt: skip
    return UnusualDays(metric, result_context(metric, query), points.filter(pl.Series(tested)), run)


def expected_between(model: Model, alpha: float) -> tuple[Array, Array]:
    """Return between what counts each day lies with probability 1 − alpha or more."""
    from scipy.stats import nbinom, poisson

    mean, size, wide = _spread_of(model)
    ends = []
    for level in (alpha / 2, 1 - alpha / 2):
        ends.append(np.where(wide, nbinom.ppf(level, size, size / (size + mean)), poisson.ppf(level, mean)))
    return ends[0], ends[1]


def tail_p(model: Model, counts: Array) -> Array:
    """Return the two-sided p-value of each day's count: twice the smaller tail of what is expected of a new day."""
    from scipy.stats import nbinom, poisson

    mean, size, wide = _spread_of(model)
    chance = size / (size + mean)
    below = np.where(wide, nbinom.cdf(counts, size, chance), poisson.cdf(counts, mean))
    above = np.where(wide, nbinom.sf(counts - 1, size, chance), poisson.sf(counts - 1, mean))
    return np.asarray(np.fmin(1.0, 2 * np.fmin(below, above)))


def _spread_of(model: Model) -> tuple[Array, Array, Flags]:
    """Return the mean and size of a negative binomial new day, and whether it is wider than Poisson."""
    mean = np.where(model.kept, model.expected, 1.0)
    more = (model.dispersion - 1) * mean + mean**2 * model.error * model.slow
    return mean, mean**2 / np.fmax(more, 1e-9), more > 1e-6 * mean


def _happened(days: list[date], feasts: list[bool], settings: Settings) -> list[str]:
    """Return what is known of each day: titles of dated events, name of the public holiday."""
    import holidays

    country, _, part = settings.schedules[settings.default_schedule].holidays.partition("-")
    named = holidays.country_holidays(country, subdiv=part or None, language="en_US") if country else {}
    titles: dict[date, list[str]] = {}
    for event in settings.events:
        titles.setdefault(event.date, []).append(event.title)
    for day, feast in zip(days, feasts, strict=True):
        titles.setdefault(day, []).extend([named.get(day) or "public holiday"] if feast else [])
    return [", ".join(titles[day]) for day in days]
