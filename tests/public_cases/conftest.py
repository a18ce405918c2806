"""The case that a test's name begins with, in a workbook of its own."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.public_cases.case import CASES, Case


@pytest.fixture
def case(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    found = re.match(r"test_(\d+\w?)_", request.node.name)
    assert found is not None
    (folder,) = CASES.glob(f"{found[1]}_*")
    (tmp_path / "data").mkdir()
    shutil.copy(ROOT / "data" / "settings.toml", tmp_path / "data")
    monkeypatch.setenv("CX_HOME", str(tmp_path))
    return Case(folder, tmp_path)
