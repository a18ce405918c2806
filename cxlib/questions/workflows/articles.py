"""What to write a help article about, and which article to mend: requests that repeat, visits that a ticket follows."""

from __future__ import annotations

from dataclasses import replace

import narwhals as nw
import numpy as np
import polars as pl

from cxlib.estimates.context import result_context, unanswerable
from cxlib.estimates.drilldown import Listed, row_list, with_rows
from cxlib.metrics import Metric, Query, unit_frame
from cxlib.metrics.rows import ADDS, counted_rows, table_rows
from cxlib.questions.groups.breakdown import against_rest, labels
from cxlib.questions.workflows.automation_candidates import (
    HOURS,
    MINUTES,
    REPEATED,
    _estimated,
    _hours,
    _shortlist,
    _totals,
)
from cxlib.results.effects import Effects
from cxlib.results.shortlist import Shortlist
from cxlib.results.types import POINT, NotKnown
from cxlib.stats.effects import adjusted
from cxlib.stats.intervals import ALPHA, normal_quantile
from cxlib.stats.text_similarity import ALIKE, alike, normalised, vectors

TITLE = "What to write about next"
LEAST, MOST, LETTERS = 20, 12, 200
TICKETS = "tickets a month"
EVIDENT = 0.01


@row_list(
    "Tickets of candidates for an article",
    "The figure is the sum of what the rows add: the minutes of each ticket ÷ 60 ÷ the months; where no minutes are "
    "known, 1 ÷ the months. A ticket without minutes counts as a mean one.",
    sums=("minutes", ADDS),
)
def _article_candidates(query: Query, *, months: int = 1) -> Listed | NotKnown:
    found = _requests(query, months)
    if isinstance(found, NotKnown):
        return found
    periods, rows, how = found
    told = ("ticket_id", "customer_id", pl.col("label").alias("group"), _hours(periods).alias(ADDS), "minutes", "text")
    unit = HOURS if how else TICKETS
    return Listed(rows.select(*told).sort("group", "ticket_id"), f"{periods[0]}/{periods[-1]}", {ADDS: unit})


@with_rows(_article_candidates)
def article_candidates(query: Query, *, months: int = 1) -> Shortlist | NotKnown:
    """Return requests that repeat, by agent hours a month, and whether an article's title is already like them.

    By tickets a month where the data say neither minutes nor replies; a ticket without them counts as a mean one.

    Requests are alike by the letters of their subjects (of the first message without one): see `likeness`; each group
    is called by its most frequent subject. The interval is that of a compound Poisson total, errors by customer.

    Args:
        query: What is asked about: data, month, filters.
        months: How many months up to the reported one.

    Raises:
        UsageError: No such dimension.
    """
    found = _requests(query, months)
    if isinstance(found, NotKnown):
        return found
    periods, rows, how = found
    points = _totals(rows, len(periods)).join(rows.select("group", "label", "article").unique(), on="group")
    counts = _totals(rows.with_columns(minutes=60.0), len(periods))
    points = points.join(counts.select("group", tickets="value", fewest="low", most="high"), on="group")
    note = pl.format("an article is titled “{}”", "article").fill_null("")
    points = points.with_columns(note=note, open=pl.col("article").is_null())
    columns = (("tickets", "Tickets a month", ""), ("fewest", "at least", ""), ("most", "at most", ""))
    what = f"agent hours a month, {how}," if how else "tickets a month, as nothing says how long they took,"
    reading = f"{what} by the letters of subjects; named are those without an article"
    unit = HOURS if how else TICKETS
    return _shortlist(query, TITLE, periods, points, reading=reading, beside=columns, measured_in=unit)


def _requests(query: Query, months: int) -> tuple[list[str], pl.DataFrame, str] | NotKnown:
    """Return the months, the tickets of the requests to tell, and how their minutes are known, "" where none are.

    Each ticket with the `group` and `label` of its request, `minutes`, and the title of the `article` that is like it.
    """
    metric, periods = query.metric("ticket_volume"), query.months(months)
    if reason := unanswerable(metric, query):
        return NotKnown(TITLE, reason.reason)
    rows = _said(counted_rows(metric, query, periods, "ticket_id", "customer_id", "subject", *MINUTES), query)
    if rows.is_empty():
        told = "say neither subjects nor first messages of tickets; a source or mapping that fills them brings this."
        return NotKnown(TITLE, f"The data {query.data.name!r} {told}")
    raw = rows.group_by("key", "text").len().sort("len", "text", descending=[True, False])
    keys = raw.group_by("key", maintain_order=True).agg(pl.col("len").sum(), pl.col("text").first())
    keys = keys.sort("len", "key", descending=[True, False])
    titles = _titles(query)
    likened = vectors(pl.concat([keys["key"], titles["key"]]))
    first = alike(likened[: keys.height])
    first_of = keys.select(group="key", label="text")[first].with_columns(pl.Series("place", first))
    known = pl.coalesce(MINUTES)
    timed = rows.select(known.count() > 0).item()
    rows = rows.join(pl.concat([keys.select("key"), first_of], how="horizontal"), on="key").with_columns(
        unit=pl.coalesce("customer_id", "ticket_id"), minutes=known.fill_null(known.mean()) if timed else pl.lit(60.0)
    )
    repeated = rows.filter(pl.len().over("group") >= REPEATED, pl.col("unit").n_unique().over("group") >= REPEATED / 2)
    if repeated.is_empty():
        return NotKnown(TITLE, f"No request came {REPEATED} times or more: nothing repeats.")
    most = _totals(repeated, len(periods)).sort("low", "group", descending=[True, False]).head(MOST)
    shown = most.select("group").join(repeated.select("group", "place").unique(), on="group")
    near = (likened[shown["place"].to_numpy()] @ likened[keys.height :].T).toarray()
    covered = [titles["title"][int(row.argmax())] if len(row) and row.max() >= ALIKE else None for row in near]
    shown = shown.select("group", article=pl.Series(covered, dtype=pl.String))
    return periods, repeated.join(shown, on="group"), _estimated(rows) if timed else ""


