"""An import adds: any split of an export gives what one import of all gives; the same file twice changes nothing."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from cxlib.errors import UsageError
from cxlib.sources.importing.load import ImportReport
from cxlib.sources.mapped.importer import import_mapped
from cxlib.sources.zendesk.importer import import_zendesk
from tests.sources.zendesk_desk import FIXTURES, write_lines

Row = dict[str, Any]
HEAD = 'timezone = "UTC"\n'
TICKETS = """
[[tables]]
table = "tickets"
[tables.columns]
ticket_id = "id"
created_at = "created"
status = "status"
solved_at = "solved"
"""
NAMED = TICKETS.replace('"tickets"', '"tickets"\nupdated_at = "changed"', 1)
EVENTS = """
[events]
[events.columns]
ticket_id = "id"
happened_at = "created"
activity = "status"
[events.activities]
taken = ["open"]
solved = ["solved"]
"""
OCTOBER = "id,created,status,solved\n1,2026-10-01 10:00,open,\n2,2026-10-02 10:00,solved,2026-10-03 10:00\n"
NOVEMBER = "id,created,status,solved\n1,2026-10-01 10:00,solved,2026-11-05 10:00\n3,2026-11-02 10:00,open,\n"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path


def add(place: Path, *files: str, mapping: str = TICKETS, name: str = "map") -> ImportReport:
    """Import files, given by their text, in one call."""
    (place / f"{name}.toml").write_text(HEAD + mapping)
    paths = [place / f"{number}.csv" for number in range(len(files))]
    for path, text in zip(paths, files, strict=True):
        path.write_text(text)
    return import_mapped(paths, mapping=place / f"{name}.toml", folder=place / "out")


def rows(place: Path, name: str = "tickets", *columns: str) -> list[tuple[Any, ...]]:
    return pl.read_parquet(place / "out" / f"{name}.parquet").select(columns or ("ticket_id", "status")).rows()


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def tables(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.parquet"))}


def manifest(place: Path) -> Row:
    found: Row = json.loads((place / "out" / "manifest.json").read_text())
    return found


def test_a_second_month_is_added_and_a_solved_ticket_stays_solved(place: Path) -> None:
    first, second = add(place, OCTOBER), add(place, NOVEMBER)
    assert rows(place) == [("1", "solved"), ("2", "solved"), ("3", "open")]
    assert first.changes["tickets"] == {"new": 2, "changed": 0, "kept": 0, "gone": 0}
    assert second.changes["tickets"] == {"new": 1, "changed": 1, "kept": 1, "gone": 0}
    assert "tickets: 3 rows written (1 new, 1 changed, 1 kept)" in str(second)
    assert [one["changes"]["tickets"]["new"] for one in manifest(place)["imports"]] == [2, 1]
    assert manifest(place)["rows"] == {"tickets": 3}


def test_of_two_files_in_one_call_the_later_state_wins(place: Path) -> None:
    report = add(place, OCTOBER, NOVEMBER)
    assert rows(place) == [("1", "solved"), ("2", "solved"), ("3", "open")]
    assert report.left_out["tickets"] == {"older state of the same row": 1}
    assert not report.set_aside


@pytest.mark.parametrize(("header", "mapping"), [("updated_at", TICKETS), ("changed", NAMED)])
def test_an_older_state_that_comes_later_does_not_win(place: Path, header: str, mapping: str) -> None:
    """Of equal state times the later row counts; a row without one is older than any."""
    texts = [
        f"id,created,status,solved,{header}\n1,2026-10-01,solved,2026-10-09,2026-10-09\n2,2026-10-01,open,,2026-10-02\n",
        f"id,created,status,solved,{header}\n1,2026-10-01,open,,2026-10-05\n2,2026-10-01,hold,,2026-10-02\n",
        f"id,created,status,solved,{header}\n1,2026-10-01,pending,,\n",
    ]
    for text in texts:
        report = add(place, text, mapping=mapping)
    assert rows(place) == [("1", "solved"), ("2", "hold")]
    assert report.changes["tickets"] == {"new": 0, "changed": 0, "kept": 2, "gone": 0}
    assert report.left_out["tickets"] == {"older state of the same row": 1}


def test_a_row_set_aside_and_good_in_the_next_export_is_good_and_counts_stay_true(place: Path) -> None:
    add(place, "id,created,status,solved\n1,,open,\n2,soon,open,\n,2026-10-01,open,\n4,2026-10-01,open,\n")
    assert manifest(place)["set_aside"]["tickets"] == {
        "missing created_at": 1, "missing ticket_id": 1, "unreadable created_at": 1,
    }  # fmt: skip
    add(place, "id,created,status,solved\n1,2026-10-03,open,\n,2026-10-01,open,\n5,,open,\n")
    assert rows(place) == [("1", "open"), ("4", "open")]
    assert manifest(place)["set_aside"]["tickets"] == {
        "missing created_at": 1, "missing ticket_id": 1, "unreadable created_at": 1,
    }  # fmt: skip
    aside = pl.read_parquet(place / "out" / "set_aside" / "tickets.parquet")
    assert sorted(aside.select("id", "reason").rows(), key=str) == sorted(
        [("2", "unreadable created_at"), (None, "missing ticket_id"), ("5", "missing created_at")], key=str
    )
    add(place, "id,created,status,solved\n2,2026-10-03,open,\n5,2026-10-03,open,\n")
    assert manifest(place)["set_aside"]["tickets"] == {"missing ticket_id": 1}


BAD = OCTOBER + "9,soon,open,\n,2026-10-01,open,\n,2026-10-01,open,\n1,2026-10-01 10:00,open,\n"


@pytest.mark.parametrize("mapping", [TICKETS, EVENTS])
def test_the_same_file_twice_gives_equal_bytes(place: Path, mapping: str) -> None:
    add(place, BAD, mapping=mapping)
    once = content(place / "out")
    report = add(place, BAD, mapping=mapping)
    assert content(place / "out") == once
    assert not report.moved
    assert manifest(place)["set_aside"][next(iter(report.set_aside))] == {"missing ticket_id": 2} | {
        f"unreadable {'created_at' if mapping is TICKETS else 'happened_at'}": 1
    }


def test_events_of_a_log_are_added_once(place: Path) -> None:
    log = "id,created,status\n1,2026-10-01 10:00,open\n1,2026-10-01 12:00,solved\n1,2026-10-01 12:00,solved\n"
    add(place, log, mapping=EVENTS)
    add(place, log + "1,2026-11-01 12:00,open\n2,2026-11-02 12:00,open\n", mapping=EVENTS)
    assert rows(place) == [("1", "open"), ("2", "open")]
    assert len(rows(place, "changes", "change_id")) == 5 + 2, "two lines alike in one file are two events"
    with pytest.raises(UsageError, match="import all files anew with --replace"):
        add(place, log, mapping=EVENTS.replace("[events.activities]", 'agent_id = "status"\n[events.activities]'))


def test_another_source_overwrites_nothing(place: Path) -> None:
    add(place, OCTOBER)
    report = add(place, NOVEMBER, name="other")
    assert rows(place) == [("1", "open"), ("2", "solved"), ("3", "open")]
    assert report.set_aside["tickets"] == {"ticket_id is already in use by mapped:map": 1}
    assert report.changes["tickets"] == {"new": 1, "changed": 0, "kept": 2, "gone": 0}
    add(place, OCTOBER)
    assert rows(place) == [("1", "open"), ("2", "solved"), ("3", "open")]


def test_nothing_is_added_to_rows_that_nobody_keeps_a_record_of(place: Path) -> None:
    add(place, OCTOBER)
    shutil.rmtree(place / "out" / "records")
    with pytest.raises(UsageError, match="Start anew with --replace"):
        add(place, NOVEMBER)


STATES = st.lists(st.tuples(st.integers(1, 5), st.integers(1, 28)), min_size=1, max_size=12, unique=True)


def written(states: Sequence[tuple[int, int]], parts: Sequence[int], part: int) -> str:
    lines = [
        f"{number},2026-10-01,{('open', 'pending', 'solved')[day % 3]},,2026-10-{day:02}"
        for place, (number, day) in enumerate(states)
        if parts[place % len(parts)] == part
    ]
    return "\n".join(["id,created,status,solved,updated_at", *lines]) + "\n"


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(STATES, st.lists(st.integers(0, 2), min_size=12, max_size=12), st.permutations(range(3)), st.booleans())
def test_any_split_and_order_of_files_gives_the_state_of_one_import(
    states: list[tuple[int, int]], parts: list[int], order: list[int], at_once: bool
) -> None:
    newest = {str(number): ("open", "pending", "solved")[day % 3] for number, day in sorted(states)}
    with fresh() as one, fresh() as other:
        add(one, written(states, [0], 0))
        files = [written(states, parts, part) for part in order]
        some = [text for text in files if text.count("\n") > 1]
        for call in [some] if at_once else [[text] for text in some]:
            add(other, *call)
        assert dict(rows(one)) == dict(rows(other)) == newest
        assert tables(one / "out") == tables(other / "out")


def zendesk_records() -> list[tuple[str, Row]]:
    api = FIXTURES / "api"
    pages = [json.loads(line) for line in (api / "tickets.json").read_text().splitlines()]
    found = [("tickets", row) for page in pages for row in page["tickets"]]
    for path in sorted(api.glob("*.jsonl")):
        found += [(path.stem, json.loads(line)) for line in path.read_text().splitlines() if line.strip()]
    for path in sorted(api.glob("*.json")):
        if path.name != "tickets.json":
            page = json.loads(path.read_text())
            lists = {path.stem: page} if isinstance(page, list) else page
            found += [(kind, row) for kind, several in lists.items() if isinstance(several, list) for row in several]
    return found


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False), st.integers(2, 3))
def test_any_split_and_order_of_zendesk_s_records_gives_the_state_of_one_import(random: Any, calls: int) -> None:
    records = zendesk_records()
    with fresh() as one, fresh() as other:
        export(one / "0", records)
        import_zendesk([one / "0"], folder=one / "out")
        random.shuffle(records)
        tickets_first = sorted(range(calls), key=lambda _: random.random())
        for call in tickets_first:
            mine = records[call::calls]
            export(other / str(call), mine)
            import_zendesk([other / str(call)], folder=other / "out")
        assert tables(one / "out") == tables(other / "out")


def test_zendesk_s_export_twice_gives_equal_bytes(place: Path) -> None:
    import_zendesk([FIXTURES / "api"], folder=place / "out")
    once = content(place / "out")
    report = import_zendesk([FIXTURES / "api"], folder=place / "out")
    assert not report.moved
    assert content(place / "out") == once


def export(folder: Path, records: Sequence[tuple[str, Row]]) -> None:
    folder.mkdir()
    for kind in dict(records):
        write_lines(folder / f"{kind}.jsonl", *(row for name, row in records if name == kind))


class fresh:  # noqa: N801 (used as a function)
    """A folder with an empty `out` in it."""

    def __enter__(self) -> Path:
        self.path = Path(tempfile.mkdtemp())
        (self.path / "out").mkdir()
        return self.path

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.path)


@pytest.mark.parametrize("at_once", [1, 2, 3, 7])
def test_a_large_table_is_sorted_part_by_part_to_the_same_order(
    place: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr("cxlib.sources.importing.adding.AT_ONCE", at_once)
    numbers = ["10", "9", "a", "1", "100", "b", "2"]
    add(place, "id,created,status,solved\n" + "".join(f"{number},2026-10-01,open,\n" for number in numbers))
    assert [row[0] for row in rows(place)] == ["1", "2", "9", "a", "b", "10", "100"]
