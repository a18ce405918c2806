"""Whether the files of a data folder are as this version writes them."""

import polars as pl

from cxlib.errors import CxError, UsageError, some_names
from cxlib.periods import month_index
from cxlib.store.folder import MANIFEST, Data
from cxlib.tables.schema import TABLES, dtype

_PARTS = ("rows", "set_aside", "left_out", "filled", "notes", "unread")  # of a manifest: counts by table


def check_layout(data: Data) -> None:
    """Refuse a damaged manifest, and tables that another version wrote or that are damaged.

    Raises:
        CxError: It says what is wrong, such as which columns of which table are absent or of another type, and what to
            do.
    """
    _check_manifest(data)
    for name in TABLES:
        if data.has(name):
            _check_table(data, name)


def _check_manifest(data: Data) -> None:
    months = [data.manifest.get(name) for name in ("first_month", "last_month")]
    try:
        first, last = (month_index(str(month)) for month in months)
    except UsageError:
        first, last = 1, 0
    if first > last or any(not isinstance(data.manifest.get(part, {}), dict) for part in _PARTS):
        raise CxError(f"{data.folder / MANIFEST} is damaged; run 'cx derive {data.name}', or import anew.")


def _check_table(data: Data, name: str) -> None:
    again = f"Run 'cx derive {data.name}', or import them anew."
    try:
        have = data.scan(name).collect_schema()
    except (pl.exceptions.PolarsError, OSError):
        raise CxError(
            f"The table {name!r} of the data {data.name!r} is damaged and cannot be read: import anew."
        ) from None
    absent = [column.name for column in TABLES[name].columns if column.name not in have]
    other = [one.name for one in TABLES[name].columns if one.name in have and have[one.name] != dtype(one)]
    if absent or other:
        wrong = some_names([*absent, *(f"{column} (of another type)" for column in other)])
        raise CxError(f"The table {name!r} of the data {data.name!r} was written by another version: {wrong}. {again}")
