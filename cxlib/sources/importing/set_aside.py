"""Rows that cannot be used: kept as they were read with the reason, once, until a later state of them can be used."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from cxlib.sources.importing.adding import REASON, SOURCE, STATE, Part, records_folder
from cxlib.sources.mapped.mapping import FILE, ROW
from cxlib.tables.schema import GIVEN, INSTANT

KEY, AGAIN = "state: key", "state: again"
_ASIDE: dict[str, pl.DataType] = {KEY: pl.String(), STATE: INSTANT, SOURCE: pl.String(), AGAIN: pl.UInt32()}


def write_set_aside(
    bad: pl.DataFrame,
    parts: Sequence[Part],
    name: str,
    *,
    folder: Path,
    source: str,
    newer: pl.LazyFrame | None = None,
) -> tuple[dict[str, int], bool]:
    """Keep the rows set aside with all their original columns and the reason, beside those set aside before.

    Rows that came before stay but where `newer` states of their keys can be used; without `newer`, what this source set
    aside before is replaced. A row that comes again is the same row. Returns all counts by reason, and whether any row
    came or went.
    """
    before, key = _set_aside_before(folder, name), GIVEN[name].key
    mine = pl.col(SOURCE) == source
    stay = before.filter(~mine) if newer is None else before.filter(~(mine & _outdated(before, newer, key)))
    every = pl.concat([stay, *_originals(bad, parts, name, source)], how="diagonal_relaxed")
    content = [column for column in every.columns if column not in (ROW, FILE, KEY, STATE)]
    every = every.unique(content, keep="first", maintain_order=True)
    paths = records_folder(folder, "set_aside") / f"{name}.parquet", folder / "set_aside" / f"{name}.parquet"
    if every.is_empty():
        for path in paths:
            path.unlink(missing_ok=True)
        return {}, before.height > 0
    paths[1].parent.mkdir(exist_ok=True)
    every.write_parquet(paths[0])
    every.drop(_ASIDE).write_parquet(paths[1])
    return dict(sorted(every.group_by(REASON).len().rows())), not every.equals(before)


def _outdated(before: pl.DataFrame, newer: pl.LazyFrame, key: str) -> pl.Series:
    known = newer.join(before.lazy().select(pl.col(KEY).alias(key)), on=key, how="semi")
    seen = known.group_by(pl.col(key).alias(KEY)).agg(pl.col(STATE).max().alias("at"), pl.lit(True).alias("came"))
    latest = seen.collect(engine="streaming")
    both = before.join(latest, on=KEY, how="left", maintain_order="left")
    at, own = pl.col("at"), pl.col(STATE)
    return both.select(((at >= own).fill_null(own.is_null()) & pl.col("came")).fill_null(False)).to_series()


def _originals(bad: pl.DataFrame, parts: Sequence[Part], name: str, source: str) -> list[pl.DataFrame]:
    """Return the rows set aside as they were read, each identical one of a file with its number among its likes."""
    frames = []
    for index, part in enumerate(parts):
        mine = bad.lazy().filter(pl.col("part") == index).select(ROW, REASON, pl.col(GIVEN[name].key).alias(KEY), STATE)
        frames.append(part.originals.join(mine, on=ROW, how="inner").collect(engine="streaming"))
    rows = pl.concat(frames, how="diagonal_relaxed").sort(ROW, maintain_order=True)
    content = [column for column in rows.columns if column not in (ROW, KEY, STATE)]
    again = pl.int_range(pl.len(), dtype=pl.UInt32).over(content) if rows.height else pl.lit(0, dtype=pl.UInt32)
    return [rows.with_columns(pl.lit(source).alias(SOURCE), again.alias(AGAIN))]


def _set_aside_before(folder: Path, name: str) -> pl.DataFrame:
    path = folder / "records" / "set_aside" / f"{name}.parquet"
    return pl.read_parquet(path) if path.exists() else pl.DataFrame(schema=_ASIDE)
