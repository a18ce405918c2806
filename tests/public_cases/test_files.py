"""Public cases about how files are written."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.public_cases.case import Case

MARCH = "2026-03"
ROWS_OF_51 = 8_000


def test_15_ids_stay_as_they_are_written(case: Case) -> None:
    case.imported()
    tickets = {key: row["customer_id"] for key, row in case.rows("ticket_volume", month=MARCH).items()}
    assert tickets == {
        "00042": "007", "42": "7", "1582917533873852417": "0012345678901234567890", "1582917533873852418": "NaN",
        "1.58E+18": "null", "77": "None",
    }  # fmt: skip


def test_17_the_header_again_and_marks_at_the_end(case: Case) -> None:
    case.imported()
    assert set(case.rows("ticket_volume", month=MARCH)) == {"1", "2", "3", "4"}
    aside = case.manifest()["set_aside"]["tickets"]
    assert (sum(aside.values()), aside["empty row"]) == (3, 1)


def test_18_the_line_that_names_the_delimiter(case: Case) -> None:
    case.imported()
    assert set(case.rows("ticket_volume", month=MARCH)) == {"1", "2"}
    assert 'ticket_id = "id"' in case.draft()


def test_19_commas_within_quoted_headers(case: Case) -> None:
    case.imported()
    assert case.figure("csat", month=MARCH)[::3] == (50, 2)
    assert 'delimiter = ";"' in case.draft()


def test_21_utf_16_with_tabs(case: Case) -> None:
    case.imported()
    customers = [row["customer_id"] for row in case.rows("ticket_volume", month=MARCH).values()]
    assert customers == ["Müller 😀", "עברית"]
    assert 'ticket_id = "id"' in case.draft()


def test_24_formulas_are_made_harmless(case: Case) -> None:
    case.imported()
    for row in case.rows("ticket_volume", month=MARCH).values():
        assert not any(row[name].startswith(("=", "+", "-", "@", "\t")) for name in ("ticket_id", "customer_id"))


def test_28_a_title_above_the_header_of_a_sheet(case: Case) -> None:
    case.imported("in.xlsx")
    assert case.figure("ticket_volume", month=MARCH)[::3] == (1503, 1503)


def test_29_a_sheet_of_mixed_types(case: Case) -> None:
    case.imported("in.xlsx")
    assert case.figure("ticket_volume", month=MARCH)[::3] == (1503, 1503)
    rows = case.rows("ticket_volume", month=MARCH)
    assert {"A-17", "158291753387385", "00099"} <= rows.keys()
    assert "2026-03-02T12:00:00+00:00" in {row["created_at"] for row in rows.values()}
    assert sum(case.manifest()["set_aside"]["tickets"].values()) == 1


def test_30_the_first_line_of_a_sheet_skipped(case: Case) -> None:
    said = case.imported("in.xlsx", status=None)
    assert said.status in (1, 2)
    assert "column" in said.err
    assert not (case.home / "data" / "b").exists()


def test_31_a_title_above_the_header_of_a_text(case: Case) -> None:
    case.imported()
    assert set(case.rows("ticket_volume", month=MARCH)) == {"1", "2"}


def test_34_tickets_merged_in_a_chain_and_in_a_ring(case: Case) -> None:
    case.imported()
    assert case.figure("ticket_volume", month=MARCH)[::3] == (1, 1)
    assert case.figure("resolution_time", month=MARCH)[::3] == (1440, 1)
    found = case.check()
    for ticket in ("4", "5", "6", "7"):
        assert any(ticket in line.rpartition("for example")[2] for line in found.splitlines() if "merged" in line)


def test_38_ids_beyond_what_a_float_holds(case: Case) -> None:
    case.imported("*.json*", system="zendesk")
    tickets = {key: row["customer_id"] for key, row in case.rows("ticket_volume", month="2026-05").items()}
    assert tickets == {
        "9007199254740993": "9007199254741003", "9007199254740994": "9007199254741004", "99999999999999999999": "00012",
    }  # fmt: skip


def test_39_serial_numbers_of_days(case: Case) -> None:
    case.imported()
    assert case.minutes("resolution_time", month=MARCH)["1"] == 1080
    assert "created_at" in case.draft()


@pytest.mark.long
def test_40_awkward_texts_without_an_environment(case: Case) -> None:
    case.imported("t.csv", "s.csv")
    shutil.copytree(ROOT / "notebooks", case.home / "notebooks")
    out = case.home / " put" / "März $1"
    command = [sys.executable, "-m", "cxlib", "report", "b", "--month", MARCH, "--by", "category", "--out", str(out)]
    done = subprocess.run(
        command, cwd="/", env={"CX_HOME": str(case.home)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    page = next(out.rglob("index.html")).parent
    text = "".join(path.read_text() for path in page.glob("*.html"))
    assert "<script>alert(1)" not in text
    assert "<img src=x" not in text
    assert "&lt;b&gt;Bob&lt;/b&gt;" in text


def test_42a_a_header_alone(case: Case) -> None:
    said = case.imported(status=1)
    assert "no row" in said.err
    assert not (case.home / "data" / "b").exists()


def test_42b_a_single_row(case: Case) -> None:
    case.imported()
    assert case.figure("ticket_volume", month=MARCH)[::3] == (1, 1)
    case.check()


def test_42c_all_in_the_future(case: Case) -> None:
    case.imported()
    assert case.figure("ticket_volume", month="2088-03")[::3] == (2, 2)
    case.check()


def test_47_one_customer_in_three_spellings(case: Case) -> None:
    case.imported()
    customers = [row["customer_id"] for row in case.rows("ticket_volume", month=MARCH).values()]
    assert customers.count("ann@example.org") >= 2
    assert case.figure("ticket_volume", month=MARCH)[0] == 4
    assert customers.count("ann@example.org") == 3 or "Ann@Example.org" in case.check()


def test_51_line_ends_within_8000_quoted_cells(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "created", "cust", "subject"])
        writer.writerows(
            [number, f"2026-03-{number % 28 + 1:02d} 10:00", f"C{number % 700}", f'He said "no"\n,;{number}\n\nline']
            for number in range(ROWS_OF_51)
        )
    case.run("import", "mapped", str(path), "--mapping", str(case.folder / "map.toml"), "--into", "b")
    assert case.figure("ticket_volume", month=MARCH)[::3] == (ROWS_OF_51, ROWS_OF_51)


def test_54_days_without_tickets_are_days(case: Case) -> None:
    case.imported()
    (march,) = case.figures("ticket_volume", month=MARCH)
    assert (float(march["value"]), march["independent_units"]) == (20, "31")
    assert 10 <= float(march["low"]) <= 13
    assert 30 <= float(march["high"]) <= 36
    _, low, high, _ = case.figure("ticket_volume", month="2026-02")
    assert 0 < low < 0.2
    assert 5 < high < 8
