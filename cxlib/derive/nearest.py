"""What was known at an instant: the nearest row of another table before it, or after."""

from collections.abc import Sequence
from typing import Any

import polars as pl


def with_nearest(
    rows: pl.DataFrame, known: pl.DataFrame, at: str, known_at: str, by: str | Sequence[str], **how: Any
) -> pl.DataFrame:
    """Return the rows, in their order, with the columns of the nearest row of `known`, null where there is none.

    Where `at` or `by` is null nothing is nearest; of several rows at one instant the last counts (the first where
    `strategy` is "forward"). `known_at`, of another name than all columns of `rows`, is left out. `how` is what else
    `DataFrame.join_asof` takes (strategy, tolerance, allow_exact_matches).
    """
    numbered, keys = rows.with_row_index("_row").sort(at), [by] if isinstance(by, str) else by
    there = known.drop_nulls([known_at, *keys]).sort(known_at, maintain_order=True)
    found = numbered.join_asof(there, left_on=at, right_on=known_at, by=keys, check_sortedness=False, **how)
    return found.sort("_row").drop("_row", known_at)
