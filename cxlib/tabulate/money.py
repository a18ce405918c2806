"""Tables of contrasts, relations and amounts per customer."""

from __future__ import annotations

from dataclasses import replace

from cxlib import numbers
from cxlib.stats.results import Contrast, Worth
from cxlib.tabulate.cells import NOTHING, filters, point_cells, point_columns
from cxlib.tabulate.grid import Table, table
from cxlib.words.groups import estimate
from cxlib.words.money import amount, contrast_forms, difference_of, span, times_format
from cxlib.words.sentence import plain


@table.register
def _(result: Contrast) -> Table:
    sides = [estimate(row) for row in result.points.iter_rows(named=True)]
    cells = zip(result.points["group"], contrast_forms(result), sides, strict=True)
    rows = [(plain(name), *point_cells(form, point)) for name, form, point in cells]
    if result.difference is not None:
        form = replace(difference_of(result), signed=True)
        rows.append(("Difference", form.value(result.difference), form.interval(result.low, result.high), "", ""))
    if result.ratio is not None:
        form = times_format(result)
        between_times = form.interval(result.ratio_low, result.ratio_high)
        rows.append(("Times as much", form.bare(result.ratio), between_times, "", ""))
    caption = f"{result.metric.title}, {span(result.months)}{filters(result.scope)}"
    alike = f" and {plain(result.within)}" if result.within else ""
    why = f"it goes together with the {plain(result.by_title)}, which need not be why"
    note = f"Compared within each month{alike}; {why}."
    return Table(caption, (plain(result.by_title), *point_columns(result.metric)), tuple(rows), (note,))


@table.register
def _(result: Worth) -> Table:
    points = {row["group"]: estimate(row) for row in result.points.iter_rows(named=True)}
    cells = {name: point_cells(amount(result, point), point)[:3] for name, point in points.items()}
    rows = tuple((name, *cells[name][:2], cells[name][2] if point.n else NOTHING) for name, point in points.items())
    caption = f"Per customer, the year after {numbers.month(result.start)}{filters(result.scope)}"
    return Table(caption, ("What", ">Amount", ">95 % interval", ">Customers"), rows)
