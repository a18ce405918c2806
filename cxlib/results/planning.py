"""Results about what is to come: the next weeks' counts, and how many people they take. Frozen, in printed units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from cxlib.metrics.registry import Metric
from cxlib.settings import StaffingSettings

if TYPE_CHECKING:
    from cxlib.results.types import Estimate, ResultContext


@dataclass(frozen=True, slots=True)
class Backtest:
    """How a forecast would have done, made again from earlier days with nothing known after them.

    Attributes:
        origins: How many days it was made from, a week apart.
        error: Mean absolute error of the weeks in % of their counts; `naive_error` that of seasonal naive.
        mase: Mean absolute error ÷ that of "as the week before" until then (Hyndman & Koehler 2006), `naive_mase` too;
            None where all weeks were alike.
        held: Share of the weeks within the model's own 95 % interval, %.
        widened: How many times as wide as its own the interval is made for it, 1 if the errors were as expected.
        naive: Which seasonal naive did better: "the week before" or "the same week of the year before".
        surprised: Origins whose weeks a lasting step made wrong before it was known: they count in the errors, but not
            in the widening and in which method is closer.
        closer: Whether the model was closer in the others.
    """

    origins: int
    error: float
    naive_error: float
    mase: float | None
    naive_mase: float | None
    held: float
    widened: float
    naive: str
    surprised: int = 0
    closer: bool | None = None

    @property
    def beats(self) -> bool:
        """Whether the model was closer than seasonal naive."""
        return self.error < self.naive_error if self.closer is None else self.closer


@dataclass(frozen=True, slots=True)
class Forecast:
    """A daily count by weeks of seven days: the last half year, and the weeks after the last day known.

    Attributes:
        points: `first` (day of the week of seven days), `ahead` (whether it is a forecast) and POINT columns: of a
            forecast `low` and `high` are its prediction interval, of a count they are null.
        total: All weeks ahead together.
        backtest: Of the model; where seasonal naive was closer, that is what `points` and `total` show.
    """

    metric: Metric
    scope: ResultContext
    points: pl.DataFrame
    total: Estimate
    backtest: Backtest


@dataclass(frozen=True, slots=True)
class Staffing:
    """How many agents must be at work in each open hour of the week for a channel on which customers wait.

    Attributes:
        months: First and last month of the arrivals and handle times.
        points: `weekday` (1 = Monday), `hour` (0–23, local), `n` (arrivals), `units` (open hours observed), `rate`
            (arrivals an hour), `value` (agents), `low`, `high` (agents at the low and at the high ends of the intervals
            of arrivals and handle time).
        at_work: Agent hours a week (value, low, high); `paid` those to be paid for them, with the shrinkage.
        handle: Mean handle time in minutes.
        estimated: Whether it is estimated from the number of replies.
        outside: Share of the arrivals that come outside opening hours, %: no agent is counted for them.
        target: Service level and the like, from the settings.
    """

    metric: Metric
    scope: ResultContext
    channel: str
    months: tuple[str, str]
    points: pl.DataFrame
    at_work: tuple[float, float, float]
    paid: tuple[float, float, float]
    handle: Estimate
    estimated: bool
    outside: float
    target: StaffingSettings
