"""Results that look behind a figure: what moved it, and who differs. Frozen, in printed units like all results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from cxlib.metrics.registry import Metric
from cxlib.results.certainty import certainty

if TYPE_CHECKING:
    from cxlib.results.types import Change, ResultContext, Without

HALF_OF_IT = 0.5
NINE_IN_TEN = 3.29  # standard deviations between the ends of the middle 90 % of a normal distribution


@dataclass(frozen=True, slots=True)
class Decomposition:
    """A change divided into parts that sum to it.

    Attributes:
        change: The change divided.
        parts: `part`, `difference`, `low`, `high`, `p_value`: "mix" (groups became a larger or smaller share), "within"
            (groups themselves moved) and, where groups have rows in one month only, "turnover" (what these add to the
            one figure less what they add to the other). `low`, `high`, `p_value` null without any variation.
        groups: `group`, `label`, `share_before`, `share` (of all answers, %), `before`, `value` (the figure, null
            without rows), `mix`, `within`, `turnover` and their sum `difference` with `low`, `high`, `p_value`, largest
            first. Its mix counts how far the group lies from the common level. Of waits, whose median is no sum over
            groups, all but shares, `before` and `value` are null.
        without: Customers with a large part of the figure, whom neither the change nor its parts hold; None if there
            are none.
    """

    metric: Metric
    scope: ResultContext
    by: str
    by_title: str
    change: Change
    parts: pl.DataFrame
    groups: pl.DataFrame
    without: Without | None = None

    def part(self, name: str) -> dict[str, Any] | None:
        """Return the row of a part, None where there is none."""
        return next((row for row in self.parts.iter_rows(named=True) if row["part"] == name), None)

    @property
    def by_mix(self) -> bool:
        """Whether another mix of groups carries most of the change: clearly, its way, and more than half of it.

        Then the figure looks better or worse without its groups having become so, or although they went the other way.
        """
        mix, size = self.part("mix"), self.change.difference
        if mix is None or not size or certainty(mix["p_value"]) != "clear":
            return False
        return bool(mix["difference"] / size > HALF_OF_IT)


@dataclass(frozen=True, slots=True)
class Spread:
    """How far agents (or teams) lie apart beyond chance.

    Attributes:
        value: Standard deviation between them, in points, with `low` and `high`; `high` None where they are so alike
            that chance alone would make them less so.
        dispersion: φ: how many times as far from expected as chance explains (squared); about 1 if all are equal.
        p_more: p-value that it is above 1.
        p_less: p-value that it is below 1: a warning about the data.
    """

    value: float
    low: float
    high: float | None
    dispersion: float
    p_more: float
    p_less: float

    @property
    def nine_in_ten(self) -> tuple[float, float, float | None]:
        """How many points apart the ends of the nine in ten agents in the middle lie, with low and high."""
        return NINE_IN_TEN * self.value, NINE_IN_TEN * self.low, None if self.high is None else NINE_IN_TEN * self.high


@dataclass(frozen=True, slots=True)
class Funnel:
    """A share by agent against what is expected of the same mix of work.

    Attributes:
        months: First and last month.
        mix: Titles of the dimensions that the expected values allow for.
        overall: The share of all agents together but for the few evidently apart, %.
        points: `group`, `label`, `n`, `observed`, `expected` (answers that count), `value` (the share allowing for the
            mix: overall + difference), `difference` (observed − expected, points), `low`, `high`, `low_998`,
            `high_998` (limits of `value` if all were equal), `p_value`, `evident` (survives Holm's control of all
            together at 1 %), `shrunk`, `shrunk_low`, `shrunk_high` (the difference, drawn towards 0 as far as it is
            likely chance); lowest value first.
        curve: `n`, `low`, `high`, `low_998`, `high_998`: the limits for the common mix.
        design: How many times the variance of independent answers; 1 if each customer answers once.
        spread: Between all but the few evidently apart (at most a fifth); None with fewer than five agents of ten
            answers.
        alone: Labels of those not compared: nobody else did the same work.
    """

    metric: Metric
    scope: ResultContext
    by: str
    by_title: str
    months: tuple[str, str]
    mix: tuple[str, ...]
    overall: float
    points: pl.DataFrame
    curve: pl.DataFrame
    design: float
    spread: Spread | None
    alone: tuple[str, ...] = ()
