"""From a number to its tickets: the rows of a list add up to the printed figure, by plain loops."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cxlib.errors import CxError, UsageError
from cxlib.estimates.context import unanswerable
from cxlib.estimates.estimate_table import estimate_table
from cxlib.metrics import METRICS, Query, as_csv, get, query, rows
from cxlib.metrics.frames import BETWEEN, NOT_KNOWN
from cxlib.metrics.rows import WORKING
from cxlib.periods import months_between
from cxlib.questions import figures
from cxlib.store.folder import open_data
from cxlib.tables.schema import DIMENSIONS, TABLES

Line = dict[str, str]


@pytest.fixture(scope="module")
def here(small_demo: Path) -> Query:
    return query(open_data(str(small_demo)), month="2026-07")


def listed(name: str, looked: Query, by: str = "") -> list[Line]:
    """Read the list as whoever opens the CSV does: text only."""
    return list(csv.DictReader(io.StringIO(as_csv(rows(name, looked, by)))))


def group_of(line: Line, by: str, table: str) -> str:
    """The key of a line's group, whether its own column or one laid beside it tells it."""
    told = line.get(f"by {by}", line.get(DIMENSIONS[by].paths[table].column, "")) or NOT_KNOWN
    return re.sub(r"^.+ \((\w+)\)$", r"\1", told)


def value_of(name: str, lines: Iterable[Line]) -> tuple[int, float | None]:
    """n and figure of a list of lines, the slow and obvious way."""
    lines = list(lines)
    if get(name).kind == "duration":
        waits = [(float(line["minutes"]), line["ended"] == "true") for line in lines]
        return len(lines), quantile(waits, get(name).quantile)
    added = weight = 0.0
    for line in lines:
        added += float(line["adds"])
        weight += float(line["weight"])
    n = sum(float(line["weight"]) != 0 for line in lines)
    return n, added if get(name).kind == "count" else added / weight if weight else None


def quantile(waits: list[tuple[float, bool]], q: float) -> float | None:
    """Kaplan & Meier (1958): the first end at which 1 − q or fewer still wait, midway to the next if exactly 1 − q."""
    left, times = 1.0, sorted({minutes for minutes, ended in waits if ended})
    for at, later in zip(times, [*times[1:], None][: len(times)], strict=True):
        ends = sum(minutes == at and ended for minutes, ended in waits)
        left *= 1 - ends / sum(minutes >= at for minutes, _ in waits)
        if left < 1 - q + 1e-9:
            return at if later is None or left < 1 - q - 1e-9 else (at + later) / 2
    return None


def agrees(found: tuple[int, float | None], figure: dict[str, Any]) -> bool:
    n, value = found
    if figure["value"] is None or value is None:
        return n == figure["n"] and value == figure["value"]
    return n == figure["n"] and math.isclose(value, figure["value"], rel_tol=1e-9, abs_tol=1e-9)


@pytest.mark.parametrize("name", METRICS)
def test_the_rows_of_every_metric_make_its_figure(name: str, here: Query) -> None:
    if unanswerable(get(name), here):
        with pytest.raises(CxError):
            rows(name, here)
        return
    lines, printed = listed(name, here), figures(here, [here.month], names=[name]).to_dicts()
    assert len(printed) == bool(lines)
    assert all(agrees(value_of(name, lines), figure) for figure in printed)
    key = TABLES[get(name).table].key
    assert len({line[key] for line in lines}) == len(lines)


@pytest.mark.parametrize("name", METRICS)
def test_the_rows_of_every_group_make_its_figure(name: str, here: Query) -> None:
    by = next((one for one in DIMENSIONS if get(name).table in DIMENSIONS[one].paths and one != "agent"), "")
    if not by or unanswerable(get(name), here, by):
        return
    lines, printed = listed(name, here, by), figures(here, [here.month], by=by, names=[name]).to_dicts()
    for figure in printed:
        mine = [line for line in lines if group_of(line, by, get(name).table) == figure["group"]]
        assert agrees(value_of(name, mine), figure), figure
    assert {group_of(line, by, get(name).table) for line in lines} == {figure["group"] for figure in printed}


def test_most_metrics_are_among_them(here: Query) -> None:
    answered = [name for name in METRICS if not unanswerable(get(name), here)]
    assert {get(name).kind for name in answered} >= {"share", "mean", "score", "count", "duration"}
    assert all(rows(name, here).height > 0 for name in ("csat", "nps", "average_order_value", "ticket_volume"))


def test_groups_of_two_dimensions_and_of_agents_by_name(here: Query) -> None:
    lines = listed("csat", here, "channel+agent")
    found = estimate_table(get("csat"), here, [here.month], "channel+agent").points()
    for row in found.iter_rows(named=True):
        channel, agent = row["group"].split(BETWEEN)
        mine = [line for line in lines if line["by channel"] == channel and agent in line["by agent"]]
        assert agrees(value_of("csat", mine), row)
    assert any(" (A0" in line["by agent"] for line in lines)


