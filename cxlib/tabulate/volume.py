"""Tables of comparisons per day and of the hours of the week."""

from __future__ import annotations

from cxlib import numbers
from cxlib.numbers import Format
from cxlib.stats.results import Comparison, Peaks, UnusualDays
from cxlib.tabulate.cells import NOTHING, TOGETHER, filters, point_cells, point_columns, value_cell
from cxlib.tabulate.grid import Table, table
from cxlib.words.days import day
from cxlib.words.groups import estimate, forms_of, label
from cxlib.words.sentence import plain
from cxlib.words.volume import LONG, clock_hour, is_compared, made_of, percent


@table.register
def _(result: Comparison) -> Table:
    points = [(row, estimate(row)) for row in result.points.iter_rows(named=True)]
    forms = forms_of(result.metric, [point for _, point in points], result.scope)
    rows = [
        (
            label(row), *point_cells(form, point), value_cell(form, row["before"]),
            *((percent(row), "yes" if row["beyond"] else "no") if is_compared(row) else (NOTHING, NOTHING)),
        )
        for (row, point), form in zip(points, forms, strict=True)
    ]  # fmt: skip
    columns = ("Compared", *point_columns(result.metric), ">Baseline", ">Difference", "Beyond chance")
    notes = (TOGETHER,) if result.points["p_value"].count() > 1 else ()
    return Table(f"{plain(result.title, LONG)}{filters(result.scope)}", columns, tuple(rows), notes)


@table.register
def _(result: Peaks) -> Table:
    form = Format("", decimals=1, language=result.scope.language)
    cells = {(row["weekday"], row["hour"]): row["value"] for row in result.points.iter_rows(named=True)}
    days = range(1, 8)
    rows = [(clock_hour(hour), *(value_cell(form, cells.get((day, hour))) for day in days)) for hour in range(24)]
    columns = ("Hour", *(f">{numbers.weekday(day, result.scope.language)}" for day in days))
    notes = [made_of(row) for row in result.makers.iter_rows(named=True) if row["difference"] is not None]
    months = " to ".join(numbers.month(month, result.scope.language) for month in result.months)
    caption = f"{result.metric.title}, mean of one hour, {months}{filters(result.scope)}"
    return Table(caption, columns, tuple(rows), (*("In the busiest hour, against all others:",)[: len(notes)], *notes))


@table.register
def _(result: UnusualDays) -> Table:
    form = Format("", language=result.scope.language)
    rows = [
        (day(row), form.value(row["value"]), form.value(row["expected"]), form.interval(row["low"], row["high"]),
         "yes" if row["outside"] else "no")
        for row in result.points.iter_rows(named=True)
    ]  # fmt: skip
    columns = ("Day", f">{result.metric.measured_in.capitalize()}", ">Expected", ">Between", "Beyond chance")
    caption = f"{result.metric.title} a day, {numbers.month(result.scope.month)}{filters(result.scope)}"
    return Table(caption, columns, tuple(rows), ("Between: all days together lie within theirs with 95 %.",))
