"""Files that are damaged, far too large or something else: a clear error, never a traceback or a silent loss."""

from __future__ import annotations

import csv
import gzip
import os
import zipfile
from pathlib import Path

import polars as pl
import pytest

from cxlib.errors import CxError, UsageError
from cxlib.sources.mapped.importer import draft_mapping, import_mapped
from cxlib.sources.reading import sheet_limits

MAPPING = """
timezone = "UTC"
[files.file]
{options}
[[tables]]
table = "tickets"
[tables.columns]
ticket_id = "id"
created_at = "at"
customer_id = "who"
"""
SECRET = "Jane Roe, 5 Elm St"
ROWS = [["1", "2026-03-02 10:00", "A"], ["2", "2026-03-03 10:00", "B"], ["3", "2026-03-04 10:00", SECRET]]
TEXT = "id;at;who\n" + "".join(";".join(row) + "\n" for row in ROWS)


def run(path: Path, options: str = "") -> tuple[str, pl.DataFrame]:
    (path.parent / "by.toml").write_text(MAPPING.replace("{options}", options))
    (path.parent / "out").mkdir(exist_ok=True)
    said = str(import_mapped([path], mapping=path.parent / "by.toml", folder=path.parent / "out"))
    return said, pl.read_parquet(path.parent / "out" / "tickets.parquet")


def ids(path: Path, options: str = "") -> list[str]:
    return run(path, options)[1]["ticket_id"].to_list()


def refuse(path: Path, options: str = "", *, match: str, draft: bool = True) -> str:
    """Expect an error of the import, and of the draft, that repeats no cell."""
    with pytest.raises(CxError, match=match) as stopped:
        run(path, options)
    if draft:
        with pytest.raises(CxError):
            draft_mapping(path)
    said = str(stopped.value)
    assert SECRET not in said
    assert len(said) < 600
    return said


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("encoding", ["hex", "rot13", "base64", "zlib", "bz2", "undefined", "idna", "punycode", "\x00"])
def test_an_encoding_of_something_else_than_text(tmp_path: Path, encoding: str) -> None:
    with pytest.raises(UsageError, match="encoding"):
        run(
            written(tmp_path, "in.csv", TEXT),
            f"encoding = {encoding!r}" if encoding != "\x00" else 'encoding = "\\u0000"',
        )


@pytest.mark.parametrize("delimiter", ["€", "→", "::", '"', "\\n", "a", "7", "§"])
def test_a_delimiter_that_cannot_be_one(tmp_path: Path, delimiter: str) -> None:
    told = delimiter.replace('"', '\\"')
    with pytest.raises(UsageError, match=r"delimiter = .*one character"):
        run(written(tmp_path, "in.csv", TEXT), f'delimiter = "{told}"')


