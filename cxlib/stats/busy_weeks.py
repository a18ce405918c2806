"""How much more a count moves from month to month than the scatter of its days explains: weeks resemble each other.

A campaign, an outage or the weather makes a week busy, and the next one too. Such weeks are no change of a month, yet
days that scatter around their month's own mean know nothing of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from cxlib.metrics import Metric, View
from cxlib.metrics.base import asked_of
from cxlib.stats.counting import design, fit, observed_days, scaled_weeks
from cxlib.stats.intervals import Array
from cxlib.stats.results import NotKnown

A_MONTH = 4  # weeks
FEWEST = 26  # weeks, from which on this can be known
KEPT, CONSISTENT = 0.85, 1.921
"""Smallest squares that are averaged, and what makes their mean one of all squares where they are normal."""


@dataclass(frozen=True, slots=True)
class BusyWeeks:
    """What busy weeks do to a count.

    Attributes:
        times: Its variance over that of independent days, 1 or more.
        excess: What they add to its relative variance.
    """

    times: float = 1.0
    excess: float = 0.0

    @property
    def wide(self) -> float:
        """How many times as wide the error of the count is."""
        return math.sqrt(self.times)


def busy_weeks(metric: Metric, view: View, weeks: int = A_MONTH) -> BusyWeeks:
    """Return how much busy weeks add to the variance of a count, from all weeks up to the reported month.

    From the residuals of the count's model (`counting.fit`): the mean square of the differences of neighbouring blocks
    of so many weeks over what independent days of the model's dispersion would give. The largest 15 % are left out,
    lest a lasting step, which lies within few blocks, be taken for noise. Nothing is added where fewer than 26 weeks
    are observed, or the count has no model.

    Args:
        metric: A count whose rows have a day.
        view: What is looked at; its filters hold.
        weeks: Of how many weeks the count is.
    """
    asked = ("busy weeks", weeks, *asked_of(metric, view, [view.month], ""))
    return view.data.remember(asked, lambda: _busy_weeks(metric, view, weeks))


def _busy_weeks(metric: Metric, view: View, block: int) -> BusyWeeks:
    days = observed_days(replace(metric, unit="day"), view)
    if isinstance(days, NotKnown) or (days["sum_wx"] < 0).any():
        return BusyWeeks()
    days = days.filter(pl.len().over("monday") == 7)
    if days.height < 7 * FEWEST:
        return BusyWeeks()
    model = fit(days, design(days))
    left = np.where(model.kept, days["sum_wx"].to_numpy() - model.expected, 0.0)
    scaled = scaled_weeks(days["monday"], left, model.expected)
    times = _block_variance(scaled, block) / (2 * model.dispersion / block)
    if times <= 1:
        return BusyWeeks()
    usual = float(model.expected.sum()) / days.height * 7 * block
    return BusyWeeks(times, (times - 1) * model.dispersion / usual)


def _block_variance(scaled: Array, block: int) -> float:
    """Return the robust mean square of the differences of neighbouring blocks' means."""
    means = np.convolve(scaled, np.full(block, 1 / block), mode="valid")
    squares = np.sort(np.square(means[block:] - means[:-block]))
    return CONSISTENT * float(squares[: max(1, int(KEPT * len(squares)))].mean())
