"""Tables of estimates: contrasts, amounts per customer, effects, shortlists, customers still there."""

from dataclasses import replace

from cxlib import numbers
from cxlib.numbers import Format
from cxlib.present.sentences.effects import LONG, effect_format, effects_notes, shortlist_format, tried
from cxlib.present.sentences.groups import estimate, label, share_format
from cxlib.present.sentences.money import amount, contrast_forms, difference_of, span, survival_notes, times_format
from cxlib.present.sentences.sentence import plain
from cxlib.present.tables.cells import (
    NOTHING,
    TOGETHER,
    certainty_cell,
    filters,
    point_cells,
    point_columns,
    units,
    value_cell,
)
from cxlib.present.tables.grid import Table, table
from cxlib.results.types import Contrast, Effects, Shortlist, Survival, Worth

EVERY = 6  # months between the rows of curves


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


@table.register
def _(result: Effects) -> Table:
    rows, tests = [], tried(result)
    for row in result.points.iter_rows(named=True):
        value, interval, *counts = point_cells(effect_format(result, row), estimate(row))
        rows.append((label(row), value, interval, certainty_cell(row["p_adjusted"]), *counts))
    columns = (
        "What",
        ">Effect",
        ">95 % interval",
        "Beyond chance among all",
        ">Rows",
        f">{units(result.metric).capitalize()}",
    )
    caption = f"{plain(result.title, LONG)}, {span(result.months)}{filters(result.scope)}"
    notes = [*([TOGETHER] if len(tests) > 1 else []), *effects_notes(result)]
    return Table(caption, columns, tuple(rows), tuple(notes))


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


@table.register
def _(result: Survival) -> Table:
    rows = []
    for row in result.points.iter_rows(named=True):
        if row["months"] % EVERY == 0:
            cells = point_cells(share_format(row), estimate(row))[:3]
            rows.append((plain(row["group"]), numbers.number(row["months"]), *cells))
    columns = (plain(result.by_title), ">Months", ">Still there", ">95 % interval", ">At risk")
    return Table(f"{plain(result.title)}{filters(result.scope)}", columns, tuple(rows), survival_notes(result))
