"""From every figure of the notebooks to its rows: what a list adds up to is what was printed, by plain loops."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from html import unescape
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any
from zipfile import ZipFile

import polars as pl
import pytest
from metrics.test_rows import Line, agrees, group_of, value_of
from nbformat import v4

from cxlib import numbers
from cxlib.metrics import Query, get, parse_filters, query, rows
from cxlib.periods import bounds, months_between
from cxlib.present.charts.display import _behind
from cxlib.present.sentences.sentence import plain
from cxlib.present.tables import table
from cxlib.questions import (
    customers_leaving,
    customers_staying,
    figures,
    one_agent,
    quality,
    value_of_a_point,
    workflow_reach,
)
from cxlib.report.page import Page
from cxlib.report.rows import link_rows
from cxlib.results.types import (
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
    Survival,
    Trend,
    UnusualDays,
)
from cxlib.store.folder import open_data
from tests.conftest import ROOT

MONTH, BEFORE = "2026-10", "2026-09"
WITHOUT = {
    "coverage(query)",  # the rows of whole tables, months over
    "history(query, customer_id)",  # is itself the list of its rows, ids and all
    "one_agent(query, agent_id)",  # no agent is named in the committed notebook: see the test of a named one
}


@dataclass(frozen=True)
class Shown:
    """A result that a notebook shows, and the lists that its page links to.

    Attributes:
        lists: Those of metrics: note, lines and page of each.
        own: Lines and page of the one that stands beside its statistic.
    """

    call: str
    result: Any
    lists: list[tuple[dict[str, str], list[Line], str]]
    own: tuple[list[Line], str] | None = None


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
def here(small_demo: Path) -> Query:
    return query(open_data(str(small_demo)), month=MONTH)


@pytest.fixture(scope="module")
def shown(here: Query, tmp_path_factory: pytest.TempPathFactory) -> list[Shown]:
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
        own = next((tuple(entry[1:]) for entry in read if "list" in entry[0]), None)
        found.append(Shown(call, result, [] if own else read, own))
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
    without = {one.call for one in shown if not one.lists and not one.own and not isinstance(one.result, NotKnown)}
    assert without == WITHOUT - {"one_agent(query, agent_id)"}
    assert {one.call for one in shown if one.call in WITHOUT and (one.lists or one.own)} == set()
    assert len(shown) > 150
    assert sum(isinstance(one.result, NotKnown) for one in shown) < 15


def test_every_month_of_every_list_makes_its_figure(shown: list[Shown], here: Query) -> None:
    checked = Counter[str]()
    for one in shown:
        for note, lines, _ in one.lists:
            if note["days"]:
                continue
            looked = replace(here, filters=parse_filters(note["filters"]))
            months = months_of(note)
            printed = figures(looked, months, names=[note["metric"]]).filter(pl.col("n") > 0).to_dicts()
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
        'drivers("csat", query)': "csat", 'drivers("response_rate", query, survey="csat")': "csat",
        'leaving_articles(query)': "",
    }.items():  # fmt: skip
        [(note, lines, _)] = by_call[call].lists
        mine = [line for month in months_of(note) for line in of(lines, month) if line.get("kind", survey) == survey]
        assert len(mine) >= by_call[call].result.n > 0.99 * len(mine) > 100, call  # a model needs its terms known
    for name in ("customer_effort", "customer_ease"):
        one = by_call[f'ordinal_change("{name}", query)']
        if isinstance(one.result, Effects):
            assert sum(len(of(one.lists[0][1], month)) for month in (MONTH, BEFORE)) == one.result.points["n"][0]
    silent = by_call['nonresponse("csat", query)']
    [(note, lines, _)] = silent.lists
    asked = [line for month in months_of(note) for line in of(lines, month) if line["kind"] == "csat"]
    answered = sum(line["adds"] == "100" for line in asked)  # an answer given anew counts once in the figure
    assert len(asked) > answered >= silent.result.points["n"][0] > 0.95 * answered


def test_spending_after_an_experience_is_told_by_its_customers(shown: list[Shown]) -> None:
    one = next(one for one in shown if one.call == "spending_after(query)")
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
    [heavy, by_category] = named(shown, Shortlist)
    note, lines, _ = heavy.lists[0]
    uses = Counter(f"{line['kind'].replace('_', ' ')}: {line['name']}" for line in lines)
    assert all(uses[group] == n > 0 for group, n in heavy.result.points.select("group", "n").rows())
    lines, tickets = (
        [line for month in months_of(note) for line in of(rest, month)] for note, rest, _ in by_category.lists
    )
    here = Counter(f"{line['kind'].replace('_', ' ')}: {line['name']}/{line['by category']}" for line in lines)
    opened = Counter(group_of(line, "category", "tickets") for line in tickets)
    for row in by_category.result.points.iter_rows(named=True):
        name, category = row["group"].rsplit("/", 1)
        assert here[row["group"]] == row["n"]
        if row["value"] is not None:
            others = sum(here[f"{name}/{one}"] for one in opened if one != category)
            peers = others / (sum(opened.values()) - opened[category])
            assert row["n"] / opened[category] / peers == pytest.approx(row["value"], rel=1e-9)
    assert by_category.result.points["value"].count() > 5
    [staffing] = named(shown, Staffing)
    (arrivals, lines, _), (handled, others, _) = staffing.lists
    assert {line["channel"] for line in [*lines, *others]} == {"phone"}
    assert arrivals["months"] == handled["months"] == "/".join(staffing.result.months)
    mine = [line for month in months_of(handled) for line in of(others, month)]
    value, n = staffing.result.handle.value, staffing.result.handle.n
    assert (len(mine), value_of(handled["metric"], mine)[1]) == (n, pytest.approx(value))


def own(shown: list[Shown], call: str) -> tuple[Any, list[Line]]:
    one, *others = (one for one in shown if one.call == call)
    assert one.own is not None, call
    assert all(other.own == one.own for other in others), call
    assert len(one.own[0]) > 2, call
    return one.result, one.own[0]


def by_group(lines: list[Line], column: str = "group") -> dict[str, list[Line]]:
    found: dict[str, list[Line]] = {}
    for line in lines:
        found.setdefault(line[column], []).append(line)
    return found


def total(lines: list[Line], column: str = "adds") -> float:
    return sum(float(line[column]) for line in lines)


@pytest.mark.parametrize("call", ["workflow_reach(query)", 'workflow_reach(query, "workflow")'])
def test_what_workflows_reach_is_counted_from_their_tickets(shown: list[Shown], call: str) -> None:
    result, lines = own(shown, call)
    months = by_group(lines, "month")
    assert set(months) == {MONTH, BEFORE}
    solved = {month: {line["ticket_id"] for line in mine} for month, mine in months.items()}
    reached = {month: by_group(mine) for month, mine in months.items()}
    for row in result.points.iter_rows(named=True):
        mine = reached[MONTH][row["group"]]
        assert len({line["ticket_id"] for line in mine}) == len(mine)
        assert (len(solved[MONTH]), total(mine)) == (row["n"], pytest.approx(row["value"], rel=1e-9))
        assert 100 * len(mine) / len(solved[MONTH]) == pytest.approx(row["value"], rel=1e-9)
        assert 100 * len(reached[BEFORE][row["group"]]) / len(solved[BEFORE]) == pytest.approx(row["before"], rel=1e-9)
    assert set(reached[MONTH]) == {*result.points["group"], "none of them"}
    without = len(reached[MONTH]["none of them"])
    assert 100 - 100 * without / len(solved[MONTH]) == pytest.approx(result.overall.value, rel=1e-9)


def test_how_tickets_fare_with_a_workflow_is_told_by_them_and_all_others(shown: list[Shown]) -> None:
    """Within month, channel and category with two customers or more on either side, weights n₁n₂ ÷ (n₁ + n₂)."""
    result, lines = own(shown, "workflow_outcomes(query)")
    parts, told = by_group(lines), 0
    for row in result.points.iter_rows(named=True):
        ending = row["label"].removeprefix(row["name"])
        ran = {line["survey_id"] or line["ticket_id"] for line in parts.get(row["label"], [])}
        every = {
            line["survey_id"] or line["ticket_id"]: line for group, mine in parts.items() if group.endswith(ending)
            for line in mine
        }  # fmt: skip
        cells: dict[tuple[str, ...], tuple[list[Line], list[Line]]] = {}
        for key, line in every.items():
            cell = line["month"], line["channel"], line["category"]
            cells.setdefault(cell, ([], []))[key not in ran].append(line)
        both = [
            sides for sides in cells.values()
            if all(len({line["customer_id"] or line["ticket_id"] for line in side}) > 1 for side in sides)
        ]  # fmt: skip
        if row["value"] is None:
            assert len(ran) >= row["n"]
            continue
        weights = [total(one, "weight") * total(two, "weight") / total([*one, *two], "weight") for one, two in both]
        apart = [total(one) / total(one, "weight") - total(two) / total(two, "weight") for one, two in both]
        assert sum(len(one) for one, _ in both) == row["n"], row["label"]
        found = sum(weight * each for weight, each in zip(weights, apart, strict=True)) / sum(weights)
        assert found == pytest.approx(row["value"], rel=1e-9, abs=1e-9), row["label"]
        told += 1
    assert told > 20


def test_what_to_automate_is_added_up_from_its_tickets(shown: list[Shown]) -> None:
    result, lines = own(shown, "automation_candidates(query, by)")
    months, parts = months_between(*result.months), by_group(lines)
    assert set(parts) == set(result.points["label"])
    for row in result.points.iter_rows(named=True):
        mine = parts[row["label"]]
        shares = [100 * sum(line[name] == "true" for line in mine) / len(mine) for name in ("easy", "quick", "asked")]
        assert shares == pytest.approx([row["easy"], row["quick"], row["asked"]], rel=1e-9)
        assert len(mine) / len(months) == pytest.approx(row["tickets"])
        chosen = [line for line in mine if {line["easy"], line["quick"], line["asked"]} == {"true"}]
        hours = sum(float(line["minutes"]) for line in chosen) / 60 / len(months)
        assert (len(chosen), hours, total(mine)) == (row["n"], pytest.approx(row["value"]), pytest.approx(hours))
    quick = [float(line["minutes"]) for line in lines if line["quick"] == "true"]
    slow = [float(line["minutes"]) for line in lines if line["quick"] == "false" and line["minutes"]]
    assert max(quick) < min(slow)


@pytest.mark.parametrize("call", ["article_candidates(query)", "article_candidates(query, months=12)"])
def test_what_to_write_about_is_added_up_from_its_tickets(shown: list[Shown], call: str) -> None:
    result, lines = own(shown, call)
    months, parts = len(months_between(*result.months)), by_group(lines)
    assert set(parts) == set(result.points["label"])
    for row in result.points.iter_rows(named=True):
        mine = parts[row["label"]]
        assert len({line["ticket_id"] for line in mine}) == row["n"] == len(mine)
        assert len(mine) / months == pytest.approx(row["tickets"], rel=1e-9)
        assert total(mine) == pytest.approx(total(mine, "minutes") / 60 / months) == pytest.approx(row["value"])
        assert row["label"] in {line["text"] for line in mine}


def test_who_stays_and_who_leaves_is_told_by_the_same_customers(shown: list[Shown]) -> None:
    """Kaplan & Meier (1958), at risk from entry to stop; and the rows that Cox's model is fitted to."""
    result, lines = own(shown, "customers_staying(query)")
    parts = by_group(lines)
    for name, points in result.points.group_by("group", maintain_order=True):
        rows = [(float(line["entry"]), float(line["stop"]), line["left"] == "true") for line in parts[name[0]]]
        ends = sorted({stop for _, stop, left in rows if left})
        for point in points.iter_rows(named=True):
            day, there = point["months"] * 365.25 / 12, 100.0
            for at in (end for end in ends if end <= day):
                gone = sum(left and stop == at for _, stop, left in rows)
                there *= 1 - gone / sum(entry < at <= stop for entry, stop, _ in rows)
            assert there == pytest.approx(point["value"], rel=1e-9)
            at_risk = sum(entry < day <= stop for entry, stop, _ in rows) if day else sum(not one[0] for one in rows)
            assert at_risk == point["n"]
    assert sum(line["left"] == "true" for line in lines) == result.left > 10


