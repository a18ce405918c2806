"""How much more a count moves from month to month than the scatter of its days explains: weeks resemble each other.

A campaign, an outage or the weather makes a week busy, and the next one too. Such weeks are no change of a month, yet
days that scatter around their month's own mean know nothing of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from cxlib.estimates.daily_model import design, fit, observed_days, scaled_weeks
from cxlib.metrics import Metric, Query
from cxlib.metrics.frames import cache_key
from cxlib.results.types import NotKnown
from cxlib.stats.differences import Difference, difference
from cxlib.stats.intervals import Array, Figures

A_MONTH = 4  # weeks
FEWEST = 26  # weeks, from which on this can be known
KEPT, CONSISTENT = 0.85, 1.921
"""Smallest squares that are averaged, and what makes their mean one of all squares where they are normal."""
FEWER = 4
"""Weeks to a degree of freedom of that mean, by simulation: blocks overlap, and the largest squares are left out."""


@dataclass(frozen=True, slots=True)
class BusyWeeks:
    """What busy weeks do to a count.

    Attributes:
        times: Its variance over that of independent days, 1 or more.
        relative: Its relative variance in so many weeks, 0 if unknown.
        excess: The part of it that is beyond Poisson, so common to all who share the count.
        df: Degrees of freedom of these.
    """

    times: float = 1.0
    relative: float = 0.0
    excess: float = 0.0
    df: float = math.inf

    def of_count(
        self, after: Figures, before: Figures, correlated: Array, *, grouped: bool = False, blocks: float = 1.0
    ) -> Difference:
        """Return after − before of the count itself: its variance is never below what busy weeks make it.

        Args:
            after: The count in one week, month or year.
            before: The count in another.
            correlated: Correlation of the two.
            grouped: Whether these are parts of the count, whose error is as many times as wide as that of the whole.
            blocks: How many times as long as the weeks asked for either of them is.
        """
        own = _variance(after, before, correlated)
        both = np.square(after.value) + np.square(before.value)
        needed = own * self.times if grouped else np.maximum(own, self.relative / blocks * both)
        return _widened(after, before, correlated, needed, df=np.where(needed > own, self.df, np.inf))

    def of_sharers(self, after: Figures, before: Figures, correlated: Array, most: float) -> Difference:
        """Return after − before of those who share the count: they vary together with it, and never less than it does.

        Args:
            after: Figures in one month.
            before: The same in another.
            correlated: Correlation of the two.
            most: Largest possible difference.
        """
        both = np.square(after.value) + np.square(before.value)
        needed = np.maximum(_variance(after, before, correlated) + self.excess * both, self.relative * both)
        return _widened(after, before, correlated, needed, most=most)


def _variance(after: Figures, before: Figures, correlated: Array) -> Array:
    return np.square(after.se) + np.square(before.se) - 2 * correlated * after.se * before.se


def _widened(
    after: Figures,
    before: Figures,
    correlated: Array,
    needed: Array,
    *,
    df: Array | float = np.inf,
    most: float = np.inf,
) -> Difference:
    with np.errstate(invalid="ignore", divide="ignore"):
        times = np.sqrt(needed / _variance(after, before, correlated))
    times = np.where(np.isfinite(times), times, 1.0)
    return difference(after.widened(times, df), before.widened(times, df), correlated, most)


def busy_weeks(metric: Metric, query: Query, weeks: int = A_MONTH) -> BusyWeeks:
    """Return how much busy weeks add to the variance of a count, from all weeks up to the reported month.

    From the residuals of the count's model (`counting.fit`): the mean square of the differences of neighbouring blocks
    of so many weeks, widened for what the model's seasons take of it. The largest 15 % are left out, lest a lasting
    step, which lies within few blocks, be taken for noise. Nothing is added where fewer than 26 weeks are observed, or
    the count has no model.

    Args:
        metric: A count whose rows have a day.
        query: What is asked about; its filters hold.
        weeks: Of how many weeks the count is.
    """
    asked = ("busy weeks", weeks, *cache_key(metric, query, [query.month], ""))
    return query.data.remember(asked, lambda: _busy_weeks(metric, query, weeks))


def _busy_weeks(metric: Metric, query: Query, block: int) -> BusyWeeks:
    days = observed_days(replace(metric, unit="day"), query)
    if isinstance(days, NotKnown) or (days["sum_wx"] < 0).any():
        return BusyWeeks()
    days = days.filter(pl.len().over("monday") == 7)
    if days.height < 7 * FEWEST:
        return BusyWeeks()
    model = fit(days, design(days))
    left = np.where(model.kept, days["sum_wx"].to_numpy() - model.expected, 0.0)
    scaled = scaled_weeks(days["monday"], left, model.expected)
    blocks, slow = len(scaled) / block, sum(name.startswith(("trend", "month", "weeks")) for name in model.names)
    lost = blocks / max(blocks - slow / 2, blocks / 2)  # what the model's seasons and trend take of it
    variance = max(1.0, lost * _block_variance(scaled, block) * block / 2)
    usual = float(model.expected.sum()) / days.height * 7 * block
    times = max(1.0, variance / model.dispersion)
    return BusyWeeks(times, variance / usual, (variance - 1) / usual, len(scaled) / FEWER)


def _block_variance(scaled: Array, block: int) -> float:
    """Return the robust mean square of the differences of neighbouring blocks' means."""
    means = np.convolve(scaled, np.full(block, 1 / block), mode="valid")
    squares = np.sort(np.square(means[block:] - means[:-block]))
    return CONSISTENT * float(squares[: max(1, int(KEPT * len(squares)))].mean())
