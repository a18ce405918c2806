"""One model of an outcome: what goes together with it, everything else held alike. Rows in, effects out."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from cxlib.stats.effects import Row, tested
from cxlib.stats.intervals import Array, Places
from cxlib.stats.model_terms import (
    Column,
    Left,
    Terms,
    columns_of,
    most_frequent,
    pooled,
    told_apart,
    too_short,
    unusable,
)

BOUNDLESS = 10.0  # standard error of a standardised column, in log-odds, that says its effect has no bound
FEW_UNITS = 500  # up to so many the covariance is a jackknife
IN_UNITS = ("value", "se", "low", "high")


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A fitted model.

    Attributes:
        rows: Points of an `Effects`: average change of the outcome per step, in printed units; what was left out has a
            reason instead.
        coefficients: Coefficient of each key and its cluster-robust error: log-odds of a share, of a mean its own unit.
        constant: The constant.
        log_likelihood: Of the rows, at the coefficients.
        reason: Why there is no model, empty where there is one.
        n: Rows of the model.
    """

    rows: list[Row]
    coefficients: dict[str, tuple[float, float]] = field(default_factory=dict)
    constant: float = 0.0
    log_likelihood: float = 0.0
    reason: str = ""
    n: int = 0

    def has(self, *families: str) -> bool:
        """Tell whether any of these columns of the frame is in the model."""
        return any(row["family"] in families and row["n"] for row in self.rows)


def model(frame: pl.DataFrame, outcome: str, terms: Terms, *, unit: str, share: bool, factor: float = 1.0) -> Model:
    """Return what goes together with an outcome: logistic for shares, least squares for means.

    An effect is the average, over all rows, of the difference that one step more (or this level rather than the most
    frequent) makes to the predicted outcome (Bartus 2005, Stata Journal 5); its error by the delta method from the
    cluster-robust covariance (Liang & Zeger 1986; of few units `_covariance`), t with the units that differ from the
    most frequent value − 1 degrees of freedom: a rare level has the error of its few.

    Args:
        frame: One row per outcome; rows without one are left out, as are those without a number in a column kept and
            those of a level left out.
        outcome: Column of the outcome (0 or 1 for shares).
        terms: Columns to look at and how one step reads ("One handoff more"), the most wanted first. Numbers enter as
            they are, text as levels.
        unit: Column of what is independent.
        share: Whether the outcome is a share.
        factor: Printed ÷ computed effect (100 for points).
    """
    frame = frame.filter(pl.col(outcome).is_not_null())
    left: Left = {(name, ""): reason for name in terms if (reason := unusable(frame, name))}
    frame = frame.drop_nulls([name for name in terms if (name, "") not in left and frame[name].dtype.is_numeric()])
    text = [name for name in terms if (name, "") not in left and not frame[name].dtype.is_numeric()]
    frame = told_apart(pooled(frame, unit, text), outcome, unit, text, left, share=share)
    if short := too_short(frame, outcome, unit):
        return Model([], reason=short)
    y = frame[outcome].to_numpy().astype(np.float64)
    columns = columns_of(frame, outcome, unit, terms, left, share=share)
    codes = frame[unit].rank("dense").to_numpy().astype(np.int64) - 1
    while columns:
        found, boundless = _fit(y, columns, codes, share=share)
        if boundless is None:
            covariance = _covariance(found, codes)
            rows = _effects(frame, unit, columns, found, covariance)
            rows = [row | {name: factor * row[name] for name in IN_UNITS if name in row} for row in rows]
            told = [
                {"group": f"{name} {level}".strip(), "label": f"{terms[name]} {level}".strip(), "family": name, "n": 0,
                 "units": 0, "reason": reason}
                for (name, level), reason in left.items()
            ]  # fmt: skip
            pairs = zip(
                (column.key for column in columns), found.params[1:], np.sqrt(np.diag(covariance))[1:], strict=True
            )
            coefficients = {key: (float(value), float(error)) for key, value, error in pairs}
            rows = sorted([*rows, *told], key=lambda row: list(terms).index(row["family"]))
            return Model(rows, coefficients, float(found.params[0]), float(found.llf), n=len(y))
        left[boundless, ""] = "together with the others it all but determines the outcome: was it made from it?"
        columns = [column for column in columns if column.family != boundless]
    reasons = "; ".join(f"{terms[name]}: {reason}" for (name, _), reason in left.items())
    return Model([], reason=f"nothing is left to look at ({reasons})")


