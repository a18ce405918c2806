"""Hours of the week, what makes the busiest one, and arrival in opening hours, against dumb loops over literal rows."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from stats.volume_desk import EXTRACTED, HOLIDAYS, ZONE, Row, build, known, row

from cxlib.metrics import Query
from cxlib.questions import peaks, trend
from cxlib.results.types import NotKnown


def test_an_hour_of_the_week_is_counted_as_often_as_it_passed(
    warsaw: Query, opened: list[tuple[datetime, Row]]
) -> None:
    answer = known(peaks("ticket_volume", warsaw, months=13))
    passed: Counter[tuple[int, int]] = Counter()
    at = datetime(2025, 10, 1, tzinfo=ZONE).astimezone(UTC)
    while at < EXTRACTED:
        passed[at.astimezone(ZONE).isoweekday(), at.astimezone(ZONE).hour] += 1
        at += timedelta(hours=1)
    counts = Counter((at.isoweekday(), at.hour) for at, _ in opened if date(2025, 10, 1) <= at.date())
    found = {(r["weekday"], r["hour"]): r for r in answer.points.iter_rows(named=True)}
    assert found.keys() == passed.keys()
    for key, cell in found.items():
        assert (cell["n"], cell["units"]) == (counts[key], passed[key])
        assert cell["value"] == pytest.approx(counts[key] / passed[key])
        assert cell["low"] <= cell["value"] <= cell["high"]
    # 56 Sundays; the hour from 2 to 3 passed twice on two of them and not at all on one
    assert (passed[7, 1], passed[7, 2]) == (56, 57)


def test_an_hours_interval_is_as_wide_as_its_days_differ(warsaw: Query, opened: list[tuple[datetime, Row]]) -> None:
    from scipy.stats import gamma, norm, t

    cell = known(peaks("ticket_volume", warsaw)).points.filter(weekday=1, hour=9).row(0, named=True)
    first = date(2025, 11, 3)
    counts = Counter(at.date() for at, _ in opened if at.hour == 9)
    mondays = np.array([counts[first + timedelta(days=7 * week)] for week in range(cell["units"])], dtype=float)
    total, weeks = mondays.sum(), len(mondays)
    variance = max(total, weeks * mondays.var(ddof=1))
    assert cell["se"] == pytest.approx(np.sqrt(variance) / weeks)
    events, tail = total**2 / variance, norm.sf(t.ppf(0.975, weeks - 1))
    ends = [gamma.ppf(tail, events), gamma.isf(tail, events + 1)]  # Garwood's for a whole number of events
    assert (cell["low"], cell["high"]) == pytest.approx(tuple(total / events * end / weeks for end in ends))


def test_what_makes_the_peak_is_found(warsaw: Query, opened: list[tuple[datetime, Row]]) -> None:
    answer = known(peaks("ticket_volume", warsaw))
    assert max(answer.points.iter_rows(named=True), key=lambda r: r["value"])["hour"] == 9
    recent = [(at, r) for at, r in opened if at.date() >= date(2025, 11, 1)]
    peak = [r for at, r in recent if (at.isoweekday(), at.hour) == (1, 9)]
    rest = [r for at, r in recent if (at.isoweekday(), at.hour) != (1, 9)]
    for part in answer.makers.iter_rows(named=True):
        shares = [100 * sum(r[part["dimension"]] == part["label"] for r in side) / len(side) for side in (peak, rest)]
        assert (part["share"], part["rest"]) == (pytest.approx(shares[0]), pytest.approx(shares[1]))
        assert part["difference"] == pytest.approx(shares[0] - shares[1])
    first = answer.makers.row(0, named=True)
    assert first["label"] == "login" and first["p_adjusted"] < 0.005
    assert [
        r["label"]
        for r in answer.makers.filter(pl.col("p_adjusted") < 0.05, pl.col("difference") > 0).iter_rows(named=True)
    ] == ["login"]


def arrives(at: datetime) -> str:
    if at.date() == date(2025, 12, 24):
        return "opening hours" if 8 <= at.hour < 12 else "off hours"
    if at.weekday() > 4:
        return "weekend"
    return "holiday" if at.date() in HOLIDAYS else "opening hours" if 8 <= at.hour < 18 else "off hours"


def test_arrival_follows_schedule_and_holidays(warsaw: Query, warsaw_tickets: list[Row]) -> None:
    found = dict(warsaw.data.scan("tickets").select("ticket_id", "arrival").collect().iter_rows())
    assert found == {r["ticket_id"]: arrives(r["created_at"].astimezone(ZONE)) for r in warsaw_tickets}
    assert set(found.values()) == {"opening hours", "off hours", "weekend", "holiday"}


def test_the_first_instant_is_inside_and_the_last_is_not(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    instants = [datetime(2026, 10, 14, 8, tzinfo=ZONE), datetime(2026, 10, 14, 18, tzinfo=ZONE)]
    found = build(tmp_path / "edge", [row(i, at, "login", rng) for i, at in enumerate(instants)])
    assert found.data.scan("tickets").collect()["arrival"].to_list() == ["opening hours", "off hours"]


def test_the_share_inside_opening_hours_is_counted(warsaw: Query, opened: list[tuple[datetime, Row]]) -> None:
    month = [arrives(at) for at, _ in opened if f"{at:%Y-%m}" == "2026-10"]
    point = known(trend("inside_opening_hours", warsaw)).points.row(-1, named=True)
    assert point["n"] == len(month)
    assert point["value"] == pytest.approx(100 * month.count("opening hours") / len(month))


def test_messages_of_customers_are_the_load_whatever_became_of_the_ticket(
    warsaw: Query, warsaw_tickets: list[Row]
) -> None:
    rows = [r for i, r in enumerate(warsaw_tickets) if i % 5 < 2]
    expected = sum(f"{r['created_at'].astimezone(ZONE):%Y-%m}" == "2026-10" for r in rows)
    assert known(trend("message_volume", warsaw)).points["n"][-1] == expected
    assert known(peaks("message_volume", warsaw, months=1)).points["n"].sum() == expected


def test_data_that_give_the_day_only_say_nothing_of_hours(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    nights = [datetime(2026, 10, day, tzinfo=ZONE) for day in range(1, 29)]
    found = build(tmp_path / "days", [row(i, at, "login", rng) for i, at in enumerate(nights)])
    assert found.data.scan("tickets").collect()["arrival"].null_count() == 28
    assert isinstance(trend("inside_opening_hours", found), NotKnown)
    answer = peaks("ticket_volume", found)
    assert isinstance(answer, NotKnown)
    assert "not the hour" in answer.reason
