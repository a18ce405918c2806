"""A user's mistake in a mapping or a file is told in words; nothing wrong passes in silence."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cxlib.check import check
from cxlib.derive import derive
from cxlib.errors import CxError, UsageError
from cxlib.sources.importing.load import ImportReport
from cxlib.sources.mapped.importer import import_mapped
from cxlib.store.folder import open_data

HEAD = 'timezone = "UTC"\n'
TABLE = '[[tables]]\ntable = "tickets"\n'
COLUMNS = '[tables.columns]\nticket_id = "id"\ncreated_at = "c"\n'
MAPPING = HEAD + TABLE + COLUMNS + 'solved_at = "s"\nhandle_minutes = "mins"\n'
HEADER = "id,c,s,via,mins\n"
ROWS = HEADER + "1,2026-10-01 10:00,,Mail,3\n2,2026-10-02 10:00,2026-10-03 10:00,Mail,4\n"


def run(tmp_path: Path, rows: str | bytes = ROWS, mapping: str = MAPPING, name: str = "rows.csv") -> ImportReport:
    (tmp_path / "by.toml").write_text(mapping, encoding="utf-8")
    (tmp_path / name).write_bytes(rows.encode() if isinstance(rows, str) else rows)
    (tmp_path / "out").mkdir(exist_ok=True)
    return import_mapped([tmp_path / name], mapping=tmp_path / "by.toml", folder=tmp_path / "out")


def manifest(tmp_path: Path) -> dict[str, Any]:
    return dict(json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8")))


def tickets(tmp_path: Path) -> pl.DataFrame:
    return pl.read_parquet(tmp_path / "out" / "tickets.parquet")


EVENTS = HEAD + '[events]\n[events.columns]\nticket_id = "id"\nhappened_at = "c"\nactivity = "via"\n'


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        (HEAD + 'tables = "x"', r"'x' where \[\[tables\]\] is expected"),
        (HEAD + '[tables]\ntable = "tickets"', r"where \[\[tables\]\] is expected"),
        (HEAD + "tables = [5]", r"5 where \[\[tables\]\] is expected"),
        (HEAD + 'files = "x"\n' + TABLE + COLUMNS, r"\[files.NAME\] is expected"),
        (HEAD + TABLE + 'columns = "x"', r"\[tables.columns\] is expected"),
        (HEAD + TABLE + "each = 5\n" + COLUMNS, r"5 where \[\[tables.each\]\] is expected"),
        (HEAD + TABLE + "each = [5]\n" + COLUMNS, r"5 where \[\[tables.each\]\] is expected"),
        (HEAD + 'settings = "x"\n' + TABLE + COLUMNS, r"\[settings\] is expected"),
        (HEAD + 'events = "x"', r"\[events\] is expected"),
        (HEAD + TABLE + 'where = { via = "Mail" }\n' + COLUMNS, r"where = .* a list"),
        (EVENTS + '[events.activities]\ncreated = "Mail"', r"activities = .* a list"),
        (HEAD + TABLE + COLUMNS.replace('"c"', '{ column = "c", formats = [5] }'), r"formats = \[5\]"),
        (HEAD + TABLE + COLUMNS.replace('"id"', '{ template = "{id" }'), r"template = '\{id': expected"),
        (HEAD + "[files.f]\nskip_rows = -1\n" + TABLE + COLUMNS, r"skip_rows = -1"),
        (HEAD + '[files.f]\nthousands = "."\n' + TABLE + COLUMNS, r"two different marks"),
        (HEAD + '[files.f]\ndecimal = ""\n' + TABLE + COLUMNS, r"two different marks"),
        (HEAD + '[files.f]\ndecimal = "5"\n' + TABLE + COLUMNS, r"two different marks"),
        (HEAD + TABLE + COLUMNS + 'handle_minutes = { column = "mins", thousands = "." }', r"two different marks"),
        (HEAD + TABLE + COLUMNS + 'handle_minutes = { column = "mins", decimal = ",", thousands = "," }', r"marks"),
    ],
)
def test_a_mistake_in_a_mapping_is_told_in_words(tmp_path: Path, mapping: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        run(tmp_path, mapping=mapping)


def test_marks_that_differ_are_taken_from_column_or_file(tmp_path: Path) -> None:
    rows = ROWS.replace(",3\n", ',"1.234,5"\n')
    run(tmp_path, rows, HEAD + '[files.f]\ndecimal = ","\nthousands = "."\n' + MAPPING.removeprefix(HEAD))
    assert tickets(tmp_path)["handle_minutes"].to_list() == [1234.5, 4.0]
    run(tmp_path, rows, MAPPING.replace('"mins"', '{ column = "mins", decimal = ",", thousands = "." }'))
    assert tickets(tmp_path)["handle_minutes"].to_list() == [1234.5, 4.0]


def test_the_mapping_s_time_zone_is_the_report_s_unless_its_settings_say_another(tmp_path: Path) -> None:
    late = HEADER + "1,2026-11-01 01:00,,Mail,3\n"
    run(tmp_path, late, MAPPING.replace("UTC", "America/New_York"))
    assert open_data(str(tmp_path / "out")).settings.timezone == "America/New_York"
    assert (manifest(tmp_path)["timezone"], manifest(tmp_path)["last_month"]) == ("America/New_York", "2026-11")
    (tmp_path / "out" / "settings.toml").unlink()
    other = '[settings]\ntimezone = "America/Los_Angeles"\n' + TABLE
    run(tmp_path, late, MAPPING.replace("UTC", "America/New_York").replace(TABLE, other))
    assert (manifest(tmp_path)["timezone"], manifest(tmp_path)["last_month"]) == ("America/Los_Angeles", "2026-10")


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Pacific/Auckland"])
@pytest.mark.parametrize(
    "far", ["0001-01-01 00:00", "1900-01-01", "1970-01-01 00:00", "2199-01-01", "9999-12-31 23:59"]
)
def test_a_date_no_ticket_can_have_is_left_empty_or_sets_its_row_aside_and_is_counted(
    tmp_path: Path, zone: str, far: str
) -> None:
    report = run(tmp_path, ROWS + f"3,2026-10-03,{far},,\n4,{far},,,\n5,?,?,,\n", MAPPING.replace("UTC", zone))
    words = "is not of the years 1980 to 2099"
    assert report.set_aside["tickets"] == {f"created_at {words}": 1, "unreadable created_at": 1}
    noted = report.notes["tickets"]
    assert noted[f"solved_at {words}"] == {"count": 1, "examples": [far]}
    assert noted["unreadable solved_at"]["count"] == 1
    assert tickets(tmp_path)["solved_at"].null_count() == 2
    assert manifest(tmp_path)["extracted_at"] >= "2026-10-02T21:00:00"
    assert manifest(tmp_path)["extracted_at"] < "2026-10-04"


@pytest.mark.parametrize("far", ["2028-01-01 12:00", "2062-10-01 12:00", "2099-05-05 10:00"])
def test_a_lonely_date_far_ahead_is_not_the_end_of_the_data_and_the_check_finds_it(tmp_path: Path, far: str) -> None:
    days = [f"2026-10-{1 + i % 28:02d}" for i in range(60)]
    rows = HEADER + "".join(f"{i},{day} 10:00,{day} 18:00,Mail,3\n" for i, day in enumerate(days))
    run(tmp_path, rows + f"typo,2026-10-01,{far},,\n")
    assert manifest(tmp_path)["extracted_at"] == "2026-10-28T18:00:00+00:00"
    derive(tmp_path / "out")
    assert manifest(tmp_path)["extracted_at"] == "2026-10-28T18:00:00+00:00"
    found = check(open_data(str(tmp_path / "out"))).findings
    late = [(f"{name} lies after the end of the data", ("typo",)) for name in ("first_solved_at", "solved_at")]
    assert [(one.promise, one.examples) for one in found] == late  # the one time is both solves


def test_the_last_instant_is_the_end_when_it_follows_within_400_days(tmp_path: Path) -> None:
    run(tmp_path, ROWS + "3,2026-10-04,2027-11-07 10:00,,\n")
    assert manifest(tmp_path)["extracted_at"] == "2027-11-07T10:00:00+00:00"


def test_a_told_end_goes_with_the_tables_it_was_told_of(tmp_path: Path) -> None:
    told = "extracted_at = 2026-10-31T00:00:00Z\n"
    orders = HEAD + '[[tables]]\ntable = "orders"\n[tables.columns]\norder_id = "id"\ncustomer_id = "via"\n'
    orders += 'ordered_at = "c"\namount = "mins"\n'
    run(tmp_path, mapping=told + MAPPING)
    assert manifest(tmp_path)["extracted_at"] == "2026-10-31T00:00:00+00:00"
    run(tmp_path, mapping=orders)
    assert manifest(tmp_path)["extracted_at"] == "2026-10-31T00:00:00+00:00", "orders end earlier: the later end counts"
    run(tmp_path, ROWS + "3,2026-11-20 10:00,,,\n", MAPPING)
    assert manifest(tmp_path)["extracted_at"] == "2026-11-20T10:00:00+00:00", "an import that told no end brought later"
    run(tmp_path, mapping=MAPPING)
    assert manifest(tmp_path)["extracted_at"] == "2026-11-20T10:00:00+00:00", "that ticket is still there"


def test_nothing_to_import_says_why(tmp_path: Path) -> None:
    with pytest.raises(CxError, match=r"(?s)Nothing to import.*2 × missing created_at.*1 × unreadable created_at"):
        run(tmp_path, HEADER + "1,,,,\n2,,,,\n3,soon,,,\n")


def test_an_event_log_without_agents_is_imported(tmp_path: Path) -> None:
    log = "id,c,via\n1,2026-10-01 10:00,open\n1,2026-10-01 12:00,solve\n2,2026-10-05 10:00,open\n"
    run(tmp_path, log, EVENTS + '[events.activities]\ncreated = ["open"]\nsolved = ["solve"]\n')
    derive(tmp_path / "out")
    assert tickets(tmp_path).select("ticket_id", "status", "agent_id").rows() == [
        ("1", "solved", None), ("2", "new", None)
    ]  # fmt: skip


@pytest.mark.parametrize("packed", [False, True])
def test_a_line_with_any_number_of_surplus_fields_is_set_aside_and_one_with_too_few_is_counted(
    tmp_path: Path, packed: bool
) -> None:
    odd = '3,2026-10-03,,Mail,3,a,b,c,d,e,f\n4,2026-10-03,,Mail,3,,x\n5,2026-10-03,"a\nb"\n6,2026-10-03\n'
    rows = (ROWS + odd + '7,2026-10-03,,"a,\nb",3,\n').encode()
    name = "rows.csv.gz" if packed else "rows.csv"
    report = run(tmp_path, gzip.compress(rows) if packed else rows, name=name)
    assert report.set_aside["tickets"] == {"more fields than the header names": 2}
    assert tickets(tmp_path)["ticket_id"].to_list() == ["1", "2", "5", "6", "7"]
    assert manifest(tmp_path)["files"][0]["short_lines"] == 2
    assert "7 rows read, 2 of them with fewer fields than the header" in str(report)


def test_a_quotation_mark_left_open_is_told(tmp_path: Path) -> None:
    with pytest.raises(CxError, match=r"rows\.csv: line 2: a quotation mark is left open"):
        run(tmp_path, HEADER + '1,"2026-10-01 10:00,,Mail,3\n2,2026-10-01 10:00,,Mail,3\n')


def test_a_damaged_parquet_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(CxError, match=r"rows.parquet cannot be read as parquet"):
        run(tmp_path, b"PAR1 and then nothing", name="rows.parquet")
