"""The table of effects estimated together."""

from __future__ import annotations

from cxlib.stats.effects_result import Effects
from cxlib.tabulate.cells import beyond_cell, filters, point_cells
from cxlib.tabulate.grid import Table, table
from cxlib.words.change import counted
from cxlib.words.effects import LONG, effect_format
from cxlib.words.groups import estimate, label
from cxlib.words.money import span
from cxlib.words.sentence import plain


@table.register
def _(result: Effects) -> Table:
    rows, notes = [], []
    for row in result.points.iter_rows(named=True):
        value, interval, n, units = point_cells(effect_format(result, row), estimate(row))
        rows.append((label(row), value, interval, beyond_cell(row["beyond"]), n, units))
        notes += [f"{label(row)}: {plain(row['reason'], 400)}"] if row["reason"] else []
    heading = {"n": ">Rows", "units": f">{result.metric.unit.removesuffix('_id').capitalize()}s"}
    columns = ("What", ">Effect", ">95 % interval", "Beyond chance among all", *heading.values())
    caption = f"{plain(result.title, LONG)}, {span(result.months)}{filters(result.scope)}"
    told = [plain(text, 400) for text in (result.reading, result.caveat) if text]
    told += [f"Behind all together: {counted(result.metric, result.n)}"] if result.n else []
    return Table(caption, columns, tuple(rows), (*notes, *told))
