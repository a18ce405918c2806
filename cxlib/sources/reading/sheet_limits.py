"""How large a spreadsheet may be, found out before a reader makes room for every cell between its first and last."""

import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException, ElementTree

from cxlib.errors import CxError

MOST_COLUMNS, _MOST_ROWS = 16_384, 1_048_576  # of the largest sheet there can be
_MOST_CELLS, _MOST_UNPACKED = 30_000_000, 1 << 30
_CHUNK = 1 << 22
_CELL = re.compile(rb"""\sr=["']([A-Z]{1,3})(\d{1,7})["']""")
_SHEETS = re.compile(r"xl/worksheets/[^/]+\.(xml|bin)")
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_VALUE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}value-type"


def check_size(path: Path) -> None:
    """Refuse a workbook that would not fit into memory: a zip bomb, or a cell far away from the others.

    Raises:
        CxError: Too large, or a damaged archive.
    """
    if not zipfile.is_zipfile(path):
        return  # the old .xls, whose sheets have 65,536 rows and 256 columns
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
            if unpacked > _MOST_UNPACKED:
                raise CxError(
                    f"{path.name} unpacks to {unpacked:,} bytes; at most {_MOST_UNPACKED:,} are read. Save it as CSV."
                )
            for member in archive.namelist():
                with archive.open(member) as file:
                    _check_member(path, member, file)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ParseError,
        DefusedXmlException,
    ):
        raise CxError(f"{path.name} cannot be read as Excel: it is damaged or locked by a password.") from None


def check_cells(path: Path, sheet: str, *, rows: int, columns: int) -> None:
    """Refuse a sheet that spans too many cells.

    Raises:
        CxError: Too many.
    """
    if rows * columns > _MOST_CELLS or rows > _MOST_ROWS:
        raise CxError(
            f"{path.name}: sheet {sheet!r} spans {rows:,} rows × {columns:,} columns; at most {_MOST_CELLS:,} cells "
            "are read. Delete what stands far away from the table, or save the sheet as CSV."
        )


def _check_member(path: Path, member: str, file: IO[bytes]) -> None:
    """Read a member to its end, which finds damage and false sizes; of a sheet, measure what it spans."""
    if member == "content.xml":
        for name, rows, columns in _spans_of_ods(file):
            check_cells(path, name, rows=rows, columns=columns)
    elif not (kind := _SHEETS.fullmatch(member)):
        while file.read(_CHUNK):
            pass
    else:
        rows, columns = _span_of_binary(file) if kind[1] == "bin" else _span_of_xml(file)
        check_cells(path, Path(member).stem, rows=rows, columns=columns)


def _span_of_xml(file: IO[bytes]) -> tuple[int, int]:
    """Return the last row and the last column that a sheet's cells name."""
    last_row, columns, tail = 0, {b"A"}, b""
    while chunk := file.read(_CHUNK):
        found = _CELL.findall(tail + chunk)
        columns |= {column for column, _ in found}
        last_row = max(last_row, max((int(row) for _, row in found), default=0))
        tail = chunk[-32:]
    return last_row, max(map(_column_number, columns))


def _spans_of_ods(file: IO[bytes]) -> Iterator[tuple[str, int, int]]:
    """Give every table's name and the last row and column that are filled; a cell or row may stand for many alike."""
    row = last_row = last_column = column = reach = 0
    for event, element in ElementTree.iterparse(file, events=("start", "end"), forbid_dtd=True):
        tag = element.tag.removeprefix(_TABLE)
        if event == "start" and tag == "table":
            row = last_row = last_column = 0
        elif event == "start" and tag == "table-row":
            column = reach = 0
        elif event == "end" and tag in ("table-cell", "covered-table-cell"):
            column += int(element.get(f"{_TABLE}number-columns-repeated", 1))
            reach = column if element.get(_VALUE) else reach
        elif event == "end" and tag == "table-row":
            row += int(element.get(f"{_TABLE}number-rows-repeated", 1))
            last_row, last_column = (row if reach else last_row), max(last_column, reach)
            element.clear()
        elif event == "end" and tag == "table":
            yield element.get(f"{_TABLE}name", ""), last_row, last_column


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _span_of_binary(file: IO[bytes]) -> tuple[int, int]:
    """Return the same for a sheet of .xlsb: records of a kind, a length, and for rows and cells their place first."""
    last_row, last_column = 0, 0
    for kind, start in _records(file):
        place = int.from_bytes(start, "little")
        if kind == 0:
            last_row = max(last_row, place + 1)
        elif kind <= 11:
            last_column = max(last_column, place + 1)
    return last_row, last_column


def _records(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    while first := file.read(1):
        kind = first[0]
        if kind & 0x80:
            kind = (kind & 0x7F) | ((file.read(1) or b"\0")[0] & 0x7F) << 7
        size = shift = 0
        while piece := file.read(1):
            size |= (piece[0] & 0x7F) << shift
            shift += 7
            if not piece[0] & 0x80:
                break
        body = file.read(size)
        yield kind, body[:4]
