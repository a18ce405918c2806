"""Text of the data made harmless for what shows it: control characters for a terminal, formulas for a spreadsheet."""

import re

import polars as pl
from polars import selectors

_FORMULA = r"^\s*[=+\-@＝＋－＠]|^[\t\r\n]"
# C0 but tab and line feed, delete, C1, separators of lines, marks that turn the direction of writing
_CONTROL = "\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069"


def printable(text: str, also: str = "") -> str:
    r"""Return text whose control characters are written as JSON writes them; `also` are further characters to escape.

    >>> print(printable("\x1b[31mred", "\t"))
    \u001b[31mred
    """
    return re.sub(f"[{_CONTROL}{also}]", lambda found: f"\\u{ord(found[0]):04x}", text)


def guarded(frame: pl.DataFrame) -> pl.DataFrame:
    """Return rows whose text no spreadsheet takes for a formula (an apostrophe is put before it) and all can print."""
    text = selectors.string()
    marked = pl.when(text.str.contains(_FORMULA)).then("'" + text).otherwise(text)
    return visible(frame.with_columns(marked.name.keep()))


def visible(frame: pl.DataFrame, also: str = "") -> pl.DataFrame:
    """Return rows whose text is `printable`."""
    columns = []
    for column in frame.select(selectors.string()):
        odd = column.filter(column.str.contains(f"[{_CONTROL}{also}]").fill_null(False)).unique()
        columns.append(column.replace({value: printable(value, also) for value in odd}) if len(odd) else column)
    return frame.with_columns(columns)
