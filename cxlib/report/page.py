"""From an executed notebook to a page: a header that answers, sections, figures, folded tables and code."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from cxlib import numbers
from cxlib.present.sentences import Claims, total
from cxlib.report import safe

VEGA = "application/vnd.vegalite.v5+json"
SVG = "image/svg+xml"
_TITLE = re.compile(r"\A#\s+(.+)\n*")
_HEADING = re.compile(r"^##\s+(.+?)\s*#*$", re.MULTILINE)
_LOOK = "What to look at"
_BRACKETS = re.compile(r" \((?:[^()]|\([^()]*\))*\)")
_NOT_KNOWN = " is not known: "
_NOT_SET = "set the parameter "


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a report.

    Attributes:
        file: File name, "01_satisfaction.html"; the first page is "index.html".
        notebook: File name of the executed notebook.
        title: Its first heading.
        question: The line below.
        error: Why the notebook failed, or empty.
        found: Its first sentence as HTML, where that holds a finding clear among all of the report; else empty.
        others: Anchor and heading (HTML) of its other sections with such a finding.
        claims: How many comparisons it makes, and how many are clear or possible.
    """

    file: str
    notebook: str
    title: str
    question: str
    error: str = ""
    found: str = ""
    others: tuple[tuple[str, str], ...] = ()
    claims: Claims = field(default_factory=Claims)


@dataclass(frozen=True, slots=True)
class Site:
    """What all pages of a report share: header and footer words, the list of pages, the language."""

    where: str
    report: str
    stamp: str
    language: str
    pages: tuple[Page, ...]


def finding(notebook: Any, limit: float) -> str:
    """Return the first sentence of a page as HTML if it holds a clear finding, else nothing.

    The first alone, whatever else the page finds: one figure a page is looked at, declared beforehand.

    Args:
        notebook: The executed notebook.
        limit: Largest p-value that is clear among all comparisons of the report (`words.threshold`).
    """
    first = next(_sentences(notebook.cells), None)
    return _answer(notebook.cells, move=False) if first is not None and _is_clear(first, limit) else ""


def all_claims(notebook: Any) -> Claims:
    """Return how many comparisons the sentences of a page make, and how many are clear or possible."""
    return total(map(_claims, _sentences(notebook.cells)))


def _sentences(cells: list[Any]) -> Iterator[Any]:
    return (output for cell in cells for output in cell.get("outputs", []) if _role(output) == "sentence")


def _claims(output: Any) -> Claims:
    return Claims.from_data(output.metadata["cx"].get("claims", {}))


def _is_clear(output: Any, limit: float) -> bool:
    found = _claims(output)
    return found.clear > 0 and found.surest <= limit


def other_findings(notebook: Any, limit: float) -> tuple[tuple[str, str], ...]:
    """Return anchor and heading of the sections with a clear finding, but for the one that `finding` returns.

    The first sentence of the page is left out, and all of its section where it is the page's finding.
    """
    found, heading, first = dict[str, str](), "", ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and (headings := _HEADING.findall(cell.source)):
            heading = safe.inline(headings[-1])
        for output in cell.get("outputs", []):
            if _role(output) == "sentence":
                if heading and first and _is_clear(output, limit):
                    found[safe.anchor(heading)] = heading
                first = first or safe.anchor(heading) or "no heading"
    return tuple((anchor, told) for anchor, told in found.items() if anchor != first or not finding(notebook, limit))


def without_unset(cells: list[Any]) -> list[Any]:
    """Return the cells without the sections that only say that a parameter of theirs is not set."""
    parts: list[list[Any]] = [[]]
    for cell in cells:
        starts = cell.cell_type == "markdown" and _HEADING.search(cell.source)
        parts = [*parts, [cell]] if starts else [*parts[:-1], [*parts[-1], cell]]
    return [cell for part in parts if not _is_unset(part) for cell in part]


def _is_unset(cells: list[Any]) -> bool:
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return bool(outputs) and all(_NOT_SET in str(output.get("data", output)) for output in outputs)


