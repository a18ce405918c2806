"""Parameters are refused in words before anything runs, and only declared ones are passed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import papermill
import pytest
from report_samples import PARAMETERS, write_fixture  # noqa: F401

from cxlib.errors import UsageError
from cxlib.report.parameters import check, declared


def test_declared_parameters_are_those_papermill_sees_with_their_defaults(write: Callable[..., Path]) -> None:
    path = write("01_a.ipynb", parameters=PARAMETERS + "top: int = -5\nshare: float = 0.5\nquiet: bool = False")
    assert declared(path) == {
        "data": "demo", "month": "2026-10", "by": "channel", "top": -5, "share": 0.5, "quiet": False,
    }  # fmt: skip
    assert list(declared(path)) == list(papermill.inspect_notebook(path))


@pytest.mark.parametrize(
    "line",
    [
        'month: str | None = "2026-10"',
        'month = "2026-10"',
        "month: str = None",
        "top: int = True",
        "import polars",
        "names: list = []",
        "top: int = 2 + x",
        "month: str",
        "month: str = ",
    ],
)
def test_a_line_papermill_would_overlook_is_an_error_in_words(write: Callable[..., Path], line: str) -> None:
    with pytest.raises(UsageError, match=r"01_a\.ipynb"):
        declared(write("01_a.ipynb", parameters=line))


def test_a_notebook_without_a_parameters_cell_is_an_error_in_words(write: Callable[..., Path]) -> None:
    with pytest.raises(UsageError, match="has 0 cells tagged 'parameters'"):
        declared(write("01_a.ipynb", parameters=None))


def test_what_is_no_notebook_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "x.ipynb").write_text("no json")
    with pytest.raises(UsageError, match=r"x\.ipynb is not a notebook"):
        declared(tmp_path / "x.ipynb")
    with pytest.raises(UsageError, match=r"y\.ipynb cannot be read"):
        declared(tmp_path / "y.ipynb")


def test_only_what_a_notebook_declares_is_passed_to_it(write: Callable[..., Path]) -> None:
    one = write("01_a.ipynb")
    two = write("02_b.ipynb", parameters='month: str = "2026-10"\nagent_id: str = ""')
    jobs = check([one, two], {"data": "demo", "month": "2026-09", "language": "en"}, {"agent_id": "a7"})
    assert jobs == {one: {"data": "demo", "month": "2026-09"}, two: {"month": "2026-09", "agent_id": "a7"}}


def test_an_unknown_parameter_is_refused_with_the_nearest_name(write: Callable[..., Path]) -> None:
    path = write("06_b.ipynb", parameters='agent_id: str = ""')
    with pytest.raises(UsageError, match=r"no notebook parameter 'agent'\. Did you mean 'agent_id'"):
        check([path], {}, {"agent": "a7"})


def test_a_parameter_the_report_sets_itself_is_refused_as_an_extra_one(write: Callable[..., Path]) -> None:
    with pytest.raises(UsageError, match="set by the report itself"):
        check([write("01_a.ipynb")], {"month": "2026-10"}, {"month": "2026-09"})


def test_an_ill_typed_value_is_refused(write: Callable[..., Path]) -> None:
    path = write("06_b.ipynb", parameters="top: int = 5\nshare: float = 0.5")
    for value in ("5", 5.0, True):
        with pytest.raises(UsageError, match="is a int"):
            check([path], {}, {"top": value})
    assert check([path], {}, {"share": 1})[path] == {"share": 1.0}
