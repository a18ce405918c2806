"""No row is lost: written, set aside with its reason, or left out on purpose; no optional value throws a row out."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from cxlib.errors import CxError, UsageError
from cxlib.settings import read_settings
from cxlib.sources.importing.load import ImportReport
from cxlib.sources.mapped.importer import import_mapped
from cxlib.sources.mapped.mapping import parse_mapping, read_mapping
from cxlib.store.folder import replacing

MAPPING = """
timezone = "Europe/Rome"
[settings]
timezone = "Europe/Rome"
[settings.windows]
reopen_days = 10
[[tables]]
table = "tickets"
[tables.columns]
ticket_id = { template = "{shop}-{nr}" }
created_at = { column = "opened", day_first = true }
channel = { column = "via", values = { Mail = "email", Tel = "phone" } }
category = { column = "what", no_answer = ["n/a", 99] }
handle_minutes = { column = "hours", scale = 60, decimal = "," }
agent_replies = "replies"
documents_complete = { column = "complete", values = { tak = true, nie = false } }
brand = { value = "Acme" }
"""
ROWS = """shop,nr,opened,via,what,hours,replies,complete
A,1,03/04/2024 10:00,Mail,bill,"1,5",2,tak
A,2,2024-04-05 10:00,Tel,n/a,2,2.0,nie
A,1,06/04/2024 10:00,Mail,again,1,1,tak
,3,06/04/2024 10:00,Mail,no shop,1,1,tak
A,4,,Mail,no date,1,1,tak
A,5,31/02/2024,Mail,no such day,1,1,tak
A,6,07/04/2024 11:00,Fax,99,much,1.5,maybe
A,7,08/04/2024 12:00,,,,,
A,8,08/04/2024 12:00,Mail,too long,1,1,tak,surplus
,,,,,,,
"""


def run(tmp_path: Path, rows: str = ROWS, mapping: str = MAPPING) -> tuple[Path, ImportReport]:
    (tmp_path / "by.toml").write_text(mapping, encoding="utf-8")
    (tmp_path / "rows.csv").write_text(rows, encoding="utf-8")
    folder = tmp_path / "out"
    folder.mkdir(exist_ok=True)
    return folder, import_mapped([tmp_path / "rows.csv"], mapping=tmp_path / "by.toml", folder=folder)


def test_rows_read_are_rows_written_plus_rows_set_aside_by_reason(tmp_path: Path) -> None:
    folder, report = run(tmp_path)
    assert report.set_aside["tickets"] == {
        "empty row": 1,
        "missing created_at": 1,
        "missing ticket_id": 1,
        "more fields than the header names": 1,
        "unreadable created_at": 1,
    }
    assert report.left_out["tickets"] == {"older state of the same row": 1}
    assert report.files[0]["rows"] == report.rows["tickets"] + sum(report.set_aside["tickets"].values()) + 1
    aside = pl.read_parquet(folder / "set_aside" / "tickets.parquet")
    assert set(aside.drop("row_number").dtypes) == {pl.String}
    assert set(ROWS.splitlines()[0].split(",")) < set(aside.columns)
    assert aside.filter(pl.col("reason") == "unreadable created_at").select("nr", "opened", "what").row(0) == (
        "5", "31/02/2024", "no such day"
    )  # fmt: skip


def test_values_are_mapped_scaled_and_typed_and_an_unreadable_optional_one_is_null_and_counted(tmp_path: Path) -> None:
    folder, report = run(tmp_path)
    columns = ("ticket_id", "channel", "category", "handle_minutes", "agent_replies", "documents_complete", "brand")
    assert pl.read_parquet(folder / "tickets.parquet").select(columns).rows() == [
        ("A-1", "email", "again", 60.0, 1, True, "Acme"),
        ("A-2", "phone", None, 120.0, 2, False, "Acme"),
        ("A-6", None, None, None, None, None, "Acme"),
        ("A-7", None, None, None, None, None, "Acme"),
    ]
    assert report.notes["tickets"] == {
        "channel is none of its values": {"count": 1, "examples": ["Fax"]},
        "unreadable handle_minutes": {"count": 1, "examples": ["much"]},
        "unreadable agent_replies": {"count": 1, "examples": ["1.5"]},
        "unreadable documents_complete": {"count": 1, "examples": ["maybe"]},
    }
    assert "set aside: 1 × missing created_at" in str(report)


def test_the_manifest_and_the_settings_tell_what_came(tmp_path: Path) -> None:
    folder, _ = run(tmp_path)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["sources"] == ["mapped:by"]
    assert manifest["timezone"] == "Europe/Rome"
    assert manifest["extracted_at"] == "2024-04-08T10:00:00+00:00"
    assert (manifest["first_month"], manifest["last_month"]) == ("2024-04", "2024-04")
    assert manifest["rows"] == {"tickets": 4}
    assert manifest["set_aside"]["tickets"]["empty row"] == 1
    assert read_settings(folder / "settings.toml").windows.reopen_days == 10
    (folder / "settings.toml").write_text('timezone = "UTC"\n')
    run(tmp_path)
    assert read_settings(folder / "settings.toml").timezone == "UTC"
    assert sorted(path.name for path in folder.iterdir()) == [
        "manifest.json", "records", "set_aside", "settings.toml", "tickets.parquet"
    ]  # fmt: skip


def test_a_second_source_keeps_the_other_tables_and_a_told_extraction(tmp_path: Path) -> None:
    folder, _ = run(tmp_path, mapping='extracted_at = "2024-05-01T00:00:00Z"\n'.replace('"', "") + MAPPING)
    orders = """
