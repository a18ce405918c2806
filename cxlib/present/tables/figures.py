"""Tables of changes, trends, breakdowns, distributions and the overview."""

from dataclasses import replace
from typing import Any

from cxlib import numbers
from cxlib.metrics.registry import METRICS, Metric
from cxlib.periods import SHOWN, grain_of
from cxlib.present.sentences.breakdown import test_note, without_note
from cxlib.present.sentences.change import (
    caveat,
    change_notes,
    difference_format,
    goal_value,
    level_format,
    unfinished,
    verdict,
    verdict_words,
)
from cxlib.present.sentences.groups import (
    class_change,
    column_forms,
    estimate,
    forms_of,
    label,
    rest_form,
    share_format,
)
from cxlib.present.sentences.like_days import on_like_days, plain_clause
from cxlib.present.sentences.sentence import capital, plain
from cxlib.present.sentences.trend import by_mix
from cxlib.present.sentences.why import mix_text
from cxlib.present.tables.cells import (
    NOTHING,
    TOGETHER,
    certainty_cell,
    filters,
    framed,
    point_cells,
    point_columns,
    units,
    value_cell,
)
from cxlib.present.tables.grid import Table, table
from cxlib.results.types import Breakdown, Change, Distribution, Estimate, NotKnown, Overview, ResultContext, Trend

SMALL = "†"  # fewer units than a public page shows
HEADS = {"day": "Day", "week": "Week of", "month": "Month", "year": "Year"}


@table.register
def _(result: Change) -> Table:
    sides = {result.period: result.after, result.baseline: result.before}
    rows = _point_rows(result.metric, result.scope, sides, result.after.value)
    rows.append(("Change", *_change_cells(result), "", ""))
    notes = change_notes(result)
    columns = ("Month", *point_columns(result.metric))
    return framed(result.metric, result.scope, columns, rows, tuple(notes), of=plain(result.group))


@table.register
def _(result: Trend) -> Table:
    grain = grain_of(result.points["period"][-1]) if result.points.height else "month"
    shown = result.points if grain == "month" else result.points.tail(SHOWN[grain])
    points = {row["period"]: estimate(row) for row in shown.iter_rows(named=True)}
    last = points[shown["period"][-1]].value if points else None
    rows = _point_rows(result.metric, result.scope, points, last)
    for words, change in (("Change", result.change), ("Change in a year", result.last_year)):
        if change is not None:
            since = numbers.period(change.baseline, result.scope.language)
            rows.append((f"{words}, from {since}", *_change_cells(change), "", ""))
    goals = (("Target", result.target), ("Benchmark", result.benchmark))
    notes = [
        f"{words}: {goal_value(result.metric, goal)}" + (f" ({plain(goal.source)})" if goal.source else "")
        for words, goal in goals
        if goal is not None
    ]
    notes += dict.fromkeys([*change_notes(result.change), *change_notes(result.last_year)])
    notes += [f"{numbers.day(event.date, result.scope.language)}: {plain(event.title)}" for event in result.events]
    return framed(result.metric, result.scope, (HEADS[grain], *point_columns(result.metric)), rows, notes)


@table.register
def _(result: Breakdown) -> Table:
    points = [(row, estimate(row)) for row in result.points.iter_rows(named=True)]
    *forms, whole = column_forms(result)
    few = 0 if result.metric.census else result.scope.min_group
    small = any(point.units < few for _, point in points)
    rows = []
    for (row, point), form in zip(points, forms, strict=True):
        name = label(row) + (SMALL if point.units < few else "")
        rows.append((name, *point_cells(form, point), value_cell(form, row["before"]), *_rest_cells(result, row)))
    rows.append(("All together", *point_cells(whole, result.overall), NOTHING, NOTHING, NOTHING))
    before = f">{numbers.month(result.baseline, result.scope.language)}"
    first = plain(capital(result.by_title))
    columns = (first, *point_columns(result.metric), before, ">Against the rest", ">95 % interval")
    notes = [f"{SMALL} fewer than {few} {units(result.metric)}"] if small else []
    notes += [TOGETHER] if result.p_value is not None else []
    notes += filter(None, [without_note(result), test_note(result)])
    return framed(result.metric, result.scope, columns, rows, notes, month=True)


