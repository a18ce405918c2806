"""What a cell sums to over its independent units, and what follows from sums alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields

import numpy as np
import numpy.typing as npt
import polars as pl

Array = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
ROUNDING = 1e-10  # of the terms a sum of cubes is the difference of: below it only rounding makes it something
CUBES = ("www", "wwwx", "wwxwx", "wxwxwx")


def _left_out() -> Array:
    return np.zeros(0)


@dataclass(frozen=True, slots=True)
class Sums:
    """What a cell (month, group) sums to: the columns of a measured frame, one array element a cell.

    The sums of cubes may be left out: then nothing is known of skewness, and it counts as none.
    """

    n: Array
    units: Array
    w: Array
    wx: Array
    wxx: Array
    ww: Array
    wxwx: Array
    wwx: Array
    www: Array = field(default_factory=_left_out)
    wwwx: Array = field(default_factory=_left_out)
    wwxwx: Array = field(default_factory=_left_out)
    wxwxwx: Array = field(default_factory=_left_out)

    def __post_init__(self) -> None:
        """Let cubes that are left out have the length of the other sums."""
        for name in CUBES:
            if getattr(self, name).shape != self.n.shape:
                object.__setattr__(self, name, np.zeros_like(self.n))

    @classmethod
    def of(cls, frame: pl.DataFrame) -> Sums:
        """Take the columns of a measured frame."""
        names = {item.name: f"{'' if item.name in ('n', 'units') else 'sum_'}{item.name}" for item in fields(cls)}
        there = {name: column for name, column in names.items() if name not in CUBES or column in frame.columns}
        return cls(**{name: frame[column].to_numpy().astype(np.float64) for name, column in there.items()})

    @classmethod
    def of_units(cls, n: Array, w: Array, wx: Array, wxx: Array) -> Sums:
        """Sum units, given along the last axis; units without rows (n = 0) do not count."""
        per_unit = (n, np.sign(n), w, wx, wxx, w * w, wx * wx, w * wx, w**3, w * w * wx, w * wx * wx, wx**3)
        return cls(*(np.atleast_1d(part.sum(axis=-1)) for part in per_unit))

    @classmethod
    def stacked(cls, parts: Sequence[Sums]) -> Sums:
        """Lay the cells of several sums one after the other."""
        return cls(*(np.concatenate([getattr(part, item.name) for part in parts]) for item in fields(cls)))

    def take(self, places: Places) -> Sums:
        """Return the cells at these places; the place after the last one is an empty cell."""
        return Sums(*(np.append(getattr(self, item.name), 0.0)[places] for item in fields(self)))


def even_units(sums: Sums) -> Array:
    """Return how many units of equal weight these are worth, (Σw)² ÷ Σw² (Kish 1965): of equal units all of them.

    Taken for the number of units wherever an error is small-sample corrected: few uneven units know their error less.
    """
    return np.minimum(sums.units, divide(sums.w * sums.w, sums.ww))


def skewness(sums: Sums, value: Array) -> Array:
    """Return Σ r³ ÷ (Σ r²)^1.5 of the units' residuals r = wx − value × w; 0 where they do not vary."""
    terms = np.array([sums.wxwxwx, -3 * value * sums.wwxwx, 3 * value**2 * sums.wwwx, -(value**3) * sums.www])
    cubes = terms.sum(axis=0)
    cubes = np.where(np.abs(cubes) > ROUNDING * np.abs(terms).sum(axis=0), cubes, 0.0)
    found = divide(cubes, np.sqrt(residual(sums, value)) ** 3)
    return np.where(np.isfinite(found), np.clip(found, -1.0, 1.0), 0.0)


def residual(sums: Sums, value: Array) -> Array:
    """Return Σ r² of the units' residuals, 0 where only rounding makes it something."""
    found = sums.wxwx - 2 * value * sums.wwx + value * value * sums.ww
    return np.where(found > 1e-12 * (sums.wxwx + value * value * sums.ww), found, 0.0)


def divide(a: Array, b: Array) -> Array:
    """Return a ÷ b, NaN where b is 0."""
    nothing = np.full(np.broadcast(a, b).shape, np.nan)
    return np.asarray(np.divide(a, b, out=nothing, where=b != 0), dtype=np.float64)


def finite_column(name: str, numbers: Array) -> pl.Series:
    """Return a column in which what is not a finite number is null."""
    found = np.atleast_1d(np.asarray(numbers, dtype=np.float64))
    return pl.Series(name, np.where(np.isfinite(found), found, np.nan), nan_to_null=True)
