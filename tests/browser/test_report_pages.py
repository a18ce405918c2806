"""Every page of a report opens without a network, from a folder and from a server, wide and narrow, and is alive."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from headless import chromium_fixture, heard_fixture  # noqa: F401
from report_samples import CHART, make_workbook, one_figure, write_notebook

from cxlib.cli import main
from cxlib.report.run import build_report

pytestmark = pytest.mark.browser
HOSTILE = "<script>alert(1)</script> <img src=x onerror=alert(2)> </script><svg onload=alert(3)>"
LONG = "a_name_that_has_no_place_where_it_could_be_broken_and_is_longer_than_a_narrow_screen_is_wide"
ALIVE = """() => [...document.querySelectorAll('figure.chart')].map(figure => ({
    live: Boolean(figure.view) && figure.classList.contains('live'),
    pictures: figure.querySelectorAll('svg').length,
    marks: figure.querySelectorAll('svg .role-mark path, svg .role-mark line, svg .role-mark text').length,
    wide: figure.querySelector('svg')?.getBoundingClientRect().right,
}))"""
SHOWN = "() => [...document.querySelectorAll('details')].filter(fold => fold.open).length"


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Build two months of a small report whose data are hostile and one of whose notebooks fails."""
    home = make_workbook(tmp_path_factory.mktemp("workbook"))
    wide = "from IPython.display import HTML\nHTML('<table><tr>' + '<td>12,345.6</td>' * 40 + '</tr></table>')"
    write_notebook(home, "00_overview.ipynb", f"GROUP = {HOSTILE!r}{CHART}", title="What changed")
    write_notebook(home, "01_satisfaction.ipynb", f"GROUP = {LONG!r}{CHART}", f"print({LONG!r} * 3)", title=HOSTILE)
    write_notebook(home, "03_loyalty.ipynb", f"GROUP = 'x'{CHART}", wide, f"raise ValueError({HOSTILE!r})", title=LONG)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CX_HOME", str(home))
        patch.setattr("cxlib.questions.figures", one_figure)
        build_report("demo", month="2026-09", progress=False)
        yield build_report("demo", month="2026-10", progress=False).index.parent


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Build the demo company's data and its report from the committed notebooks."""
    home = tmp_path_factory.mktemp("demo")
    (home / "data").mkdir()
    shutil.copy(ROOT / "data" / "settings.toml", home / "data")
    shutil.copytree(ROOT / "notebooks", home / "notebooks")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CX_HOME", str(home))
        assert main(["demo"]) == 0
        assert main(["report", "demo", "--month", "2026-10"]) == 0
    yield home / "reports" / "demo" / "2026-10"


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Path:
    """Return the folder of the report a test asks for by name."""
    folder: Path = request.getfixturevalue(request.param)
    return folder


class Quiet(SimpleHTTPRequestHandler):
    """A server of files that does not report every request."""

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(params=["folder", "server"])
def address(request: pytest.FixtureRequest, report: Path) -> Iterator[str]:
    """Return the address of the reports: a folder, then a web server on this machine."""
    if request.param == "folder":
        yield report.parent.as_uri()
        return
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=report.parent)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def open_page(chromium: Any, heard: Any, url: str, *, width: int, scheme: str = "light") -> Any:
    """Open a page with every request beyond its own folder or server cut off; wait until its charts are made."""
    served = url.startswith("http:")
    context = chromium.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, offline=not served, service_workers="block"
    )
    own = url.rsplit("/", 2)[0]
    context.route("**/*", lambda route: route.continue_() if route.request.url.startswith(own) else route.abort())
    page = context.new_page()
    heard.listen(page)
    page.goto(url)
    if page.locator("figure.chart").count():
        page.wait_for_selector("html.ready", timeout=60_000)
    return page


