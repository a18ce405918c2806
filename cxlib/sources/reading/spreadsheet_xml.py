"""SpreadsheetML 2003, the XML that many systems export under the name .xls, as frames of text."""

import csv
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import polars as pl
from defusedxml import DefusedXmlException, ElementTree

from cxlib.errors import CxError
from cxlib.sources.reading.sheet_limits import MOST_COLUMNS, check_cells

_URI = "urn:schemas-microsoft-com:office:spreadsheet"
_CELL, _DATA, _ROW, _SHEET = (f"{{{_URI}}}{name}" for name in ("Cell", "Data", "Row", "Worksheet"))
_INDEX, _NAME, _ACROSS = (f"{{{_URI}}}{name}" for name in ("Index", "Name", "MergeAcross"))


def is_spreadsheet_xml(path: Path) -> bool:
    """Tell whether a file is SpreadsheetML 2003, whatever its name."""
    with path.open("rb") as file:
        return _URI.encode() in file.read(4096).replace(b"\0", b"")


def sheets_of_xml(path: Path, staging: Path) -> dict[str, Any]:
    """Return, by the name of each sheet, what loads all its lines, or the first, as columns of text.

    Raises:
        CxError: Damaged, or larger than a sheet can be.
    """
    try:
        return {name: partial(_load, copy, width) for name, copy, width in _copied(path, staging)}
    except (ParseError, DefusedXmlException):
        raise CxError(f"{path.name} cannot be read as a spreadsheet: its XML is damaged or unsafe.") from None
    except ValueError:
        raise CxError(f"{path.name} cannot be read as a spreadsheet: it numbers its cells in an unknown way.") from None


def _load(copy: Path, width: int, lines: int | None) -> pl.DataFrame:
    if not width:
        return pl.DataFrame()
    schema = {f"column_{at}": pl.String for at in range(width)}
    options: dict[str, Any] = {"has_header": False, "schema": schema, "missing_columns": "insert"}
    return pl.read_csv(copy, **options, n_rows=lines, truncate_ragged_lines=True)


def _copied(path: Path, staging: Path) -> Iterator[tuple[str, Path, int]]:
    """Copy every sheet as CSV; give its name, the copy and the number of its columns."""
    copy, width, height, lines = Path(), 0, 0, None
    events = ElementTree.iterparse(path, events=("start", "end"), forbid_dtd=True)
    for event, element in events:
        if element.tag == _SHEET and event == "start":
            name, width, height = element.get(_NAME, "Sheet"), 0, 0
            copy = staging / f"{len(list(staging.iterdir()))}-sheet.csv"
            lines = copy.open("w", encoding="utf-8", newline="")
        elif element.tag == _ROW and event == "end" and lines:
            cells, empty = _cells(element), int(element.get(_INDEX, height + 1)) - height - 1
            width, height = max(width, len(cells)), height + empty + 1
            check_cells(path, name, rows=height, columns=width)
            writer = csv.writer(lines, lineterminator="\n")
            writer.writerows([[""]] * empty + [cells or [""]])
            element.clear()
        elif element.tag == _SHEET and event == "end" and lines:
            lines.close()
            yield name, copy, width


def _cells(row: Any) -> list[str]:
    cells: list[str] = []
    for cell in row.iter(_CELL):
        place = int(cell.get(_INDEX, len(cells) + 1))
        if place > MOST_COLUMNS:
            raise ValueError("a column beyond the last one")
        cells += [""] * (place - 1 - len(cells))
        data = cell.find(_DATA)
        cells.append("" if data is None else "".join(data.itertext()))
        cells += [""] * min(int(cell.get(_ACROSS, 0)), MOST_COLUMNS)
    return cells
