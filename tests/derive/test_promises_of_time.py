"""What every figure of the registry promises about time: a month that is known stays so, whatever comes later or
whatever of the past is missing.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from derive_histories import BEGIN, END, history, opened, since, until
from polars.testing import assert_frame_equal

from cxlib.metrics import METRICS, Metric, can_change, measured_frame, missing_reason, population, query, row_frame
from cxlib.metrics.known_from import known_from
from cxlib.periods import months_between
from cxlib.store.folder import Data

CUT, LATER = datetime(2026, 3, 1, tzinfo=UTC), datetime(2025, 4, 1, tzinfo=UTC)
SEEDS = (1, 2)


def _published(metric: Metric, data: Data, month: str) -> pl.DataFrame | None:
    """Return what the figure of a month is computed from, None where it is not known or not final."""
    looked = query(data, month=month)
    if missing_reason(metric, looked):
        return None
    if can_change(metric):
        _, late, _, running = population(metric, looked, month)
        if late or running:
            return None
    if metric.kind == "duration":
        return row_frame(metric, looked, [month]).select("unit", "value", "ended").sort("unit", "value")
    return measured_frame(metric, looked, [month])


def _same(name: str, one: Data, other: Data, months: list[str]) -> int:
    """Compare the months known in both; return how many there were."""
    metric, compared = METRICS[name], 0
    for month in months:
        here, there = (_published(metric, data, month) for data in (one, other))
        if here is None or there is None:
            continue
        compared += here.height > 0
        assert_frame_equal(here, there, check_row_order=False, abs_tol=1e-6)
    return compared


@pytest.fixture(scope="module", params=SEEDS)
def histories(request: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Data]:
    folder: Path = tmp_path_factory.mktemp("histories")
    found = {}
    for again in (False, True):
        rows = history(request.param, again=again)
        found[f"whole {again}"] = opened(folder / f"whole-{again}", rows, END)
        found[f"cut {again}"] = opened(folder / f"cut-{again}", until(rows, CUT), CUT)
    found["late"] = opened(folder / "late", since(history(request.param, again=False), LATER), END)
    return found


@pytest.mark.parametrize("again", [False, True])
def test_later_events_change_no_month_that_is_known(histories: dict[str, Data], again: bool) -> None:
    months = months_between(f"{BEGIN:%Y-%m}", "2026-02")
    compared = {
        name: _same(name, histories[f"cut {again}"], histories[f"whole {again}"], months)
        for name, metric in METRICS.items()
        if metric.revised == "" or (metric.revised == "solve" and not again)
    }
    assert sum(number >= 5 for number in compared.values()) > 35
    assert compared["response_rate"] >= 10
    assert compared["sla_first_reply"] >= 10
    assert compared["first_contact_resolution"] >= 10


def test_a_missing_past_withholds_figures_and_changes_none(histories: dict[str, Data]) -> None:
    late, compared = histories["late"], {}
    for name, metric in METRICS.items():
        if any(need.days == "repeat_days" for need in metric.history):
            continue  # the first order, or experience, of a customer is the first on record
        alike = known_from(metric, query(late), withheld=False)
        first = max(f"{LATER:%Y-%m}", alike[0] if alike else "")
        compared[name] = _same(name, late, histories["whole False"], months_between(first, "2026-06"))
    assert compared["backlog"] >= 8
    assert compared["retention"] >= 6
    assert compared["tickets_per_customer"] >= 8
    assert sum(number >= 5 for number in compared.values()) > 35


def test_what_may_still_move_says_so() -> None:
    moving = {name for name, metric in METRICS.items() if metric.revised == "solve"}
    assert {"one_touch_resolution", "requester_wait_time", "resolution_time", "handle_time"} <= moving
    assert {name for name, metric in METRICS.items() if metric.revised == "time"} == {"repeat_purchase_ever"}
