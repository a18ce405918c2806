"""Next weeks' counts: against dumb loops, statsmodels' own intervals and simulated futures; nothing is known ahead."""

from __future__ import annotations

import warnings
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import t
from stats.volume_desk import HOLIDAYS, Row, build, known, row

from cxlib.errors import UsageError
from cxlib.metrics import Query, query
from cxlib.present.sentences import say
from cxlib.questions import forecast
from cxlib.questions.demand.forecast import HOLIDAY, Ahead, by_calendar, by_weeks, forecast_of, naive
from cxlib.results.types import NotKnown
from cxlib.stats.intervals import Array

Drawn = tuple[Array, Array, Array]
WEEKDAYS = np.array([1.25, 1.1, 1.05, 1.0, 0.95, 0.4, 0.25])
FACTORS = np.append(WEEKDAYS, 0.35)


def desk(seed: int, weeks: int, *, step: float = 0.02, dispersion: float = 1.5, level: float = 80.0) -> Drawn:
    """Draw daily counts of a level that walks at random, with holidays and a quiet December; strata; months."""
    rng = np.random.default_rng(seed)
    days = [date(2023, 11, 6) + timedelta(days=i) for i in range(7 * weeks)]
    strata = np.array([HOLIDAY if day.day == 11 and day.weekday() < 5 else day.weekday() for day in days])
    months = np.array([day.month for day in days])
    walk = level * np.exp(np.repeat(np.cumsum(rng.normal(0, step, weeks)), 7))
    mean = walk * FACTORS[strata] * np.where(months == 12, 0.75, 1.0)
    return rng.negative_binomial(mean / (dispersion - 1), 1 / dispersion).astype(np.float64), strata, months


def test_what_the_calendar_tells_is_found_exactly() -> None:
    strata = np.tile(np.arange(7), 46)
    strata[[9, 100, 7 * 41 + 2]] = HOLIDAY
    months = np.full(len(strata), 3)
    counts = np.array([[100, 90, 80, 70, 60, 20, 10, 15][each] for each in strata], dtype=np.float64)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = by_calendar(counts[: 7 * 40], strata, months, 6)
    assert found.value == pytest.approx([430, 430 - 80 + 15, 430, 430, 430, 430, 6 * 430 - 65], rel=1e-4)
    assert found.se == pytest.approx(np.zeros(7), abs=0.1)


def test_the_first_holiday_ever_counts_as_a_sunday() -> None:
    counts, strata, months = desk(3, 46)
    strata = strata % 7
    ahead = strata.copy()
    ahead[7 * 40 + 2] = HOLIDAY
    plain, with_holiday = (by_calendar(counts[: 7 * 40], each, months, 6).value for each in (strata, ahead))
    ratio = counts[: 7 * 40][strata[: 7 * 40] == 6].sum() / counts[: 7 * 40][strata[: 7 * 40] == 2].sum()
    wednesday = plain[0] - with_holiday[0]
    assert wednesday > 0
    assert wednesday == pytest.approx(plain[0] * 1.05 / WEEKDAYS.sum() * (1 - ratio), rel=0.1)
    assert (plain[1:6] == with_holiday[1:6]).all()


def test_level_and_interval_are_those_of_statsmodels() -> None:
    """Where every day is alike, the model is simple exponential smoothing of weeks with additive errors: ETS(A,N,N)."""
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    rng = np.random.default_rng(4)
    level = 6000 + np.cumsum(rng.normal(0, 150, 90))
    counts = np.repeat(level / 7, 7) + rng.normal(0, 8, 630)
    strata, months = np.zeros(672, dtype=np.int64), np.full(672, 3)
    found = by_calendar(counts, strata, months, 6)
    fitted = ETSModel(by_weeks(counts), error="add").fit(disp=False)
    errors = rng.normal(0, np.sqrt(fitted.scale), (6, 4000))
    paths = np.asarray(fitted.simulate(6, anchor="end", repetitions=4000, random_errors=errors))
    assert found.value[:-1] == pytest.approx(fitted.forecast(6), rel=0.002)
    assert found.se == pytest.approx([*paths.std(axis=1), paths.sum(axis=0).std()], rel=0.08)


