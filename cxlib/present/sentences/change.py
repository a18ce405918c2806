"""What moved: the verdict on a change and its sentence."""

import math
from dataclasses import replace
from typing import Literal

from cxlib import numbers
from cxlib.metrics.registry import Metric
from cxlib.numbers import Format, format_of
from cxlib.periods import earlier, grain_of
from cxlib.present.sentences.certainty import certainty_words
from cxlib.present.sentences.comparable import of_answers, since
from cxlib.present.sentences.dominant import large_customers
from cxlib.present.sentences.like_days import calendar_sentence, on_like_days, plain_clause, unlike_days
from cxlib.present.sentences.sentence import capital, plain
from cxlib.results.certainty import Certainty
from cxlib.results.comparable import Largest
from cxlib.results.types import Change, Estimate, ResultContext
from cxlib.settings import Goal
from cxlib.stats.sizes import margin

FEW = 30
TOGETHER = " once all are looked at"
Verdict = Literal["rose", "fell", "possible", "same", "chance", "few", "unknown"]
_MEANT = {"retention": "Retention asks who is active by an order or a subscription, not who has left"}
_ENDED_OTHERWISE = {
    "take_up_time": "ended without being taken",
    "first_reply_time": "ended without a reply",
    "resolution_time": "were merged, deleted or spam",
    "reply_time": "ended without a reply",
    "agent_wait_time": "were never pending",
    "on_hold_time": "were never on hold",
}


def verdict(change: Change) -> Verdict:
    """Return what may be said of a change.

    "rose" and "fell" are clear, "possible" is not (`results.certainty`); "same": the whole interval lies within ±
    `sizes.margin`; "chance": it holds zero; "few": fewer than 30 answers on a side (counts excepted: there the number
    itself is the figure); "unknown": a side has no value or no interval.
    """
    change = change.compared
    if change.difference is None or (change.low is None and change.high is None):
        return "unknown"
    if not change.metric.census and min(change.after.n, change.before.n) < FEW:
        return "few"
    low = -math.inf if change.low is None else change.low
    high = math.inf if change.high is None else change.high
    if -margin(change) <= low and high <= margin(change):
        return "same"
    if low <= 0 <= high:
        return "chance"
    if change.certainty != "clear":
        return "possible"
    return "rose" if change.difference > 0 else "fell"


def subject(metric: Metric, group: str = "", period: str = "") -> str:
    """Return the metric's title without its abbreviation, with the group or the day, week or year it is about."""
    title, dated = metric.title.split(" (")[0], bool(period) and grain_of(period) != "month"
    if metric.name == "backlog" and not dated:
        title += " on an average day"
    about = group or (numbers.period(period) if dated else "")
    return f"{title} ({plain(about)})" if about else title


def counted_rows(metric: Metric) -> str:
    """Return "answers": what the rows of the metric are."""
    if metric.table in ("surveys", "followed_answers"):
        return "answers" if metric.anchor == "answered" else "surveys sent"
    return "tickets" if metric.table == "backlog_months" else metric.table.replace("_", " ")


def counted(metric: Metric, n: int) -> str:
    """Return "202 answers": how many rows the metric has."""
    noun = counted_rows(metric)
    if n == 1:
        noun = {"replies": "reply", "surveys sent": "survey sent"}.get(noun, noun.removesuffix("s"))
    return f"{numbers.number(n)}{numbers.SPACE}{noun}"


def level_format(metric: Metric, estimate: Estimate, language: str = "en") -> Format:
    """Return how this figure is printed, as exactly as its interval deserves."""
    return format_of(metric, estimate.value or 0.0, width(estimate.low, estimate.high), language=language)


def difference_format(change: Change) -> Format:
    """Return how this change is printed: in the unit of its figure, no end printed as zero that is not zero."""
    change = change.compared
    size = change.after.value or change.before.value or change.difference or 0.0
    if change.metric.kind == "duration" and change.low is not None and change.high is not None:
        reach = max(abs(change.low), abs(change.high))  # less than an hour is told in minutes
        size = min(abs(size), reach) if reach < format_of(change.metric, size).divisor else size
    return difference_form(change.metric, size, change.low, change.high, change.scope.language)


def difference_form(metric: Metric, size: float, low: float | None, high: float | None, language: str = "en") -> Format:
    """Return how a difference is printed: a unit that fits `size`, and never zero for an end that is not zero."""
    form = format_of(metric, size, width(low, high), difference=True, language=language)
    return form.apart(low, high)


