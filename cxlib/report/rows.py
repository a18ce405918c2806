"""From a figure of a page to the rows behind it: each list once, as a page and as CSV.

Lists hold ids of customers and tickets: they belong to the internal report only.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import polars as pl

from cxlib import numbers
from cxlib.errors import CxError
from cxlib.metrics import Metric, View, as_csv, parse_filters, rows
from cxlib.metrics.rows import ADDS, ENDED, MINUTES, WEIGHT, WORKING
from cxlib.periods import grain_of, months_between
from cxlib.report import safe
from cxlib.report.page import Page
from cxlib.schema import DIMENSIONS
from cxlib.stats import figures
from cxlib.stats.daily import day_counts
from cxlib.stats.results import Estimate
from cxlib.tabulate import Table
from cxlib.words.change import level_format
from cxlib.words.sentence import plain

FOLDER = "rows"
MOST, FEW = 1000, 3
Asked = tuple[str, str, str, bool]
"""Metric, filters, days (`metrics.rows`) and whether it is of many months: what shares one list."""


@dataclass(slots=True)
class _List:
    """One list: its months, the dimensions beside its rows, and the pages that lead to it."""

    asked: Asked
    months: set[str] = field(default_factory=set)
    by: set[str] = field(default_factory=set)
    pages: dict[str, Page] = field(default_factory=dict)
    address: str = ""


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
    lists: dict[Asked, _List] = {}
    for page, part in noted:
        for one in part["rows"]:
            found = lists.setdefault(_key(one), _List(_key(one)))
            found.months |= set(_months(one["months"]))
            found.by |= set(filter(None, [one["by"], view.by]))
            found.pages[page.file] = page
    taken: dict[str, int] = {}
    for one in lists.values():
        _write(one, view, folder, taken)
    for _, part in noted:
        ways = ((lists[_key(one)].address, _name(one, view)) for one in part["rows"])
        part["links"] = list(dict.fromkeys(way for way in ways if way[0]))


def _name(one: dict[str, str], view: View) -> str:
    when = _when(_months(one["months"]), one["days"], view.language, many=_key(one)[3])
    return f"{view.metric(one['metric']).title}, {when}"


def _key(one: dict[str, str]) -> Asked:
    return one["metric"], one["filters"], one["days"], len(_months(one["months"])) > FEW


def _months(text: str) -> list[str]:
    """Return the months of "2026-10 2026-09" or "2025-11/2026-10".

    >>> _months("2026-10 2025-10/2025-12")
    ['2026-10', '2025-10', '2025-11', '2025-12']
    """
    return [month for part in text.split() for month in months_between(part[:7], part[-7:])]


def _when(months: Sequence[str], days: str, language: str, *, many: bool) -> str:
    if days not in ("", WORKING):
        return numbers.period(days, language) + (f" {days[:4]}" if grain_of(days) == "year" else "")
    words = [numbers.month(month, language) for month in months]
    told = f"{words[0]} to {words[-1]}" if many else ", ".join(words)
    return f"{told}, working days" if days else told


def _write(one: _List, view: View, folder: Path, taken: dict[str, int]) -> None:
    """Write one list and note its address, none where the data have none."""
    name, filters, days, many = one.asked
    months = sorted(one.months)
    try:
        looked = replace(view, month=months[-1], filters=parse_filters(filters))
        metric = looked.metric(name)
        reached = [by for by in sorted(one.by) if by in DIMENSIONS and metric.table in DIMENSIONS[by].paths]
        found = rows(name, looked, "+".join(reached), months=months, days=days)
    except CxError:
        return
    span = f"{months[0]}-to-{months[-1]}" if many else months[-1]
    stem = f"{name}-{f'{span}-{days}' if days == WORKING else days.replace('/', '-to-') or span}"
    number = taken[stem] = taken.get(stem, 0) + 1
    stem = f"{stem}-{number}" if number > 1 else stem
    path = folder / FOLDER / f"{stem}.html"
    path.parent.mkdir(exist_ok=True)
    if many:
        with ZipFile(path.with_suffix(".zip"), "w") as zipped:
            zipped.writestr(ZipInfo(f"{stem}.csv"), as_csv(found), ZIP_DEFLATED)
    else:
        path.with_suffix(".csv").write_text(as_csv(found), encoding="utf-8")
    path.write_text(_page(one, metric, looked, found, stem), encoding="utf-8")
    one.address = f"{FOLDER}/{path.name}"


def _page(one: _List, metric: Metric, view: View, found: pl.DataFrame, name: str) -> str:
    cells = tuple(tuple(_cell(value) for value in row) for row in found.head(MOST).iter_rows())
    columns = [f">{name}" if kind.is_numeric() else name for name, kind in found.schema.items()]
    kept = f", only {view.filter_text}" if view.filters else ""
    count = numbers.number(found.height)
    shown = count if found.height <= MOST else f"the first {numbers.number(MOST)} of {count}; all of them in the CSV"
    when = _when(sorted(one.months, reverse=not one.asked[3]), one.asked[2], view.language, many=one.asked[3])
    zone, data = view.data.settings.timezone, view.data.name
    option = f" --filter {shlex.quote(view.filter_text)}" if view.filters else ""
    title, where, sentence, made, zone, command, shown = (
        escape(plain(text, 600))
        for text in (
            metric.title, f"{when} · data: {data}{kept}", metric.sentence, _made(one, metric, found), zone,
            f"cx rows {data} --metric {metric.name} --month YYYY-MM{option}", shown,
        )
    )  # fmt: skip
    back = " · ".join(f'<a href="../{escape(page.file)}">{escape(page.title)}</a>' for page in one.pages.values())
    file = f'{escape(name)}.zip">All rows as CSV, zipped' if one.asked[3] else f'{escape(name)}.csv">All rows as CSV'
    body = f"""<p class="where">{where} · internal: holds ids of customers and tickets</p>
