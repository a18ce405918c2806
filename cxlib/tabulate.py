"""Tables: every result as rows of text, for a page (HTML without scripts or styles) and for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import singledispatch
from html import escape
from statistics import median_low
from typing import Any

from cxlib import numbers
from cxlib.metrics.registry import METRICS, Metric
from cxlib.numbers import Format, format_of
from cxlib.periods import SHOWN, grain_of
from cxlib.stats.reasons import Decomposition, Funnel
from cxlib.stats.results import (
    Breakdown,
    Change,
    Comparison,
    Contrast,
    Distribution,
    Estimate,
    History,
    NotKnown,
    Overview,
    Peaks,
    Relation,
    Scope,
    Trend,
    WaitingList,
    Worth,
)  # fmt: skip
from cxlib.words.agents import funnel_cells
from cxlib.words.change import difference_format, goal_value, level_format, verdict, verdict_words, width
from cxlib.words.customers import history_cells, waiting_cells
from cxlib.words.groups import estimate, label, share_format
from cxlib.words.money import RANK, amount, span, times_format
from cxlib.words.sentence import plain
from cxlib.words.volume import LONG, clock_hour, is_compared, made_of, percent
from cxlib.words.why import group_cells

NOTHING = "–"
SMALL = "†"
HEADS = {"day": "Day", "week": "Week of", "month": "Month", "year": "Year"}


@dataclass(frozen=True, slots=True)
class Table:
    """A table of text.

    Attributes:
        caption: What it shows, unit and period.
        columns: Headings; one that starts with ">" is a column of numbers.
        rows: Cells, as many as columns; the first names the row.
        notes: Lines below.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": self.text}

    @property
    def html(self) -> str:
        """The table as HTML: text escaped, class names only (`num` for columns of numbers)."""
        kinds = [' class="num"' if column.startswith(">") else "" for column in self.columns]
        head = "".join(
            f'<th scope="col"{kind}>{escape(column.lstrip(">"))}</th>'
            for column, kind in zip(self.columns, kinds, strict=True)
        )
        lines = [
            f'<table class="cx"><caption>{escape(self.caption)}</caption>',
            f"<thead><tr>{head}</tr></thead>",
            "<tbody>",
        ]
        for first, *rest in self.rows:
            cells = "".join(f"<td{kind}>{escape(cell)}</td>" for cell, kind in zip(rest, kinds[1:], strict=True))
            lines.append(f'<tr><th scope="row">{escape(first)}</th>{cells}</tr>')
        notes = "".join(f'<tr><td colspan="{len(self.columns)}">{escape(note)}</td></tr>' for note in self.notes)
        return "\n".join([*lines, "</tbody>", *([f"<tfoot>{notes}</tfoot>"] if notes else []), "</table>"])

    @property
    def text(self) -> str:
        """The table in aligned columns."""
        grid = [tuple(column.lstrip(">") for column in self.columns), *self.rows]
        widths = [max(len(row[place]) for row in grid) for place in range(len(self.columns))]
        lines = [
            "  ".join(_aligned(*cell) for cell in zip(row, widths, self.columns, strict=True)).rstrip() for row in grid
        ]
        return "\n".join([self.caption, "", *lines, *self.notes])


@singledispatch
def table(result: Any) -> Table:
    """Return the table of a result.

    Raises:
        UsageError: The result's language is not known.
    """
    raise TypeError(f"{type(result).__name__} is not a result")


@table.register
def _(result: Change) -> Table:
    sides = {result.period: result.after, result.baseline: result.before}
    rows = _point_rows(result.metric, result.scope, sides)
    rows.append(("Change", *_change_cells(result), "", ""))
    return _table(result.metric, result.scope, ("Month", *_point_columns(result.metric)), rows, of=plain(result.group))


@table.register
def _(result: Trend) -> Table:
    grain = grain_of(result.points["period"][-1]) if result.points.height else "month"
    shown = result.points if grain == "month" else result.points.tail(SHOWN[grain])
    points = {row["period"]: estimate(row) for row in shown.iter_rows(named=True)}
    rows = _point_rows(result.metric, result.scope, points)
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
    notes += [f"{numbers.day(event.date, result.scope.language)}: {plain(event.title)}" for event in result.events]
    return _table(result.metric, result.scope, (HEADS[grain], *_point_columns(result.metric)), rows, notes)


@table.register
def _(result: Breakdown) -> Table:
    points = [(row, estimate(row)) for row in result.points.iter_rows(named=True)]
    forms = _forms(result.metric, [point for _, point in points], result.scope)
    small = any(_is_small(point, result.scope) for _, point in points)
    rows = [
        (
            label(row) + (SMALL if _is_small(point, result.scope) else ""),
            *_cells(form, point),
            _number(form, row["before"]),
            *_rest_cells(result, row),
        )
        for (row, point), form in zip(points, forms, strict=True)
    ]
    form = level_format(result.metric, result.overall, result.scope.language)
    rows.append(("All together", *_cells(form, result.overall), NOTHING, NOTHING, NOTHING))
    before = f">{numbers.month(result.baseline, result.scope.language)}"
    columns = (
        plain(result.by_title[:1].upper() + result.by_title[1:]),
        *_point_columns(result.metric),
        before,
        ">Against the rest",
        ">95 % interval",
    )
    notes = [f"{SMALL} fewer than {result.scope.min_group} {_units(result.metric)}"] if small else []
    return _table(result.metric, result.scope, columns, rows, notes, month=True)


