"""Once a verb carries the sign of a change, its interval has none; an interval that holds zero is told with signs."""

from __future__ import annotations

import re
from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given, settings, strategies as st
from reasons_by_hand import decomposition
from results_by_hand import RESULTS, change, estimate, group

from cxlib import numbers
from cxlib.present.sentences import headline, say
from cxlib.results.types import Change, Overview, Trend

VERBS = re.compile(r"(?:rose|fell) by [^;:(]*\((?P<verb>[^)]*)\)")
SIDES = re.compile(r"\((?P<side>[^);]*)\) (?:above|below|longer|shorter|higher|lower|less|more)")
NAMES = ("csat", "nps", "csat_mean", "first_reply_time", "ticket_volume", "handoffs", "average_order_value")


def holds_its_sign(text: str) -> bool:
    """No interval behind a verb or before a word of direction has a minus or a plus."""
    found = [match[1] for pattern in (VERBS, SIDES) for match in pattern.finditer(text)]
    return not any(numbers.MINUS in each or "+" in each for each in found)


def test_a_verb_with_a_minus_is_found() -> None:
    assert not holds_its_sign("Within channels it fell by 1.4 (−3.2 to 5.9), no more than chance explains.")
    assert not holds_its_sign("16 points (−4 to 24) above the rest")
    assert holds_its_sign("rose by 21 min (2–41)")


sizes = st.floats(-60, 60).filter(lambda x: abs(x) > 0.01)
halves = st.floats(0.01, 80)


def built(name: str, size: float, half: float) -> Change:
    return change(name, estimate(100.0 + size, 3.0), estimate(100.0, 3.0), half, 0.001 if half < abs(size) else 0.4)


@settings(deadline=None)
@given(st.sampled_from(NAMES), sizes, halves)
def test_changes(name: str, size: float, half: float) -> None:
    made = built(name, size, half)
    trend = Trend(made.metric, made.scope, pl.DataFrame(), made, made)
    told = say(made).text + headline(made)
    assert holds_its_sign(told)
    if half > abs(size):
        assert " rose " not in told
        assert " fell " not in told
    overview = Overview(made.scope, (replace(trend, points=RESULTS["trend"].points),), frozenset([name]))
    assert holds_its_sign(say(overview).text)


@settings(deadline=None)
@given(st.sampled_from(NAMES[:4]), sizes, halves, st.lists(st.tuples(sizes, halves), min_size=2, max_size=3))
def test_parts_of_a_change(name: str, size: float, half: float, parts: list[tuple[float, float]]) -> None:
    divided = decomposition(built(name, size, half), *((part, part - h, part + h) for part, h in parts))
    certain = divided.parts.with_columns(p_value=pl.when(pl.col("low") * pl.col("high") > 0).then(0.001).otherwise(0.4))
    divided = replace(divided, parts=certain)
    told = say(divided).text
    assert holds_its_sign(told + headline(divided))
    for part, h in parts[1:2]:
        if h > abs(part):
            assert f"within channels it {'fell' if part < 0 else 'rose'}" not in told.lower()
    made = divided.change
    trend = Trend(made.metric, made.scope, RESULTS["trend"].points, made, None)
    whole = Overview(made.scope, (trend,), frozenset([name]), by_title="channel", parts=(divided,))
    assert holds_its_sign(say(whole).text)


@settings(deadline=None)
@given(st.floats(-30, 30).filter(lambda x: abs(x) > 0.1), st.floats(0.01, 1))
def test_groups_beside_the_rest(size: float, share: float) -> None:
    half = abs(size) * share * 0.99
    rows = [
        group("A", estimate(60.0 + size, 3.0), None, (size, size - half, size + half, 0.001)),
        group("B", estimate(60.0, 3.0), None, (-size, -size - half, -size + half, 0.001)),
    ]
    told = RESULTS["breakdown"]
    made = replace(told, points=pl.DataFrame(rows, schema=told.points.schema))
    assert holds_its_sign(say(made).text)


@pytest.mark.parametrize("name", RESULTS)
def test_every_result_by_hand(name: str) -> None:
    assert holds_its_sign(say(RESULTS[name]).text)
