"""Small inputs from public bug reports (tests/cases): run as their cmd.sh says, their answers as values."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cxlib.cli import main

CASES = Path(__file__).resolve().parent.parent / "cases"


@dataclass(frozen=True, slots=True)
class Said:
    """What a command printed, and its exit status."""

    out: str
    err: str
    status: int


@dataclass(frozen=True, slots=True)
class Case:
    """One case in a workbook of its own: runs commands, returns values."""

    folder: Path
    home: Path

    def run(self, *words: str, status: int | None = 0) -> Said:
        """Run `cx`; the exit status is checked unless it is None, and nothing may end in a traceback."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            got = main(words)
        said = Said(out.getvalue(), err.getvalue(), got)
        assert status in (None, got), said
        assert "Traceback" not in said.out + said.err
        return said

    def imported(self, *names: str, system: str = "mapped", status: int | None = 0) -> Said:
        """Import files of the case (default in.csv) by its map.toml, or by a system of its own."""
        mapping = ["--mapping", str(self.folder / "map.toml")] if system == "mapped" else []
        files = [str(path) for name in names or ("in.csv",) for path in sorted(self.folder.glob(name))]
        return self.run("import", system, *files, *mapping, "--into", "b", status=status)

    def draft(self, name: str = "in.csv") -> str:
        return self.run("import", "mapped", str(self.folder / name), "--draft").out

    def check(self) -> str:
        return self.run("check", "b").out

    def figures(self, *metrics: str, month: str, more: tuple[str, ...] = ()) -> list[dict[str, str]]:
        chosen = [word for metric in metrics for word in ("--metric", metric)]
        said = self.run("figures", "b", "--month", month, *chosen, *more, "--format", "csv")
        return list(csv.DictReader(io.StringIO(said.out)))

    def values(self, metric: str, *, month: str = "all", more: tuple[str, ...] = ()) -> dict[str, Any]:
        """Return group, or period where there are no groups, → value of one metric; months without rows left out."""
        rows = self.figures(metric, month=month, more=more)
        return {row["group"] or row["period"]: _number(row["value"]) for row in rows if row["n"] != "0"}

    def figure(self, metric: str, *, month: str, more: tuple[str, ...] = ()) -> tuple[Any, Any, Any, int]:
        """Return value, low, high and n of one metric in one month."""
        (row,) = self.figures(metric, month=month, more=more)
        value, low, high = (_number(row[name]) for name in ("value", "low", "high"))
        return value, low, high, int(row["n"])

    def rows(self, metric: str, *, month: str) -> dict[str, dict[str, str]]:
        """Return the rows behind a figure by their id."""
        table = csv.DictReader(io.StringIO(self.run("rows", "b", "--metric", metric, "--month", month).out))
        return {next(iter(row.values())): row for row in table}

    def column(self, metric: str, name: str, *, month: str) -> dict[str, Any]:
        """Return id → the number in one column of the rows behind a figure."""
        return {key: _number(row[name]) for key, row in self.rows(metric, month=month).items()}

    def minutes(self, metric: str, *, month: str) -> dict[str, Any]:
        return self.column(metric, "minutes", month=month)

    def manifest(self) -> dict[str, Any]:
        manifest: dict[str, Any] = json.loads((self.home / "data" / "b" / "manifest.json").read_text())
        return manifest


def _number(text: str) -> float | None:
    return float(text) if text else None


def approx(*values: float, within: float = 0.01) -> Any:
    return pytest.approx(values, abs=within)
