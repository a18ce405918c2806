"""Delimited text: which mark divides its fields, how quotation marks are escaped, on which line the header stands."""

import csv
import re
import sys
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from cxlib.errors import CxError, UsageError
from cxlib.sources.mapped.mapping import FileSpec

if TYPE_CHECKING:
    import _csv

# Fields beyond the header: their line is set aside; of still more fields only the first three are kept with it.
SURPLUS = ("surplus_field_1", "surplus_field_2", "surplus_field_3")
_MARKS = ",;\t|"
HEAD = 20  # lines among which a header is looked for
_MOST_FIELDS = 16_384


@dataclass(frozen=True, slots=True)
class Layout:
    """How a delimited file is laid out: lines above the header, the mark between fields, the escape of quotes.

    `returns` says whether a line may end with a carriage return alone.
    """

    skip: int
    delimiter: str
    escape: str = ""
    returns: bool = False


@dataclass(frozen=True, slots=True)
class Parsed:
    """A delimited file read one way: records below the header, those shorter and longer than it.

    `broken` is the line of the record at which its quotation marks made reading stop, 0 if none did.
    """

    records: int
    short: int
    long: int
    broken: int

    @property
    def irregular(self) -> float:
        """Records that do not fit the header; a file that cannot be read to its end fits least."""
        return float("inf") if self.broken else self.short + self.long


def layout_of(path: Path, spec: FileSpec, *, needed: Collection[str] = ()) -> Layout:
    """Find the layout of a UTF-8 file: the header is the first of its lines that holds all needed columns.

    Excel's first line "sep=;" names the mark and is skipped. If `skip_rows` is given, the header comes right after.

    Raises:
        UsageError: A delimiter that is not a single ASCII character.
    """
    _check_delimiter(spec.delimiter)
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = [line.rstrip("\r\n") for line in islice(file, spec.skip_rows + HEAD)]
    skip, delimiter = spec.skip_rows, spec.delimiter
    if skip == 0 and lines and lines[0][:4].lower() == "sep=" and len(lines[0]) == 5:
        skip, delimiter = 1, delimiter or lines[0][4]
    layouts = [Layout(line, delimiter or likely_delimiter(lines[line])) for line in range(skip, len(lines))]
    if spec.skip_rows or not layouts:
        return next(iter(layouts), Layout(skip, delimiter or ","))
    heads = [_names(path, layout) for layout in layouts]
    return layouts[header_line(heads, needed)]


def header_line(lines: Sequence[Sequence[str]], needed: Collection[str]) -> int:
    """Return which of the first lines is the header: the first with all needed names, else the first that is no title.

    A title fills one cell, or less than half of those that later lines fill.
    """
    if needed:
        return next((at for at, names in enumerate(lines) if set(needed) <= set(names)), 0)
    filled = [sum(name.strip() != "" for name in names) for names in lines]
    return next((at for at, count in enumerate(filled) if count > 1 and 2 * count >= max(filled)), 0)


def _check_delimiter(delimiter: str) -> None:
    if delimiter and (len(delimiter.encode()) != 1 or delimiter in '"\r\n\0' or delimiter.isalnum()):
        raise UsageError(f"delimiter = {delimiter!r}: one character is expected, such as ';' or '\\t'.")


def likely_delimiter(header: str) -> str:
    """Return the mark that the header holds most of, not counting what stands in quotation marks."""
    outside = "".join(header.split('"')[::2])
    return max(_MARKS, key=outside.count)


def _names(path: Path, layout: Layout) -> list[str]:
    try:
        return suffixed(next(_records(path, layout), []))
    except csv.Error:
        return []


def _records(path: Path, layout: Layout) -> Iterator[list[str]]:
    with _reader(path, layout) as records:
        yield from records


@contextmanager
def _reader(path: Path, layout: Layout) -> "Iterator[_csv.Reader]":
    csv.field_size_limit(sys.maxsize)
    options: dict[str, Any] = {"delimiter": layout.delimiter, "strict": True}
    if layout.escape:
        options |= {"doublequote": False, "escapechar": layout.escape}
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield csv.reader(islice(file, layout.skip, None), **options)


