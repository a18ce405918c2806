"""The committed notebooks are saved with outputs of the demo data, and equal runs give equal bytes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from report_samples import CHART, workbook_fixture, write_fixture  # noqa: F401

from cxlib.errors import CxError, UsageError
from cxlib.report.notebooks import refresh

Write = Callable[..., Path]
NOISY = """
import sys
print("one"); print("two")
print(f"{__file__ if '__file__' in dir() else sys.prefix}/x.py:3: a warning", file=sys.stderr)
"""


def test_two_runs_save_the_same_bytes_with_outputs_and_without_times(workbook: Path, write: Write) -> None:
    paths = [write("00_overview.ipynb", 'GROUP = "Phone"' + CHART), write("01_a.ipynb", NOISY, "21 * 2")]
    assert refresh(workbook / "notebooks", progress=False) == paths
    first = [path.read_bytes() for path in paths]
    times = [path.stat().st_mtime_ns for path in paths]
    refresh(workbook / "notebooks", progress=False)
    assert [path.read_bytes() for path in paths] == first
    assert [path.stat().st_mtime_ns for path in paths] == times, "an unchanged notebook was written again"
    notebook = nbformat.read(paths[1], 4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == [1, 2, 3]
    assert code[1].outputs[0].text == "one\ntwo\n"
    assert str(workbook) not in paths[1].read_text()
    assert code[2].outputs[0].data == {"text/plain": "42"}
    assert [cell.id for cell in notebook.cells] == [f"cell-{number}" for number in range(len(notebook.cells))]
    assert notebook.metadata.kernelspec.name == "python3"
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert all(set(cell.metadata) <= {"tags"} for cell in notebook.cells)


def test_one_failing_notebook_saves_none(workbook: Path, write: Write) -> None:
    paths = [write("00_a.ipynb", "print(1)"), write("01_b.ipynb", "1 / 0")]
    before = [path.read_bytes() for path in paths]
    with pytest.raises(CxError, match=r"Nothing was saved.*01_b\.ipynb: ZeroDivisionError: division by zero"):
        refresh(workbook / "notebooks", progress=False)
    assert [path.read_bytes() for path in paths] == before


def test_a_notebook_set_to_real_data_is_refused(workbook: Path, write: Write) -> None:
    path = write("01_a.ipynb", "print(1)", parameters='data: str = "acme"')
    before = path.read_bytes()
    with pytest.raises(UsageError, match="set to the data 'acme'"):
        refresh(workbook / "notebooks", progress=False)
    assert path.read_bytes() == before
