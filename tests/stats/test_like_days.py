"""Months that are not alike: counts are judged on like days, and what the calendar makes is stated beside."""

from __future__ import annotations

import math
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from stats.volume_desk import HOLIDAYS, SETTINGS, ZONE, known, works

from cxlib.clock import day_kinds
from cxlib.derive import derive
from cxlib.estimates.counted_days import day_classes, like_days, scatter
from cxlib.estimates.estimate_table import of_days
from cxlib.metrics import Query, get, query
from cxlib.present.sentences import say
from cxlib.present.tables import table
from cxlib.questions import change, figures, per_working_day, trend, volume
from cxlib.settings import WEEKDAYS, ScheduleSettings, Settings
from cxlib.stats.differences import difference
from cxlib.store.folder import open_data, write_manifest
from cxlib.tables.schema import conform

Class = int | str
FIRST, LAST = date(2025, 9, 1), date(2026, 11, 30)


def class_of(day: date) -> Class:
    """Return what kind of day it is: weekday, holiday, holiday at a weekend, half day."""
    if day in HOLIDAYS and not works(day):
        return "holiday" if day.weekday() < 5 else "holiday at a weekend"
    return "half day" if day == date(2025, 12, 24) else day.isoweekday()


def split(counts: Counter[date], after: list[date], before: list[date]) -> tuple[float, float]:
    """Return what like days and what the calendar make of a difference of totals, class by class."""
    like = calendar = 0.0
    for kind in {class_of(day) for day in after + before}:
        one, other = ([day for day in side if class_of(day) == kind] for side in (after, before))
        a, b = (sum(counts[day] for day in side) for side in (one, other))
        both = len(one) + len(other)
        calendar += (len(one) - len(other)) * (a + b) / both
        like += 2 * (a * len(other) - b * len(one)) / both
    return like, calendar


def days_of(month: str) -> list[date]:
    first = date(int(month[:4]), int(month[5:]), 1)
    return [day for day in (first + timedelta(days=i) for i in range(31)) if f"{day:%Y-%m}" == month]


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> tuple[Query, Counter[date]]:
    """A desk with 20 tickets a day, 30 on Mondays, 4 at weekends and on holidays; orders and answers alike."""
    rng, rows = np.random.default_rng(3), list[dict[str, Any]]()
    for day in pl.date_range(FIRST, LAST, eager=True):
        level = 4 if day.weekday() > 4 or day in HOLIDAYS else 30 if day.weekday() == 0 else 20
        rows += [
            {"number": f"{day} {i}", "at": datetime(day.year, day.month, day.day, 10, tzinfo=ZONE).astimezone(UTC),
             "customer_id": f"c{rng.integers(300)}", "channel": str(rng.choice(("email", "phone")))}
            for i in range(int(rng.poisson(level)))
        ]  # fmt: skip
    frame, folder = pl.DataFrame(rows), tmp_path_factory.mktemp("steady") / "desk"
    folder.mkdir()
    tables = {
        "tickets": frame.select("customer_id", "channel", ticket_id="number", created_at="at", status=pl.lit("solved"),
                                opened_by=pl.lit("customer")),
        "orders": frame.select("customer_id", order_id="number", ordered_at="at", amount=pl.lit(10.0),
                               currency=pl.lit("PLN"), kind=pl.lit("order")),
    }  # fmt: skip
    for name, rows in tables.items():
        conform(rows.lazy(), name).sink_parquet(folder / f"{name}.parquet")
    (folder / "settings.toml").write_text(SETTINGS, encoding="utf-8")
    end = datetime(2026, 12, 1, tzinfo=ZONE).astimezone(UTC)
    write_manifest(folder, {"extracted_at": end.isoformat(), "sources": ["literal"]})
    derive(folder)
    counts = Counter(date.fromisoformat(str(name)[:10]) for name in frame["number"])
    return query(open_data(str(folder)), month="2026-10"), counts


@pytest.mark.parametrize(("month", "before"), [("2026-02", "2026-01"), ("2026-11", "2025-11"), ("2025-12", "2025-11")])
@pytest.mark.parametrize("name", ["ticket_volume", "revenue"])
def test_a_difference_is_what_like_days_and_the_calendar_make(
    name: str, month: str, before: str, steady: tuple[Query, Counter[date]]
) -> None:
    looked, counts = steady
    found = known(change(name, query(looked.data, month=month, compare_with=before)))
    worth = 10 if name == "revenue" else 1
    like, calendar = (worth * part for part in split(counts, days_of(month), days_of(before)))
    assert (found.difference, found.calendar) == pytest.approx((like, calendar))
    assert found.plain == worth * sum(counts[day] for day in days_of(month)) - worth * sum(
        counts[day] for day in days_of(before)
    )
    assert found.low < found.difference < found.high
    assert (found.p_value < 0.05) == (not found.low <= 0 <= found.high)