def head(notebook: Any, name: str, error: str = "") -> tuple[Page, Any]:
    """Return a page's title and question, and the notebook without them.

    The first Markdown cell holds them: `# Title`, then the question in one paragraph.
    """
    first = next((cell for cell in notebook.cells if cell.cell_type == "markdown"), None)
    title = _TITLE.match(first.source) if first is not None else None
    if first is None or title is None:
        return Page(_file(name), name, Path(name).stem.replace("_", " "), "", error), notebook
    question, _, rest = first.source[title.end() :].partition("\n\n")
    if question.startswith("#"):
        question, rest = "", first.source[title.end() :]
    first.source = rest
    return Page(_file(name), name, title[1].strip(), " ".join(question.split()), error), notebook


def render(notebook: Any, page: Page, site: Site) -> str:
    """Return the HTML of a page.

    Args:
        notebook: The executed notebook without its title; a failed one is shown up to the cell that failed.
        page: Its title, question and error.
        site: What all pages share.
    """
    notebook.cells = _until_error(notebook.cells) if page.error else notebook.cells
    headings = _HEADING.findall("\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown"))
    number = site.pages.index(page)
    sections = [(safe.anchor(text), text) for text in map(safe.inline, headings)]
    notable = (
        [one for one in site.pages if (one.found or one.others) and one != page] if page.file == "index.html" else []
    )
    if notable:
        sections.insert(1, (safe.anchor(_LOOK), _LOOK))
    _explain_once(notebook.cells)
    context = {
        "page": page,
        "site": site,
        "answer": _answer(notebook.cells, move=page.file == "index.html"),
        "before": site.pages[number - 1] if number else None,
        "after": site.pages[number + 1] if number + 1 < len(site.pages) else None,
        "sections": sections,
        "notable": notable,
        "look": (safe.anchor(_LOOK), _LOOK),
        "compared": _compared(site) if page.file == "index.html" else "",
        "after_cell": _first_section_ends(notebook.cells) if notable else "",
        "method": [cell.source for cell in notebook.cells if cell.cell_type == "code" and not _rendered(cell)],
    }
    text, _ = _exporter().from_notebook_node(notebook, {"cx": context})
    return str(text)


def _compared(site: Site) -> str:
    """Return how many comparisons the report makes, how many are clear, and how many chance would make."""
    every = total(page.claims for page in site.pages)
    if not every.tests:
        return ""
    tests, clear, possible = (numbers.number(count) for count in (every.tests, every.clear, every.possible))
    expected = numbers.number(every.by_chance, 1)
    return (
        f"This report makes {tests} comparisons: {clear} are clear, {possible} are possible. "
        f"If nothing had changed or differed, chance alone would make about {expected} of them clear."
    )


def _explain_once(cells: list[Any]) -> None:
    """Say in brackets once a page what a missing table or column would hold."""
    said: set[str] = set()
    for output in (output for cell in cells for output in cell.get("outputs", []) if _role(output) == "sentence"):
        title, _, reason = _text(output, "text/markdown").partition(_NOT_KNOWN)
        if reason and reason in said:
            output.data["text/markdown"] = title + _NOT_KNOWN + _BRACKETS.sub("", reason)
        said.add(reason)


def _first_section_ends(cells: list[Any]) -> str:
    """Return the id of the last code cell before the second heading, empty where the page has none."""
    last, headings = "", 0
    for cell in cells:
        headings += cell.cell_type == "markdown" and bool(_HEADING.search(cell.source))
        if headings == 1 and cell.cell_type == "code":
            last = cell.id
    return last


def _until_error(cells: list[Any]) -> list[Any]:
    for number, cell in enumerate(cells):
        outputs = cell.get("outputs", [])
        if any(output.output_type == "error" for output in outputs):
            return cells[: number + 1]
    return cells[:0]


def _answer(cells: list[Any], *, move: bool) -> str:
    """Return the first paragraph of the first sentence, for the top of the page; moved there, or shown twice."""
    outputs = (output for cell in cells for output in cell.get("outputs", []))
    for output in outputs:
        if _role(output) == "sentence":
            first, _, rest = _text(output, "text/markdown").strip().partition("\n\n")
            if move and not rest:
                output.metadata["cx"] = {"role": "answer"}
            return safe.markdown(first)
    return ""


