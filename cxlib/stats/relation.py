"""Which support figure goes together with what the customer does later: rank correlations over customers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from cxlib.metrics import Metric, View, unit_frame
from cxlib.periods import months_between, shift
from cxlib.stats.intervals import ALPHA, Array, t_quantile
from cxlib.stats.overview import survivors
from cxlib.stats.results import POINT, NotKnown, Relation
from cxlib.stats.scope import scope, unanswerable

SUPPORT = ("csat", "nps", "first_contact_resolution", "reopen_rate", "first_reply_time", "resolution_time")
OF_CUSTOMERS = ("importance", "country")
LEAST, RESAMPLES, SEED, NEARLY_ONE = 20, 400, 1, 0.95


def relation(
    view: View, names: Sequence[str] = SUPPORT, outcome: str = "revenue", *, months: int = 12, later: int = 3
) -> Relation | NotKnown:
    """Return how each figure of a customer goes together with the same customer's outcome afterwards.

    Figures are customers' means over `months` months; the outcome is their total (counts, amounts; 0 without rows) or
    mean over the `later` months that follow and end with the reported one. Spearman's rank correlation, its error by
    resampling customers on Fisher's scale; p belongs to the same statistic. Nothing is adjusted for.

    Args:
        view: What is looked at; filters on customers hold for both sides, others for the figures only.
        names: Support figures: a family of comparisons declared beforehand.
        outcome: A metric of customers: revenue, retention …
        months: Months of the figures.
        later: Months of the outcome.

    Raises:
        UsageError: No such metric or dimension.
    """
    view = view.settled(outcome)
    after = view.month
    split = shift(after, -later)
    first = shift(split, 1 - months)
    figures_view = replace(view, month=split, filters=tuple(part for part in view.filters if part[0] != "currency"))
    kept = tuple(part for part in view.filters if part[0] in (*OF_CUSTOMERS, "currency"))
    outcome_view = replace(view, filters=kept)
    target = view.metric(outcome)
    if reason := unanswerable(target, outcome_view):
        return reason
    if first < view.data.first_month:
        told = f"Figures from {first} and what followed until {after} are needed; the data begin in"
        title = target.title if target.title[1:2].isupper() else target.title[0].lower() + target.title[1:]
        return NotKnown(f"What goes together with {title}", f"{told} {view.data.first_month}.")
    y = _by_customer(target, outcome_view, months_between(shift(split, 1), after))
    rows: list[dict[str, Any]] = []
    for name in names:
        metric = view.metric(name)
        missing = unanswerable(metric, figures_view)
        if missing:
            row = {"metric": name, "title": metric.title, "n": 0, "reason": missing.reason}
        else:
            pairs = _pairs(_by_customer(metric, figures_view, months_between(first, split)), target, y)
            row = {"metric": name, "title": metric.title, "n": pairs.height, **_spearman(pairs)}
        rows.append({**row, "units": row["n"]})
    schema = {"metric": pl.String, "title": pl.String, "n": pl.Int64, "units": pl.Int64}
    schema |= dict.fromkeys((*POINT[2:], "p_value"), pl.Float64) | {"reason": pl.String}
    points = pl.DataFrame(rows, schema=schema)
    p_values = {row["metric"]: row["p_value"] for row in rows if row.get("p_value") is not None}
    return Relation(
        scope(target, outcome_view), target, (first, split), (shift(split, 1), after), points, survivors(p_values)
    )


def _by_customer(metric: Metric, view: View, months: list[str]) -> pl.DataFrame:
    """Return unit and value: a customer's total of a count, else mean; rows without a customer are left out."""
    sums = unit_frame(metric, view, months).filter(~pl.col("unit").str.starts_with("row "))
    sums = sums.group_by("unit").agg(pl.col("sum_w", "sum_wx").sum())
    value = pl.col("sum_wx") if metric.kind == "count" else pl.col("sum_wx") / pl.col("sum_w")
    return sums.select("unit", value=value.round_sig_figs(10)).filter(pl.col("value").is_finite())


def _pairs(x: pl.DataFrame, target: Metric, y: pl.DataFrame) -> pl.DataFrame:
    nothing = target.kind == "count"
    pairs = x.rename({"value": "x"}).join(y.rename({"value": "y"}), on="unit", how="left" if nothing else "inner")
    return (pairs.with_columns(pl.col("y").fill_null(0.0)) if nothing else pairs).sort("unit")


def _spearman(pairs: pl.DataFrame) -> dict[str, float | str | None]:
    """Return value, se, low, high, p_value; or the reason why there are none."""
    from scipy.special import stdtr

    x, y = pairs["x"].to_numpy(), pairs["y"].to_numpy()
    if len(x) < LEAST:
        return {"reason": f"{len(x)} customers have both; fewer than {LEAST} are not correlated"}
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return {"reason": f"all {len(x)} customers are alike on one side"}
    value = correlate(x, y)
    if separates(x, y) or separates(y, x) or abs(value) > NEARLY_ONE:
        return {"reason": "one all but determines the other: was it made from it?"}
    draws = np.random.default_rng(SEED).integers(len(x), size=(RESAMPLES, len(x)))
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.arctanh([correlate(x[rows], y[rows]) for rows in draws])
    error = float(np.std(spread[np.isfinite(spread)], ddof=1))
    centre, half = np.arctanh(value), float(t_quantile(np.asarray(ALPHA), len(x) - 1)) * error
    p_value = 2 * float(stdtr(len(x) - 1, -abs(centre) / error))
    low, high = np.tanh([centre - half, centre + half])
    return {"value": value, "se": error * (1 - value**2), "low": float(low), "high": float(high), "p_value": p_value}


def correlate(x: Array, y: Array) -> float:
    """Return Spearman's rank correlation, ties at their mean rank; NaN where one side is all alike."""
    one, two = (pl.Series(side).rank("average").to_numpy() for side in (x, y))
    one, two = one - one.mean(), two - two.mean()
    return float(one @ two / np.sqrt((one @ one) * (two @ two)))


def separates(score: Array, outcome: Array) -> bool:
    """Tell whether a two-valued outcome is separated by the score, but for one shared value of it (a leak)."""
    levels = np.unique(outcome)
    if len(levels) != 2 or len(np.unique(score)) < 3:
        return False
    here, there = (score[outcome == level] for level in levels)
    return bool(here.max() <= there.min() or there.max() <= here.min())