@pytest.mark.parametrize("report", ["sample", "demo"], indirect=True)
@pytest.mark.parametrize("width", [1280, 360])
def test_every_page_is_alive_folded_and_fits_without_a_network(
    chromium: Any, heard: Any, report: Path, address: str, width: int
) -> None:
    for path in sorted(report.glob("*.html")):
        page = open_page(chromium, heard, f"{address}/{report.name}/{path.name}", width=width)
        assert heard.complaints == [], path.name
        charts = page.evaluate(ALIVE)
        assert len(charts) == path.read_text().count('<figure class="chart">')
        for number, chart in enumerate(charts):
            assert chart["live"], f"{path.name}: chart {number} is a picture only"
            assert chart["pictures"] == 1, f"{path.name}: chart {number} is shown {chart['pictures']} times"
            assert chart["marks"] > 0, f"{path.name}: chart {number} is empty"
            assert chart["wide"] <= width, f"{path.name}: chart {number} is cut off"
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{path.name} scrolls sideways"
        assert page.evaluate(SHOWN) == 0, f"{path.name} has unfolded code"
        assert page.locator("html").get_attribute("lang") == "en"
        page.context.close()
    assert heard.requested
    assert all(url.startswith((address, "data:")) for url in heard.requested)


@pytest.mark.parametrize("report", ["demo"], indirect=True)
def test_a_figure_leads_to_the_rows_behind_it(chromium: Any, heard: Any, report: Path, address: str) -> None:
    page = open_page(chromium, heard, f"{address}/{report.name}/01_satisfaction.html", width=1280)
    page.locator("p.rows a").first.click()
    page.wait_for_load_state("load")
    assert page.url.endswith(f"/rows/csat-{report.name}.html")
    lines = (report / "rows" / f"csat-{report.name}.csv").read_text(encoding="utf-8").splitlines()
    assert page.locator(".list tbody tr").count() == 1000 < len(lines) - 1
    month = sum(f",{report.name}," in line for line in lines)
    assert page.locator("main .wide").first.locator("tbody tr").first.inner_text().split("\t")[2] == f"{month:,}"
    assert page.locator("a", has_text="CSV").get_attribute("href") == f"csat-{report.name}.csv"
    page.locator(".back a", has_text="Satisfaction").click()
    assert page.url.endswith("/01_satisfaction.html")
    assert heard.complaints == []


