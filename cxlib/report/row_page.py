"""A list of rows as a page and as CSV: what the rows are, what they make, and the first of them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import polars as pl

from cxlib import numbers
from cxlib.metrics import Query, as_csv
from cxlib.metrics.rows import DECIMALS
from cxlib.present.sentences.sentence import plain
from cxlib.present.tables import Table
from cxlib.present.tables.cells import in_unit
from cxlib.report import safe
from cxlib.report.page import Page

MOST = 1000


@dataclass(frozen=True, slots=True)
class RowPage:
    """What a page of rows says.

    Attributes:
        stem: What its files are called, numbered where several would be alike.
        title: What the rows are, as a heading.
        when: Their months, in words.
        sentence: What the figure is.
        totals: What the rows make.
        made: How they make it.
        rows: All of them, ids first.
        zipped: Whether the CSV is.
        filters: Filters of the rows as given.
        units: Units of columns.
        command: What lists those of other months, empty where nothing does.
    """

    stem: str
    title: str
    when: str
    sentence: str
    totals: Table
    made: str
    rows: pl.DataFrame
    zipped: bool
    filters: str
    units: dict[str, str]
    command: str = ""

    def write(self, path: Path, back: Iterable[Page], query: Query) -> None:
        """Write the page, which leads back to these pages, and the CSV beside it."""
        path.parent.mkdir(exist_ok=True)
        if self.zipped:
            with ZipFile(path.with_suffix(".zip"), "w") as zipped:
                zipped.writestr(ZipInfo(f"{path.stem}.csv"), as_csv(self.rows), ZIP_DEFLATED)
        else:
            path.with_suffix(".csv").write_text(as_csv(self.rows), encoding="utf-8")
        path.write_text(self._html(path.stem, back, query), encoding="utf-8")

    def _html(self, name: str, back: Iterable[Page], query: Query) -> str:
        cells = tuple(zip(*(in_words(column) for column in self.rows.head(MOST)), strict=True))
        columns = tuple(heading(column, self.units) for column in self.rows)
        kept = f", only {self.filters}" if self.filters else ""
        count = numbers.number(self.rows.height)
        more = f"the first {numbers.number(MOST)} of {count}; all of them in the CSV"
        title, where, sentence, made, zone, command, shown = (
            escape(plain(text, 600))
            for text in (
                self.title, f"{self.when} · data: {query.data.name}{kept}", self.sentence, self.made,
                query.data.settings.timezone, self.command, count if self.rows.height <= MOST else more,
            )
        )  # fmt: skip
        links = " · ".join(f'<a href="../{escape(page.file)}">{escape(page.title)}</a>' for page in back)
        file = ("zip", "All rows as CSV, zipped") if self.zipped else ("csv", "All rows as CSV")
        others = f" · any other month: <code>{command}</code>" if command else ""
        body = f"""<p class="where">{where} · internal: holds ids of customers and tickets</p>
<h1>{title}</h1>
<p class="question">{sentence}</p>
<p class="back">Back to {links}</p>
<div class="wide">{self.totals.html}</div>
<p class="sums">{made}</p>
<p><a href="{escape(name)}.{file[0]}">{file[1]}</a> · instants are local time, {zone}{others}</p>
<p>Rows: {shown}.</p>
<div class="wide list" tabindex="0" role="region" aria-label="Rows">{Table("", columns, cells).html}</div>"""
        return safe.page(title, body, style="../assets/style.css", language=query.language)


def heading(column: pl.Series, units: dict[str, str]) -> str:
    """Return the heading of a column with its unit, marked where it holds numbers."""
    return f"{'>' if column.dtype.is_numeric() else ''}{in_unit(column.name, units.get(column.name, ''))}"


def in_words(column: pl.Series) -> list[str]:
    """Return the cells of a column as text: numbers whole where all are, else with two decimals, or three digits."""
    if not column.dtype.is_numeric():
        return [_cell(value) for value in column]
    settled = column.cast(pl.Float64).round(DECIMALS)
    settled = settled.set(~settled.is_finite(), None)
    whole = (settled == settled.round()).all()
    decimals = 0 if whole else max(2, 2 - math.floor(math.log10(settled.abs().max())))  # type: ignore[arg-type]
    return ["" if value is None else numbers.number(value, decimals) for value in settled]


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else plain(f"{value:%Y-%m-%d %H:%M:%S}" if hasattr(value, "hour") else str(value))