def _fit(y: Array, columns: list[Column], codes: Places, *, share: bool) -> tuple[Any, str | None]:
    """Return the fitted model, and the column whose effect has no bound, if one has none."""
    from statsmodels.genmod.families import Binomial, Gaussian
    from statsmodels.genmod.generalized_linear_model import GLM
    from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

    terms = np.column_stack([np.ones(len(y)), *(column.x for column in columns)])
    with warnings.catch_warnings():  # answered below: what separates is left out
        warnings.simplefilter("ignore", PerfectSeparationWarning)
        warnings.filterwarnings("ignore", "divide by zero|invalid value|overflow", RuntimeWarning)
        built = GLM(y, terms, family=Binomial() if share else Gaussian())
        found = built.fit(maxiter=100, cov_type="cluster", cov_kwds={"groups": codes}, use_t=True)
    wide = np.nan_to_num(np.sqrt(np.diag(found.normalized_cov_params))[1:] * terms[:, 1:].std(axis=0), nan=np.inf)
    return found, columns[int(wide.argmax())].family if share and wide.max() > BOUNDLESS else None


def _covariance(found: Any, codes: Places) -> Array:
    """Return the covariance of the coefficients, robust to units; of few units by leaving out one at a time.

    The sandwich calls too much of few units beyond chance; the cluster jackknife does not (MacKinnon, Nielsen & Webb
    2023, Journal of Econometrics 232). Without a unit the coefficients are those of one Newton step.
    """
    terms, link, units = found.model.exog, found.model.family.link, int(codes.max()) + 1
    if units > FEW_UNITS:
        return np.asarray(found.cov_params(), dtype=np.float64)
    slope = link.inverse_deriv(terms @ found.params)
    parts = [(terms[codes == code], slope[codes == code], found.resid_response[codes == code]) for code in range(units)]
    whole = (terms * slope[:, None]).T @ terms
    # least squares: without the only unit that differs in a column its effect is no longer determined
    left = [np.linalg.lstsq(whole - (x * v[:, None]).T @ x, x.T @ rest, rcond=None)[0] for x, v, rest in parts]
    return np.asarray((units - 1) / units * np.array(left).T @ np.array(left), dtype=np.float64)


def _effects(frame: pl.DataFrame, unit: str, columns: list[Column], found: Any, covariance: Array) -> list[Row]:
    """Return the average effect of each column: of a level against the most frequent one, else of one step more."""
    terms, rows = found.model.exog, []
    link = found.model.family.link
    for place, column in enumerate(columns, start=1):
        family = [i for i, other in enumerate(columns, start=1) if column.level and other.family == column.family]
        before = terms.copy()
        before[:, family] = 0.0
        after = before.copy()
        after[:, place] += 1.0
        ends = [side @ found.params for side in (after, before)]
        value = float(np.mean(link.inverse(ends[0]) - link.inverse(ends[1])))
        slopes = [link.inverse_deriv(end) @ side for end, side in zip(ends, (after, before), strict=True)]
        gradient = (slopes[0] - slopes[1]) / len(terms)
        se = float(np.sqrt(gradient @ covariance @ gradient))
        differ = frame.filter(pl.Series(column.x != most_frequent(column.x)))[unit].n_unique()
        here = frame.filter(pl.Series(column.x > 0)) if column.level else frame
        row = {"group": column.key, "label": column.label, "family": column.family, "n": here.height}
        row["units"] = here[unit].n_unique()
        rows.append(row | (tested(value, se, df=differ - 1) if se > 0 else {"reason": "the rows do not vary"}))
    return rows
