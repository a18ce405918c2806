"""From every figure of the notebooks to its rows: what a list adds up to is what was printed, by plain loops."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import polars as pl
import pytest
from metrics.test_rows import Line, agrees, group_of, value_of
from nbformat import v4

from cxlib.charts.display import _behind
from cxlib.metrics import View, get, parse_filters, view
from cxlib.periods import bounds, months_between
from cxlib.report.page import Page
from cxlib.report.rows import link_rows
from cxlib.stats import figures
from cxlib.stats.results import (
    Breakdown,
    Contrast,
    Distribution,
    Effects,
    Funnel,
    NotKnown,
    Overview,
    Peaks,
    Shortlist,
    Staffing,
    Trend,
    UnusualDays,
)
from cxlib.store import open_data
from tests.conftest import ROOT

MONTH, BEFORE = "2026-10", "2026-09"
WITHOUT = {
    "provisional(view)", "quality(view)", "set_aside(view)", "coverage(view)", "reconciliation(view)",
    "history(view, customer_id)", "peers(view, customer_id)", "waiting(view)", "one_agent(view, agent_id)",
    "workflow_reach(view)", 'workflow_reach(view, "workflow")', "workflow_outcomes(view)", "heavy_workflows(view, by)",
    "automation_candidates(view, by)", "article_candidates(view)", "article_candidates(view, months=12)",
    "customers_staying(view)", "customers_leaving(view)", "lost_customer(view)", 'value_of_a_point(view, "nps")',
    'value_of_a_point(view, "csat")', 'relation_by_lag(view, "csat")', 'relation_by_lag(view, "nps")',
}  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """A result that a notebook shows, with the lists that its page links to: note, lines and page of each."""

    call: str
    result: Any
    lists: list[tuple[dict[str, str], list[Line], str]]


def results(data: Path) -> list[tuple[str, Any]]:
    """Run the cells of the notebooks here, up to what they show."""
    found = []
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        space: dict[str, Any] = {}
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            source = "".join(cell["source"])
            if cell["cell_type"] != "code" or "cx.stamp" in source or "cx.glossary" in source:
                continue
            lines = source.split("\n")
            exec("\n".join(line for line in lines if not line.startswith("cx.show(")), space)
            space |= {"data": str(data), "month": MONTH} if "parameters" in cell["metadata"].get("tags", []) else {}
            calls = [line.removeprefix("cx.show(cx.")[:-1] for line in lines if line.startswith("cx.show(")]
            found += [(call, eval(f"cx.{call}", space)) for call in calls]
    return found


@pytest.fixture(scope="module")
def here(small_demo: Path) -> View:
    return view(open_data(str(small_demo)), month=MONTH)


@pytest.fixture(scope="module")
def shown(here: View, tmp_path_factory: pytest.TempPathFactory) -> list[Shown]:
    folder = tmp_path_factory.mktemp("report")
    everything = results(here.data.folder)
    notes = [json.loads(json.dumps({"role": "table", "rows": _behind(result)})) for _, result in everything]
    marks = [note if note["rows"] else {"role": "table"} for note in notes]
    outputs = [v4.new_output("display_data", metadata={"cx": mark}) for mark in marks]  # type: ignore[no-untyped-call]
    notebook = v4.new_notebook(cells=[v4.new_code_cell(outputs=[output]) for output in outputs])  # type: ignore[no-untyped-call]
    link_rows([(Page("01_a.html", "01_a.ipynb", "A", ""), notebook)], here, folder)
    found = []
    for (call, result), output in zip(everything, outputs, strict=True):
        mark = output["metadata"]["cx"]
        links = [address for address, _ in mark.get("links", [])]
        assert len(links) == len(mark.get("rows", [])), call
        read = [(note, *_read(folder / address)) for note, address in zip(mark.get("rows", []), links, strict=True)]
        found.append(Shown(call, result, read))
    return found


def _read(page: Path) -> tuple[list[Line], str]:
    zipped = page.with_suffix(".zip")
    text = (
        ZipFile(zipped).read(f"{page.stem}.csv").decode() if zipped.exists() else page.with_suffix(".csv").read_text()
    )
    return list(csv.DictReader(io.StringIO(text))), page.read_text(encoding="utf-8")


def months_of(note: dict[str, str]) -> list[str]:
    return [month for part in note["months"].split() for month in months_between(part[:7], part[-7:])]


def of(lines: list[Line], month: str) -> list[Line]:
    return [line for line in lines if line.get("month", month) == month]


def named(shown: list[Shown], kind: type) -> list[Shown]:
    return [one for one in shown if isinstance(one.result, kind) and one.lists]


def test_the_results_without_a_link_are_these(shown: list[Shown]) -> None:
    assert {one.call for one in shown if not one.lists and not isinstance(one.result, NotKnown)} <= WITHOUT
    assert {one.call for one in shown if one.call in WITHOUT and one.lists} == set()
    assert len(shown) > 150
    assert sum(isinstance(one.result, NotKnown) for one in shown) < 15


def test_every_month_of_every_list_makes_its_figure(shown: list[Shown], here: View) -> None:
    checked = Counter[str]()
    for one in shown:
        for note, lines, _ in one.lists:
            if note["days"]:
                continue
            looked = replace(here, filters=parse_filters(note["filters"]))
            months = months_of(note)
            printed = figures(looked, months, names=[note["metric"]]).to_dicts()
            assert {row["period"] for row in printed} == {month for month in months if of(lines, month)}, one.call
            assert all(agrees(value_of(note["metric"], of(lines, row["period"])), row) for row in printed), one.call
            checked[note["metric"]] += len(printed)
    assert len(checked) > 50
    assert checked["ticket_volume"] > 36


def test_trends_are_made_by_the_rows_of_what_their_sentence_compares(shown: list[Shown]) -> None:
    grains = Counter[str]()
    trends = [one for one in named(shown, Trend) if "settled" not in one.call]
    trends += [
        Shown(one.call, trend, [entry]) for one in named(shown, Overview)
        for trend, entry in zip(one.result.trends, one.lists, strict=True)
    ]  # fmt: skip
    for one in trends:
        points = {row["period"]: row for row in one.result.points.iter_rows(named=True)}
        compared = [change.baseline for change in (one.result.change, one.result.last_year) if change]
        for note, lines, _ in one.lists:
            grains[note["days"]] += 1
            for period in [note["days"]] if note["days"] in points else {*compared, [*points][-1]} & set(points):
                mine = lines if note["days"] in points else of(lines, period)
                n, value = value_of(note["metric"], mine)
                point = points[period]
                if note["days"] == "working":
                    days = sum(float(line["adds"]) for line in mine) / point["value"]
                    assert round(days) == pytest.approx(days)
                    assert 18 <= round(days) <= 23
                else:
                    assert agrees((n, value), point), (one.call, period)
    assert {len(days) for days in grains} >= {0, len("2026-W30"), len("2026-08-31"), len("working"), 15}


def test_breakdowns_are_made_by_the_rows_of_their_groups(shown: list[Shown]) -> None:
    for one in named(shown, Breakdown):
        [(note, lines, _)] = one.lists
        table, by = get(note["metric"]).table, one.result.by
        for row in one.result.points.iter_rows(named=True):
            mine = [line for line in of(lines, MONTH) if group_of(line, by, table) == row["group"]]
            assert agrees(value_of(note["metric"], mine), row), (one.call, row)


def test_the_shares_of_answers_are_told_by_their_box(shown: list[Shown]) -> None:
    asked = [one for one in named(shown, Distribution) if one.result.metric.survey]
    assert len(asked) == 4
    for one in asked:
        lines = of(one.lists[0][1], MONTH)
        weight = sum(float(line["weight"]) for line in lines)
        for box, value in zip(("bottom", "middle", "top"), one.result.points["value"], strict=True):
            inside = sum(float(line["weight"]) for line in lines if line["box"] == box)
            assert 100 * inside / weight == pytest.approx(value)


def test_comparisons_over_many_months_have_all_their_rows(shown: list[Shown]) -> None:
    for one in [*named(shown, Contrast), *named(shown, Funnel)]:
        [(note, lines, _)] = one.lists
        counts = Counter(
            group_of(line, one.result.by, get(note["metric"]).table) for month in months_of(note)
            for line in of(lines, month) if float(line["weight"]) != 0
        )  # fmt: skip
        for row in one.result.points.filter(pl.col("group") != "all others").iter_rows(named=True):
            # what has nobody to be compared with in its month is left out of a contrast
            assert counts[row["group"]] >= row["n"] > 0, one.call
            assert isinstance(one.result, Contrast) or counts[row["group"]] == row["n"]


def test_effects_have_all_their_rows(shown: list[Shown]) -> None:
    """What a model or a pair of months is of: every row, neither more nor fewer."""
    by_call = {one.call: one for one in shown}
    for call, survey in {
        'goes_with("csat", view)': "csat", 'goes_with("response_rate", view, survey="csat")': "csat",
        'leaving_articles(view)': "",
    }.items():  # fmt: skip
        [(note, lines, _)] = by_call[call].lists
        mine = [line for month in months_of(note) for line in of(lines, month) if line.get("kind", survey) == survey]
        assert len(mine) >= by_call[call].result.n > 0.99 * len(mine) > 100, call  # a model needs its terms known
    for name in ("customer_effort", "customer_ease"):
        one = by_call[f'ordinal_change("{name}", view)']
        if isinstance(one.result, Effects):
            assert sum(len(of(one.lists[0][1], month)) for month in (MONTH, BEFORE)) == one.result.points["n"][0]
    silent = by_call['silent("csat", view)']
    [(note, lines, _)] = silent.lists
    asked = [line for month in months_of(note) for line in of(lines, month) if line["kind"] == "csat"]
    answered = sum(line["adds"] == "100" for line in asked)  # an answer given anew counts once in the figure
    assert len(asked) > answered >= silent.result.points["n"][0] > 0.95 * answered


def test_spending_after_an_experience_is_told_by_its_customers(shown: list[Shown]) -> None:
    one = next(one for one in shown if one.call == "spending_after(view)")
    [(note, lines, _)] = one.lists
    sides: dict[str, tuple[list[float], list[float]]] = {}
    for month in months_of(note):
        for line in of(lines, month):
            if line["by experience"] in ("bad", "good"):
                rise = float(line["spent_after"]) - float(line["spent_before"])
                sides.setdefault(month, ([], []))[line["by experience"] == "good"].append(rise)
    both = [(bad, good) for bad, good in sides.values() if min(len(bad), len(good)) > 1]
    weights = [len(bad) * len(good) / (len(bad) + len(good)) for bad, good in both]
    apart = [sum(bad) / len(bad) - sum(good) / len(good) for bad, good in both]
    found = sum(weight * difference for weight, difference in zip(weights, apart, strict=True)) / sum(weights)
    row = one.result.points.row(0, named=True)
    assert sum(len(bad) + len(good) for bad, good in both) == row["n"]
    assert row["value"] is None or found == pytest.approx(row["value"])


def test_counts_by_hour_day_workflow_and_channel_are_in_their_lists(shown: list[Shown]) -> None:
    [peaks] = named(shown, Peaks)
    note, lines, _ = peaks.lists[0]
    times = [datetime.fromisoformat(line["created_at"]) for month in months_of(note) for line in of(lines, month)]
    hours = Counter((at.isoweekday(), at.hour) for at in times)
    points = peaks.result.points
    assert hours == {(day, hour): n for day, hour, n in points.select("weekday", "hour", "n").rows() if n}
    [days] = named(shown, UnusualDays)
    of_day = Counter(datetime.fromisoformat(line["created_at"]).date() for line in of(days.lists[0][1], MONTH))
    assert all(of_day[day] == value for day, value in days.result.points.select("day", "value").rows())
    [heavy] = named(shown, Shortlist)
    note, lines, _ = heavy.lists[0]
    uses = Counter(f"{line['kind'].replace('_', ' ')}: {line['name']}" for line in lines)
    assert all(uses[group] >= n > 0 for group, n in heavy.result.points.select("group", "n").rows())
    [staffing] = named(shown, Staffing)
    (arrivals, lines, _), (handled, others, _) = staffing.lists
    assert {line["channel"] for line in [*lines, *others]} == {"phone"}
    assert arrivals["months"] == handled["months"] == "/".join(staffing.result.months)
    mine = [line for month in months_of(handled) for line in of(others, month)]
    value, n = staffing.result.handle.value, staffing.result.handle.n
    assert (len(mine), value_of(handled["metric"], mine)[1]) == (n, pytest.approx(value))


def test_lists_of_a_period_hold_its_days_alone(shown: list[Shown]) -> None:
    kinds = Counter[str]()
    for note, lines, page in (entry for one in shown for entry in one.lists if entry[0]["days"]):
        kinds[note["days"]] += 1
        if note["metric"] == "backlog":
            continue
        days = {datetime.fromisoformat(line["created_at"]).date() for line in lines}
        if note["days"] == "working":
            assert all(day.isoweekday() < 6 and day != date(2025, 12, 25) for day in days)
            assert "working days</td>" in page
        else:
            first, last = bounds(note["days"])
            assert first <= min(days) <= max(days) <= last
    assert len(kinds) > 8


def test_the_lists_are_local_time_and_put_what_is_added_after_the_ids(shown: list[Shown]) -> None:
    for note, lines, page in (entry for one in shown for entry in one.lists if entry[1]):
        columns = list(lines[0])
        first = next(place for place, name in enumerate(columns) if not name.endswith("_id"))
        wait = get(note["metric"]).kind == "duration"
        assert columns[first : first + 2] == (["minutes", "ended"] if wait else ["adds", "weight"])
        assert "instants are local time, Europe/Warsaw" in page
        assert "by category" not in columns or "category" not in columns