timezone = "UTC"
[[tables]]
table = "orders"
columns = { order_id = "o", customer_id = "c", ordered_at = "at" }
"""
    (tmp_path / "o.toml").write_text(orders)
    (tmp_path / "o.csv").write_text("o,c,at\n1,x,2024-02-01\n")
    import_mapped([tmp_path / "o.csv"], mapping=tmp_path / "o.toml", folder=folder)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["sources"] == ["mapped:by", "mapped:o"]
    assert manifest["rows"] == {"orders": 1, "tickets": 4}
    assert manifest["extracted_at"] == "2024-05-01T00:00:00+00:00"
    assert manifest["first_month"] == "2024-02"
    assert manifest["set_aside"].keys() == {"tickets"}


def test_an_interrupted_import_leaves_the_old_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, mapping = tmp_path / "data", tmp_path / "by.toml"
    (tmp_path / "rows.csv").write_text(ROWS, encoding="utf-8")
    mapping.write_text(MAPPING + '[[tables]]\ntable = "agents"\ncolumns = { agent_id = "nr" }\n', encoding="utf-8")
    with replacing(home, keep=True) as aside:
        import_mapped([tmp_path / "rows.csv"], mapping=mapping, folder=aside)
    before = {path: path.read_bytes() for path in sorted(home.rglob("*")) if path.is_file()}

    def dies(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    (tmp_path / "rows.csv").write_text(ROWS.replace("A,", "B,"), encoding="utf-8")
    written: list[str] = []
    monkeypatch.setattr("cxlib.sources.mapped.importer.write_set_aside", lambda *a, **_: written.append(a[2]) or dies())
    with pytest.raises(KeyboardInterrupt), replacing(home, keep=True) as aside:
        import_mapped([tmp_path / "rows.csv"], mapping=mapping, folder=aside)
    assert written == ["tickets"]  # half way: one table written, the other not
    assert {path: path.read_bytes() for path in sorted(home.rglob("*")) if path.is_file()} == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


WIDE = """
timezone = "UTC"
[[tables]]
table = "surveys"
where = { country = ["PL", ""] }
where_not = { test = ["yes"] }
[tables.columns]
customer_id = "who"
answered_at = "at"
high_is_good = { value = true }
[[tables.each]]
survey_id = { template = "{who}-csat" }
kind = { value = "csat" }
answer = { column = "sat", no_answer = [0, 9] }
scale_low = { value = 1 }
scale_high = { value = 5 }
[[tables.each]]
survey_id = { template = "{who}-nps" }
kind = { value = "nps" }
answer = "rec"
scale_low = { value = 0 }
scale_high = { value = 10 }
[[tables]]
table = "customers"
one_per_key = true
columns = { customer_id = "who", country = "country" }
"""


def test_a_wide_file_becomes_one_row_per_question_and_filters_are_counted(tmp_path: Path) -> None:
    rows = "who,at,country,test,sat,rec\n1,2024-01-01,PL,no,5,10\n2,2024-01-01,,,9,11\n3,2024-01-01,DE,,1,1\n4,2024-01-01,PL,yes,1,1\n1,2024-01-02,PL,,4,\n"  # noqa: E501
    folder, report = run(tmp_path, rows, WIDE)
    surveys = pl.read_parquet(folder / "surveys.parquet").select("survey_id", "answer", "answered_at")
    assert [(row[0], row[1], row[2] is not None) for row in surveys.rows()] == [
        ("1-nps", None, False), ("2-nps", None, False), ("1-csat", 4.0, True), ("2-csat", None, False)
    ]  # fmt: skip
    assert report.left_out["surveys"] == {"row outside the mapping's filter": 4, "older state of the same row": 2}
    assert report.set_aside == {}
    assert report.notes["surveys"] == {"answer outside its scale": {"count": 1, "examples": ["11.0"]}}
    assert report.rows["surveys"] + 4 + 2 == 2 * 5
    assert report.left_out["customers"] == {"further row of the same key": 1}
    assert report.rows["customers"] == 4


BAD = [
    ('[[table]]\ntable = "tickets"', "no name in .mapping. 'table'.*Did you mean 'tables'"),
    ('[[tables]]\ntable = "ticket"', "no table to fill 'ticket'.*Did you mean 'tickets'"),
    ('[[tables]]\ntable = "replies"', "no table to fill 'replies'"),
    ('[[tables]]\ntable = "agents"\ncolums = {}', "'colums'.*Did you mean 'columns'|does not say where 'agent_id'"),
    ('[[tables]]\ntable = "agents"\ncolumns = { agent_id = "a", nam = "b" }', "'nam'.*Did you mean 'name'"),
    ('[[tables]]\ntable = "tickets"\ncolumns = { ticket_id = "a" }', "does not say where 'created_at' comes from"),
    ('[[tables]]\ntable = "tickets"\ncolumns = { box = "a" }', "no column of 'tickets' to fill 'box'"),
    ('[[tables]]\ntable = "agents"\ncolumns = { agent_id = { colum = "a" } }', "'colum'.*Did you mean 'column'"),
    ('[[tables]]\ntable = "agents"\ncolumns = { agent_id = { column = "a", value = 1 } }', "exactly one of"),
    ('[[tables]]\ntable = "agents"\ncolumns = { agent_id = { column = "a", scale = "x" } }', "scale = 'x'"),
    ('[[tables]]\ntable = "agents"\nfile = "b"\ncolumns = { agent_id = "a" }', "no entry of .files. 'b'"),
    ('[files.a]\nformat = "exel"\n[[tables]]\ntable = "agents"\ncolumns = { agent_id = "a" }', "Did you mean 'excel'"),
    ('[settings]\nmin_grop = 3', "'min_grop'.*Did you mean 'min_group'"),
    ("", "fills no table"),
    ('[events]\ncolumns = { ticket_id = "a", happened_at = "b", activity = "c" }', "activities. is empty"),
    ('[events]\ncolumns = { ticket_id = "a", happened_at = "b", activity = "c" }\nactivities = { solvd = ["x"] }',
     "'solvd'.*Did you mean 'solved'"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), BAD)
def test_a_mistake_in_the_mapping_is_named_with_the_nearest_known_name(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(f'timezone = "UTC"\n{text}\n')
    with pytest.raises(UsageError, match=message):
        read_mapping(path)


def test_a_mapping_without_a_time_zone_or_with_an_unknown_one_is_refused(tmp_path: Path) -> None:
    tables = [{"table": "agents", "columns": {"agent_id": "a"}}]
    with pytest.raises(UsageError, match="must say in which time zone"):
        parse_mapping({"tables": tables}, name="x")
    with pytest.raises(UsageError, match="Unknown time zone 'Europe/Room'"):
        parse_mapping({"tables": tables, "timezone": "Europe/Room"}, name="x")
    with pytest.raises(UsageError, match="cannot be read as TOML"):
        (tmp_path / "a.toml").write_text("a = = b")
        read_mapping(tmp_path / "a.toml")
    with pytest.raises(UsageError, match="no mapping file"):
        read_mapping(tmp_path / "none.toml")


def test_an_open_order_of_day_and_month_stops_the_import(tmp_path: Path) -> None:
    rows = "shop,nr,opened,via,what,hours,replies,complete\nA,1,03/04/2024,,,,,\n"
    with pytest.raises(CxError, match=r"rows\.csv: dates such as 03/04/2023 in created_at"):
        run(tmp_path, rows, MAPPING.replace(", day_first = true", ""))


def test_nothing_but_bad_rows_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CxError, match="Nothing to import"):
        run(tmp_path, "shop,nr,opened,via,what,hours,replies,complete\nA,1,soon,,,,,\n")


def test_a_weight_that_is_no_weight_is_left_empty_and_counted(tmp_path: Path) -> None:
    mapping = """
timezone = "Europe/Rome"
[[tables]]
table = "surveys"
[tables.columns]
survey_id = "nr"
answered_at = "at"
kind = { value = "csat" }
answer = "score"
weight = "weight"
"""
    weights = ("2", "1e300", "1e999", "1000000000", "-1e300", "")
    rows = "".join(f"{place},2026-10-05,4,{weight}\n" for place, weight in enumerate(weights))
    folder, report = run(tmp_path, "nr,at,score,weight\n" + rows, mapping)
    assert pl.read_parquet(folder / "surveys.parquet")["weight"].to_list() == [2.0, None, None, 1e9, None, None]
    note = report.notes["surveys"]["unreadable weight, or one beyond 1,000,000,000"]
    assert note == {"count": 3, "examples": ["1e300", "1e999", "-1e300"]}
