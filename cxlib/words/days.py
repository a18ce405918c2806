"""What single days of a count say."""

from __future__ import annotations

from cxlib import numbers
from cxlib.numbers import Format
from cxlib.stats.results import UnusualDays
from cxlib.words.change import subject
from cxlib.words.groups import Row
from cxlib.words.sentence import plain

TOLD = 4


def days_text(result: UnusualDays) -> str:
    """Return the days outside of what is expected, the farthest first."""
    found, number = outside(result), numbers.number(result.points.height)
    name = f"{subject(result.metric)}, {numbers.month(result.scope.month)}"
    if not found:
        return f"{name}: no day of {number} lies outside of what the calendar and the trend let expect."
    told = "; ".join(f"{day(row)}, {against(row)}" for row in found[:TOLD])
    more = "; and others in the table" if len(found) > TOLD else ""
    return f"{name}: {told}{more}; more than chance explains among {number} days."


def days_headline(result: UnusualDays) -> str:
    """Return the days in a few words."""
    found = outside(result)
    parts = ", ".join(day(row) for row in found[:2]) + (" and others" if len(found) > 2 else "")
    return f"{subject(result.metric)}: {f'unusual on {parts}' if found else 'no day unusual beyond chance'}"


def outside(result: UnusualDays) -> list[Row]:
    """Return the days outside their interval, the farthest from it first."""
    rows = [row for row in result.points.iter_rows(named=True) if row["outside"]]
    return sorted(rows, key=lambda row: -abs(row["value"] - row["expected"]) / (row["high"] - row["low"] + 1))


def day(row: Row) -> str:
    """Return "Friday 1 May (Labor Day)"."""
    date = f"{numbers.weekday(row['day'].isoweekday())} {numbers.day(row['day']).rsplit(' ', 1)[0]}"
    return f"{date} ({plain(row['what'])})" if row["what"] else date


def against(row: Row) -> str:
    """Return "120 against 60–98 expected"."""
    form = Format("")
    return f"{form.value(row['value'])} against {form.interval(row['low'], row['high'])} expected"
