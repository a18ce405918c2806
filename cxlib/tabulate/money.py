"""Tables of contrasts, relations and amounts per customer."""

from __future__ import annotations

from cxlib import numbers
from cxlib.numbers import format_of
from cxlib.stats.results import Contrast, Worth
from cxlib.tabulate.cells import filters, point_cells, point_columns
from cxlib.tabulate.grid import Table, table
from cxlib.words.change import width
from cxlib.words.groups import estimate, forms_of
from cxlib.words.money import amount, span, times_format
from cxlib.words.sentence import plain


@table.register
def _(result: Contrast) -> Table:
    points = {plain(row["group"]): estimate(row) for row in result.points.iter_rows(named=True)}
    forms = forms_of(result.metric, list(points.values()), result.scope)
    rows = [(name, *point_cells(form, point)) for (name, point), form in zip(points.items(), forms, strict=True)]
    if result.difference is not None:
        between = width(result.low, result.high)
        form = format_of(result.metric, result.difference, between, difference=True, language=result.scope.language)
        rows.append(("Difference", form.value(result.difference), form.interval(result.low, result.high), "", ""))
    if result.ratio is not None:
        form = times_format(result)
        between_times = form.interval(result.ratio_low, result.ratio_high)
        rows.append(("Times as much", form.bare(result.ratio), between_times, "", ""))
    caption = f"{result.metric.title}, {span(result.months)}{filters(result.scope)}"
    return Table(caption, (plain(result.by_title), *point_columns(result.metric)), tuple(rows))


@table.register
def _(result: Worth) -> Table:
    points = {row["group"]: estimate(row) for row in result.points.iter_rows(named=True)}
    rows = tuple((name, *point_cells(amount(result, point), point)[:3]) for name, point in points.items())
    caption = f"Per customer, the year after {numbers.month(result.start)}{filters(result.scope)}"
    return Table(caption, ("What", ">Amount", ">95 % interval", ">Customers"), rows)
