"""What to do next for fewer and easier tickets: what to automate. What to write about is in `articles`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from cxlib.estimates.context import result_context, unanswerable
from cxlib.estimates.drilldown import Listed, row_list, with_rows
from cxlib.estimates.estimate_table import printed
from cxlib.metrics import Query
from cxlib.metrics.frames import NOT_KNOWN
from cxlib.metrics.rows import ADDS, counted_rows
from cxlib.questions.groups.breakdown import labels
from cxlib.results.shortlist import Shortlist
from cxlib.results.types import POINT, NotKnown, ResultContext
from cxlib.stats.intervals import Sums, total
from cxlib.stats.text_similarity import normalised
from cxlib.tables.schema import DIMENSIONS

REPEATED = 10  # tickets; a request that came less often does not repeat
MINUTES = ("handle_minutes", "estimated_handle_minutes")
SHARES = ("easy", "quick", "asked")
HOURS = "hours a month"
Beside = tuple[tuple[str, str, str], ...]


@row_list(
    "Tickets of candidates for an automatic answer",
    "Hours a month are the sum of what the rows add: the minutes of those that are easy (solved at first contact), "
    "quick and asked again and again, ÷ 60 ÷ the months. The shares are those of all rows of a group.",
    sums=("easy", "quick", "asked", ADDS),
)
def _automation_candidates(query: Query, by: str = "category", *, months: int = 12) -> Listed:
    periods, rows = _judged(query, by, months)
    adds = pl.when(pl.all_horizontal(SHARES)).then(_hours(periods)).fill_null(0.0)
    named = rows.join(labels(query, by, rows.select("group").unique()), on="group", how="left")
    told = ("ticket_id", "customer_id", pl.col("label").alias("group"))
    listed = named.select(*told, adds.alias(ADDS), "minutes", *SHARES, "subject").sort("group", "ticket_id")
    return Listed(listed, f"{periods[0]}/{periods[-1]}", {ADDS: HOURS}, f"by {DIMENSIONS[by].title}")


@with_rows(_automation_candidates)
def automation_candidates(query: Query, by: str = "category", *, months: int = 12) -> Shortlist | NotKnown:
    """Return agent hours a month on tickets that an automatic answer could have settled, the largest lower end first.

    Counted are the minutes of tickets solved at first contact, no slower to handle than the median of all, and (where
    subjects are known) of a request that came at least ten times: many, quick, easily solved, repeated. The interval is
    that of a compound Poisson total, errors by customer.

    Args:
        query: What is asked about: data, month, filters.
        by: Dimension of tickets whose groups are candidates.
        months: Most months to go back from the last one wholly known.

    Raises:
        UsageError: No such dimension.
    """
    metric, title = query.metric("first_contact_resolution"), "What to automate next"
    query = query.settled(metric.name)
    if reason := unanswerable(metric, query, by):
        return NotKnown(title, reason.reason)
    periods, rows = _judged(query, by, months)
    if not rows["minutes"].count():
        return NotKnown(title, f"The data {query.data.name!r} say neither minutes of work nor replies of a ticket.")
    beside = rows.group_by("group").agg(pl.col(*SHARES).mean() * 100, tickets=pl.len() / len(periods))
    points = _totals(rows.filter(pl.all_horizontal(SHARES)), len(periods)).join(beside, on="group").join(
        labels(query, by, rows.select("group").unique()), on="group")  # fmt: skip
    points = points.with_columns(note=pl.lit(""), open=pl.lit(True))
    columns = (("tickets", "Tickets a month", ""), ("easy", "At first contact", "%"), ("quick", "Quick", "%"),
               ("asked", "Repeated", "%"))  # fmt: skip
    reading = f"agent hours a month, {_estimated(rows)}, on quick, repeated tickets that one contact solved"
    return _shortlist(query, title, periods, points, reading=reading, beside=columns)


def _judged(query: Query, by: str, months: int) -> tuple[list[str], pl.DataFrame]:
    """Return the months, and their tickets with `minutes` and whether each was easy, quick and asked repeatedly."""
    metric, query = query.metric("first_contact_resolution"), query.settled("first_contact_resolution")
    periods, ids = query.months(months), ("ticket_id", "customer_id")
    rows = counted_rows(metric, query, periods, *ids, "group", "unit", "x", "subject", *MINUTES, by=by)
    rows = rows.with_columns(minutes=pl.coalesce(MINUTES), key=normalised(pl.col("subject")))
    told, key = rows["subject"].count() > 0, pl.col("key")
    return periods, rows.filter(pl.col("group").is_not_null(), pl.col("group") != NOT_KNOWN).with_columns(
        easy=pl.col("x") > 0,
        quick=(pl.col("minutes") <= pl.col("minutes").median()).fill_null(False),
        asked=((pl.len().over("key") >= REPEATED) & (key != "")).fill_null(False) if told else pl.lit(True),
    )


def _shortlist(
    query: Query,
    title: str,
    periods: list[str],
    points: pl.DataFrame,
    *,
    reading: str,
    beside: Beside,
    measured_in: str = HOURS,
) -> Shortlist:
    """Return candidates, the largest lower end first; named are those that chance may put before the first."""
    metric = replace(query.metric("ticket_volume"), unit="customer_id")
    points = points.sort("low", "group", descending=[True, False], nulls_last=True)
    first = pl.col("low").filter("open").max()
    points = points.with_columns(named=pl.col("open") & (pl.col("high") >= first), reason=pl.lit(None, dtype=pl.String))
    about: ResultContext = result_context(metric, query)
    return Shortlist(
        metric, about, title, (periods[0], periods[-1]), measured_in,
        points.select("group", "label", *POINT, "named", "note", "reason", *(name for name, _, _ in beside)),
        found="first, or not told apart from it by chance", nothing="Nothing that is not there already.",
        reading=reading, beside=beside,
    )  # fmt: skip


def _hours(periods: list[str]) -> pl.Expr:
    return pl.col("minutes") / 60 / len(periods)


def _totals(rows: pl.DataFrame, months: int) -> pl.DataFrame:
    """Return group and POINT columns: hours a month from the `minutes` of each row, errors by `unit`."""
    by_unit = rows.group_by("group", "unit").agg(n=pl.len(), hours=pl.col("minutes").sum() / 60)
    hours = pl.col("hours")
    sums = by_unit.group_by("group").agg(pl.col("n").sum(), units=pl.len(), wx=hours.sum(), wxwx=(hours**2).sum())
    n, units, wx, wxwx = (sums[name].to_numpy().astype(np.float64) for name in ("n", "units", "wx", "wxwx"))
    none = np.zeros_like(n)
    found = total(Sums(n, units, none, wx, none, none, wxwx, none))
    return pl.concat([sums.select("group"), printed(found, 1 / months)], how="horizontal")


def _estimated(rows: pl.DataFrame) -> str:
    """Return in words how far the minutes are the source's own."""
    known = rows[MINUTES[0]].count()
    if known == rows.height:
        return "as recorded"
    return "partly estimated from replies" if known else "estimated from replies"
