"""Days in a row with more or less than expected: found where they are, seldom where there are none, said everywhere."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from days_by_hand import days as days_by_hand, run
from results_by_hand import SCOPE

from cxlib.estimates.daily_model import design, fit
from cxlib.present.charts import chart
from cxlib.present.sentences import say
from cxlib.present.tables import table
from cxlib.questions.demand.runs import strongest_run, window
from cxlib.questions.demand.unusual_days import expected_between
from cxlib.results.volume import Run

FIRST, LAST = date(2025, 9, 1), date(2026, 10, 31)


def drawn(
    rng: np.random.Generator, *, level: float = 85.0, since: date = LAST, until: date = LAST, factor: float = 1.0
) -> pl.DataFrame:
    """Return days whose weekly levels resemble each other (.3, 4 % apart), days 5 % apart, and a rise in between."""
    span = pl.date_range(FIRST, LAST, eager=True)
    week = (span - FIRST).dt.total_days().to_numpy() // 7
    levels = rng.normal(0, 0.04, week[-1] + 1)
    for place in range(1, len(levels)):
        levels[place] = 0.3 * levels[place - 1] + np.sqrt(1 - 0.3**2) * levels[place]
    usual = np.array([1.3, 1.15, 1.1, 1.05, 1.0, 0.45, 0.35])[span.dt.weekday().to_numpy() - 1] * level
    mean = usual * np.exp(levels[week] + rng.normal(0, 0.05, len(span)))
    counts = rng.poisson(mean * np.where(span.is_between(since, until).to_numpy(), factor, 1.0)).astype(float)
    weekday = span.dt.weekday()
    return pl.DataFrame(
        {"period": span.dt.strftime("%Y-%m"), "group": "", "day": span, "weekday": weekday,
         "kind": ["weekend" if day > 5 else "working" for day in weekday], "feast": False,
         "monday": span.dt.truncate("1w"), "n": counts.astype(int), "sum_wx": counts}
    )  # fmt: skip


def found_in(days: pl.DataFrame, month: str = "2026-10") -> Run | None:
    columns, counts = design(days), days["sum_wx"].to_numpy()
    low, high = expected_between(fit(days, columns), 0.05 / days.height)
    return strongest_run(days, columns, month, (counts < low) | (counts > high))


@pytest.mark.parametrize("factor", [1.4, 0.7])
def test_three_weeks_in_a_row_are_found(factor: float) -> None:
    since, rng = date(2026, 10, 10), np.random.default_rng(4)
    for _ in range(3):
        days = drawn(rng, since=since, factor=factor)
        found = found_in(days)
        assert found is not None
        assert abs((found.first - since).days) <= 3 and (LAST - found.last).days <= 3
        assert found.value == days.filter(pl.col("day").is_between(found.first, found.last))["sum_wx"].sum()
        assert found.difference == pytest.approx(100 * (found.value / found.expected - 1), abs=0.5)
        assert found.low < 100 * (factor - 1) < found.high
        assert (found.low > 0) == (factor > 1) and (found.high < 0) == (factor < 1)
        assert found.p_value < 0.005


def test_a_usual_month_has_seldom_a_run() -> None:
    rng = np.random.default_rng(12)
    alarms = sum(found_in(drawn(rng)) is not None for _ in range(16))
    assert alarms <= 3  # 5 % of 16 and two Monte-Carlo errors


@pytest.mark.long
def test_a_usual_month_has_seldom_a_run_in_many() -> None:
    rng = np.random.default_rng(13)
    found = [found_in(drawn(rng)) for _ in range(400)]
    assert sum(run is not None for run in found) <= 0.05 * 400 + 3 * np.sqrt(400 * 0.05 * 0.95)
    assert sum(run is not None and run.p_value < 0.005 for run in found) <= 8


def test_one_wild_day_is_no_run() -> None:
    days = drawn(np.random.default_rng(5))
    wild = pl.when(pl.col("day") == date(2026, 10, 14)).then(600.0).otherwise("sum_wx")
    assert found_in(days.with_columns(sum_wx=wild)) is None


def test_six_weeks_are_looked_at_where_there_are_enough_before() -> None:
    days = drawn(np.random.default_rng(6))
    assert window(days, "2026-10").sum() == 42
    assert window(days.tail(90), "2026-10").sum() == 31
    assert window(days.tail(80), "2026-10").sum() == 0
    assert found_in(days.tail(80)) is None


def test_the_run_is_said_shown_and_listed() -> None:
    lasting = run(date(2026, 10, 10), date(2026, 10, 31), 40.0, 0.0005)
    result = days_by_hand(SCOPE, (12, 130.0, ""), (3, 150.0, "Outage"), run=lasting)
    told = say(result).text
    row = "10 October 2026 to 31 October 2026, 22 days in a row, 2,156 against 1,540 expected, +40 % (+26 to +54)"
    assert row.replace(" %", "\u202f%") in told.replace("\xa0", "\u202f") or row in told.replace("\xa0", " ")
    assert "more than chance explains" in told
    assert "By themselves: Saturday 3 October (Outage)" in told and "12 October" not in told
    assert "22 days in a row" in table(result).text
    assert "Shaded: 22 days in a row" in str(chart(result).spec)
    possible = run(LAST - timedelta(days=6), LAST, 20.0, 0.03)
    assert "one comparison in twenty" in say(days_by_hand(SCOPE, run=possible)).text
