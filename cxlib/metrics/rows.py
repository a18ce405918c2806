"""Rows of a table as they stand, for what is about single customers and tickets."""

from __future__ import annotations

import narwhals as nw
import polars as pl
from polars import selectors

from cxlib.metrics.base import kept, scan
from cxlib.metrics.view import View


def table_rows(name: str, view: View, where: nw.Expr, *columns: str) -> pl.DataFrame:
    """Return these columns of the rows of a table, of any month, that pass the view's filters and `where`.

    Raises:
        CxError: A filter is not defined on that table.
    """
    found = kept(scan(view, name), name, view).filter(where).select(*columns)
    rows: pl.DataFrame = found.collect(backend="polars").to_native()
    return rows.with_columns(selectors.datetime(time_zone="*").dt.convert_time_zone("UTC"))  # DuckDB: Etc/UTC