def test_rows_of_several_months_make_the_figure_of_each(here: Query) -> None:
    months = months_between("2026-05", "2026-07")
    for name in ("csat", "first_reply_time", "ticket_volume", "average_order_value"):
        lines = list(csv.DictReader(io.StringIO(as_csv(rows(name, here, months=months)))))
        assert [line["month"] for line in lines] == sorted((line["month"] for line in lines), reverse=True)
        for figure in figures(here, months, names=[name]).iter_rows(named=True):
            assert agrees(value_of(name, [line for line in lines if line["month"] == figure["period"]]), figure)
        assert not {"month"} & set(rows(name, here).columns)


def test_rows_of_a_period_are_those_of_its_days(here: Query) -> None:
    whole = rows("ticket_volume", here)
    days = whole["created_at"].dt.date()
    week = rows("ticket_volume", here, days="2026-W28")
    assert week.height == days.is_between(date(2026, 7, 6), date(2026, 7, 12)).sum() > 0
    working = rows("ticket_volume", here, days=WORKING)
    assert working.height == (days.dt.weekday() < 6).sum()  # no public holiday in Poland in July
    stock = rows("backlog", here, days="2026-07-31")
    assert stock["adds"].to_list() == [1.0] * stock.height
    there = pl.read_parquet(here.data.path("backlog_months")).filter(
        pl.col("first_day") <= date(2026, 7, 31), pl.col("last_day") >= date(2026, 7, 31), month_day=date(2026, 7, 1)
    )
    assert stock.height == there.height > 0


def test_what_is_added_stands_after_the_ids_and_instants_are_local(here: Query) -> None:
    assert rows("csat", here).columns[:6] == ["survey_id", "ticket_id", "customer_id", "agent_id", "adds", "weight"]
    assert rows("resolution_time", here).columns[:5] == ["ticket_id", "customer_id", "agent_id", "minutes", "ended"]
    assert {at[:7] for at in (line["created_at"] for line in listed("ticket_volume", here))} == {"2026-07"}
    assert {line["created_at"][-6:] for line in listed("ticket_volume", here)} == {"+02:00"}


def test_no_dimension_is_laid_beside_a_column_that_tells_the_same(here: Query) -> None:
    assert not any(column.startswith("by ") for column in rows("ticket_volume", here, "channel+category").columns)
    assert "by channel" in rows("csat", here, "channel").columns


def test_filters_hold(small_demo: Path) -> None:
    phone = query(str(small_demo), month="2026-07", filters="channel=phone")
    lines = listed("first_reply_time", phone)
    assert {line["channel"] for line in lines} == {"phone"}
    printed = figures(phone, ["2026-07"], names=["first_reply_time"])
    assert agrees(value_of("first_reply_time", lines), printed.to_dicts()[0])


def test_both_engines_list_the_same(here: Query, small_demo: Path) -> None:
    other = query(str(small_demo), month="2026-07", engine="duckdb")
    for name in ("csat", "first_reply_time", "ticket_volume", "average_order_value"):
        assert rows(name, here, "channel").equals(rows(name, other, "channel"))


@pytest.mark.parametrize(
    ("text", "guarded"),
    [("=1+1", "'=1+1"), ("+49", "'+49"), ("-1", "'-1"), ("@x", "'@x"), ("\t=1", "'\t=1"), ("  =1", "'  =1"),
     ("\uff1d1", "'\uff1d1"), ("a=1", "a=1"), ("C-1", "C-1"), ('say "=1", now', 'say "=1", now'), ("", "")],
)  # fmt: skip
def test_no_cell_is_a_formula(text: str, guarded: str) -> None:
    written = as_csv(pl.DataFrame({"id": [text], "n": [-1.5], "whole": [-1.0]}))
    assert list(csv.DictReader(io.StringIO(written))) == [{"id": guarded, "n": "-1.5", "whole": "-1"}]


def test_a_mistake_is_told(here: Query) -> None:
    with pytest.raises(UsageError, match="no metric"):
        rows("cast", here)
    with pytest.raises(CxError, match="not defined"):
        rows("retention", here, "channel")


def test_the_command_prints_them(cx: Callable[..., str], small_demo: Path) -> None:
    said = cx("rows", str(small_demo), "--metric", "csat", "--month", "2026-07", "--by", "channel", "--group", "phone")
    lines = list(csv.DictReader(io.StringIO(said)))
    looked = query(str(small_demo), month="2026-07", filters="channel=phone")
    assert agrees(value_of("csat", lines), figures(looked, ["2026-07"], names=["csat"]).to_dicts()[0])
    cx("rows", str(small_demo), "--metric", "csat", "--group", "phone", status=2)
    cx("rows", str(small_demo), "--metric", "csat", "--month", "2026-05/soon", status=2)
    span = cx("rows", str(small_demo), "--metric", "csat", "--month", "2026-05/2026-07")
    assert {line["month"] for line in csv.DictReader(io.StringIO(span))} == {"2026-05", "2026-06", "2026-07"}
    assert "survey_id" in cx("rows", str(small_demo), "--metric", "csat", "--month", "2026-07", "--format", "table")
