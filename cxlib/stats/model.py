"""One model of an outcome: what goes together with it, everything else held alike. Rows in, effects out."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from cxlib.metrics.base import NOT_KNOWN
from cxlib.stats.effects import Row, tested
from cxlib.stats.intervals import Array, Places
from cxlib.stats.relation import NEARLY_ONE, separates
from cxlib.stats.results import OTHERS

LEAST = 20  # units; below it there is no model
PER_TERM = 10  # units, and of the rarer outcome, for each column of the model (Peduzzi and others 1996)
LEVELS = 12  # told apart of one column; the rarer ones are one level
UNTOLD = 0.2  # share of rows without a value, or of too rare a kind, above which a column is left out
BY_CHANCE = 1e-6  # a level whose rows are all alike is a leak where chance so seldom makes them so
BOUNDLESS = 10.0  # standard error of a standardised column, in log-odds, that says its effect has no bound
FEW_UNITS = 500  # up to so many the covariance is a jackknife
OWN = 0.01  # share of a column's variance that those before it must leave unexplained
IN_UNITS = ("value", "se", "low", "high")
Terms = Mapping[str, str]
Left = dict[tuple[str, str], str]
TOO_FEW = f"too few rows: each effect needs {PER_TERM} of the rarer outcome and {PER_TERM} units"


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One column of the model: a number as it stands, or whether a row has this level."""

    family: str
    key: str
    label: str
    x: Array
    level: bool = False


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
    left: Left = {(name, ""): reason for name in terms if (reason := _unusable(frame, name))}
    frame = frame.drop_nulls([name for name in terms if (name, "") not in left and frame[name].dtype.is_numeric()])
    text = [name for name in terms if (name, "") not in left and not frame[name].dtype.is_numeric()]
    frame = _told_apart(_pooled(frame, unit, text), outcome, unit, text, left, share=share)
    if short := _too_short(frame, outcome, unit):
        return Model([], reason=short)
    y = frame[outcome].to_numpy().astype(np.float64)
    columns = _columns(frame, outcome, unit, terms, left, share=share)
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


def _unusable(frame: pl.DataFrame, name: str) -> str | None:
    if name not in frame.columns or not frame[name].count():
        return "the data do not say it"
    untold = frame[name].null_count() / frame.height
    return (
        f"not known of {100 * untold:.0f} % of the rows" if frame[name].dtype.is_numeric() and untold > UNTOLD else None
    )


def _too_short(frame: pl.DataFrame, outcome: str, unit: str) -> str | None:
    if (units := frame[unit].n_unique()) < LEAST:
        return f"only {units} independent units, and fewer than {LEAST} make no model"
    return f"all {frame.height} outcomes are alike" if frame[outcome].n_unique() < 2 else None


def _pooled(frame: pl.DataFrame, unit: str, names: list[str]) -> pl.DataFrame:
    """Return text columns with the rarest levels, and those of fewer than ten units, as one."""
    for name in names:
        level = pl.col(name).cast(pl.String).fill_null(NOT_KNOWN)
        counts = frame.group_by(level).agg(pl.len().alias("n"), pl.col(unit).n_unique().alias("units"))
        counts = counts.sort("n", name, descending=[True, False])
        most = counts if counts.height <= LEVELS else counts.head(LEVELS - 1)
        kept = most.filter(pl.col("units") >= PER_TERM)[name]
        frame = frame.with_columns(
            pl.when(level.is_in(kept.implode())).then(level).otherwise(pl.lit(OTHERS)).alias(name)
        )
    return frame


def _told_apart(
    frame: pl.DataFrame, outcome: str, unit: str, names: list[str], left: Left, *, share: bool
) -> pl.DataFrame:
    """Return the rows without those of levels that are too few or whose outcomes are all alike; say why.

    A level all alike has no finite effect (Albert & Anderson 1984). Where chance makes no such level the column is
    refused instead: it was made from the outcome.
    """
    whole = float(frame[outcome].mean() or 0.0)  # type: ignore[arg-type]
    for name in names:
        told = {"n": pl.len(), "units": pl.col(unit).n_unique(), "mean": pl.col(outcome).mean()}
        groups = frame.group_by(name).agg(**told).sort("n", name)
        alike = groups.filter(pl.col("mean").is_in([0.0, 1.0]) & share)
        chance = [(whole if mean else 1 - whole) ** n for n, mean in alike.select("n", "mean").iter_rows()]
        if groups.height < 2:
            continue
        if chance and min(chance) < BY_CHANCE:
            left[name, ""] = (
                f"all {alike['n'][-1]} rows with {alike[name][-1]} are alike: was it made from the outcome?"
            )
        elif groups.height - 1 > _room(frame, outcome, unit, share=share):
            left[name, ""] = TOO_FEW
        else:
            few = groups.filter((pl.col("units") < PER_TERM) | pl.col(name).is_in(alike[name].implode()))
            if few["n"].sum() > UNTOLD * frame.height:
                left[name, ""] = "too few units of each kind, or all outcomes of a kind alike"
                continue
            frame = frame.filter(~pl.col(name).is_in(few[name].implode()))
            for level, n, units in few.select(name, "n", "units").iter_rows():
                scarce = f"only {units} units have it"
                left[name, level] = scarce if units < PER_TERM else f"all {n} outcomes are alike"
    return frame


