"""Tables of the weeks to come and of the agents an hour takes."""

from __future__ import annotations

from cxlib import numbers
from cxlib.stats.planning_results import Forecast, Staffing
from cxlib.tabulate.cells import NOTHING, filters
from cxlib.tabulate.grid import Table, table
from cxlib.words.change import level_format
from cxlib.words.groups import estimate
from cxlib.words.money import span
from cxlib.words.planning import agents, rests_on, seven_days
from cxlib.words.sentence import plain
from cxlib.words.volume import clock_hour


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
