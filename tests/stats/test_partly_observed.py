"""Months that the data observe in part, and hours that passed only once: nothing is compared, nothing is certain."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from cxlib.metrics import Query, query
from cxlib.questions import change, count_model, dated_event, figures, level_shift, staffing
from cxlib.results.effects import Effects
from cxlib.results.planning import Staffing
from cxlib.results.types import Change, NotKnown
from cxlib.store.folder import open_data


@pytest.fixture(scope="module")
def looked(small_demo: Path) -> Query:
    return query(open_data(str(small_demo)), month="2026-10")


def _until(looked: Query, day: int) -> Query:
    end = datetime(2026, 10, day, tzinfo=UTC).isoformat()
    return replace(looked, data=replace(looked.data, manifest=looked.data.manifest | {"extracted_at": end}))


def test_figures_compare_no_count_of_a_month_observed_in_part(looked: Query) -> None:
    early = _until(looked, 20)
    alone = change("ticket_volume", early)
    assert isinstance(alone, Change)
    assert alone.difference is None
    told = ["difference", "difference_low", "difference_high", "p_value"]
    names = ["ticket_volume", "csat"]
    counted, share = figures(early, [early.month], names=names, change=True).select(told).rows()
    assert counted == (None, None, None, None)
    assert None not in share
    assert None not in figures(looked, [looked.month], names=names, change=True).select(told).row(0)
    same = replace(looked, compare_with=looked.month)
    assert figures(same, [looked.month], names=names, change=True)["difference"].null_count() == 2


def test_an_hour_that_passed_once_is_as_uncertain_as_chance_makes_it(looked: Query) -> None:
    found = staffing(_until(looked, 9), months=1)
    assert isinstance(found, Staffing)
    once = found.points.filter(pl.col("units") == 1)
    assert once.height
    assert found.points.select("low", "high").null_count().row(0) == (0, 0)
    assert found.points.select((pl.col("low") <= pl.col("value")).all(), (pl.col("value") <= pl.col("high")).all()).row(
        0
    ) == (True, True)
    assert once.filter(pl.col("value") > 0).select((pl.col("high") > pl.col("low")).any()).item()
    assert found.at_work[1] <= found.at_work[0] <= found.at_work[2]


def test_what_is_known_by_the_month_has_no_step(looked: Query) -> None:
    for name in ("retention", "conversations_per_agent", "backlog"):
        answer = dated_event(name, looked)
        assert isinstance(answer, NotKnown)
        assert "month by month" in answer.reason


def test_a_step_is_told_alike_beside_the_calendar_and_by_itself(small_demo: Path) -> None:
    phone = query(open_data(str(small_demo)), month="2026-10", filters="channel=phone")
    alone, beside = level_shift("ticket_volume", phone), count_model("ticket_volume", phone)
    assert isinstance(alone, Effects)
    assert isinstance(beside, Effects)
    told = ["value", "low", "high", "p_value"]
    first = alone.points.row(0, named=True)
    assert first["p_value"] < 0.05
    step = beside.points.filter(family="step")
    assert step.select(told).row(0) == pytest.approx([first[name] for name in told])
    assert first["label"] == "All, from 21 September 2026 or later"  # the planted one is of 1 October