@table.register
def _(result: Distribution) -> Table:
    rows = []
    for row in result.points.iter_rows(named=True):
        form = share_format(row)
        rows.append((plain(row["group"]), *_cells(form, estimate(row)), _number(form, row["before"])))
    before = f">{numbers.month(result.baseline, result.scope.language)}"
    columns = ("Class", *_point_columns(result.metric, value=">Share"), before)
    month = numbers.month(result.scope.month, result.scope.language)
    return Table(f"{plain(result.title)}, {month}{_filters(result.scope)}", columns, tuple(rows))


@table.register
def _(result: Comparison) -> Table:
    points = [(row, estimate(row)) for row in result.points.iter_rows(named=True)]
    forms = _forms(result.metric, [point for _, point in points], result.scope)
    rows = [
        (
            label(row), *_cells(form, point), _number(form, row["before"]),
            *((percent(row), "yes" if row["beyond"] else "no") if is_compared(row) else (NOTHING, NOTHING)),
        )
        for (row, point), form in zip(points, forms, strict=True)
    ]  # fmt: skip
    columns = ("Compared", *_point_columns(result.metric), ">Baseline", ">Difference", "Beyond chance")
    return Table(f"{plain(result.title, LONG)}{_filters(result.scope)}", columns, tuple(rows))


@table.register
def _(result: Peaks) -> Table:
    form = Format("", decimals=1, language=result.scope.language)
    cells = {(row["weekday"], row["hour"]): row["value"] for row in result.points.iter_rows(named=True)}
    days = range(1, 8)
    rows = [(clock_hour(hour), *(_number(form, cells.get((day, hour))) for day in days)) for hour in range(24)]
    columns = ("Hour", *(f">{numbers.weekday(day, result.scope.language)}" for day in days))
    notes = [made_of(row) for row in result.makers.iter_rows(named=True) if row["difference"] is not None]
    months = " to ".join(numbers.month(month, result.scope.language) for month in result.months)
    caption = f"{result.metric.title}, mean of one hour, {months}{_filters(result.scope)}"
    return Table(caption, columns, tuple(rows), (*("In the busiest hour, against all others:",)[: len(notes)], *notes))


@table.register
def _(result: Overview) -> Table:
    rows = [_overview_row(trend, trend.metric.name in result.survives) for trend in result.trends]
    titles = {name: METRICS[name].title if name in METRICS else plain(name) for name in result.missing}
    rows += [(title, "not known", "", "", "", "", "") for title in titles.values()]
    columns = ("Key figure", ">Value", ">95 % interval", "Change", ">95 % interval", "Beyond chance", ">Rows")
    notes = [f"{titles[name]}: {plain(reason, 400)}" for name, reason in result.missing.items()]
    month = numbers.month(result.scope.month, result.scope.language)
    return Table(f"Key figures, {month}{_filters(result.scope)}", columns, tuple(rows), tuple(notes))


@table.register
def _(result: Contrast) -> Table:
    points = {plain(row["group"]): estimate(row) for row in result.points.iter_rows(named=True)}
    forms = _forms(result.metric, list(points.values()), result.scope)
    rows = [(name, *_cells(form, point)) for (name, point), form in zip(points.items(), forms, strict=True)]
    if result.difference is not None:
        between = width(result.low, result.high)
        form = format_of(result.metric, result.difference, between, difference=True, language=result.scope.language)
        rows.append(("Difference", form.value(result.difference), form.interval(result.low, result.high), "", ""))
    if result.ratio is not None:
        form = times_format(result)
        between_times = form.interval(result.ratio_low, result.ratio_high)
        rows.append(("Times as much", form.bare(result.ratio), between_times, "", ""))
    caption = f"{result.metric.title}, {span(result.months)}{_filters(result.scope)}"
    return Table(caption, (plain(result.by_title), *_point_columns(result.metric)), tuple(rows))


@table.register
def _(result: Relation) -> Table:
    rows, notes = [], []
    for row in result.points.iter_rows(named=True):
        beyond = NOTHING if row["value"] is None else "yes" if row["metric"] in result.survives else "no"
        value, interval, n, _ = _cells(RANK, estimate(row))
        rows.append((plain(row["title"]), value, interval, n, beyond))
        notes += [f"{plain(row['title'])}: {plain(row['reason'], 400)}"] if row["reason"] else []
    caption = f"{result.outcome.title}, {span(result.outcome_months)}, and figures of {span(result.figure_months)}"
    columns = ("Figure", ">Rank correlation", ">95 % interval", ">Customers", "Beyond chance among all")
    return Table(caption + _filters(result.scope), columns, tuple(rows), tuple(notes))


