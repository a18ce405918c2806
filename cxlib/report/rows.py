"""From a figure of a page to the rows behind it: each list once, as a page and as CSV.

Lists hold ids of customers and tickets: they belong to the internal report only.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl
from polars import selectors

from cxlib import numbers
from cxlib.errors import CxError
from cxlib.metrics import Metric, View, parse_filters, rows
from cxlib.metrics.rows import ADDS, ENDED, MINUTES, WEIGHT, WORKING
from cxlib.periods import months_between
from cxlib.report.page import Page
from cxlib.report.row_page import MOST, RowPage, in_words
from cxlib.schema import DIMENSIONS
from cxlib.stats import figures
from cxlib.stats.daily import day_counts
from cxlib.stats.listed import LISTS, RowList
from cxlib.stats.results import Estimate, NotKnown
from cxlib.tabulate import Table
from cxlib.words.change import level_format
from cxlib.words.sentence import plain

FOLDER = "rows"
FEW, LONG = 3, 160
Note = dict[str, Any]
Asked = tuple[str, str, str, bool]
"""Metric, filters, days (`metrics.rows`) and whether it is of many months: what shares one list."""


@dataclass(slots=True)
class _List:
    """One list: the first note of it, its months, the dimensions beside its rows, and the pages that lead to it."""

    note: Note
    months: set[str] = field(default_factory=set)
    by: set[str] = field(default_factory=set)
    pages: dict[str, Page] = field(default_factory=dict)
    address: str = ""

    @property
    def asked(self) -> Asked:
        """What the notes of a metric's own rows have in common."""
        name, filters, days = (self.note[part] for part in ("metric", "filters", "days"))
        return name, filters, days, len(_months(self.note["months"])) > FEW


def link_rows(sheets: Sequence[tuple[Page, Any]], view: View, folder: Path) -> None:
    """Write the lists behind all tables of executed notebooks and note the links to them beside each table.

    What asks for few months of a figure shares one list, what asks for many another one.

    Args:
        sheets: Pages with their executed notebooks; the note is made in the outputs' metadata.
        view: What the report is of.
        folder: The report's folder.
    """
    noted = [
        (page, part)
        for page, notebook in sheets
        for output in (output for cell in notebook.cells for output in cell.get("outputs", []))
        if "rows" in (part := output.get("metadata", {}).get("cx", {}))
    ]
    lists: dict[Asked | str, _List] = {}
    for page, part in noted:
        for one in part["rows"]:
            found = lists.setdefault(_key(one), _List(one))
            found.months |= set(_months(one.get("months", "")))
            found.by |= set(filter(None, [one.get("by"), view.by]))
            found.pages[page.file] = page
    taken: dict[str, int] = {}
    for one in lists.values():
        _write(one, view, folder, taken)
    for _, part in noted:
        ways = ((lists[_key(one)].address, _name(one, view)) for one in part["rows"])
        part["links"] = list(dict.fromkeys(way for way in ways if way[0]))


def _name(one: Note, view: View) -> str:
    if "list" in one:
        return LISTS[one["list"]].title
    when = _when(_months(one["months"]), one["days"], view.language, many=_List(one).asked[3])
    return f"{view.metric(one['metric']).title}, {when}"


def _key(one: Note) -> Asked | str:
    if "list" in one:
        return json.dumps(one, sort_keys=True)
    return _List(one).asked


def _months(text: str) -> list[str]:
    """Return the months of "2026-10 2026-09" or "2025-11/2026-10".

    >>> _months("2026-10 2025-10/2025-12")
    ['2026-10', '2025-10', '2025-11', '2025-12']
    """
    return [month for part in text.split() for month in months_between(part[:7], part[-7:])]


def _when(months: Sequence[str], days: str, language: str, *, many: bool) -> str:
    if days not in ("", WORKING):
        return numbers.period(days, language)
    words = [numbers.month(month, language) for month in months]
    told = f"{words[0]} to {words[-1]}" if many else ", ".join(words)
    return f"{told}, working days" if days else told


def _write(one: _List, view: View, folder: Path, taken: dict[str, int]) -> None:
    """Write one list and note its address, none where the data have none."""
    try:
        page = _of_answer(one.note, view) if "list" in one.note else _of_metric(one, view)
    except CxError:
        return
    if page is None:
        return
    number = taken[page.stem] = taken.get(page.stem, 0) + 1
    path = folder / FOLDER / f"{page.stem}{f'-{number}' if number > 1 else ''}.html"
    page.write(path, one.pages.values(), view)
    one.address = f"{FOLDER}/{path.name}"


def _of_answer(note: Note, view: View) -> RowPage | None:
    """Return the page of a list that stands beside its statistic (`stats.listed`)."""
    listed, filters = LISTS[note["list"]], parse_filters(note["filters"])
    found = listed.of(replace(view, month=note["month"], filters=filters), *note["args"], **note["words"])
    if isinstance(found, NotKnown):
        return None
    local = selectors.datetime(time_zone="*").dt.convert_time_zone(view.data.settings.timezone)
    when = f"as of {numbers.month(note['month'], view.language)}"
    return RowPage(
        f"{listed.name}-{note['month']}", listed.title, when, listed.made, _made_by(listed, found), "",
        found.with_columns(local), found.height > MOST, note["filters"],
    )  # fmt: skip