def test_parts_by_group_make_the_whole(steady: tuple[Query, Counter[date]]) -> None:
    looked = query(steady[0].data, month="2026-02")
    both = pl.col("difference", "calendar_difference").sum()
    whole, parts = (
        figures(looked, ["2026-02"], by, ["ticket_volume"], change=True).select(both).row(0) for by in ("", "channel")
    )
    assert parts == pytest.approx(whole)


def test_a_short_month_is_not_a_fall(steady: tuple[Query, Counter[date]]) -> None:
    looked = query(steady[0].data, month="2026-02")
    found = known(trend("ticket_volume", looked)).change
    assert found.plain < -10 and found.calendar < -10
    assert found.p_value > 0.05


def test_weeks_and_years_are_compared_on_like_days(steady: tuple[Query, Counter[date]]) -> None:
    looked, counts = steady
    found = known(volume("ticket_volume", query(looked.data, month="2026-11"), "week")).change
    weeks = [[date(2026, 11, 23) - timedelta(days=7 * back - i) for i in range(7)] for back in (0, 1)]
    assert (found.difference, found.calendar) == pytest.approx(split(counts, *weeks), abs=1e-9)
    june = known(volume("ticket_volume", query(looked.data, month="2026-06"), "week"))
    assert june.change.calendar == pytest.approx(0.0, abs=1e-9)  # both are weeks without a holiday
    whole = known(volume("ticket_volume", query(looked.data, month="2026-05"), "week")).points["period"]
    assert whole[-1] == "2026-W22"


def test_a_day_is_not_compared_with_one_of_another_kind(steady: tuple[Query, Counter[date]]) -> None:
    looked, counts = steady
    found = known(volume("ticket_volume", looked, "day"))  # Saturday 31 October 2026
    assert (found.last_year.baseline, found.last_year.unlike) == ("2025-11-01", (6, 9))  # All Saints
    assert (found.last_year.difference, found.last_year.p_value) == (None, None)
    assert found.last_year.plain == counts[date(2026, 10, 31)] - counts[date(2025, 11, 1)]
    assert (found.change.unlike, found.change.calendar) == (None, 0.0)


def test_rates_per_working_day_have_the_same_weekdays(steady: tuple[Query, Counter[date]]) -> None:
    looked, counts = steady
    found = known(per_working_day("ticket_volume", query(looked.data, month="2026-11"))).change
    one, other = ([day for day in days_of(month) if works(day)] for month in ("2026-11", "2026-10"))
    like, size = 0.0, 0.0
    for weekday in range(5):
        a, b = ([counts[day] for day in side if day.weekday() == weekday] for side in (one, other))
        weight = 2 * len(a) * len(b) / (len(a) + len(b))
        size += weight
        like += weight * (sum(a) / len(a) - sum(b) / len(b))
    assert found.difference == pytest.approx(like / size)
    assert found.difference + found.calendar == pytest.approx(found.plain)


def test_classes_of_days_are_weekdays_holidays_and_half_days() -> None:
    office = {day: ["09:00-17:00"] for day in WEEKDAYS[:5]}
    plan = ScheduleSettings(hours=office, holidays="PL", half_days={"2025-12-24": ["08:00-12:00"]})
    days = pl.date_range(date(2025, 1, 1), date(2026, 12, 31), eager=True)
    named: dict[Class, int] = {"holiday": 8, "holiday at a weekend": 9, "half day": 10}
    expected = [named.get(kind, kind) for kind in map(class_of, days)]
    assert day_classes(days, Settings(schedules={"default": plan})).to_list() == expected
    none = day_classes(days, Settings(schedules={"default": ScheduleSettings()}))
    assert none.to_list() == [day.isoweekday() for day in days]
    assert "holiday" in day_kinds(days, plan).to_list()


def exact(one: np.ndarray, other: np.ndarray, days: tuple[np.ndarray, np.ndarray]) -> float:
    """Return the two-sided p-value that all rates are equal, given the totals of classes: sums of binomial counts."""
    from scipy.stats import binom

    chance = np.ones(1)
    for a, b, n, m in zip(one, other, *days, strict=True):
        chance = np.convolve(chance, binom.pmf(np.arange(a + b + 1), a + b, n / (n + m)))
    total = int(one.sum())
    return float(min(1.0, 2 * min(chance[: total + 1].sum(), chance[total:].sum())))


