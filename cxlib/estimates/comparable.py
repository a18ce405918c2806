"""Whether a figure means the same in two months: same scale, same question, as much history, as much time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import polars as pl

from cxlib.clock import days_off
from cxlib.metrics import Metric, Query
from cxlib.metrics.known_from import known_from
from cxlib.metrics.rows import counted_rows
from cxlib.periods import last_day, month_index, months_between
from cxlib.results.comparable import Incomparable
from cxlib.stats.intervals import Array

LITTLE = 0.05  # share of answers on another scale that moves no figure worth a word
CLEARLY = 0.005
_ASKED = {"question": ("question",), "scale": ("scale_low", "scale_high")}
Mix = dict[tuple[object, ...], int]


def incomparable(metric: Metric, query: Query, baseline: str) -> Incomparable | None:
    """Return why the reported month cannot be compared with another one, or None if it can.

    Scales or questions differ where the answers of the two months spread over them differently: no scale in common, or
    more than `LITTLE` of the answers on others and more than chance explains (chi-squared test, p < .005).
    """
    earlier, later = sorted((baseline, query.month))
    if earlier == later:
        return None
    if metric.revised == "time":
        return Incomparable("time", later)
    for withheld in (True, False):
        told = known_from(metric, query, withheld=withheld)
        if told and earlier < told[0]:
            return Incomparable("history", told[0])
    if metric.snapshot and (ends := [last_day_is(month, query) for month in (earlier, later)])[0] != ends[1]:
        return Incomparable("end", later, *ends)
    if not metric.survey:
        return None
    months = months_between(earlier, later)
    return next((found for kind in _ASKED if (found := _changed(kind, metric, query, months))), None)


def last_day_is(month: str, query: Query) -> str:
    """Return what the last observed day of a month is: "working", "after" (a day off) or "off"."""
    plan = query.data.settings.schedules[query.data.settings.default_schedule]
    last = min(last_day(month), query.data.last_day)
    before, here = days_off(pl.Series([last - timedelta(days=1), last]), plan)
    return "off" if here else "after" if before else "working"


def in_words(found: Incomparable) -> str:
    """Return why two months are not compared, for the reason of an answer that is not known."""
    return {
        "scale": f"answers are on the scale {found.after} since {found.since}, on {found.before} before",
        "question": f"another question is asked since {found.since}",
        "history": f"the data reach back far enough only from {found.since} on",
        "time": "later months have had less time",
        "end": "the months do not end on days of the same kind",
    }[found.kind]


def _changed(kind: str, metric: Metric, query: Query, months: Sequence[str]) -> Incomparable | None:
    mixes = _mixes(kind, metric, query, months)
    before, after = mixes[months[0]], mixes[months[-1]]
    if not _differ(before, after):
        return None
    since = months[-1]
    for month in reversed(months[1:-1]):
        if not mixes[month] or _differ(mixes[month], after):
            break
        since = month
    return Incomparable("question" if kind == "question" else "scale", since, _usual(before), _usual(after))


def _mixes(kind: str, metric: Metric, query: Query, months: Sequence[str]) -> dict[str, Mix]:
    """Return how many counted answers each month has by question or scale."""
    names = [name for name in _ASKED[kind] if name in query.data.filled("surveys")]
    rows = counted_rows(metric, query, months, "period", *names)
    counted = rows.group_by("period", *names).len()
    found: dict[int, Mix] = {}
    for period, *key, number in counted.sort("period", *names).iter_rows():
        found.setdefault(period, {})[tuple(key)] = number
    return {month: found.get(month_index(month), {}) for month in months}


def _differ(one: Mix, other: Mix) -> bool:
    if not one or not other:
        return False
    if not one.keys() & other.keys():
        return True
    keys = sorted({*one, *other}, key=repr)
    table = np.array([[mix.get(key, 0) for key in keys] for mix in (one, other)], dtype=np.float64)
    shares = table / table.sum(axis=1, keepdims=True)
    if abs(shares[0] - shares[1]).sum() / 2 <= LITTLE:
        return False
    return chance(table) < CLEARLY


def chance(table: Array) -> float:
    """Return the p-value of Pearson's chi-squared test that the rows of a table spread alike over its columns."""
    from scipy.special import chdtrc

    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    return float(chdtrc((table.shape[0] - 1) * (table.shape[1] - 1), ((table - expected) ** 2 / expected).sum()))


def _usual(mix: Mix) -> str:
    """Return the question, or the ends of the scale, of most answers: "1–5"."""
    key = max(sorted(mix, key=repr), key=lambda one: mix[one])
    numbers = [f"{end:g}" if isinstance(end, float) else str(end or "") for end in key]
    return "–".join(numbers)


def other_questions(metric: Metric, query: Query) -> tuple[str, tuple[str, ...]]:
    """Return the question that a figure of the month is made of and the others of its kind; empty if there is one."""
    asked = query.data.questions.get(metric.survey, [])
    if len(asked) < 2 or "question" in {name for name, _ in query.filters}:
        return "", ()
    names = _mixes("question", metric, query, [query.month])[query.month]
    if not names:
        return "", ()
    own = _usual(names)
    return own, tuple(name for name in asked if name != own)


def weights(metric: Metric, query: Query) -> bool:
    """Tell whether answers of the month count unequally in a figure."""
    if not (metric.weighted and query.weighted and "weight" in query.data.filled(metric.table)):
        return False
    rows = counted_rows(metric, query, [query.month], "weight")
    return bool((rows["weight"].fill_null(1.0) != 1.0).any())
