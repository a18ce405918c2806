"""The notebooks run in the tools people have: Run All in a real JupyterLab, and plain papermill."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from conftest import ROOT
from headless import chromium_fixture, heard_fixture  # noqa: F401

TOKEN = "letmein"
NOTEBOOK = "01_satisfaction.ipynb"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, small_demo: Path) -> Path:
    """Lay out a workbook with a small demo company and the committed notebooks without their outputs."""
    home = tmp_path_factory.mktemp("lab")
    (home / "data").mkdir()
    shutil.copy(ROOT / "data" / "settings.toml", home / "data")
    shutil.copytree(small_demo, home / "data" / "demo")
    (home / "notebooks").mkdir()
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        notebook = nbformat.read(path, 4)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        nbformat.write(notebook, home / "notebooks" / path.name)
    return home


@pytest.fixture(scope="module")
def lab(home: Path) -> Iterator[str]:
    """Start a JupyterLab server on this machine only; yield its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [
        f"--port={port}",
        "--ip=127.0.0.1",
        "--no-browser",
        f"--IdentityProvider.token={TOKEN}",
        "--port-retries=0",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--allow-root")
    private = {
        name: str(home / ".jupyter" / name)
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTERLAB_SETTINGS_DIR")
    }
    with (home / "lab.log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options],
            cwd=home, stdout=log, stderr=log, env={**os.environ, **private, "CX_HOME": str(home)},
        )  # fmt: skip
        try:
            _until(lambda: server.poll() is not None or _answers(f"http://127.0.0.1:{port}"))
            assert server.poll() is None, (home / "lab.log").read_text()[-2000:]
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(timeout=30)


def _asked(address: str, what: str) -> Any:
    with urllib.request.urlopen(f"{address}/api/{what}?token={TOKEN}", timeout=5) as answer:
        return json.load(answer)


def _answers(address: str) -> bool:
    try:
        return bool(_asked(address, "status"))
    except OSError:
        return False


def _until(holds: Callable[[], bool], seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.3)


@pytest.mark.browser
def test_run_all_in_jupyterlab_shows_live_charts(chromium: Any, lab: str, home: Path, tmp_path: Path) -> None:
    page = _run_all(chromium, lab, NOTEBOOK)
    _until(lambda: (page.keyboard.press("Control+s"), _executed(home))[1], seconds=180)
    saved = nbformat.read(home / "notebooks" / NOTEBOOK, 4)
    outputs = [output for cell in saved.cells for output in cell.get("outputs", [])]
    charts = [output for output in outputs if "image/svg+xml" in output.get("data", {})]
    assert len(charts) >= 6
    assert not [output for output in outputs if output.output_type == "error"]
    live = _scrolled_through(page)
    _pictured(page, tmp_path / "jupyterlab.png")
    assert live == len(charts), "a chart is not live"
    assert page.locator(".jp-OutputArea-output img[src^='data:image/svg']").count() == 0, "a chart is only a picture"
    page.context.close()


@pytest.mark.browser
def test_explore_follows_the_controls_in_jupyterlab(chromium: Any, lab: str, home: Path, tmp_path: Path) -> None:
    cells = [nbformat.v4.new_code_cell('import cxlib as cx\n\ncx.explore("demo")')]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), home / "notebooks" / "explore.ipynb")
    page = _run_all(chromium, lab, "explore.ipynb")
    shown = page.locator(".jp-OutputArea-output .widget-vbox")

    def says(text: str, name: str) -> None:
        shown.locator("p, pre").filter(has_text=text).first.wait_for(timeout=30_000)
        page.wait_for_timeout(500)
        _pictured(page, tmp_path / f"explore-{name}.png")

    def one_live_chart() -> None:
        _until(lambda: shown.locator(".vega-embed canvas").count() == 1, seconds=30)
        assert shown.locator("img[src^='data:image/svg']").count() == 0, "the chart is only a picture"

    says("Satisfaction", "trend")
    one_live_chart()
    shown.get_by_role("button", name="Where does it differ?").click()
    says("Satisfaction by channel", "breakdown")
    one_live_chart()
    shown.get_by_label("By", exact=True).select_option("team")
    says("Satisfaction by team", "by-team")
    shown.get_by_label("Only", exact=True).fill("tem=Billing")
    shown.get_by_label("Only", exact=True).press("Enter")
    says("Did you mean 'team'?", "mistake")
    assert shown.locator(".vega-embed, table").count() == 0, "the answer to another question still stands"
    shown.get_by_label("Only", exact=True).fill("channel=email")
    shown.get_by_label("Only", exact=True).press("Enter")
    shown.get_by_role("button", name="Show the call").click()
    says('filters="channel=email"), "team"))', "call")
    one_live_chart()
    assert shown.locator("table").count() == 1
    assert page.get_by_text("Traceback").count() == 0
    page.context.close()


def _run_all(chromium: Any, lab: str, notebook: str) -> Any:
    """Open a notebook in JupyterLab, wait for its kernel, run all its cells."""
    page = chromium.new_context(viewport={"width": 1400, "height": 1000}).new_page()
    page.goto(f"{lab}/lab/tree/notebooks/{notebook}?token={TOKEN}&reset")  # without the tabs of the test before
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=90_000)
    _until(lambda: any(_is_ready(one["kernel"]) for one in _asked(lab, "sessions") if one["name"] == notebook))
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status='idle']", timeout=60_000)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    return page


def _is_ready(kernel: dict[str, Any]) -> bool:
    return bool(kernel["connections"]) and kernel["execution_state"] == "idle"


def _pictured(page: Any, path: Path) -> None:
    page.screenshot(path=path)
    print(f"screenshot: {path}")


def _executed(home: Path) -> bool:
    """Tell whether the saved notebook has every code cell executed."""
    try:
        cells = nbformat.read(home / "notebooks" / NOTEBOOK, 4).cells
    except nbformat.reader.NotJSONError:  # being written right now
        return False
    return all(cell.execution_count is not None for cell in cells if cell.cell_type == "code")


def _scrolled_through(page: Any) -> int:
    """Return how many charts Vega has drawn, one screen after the other: what is out of sight is not drawn."""
    drawn: set[str] = set()
    scroller = page.locator(".jp-WindowedPanel-outer").first
    bottom = int(scroller.evaluate("panel => panel.scrollHeight"))
    for top in range(0, bottom + 1, 400):
        scroller.evaluate("(panel, top) => { panel.scrollTop = top; }", top)
        page.wait_for_timeout(200)
        drawn.update(page.evaluate(LIVE))
    scroller.evaluate("panel => { panel.scrollTop = 300; }")
    page.wait_for_timeout(500)
    return len(drawn)


LIVE = """() => [...document.querySelectorAll('.jp-Notebook .vega-embed')]
  .filter(one => one.querySelector('canvas, svg'))
  .map(one => {
    const cell = one.closest('.jp-Cell');
    return cell.dataset.windowedListIndex + ':' + [...cell.querySelectorAll('.vega-embed')].indexOf(one);
  })"""


def test_plain_papermill_executes_a_notebook_for_another_month(home: Path, tmp_path: Path) -> None:
    papermill = Path(sys.executable).with_name("papermill")
    command = [papermill, f"notebooks/{NOTEBOOK}", tmp_path / "out.ipynb", "-p", "month", "2026-08"]
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    text = (tmp_path / "out.ipynb").read_text()
    assert "August 2026" in text
    assert "Traceback" not in text
    assert "Passed unknown parameter" not in done.stderr
