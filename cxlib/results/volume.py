"""Results about counts: rates per day compared, and the hours of the week. Frozen, in printed units."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from cxlib.metrics.registry import Metric

if TYPE_CHECKING:
    from cxlib.results.types import ResultContext


@dataclass(frozen=True, slots=True)
class Comparison:
    """Rates per day, each compared with its own baseline: groups with a year before, months with those around them.

    Attributes:
        title: What is compared with what.
        points: `group` (key), `label` (to print), `family` (rows that tell one story together), POINT columns,
            `before` (the rate compared with), `difference`, `low_difference`, `high_difference` in % of it, `p_value`,
            and `p_adjusted` (Benjamini–Hochberg among all rows); differences null where either
            side has no rows or too few; a `p_value` without difference is that of a group that is new or gone.
        baseline: The month that groups are compared with; empty where each row has months of its own.
    """

    metric: Metric
    scope: ResultContext
    title: str
    points: pl.DataFrame
    baseline: str = ""


@dataclass(frozen=True, slots=True)
class Peaks:
    """How much arrives at each hour of each weekday.

    Attributes:
        months: First and last month looked at.
        points: `weekday` (1 = Monday), `hour` (0–23, local) and POINT columns: `units` is how often that hour was
            observed, `value` the mean count of one such hour.
        makers: What the busiest hour is made of: `dimension` (title), `label`, `share` (in % of that hour), `rest`
            (of all other hours), `difference`, `low`, `high` (points), `p_value`, `p_adjusted`
            (Benjamini–Hochberg among all rows), largest difference first.
    """

    metric: Metric
    scope: ResultContext
    months: tuple[str, str]
    points: pl.DataFrame
    makers: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Run:
    """Days in a row with more or less than expected: first and last day, count, what was expected of it.

    `difference`, `low`, `high`: in % of what was expected; the interval allows for the run having been picked among
    all, so that p < .05 exactly when 0 lies outside.
    """

    first: date
    last: date
    value: float
    expected: float
    difference: float
    low: float
    high: float
    p_value: float

    @property
    def days(self) -> int:
        """How many days it lasts."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class UnusualDays:
    """Days of the reported month against what weekday, holidays, time of the year and trend let expect.

    Attributes:
        points: `day` (local), `n`, `value` (the count), `expected`, `low` and `high` (all days together are within
            theirs with 95 %), `what` (dated event or public holiday, empty if none), `p_value`, `p_adjusted`
            (Bonferroni among the days of the month) and `outside` (of low to high).
        run: The strongest run of days beyond chance that ends in the month; None without.
    """

    metric: Metric
    scope: ResultContext
    points: pl.DataFrame
    run: Run | None = None
