"""Results: what a question's answer consists of. Frozen, full precision, in printed units (% and points, minutes).

Every table of points has the same columns: `n` (rows with a value), `units` (independent units among them), `value`,
`se` (standard error), `low` and `high` (95 % interval). An empty group has n = 0 and null everywhere else, never NaN.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import polars as pl

from cxlib.metrics.registry import Metric
from cxlib.settings import Event, Goal
from cxlib.stats.concentration import Largest
from cxlib.stats.customer_results import History, WaitingList
from cxlib.stats.effects_result import Effects
from cxlib.stats.money_results import Contrast, Survival, Worth
from cxlib.stats.planning_results import Forecast, Staffing
from cxlib.stats.quality_results import Coverage, Tally
from cxlib.stats.reasons import Decomposition, Funnel
from cxlib.stats.shortlist_result import Shortlist
from cxlib.stats.volume_results import Comparison, Peaks, UnusualDays

__all__ = [
    "OTHERS",
    "POINT",
    "Breakdown",
    "Change",
    "Comparison",
    "Contrast",
    "Coverage",
    "Decomposition",
    "Distribution",
    "Effects",
    "Estimate",
    "Forecast",
    "Funnel",
    "History",
    "NotKnown",
    "Overview",
    "Peaks",
    "Result",
    "Scope",
    "Shortlist",
    "Staffing",
    "Survival",
    "Tally",
    "Trend",
    "UnusualDays",
    "WaitingList",
    "Worth",
]  # fmt: skip

OTHERS = "all others"
POINT = ("n", "units", "value", "se", "low", "high")


@dataclass(frozen=True, slots=True)
class Scope:
    """What a result is about: data set, reported month, filters in words, settings' margin for "about the same".

    Attributes:
        data: Name of the data set.
        month: Reported month, "YYYY-MM".
        filters: Filters as given ("team=Billing; channel=phone"), empty if none.
        margin: Differences within ± this (printed unit) are "about the same"; relative for durations, counts and means
            of no answered scale. What it is of a change: `sizes.margin`.
        min_group: Fewest respondents a public page shows.
        language: Language of words and numbers ("en").
        provisional: Share (0–1) of the month's rows whose value is not yet known; 0 when all windows are over.
        outside: Rows of the month outside the wait by a competing end (solved, merged, deleted first); durations only.
        unfinished: Rows of the month whose clock still runs, durations only.
        observed: How many days of the month the data observe wholly, and how many it has; counts only, None if all.
        largest: The largest hundredth of the month's amounts of money, where it carries more than a fifth of their sum.
        listed: Which list of rows (`stats.listed`) the answer is made from and what was asked; empty where its metric's
            own rows are.
    """

    data: str
    month: str
    filters: str = ""
    margin: float = 0.0
    min_group: int = 10
    language: str = "en"
    provisional: float = 0.0
    outside: int = 0
    unfinished: int = 0
    observed: tuple[int, int] | None = None
    largest: Largest | None = None
    listed: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Estimate:
    """One figure with its 95 % interval; value, se, low, high are None where there is nothing to say.

    A bound alone may be known: a median not yet reached has `low` ("at least") and neither value nor `high`.
    """

    n: int
    units: int
    value: float | None
    se: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Change:
    """The difference of two published figures of one metric: `after` − `before`.

    `difference`, `low`, `high` are in the printed unit (points for %), `p_value` belongs to the same statistic:
    p < .05 exactly when 0 lies outside the interval. All None where either side has no value; `low`, `high` and
    `p_value` None where either side has a value but no interval (one answer, all answers of a mean alike). All None
    too for counts of months of which either is not wholly observed (`scope.observed`, `before_observed`).
    `detectable`: the smallest change that four of five such months would show, in the printed unit, of durations and
    counts in % of the figure before (`sizes.detectable`).
    """

    metric: Metric
    scope: Scope
    period: str
    baseline: str
    after: Estimate
    before: Estimate
    difference: float | None
    low: float | None
    high: float | None
    p_value: float | None
    group: str = ""
    before_observed: tuple[int, int] | None = None
    detectable: float | None = None


@dataclass(frozen=True, slots=True)
class Trend:
    """A metric month by month: `points` has `period` and POINT columns, oldest first, the reported month last.

    Daily counts may come by day, week or year instead: then all periods are of that grain (`periods.grain_of`).
    """

    metric: Metric
    scope: Scope
    points: pl.DataFrame
    change: Change | None
    last_year: Change | None
    target: Goal | None = None
    benchmark: Goal | None = None
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class Breakdown:
    """A metric by groups in the reported month.

    Attributes:
        points: `group` (key), `label` (to print), POINT columns, `before` (value in the baseline month) and
            `rest_difference`, `rest_low`, `rest_high`, `rest_p` (this group − all others); largest value first, or
            in the order of the dimension where it has one, agents by name.
        overall: The figure of all groups together.
        p_value: Test that all groups are equal (cluster-robust); None with fewer than two groups and for counts,
            whose groups are parts of a total: their `rest_…` are null too.
        curves_p: The same of the whole curves of waits (log-rank test by customer); durations only.
    """

    metric: Metric
    scope: Scope
    by: str
    by_title: str
    baseline: str
    points: pl.DataFrame
    overall: Estimate
    p_value: float | None
    curves_p: float | None = None


@dataclass(frozen=True, slots=True)
class Distribution:
    """Shares of ordered classes in the reported month and in the baseline: answers of a scale, NPS classes, brackets.

    `points`: `group` (class), POINT columns (value = share in %), `before` (share in % in the baseline month), and the
    change from it in points: `difference`, `low_difference`, `high_difference`, `p_value`, `beyond` (survives
    Benjamini–Hochberg at 5 % among the classes; null without p).
    """

    metric: Metric
    scope: Scope
    title: str
    baseline: str
    points: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Overview:
    """The first page: key figures with their changes, and which changes survive the false-discovery control.

    Attributes:
        trends: Trend of each key figure, in the order of the page.
        survives: Metric names whose change survives Benjamini–Hochberg at 5 %.
        missing: Metric name → why it is not known.
        by_title: Title of the view's dimension where the groups of what moved were looked at, else empty.
        segments: Of the figures that moved, the groups that did: those that survive the same control among all groups.
        parts: Of the figures that moved, what another mix of the groups made of it, where the change has parts.
    """

    scope: Scope
    trends: tuple[Trend, ...]
    survives: frozenset[str]
    missing: dict[str, str] = field(default_factory=dict)
    by_title: str = ""
    segments: tuple[Change, ...] = ()
    parts: tuple[Decomposition, ...] = ()


@dataclass(frozen=True, slots=True)
class NotKnown:
    """A question the data cannot answer: what is missing and how to bring it."""

    title: str
    reason: str


Result = (
    Change | Comparison | Peaks | Trend | Breakdown | Distribution | Overview | History | WaitingList | Contrast |
    Survival | Worth | Effects | Forecast | Staffing | Shortlist | Decomposition | Funnel | Tally | Coverage |
    UnusualDays | NotKnown
)  # fmt: skip
