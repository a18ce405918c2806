"""Volume by day, week, year and working day, movers and seasons against dumb loops over literal rows."""

from __future__ import annotations

import math
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from stats.volume_desk import EMPTY_WEEK, FIRST, HOLIDAYS, LAST, Row, days_of, known, values, works

from cxlib.clock import day_kinds
from cxlib.errors import UsageError
from cxlib.metrics import Query, query
from cxlib.questions import movers, peaks, per_working_day, seasons, volume
from cxlib.settings import WEEKDAYS, ScheduleSettings
from cxlib.store.folder import open_data


def test_weeks_are_whole_and_a_week_without_tickets_is_zero(warsaw: Query, opened: list[tuple[datetime, Row]]) -> None:
    expected = {}
    monday = date(2025, 2, 24)  # the first ticket falls on a Thursday: its week is not whole
    while monday + timedelta(days=6) <= LAST:
        expected[f"{monday:%G-W%V}"] = sum(monday <= at.date() <= monday + timedelta(days=6) for at, _ in opened)
        monday += timedelta(days=7)
    found = values(volume("ticket_volume", warsaw, "week"))
    assert found == expected
    assert found[f"{EMPTY_WEEK:%G-W%V}"] == 0
    assert list(found) == sorted(expected)


def test_days_count_each_local_day_and_compare_with_the_same_weekday(
    warsaw: Query, opened: list[tuple[datetime, Row]]
) -> None:
    answer = known(volume("ticket_volume", warsaw, "day"))
    counts = Counter(at.date() for at, _ in opened)
    every = pl.date_range(FIRST, LAST, eager=True).to_list()
    assert values(answer) == {f"{day}": counts[day] for day in every}
    assert (answer.change.period, answer.change.baseline) == ("2026-10-31", "2026-10-24")
    assert answer.last_year.baseline == "2025-11-01"
    assert answer.change.difference == counts[LAST] - counts[LAST - timedelta(days=7)]


def test_years_are_the_same_months_and_left_out_where_the_data_begin_later(
    warsaw: Query, opened: list[tuple[datetime, Row]]
) -> None:
    answer = known(volume("ticket_volume", warsaw, "year"))
    assert values(answer) == {"2026-01/2026-10": sum(at.year == 2026 for at, _ in opened)}
    assert answer.change is None


@pytest.mark.parametrize("month", ["2025-02", "2025-04", "2025-05", "2025-12", "2026-02", "2026-10"])
def test_per_working_day_divides_by_the_working_days_observed(
    month: str, warsaw: Query, opened: list[tuple[datetime, Row]]
) -> None:
    days = [day for day in days_of(month) if works(day)]
    expected = sum(at.date() in days for at, _ in opened) / len(days)
    answer = known(per_working_day("ticket_volume", warsaw))
    point = answer.points.filter(pl.col("period") == month).row(0, named=True)
    assert (point["value"], point["units"]) == (pytest.approx(expected), len(days))
    if month == "2025-02":
        assert len(days) == 7  # of the 20 working days of that February


def quasi_poisson_scale(opened: list[tuple[datetime, Row]], days: list[date]) -> float:
    """Dispersion of daily counts around the means of the class of day and month, by statsmodels.

    Holidays are a class of their own, at a weekend another, and so is the half day.
    """
    import statsmodels.api as sm

    counts = Counter(at.date() for at, _ in opened)
    special = {day: "half" if works(day) else day.weekday() > 4 for day in days if day in HOLIDAYS}
    special[date(2025, 12, 24)] = "half"
    named = [f"{day:%Y-%m} {special.get(day, day.isoweekday())}" for day in days]
    strata = pl.Series(named).to_dummies().to_numpy().astype(float)
    observed = np.array([counts[day] for day in days], dtype=float)
    usual = strata.T @ observed
    kept = strata @ usual > 0
    fitted = sm.GLM(observed[kept], strata[kept][:, usual > 0], family=sm.families.Poisson()).fit(scale="X2")
    return max(1.0, float(fitted.scale))


def test_errors_are_those_of_a_quasi_poisson_model(warsaw: Query, opened: list[tuple[datetime, Row]]) -> None:
    every = pl.date_range(FIRST, LAST, eager=True).to_list()
    rate = known(per_working_day("ticket_volume", warsaw)).points.row(-1, named=True)
    scale = quasi_poisson_scale(opened, [day for day in every if works(day)])
    assert rate["se"] == pytest.approx(math.sqrt(rate["n"] * scale) / rate["units"], rel=1e-6)
    week = known(volume("ticket_volume", warsaw, "week")).points.row(-1, named=True)
    whole = [day for day in every if date(2025, 2, 24) <= day <= date(2026, 10, 25)]
    assert week["se"] == pytest.approx(math.sqrt(week["n"] * quasi_poisson_scale(opened, whole)), rel=1e-6)