@table.register
def _(result: Worth) -> Table:
    points = {row["group"]: estimate(row) for row in result.points.iter_rows(named=True)}
    rows = tuple((name, *_cells(amount(result, point), point)[:3]) for name, point in points.items())
    caption = f"Per customer, the year after {numbers.month(result.start)}{_filters(result.scope)}"
    return Table(caption, ("What", ">Amount", ">95 % interval", ">Customers"), rows)


@table.register
def _(result: History) -> Table:
    return Table(*history_cells(result))


@table.register
def _(result: WaitingList) -> Table:
    return Table(*waiting_cells(result))


@table.register
def _(result: Decomposition) -> Table:
    return _table(result.metric, result.scope, *group_cells(result), of="parts of its change in points")


@table.register
def _(result: Funnel) -> Table:
    return _table(result.metric, result.scope, *funnel_cells(result), of=span(result.months))


@table.register
def _(result: NotKnown) -> Table:
    return Table(plain(result.title), ("Not known because",), ((plain(result.reason, 400),),))


def _overview_row(trend: Trend, survives: bool) -> tuple[str, ...]:
    point = (
        estimate(trend.points.row(-1, named=True)) if trend.points.height else Estimate(0, 0, None, None, None, None)
    )
    value, interval, rows, _ = _cells(level_format(trend.metric, point, trend.scope.language), point)
    words, between = _change_cells(trend.change) if trend.change else (NOTHING, NOTHING)
    moved = trend.change is not None and verdict(trend.change) in ("rose", "fell")
    beyond = ("yes" if survives else "alone, not among all figures") if moved else "no"
    return trend.metric.title, value, interval, words, between, beyond, rows


def _table(
    metric: Metric,
    scope: Scope,
    columns: tuple[str, ...],
    rows: Sequence[tuple[str, ...]],
    notes: Sequence[str] = (),
    *,
    of: str = "",
    month: bool = False,
) -> Table:
    period = f", {numbers.month(scope.month, scope.language)}" if month else ""
    caption = f"{metric.title}{f', {of}' if of else ''}{period}{_filters(scope)}"
    return Table(caption, columns, tuple(rows), tuple(notes))


def _filters(scope: Scope) -> str:
    return f" ({plain(scope.filters)})" if scope.filters else ""


def _point_columns(metric: Metric, value: str = ">Value") -> tuple[str, ...]:
    rows = "answers" if metric.anchor == "answered" else metric.table.replace("_", " ")
    return value, ">95 % interval", f">{rows.capitalize()}", f">{_units(metric).capitalize()}"


def _units(metric: Metric) -> str:
    return f"{metric.unit.removesuffix('_id')}s"


def _point_rows(metric: Metric, scope: Scope, points: dict[str, Estimate]) -> list[tuple[str, ...]]:
    forms = _forms(metric, list(points.values()), scope)
    return [
        (numbers.period(period, scope.language).removeprefix("the week of "), *_cells(form, point))
        for (period, point), form in zip(points.items(), forms, strict=True)
    ]


def _forms(metric: Metric, points: list[Estimate], scope: Scope) -> list[Format]:
    """Return the format of each row: the decimals of the typical one, so that numbers stand below each other."""
    forms = [level_format(metric, point, scope.language) for point in points]
    typical = median_low(
        [form.decimals for form, point in zip(forms, points, strict=True) if point.low is not None] or [1]
    )
    return forms if metric.kind == "duration" else [replace(form, decimals=typical) for form in forms]


def _cells(form: Format, point: Estimate) -> tuple[str, str, str, str]:
    interval = form.interval(point.low, point.high) or NOTHING
    counts = (numbers.number(count, language=form.language) for count in (point.n, point.units))
    return _number(form, point.value), interval, *counts  # type: ignore[return-value]


def _number(form: Format, value: float | None) -> str:
    return NOTHING if value is None else form.value(value)


def _change_cells(change: Change) -> tuple[str, str]:
    """Return arrow and word, and the interval with its signs."""
    interval = difference_format(change).interval(change.low, change.high)
    return verdict_words(change) or NOTHING, interval or NOTHING


def _rest_cells(result: Breakdown, row: dict[str, Any]) -> tuple[str, str]:
    size, low, high = row["rest_difference"], row["rest_low"], row["rest_high"]
    if size is None:
        return NOTHING, NOTHING
    form = format_of(result.metric, size, width(low, high), difference=True, language=result.scope.language)
    return form.value(size), form.interval(low, high) or NOTHING


def _is_small(point: Estimate, scope: Scope) -> bool:
    return point.units < scope.min_group


def _aligned(cell: str, width: int, column: str) -> str:
    return cell.rjust(width) if column.startswith(">") else cell.ljust(width)