def test_naive_repeats_and_its_error_is_that_it_had() -> None:
    counts, strata, months = desk(5, 70)
    weeks = [float(counts[7 * i : 7 * i + 7].sum()) for i in range(70)]
    for lag in (1, 52):
        found = naive(lag)(counts, strata, months, 3)
        errors: list[list[float]] = [[], [], [], []]
        for origin in range(lag, 70 - 3 + 1):
            wrong = [weeks[origin + h] - weeks[origin - lag + h % lag] for h in range(3)]
            for place, error in enumerate([*wrong, sum(wrong)]):
                errors[place].append(error)
        repeated = [weeks[70 - lag + h % lag] for h in range(3)]
        assert found.value == pytest.approx([*repeated, sum(repeated)])
        assert found.se == pytest.approx([float(np.sqrt(np.mean(np.square(each)))) for each in errors])


def test_the_backtest_is_that_of_a_dumb_loop() -> None:
    counts, strata, months = desk(6, 46)
    counts[7 * 34 :] *= 1.6  # a jump that no earlier week foretold
    found, test = forecast_of(counts[: 7 * 40], strata, months, 6)
    missed, totals = [], []
    wrong: dict[str, list[float]] = {"model": [], "naive": []}
    seen, scaled, held = 0.0, [], []
    for origin in range(19, 35):
        past = 7 * origin
        made = by_calendar(counts[:past], strata[: past + 42], months[: past + 42], 6)
        half = t.ppf(0.975, origin - 2) * made.se
        before = [counts[7 * i : 7 * i + 7].sum() for i in range(origin)]
        own = []
        for week in range(6):
            actual = counts[past + 7 * week : past + 7 * week + 7].sum()
            own.append(abs(actual - made.value[week]))
            wrong["naive"].append(abs(actual - before[-1]))
            held.append(abs(actual - made.value[week]) <= half[week])
            missed.append((actual - made.value[week]) / made.se[week])
            seen += actual
        wrong["model"] += own
        totals.append((counts[past : past + 42].sum() - made.value[6]) / made.se[6])
        scaled.append(np.mean(own) / np.mean(np.abs(np.diff(before))))
    assert (test.origins, test.naive) == (16, "the week before")
    assert test.beats
    assert test.error == pytest.approx(100 * sum(wrong["model"]) / seen)
    assert test.naive_error == pytest.approx(100 * sum(wrong["naive"]) / seen)
    assert test.mase == pytest.approx(np.mean(scaled))
    assert test.held == pytest.approx(100 * np.mean(held))
    own_se = by_calendar(counts[: 7 * 40], strata, months, 6).se
    assert test.widened == pytest.approx(max(np.sqrt(np.mean(np.square(missed))), 1.0))
    assert test.widened > 1.1
    assert found.se[:-1] == pytest.approx(own_se[:-1] * test.widened)
    assert found.se[-1] == pytest.approx(own_se[-1] * max(np.sqrt(np.mean(np.square(totals))), 1.0))


@pytest.mark.parametrize(("weeks", "step"), [(60, 0.0), (60, 0.02), (110, 0.02)])
def test_the_interval_holds_the_future(weeks: int, step: float) -> None:
    """95 % of futures less three Monte-Carlo standard errors; totals right after a second December hold less."""
    held, total, runs = 0, 0, 80
    for seed in range(runs):
        counts, strata, months = desk(1000 + seed, weeks + 6, step=step)
        found = by_calendar(counts[: 7 * weeks], strata, months, 6)
        actual = by_weeks(counts[7 * weeks :])
        held += int((np.abs(actual - found.value[:-1]) <= found.half[:-1]).sum())
        total += int(abs(actual.sum() - found.value[-1]) <= found.half[-1])
    assert 0.9 <= held / (6 * runs) <= 0.985
    assert total / runs >= 0.82


def test_a_quiet_december_is_expected_once_a_year_is_known() -> None:
    counts, strata, months = desk(7, 110, step=0.0)
    end = 7 * 56  # 1 December 2024 is the last day known
    quiet, unaware = (
        by_calendar(counts[:end], strata[: end + 28], each[: end + 28], 4).value
        for each in (months, np.full(len(months), 3))
    )
    actual = by_weeks(counts[end : end + 28])
    assert abs(quiet[:-1] / actual - 1).max() < 0.12
    assert (unaware[:-1] / actual).min() > 1.15


def test_where_seasonal_naive_is_closer_it_is_shown() -> None:
    rng = np.random.default_rng(8)
    year = np.repeat(rng.uniform(50, 150, 52), 7)
    counts = np.tile(year, 3)[: 7 * 130] + rng.integers(0, 3, 7 * 130)
    strata, months = np.tile(np.arange(7), 136), np.full(7 * 136, 3)
    found, test = forecast_of(counts, strata, months, 6)
    assert not test.beats
    assert test.naive == "the same week of the year before"
    assert found.value[0] == by_weeks(counts)[130 - 52]


