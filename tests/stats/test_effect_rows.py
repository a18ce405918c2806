"""Rows of effects: interval and p-value are one t statistic, survivors are told row by row."""

from __future__ import annotations

import math

import polars as pl
import pytest
from scipy import stats

from cxlib.stats import effects
from cxlib.stats.effects import adjusted, effect_points, no_value, some_units


@pytest.mark.parametrize("df", [1.0, 7.0, 300.0, math.inf])
def test_interval_and_p_value_are_those_of_students_t(df: float) -> None:
    row = effects.tested(-0.3, 0.1, df=df, factor=100.0)
    low, high = stats.t.interval(0.95, df, loc=-30.0, scale=10.0)
    assert (row["value"], row["se"]) == (-30.0, 10.0)
    assert (row["low"], row["high"]) == pytest.approx((low, high))
    assert row["p_value"] == pytest.approx(2 * stats.t.sf(3.0, df))


def test_rows_survive_by_their_place_not_by_their_name() -> None:
    found = effect_points([{"group": "a", "label": "a", "p_value": p} for p in (0.001, 0.6, None)])
    assert found["p_adjusted"].to_list() == [0.002, 0.6, None]
    assert found.columns[-3:] == ["p_value", "p_adjusted", "reason"]


def test_survivors_are_those_of_the_textbook_steps() -> None:
    p_values = [0.001, 0.8, 0.02, 0.034, 0.04]
    ranked = sorted(p_values)
    last = max(rank for rank, p in enumerate(ranked, start=1) if p <= 0.05 * rank / len(ranked))
    assert (adjusted(pl.Series(p_values)) <= 0.05).to_list() == [p <= ranked[last - 1] for p in p_values]


def test_reasons_are_told_once_and_only_where_no_row_has_a_value() -> None:
    rows = [{"reason": "too few."}, {"reason": "too few"}, {"reason": "all alike"}]
    told = no_value("Title", rows)
    assert told is not None and told.reason == "too few; all alike."
    assert no_value("Title", [*rows, {"value": 1.0}]) is None


def test_every_kth_unit_stands_for_all() -> None:
    rows = pl.DataFrame({"unit": ["a", "a", "b", "c", "d"]})
    kept, said = some_units(rows, 2)
    assert kept["unit"].to_list() == ["a", "a", "c"] and "One customer in 2" in said
    whole, nothing = some_units(rows, 1)
    assert whole.equals(rows) and nothing == ""
