"""What a trend says: the change, the year before, target and benchmark, events; and the first page: what changed."""

import math

from cxlib import numbers
from cxlib.metrics.registry import METRICS, Metric
from cxlib.periods import month_of
from cxlib.present.sentences.change import (
    change_headline,
    change_text,
    goal_value,
    in_month,
    level,
    level_format,
    moved_by,
    nothing,
    subject,
    unfinished,
    verdict,
    within,
    year_clause,
)
from cxlib.present.sentences.comparable import of_answers, since
from cxlib.present.sentences.groups import estimate
from cxlib.present.sentences.sentence import plain
from cxlib.present.sentences.why import mix_text, plural
from cxlib.results.reasons import Decomposition
from cxlib.results.types import Change, Estimate, Overview, Trend
from cxlib.settings import Goal

MOST, GROUPS = 5, 3  # changes and groups told on the first page


def trend_text(result: Trend) -> str:
    """Return the sentence of a trend, without caveat."""
    text = change_text(result.change) if result.change else f"{_level_text(result)}."
    if result.points.is_empty():
        return text
    last = estimate(result.points.row(-1, named=True))
    if not (result.change and result.last_year and result.change.baseline == result.last_year.baseline):
        text += year_clause(result.last_year)  # else said already
    if not result.scope.observed:  # part of a month's count meets no target set for a month
        text += _goal_clause(result.metric, last, result.target, "target")
        text += _goal_clause(result.metric, last, result.benchmark, "benchmark")
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


def overview_text(result: Overview) -> str:
    """Return at most five changes, one a line, most certain and largest first; then what the data cannot say."""
    absent = [METRICS[name].title if name in METRICS else plain(name) for name in result.missing]
    unknown = [f"Not known in these data: {', '.join(absent)}."] if absent else []
    return "\n".join([*_changes(result), *_unlike(result), *unknown])


def _changes(result: Overview) -> list[str]:
    found = surviving(result)
    if found:
        told = [
            _told(result, change) + unfinished(change.scope) + of_answers(change.metric, change.scope)
            for change in found[:MOST]
        ]
        return [*told, *_by_group(result)]
    month = numbers.month(result.scope.month)
    if not any(trend.change and trend.change.difference is not None for trend in result.trends):
        return [f"Nothing can be compared in {month}: no key figure is known for both months as a whole."]
    alone = sum(1 for trend in result.trends if trend.change and verdict(trend.change) in ("rose", "fell"))
    nothing = "Nothing moved more than chance explains"
    together = f"{nothing} among {len(result.trends)} key figures looked at together; {alone} moved on their own."
    return [together if alone else f"{nothing}."]


def _told(result: Overview, change: Change) -> str:
    """Return the sentence of a change, of one that another mix of groups made with what happened within them."""
    made = [parts for parts in by_mix(result) if parts.metric.name == change.metric.name]
    return mix_text(made[0]) if made else change_text(change, dated=False)


def by_mix(result: Overview) -> list[Decomposition]:
    """Return the parts of the changes that another mix of groups made."""
    named = {change.metric.name for change in surviving(result)}
    return [parts for parts in result.parts if parts.by_mix and parts.metric.name in named]


def _unlike(result: Overview) -> list[str]:
    """Return which key figures are not compared because they mean something else than before."""
    changes = [trend.change for trend in result.trends if trend.change and trend.change.incomparable]
    told = [f"{subject(one.metric)} ({since(one.incomparable)})" for one in changes if one.incomparable]
    return [f"Not compared: {'; '.join(told)}."] if told else []


def _by_group(result: Overview) -> list[str]:
    """Return which groups of what moved did so too, or that none did; nothing of what another mix made alone."""
    if not result.by_title:
        return []
    by = f"By {plain(result.by_title).lower()},"
    moved = sorted((one for one in result.segments if verdict(one) in ("rose", "fell")), key=_certainty)
    if not moved:
        made = {parts.metric.name for parts in by_mix(result)}
        alone = all(change.metric.name in made for change in surviving(result))
        return [] if alone else [f"{by} no single group moved beyond chance."]
    told = "; ".join(f"{subject(change.metric, change.group)} {moved_by(change)}" for change in moved[:GROUPS])
    return [f"{by} more than chance explains: {told}."]


def overview_headline(result: Overview) -> str:
    """Return how many key figures moved."""
    found = len(surviving(result))
    month = numbers.month(result.scope.month)
    if not found:
        return f"{month}: nothing moved more than chance"
    made = len(by_mix(result))
    whose = f", {'all' if made == found else made} by another mix of {plural(result.parts[0])}" if made else ""
    return f"{month}: {found} of {len(result.trends)} key figures moved more than chance explains{whose}"


def surviving(result: Overview) -> list[Change]:
    """Return the changes that are neither chance nor "about the same", also among all key figures at once."""
    changes = [trend.change for trend in result.trends if trend.change and trend.metric.name in result.survives]
    return sorted((change for change in changes if verdict(change) in ("rose", "fell")), key=_certainty)


def _certainty(change: Change) -> tuple[float, float, str]:
    size = abs(change.difference or 0.0)
    relative = size / abs(change.before.value) if change.before.value else size
    return round(change.p_value or 0.0, 4), -relative, change.metric.name


def _goal_clause(metric: Metric, estimate: Estimate, goal: Goal | None, kind: str) -> str:
    """Return " Below the target of 80 %." – or that chance allows it either way."""
    if goal is None or estimate.value is None or (estimate.low is None and estimate.high is None):
        return ""
    low = -math.inf if estimate.low is None else estimate.low
    high = math.inf if estimate.high is None else estimate.high
    aim = f"the {kind} of {goal_value(metric, goal)}"
    if low <= goal.value <= high:
        return f" Within chance of {aim}."
    return f" {'Below' if high < goal.value else 'Above'} {aim}."
