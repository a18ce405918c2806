"""Random draws that give the same numbers on every machine, and columns made of positions and seconds."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

Numbers = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


class Draw:
    """The random stream of one theme, built from the generator's plain uniforms only; themes do not disturb others."""

    def __init__(self, seed: int, theme: str) -> None:
        """Seed the stream with the demo's seed and the theme's name."""
        self._generator = np.random.Generator(np.random.PCG64([seed, *theme.encode()]))

    def uniform(self, n: int) -> Reals:
        """Return n numbers in [0, 1)."""
        return self._generator.random(n)

    def chance(self, probability: float | Reals, n: int) -> Flags:
        """Return n flags, each true with its probability."""
        return self.uniform(n) < probability

    def whole(self, low: float | Numbers, high: float | Numbers, n: int) -> Numbers:
        """Return n whole numbers from low to high − 1."""
        return np.floor(low + self.uniform(n) * (np.asarray(high) - low)).astype(np.int64)

    def around(self, median: float | Reals, sigma: float, n: int) -> Reals:
        """Return n log-normal numbers (Box & Muller 1958) with that median and spread of the logarithm."""
        radius = np.sqrt(-2.0 * np.log1p(-self.uniform(n)))
        return np.asarray(median * np.exp(sigma * radius * np.cos(2.0 * np.pi * self.uniform(n))))

    def pick(self, weights: Sequence[float] | Reals, n: int) -> Numbers:
        """Return n positions drawn with these weights."""
        upto = np.cumsum(np.asarray(weights, dtype=np.float64))
        return np.asarray(np.searchsorted(upto, self.uniform(n) * upto[-1], side="right"), dtype=np.int64)

    def pick_by(self, table: Reals, rows: Numbers) -> Numbers:
        """Return one position per entry of `rows`, drawn with the weights of that row of the table."""
        upto = np.cumsum(table, axis=1)
        shares = upto / upto[:, -1:]
        return np.asarray((self.uniform(len(rows))[:, None] >= shares[rows]).sum(axis=1), dtype=np.int64)

    def choose(self, fit: Flags, n: int) -> Numbers:
        """Return n different positions among those that fit, fewer where fewer do."""
        rows = np.flatnonzero(fit)
        return np.asarray(rows[np.argsort(self.uniform(len(rows)), kind="stable")[:n]])


def ids(prefix: str, numbers: Numbers, width: int = 6) -> pl.Series:
    """Return ids such as "T000001" for number 0; a negative number gives null."""
    series = pl.Series(numbers + 1)
    return (prefix + series.cast(pl.String).str.zfill(width)).set(series < 1, None)


def numbers(ids: pl.Series) -> Numbers:
    """Return the numbers behind ids that `ids` made."""
    return ids.str.slice(1).cast(pl.Int64).to_numpy() - 1


def words(known: Sequence[str], positions: Numbers) -> pl.Series:
    """Return the texts at these positions; a negative position gives null."""
    series = pl.Series(positions)
    return pl.Series(known, dtype=pl.String).gather(series.set(series < 0, None))


def instants(seconds: Numbers, valid: Flags | None = None) -> pl.Series:
    """Return UTC instants of seconds since 1970; null where not valid."""
    series = (pl.Series(seconds) * 1_000_000).cast(pl.Datetime("us", "UTC"))
    return series if valid is None else series.set(pl.Series(~valid), None)


def known(values: npt.NDArray[Any], valid: Flags) -> pl.Series:
    """Return the values, null where not valid."""
    return pl.Series(values).set(pl.Series(~valid), None)
