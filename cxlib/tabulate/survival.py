"""The table of customers still there after an answer."""

from __future__ import annotations

from cxlib import numbers
from cxlib.numbers import share_format
from cxlib.stats.results import Survival
from cxlib.tabulate.cells import filters, point_cells
from cxlib.tabulate.grid import Table, table
from cxlib.words.change import width
from cxlib.words.groups import estimate
from cxlib.words.sentence import plain
from cxlib.words.survival import survival_notes

EVERY = 6  # months between the rows


@table.register
def _(result: Survival) -> Table:
    rows = []
    for row in result.points.iter_rows(named=True):
        if row["months"] % EVERY == 0:
            form = share_format(width(row["low"], row["high"]))
            cells = point_cells(form, estimate(row))[:3]
            rows.append((plain(row["group"]), numbers.number(row["months"]), *cells))
    columns = (plain(result.by_title), ">Months", ">Still there", ">95 % interval", ">At risk")
    return Table(f"{plain(result.title)}{filters(result.scope)}", columns, tuple(rows), survival_notes(result))
