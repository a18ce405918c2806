"""The first page: key figures together, and which of their changes survive being looked at together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from cxlib.estimates.changes import compare
from cxlib.estimates.comparable import incomparable
from cxlib.estimates.context import unanswerable
from cxlib.estimates.estimate_table import estimate_table, estimates
from cxlib.metrics import Query
from cxlib.metrics.frames import NOT_KNOWN
from cxlib.questions.groups.breakdown import labels
from cxlib.questions.over_time.decomposition import mix_decomposition
from cxlib.questions.over_time.trend import trend
from cxlib.results.reasons import Decomposition
from cxlib.results.types import Change, NotKnown, Overview, ResultContext, Trend
from cxlib.stats.effects import survivors
from cxlib.stats.sizes import sized
from cxlib.tables.schema import DIMENSIONS, is_personal

HEADLINE = (
    "csat", "nps", "response_rate", "ticket_volume", "first_reply_time", "resolution_time",
    "first_contact_resolution", "reopen_rate", "sla_first_reply", "sla_resolution",
)  # fmt: skip


def overview(query: Query, names: Sequence[str] = HEADLINE) -> Overview:
    """Return the trends of the key figures and the changes that are clear among all of them.

    Overall first: then, of the figures that moved, the groups of the query's dimension, again one family, and what
    another mix of them did to the whole.

    Args:
        query: What is asked about: data, month, filters.
        names: The family of headline metrics, declared beforehand, in the order of the page.

    Raises:
        UsageError: No such metric or dimension.
    """
    answers = {name: trend(name, query) for name in names}
    trends = tuple(answer for answer in answers.values() if isinstance(answer, Trend))
    survives = survivors({t.metric.name: t.change.p_value for t in trends if t.change and t.change.p_value is not None})
    moved = [change for t in trends if t.metric.name in survives for change in _by_group(t, query)]
    beyond = survivors({str(place): one.p_value for place, one in enumerate(moved) if one.p_value is not None})
    return Overview(
        scope=trends[0].scope if trends else ResultContext(query.data.name, query.month, query.filter_text),
        trends=trends,
        survives=survives,
        missing={name: answer.reason for name, answer in answers.items() if isinstance(answer, NotKnown)},
        by_title=DIMENSIONS[query.by].title if moved else "",
        segments=tuple(one for place, one in enumerate(moved) if str(place) in beyond),
        parts=tuple(_parts(trends, survives, query)) if query.by else (),
    )


def _parts(trends: Sequence[Trend], survives: frozenset[str], query: Query) -> Iterator[Decomposition]:
    """Yield what mix and groups made of each figure that moved, where its change has parts."""
    for name in (each.metric.name for each in trends if each.metric.name in survives):
        found = mix_decomposition(name, query)
        if isinstance(found, Decomposition):
            yield found


def _by_group(whole: Trend, query: Query) -> list[Change]:
    """Return how each known group of the query's dimension changed, as the whole did; none of persons, or undefined."""
    metric, about, by, months = whole.metric, whole.scope, query.by, [query.month, query.baseline]
    unlike = incomparable(metric, query, query.baseline)
    if not by or is_personal(by) or unanswerable(metric, query, by) or unlike:
        return []
    found = estimate_table(metric, query, sorted(months), by)
    after = found.keys.filter(pl.col("period") == query.month)
    apart = compare(metric, query, found, [query.baseline], by).rows(metric)
    sides = [found.at(after.with_columns(period=pl.lit(month))).points() for month in months]
    named = dict(labels(query, by, after.select("group")).iter_rows())
    return [
        sized(
            Change(
                metric, about, query.month, query.baseline, here, then, size, low, high, p_value, named[group],
                calendar=calendar,
            )
        )
        for group, (size, low, high, p_value, calendar), here, then in zip(
            after["group"], apart, *map(estimates, sides), strict=True
        )
        if group != NOT_KNOWN
    ]  # fmt: skip
