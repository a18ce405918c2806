"""Two groups of one figure side by side over several months, compared within each month."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from cxlib.errors import UsageError
from cxlib.estimates.context import result_context, unanswerable
from cxlib.estimates.estimate_table import printed
from cxlib.estimates.persons import unnamed
from cxlib.metrics import Metric, Query, unit_frame
from cxlib.metrics.frames import BETWEEN, NOT_KNOWN
from cxlib.periods import months_between, shift
from cxlib.results.types import OTHERS, POINT, Contrast, NotKnown
from cxlib.stats.differences import difference, widest
from cxlib.stats.intervals import ALPHA, MORE_SKEWED, Array, Figures, normal_quantile, skewed, t_quantile, wilson
from cxlib.stats.outcome_groups import made_of_outcome
from cxlib.tables.schema import DIMENSIONS

LEAST = 20  # customers a side; fewer are not compared


def contrast(
    name: str,
    query: Query,
    by: str,
    one: str,
    other: str = OTHERS,
    *,
    within: str = "importance",
    months: int = 12,
) -> Contrast | NotKnown:
    """Return a share or mean of one group beside that of another, over the last months that are wholly known.

    Both are averaged over the months (and the groups of `within`, where the data know it) with the same weights,
    n₁n₂ ÷ (n₁ + n₂) (Mantel & Haenszel 1959), so that neither side gains from when its rows fell or whose they are;
    what has fewer than two customers on a side is left out. Errors from sums by customer.

    Args:
        name: A share or mean.
        query: What is asked about: data, month, filters.
        by: Dimension of the groups.
        one: A group.
        other: The group it is compared with, or "all others".
        within: Dimension in which both sides must be alike, or empty.
        months: Most months to go back.

    Raises:
        UsageError: No such metric or dimension, a group beside itself, or no month.
    """
    if one == other:
        raise UsageError(f"{one!r} is compared with itself: name two groups, or leave out the other for all others.")
    if months < 1:
        raise UsageError(f"months={months}: at least 1 month is needed.")
    metric, query = query.metric(name), query.settled(name)
    title = f"{metric.title}, {one!r} beside {other!r},"
    if metric.kind not in ("share", "mean"):
        return NotKnown(title, f"{metric.title} is neither a share nor a mean: two groups of it are not compared.")
    if reason := unanswerable(metric, query, by) or unnamed(title, by):
        return reason
    if made_of_outcome(metric.name, by):
        return NotKnown(title, f"Groups by {DIMENSIONS[by].title} are made of the figure itself.")
    periods = months_between(max(shift(query.month, 1 - months), query.data.first_month), query.month)
    alike = within not in ("", by) and not unanswerable(metric, query, within)
    units = _within(metric, query, periods, by, within) if alike else unit_frame(metric, query, periods, by)
    present = sorted(set(units["group"]) - {NOT_KNOWN})
    missing = [group for group in (one, other) if group not in (*present, OTHERS)]
    if missing:
        there = f"there are {', '.join(map(repr, present))}" if present else "there are none"
        return NotKnown(title, f"No rows for {missing[0]!r} from {periods[0]} to {periods[-1]}; {there}.")
    chosen = [pl.col("group") == one, pl.col("group") == other]
    if other == OTHERS:
        chosen[1] = (pl.col("group") != one) & (pl.col("group") != NOT_KNOWN)
    sides = [units.filter(rows).group_by("period", "unit").agg(pl.col("n", "sum_w", "sum_wx").sum()) for rows in chosen]
    figures, correlated = side_by_side(metric, sides)
    found = printed(figures, metric.factor).with_columns(pl.Series("group", [one, other]))
    differs = differences(metric, figures, correlated) if min(figures.units) >= LEAST else ()
    span, by_title = (periods[0], periods[-1]), DIMENSIONS[by].title
    strata = DIMENSIONS[within].title if alike else ""
    return Contrast(
        metric, result_context(metric, query), by, by_title, strata, span, found.select("group", *POINT), *differs
    )


def _within(metric: Metric, query: Query, months: list[str], by: str, within: str) -> pl.DataFrame:
    """Return the unit frame with one period a month and known group of another dimension."""
    both = pl.col("group").str.split(BETWEEN).list
    units = unit_frame(metric, query, months, f"{within}+{by}").with_columns(
        both.first().alias("alike"), group=both.last()
    )
    return units.filter(pl.col("alike") != NOT_KNOWN).with_columns(pl.col("period") + "/" + pl.col("alike"))


def side_by_side(metric: Metric, sides: list[pl.DataFrame]) -> tuple[Figures, Array]:
    """Return the figures of both sides with common weights of months, and the correlation of their errors."""
    columns = ("period", "unit", "n", "sum_w", "sum_wx")
    number = pl.col("period", "unit").rank("dense").cast(pl.Int64) - 1
    rows = pl.concat(side.select(columns) for side in sides).with_columns(number)
    size, cut = [rows[name].n_unique() for name in columns[:2]], sides[0].height
    halves = [[part[name].to_numpy() for name in columns] for part in (rows[:cut], rows[cut:])]
    cells = [[np.bincount(m, x, size[0]) for x in (n > 0, w, wx)] for m, _, n, w, wx in halves]
    common = np.all([k > 1 for k, _, _ in cells], axis=0)
    (_, one, _), (_, two, _) = cells
    share = np.divide(one * two, one + two, out=np.zeros(size[0]), where=common)
    share = share / share.sum() if common.any() else share
    values, counts, influences = [], [], []
    for (month, unit, n, w, wx), (k, weight, total) in zip(halves, cells, strict=True):
        mean = np.divide(total, weight, out=np.zeros(size[0]), where=common)
        each = np.divide(share * np.sqrt(k / np.fmax(k - 1, 1)), weight, out=np.zeros(size[0]), where=common)
        inside = common[month]
        influences.append(np.bincount(unit, each[month] * (wx - mean[month] * w), size[1]))
        values.append(float(share @ mean) if common.any() else np.nan)
        counts.append((n[inside].sum(), len(np.unique(unit[inside]))))
    se = np.array([np.linalg.norm(part) for part in influences])
    shared = float(influences[0] @ influences[1]) / float(se.prod()) if se.all() else 0.0
    n, units = np.array(counts, dtype=np.float64).T
    figures = Figures(n, units, np.array(values), se, lambda _: (se, se))
    if metric.kind == "mean":
        cubes = np.array([(part**3).sum() for part in influences])
        skew = MORE_SKEWED * np.divide(cubes, se**3, out=np.zeros(2), where=se > 0)
        return replace(figures, limits=skewed(figures.value, se, units - 1, skew)), np.array([shared])
    return _with_limits(figures), np.array([shared])


def _with_limits(found: Figures) -> Figures:
    """Add the limits of shares: Wilson on the effective number, units − 1 degrees of freedom."""
    n, units, value, se = found.n, found.units, found.value, found.se

    def limits(alpha: Array) -> tuple[Array, Array]:
        t, z = t_quantile(alpha, units - 1), normal_quantile(alpha)
        with np.errstate(divide="ignore", invalid="ignore"):
            worth = np.where(se > 0, np.minimum(n, value * (1 - value) / se**2) * (z / t) ** 2, units)
            return wilson(value, worth, z)

    return Figures(n, units, value, se, limits)


def differences(metric: Metric, both: Figures, correlated: Array) -> list[float | None]:
    """Return difference, low, high, p_value and ratio with its interval (on the log scale), None where undefined."""
    one, two = (_side(both, place) for place in (0, 1))
    columns = difference(one, two, correlated, widest(metric)).columns(metric)
    found: list[float | None] = [column[0] for column in columns]
    (a, b), (se_a, se_b) = both.value, both.se
    if not (a > 0 and b > 0):
        return [*found, None, None, None]
    log_se = np.sqrt((se_a / a) ** 2 + (se_b / b) ** 2 - 2 * correlated[0] * se_a * se_b / (a * b))
    half = float(t_quantile(np.asarray(ALPHA), min(both.units) - 1)) * log_se
    return [*found, float(a / b), float(a / b * np.exp(-half)), float(a / b * np.exp(half))]


def _side(both: Figures, place: int) -> Figures:
    n, units, value, se = (numbers[place : place + 1] for numbers in (both.n, both.units, both.value, both.se))

    def limits(alpha: Array) -> tuple[Array, Array]:
        low, high = both.limits(alpha)
        return low[place : place + 1], high[place : place + 1]

    return Figures(n, units, value, se, limits)