@pytest.mark.parametrize(("rise", "monthly"), [(1.0, 300), (1.25, 300), (1.1, 1000), (0.9, 2600)])
def test_the_p_value_is_about_that_of_poisson_days_given_their_totals(rise: float, monthly: int) -> None:
    months = {"2026-01": 1.0, "2026-02": rise}
    span = pl.date_range(date(2026, 1, 1), date(2026, 2, 28), eager=True)
    days = pl.DataFrame({"period": span.dt.strftime("%Y-%m"), "group": "", "day": span, "alike": span.dt.weekday()})
    usual = np.array([1.3, 1.2, 1.0, 1.0, 0.9, 0.4, 0.2])[span.dt.weekday().to_numpy() - 1] / 6 * monthly / 4.35
    counts = np.round(usual * np.array([months[month] for month in days["period"]]))
    days = days.with_columns(n=pl.Series(counts).cast(pl.Int64), sum_wx=pl.Series(counts))
    weighted = like_days(days, "2026-02", "2026-01").drop("alike")
    found = of_days(get("ticket_volume"), days.join(weighted, on=["period", "day"]), scatter(days, ["group"]))
    after, before = (found.at(pl.DataFrame({"period": [m], "group": [""]})).figures for m in ("2026-02", "2026-01"))
    p_value = float(difference(after, before, np.zeros(1)).p_value[0])
    table = days.group_by("period", "alike").agg(pl.col("n").sum(), days=pl.len()).sort("alike")
    one, other = (table.filter(period=month) for month in ("2026-02", "2026-01"))
    expected = exact(one["n"].to_numpy(), other["n"].to_numpy(), (one["days"].to_numpy(), other["days"].to_numpy()))
    assert math.log(p_value) == pytest.approx(math.log(expected), abs=0.25 + 0.12 * abs(math.log(expected)))


PROFILES = {"alike": (1.0,) * 7, "demo": (1.3, 1.2, 1.0, 1.0, 0.9, 0.4, 0.2), "closed": (1.0,) * 5 + (0.0,) * 2}


def alarms(profile: str, monthly: int, runs: int, *, rise: float = 1.0, pair: tuple[str, str]) -> float:
    """Return how often two months of Poisson days with the same weekdays' rates (but for a rise) are called apart."""
    rng, parts = np.random.default_rng(17), [days_of(month) for month in pair]
    days = [day for part in parts for day in part]
    rate = np.array([PROFILES[profile][day.weekday()] for day in days]) / sum(PROFILES[profile]) * 7 * monthly / 30.4
    rate[: len(parts[0])] *= rise
    counts = rng.poisson(rate, (runs, len(days)))
    frame = pl.DataFrame(
        {"period": [f"{day:%Y-%m}" for day in days] * runs, "group": np.repeat([f"{run:05d}" for run in range(runs)],
         len(days)), "day": days * runs, "alike": [day.isoweekday() for day in days] * runs,
         "n": np.fmax(counts.ravel(), 1), "sum_wx": counts.ravel().astype(float)}
    )  # fmt: skip
    weighted = like_days(frame, *pair).drop("alike")
    found = of_days(get("ticket_volume"), frame.join(weighted, on=["period", "day"]), scatter(frame, ["group"]))
    sides = [found.keys.filter(period=month) for month in pair]
    after, before = (found.at(side).figures for side in sides)
    return float((difference(after, before, np.zeros(runs)).p_value < 0.05).mean())


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("monthly", [300, 2600])
def test_a_constant_rate_is_rarely_called_a_change(profile: str, monthly: int) -> None:
    for pair in (("2026-02", "2026-01"), ("2026-03", "2026-02")):
        assert alarms(profile, monthly, 400, pair=pair) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 400)
    assert alarms(profile, monthly, 300, rise=1 + 5.5 / math.sqrt(monthly), pair=("2026-02", "2026-01")) > 0.85


@pytest.mark.long
@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("monthly", [300, 1000, 2600, 10_000])
@pytest.mark.parametrize("month", range(2, 13))
def test_a_constant_rate_is_rarely_called_a_change_in_any_month(profile: str, monthly: int, month: int) -> None:
    pair = (f"2026-{month:02d}", f"2026-{month - 1:02d}")
    assert alarms(profile, monthly, 2000, pair=pair) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 2000)


def test_the_sentence_says_what_the_calendar_makes(steady: tuple[Query, Counter[date]]) -> None:
    looked, counts = steady
    text = say(trend("ticket_volume", query(looked.data, month="2026-02"))).text
    plain = sum(counts[day] for day in days_of("2026-02")) - sum(counts[day] for day in days_of("2026-01"))
    assert f"The plain difference is −{-plain}, of which the calendar makes −12: 28 days against 31." in text
    assert "on like days" in text and "more than chance explains" not in text.replace("no more than", "")
    day = say(volume("ticket_volume", looked, "day")).text
    assert "1 November 2025 is a public holiday at a weekend, 31 October 2026 a Saturday" in day
    shown = table(known(trend("ticket_volume", query(looked.data, month="2026-02")))).text
    assert f"plain difference is −{-plain}" in shown