@table.register
def _(result: Distribution) -> Table:
    rows = []
    for row in result.points.iter_rows(named=True):
        form = share_format(row)
        change = NOTHING if row["difference"] is None else class_change(row)
        cells = (
            *point_cells(form, estimate(row)),
            value_cell(form, row["before"]),
            change,
            certainty_cell(row["p_adjusted"]),
        )
        rows.append((plain(row["group"]), *cells))
    before = f">{numbers.month(result.baseline, result.scope.language)}"
    columns = ("Class", *point_columns(result.metric, value=">Share"), before, ">Change", "Beyond chance")
    month = numbers.month(result.scope.month, result.scope.language)
    tested = result.points["p_value"].count() > 1
    told = tuple(filter(None, [TOGETHER if tested else "", caveat(result.metric, result.scope).strip()]))
    return Table(f"{plain(result.title)}, {month}{filters(result.scope)}", columns, tuple(rows), told)


@table.register
def _(result: Overview) -> Table:
    rows = [_overview_row(trend, trend.metric.name in result.survives) for trend in result.trends]
    rows += [_segment_row(change) for change in result.segments]
    titles = {name: METRICS[name].title if name in METRICS else plain(name) for name in result.missing}
    rows += [(title, "not known", "", "", "", "", "") for title in titles.values()]
    columns = ("Key figure", ">Value", ">95 % interval", "Change", ">95 % interval", "Beyond chance", ">Rows")
    notes = [mix_text(parts) for parts in by_mix(result)]
    notes += [f"{titles[name]}: {plain(reason, 400)}" for name, reason in result.missing.items()]
    month = numbers.month(result.scope.month, result.scope.language)
    return Table(f"Key figures, {month}{filters(result.scope)}", columns, tuple(rows), tuple(notes))


@table.register
def _(result: NotKnown) -> Table:
    return Table(plain(result.title), ("Not known because",), ((plain(result.reason, 400),),))


def _overview_row(trend: Trend, survives: bool) -> tuple[str, ...]:
    none = Estimate(0, 0, None, None, None, None)
    point = estimate(trend.points.row(-1, named=True)) if trend.points.height else none
    value, interval, rows, _ = point_cells(level_format(trend.metric, point, trend.scope.language), point)
    words, between = _change_cells(trend.change) if trend.change else (NOTHING, NOTHING)
    found = "unknown" if trend.change is None else verdict(trend.change)
    clear = "clear" if survives else "alone, not among all figures"
    beyond = {"rose": clear, "fell": clear, "possible": "possible"}.get(found, "no")
    final = unfinished(trend.scope).strip(" .")
    name = trend.metric.title + (f" ({final[:1].lower()}{final[1:]})" if final else "")
    return name, value, interval, words, between, beyond, rows


def _rest_cells(result: Breakdown, row: dict[str, Any]) -> tuple[str, str]:
    size, low, high = row["rest_difference"], row["rest_low"], row["rest_high"]
    if size is None:
        return NOTHING, NOTHING
    form = replace(rest_form(result, row), signed=True)
    return form.value(size), form.interval(low, high) or NOTHING


def _segment_row(change: Change) -> tuple[str, ...]:
    value, interval, rows, _ = point_cells(level_format(change.metric, change.after), change.after)
    name = f"{change.metric.title}: {plain(change.group)}"
    return name, value, interval, *_change_cells(change), "clear", rows


def _point_rows(
    metric: Metric, scope: ResultContext, points: dict[str, Estimate], size: float | None = None
) -> list[tuple[str, ...]]:
    """Return one row a period, durations in the unit that fits `size`."""
    forms = forms_of(metric, list(points.values()), scope, size)
    if forms and metric.kind not in ("duration", "count"):  # the sentence prints the last as its own interval deserves
        forms[-1] = level_format(metric, list(points.values())[-1], scope.language)
    return [
        (numbers.period(period, scope.language).removeprefix("the week of "), *point_cells(form, point))
        for (period, point), form in zip(points.items(), forms, strict=True)
    ]


def _change_cells(change: Change) -> tuple[str, str]:
    """Return arrow, word and size, and the interval with its signs."""
    form = replace(difference_format(change), signed=True)
    size = form.value(change.difference or 0.0) if verdict(change) in ("chance", "possible", "same") else ""
    size += on_like_days(change, form) if size else ""
    plainly = plain_clause(change, form).removeprefix("; the ")
    words = ", ".join(filter(None, (verdict_words(change), size, plainly)))
    return words or NOTHING, form.interval(change.low, change.high) or NOTHING
