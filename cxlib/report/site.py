"""From executed notebooks to a folder of pages, and from months to each other."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

import polars as pl

from cxlib import numbers
from cxlib.errors import CxError, UsageError
from cxlib.harmless import guarded
from cxlib.metrics import Query
from cxlib.present.sentences import Claims, threshold, total
from cxlib.report import safe
from cxlib.report.notebooks import tidy, tidy_text
from cxlib.report.page import Page, Site, all_claims, finding, head, other_findings, render, without_unset
from cxlib.report.parameters import read
from cxlib.report.rows import link_rows
from cxlib.report.stamp import stamp
from cxlib.store.switch import alone

RECORD = "report.json"
MARK = '<meta name="generator" content="cxlib">'
TEMPLATES = Path(__file__).parent / "templates" / "cx"
MONTHS_SHOWN = 13
_COMPARED = {"previous": "the month before", "last_year": "the same month last year"}
_MONTH_LINKS = re.compile("(<!--months-->).*?(<!--/months-->)", re.DOTALL)
_MONTH_FOLDER = re.compile(r"\d{4}-\d{2}")


def write_site(folder: Path, query: Query, notebooks: Sequence[Path], failed: dict[str, str]) -> None:
    """Write all pages, figures and assets of one month into a folder that has the executed notebooks.

    Args:
        folder: The report's folder; `notebooks/` in it holds those executed.
        query: What the report is of.
        notebooks: The notebooks as they were before, in the order of the pages.
        failed: Name of each failed notebook → its error.
    """
    sheets = [_sheet(folder / "notebooks" / path.name, path, failed.get(path.name, "")) for path in notebooks]
    if not any(page.file == "index.html" for page, _ in sheets):
        sheets.insert(0, _contents())
    link_rows(sheets, query, folder)
    counted = [Claims() if page.error else all_claims(notebook) for page, notebook in sheets]
    limit = threshold(total(counted).p_values)
    sheets = [
        (_judged(page, notebook, claims, limit), notebook)
        for (page, notebook), claims in zip(sheets, counted, strict=True)
    ]
    site = _site(query, [page for page, _ in sheets])
    for page, notebook in sheets:
        (folder / page.file).write_text(render(notebook, page, site), encoding="utf-8")
    _write_figures(folder, query)
    _write_assets(folder / "assets")
    record = {"data": query.data.name, "month": query.month, "stamp": site.stamp, "failed": failed}
    (folder / RECORD).write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def link_months(folder: Path, language: str = "en") -> None:
    """Link the months of a data set with their neighbours and list them, newest first, in index.html.

    A month that another run is building at this moment is left to that run, which links all of them when it is done.

    Args:
        folder: reports/<data>; each month's report is a folder in it.
        language: Language of the months' names.
    """
    with alone(folder / "months", wait=True) as place:
        months = _months_in(folder)
        for month in months:
            with suppress(CxError), alone(folder / month):
                _link(folder / month, month, months, language, place / "new")
        if months:
            _replace(folder / "index.html", _month_list(folder.name, months[::-1], language), place / "new")


def link_new(new: Path, folder: Path, language: str) -> None:
    """Link a report that is about to become reports/<data>/<month>, the folder, with the other months."""
    months = sorted({*_months_in(folder.parent), folder.name})
    _link(new, folder.name, months, language, new.with_name("pages"))


def refuse_other_list(folder: Path) -> None:
    """Raise a UsageError where index.html of reports/<data> is none that `link_months` wrote."""
    path = folder / "index.html"
    if path.exists() and MARK not in path.read_text(encoding="utf-8", errors="replace"):
        raise UsageError(f"{path} is no list of reports that cx wrote; nothing was changed, move it away.")


def is_whole(folder: Path) -> bool:
    """Tell whether a folder holds a report of which no page failed."""
    return _is_report(folder) and not json.loads((folder / RECORD).read_text(encoding="utf-8"))["failed"]


def _sheet(executed: Path, original: Path, error: str) -> tuple[Page, Any]:
    """Return the page of a notebook; one whose kernel never started is shown as it was before."""
    if not executed.exists():
        shutil.copyfile(original, executed)
    notebook = read(executed)
    executed.write_text(tidy_text(notebook), encoding="utf-8")
    notebook = tidy(notebook)
    notebook.cells = notebook.cells if error else without_unset(notebook.cells)
    return head(notebook, executed.name, error)


def _judged(page: Page, notebook: Any, claims: Claims, limit: float) -> Page:
    """Return a page with its claims, and what of them is clear among all comparisons of the report."""
    if page.error:
        return page
    return replace(page, found=finding(notebook, limit), others=other_findings(notebook, limit), claims=claims)


def _contents() -> tuple[Page, Any]:
    """Return a first page for a report without an overview."""
    import nbformat

    return Page("index.html", "", "Report", "What do the pages of this report answer?"), nbformat.v4.new_notebook()  # type: ignore[no-untyped-call]


def _site(query: Query, pages: Sequence[Page]) -> Site:
    month = numbers.month(query.month, query.language)
    baseline = _COMPARED.get(query.compare_with) or numbers.month(query.compare_with, query.language)
    filters = f"only {query.filter_text}" if query.filters else ""
    return Site(
        where=" · ".join(filter(None, [month, f"data: {query.data.name}", filters, f"compared with {baseline}"])),
        report=f"{query.data.name} · {month}",
        stamp=stamp(query, built=True).text,
        language=query.language,
        pages=tuple(pages),
    )


def _write_figures(folder: Path, query: Query) -> None:
    from cxlib.questions import figures

    months = query.months(MONTHS_SHOWN)
    parts = [figures(query, months)] + ([figures(query, months, by=query.by)] if query.by else [])
    table = pl.concat(parts)
    table.write_parquet(folder / "figures.parquet")
    guarded(table).write_csv(folder / "figures.csv")
    rows = ",\n".join(json.dumps(row, ensure_ascii=False) for row in table.iter_rows(named=True))
    (folder / "figures.json").write_text(f"[\n{rows}\n]\n", encoding="utf-8")


def _write_assets(folder: Path) -> None:
    import vl_convert

    from cxlib.present.charts import theme

    folder.mkdir()
    shutil.copyfile(TEMPLATES / "live.js", folder / "live.js")
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    dark = f"@media screen and (prefers-color-scheme: dark) {{\n{theme.dark_css()}\n}}\n"
    (folder / "style.css").write_text(style + dark, encoding="utf-8")
    vega = vl_convert.javascript_bundle(None)  # type: ignore[arg-type]
    (folder / "vega.js").write_text(vega, encoding="utf-8")


def _is_report(folder: Path) -> bool:
    return (folder / RECORD).is_file() and (folder / "index.html").is_file()


def _months_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if _MONTH_FOLDER.fullmatch(path.name) and _is_report(path))


def _link(report: Path, month: str, months: Sequence[str], language: str, aside: Path) -> None:
    """Write the links to the months before and after one into its pages."""
    number = months.index(month)
    before = months[number - 1] if number else None
    after = months[number + 1] if number + 1 < len(months) else None
    links = _month_links(before, after, language)
    for page in sorted(report.glob("*.html")):
        text = page.read_text(encoding="utf-8")
        _replace(page, _MONTH_LINKS.sub(rf"\g<1>{links}\g<2>", text, count=1), aside)


def _month_links(before: str | None, after: str | None, language: str) -> str:
    links = ""
    if before:
        links += f'<a rel="prev" href="../{before}/index.html">← {escape(numbers.month(before, language))}</a>'
    if after:
        links += f'<a rel="next" href="../{after}/index.html">{escape(numbers.month(after, language))} →</a>'
    return links + '<a href="../index.html">All months</a>'


def _month_list(data: str, newest_first: Sequence[str], language: str) -> str:
    items = "\n".join(
        f'<li><a href="{month}/index.html">{escape(numbers.month(month, language))}</a></li>' for month in newest_first
    )
    body = f'<p class="where">data: {escape(data)}</p>\n<h1>Monthly reports</h1>\n<ul>\n{items}\n</ul>'
    style = f"{newest_first[0]}/assets/style.css"
    return safe.page(f"Reports: {escape(data)}", body, style=style, language=language)


def _replace(path: Path, text: str, aside: Path) -> None:
    """Write a file so that a reader sees the old or the new one, never half of it; `aside` is where it is written."""
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return
    aside.mkdir(exist_ok=True)
    (aside / path.name).write_text(text, encoding="utf-8")
    (aside / path.name).replace(path)
