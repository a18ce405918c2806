"""The business clock against a loop over single minutes, published spans and hard days."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from cxlib.clock import business_minutes, open_minutes
from cxlib.errors import UsageError
from cxlib.settings import WEEKDAYS, ScheduleSettings, Settings

MINUTE = timedelta(minutes=1)
OFFICE = {day: ["09:00-17:00"] for day in WEEKDAYS[:5]}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def instants(*values: datetime | None) -> pl.Series:
    return pl.Series(values, dtype=pl.Datetime("us", "UTC"))


def one(start: str, end: str, schedule: ScheduleSettings, timezone: str = "UTC") -> float:
    return float(open_minutes(instants(at(start)), instants(at(end)), schedule, timezone)[0])


def is_open(instant: datetime, schedule: ScheduleSettings, zone: ZoneInfo, holidays: set[date]) -> bool:
    local = instant.astimezone(zone)
    spans = schedule.hours.get(WEEKDAYS[local.weekday()], [])
    if local.date() in holidays:
        spans = []
    spans = schedule.half_days.get(local.date().isoformat(), spans)
    return any(span[:5] <= f"{local:%H:%M}" < span[6:] for span in spans)


SUNDAY_WEEK = {"sunday": ["09:00-18:00"], **{day: ["09:00-18:00"] for day in WEEKDAYS[:4]}}
NIGHTS = {day: ["00:00-02:30", "08:15-12:00", "13:00-17:45", "22:00-24:00"] for day in WEEKDAYS}
CASES = [
    ("America/New_York", ScheduleSettings(hours=NIGHTS, half_days={"2022-12-24": ["10:00-12:30"]})),
    ("Europe/Warsaw", ScheduleSettings(hours=OFFICE, extra_holidays=(date(2023, 5, 2), date(2023, 5, 3)))),
    ("Asia/Jerusalem", ScheduleSettings(hours=SUNDAY_WEEK, extra_holidays=(date(2023, 9, 17),))),
    ("Australia/Sydney", ScheduleSettings(hours=NIGHTS)),
    ("Australia/Lord_Howe", ScheduleSettings(hours={"sunday": ["01:30-01:45", "02:10-04:00"]})),
    ("Asia/Kathmandu", ScheduleSettings(hours=OFFICE | {"saturday": ["10:00-13:00"]})),
    ("UTC", ScheduleSettings(hours=OFFICE, half_days={"2022-01-01": ["09:00-10:00"], "2022-01-03": []})),
]


@pytest.mark.parametrize(("zone", "schedule"), CASES, ids=[case[0] for case in CASES])
def test_equals_a_loop_over_single_minutes_on_random_instants_over_three_years(
    zone: str, schedule: ScheduleSettings
) -> None:
    draw = random.Random(zone)
    first = at("2021-12-30T00:00")
    local, off = ZoneInfo(zone), set(schedule.extra_holidays)
    changes = [
        first + timedelta(hours=hour)
        for hour in range(3 * 366 * 24)
        if (first + timedelta(hours=hour)).astimezone(local).utcoffset()
        != (first + timedelta(hours=hour + 1)).astimezone(local).utcoffset()
    ]
    begins = [first + draw.randrange(3 * 365 * 1440) * MINUTE for _ in range(25)]
    begins += [change - draw.randrange(36 * 60) * MINUTE for change in changes for _ in range(4)]
    starts, ends, expected = [], [], []
    for begin in begins:
        length = draw.choice([90, 700, 3000])
        open_flags = [is_open(begin + minute * MINUTE, schedule, local, off) for minute in range(length)]
        seconds = timedelta(seconds=draw.randrange(60), microseconds=draw.randrange(1000))
        starts.append(begin + seconds)
        ends.append(begin + length * MINUTE)
        expected.append(sum(open_flags) - open_flags[0] * seconds / MINUTE)
    got = open_minutes(instants(*starts), instants(*ends), schedule, zone)
    assert got.to_list() == pytest.approx(expected, abs=1e-9)
    assert sum(expected) > 0


def test_los_angeles_opens_in_the_middle_of_the_ticket() -> None:
    schedule = ScheduleSettings(timezone="America/Los_Angeles", hours={"thursday": ["08:00-17:00"]})
    start, end = "2019-09-05T12:30", "2019-09-05T16:30"
    assert (at(end) - at(start)) / MINUTE == 240
    assert one(start, end, schedule) == 90


def test_jerusalem_sunday_before_the_change_of_clocks_counts() -> None:
    schedule = ScheduleSettings(timezone="Asia/Jerusalem", hours=SUNDAY_WEEK)
    assert one("2024-10-20T10:01", "2024-10-20T11:50", schedule) == 109


def test_sunday_work_after_a_holiday_week_is_not_lost() -> None:
    week = tuple(date(2024, 4, 21) + timedelta(days=day) for day in range(7))
    schedule = ScheduleSettings(timezone="Asia/Jerusalem", hours=SUNDAY_WEEK, extra_holidays=week)
    assert one("2024-04-18T14:00", "2024-04-28T08:00", schedule) == 60 + 120


def test_a_ticket_of_sixty_weeks_is_not_truncated() -> None:
    schedule = ScheduleSettings(timezone="Europe/Warsaw", hours=OFFICE)
    assert one("2023-01-02T00:00", "2024-02-26T00:00", schedule) == 60 * 5 * 8 * 60


@pytest.mark.parametrize(
    ("day", "hours", "spans"),
    [("2024-03-31", 2, ["01:00-04:00"]), ("2024-10-27", 4, ["01:00-04:00"]), ("2024-03-31", 0.5, ["02:15-03:30"])],
)
def test_a_span_across_a_change_of_clocks_is_as_long_as_real_time(day: str, hours: float, spans: list[str]) -> None:
    schedule = ScheduleSettings(hours={"sunday": spans})
    start = at(f"{day}T00:00") - timedelta(hours=3)
    got = open_minutes(instants(start), instants(at(f"{day}T12:00")), schedule, "Europe/Warsaw")
    assert got.to_list() == [hours * 60]


def test_overnight_hours_join_at_midnight_and_overlaps_count_once() -> None:
    night = ScheduleSettings(hours={"monday": ["22:00-24:00"], "tuesday": ["00:00-06:00"]})
    assert one("2024-01-01T21:00", "2024-01-02T05:00", night) == 7 * 60
    double = ScheduleSettings(hours={"monday": ["09:00-13:00", "12:00-15:00", "10:00-11:00"]})
    assert one("2024-01-01T00:00", "2024-01-02T00:00", double) == 6 * 60


def test_holidays_come_from_the_countrys_calendar_and_half_days_win() -> None:
    poland = ScheduleSettings(hours=OFFICE, holidays="PL", half_days={"2024-05-02": ["09:00-12:00"]})
    assert one("2024-05-01T00:00", "2024-05-04T00:00", poland, "Europe/Warsaw") == 180
    opened = ScheduleSettings(hours=OFFICE, holidays="PL", half_days={"2024-05-01": ["10:00-11:00"]})
    assert one("2024-05-01T00:00", "2024-05-02T00:00", opened, "Europe/Warsaw") == 60
    epiphany = [
        one("2025-01-06T00:00", "2025-01-07T00:00", ScheduleSettings(hours=OFFICE, holidays=calendar))
        for calendar in ("DE-BY", "DE-BE")
    ]
    assert epiphany == [0, 480]


@pytest.mark.parametrize("calendar", ["XX", "DE-XX"])
def test_an_unknown_holiday_calendar_is_told(calendar: str) -> None:
    with pytest.raises(UsageError, match="no holiday calendar"):
        one("2025-01-06T00:00", "2025-01-07T00:00", ScheduleSettings(hours=OFFICE, holidays=calendar))


def test_a_half_day_that_is_no_date_is_told() -> None:
    with pytest.raises(UsageError, match="not a date"):
        one("2025-01-06T00:00", "2025-01-07T00:00", ScheduleSettings(half_days={"24.12.": ["09:00-12:00"]}))


def test_unknown_ends_are_null_backward_spans_negative_and_schedules_without_hours_null() -> None:
    early, late = at("2024-01-01T10:00"), at("2024-01-01T12:30")
    got = open_minutes(
        instants(early, None, late, early), instants(None, late, early, early), ScheduleSettings(hours=OFFICE), "UTC"
    )
    assert got.to_list() == [None, None, -150.0, 0.0]
    assert open_minutes(instants(early), instants(late), ScheduleSettings(hours={}), "UTC").to_list() == [None]
    assert open_minutes(instants(), instants(), ScheduleSettings(), "UTC").to_list() == []


def test_instants_of_the_wrong_century_do_not_break_the_others() -> None:
    ends = instants(at("2024-01-02T10:00"), at("9999-12-31T23:59:59"), None)
    starts = instants(at("2024-01-02T09:30"), at("0001-01-01T00:00"), None)
    got = open_minutes(starts, ends, ScheduleSettings(hours=OFFICE, holidays="PL"), "Europe/Warsaw")
    assert (got[0], got[2]) == (30, None)
    assert got[1] > 7000 * 250 * 480


def test_each_row_counts_under_its_own_schedule() -> None:
    settings = Settings(
        timezone="Europe/Warsaw",
        default_schedule="day",
        schedules={
            "day": ScheduleSettings(hours=OFFICE),
            "always": ScheduleSettings(hours={day: ["00:00-24:00"] for day in WEEKDAYS}),
            "new york": ScheduleSettings(
                timezone="America/New_York", hours={"tuesday": ["09:00-12:00", "13:00-14:00"]}
            ),
        },
    )
    start, end = at("2024-01-02T10:00"), at("2024-01-02T20:00")
    names = pl.Series(["always", "day", None, "new york", "always"])
    got = business_minutes(instants(*[start] * 4, None), instants(*[end] * 5), names, settings)
    assert got.to_list() == [600, 360, 360, 240, None]
    with pytest.raises(UsageError, match="no schedule 'nights'"):
        business_minutes(instants(start), instants(end), pl.Series(["nights"]), settings)
