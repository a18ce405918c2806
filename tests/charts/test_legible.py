"""What can be read: lines beside text, names in full, axes that show small values, labels where there is room."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
import results_by_hand
from effects_by_hand import effects
from quality_by_hand import coverage
from results_by_hand import RESULTS, breakdown, estimate, trend, wave

from cxlib.present.charts import chart
from cxlib.present.charts.frame import Frame
from cxlib.present.charts.label_placement import along, free_spot
from cxlib.present.charts.rows import NAME, Row
from cxlib.results.planning import Staffing
from cxlib.results.types import Estimate

OF_ROWS = ("breakdown", "effects", "contrast", "comparison", "shortlist", "distribution", "tally", "worth", "waiting")
ROWS = [name for name in RESULTS if name.startswith(OF_ROWS)]


def group(label: str, e: Estimate, rest: tuple[float, float, float, float] | None = None) -> dict[str, Any]:
    return results_by_hand.group(label, e, None, rest)


def layers(result: object) -> list[dict[str, Any]]:
    return list(chart(result).spec.get("layer", []))


def rows_of(result: object, mark: str, *keys: str) -> list[dict[str, Any]]:
    found = [layer for layer in layers(result) if layer["mark"]["type"] == mark]
    return [row for layer in found for row in layer["data"]["values"] if row.keys() >= set(keys)]


def texts(result: object) -> list[str]:
    return [str(row["text"]).replace("\N{NO-BREAK SPACE}", " ") for row in rows_of(result, "text", "text")]


def subtitle(result: object) -> str:
    return " ".join(chart(result).spec["title"]["subtitle"]).replace("\N{NO-BREAK SPACE}", " ")


def domain(result: object, channel: str = "x") -> list[float]:
    scales = [layer["encoding"].get(channel, {}).get("scale") for layer in layers(result)]
    return next(list(scale["domain"]) for scale in scales if scale)


@pytest.mark.parametrize("name", ROWS)
def test_no_upright_line_crosses_a_name_or_a_value(name: str) -> None:
    lines = [row for row in rows_of(RESULTS[name], "rule", "y", "y2") if row.keys() == {"x", "y", "y2"}]
    for text in rows_of(RESULTS[name], "text", "y", "text"):
        if "x" not in text:
            ends = (text["y"] - 0.15, text["y"] + 0.15)
            assert not [line for line in lines if line["y2"] < ends[1] and ends[0] < line["y"] and "tip" not in line]


def test_names_that_differ_at_their_end_are_written_in_full_each_line_apart() -> None:
    names = [f"macro: known answer, {what}" for what in ("first-contact resolution", "reopened within two weeks")]
    result = effects(RESULTS["change"], *((name, 18.1, 2.1, True) for name in (*names, "short")))
    drawn = list(dict.fromkeys(texts(result)))
    assert [" ".join(pair) for pair in zip(drawn[-2:], drawn[-5:-3], strict=True)] == names
    svg = chart(result).svg
    places = re.findall(r'text-anchor="start" transform="translate\(([\d.]+),([\d.]+)\)"[^>]*fill="#222222"', svg)
    downs = sorted(float(y) for x, y in places if float(x) == 4.0)
    assert [round(b - a) for a, b in pairwise(downs)] == [17, 42, 17, 42]


def test_the_end_of_a_name_leaves_room_for_the_value_at_360_px() -> None:
    row = Row("Channel messaging, not email", "−2.6 (−6.0 to +0.7)", -2.6, -6.0, 0.7)
    assert row.name == ["Channel messaging, not", "email"]
    assert Row("social", "22 h (14–39)", 22.0, 14.0, 39.0).name == ["social"]
    assert Row("One agent", "40 · first reply business minutes, of all", 40.0, None, None).name == ["One agent", ""]
    assert " ".join(Row("word " * 16 + "end.", "1", 1.0, None, None).name) == "word " * 16 + "end."
    assert NAME >= 80


def test_durations_far_apart_stand_on_a_logarithmic_axis() -> None:
    rows = [group("email", estimate(1458.0, 130.0)), group("chat", estimate(2.1, 0.4))]
    result = breakdown("resolution_time", rows, 0.001, estimate(816.0, 40.0))
    assert "logarithmic" in subtitle(result)
    assert {"10 min", "60 min", "10 h"} <= set(texts(result))
    email, chat = (row["x"] for row in rows_of(result, "point", "tip"))
    assert (email, chat) == (pytest.approx(3.1638, abs=1e-3), pytest.approx(0.3222, abs=1e-3))
    near = breakdown("resolution_time", [rows[0], group("web", estimate(60.0, 9.0))], 0.001, estimate(816.0, 40.0))
    assert "logarithmic" not in subtitle(near)
    assert domain(near)[0] == 0


def test_an_axis_of_a_scale_starts_at_its_lowest_answer_and_few_answers_do_not_widen_it() -> None:
    rows = [group("delivery", estimate(4.1, 0.3, 60)), group("claim", estimate(1.5, 4.0, 4))]
    result = breakdown("customer_effort", rows, 0.3, estimate(2.0, 0.1, 64))
    assert domain(result)[0] == 1
    assert domain(result)[1] <= 5
    assert "does not start at 0" in subtitle(result)
    alone = breakdown("customer_effort", rows[1:], None, estimate(1.5, 4.0, 4))
    assert domain(alone) == [1, 5]


def test_those_apart_from_the_rest_are_drawn_however_few_rows_they_have_in_the_order_of_names() -> None:
    many = [group(f"Agent {place:02}", estimate(70.0, 5.0, 100 + place)) for place in range(20)]
    many[1] = group("Agent 01", estimate(40.0, 9.0, 31), (-30.0, -40.0, -20.0, 0.0001))
    many[2] = group("Agent 02", estimate(40.0, 9.0, 29), (-30.0, -40.0, -20.0, 0.0001))
    result = breakdown("csat", many, 0.001, estimate(70.0, 1.0, 2000), by="Category")
    names = list(dict.fromkeys(text for text in texts(result) if text.startswith("Agent")))
    assert len(names) == 15
    assert names == sorted(names)
    assert "Agent 01" in names
    assert not [name for name in names if name.startswith("Agent 02")]
    assert "those clearly apart from the rest, then the largest; 5 more in the table" in subtitle(result)


def test_the_line_of_effects_is_called_what_it_is() -> None:
    for none, name in ((0.0, "no difference"), (1.0, "no difference"), (24.3, "all together"), (50.0, "half of them")):
        assert name in texts(effects(RESULTS["change"], ("After a year", 22.0, 9.0, False), none=none))


def test_a_funnel_names_its_axes_and_its_limits_beside_all_dots() -> None:
    result = RESULTS["funnel"]
    assert {"number of answers", f"{result.metric.title}, %"} <= set(texts(result))
    farthest = max(row["x"] for row in rows_of(result, "point", "x"))
    limits = [row for row in rows_of(result, "text", "x", "text") if "95" in row["text"] or "99.8" in row["text"]]
    assert {row["text"] for row in limits} == {"95 %", "99.8 %"}
    assert all(farthest <= row["x"] < domain(result)[1] for row in limits)


def test_only_evident_agents_are_named() -> None:
    evident = set(RESULTS["funnel"].points.filter(evident=True)["label"])
    assert evident & set(texts(RESULTS["funnel"])) == evident
    assert not set(RESULTS["funnel"].points.filter(evident=False)["label"]) & set(texts(RESULTS["funnel"]))


def test_staffing_leaves_out_closed_days_and_shows_the_interval_of_an_uncertain_hour() -> None:
    result = next(result for result in RESULTS.values() if isinstance(result, Staffing))
    sure = result.points.with_columns(low=result.points["value"], high=result.points["value"])
    assert {"Mon", "Fri"} == {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"} & set(texts(result))
    assert domain(result) == [0, 2]
    assert any(re.fullmatch(r"\d+ \(\d+–\d+\)", text) for text in texts(result))
    assert not any("(" in text for text in texts(replace(result, points=sure)))


def test_a_table_without_rows_in_a_month_shows_a_zero_and_each_table_its_last_month() -> None:
    result = coverage(RESULTS["trend"].scope, {"tickets": [2400, 1200, 0, 12714]}, [])
    assert {"0", "12,714"} <= set(texts(result))
    assert "2,400" not in texts(result), "figures of single months stand in the table"
    heights = [row["y"] - row["y2"] for row in rows_of(result, "rect", "y2")]
    assert heights[:3] == [pytest.approx(2 * heights[1], rel=1e-3), heights[1], 0]


def test_provisional_figures_of_the_first_page_say_so() -> None:
    first, *others = RESULTS["overview"].trends
    assert not any("provisional" in text for text in texts(RESULTS["overview"]))
    late = replace(first, scope=replace(first.scope, provisional=0.4))
    told = [text for text in texts(replace(RESULTS["overview"], trends=(late, *others))) if "provisional" in text]
    assert len(told) == 1
    assert told[0].endswith(", provisional")


def test_who_waits_is_listed_as_the_sentence_says() -> None:
    name = next(name for name in RESULTS if name.startswith("waiting") and chart(RESULTS[name]).spec)
    assert "First who is important and long-loyal, then important" in subtitle(RESULTS[name])


def test_a_label_goes_where_it_hides_least_and_the_next_one_elsewhere() -> None:
    frame = Frame((0.0, 12.0), (0.0, 100.0), 200)
    taken = along([{"x": 0.0, "y": 55.0}, {"x": 6.0, "y": 55.0}])
    spots = [(0.0, 50.0, -10.0), (7.0, 50.0, -10.0), (7.0, 50.0, 10.0), (11.0, 20.0, 10.0)]
    assert free_spot(frame, "Target", spots, taken) == (7.0, 50.0, -10.0)
    assert free_spot(frame, "Target", spots, taken) == (7.0, 50.0, 10.0), "not outside the plane, though free"


def test_a_line_broken_by_a_gap_takes_no_room_there() -> None:
    points = along([{"x": 0, "y": 1, "run": 0}, {"x": 1, "y": 1, "run": 0}, {"x": 9, "y": 1, "run": 1}])
    assert max(x for x, _ in points) == 1


def test_the_label_of_the_year_before_stands_off_all_lines() -> None:
    result = trend("csat", wave(80, 3, 3), 5.0, 0.1)
    frame = [layer for layer in layers(result) if layer["mark"]["type"] == "text"]
    label = next(layer for layer in frame if layer["data"]["values"][0].get("text") == "a year before")
    assert abs(label["mark"]["dy"]) >= 10
