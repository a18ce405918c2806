"""The README is run: every command and every piece of Python in it, in its order, in a fresh copy of the workbook.

A ```console block holds commands after "$ " (continued lines after "> ") and, if wanted, what they print: each line
shown must appear in the real output, in that order ("…" stands for anything). `cx lab` is only asked for its help; a
line that starts with make, git, pip, uv, conda, cd or jupyter is not run, but a make target must exist. A ```python
block is run as a program, or as a doctest when it has ">>>".
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT

NOT_RUN = ("make", "git", "pip", "uv", "conda", "cd", "jupyter")
COPIED = ("data/settings.toml", "data/mappings", "notebooks")
FENCE = re.compile(r"^```(console|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Command:
    """A command of a console block and the lines the README shows under it."""

    text: str
    shown: tuple[str, ...] = ()


def commands(block: str) -> list[Command]:
    found: list[Command] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append(Command(line[2:]))
        elif line.startswith("> ") and not found[-1].shown:
            found[-1] = Command(f"{found[-1].text}\n{line[2:]}")
        elif line.strip():
            found[-1] = Command(found[-1].text, (*found[-1].shown, line))
    return found


def first_missing(shown: tuple[str, ...], printed: str) -> str | None:
    """Return the first shown line that the output lacks, reading downwards; None when all are there."""
    lines = iter(printed.splitlines())
    for line in shown:
        pattern = re.compile(".*".join(re.escape(part) for part in line.strip().split("…")))
        if not any(pattern.fullmatch(real.strip()) for real in lines):
            return line
    return None


def run(arguments: list[str], home: Path) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "CX_HOME": str(home)}
    return subprocess.run(
        arguments,
        check=False,
        cwd=home,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
    )


def run_command(command: Command, home: Path) -> None:
    word = command.text.split()[0]
    if word == "make":
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        assert re.search(rf"^{command.text.split()[1]}:", makefile, re.MULTILINE), f"no such target: {command.text}"
    if word in NOT_RUN:
        return
    text = "cx lab --help" if command.text.startswith("cx lab") else command.text
    done = run(["bash", "-euo", "pipefail", "-c", text], home)
    assert done.returncode == 0, f"$ {text}\n{done.stdout}{done.stderr}"
    missing = first_missing(command.shown, done.stdout + done.stderr)
    assert missing is None, f"$ {text}\ndoes not print {missing!r} but:\n{done.stdout}{done.stderr}"


def run_python(block: str, home: Path) -> None:
    file = home / "block.txt"
    file.write_text(block, encoding="utf-8")
    as_doctest = ["-m", "doctest", "-o", "ELLIPSIS"] if ">>>" in block else []
    done = run([sys.executable, *as_doctest, str(file)], home)
    assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a fresh copy of what a workbook needs, without any data."""
    for name in COPIED:
        source, target = ROOT / name, tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
        elif source.exists():
            shutil.copy(source, target)
    return tmp_path


def run_document(text: str, home: Path) -> None:
    blocks = FENCE.findall(text)
    shown = [command.text for kind, block in blocks if kind == "console" for command in commands(block)]
    assert any(command.startswith("cx ") for command in shown), "README shows no commands"
    for kind, block in blocks:
        if kind == "python":
            run_python(block, home)
        else:
            for command in commands(block):
                run_command(command, home)


def test_everything_the_readme_shows_works(home: Path) -> None:
    run_document((ROOT / "README.md").read_text(encoding="utf-8"), home)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("No commands at all.", "README shows no commands"),
        ("```console\n$ cx () { :; }\n$ make nothing\n```\n", "no such target"),
        ("```console\n$ cx () { :; }\n$ false\n```\n", r"\$ false"),
        ("```console\n$ cx () { :; }\n$ printf 'one\\ntwo\\n'\ntwo\none\n```\n", "does not print 'one'"),
        ("```console\n$ cx () { :; }\n```\n```python\n>>> 1 + 1\n3\n```\n", "Expected:"),
        ("```console\n$ cx () { :; }\n```\n```python\nraise ValueError('here')\n```\n", "ValueError: here"),
    ],
)
def test_a_readme_that_is_wrong_is_found_out(text: str, complaint: str, home: Path) -> None:
    with pytest.raises(AssertionError, match=complaint):
        run_document(text, home)


def test_a_readme_that_is_right_passes(home: Path) -> None:
    text = "```console\n$ cx () { :; }\n$ cat > a.csv <<'END'\n> x\n> END\n$ cat a.csv; make\nx\n$ make report\n```\n"
    run_document(text.replace("; make", "; echo 1 of 2"), home)
    run_document("```console\n$ cx () { :; }\n$ echo built in 1.2 s\nbuilt in … s\n```\n", home)
