"""Columns of which a mapping can read not one value: an import says so, and the check goes on saying it."""

from collections.abc import Mapping

import polars as pl

from cxlib.sources.mapped.mapping import ColumnSpec, FileSpec
from cxlib.sources.mapped.values import source_text


def unread(typed: pl.LazyFrame, rows: pl.LazyFrame, block: Mapping[str, ColumnSpec], file: FileSpec) -> dict[str, int]:
    """Return the columns that hold no value although their text is not empty, each with its number of texts."""
    have = [name for name in typed.collect_schema().names() if name in block]
    filled = typed.select(pl.col(have).count()).collect().row(0, named=True)
    empty = [name for name in have if not filled[name]]
    texts = rows.select(source_text(block[name], file).count().alias(name) for name in empty).collect()
    return {name: texts[name][0] for name in empty if texts[name][0]}
