"""How much sooner customers of one class leave than those of another: Cox's model of their spells after an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from cxlib.estimates.context import result_context
from cxlib.estimates.covariates import background_of
from cxlib.estimates.drilldown import with_rows
from cxlib.metrics import Query
from cxlib.numbers import number
from cxlib.questions.customers.survival import customers_followed, followed
from cxlib.results.types import Effects, NotKnown
from cxlib.stats.effects import effect_points
from cxlib.stats.intervals import ALPHA, Array, Places, normal_quantile

NEAR = 1e-3  # a last step of the search no longer than this leaves an error of about its square
FEWEST = 10  # who left, for each column of the model and in each class compared (Peduzzi and others 1995)
CLASSES = {"loyalty_class": ("promoter", "passive", "detractor"), "experience": ("good", "in between", "bad")}


@dataclass(frozen=True, slots=True, eq=False)
class Cox:
    """A fitted model: log hazard ratios, their covariance (robust by customer where asked for), the log-likelihood."""

    beta: Array
    covariance: Array
    log_likelihood: float


def cox(entry: Array, stop: Array, left: Array, x: Array, units: Places | None = None) -> Cox:
    """Return Cox's model of start–stop rows, at risk in (entry, stop]; ties by Efron 1977.

    Args:
        entry: Beginning of each row, 0 or later.
        stop: Its end.
        left: Whether leaving ended it.
        x: One column per effect.
        units: Customer of each row, for errors robust by customer (Lin & Wei 1989).
    """
    found = _model(entry, stop, left, x).fit(disp=0, tol=NEAR)
    covariance = np.atleast_2d(found.cov_params())
    if units is not None:
        totals = np.zeros((int(units.max()) + 1, x.shape[1]))
        np.add.at(totals, units, score_residuals(found.params, _entering(entry), stop, left, x))
        covariance = covariance @ (totals.T @ totals) @ covariance
    return Cox(found.params, covariance, float(found.llf))


def _model(entry: Array, stop: Array, left: Array, x: Array) -> Any:
    from statsmodels.duration.hazard_regression import PHReg

    return PHReg(stop, x, status=left.astype(np.float64), entry=_entering(entry), ties="efron")


def _entering(entry: Array) -> Array:
    """Return entries moved by the least possible amount, so that splitting a row changes nothing.

    statsmodels counts who enters at the very instant another leaves as at risk.
    """
    return np.where(entry > 0, np.nextafter(entry, np.inf), 0.0)


def score_residuals(beta: Array, entry: Array, stop: Array, left: Array, x: Array) -> Array:
    """Return what each row adds to the score (Lin & Wei 1989), in which all who leave at once share one risk set.

    (x − x̄ at the row's leaving) − exp(xβ) Σ (x − x̄(t)) dΛ(t) over the times of leaving t in (entry, stop].
    """
    times, ends = np.unique(stop[left.astype(bool)], return_counts=True)
    hazard = np.exp(x @ beta)
    sums = np.column_stack([hazard, hazard[:, None] * x])
    at_risk = _from(stop, sums, times) - _from(entry, sums, times)
    mean, jump = at_risk[:, 1:] / at_risk[:, :1], ends / at_risk[:, 0]
    so_far = np.vstack([np.zeros(x.shape[1] + 1), np.cumsum(np.column_stack([jump, mean * jump[:, None]]), axis=0)])
    passed = so_far[np.searchsorted(times, stop, "right")] - so_far[np.searchsorted(times, entry, "right")]
    own = mean[np.minimum(np.searchsorted(times, stop), len(times) - 1)]
    expected = hazard[:, None] * (x * passed[:, :1] - passed[:, 1:])
    return np.asarray(np.where(left.astype(bool)[:, None], x - own, 0.0) - expected, dtype=np.float64)


def _from(at: Array, sums: Array, times: Array) -> Array:
    """Return the sums over rows with `at` ≥ each time."""
    order = np.argsort(at)
    total = np.vstack([np.cumsum(sums[order][::-1], axis=0)[::-1], np.zeros(sums.shape[1])])
    return np.asarray(total[np.searchsorted(at[order], times, "left")], dtype=np.float64)


@with_rows(customers_followed)
def customers_leaving(query: Query, by: str = "loyalty_class", *, months: int = 36) -> Effects | NotKnown:
    """Return how many times as fast customers of each class leave as those of the best one, all else known alike.

    Hazard ratios of Cox's model over the same spells as the curves (`customers_staying`), allowing for tenure,
    importance, tickets and spending before the answer. Whether the ratios hold throughout is tested by letting each
    differ before and after the middle of the leavings.

    Args:
        query: What is asked about: data, month, filters.
        by: "loyalty_class" or "experience".
        months: Most months of answers to go back.

    Raises:
        UsageError: No such class.
    """
    followed_by = followed(query, by, "Leaving", months)
    if isinstance(followed_by, NotKnown):
        return followed_by
    metric, title, span, rows, sampled = followed_by
    told = {name: own for (name,), own in rows.group_by("group")}
    few = {name: int(own["left"].sum()) for name, own in told.items() if own["left"].sum() < FEWEST}
    best, *others = (name for name in CLASSES[by] if name in told)
    if best in few or all(name in few for name in others):
        left = ", ".join(f"{int(told[name]['left'].sum())} ({name})" for name in (best, *others))
        return NotKnown(title, f"Too few left to compare how fast: {left}; {FEWEST} of each are needed.")
    compared = [name for name in others if name not in few]
    rows = rows.filter(pl.col("group").is_in([best, *compared]))
    background, names = background_of(rows, int(rows["left"].sum()) // FEWEST - len(compared))
    classes = np.column_stack([(rows["group"] == name).to_numpy() for name in compared]).astype(np.float64)
    entry, stop, left_now = (rows[name].to_numpy() for name in ("entry", "stop", "left"))
    x = np.column_stack([classes, *background])
    found = cox(entry, stop, left_now, x, rows["unit"].rank("dense").to_numpy().astype(np.int64))
    points = [_ratio(found, place, name, best, told[name]) for place, name in enumerate(compared)]
    points += [
        {"group": name, "label": name, "family": "", "n": told[name].height, "units": told[name]["unit"].n_unique(),
         "reason": f"only {few[name]} left; {FEWEST} are needed"}
        for name in others if name in few
    ]  # fmt: skip
    holds = proportional(entry, stop, left_now, classes, x, beta=found.beta)
    ends = f"{number(int(rows['left'].sum()))} customers left after their answers."
    return Effects(
        metric, result_context(metric, query), title, span, "times", 1.0,
        effect_points(points), allowing_for=tuple(names),
        reading=f"how many times as fast as {best}s leave" if best == "promoter" else f"times as fast as after {best}",
        caveat=f"What goes together need not be why. {ends} {_held(holds)}{sampled}", signed=False,
        n=rows.height,
    )  # fmt: skip


def _ratio(found: Cox, place: int, name: str, best: str, rows: pl.DataFrame) -> dict[str, object]:
    from scipy.special import ndtr

    value, se = float(found.beta[place]), float(np.sqrt(found.covariance[place, place]))
    half = float(normal_quantile(np.asarray(ALPHA))) * se
    low, ratio, high = np.exp([value - half, value, value + half])
    row = {"group": name, "label": f"{name}, not {best}", "family": "", "n": rows.height}
    row |= {"units": rows["unit"].n_unique(), "value": float(ratio), "se": float(ratio) * se}
    return row | {"low": float(low), "high": float(high), "p_value": 2 * float(ndtr(-abs(value) / se))}


def proportional(entry: Array, stop: Array, left: Array, classes: Array, x: Array, *, beta: Array) -> float | None:
    """Return the p-value that the ratios of the classes hold throughout; None where a half has too few leavings.

    Rows are split at the median time of leaving and each class may have another ratio afterwards: Rao's score test of
    these differences at what the model without them found, `beta` (Therneau & Grambsch 2000, chapter 6).
    """
    from scipy.special import chdtrc

    middle = float(np.median(stop[left.astype(bool)]))
    early, late = entry < middle, stop > middle
    halves = np.concatenate([np.where(early & late, False, left)[early], left[late]])
    begin, end = (
        np.concatenate([entry[early], np.maximum(entry[late], middle)]),
        np.concatenate([np.minimum(stop[early], middle), stop[late]]),
    )
    both, later = np.vstack([x[early], x[late]]), np.concatenate([np.zeros(early.sum()), np.ones(late.sum())])
    belongs, ends = np.vstack([classes[early], classes[late]]), halves.astype(bool)
    sides = [(belongs[ends & (later == half)] > 0) for half in (0, 1)]
    if any(side.sum(axis=0).min() < FEWEST // 2 or (~side.any(axis=1)).sum() < FEWEST // 2 for side in sides):
        return None
    model = _model(begin, end, halves, np.hstack([both, belongs * later[:, None]]))
    at = np.append(beta, np.zeros(classes.shape[1]))
    slope = model.score(at)
    return float(chdtrc(classes.shape[1], slope @ np.linalg.solve(-model.hessian(at), slope)))


def _held(p_value: float | None) -> str:
    if p_value is None:
        return "Too few left to tell whether the ratio is the same early and late."
    if p_value < ALPHA:
        return "The ratio is not the same early and late: it is an average over the time."
    return "Nothing says that the ratio differs early and late."
