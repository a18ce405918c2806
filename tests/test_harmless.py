"""Control characters and formulas of the data reach no terminal and no spreadsheet; a name is not a gap."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cxlib.cli import main

ESCAPE = "\x1b[31mred"
MAPPING = """
timezone = "UTC"
[[tables]]
table = "tickets"
columns = { ticket_id = "id", created_at = "at", category = "what" }
"""
ROWS = f'id,at,what\n1,2026-10-01,{ESCAPE}\n2,2026-10-02,=1+1\n3,2026-10-03,(not known)\n4,2026-10-04,\n"=5",soon,x\n'


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    monkeypatch.setenv("CX_HOME", str(tmp_path))
    (tmp_path / "data").mkdir()
    (tmp_path / "t.csv").write_text(ROWS, encoding="utf-8")
    (tmp_path / "m.toml").write_text(MAPPING, encoding="utf-8")
    words = ("import", "mapped", str(tmp_path / "t.csv"), "--mapping", str(tmp_path / "m.toml"), "--into", "desk")
    assert main(words) == 0
    capsys.readouterr()

    def run(*words: str, status: int = 0) -> str:
        assert main(words) == status
        said = capsys.readouterr()
        return said.out + said.err

    return run


FIGURES = ("figures", "desk", "--month", "2026-10", "--metric", "ticket_volume", "--by", "category", "--format")


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_no_control_character_is_printed(told: Callable[..., str], form: str) -> None:
    out = told(*FIGURES, form)
    assert "\x1b" not in out
    assert r"\u001b[31mred" in out


def test_a_formula_is_guarded_and_a_category_called_not_known_is_no_gap(told: Callable[..., str]) -> None:
    groups = {row["group"]: row["value"] for row in csv.DictReader(io.StringIO(told(*FIGURES, "csv")))}
    assert groups == {
        r"\u001b[31mred": "1.0", "'=1+1": "1.0", '"(not known)"': "1.0", "(not known)": "1.0"
    }  # fmt: skip
    one = told("rows", "desk", "--metric", "ticket_volume", "--month", "2026-10", "--filter", "category=(not known)")
    assert [line.split(",")[0] for line in one.splitlines()[1:]] == ["4"]


def test_rows_set_aside_can_be_read_as_csv(told: Callable[..., str], tmp_path: Path) -> None:
    told("check", "desk")
    with (tmp_path / "data" / "desk" / "set_aside" / "tickets.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["id"], row["reason"]) for row in rows] == [("'=5", "unreadable created_at")]


def test_an_engine_that_is_not_installed_ends_in_a_sentence(
    told: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    assert "'duckdb' is not installed" in told(*FIGURES, "csv", "--engine", "duckdb", status=2)


def test_an_import_that_sets_a_whole_table_aside_fails(told: Callable[..., str], tmp_path: Path) -> None:
    surveys = (
        '[[tables]]\ntable = "surveys"\ncolumns = { survey_id = "none", kind = { value = "csat" }, answer = "id" }\n'
    )
    (tmp_path / "m.toml").write_text(MAPPING + surveys, encoding="utf-8")
    (tmp_path / "t.csv").write_text("id,at,what,none\n1,2026-10-01,x,\n2,2026-10-02,x,\n", encoding="utf-8")
    words = ("import", "mapped", str(tmp_path / "t.csv"), "--mapping", str(tmp_path / "m.toml"), "--into", "other")
    out = told(*words, status=1)
    assert "nothing of surveys (2 rows" in out
    assert "Next:" not in out
