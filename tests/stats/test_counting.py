"""The model of daily counts, lasting steps and unusual days: by hand, by statsmodels' formulas, by simulation."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from stats.volume_desk import FIRST, HOLIDAYS, LAST, RISE, ZONE, Row, build, known, row as ticket, works

from cxlib.estimates.daily_model import Model, design, fit, observed_days, weekly_dispersion
from cxlib.metrics import Query
from cxlib.present.sentences import say
from cxlib.questions import count_model, level_shift, unusual_days
from cxlib.questions.demand.calendar_effects import _years
from cxlib.questions.demand.level_shift import strongest
from cxlib.questions.demand.unusual_days import expected_between
from cxlib.results.types import NotKnown
from cxlib.settings import Event

DAYS = [FIRST + timedelta(days=i) for i in range((LAST - FIRST).days + 1)]


def by_formula(
    opened: list[tuple[datetime, Row]], step: date | None
) -> tuple[dict[str, float], dict[str, float], float]:
    """Fit the model anew from literal rows by statsmodels' formulas: parameters, errors at dispersion 1, dispersion."""
    import statsmodels.api as sm
    import statsmodels.formula.api as smf

    counts = Counter(at.date() for at, _ in opened)
    off = {day for day in DAYS if day in HOLIDAYS and not works(day)}
    closed_weeks = {day - timedelta(days=day.weekday()) for day in off if day.weekday() < 5}
    rows = {
        "y": [counts[day] for day in DAYS],
        "kind": [("holiday" if day.weekday() < 5 else "weekend") if day in off else str(day.weekday()) for day in DAYS],
        "december": [int(day.month == 12) for day in DAYS],
        "july": [int(day.month == 7) for day in DAYS],
        "near": [int(day - timedelta(days=day.weekday()) in closed_weeks and day not in off) for day in DAYS],
        "past": [(day - LAST).days / 365.25 for day in DAYS],
        "after": [int(step is not None and day >= step) for day in DAYS],
    }
    formula = "y ~ C(kind) + past + december + july + near - 1" + (" + after" if step else "")
    found = smf.glm(
        formula, {name: np.array(values) for name, values in rows.items()}, family=sm.families.Poisson()
    ).fit()
    dispersion = found.pearson_chi2 / found.df_resid
    return dict(found.params), dict(found.bse), float(dispersion)


def test_the_effects_are_those_of_the_same_model_written_as_a_formula(
    warsaw: Query, opened: list[tuple[datetime, Row]]
) -> None:
    points = known(count_model("ticket_volume", warsaw)).points
    shown = dict(points.select("group", "value").iter_rows())
    step = next((date.fromisoformat(name[5:]) for name in shown if name.startswith("step")), None)
    values, errors, dispersion = by_formula(opened, step)
    working = sum(values[f"C(kind)[{day}]"] for day in range(5)) / 5
    named = {"december": "month 12", "july": "month 7", "near": "weeks with a holiday", "past": "trend"}
    expected = {name: values[own] for own, name in named.items()}
    expected |= {f"weekday {day + 1}": values[f"C(kind)[{day}]"] - working for day in range(7)}
    expected |= {"holiday": values["C(kind)[holiday]"] - working}
    expected |= {"holiday at a weekend": values["C(kind)[weekend]"] - working}
    expected |= {f"step {step}": values["after"]} if step else {}
    assert shown == {
        name: pytest.approx(100 * math.expm1(value), rel=1e-5, abs=1e-5) for name, value in expected.items()
    }
    assert dispersion > 1
    december = points.row(by_predicate=pl.col("group") == "month 12", named=True)
    least = errors["december"] * math.sqrt(dispersion) * (100 + december["value"])
    assert december["se"] >= least  # weeks vary no less than their days


def test_a_step_has_the_value_and_error_of_the_formula(warsaw: Query, opened: list[tuple[datetime, Row]]) -> None:
    days = observed_days_of(warsaw)
    model = fit(days, design(days, [RISE]))
    values, errors, dispersion = by_formula(opened, RISE)
    value, error = model.effect({f"step {RISE}": 1.0}, lasts=False)
    assert (value, error) == (
        pytest.approx(values["after"], rel=1e-5), pytest.approx(errors["after"] * math.sqrt(dispersion), rel=1e-4)
    )  # fmt: skip
    assert model.effect({f"step {RISE}": 1.0})[1] >= error


def test_rows_and_days_behind_an_effect_are_counted(warsaw: Query, opened: list[tuple[datetime, Row]]) -> None:
    points = known(count_model("ticket_volume", warsaw)).points
    counts = Counter(at.date() for at, _ in opened)
    mondays = [day for day in DAYS if day.weekday() == 0 and (day not in HOLIDAYS or works(day))]
    holidays = [day for day in DAYS if day in HOLIDAYS and not works(day) and day.weekday() < 5]
    july = [day for day in DAYS if day.month == 7]
    for group, days in {"weekday 1": mondays, "holiday": holidays, "month 7": july, "trend": DAYS}.items():
        row = points.row(by_predicate=pl.col("group") == group, named=True)
        assert (row["n"], row["units"]) == (sum(counts[day] for day in days), len(days))


