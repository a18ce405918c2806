"""Which support figure goes together with what the customer does later: partial rank correlations over customers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import polars as pl

from cxlib.estimates.context import result_context, unanswerable
from cxlib.estimates.covariates import (
    background_of,
    by_customer,
    by_customer_and_month,
    customers_listed,
    with_background,
)
from cxlib.estimates.drilldown import Listed, row_list, with_rows
from cxlib.estimates.episodes import end_of
from cxlib.metrics import Metric, Query
from cxlib.numbers import month as month_text
from cxlib.periods import months_between, shift
from cxlib.results.types import Effects, NotKnown
from cxlib.stats.effects import Row, effect_points, no_value
from cxlib.stats.rank_correlation import spearman

SUPPORT = ("csat", "nps", "first_contact_resolution", "reopen_rate", "first_reply_time", "resolution_time")
OF_CUSTOMERS = ("importance", "country")
PER_TERM = 20  # customers for each column allowed for
READING = "Spearman's rank correlation, −1 to 1, of customers' figures of these months"


@dataclass(frozen=True, slots=True)
class _Sides:
    """Figures up to a month and an outcome in the months after it, of the same customers."""

    figures: Query
    first: str
    outcome: Query
    target: Metric

    @property
    def months(self) -> list[str]:
        """Months of the figures."""
        return months_between(self.first, self.figures.month)

    def pairs(self, x: pl.DataFrame, y: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
        """Return the customers with figure `x` and outcome `y`, and what was known of them."""
        return _pairs(x, self.target, y).join(known, on="unit", maintain_order="left")

    def correlated(self, x: pl.DataFrame, y: pl.DataFrame, known: pl.DataFrame) -> tuple[Row, list[str]]:
        """Return the partial rank correlation of figure and outcome, and what it allows for."""
        both = self.pairs(x, y, known)
        held, allowed = background_of(both, both.height // PER_TERM)
        found = spearman(both["x"].to_numpy(), both["y"].to_numpy(), held)
        return {"n": both.height, "units": both.height, **found}, allowed if "value" in found else []

    def background(self, units: Iterable[pl.DataFrame]) -> pl.DataFrame:
        """Return what was known of the customers at the end of the figures' months."""
        every = pl.concat([frame.select("unit") for frame in units]).unique()
        return with_background(every.with_columns(at=pl.lit(end_of(self.figures))), self.outcome)

    def effects(self, title: str, rows: list[Row], allowed: Iterable[str]) -> Effects:
        """Return the rows as one family of comparisons."""
        return Effects(
            replace(self.target, table="customers"), result_context(self.target, self.outcome), title,
            (self.first, self.figures.month), "", 0.0, effect_points(rows), reading=READING,
            allowing_for=tuple(dict.fromkeys(allowed)),
            caveat="Figures come first, the outcome afterwards; what goes together need not be why.",
        )  # fmt: skip


def relation(
    query: Query, names: Sequence[str] = SUPPORT, outcome: str = "revenue", *, months: int = 12, later: int = 3
) -> Effects | NotKnown:
    """Return how each figure of a customer goes together with the same customer's outcome afterwards.

    Figures are customers' means over `months` months; the outcome is their total (counts, amounts; 0 without rows) or
    mean over the `later` months that follow and end with the reported one. Spearman's rank correlation, partial: both
    sides less what the ranks of tenure, importance, tickets and spending before the outcome tell of them. Its error by
    the jackknife over customers, limits on Fisher's scale; p belongs to the same statistic.

    Args:
        query: What is asked about; filters on customers hold for both sides, others for the figures only.
        names: Support figures: a family of comparisons declared beforehand.
        outcome: A metric of customers: revenue, retention …
        months: Months of the figures.
        later: Months of the outcome.

    Raises:
        UsageError: No such metric or dimension.
    """
    sides = _sides(query, outcome, months, later)
    if isinstance(sides, NotKnown):
        return sides
    ahead = months_between(shift(sides.figures.month, 1), sides.outcome.month)
    y = by_customer(sides.target, sides.outcome, ahead)
    metrics = [query.metric(name) for name in names]
    missing = {metric.name: unanswerable(metric, sides.figures) for metric in metrics}
    figures = {
        metric.name: by_customer(metric, sides.figures, sides.months)
        for metric in metrics if missing[metric.name] is None
    }  # fmt: skip
    known = sides.background([y, *figures.values()])
    rows: list[Row] = []
    allowing: list[str] = []
    for metric in metrics:
        row: Row = {"group": metric.name, "label": metric.title}
        if reason := missing[metric.name]:
            rows.append(row | {"reason": reason.reason})
            continue
        found, allowed = sides.correlated(figures[metric.name], y, known)
        rows.append(row | found)
        allowing += allowed
    ends = " to ".join(dict.fromkeys(month_text(month) for month in (ahead[0], ahead[-1])))
    return sides.effects(f"Rank correlation with {_lower(sides.target)} of {ends}", rows, allowing)


