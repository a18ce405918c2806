"""Would those who did not answer say the same? Weights by the chance of answering, and what the silent could say."""

from __future__ import annotations

import numpy as np
import polars as pl

from cxlib.estimates.context import result_context, unanswerable
from cxlib.estimates.experience import WAITS, experiences
from cxlib.metrics import Metric, Query
from cxlib.numbers import format_of, percent
from cxlib.results.types import OTHERS, Effects, NotKnown
from cxlib.stats.effects import Row, effect_points, tested, unit_of
from cxlib.stats.intervals import Array, Places
from cxlib.stats.model_terms import LEAST, LEVELS

RESAMPLES, BATCH, SEED, STEPS, ROUNDS = 200, 40, 1, 25, 8
CUT = 5.0  # no answer counts more than this many times an answer with the mean chance
NEAR = 1e-5  # of a log-odds: where the steps end
RIDGE = 1e-6  # keeps a kind that all or none answer finite
BRACKETS = 4
KINDS = {
    "first_reply": "first reply time", "resolution": "time to solve", "reopened": "reopening", "channel": "channel",
    "category": "category", "importance": "importance",
}  # fmt: skip
ALIKE = "all answers are alike: whatever their weights, they say the same"
UNTOLD = "nothing known of those asked tells who answers, so that nobody stands for the silent"
SIDES = {"asked": "All who were asked", "silent": "Those who did not answer"}


def nonresponse(name: str, query: Query, *, months: int = 12) -> Effects | NotKnown:
    """Return how far all who were asked, and the silent alone, would lie from what was told, were they alike by kind.

    The chance of an answer comes from a logistic model of channel, category, importance, waits and reopening; answers
    count by its inverse (Hájek 1971), the weight cut at five times the mean one. Interval by resampling customers, the
    model fitted anew each time. At worst every silent one holds the lowest or the highest opinion (Manski 1989).

    Args:
        name: A share, mean or score of one kind of survey: csat, nps, low_effort …
        query: What is asked about: data, month, filters.
        months: Most months of sending to go back from the last one whose surveys had their time.

    Raises:
        UsageError: No such metric or dimension.
    """
    metric, query = query.metric(name), query.settled("response_rate")
    title = f"{metric.title} of those who did not answer"
    if not metric.survey or metric.scale is None:
        return NotKnown(title, f"{metric.title} is no share, mean or score of one kind of survey.")
    if reason := unanswerable(metric, query):
        return NotKnown(title, reason.reason)
    periods = query.months(months)
    rows = experiences(metric, query, periods, anchor="sent").filter(pl.col("weight") > 0)
    rows = rows.filter(pl.col("answered_at").is_null() | pl.col("x").is_not_null())  # not the superseded answers
    told, span = rows.drop_nulls("x"), f"from {periods[0]} to {periods[-1]}"
    if rows.height == told.height:
        offers = "only those with an answer are recorded" if rows.height else "none was sent that counts"
        return NotKnown(title, f"Of the {metric.survey} surveys sent {span} {offers}: who kept silent is not known.")
    if (units := told["unit"].n_unique()) < LEAST:
        return NotKnown(title, f"{units} customers answered {span}; fewer than {LEAST} tell nothing of the others.")
    known = [kind for kind in KINDS if kind in rows.columns and rows[kind].n_unique() > 1]
    whole, drawn = levels(rows, known)
    answering = float(told["weight"].sum()) / float(rows["weight"].sum())
    level = metric.factor * whole
    low, high = (bound * (1 - answering) + level[0] * answering for bound in metric.scale)
    form = format_of(metric, level[0], 1.0, language=query.language)
    return Effects(
        metric,
        result_context(metric, query),
        title,
        (periods[0], periods[-1]),
        measured_in=unit_of(metric),
        none=0.0,
        points=effect_points(_against_told(metric, told, whole, drawn)),
        allowing_for=tuple(KINDS[kind] for kind in known),
        reading="difference from what was told",
        caveat="If opinion decides who answers, this cannot show it. "
        f"Told by {percent(answering)} of those asked: {form.value(level[0])}. Were the silent like "
        f"those of their kind who answered: {form.value(level[1])} of all asked, {form.value(level[2])} of the silent. "
        f"At worst all asked are anywhere between {form.bare(low)} and {form.value(high)}.",
    )  # fmt: skip


def _against_told(metric: Metric, told: pl.DataFrame, whole: Array, drawn: Array) -> list[Row]:
    """Return how far each side of `SIDES` lies from what was told."""
    points, units = list[Row](), told["unit"].n_unique()
    for place, (key, label) in enumerate(SIDES.items(), start=1):
        value, se = float(whole[place] - whole[0]), float(np.std(drawn[:, place] - drawn[:, 0], ddof=1))
        alike = {"reason": ALIKE if told["x"].n_unique() < 2 else UNTOLD}
        difference = tested(value, se, df=units - 1, factor=metric.factor) if se > 1e-12 else alike
        points.append({"group": key, "label": label, "n": told.height, "units": units, **difference})
    return points