def test_times_of_the_year_are_told_with_the_years_they_were_seen_in(warsaw: Query) -> None:
    labels = dict(known(count_model("ticket_volume", warsaw)).points.select("group", "label").iter_rows())
    assert labels["month 12"] == "December, seen in 1 of 1 year"
    assert labels["month 7"] == "July, seen in 0 of 2 years"  # nothing was planted there


@pytest.mark.parametrize(("factors", "seen"), [((0.6, 0.6), 2), ((0.6, 1.0), 1), ((0.6, 1.7), 1), ((1.7, 1.7), 2)])
def test_a_time_of_the_year_is_seen_in_the_years_it_goes_the_same_way(
    calendar: pl.DataFrame, factors: tuple[float, float], seen: int
) -> None:
    days = drawn(calendar.with_columns(month=pl.lit(1)), np.random.default_rng(4), 30.0, 0.0)
    for year, factor in zip((2025, 2026), factors, strict=True):
        july = (pl.col("day").dt.month() == 7) & (pl.col("day").dt.year() == year)
        days = days.with_columns(sum_wx=pl.when(july).then((factor * pl.col("sum_wx")).round()).otherwise("sum_wx"))
    assert _years(days, "month 7") == f", seen in {seen} of 2 years"


def test_weeks_that_resemble_each_other_widen_what_lasts() -> None:
    weeks = pl.Series([date(2026, 1, 5) + timedelta(weeks=i) for i in range(100)])
    level = np.full(100, 4.0)
    turning = np.where(np.arange(100) % 2, 2.0, -2.0)
    lasting = np.where(np.arange(100) < 50, 2.0, -2.0)
    assert weekly_dispersion(weeks, turning, level, 0) == (pytest.approx(1.0), 100)
    related = (2 * 49 - 1 + 0) / 100  # 98 equal neighbours, one pair apart
    assert weekly_dispersion(weeks, lasting, level, 0)[0] == pytest.approx((1 + 0.9) / (1 - 0.9))
    assert related > 0.9  # so the correlation was held at .9


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Query:
    """Return a desk of three even categories, of which "delivery" rose 1.6-fold for good on a Monday."""
    rng, rows = np.random.default_rng(21), list[Row]()
    for day in DAYS:
        level = 4.0 if day.weekday() > 4 or day in HOLIDAYS else 12.0
        for category, factor in {"delivery": 1.6 if day >= RISE else 1.0, "login": 1.0, "invoice": 0.7}.items():
            for _ in range(int(rng.poisson(level * factor))):
                rows.append(ticket(len(rows), datetime(day.year, day.month, day.day, 10, tzinfo=ZONE), category, rng))
    return build(tmp_path_factory.mktemp("busy") / "desk", rows)


def test_the_step_is_found_where_it_is_and_nowhere_else(busy: Query) -> None:
    answer = known(level_shift("ticket_volume", busy, "category"))
    found = {row["group"]: row for row in answer.points.iter_rows(named=True)}
    assert (
        "delivery"
        in {group for group, row in found.items() if row["p_adjusted"] is not None and row["p_adjusted"] < 0.05}
        <= {"(all)", "delivery"}
    )
    assert found["delivery"]["low"] < 60 < found["delivery"]["high"]
    assert found["delivery"]["p_value"] <= 0.001
    weeks = [
        f"delivery, from {(RISE + timedelta(weeks=by)).day} {name} 2026" for by, name in ((-1, "April"), (0, "May"))
    ]
    assert found["delivery"]["label"] in weeks
    assert found["delivery"]["label"] in say(answer).text


def test_interval_and_p_of_a_step_agree(warsaw: Query) -> None:
    for row in known(level_shift("ticket_volume", warsaw, "category")).points.iter_rows(named=True):
        assert (row["p_value"] < 0.05) == (row["low"] > 0 or row["high"] < 0)


def drawn(days: pl.DataFrame, rng: np.random.Generator, level: float, spread: float, step: float = 0.0) -> pl.DataFrame:
    """Return these days with new counts: weekdays, holidays, July and December; `spread` of weeks, overdispersed."""
    weekday, month, feast = (days[name].to_numpy() for name in ("weekday", "month", "feast"))
    usual = np.array([1.3, 1.15, 1.1, 1.05, 1.0, 0.45, 0.35])[weekday - 1] * np.where(feast, 0.35, 1.0)
    usual = usual * np.where(month == 12, 0.76, np.where(month == 7, 0.8, 1.0)) * level
    weeks = rng.normal(0, spread, days["monday"].n_unique())[days["monday"].rank("dense").to_numpy() - 1]
    mean = usual * np.exp(weeks + step * (days["day"] >= date(2026, 5, 4)).to_numpy())
    return days.with_columns(sum_wx=pl.Series(rng.poisson(rng.gamma(mean / 0.3, 0.3)).astype(float)))


