"""The planted truth: effort rises and ease falls by a known step per handoff, and the breakdown finds it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from cxlib.demo import DemoParameters, build_demo
from cxlib.derive import derive
from cxlib.metrics import query
from cxlib.questions import breakdown
from cxlib.results.types import Breakdown
from cxlib.store.folder import open_data

MONTH = date(2026, 10, 1)
NUMBER = {"0 handoffs": 0.0, "1 handoff": 1.0, "2 handoffs": 2.0}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a demo company whose answers all fall in the last month, so that one breakdown holds them all."""
    folder = tmp_path_factory.mktemp("effort") / "demo"
    folder.mkdir()
    build_demo(folder, parameters=DemoParameters(seed=5, tickets=20_000, customers=6_000, agents=20, months=10))
    derive(folder)
    surveys = pl.read_parquet(folder / "surveys.parquet")
    day = pl.when(pl.col("answered_day") < MONTH).then(MONTH).otherwise("answered_day")
    surveys.with_columns(day.alias("answered_day")).write_parquet(folder / "surveys.parquet")
    return folder


def _slope(found: Breakdown) -> tuple[float, float]:
    """Return rise per handoff and its standard error: a line through the groups' means, weighted by their errors."""
    rows = [row for row in found.points.iter_rows(named=True) if row["group"] in NUMBER and row["se"]]
    x, value = (np.array(part) for part in zip(*((NUMBER[r["group"]], r["value"]) for r in rows), strict=True))
    weight = np.array([r["se"] ** -2 for r in rows])
    centred = x - (weight @ x) / weight.sum()
    spread = float(weight @ centred**2)
    return float(weight * centred @ value) / spread, spread**-0.5


@pytest.mark.parametrize(("kind", "name"), [("effort", "customer_effort"), ("ease", "customer_ease")])
def test_the_planted_step_per_handoff_is_found(kind: str, name: str, company: Path) -> None:
    truth = json.loads((company / "truth.json").read_text(encoding="utf-8"))["effects"]["effort_by_handoffs"][kind]
    found = breakdown(name, query(open_data(str(company)), month="2026-10"), "handoffs")
    assert isinstance(found, Breakdown)
    slope, error = _slope(found)
    assert abs(slope - truth["per_handoff"]) < 3.5 * error
    assert abs(slope) > 3 * error, "a step of nothing would not be found"
    none = found.points.row(by_predicate=pl.col("group") == "0 handoffs", named=True)
    assert abs(none["value"] - truth["mean_without_handoff"]) < 3.5 * none["se"]
    assert found.p_value is not None
    assert found.p_value < 0.01
