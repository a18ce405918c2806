"""Frames against dumb loops over literal rows, on Polars and on DuckDB."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from cxlib.errors import CxError, UsageError
from cxlib.metrics import (
    METRICS,
    get,
    measured_frame,
    missing_reason,
    parse_filters,
    population,
    query,
    row_frame,
    table_rows,
    unit_frame,
)
from cxlib.metrics.queries import Query, filter_line
from cxlib.store.folder import open_data, write_manifest
from cxlib.tables.missing_hints import ORIGINS
from cxlib.tables.schema import GIVEN, conform, table

ENGINES = ("polars", "duckdb")
METRICS_ANCHOR = {metric.table: f"{metric.anchor}_at" for metric in METRICS.values()}
EXTRACTED = datetime(2026, 10, 31, 23, tzinfo=UTC)
#          survey  ticket  customer  day     kind   box       weight  latest
SURVEYS = [
    ("s1", "t1", "c1", 3, "csat", "top", 2.0, True),
    ("s2", "t2", "c1", 9, "csat", "bottom", 1.0, True),
    ("s3", "t3", "c2", 9, "csat", "top", None, True),
    ("s4", "t4", None, 10, "csat", "middle", 1.0, True),
    ("s5", "t4", None, 11, "csat", "top", 1.0, True),
    ("s6", "t1", "c1", 2, "csat", "bottom", 1.0, False),
    ("s7", "t9", "c3", 5, "nps", "top", 1.0, True),
    ("s8", "t9", "c3", 6, "nps", "bottom", 1.0, True),
    ("s9", "t1", "c4", 7, "nps", "bottom", 3.0, True),
    ("s10", "t1", "c4", 7, "csat", None, 1.0, True),
]
CHANNEL = {"t1": "phone", "t2": "email", "t3": "phone", "t4": "chat"}
IMPORTANCE = {"c1": "high", "c2": "low"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("literal") / "literal"
    folder.mkdir()
    for name, rows in _tables().items():
        conform(pl.LazyFrame(rows), name, derived=True).collect().write_parquet(folder / f"{name}.parquet")
    manifest = {"extracted_at": EXTRACTED.isoformat(), "first_month": "2026-09", "last_month": "2026-10", "rows": {}}
    write_manifest(folder, manifest)
    return folder


def _tables() -> dict[str, list[dict[str, Any]]]:
    surveys = [
        {
            "survey_id": key, "ticket_id": ticket, "customer_id": customer, "kind": kind, "box": box, "weight": weight,
            "latest": latest, "customer_latest": latest, "answer": 1.0, "scale_low": 0.0, "scale_high": 10.0,
            "answered_at": datetime(2026, 10, day, 12, tzinfo=UTC), "answered_day": datetime(2026, 10, day).date(),
        }
        for key, ticket, customer, day, kind, box, weight, latest in SURVEYS
    ]  # fmt: skip
    tickets = [
        {"ticket_id": key, "channel": channel, "customer_id": f"c{key[1]}", "created_at": EXTRACTED}
        for key, channel in CHANNEL.items()
    ]
    customers = [{"customer_id": key, "importance": importance} for key, importance in IMPORTANCE.items()]
    return {"surveys": surveys, "tickets": tickets, "customers": customers}


@pytest.fixture(params=ENGINES)
def october(folder: Path, request: pytest.FixtureRequest) -> Query:
    return query(open_data(str(folder)), month="2026-10", engine=request.param)


def _loop(kind: str, by: dict[str, str] | None, key: int, weighted: bool = True) -> dict[tuple[str, str], list[float]]:
    """The unit frame, the slow way: group, unit → n, Σw, Σwx, Σwx²."""
    values = {"csat": {"top": 1.0, "middle": 0.0, "bottom": 0.0}, "nps": {"top": 1.0, "middle": 0.0, "bottom": -1.0}}
    sums: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0, 0.0, 0.0, 0.0])
    for row in SURVEYS:
        if row[4] != kind or not row[7] or row[5] is None:
            continue
        group = "" if by is None else by.get(str(row[key]), "(not known)")
        weight = row[6] if weighted and row[6] is not None else 1.0
        x = values[kind][row[5]]
        cell = sums[group, row[2] or f"row {row[0]}"]
        for place, value in enumerate((1, weight, weight * x, weight * x * x)):
            cell[place] += value
    return dict(sums)


def _as_loop(frame: pl.DataFrame) -> dict[tuple[str, str], list[float]]:
    return {
        (row["group"], row["unit"]): [row[name] for name in ("n", "sum_w", "sum_wx", "sum_wxx")]
        for row in frame.iter_rows(named=True)
    }


@pytest.mark.parametrize("kind", ["csat", "nps"])
@pytest.mark.parametrize(
    ("by", "key", "mapping"), [("", 1, None), ("channel", 1, CHANNEL), ("importance", 2, IMPORTANCE)]
)
def test_unit_frame_equals_a_dumb_loop(
    october: Query, kind: str, by: str, key: int, mapping: dict[str, str] | None
) -> None:
    assert _as_loop(unit_frame(get(kind), october, ["2026-10"], by)) == _loop(kind, mapping, key)


def test_unweighted_counts_every_answer_once(folder: Path) -> None:
    plain = query(open_data(str(folder)), month="2026-10", weighted=False)
    assert _as_loop(unit_frame(get("csat"), plain, ["2026-10"])) == _loop("csat", None, 1, weighted=False)


def test_rows_without_a_unit_are_their_own_units(october: Query) -> None:
    units = unit_frame(get("csat"), october, ["2026-10"])["unit"].to_list()
    assert {"row s4", "row s5"} <= set(units)


def test_measured_frame_is_the_sum_of_the_unit_frame(october: Query) -> None:
    units = unit_frame(get("csat"), october, ["2026-10"], "channel")
    measured = measured_frame(get("csat"), october, ["2026-10"], "channel")
    for row in measured.iter_rows(named=True):
        mine = [unit for unit in units.iter_rows(named=True) if unit["group"] == row["group"]]
        assert row["units"] == len(mine)
        assert row["n"] == sum(unit["n"] for unit in mine)
        for name, value in {
            "sum_wx": sum(u["sum_wx"] for u in mine),
            "sum_ww": sum(u["sum_w"] ** 2 for u in mine),
            "sum_wxwx": sum(u["sum_wx"] ** 2 for u in mine),
            "sum_wwx": sum(u["sum_w"] * u["sum_wx"] for u in mine),
            "sum_www": sum(u["sum_w"] ** 3 for u in mine),
            "sum_wwwx": sum(u["sum_w"] ** 2 * u["sum_wx"] for u in mine),
            "sum_wwxwx": sum(u["sum_w"] * u["sum_wx"] ** 2 for u in mine),
            "sum_wxwxwx": sum(u["sum_wx"] ** 3 for u in mine),
        }.items():
            assert math.isclose(row[name], value, abs_tol=1e-12)


def test_filters_keep_only_rows_of_that_group(folder: Path) -> None:
    phone = query(open_data(str(folder)), month="2026-10", filters="channel=phone; importance=high|low")
    assert unit_frame(get("csat"), phone, ["2026-10"])["n"].sum() == 2


def test_months_without_rows_give_no_rows(october: Query) -> None:
    assert unit_frame(get("csat"), october, ["2026-09"]).height == 0
    assert measured_frame(get("csat"), october, ["2026-09"]).height == 0


def test_population_counts_rows(october: Query) -> None:
    assert population(get("csat"), october, "2026-10") == (len(SURVEYS), 0, 0, 0)


def test_missing_tables_and_columns_are_said_in_words(october: Query) -> None:
    assert "first_replied_at (first public reply" in str(missing_reason(get("first_reply_time"), october))
    assert "no answers to a 'repurchase' survey" in str(missing_reason(get("repurchase_intent"), october))
    assert missing_reason(get("csat"), october) is None


def test_every_derived_column_that_a_figure_needs_is_told_by_what_brings_it() -> None:
    needed = {(metric.table, name) for metric in METRICS.values() for name in metric.needs}
    derived = {
        f"{home}.{name}"
        for home, name in needed
        if table(home)[name].derived or (table(home).derived and name != METRICS_ANCHOR[home])
    }
    given = {f"{declared.name}.{column.name}" for declared in GIVEN.values() for column in declared.given}
    derived -= {name for name in derived if name.endswith("_business_minutes")}  # as the minutes, and opening hours
    assert derived - ORIGINS.keys() == {"backlog_months.age_minutes"}  # told apart: no ticket was unsolved
    assert all(any(name.split(".")[0] in words for name in given) for words in ORIGINS.values())


def test_what_is_missing_is_told_in_given_columns(october: Query) -> None:
    agents = str(missing_reason(get("conversations_per_agent"), october))
    assert "which agent wrote which message (messages.author, author_id)" in agents
    assert "month_at" not in agents
    assert "no table 'messages'" in str(missing_reason(get("reply_time"), october))
    assert "whether any ticket is solved (tickets.status" in str(missing_reason(get("backlog"), october))


@pytest.mark.parametrize(
    "value", ["Billing|Refund", "a; b=c", "back\\slash\\", "\\|;", " blank at its ends ", "(not known)"]
)
def test_filters_read_what_they_write(value: str) -> None:
    filters = (("category", (value, "plain")), ("team", (value,)))
    assert parse_filters(filter_line(filters)) == filters


CATEGORIES = ("Billing", "Refund", "Billing|Refund", "semi;colon", None)


@pytest.mark.parametrize("engine", ENGINES)
def test_groups_with_marks_in_their_names_and_those_without_a_name_can_be_filtered(tmp_path: Path, engine: str) -> None:
    rows = [
        {"ticket_id": str(place), "created_at": EXTRACTED, "created_day": date(2026, 10, 31), "category": name}
        for place, name in enumerate(CATEGORIES)
    ]
    conform(pl.LazyFrame(rows), "tickets", derived=True).collect().write_parquet(tmp_path / "tickets.parquet")
    manifest = {"extracted_at": EXTRACTED.isoformat(), "first_month": "2026-10", "last_month": "2026-10"}
    write_manifest(tmp_path, manifest)
    for place, name in enumerate(CATEGORIES):
        told = filter_line((("category", (name or "(not known)",)),))
        here = query(str(tmp_path), month="2026-10", filters=told, engine=engine)
        assert here.filter_text == told
        assert unit_frame(get("ticket_volume"), here, ["2026-10"])["n"].to_list() == [1]
        assert table_rows("tickets", here, ~nw.col("ticket_id").is_null(), "ticket_id")["ticket_id"].to_list() == [
            str(place)
        ]
    both = query(str(tmp_path), month="2026-10", filters="category=Billing|Refund")
    assert unit_frame(get("ticket_volume"), both, ["2026-10"])["n"].sum() == 2


def test_a_share_has_no_row_frame(october: Query) -> None:
    with pytest.raises(CxError, match="not a duration"):
        row_frame(get("csat"), october, ["2026-10"])


def test_a_dimension_that_is_not_defined_there_is_an_error_in_words(october: Query) -> None:
    with pytest.raises(CxError, match="not defined for rows of 'tickets'"):
        unit_frame(get("ticket_volume"), october, ["2026-10"], "handling_channel")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"month": "2026-13"}, "not a month"),
        ({"month": "2027-01"}, "run from 2026-09 to 2026-10"),
        ({"by": "chanel"}, "Did you mean 'channel'"),
        ({"filters": "channel"}, "not of the form"),
        ({"filters": "colour=red"}, "no dimension 'colour'"),
        ({"language": "tlh"}, "no language"),
        ({"compare_with": "yesterday"}, "not a month"),
    ],
)
def test_wrong_words_are_refused_before_anything_runs(folder: Path, words: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        query(open_data(str(folder)), **{"month": "2026-10", **words})  # type: ignore[arg-type]


COUNTED = [name for name, m in METRICS.items() if m.kind != "duration" and m.table in ("tickets", "surveys")]


@pytest.mark.parametrize("name", COUNTED)
def test_duckdb_gives_the_same_frames(folder: Path, name: str) -> None:
    data = open_data(str(folder))
    by_engine = [
        unit_frame(get(name), query(data, month="2026-10", engine=engine), ["2026-10"], "channel") for engine in ENGINES
    ]
    assert_frame_equal(*by_engine, abs_tol=1e-9, check_dtypes=True)


def test_the_same_rows_are_read_once_and_all_others_anew(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cxlib.metrics import frames

    read: list[Any] = []
    real = frames.collected
    monkeypatch.setattr(frames, "collected", lambda *asked: read.append(asked) or real(*asked))
    here, months = query(open_data(str(folder)), month="2026-10"), ["2026-09", "2026-10"]
    first = [unit_frame(get("csat"), here, months), measured_frame(get("csat"), here, months)]
    again = [unit_frame(get("csat"), here, months[::-1]), measured_frame(get("csat"), here, months)]
    assert [one.equals(two) for one, two in zip(first, again, strict=True)] == [True, True]
    assert len(read) == 2
    others = [
        (get("customer_effort"), here, months, ""), (get("csat"), replace(here, weighted=False), months, ""),
        (get("csat"), replace(here, filters=(("channel", ("phone",)),)), months, ""),
        (get("csat"), here, months[:1], ""), (get("csat"), here, months, "channel"),
        (get("csat"), replace(here, engine="duckdb"), months, ""),
        (get("csat"), query(open_data(str(folder)), month="2026-10"), months, ""),
    ]  # fmt: skip
    for place, asked in enumerate(others, start=3):
        unit_frame(*asked)
        assert len(read) == place, asked


def test_what_is_large_is_not_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cxlib.store.folder.KEPT", 0)
    here = query(open_data(str(folder)), month="2026-10")
    unit_frame(get("csat"), here, ["2026-10"])
    assert not here.data._answers
    monkeypatch.setattr("cxlib.store.folder.KEPT", 10**9)
    monkeypatch.setattr("cxlib.store.folder.MOST", 3)
    for month in ("2026-07", "2026-08", "2026-09", "2026-10"):
        unit_frame(get("csat"), here, [month])
    assert len(here.data._answers) == 3
