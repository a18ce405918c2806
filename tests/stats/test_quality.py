"""What is said of the data themselves, against loops over literal rows and the broken rows of the demo."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from cxlib.check import check
from cxlib.metrics import METRICS, Query, query
from cxlib.questions import coverage, provisional, quality, set_aside
from cxlib.results.types import Coverage, NotKnown
from cxlib.store.folder import open_data, read_manifest, write_manifest
from tests.stats.desk import build, surveys, tickets

WARSAW = ZoneInfo("Europe/Warsaw")


@pytest.fixture(scope="module")
def here(small_demo: Path) -> Query:
    return query(open_data(str(small_demo)), month="2026-09")


LATE = "ordered_at lies after the end of the data: it opens no month and counts in none"


def rows_of(points: pl.DataFrame) -> dict[tuple[str, str], int]:
    return {(row["family"], row["label"]): row["n"] for row in points.iter_rows(named=True)}


def test_it_names_what_the_check_and_the_truth_name(here: Query) -> None:
    dirty = json.loads((here.data.folder / "truth.json").read_text(encoding="utf-8"))["dirty"]
    found = rows_of(quality(here).points)
    for promise, kind in (
        ("customer_id is unknown in customers", "unknown_customer"),
        ("answer lies outside its scale", "answer_outside_scale"),
        ("message lies before its ticket's creation", "reply_before_creation"),
    ):  # fmt: skip
        assert {table: n for (table, label), n in found.items() if label == promise} == dirty[kind]
    findings = [one for one in check(here.data).findings if "(set aside)" not in one.promise]
    assert found == {(one.table, one.words): one.count for one in findings}
    aside = rows_of(set_aside(here).points)
    assert {table: n for (table, _), n in aside.items()} == dirty["duplicate_key"]
    assert all(label.startswith("duplicate ") for _, label in aside)


def test_shares_are_of_all_rows_read(here: Query) -> None:
    manifest = read_manifest(here.data.folder)
    for row in set_aside(here).points.iter_rows(named=True):
        read = manifest["rows"][row["family"]] + sum(manifest["set_aside"][row["family"]].values())
        assert row["share"] == pytest.approx(100 * row["n"] / read)
        assert len(row["examples"].split(", ")) == 3
    for row in quality(here).points.iter_rows(named=True):
        assert row["share"] == pytest.approx(100 * row["n"] / manifest["rows"][row["family"]])


def test_late_rows_are_told(here: Query) -> None:
    late = here.data.scan("orders").filter(pl.col("ordered_at") > here.data.extracted_at).collect().height
    assert late > 0
    assert rows_of(quality(here).points)["orders", LATE] == late


def test_coverage_is_what_a_loop_counts(here: Query) -> None:
    result = coverage(here)
    assert isinstance(result, Coverage)
    assert (len(result.months), result.months[-1]) == (13, "2026-09")
    found = {(row["table"], row["month"]): row["rows"] for row in result.points.iter_rows(named=True)}
    for name, anchor, column in (("tickets", "created_at", "handle_minutes"), ("surveys", "answered_at", "agent_id")):
        lines = here.data.scan(name).select(anchor, column).collect().rows()
        months = Counter(f"{at.astimezone(WARSAW):%Y-%m}" for at, _ in lines if at)
        assert {month: found[name, month] for month in result.months} == {m: months[m] for m in result.months}
        here_and_before: list[list[Any]] = [[], []]
        for at, value in lines:
            month = f"{at.astimezone(WARSAW):%Y-%m}" if at else ""
            if month in result.months:
                here_and_before[month != "2026-09"].append(value)
        shares = [100 * sum(value is None for value in values) / len(values) for values in here_and_before]
        gap = result.gaps.filter(table=name, column=column).row(0, named=True)
        assert [gap["share"], gap["before"]] == pytest.approx(shares)
    assert result.gaps["share"].to_list() == sorted(result.gaps["share"].to_list(), reverse=True)


def test_a_month_without_rows_is_a_nought_not_a_gap(tmp_path: Path) -> None:
    asked = [row for row in tickets() if f"{row['created_at']:%Y-%m}" != "2026-08"]
    here = query(build(tmp_path / "desk", tickets=asked, surveys=surveys(asked)), month="2026-10")
    result = coverage(here)
    assert isinstance(result, Coverage)
    assert result.points.filter(table="tickets", month="2026-08")["rows"].to_list() == [0]
    empty = coverage(query(build(tmp_path / "none", customers=[{"customer_id": "c"}]), month="2026-10"))
    assert isinstance(empty, NotKnown)


def test_figures_not_final_are_those_whose_windows_are_open(here: Query) -> None:
    last = query(here.data, month=here.data.last_month)
    found = rows_of(provisional(last).points)
    asked = here.data.scan("surveys").select("sent_at").collect()["sent_at"]
    young = [at for at in asked if at and f"{at.astimezone(WARSAW):%Y-%m}" == last.month
             and (here.data.extracted_at - at).days < here.data.settings.windows.response_days]  # fmt: skip
    assert found["window not over", METRICS["response_rate"].title] == pytest.approx(len(young), abs=1)
    waiting = here.data.scan("tickets").filter(
        ~pl.col("first_reply_ended"), ~pl.col("first_reply_competing"),
        pl.col("created_day").dt.strftime("%Y-%m") == last.month,
    )  # fmt: skip
    by_customer = waiting.filter(pl.col("opened_by") != "agent").collect().height
    assert found["clock still running", METRICS["first_reply_time"].title] in (by_customer, waiting.collect().height)
    long_ago = rows_of(provisional(query(here.data, month="2025-09")).points)
    assert not [label for (family, label) in long_ago if family == "window not over"]


def test_clean_data_say_so(tmp_path: Path) -> None:
    asked = tickets()[:50]
    data = build(tmp_path / "clean", tickets=asked)
    write_manifest(data.folder, data.manifest | {"rows": {"tickets": 50}, "left_out": {"tickets": {"outside": 5}},
        "notes": {"tickets": {"odd values": {"count": 2, "examples": ["x", "y"]}}}})  # fmt: skip
    here = query(open_data(str(data.folder)), month="2026-10")
    assert quality(here).points.is_empty()
    told = set_aside(here).points.select("label", "n", "share", "examples").rows()
    assert told == [
        ("outside (left out)", 5, pytest.approx(100 * 5 / 55), ""),
        ("odd values", 2, pytest.approx(200 / 55), "x, y"),
    ]
    assert datetime(2026, 11, 1, tzinfo=UTC) == here.data.extracted_at
