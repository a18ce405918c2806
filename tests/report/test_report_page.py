"""A page: its parts in their order, and no explanation twice."""

from __future__ import annotations

from typing import Any

import pytest
from nbformat import v4

from cxlib.present.sentences import Claims
from cxlib.report.page import Page, Site, all_claims, finding, other_findings, render, without_unset

MISSING = "The data 'x' have no table 'surveys' (one question (or two) put to one customer)."


def _said(text: str, *, clear: int = 0) -> Any:
    counted = {
        "claims": {
            "tests": 2,
            "clear": clear,
            "possible": 0,
            "by_chance": 0.01,
            "p_values": [0.001, 0.4],
            "surest": 0.001,
        }
    }
    output = v4.new_output("display_data", {"text/markdown": text}, metadata={"cx": {"role": "sentence", **counted}})  # type: ignore[no-untyped-call]
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


@pytest.mark.parametrize("clear", [0, 1, 2])
def test_only_a_clear_first_sentence_is_shown_to_be_looked_at_whatever_it_says(clear: int) -> None:
    notebook = v4.new_notebook(cells=[_said("It fell.", clear=clear), _said("More than chance explains.", clear=1)])  # type: ignore[no-untyped-call]
    assert bool(finding(notebook, 0.002)) is (clear > 0)
    assert not finding(notebook, 0.0005)  # clear alone, not among all of the report


def test_the_first_page_says_how_many_comparisons_the_report_makes_and_how_many_chance_would_make_clear() -> None:
    counted = Claims(tests=1840, clear=31, possible=12, by_chance=1.26)
    text = _page(
        [], Page("01.html", "01.ipynb", "Satisfaction", "How?", claims=counted), Page("02.html", "", "Two", "")
    )
    assert "This report makes 1,840 comparisons: 31 are clear, 12 are possible." in text
    assert "chance alone would make about 1.3 of them clear" in text
    assert "comparisons:" not in _page([])


def test_claims_of_a_page_are_those_of_all_its_sentences() -> None:
    notebook = v4.new_notebook(cells=[_said("A.", clear=1), _heading("B"), _said("C."), _said("D.", clear=2)])  # type: ignore[no-untyped-call]
    assert all_claims(notebook) == Claims(6, 3, 0, 0.03, (0.001, 0.4) * 3, 0.001)


def test_the_rows_behind_a_table_are_linked_below_it() -> None:
    metadata = {"cx": {"role": "table", "links": [("rows/csat-2026-10.html", "Satisfaction")]}}
    output = v4.new_output("display_data", {"text/html": "<table></table>"}, metadata=metadata)  # type: ignore[no-untyped-call]
    text = _page([_heading("Why?"), v4.new_code_cell("show()", outputs=[output])])  # type: ignore[no-untyped-call]
    assert 'The rows behind it: <a href="rows/csat-2026-10.html">Satisfaction</a>' in text


ROSE, CALM = 1, 0  # clear findings of a sentence


@pytest.mark.parametrize(
    ("told", "others"),
    [
        ([ROSE, ROSE, CALM, ROSE], (("two", "Two"), ("four", "Four"))),
        ([CALM, ROSE], (("two", "Two"),)),
        ([CALM, CALM], ()),
    ],
)
def test_other_sections_with_a_clear_finding_are_named(told: list[int], others: tuple[object, ...]) -> None:
    names = ("One", "Two", "Three", "Four")
    cells = [
        cell for name, clear in zip(names, told, strict=False) for cell in (_heading(name), _said("It.", clear=clear))
    ]
    assert other_findings(v4.new_notebook(cells=cells), 0.002) == others  # type: ignore[no-untyped-call]


def test_a_second_sentence_of_the_first_section_names_it_unless_it_is_the_finding() -> None:
    for first, others in ((CALM, (("one", "One"),)), (ROSE, ())):
        cells = [_heading("One"), _said("It.", clear=first), _said("It.", clear=ROSE)]
        assert other_findings(v4.new_notebook(cells=cells), 0.002) == others  # type: ignore[no-untyped-call]


def test_pages_without_a_first_finding_are_to_be_looked_at_for_their_other_sections() -> None:
    text = _page([_heading("Key figures")], Page("01.html", "01.ipynb", "Satisfaction", "?", others=(("two", "Two"),)))
    look = text.split("What to look at</h2>")[1].split("</dl>")[0]
    assert "Also clear:" in look
    assert '<a href="01.html#two">Two</a>' in look


def test_a_section_that_only_asks_for_its_parameter_is_left_out() -> None:
    unset = _said("One agent is not known: No agent is named: set the parameter agent_id to a number.")
    kept = without_unset([_heading("Who?"), _said("A."), _heading("One?"), unset, _heading("What the figures mean")])
    assert [cell.source for cell in kept] == ["## Who?", "show()", "## What the figures mean"]
    assert len(without_unset([_heading("One?"), unset, _said("Something.")])) == 3
