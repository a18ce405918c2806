"""A page: its parts in their order, and no explanation twice."""

from __future__ import annotations

from typing import Any

import pytest
from nbformat import v4

from cxlib.report.page import Page, Site, finding, render

MISSING = "The data 'x' have no table 'surveys' (one question (or two) put to one customer)."


def _said(text: str) -> Any:
    output = v4.new_output("display_data", {"text/markdown": text}, metadata={"cx": {"role": "sentence"}})  # type: ignore[no-untyped-call]
    return v4.new_code_cell("show()", outputs=[output])  # type: ignore[no-untyped-call]


def _page(cells: list[Any], *pages: Page) -> str:
    first = Page("index.html", "00_overview.ipynb", "Overview", "What changed?")
    notebook = v4.new_notebook(cells=cells)  # type: ignore[no-untyped-call]
    return render(notebook, first, Site("here", "report", "stamp", "en", (first, *pages)))


def _heading(text: str) -> Any:
    return v4.new_markdown_cell(f"## {text}")  # type: ignore[no-untyped-call]


def test_what_to_look_at_follows_the_key_figures_and_is_in_the_contents() -> None:
    notable = Page("01.html", "01.ipynb", "Satisfaction", "How?", found="It fell; more than chance explains.")
    cells = [_heading("Key figures"), _said("Ten of them."), _heading("How much?"), _said("Much.")]
    text = _page(cells, notable)
    places = [text.index(part) for part in ("Key figures</h2>", "What to look at</h2>", "How much?</h2>", "The pages")]
    assert places == sorted(places)
    assert text.count("What to look at</h2>") == 1
    assert '<a href="#what-to-look-at">What to look at</a>' in text
    assert "What to look at" not in _page(cells, Page("01.html", "01.ipynb", "Satisfaction", "How?"))


def test_what_to_look_at_is_there_without_any_section() -> None:
    text = _page([], Page("01.html", "01.ipynb", "Satisfaction", "How?", found="It fell; more than chance explains."))
    assert text.count("What to look at</h2>") == 1


def test_what_a_missing_table_would_hold_is_explained_once() -> None:
    told = [_said(f"{name} is not known: {MISSING}") for name in ("Effort", "Ease", "Score")]
    text = _page([_heading("Effort"), *told])
    assert text.count("one question (or two) put") == 1
    assert "Ease is not known: The data 'x' have no table 'surveys'." in text


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("It fell by 3.2 points; more than chance explains.", True),
        ("It moved by 1.0; no more than chance explains. Against October 2025: +9, more than chance explains.", True),
        ("It moved by 1.0; no more than chance explains.", False),
        ("The largest is A with 3.0 %. No class moved by more than chance explains.", False),
        ("No figure goes together with it by more than chance explains.", False),
    ],
)
def test_only_what_is_beyond_chance_is_shown_to_be_looked_at(told: str, shown: bool) -> None:
    notebook = v4.new_notebook(cells=[_said(told), _said("Another rose; more than chance explains.")])  # type: ignore[no-untyped-call]
    assert bool(finding(notebook)) is shown


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ({}, "The rows behind it: <a"),
        ({"part": True}, "Of the rows behind it, those of the last month: <a"),
    ],
)
def test_rows_of_the_last_month_are_not_called_all_the_rows(told: dict[str, Any], shown: str) -> None:
    metadata = {"cx": {"role": "table", "links": [("rows/csat-2026-10.html", "Satisfaction")], **told}}
    output = v4.new_output("display_data", {"text/html": "<table></table>"}, metadata=metadata)  # type: ignore[no-untyped-call]
    text = _page([_heading("Why?"), v4.new_code_cell("show()", outputs=[output])])  # type: ignore[no-untyped-call]
    assert shown in text
