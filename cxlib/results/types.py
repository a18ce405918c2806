"""Results: what a question's answer consists of. Frozen, full precision, in printed units (% and points, minutes).

Every table of points has the same columns: `n` (rows with a value), `units` (independent units among them), `value`,
`se` (standard error), `low` and `high` (95 % interval). An empty group has n = 0 and null everywhere else, never NaN.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from cxlib.metrics.registry import Metric
from cxlib.results.certainty import Certainty, certainty
from cxlib.results.comparable import Incomparable, Largest, Responding
from cxlib.results.customers import History, WaitingList
from cxlib.results.effects import Effects
from cxlib.results.money import Contrast, Survival, Worth
from cxlib.results.planning import Forecast, Staffing
from cxlib.results.quality import Coverage, Tally
from cxlib.results.reasons import Decomposition, Funnel
from cxlib.results.shortlist import Shortlist
from cxlib.results.volume import Comparison, Peaks, UnusualDays
from cxlib.settings import Event, Goal
from cxlib.tables.schema import is_personal

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
    "Incomparable",
    "NotKnown",
    "Overview",
    "Peaks",
    "Responding",
    "Result",
    "ResultContext",
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
class ResultContext:
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
        weighted: Whether answers of the month count unequally, by their weights.
        unweighted: The figure of the month with every answer counting once; None where not weighted or not known.
        question: The question that the figure is made of, where the data hold several of its kind; else empty.
        other_questions: The others, the one with the most answers first.
        listed: Which list of rows (`estimates.drilldown`) the answer is made from and what was asked; empty where its
            metric's own rows are.
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
    weighted: bool = False
    unweighted: float | None = None
    question: str = ""
    other_questions: tuple[str, ...] = ()
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
class Without:
    """Customers with a large part of a figure, and the figure without them (`estimates.dominant`).

    Attributes:
        customers: How many they are.
        share: Their part of the rows (of money: of the amount) in the reported month, %.
        share_before: The same in the month compared with.
        after: The figure of all others in the reported month.
        before: The figure of all others in the month compared with.
    """

    customers: int
    share: float
    share_before: float
    after: Estimate
    before: Estimate


@dataclass(frozen=True, slots=True)
class Change:
    """The difference of two published figures of one metric: `after` − `before`.

    Counts of days are judged on like days (`counted_days.like_days`): `difference` is theirs, `calendar` what other
    days – longer months, other weekdays, holidays – make of the plain one, which is `plain`; `unlike` the
    classes of two days (`day_classes`) that are not alike and not judged. `calendar` is None of all other figures.

    `difference`, `low`, `high` are in the printed unit (points for %), `p_value` belongs to the same statistic:
    p < .05 exactly when 0 lies outside the interval. All None where either side has no value; `low`, `high` and
    `p_value` None where either side has a value but no interval (one answer, all answers of a mean alike). All None
    too for counts of months of which either is not wholly observed (`scope.observed`, `before_observed`), and where
    the two months are not alike (`incomparable` says why). `detectable`: the smallest change that four of five such
    months would show, in the printed unit, of durations and counts in % of the figure before (`sizes.detectable`).
    `responding` tells how the response rate of a survey moved meanwhile, where it did. `p_adjusted` is the p-value
    adjusted for the other change of the same figure that is shown with it; None where it is shown alone.

    Where customers with a large part of either month are left out (`without`), `difference`, `low`, `high` and
    `p_value` are those of the figures without them, `after` and `before` still the published ones of all.
    """

    metric: Metric
    scope: ResultContext
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
    calendar: float | None = None
    unlike: tuple[int, int] | None = None
    incomparable: Incomparable | None = None
    detectable: float | None = None
    without: Without | None = None
    responding: Responding | None = None
    p_adjusted: float | None = None

    @property
    def certainty(self) -> Certainty:
        """How sure the change is, by its adjusted p-value where it has one."""
        return certainty(self.p_value if self.p_adjusted is None else self.p_adjusted)

    @property
    def plain(self) -> float | None:
        """The difference of the two figures as published; None where either has no value."""
        return None if self.after.value is None or self.before.value is None else self.after.value - self.before.value

    @property
    def compared(self) -> Change:
        """The change of the figures that were compared: without the large customers, where there are any."""
        if self.without is None:
            return self
        return replace(self, after=self.without.after, before=self.without.before, without=None)


@dataclass(frozen=True, slots=True)
class Trend:
    """A metric month by month: `points` has `period` and POINT columns, oldest first, the reported month last.

    Daily counts may come by day, week or year instead: then all periods are of that grain (`periods.grain_of`).
    """

    metric: Metric
    scope: ResultContext
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
            `rest_difference`, `rest_low`, `rest_high`, `rest_p` (this group − all other known groups but those in
            `rest_without`, keys of groups that stand apart), `p_adjusted` (of all groups looked at step by step, see
            `stats.apart`; null for persons, who are named by the funnel only); largest value first, or in the order of
            the dimension where it has one, persons by name.
        overall: The figure of all groups together.
        p_value: The verdict: test that all known groups are equal (cluster-robust); None with fewer than two and for
            counts, whose groups are parts of a total: their `rest_…` are null too. Of a duration from the medians and
            the whole curves together: the smaller p-value, times two.
        medians_p: p-value that the medians (or other quantiles) are equal; durations only.
        curves_p: The same of the whole curves of waits (log-rank test by customer); durations only.
        made_of_outcome: Whether the groups are made of the figure itself, so that nothing is tested.
    """

    metric: Metric
    scope: ResultContext
    by: str
    by_title: str
    baseline: str
    points: pl.DataFrame
    overall: Estimate
    p_value: float | None
    medians_p: float | None = None
    curves_p: float | None = None
    made_of_outcome: bool = False

    @property
    def personal(self) -> bool:
        """Whether the groups are persons, of whom none is named."""
        return is_personal(self.by)


@dataclass(frozen=True, slots=True)
class Distribution:
    """Shares of ordered classes in the reported month and in the baseline: answers of a scale, NPS classes, brackets.

    `points`: `group` (class), POINT columns (value = share in %), `before` (share in % in the baseline month), and the
    change from it in points: `difference`, `low_difference`, `high_difference`, `p_value`, `p_adjusted`
    (Benjamini–Hochberg among the classes; null without p). All null where the months are `incomparable`.
    """

    metric: Metric
    scope: ResultContext
    title: str
    baseline: str
    points: pl.DataFrame
    incomparable: Incomparable | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    """The first page: key figures with their changes, and which changes survive the false-discovery control.

    Attributes:
        trends: Trend of each key figure, in the order of the page.
        survives: Metric names whose change is clear among all of them (`effects.survivors`).
        missing: Metric name → why it is not known.
        by_title: Title of the query's dimension where the groups of what moved were looked at, else empty.
        segments: Of the figures that moved, the groups that did: those that survive the same control among all groups.
        parts: Of the figures that moved, what another mix of the groups made of it, where the change has parts.
    """

    scope: ResultContext
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