@pytest.mark.parametrize("report", ["demo"], indirect=True)
@pytest.mark.parametrize("width", [1280, 360])
def test_no_list_is_cut_off(chromium: Any, heard: Any, report: Path, width: int) -> None:
    for path in sorted((report / "rows").glob("*.html"))[::12]:
        page = open_page(chromium, heard, path.as_uri(), width=width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path.name
        assert page.evaluate(CUT) == [], path.name
        page.context.close()


CUT = """() => [...document.querySelectorAll('main *:not(.wide *)')].filter(element => element.scrollWidth >
    element.clientWidth + 1 && element.clientWidth && getComputedStyle(element).overflowX !== 'auto'
    && getComputedStyle(element).display !== 'inline').map(element => element.outerHTML.slice(0, 80))"""


@pytest.mark.parametrize("report", ["sample"], indirect=True)
def test_the_pictures_are_there_before_and_without_any_script(chromium: Any, heard: Any, report: Path) -> None:
    context = chromium.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    heard.listen(page)
    page.goto((report / "index.html").as_uri())
    assert page.locator("figure.chart svg").count() == 1
    assert page.locator("figure.chart svg").bounding_box()["width"] > 500
    assert heard.complaints == []
    context.close()


@pytest.mark.parametrize("report", ["sample"], indirect=True)
def test_what_the_data_hold_is_shown_as_text_and_never_runs(chromium: Any, heard: Any, report: Path) -> None:
    page = open_page(chromium, heard, (report / "index.html").as_uri(), width=1280)
    assert HOSTILE in page.locator(".answer, .sentence").first.inner_text()
    assert page.locator("img, main script:not([type='application/json']), main svg[onload]").count() == 0
    page.locator("summary", has_text="Table").click()
    assert page.locator("th").inner_text() == HOSTILE
    page.locator("figure.chart svg .mark-symbol path").first.hover()
    page.wait_for_selector("#vg-tooltip-element.visible")
    assert HOSTILE in page.locator("#vg-tooltip-element").inner_text()
    failed = open_page(chromium, heard, (report / "03_loyalty.html").as_uri(), width=1280)
    assert f"ValueError: {HOSTILE}" in failed.locator(".failed").inner_text()
    assert heard.complaints == []


@pytest.mark.parametrize("report", ["sample", "demo"], indirect=True)
def test_every_link_leads_to_a_file_of_the_reports(chromium: Any, heard: Any, report: Path) -> None:
    pages = [report.parent / "index.html", *sorted(report.glob("*.html"))]
    for path in pages:
        page = open_page(chromium, heard, path.as_uri(), width=1280)
        for link in page.locator("a").evaluate_all("links => links.map(link => link.href)"):
            target, _, anchor = link.removeprefix("file://").partition("#")
            assert link.startswith(report.parent.as_uri()), f"{path.name}: {link}"
            assert Path(target).is_file(), f"{path.name}: {link}"
            assert not anchor or f'id="{anchor}"' in Path(target).read_text(), f"{path.name}: {link}"
        assert not re.search(r"<(?:script|link|img)[^>]*(?:src|href)=[\"']?https?:", path.read_text())
        page.context.close()
    assert heard.complaints == []


@pytest.mark.parametrize("report", ["sample"], indirect=True)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(chromium: Any, heard: Any, report: Path, scheme: str) -> None:
    """WCAG 2 contrast of at least 4.5 : 1 for every element that holds text (the charts have their own card)."""
    for name in ("index.html", "03_loyalty.html"):
        page = open_page(chromium, heard, (report / name).as_uri(), width=1280, scheme=scheme)
        texts = page.evaluate(COLOURS)
        assert len({ground for _, _, ground in texts}) >= 1
        assert len(texts) > 10
        weak = [(what, round(contrast(ink, ground), 2)) for what, ink, ground in texts if contrast(ink, ground) < 4.5]
        assert weak == []
        page.context.close()


COLOURS = """() => [...document.querySelectorAll('body *:not(svg *):not(script)')]
  .filter(element => [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim()))
  .map(element => {
    let ground = element;
    while (ground && getComputedStyle(ground).backgroundColor === 'rgba(0, 0, 0, 0)') ground = ground.parentElement;
    return [element.tagName + ': ' + element.textContent.slice(0, 40), getComputedStyle(element).color,
            getComputedStyle(ground ?? document.body).backgroundColor];
  })"""


def contrast(one: str, other: str) -> float:
    """Return the WCAG 2 contrast ratio of two CSS colours "rgb(r, g, b)"."""
    first, second = sorted((luminance(one), luminance(other)), reverse=True)
    return (first + 0.05) / (second + 0.05)


def luminance(colour: str) -> float:
    parts = [int(number) / 255 for number in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


OVER_EACH_OTHER = """() => [...document.querySelectorAll('figure.chart svg')].flatMap(svg => {
    const texts = [...svg.querySelectorAll('text')].map(one => [one.textContent, one.getBoundingClientRect()]);
    const across = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const down = (a, b) => Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    return texts.flatMap(([one, a], place) => texts.slice(place + 1).filter(([other, b]) =>
        one !== other && across(a, b) > 6 && down(a, b) > 5).map(([other]) => [one, other]));
})"""


@pytest.mark.parametrize("report", ["demo"], indirect=True)
def test_names_and_values_do_not_lie_over_each_other_on_a_narrow_screen(
    chromium: Any, heard: Any, report: Path
) -> None:
    for path in sorted(report.glob("*.html")):
        page = open_page(chromium, heard, path.as_uri(), width=360)
        found = [pair for pair in page.evaluate(OVER_EACH_OTHER) if "a year before" not in pair]
        page.close()
        assert not found, f"{path.name}: {found[:5]}"