def test_a_change_per_working_day_is_that_of_its_two_figures(warsaw: Query) -> None:
    answer = known(per_working_day("ticket_volume", warsaw))
    level = values(answer)
    assert answer.change.plain == pytest.approx(level["2026-10"] - level["2026-09"])
    assert answer.last_year.plain == pytest.approx(level["2026-10"] - level["2025-10"])
    for change in (answer.change, answer.last_year):
        assert (change.p_value < 0.05) == (not change.low <= 0 <= change.high)


def test_the_planted_rise_is_found_and_nothing_else(warsaw: Query, opened: list[tuple[datetime, Row]]) -> None:
    answer = known(movers("ticket_volume", warsaw, "category"))
    rows = {row["group"]: row for row in answer.points.iter_rows(named=True)}
    for category, found in rows.items():
        rates = []
        for month in ("2026-10", "2025-10"):
            days = [day for day in days_of(month) if works(day)]
            rates.append(sum(r["category"] == category and at.date() in days for at, r in opened) / len(days))
        assert (found["value"], found["before"]) == (pytest.approx(rates[0]), pytest.approx(rates[1]))
        assert found["difference"] == pytest.approx((rates[0] / rates[1] - 1) * 100)
    assert {name for name, found in rows.items() if (found["p_adjusted"] or 1.0) < 0.05} == {"delivery"}
    ends = (1 + rows["delivery"]["low_difference"] / 100, 1 + rows["delivery"]["high_difference"] / 100)
    error = math.log(ends[1] / ends[0]) / (2 * 1.959964)
    assert abs(math.log(1 + rows["delivery"]["difference"] / 100) - math.log(1.6)) < 3 * error


def test_the_rise_planted_in_the_demo_is_found(small_demo: Path) -> None:
    rows = known(movers("ticket_volume", query(open_data(str(small_demo)), month="2026-10"), "category")).points
    delivery = rows.filter(pl.col("group") == "delivery").row(0, named=True)
    ends = [math.log(1 + delivery[name] / 100) for name in ("low_difference", "high_difference")]
    growth = 1.6 * (1 + 0.004 * 17) / (1 + 0.004 * 5)
    assert abs(math.log(1 + delivery["difference"] / 100) - math.log(growth)) < 3 * (ends[1] - ends[0]) / 3.92


def test_groups_with_too_few_rows_are_not_compared(warsaw: Query) -> None:
    answer = known(movers("ticket_volume", warsaw.only("hour", "0").only("category", "invoice"), "channel"))
    assert answer.points["n"].max() < 10
    assert answer.points["difference"].null_count() == answer.points.height > 0
    assert not (answer.points["p_adjusted"] < 0.05).any()


def test_december_is_compared_with_the_months_around_it(warsaw: Query) -> None:
    from scipy.stats import t

    level = values(per_working_day("ticket_volume", warsaw))
    rows = known(seasons("ticket_volume", warsaw)).points
    assert rows["group"].to_list() == ["2025-12"]  # July 2025 has a February that is not whole, July 2026 no December
    around = [f"2025-{m:02d}" for m in range(8, 12)] + [f"2026-{m:02d}" for m in range(1, 6)]
    logs = [math.log(level[month]) for month in around]
    mean = sum(logs) / 9
    error = math.sqrt(sum((x - mean) ** 2 for x in logs) / 8 * (1 + 1 / 9))
    log = math.log(level["2025-12"]) - mean
    found = rows.row(0, named=True)
    assert found["difference"] == pytest.approx((math.exp(log) - 1) * 100)
    assert found["low_difference"] == pytest.approx((math.exp(log - 2.306004 * error) - 1) * 100, rel=1e-5)
    assert found["p_value"] == pytest.approx(2 * t.sf(abs(log) / error, 8))


def test_the_december_of_the_demo_is_found(small_demo: Path) -> None:
    found = known(seasons("ticket_volume", query(open_data(str(small_demo)), month="2026-10"))).points.row(
        0, named=True
    )
    half = math.log((100 + found["high_difference"]) / (100 + found["low_difference"])) / 2
    assert abs(math.log(1 + found["difference"] / 100) - math.log(0.76)) < 3 * half / 2.306004


def test_only_daily_counts_have_days_weeks_and_hours(warsaw: Query) -> None:
    for ask in (volume, per_working_day, movers, seasons, peaks):
        with pytest.raises(UsageError, match="ticket_volume"):
            ask("csat", warsaw)


def test_the_kinds_of_day_know_half_days_and_closed_weekdays() -> None:
    hours = {day: ["09:00-17:00"] for day in WEEKDAYS[:5]}
    plan = ScheduleSettings(hours=hours, holidays="PL", half_days={"2026-12-24": ["08:00-12:00"], "2026-12-31": []})
    days = pl.Series([date(2026, 12, day) for day in (23, 24, 25, 26, 27, 31)])
    assert day_kinds(days, plan).to_list() == ["working", "working", "holiday", "weekend", "weekend", "holiday"]
    assert day_kinds(days.clear(), plan).to_list() == []
    unset = ScheduleSettings(holidays="PL")  # nobody said on which weekdays the desk works
    assert day_kinds(days, unset).to_list() == ["working", "holiday", "holiday", "holiday", "working", "working"]