def test_the_forecast_uses_settings_and_the_month_only(warsaw: Query, opened: list[tuple[datetime, Row]]) -> None:
    looked = query(warsaw.data, month="2026-04")
    answer = known(forecast("ticket_volume", looked, 2))
    end, begin = date(2026, 4, 30), date(2025, 2, 20)
    days = [begin + timedelta(days=i) for i in range((end - begin).days + 15)]
    tally = dict.fromkeys(days, 0)
    for at, _ in opened:
        if at.date() <= end:
            tally[at.date()] += 1
    counts = np.array([tally[day] for day in days if day <= end], dtype=np.float64)
    strata = np.array([HOLIDAY if day.weekday() < 5 and day in HOLIDAYS else day.weekday() for day in days])
    strata[days.index(date(2025, 12, 24))] = 2  # half a day is a working day
    made, test = forecast_of(counts, strata, np.array([day.month for day in days]), 2)
    ahead = answer.points.filter("ahead")
    assert ahead["value"].to_list() == pytest.approx(list(made.value[:-1]))
    assert ahead["low"].to_list() == pytest.approx(list((made.value - made.half)[:-1]))
    assert ahead["high"].to_list() == pytest.approx(list((made.value + made.half)[:-1]))
    assert answer.total.value == pytest.approx(made.value[-1])
    assert answer.backtest == test
    assert ahead["first"].to_list() == [date(2026, 5, 1), date(2026, 5, 8)]
    assert ahead["value"][0] < ahead["value"][1]  # 1 May is a holiday
    past = answer.points.filter(~answer.points["ahead"])
    assert past.height == 26
    for week in past.iter_rows(named=True):
        assert week["value"] == sum(tally[week["first"] + timedelta(days=i)] for i in range(7)) == week["n"]
    assert "1 to 7 May 2026" in say(answer).text


@pytest.mark.filterwarnings("error")
def test_what_comes_seldom_is_not_forecast_and_no_count_is_certain(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    busy = [datetime(2025, 3, 3, 9, tzinfo=UTC), datetime(2026, 10, 12, 9, tzinfo=UTC)]
    seldom = build(tmp_path / "desk", [row(n, busy[n % 2], "login", rng) for n in range(80)])
    answer = forecast("ticket_volume", seldom)
    assert isinstance(answer, NotKnown)
    assert "came in 1 of 86 weeks" in answer.reason
    days = 7 * 40
    same = forecast_of(np.full(days, 10.0), np.arange(days + 42) % 7, np.full(days + 42, 5), 6)[0]
    assert same.value[:6] == pytest.approx(np.full(6, 70.0))
    assert same.se == pytest.approx(np.sqrt(same.value))


def test_what_cannot_be_forecast_is_said(warsaw: Query) -> None:
    early = forecast("ticket_volume", query(warsaw.data, month="2025-08"))
    assert isinstance(early, NotKnown)
    assert "takes 32" in early.reason
    nobody = forecast("ticket_volume", warsaw.only("channel", "chat"))
    assert isinstance(nobody, NotKnown)
    for weeks in (0, 14):
        with pytest.raises(UsageError, match="1 to 13"):
            forecast("ticket_volume", warsaw, weeks)
    with pytest.raises(UsageError, match="no daily count"):
        forecast("inside_opening_hours", warsaw)


@pytest.mark.parametrize("kind", ["closed weekends", "rare", "one day", "alike", "new"])
def test_awkward_counts_give_finite_numbers_and_no_warning(kind: str) -> None:
    counts, strata, months = desk(9, 66)
    past = 7 * 60
    counts = counts[:past]
    if kind == "closed weekends":
        counts = np.where(strata[:past] >= 5, 0.0, counts)
    elif kind == "rare":
        counts = (np.arange(past) % 11 == 0).astype(np.float64)
    elif kind == "one day":
        counts = np.where(np.arange(past) == past - 3, 5.0, 0.0)
    elif kind == "alike":
        counts = np.full(past, 12.0)
    else:
        counts = np.where(np.arange(past) < past - 70, 0.0, counts)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found, test = forecast_of(counts, strata, months, 6)
    assert isinstance(found, Ahead)
    for numbers in (found.value, found.se, found.half, [test.error, test.naive_error, test.held]):
        assert np.isfinite(numbers).all()
        assert (np.asarray(numbers) >= 0).all()
