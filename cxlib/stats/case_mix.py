"""What is expected of the same mix of work: chances by a logistic model, and how far chance reaches around them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import polars as pl

from cxlib.metrics.frames import BETWEEN, NOT_KNOWN
from cxlib.stats.intervals import Array
from cxlib.stats.model_terms import rare_pooled

MIX = ("channel", "category")
UNTOLD = 1e-9


def split(units: pl.DataFrame, mix: list[str]) -> pl.DataFrame:
    """Return group, the mix (its rarest names as one), unit, n, x; rows without an agent left out."""
    names = ["group", *mix]
    parts = pl.col("group").str.split_exact(BETWEEN, len(mix)).struct.rename_fields(names)
    rows = units.select(parts.alias("parts"), "unit", "n", x=pl.col("sum_wx").round().cast(pl.Int64)).unnest("parts")
    return rare_pooled(rows.filter(pl.col("group") != NOT_KNOWN, pl.col("n") > 0), mix, pl.col("n").sum())


def expected(rows: pl.DataFrame, mix: Sequence[str], usual: pl.Expr) -> pl.DataFrame:
    """Return the chance `p` of each combination of the mix: a logistic model with one term a dimension, no product.

    Args:
        rows: A column for each dimension of the mix, n and x (answers, and those that count).
        mix: Names of the dimensions.
        usual: Which rows tell what is usual.
    """
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    known, counted = pl.col("n").filter(usual).sum(), pl.col("x").filter(usual).sum()
    cells = rows.group_by(mix).agg(known.alias("n"), counted.alias("x")).sort(mix)
    terms = _terms(cells, mix)
    counts = np.column_stack([cells["x"].to_numpy(), (cells["n"] - cells["x"]).to_numpy()])
    there = counts.sum(axis=1) > 0
    with warnings.catch_warnings():  # a cell in which all agree has its chance at 0 or 1: nothing to warn of
        warnings.simplefilter("ignore")
        model = GLM(counts[there], terms[there], family=Binomial())
        chance = model.predict(model.fit().params, terms)
    return cells.select(mix).with_columns(p=pl.Series(np.clip(chance, 0, 1)))


def alone(rows: pl.DataFrame, mix: Sequence[str]) -> frozenset[str]:
    """Return who has no answer in work that the others' answers tell anything about.

    Told is a combination of the mix whose terms are a linear combination of those of the others' work; elsewhere the
    model's expected value is the agent's own, and the difference 0 whoever the agent is.
    """
    work = rows.select("group", *mix).unique().sort("group", *mix)
    if not mix:
        return frozenset()
    terms, found = _terms(work, mix), set()
    told = work.filter(pl.len().over(mix) > 1)["group"].unique()  # by others who do just that
    for group in set(work["group"]) - set(told):
        own = (work["group"] == group).to_numpy()
        theirs = np.unique(terms[~own], axis=0)
        left = terms[own] - terms[own] @ np.linalg.pinv(theirs) @ theirs
        if np.abs(left).max(axis=1).min() > UNTOLD:
            found.add(group)
    return frozenset(found)


def _terms(work: pl.DataFrame, mix: Sequence[str]) -> Array:
    """Return the model's terms for rows of work: a constant and, of each dimension that varies, all names but one."""
    varied = [name for name in mix if work[name].n_unique() > 1]
    columns = work.select(varied).to_dummies(drop_first=True).to_numpy() if varied else np.empty((len(work), 0))
    return np.column_stack([np.ones(len(work)), columns]).astype(np.float64)


def chances(n: Array, p: Array) -> Array:
    """Return the probabilities of 0, 1, … Σn successes of n trials each of chance p (Poisson-binomial).

    Exact, by the discrete Fourier transform of the characteristic function (Hong 2013).
    """
    size = int(n.sum()) + 1
    turns = np.exp(2j * np.pi * np.arange(size) / size)
    characteristic = np.prod((1 - p + p * turns[:, None]) ** n, axis=1)
    return np.fmax(np.fft.fft(characteristic).real / size, 0.0)
