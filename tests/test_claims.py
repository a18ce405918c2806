"""What an answer claims is counted from its numbers, for every type of result."""

from __future__ import annotations

import json
import math

import polars as pl
import pytest
from hypothesis import given, strategies as st
from results_by_hand import RESULTS

from cxlib.present.sentences import Claims, claims, threshold, total, verdict
from cxlib.results.certainty import certainty
from cxlib.results.types import Overview, Trend


@pytest.mark.parametrize("name", RESULTS)
def test_claims_of_every_result_add_up(name: str) -> None:
    found = claims(RESULTS[name])
    assert 0 <= found.clear + found.possible <= found.tests
    assert all(0 <= p <= 1 for p in found.p_values)
    assert len(found.p_values) in (0, found.tests)
    assert (found.surest < 1) == (found.clear > 0)
    assert (found.by_chance > 0) == (found.tests > 0)


@pytest.mark.parametrize("name", RESULTS)
def test_claims_survive_an_outputs_metadata(name: str) -> None:
    found = claims(RESULTS[name])
    back = Claims.from_data(json.loads(json.dumps(found.data)))
    assert (back.tests, back.clear, back.possible) == (found.tests, found.clear, found.possible)
    assert back.p_values == pytest.approx(found.p_values, rel=1e-3)


@pytest.mark.parametrize(
    ("p", "level"),
    [(0.0, "clear"), (0.00499, "clear"), (0.005, "possible"), (0.0499, "possible"), (0.05, "none"), (1.0, "none")],
)
def test_levels_begin_where_they_say(p: float, level: str) -> None:
    assert certainty(p) == level


def test_a_trend_claims_both_its_changes() -> None:
    trends = [result for result in RESULTS.values() if isinstance(result, Trend)]
    for trend in trends:
        changes = [change for change in (trend.change, trend.last_year) if change and change.p_value is not None]
        clear = sum(verdict(change) in ("rose", "fell") for change in changes)
        assert (claims(trend).tests, claims(trend).clear) == (len(changes), clear)
    assert any(claims(trend).clear for trend in trends)


def test_an_overview_repeats_no_p_value_of_other_pages() -> None:
    found = [claims(result) for result in RESULTS.values() if isinstance(result, Overview)]
    assert found and all(not each.p_values for each in found) and any(each.clear for each in found)


def test_a_family_is_judged_by_its_adjusted_p_values() -> None:
    for result in RESULTS.values():
        points = getattr(result, "points", None)
        if (
            isinstance(points, pl.DataFrame)
            and {"p_adjusted", "p_value"} <= set(points.columns)
            and points["p_value"].count()
        ):
            clear = sum(p is not None and p < 0.005 for p in points["p_adjusted"])
            run = getattr(result, "run", None)  # which is judged beside the days
            assert claims(result).clear == clear + (run is not None and run.p_value < 0.005)


@given(st.lists(st.floats(0, 1), max_size=40))
def test_the_threshold_is_the_textbooks(p_values: list[float]) -> None:
    ranked, limit = sorted(p_values), 0.0
    for rank in range(len(ranked), 0, -1):
        if ranked[rank - 1] <= 0.005 * rank / len(ranked):
            limit = ranked[rank - 1]
            break
    assert threshold(p_values) == limit


def test_totals_add_and_keep_the_surest() -> None:
    parts = [Claims(2, 1, 0, 0.01, (0.001, 0.5), 0.001), Claims(1, 1, 0, 0.005, (0.0001,), 0.0001), Claims()]
    both = total(parts)
    assert (both.tests, both.clear, both.p_values, both.surest) == (3, 2, (0.001, 0.5, 0.0001), 0.0001)
    assert math.isclose(both.by_chance, 0.015)
