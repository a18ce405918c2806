"""The table of a shortlist."""

from __future__ import annotations

from dataclasses import replace

from cxlib.numbers import Format
from cxlib.stats.shortlist_result import Shortlist
from cxlib.tabulate.cells import NOTHING, filters, point_cells, value_cell
from cxlib.tabulate.grid import Table, table
from cxlib.words.groups import estimate, label
from cxlib.words.money import span
from cxlib.words.sentence import plain
from cxlib.words.shortlist import shortlist_format


@table.register
def _(result: Shortlist) -> Table:
    rows = []
    for row in result.points.iter_rows(named=True):
        value, interval, n, _ = point_cells(replace(shortlist_format(result, row), unit=""), estimate(row))
        more = [value_cell(Format(unit), row[name]) for name, _, unit in result.beside]
        rows.append((label(row), value, interval, n, *more, plain(row["note"] or row["reason"] or NOTHING, 160)))
    columns = ("What", f">{result.measured_in.capitalize()}", ">95 % interval", ">Rows")
    beside = tuple(f">{heading}" for _, heading, _ in result.beside)
    caption = f"{plain(result.title, 160)}, {span(result.months)}{filters(result.scope)}"
    notes = tuple(plain(text, 400) for text in (result.reading, result.caveat) if text)
    return Table(caption, (*columns, *beside, "Note"), tuple(rows), notes)
