"""The command line: what it prints, its exit status, no traceback for a user's mistake."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from cxlib import __version__
from cxlib.cli import main
from cxlib.store.folder import replacing
from tests.conftest import ROOT

Said = tuple[int, str, str]
Cx = Callable[..., Said]
COLUMNS = ["metric", "period", "by", "group", "value", "low", "high", "measured_in", "n", "independent_units"]


@pytest.fixture(scope="module")
def home(small_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    shutil.copytree(small_demo, home / "data" / "demo")
    shutil.copytree(ROOT / "data" / "mappings", home / "data" / "mappings")
    shutil.copy(ROOT / "data" / "settings.toml", home / "data")
    shutil.copytree(ROOT / "notebooks", home / "notebooks")
    return home


@pytest.fixture
def cx(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cx:
    monkeypatch.setenv("CX_HOME", str(home))
    monkeypatch.chdir(home)

    def run(*words: str) -> Said:
        try:
            status = main(words)
        except SystemExit as stop:
            status = int(str(stop.code))
        out, err = capsys.readouterr()
        return status, out, err

    return run


def _bytes(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_version_is_the_packages(cx: Cx) -> None:
    assert cx("--version") == (0, f"cx {__version__}\n", "")


def test_help_names_every_command_and_where_to_begin(cx: Cx) -> None:
    status, out, _ = cx("--help")
    assert status == 0
    for command in ("demo", "import", "derive", "check", "figures", "report", "notebooks", "lab", "dictionary"):
        assert f"\n    {command}" in out
    assert "New here? cx demo" in out


def test_it_runs_as_a_module() -> None:
    done = subprocess.run([sys.executable, "-m", "cxlib", "--help"], capture_output=True, text=True, check=True)
    assert "usage: cx" in done.stdout


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (["figures", "nowhere"], 2, "There is no data set 'nowhere'. There are: demo."),
        (["figures", "demo", "--month", "2026-13"], 2, "is not a month; write it as YYYY-MM"),
        (["figures", "demo", "--month", "1999-01"], 2, "have no month 1999-01; they run from"),
        (["figures", "demo", "--metric", "csatt"], 2, "Did you mean 'csat'"),
        (["figures", "demo", "--by", "chanel"], 2, "Did you mean 'channel'"),
        (["figures", "demo", "--filter", "channel:phone"], 2, "not of the form"),
        (["check", "nowhere"], 2, "There is no data set"),
        (["report", "demo", "--language", "tlh"], 2, "language"),
        (["import", "mapped", "no.csv", "--into", "x"], 2, "--mapping FILE; --draft proposes one"),
        (["import", "mapped", "no.csv", "--mapping", "nope", "--into", "x"], 2, "Shipped: "),
        (["import", "mapped", "no.csv", "--mapping", "italian_helpdesk", "--into", "x"], 2, "no.csv"),
        (["figure", "demo"], 2, "invalid choice"),
    ],
)
def test_a_mistake_is_told_in_one_line(cx: Cx, words: list[str], status: int, says: str) -> None:
    got, _, err = cx(*words)
    assert says in err
    assert "Traceback" not in err
    assert got == status


def test_figures_as_json_and_csv_are_the_same_figures(cx: Cx) -> None:
    status, out, err = cx("figures", "demo", "--month", "2026-09", "--by", "channel", "--format", "json")
    assert status == 0
    assert all(line.startswith("not known: ") for line in err.splitlines())
    rows = json.loads(out)
    assert all(list(row) == COLUMNS for row in rows)
    assert {row["period"] for row in rows} == {"2026-09"}
    _, out, _ = cx("figures", "demo", "--month", "2026-09", "--by", "channel", "--format", "csv")
    table = list(csv.DictReader(io.StringIO(out)))
    assert len(table) == len(rows)
    for mine, theirs in zip(rows, table, strict=True):
        assert mine["value"] is None or float(theirs["value"]) == pytest.approx(mine["value"])


def test_one_month_is_printed_with_its_changes(cx: Cx) -> None:
    month, before = (
        list(
            csv.DictReader(
                io.StringIO(cx("figures", "demo", "--month", name, "--metric", "csat", "--format", "csv")[1])
            )
        )
        for name in ("2026-09", "2026-08")
    )
    moved = float(month[0]["value"]) - float(before[0]["value"])
    assert float(month[0]["difference"]) == pytest.approx(moved)
    assert float(month[0]["difference_low"]) < moved < float(month[0]["difference_high"])
    assert "difference" in cx("figures", "demo", "--month", "2026-09", "--metric", "csat")[1]


def test_every_month_can_be_printed_and_one_metric_chosen(cx: Cx) -> None:
    rows = json.loads(cx("figures", "demo", "--month", "all", "--metric", "csat", "--format", "json")[1])
    assert len({row["period"] for row in rows}) == len(rows) == 18
    assert {row["metric"] for row in rows} == {"csat"}


def test_every_figure_lies_in_its_interval(cx: Cx) -> None:
    rows = json.loads(cx("figures", "demo", "--month", "all", "--by", "channel", "--format", "json")[1])
    known = [row for row in rows if row["value"] is not None]
    assert len(known) > 100
    for row in known:
        assert row["low"] is None or row["low"] <= row["value"] + 1e-9, row
        assert row["high"] is None or row["value"] <= row["high"] + 1e-9, row


def test_the_check_prints_text_and_json(cx: Cx) -> None:
    assert "duplicate ticket_id (set aside)" in cx("check", "demo")[1]
    assert json.loads(cx("check", "demo", "--format", "json")[1])["data"] == "demo"


def test_deriving_again_changes_nothing(cx: Cx, home: Path) -> None:
    before = _bytes(home / "data" / "demo")
    assert cx("derive", "demo")[0] == 0
    assert _bytes(home / "data" / "demo") == before


def test_an_import_that_fails_leaves_the_old_data(cx: Cx, home: Path, tmp_path: Path) -> None:
    before = _bytes(home / "data" / "demo")
    (tmp_path / "broken.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    status, _, err = cx(
        "import", "mapped", str(tmp_path / "broken.csv"), "--mapping", "italian_helpdesk", "--into", "demo"
    )
    assert status != 0
    assert "no column" in err
    assert _bytes(home / "data" / "demo") == before
    assert not [path for path in (home / "data").iterdir() if path.name.startswith(".")]


def test_a_draft_is_printed_and_imports_nothing(cx: Cx, home: Path, tmp_path: Path) -> None:
    (tmp_path / "tickets.csv").write_text("Ticket ID,Created at\n1,2026-10-01 10:00\n", encoding="utf-8")
    status, out, _ = cx("import", "mapped", str(tmp_path / "tickets.csv"), "--draft")
    assert status == 0
    assert 'ticket_id = "Ticket ID"' in out
    assert sorted(path.name for path in (home / "data").iterdir()) == ["demo", "mappings", "settings.toml"]


def test_the_dictionary_names_every_table(cx: Cx) -> None:
    out = cx("dictionary")[1]
    assert "## tickets" in out
    assert "| first_reply_minutes (derived) | minutes |" in out


@pytest.mark.parametrize("name", [".", "..", "../notebooks", "mappings", "a/b", ""])
def test_data_are_only_built_below_data_under_a_plain_name(cx: Cx, home: Path, name: str) -> None:
    before = _bytes(home / "notebooks")
    status, _, err = cx("demo", "--into", name)
    assert (status, "no name for a data set" in err) == (2, True)
    assert _bytes(home / "notebooks") == before
    assert (home / "data" / "demo").is_dir()


def test_the_demo_never_replaces_other_data(cx: Cx, home: Path) -> None:
    folder = home / "data" / "other"
    folder.mkdir()
    (folder / "manifest.json").write_text('{"sources": ["mapped:mine"]}', encoding="utf-8")
    status, _, err = cx("demo", "--into", "other")
    shutil.rmtree(folder)
    assert status == 2
    assert "holds other data" in err


def test_a_figure_that_is_not_defined_for_the_grouping_says_so(cx: Cx) -> None:
    status, out, err = cx("figures", "demo", "--by", "handling_channel", "--metric", "first_reply_time")
    assert status == 0
    assert "not known: first_reply_time: 'handling_channel' is not defined for rows of 'tickets'" in err
    assert "first_reply_time" not in out


def test_filters_know_the_values_of_the_data_and_take_names_of_agents(cx: Cx, home: Path) -> None:
    status, _, err = cx("figures", "demo", "--filter", "channel=emial")
    assert status == 2
    assert "Did you mean 'email'" in err
    agent = pl.read_parquet(home / "data" / "demo" / "agents.parquet").row(0, named=True)
    by_key, by_name = (
        cx(
            "figures",
            "demo",
            "--metric",
            "csat",
            "--month",
            "all",
            "--filter",
            f"agent={agent[key]}",
            "--format",
            "csv",
        )
        for key in ("agent_id", "name")
    )
    assert by_key[0] == 0
    assert by_key == by_name


def test_a_second_writer_of_the_same_data_is_refused(cx: Cx, home: Path) -> None:
    with replacing(home / "data" / "demo", keep=True):
        status, _, err = cx("derive", "demo")
    assert status == 1
    assert "Another run is writing 'demo'" in err


def test_damaged_or_unwritable_files_are_told_in_one_line(cx: Cx, home: Path, small_demo: Path, tmp_path: Path) -> None:
    broken = home / "data" / "broken"
    shutil.copytree(small_demo, broken)
    try:
        (broken / "tickets.parquet").write_bytes(b"PAR1 and then nothing")
        for told, text in (
            (cx("figures", "broken"), "'tickets'"),
            (cx("report", "demo", "--out", str(_written(tmp_path / "a file") / "below")), "a file"),
            (_with_manifest(cx, broken, "{"), "manifest.json is damaged"),
            (_with_manifest(cx, broken, "{}"), "manifest.json is damaged"),
        ):
            assert (told[0], told[1]) == (1, "")
            assert text in told[2]
            assert told[2].startswith("cx: ")
            assert told[2].count("\n") == 1
    finally:
        shutil.rmtree(broken)


def _written(path: Path) -> Path:
    path.write_text("x", encoding="utf-8")
    return path


def _with_manifest(cx: Cx, folder: Path, text: str) -> Said:
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    return cx("figures", folder.name)
