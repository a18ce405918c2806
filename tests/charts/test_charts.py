"""Pictures: the same on every run, valid, described, and nothing of the data is ever code."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any, get_args
from xml.etree import ElementTree as Xml

import altair as alt
import pytest
from conftest import ROOT
from effects_by_hand import effects
from results_by_hand import CHANNELS, RESULTS, breakdown, estimate, trend, wave

from cxlib.present.charts import Figure, chart, show, theme
from cxlib.present.charts.trend import windows
from cxlib.present.sentences import headline, say
from cxlib.results.types import Result
from cxlib.settings import Event, Goal

BLANK = {
    "comparison, too few", "trend, no rows", "breakdown, empty", "distribution, empty", "overview, nothing",
    "not known", "not known, hostile",
    "waiting, nobody", "why, few", "funnel, few", "effects, nothing", "effects, no rows",
    "shortlist, one without value", "shortlist, unknown", "shortlist, no rows",
    "tally, nothing", "reconciliation, same", "reconciliation, rounded", "reconciliation, nothing",
}  # fmt: skip
DRAWN = [name for name in RESULTS if name not in BLANK]
DIGESTS = """
import sys
from test_charts import digest, figure_of
for name in reversed(sys.argv[1].split("|")):
    print(name, digest(figure_of(name)), sep="|")
"""


@cache
def figure_of(name: str) -> Figure:
    return chart(RESULTS[name])


def digest(figure: Figure) -> str:
    return hashlib.sha256((figure.svg + json.dumps(figure.spec)).encode()).hexdigest()


def parts(value: Any) -> Iterator[tuple[str, Any]]:
    """Every key of a specification with its value."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield key, item
            yield from parts(item)
    if isinstance(value, list):
        for item in value:
            yield from parts(item)


def drawn_rows(spec: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for layer in spec["layer"] for row in layer["data"]["values"]]


def drawn_texts(name: str) -> list[str]:
    svg = Xml.fromstring(figure_of(name).svg)
    return ["".join(text.itertext()) for text in svg.iter("{http://www.w3.org/2000/svg}text")]


@pytest.mark.parametrize("name", DRAWN)
def test_one_output_serves_live_static_and_spoken(name: str) -> None:
    figure = figure_of(name)
    bundle = figure._repr_mimebundle_()
    assert list(bundle) == ["application/vnd.vegalite.v5+json", "image/svg+xml", "text/plain"]
    assert bundle["application/vnd.vegalite.v5+json"]["$schema"] == theme.SCHEMA
    assert bundle["text/plain"].startswith(headline(RESULTS[name]))
    json.dumps(bundle, allow_nan=False)


@pytest.mark.parametrize("name", sorted(BLANK))
def test_without_anything_to_draw_only_words_are_given(name: str) -> None:
    figure = figure_of(name)
    assert (figure.chart, figure.spec, figure.svg) == (None, {}, "")
    assert list(figure._repr_mimebundle_()) == ["text/plain"]
    assert say(RESULTS[name]).text in figure._repr_mimebundle_()["text/plain"]


def test_every_type_of_result_has_a_chart() -> None:
    for kind in get_args(Result):
        assert chart.dispatch(kind) is not chart.dispatch(object)
    with pytest.raises(TypeError, match="not a result"):
        chart(None)


@pytest.mark.parametrize("name", DRAWN)
def test_the_specification_is_valid_and_the_same_for_all_versions(name: str) -> None:
    import vl_convert

    spec = figure_of(name).spec
    alt.LayerChart.from_dict(spec, validate=True)
    assert (
        len({vl_convert.vegalite_to_svg(spec, vl_version=version) for version in (theme.VEGA_LITE, "5.21", "6.4")}) == 1
    )