def _room(frame: pl.DataFrame, outcome: str, unit: str, *, share: bool) -> int:
    """Return how many columns a model of these rows may have."""
    ones = float(frame[outcome].sum())
    rarer = min(ones, frame.height - ones) if share else frame.height
    return int(min(rarer, frame[unit].n_unique()) // PER_TERM)


def _columns(frame: pl.DataFrame, outcome: str, unit: str, terms: Terms, left: Left, *, share: bool) -> list[Column]:
    """Return the columns of the model; what is alike, a leak, told by those before or one too many gets a reason."""
    room = _room(frame, outcome, unit, share=share)
    y = frame[outcome].to_numpy().astype(np.float64)
    kept: list[Column] = []
    basis = np.full((1, len(y)), len(y) ** -0.5)
    for name, title in terms.items():
        if (name, "") in left:
            continue
        new, both = _of_term(frame, name, title), basis
        for column in new:
            rest = column.x - both.T @ (both @ column.x)
            rest = rest - both.T @ (both @ rest)
            if np.linalg.norm(rest) > np.sqrt(OWN) * np.linalg.norm(column.x - column.x.mean()) > 0:
                both = np.vstack([both, rest / np.linalg.norm(rest)])
        if not new or (len(new) == 1 and np.ptp(new[0].x) == 0):
            scarce = frame[name][0] == OTHERS
            left[name, ""] = "too few units of each kind" if scarce else f"all {len(y)} rows are alike in it"
        elif leak := _leak(frame[unit], new[0], y, share=share):
            left[name, ""] = leak
        elif len(both) < len(basis) + len(new):
            left[name, ""] = "what was looked at before it already tells it"
        elif len(kept) + len(new) > room:
            left[name, ""] = TOO_FEW
        else:
            kept, basis = [*kept, *new], both
    return kept


def _of_term(frame: pl.DataFrame, name: str, title: str) -> list[Column]:
    """Return one column of a number; of text one for each level but the most frequent."""
    if frame[name].dtype.is_numeric():
        return [Column(name, name, title, frame[name].to_numpy().astype(np.float64))]
    levels = frame[name]
    counts = levels.value_counts().sort("count", name, descending=[True, False])[name]
    return [
        Column(name, f"{name} {level}", f"{title} {level}, not {counts[0]}", (levels == level).to_numpy() * 1.0, True)
        for level in counts[1:]
    ]


def _leak(units: pl.Series, column: Column, y: Array, *, share: bool) -> str | None:
    """Tell why nothing can be told from a number: it separates the outcome, all but is it, or hardly varies."""
    if column.level or np.ptp(column.x) == 0:
        return None
    values = np.unique(column.x)
    sides = [y[column.x == value] for value in values] if share and len(values) == 2 else []
    if separates(column.x, y) or (not share and abs(np.corrcoef(column.x, y)[0, 1]) > NEARLY_ONE):
        return "it separates the outcome: was it made from it?"
    if (other := units.filter(pl.Series(column.x != _most_frequent(column.x))).n_unique()) < PER_TERM:
        return f"only {other} units differ in it"
    alike = [len(side) for side in sides if np.ptp(side) == 0]
    return f"all {alike[0]} rows on one side of it are alike: its effect has no bound" if alike else None


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
    left = [np.linalg.solve(whole - (x * v[:, None]).T @ x, x.T @ rest) for x, v, rest in parts]
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
        differ = frame.filter(pl.Series(column.x != _most_frequent(column.x)))[unit].n_unique()
        here = frame.filter(pl.Series(column.x > 0)) if column.level else frame
        row = {"group": column.key, "label": column.label, "family": column.family, "n": here.height}
        row["units"] = here[unit].n_unique()
        rows.append(row | (tested(value, se, df=differ - 1) if se > 0 else {"reason": "the rows do not vary"}))
    return rows


def _most_frequent(x: Array) -> float:
    values, counts = np.unique(x, return_counts=True)
    return float(values[counts.argmax()])
