"""What every notebook promises: thin, parameterised, with outputs, importing cxlib and nothing else."""

from __future__ import annotations

import ast
import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PARAMETERS = {"data", "month", "by", "filters", "compare_with", "language"}
EXTRA = {"06_agents": {"agent_id"}, "09_customer_history": {"customer_id"}}


@pytest.fixture(params=NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def notebook(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    path: Path = request.param
    return path.stem, json.loads(path.read_text(encoding="utf-8"))


def _source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def _code(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def test_there_are_notebooks() -> None:
    assert [path.stem for path in NOTEBOOKS][:2] == ["00_overview", "01_satisfaction"]


def test_it_is_thin(notebook: tuple[str, dict[str, Any]]) -> None:
    name, content = notebook
    cells = content["cells"]
    assert 8 <= len(cells) <= 28
    code = _code(content)
    assert all(len(_source(cell).splitlines()) <= 6 for cell in code[1:])
    assert len(_source(code[0]).splitlines()) == len(PARAMETERS | EXTRA.get(name, set()))
    assert len(cells) - len(code) >= len(code) - 4
    for cell in code:
        nodes = list(ast.walk(ast.parse(_source(cell))))
        assert not any(isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Lambda)) for node in nodes)
        names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
        assert set(names) <= {"cxlib"}
        assert not any(isinstance(node, ast.ImportFrom) for node in nodes)


def test_it_opens_with_a_title_and_a_question(notebook: tuple[str, dict[str, Any]]) -> None:
    first = _source(notebook[1]["cells"][0])
    assert re.fullmatch(r"# .+\n\n.+\?", first)


def test_its_parameters_are_plain_and_explained(notebook: tuple[str, dict[str, Any]]) -> None:
    name, content = notebook
    tagged = [cell for cell in _code(content) if "parameters" in cell["metadata"].get("tags", [])]
    assert len(tagged) == 1
    lines = _source(tagged[0]).splitlines()
    assert all(re.fullmatch(r"\w+: (str|int|float|bool) = .+  # .+", line) for line in lines)
    assert {line.split(":")[0] for line in lines} == PARAMETERS | EXTRA.get(name, set())


def test_every_question_has_one_heading_and_an_answer(notebook: tuple[str, dict[str, Any]]) -> None:
    cells = notebook[1]["cells"]
    for heading, answer in pairwise(cells[3:]):
        if heading["cell_type"] == "markdown":
            assert _source(heading).startswith("## ")
            assert answer["cell_type"] == "code"


def test_no_number_is_typed_into_prose(notebook: tuple[str, dict[str, Any]]) -> None:
    prose = [_source(cell) for cell in notebook[1]["cells"] if cell["cell_type"] == "markdown"]
    assert not [text for text in prose if re.search(r"\d", text)]


def test_it_is_saved_executed_without_errors(notebook: tuple[str, dict[str, Any]]) -> None:
    code = _code(notebook[1])
    assert all(cell["execution_count"] for cell in code)
    assert all(output["output_type"] != "error" for cell in code for output in cell["outputs"])
    assert all(cell["outputs"] for cell in code[2:])
    assert not [output for cell in code for output in cell["outputs"] if output.get("name") == "stderr"]