def width(low: float | None, high: float | None) -> float | None:
    """Return high − low, None where an end is not known."""
    return None if low is None or high is None else high - low


def level(metric: Metric, estimate: Estimate, form: Format | None = None) -> str:
    """Return "75.2 % (68.8–80.7; 202 answers)", in the format of its column or as its own interval deserves."""
    if estimate.value is None:
        return f"not known ({counted(metric, estimate.n)})"
    rows, form = "" if metric.kind == "count" else counted(metric, estimate.n), form or level_format(metric, estimate)
    return form.with_interval(estimate.value, estimate.low, estimate.high, rows)


def nothing(metric: Metric, estimate: Estimate, period: str, scope: ResultContext | None = None) -> str:
    """Return why there is no value: nothing known yet, a median not yet reached, or nothing to count.

    That a month has no rows at all is said of answers only: other figures may be about some of the rows.
    """
    if scope and scope.provisional >= 1 and scope.month == period:
        return f"not yet known {within(period)}"
    if metric.kind == "duration" and estimate.n:
        return f"the {metric.statistic} is not yet reached, {counted(metric, estimate.n)} {within(period)}"
    return f"{'no answers' if counted(metric, 0).endswith('answers') else 'nothing to count'} {within(period)}"


def in_month(period: str) -> str:
    """Return " in October 2026" of a month, nothing of a period of another grain, which the subject names."""
    return f" {within(period)}" if grain_of(period) == "month" else ""


def within(period: str) -> str:
    """Return "in October 2026", "in the week of 19 October 2026", "on 31 October 2026"."""
    return f"{'on' if grain_of(period) == 'day' else 'in'} {numbers.period(period)}"


def moved_by(change: Change, *, interval: bool = True, sure: bool = True) -> str:
    """Return "fell by 8.8 points (3.1–14.5)", "may have fallen by …": size without sign beside the word that has it."""
    size, low, high = unsigned(change.difference or 0.0, change.low, change.high)
    form = difference_format(change)
    printed = form.with_interval(size, *((low, high) if interval else (None, None))) + on_like_days(change, form)
    down, up = ("fell", "rose") if sure else ("may have fallen", "may have risen")
    return f"{down if (change.difference or 0.0) < 0 else up} by {printed}"


def unsigned(size: float, low: float | None, high: float | None) -> tuple[float, float | None, float | None]:
    """Return a difference and its interval, mirrored at zero where it is negative."""
    if size >= 0:
        return size, low, high
    return -size, None if high is None else -high, None if low is None else -low


def verdict_words(change: Change | None) -> str:
    """Return the verdict with its sign, never a sign alone: "▼ fell by 8.8 points", "≈ about the same"."""
    found = "unknown" if change is None else verdict(change)
    if change is not None and found in ("rose", "fell"):
        return f"{'▲' if found == 'rose' else '▼'} {moved_by(change, interval=False)}"
    if change is not None and (change.unlike or change.incomparable):
        return "? days not alike" if change.unlike else "not compared"
    quiet = {"same": "≈ about the same", "chance": "○ within chance", "few": "? too few to judge"}
    return {**quiet, "possible": "◌ possible"}.get(found, "")


def change_text(change: Change, *, dated: bool = True) -> str:
    """Return the sentence of a change, without caveat; the month is named unless the page has only one."""
    if change.without is not None:
        return f"Without {_large(change)}: {change_text(change.compared, dated=dated)} With them {_of_all(change)}."
    name = subject(change.metric, change.group, change.period)
    if change.after.value is None:
        return f"{name}: {nothing(change.metric, change.after, change.period, change.scope)}."
    found, then = verdict(change), in_month(change.period) if dated else ""
    if found in ("few", "unknown"):
        known = f"{name} stood at {level(change.metric, change.after)}{then}"
        return f"{known}." if change.scope.observed else f"{known}; {_why_no_verdict(change)}."
    rows = counted(change.metric, change.after.n)
    if change.metric.kind in ("share", "rate") and change.after.value == 0:
        who = "nobody" if change.metric.table.endswith("_months") else "none"
        return f"{name}: {who} (0 of {rows}){then}.{year_clause(change)}"
    value = level_format(change.metric, change.after).value(change.after.value)
    value += ("" if change.metric.kind == "count" else f" ({rows})") + then
    if found == "same":
        within_it = f"within ±{difference_format(change).apart(margin(change)).bare(margin(change))}"
        same = f"{name} stayed about the same{against(change)} at {value}: {_signed(change)}, all {within_it}."
        return same + calendar_sentence(change, replace(difference_format(change), signed=True))
    moved = f"moved by {_signed(change)}" if found == "chance" else moved_by(change, sure=found != "possible")
    unseen = f": {would_not_show(change)}" if found == "chance" and change.detectable else ""
    calendar = calendar_sentence(change, replace(difference_format(change), signed=True))
    beside = responding(change) if found in ("rose", "fell", "possible") else ""
    return f"{name} {moved}{against(change)} to {value}; {chance_words(change)}{unseen}.{calendar}{beside}"


