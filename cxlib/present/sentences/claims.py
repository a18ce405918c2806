"""How many comparisons an answer makes, and how many of them are clear or possible: what pages and indexes count."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import singledispatch
from typing import Any

import polars as pl

from cxlib.present.sentences.change import verdict
from cxlib.present.sentences.trend import surviving
from cxlib.results import types as results
from cxlib.results.certainty import CLEAR, NAMED_WRONGLY, Certainty, certainty


@dataclass(frozen=True, slots=True)
class Claims:
    """How many comparisons an answer makes and what comes of them.

    Attributes:
        tests: Comparisons with a test.
        clear: Those that are clear.
        possible: Those that are possible.
        by_chance: How many would be clear on average if nothing differed.
        p_values: Of all comparisons; empty where another answer has the same ones.
        surest: Smallest p-value among the clear ones, 1 if there are none.
    """

    tests: int = 0
    clear: int = 0
    possible: int = 0
    by_chance: float = 0.0
    p_values: tuple[float, ...] = ()
    surest: float = 1.0

    def __add__(self, other: Claims) -> Claims:
        """Return the claims of both answers."""
        return Claims(
            self.tests + other.tests,
            self.clear + other.clear,
            self.possible + other.possible,
            self.by_chance + other.by_chance,
            self.p_values + other.p_values,
            min(self.surest, other.surest),
        )

    @property
    def data(self) -> dict[str, Any]:
        """The fields as an output's metadata hold them, p-values to four digits."""
        return {
            "tests": self.tests,
            "clear": self.clear,
            "possible": self.possible,
            "by_chance": round(self.by_chance, 6),
            "p_values": [float(f"{p:.4g}") for p in self.p_values],
            "surest": float(f"{self.surest:.4g}"),
        }

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Claims:
        """Return the claims that an output's metadata hold."""
        return cls(**data | {"p_values": tuple(data.get("p_values", ()))})


def total(parts: Iterable[Claims]) -> Claims:
    """Return the claims of several answers together."""
    return sum(parts, Claims())


def threshold(p_values: Sequence[float]) -> float:
    """Return the largest p-value that is clear among all of these, 0 if none is (Benjamini & Hochberg 1995).

    A first page shows what is clear even among all comparisons of its report.
    """
    ranked = sorted(p_values)
    fit = (p for rank, p in enumerate(ranked, start=1) if p <= CLEAR * rank / len(ranked))
    return max(fit, default=0.0)


@singledispatch
def claims(result: Any) -> Claims:
    """Return how many comparisons a result makes, and how many are clear or possible; none for what only counts.

    Rows of a family (`p_adjusted`) are compared together: about one family in two hundred has a clear row by chance.
    """
    points = getattr(result, "points", None)
    if isinstance(points, pl.DataFrame) and "p_adjusted" in points.columns:
        return _family(points)
    return _single([result.p_value]) if hasattr(result, "p_value") else Claims()


@claims.register
def _(result: results.Change) -> Claims:
    found = verdict(result)
    levels: dict[str, Certainty] = {"rose": "clear", "fell": "clear", "possible": "possible"}
    return _of([(result.p_value, levels.get(found, "none"))])


@claims.register
def _(result: results.Trend) -> Claims:
    """Return the claims of both changes of a figure, one family."""
    found = total(claims(change) for change in (result.change, result.last_year) if change)
    return replace(found, by_chance=min(CLEAR, found.by_chance))


@claims.register
def _(result: results.Overview) -> Claims:
    """Return the claims of the family of key figures, whose p-values the pages of each figure have too."""
    tests = [trend.change.p_value for trend in result.trends if trend.change and trend.change.p_value is not None]
    found = [change.p_value or 0.0 for change in surviving(result)]
    return Claims(len(tests), len(found), 0, CLEAR if tests else 0.0, (), min(found, default=1.0))


@claims.register
def _(result: results.Breakdown) -> Claims:
    return _single([result.p_value])


@claims.register
def _(result: results.Peaks) -> Claims:
    return _family(result.makers)


@claims.register
def _(result: results.Decomposition) -> Claims:
    return claims(result.change) + _single(result.parts["p_value"])


@claims.register
def _(result: results.Funnel) -> Claims:
    """Return the claims of a funnel, which names by a rule of its own (`certainty.NAMED_WRONGLY`)."""
    rows = result.points.select("p_value", pl.when("evident").then(pl.lit("clear")).otherwise(pl.lit("none"))).rows()
    return _of(rows, by_chance=NAMED_WRONGLY)


@claims.register
def _(result: results.UnusualDays) -> Claims:
    run = Claims() if result.run is None else _of([(result.run.p_value, certainty(result.run.p_value))])
    return _family(result.points) + run


def _single(p_values: Iterable[float | None]) -> Claims:
    return _of((p, certainty(p)) for p in p_values)


def _family(points: pl.DataFrame) -> Claims:
    rows = points.select("p_value", "p_adjusted").iter_rows()
    return _of(((p, certainty(adjusted)) for p, adjusted in rows), by_chance=CLEAR)


def _of(compared: Iterable[tuple[float | None, Certainty]], *, by_chance: float | None = None) -> Claims:
    """Return the claims of p-values and their levels; each is clear by chance as often as `CLEAR` says."""
    rows = [(p, level) for p, level in compared if p is not None]
    levels = [level for _, level in rows]
    expected = CLEAR * len(rows) if by_chance is None else by_chance if rows else 0.0
    surest = min((p for p, level in rows if level == "clear"), default=1.0)
    p_values = tuple(p for p, _ in rows)
    return Claims(len(rows), levels.count("clear"), levels.count("possible"), expected, p_values, surest)
