"""Spreadsheets to frames of text: which sheet, and which of its lines is the header."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from cxlib.errors import CxError, UsageError, some_names, unknown_name
from cxlib.sources.mapped.mapping import FileSpec
from cxlib.sources.reading.delimited import HEAD, header_line, header_names, suffixed
from cxlib.sources.reading.sheet_limits import check_size
from cxlib.sources.reading.spreadsheet_xml import is_spreadsheet_xml, sheets_of_xml

Load = Callable[[int | None], pl.DataFrame]
_UNNAMED = "__UNNAMED__"


@dataclass(frozen=True, slots=True)
class Sheet:
    """The sheet that was read: its rows as text, the lines above its header, its name and those of the others."""

    frame: pl.LazyFrame
    skipped: int
    name: str
    others: tuple[str, ...]


def read_sheet(path: Path, spec: FileSpec, *, staging: Path, needed: Collection[str] = ()) -> Sheet:
    """Return one sheet as text: the one named, else the only one with rows, else the only one with all needed columns.

    Its header is the first of its lines that holds all needed columns; if `skip_rows` is given, the line after those.

    Raises:
        UsageError: No sheet of that name, or several that may be meant.
        CxError: No spreadsheet, an empty or a damaged one, or one too large to be loaded.
    """
    sheets = sheets_of_xml(path, staging) if is_spreadsheet_xml(path) else _workbook(path)
    if spec.sheet and spec.sheet not in sheets:
        raise unknown_name(f"sheet in {path.name}", spec.sheet, sheets)
    heads = {name: _lines(sheets[name](HEAD + spec.skip_rows)) for name in ([spec.sheet] if spec.sheet else sheets)}
    name = spec.sheet or _chosen(path, heads, spec, needed)
    skip = _skip(heads[name], spec, needed)
    if len(heads[name]) <= skip:
        raise CxError(f"{path.name}: sheet {name!r} is empty{f' below its first {skip} lines' if skip else ''}.")
    names = header_names(_named(heads[name][skip]), path.name)
    copy = staging / f"{len(list(staging.iterdir()))}-sheet.parquet"
    frame = sheets[name](None)
    below = frame.slice(skip + 1).rename(dict(zip(frame.columns, names, strict=True)))
    below.filter(~pl.all_horizontal(pl.all().is_null())).write_parquet(copy)
    others = tuple(other for other, lines in heads.items() if other != name and lines)
    return Sheet(pl.scan_parquet(copy), skip, name, others)


def _workbook(path: Path) -> dict[str, Load]:
    """Return, by the name of each sheet, what loads all its lines, or the first, as columns of text."""
    import fastexcel

    check_size(path)

    def loader(name: str) -> Load:
        def load(lines: int | None) -> pl.DataFrame:
            with _told(path):
                sheet = book.load_sheet(name, header_row=None, skip_rows=0, n_rows=lines, dtypes="string")
                return sheet.to_polars() if sheet.width else pl.DataFrame()

        return load

    with _told(path):
        book = fastexcel.read_excel(path)
        return {name: loader(name) for name in book.sheet_names}


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn what the reader of workbooks raises, its panics too, into an error in words."""
    try:
        yield
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt | SystemExit | MemoryError):
            raise
        raise CxError(f"{path.name} cannot be read as Excel: it is damaged, locked by a password or none.") from None


def _lines(head: pl.DataFrame) -> list[list[str]]:
    return [[cell or "" for cell in row] for row in head.iter_rows()]


def _named(cells: Sequence[str]) -> list[str]:
    """Return the names of a header; columns without one get their place, those with the same a number."""
    filled = [cell.strip() or f"{_UNNAMED}{at}" for at, cell in enumerate(cells)] if any(cells) else list(cells)
    return suffixed(filled, "{}_{}", start=1)


def _skip(lines: Sequence[Sequence[str]], spec: FileSpec, needed: Collection[str]) -> int:
    return spec.skip_rows or header_line([_named(line) for line in lines] if needed else lines, needed)


def _chosen(path: Path, heads: dict[str, list[list[str]]], spec: FileSpec, needed: Collection[str]) -> str:
    filled = [name for name, lines in heads.items() if lines]
    if not filled:
        raise CxError(f"{path.name} is empty.")
    if len(filled) == 1 or not needed:
        return filled[0]
    fitting = [name for name in filled if _holds(heads[name], spec, needed)]
    if len(fitting) == 1:
        return fitting[0]
    why = "Several of its sheets hold" if fitting else "None of its sheets holds"
    names = some_names(fitting or filled)
    raise UsageError(f"{path.name}: {why} all columns of the mapping ({names}). Say sheet = … in [files].")


def _holds(lines: Sequence[Sequence[str]], spec: FileSpec, needed: Collection[str]) -> bool:
    skip = _skip(lines, spec, needed)
    return skip < len(lines) and set(needed) <= set(_named(lines[skip]))
