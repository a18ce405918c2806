"""Whatever is wrong with an input ends in one clear sentence or in a count, never in a traceback or without a word."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cxlib.cli import main
from tests.bad_inputs.arguments import ARGUMENTS
from tests.bad_inputs.files import ASIDE, ERROR, FILES, GOOD, HEAD, NOTED
from tests.bad_inputs.folders import FOLDERS
from tests.bad_inputs.mappings import MAPPINGS
from tests.bad_inputs.settings import SETTINGS
from tests.conftest import ROOT

Said = tuple[int, str, str]
Cx = Callable[..., Said]
MAPPING = """
timezone = "UTC"
[files.file]
delimiter = ";"
[[tables]]
table = "tickets"
[tables.columns]
ticket_id = "No"
created_at = "Opened"
solved_at = "Solved"
customer_id = "Client"
channel = { column = "Via", values = { email = "email", phone = "phone" } }
[[tables]]
table = "surveys"
[tables.columns]
survey_id = "No"
ticket_id = "No"
customer_id = "Client"
kind = { value = "csat" }
answered_at = "Solved"
answer = "Score"
scale_low = { value = 1 }
scale_high = { value = 5 }
high_is_good = { value = true }
"""
UNFIT = re.compile(r"Traceback|RecursionError|OverflowError|polars\.|\(\w+Error\)|[\x00-\x08\x0b-\x1f\x7f]")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook with one small data set, "desk"."""
    home = tmp_path_factory.mktemp("home")
    (home / "data" / "mappings").mkdir(parents=True)
    shutil.copytree(ROOT / "notebooks", home / "notebooks")
    (home / "data" / "settings.toml").write_text('timezone = "UTC"\n', encoding="utf-8")
    (home / "tickets.csv").write_bytes(HEAD + GOOD)
    (home / "good.toml").write_text(MAPPING, encoding="utf-8")
    (home / "empty").mkdir()
    return home


@pytest.fixture
def cx(home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Cx]:
    monkeypatch.setenv("CX_HOME", str(home))
    monkeypatch.chdir(home)

    def run(*words: str) -> Said:
        try:
            status = main(words)
        except SystemExit as stop:
            status = int(str(stop.code))
        out, err = capfd.readouterr()
        return status, out, err

    if not (home / "data" / "desk").exists():
        assert run("import", "mapped", "tickets.csv", "--mapping", "good.toml", "--into", "desk")[0] == 0
    yield run
    shutil.rmtree(home / "data" / "new", ignore_errors=True)


def rows(kind: str, table: tuple[object, ...]) -> list[object]:
    """Return the rows of a table as parameters."""
    found = []
    for place, row in enumerate(table):
        name = f"{kind} {place}: {str(row)[:40]!r}"
        found.append(pytest.param(row, id=re.sub(r"[^\x20-\x7e]", "?", name)))
    return found


def refused(said: Said) -> None:
    """A status of 1 or 2 and a sentence: no traceback, no control characters, not more than ten names."""
    status, _, err = said
    assert status in (1, 2), said
    told = err[err.index("error: ") :] if err.startswith("usage:") else err
    assert told.startswith(("cx: ", "error: ")), said
    assert not UNFIT.search(err), said
    assert len(told) < 900, said
    assert told.count(", ") <= 16, said
    assert len(told.split()) >= 4, said


@pytest.mark.parametrize("name", FOLDERS)
def test_folders_that_are_damaged_or_of_another_version(cx: Cx, home: Path, name: str) -> None:
    folder = home / "data" / "new"
    shutil.copytree(home / "data" / "desk", folder)
    FOLDERS[name](folder)
    for words in (("figures", "new"), ("check", "new"), ("rows", "new", "--metric", "csat")):
        refused(cx(*words))


def test_there_are_enough_of_them() -> None:
    assert len(ARGUMENTS) + len(SETTINGS) + len(MAPPINGS) + len(FILES) >= 250
    for table in (ARGUMENTS, SETTINGS, MAPPINGS, FILES):
        assert len(set(table)) == len(table)


@pytest.mark.parametrize("words", rows("arguments", ARGUMENTS))
def test_words_that_cannot_be_carried_out(cx: Cx, words: tuple[str, ...]) -> None:
    refused(cx(*words))


@pytest.mark.parametrize("text", rows("settings", SETTINGS))
def test_settings_are_refused_alike_by_all_commands(cx: Cx, home: Path, text: str) -> None:
    path = home / "data" / "desk" / "settings.toml"
    before = path.read_bytes()
    path.write_text(text, encoding="utf-8")
    try:
        every = [cx(command, "desk") for command in ("figures", "check", "derive")]
    finally:
        path.write_bytes(before)
    refused(every[0])
    assert {said[2] for said in every} == {every[0][2]}
    assert {said[0] for said in every} == {2}


@pytest.mark.parametrize("text", rows("mappings", MAPPINGS))
def test_mappings_with_a_mistake(cx: Cx, home: Path, text: str) -> None:
    (home / "bad.toml").write_text(text, encoding="utf-8")
    refused(cx("import", "mapped", "tickets.csv", "--mapping", "bad.toml", "--into", "new"))
    assert not (home / "data" / "new").exists()


@pytest.mark.parametrize("row", rows("files", FILES))
def test_files_that_cannot_be_read_or_hold_bad_rows(
    cx: Cx, home: Path, tmp_path: Path, row: tuple[str, bytes, str]
) -> None:
    name, content, outcome = row
    (tmp_path / name).write_bytes(content)
    said = cx("import", "mapped", str(tmp_path / name), "--mapping", "good.toml", "--into", "new")
    if outcome == ERROR:
        refused(said)
        assert not (home / "data" / "new").exists()
        return
    status, out, err = said
    assert (status, err) == (0, "")
    assert not UNFIT.search(out)
    counted = [line for line in out.splitlines() if re.match(r"  set aside: \d|  .*: \d", line)]
    assert counted, said
    assert any("set aside" in line for line in counted) == (outcome == ASIDE)
    assert outcome in (ASIDE, NOTED)
