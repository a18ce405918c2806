"""From which month on a figure can be told: what it looks back at must be in the data."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from cxlib.metrics.queries import Query
from cxlib.metrics.registry import History, Metric
from cxlib.periods import first_day, month_of, shift
from cxlib.tables.schema import table


def begins(query: Query, name: str, anchor: str) -> date | None:
    """Return the local day of the first row of a table, whatever is filtered; None where it has none."""
    if not query.data.has(name):
        return None
    day = query.data.scan(name).select(pl.col(f"{anchor}_day").min())
    found: date | None = query.data.once(("begins", name, anchor), day.collect).item()
    return found


def days_of(need: History, metric: Metric, query: Query) -> int:
    """Return how many days back a figure looks; retention twice as far, as it needs two such spans."""
    days = getattr(query.data.settings.windows, need.days) if isinstance(need.days, str) else need.days
    return int(2 * days if metric.name == "retention" else days)


def known_from(metric: Metric, query: Query, *, withheld: bool = True) -> tuple[str, History] | None:
    """Return the first month of which a figure is known, and what it has to look back at; None if of any.

    Args:
        metric: The figure.
        query: What is asked about: data, month, filters.
        withheld: Whether the figure is withheld before; else from when on months are alike.
    """
    found = []
    for need in metric.history:
        begin = begins(query, need.table, need.anchor) if need.withheld == withheld else None
        if begin is not None:
            days = days_of(need, metric, query)
            month = month_of(since := begin + timedelta(days=days))
            late = days and need.days != "active_days" and first_day(month) < since  # active is who is at a month's end
            found.append((shift(month, 1) if late else month, need))
    return max(found, key=lambda one: one[0], default=None)


def too_early(metric: Metric, query: Query) -> str | None:
    """Return why a figure of the reported month cannot be told, in words, or None if it can."""
    told = known_from(metric, query)
    if told is None or query.month >= told[0]:
        return None
    month, need = told
    begin, days = begins(query, need.table, need.anchor), days_of(need, metric, query)
    what = table(need.table).name.replace("_", " ")
    further = f" and it looks back {days} days" if days else ""
    return f"It can be told from {month} on: the {what} of {query.data.name!r} begin on {begin}{further}."