def _parsed(path: Path, layout: Layout) -> Parsed:
    count = short = long = start = 0
    with _reader(path, layout) as records:
        try:
            fields = len(next(records, []))
            start = records.line_num
            for record in records:
                count, start = count + 1, records.line_num
                short += 0 < len(record) < fields
                long += any(record[fields:])
        except csv.Error:
            return Parsed(count, short, long, broken=layout.skip + start + 1)
    return Parsed(count, short, long, broken=0)


def settle_quotes(path: Path, layout: Layout, name: str) -> tuple[Layout, Parsed]:
    r"""Return how quotation marks are escaped, and what reading so gives: doubled, or by a backslash.

    Only where the text holds \" both ways are tried. The one whose records fit the header better wins.

    Raises:
        CxError: Both fit alike and differ, or a quotation mark is left open.
    """
    chosen, parsed = layout, _parsed(path, layout)
    if _holds(path, rb'\\"'):
        other = Layout(layout.skip, layout.delimiter, "\\")
        escaped = _parsed(path, other)
        if escaped.irregular == parsed.irregular and escaped.records != parsed.records:
            raise CxError(
                f'{name}: quotation marks seem to be escaped by a backslash (\\"), which gives {escaped.records:,} '
                f"rows, while doubled ones give {parsed.records:,}; nothing settles which is meant. Export the file "
                "anew with doubled quotation marks."
            )
        if escaped.irregular < parsed.irregular:
            chosen, parsed = other, escaped
    if parsed.broken:
        raise CxError(
            f"{name}: line {parsed.broken}: a quotation mark is left open, or one within a cell is not doubled."
        )
    return replace(chosen, returns=_holds(path, rb"\r[^\n]")), parsed


def _holds(path: Path, pattern: bytes) -> bool:
    """Tell whether a file holds two bytes that match a pattern."""
    with path.open("rb") as file:
        tail = b""
        while chunk := file.read(1 << 22):
            if re.search(pattern, tail + chunk):
                return True
            tail = chunk[-1:]
    return False


def read_delimited(path: Path, layout: Layout, *, staging: Path, name: str) -> pl.LazyFrame:
    """Return a UTF-8 file as a lazy frame of text; surplus fields in the columns `SURPLUS`."""
    if layout.escape or layout.returns:
        path, layout = _rewritten(path, layout, staging), Layout(0, ",")
    names = header_names(next(_records(path, layout), []), name)
    options: dict[str, Any] = {"separator": layout.delimiter, "skip_lines": layout.skip, "infer_schema": False}
    raw = pl.scan_csv(path, **options).collect_schema().names()
    extra = dict.fromkeys(SURPLUS, pl.String)
    options |= {"schema": dict.fromkeys(raw, pl.String) | extra, "missing_columns": "insert"}
    return pl.scan_csv(path, **options, truncate_ragged_lines=True).rename(dict(zip(raw, names, strict=True)))


def header_names(cells: Sequence[str], file: str) -> list[str]:
    """Return the names of a header, stripped; one that occurs again gets a suffix.

    Raises:
        CxError: No header, or more columns than any sheet has.
    """
    if not any(cell.strip() for cell in cells):
        raise CxError(f"{file}: the line of the header is empty.")
    if len(cells) > _MOST_FIELDS:
        raise CxError(f"{file} has {len(cells):,} columns; at most {_MOST_FIELDS:,} are read.")
    return suffixed(cells)


def suffixed(cells: Sequence[str], form: str = "{}_duplicated_{}", start: int = 0) -> list[str]:
    """Return names stripped, those that occur again with a number."""
    names, seen = [], Counter[str]()
    for name in (cell.strip() for cell in cells):
        names.append(form.format(name, seen[name] - 1 + start) if seen[name] else name)
        seen[name] += 1
    return names


def _rewritten(path: Path, layout: Layout, staging: Path) -> Path:
    copy = staging / f"{len(list(staging.iterdir()))}-{path.name}.csv"
    with copy.open("w", encoding="utf-8", newline="") as target:
        csv.writer(target, lineterminator="\n").writerows(_records(path, layout))
    return copy
