"""Forecasts and staffing built by hand for the tests of the renderers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import polars as pl

from cxlib.metrics import METRICS
from cxlib.results.planning import Backtest, Forecast, Staffing
from cxlib.results.types import POINT, Estimate, ResultContext
from cxlib.settings import StaffingSettings

TEST = Backtest(52, 4.61, 9.03, 0.61, 1.18, 87.8, 1.24, "the same week of the year before")
FIRST = date(2026, 11, 1)


def forecast(scope: ResultContext, weeks: int, test: Backtest = TEST, size: float = 590.0, known: int = 26) -> Forecast:
    """Return a forecast of so many weeks after so many known ones."""
    past = [{"value": size - 7 * (i % 5), "n": int(size - 7 * (i % 5)), "units": 7} for i in range(known)]
    half = 52.3
    ahead = [
        {"value": size + i, "se": half / 2, "low": max(size + i - half, 0.0), "high": size + i + half, "n": 0,
         "units": 0}
        for i in range(weeks)
    ]  # fmt: skip
    rows = [
        {"first": FIRST + timedelta(days=7 * (i - known)), "ahead": i >= known, **row}
        for i, row in enumerate(past + ahead)
    ]
    schema: Any = {"first": pl.Date, "ahead": pl.Boolean, "n": pl.Int64, "units": pl.Int64}
    points = pl.DataFrame(rows, schema=schema | dict.fromkeys(POINT[2:], pl.Float64))
    total = Estimate(0, 0, weeks * size, 101.0, weeks * size - 202, weeks * size + 202)
    return Forecast(METRICS["ticket_volume"], scope, points, total, test)


def staffing(scope: ResultContext, busiest: float, **other: Any) -> Staffing:
    """Return the agents of two hours on two days."""
    cells = [(1, 9, 52, busiest), (1, 10, 43, busiest - 1), (5, 9, 33, busiest - 1), (5, 10, 0, 0.0)]
    points = pl.DataFrame(cells, schema=["weekday", "hour", "n", "value"], orient="row").with_columns(
        units=pl.lit(13, pl.Int64), rate=pl.col("n") / 13, low=(pl.col("value") - 1).clip(0), high=pl.col("value") + 2
    )
    handle = Estimate(702, 646, 10.52, 0.38, 9.78, 11.26)
    target = StaffingSettings()
    built = Staffing(
        METRICS["ticket_volume"],
        scope,
        "phone",
        ("2026-08", "2026-10"),
        points,
        (25.0, 21.0, 33.0),
        (35.7, 30.0, 47.1),
        handle,
        False,
        17.0,
        target,
    )
    return replace(built, **other)


def planning_results(scope: ResultContext, hostile: str) -> dict[str, Any]:
    """Return results of both types, ordinary and awkward."""
    worse = replace(TEST, error=11.2, naive_error=9.03)
    sure = pl.col("value").cast(pl.Float64)
    phone = staffing(scope, 7.0)
    alone = staffing(scope, 1.0, channel="chat", estimated=True, outside=0.0)
    return {
        "forecast": forecast(scope, 6),
        "forecast, one week": forecast(scope, 1, known=1),
        "forecast, naive is closer": forecast(scope, 6, worse),
        "forecast, few": forecast(scope, 2, replace(TEST, mase=None, naive_mase=None, widened=1.0), size=3.4),
        "staffing": phone,
        "staffing, one agent": replace(
            alone, at_work=(4.0, 4.0, 4.0), points=alone.points.with_columns(low=sure, high=sure)
        ),
        "staffing, no interval of handle time": replace(phone, handle=Estimate(10, 9, 10.5, None, None, None)),
        "staffing, nobody": replace(phone, points=phone.points.with_columns(value=0.0, low=0.0, high=0.0)),
        "staffing, hostile": replace(phone, channel=hostile),
    }
