"""Tables of comparisons per day, of hours of the week and single days, of weeks to come and the agents they take."""

from cxlib import numbers
from cxlib.numbers import Format
from cxlib.present.sentences.change import level_format
from cxlib.present.sentences.groups import estimate, forms_of, label
from cxlib.present.sentences.money import span
from cxlib.present.sentences.planning import agents, rests_on, seven_days
from cxlib.present.sentences.sentence import plain
from cxlib.present.sentences.volume import LONG, clock_hour, day, is_compared, made_of, percent, run_text
from cxlib.present.tables.cells import (
    NOTHING,
    TOGETHER,
    certainty_cell,
    filters,
    point_cells,
    point_columns,
    value_cell,
)
from cxlib.present.tables.grid import Table, table
from cxlib.results.types import Comparison, Forecast, Peaks, Staffing, UnusualDays


@table.register
def _(result: Comparison) -> Table:
    points = [(row, estimate(row)) for row in result.points.iter_rows(named=True)]
    forms = forms_of(result.metric, [point for _, point in points], result.scope)
    rows = [
        (
            label(row), *point_cells(form, point), value_cell(form, row["before"]),
            *((percent(row), certainty_cell(row["p_adjusted"])) if is_compared(row) else (NOTHING, NOTHING)),
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
         certainty_cell(row["p_adjusted"]))
        for row in result.points.iter_rows(named=True)
    ]  # fmt: skip
    columns = ("Day", f">{result.metric.measured_in.capitalize()}", ">Expected", ">Between", "Beyond chance")
    caption = f"{result.metric.title} a day, {numbers.month(result.scope.month)}{filters(result.scope)}"
    notes = [f"In a row: {run_text(result.run)}"] if result.run else []
    return Table(caption, columns, tuple(rows), ("Between: all days together lie within theirs with 95 %.", *notes))


@table.register
def _(result: Forecast) -> Table:
    points = [(seven_days(row["first"]), estimate(row), row["ahead"]) for row in result.points.iter_rows(named=True)]
    points.append(("All weeks ahead", result.total, True))
    rows = []
    for name, point, ahead in points:
        form = level_format(result.metric, point, result.scope.language)
        value = form.value(point.value) if point.value is not None else NOTHING
        rows.append((name, value, form.interval(point.low, point.high) or NOTHING, "forecast" if ahead else "counted"))
    test, form = result.backtest, numbers.share_format(language=result.scope.language)
    scaled = (NOTHING if each is None else numbers.number(each, 2) for each in (test.mase, test.naive_mase))
    errors = (form.value(each) for each in (test.error, test.naive_error))
    notes = [
        f"{test.origins} backtests, {what}: off by {error} on average, mean absolute scaled error {mase}"
        for what, error, mase in zip(("model", f"seasonal naive ({test.naive})"), errors, scaled, strict=True)
    ]
    notes.append(f"Weeks within the model's own 95 % interval: {numbers.percent(test.held / 100)}")
    notes.append(f"Interval made wider for it: {numbers.number(test.widened, 2)} times")
    if test.surprised:
        notes.append(
            f"{test.surprised} made before a lasting step was known count in these errors, not in the interval"
        )
    columns = ("Seven days", ">Value", ">95 % prediction interval", "What")
    return Table(f"{result.metric.title}, the weeks to come{filters(result.scope)}", columns, tuple(rows), tuple(notes))


@table.register
def _(result: Staffing) -> Table:
    cells = {(row["weekday"], row["hour"]): agents(row, bare=True) for row in result.points.iter_rows(named=True)}
    hours, days = sorted({hour for _, hour in cells}), sorted({day for day, _ in cells})
    rows = [(clock_hour(hour), *(cells.get((day, hour), NOTHING) for day in days)) for hour in hours]
    columns = ("Hour", *(f">{numbers.weekday(day, result.scope.language)}" for day in days))
    caption = f"Agents at work for {plain(result.channel)}, {span(result.months)}{filters(result.scope)}"
    return Table(caption, columns, tuple(rows), tuple(rests_on(result)))
