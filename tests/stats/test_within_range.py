"""No interval leaves what its figure can be, and no axis is blown up by one, for every metric and however little."""

from __future__ import annotations

from datetime import date
from math import isfinite
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings, strategies as st

from cxlib.estimates.counted_days import scatter
from cxlib.estimates.estimate_table import EstimateTable, estimate_table_of, of_days
from cxlib.metrics import METRICS, Metric, get, query
from cxlib.periods import months_between
from cxlib.present.charts.axis import Axis
from cxlib.questions import figures
from cxlib.store.folder import open_data

ANSWERS = {"share": (0.0, 1.0), "score": (-1.0, 0.0, 1.0), "rate": (0.0, 1.0), "count": (0.0, 1.0, 7.0)}
MONTHS = ["2026-01", "2026-02", "2026-03"]


def values_of(metric: Metric) -> st.SearchStrategy[float]:
    if metric.kind in ANSWERS:
        return st.sampled_from(ANSWERS[metric.kind])
    low, high = metric.scale or (0.0, 5000.0)
    return st.one_of(st.sampled_from([low, high]), st.floats(low, high, width=32))


def cells_drawn(metric: Metric, rows: list[tuple[str, str, float, float]]) -> EstimateTable:
    """Return the figures of (month, unit, weight, value), however a metric makes them."""
    frame = pl.DataFrame(rows, schema=["period", "unit", "w", "x"], orient="row").with_columns(group=pl.lit(""))
    if metric.kind == "duration":
        return estimate_table_of(
            metric, frame.select("period", "group", "unit", value="x", ended=pl.col("w") >= 1).sort("value")
        )
    if metric.kind == "count" and metric.unit == "day":
        days = frame.with_columns(
            day=pl.lit(date(2026, 1, 1)) + pl.duration(days=pl.col("unit").str.slice(1).cast(int))
        )
        days = days.group_by("period", "group", "day").agg(sum_wx=pl.col("x").sum(), n=pl.len())
        days = days.with_columns(alike=pl.col("day").dt.weekday())
        return of_days(metric, days, scatter(days))
    w, x = pl.col("w"), pl.col("x")
    sums = {"n": pl.len(), "sum_w": w.sum(), "sum_wx": (w * x).sum(), "sum_wxx": (w * x * x).sum()}
    return EstimateTable.of_units(metric, frame.group_by("period", "group", "unit").agg(**sums))


@pytest.mark.parametrize("name", METRICS)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_an_interval_stays_where_its_figure_can_be(name: str, data: st.DataObject) -> None:
    metric = get(name)
    row = st.tuples(
        st.sampled_from(MONTHS), st.sampled_from(["u0", "u1", "u2", "u7", "u8"]), st.sampled_from([0.5, 1.0, 3.0]),
        values_of(metric),
    )  # fmt: skip
    found = cells_drawn(metric, data.draw(st.lists(row, min_size=1, max_size=9)))
    lowest, highest = (0.0 if metric.possible[0] < -1e9 else metric.possible[0]), metric.possible[1]
    points = found.points()
    for point in points.iter_rows(named=True):
        low, value, high = point["low"], point["value"], point["high"]
        for number in (low, value, high):
            assert number is None or lowest - 1e-9 <= number <= highest + 1e-9, point
        if metric.kind == "count" and metric.unit == "day":
            assert high < 40 * (value + 5)
    shown = points.filter(pl.col("value").is_not_null())
    if shown.height:
        bounds = list(shown.select("low", "high").iter_rows())
        axis = Axis.of(metric, shown["value"], bounds=bounds)
        assert axis.low >= (lowest if isfinite(metric.possible[0]) else axis.low) / axis.divisor - 1e-9
        assert axis.high <= max(highest, shown["value"].max()) / axis.divisor + 1e-9
        assert all(axis.low <= axis.at(value) <= axis.high for value in shown["value"])


@pytest.mark.parametrize("blown", [(0.0, 255_854_394_107.0), (1.0, 9_000.0)])
def test_an_axis_is_not_blown_up_by_one_interval(blown: tuple[float, float]) -> None:
    values = [40.0 + place for place in range(13)]
    usual = [(value - 10, value + 12) for value in values[1:]]
    axis, without = (Axis.of(get("ticket_volume"), values, bounds=bounds) for bounds in ([blown, *usual], usual))
    assert axis.high <= 2 * without.high
    assert axis.inside(blown[1]) == axis.high
    assert all(axis.inside(high) == axis.at(high) for _, high in usual)


def test_the_only_interval_is_shown_whole() -> None:
    axis = Axis.of(get("ticket_volume"), [1.0], bounds=[(0.025, 5.57)])
    assert axis.low == 0 and axis.high > 5.57


@pytest.mark.parametrize("by", ["", "channel", "arrival"])
def test_every_figure_of_a_small_desk_lies_within_its_range(by: str, small_demo: Path) -> None:
    looked = query(open_data(str(small_demo)), month="2026-10")
    months = months_between(looked.data.first_month, looked.data.last_month)
    found = figures(looked, months, by)
    for row in found.iter_rows(named=True):
        metric = looked.metric(row["metric"])
        lowest, highest = metric.possible
        for name in ("low", "value", "high"):
            assert row[name] is None or lowest <= row[name] <= highest, row
        if metric.kind == "count" and metric.unit == "day" and row["high"] is not None:
            assert row["high"] < 10 * (row["value"] + 5), row
            assert row["independent_units"] <= 31
    assert found.height > 300 or by
