"""What is committed speaks of the project alone: no path of one machine, no registry, no trace of its making."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT, skip_or_fail

UNWANTED = {
    "a path of one machine": re.compile(r"(?<![\w.~$})*-])/(?:work|root|tmp)/[\w.-]"),
    "this machine's home folder": re.compile(rf"(?<![\w.-]){re.escape(str(Path.home()))}/"),
    "a registry's host": re.compile(r"\bpypi\.org|pythonhosted|\bdeb\.debian\.|npmjs\.|\bpypi\.python\."),
    "how it was written": re.compile(r"\b(?:claude|anthropic|chatgpt|copilot)\b|\bsessions? \d|\bissues? #?\d", re.I),
    "a document that is not here": re.compile(r"\b(?:DESIGN|METRICS|STATISTICS|SOURCES|STYLE|LOOK|FIELD)\.md\b"),
}
LARGEST = 2_000_000  # bytes
HERE = "tests/test_commit_hygiene.py"


def found_in(text: str) -> list[str]:
    """List what a text should not hold, each with the words around it."""
    return [
        f"{what}: {text[max(0, match.start() - 30) : match.end() + 30]!r}"
        for what, pattern in UNWANTED.items()
        for match in pattern.finditer(text)
    ]


@pytest.fixture(scope="module")
def files() -> list[str]:
    """Return the files that are committed or would be."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        skip_or_fail("not a git checkout: the committed files are not known")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    return [name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


def test_no_file_tells_where_or_how_it_was_made(files: list[str]) -> None:
    told = {
        name: found_in((ROOT / name).read_text(encoding="utf-8", errors="replace")) for name in files if name != HERE
    }
    assert {name: words for name, words in told.items() if words} == {}
    assert "cxlib/errors.py" in told


def test_no_large_file_is_committed(files: list[str]) -> None:
    assert [name for name in files if (ROOT / name).stat().st_size > LARGEST] == []


def test_no_built_data_or_report_is_committed(files: list[str]) -> None:
    assert [name for name in files if name.endswith((".parquet", ".pyc")) or re.match(r"reports/\w+/", name)] == []


@pytest.mark.parametrize(
    "text",
    [
        "open('/tmp/x.csv')",
        "see /" + "work/main",
        f"kernel at {Path.home()}/.local",
        "pypi.org/simple",
        "by Claude",
        "issue 2",
        "DESIGN.md",
    ],
)
def test_what_should_not_be_there_would_be_seen(text: str) -> None:
    assert found_in(text)


@pytest.mark.parametrize(
    "text",
    ["/usr/bin/chromium", "/home/anna/store.py", "a/root/b", "issues of customers", "work/life", "the home page"],
)
def test_ordinary_words_pass(text: str) -> None:
    assert found_in(text) == []