@row_list(
    "Customers with a figure, and their outcome in each month afterwards",
    "The figure is the rank correlation of the figure with the outcome over the customers of a month, less what the "
    "columns at the end tell of either.",
    sums=("outcome",),
)
def _relation_by_lag(
    query: Query, name: str = "csat", outcome: str = "revenue", *, months: int = 12, later: int = 6
) -> Listed | NotKnown:
    sides = _sides(query, outcome, months, later)
    if isinstance(sides, NotKnown):
        return sides
    metric, target = query.metric(name), sides.target
    x, ahead, known = _month_by_month(sides, metric)
    rows = [sides.pairs(x, y, known).with_columns(group=pl.lit(month)) for month, y in ahead.items()]
    figures = {"figure": pl.col("x") * metric.factor, "outcome": pl.col("y") * target.factor}
    listed = customers_listed(pl.concat(rows), *(column.alias(each) for each, column in figures.items()))
    units = {"figure": metric.measured_in, "outcome": target.measured_in}
    return Listed(listed, f"{sides.first}/{sides.outcome.month}", units, f"{metric.title} and {_lower(target)}")


@with_rows(_relation_by_lag)
def relation_by_lag(
    query: Query, name: str = "csat", outcome: str = "revenue", *, months: int = 12, later: int = 6
) -> Effects | NotKnown:
    """Return how a figure of a customer goes together with the outcome in each single month that follows.

    As `relation`, one row a month: whether what goes together does so at once, later, or not for long. What is allowed
    for is that known at the end of the figure's months.

    Args:
        query: What is asked about: data, month, filters.
        name: A support figure.
        outcome: A metric of customers.
        months: Months of the figure.
        later: Months of the outcome, the last one reported.

    Raises:
        UsageError: No such metric or dimension.
    """
    sides = _sides(query, outcome, months, later)
    if isinstance(sides, NotKnown):
        return sides
    metric = query.metric(name)
    title = f"{metric.title} and {_lower(sides.target)} in each month afterwards, rank correlation"
    if reason := unanswerable(metric, sides.figures):
        return NotKnown(title, reason.reason)
    x, ahead, known = _month_by_month(sides, metric)
    rows: list[Row] = []
    allowing: list[str] = []
    for lag, (month, y) in enumerate(ahead.items(), start=1):
        found, allowed = sides.correlated(x, y, known)
        label = f"{lag} month{'s' if lag > 1 else ''} later, {month_text(month)}"
        rows.append({"group": month, "label": label, **found})
        allowing += allowed
    return no_value(title, rows) or sides.effects(title, rows, allowing)


def _month_by_month(sides: _Sides, metric: Metric) -> tuple[pl.DataFrame, dict[str, pl.DataFrame], pl.DataFrame]:
    """Return customers' figures, their outcome in each month afterwards, and what was known of them."""
    x = by_customer(metric, sides.figures, sides.months)
    months = months_between(shift(sides.figures.month, 1), sides.outcome.month)
    ahead = by_customer_and_month(sides.target, sides.outcome, months)
    return x, ahead, sides.background([x, *ahead.values()])


def _sides(query: Query, outcome: str, months: int, later: int) -> _Sides | NotKnown:
    """Return both sides of a relation, the outcome in the last `later` months; or why there are none."""
    query = query.settled(outcome)
    split = shift(query.month, -later)
    first = shift(split, 1 - months)
    figures = replace(query, month=split, filters=tuple(part for part in query.filters if part[0] != "currency"))
    of_customers = tuple(part for part in query.filters if part[0] in (*OF_CUSTOMERS, "currency"))
    target, after = query.metric(outcome), replace(query, filters=of_customers)
    if reason := unanswerable(target, after):
        return reason
    if first < query.data.first_month:
        told = f"Figures from {first} and what followed until {query.month} are needed; the data begin in"
        return NotKnown(f"What goes together with {_lower(target)}", f"{told} {query.data.first_month}.")
    return _Sides(figures, first, after, target)


def _lower(metric: Metric) -> str:
    return metric.title if metric.title[1:2].isupper() else metric.title[0].lower() + metric.title[1:]


def _pairs(x: pl.DataFrame, target: Metric, y: pl.DataFrame) -> pl.DataFrame:
    nothing = target.kind == "count"
    pairs = x.rename({"value": "x"}).join(y.rename({"value": "y"}), on="unit", how="left" if nothing else "inner")
    return (pairs.with_columns(pl.col("y").fill_null(0.0)) if nothing else pairs).sort("unit")