def test_packed_files_that_are_cut_off_or_none(tmp_path: Path) -> None:
    packed = gzip.compress(TEXT.encode() * 2000)
    assert len(ids(written(tmp_path, "in.csv.gz", gzip.compress(TEXT.encode())))) == 3
    refuse(written(tmp_path, "in.csv.gz", packed[: len(packed) // 2]), match=r"in\.csv\.gz is cut off")
    refuse(written(tmp_path, "in.csv.gz", packed[:2]), match=r"in\.csv\.gz is cut off|no gzip")
    refuse(written(tmp_path, "in.csv.gz", TEXT), match="no gzip file")
    middle = bytearray(packed)
    middle[len(middle) // 2] ^= 0xFF
    refuse(written(tmp_path, "in.csv.gz", bytes(middle)), match="gzip")


def test_characters_that_no_text_holds(tmp_path: Path) -> None:
    refuse(written(tmp_path, "in.csv", TEXT.replace("B", "B\0")), match=r"in\.csv: line 3 holds the character NUL")
    refuse(written(tmp_path, "in.csv", TEXT.encode("utf-16-le")), match="NUL")
    assert ids(written(tmp_path, "in.csv", TEXT.encode("utf-16-le")), 'encoding = "utf-16-le"') == ["1", "2", "3"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "utf-16-le-bom"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_marks_of_byte_order_and_every_line_end(tmp_path: Path, encoding: str, end: str) -> None:
    text = TEXT.replace("\n", end)
    content = b"\xff\xfe" + text.encode("utf-16-le") if encoding == "utf-16-le-bom" else text.encode(encoding)
    assert ids(written(tmp_path, "in.csv", content)) == ["1", "2", "3"]


def test_line_ends_that_are_mixed(tmp_path: Path) -> None:
    lines = TEXT.splitlines()
    for ends in (("\r\n", "\n", "\r", "\n"), ("\r", "\r\n", "\r", "\n"), ("\n", "\n", "\r", "\r")):
        text = "".join(line + end for line, end in zip(lines, ends, strict=True))
        assert ids(written(tmp_path, "in.csv", text)) == ["1", "2", "3"]
    quoted = TEXT.replace("A", '"a\rb"').replace("B", '"c\r\nd"')
    assert run(written(tmp_path, "in.csv", quoted))[1]["customer_id"].to_list() == ["a\rb", "c\r\nd", SECRET]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", b" \n", b"\xff\xfe"])
def test_files_without_anything(tmp_path: Path, content: bytes) -> None:
    refuse(written(tmp_path, "in.csv", content), match=r"in\.csv", draft=False)


def test_a_header_without_rows(tmp_path: Path) -> None:
    refuse(written(tmp_path, "in.csv", "id;at;who\n"), match="no row", draft=False)


def test_an_id_of_ten_megabytes_is_set_aside(tmp_path: Path) -> None:
    said, tickets = run(
        written(tmp_path, "in.csv", TEXT + "x" * 10_000_000 + ";2026-03-05;A\n4;2026-03-05;" + "y" * 2000)
    )
    assert tickets["ticket_id"].to_list() == ["1", "2", "3", "4"]
    assert tickets["customer_id"].to_list() == ["A", "B", SECRET, None]
    assert "set aside: 1 × ticket_id is longer than 1,000 characters" in said
    assert "customer_id is longer than 1,000 characters: 1" in said
    assert len(said) < 600


def test_a_column_mapped_by_mistake_is_not_repeated(tmp_path: Path) -> None:
    path = written(tmp_path, "in.csv", f"id;at;who;x\n1;2026-03-02;A;{SECRET}\n2;2026-03-02;B;12,5 kg\n")
    (tmp_path / "more.toml").write_text(
        MAPPING.replace("{options}", "") + 'handle_minutes = "x"\nsolved_at = "x"\nchannel = "who"\n'
    )
    (tmp_path / "out").mkdir()
    said = str(import_mapped([path], mapping=tmp_path / "more.toml", folder=tmp_path / "out"))
    assert SECRET not in said
    assert "Jane" not in said
    assert "unreadable handle_minutes: 2 (such as '12,5 kg', 'a a, 9 a a')" in said or (
        "unreadable handle_minutes: 2 (such as 'a a, 9 a a', '12,5 kg')" in said
    )
    assert "channel is none of its values: 2 (such as 'A', 'B')" in said
    assert SECRET not in (tmp_path / "out" / "manifest.json").read_text()


def test_seconds_since_1970_are_drafted_as_such(tmp_path: Path) -> None:
    text = draft_mapping(written(tmp_path, "in.csv", "Ticket ID,Created at\n1,1773655200\n2,1773655260\n"))
    assert 'created_at = { column = "Created at", formats = ["unix"] }' in text


def test_a_match_that_matches_nothing(tmp_path: Path) -> None:
    refuse(written(tmp_path, "in.csv", TEXT), 'match = "nope*.csv"', match=r"in\.csv matches no entry", draft=False)


def test_what_is_no_regular_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    refuse(tmp_path / "pipe.csv", match="no file that can be read")


def test_columns_of_a_file_that_lacks_them_are_named_at_most_ten(tmp_path: Path) -> None:
    names = ";".join(f"column {number} {'long ' * 30}" for number in range(400))
    said = refuse(written(tmp_path, "in.csv", names + "\n1\n"), match="no column 'at'", draft=False)
    assert "and 390 more" in said


# Quotation marks.

QUOTED = [
    ["1", "2026-03-02", 'says "no"'],
    ["2", "2026-03-02", 'ends "so"'],
    ["3", "2026-03-02", 'a "b", c'],
    ["4", "2026-03-02", "x"],
]


def backslashed(rows: list[list[str]]) -> str:
    return "".join(",".join('"' + cell.replace('"', '\\"') + '"' for cell in row) + "\n" for row in rows)


def test_quotation_marks_escaped_by_a_backslash(tmp_path: Path) -> None:
    said, tickets = run(written(tmp_path, "in.csv", "id,at,who\n" + backslashed(QUOTED)))
    assert tickets.select("ticket_id", "customer_id").rows() == [(row[0], row[2]) for row in QUOTED]
    assert "quotation marks are escaped by a backslash" in said


def test_backslashes_that_escape_nothing(tmp_path: Path) -> None:
    rows = [["1", "2026-03-02", "C:\\dir\\"], ["2", "2026-03-02", 'a\\"b'], ["3", "2026-03-02", "\\"]]
    with (tmp_path / "in.csv").open("w", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([["id", "at", "who"], *rows])
    said, tickets = run(tmp_path / "in.csv")
    assert tickets.select("ticket_id", "customer_id").rows() == [(row[0], row[2]) for row in rows]
    assert "backslash" not in said


def test_quotation_marks_that_nothing_settles_stop_the_import(tmp_path: Path) -> None:
    text = 'id,at,who\n1,2026-03-02,"a\\""\n2,2026-03-02,x"\n'  # one row if doubled, two if escaped by a backslash
    said = refuse(written(tmp_path, "in.csv", text), match="escaped by a backslash", draft=False)
    assert "gives 2 rows, while doubled ones give 1" in said


def test_a_quotation_mark_left_open_far_from_the_next(tmp_path: Path) -> None:
    text = TEXT + f'4;2026-03-05;"{SECRET}\n5;2026-03-05;B\n6;2026-03-05;say "no"\n7;2026-03-05;B\n'
    refuse(written(tmp_path, "in.csv", text), match=r"in\.csv: line 5: a quotation mark is left open", draft=False)


# Spreadsheets.


def workbook(path: Path, **sheets: list[list[object]]) -> Path:
    import xlsxwriter

    with xlsxwriter.Workbook(path) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for at, row in enumerate(rows):
                sheet.write_row(at, 0, row)
    return path


HEAD = ["id", "at", "who"]


def test_a_cell_far_away_from_the_table(tmp_path: Path) -> None:
    import xlsxwriter

    for name, row, column in (("a.xlsx", 1_048_575, 16_383), ("b.xlsx", 1_048_575, 40), ("c.xlsx", 2_000, 16_383)):
        with xlsxwriter.Workbook(tmp_path / name) as book:
            sheet = book.add_worksheet("Data")
            for at, cells in enumerate([HEAD, *ROWS]):
                sheet.write_row(at, 0, cells)
            sheet.write(row, column, "x")
        refuse(tmp_path / name, match=rf"{name}: sheet .* spans {row + 1:,} rows × {column + 1:,} columns")


def test_a_zip_bomb_under_the_name_of_a_workbook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workbook(tmp_path / "in.xlsx", Data=[HEAD, *ROWS])
    with zipfile.ZipFile(tmp_path / "in.xlsx", "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/more.xml", bytes(60_000_000))
    monkeypatch.setattr(sheet_limits, "_MOST_UNPACKED", 50_000_000)
    refuse(tmp_path / "in.xlsx", match="unpacks to 6")


def test_damaged_workbooks(tmp_path: Path) -> None:
    whole = workbook(tmp_path / "in.xlsx", Data=[HEAD, *ROWS]).read_bytes()
    refuse(written(tmp_path, "in.xlsx", whole[: len(whole) // 2]), match="cannot be read")
    refuse(written(tmp_path, "in.xlsx", b"\xd0\xcf\x11\xe0" + bytes(600)), match="cannot be read as Excel")
    refuse(written(tmp_path, "in.xls", "<html><table><tr><td>1</td></tr></table></html>"), match="web page")
    assert ids(written(tmp_path, "in.xls", TEXT)) == ["1", "2", "3"]


@pytest.mark.parametrize("harm", ["99999</v>", "</v></c></row></sheetData>"])
def test_a_workbook_whose_sheet_is_damaged(tmp_path: Path, harm: str) -> None:
    workbook(tmp_path / "whole.xlsx", Data=[HEAD, *ROWS])
    with zipfile.ZipFile(tmp_path / "whole.xlsx") as whole, zipfile.ZipFile(tmp_path / "in.xlsx", "w") as copy:
        for name in whole.namelist():
            content = whole.read(name).decode()
            copy.writestr(name, content.replace("0</v>", harm, 1) if "sheet1" in name else content)
    refuse(tmp_path / "in.xlsx", match=r"in\.xlsx", draft=False)


ODS = """<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>
<table:table table:name="Data">{rows}</table:table></office:spreadsheet></office:body>
</office:document-content>"""


def open_document(path: Path, rows: list[list[str]], more: str = "") -> Path:
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    lines = ["<table:table-row>" + "".join(cell.format(text) for text in row) + "</table:table-row>" for row in rows]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr("content.xml", ODS.replace("{rows}", "".join(lines) + more))
    return path


def test_open_document_sheets(tmp_path: Path) -> None:
    assert ids(open_document(tmp_path / "in.ods", [HEAD, *ROWS])) == ["1", "2", "3"]
    empty = '<table:table-row table:number-rows-repeated="1048571"><table:table-cell {}/></table:table-row>'
    wide = 'table:number-columns-repeated="16384"'
    assert ids(open_document(tmp_path / "in.ods", [HEAD, *ROWS], empty.format(wide))) == ["1", "2", "3"]
    far = empty.format(wide) + (
        '<table:table-row><table:table-cell table:number-columns-repeated="16383"/>'
        '<table:table-cell office:value-type="string"><text:p>x</text:p></table:table-cell></table:table-row>'
    )
    refuse(open_document(tmp_path / "in.ods", [HEAD, *ROWS], far), match="spans 1,048,576 rows × 16,384 columns")


def test_lines_above_the_header_of_a_sheet(tmp_path: Path) -> None:
    path = workbook(tmp_path / "in.xlsx", Data=[["Export of March"], [], HEAD, *ROWS])
    said, tickets = run(path)
    assert tickets["ticket_id"].to_list() == ["1", "2", "3"]
    assert "2 lines above the header are skipped" in said
    assert ids(path, "skip_rows = 2") == ["1", "2", "3"]
    refuse(path, "skip_rows = 3", match="no column", draft=False)
    refuse(path, "skip_rows = 30", match="is empty below its first 30 lines", draft=False)


def test_several_sheets(tmp_path: Path) -> None:
    table, other = [HEAD, *ROWS], [["x", "y"], [1, 2]]
    said, tickets = run(workbook(tmp_path / "in.xlsx", Notes=other, Empty=[], Data=table))
    assert tickets["ticket_id"].to_list() == ["1", "2", "3"]
    assert "sheet 'Data' is read, others are not: Notes" in said
    assert ids(workbook(tmp_path / "in.xlsx", Empty=[], Data=table)) == ["1", "2", "3"]
    path = workbook(tmp_path / "in.xlsx", One=table, Two=table)
    refuse(path, match=r"Several of its sheets hold all columns of the mapping \(One, Two\).*sheet = ", draft=False)
    assert ids(path, 'sheet = "Two"') == ["1", "2", "3"]
    refuse(workbook(tmp_path / "in.xlsx", One=other, Two=other), match="None of its sheets", draft=False)
    refuse(workbook(tmp_path / "in.xlsx", One=[], Two=[]), match="is empty")
    refuse(path, 'sheet = "Tow"', match="no sheet", draft=False)


def test_the_draft_says_which_sheet_and_line(tmp_path: Path) -> None:
    table = [["Export"], ["Ticket ID", "Created at"], ["1", "2026-03-02"]]
    text = draft_mapping(workbook(tmp_path / "in.xlsx", Notes=[["x", "y"], [1, 2]], Data=table))
    assert 'sheet = "Data"' in text
    assert "skip_rows = 1" in text
    assert 'ticket_id = "Ticket ID"' in text


XML = """<?xml version="1.0"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">
<Worksheet ss:Name="Data"><Table>
<Row><Cell><Data ss:Type="String">id</Data></Cell><Cell><Data ss:Type="String">at</Data></Cell>
<Cell ss:Index="4"><Data ss:Type="String">who</Data></Cell></Row>
<Row ss:Index="3"><Cell><Data ss:Type="Number">1</Data></Cell>
<Cell><Data ss:Type="DateTime">2026-03-02T10:00:00.000</Data></Cell>
<Cell ss:Index="4"><ss:Data xmlns="http://www.w3.org/TR/REC-html40" ss:Type="String"
><B>A</B> &amp; "B"</ss:Data></Cell></Row>
<Row><Cell ss:MergeAcross="2"><Data ss:Type="String">Total</Data></Cell></Row>
</Table></Worksheet></Workbook>"""


def test_spreadsheet_xml_of_2003(tmp_path: Path) -> None:
    said, tickets = run(written(tmp_path, "in.xls", XML))
    assert tickets.select("ticket_id", "customer_id").rows() == [("1", 'A & "B"')]
    assert "set aside: 1 × missing created_at" in said
    refuse(written(tmp_path, "in.xls", XML[:-40]), match="XML is damaged")
    refuse(written(tmp_path, "in.xls", XML.replace('Index="3"', 'Index="99999999"')), match="spans|numbers")
    refuse(written(tmp_path, "in.xls", XML.replace('Index="4"', 'Index="99999"')), match="numbers its cells")
    refuse(written(tmp_path, "in.xls", XML.replace('Index="3"', 'Index="x"')), match="numbers its cells")
    bomb = XML.replace("<Workbook", '<!DOCTYPE x [<!ENTITY a "aaaa">]>\n<Workbook', 1)
    refuse(written(tmp_path, "in.xls", bomb), match="unsafe")


def test_the_xml_and_the_csv_of_a_desk_are_the_same_table(tmp_path: Path) -> None:
    from cxlib.sources.mapped.mapping import FileSpec
    from cxlib.sources.reading.readers import text_frame

    folder = Path(__file__).parents[2].parent / "shared" / "data" / "systems" / "freshdesk"
    if not folder.exists():
        pytest.skip("no folder ../shared beside the checkout")
    frames = [
        text_frame(folder / f"freshdesk_tickets_january_2025.{kind}", FileSpec(), staging=tmp_path).collect()
        for kind in ("xls", "csv")
    ]
    xml, text = (frame.select(pl.all().replace("", None)) for frame in frames)
    assert text.select(xml.columns).rows() == xml.rows()
