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

from polars import selectors

from cxlib import numbers
from cxlib.errors import CxError
from cxlib.estimates.drilldown import LISTS
from cxlib.metrics import Query, parse_filters, rows
from cxlib.metrics.rows import WORKING
from cxlib.periods import months_between
from cxlib.report.page import Page
from cxlib.report.row_page import MOST, RowPage
from cxlib.report.row_totals import added_in, made, made_by, totals
from cxlib.results.types import NotKnown
from cxlib.tables.schema import DIMENSIONS

FOLDER = "rows"
FEW = 3
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


def link_rows(sheets: Sequence[tuple[Page, Any]], query: Query, folder: Path) -> None:
    """Write the lists behind all tables of executed notebooks and note the links to them beside each table.

    What asks for few months of a figure shares one list, what asks for many another one.

    Args:
        sheets: Pages with their executed notebooks; the note is made in the outputs' metadata.
        query: What the report is of.
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
            found.by |= set(filter(None, [one.get("by"), query.by]))
            found.pages[page.file] = page
    taken: dict[str, int] = {}
    for one in lists.values():
        _write(one, query, folder, taken)
    for _, part in noted:
        ways = ((lists[_key(one)].address, _name(one, query)) for one in part["rows"])
        part["links"] = list(dict.fromkeys(way for way in ways if way[0]))


def _name(one: Note, query: Query) -> str:
    if "list" in one:
        return LISTS[one["list"]].title
    when = _when(_months(one["months"]), one["days"], query.language, many=_List(one).asked[3])
    return f"{query.metric(one['metric']).title}, {when}"


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


def _write(one: _List, query: Query, folder: Path, taken: dict[str, int]) -> None:
    """Write one list and note its address, none where the data have none."""
    try:
        page = _of_answer(one.note, query) if "list" in one.note else _of_metric(one, query)
    except CxError:
        return
    if page is None:
        return
    number = taken[page.stem] = taken.get(page.stem, 0) + 1
    path = folder / FOLDER / f"{page.stem}{f'-{number}' if number > 1 else ''}.html"
    page.write(path, one.pages.values(), query)
    one.address = f"{FOLDER}/{path.name}"


def _of_answer(note: Note, query: Query) -> RowPage | None:
    """Return the page of a list that stands beside its statistic (`estimates.drilldown`)."""
    listed, filters = LISTS[note["list"]], parse_filters(note["filters"])
    found = listed.of(replace(query, month=note["month"], filters=filters), *note["args"], **note["words"])
    if isinstance(found, NotKnown):
        return None
    local = selectors.datetime(time_zone="*").dt.convert_time_zone(query.data.settings.timezone)
    title = f"{listed.title}: {found.about}" if found.about else listed.title
    return RowPage(
        f"{listed.name}-{note['month']}", title, _span(found.months, query), listed.made, made_by(listed, found), "",
        found.rows.with_columns(local), found.rows.height > MOST, note["filters"], found.units,
    )  # fmt: skip


def _span(months: str, query: Query) -> str:
    """Return the months of a list in words (`Listed.months`); of the whole data, from when until when they run."""
    whole, opening = f"{query.data.first_month}/{query.data.last_month}", "" if months else "the whole data, "
    parts = (dict.fromkeys(part.split("/")) for part in (months or whole).split())
    return opening + ", ".join(" to ".join(numbers.period(end, query.language) for end in ends) for ends in parts)


def _of_metric(one: _List, query: Query) -> RowPage:
    """Return the page of a list of a metric's own rows."""
    name, filters, days, many = one.asked
    months = sorted(one.months)
    looked = replace(query, month=months[-1], filters=parse_filters(filters))
    metric = looked.metric(name)
    reached = [by for by in sorted(one.by) if by in DIMENSIONS and metric.table in DIMENSIONS[by].paths]
    found = rows(name, looked, "+".join(reached), months=months, days=days)
    span = f"{months[0]}-to-{months[-1]}" if many else months[-1]
    option = f" --filter {shlex.quote(looked.filter_text)}" if filters else ""
    return RowPage(
        f"{name}-{f'{span}-{days}' if days == WORKING else days.replace('/', '-to-') or span}",
        f"{metric.title}: the rows",
        _when(sorted(months, reverse=not many), days, query.language, many=many), metric.sentence,
        totals(metric, looked, found, sorted(months, reverse=True), days), made(days, metric, found), found, many,
        looked.filter_text, added_in(metric),
        f"cx rows {query.data.name} --metric {name} --month YYYY-MM{option}",
    )  # fmt: skip
