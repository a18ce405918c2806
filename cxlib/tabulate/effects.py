"""The table of effects estimated together."""

from __future__ import annotations

from cxlib.stats.effects_result import Effects
from cxlib.tabulate.cells import TOGETHER, beyond_cell, filters, point_cells
from cxlib.tabulate.grid import Table, table
from cxlib.words.effects import LONG, effect_format, effects_notes, tried
from cxlib.words.groups import estimate, label
from cxlib.words.money import span
from cxlib.words.sentence import plain


@table.register
def _(result: Effects) -> Table:
    rows, tests = [], tried(result)
    for row in result.points.iter_rows(named=True):
        value, interval, n, units = point_cells(effect_format(result, row), estimate(row))
        rows.append((label(row), value, interval, beyond_cell(row["beyond"]), n, units))
    units = f">{result.metric.unit.removesuffix('_id').capitalize()}s"
    columns = ("What", ">Effect", ">95 % interval", "Beyond chance among all", ">Rows", units)
    caption = f"{plain(result.title, LONG)}, {span(result.months)}{filters(result.scope)}"
    notes = [*([TOGETHER] if len(tests) > 1 else []), *effects_notes(result)]
    return Table(caption, columns, tuple(rows), tuple(notes))