def would_not_show(change: Change) -> str:
    """Return "a change below 4 points would not show with 668 answers": what so few could have shown at all."""
    size, rows = change.detectable or 0.0, counted(change.metric, min(change.after.n, change.before.n))
    relative = change.metric.kind in ("duration", "count")
    form = Format("%") if relative else replace(difference_format(change), signed=False)
    told = f"a change below {form.apart(size).value(size)} would not show"
    return told if change.metric.kind == "count" else f"{told} with {rows}"


def change_notes(change: Change | None) -> list[str]:
    """Return what the table says below of a change: what would not show, what the calendar makes, who is left out."""
    if change is None:
        return []
    unseen = f"{capital(would_not_show(change))}." if verdict(change) == "chance" and change.detectable else ""
    calendar = calendar_sentence(change, replace(difference_format(change), signed=True)).strip()
    return [note for note in (unseen, calendar, without_note(change)) if note]


def without_note(change: Change | None) -> str:
    """Return who was left out of a change, and the figures compared; nothing where nobody was."""
    if change is None or change.without is None:
        return ""
    then, now = (level(change.metric, side) for side in (change.without.before, change.without.after))
    return f"The change from {numbers.period(change.baseline)} is without {_large(change)}: from {then} to {now}."


def _large(change: Change) -> str:
    assert change.without is not None
    return large_customers(change.metric, change.without, counted_rows(change.metric), change.baseline)


def _of_all(change: Change) -> str:
    return f"it is {level(change.metric, change.after)} after {level(change.metric, change.before)}"


def responding(change: Change) -> str:
    """Return how the response rate moved too, and what the figure would be had that made the change; or nothing."""
    found = change.responding
    if found is None:
        return ""
    more = found.after > found.before
    form = numbers.share_format(width(found.low, found.high))
    rates = f"from {form.value(found.before)} to {form.value(found.after)}"
    rate = f"The response rate {'rose' if more else 'fell'} too, {rates}"
    kind = "worst" if found.worst else "best"
    value = level_format(change.metric, change.after).value(found.bound)
    if more:
        return f" {rate}: had the extra answers all been the {kind} there are, it would be {value} without them."
    return f" {rate}: had the missing answers all been the {kind} there are, it would be {value} with them."


def chance_words(change: Change) -> str:
    """Return what chance makes of a change that has a verdict."""
    found = verdict(change)
    levels: dict[Verdict, Certainty] = {"possible": "possible", "chance": "none"}
    return "about the same" if found == "same" else certainty_words(levels.get(found, "clear"))


def _signed(change: Change) -> str:
    form = replace(difference_format(change), signed=True)
    return form.with_interval(change.difference or 0.0, change.low, change.high) + on_like_days(change, form)


def change_headline(change: Change) -> str:
    """Return the finding in a few words."""
    if change.without is not None:
        who = "one customer" if change.without.customers == 1 else f"{change.without.customers} customers"
        return f"{change_headline(change.compared)} (without {who})"
    name = subject(change.metric, change.group, change.period)
    if change.after.value is None:
        return f"{name}: {nothing(change.metric, change.after, change.period, change.scope)}"
    value = level_format(change.metric, change.after).value(change.after.value)
    found = verdict(change)
    if found in ("rose", "fell"):
        return f"{name} {moved_by(change, interval=False)} to {value}"
    return {
        "same": f"{name} stayed about the same: {value}",
        "chance": f"{name} {value}: no change beyond chance",
        "possible": f"{name} {value}: a possible change",
        "few": f"{name} {value}: too few to judge a change",
    }.get(found, f"{name} stood at {value}")


