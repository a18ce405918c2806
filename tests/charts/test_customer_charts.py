"""A customer's time line: nothing of the history is lost, nothing of the data is code, all can be read on a phone."""

from __future__ import annotations

import re
import textwrap
from typing import Any
from xml.etree import ElementTree as Xml

import pytest
from results_by_hand import HOSTILE, RESULTS

from cxlib.present.charts import chart, theme
from cxlib.present.charts.customers import MOST_AGENTS
from cxlib.present.sentences import plain
from cxlib.present.tables import table

HISTORIES = [name for name in RESULTS if name.startswith("history")]
SVG = "{http://www.w3.org/2000/svg}"
PHONE = 344


def rows_with(name: str, *keys: str) -> list[dict[str, Any]]:
    layers = chart(RESULTS[name]).spec["layer"]
    return [row for layer in layers for row in layer["data"]["values"] if row.keys() >= set(keys)]


@pytest.mark.parametrize("name", HISTORIES)
def test_every_event_and_every_work_has_its_mark(name: str) -> None:
    result = RESULTS[name]
    bars = rows_with(name, "y2", "tip")
    assert len(bars) == result.work.height
    lines = rows_with(name, "x2", "tip")
    assert len(lines) == len(result.waited)
    worked = set(result.work["ticket_id"])
    events = list(result.events.iter_rows(named=True))
    points = [
        event
        for event in events
        if event["kind"] == "order"
        or (event["kind"] == "answer" and event["scale_share"] is not None)
        or (event["kind"] == "ticket" and event["id"] not in worked)
    ]
    assert len(rows_with(name, "tip")) == len(bars) + len(lines) + len(points)


def test_the_tallest_bar_is_the_longest_work_and_says_so() -> None:
    bars = rows_with("history", "y2", "tip")
    tallest = max(bars, key=lambda row: row["y"] - row["y2"])
    assert tallest["tip"].endswith("20\N{NO-BREAK SPACE}min")
    assert "at most 20\N{NO-BREAK SPACE}min" in " ".join(chart(RESULTS["history"]).spec["title"]["subtitle"])


def test_agents_beyond_the_first_share_a_lane() -> None:
    texts = {row["text"] for row in rows_with("history, many agents", "text")}
    assert {f"Agent {who}" for who in range(12)} & texts == {f"Agent {who}" for who in range(MOST_AGENTS)}
    assert f"{12 - MOST_AGENTS}\N{NO-BREAK SPACE}others" in texts


def test_what_is_not_drawn_is_said() -> None:
    assert "1 outside their scale not drawn" in " ".join(chart(many_answers()).spec["title"]["subtitle"])
    assert "not drawn" not in " ".join(chart(RESULTS["history, orders only"]).spec["title"]["subtitle"])


def many_answers() -> Any:
    from customers_by_hand import history

    return history(RESULTS["history"].scope, kinds="a", agents=0)


@pytest.mark.parametrize("name", ["history, hostile", "waiting, hostile"])
def test_hostile_names_stay_text(name: str) -> None:
    svg = chart(RESULTS[name]).svg
    drawn = ["".join(text.itertext()) for text in Xml.fromstring(svg).iter(f"{SVG}text")]
    assert any("<script>" in text for text in drawn)
    assert "<script" not in svg
    found = table(RESULTS[name])
    assert "<script" not in found.html
    assert plain(HOSTILE) in {cell for row in found.rows for cell in row}


@pytest.mark.parametrize("name", ["history", "history, many agents", "history, years", "waiting, many"])
def test_labels_do_not_meet_on_a_phone(name: str) -> None:
    """Names at the left and sums at the right of one line, at 344 px: letters of at most 0.62 and 0.55 em."""
    import vl_convert

    spec = chart(RESULTS[name]).spec
    title = spec["title"] | {
        part: textwrap.wrap(" ".join(spec["title"][part]), letters)
        for part, letters in (("text", 36), ("subtitle", 48))
    }
    svg = vl_convert.vegalite_to_svg(spec | {"width": PHONE, "title": title}, vl_version=theme.VEGA_LITE)
    assert float(re.search(r'width="([\d.]+)"', svg)[1]) == PHONE  # type: ignore[index]
    labels = [row["text"] for row in rows_with(name, "text") if row.keys() == {"y", "text"}]
    lines: dict[float, list[str]] = {}
    for row in rows_with(name, "text"):
        if row.keys() == {"y", "text"}:
            lines.setdefault(row["y"], []).append(row["text"])
    assert labels
    for texts in lines.values():
        pair = list(dict.fromkeys(texts))
        assert sum(len(text) for text in pair) * 0.6 * theme.SIZE < PHONE, pair


@pytest.mark.parametrize("name", [name for name in RESULTS if name.startswith(("history", "waiting"))])
def test_it_says_that_it_is_internal(name: str) -> None:
    assert any("Internal" in note for note in table(RESULTS[name]).notes)
    drawn = chart(RESULTS[name])
    assert drawn.chart is None or "Internal" in " ".join(drawn.spec["title"]["subtitle"])


def test_the_table_lists_every_event_newest_first_with_who_handled_it() -> None:
    found, result = table(RESULTS["history"]), RESULTS["history"]
    assert len(found.rows) == result.events.height
    numbers = [row[1].split(" ", 1)[1] for row in found.rows]
    assert numbers == result.events["id"].to_list()[::-1]
    first = found.rows[-1]
    assert first[3:] == ("closed", "Agent 0 10\N{NO-BREAK SPACE}min; Agent 1 20\N{NO-BREAK SPACE}min*")
    assert "* estimated: public replies × a setting" in found.notes
