"""Periods as text: months "2026-10", and beside them days "2026-10-31", weeks "2026-W43", spans "2026-01/2026-10"."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta
from typing import Literal

from cxlib.errors import UsageError

Grain = Literal["day", "week", "month", "year"]
_GRAINS: dict[int, Grain] = {10: "day", 8: "week", 7: "month", 15: "year"}
SHOWN: dict[Grain, int] = {"day": 85, "week": 53, "month": 13, "year": 10}
"""How many periods a picture shows."""
A_YEAR: dict[Grain, int] = {"day": 364, "week": 52, "month": 12, "year": 0}
"""How many periods earlier lies the one to compare with: the same weekday, week or month of the year before."""
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
_QUARTER = re.compile(r"(\d{4})-?Q([1-4])")


def parse_month(month: str) -> tuple[int, int]:
    """Return (year, month number) of "YYYY-MM".

    >>> parse_month("2026-10")
    (2026, 10)

    Raises:
        UsageError: Not a month.
    """
    match = _MONTH.fullmatch(month)
    if not match:
        raise UsageError(f"{month!r} is not a month; write it as YYYY-MM, for example 2026-10.")
    return int(match[1]), int(match[2])


def month_index(month: str) -> int:
    """Return the running number of a month (year × 12 + month − 1), for arithmetic."""
    year, number = parse_month(month)
    return year * 12 + number - 1


def month_name(index: int) -> str:
    """Return "YYYY-MM" of a running number.

    >>> month_name(month_index("2026-10") - 12)
    '2025-10'
    """
    return f"{index // 12:04d}-{index % 12 + 1:02d}"


def shift(month: str, by: int) -> str:
    """Return the month `by` months later (earlier if negative)."""
    return month_name(month_index(month) + by)


def month_of(day: date) -> str:
    """Return the month a day lies in."""
    return f"{day.year:04d}-{day.month:02d}"


def months_between(first: str, last: str) -> list[str]:
    """Return all months from `first` to `last`, both included."""
    return [month_name(index) for index in range(month_index(first), month_index(last) + 1)]


def months_of(period: str) -> list[str]:
    """Return the months of a month, a quarter, or a range of months, both included.

    >>> months_of("2026-Q4") == months_of("2026-10/2026-12") == ["2026-10", "2026-11", "2026-12"]
    True

    Raises:
        UsageError: Something else, such as a week, or a range that ends before it begins.
    """
    if quarter := _QUARTER.fullmatch(period):
        last = int(quarter[2]) * 3
        return months_between(f"{quarter[1]}-{last - 2:02d}", f"{quarter[1]}-{last:02d}")
    first, sign, last_month = period.partition("/")
    last_month = last_month if sign else first
    if not all(_MONTH.fullmatch(month) for month in (first, last_month)):
        raise UsageError(
            f"{period!r} is neither a month nor made of whole months; write YYYY-MM, a range such as 2020-12/2021-01 "
            "(a fiscal year, too), or a quarter such as 2020-Q4."
        )
    months = months_between(first, last_month)
    if not months:
        raise UsageError(f"{period!r} ends before it begins; write the earlier month first.")
    return months


def first_day(month: str) -> date:
    """Return the first day of a month."""
    return date(*parse_month(month), 1)


def last_day(month: str) -> date:
    """Return the last day of a month."""
    year, number = parse_month(month)
    return date(year, number, calendar.monthrange(year, number)[1])


def grain_of(period: str) -> Grain:
    """Return what kind of period it is; a "year" is a span of months within one year.

    >>> [grain_of(period) for period in ("2026-10-31", "2026-W43", "2026-10", "2026-01/2026-10")]
    ['day', 'week', 'month', 'year']
    """
    return _GRAINS[len(period)]


def week_of(day: date) -> str:
    """Return the ISO week, Monday to Sunday, a day lies in.

    >>> week_of(date(2026, 1, 1)), week_of(date(2024, 12, 30))
    ('2026-W01', '2025-W01')
    """
    year, week, _ = day.isocalendar()
    return f"{year:04d}-W{week:02d}"


def bounds(period: str) -> tuple[date, date]:
    """Return the first and the last day of a period of any grain."""
    grain = grain_of(period)
    if grain == "day":
        return date.fromisoformat(period), date.fromisoformat(period)
    if grain == "week":
        monday = date.fromisocalendar(int(period[:4]), int(period[6:]), 1)
        return monday, monday + timedelta(days=6)
    return first_day(period[:7]), last_day(period[-7:])


def earlier(period: str, by: int) -> str:
    """Return the period of the same grain so many days, weeks, months or years earlier."""
    grain, first = grain_of(period), bounds(period)[0]
    if grain == "month":
        return shift(period, -by)
    if grain == "year":
        return "/".join(shift(month, -12 * by) for month in period.split("/"))
    day = first - timedelta(days=by * (7 if grain == "week" else 1))
    return week_of(day) if grain == "week" else day.isoformat()