def year_clause(change: Change | None) -> str:
    """Return " Against October 2025: −4.9 points (−9.0 to −0.8), more than chance explains.", or nothing."""
    if change is not None and change.unlike:
        return f" No verdict against {numbers.period(change.baseline)}: {unlike_days(change)}."
    if change is not None and change.incomparable and change.incomparable.kind in ("scale", "question"):
        return f" Not compared with {numbers.period(change.baseline)}: {since(change.incomparable)}."
    if change is None or change.difference is None or verdict(change) in ("few", "unknown"):
        return ""
    without = f", without {_large(change)}" if change.without else ""
    counted_plainly = plain_clause(change, replace(difference_format(change), signed=True))
    size = f"{_signed(change)}, {chance_words(change)}{counted_plainly}"
    return f" Against {numbers.period(change.baseline)}{without}: {size}."


def goal_value(metric: Metric, goal: Goal) -> str:
    """Return a target as it was set, with up to two decimals."""
    form = format_of(metric, goal.value)
    printed = round(goal.value / form.divisor, 2)
    decimals = next(number for number in (0, 1, 2) if round(printed, number) == printed)
    return Format(form.unit, form.divisor, decimals, form.signed).value(goal.value)


def caveat(metric: Metric, scope: ResultContext) -> str:
    """Return the one caveat that matters most, and what is to be known of the answers; or nothing."""
    answers = of_answers(metric, scope)
    if told := unfinished(scope):
        return told + answers
    if answers:
        return answers
    if scope.largest:
        return f" {carried(metric, scope.largest)}."
    if metric.name in _MEANT:
        return f" {_MEANT[metric.name]}."
    if metric.kind != "duration" or not (scope.unfinished or scope.outside):
        return ""
    waiting = [f"{numbers.number(scope.unfinished)} still waiting"] if scope.unfinished else []
    ended = _ENDED_OTHERWISE.get(metric.name.removesuffix("_business"), "ended otherwise")
    ended = ended.replace("were", "was") if scope.outside == 1 else ended
    verb = "is" if scope.outside == 1 else "are"
    outside = [f"{numbers.number(scope.outside)} {ended} and {verb} outside"] if scope.outside else []
    return f" {'; '.join(waiting + outside)}."


def carried(metric: Metric, found: Largest) -> str:
    """Return "The largest 1 % (17 orders) carry 34 % of the sum": what a mean or a total of such amounts hangs on."""
    share, rows = numbers.percent(found.share), counted(metric, found.rows)
    if found.rows == 1:
        return f"The largest of them alone carries {share} of the sum"
    return f"The largest 1{numbers.SPACE}% ({rows}) carry {share} of the sum"


def unfinished(scope: ResultContext) -> str:
    """Return " Provisional, 45 % not yet known.", or how much of the month is observed; nothing of a final figure."""
    if scope.observed:
        return f" {partly(scope.month, scope.observed)}."
    return f" Provisional, {numbers.percent(scope.provisional)} not yet known." if scope.provisional > 0 else ""


def partly(month: str, observed: tuple[int, int]) -> str:
    """Return "June 2026 is observed on 8 of 30 days"."""
    return f"{numbers.period(month)} is observed on {observed[0]} of {observed[1]} days"


def against(change: Change) -> str:
    """Return " against October 2025", or nothing where it is the month before."""
    previous = grain_of(change.period) == "month" and change.baseline == earlier(change.period, 1)
    return "" if previous else f" against {numbers.period(change.baseline)}"


def _why_no_verdict(change: Change) -> str:
    baseline = numbers.period(change.baseline)
    if change.incomparable:
        return f"not compared with {baseline}: {since(change.incomparable)}"
    if change.before_observed:
        return partly(change.baseline, change.before_observed)
    if change.unlike:
        return f"no verdict: {unlike_days(change)}"
    if change.before.n == 0:
        return f"{nothing(change.metric, change.before, change.baseline)} to compare with"
    if change.before.value is None:
        return f"{baseline} has no {change.metric.statistic} to compare with"
    if verdict(change) == "unknown":
        return f"the change from {baseline} has no interval"
    if change.after.n < FEW:
        return "too few to judge a change"
    return f"{baseline} has {counted(change.metric, change.before.n)}, too few to judge a change"
