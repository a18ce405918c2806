"""Results about the data themselves: what is wrong, missing or not final, and how figures differ from others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from cxlib.results.types import ResultContext


@dataclass(frozen=True, slots=True)
class Tally:
    """Rows counted by reason; a census of the data, so without intervals.

    Attributes:
        title: What is counted.
        points: `family` (table or figure), `label` (the reason), `n`, `share` (in % of the family's rows, null where
            unknown), `typical` (median difference, theirs − ours, in minutes or as a count; null where nothing is
            compared), `known` (whether the reason is known) and `examples`; the most frequent first.
        nothing: What is said where no row is counted.
        compared: How many figures were compared with the source's own, None where nothing is compared.
        same: How many of those are equal.
    """

    scope: ResultContext
    title: str
    points: pl.DataFrame
    nothing: str
    compared: int | None = None
    same: int = 0


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many rows each table has in each month, and which columns that figures need are empty in how many of them.

    Attributes:
        months: Months looked at, oldest first, the reported one last.
        points: `table`, `month`, `rows`, all pairs.
        gaps: `table`, `column`, `share` (in % of the rows of the reported month that are empty, null without rows) and
            `before` (the same of the months before), largest first; full columns are left out.
    """

    scope: ResultContext
    months: tuple[str, ...]
    points: pl.DataFrame
    gaps: pl.DataFrame
