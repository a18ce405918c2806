"""Real exports: what was left out and set aside is told, and lists of rows make the printed figures."""

from __future__ import annotations

import csv
import io

import polars as pl
import pytest
from metrics.test_rows import agrees, value_of
from test_real_data import Find, Run, _imported

from cxlib.estimates.context import unanswerable
from cxlib.metrics import METRICS, as_csv, get, query, rows
from cxlib.questions import coverage, figures, quality, set_aside
from cxlib.results.types import Coverage

EXPORTS = {
    "helpdesk": ("helpdesk/helpdesk.csv", "italian_helpdesk", "2012-05"),
    "baltimore": ("baltimore_311/requests.csv", "baltimore_311", "2018-03"),
}


@pytest.mark.parametrize("name", EXPORTS)
def test_lists_of_real_rows_make_the_printed_figures(name: str, cx: Run, shared_data: Find) -> None:
    file, mapping, month = EXPORTS[name]
    _imported(cx, shared_data(file), mapping, name)
    looked = query(name, month=month)
    answered = [metric for metric in METRICS if not unanswerable(get(metric), looked)]
    assert {"ticket_volume", "resolution_time"} <= set(answered)
    for metric in answered:
        lines = list(csv.DictReader(io.StringIO(as_csv(rows(metric, looked)))))
        printed = figures(looked, [month], names=[metric]).to_dicts()
        assert all(agrees(value_of(metric, lines), figure) for figure in printed), metric
        assert [figure["n"] > 0 for figure in printed] == [bool(lines)]
    manifest = looked.data.manifest
    parts = [manifest[part] for part in ("set_aside", "left_out") if manifest.get(part)]
    not_used = sum(n for part in parts for counts in part.values() for n in counts.values())
    told = set_aside(looked).points.filter(pl.col("label").str.contains(r" \((set aside|left out)\)$"))
    assert told["n"].sum() == not_used
    assert (not_used > 0) == (name == "helpdesk")
    found = coverage(looked)
    assert isinstance(found, Coverage)
    assert found.points.filter(table="tickets", month=month)["rows"].item() > 0
    assert quality(looked).points.filter(pl.col("n") == 0).is_empty()