@pytest.fixture
def calendar(warsaw: Query) -> pl.DataFrame:
    days = observed_days_of(warsaw)
    return days.with_columns(month=pl.col("day").dt.month())


def observed_days_of(query: Query) -> pl.DataFrame:
    from cxlib.metrics import get

    return known(observed_days(get("ticket_volume"), query))


@pytest.mark.parametrize(("level", "spread"), [(30.0, 0.0), (3.0, 0.0), (30.0, 0.08)])
def test_no_step_is_seldom_found_where_there_is_none(calendar: pl.DataFrame, level: float, spread: float) -> None:
    rng = np.random.default_rng(5)
    steps = [strongest(drawn(calendar, rng, level, spread)) for _ in range(60)]
    alarms = sum(step is not None and step.p_value < 0.05 for step in steps)
    assert alarms <= 8  # 5 % of 60 and three Monte-Carlo errors


def wandering(days: pl.DataFrame, rng: np.random.Generator, related: float, spread: float) -> pl.DataFrame:
    """Return these days with counts of 30 a day times a weekly level that resembles the one before, without a step."""
    place = days["monday"].rank("dense").to_numpy() - 1
    level = rng.normal(0, spread, int(place.max()) + 1)
    for week in range(1, len(level)):
        level[week] = related * level[week - 1] + np.sqrt(1 - related**2) * level[week]
    return days.with_columns(sum_wx=pl.Series(rng.poisson(30 * np.exp(level[place])) * 1.0))


def test_weeks_that_resemble_each_other_make_no_step(calendar: pl.DataFrame) -> None:
    """Weekly levels that wander (correlation .7) look like steps: held for independent weeks, most would be one."""
    rng = np.random.default_rng(9)
    steps = [strongest(wandering(calendar, rng, 0.7, 0.15)) for _ in range(30)]
    # an eighth of 30 as METHODS tells, and two Monte-Carlo errors
    assert sum(step is not None and step.p_value < 0.05 for step in steps) <= 7


def test_the_interval_of_a_step_covers_it(calendar: pl.DataFrame) -> None:
    rng = np.random.default_rng(6)
    steps = [strongest(drawn(calendar, rng, 30.0, 0.05, step=0.3)) for _ in range(40)]
    inside = [abs(step.value - 0.3) <= step.limit * step.error for step in steps if step]
    assert len(inside) == 40
    assert sum(inside) >= 36
    near = [abs((step.day - date(2026, 5, 4)).days) <= 14 for step in steps if step]
    assert sum(near) >= 36


def test_effects_cover_the_truth(calendar: pl.DataFrame) -> None:
    rng = np.random.default_rng(7)
    truth = {"trend": 0.0, "month 12": math.log(0.76), "weekday 6": math.log(0.45 / 1.3)}
    inside: Counter[str] = Counter()
    for _ in range(150):
        days = drawn(calendar, rng, 30.0, 0.06)
        model = fit(days, {name: column for name, column in design(days).items() if name != "weekday 1"})
        for name, value in truth.items():
            found, error = model.effect({name: 1.0}, lasts=not name.startswith("weekday"))
            inside[name] += abs(found - value) < 1.99 * error
    assert all(inside[name] >= 134 for name in truth), inside  # 95 % of 150 less three Monte-Carlo errors


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory, warsaw_tickets: list[Row]) -> Iterator[Query]:
    """Give the desk with thirty more tickets on one Friday and none on a Tuesday; both have a dated event."""
    rng = np.random.default_rng(3)
    friday, tuesday = date(2026, 10, 9), date(2026, 10, 20)
    rows = [row for row in warsaw_tickets if row["created_at"].astimezone(ZONE).date() != tuesday]
    noon = datetime(2026, 10, 9, 12, tzinfo=ZONE)
    rows += [ticket(10**6 + i, noon + timedelta(minutes=i), "login", rng) for i in range(40)]
    query = build(tmp_path_factory.mktemp("crowded") / "desk", rows)
    events = (Event(friday, "Outage"), Event(date(2020, 1, 1), "Long ago"))
    yield replace(query, data=replace(query.data, settings=replace(query.data.settings, events=events)))
    assert tuesday < LAST


