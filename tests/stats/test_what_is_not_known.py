"""What is refused, and in which words: months observed in part, groups that vanish, other scales, skipped midnights."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from cxlib.derive import derive
from cxlib.errors import UsageError
from cxlib.metrics import Query, get, missing_reason as why_not, query
from cxlib.present.sentences import say
from cxlib.present.sentences.change import nothing
from cxlib.present.sentences.volume import peaks_text
from cxlib.present.tables import table
from cxlib.questions import change, movers, overview, peaks, per_working_day, seasons, trend, volume
from cxlib.results.types import Estimate, NotKnown, ResultContext
from cxlib.store.folder import open_data, write_manifest
from cxlib.tables.schema import conform

Rows = list[dict[str, Any]]
OFFICE = "[schedules.default.hours]\n" + "".join(
    f'{day} = ["09:00-17:00"]\n' for day in ("monday", "tuesday", "wednesday", "thursday", "friday")
)


def build(
    folder: Path, until: datetime, month: str, zone: str = "UTC", settings: str = OFFICE, **tables: Rows
) -> Query:
    folder.mkdir()
    for name, rows in tables.items():
        conform(pl.LazyFrame(rows), name).sink_parquet(folder / f"{name}.parquet")
    (folder / "settings.toml").write_text(f'timezone = "{zone}"\n{settings}', encoding="utf-8")
    write_manifest(folder, {"extracted_at": until.astimezone(UTC).isoformat(), "sources": ["literal"]})
    derive(folder)
    return query(open_data(str(folder)), month=month)


def tickets(days: list[tuple[date, str, int]], zone: str = "UTC", each: int = 2) -> Rows:
    """Return so many tickets of a channel a day, from 13 o'clock on, so many an hour."""
    rows: Rows = []
    for day, channel, count in days:
        noon = datetime.combine(day, time(13), ZoneInfo(zone)).astimezone(UTC)
        for number in range(count):
            key, at = f"t{len(rows)}", noon + timedelta(hours=number // each)
            rows.append({"ticket_id": key, "customer_id": f"c{len(rows) % 9}", "channel": channel, "created_at": at})
    return rows


def between(first: date, last: date) -> list[date]:
    return pl.date_range(first, last, eager=True).to_list()


@pytest.fixture(scope="module")
def exact(tmp_path_factory: pytest.TempPathFactory) -> Query:
    """Exactly 20 tickets a day from 20 March to 8 June 2026."""
    days = [(day, "email", 20) for day in between(date(2026, 3, 20), date(2026, 6, 8))]
    folder = tmp_path_factory.mktemp("partly") / "exact"
    return build(folder, datetime(2026, 6, 9, tzinfo=UTC), "2026-06", tickets=tickets(days))


def at(looked: Query, month: str, **other: Any) -> Query:
    return query(looked.data, month=month, **other)


def test_a_count_of_a_month_observed_in_part_is_not_compared(exact: Query) -> None:
    for month, part, before in (("2026-04", None, (12, 31)), ("2026-06", (8, 30), None)):
        found = change("ticket_volume", at(exact, month))
        assert not isinstance(found, NotKnown)
        assert (found.difference, found.low, found.high, found.p_value) == (None, None, None, None)
        assert (found.scope.observed, found.before_observed) == (part, before)
        line = trend("ticket_volume", at(exact, month))
        assert not isinstance(line, NotKnown) and line.change == found
        assert overview(at(exact, month), ["ticket_volume"]).survives == frozenset()
        table(found)
    both = change("ticket_volume", at(exact, "2026-06", compare_with="2026-03"))
    whole = change("ticket_volume", at(exact, "2026-05"))
    assert not isinstance(both, NotKnown) and not isinstance(whole, NotKnown)
    assert (both.difference, both.scope.observed, both.before_observed) == (None, (8, 30), (12, 31))
    assert (whole.plain, whole.scope.observed, whole.before_observed) == (20.0, None, None)
    assert (whole.difference, whole.calendar) == pytest.approx((0.0, 20.0), abs=1e-9)  # May has one day more


def test_the_days_observed_are_said_once(exact: Query) -> None:
    june, april = (say(trend("ticket_volume", at(exact, month))).text for month in ("2026-06", "2026-04"))
    assert june.endswith(" in June 2026. June 2026 is observed on 8 of 30 days.")
    assert april.endswith(" in April 2026; March 2026 is observed on 12 of 31 days.")
    assert "rose" not in april + june and "fell" not in april + june and "observed" not in say(
        volume("ticket_volume", exact, "day")
    ).text  # fmt: skip


def test_a_year_before_observed_in_part_gives_no_verdict(tmp_path: Path) -> None:
    days = [(day, "email", 20) for day in between(date(2025, 6, 20), date(2026, 6, 30))]
    june = build(tmp_path / "year", datetime(2026, 7, 1, tzinfo=UTC), "2026-06", tickets=tickets(days))
    found = trend("ticket_volume", june)
    assert not isinstance(found, NotKnown) and found.change and found.last_year
    assert (found.change.plain, found.change.difference) == (-20.0, pytest.approx(0.0, abs=1e-9))
    assert (found.last_year.difference, found.last_year.before_observed) == (None, (11, 30))


@pytest.fixture(scope="module")
def channels(tmp_path_factory: pytest.TempPathFactory) -> Query:
    """Social ends and chat begins with 2026; of e-mail 8 a day throughout; fax twice in each June."""
    every = between(date(2025, 5, 20), date(2026, 6, 30))
    days = [(day, "email", 8) for day in every]
    days += [(day, "social", 12) if day.year == 2025 else (day, "chat", 13) for day in every]
    days += [(date(year, 6, 2), "fax", 2) for year in (2025, 2026)]
    days += [(date(2025, 6, 3), "letter", 10), (date(2025, 6, 4), "letter", 30), (date(2026, 6, 3), "letter", 1)]
    folder = tmp_path_factory.mktemp("movers") / "channels"
    return build(folder, datetime(2026, 7, 1, tzinfo=UTC), "2026-06", tickets=tickets(days))


def test_groups_that_vanish_or_appear_are_said(channels: Query) -> None:
    found = movers("ticket_volume", channels, "channel")
    assert not isinstance(found, NotKnown)
    rows = {row["group"]: row for row in found.points.iter_rows(named=True)}
    assert all(rows[name]["difference"] is None and rows[name]["p_adjusted"] < 0.05 for name in ("chat", "social"))
    assert rows["email"]["difference"] == pytest.approx(0) and rows["email"]["p_adjusted"] >= 0.05
    assert rows["letter"]["difference"] < -90 and rows["letter"]["p_value"] is not None  # 1 against 40: compared
    assert rows["fax"]["difference"] is None and rows["fax"]["p_value"] is None  # 2 against 2: too few
    text = say(found).text
    assert "chat new" in text and "social gone" in text and "no change" not in text
    shown = {row[0]: row[-2:] for row in table(found).rows}
    assert (shown["chat"], shown["social"], shown["fax"]) == (("new", "clear"), ("gone", "clear"), ("–", "–"))


def test_movers_refuse_a_baseline_that_is_none(channels: Query) -> None:
    with pytest.raises(UsageError, match="itself"):
        movers("ticket_volume", channels, "channel", baseline="2026-06")
    with pytest.raises(UsageError, match="not a month"):
        movers("ticket_volume", channels, "channel", baseline="June")


def test_an_unknown_grain_is_refused_with_the_known_ones(channels: Query) -> None:
    with pytest.raises(UsageError, match="Known: day, week, year"):
        volume("ticket_volume", channels, "hour")  # type: ignore[arg-type]


def test_one_ticket_on_a_day_not_over_is_told_as_that(tmp_path: Path) -> None:
    one = tickets([(date(2026, 6, 2), "email", 1)])
    day = build(tmp_path / "day", datetime(2026, 6, 2, 18, tzinfo=UTC), "2026-06", tickets=one)
    rated, hours = per_working_day("ticket_volume", day), peaks("ticket_volume", day)
    assert isinstance(rated, NotKnown) and "No working day was wholly observed" in rated.reason
    assert isinstance(hours, NotKnown) and "too few tickets" in hours.reason


def test_without_opening_hours_there_is_no_working_day(tmp_path: Path) -> None:
    days = [(day, "email", 4) for day in between(date(2026, 5, 1), date(2026, 6, 30))]
    closed = "[schedules.default.hours]\nmonday = []\n"
    shut = build(tmp_path / "shut", datetime(2026, 7, 1, tzinfo=UTC), "2026-06", "UTC", closed, tickets=tickets(days))
    rated = per_working_day("ticket_volume", shut)
    assert isinstance(rated, NotKnown) and "No opening hours are set" in rated.reason


def test_one_year_is_called_the_one_known_and_one_month_is_named_once(tmp_path: Path) -> None:
    days = [
        (day, "email", 40 if day.month == 12 else 9 + day.month % 2)
        for day in between(date(2025, 7, 1), date(2026, 5, 31))
    ]
    may = build(tmp_path / "winter", datetime(2026, 6, 1, tzinfo=UTC), "2026-05", tickets=tickets(days, each=4))
    assert say(seasons("ticket_volume", may, (12,))).text.startswith("December: higher in the one year known, more")
    month = peaks("ticket_volume", may, months=1)
    assert not isinstance(month, NotKnown)
    assert ", May 2026" in peaks_text(month) and "May 2026 to" not in peaks_text(month)


@pytest.mark.parametrize(
    ("zone", "first", "until", "gap"),
    [
        ("Africa/Cairo", date(2026, 4, 1), datetime(2026, 4, 24, 12, tzinfo=UTC), date(2026, 4, 24)),
        ("America/Asuncion", date(2023, 10, 1), datetime(2023, 11, 1, 12, tzinfo=UTC), date(2023, 10, 1)),
    ],
)
def test_hours_pass_also_where_a_clock_change_skips_midnight(
    zone: str, first: date, until: datetime, gap: date, tmp_path: Path
) -> None:
    local = until.astimezone(ZoneInfo(zone)).date()
    rows = tickets([(day, "email", 3) for day in between(first, local - timedelta(days=1))], zone, each=1)
    found = peaks("ticket_volume", build(tmp_path / "gap", until, f"{first:%Y-%m}", zone, tickets=rows))
    assert not isinstance(found, NotKnown)
    skipped = datetime.combine(gap, time(), ZoneInfo(zone))
    assert skipped.astimezone(UTC).astimezone(ZoneInfo(zone)).hour == 1  # there was no midnight
    last = min(local - timedelta(days=1), date(first.year, first.month + 1, 1) - timedelta(days=1))
    passed: Counter[tuple[int, int]] = Counter()
    instant = datetime.combine(first, time(), ZoneInfo(zone)).astimezone(UTC)
    while (here := instant.astimezone(ZoneInfo(zone))).date() <= last:
        passed[here.isoweekday(), here.hour] += 1
        instant += timedelta(hours=1)
    assert {(r["weekday"], r["hour"]): r["units"] for r in found.points.iter_rows(named=True)} == dict(passed)


@pytest.mark.parametrize(
    ("kind", "names", "other", "own"),
    [
        ("effort", ("customer_effort", "low_effort"), (1, 7), (1, 5)),
        ("effort", ("customer_effort",), (0, 4), (1, 5)),
        ("ease", ("customer_ease", "easy"), (1, 10), (1, 7)),
        ("nps", ("nps", "promoters", "passives", "detractors"), (1, 10), (0, 10)),
        ("nps", ("nps_from_one",), (0, 10), (1, 10)),
        ("nps", ("nps", "nps_from_one"), (1, 7), None),
    ],
)
def test_answers_on_another_scale_are_not_told_as_no_answers(
    kind: str, names: tuple[str, ...], other: tuple[int, int], own: tuple[int, int] | None, tmp_path: Path
) -> None:
    def answers(scales: list[tuple[int, int]]) -> Rows:
        low_high = [(low, high, at) for low, high in scales for at in range(40)]
        return [
            {"survey_id": f"s{low}{high}{n}", "customer_id": f"c{n}", "kind": kind, "answer": float(high),
             "scale_low": float(low), "scale_high": float(high),
             "answered_at": datetime(2026, 5, 1 + n % 28, 9, tzinfo=UTC)}
            for low, high, n in low_high
        ]  # fmt: skip

    until = datetime(2026, 6, 1, tzinfo=UTC)
    alone = build(tmp_path / "alone", until, "2026-05", surveys=answers([other]))
    for name in names:
        reason = str(why_not(get(name), alone))
        assert "on scales that this figure does not use" in reason and f"({other[0]} to {other[1]})" in reason
        assert "counts answers from {:g} to {:g} alone".format(*get(name).answered_on or (9, 9)) in reason
        assert isinstance(trend(name, alone), NotKnown)
    if own:
        both = build(tmp_path / "both", until, "2026-05", surveys=answers([other, own]))
        assert [why_not(get(name), both) for name in names] == [None] * len(names)


def test_a_month_without_a_value_is_not_said_to_have_no_rows() -> None:
    none = Estimate(0, 0, None, None, None, None)
    waits = ResultContext("demo", "2026-05", provisional=1.0)
    assert nothing(get("average_order_value"), none, "2026-05") == "nothing to count in May 2026"
    assert nothing(get("average_order_value"), none, "2026-05", waits) == "not yet known in May 2026"
    assert nothing(get("average_order_value"), none, "2026-04", waits) == "nothing to count in April 2026"
    assert nothing(get("csat"), none, "2026-05") == "no answers in May 2026"
