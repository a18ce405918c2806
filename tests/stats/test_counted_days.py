"""Counts of days: observed days are the units, few of them are Poisson, and a count of nothing is zero days long."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from scipy.stats import gamma, norm, t
from stats.volume_desk import ZONE, build, known, row as ticket

from cxlib.estimates.counted_days import scatter
from cxlib.estimates.estimate_table import EstimateTable, of_days
from cxlib.metrics import Query, get
from cxlib.questions import figures, volume

# Garwood's limits of a Poisson count, as in his table of 1936
GARWOOD = {0: (0.0, 3.689), 1: (0.0253, 5.572), 5: (1.623, 11.668), 20: (12.217, 30.888), 40: (28.577, 54.469)}


def total_of(counts: Sequence[int], first: date = date(2026, 6, 1)) -> EstimateTable:
    """Return the total of one month's days."""
    days = [first + timedelta(days=place) for place in range(len(counts))]
    frame = pl.DataFrame(
        {"period": f"{first:%Y-%m}", "group": "", "day": days, "alike": [day.isoweekday() for day in days],
         "n": list(counts), "sum_wx": [float(count) for count in counts]}
    )  # fmt: skip
    return of_days(get("ticket_volume"), frame, scatter(frame))


def interval(found: EstimateTable) -> tuple[float, float]:
    row = found.points().row(0, named=True)
    return row["low"], row["high"]


def widened(total: float, dispersion: float, tail: float) -> tuple[float, float]:
    """Garwood's limits of total ÷ dispersion events, each worth the dispersion."""
    events = total / dispersion
    return dispersion * gamma.ppf(tail, events), dispersion * gamma.isf(tail, events + 1)


@pytest.mark.parametrize("count", [1, 5, 20, 40])
@pytest.mark.parametrize("days", [1, 2, 3])
def test_few_days_are_poisson(count: int, days: int) -> None:
    counts = [count - count // days * (days - 1), *[count // days] * (days - 1)]
    assert interval(total_of(counts)) == pytest.approx(GARWOOD[count], abs=0.001)


def test_a_day_of_forty_among_days_without_any_is_more_than_poisson() -> None:
    low, high = interval(total_of([40, *[0] * 29]))
    assert 0 <= low < 20 and 60 < high < 500  # one burst says little, but no millions


def test_thin_days_vary_around_their_month() -> None:
    counts = [2 if day in (3, 4, 5, 9, 15, 16, 19, 25, 26, 28) else 0 for day in range(1, 32)]
    sides = [[counts[day - 1] for day in range(1, 32) if (date(2026, 3, day).weekday() > 4) == off] for off in (0, 1)]
    misfit = sum((x - np.mean(side)) ** 2 / np.mean(side) for side in sides for x in side)
    dispersion, freedom = misfit / 29, 29 * 2 / (2 + 3 * (misfit / 29 - 1) / np.mean(counts))
    found = total_of(counts, date(2026, 3, 1))
    assert dispersion == pytest.approx(np.var(counts, ddof=1) / np.mean(counts), abs=0.05)
    assert found.points()["units"][0] == 31
    assert interval(found) == pytest.approx(widened(20, dispersion, norm.sf(t.ppf(0.975, freedom))))
    assert 10 < interval(found)[0] < 12 and 31 < interval(found)[1] < 36


def test_busy_days_vary_around_their_weekdays() -> None:
    counts = [int(x) for x in np.random.default_rng(5).negative_binomial(3, 0.1, 30)]
    by_weekday: dict[int, list[int]] = defaultdict(list)
    for place, count in enumerate(counts):
        by_weekday[place % 7].append(count)
    misfit = sum((x - np.mean(xs)) ** 2 / np.mean(xs) for xs in by_weekday.values() for x in xs)
    dispersion, freedom = misfit / 23, 23 * 2 / (2 + 3 * (misfit / 23 - 1) / np.mean(counts))
    found = total_of(counts)
    assert found.figures.se[0] == pytest.approx(np.sqrt(dispersion * sum(counts)))
    assert interval(found) == pytest.approx(widened(sum(counts), dispersion, norm.sf(t.ppf(0.975, freedom))))


def test_even_days_are_poisson() -> None:
    assert total_of([10] * 14).figures.se[0] == pytest.approx(np.sqrt(140))


def test_a_closed_weekday_has_no_say_in_how_much_days_vary() -> None:
    rng = np.random.default_rng(8)
    counts = [int(rng.negative_binomial(4, 0.2)) if place % 7 < 5 else 0 for place in range(28)]
    closed = total_of(counts)
    five = [count for place, count in enumerate(counts) if place % 7 < 5]
    misfit = sum(float(np.var(five[place::5]) * 4 / np.mean(five[place::5])) for place in range(5))
    assert closed.figures.se[0] == pytest.approx(np.sqrt(misfit / 15 * sum(counts)))
    assert closed.points()["units"][0] == 28


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Query:
    """A desk that begins on 30 September: that day and the next, then a week in October, one holiday in November."""
    days = {date(2026, 9, 30): 12, date(2026, 10, 5): 3, date(2026, 10, 6): 9, date(2026, 11, 11): 40}
    at = [datetime(day.year, day.month, day.day, 10, tzinfo=ZONE) for day, often in days.items() for _ in range(often)]
    real = {"status": "open", "opened_by": "customer"}
    rows = [ticket(number, when, "login", np.random.default_rng(1)) | real for number, when in enumerate(at)]
    return build(tmp_path_factory.mktemp("few") / "desk", rows, extracted=datetime(2026, 12, 1, tzinfo=ZONE))


def test_days_before_the_data_begin_are_no_days(few: Query) -> None:
    found = figures(few, ["2026-09", "2026-10"], names=["ticket_volume"])
    assert found.select("n", "independent_units").rows() == [(12, 1), (12, 31)]
    low, high = widened(12, 1.0, 0.025)
    assert found.select("low", "high").row(0) == pytest.approx((low, high))
    assert 0 < found["low"][1] < low and high < found["high"][1] < 100


def test_on_one_holiday_there_is_one_day_for_holidays(few: Query) -> None:
    found = figures(few, ["2026-11"], "arrival", ["ticket_volume"]).row(0, named=True)
    assert (found["group"], found["n"], found["independent_units"]) == ("holiday", 40, 1)
    assert (found["low"], found["high"]) == pytest.approx(GARWOOD[40], abs=0.001)


def test_a_day_a_week_a_rate_of_few_days_is_poisson(few: Query) -> None:
    for grain in ("day", "week"):
        points = known(volume("ticket_volume", few, grain)).points
        assert (points["high"] < 200).all() and (points["low"] >= 0).all()


def test_a_month_without_such_a_time_of_arrival_has_no_value(few: Query) -> None:
    holidays_only = few.only("arrival", "holiday")
    none = figures(holidays_only, ["2026-10"], names=["ticket_volume"], change=True).row(0, named=True)
    assert (none["n"], none["value"], none["difference"]) == (0, None, None)
    november = figures(holidays_only, ["2026-11"], names=["ticket_volume"]).row(0, named=True)
    assert (november["n"], november["independent_units"]) == (40, 1)
