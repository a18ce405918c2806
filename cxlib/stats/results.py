"""Results: what a question's answer consists of. Frozen, full precision, in printed units (% and points, minutes).

Every table of points has the same columns: `n` (rows with a value), `units` (independent units among them), `value`,
`se` (standard error), `low` and `high` (95 % interval). An empty group has n = 0 and null everywhere else, never NaN.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import polars as pl

from cxlib.metrics.registry import Metric
from cxlib.settings import Event, Goal
from cxlib.stats.reasons import Decomposition, Funnel

OTHERS = "all others"
POINT = ("n", "units", "value", "se", "low", "high")


@dataclass(frozen=True, slots=True)
class Scope:
    """What a result is about: data set, reported month, filters in words, settings' margin for "about the same".

    Attributes:
        data: Name of the data set.
        month: Reported month, "YYYY-MM".
        filters: Filters as given ("team=Billing; channel=phone"), empty if none.
        margin: Differences within ± this (printed unit) are "about the same"; for durations and counts relative.
        min_group: Fewest respondents a public page shows.
        language: Language of words and numbers ("en").
        provisional: Share (0–1) of the month's rows whose value is not yet known; 0 when all windows are over.
        outside: Rows of the month outside the wait by a competing end (solved, merged, deleted first); durations only.
        unfinished: Rows of the month whose clock still runs, durations only.
        observed: How many days of the month the data observe wholly, and how many it has; counts only, None if all.
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
            in the order of the dimension where it has one.
        overall: The figure of all groups together.
        p_value: Test that all groups are equal (cluster-robust); None with fewer than two groups and for counts,
            whose groups are parts of a total: their `rest_…` are null too.
    """

    metric: Metric
    scope: Scope
    by: str
    by_title: str
    baseline: str
    points: pl.DataFrame
    overall: Estimate
    p_value: float | None


@dataclass(frozen=True, slots=True)
class Distribution:
    """Shares of ordered classes in the reported month and in the baseline: answers of a scale, NPS classes, brackets.

    `points`: `group` (class), POINT columns (value = share in %), `before` (share in % in the baseline month).
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
    """

    scope: Scope
    trends: tuple[Trend, ...]
    survives: frozenset[str]
    missing: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Rates per day, each compared with its own baseline: groups with a year before, months with those around them.

    Attributes:
        title: What is compared with what.
        points: `group` (key), `label` (to print), `family` (rows that tell one story together), POINT columns,
            `before` (the rate compared with), `difference`, `low_difference`, `high_difference` in % of it, `p_value`,
            and `beyond`: whether it survives Benjamini–Hochberg at 5 % among all rows; differences null where either
            side has no rows or too few; a `p_value` without difference is that of a group that is new or gone.
    """

    metric: Metric
    scope: Scope
    title: str
    points: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Peaks:
    """How much arrives at each hour of each weekday.

    Attributes:
        months: First and last month looked at.
        points: `weekday` (1 = Monday), `hour` (0–23, local) and POINT columns: `units` is how often that hour was
            observed, `value` the mean count of one such hour.
        makers: What the busiest hour is made of: `dimension` (title), `label`, `share` (in % of that hour), `rest`
            (of all other hours), `difference`, `low`, `high` (points), `p_value`, `beyond` (survives
            Benjamini–Hochberg at 5 % among all rows), largest difference first.
    """

    metric: Metric
    scope: Scope
    months: tuple[str, str]
    points: pl.DataFrame
    makers: pl.DataFrame


@dataclass(frozen=True, slots=True)
class History:
    """All that is on record of one customer, up to the end of the data; internal.

    Attributes:
        name: Name and importance class as the data have them, empty if unknown.
        as_of: Local day the data end.
        joined: Local day the customer joined, None if unknown.
        first: Local day of the first event on record.
        counts: How many tickets, answers and orders.
        events: `at`, `day` (local), `kind`, `id`, `what`, `note`, `channel`, `status`, `until` (solved), `answer`,
            `scale_low`, `scale_high`, `scale_share`, `amount`, `currency`, `waiting`; oldest first.
        work: Who worked on which ticket: `ticket_id`, `at` (its creation), `agent_id`, `agent`, `minutes` (null if
            unknown), `estimated` (public replies × a setting).
        agents: `agent_id`, `agent`, `tickets`, `minutes`, most minutes first.
        waited: Minutes that each ticket still waiting has waited, longest first.
    """

    scope: Scope
    customer_id: str
    name: str
    importance: str
    as_of: date
    joined: date | None
    first: date
    counts: tuple[int, ...]
    events: pl.DataFrame
    work: pl.DataFrame
    agents: pl.DataFrame
    waited: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class WaitingList:
    """Important or long-loyal customers who wait at the end of the data; internal.

    Attributes:
        as_of: Local day the data end.
        important: Importance classes that count as important; none where the data do not say importance.
        loyal_years: Years from which a customer counts as long-loyal.
        everybody: All customers who wait.
        selected: The important or long-loyal ones among them.
        customers: The first of these: `customer_id`, `name`, `importance`, `is_important`, `years`, `is_loyal`,
            `tickets` (open), `minutes` (since the oldest was created), `ticket_id`, `category`, `channel`, `agent` (of
            the oldest); important and loyal first, then important, then loyal, and within these the longest wait.
    """

    scope: Scope
    as_of: date
    important: tuple[str, ...]
    loyal_years: float
    everybody: int
    selected: int
    customers: pl.DataFrame


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
    scope: Scope
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
class Relation:
    """How figures of customers go together with their outcome in the months after.

    Attributes:
        outcome: What came afterwards.
        figure_months: First and last month of the figures.
        outcome_months: First and last month of the outcome.
        points: `metric`, `title`, POINT columns (`value` is Spearman's rank correlation, −1 … 1), `p_value` and
            `reason`: why there is no value, null where there is one.
        survives: Metric names whose p-value survives Benjamini–Hochberg at 5 % among all of them.
    """

    scope: Scope
    outcome: Metric
    figure_months: tuple[str, str]
    outcome_months: tuple[str, str]
    points: pl.DataFrame
    survives: frozenset[str]


@dataclass(frozen=True, slots=True)
class Worth:
    """Amounts per customer that add up to what a lost one costs.

    Attributes:
        metric: Revenue, in its currency.
        start: The customers are those active at the end of this month; the year after it is counted.
        points: `group` (what it is) and POINT columns; the second last row is the customer lost, the last the one won.
    """

    metric: Metric
    scope: Scope
    start: str
    points: pl.DataFrame


@dataclass(frozen=True, slots=True)
class NotKnown:
    """A question the data cannot answer: what is missing and how to bring it."""

    title: str
    reason: str


Result = (
    Change | Comparison | Peaks | Trend | Breakdown | Distribution
    | Overview | History | WaitingList | Contrast | Relation | Worth | Decomposition | Funnel | NotKnown
)  # fmt: skip
