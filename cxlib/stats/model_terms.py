"""What may be a column of a model: what is missing, alike, a leak or too rare is left out with the reason in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from cxlib.metrics.frames import NOT_KNOWN
from cxlib.results.types import OTHERS
from cxlib.stats.intervals import Array
from cxlib.stats.rank_correlation import NEARLY_ONE, separates

LEAST = 20  # units; below it there is no model
PER_TERM = 10  # units, and of the rarer outcome, for each column of the model (Peduzzi and others 1996)
MOST_LEVELS = 60  # of one column of a model without effects of its own, such as the mix of work
LEVELS = 12  # told apart of one column; the rarer ones are one level
UNTOLD = 0.2  # share of rows without a value, or of too rare a kind, above which a column is left out
BY_CHANCE = 1e-6  # a level whose rows are all alike is a leak where chance so seldom makes them so
OWN = 0.01  # share of a column's variance that those before it must leave unexplained
Terms = Mapping[str, str]
Left = dict[tuple[str, str], str]
MADE_FROM = "was it made from"
TOO_FEW = f"too few rows: each effect needs {PER_TERM} of the rarer outcome and {PER_TERM} units"


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One column of the model: a number as it stands, or whether a row has this level."""

    family: str
    key: str
    label: str
    x: Array
    level: bool = False


def unusable(frame: pl.DataFrame, name: str) -> str | None:
    """Return why a column cannot be used as it stands, None where it can."""
    if name not in frame.columns or not frame[name].count():
        return "the data do not say it"
    untold = frame[name].null_count() / frame.height
    return (
        f"not known of {100 * untold:.0f} % of the rows" if frame[name].dtype.is_numeric() and untold > UNTOLD else None
    )


def too_short(frame: pl.DataFrame, outcome: str, unit: str) -> str | None:
    """Return why these rows make no model, None where they do."""
    if (units := frame[unit].n_unique()) < LEAST:
        return f"only {units} independent units, and fewer than {LEAST} make no model"
    return f"all {frame.height} outcomes are alike" if frame[outcome].n_unique() < 2 else None


def pooled(frame: pl.DataFrame, unit: str, names: list[str]) -> pl.DataFrame:
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


def rare_pooled(frame: pl.DataFrame, names: Sequence[str], count: pl.Expr) -> pl.DataFrame:
    """Return text columns of which all but the `MOST_LEVELS` most frequent levels are one.

    For models with a column a level: one of thousands of levels takes hours and tells nothing of the rare ones.

    Args:
        frame: Rows with these columns.
        names: The columns.
        count: How often a level occurs, of its rows.
    """
    for name in names:
        counts = frame.group_by(name).agg(count.alias("often")).sort("often", name, descending=[True, False])
        if counts.height > MOST_LEVELS:
            kept = counts.head(MOST_LEVELS - 1)[name]
            rare = ~pl.col(name).is_in(kept.implode())
            frame = frame.with_columns(pl.when(rare).then(pl.lit(OTHERS)).otherwise(name).alias(name))
    return frame


def told_apart(
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
        if not share and _determined(groups, frame[outcome]) > NEARLY_ONE:
            left[name, ""] = "it all but determines the outcome: was it made from it?"
        elif chance and min(chance) < BY_CHANCE:
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


def _determined(groups: pl.DataFrame, outcome: pl.Series) -> float:
    """Return the correlation of outcomes with the means of their groups (η)."""
    between = float((groups["n"] * (groups["mean"] - outcome.mean()) ** 2).sum())
    whole = float(((outcome - outcome.mean()) ** 2).sum())
    return (between / whole) ** 0.5 if whole > 0 else 0.0


def _room(frame: pl.DataFrame, outcome: str, unit: str, *, share: bool) -> int:
    """Return how many columns a model of these rows may have."""
    ones = float(frame[outcome].sum())
    rarer = min(ones, frame.height - ones) if share else frame.height
    return int(min(rarer, frame[unit].n_unique()) // PER_TERM)


def columns_of(frame: pl.DataFrame, outcome: str, unit: str, terms: Terms, left: Left, *, share: bool) -> list[Column]:
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
    if (other := units.filter(pl.Series(column.x != most_frequent(column.x))).n_unique()) < PER_TERM:
        return f"only {other} units differ in it"
    alike = [len(side) for side in sides if np.ptp(side) == 0]
    return f"all {alike[0]} rows on one side of it are alike: its effect has no bound" if alike else None


def most_frequent(x: Array) -> float:
    """Return the value that most rows have."""
    values, counts = np.unique(x, return_counts=True)
    return float(values[counts.argmax()])
