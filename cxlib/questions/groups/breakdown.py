"""A figure by groups: each group against all others, and whether chance suffices for all their differences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from cxlib.errors import UsageError
from cxlib.estimates.context import result_context, unanswerable
from cxlib.estimates.estimate_table import EstimateTable, daily, estimate_table_of, estimates
from cxlib.metrics import Metric, Query, row_frame, unit_frame
from cxlib.metrics.frames import NOT_KNOWN
from cxlib.results.types import POINT, Breakdown, NotKnown
from cxlib.stats.apart import COLUMNS, stepped_down
from cxlib.stats.differences import Difference, difference, widest
from cxlib.stats.durations import Curve, coded, quantiles
from cxlib.stats.equality import curves_apart, either, equality, residuals
from cxlib.stats.intervals import Array, Figures, Sums, measure
from cxlib.stats.outcome_groups import made_of_outcome
from cxlib.tables.schema import DIMENSIONS

Pairs = tuple[Figures, Figures, Array]  # own, rest, correlation


def breakdown(name: str, query: Query, by: str = "") -> Breakdown | NotKnown:
    """Return a metric by the groups of a dimension (default: the query's) in the reported month.

    Raises:
        UsageError: No such metric or dimension, or none named.
    """
    metric, by = query.metric(name), by or query.by
    if not by:
        raise UsageError(f"Say by what to break {name!r} down: {', '.join(sorted(DIMENSIONS))}.")
    if reason := unanswerable(metric, query, by):
        return reason
    months = sorted({query.month, query.baseline})
    rows = (row_frame if metric.kind == "duration" else unit_frame)(metric, query, months, by)
    points, rows = _cells(metric, query, rows, by).points(), rows.filter(pl.col("period") == query.month)
    here = points.filter(pl.col("period") == query.month).drop("period")
    before = points.filter(pl.col("period") == query.baseline).select("group", before="value")
    tests, contrasts = _tested(metric, rows.filter(pl.col("group") != NOT_KNOWN), by)
    labelled = here.join(labels(query, by, here), on="group", how="left").join(before, on="group", how="left")
    joined = labelled.join(contrasts, on="group", how="left")
    by_label = DIMENSIONS[by].ordered or DIMENSIONS[by].personal  # persons stand by name: no league table
    order = [pl.col("group") == NOT_KNOWN, pl.col("label")] if by_label else [-pl.col("value")]
    ordered = joined.sort(*order, "group", nulls_last=True)
    asked = by == "question"  # answers to several questions are no one figure
    together = unit_frame(metric, query, [query.month]) if asked else _together(metric, rows)
    whole = _cells(metric, query, together).at(pl.DataFrame({"period": [query.month], "group": [""]}))
    return Breakdown(
        metric=metric,
        scope=replace(result_context(metric, query), other_questions=()) if asked else result_context(metric, query),
        by=by,
        by_title=DIMENSIONS[by].title,
        baseline=query.baseline,
        points=ordered.select("group", "label", *POINT, "before", *COLUMNS),
        overall=estimates(whole.points())[0],
        **tests,
    )


def _tested(metric: Metric, rows: pl.DataFrame, by: str) -> tuple[dict[str, Any], pl.DataFrame]:
    """Return the tests of all groups together and each against the rest, of the groups that are known.

    Who is in no group is often there because of the outcome: a wait without an answer has no agent. Persons are not
    looked for one by one, and groups made of the figure itself not at all.
    """
    if made_of_outcome(metric.name, by) or metric.kind == "count":
        rows = rows.clear()
    alike = equality(residuals(metric, coded(rows)))
    curves = curves_apart(rows) if metric.kind == "duration" else None
    tests = {"p_value": either(alike, curves), "made_of_outcome": made_of_outcome(metric.name, by)}
    if metric.kind == "duration":
        tests |= {"medians_p": alike, "curves_p": curves}
    looked_for = None if DIMENSIONS[by].personal else tests["p_value"]
    return tests, stepped_down(metric, rows, against_rest, looked_for)


def _cells(metric: Metric, query: Query, rows: pl.DataFrame, by: str = "") -> EstimateTable:
    """Return the cells of a row frame, or of a unit frame."""
    if metric.kind == "duration":
        return estimate_table_of(metric, rows)
    if metric.kind == "count" and metric.unit == "day":
        return daily(metric, query, rows, by)
    return EstimateTable.of_units(metric, rows)


def _together(metric: Metric, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of all groups as one."""
    if metric.kind == "duration":
        return rows.with_columns(group=pl.lit(""))
    sums = pl.col("n", "sum_w", "sum_wx", "sum_wxx").sum()
    return rows.group_by("period", "unit").agg(sums).with_columns(group=pl.lit("")).sort("unit")


def labels(query: Query, by: str, groups: pl.DataFrame) -> pl.DataFrame:
    """Return group and label (what to print): the name from the dimension's own table, else the group in words."""
    words = pl.col("group").str.replace_all("_", " ") if DIMENSIONS[by].coded else pl.col("group")
    own = groups.select("group", label=words)
    source = DIMENSIONS[by].label
    if source is None or not query.data.has(source[0]):
        return own
    name, column = source
    named = (
        query.data.scan(name)
        .select(group=DIMENSIONS[by].key, name=column)
        .drop_nulls()
        .collect()
        .unique("group", keep="first", maintain_order=True)
    )
    return own.join(named, on="group", how="left").select("group", pl.coalesce("name", "label").alias("label"))


def against_rest(metric: Metric, rows: pl.DataFrame) -> pl.DataFrame:
    """Return group, rest_difference, rest_low, rest_high and rest_p: each group against all others.

    Of all months together of a row frame or a unit frame. Totals are not compared with each other: for counts
    everything is null.
    """
    compared: Callable[[pl.DataFrame], Pairs] = partial(
        _pairs_of_curves if metric.kind == "duration" else _pairs_of_sums, metric
    )
    rows = coded(rows.clear() if metric.kind == "count" else rows)
    groups = rows["group"].unique().sort()
    found = difference(*compared(rows), widest(metric)) if len(groups) > 1 else None
    nothing = np.full(len(groups), np.nan)
    columns = (found or Difference(nothing, nothing, nothing, nothing)).columns(metric, "rest_")
    return pl.DataFrame([groups, *columns]).rename({"rest_p_value": "rest_p"})


def _pairs_of_sums(metric: Metric, rows: pl.DataFrame) -> Pairs:
    names = ("n", "sum_w", "sum_wx", "sum_wxx")
    size = rows["code"].n_unique()
    whole = _by_unit(rows, size, names)
    own, rest, correlated = [], [], []
    for _, part in sorted(rows.partition_by("group", as_dict=True).items()):
        here = _by_unit(part, size, names)
        others = np.where(whole[0] > here[0], whole - here, 0.0)
        own.append(Sums.of_units(*here))
        rest.append(Sums.of_units(*others))
        correlated.append(_correlation(*(side[2] - _mean(side) * side[1] for side in (here, others))))
    return measure(metric, Sums.stacked(own)), measure(metric, Sums.stacked(rest)), np.array(correlated)


def _by_unit(rows: pl.DataFrame, size: int, names: tuple[str, ...]) -> Array:
    """Lay columns out by unit: one line a column, one place a unit."""
    code = rows["code"].to_numpy()
    return np.array([np.bincount(code, rows[name].to_numpy(), size) for name in names], dtype=np.float64)


def _mean(side: Array) -> float:
    return float(side[2].sum() / side[1].sum()) if side[1].any() else 0.0


def _pairs_of_curves(metric: Metric, rows: pl.DataFrame) -> Pairs:
    ordered = rows.sort("value", maintain_order=True)
    whole, group = Curve.of(ordered, rows["code"].n_unique()), ordered["group"].rank("dense").to_numpy()
    own, rest = (
        [whole.only((group == place) == side) for place in range(1, group.max() + 1)] for side in (True, False)
    )
    q = metric.quantile
    correlated = [_correlation(*(side.influence_at(q) for side in pair)) for pair in zip(own, rest, strict=True)]
    return quantiles(own, q), quantiles(rest, q), np.array(correlated)


def _correlation(one: Array, other: Array) -> float:
    size = float(np.sqrt((one @ one) * (other @ other)))
    return min(1.0, max(-1.0, float(one @ other) / size)) if size > 0 else 0.0