def levels(rows: pl.DataFrame, known: list[str]) -> tuple[Array, Array]:
    """Return what was told, what all asked and what the silent would have told; the same of resamples, one a row.

    Args:
        rows: unit, weight, x (null without an answer) and the kinds.
        known: Names of the kinds.
    """
    cells, place = _cells(rows, known)
    units = rows["unit"].rank("dense").to_numpy().astype(np.int64) - 1
    w, told = rows["weight"].to_numpy(), rows["x"].is_not_null().to_numpy() * 1.0
    parts = (w, w * told, w * told * rows["x"].fill_null(0.0).to_numpy())
    draw, size = np.random.default_rng(SEED), int(units.max()) + 1

    def sums(times: list[Array]) -> list[Array]:
        return [np.column_stack([np.bincount(place, each * part, len(cells)) for each in times]) for part in parts]

    asked, heard, total = sums([np.ones(len(w))])
    beta, inverse = chances(cells, asked[:, 0], heard[:, 0])
    found = [weighted(_chance(cells, beta[:, None]), asked, heard, total)]
    for _ in range(RESAMPLES // BATCH):
        lots = (np.bincount(draw.integers(size, size=size), minlength=size) for _ in range(BATCH))
        asked, heard, total = sums([lot[units].astype(np.float64) for lot in lots])
        found.append(weighted(_chance(cells, again(cells, asked, heard, beta, inverse)), asked, heard, total))
    every = np.concatenate(found, axis=1).T
    return every[0], every[1:][np.isfinite(every[1:]).all(axis=1)]


def weighted(p: Array, asked: Array, heard: Array, total: Array) -> Array:
    """Return what was told, what all asked and what the silent would have told, from sums by cell (first axis).

    Args:
        p: Chance of an answer.
        asked: Σ weights of those asked.
        heard: Σ weights of the answers.
        total: Σ weighted answers.
    """
    inverse = 1 / np.fmax(p, heard.sum(axis=0) / asked.sum(axis=0) / CUT)
    with np.errstate(divide="ignore", invalid="ignore"):
        by = (np.ones_like(p), inverse, inverse - 1)
        return np.array([(each * total).sum(axis=0) / (each * heard).sum(axis=0) for each in by])


def chances(cells: Array, asked: Array, heard: Array) -> tuple[Array, Array]:
    """Return the logistic coefficients of answering and their model covariance, by Newton's steps on sums by cell."""
    beta: Array = np.zeros(cells.shape[1])
    inverse: Array = np.eye(len(beta))
    for _ in range(STEPS):
        p = _chance(cells, beta)
        information = (cells * (asked * p * (1 - p))[:, None]).T @ cells + RIDGE * np.eye(len(beta))
        inverse = np.asarray(np.linalg.inv(information), dtype=np.float64)
        step = np.clip(inverse @ (cells.T @ (heard - asked * p) - RIDGE * beta), -5, 5)
        beta = beta + step
        if np.abs(step).max() < NEAR:
            break
    return beta, inverse


def again(cells: Array, asked: Array, heard: Array, beta: Array, inverse: Array) -> Array:
    """Return the coefficients of resamples, one a column, by steps from those of all rows along their covariance."""
    found = np.repeat(beta[:, None], asked.shape[1], axis=1)
    for _ in range(ROUNDS):
        step = inverse @ (cells.T @ (heard - asked * _chance(cells, found)) - RIDGE * found)
        found = found + np.clip(step, -1, 1)
        if np.abs(step).max() < NEAR:
            break
    return np.asarray(found, dtype=np.float64)


def _chance(cells: Array, beta: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-np.clip(cells @ beta, -30, 30))), dtype=np.float64)


def _cells(rows: pl.DataFrame, known: list[str]) -> tuple[Array, Places]:
    """Return the terms of each combination of kinds, and the place of each row among them; waits in four brackets."""
    kinds = [pl.lit(1.0).alias("always")]
    for name in known:
        column = pl.col(name)
        if name in WAITS:
            column = (column.rank("ordinal") * BRACKETS / (column.count() + 1)).floor()
        text = column.cast(pl.String).fill_null("")
        counts = rows.select(text).to_series().value_counts().sort("count", name, descending=[True, False])
        most = counts.filter(pl.col("count") >= LEAST)[name].head(LEVELS)
        kinds.append(pl.when(text.is_in(most.implode())).then(text).otherwise(pl.lit(OTHERS)).alias(name))
    laid = rows.select(pl.len().over(pl.lit(1)).alias("rows"), *kinds).drop("rows")
    cells = laid.unique(maintain_order=True)
    place = laid.join(cells.with_row_index("place"), on=laid.columns, how="left", maintain_order="left")["place"]
    terms = cells.to_dummies(known, drop_first=True) if known else cells
    return terms.to_numpy().astype(np.float64), place.to_numpy().astype(np.int64)
