"""From a figure of a page to the list of rows behind it: links, totals, nothing from the data as markup."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from report_samples import PARAMETERS, write_notebook

from cxlib.metrics import query, rows
from cxlib.present.charts.display import _behind
from cxlib.questions import breakdown, contrast, coverage, figures as all_figures, overview, quality, trend, volume
from cxlib.report.row_page import MOST
from cxlib.report.row_totals import made
from cxlib.report.run import ReportOutcome, build_report
from cxlib.store.folder import open_data
from tests.conftest import ROOT

HOSTILE = "<script>alert(1)</script> \"q\" 'a' {{ table }} =1+1"
LOOK = "import cxlib as cx\nquery = cx.query(data, month=month, by=by)"
MONTH = "2026-08"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, small_demo: Path) -> Path:
    """Lay out a workbook whose demo data have a hostile category and agent."""
    home = tmp_path_factory.mktemp("workbook")
    (home / "data").mkdir()
    shutil.copy(ROOT / "data" / "settings.toml", home / "data")
    shutil.copytree(small_demo, home / "data" / "demo")
    path = home / "data" / "demo" / "tickets.parquet"
    rows = pl.read_parquet(path)
    first = rows["category"].drop_nulls().sort().first()
    hostile = pl.when(pl.col("category") == first).then(pl.lit(HOSTILE)).otherwise("category").alias("category")
    rows.with_columns(hostile).write_parquet(path)
    agents = pl.read_parquet(home / "data" / "demo" / "agents.parquet")
    agents.with_columns(name=pl.lit(HOSTILE) + pl.col("name")).write_parquet(home / "data" / "demo" / "agents.parquet")
    return home


@pytest.fixture(scope="module")
def built(home: Path) -> Iterator[ReportOutcome]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CX_HOME", str(home))
        write_notebook(home, "00_overview.ipynb", LOOK, "cx.show(cx.overview(query))", parameters=PARAMETERS)
        asked = [
            'cx.show(cx.breakdown("csat", query, "category"))',
            'cx.show(cx.trend("csat", query.only("channel", "phone")))',
            'cx.show(cx.breakdown("first_reply_time", query, "agent"))', "cx.show(cx.quality(query))",
            'cx.show(cx.count_model("ticket_volume", query))', 'cx.show(cx.automation_candidates(query, "category"))',
        ]  # fmt: skip
        write_notebook(home, "01_satisfaction.ipynb", LOOK, *asked, parameters=PARAMETERS)
        yield build_report("demo", month=MONTH, progress=False)


def links(page: Path) -> list[str]:
    return re.findall(r'href="(rows/[^"]+)"', page.read_text(encoding="utf-8"))


def test_every_table_of_a_metric_links_to_its_rows(built: ReportOutcome) -> None:
    assert built.failed == {}
    folder = built.index.parent
    assert links(folder / "01_satisfaction.html") == [
        f"rows/csat-{MONTH}.html", f"rows/csat-{MONTH}-2.html", f"rows/first_reply_time-{MONTH}.html",
        f"rows/quality-{MONTH}.html", f"rows/ticket_volume-2025-05-to-{MONTH}.html",
        f"rows/automation_candidates-{MONTH}.html",
    ]  # fmt: skip
    first = links(folder / "index.html")
    assert len(first) == len(set(first)) > 5
    assert {path.relative_to(folder).as_posix() for path in (folder / "rows").glob("*.html")} == {
        *first, *links(folder / "01_satisfaction.html")
    }  # fmt: skip
    for path in (folder / "rows").glob("*.html"):
        text = path.read_text(encoding="utf-8")
        kind = ".zip" if "-to-" in path.stem or "automation" in path.stem else ".csv"
        assert path.with_suffix(kind).exists()
        assert f'href="{path.stem}{kind}"' in text
        assert "default-src 'none'" in text


def test_the_csv_makes_the_printed_figure_and_its_groups(built: ReportOutcome, home: Path) -> None:
    looked = query(str(home / "data" / "demo"), month=MONTH)
    path = built.index.parent / "rows" / f"csat-{MONTH}"
    everything = list(csv.DictReader(path.with_suffix(".csv").open(encoding="utf-8", newline="")))
    assert {line["month"] for line in everything} == {MONTH, "2026-07", "2025-08"}
    lines = [line for line in everything if line["month"] == MONTH]
    figure = all_figures(looked, [MONTH], names=["csat"]).row(0, named=True)
    assert len(lines) == figure["n"]
    share = sum(float(line["adds"]) for line in lines) / sum(float(line["weight"]) for line in lines)
    assert share == pytest.approx(figure["value"])
    text = path.with_suffix(".html").read_text(encoding="utf-8").replace("\xa0", " ")
    totals = text.split("What the rows make")[1].split("</table>")[0]
    assert re.search(rf"August 2026</th><td[^>]*>{figure['value']:.0f}[.\d]* % \(.*>{figure['n']}</td>", totals)
    groups = {line["by category"] for line in lines}
    for row in all_figures(looked, [MONTH], by="category", names=["csat"]).iter_rows(named=True):
        mine = [float(line["adds"]) for line in lines if line["by category"] == row["group"]]
        assert (len(mine), sum(mine) / len(mine)) == (row["n"], pytest.approx(row["value"]))
    assert HOSTILE in groups
    phone = csv.DictReader((built.index.parent / "rows" / f"csat-{MONTH}-2.csv").open(encoding="utf-8"))
    phone = [line for line in phone if line["month"] == MONTH]
    kept = replace(looked, filters=(("channel", ("phone",)),))
    assert len(phone) == all_figures(kept, [MONTH], names=["csat"])["n"].item()


def test_what_the_data_hold_is_text(built: ReportOutcome) -> None:
    for path in (built.index.parent / "rows").glob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert "<script" not in text
        assert len(re.findall(r'<table class="cx">', text)) == 2
    for name in ("csat", "automation_candidates"):
        assert "<script>alert(1)</script>" in unescape(
            (built.index.parent / "rows" / f"{name}-{MONTH}.html").read_text()
        )


def test_a_page_shows_the_first_rows_and_says_so(built: ReportOutcome) -> None:
    for path in (built.index.parent / "rows").glob("*.csv"):
        count = len(list(csv.DictReader(path.open(encoding="utf-8", newline=""))))
        text = path.with_suffix(".html").read_text(encoding="utf-8")
        assert text.split('class="wide list"')[1].count('<th scope="row">') == min(count, MOST)
        assert ("all of them in the CSV" in text) == (count > MOST)


def test_a_page_leads_back_and_names_the_command_for_other_months(built: ReportOutcome) -> None:
    text = (built.index.parent / "rows" / f"csat-{MONTH}-2.html").read_text(encoding="utf-8")
    assert 'Back to <a href="../01_satisfaction.html">Satisfaction</a></p>' in text
    asked = "cx rows demo --metric csat --month YYYY-MM --filter channel=phone"
    assert asked in text
    both = (built.index.parent / "rows" / f"csat-{MONTH}.html").read_text(encoding="utf-8")
    assert 'Back to <a href="../index.html">Satisfaction</a> · <a href="../01_satisfaction.html">' in both
    assert "instants are local time, Europe/Warsaw" in both


def test_rows_without_a_weight_are_named(small_demo: Path) -> None:
    looked = query(open_data(str(small_demo)), month=MONTH)
    found = rows("average_order_value", looked)
    refunds = found.filter(pl.col("kind") == "refund").height
    told = made("", looked.metric("average_order_value"), found)
    assert f"{refunds} refunds count 0 in the number of orders." in told
    assert refunds > 1


def test_a_run_that_dies_leaves_the_last_good_report(
    built: ReportOutcome, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CX_HOME", str(home))
    before = {path: path.read_bytes() for path in built.index.parent.rglob("*") if path.is_file()}

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cxlib.report.row_page.RowPage.write", dies)
    with pytest.raises(KeyboardInterrupt):
        build_report("demo", month=MONTH, progress=False)
    assert {path: path.read_bytes() for path in built.index.parent.rglob("*") if path.is_file()} == before


def test_saved_outputs_hold_no_link_but_what_is_asked_of_the_page(built: ReportOutcome) -> None:
    notebook = json.loads((built.index.parent / "notebooks" / "01_satisfaction.ipynb").read_text(encoding="utf-8"))
    marks: list[dict[str, Any]] = [
        output["metadata"]["cx"]
        for cell in notebook["cells"]
        for output in cell.get("outputs", [])
        if output.get("metadata")
    ]
    assert not [mark for mark in marks if "links" in mark]
    tables = [mark["rows"] for mark in marks if mark["role"] == "table" and "rows" in mark]
    asked = [one[0].get("metric") or one[0]["list"] for one in tables]
    assert asked == ["csat", "csat", "first_reply_time", "quality", "ticket_volume", "automation_candidates"]


def test_results_tell_which_rows_are_behind_them(small_demo: Path) -> None:
    looked = query(open_data(str(small_demo)), month=MONTH)
    compared = {"metric": "csat", "months": f"{MONTH} 2026-07 2025-08", "days": "", "filters": "", "by": ""}
    assert _behind(trend("csat", looked)) == [compared]
    assert [one["days"] for one in _behind(volume("ticket_volume", looked, "week"))] == [
        "2026-W35",
        "2026-W34",
        "2025-W35",
    ]
    assert _behind(breakdown("csat", looked, "channel"))[0]["by"] == "channel"
    assert [one["metric"] for one in _behind(overview(looked))][:1] == ["csat"]
    assert [one["list"] for one in _behind(quality(looked))] == ["quality"]
    assert _behind(coverage(looked)) == []
    assert _behind(contrast("csat", looked, "channel", "phone"))[0]["months"] == "2025-09/2026-08"