def leaving_articles(query: Query, *, months: int = 12) -> Effects | NotKnown:
    """Return how much more often a ticket follows a visit with an article than visits with all others, in points.

    An article that is evidently apart is left out of what the others are compared with.

    Args:
        query: What is asked about: data, month, filters.
        months: Most months to go back.

    Raises:
        UsageError: No such dimension.
    """
    metric, periods = query.metric("left_with_ticket"), query.months(months)
    if reason := unanswerable(metric, query, "article"):
        return reason
    visitors = counted_rows(metric, query, periods, "group", "unit", by="article").group_by("group").agg(
        n=pl.len(), units=pl.col("unit").n_unique())  # fmt: skip
    found = _against_usual(metric, query, periods)
    rows = found.join(visitors, on="group").join(labels(query, "article", visitors.select("group")), on="group")
    enough = (pl.col("units") >= LEAST) & pl.col("rest_p").is_not_null()
    numbers = {"value": "rest_difference", "low": "rest_low", "high": "rest_high", "p_value": "rest_p"}
    rows = rows.with_columns(
        *(pl.when(enough).then(column).alias(name) for name, column in numbers.items()),
        reason=pl.when(~enough).then(pl.lit(f"fewer than {LEAST} visitors, or no other article")), family=pl.lit(""),
    )  # fmt: skip
    z = float(normal_quantile(np.asarray(ALPHA)))
    points = rows.with_columns(adjusted(rows["p_value"]), se=(pl.col("high") - pl.col("low")) / (2 * z))
    points = points.sort("value", "group", descending=[True, False], nulls_last=True)
    return Effects(
        metric, result_context(metric, query),
        "Views in a visit that a ticket follows, each article against all others",
        (periods[0], periods[-1]), "points", 0.0,
        points.select("group", "label", "family", *POINT, "p_value", "p_adjusted", "reason"),
        caveat="Who reads about trouble may have more of it: what goes together need not come of the article.",
        n=int(visitors["n"].sum()),
    )  # fmt: skip


def _against_usual(metric: Metric, query: Query, periods: list[str]) -> pl.DataFrame:
    """Return each article against all others but the evident ones: Holm's steps at 1 % (Holm 1979), a fifth at most."""
    evident, rows = list[pl.DataFrame](), unit_frame(metric, query, periods, "article")
    while True:
        found = against_rest(metric, rows)
        surest = found.filter(pl.col("rest_p").is_not_null()).sort("rest_p", -pl.col("rest_difference").abs()).head(1)
        if not surest.height or surest["rest_p"][0] >= EVIDENT / found.height or 5 * len(evident) >= found.height - 1:
            return pl.concat([*evident, found])
        evident.append(surest)
        rows = rows.filter(pl.col("group") != surest["group"][0])


def _said(tickets: pl.DataFrame, query: Query) -> pl.DataFrame:
    """Add what each ticket says – subject, else the customer's first message – and its normal form; empty ones go."""
    silent = tickets.filter(pl.col("subject").is_null())["ticket_id"]
    if len(silent) and query.data.has("messages"):
        said = (nw.col("author") == "customer") & nw.col("ticket_id").is_in(silent.to_list())
        messages = table_rows(
            "messages", replace(query, filters=()), said, "ticket_id", "sent_at", "message_id", "text"
        )
        first = (
            messages.drop_nulls("text")
            .sort("sent_at", "message_id")
            .unique("ticket_id", keep="first", maintain_order=True)
        )
        tickets = tickets.join(first.select("ticket_id", "text"), on="ticket_id", how="left")
        tickets = tickets.with_columns(text=pl.coalesce("subject", pl.col("text").str.slice(0, LETTERS)))
    else:
        tickets = tickets.with_columns(text="subject")
    return tickets.with_columns(key=normalised(pl.col("text"))).filter(pl.col("key") != "")


def _titles(query: Query) -> pl.DataFrame:
    """Return title and normal form of the help articles, no rows where none are known."""
    if not query.data.has("article_views"):
        return pl.DataFrame(schema={"title": pl.String, "key": pl.String})
    found = query.data.scan("article_views").select("title").unique().drop_nulls().sort("title").collect()
    return found.with_columns(key=normalised(pl.col("title"))).filter(pl.col("key") != "")