def _rendered(cell: Any) -> list[tuple[str, str]]:
    """Return the groups of a cell's outputs: what is shown, and what is folded away below it, as HTML."""
    groups = [("", "")]
    for number, output in enumerate(cell.outputs):
        text = _output(output, prefix=f"{re.sub(r'[^A-Za-z0-9]', '', cell.id)}-{number}-")
        shown, folded = groups[-1]
        if _role(output) in ("table", "error"):
            groups[-1] = (shown, folded + text)
        elif folded and text:
            groups.append((text, ""))
        else:
            groups[-1] = (shown + text, folded)
    return [group for group in groups if any(group)]


def _output(output: Any, prefix: str) -> str:
    if output.output_type == "error":
        return _fold("What the notebook said", _pre("\n".join(output.traceback)))
    if output.output_type == "stream":
        return _pre(output.text) if output.name == "stdout" else ""
    return _displayed(output, _role(output), prefix)


def _displayed(output: Any, role: str, prefix: str) -> str:
    html = f'<div class="wide {escape(role)}">{safe.table(_text(output, "text/html"))}</div>'
    if role == "table":
        shown = _fold("Table", html) + _links(output.metadata["cx"])
    elif VEGA in output.data or SVG in output.data:
        shown = _figure(output, prefix)
    elif "text/markdown" in output.data:
        shown = f'<div class="{escape(role or "text")}">{safe.markdown(_text(output, "text/markdown"))}</div>'
    else:
        shown = html if "text/html" in output.data else _pre(_text(output, "text/plain"))
    return "" if role in ("answer", "stamp") else shown


def _pre(text: str) -> str:
    return f"<pre>{safe.plain(text)}</pre>"


def _figure(output: Any, prefix: str) -> str:
    """Return the picture at once, and its specification for the script that makes it live."""
    # the page has one Vega-Lite for all, newer than the one a specification names
    spec = {name: part for name, part in output.data.get(VEGA, {}).items() if name != "$schema"}
    title = spec.get("title", "")
    told = [title.get("text", ""), title.get("subtitle", "")] if isinstance(title, dict) else [title]
    label = ". ".join(" ".join(part) if isinstance(part, list) else str(part) for part in told if part)
    picture = safe.svg(_text(output, SVG), prefix=prefix, label=label or "Chart") if SVG in output.data else ""
    live = json.dumps(spec, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c") if spec else ""
    script = f'<script type="application/json">{live}</script>' if live else ""
    return f'<figure class="chart"><div class="picture">{picture}</div>{script}</figure>'


def _fold(summary: str, inner: str) -> str:
    return f"<details><summary>{summary}</summary>{inner}</details>"


def _links(told: dict[str, Any]) -> str:
    """Return the way to the rows behind the figures of a table; several are folded.

    Args:
        told: What `link_rows` noted of the table: `links`.
    """
    ways = [f'<a href="{escape(address)}">{escape(name)}</a>' for address, name in told.get("links", [])]
    what = "The rows behind it"
    if len(ways) < 2:
        return "".join(f'<p class="rows">{what}: {way}</p>' for way in ways)
    return _fold(what, f"<ul>{''.join(f'<li>{way}</li>' for way in ways)}</ul>")


def _role(output: Any) -> str:
    return str(output.get("metadata", {}).get("cx", {}).get("role", "error" if output.output_type == "error" else ""))


def _text(output: Any, kind: str) -> str:
    value = output.data.get(kind, "")
    return "".join(value) if isinstance(value, list) else str(value)


@cache
def _exporter() -> Any:
    from nbconvert import HTMLExporter

    folders = [str(Path(__file__).parent / "templates")]
    exporter: Any = HTMLExporter(template_name="cx", extra_template_basedirs=folders)  # type: ignore[no-untyped-call]
    for name, function in {"rendered": _rendered, "words": safe.markdown}.items():
        exporter.register_filter(name, function)
    return exporter


def _file(name: str) -> str:
    return "index.html" if name.startswith("00_") else f"{Path(name).stem}.html"
