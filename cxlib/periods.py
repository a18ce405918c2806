"""Months as text "YYYY-MM": parsing, shifting, ranges, the days they hold."""

from __future__ import annotations

import calendar
import re
from datetime import date

from cxlib.errors import UsageError

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


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


def first_day(month: str) -> date:
    """Return the first day of a month."""
    return date(*parse_month(month), 1)


def last_day(month: str) -> date:
    """Return the last day of a month."""
    year, number = parse_month(month)
    return date(year, number, calendar.monthrange(year, number)[1])