def _made_by(listed: RowList, found: pl.DataFrame) -> Table:
    """Return what the rows make, group by group: the figure where it is a sum or a mean, their number, their sums."""
    total = pl.col(ADDS).sum() / (pl.col(WEIGHT).sum() if WEIGHT in found.columns else 1)
    figure = {"figure": total.cast(pl.Float64)} if ADDS in found.columns else {}
    made = found.group_by(listed.by, maintain_order=True).agg(
        **figure, rows=pl.len(), **{f"Σ {name}": pl.col(name).sum() for name in listed.sums}
    )
    shown = [made.select(pl.concat_str(listed.by, separator=", ")).to_series(), *made.drop(listed.by)]
    cells = zip(*(in_words(column) if place else column for place, column in enumerate(shown)), strict=True)
    columns = ("group", *(f">{column.name}" for column in shown[1:]))
    return Table("What the rows make", columns, tuple(tuple(plain(cell, LONG) for cell in row) for row in cells))


def _of_metric(one: _List, view: View) -> RowPage:
    """Return the page of a list of a metric's own rows."""
    name, filters, days, many = one.asked
    months = sorted(one.months)
    looked = replace(view, month=months[-1], filters=parse_filters(filters))
    metric = looked.metric(name)
    reached = [by for by in sorted(one.by) if by in DIMENSIONS and metric.table in DIMENSIONS[by].paths]
    found = rows(name, looked, "+".join(reached), months=months, days=days)
    span = f"{months[0]}-to-{months[-1]}" if many else months[-1]
    option = f" --filter {shlex.quote(looked.filter_text)}" if filters else ""
    return RowPage(
        f"{name}-{f'{span}-{days}' if days == WORKING else days.replace('/', '-to-') or span}", metric.title,
        _when(sorted(months, reverse=not many), days, view.language, many=many), metric.sentence,
        _totals(one, metric, looked, found), _made(days, metric, found), found, many, looked.filter_text,
        f"cx rows {view.data.name} --metric {name} --month YYYY-MM{option}",
    )  # fmt: skip


def _totals(one: _List, metric: Metric, view: View, found: pl.DataFrame) -> Table:
    """Return what the rows make, month by month or of the period: their number, their sums, the printed figure."""
    days, months = one.asked[2], sorted(one.months, reverse=True)
    parts = {month: found.filter(pl.col("month") == month) if len(months) > 1 else found for month in months}
    if days == WORKING:
        worked = day_counts(metric, view, months).filter(pl.col("kind") == "working")
        length = dict(worked.group_by("period").agg(pl.col("day").n_unique()).iter_rows())
        figure = {
            month: f"{numbers.number(float(part[ADDS].sum()) / length[month], 1)} a day on {length[month]} working days"
            for month, part in parts.items() if month in length
        }  # fmt: skip
    elif days:
        parts = {days: found}
        figure = {days: f"{numbers.number(float(found[ADDS].sum()))} {metric.measured_in}"}
    else:
        printed = figures(view, months, names=[metric.name])
        figure = {row["period"]: _printed(metric, row, view.language) for row in printed.iter_rows(named=True)}
    sums = [ENDED] if ENDED in found.columns else [ADDS] if metric.kind == "count" else [ADDS, WEIGHT]
    told = ((numbers.period(period, view.language), figure.get(period, "–")) for period in parts)
    counts = [pl.Series([part.height for part in parts.values()])]
    counts += [pl.Series([float(part[name].sum()) for part in parts.values()]) for name in sums]
    cells = zip(*zip(*told, strict=True), *map(in_words, counts), strict=True)
    return Table("What the rows make", ("period", ">figure", ">rows", *(f">{name}" for name in sums)), tuple(cells))


def _printed(metric: Metric, row: dict[str, Any], language: str) -> str:
    value, low, high = row["value"], row["low"], row["high"]
    form = level_format(metric, Estimate(row["n"], row["units"], value, None, low, high), language)
    return "not yet reached" if value is None else form.with_interval(value, low, high)


def _made(days: str, metric: Metric, found: pl.DataFrame) -> str:
    """Return how the rows make the figure, and which of them count 0 in its number."""
    if MINUTES in found.columns:
        how = f"the {metric.statistic} of the minutes (Kaplan–Meier)"
        return f"The figure is {how}; a wait not ended counts as at least so long."
    if metric.kind == "count":
        rate = ", divided by the working days" if days == WORKING else ""
        return f"The figure is the sum of what the rows add{rate}."
    nothing = found.filter(pl.col(WEIGHT) == 0)
    kinds = nothing["kind"] if "kind" in found.columns else pl.repeat("row", nothing.height, eager=True)
    told = [f"{numbers.number(count)} {plain(kind)}s" for kind, count in sorted(kinds.value_counts().iter_rows())]
    zero = f" {' and '.join(told)} count 0 in the number of {metric.table.replace('_', ' ')}." if told else ""
    return f"The figure is what the rows add divided by their weight.{zero}"
