"""Did ordered answers move, whatever the distances between them? The companion of a change of a mean."""

from __future__ import annotations

import numpy as np
import polars as pl

from cxlib.estimates.comparable import in_words, incomparable
from cxlib.estimates.context import result_context, unanswerable
from cxlib.estimates.experience import experiences, unweighted
from cxlib.metrics import Query
from cxlib.numbers import month as month_text
from cxlib.results.types import Effects, NotKnown
from cxlib.stats.effects import effect_points, tested
from cxlib.stats.intervals import Array
from cxlib.stats.model_terms import LEAST


def ordinal_change(name: str, query: Query, baseline: str = "") -> Effects | NotKnown:
    """Return how much oftener an answer of the month is higher than one of the baseline than it is lower, in points.

    100 · (P(higher) − P(lower)) of two answers drawn at random, one of each month (Brunner & Munzel 2000; Cliff 1993).
    Its error is formed from each customer's contribution to both months, t with the customers of the smaller month − 1
    degrees of freedom: with one answer each it is Brunner and Munzel's own. Answers count once whatever their weight.

    Args:
        name: A mean or score of surveys.
        query: What is asked about: data, month, filters.
        baseline: The other month; default the query's.

    Raises:
        UsageError: No such metric or dimension.
    """
    metric, before = query.metric(name), baseline or query.baseline
    title = f"{metric.title}, each answer beside each of {month_text(before)}"
    if metric.table != "surveys" or metric.kind not in ("mean", "score"):
        return NotKnown(title, f"{metric.title} is no mean or score of ordered answers.")
    if reason := unanswerable(metric, query):
        return NotKnown(title, reason.reason)
    if before == query.month:
        return NotKnown(title, f"{before} is compared with itself.")
    if unlike := incomparable(metric, query, before):
        return NotKnown(title, f"The two months are not alike: {in_words(unlike)}.")
    sides = [experiences(metric, query, [month]).filter(pl.col("x").is_not_null()) for month in (before, query.month)]
    fewest = min(side["unit"].n_unique() for side in sides)
    if fewest < LEAST:
        return NotKnown(title, f"{fewest} customers answered in one of {before} and {query.month}; {LEAST} are needed.")
    value, se = higher_rather_than_lower(*((side["x"], side["unit"]) for side in sides))
    row = {"group": "higher", "label": "Higher rather than lower", "n": sum(side.height for side in sides)}
    row["units"] = pl.concat(sides)["unit"].n_unique()
    row |= (
        tested(value, se, df=fewest - 1, factor=100.0) if se > 0 else {"reason": "all answers of each month are alike"}
    )
    return Effects(
        metric,
        result_context(metric, query),
        title,
        (query.month, query.month),
        measured_in="points",
        none=0.0,
        points=effect_points([row]),
        reading="0 is as often higher as lower",
        caveat=unweighted(pl.concat(sides)).strip(),
        baseline=before,
    )


def higher_rather_than_lower(
    before: tuple[pl.Series, pl.Series], after: tuple[pl.Series, pl.Series]
) -> tuple[float, float]:
    """Return P(after > before) − P(after < before) and its error, from answers and their units on both sides."""
    (x, x_units), (y, y_units) = before, after
    places = [_placed(one.to_numpy(), other.to_numpy()) for one, other in ((x, y), (y, x))]
    parts = []
    for units, placed, sign in ((x_units, places[0], -1.0), (y_units, places[1], 1.0)):
        n = units.n_unique()
        influence = sign * (placed - placed.mean()) / len(placed) * np.sqrt(n / (n - 1))
        parts.append(pl.DataFrame({"unit": units, "influence": influence}))
    summed = pl.concat(parts).group_by("unit").agg(pl.col("influence").sum())["influence"].to_numpy()
    return float(places[1].mean()), float(np.linalg.norm(summed))


def _placed(of: Array, among: Array) -> Array:
    """Return for each answer the share of the others below it less the share above it."""
    there = np.sort(among)
    below, upto = np.searchsorted(there, of, side="left"), np.searchsorted(there, of, side="right")
    return np.asarray((below - (len(there) - upto)) / len(there), dtype=np.float64)
