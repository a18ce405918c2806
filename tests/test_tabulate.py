"""Tables: the same figures as the sentence, aligned, and safe to publish."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import get_args

import polars as pl
import pytest
from results_by_hand import HOSTILE, RESULTS

from cxlib import numbers
from cxlib.present.sentences import plain
from cxlib.present.tables import Table, table
from cxlib.results.types import Result


class Cells(HTMLParser):
    """Reads a table back: text of every cell, tags and attributes met."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag == "tr":
            self.rows.append([])
        if tag in ("th", "td"):
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data.strip("\n")


def read(found: Table) -> Cells:
    cells = Cells()
    cells.feed(found._repr_mimebundle_()["text/html"])
    return cells


@pytest.mark.parametrize("name", RESULTS)
def test_a_table_is_rectangular_in_both_forms(name: str) -> None:
    found = table(RESULTS[name])
    assert all(len(row) == len(found.columns) for row in found.rows)
    body = [row for row in read(found).rows if len(row) == len(found.columns)]
    heads = [column.lstrip(">") for column in found.columns]
    assert body[: len(found.rows) + 1] == [heads, *(list(row) for row in found.rows)]
    assert "None" not in found.text
    assert "nan" not in found.text


@pytest.mark.parametrize("name", RESULTS)
def test_html_holds_no_script_no_style_and_only_table_elements(name: str) -> None:
    cells = read(table(RESULTS[name]))
    assert cells.tags <= {"table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"}
    assert cells.attributes <= {"class", "scope", "colspan"}


def test_every_type_of_result_has_a_table() -> None:
    for kind in get_args(Result):
        assert table.dispatch(kind) is not table.dispatch(object)
    with pytest.raises(TypeError, match="not a result"):
        table("csat")


def test_columns_of_numbers_are_marked_and_end_below_each_other() -> None:
    found = table(RESULTS["breakdown"])
    assert re.findall(r'<th scope="col"( class="num")?>', found.html) == ["", *[' class="num"'] * 7]
    lines = found.text.split("\n")[2:8]
    ends = {line.index("Answers") + len("Answers") for line in lines if "Answers" in line}
    assert ends == {
        line.index(count) + len(count) for line in lines for count in ("1,240", "2,282") if f" {count} " in line
    }


def test_numbers_of_a_share_have_the_same_decimals_in_all_rows() -> None:
    values = [row[1] for row in table(RESULTS["breakdown"]).rows]
    assert values == [f"{value}{numbers.SPACE}%" for value in ("82.4", "79.0", "75.0", "70.9", "66.7", "77.3")]


def test_small_groups_are_marked_and_the_mark_is_explained() -> None:
    found = table(RESULTS["breakdown"])
    assert [row[0] for row in found.rows if row[0].endswith("†")] == ["App†"]
    assert found.notes[0] == "† fewer than 10 customers"
    assert found.notes[1] == "Each interval is for its row alone; the verdict allows for all rows together."
    assert table(RESULTS["breakdown, one group"]).notes == ()


def test_a_change_has_arrow_and_word() -> None:
    cells = {row[0]: row[1].replace(numbers.SPACE, " ") for row in table(RESULTS["trend"]).rows}
    assert cells["Change, from September 2026"] == "▼ fell by 6.8 points"
    rows = {row[0]: row for row in table(RESULTS["overview"]).rows}
    assert rows["Net Promoter Score"][3].startswith("▲ rose by")
    assert rows["Net Promoter Score"][5] == "clear"
    assert rows["Tickets opened"][3] == "○ within chance, +100"
    assert rows["Tickets opened"][5] == "no"


def test_figures_that_are_not_final_are_marked_in_the_overview() -> None:
    result = RESULTS["overview"]
    trends = (replace(result.trends[0], scope=replace(result.scope, provisional=0.45)), *result.trends[1:])
    rows = [row[0].replace(numbers.SPACE, " ") for row in table(replace(result, trends=trends)).rows]
    assert rows[0].endswith(" (provisional, 45 % not yet known)")
    assert not any("provisional" in row for row in rows[1:])


def test_heads_name_what_a_column_holds() -> None:
    moving = RESULTS["tally"].points.with_columns(family=pl.lit("window not over"), examples=pl.lit("final up to July"))
    assert table(replace(RESULTS["tally"], points=moving)).columns[::4] == ("Figure", "Final up to")
    assert table(replace(RESULTS["tally"], points=moving)).rows[0][-1] == "July"
    assert table(RESULTS["tally"]).columns[::4] == ("Reason", "For example")
    assert [row[3] for row in table(RESULTS["worth"]).rows][-1] == "–", "a setting has no customers"


def test_compared_figures_add_up_to_all() -> None:
    rows = table(RESULTS["reconciliation"]).rows
    assert rows[0][:3] == ("agrees exactly", "all figures", "1,058")
    assert sum(int(row[2].replace(",", "")) for row in rows) == 2000


def test_whether_whole_curves_differ_stands_below_the_table() -> None:
    notes = table(replace(RESULTS["breakdown"], medians_p=0.04, curves_p=0.0001)).notes
    assert notes[-1].endswith(
        "(p 0.040) and the whole curves (log-rank test, p below 0.001): the smaller p counts twice."
    )


def test_what_is_not_known_is_a_row_with_its_reason() -> None:
    found = table(RESULTS["overview"])
    assert found.rows[-1][:2] == ("Response rate", "not known")
    assert found.notes == ("Response rate: There are no offers without an answer.",)
    assert table(RESULTS["not known"]).rows == (("The table surveys has no offers without an answer.",),)


def test_targets_and_events_are_told_below() -> None:
    notes = [note.replace(numbers.SPACE, " ") for note in table(RESULTS["trend"]).notes]
    assert notes == [
        "Target: 80 % (plan)",
        "Benchmark: 84.5 % (peers)",
        "14 March 2026: New chat tool",
        "5 October 2026: Price rise",
    ]


def test_hostile_labels_stay_text() -> None:
    found = table(RESULTS["breakdown, hostile"])
    assert "<script" not in found.html
    assert plain(HOSTILE) in {cell for row in read(found).rows for cell in row}
