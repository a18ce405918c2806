"""A report is built from what its notebooks say, fails page by page, and never loses the last good one."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import polars as pl
import pytest
from report_samples import (  # noqa: F401
    CHART,
    make_workbook,
    one_figure,
    workbook_fixture,
    write_fixture,
    write_notebook,
)

from cxlib.errors import UsageError
from cxlib.report import site
from cxlib.report.run import ReportOutcome, build_report

HOSTILE = "<script>alert(1)</script> <img src=x onerror=alert(2)>"
Write = Callable[..., Path]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ReportOutcome, Path]]:
    """Build one report of four notebooks, one of which fails, for all tests that only look at it."""
    home = make_workbook(tmp_path_factory.mktemp("workbook"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CX_HOME", str(home))
        patch.setattr("cxlib.questions.figures", one_figure)
        write_notebook(home, "00_overview.ipynb", f"GROUP = {HOSTILE!r}{CHART}", title="What changed")
        write_notebook(home, "01_satisfaction.ipynb", "print(month, by)", title=f"Satis {HOSTILE}")
        failing = "import os\nprint('before')\nopen(os.environ['CX_HOME'] + '/secret/place.csv')"
        write_notebook(home, "03_loyalty.ipynb", "print('fine')", failing, "print('after')", title="Loyalty")
        write_notebook(home, "04_waiting.ipynb", "import os; os._exit(3)", title="Waiting")
        yield build_report("demo", progress=False), home


def page(built: tuple[ReportOutcome, Path], name: str) -> str:
    return (built[0].index.parent / name).read_text()


def test_previous_is_the_last_month_complete_when_the_data_ended(built: tuple[ReportOutcome, Path]) -> None:
    assert built[0].index == built[1] / "reports" / "demo" / "2026-10" / "index.html"


def test_the_folder_holds_every_page_notebook_figure_and_asset(built: tuple[ReportOutcome, Path]) -> None:
    folder = built[0].index.parent
    assert {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} == {
        "index.html", "01_satisfaction.html", "03_loyalty.html", "04_waiting.html", "report.json",
        "figures.csv", "figures.json", "figures.parquet", "assets/vega.js", "assets/live.js", "assets/style.css",
        "notebooks/00_overview.ipynb", "notebooks/01_satisfaction.ipynb", "notebooks/03_loyalty.ipynb",
        "notebooks/04_waiting.ipynb",
    }  # fmt: skip


def test_failed_notebooks_become_pages_that_say_so_and_the_others_are_published(
    built: tuple[ReportOutcome, Path],
) -> None:
    failed = built[0].failed
    assert list(failed) == ["03_loyalty.ipynb", "04_waiting.ipynb"]
    assert failed["03_loyalty.ipynb"].startswith("FileNotFoundError: ")
    assert failed["04_waiting.ipynb"] == "DeadKernelError: Kernel died"
    assert "This page could not be computed." in page(built, "03_loyalty.html")
    assert "FileNotFoundError" in page(built, "03_loyalty.html")
    assert "<pre>before" in page(built, "03_loyalty.html")
    assert "after" not in page(built, "03_loyalty.html").split("<main")[1].split("</main>")[0]
    assert "Kernel died" in page(built, "04_waiting.html")
    assert "could not be computed" not in page(built, "01_satisfaction.html")
    assert page(built, "index.html").count("<em>Could not be computed.</em>") == 2


def test_no_path_of_the_machine_is_published(built: tuple[ReportOutcome, Path]) -> None:
    texts = [path for path in built[0].index.parent.rglob("*") if path.suffix in (".html", ".ipynb", ".json")]
    for path in texts:
        text = path.read_text()
        assert str(built[1]) not in text, path.name
        assert sys.prefix not in text, path.name
        assert not re.search(r"/(home|root|tmp|usr|work)/", text), path.name


def test_a_notebook_gets_the_parameters_it_declares_and_keeps_its_own_grouping(
    built: tuple[ReportOutcome, Path],
) -> None:
    cells = nbformat.read(built[0].index.parent / "notebooks" / "01_satisfaction.ipynb", 4).cells
    injected = next(cell.source for cell in cells if "injected-parameters" in cell.metadata.get("tags", []))
    assert injected.splitlines()[1:] == ['data = "demo"', 'month = "2026-10"']


def test_published_notebooks_hold_no_times_and_no_notes_of_the_run(built: tuple[ReportOutcome, Path]) -> None:
    for path in (built[0].index.parent / "notebooks").iterdir():
        notebook = nbformat.read(path, 4)
        nbformat.validate(notebook)
        assert set(notebook.metadata) == {"kernelspec", "language_info"}
        assert all(set(cell.metadata) <= {"tags"} for cell in notebook.cells)


def test_what_the_data_hold_stays_text(built: tuple[ReportOutcome, Path]) -> None:
    for name in ("index.html", "01_satisfaction.html", "03_loyalty.html"):
        text = page(built, name)
        assert "<script>alert" not in text
        assert "<img" not in text
        assert "alert(1)" in text
    specs = re.findall(r'<script type="application/json">(.*?)</script>', page(built, "index.html"), re.DOTALL)
    assert [json.loads(spec)["data"]["values"][0]["group"] for spec in specs] == [HOSTILE]


def test_a_page_allows_no_inline_script_and_loads_only_its_own_files(built: tuple[ReportOutcome, Path]) -> None:
    for path in built[0].index.parent.glob("*.html"):
        text = path.read_text()
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in text
        assert not re.search(r"<script(?![^>]* src=\"assets/)(?![^>]*application/json)", text)
        assert not re.search(r"<style|\sstyle=|\son\w+=", text.replace("onerror=alert(2)", ""))
        for url in re.findall(r"<(?:script|link|img)[^>]*(?:src|href)=\"([^\"]*)\"", text):
            assert url == "data:," or (path.parent / url).is_file()


def test_the_page_answers_at_the_top_and_folds_table_and_code(built: tuple[ReportOutcome, Path]) -> None:
    text = page(built, "index.html")
    main = text[text.index("<main") :]
    order = [
        "<h1>What changed</h1>", "What about what changed?", 'class="answer"', "A line of introduction",
        '<h2 id="question-1-of-what-changed">', '<figure class="chart">', "<svg",
        "<summary>Table</summary>", "<summary>Code</summary>",
    ]  # fmt: skip
    assert [main.index(piece) for piece in order] == sorted(main.index(piece) for piece in order)
    assert main.count("<strong>8.8 points</strong>") == 1, "the first page says its answer once, at the top"
    assert "<details open" not in text
    assert '<html lang="en">' in text


def test_figures_are_written_in_three_forms_and_agree(built: tuple[ReportOutcome, Path]) -> None:
    folder = built[0].index.parent
    rows = pl.read_parquet(folder / "figures.parquet").to_dicts()
    assert json.loads((folder / "figures.json").read_text()) == rows
    assert pl.read_csv(folder / "figures.csv").fill_null("").to_dicts() == rows
    assert rows[0]["metric"] == "csat"


def test_months_are_linked_with_their_neighbours_and_listed_newest_first(workbook: Path, write: Write) -> None:
    write("01_a.ipynb", "print(month)")
    for month in ("2026-07", "2026-10", "2026-08"):
        build_report("demo", month=month, progress=False)
    reports = workbook / "reports" / "demo"

    def links(month: str) -> list[str]:
        return re.findall(r'href="\.\./([^"]*)"', (reports / month / "01_a.html").read_text())

    assert links("2026-07") == ["2026-08/index.html", "index.html"]
    assert links("2026-08") == ["2026-07/index.html", "2026-10/index.html", "index.html"]
    assert links("2026-10") == ["2026-08/index.html", "index.html"]
    listed = re.findall(r'href="([\d-]+)/index.html"', (reports / "index.html").read_text())
    assert listed == ["2026-10", "2026-08", "2026-07"]


@pytest.mark.parametrize(
    ("request_", "complaint"),
    [
        ({"month": "2026-13"}, "not a month"),
        ({"month": "2027-01"}, "have no month 2027-01"),
        ({"by": "chanel"}, "Did you mean 'channel'"),
        ({"filters": "team"}, "dimension=value"),
        ({"language": "xx"}, "no language 'xx'"),
        ({"parameters": {"agent_id": "a1"}}, "no notebook parameter 'agent_id'"),
    ],
)
def test_a_wrong_request_is_refused_before_any_notebook_runs(
    workbook: Path, write: Write, request_: dict[str, object], complaint: str
) -> None:
    write("01_a.ipynb", f"open({str(workbook / 'ran')!r}, 'w')")
    with pytest.raises(UsageError, match=complaint):
        build_report("demo", progress=False, **request_)  # type: ignore[arg-type]
    assert not (workbook / "ran").exists()
    assert not (workbook / "reports").exists()


def test_a_folder_that_is_no_report_is_never_replaced(workbook: Path, write: Write) -> None:
    write("01_a.ipynb", "print(month)")
    mine = workbook / "documents"
    mine.mkdir()
    (mine / "letter.txt").write_text("dear")
    with pytest.raises(UsageError, match="no report"):
        build_report("demo", out=mine, progress=False)
    assert (mine / "letter.txt").read_text() == "dear"
    outcome = build_report("demo", out=workbook / "new" / "place", progress=False)
    assert outcome.index == workbook / "new" / "place" / "index.html"
    assert build_report("demo", out=workbook / "new" / "place", progress=False).failed == {}


RUN = """
import polars, cxlib.questions
cxlib.questions.figures = lambda query, months, by="": polars.DataFrame({"metric": ["csat"]})
from cxlib.report.run import build_report
build_report("demo")
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_stopped_leaves_the_last_good_report_and_no_kernel(
    workbook: Path, write: Write, how: signal.Signals
) -> None:
    write("01_a.ipynb", "print('good')")
    good = build_report("demo", progress=False).index.with_name("01_a.html")
    before = good.read_text()
    note = f"import os, time\nopen({str(workbook)!r} + f'/kernel-{{os.getpid()}}', 'w').close()\ntime.sleep(120)"
    for number in range(1, 5):
        write(f"0{number}_a.ipynb", note)
    process = subprocess.Popen([sys.executable, "-c", RUN], stderr=subprocess.PIPE, text=True, start_new_session=True)
    until(lambda: len(kernels(workbook)) >= min(2, os.cpu_count() or 1))
    process.send_signal(how)
    _, said = process.communicate(timeout=15)
    assert process.returncode not in (0, None)
    until(lambda: not any(alive(pid) for pid in kernels(workbook)))
    assert len(kernels(workbook)) <= (os.cpu_count() or 1), "what waited was started"
    assert good.read_text() == before
    if how is signal.SIGINT:
        assert said.rstrip().endswith("KeyboardInterrupt")
        assert [path.name for path in good.parent.parent.iterdir() if path.name.startswith(".")] == []
    for number in range(1, 5):
        (workbook / "notebooks" / f"0{number}_a.ipynb").unlink()
    write("01_a.ipynb", "print('better')")
    assert "better" in build_report("demo", progress=False).index.with_name("01_a.html").read_text()


def kernels(folder: Path) -> list[int]:
    return [int(path.name.removeprefix("kernel-")) for path in folder.glob("kernel-*")]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(")")[-1].split()[0] != "Z"
    except OSError:
        return False


def until(holds: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)


def test_pages_use_the_colours_of_the_charts() -> None:
    from cxlib.present.charts import theme

    style = (Path(site.TEMPLATES) / "style.css").read_text()
    light, dark = style.split("prefers-color-scheme: dark", 1)
    for colour in (theme.PAPER, theme.INK, theme.MUTED, theme.GRID, theme.ACCENT):
        assert colour in light
        night = re.search(rf'="{colour}"\]{{fill:(#\w+)', theme.dark_css())
        assert night is not None
        assert night[1] in dark
