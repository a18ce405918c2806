"""Counts of days in words: compared on like days, and what the calendar makes of the plain difference."""

from cxlib import numbers
from cxlib.numbers import Format
from cxlib.periods import bounds
from cxlib.results.types import Change

_SPECIAL = {8: "a public holiday", 9: "a public holiday at a weekend", 10: "a half day"}


def on_like_days(change: Change, form: Format) -> str:
    """Return " on like days" where the plain difference, as it is printed, is another one; else nothing."""
    return " on like days" if _apart(change, form) else ""


def calendar_sentence(change: Change, form: Format) -> str:
    """Return " The plain difference is −247, of which the calendar makes −239: 28 days against 31.", or nothing."""
    if change.calendar is None or not _apart(change, form):
        return ""
    here, there = ((last - first).days + 1 for first, last in map(bounds, (change.period, change.baseline)))
    longer = (here - there) * change.calendar > 0
    why = f"{here} days against {there}" if longer else "other weekdays or holidays"
    made = f"{form.value(change.calendar)}: {why}"
    return f" The plain difference is {form.value(change.plain or 0.0)}, of which the calendar makes {made}."


def plain_clause(change: Change, form: Format) -> str:
    """Return "; the plain difference is +60" where it is another one."""
    return f"; the plain difference is {form.value(change.plain or 0.0)}" if _apart(change, form) else ""


def unlike_days(change: Change) -> str:
    """Return that two days are of different kinds: "1 November 2025 is a public holiday at a weekend, … a Saturday"."""
    if change.unlike is None:
        return ""
    here, there = (_SPECIAL.get(kind) or f"a {numbers.weekday(kind)}" for kind in change.unlike)
    baseline, period = (numbers.period(each) for each in (change.baseline, change.period))
    return f"{baseline} is {there}, {period} {here}"


def _apart(change: Change, form: Format) -> bool:
    if change.calendar is None or change.difference is None or change.plain is None:
        return False
    return form.value(change.difference) != form.value(change.plain)
