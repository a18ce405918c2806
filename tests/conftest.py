"""Shared fixtures: where the real data lie, and what a missing one means."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"


def skip_or_fail(reason: str) -> None:
    """Skip the test for a missing system part; under CX_NO_SKIP=1 fail instead."""
    if os.environ.get("CX_NO_SKIP") == "1":
        pytest.fail(f"{reason} (CX_NO_SKIP=1 forbids skipping)")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """Return a function that finds a real data file below ../shared/data; the test is skipped when it is absent."""

    def find(name: str, folder: str = "data") -> Path:
        path = SHARED / folder / name
        if not SHARED.exists():
            pytest.skip(f"no folder ../shared beside the checkout: {name} cannot be read")
        if not path.exists():
            skip_or_fail(f"../shared/{folder}/{name} is missing")
        return path

    return find


@pytest.fixture(scope="session")
def small_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data folder with a small demo company: 18 months, 4,000 tickets, derived."""
    from cxlib.demo import DemoParameters, build_demo
    from cxlib.derive import derive

    folder = tmp_path_factory.mktemp("data") / "demo"
    folder.mkdir()
    build_demo(folder, parameters=DemoParameters(seed=3, tickets=4_000, customers=900, agents=20, months=18))
    derive(folder)
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lay out a workbook without data: settings, mappings, notebooks."""
    home = tmp_path_factory.mktemp("home")
    for name in ("data/mappings", "notebooks"):
        shutil.copytree(ROOT / name, home / name)
    shutil.copy(ROOT / "data" / "settings.toml", home / "data")
    return home


@pytest.fixture
def cx(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Return a function that runs the command `cx` in that workbook, checks its exit status, returns what it said."""
    from cxlib.cli import main

    monkeypatch.setenv("CX_HOME", str(home))

    def run(*words: str, status: int = 0) -> str:
        assert main(words) == status, capsys.readouterr()
        return capsys.readouterr().out

    return run
