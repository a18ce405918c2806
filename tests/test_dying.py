"""Whenever a command dies, its data and reports are as before or as after; the next run finds and leaves nothing."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from report_samples import write_notebook

from cxlib.store.folder import open_data
from tests.dying import Dying

CSV = "No,Opened,Solved\n1,2026-10-03 09:15,2026-10-03 10:00\n2,2026-10-05 10:02,\n"
MAPPING = """
timezone = "UTC"
[[tables]]
table = "tickets"
[tables.columns]
ticket_id = "No"
created_at = "Opened"
solved_at = "Solved"
"""
IMPORT = ("import", "mapped", "new.csv", "--mapping", "m.toml", "--into", "small")
COMMANDS = {
    "import": IMPORT,
    "derive": ("derive", "small"),
    "demo": ("demo", "--seed", "2"),
    "report": ("report", "small"),
}
FOLDERS = {"import": "data/small", "derive": "data/small", "demo": "data/demo", "report": "reports/small/2026-10"}
Content = dict[str, bytes]


class Desk:
    """A workbook that can be put back to how it was, and a process to kill in it."""

    def __init__(self, home: Path) -> None:
        self.home, self.temporary, self.saved = home, home / "t", home / "saved"
        for folder in (home / "data", home / "reports", self.temporary):
            folder.mkdir()
        (home / "data" / "settings.toml").write_text('timezone = "UTC"\n')
        (home / "old.csv").write_text(CSV)
        (home / "new.csv").write_text(CSV.replace("1,", "7,") + "3,2026-10-06 10:02,2026-10-09 10:02\n")
        (home / "m.toml").write_text(MAPPING)
        write_notebook(home, "00_overview.ipynb", "print(1)")
        write_notebook(home, "01_a.ipynb", "print(month)")
        self.dying = Dying(home, self.temporary)
        self.run("import", "mapped", "old.csv", "--mapping", "m.toml", "--into", "small")
        (home / "data" / "small" / "notes.txt").write_text("mine")
        self.run("demo")
        self.run("report", "small")
        self.run("report", "small", "--month", "2026-10", "--out", str(home / "reports" / "small" / "2026-09"))
        # What derive, demo and report bring is seen only where something was changed before.
        (home / "data" / "small" / "settings.toml").write_text('timezone = "Europe/Warsaw"\n')
        for name in ("data", "reports"):
            shutil.copytree(home / name, self.saved / name)

    def run(self, *words: str) -> None:
        told = self.dying.run(*words)
        assert told["status"] == 0, told

    def restore(self) -> None:
        for name in ("data", "reports"):
            shutil.rmtree(self.home / name)
            shutil.copytree(self.saved / name, self.home / name)

    def content(self, name: str) -> Content:
        folder = self.home / name
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    def left(self) -> list[str]:
        """Return what a run may have left behind, in the temporary folder too."""
        hidden = [path for name in ("data", "reports") for path in (self.home / name).rglob(".*")]
        return [str(path.relative_to(self.home)) for path in (*hidden, *self.temporary.iterdir())]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    desk = Desk(tmp_path_factory.mktemp("d"))
    yield desk
    desk.dying.close()


@pytest.fixture(autouse=True)
def _home(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CX_HOME", str(desk.home))
    desk.restore()


def before_and_after(desk: Desk, name: str, **how: bool) -> tuple[Content, Content, list[str]]:
    before = desk.content(FOLDERS[name])
    told = desk.dying.run(*COMMANDS[name], **how)
    after = desk.content(FOLDERS[name])
    assert (told["status"], desk.left()) == (0, []), told
    assert before != after
    desk.restore()
    return before, after, told["seen"].split()


def open_again() -> None:
    for name in ("small", "demo"):
        open_data(name)


def dies_at(desk: Desk, name: str, *, steps: bool, every: int) -> None:
    """Kill a command at all changes near a switch, at the last ones, and at each so-many-th of the others."""
    before, after, changes = before_and_after(desk, name, steps=steps)
    switches = [number for number, change in enumerate(changes, 1) if change in ("_exchange", "rename")]
    near = {number + step for number in switches for step in (-1, 0, 1, 2)} | {len(changes) - 1, len(changes)}
    assert switches
    for number in sorted({*range(1, len(changes), every), *near} & set(range(1, len(changes) + 1))):
        told = desk.dying.run(*COMMANDS[name], die_at=number, torn=number % 2 == 0, steps=steps)
        where = (number, told)
        assert told["status"] == -9, where
        if not steps:
            assert desk.content(FOLDERS[name]) in (before, after), where
        open_again()
        if name != "report":
            assert desk.content(FOLDERS[name]) in (before, after), where
            assert [path.name for path in (desk.home / "data").glob(".*")] == [], where
        if name == "report" or number in near:
            told = desk.dying.run(*COMMANDS[name], steps=steps)
            assert told["status"] == 0, (where, told)
            assert desk.content(FOLDERS[name]) == after, where
            assert desk.left() == [], where
        desk.restore()


MODES = pytest.mark.parametrize("steps", [False, True], ids=["swapped at once", "in two steps"])


@MODES
@pytest.mark.parametrize("name", COMMANDS)
def test_dying_where_the_disk_changes_leaves_before_or_after(desk: Desk, name: str, steps: bool) -> None:
    dies_at(desk, name, steps=steps, every=40)


@pytest.mark.long
@MODES
@pytest.mark.parametrize("name", COMMANDS)
def test_dying_at_any_change_to_the_disk_leaves_before_or_after(desk: Desk, name: str, steps: bool) -> None:
    dies_at(desk, name, steps=steps, every=1)


def killed_at_random(desk: Desk, times: int) -> None:
    draw = random.Random(times)
    took = {}
    for name, words in COMMANDS.items():
        began = time.monotonic()
        told = desk.dying.run(*words, kernels=True)
        assert told["status"] == 0, told
        took[name] = time.monotonic() - began
        desk.restore()
    for number in range(times):
        name = draw.choice(sorted(COMMANDS)) if number else "report"
        before, after, _ = before_and_after(desk, name, kernels=True)
        desk.dying.run(*COMMANDS[name], after=draw.uniform(0, took[name]), kernels=True)
        assert desk.content(FOLDERS[name]) in (before, after), (number, name)
        open_again()
        told = desk.dying.run(*COMMANDS[name], kernels=True)
        assert told["status"] == 0, told
        assert desk.content(FOLDERS[name]) == after, (number, name)
        assert desk.left() == [], (number, name)
        assert kernels_of(desk) == [], (number, name)
        desk.restore()


def kernels_of(desk: Desk) -> list[str]:
    """Return the command lines of kernels that live on, after the seconds in which they notice their parent's end."""
    for _ in range(100):
        lines = [_line(path) for path in Path("/proc").glob("[0-9]*/cmdline")]
        found = [line for line in lines if str(desk.temporary) in line and "ipykernel" in line]
        if not found:
            break
        time.sleep(0.1)
    return found


def _line(path: Path) -> str:
    try:
        return path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def test_a_kill_at_some_moment_leaves_before_or_after_and_no_kernel(desk: Desk) -> None:
    killed_at_random(desk, 5)


@pytest.mark.long
def test_a_kill_at_fifty_moments_leaves_before_or_after_and_no_kernel(desk: Desk) -> None:
    killed_at_random(desk, 50)