<h1>{title}: the rows</h1>
<p class="question">{sentence}</p>
<p class="back">Back to {back}</p>
<div class="wide">{_totals(one, metric, view, found).html}</div>
<p class="sums">{made}</p>
<p><a href="{file}</a> · instants are local time, {zone} · any other month: <code>{command}</code></p>
<p>Rows: {shown}.</p>
<div class="wide list" tabindex="0" role="region" aria-label="Rows">{Table("", tuple(columns), cells).html}</div>"""
    return safe.page(f"Rows: {title}", body, style="../assets/style.css", language=view.language)


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
    cells = tuple(
        (
            numbers.period(period, view.language), figure.get(period, "–"), numbers.number(part.height),
            *(numbers.number(float(part[name].sum()), 0 if name == ENDED else 2) for name in sums),
        ) for period, part in parts.items()
    )  # fmt: skip
    return Table("What the rows make", ("period", ">figure", ">rows", *(f">{name}" for name in sums)), cells)


def _printed(metric: Metric, row: dict[str, Any], language: str) -> str:
    value, low, high = row["value"], row["low"], row["high"]
    form = level_format(metric, Estimate(row["n"], row["units"], value, None, low, high), language)
    return "not yet reached" if value is None else form.with_interval(value, low, high)


def _made(one: _List, metric: Metric, found: pl.DataFrame) -> str:
    """Return how the rows make the figure, and which of them count 0 in its number."""
    if MINUTES in found.columns:
        how = f"the {metric.statistic} of the minutes (Kaplan–Meier)"
        return f"The figure is {how}; a wait not ended counts as at least so long."
    if metric.kind == "count":
        rate = ", divided by the working days" if one.asked[2] == WORKING else ""
        return f"The figure is the sum of what the rows add{rate}."
    nothing = found.filter(pl.col(WEIGHT) == 0)
    kinds = nothing["kind"] if "kind" in found.columns else pl.repeat("row", nothing.height, eager=True)
    told = [f"{numbers.number(count)} {plain(kind)}s" for kind, count in sorted(kinds.value_counts().iter_rows())]
    zero = f" {' and '.join(told)} count 0 in the number of {metric.table.replace('_', ' ')}." if told else ""
    return f"The figure is what the rows add divided by their weight.{zero}"


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return "" if value is None else plain(f"{value:%Y-%m-%d %H:%M:%S}" if hasattr(value, "hour") else str(value))
