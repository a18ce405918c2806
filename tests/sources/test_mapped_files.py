"""Every kind of file gives the same rows; every broken one a clear error."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from cxlib.errors import CxError, UsageError
from cxlib.sources.mapped.importer import import_mapped
from cxlib.sources.mapped.mapping import FileSpec
from cxlib.sources.reading.readers import text_frame

HEAD = """
timezone = "Europe/Warsaw"
[files.file]
{options}
[[tables]]
table = "orders"
[tables.columns]
order_id = "nr"
customer_id = "klient"
ordered_at = "kiedy"
amount = "złote"
"""
ROWS = [
    ("1", "Żółw", "2024-07-01 10:00:00", "1.5"),
    ("2", "Łoś", "2024-01-15 09:30:00", "20"),
    ("3", "Ćma", "2024-07-02", ""),
]
NAMES = ["nr", "klient", "kiedy", "złote"]


def run(tmp_path: Path, *paths: Path, options: str = "", text: str = HEAD) -> Path:
    folder, mapping = tmp_path / "out", tmp_path / "by.toml"
    folder.mkdir(exist_ok=True)
    mapping.write_text(text.replace("{options}", options), encoding="utf-8")
    import_mapped(paths, mapping=mapping, folder=folder)
    return folder


def expect_all(folder: Path) -> None:
    orders = pl.read_parquet(folder / "orders.parquet")
    assert orders["customer_id"].to_list() == ["Żółw", "Łoś", "Ćma"]
    assert orders["order_id"].to_list() == ["1", "2", "3"]
    assert orders["amount"].to_list() == [1.5, 20.0, None]
    told = orders["ordered_at"].dt.strftime("%F %R").to_list()
    assert told == ["2024-07-01 08:00", "2024-01-15 08:30", "2024-07-01 22:00"]


def delimited(separator: str = ",", encoding: str = "utf-8", end: str = "\n") -> bytes:
    return end.join(separator.join(row) for row in [NAMES, *ROWS]).encode(encoding)


@pytest.mark.parametrize(
    ("name", "content", "options"),
    [
        ("a.csv", delimited(), ""),
        ("a.csv", delimited(encoding="utf-8-sig", end="\r\n"), ""),
        ("a.csv", delimited(";", "cp1250"), 'encoding = "cp1250"\ndelimiter = ";"'),
        ("a.csv", delimited(encoding="utf-16"), ""),
        ("a.csv", delimited(encoding="utf-16-le"), 'encoding = "utf-16-le"'),
        ("a.tsv", delimited("\t"), ""),
        ("a.csv", delimited(";"), ""),
        ("a.csv", delimited("\t"), ""),
        ("a.txt", delimited("|").replace(b"1.5", b"1,5"), 'delimiter = "|"\ndecimal = ","'),
        ("a.csv", b"report of today\n" + delimited(), "skip_rows = 1"),
    ],
)
def test_delimited_text_in_any_encoding(tmp_path: Path, name: str, content: bytes, options: str) -> None:
    (tmp_path / name).write_bytes(content)
    expect_all(run(tmp_path, tmp_path / name, options=options))


def test_koi8_is_read_when_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("nr,klient,kiedy,zl\n1,Жук,2024-01-01,2\n".encode("koi8-r"))
    text = HEAD.replace("złote", "zl")
    folder = run(tmp_path, tmp_path / "a.csv", options='encoding = "koi8-r"', text=text)
    assert pl.read_parquet(folder / "orders.parquet")["customer_id"].to_list() == ["Жук"]


def test_fixed_width(tmp_path: Path) -> None:
    lines = [f"{nr:<3}{who:<6}{when:<20}{much:>6}" for nr, who, when, much in [NAMES, *ROWS]]
    (tmp_path / "a.txt").write_text("\r\n".join(lines), encoding="utf-8")
    fields = "fields = { nr = [1, 3], klient = [4, 9], kiedy = [10, 29], 'złote' = [30, 35] }"
    expect_all(run(tmp_path, tmp_path / "a.txt", options=f'format = "fixed"\nskip_rows = 1\n{fields}'))


def typed() -> pl.DataFrame:
    moments = [datetime(2024, 7, 1, 10), datetime(2024, 1, 15, 9, 30), datetime(2024, 7, 2)]
    return pl.DataFrame(
        {"nr": [1, 2, 3], "klient": [row[1] for row in ROWS], "kiedy": moments, "złote": [1.5, 20.0, None]}
    )


def test_excel_by_sheet(tmp_path: Path) -> None:
    typed().write_excel(tmp_path / "a.xlsx", worksheet="Dane")
    expect_all(run(tmp_path, tmp_path / "a.xlsx", options='sheet = "Dane"'))
    with pytest.raises(UsageError, match=r"'Dana'.*Did you mean 'Dane'"):
        run(tmp_path, tmp_path / "a.xlsx", options='sheet = "Dana"')


def test_parquet_with_typed_and_zoned_columns(tmp_path: Path) -> None:
    typed().with_columns(pl.col("nr").cast(pl.Float64)).write_parquet(tmp_path / "a.parquet")
    expect_all(run(tmp_path, tmp_path / "a.parquet"))
    zoned = typed().with_columns(
        pl.col("kiedy").dt.replace_time_zone("Europe/Warsaw").dt.convert_time_zone("Asia/Tokyo")
    )
    zoned.write_parquet(tmp_path / "a.parquet")
    expect_all(run(tmp_path, tmp_path / "a.parquet"))


def test_json_lines_with_nested_values_and_a_field_that_comes_late(tmp_path: Path) -> None:
    rows = [{"nr": int(nr), "kto": {"nazwa": who}, "kiedy": when} for nr, who, when, _ in ROWS]
    rows[0]["złote"], rows[1]["złote"], rows[1]["tagi"] = 1.5, 20, ["a", {"b": 1}]
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    expect_all(run(tmp_path, tmp_path / "a.jsonl", text=HEAD.replace('"klient"', '"kto.nazwa"')))


def test_columns_of_json_lines_come_in_one_order_however_often_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    keys = [f"{letter}{number}" for number in range(3) for letter in "qaxjdzmc"]
    path.write_text("".join(json.dumps({key: 1, "of": {key: 2}}) + "\n" for key in keys))
    names = [text_frame(path, FileSpec(), staging=tmp_path).collect_schema().names() for _ in range(3)]
    assert names == [sorted([*keys, *(f"of.{key}" for key in keys)])] * 3


def test_a_header_that_occurs_twice_gets_a_suffix(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("nr,klient,klient,kiedy,złote\n1,a,b,2024-01-01,1\n", encoding="utf-8")
    text = HEAD.replace('"klient"', '"klient_duplicated_0"')
    assert pl.read_parquet(run(tmp_path, tmp_path / "a.csv", text=text) / "orders.parquet")["customer_id"].item() == "b"


def test_several_files_and_a_folder_become_one_table(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    for index, row in enumerate(ROWS):
        (source / f"{index}.csv").write_text("\n".join([",".join(NAMES), ",".join(row)]), encoding="utf-8")
    folder = run(tmp_path, source)
    expect_all(folder)
    files = json.loads((folder / "manifest.json").read_text())["files"]
    assert [(item["name"], item["rows"]) for item in files] == [("0.csv", 1), ("1.csv", 1), ("2.csv", 1)]


Break = Callable[[Path], None]


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        (b"", "", r"a\.csv is empty"),
        (b"\n\n", "", r"a\.csv"),
        (
            delimited().replace("złote".encode(), b"zlote"),
            "",
            r"no column 'złote'.*Did you mean 'zlote'.*Known: .*klient",
        ),
        (delimited(encoding="cp1250"), "", r"not written in utf-8: line 1 .*encoding = "),
        (delimited(), 'encoding = "utf-9"', "Unknown encoding 'utf-9'"),
        (delimited(), 'delimiter = "::"', "one character"),
        (b"PK not a workbook", 'format = "excel"', "cannot be read as Excel"),
        (b"PK not parquet", 'format = "parquet"', "cannot be read as parquet"),
        (delimited(), 'format = "fixed"', "needs fields"),
        (b'{"nr": 1', 'format = "jsonl"', r"a\.csv"),
    ],
)
def test_an_unreadable_file_is_a_clear_error(tmp_path: Path, content: bytes, options: str, message: str) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(CxError, match=message):
        run(tmp_path, tmp_path / "a.csv", options=options)
    assert not (tmp_path / "out" / "orders.parquet").exists()


def test_absent_files_and_files_nobody_asked_for_are_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no file .*nowhere\.csv"):
        run(tmp_path, tmp_path / "nowhere.csv")
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_bytes(delimited())
    with pytest.raises(UsageError, match=r"b\.csv matches no entry of \[files\]"):
        run(tmp_path, tmp_path / "a.csv", tmp_path / "b.csv", options='match = "a*"')
    with pytest.raises(UsageError, match=r"No file for \[files.late\] .*given: a\.csv"):
        run(
            tmp_path,
            tmp_path / "a.csv",
            options='match = "a*"\n[files.late]\nmatch = "z*"',
            text=HEAD.replace('"orders"', '"orders"\nfile = "file"'),
        )


def test_a_line_of_the_wrong_encoding_far_down_is_named(tmp_path: Path) -> None:
    content = b"nr,klient\n" + b"1,a\n" * 1_500_000 + b"2,\xff\n"
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(CxError, match="line 1500002 cannot be read"):
        run(tmp_path, tmp_path / "a.csv")