def test_another_process_time_zone_and_order_give_the_same_bytes() -> None:
    names = ["trend", "trend, hostile", "breakdown", "distribution", "overview", "change"]
    path = os.pathsep.join(str(ROOT / folder) for folder in (".", "tests", "tests/charts"))
    done = subprocess.run(
        [sys.executable, "-c", DIGESTS, "|".join(names)],
        env=os.environ | {"TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "7", "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert dict(line.split("|") for line in done.stdout.splitlines()) == {
        name: digest(figure_of(name)) for name in names
    }


@pytest.mark.parametrize("name", DRAWN)
def test_numbers_of_a_specification_are_rounded(name: str) -> None:
    for _, value in parts(figure_of(name).spec):
        if isinstance(value, float):
            assert value == float(f"{value:.6g}")


@pytest.mark.parametrize("name", DRAWN)
def test_a_picture_is_described_and_holds_no_ids_scripts_or_styles(name: str) -> None:
    figure = figure_of(name)
    root = Xml.fromstring(figure.svg)
    assert root.get("role") == "img"
    assert root[0].tag.endswith("title")
    assert root[0].text == figure.finding
    assert root[1].text == figure.spec["description"]
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert tags <= {"svg", "title", "desc", "rect", "g", "path", "line", "text", "tspan"}
    attributes = {attribute for element in root.iter() for attribute in element.attrib}
    assert not attributes & {"id", "style", "onload", "href"}


@pytest.mark.parametrize("name", DRAWN)
def test_nothing_of_the_data_is_an_expression(name: str) -> None:
    keys = {key for key, _ in parts(figure_of(name).spec)}
    assert not keys & {
        "expr",
        "calculate",
        "labelExpr",
        "signal",
        "filter",
        "transform",
        "params",
        "href",
        "url",
        "format",
    }


def test_hostile_labels_are_drawn_as_text() -> None:
    for name in ("breakdown, hostile", "distribution, hostile", "trend, hostile"):
        assert any("<script>" in text for text in drawn_texts(name))
        assert "<script" not in figure_of(name).svg


@pytest.mark.parametrize("name", DRAWN)
def test_nothing_leaves_the_picture(name: str) -> None:
    svg = figure_of(name).svg
    width = float(re.search(r'width="([\d.]+)"', svg)[1])  # type: ignore[index]
    assert width == theme.WIDTH
    assert not re.search(r"NaN|undefined|null|Infinity", re.sub(r"<title>.*</desc>", "", svg))
    assert all(len(line) <= theme.TITLE_LETTERS for line in figure_of(name).spec["title"]["text"])


def test_the_value_of_the_reported_month_is_written_beside_it() -> None:
    assert "75.2\N{NO-BREAK SPACE}%" in drawn_texts("trend")
    assert not [text for text in drawn_texts("trend, none now") if text.startswith("80.0")]


def test_last_year_goals_and_events_are_drawn_with_their_labels() -> None:
    texts = {text.replace("\N{NO-BREAK SPACE}", " ") for text in drawn_texts("trend")}
    assert {"a year before", "Target 80 %", "Benchmark 84.5 %", "New chat tool", "Price rise"} <= texts
    assert not any("Target" in text for text in drawn_texts("trend, score"))


def test_an_event_stands_at_its_day_and_one_outside_the_months_drawn_is_left_out() -> None:
    events = (Event(date(2026, 9, 30), "eve"), Event(date(2026, 10, 31), "end"), Event(date(2024, 1, 1), "long ago"))
    found = trend("csat", wave(80, 3, 3), 5.0, 0.1, events=events)
    places = {
        row["text"]: row["x"] for row in drawn_rows(chart(found).spec) if row.get("text") in ("eve", "end", "long ago")
    }
    assert places == {"eve": pytest.approx(11.5, abs=0.05)}
    found = trend("csat", wave(80, 3, 3), 5.0, 0.1, events=(Event(date(2026, 10, 15), "middle"),))
    assert [row["x"] for row in drawn_rows(chart(found).spec) if row.get("text") == "middle"] == [
        pytest.approx(12, abs=0.05)
    ]


def test_the_year_before_lies_behind_the_same_months() -> None:
    now, before = windows(RESULTS["trend"])
    assert [point["x"] for point in now] == list(range(13))
    assert now[-1]["period"] == "2026-10"
    assert {point["x"]: point["period"] for point in before}[12] == "2025-10"


def test_a_gap_is_not_bridged() -> None:
    now, _ = windows(RESULTS["trend, gaps"])
    assert [(point["period"], point["run"]) for point in now] == [
        ("2026-04", 0),
        ("2026-06", 1),
        ("2026-07", 1),
        ("2026-10", 2),
    ]


@pytest.mark.parametrize("name", DRAWN)
def test_an_axis_that_leaves_out_zero_says_so(name: str) -> None:
    spec = figure_of(name).spec
    if "overview" in name:
        return
    said = "does not start at" in " ".join(spec["title"]["subtitle"])
    channel = "y" if name.startswith(("trend", "funnel", "days", "survival")) else "x"
    low, high = next(
        item[channel]["scale"]["domain"]
        for key, item in parts(spec)
        if key == "encoding" and "scale" in item.get(channel, {})
    )
    assert said == (not low <= 0 <= high)
    assert not (said and "distribution" in name), "bars start at zero"


def test_the_target_is_always_on_the_axis() -> None:
    spec = chart(trend("csat", wave(80, 1, 1), 2.0, 0.1, target=Goal(95.0))).spec
    assert "Target 95\N{NO-BREAK SPACE}%" in {row.get("text") for row in drawn_rows(spec)}
    high = max(
        item["y"]["scale"]["domain"][1]
        for key, item in parts(spec)
        if key == "encoding" and "scale" in item.get("y", {})
    )
    assert 95 <= high <= 100


def test_at_most_fifteen_groups_are_drawn_and_the_rest_is_counted() -> None:
    spec = figure_of("breakdown, many").spec
    names = {row["text"] for row in drawn_rows(spec) if str(row.get("text", "")).startswith("Agent")}
    assert len(names) == 15
    assert "30 more in the table" in " ".join(spec["title"]["subtitle"])
    assert "1 without a value" in " ".join(figure_of("breakdown, groups without rows").spec["title"]["subtitle"])


def test_parts_are_not_compared_with_their_total() -> None:
    whole = breakdown("ticket_volume", CHANNELS[:2], None, estimate(1850.0, 90.0))
    texts = {row.get("text", "") for row in drawn_rows(chart(whole).spec)}
    assert not any(text.startswith("all together") for text in texts)
    assert "all together 77.3\N{NO-BREAK SPACE}%" in drawn_texts("breakdown")


def test_few_answers_are_grey_and_said() -> None:
    texts = [text.replace("\N{NO-BREAK SPACE}", " ") for text in drawn_texts("breakdown")]
    assert "Social, only 24 answers" in texts
    assert "App, only 6 answers" in texts
    assert figure_of("breakdown").svg.count(f'fill="{theme.FAINT}"') == 2


def test_chance_is_grey_on_the_first_page() -> None:
    assert theme.ACCENT in figure_of("overview").svg
    assert theme.ACCENT not in figure_of("overview, quiet").svg


def test_text_can_be_read_on_light_and_dark_paper() -> None:
    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    def contrast(one: str, other: str) -> float:
        high, low = sorted((luminance(one), luminance(other)), reverse=True)
        return (high + 0.05) / (low + 0.05)

    dark = dict(re.findall(r'\[fill="(#\w+)"\]\{fill:(#\w+)\}', theme.dark_css()))
    for colour in (theme.INK, theme.MUTED, theme.ACCENT):
        assert contrast(colour, theme.PAPER) >= 4.5
        assert contrast(dark[colour], dark[theme.PAPER]) >= 4.5


@pytest.mark.parametrize("name", DRAWN)
def test_a_dark_page_repaints_every_colour(name: str) -> None:
    used = set(re.findall(r'(?:fill|stroke)="(#\w+)"', figure_of(name).svg))
    assert all(f'"{colour}"]' in theme.dark_css() for colour in used)


def test_show_displays_chart_sentence_and_table_with_their_roles(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[tuple[str, str]] = []

    def display(part: Any, metadata: dict[str, Any]) -> None:
        shown.append((type(part).__name__, metadata["cx"]["role"]))

    monkeypatch.setattr("IPython.display.display", display)
    show(RESULTS["trend"])
    assert shown == [("Figure", "chart"), ("Sentence", "sentence"), ("Table", "table")]
    shown.clear()
    show(RESULTS["not known"])
    assert shown == [("Sentence", "sentence"), ("Table", "table")]


def test_a_unit_in_words_stands_in_the_subtitle_and_at_no_row_or_tick() -> None:
    assert "in points" in " ".join(figure_of("effects").spec["title"]["subtitle"])
    labels = [str(row["text"]) for row in drawn_rows(figure_of("effects").spec) if "text" in row]
    assert any(label.startswith("−3.1 (") for label in labels)
    assert not [label for label in labels if "points" in label]
    assert any(text.endswith("%") for text in drawn_texts("breakdown")), "signs stay"


def test_many_effects_are_drawn_surest_first_in_their_order_and_the_rest_is_told() -> None:
    rows = [(f"Level {place:02}", 2.0, 0.9, place % 7 == 0) for place in range(40)]
    drawn = chart(effects(RESULTS["change"], *rows))
    names = _levels(drawn)
    assert names == sorted(names)
    assert len(names) == 16
    assert {f"Level {place:02}" for place in range(0, 40, 7)} < set(names)
    assert "24 more in the table" in " ".join(drawn.spec["title"]["subtitle"])
    every = [(name, value, half, True) for name, value, half, _ in rows[:24]]
    assert len(_levels(chart(effects(RESULTS["change"], *every)))) == 24, "all that is beyond chance"


def _levels(drawn: Figure) -> list[str]:
    """Return the labels of rows, from the top; each is drawn twice, on its halo."""
    texts = (str(row.get("text", "")) for row in drawn_rows(drawn.spec))
    return list(dict.fromkeys(text for text in texts if text.startswith("Level")))


def test_months_and_amounts_below_a_chart_do_not_touch_on_a_narrow_screen() -> None:
    labels = [str(row["text"]) for row in drawn_rows(figure_of("trend").spec) if "text" in row]
    assert "Oct 2025" not in labels, "January names its year next to it"
    assert {"Oct", "Jan 2026"} < set(labels)
    thousands = [(name, value, 900.0, False) for name, value in (("One", -2000.0), ("Two", 6000.0))]
    drawn = chart(effects(RESULTS["change"], *thousands, measured_in="EUR"))
    ticks = [str(row["text"]) for row in drawn_rows(drawn.spec) if row.keys() == {"x", "y", "text"}]
    assert "+2,000" in ticks
    assert "EUR" in " ".join(drawn.spec["title"]["subtitle"])


def noted(result: object, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """Return what is noted beside the table of a shown result."""
    seen: list[dict[str, dict[str, object]]] = []
    monkeypatch.setattr("IPython.display.display", lambda _, metadata: seen.append(metadata))
    show(result)
    return seen[-1]["cx"]


def test_only_rows_of_the_metric_itself_are_noted_with_all_their_months(monkeypatch: pytest.MonkeyPatch) -> None:
    month, longer = noted(RESULTS["trend"], monkeypatch), noted(RESULTS["contrast"], monkeypatch)
    compared = {"metric": "csat", "months": "2026-10 2026-09 2025-10", "days": "", "filters": "", "by": ""}
    assert month["rows"] == [compared]
    assert longer["rows"][0]["months"] == "2025-08/2026-07"
    others = replace(RESULTS["effects"], metric=replace(RESULTS["effects"].metric, table="peers"))
    assert "rows" not in noted(others, monkeypatch)