def test_how_fast_customers_leave_is_told_by_those_who_stay_or_leave(
    here: Query, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model's rows, and those who left; the small demo has too few of them but for a lower limit."""
    monkeypatch.setattr(import_module("cxlib.questions.customers.hazards"), "FEWEST", 3)
    leaving = customers_leaving(here)
    assert isinstance(leaving, Effects)
    [(lines, _)] = laid(leaving, here, tmp_path)
    assert [lines] == [lines for lines, _ in laid(customers_staying(here), here, tmp_path)]
    parts = by_group(lines)
    assert len(lines) == leaving.n > 100
    for row in leaving.points.iter_rows(named=True):
        mine = parts[row["group"]]
        assert (len(mine), len({line["customer_id"] for line in mine})) == (row["n"], row["units"])
    assert f" {sum(line['left'] == 'true' for line in lines)} customers left" in leaving.caveat


def test_what_a_lost_customer_brought_is_a_mean_over_the_customers(shown: list[Shown]) -> None:
    result, lines = own(shown, "churn_cost(query)")
    parts = by_group(lines)
    *amounts, _ = result.points.iter_rows(named=True)
    assert [row["group"] for row in amounts] == list(parts)
    for row in amounts:
        mine = parts[row["group"]]
        assert len({line["customer_id"] for line in mine}) == len(mine) == row["n"]
        assert total(mine) / len(mine) == pytest.approx(row["value"], rel=1e-9)


@pytest.mark.parametrize(("score", "bad"), [("nps", "detractor"), ("csat", "bad")])
def test_what_a_point_is_worth_is_told_by_its_customers(
    here: Query, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, score: str, bad: str
) -> None:
    """The model's rows, their margins, and the share of those who could change sides."""
    monkeypatch.setattr(import_module("cxlib.questions.customers.value_of_a_point"), "LEAST", 5)
    result = value_of_a_point(here, score)
    assert isinstance(result, Effects)
    [(lines, page)] = laid(result, here, tmp_path)
    assert heading(page)[0].endswith(f": {get(score).title}")
    assert heading(page)[1] == spanned(result.months)
    assert "Σ margin, EUR" in heads(page)[0]
    point, risk = result.points.iter_rows(named=True)
    assert len({line["customer_id"] for line in lines}) == len(lines) == point["n"] == risk["n"]
    share = sum(line["group"] == bad for line in lines) / len(lines)
    assert risk["value"] / point["value"] == pytest.approx(share * (200 if score == "nps" else 100), rel=1e-9)
    bought, gross = Counter[str](), here.data.settings.costs["gross_margin"]
    for line in rows("revenue", here, months=months_between("2025-11", MONTH)).iter_rows(named=True):
        bought[line["customer_id"]] += line["adds"]
    assert all(float(line["margin"]) == pytest.approx(gross * bought[line["customer_id"]]) for line in lines)
    assert total(lines, "margin") > 0


@pytest.mark.parametrize("name", ["csat", "nps"])
def test_figure_and_later_outcome_are_told_customer_by_customer(shown: list[Shown], here: Query, name: str) -> None:
    result, lines = own(shown, f'relation_by_lag(query, "{name}")')
    parts = by_group(lines)
    assert list(parts) == result.points["group"].to_list()
    bought, answers = Counter[tuple[str, str]](), dict[str, list[float]]()
    for line in rows("revenue", here, months=list(parts)).iter_rows(named=True):
        bought[line["month"], line["customer_id"]] += line["adds"]
    for line in rows(name, here, months=months_between(*result.months)).iter_rows(named=True):
        answers.setdefault(line["customer_id"], []).append(line["adds"])
    for row in result.points.iter_rows(named=True):
        mine = parts[row["group"]]
        assert len({line["customer_id"] for line in mine}) == len(mine) == row["n"]
        for line in mine:
            given = answers[line["customer_id"]]
            assert float(line["figure"]) == pytest.approx(sum(given) / len(given), abs=1e-7)
            assert float(line["outcome"]) == pytest.approx(bought[row["group"], line["customer_id"]], abs=1e-6)
    assert set(answers) - {None, ""} == {line["customer_id"] for line in lines}


def test_a_customers_rank_is_counted_among_those_alike(shown: list[Shown]) -> None:
    result, lines = own(shown, "peers(query, customer_id)")
    parts, told = by_group(lines), 0
    for row in result.points.filter(pl.col("value").is_not_null()).iter_rows(named=True):
        mine = parts[row["label"].split(":")[0]]
        [value] = [float(line["value"]) for line in mine if line["others"] == "0"]
        others = [float(line["value"]) for line in mine if line["others"] == "1"]
        below = sum(other < value for other in others) + sum(other == value for other in others) / 2
        assert (len(others), 100 * below / len(others)) == (row["n"], pytest.approx(row["value"], rel=1e-9))
        assert total(mine) == pytest.approx(row["value"], rel=1e-9)
        told += 1
    assert told > 2


def test_who_waits_is_told_by_their_open_tickets(shown: list[Shown]) -> None:
    result, lines = own(shown, "waiting(query)")
    parts = by_group(lines, "customer_id")
    assert len(parts) == result.selected
    for row in result.customers.iter_rows(named=True):
        mine = parts[row["customer_id"]]
        oldest = max(mine, key=lambda line: float(line["minutes"]))
        assert (len(mine), oldest["ticket_id"]) == (row["tickets"], row["ticket_id"])
        assert float(oldest["minutes"]) == pytest.approx(row["minutes"])


@pytest.mark.parametrize("call", ["quality(query)", "set_aside(query)", "provisional(query)", "reconciliation(query)"])
def test_what_a_tally_counts_is_listed(shown: list[Shown], call: str) -> None:
    result, lines = own(shown, call)
    counts = Counter(line["group"] for line in lines)
    for row in result.points.iter_rows(named=True):
        listed = counts.pop(f"{row['family']}: {row['label']}", 0)
        assert listed == row["n"] or (listed == 0 and "on several scales" in row["label"]), row
    assert set(counts) == {one for one in counts if one.endswith(": agrees exactly")}
    assert sum(counts.values()) == result.same
    assert len(lines) == (result.compared or len(lines))


def test_why_our_figures_differ_is_told_ticket_by_ticket(shown: list[Shown]) -> None:
    result, lines = own(shown, "reconciliation(query)")
    for row in result.points.iter_rows(named=True):
        mine = [line for line in lines if line["group"] == f"{row['family']}: {row['label']}"]
        known = sorted(float(line["difference"]) for line in mine if line["difference"])
        assert (median(known) if known else None) == pytest.approx(row["typical"], abs=1e-9)
        for line in (line for line in mine if line["difference"]):
            assert float(line["theirs"]) - float(line["ours"]) == pytest.approx(float(line["difference"]), abs=1e-9)


def test_the_pages_of_these_lists_tell_the_same_figures(shown: list[Shown]) -> None:
    """A line per group: the figure, the number of rows, their sums."""
    checked = 0
    for one in (one for one in shown if one.own):
        lines, page = one.own
        told = page.replace("\xa0", " ").split("What the rows make")[1].split("</table>")[0]
        keys = ("month", "group") if "workflow_reach" in one.call else ("group",)
        counts = Counter(", ".join(line[key] for key in keys) for line in lines)
        table = re.findall(r'<th scope="row">(.*?)</th>((?:<td.*?</td>)+)', told)
        assert [unescape(name) for name, _ in table] == [plain(name, 160) for name in counts], one.call
        for (_, cells), (group, count) in zip(table, counts.items(), strict=True):
            cells_of = [float(cell.replace(",", "").replace("−", "-")) for cell in re.findall(r">([^<]*)</td>", cells)]
            mine = [line for line in lines if ", ".join(line[key] for key in keys) == group]
            waits = one.call.startswith("waiting")
            figure = waits or "adds" in lines[0]
            assert cells_of[figure] == count
            if figure:
                over = total(mine, "weight") if "weight" in lines[0] else 1
                made = max(float(line["minutes"]) for line in mine) if waits else total(mine) / over
                assert cells_of[0] == pytest.approx(made, abs=0.0051)
            checked += 1
    assert checked > 150


TICKETS = {
    "automation_candidates": "first_contact_resolution", "article_candidates": "ticket_volume",
    "reconciliation": "ticket_volume",
}  # fmt: skip
"""Lists of tickets without a column that says their month, and the metric whose instant decides it."""


def spanned(months: Collection[str]) -> str:
    return " to ".join(dict.fromkeys(numbers.month(month) for month in (min(months), max(months))))


def heading(page: str) -> tuple[str, str]:
    """What the rows are, and of when."""
    return re.findall("<h1>(.*?)</h1>", page)[0], re.findall(r'<p class="where">(.*?) · ', page)[0]


def test_pages_of_lists_say_the_months_that_their_rows_are_of(shown: list[Shown], here: Query) -> None:
    told, tickets = set(), here.data.scan("tickets").collect()
    for one in (one for one in shown if one.own):
        lines, page = one.own
        if (name := one.call.split("(")[0]) in TICKETS:
            mine = tickets.filter(pl.col("ticket_id").is_in({line["ticket_id"] for line in lines}))
            months = mine[f"{get(TICKETS[name]).anchor}_day"].drop_nulls().dt.strftime("%Y-%m").to_list()
        else:
            months = list(dict.fromkeys(line["month"] for line in lines if "month" in line))
        if name in TICKETS or name == "workflow_outcomes":
            assert heading(page)[1] == spanned(months), one.call
            told.add((name, max(months)))
        elif months:
            assert heading(page)[1] == ", ".join(map(numbers.month, months))
        elif isinstance(one.result, Effects | Survival) and name != "relation_by_lag":
            assert heading(page)[1] == spanned(one.result.months)
        told.add((name, ""))
    assert ("automation_candidates", BEFORE) in told
    assert {name for name, _ in told} >= {*TICKETS, "workflow_reach", "peers", "customers_staying"}


@pytest.mark.parametrize(
    ("call", "when"),
    [
        ('relation_by_lag(query, "csat")', "May 2025 to October 2026"),
        ("churn_cost(query)", "November 2025 to October 2026"),
        ("waiting(query)", "31 October 2026"),
        ("quality(query)", "the whole data, {} to October 2026"),
        ("set_aside(query)", "the whole data, {} to October 2026"),
        ("provisional(query)", "October 2026"),
    ],
)
def test_pages_without_the_months_of_single_rows_say_what_they_are_of(
    shown: list[Shown], here: Query, call: str, when: str
) -> None:
    [page, *_] = [one.own[1] for one in shown if one.call == call and one.own]
    assert heading(page)[1] == when.format(numbers.month(here.data.first_month))


def test_no_two_lists_have_the_same_heading(shown: list[Shown]) -> None:
    pages = {one.own[1] for one in shown if one.own}
    assert len({heading(page) for page in pages}) == len(pages) > 10
    assert not [page for page in pages if heading(page)[0].endswith(": the rows")]


def heads(page: str) -> list[list[str]]:
    """The headings of both tables, what the rows make and the rows."""
    return [re.findall(r'<th scope="col"[^>]*>(.*?)</th>', part) for part in re.findall("<thead>.*?</thead>", page)]


def test_figures_of_lists_have_the_unit_of_their_table(shown: list[Shown]) -> None:
    units = dict[str, str]()
    for one in (one for one in shown if one.own):
        made, rows_of = heads(one.own[1])
        name = one.call.split("(")[0]
        if isinstance(one.result, Shortlist):
            assert one.result.measured_in.capitalize() in table(one.result).columns[1]
            assert made[1] == f"figure, {one.result.measured_in}"
        units |= {name: made[1].removeprefix("figure, ")} if made[1].startswith("figure") else {}
        assert [head for head in rows_of if head.startswith("adds")] == (
            [f"adds, {units[name]}"] if name in units and name != "waiting" else []
        )
    hours = dict.fromkeys(("automation_candidates", "article_candidates"), "hours a month")
    shares = dict.fromkeys(("workflow_outcomes", "workflow_reach", "peers"), "%")
    assert units == hours | shares | {"churn_cost": "EUR", "waiting": "minutes"}


def test_figures_of_metrics_have_a_unit_beside_the_number_or_in_the_heading(shown: list[Shown]) -> None:
    beside, above = set(), set()
    for note, _, page in (entry for one in shown for entry in one.lists if entry[1]):
        metric, [made, rows_of] = get(note["metric"]), heads(page)
        told = unescape(page.split("What the rows make")[1]).replace("\xa0", " ")
        figure = re.findall(r'<th scope="row">.*?</th><td[^>]*>(.*?)</td>', told)[0]
        if "not yet" not in figure and made[1] == "figure":
            money = metric.measured_in == "money"
            minutes = metric.kind == "duration"
            ends = "(EUR)" if money else "(min|h|d)" if minutes else f"({re.escape(metric.measured_in)}|point .*)"
            assert re.match(rf"[^ ]+ {ends}( \(|$)", figure), (note, figure)
            beside.add(metric.name)
        elif made[1] != "figure":
            assert made[1] == f"figure, {metric.measured_in}"
            assert metric.kind in ("count", "score")
            above.add(metric.name)
        unit = "EUR" if metric.measured_in == "money" else metric.measured_in
        of_amounts = metric.name.endswith("revenue_retention")  # a row adds a hundred times an amount
        assert metric.kind == "duration" or ("adds" if of_amounts else f"adds, {unit}") in rows_of
    assert above >= {"nps", "ticket_volume", "backlog", "workflow_uses"}
    assert beside >= {"csat", "first_reply_time", "revenue", "handle_time", "customer_effort"}
    assert len(beside) > 30 > len(above)


def laid(result: Any, looked: Query, folder: Path) -> list[tuple[list[Line], str]]:
    """Lay out the lists behind one result."""
    mark = json.loads(json.dumps({"role": "table", "rows": _behind(result)}))
    output = v4.new_output("display_data", metadata={"cx": mark})  # type: ignore[no-untyped-call]
    notebook = v4.new_notebook(cells=[v4.new_code_cell(outputs=[output])])  # type: ignore[no-untyped-call]
    link_rows([(Page("01_a.html", "01_a.ipynb", "A", ""), notebook)], looked, folder)
    return [_read(folder / address) for address, _ in output["metadata"]["cx"]["links"]]


def test_the_list_of_a_filtered_answer_holds_its_rows_alone(here: Query, tmp_path: Path) -> None:
    phone = here.only("channel", "phone")
    [(lines, page)] = laid(workflow_reach(phone), here, tmp_path)
    tickets = {line["ticket_id"] for line in rows("ticket_volume", phone, months=[BEFORE, MONTH]).to_dicts()}
    assert {line["ticket_id"] for line in lines} <= tickets
    assert len({line["ticket_id"] for line in lines if line["month"] == MONTH}) == workflow_reach(phone).overall.n > 10
    assert "only channel=phone" in page
    [(lines, page)] = laid(quality(phone), here, tmp_path)
    assert len(lines) == quality(here).points.filter(pl.col("examples") != "")["n"].sum() > 10
    assert "only channel" not in page


def test_one_agents_months_are_counted_from_all_agents_rows(here: Query, tmp_path: Path) -> None:
    agent = rows("csat", here)["agent_id"].drop_nulls().mode().sort()[0]
    result = one_agent(here, agent)
    [(lines, _)] = laid(result, here, tmp_path)
    assert isinstance(result, Effects)
    for row in result.points.filter(pl.col("group") != "all months").iter_rows(named=True):
        mine = [line for line in lines if (line["month"], line["agent_id"]) == (row["group"], agent)]
        assert len(mine) >= row["n"] > 0  # what nobody else did in the month has nothing to be compared with
    assert len({line["agent_id"] for line in lines}) > 5


def test_a_history_shows_all_its_rows_itself(shown: list[Shown]) -> None:
    [one] = [one for one in shown if one.call == "history(query, customer_id)"]
    told = {cells[1].split(" ", 1)[1] for cells in table(one.result).rows}
    assert told == set(one.result.events["id"]) and len(told) > 10


def test_lists_of_a_period_hold_its_days_alone(shown: list[Shown]) -> None:
    kinds = Counter[str]()
    for note, lines, page in (entry for one in shown for entry in one.lists if entry[0]["days"]):
        kinds[note["days"]] += 1
        if note["days"] != "working":
            assert f'<p class="where">{numbers.period(note["days"])} · ' in page
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
