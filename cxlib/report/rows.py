"""From a figure of a page to the rows behind it: one list a figure and month, as a page and as CSV.

Lists hold ids of customers and tickets: they belong to the internal report only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

import polars as pl

from cxlib import numbers
from cxlib.errors import CxError
from cxlib.metrics import Metric, View, as_csv, parse_filters, rows
from cxlib.metrics.rows import ADDS, MINUTES, WEIGHT
from cxlib.report import safe
from cxlib.schema import DIMENSIONS
from cxlib.stats import figures
from cxlib.stats.results import Estimate
from cxlib.tabulate import Table
from cxlib.words.change import level_format
from cxlib.words.sentence import plain

FOLDER = "rows"
MOST = 1000
Asked = tuple[str, str, str]
"""Metric, month and filters of one list."""


def link_rows(notebooks: Iterable[Any], view: View, folder: Path) -> None:
    """Write the lists behind all tables of executed notebooks and note the links to them beside each table.

    Args:
        notebooks: Executed notebooks; the note is made in the outputs' metadata.
        view: What the report is of.
        folder: The report's folder.
    """
    outputs = [output for notebook in notebooks for cell in notebook.cells for output in cell.get("outputs", [])]
    noted = [part for part in (output.get("metadata", {}).get("cx", {}) for output in outputs) if "rows" in part]
    asked: dict[Asked, set[str]] = {}
    for one in (one for part in noted for one in part["rows"]):
        asked.setdefault(_key(one), set()).update(filter(None, [one["by"], view.by]))
    links: dict[Asked, tuple[str, str]] = {}
    for key, dimensions in asked.items():
        number = sum(other[:2] == key[:2] for other in links) + 1
        if link := _list(key, sorted(dimensions), view, folder, "" if number == 1 else f"-{number}"):
            links[key] = link
    for part in noted:
        part["links"] = list(dict.fromkeys(links[key] for key in map(_key, part["rows"]) if key in links))


def _key(one: dict[str, str]) -> Asked:
    return one["metric"], one["month"], one["filters"]


def _list(asked: Asked, dimensions: list[str], view: View, folder: Path, number: str) -> tuple[str, str] | None:
    """Write one list; return its address and name, or None where the data have none."""
    name, month, filters = asked
    try:
        looked = replace(view, month=month, filters=parse_filters(filters))
        metric = looked.metric(name)
        reached = [one for one in dimensions if one in DIMENSIONS and metric.table in DIMENSIONS[one].paths]
        found = rows(name, looked, "+".join(reached))
    except CxError:
        return None
    (folder / FOLDER).mkdir(exist_ok=True)
    path = folder / FOLDER / f"{name}-{month}{number}"
    path.with_suffix(".csv").write_text(as_csv(found), encoding="utf-8")
    path.with_suffix(".html").write_text(_page(metric, looked, found, path.name), encoding="utf-8")
    return f"{FOLDER}/{path.name}.html", f"{metric.title}, {numbers.month(month, view.language)}"


def _page(metric: Metric, view: View, found: pl.DataFrame, name: str) -> str:
    shown = found.head(MOST)
    cells = tuple(tuple(_cell(value) for value in row) for row in shown.iter_rows())
    columns = [f">{name}" if kind.is_numeric() else name for name, kind in found.schema.items()]
    kept = f", only {view.filter_text}" if view.filters else ""
    count = numbers.number(found.height)
    caption = count if found.height <= MOST else f"the first {numbers.number(MOST)} of {count}; all of them in the CSV"
    told = f"{numbers.month(view.month, view.language)} · data: {view.data.name}{kept}"
    title, where, sentence, sums, csv = (
        escape(plain(text, 600))
        for text in (metric.title, told, metric.sentence, _sums(metric, view, found), f"{name}.csv")
    )
    body = f"""<p class="where">{where} · internal: holds ids of customers and tickets</p>
<h1>{title}: the rows</h1>
<p class="question">{sentence}</p>
<p class="sums">{sums}</p>
<p><a href="{csv}">All rows as CSV</a> · <a href="../index.html">the report</a> · instants are UTC</p>
<div class="wide">{Table(f"Rows: {caption}", tuple(columns), cells).html}</div>"""
    return safe.page(f"Rows: {title}", body, style="../assets/style.css", language=view.language)


def _sums(metric: Metric, view: View, found: pl.DataFrame) -> str:
    """Return how the rows make the printed figure."""
    printed = figures(view, [view.month], names=[metric.name])
    if not printed.height:
        return "No row counts."
    value, low, high, n, units = printed.select("value", "low", "high", "n", "units").row(0)
    shown = "not yet reached"
    if value is not None:
        form = level_format(metric, Estimate(n, units, value, None, low, high), view.language)
        shown = form.with_interval(value, low, high)
    if MINUTES in found.columns:
        return f"{shown}: the median of {numbers.number(n)} waits; one not ended counts as at least so long."
    added = numbers.number(float(found[ADDS].sum()), 2)
    if metric.kind == "count":
        return f"{shown}: the sum of what {numbers.number(n)} rows add, {added}."
    weight = numbers.number(float(found[WEIGHT].sum()), 2)
    return f"{shown}: what {numbers.number(n)} rows add, {added}, divided by their weight, {weight}."


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return "" if value is None else plain(f"{value:%Y-%m-%d %H:%M:%S}" if hasattr(value, "hour") else str(value))
