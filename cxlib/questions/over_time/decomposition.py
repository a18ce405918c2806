"""Why a figure moved: the mix of groups, what changed within them, and groups that came or went."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from cxlib.errors import UsageError
from cxlib.estimates.changes import large_customers
from cxlib.estimates.comparable import in_words
from cxlib.estimates.context import unanswerable
from cxlib.estimates.estimate_table import estimate_table_of
from cxlib.metrics import Metric, Query, row_frame, unit_frame
from cxlib.metrics.registry import Ratio
from cxlib.questions.groups.breakdown import labels
from cxlib.questions.over_time.change import change
from cxlib.results.reasons import Decomposition
from cxlib.results.types import NotKnown
from cxlib.stats.intervals import ALPHA, Array, t_quantile
from cxlib.stats.reweighting import parts_of_wait
from cxlib.stats.sums import finite_column
from cxlib.tables.schema import DIMENSIONS

PARTS = ("mix", "within", "turnover")
OF_GROUPS = ("share_before", "share", "before", "value", *PARTS)
STEP = 1e-20  # of a complex derivative: exact, nothing is subtracted
NO_ERROR = 1e-12
REFUSED = {
    "ratio": "its refunds need not lie in the group or month of their orders, so that its change has no parts; "
    "break it down instead",
    "rate": "its groups come and go with the people in them, so that its change has no parts; break it down instead",
    "count": "a count is the plain sum of its groups, it has no mix; break it down instead",
}


def mix_decomposition(name: str, query: Query, by: str = "", baseline: str = "") -> Decomposition | NotKnown:
    """Return the parts of a change from the baseline to the reported month, by one dimension; they sum to it.

    Mix and within-group part of the groups with rows in both months (Kitagawa 1955, the interaction split by averages),
    and a third part: what groups of one month only add to that month's figure. Errors by the infinitesimal jackknife
    over customers, whose answers in both months count as one: each part's derivative times the customer's sums.
    Interval and p-value from one t statistic. Of waits: `reweighting.parts_of_wait`, for whole groups together.

    Args:
        name: A share, mean, score or duration.
        query: What is asked about: data, month, filters.
        by: Dimension of the groups (default: the query's).
        baseline: The month before (default: the query's baseline).

    Raises:
        UsageError: No such metric or dimension, or none named.
    """
    metric, by, baseline = query.metric(name), by or query.by, baseline or query.baseline
    if not by:
        raise UsageError(f"Say by what to divide the change of {name!r}: {', '.join(sorted(DIMENSIONS))}.")
    refused = REFUSED.get("ratio" if isinstance(metric.value(), Ratio) else metric.kind)
    if refused:
        return NotKnown(f"Why {metric.title} moved", f"{refused.capitalize()}.")
    if reason := unanswerable(metric, query, by):
        return reason
    whole = change(name, query, baseline)
    if isinstance(whole, NotKnown):
        return whole
    if unlike := whole.incomparable:
        return NotKnown(f"Why {metric.title} moved", f"{baseline} and {query.month} are not alike: {in_words(unlike)}.")
    months = [baseline, query.month]
    frame = (row_frame if metric.kind == "duration" else unit_frame)(metric, query, months, by)
    if whole.without is not None:
        frame = frame.filter(~pl.col("unit").is_in(large_customers(metric, query, months).implode()))
    groups = frame["group"].unique().sort()
    if not frame.group_by("group").agg(pl.col("period").n_unique() == len(set(months)))["period"].any():
        return NotKnown(whole.metric.title, _apart(whole.metric, by, baseline, query.month))
    if metric.kind == "duration":
        parts, contributions = parts_of_wait(frame, baseline, metric.quantile), _medians(metric, query, frame, baseline)
    else:
        parts, contributions = divide(metric, frame, groups, baseline)
    names = labels(query, by, pl.DataFrame({"group": groups}))
    size = pl.coalesce("difference", pl.col("share") - pl.col("share_before")).abs()
    contributions = contributions.join(names, on="group", how="left").sort(size, "group", descending=[True, False])
    title = DIMENSIONS[by].title
    return Decomposition(metric, whole.scope, by, title, whole.compared, parts, contributions, whole.without)


def _medians(metric: Metric, query: Query, rows: pl.DataFrame, baseline: str) -> pl.DataFrame:
    """Return the groups of waits with their shares and medians in both months; they have no parts of their own."""
    keys = rows.select("group").unique().sort("group")
    found = estimate_table_of(metric, rows)
    columns = []
    for name, month in (("before", baseline), ("value", query.month)):
        points = found.at(keys.with_columns(period=pl.lit(month))).points()
        columns += [points["value"].alias(name), (100 * points["n"] / points["n"].sum()).alias(f"share_{name}")]
    nothing = [pl.lit(None, pl.Float64).alias(name) for name in (*PARTS, "difference", "low", "high", "p_value")]
    listed = keys.hstack(columns).rename({"share_value": "share"}).with_columns(nothing)
    return listed.select("group", *OF_GROUPS, "difference", "low", "high", "p_value")


def divide(metric: Metric, units: pl.DataFrame, groups: pl.Series, baseline: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the parts of a change and the contributions of the groups, in printed units.

    Args:
        metric: What is measured.
        units: Unit frame of two months, weights above 0; at least one group has rows in both.
        groups: Names of all groups, sorted.
        baseline: The earlier month.
    """
    weight, total = _totals(units, groups, baseline)
    mean = np.divide(total, weight, out=np.zeros_like(total), where=weight > 0)
    values, slopes = metric.factor * _contributions(weight, mean), metric.factor * _slopes(weight, mean)
    spread = _spread(units, groups, baseline, weight, mean)
    free = float(units.group_by("period").agg(pl.col("unit").n_unique())["unit"].min()) - 1.0  # type: ignore[arg-type]
    whole: Array = np.repeat(np.eye(3), len(groups), axis=1)[: 2 if weight.all() else 3]
    each: Array = np.tile(np.eye(len(groups)), 3)
    parts, per_group = (_tested(sums, values.ravel(), slopes, spread, free) for sums in (whole, each))
    measured = np.where(weight > 0, mean, np.nan) * metric.factor
    share = 100 * weight / weight.sum(axis=1, keepdims=True)
    numbers = (*share, *measured, *values)
    columns = [finite_column(name, number) for name, number in zip(OF_GROUPS, numbers, strict=True)]
    listed = pl.DataFrame([groups.alias("group"), *columns, *per_group])
    return pl.DataFrame([pl.Series("part", PARTS[: len(whole)]), *parts]), listed


def _contributions(weight: Any, mean: Any) -> Any:
    """Return mix, within and turnover (rows) of each group (columns); weights and means have a row a month."""
    both = np.real(weight).all(axis=0)
    shared = np.where(both, weight, 0)
    share = shared / shared.sum(axis=1, keepdims=True)
    level = (share * mean).sum(axis=1)  # figure of the groups of both months
    mix = (share[1] - share[0]) * (mean.mean(axis=0) - level.mean())
    within = share.mean(axis=0) * (mean[1] - mean[0])
    own = weight / weight.sum(axis=1, keepdims=True) * (mean - level[:, None])
    turnover = np.where(both, 0, own[1] - own[0])
    return np.array([mix * both, within * both, turnover])


def _slopes(weight: Array, mean: Array) -> Array:
    """Return the derivative of every contribution by every weight, then by every mean: (3 × groups) × (4 × groups)."""
    size, columns = weight.size, []
    for place in range(2 * size):
        moved = np.concatenate([weight.ravel(), mean.ravel()]).astype(complex)
        moved[place] += 1j * STEP
        changed = _contributions(moved[:size].reshape(2, -1), moved[size:].reshape(2, -1))
        columns.append(changed.imag.ravel() / STEP)
    return np.array(columns).T


def _spread(units: pl.DataFrame, groups: pl.Series, baseline: str, weight: Array, mean: Array) -> Any:
    """Return the covariance of all weights and means: products of the units' shares in their errors, summed.

    A mean of k units gets k ÷ (k − 1) (unbiased for small k); one of a single unit the usual residual of the others.
    """
    from scipy.sparse import csr_array

    code, month, group, w, wx = _coded(units, groups, baseline)
    cell = month * len(groups) + group
    k = np.bincount(cell, minlength=weight.size)[cell]
    residual = wx - mean.ravel()[cell] * w
    few = np.sqrt(np.divide(k, k - 1, out=np.ones(len(k)), where=k > 1))
    usual = np.sqrt(np.mean((residual[k > 1] * few[k > 1]) ** 2)) if (k > 1).any() else 0.0
    influence = np.where(k > 1, residual * few, usual) / weight.ravel()[cell]
    rows, columns = np.tile(code, 2), np.concatenate([cell, cell + weight.size])
    of_units = csr_array((np.concatenate([w, influence]), (rows, columns)), shape=(code.max() + 1, 2 * weight.size))
    return (of_units.T @ of_units).toarray()


def _tested(sums: Array, values: Array, slopes: Array, spread: Array, free: float) -> list[pl.Series]:
    """Return difference, low, high, p_value of sums of contributions: each row of `sums` says which are added."""
    from scipy.special import stdtr

    value, slope = sums @ values, sums @ slopes
    se = np.sqrt(np.fmax(((slope @ spread) * slope).sum(axis=1), 0.0))
    se = np.where((se > NO_ERROR) & (free > 0), se, np.nan)
    half = t_quantile(np.asarray(ALPHA), free) * se
    numbers = {"difference": value, "low": value - half, "high": value + half}
    return [
        *(finite_column(name, number) for name, number in numbers.items()),
        finite_column("p_value", 2 * stdtr(free, -np.abs(value / se))),
    ]


def _totals(units: pl.DataFrame, groups: pl.Series, baseline: str) -> Array:
    """Return Σw and Σwx, each with a row a month (baseline first) and a column a group."""
    _, month, group, w, wx = _coded(units, groups, baseline)
    cell, size = month * len(groups) + group, 2 * len(groups)
    return np.array([np.bincount(cell, sums, size).reshape(2, -1) for sums in (w, wx)])


def _coded(units: pl.DataFrame, groups: pl.Series, baseline: str) -> tuple[Any, Any, Any, Array, Array]:
    numbered = units.select(
        code=pl.col("unit").rank("dense").cast(pl.Int64) - 1,
        month=(pl.col("period") != baseline).cast(pl.Int64),
        group=pl.col("group").replace_strict(groups, np.arange(len(groups)), return_dtype=pl.Int64),
    )
    code, month, group = (numbered[name].to_numpy() for name in numbered.columns)
    return code, month, group, units["sum_w"].to_numpy(), units["sum_wx"].to_numpy()


def _apart(metric: Metric, by: str, baseline: str, month: str) -> str:
    return (
        f"No {DIMENSIONS[by].title} has answers both in {baseline} and in {month}: there is nothing that the two "
        f"figures of {metric.title} have in common."
    )
