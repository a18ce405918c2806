"""What every answer carries – its scope – and why a question has none."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from cxlib.errors import CxError, UsageError
from cxlib.estimates.comparable import other_questions, weights
from cxlib.estimates.concentration import largest
from cxlib.metrics import Metric, Query, can_change, missing_reason, population
from cxlib.metrics.availability import no_hours
from cxlib.metrics.rows import counted_rows
from cxlib.periods import first_day, last_day
from cxlib.results.types import NotKnown, ResultContext
from cxlib.tables.schema import DIMENSIONS, path_of


def result_context(metric: Metric, query: Query) -> ResultContext:
    """Return the scope of an answer about one metric in the reported month."""
    rows, late, outside, running = population(metric, query, query.month) if can_change(metric) else (0, 0, 0, 0)
    settings = query.data.settings
    kind = "count" if metric.kind == "mean" and not metric.survey else metric.kind
    margin: float = getattr(settings.margins, kind)
    if kind == "mean":
        margin *= metric.scale[1] - metric.scale[0] if metric.scale else 0.0
    return ResultContext(
        data=query.data.name,
        month=query.month,
        filters=query.filter_text,
        margin=margin,
        min_group=settings.min_group,
        language=query.language,
        provisional=late / rows if rows else 0.0,
        outside=outside,
        unfinished=running,
        observed=partly_observed(metric, query, query.month),
        **_of_answers(metric, query),
        largest=largest(metric, query),
    )


def _of_answers(metric: Metric, query: Query) -> dict[str, Any]:
    """Return what a scope says of answers: their weights, and which of several questions they are to."""
    question, others = other_questions(metric, query) if metric.survey else ("", ())
    found = {"question": question, "other_questions": others, "weighted": weights(metric, query)}
    if not found["weighted"]:
        return found
    plain = counted_rows(metric, replace(query, weighted=False), [query.month], "wx", "w")
    total = float(plain["w"].sum())
    return found | {"unweighted": metric.factor * float(plain["wx"].sum()) / total if total else None}


def about(query: Query) -> ResultContext:
    """Return the scope of an answer about several figures, of which any may be unknown."""
    settings = query.data.settings
    return ResultContext(
        query.data.name, query.month, query.filter_text, min_group=settings.min_group, language=query.language
    )


def observed(metric: Metric, query: Query) -> tuple[date, date]:
    """Return the first and the last local day that the data observe wholly, whatever is filtered."""
    zone = ZoneInfo(query.data.settings.timezone)
    stock = metric.table == "backlog_months"  # its months begin with the first ticket
    table, anchor = ("tickets", "created") if stock else (metric.table, metric.anchor)
    day = pl.col(f"{anchor}_day")
    begin = first_day(query.data.first_month)
    rows = query.data.scan(table).filter(day >= begin).select(day.min())
    first = query.data.once(("first day", table, anchor), rows.collect).item()
    return first or begin, query.data.extracted_at.astimezone(zone).date() - timedelta(days=1)


def partly_observed(metric: Metric, query: Query, month: str) -> tuple[int, int] | None:
    """Return how many days of a month the data observe and how many it has; None if all, or if it is no count."""
    if metric.kind != "count":
        return None
    (since, until), (first, last) = observed(metric, query), (first_day(month), last_day(month))
    seen, length = (min(until, last) - max(since, first)).days + 1, (last - first).days + 1
    return None if seen == length else (max(seen, 0), length)


def unanswerable(metric: Metric, query: Query, by: str = "", *, parted: bool = False) -> NotKnown | None:
    """Return why the data cannot answer for this metric, grouping and filters, or None if they can.

    `parted` asks for the groups alone: amounts by currency are known then, their sum never is.

    Raises:
        UsageError: A dimension that does not exist.
    """
    reason = missing_reason(metric, query, by if parted else "")
    for name in (by, *(dimension for dimension, _ in query.filters)):
        reason = reason or (_undefined(metric, query, name) if name else None)
    return NotKnown(metric.title, reason) if reason else None


def _undefined(metric: Metric, query: Query, dimension: str) -> str | None:
    try:
        path = path_of(dimension, metric.table)
    except UsageError:
        raise
    except CxError as error:
        return str(error)
    holder = path.hops[-1][1] if path.hops else metric.table
    needed = [table for _, table in path.hops if not query.data.has(table)]
    if needed or path.column not in query.data.filled(holder):
        if reason := no_hours([path.column], query):
            return reason
        why = f"there is no table {needed[0]!r}" if needed else f"{holder}.{path.column} is empty"
        what = f"the {DIMENSIONS[dimension].title} of a row of {metric.table!r}"
        return f"The data {query.data.name!r} do not say {what}: {why}."
    return None