def test_unusual_days_are_found_and_named(crowded: Query, warsaw: Query) -> None:
    answer = known(unusual_days("ticket_volume", crowded))
    outside = answer.points.filter(pl.col("outside")).select("day", "what").rows()
    assert outside == [(date(2026, 10, 9), "Outage"), (date(2026, 10, 20), "")]
    assert answer.points["day"].to_list() == [date(2026, 10, day) for day in range(1, 32)]
    assert "Friday 9 October (Outage)" in say(answer).text
    assert not known(unusual_days("ticket_volume", warsaw)).points["outside"].any()


def test_public_holidays_are_named_and_expected(warsaw: Query) -> None:
    answer = known(unusual_days("ticket_volume", replace(warsaw, month="2026-05")))
    may = dict(answer.points.select("day", "what").iter_rows())
    assert may[date(2026, 5, 1)]
    assert may[date(2026, 5, 5)] == ""
    expected = dict(answer.points.select("day", "expected").iter_rows())
    assert expected[date(2026, 5, 1)] < 0.6 * expected[date(2026, 5, 8)]


def test_a_new_day_has_the_variance_of_its_count_and_of_what_is_expected() -> None:
    """Expected 100 with dispersion 1.5, its logarithm with variance .005 at dispersion 1 and weeks of 2."""
    from scipy.stats import nbinom, poisson

    one, off = np.ones(1), np.ones(1, dtype=bool)
    model = Model(off, 100 * one, (), np.empty(0), np.empty((0, 0)), 0.005 * one, 1.5, 2.0, 50.0)
    variance = 1.5 * 100 + 100**2 * 0.005 * 2.0
    assert variance == 250
    usual = nbinom(100**2 / (variance - 100), 100 / variance)  # mean 100, variance 250
    low, high = expected_between(model, 0.05)
    assert (low[0], high[0]) == (usual.ppf(0.025), usual.ppf(0.975)) == (71.0, 133.0)
    sure = replace(model, error=0 * one, dispersion=1.0)
    assert [float(end[0]) for end in expected_between(sure, 0.05)] == [poisson.ppf(0.025, 100), poisson.ppf(0.975, 100)]


def test_a_usual_month_has_seldom_an_unusual_day(calendar: pl.DataFrame) -> None:
    rng, alarms = np.random.default_rng(8), 0
    last = (calendar["period"] == "2026-10").to_numpy()
    for _ in range(150):
        days = drawn(calendar, rng, 15.0, 0.0)
        low, high = expected_between(fit(days, design(days)), 0.05 / 31)
        counts = days["sum_wx"].to_numpy()
        alarms += bool(((counts < low) | (counts > high))[last].any())
    assert alarms <= 15  # 5 % of 150 and three Monte-Carlo errors


@pytest.mark.parametrize("ask", [count_model, level_shift, unusual_days])
def test_too_few_weeks_and_too_few_rows_are_told(ask: object, tmp_path: Path, warsaw_tickets: list[Row]) -> None:
    lately = [row for row in warsaw_tickets if row["created_at"].date() > date(2026, 9, 10)]
    short = ask("ticket_volume", build(tmp_path / "short", lately))  # type: ignore[operator]
    assert isinstance(short, NotKnown)
    assert "needs 10 weeks" in short.reason
    sparse = ask("ticket_volume", build(tmp_path / "sparse", warsaw_tickets[::40]))  # type: ignore[operator]
    assert isinstance(sparse, NotKnown)
    assert "too little" in sparse.reason


def test_small_groups_and_days_never_worked_have_reasons(tmp_path: Path, warsaw_tickets: list[Row]) -> None:
    weekdays = [row for row in warsaw_tickets if row["created_at"].astimezone(ZONE).weekday() < 5]
    kept = [row for i, row in enumerate(weekdays) if row["category"] != "invoice" or i % 30 == 0]
    query = build(tmp_path / "desk", kept)
    points = known(count_model("ticket_volume", query)).points
    reasons = dict(points.select("group", "reason").iter_rows())
    assert reasons["weekday 7"] == "no row falls on such a day"
    assert reasons["weekday 1"] is None
    assert (
        not points.filter(pl.col("value").is_not_null())
        .select("se", "low", "high", "p_value")
        .null_count()
        .sum_horizontal()[0]
    )
    shifted = known(level_shift("ticket_volume", query, "category")).points
    assert "half of the working days" in dict(shifted.select("group", "reason").iter_rows())["invoice"]


def test_a_group_that_is_new_has_a_reason_and_no_percent(tmp_path: Path, warsaw_tickets: list[Row]) -> None:
    kept = [row for row in warsaw_tickets if row["category"] != "login" or row["created_at"].date() > date(2025, 10, 1)]
    row = known(level_shift("ticket_volume", build(tmp_path / "desk", kept), "category")).points.filter(group="login")
    assert row.select("value", "low", "high", "p_value", "p_adjusted").row(0) == (None, None, None, None, None)
    assert row["reason"][0] == "too little on one side to say by how much"
