"""What a trend says: the change, the year before, target and benchmark, and what happened in the month."""

from cxlib import numbers
from cxlib.periods import month_of
from cxlib.stats.results import Trend
from cxlib.words.change import (
    change_headline,
    change_text,
    goal_clause,
    in_month,
    level,
    level_format,
    nothing,
    subject,
    within,
    year_clause,
)
from cxlib.words.groups import estimate
from cxlib.words.sentence import plain


def trend_text(result: Trend) -> str:
    """Return the sentence of a trend, without caveat."""
    text = change_text(result.change) if result.change else f"{_level_text(result)}."
    if result.points.is_empty():
        return text
    last = estimate(result.points.row(-1, named=True))
    if not (result.change and result.last_year and result.change.baseline == result.last_year.baseline):
        text += year_clause(result.last_year)  # else said already
    if not result.scope.observed:  # part of a month's count meets no target set for a month
        text += goal_clause(result.metric, last, result.target, "target")
        text += goal_clause(result.metric, last, result.benchmark, "benchmark")
    now = [event for event in result.events if month_of(event.date) == result.scope.month]
    return text + "".join(f" {plain(event.title)}: {numbers.day(event.date)}." for event in now)


def trend_headline(result: Trend) -> str:
    """Return the finding in a few words."""
    return change_headline(result.change) if result.change else _level_text(result, exact=False)


def _level_text(result: Trend, *, exact: bool = True) -> str:
    month = result.points["period"][-1] if result.points.height else result.scope.month
    name = subject(result.metric, period=month)
    if result.points.is_empty():
        return f"{name}: nothing is known {within(month)}"
    last = estimate(result.points.row(-1, named=True))
    if last.value is None:
        return f"{name}: {nothing(result.metric, last, month, result.scope)}"
    value = level(result.metric, last) if exact else level_format(result.metric, last).value(last.value)
    return f"{name} stood at {value}{in_month(month)}"
