"""Results about money and what goes together with it. Frozen, in printed units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from cxlib.metrics.registry import Metric

if TYPE_CHECKING:
    from cxlib.results.types import ResultContext


@dataclass(frozen=True, slots=True)
class Contrast:
    """A figure of two groups over several months, compared within each month; which came of which is not said.

    Attributes:
        within: Title of the dimension in which both sides are alike too, empty if none.
        months: First and last month.
        points: `group` and POINT columns; two rows, the group asked about first.
        difference: First − second, in points for %; with low, high, p_value None where either side has too few units.
        ratio: First ÷ second with its interval, where both are above 0.
    """

    metric: Metric
    scope: ResultContext
    by: str
    by_title: str
    within: str
    months: tuple[str, str]
    points: pl.DataFrame
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    ratio: float | None = None
    ratio_low: float | None = None
    ratio_high: float | None = None


@dataclass(frozen=True, slots=True)
class Worth:
    """Amounts per customer that add up to what one brings in a year, and what winning one costs.

    Attributes:
        metric: Revenue, in its currency.
        start: The customers are those active at the end of this month; the year after it is counted.
        points: `group` (what it is) and POINT columns; the second last row is what one brings, the last what winning
            one costs.
    """

    metric: Metric
    scope: ResultContext
    start: str
    points: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Survival:
    """How many customers are still there, so many days after an answer, by its class.

    Attributes:
        title: What is shown.
        by: Class of the answer ("loyalty_class", "experience").
        by_title: Its title.
        months: First and last month of the answers.
        points: `group`, `months` (after the customer's first answer) and POINT columns: `n` = `units` = customers at
            risk just then, `value` the share still there in %; each curve ends where too few are at risk.
        p_value: That all classes leave at the same rate (log-rank test); None where fewer than two can be compared.
        left: How many left.
        sampled: What share of the customers was looked at, as a sentence with a space before; empty if all.
    """

    metric: Metric
    scope: ResultContext
    title: str
    by: str
    by_title: str
    months: tuple[str, str]
    points: pl.DataFrame
    p_value: float | None
    left: int
    sampled: str = ""
