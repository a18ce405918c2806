"""Small workbooks and notebooks for tests: they emit the same bundles as the real ones, with as little as possible."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from functools import partial
from pathlib import Path

import nbformat
import polars as pl
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

PARAMETERS = """
data: str = "demo"  # data set
month: str = "2026-10"  # month to report, YYYY-MM
by: str = "channel"  # dimension
"""
CHART = """
import altair as alt, html, vl_convert
from IPython.display import display
rows = [{"month": f"2026-{m:02d}", "value": 70 + m, "group": GROUP} for m in range(1, 11)]
base = alt.Chart(alt.Data(values=rows)).encode(x="month:O", y=alt.Y("value:Q").scale(zero=False), tooltip="group:N")
title = alt.Title("Satisfaction fell by 8.8 points to 75.2 % in October 2026; more than chance explains",
                  subtitle="Share of satisfied answers, %, October 2025 – October 2026, n = 2,481", anchor="start")
spec = base.mark_line(point=True, clip=True).properties(width=680, height=260, title=title).to_dict()
bundle = {"application/vnd.vegalite.v5+json": spec, "image/svg+xml": vl_convert.vegalite_to_svg(spec)}
display(bundle, raw=True, metadata={"cx": {"role": "chart"}})
sentence = f"Satisfaction fell by **8.8 points** (3.1–14.5) to 75.2 % ({GROUP})."
display({"text/markdown": sentence}, raw=True, metadata={"cx": {"role": "sentence"}})
table = f"<table><tr><th>{html.escape(GROUP)}</th><td class='num'>75.2</td></tr></table>"
display({"text/html": table}, raw=True, metadata={"cx": {"role": "table"}})
"""


def sample_notebook(title: str, *code: str, parameters: str | None = PARAMETERS) -> nbformat.NotebookNode:
    """Return a notebook: title and question, parameters, then a heading per piece of code."""
    cells = [new_markdown_cell(f"# {title}\n\nWhat about {title.lower()}?\n\nA line of introduction.")]
    if parameters is not None:
        cells.append(new_code_cell(parameters.strip(), metadata={"tags": ["parameters"]}))
    for number, source in enumerate(code, 1):
        cells.append(new_markdown_cell(f"## Question {number} of {title}?"))
        cells.append(new_code_cell(textwrap.dedent(source).strip()))
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def write_notebook(
    home: Path, name: str, *code: str, title: str = "Satisfaction", parameters: str | None = PARAMETERS
) -> Path:
    """Write a notebook into notebooks/ of a workbook."""
    path = home / "notebooks" / name
    path.parent.mkdir(exist_ok=True)
    nbformat.write(sample_notebook(title, *code, parameters=parameters), path)
    return path


def make_workbook(home: Path) -> Path:
    """Lay out a workbook without notebooks whose data `demo` end at 2026-11-01 00:00 in Warsaw."""
    folder = home / "data" / "demo"
    folder.mkdir(parents=True)
    (home / "data" / "settings.toml").write_text('timezone = "Europe/Warsaw"\n')
    manifest = {
        "sources": ["demo"], "timezone": "Europe/Warsaw", "extracted_at": "2026-10-31T23:00:00+00:00",
        "first_month": "2023-11", "last_month": "2026-10", "rows": {}, "set_aside": {}, "files": [],
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return home


def one_figure(_view: object, months: list[str], by: str = "") -> pl.DataFrame:
    """Stand in for all figures of a report."""
    columns = {"metric": "csat", "period": months[-1:], "by": by, "group": "", "value": 75.2, "n": 202}
    return pl.DataFrame(columns)


@pytest.fixture(name="write")
def write_fixture(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a notebook into notebooks/ of the temporary workbook."""
    return partial(write_notebook, tmp_path)


@pytest.fixture(name="workbook")
def workbook_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty workbook, which is the current one."""
    monkeypatch.setenv("CX_HOME", str(tmp_path))
    monkeypatch.setattr("cxlib.questions.figures", one_figure)
    return make_workbook(tmp_path)
