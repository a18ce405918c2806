"""What to do next for fewer and easier tickets: what to automate, what to write an article about, which one to mend."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl

from cxlib.metrics import Metric, View
from cxlib.metrics.base import NOT_KNOWN
from cxlib.metrics.rows import ADDS, counted_rows, table_rows
from cxlib.stats.breakdown import against_rest, labels
from cxlib.stats.cells import printed
from cxlib.stats.effects import beyond
from cxlib.stats.effects_result import Effects
from cxlib.stats.intervals import ALPHA, Sums, normal_quantile, total
from cxlib.stats.likeness import ALIKE, alike, normalised, vectors
from cxlib.stats.listed import listed_by, row_list
from cxlib.stats.results import POINT, NotKnown, Scope
from cxlib.stats.scope import scope, unanswerable
from cxlib.stats.shortlist_result import Shortlist

LEAST, MOST, LETTERS = 20, 12, 200
EVIDENT = 0.01
REPEATED = 10  # tickets; a request that came less often does not repeat
MINUTES = ("handle_minutes", "estimated_handle_minutes")
SHARES = ("easy", "quick", "asked")
HOURS = "hours a month"
ARTICLES = "What to write about next"
NOTHING = f"No request came {REPEATED} times or more: nothing repeats."
Beside = tuple[tuple[str, str, str], ...]


@row_list(
    "Tickets of candidates for an automatic answer",
    "Hours a month are the sum of what the rows add: the minutes of those that are easy (solved at first contact), "
    "quick and asked again and again, ÷ 60 ÷ the months. The shares are those of all rows of a group.",
    sums=("easy", "quick", "asked", ADDS),
)
def _automation_candidates(view: View, by: str = "category", *, months: int = 12) -> pl.DataFrame:
    periods, rows = _judged(view, by, months)
    adds = pl.when(pl.all_horizontal(SHARES)).then(_hours(periods)).fill_null(0.0)
    named = rows.join(labels(view, by, rows.select("group").unique()), on="group", how="left")
    told = ("ticket_id", "customer_id", pl.col("label").alias("group"))
    return named.select(*told, adds.alias(ADDS), "minutes", *SHARES, "subject").sort("group", "ticket_id")


@listed_by(_automation_candidates)
def automation_candidates(view: View, by: str = "category", *, months: int = 12) -> Shortlist | NotKnown:
    """Return agent hours a month on tickets that an automatic answer could have settled, the largest lower end first.

    Counted are the minutes of tickets solved at first contact, no slower to handle than the median of all, and (where
    subjects are known) of a request that came at least ten times: many, quick, easily solved, repeated. The interval is
    that of a compound Poisson total, errors by customer.

    Args:
        view: What is looked at.
        by: Dimension of tickets whose groups are candidates.
        months: Most months to go back from the last one wholly known.

    Raises:
        UsageError: No such dimension.
    """
    metric, title = view.metric("first_contact_resolution"), "What to automate next"
    view = view.settled(metric.name)
    if reason := unanswerable(metric, view, by):
        return NotKnown(title, reason.reason)
    periods, rows = _judged(view, by, months)
    if not rows["minutes"].count():
        return NotKnown(title, f"The data {view.data.name!r} say neither minutes of work nor replies of a ticket.")
    beside = rows.group_by("group").agg(pl.col(*SHARES).mean() * 100, tickets=pl.len() / len(periods))
    points = _totals(rows.filter(pl.all_horizontal(SHARES)), len(periods)).join(beside, on="group").join(
        labels(view, by, rows.select("group").unique()), on="group")  # fmt: skip
    points = points.with_columns(note=pl.lit(""), open=pl.lit(True))
    columns = (("tickets", "Tickets a month", ""), ("easy", "At first contact", "%"), ("quick", "Quick", "%"),
               ("asked", "Repeated", "%"))  # fmt: skip
    reading = f"agent hours a month, {_estimated(rows)}, on quick, repeated tickets that one contact solved"
    return _shortlist(view, title, periods, points, reading=reading, beside=columns)


def _judged(view: View, by: str, months: int) -> tuple[list[str], pl.DataFrame]:
    """Return the months, and their tickets with `minutes` and whether each was easy, quick and asked repeatedly."""
    metric, view = view.metric("first_contact_resolution"), view.settled("first_contact_resolution")
    periods, ids = view.months(months), ("ticket_id", "customer_id")
    rows = counted_rows(metric, view, periods, *ids, "group", "unit", "x", "subject", *MINUTES, by=by)
    rows = rows.with_columns(minutes=pl.coalesce(MINUTES), key=normalised(pl.col("subject")))
    told, key = rows["subject"].count() > 0, pl.col("key")
    return periods, rows.filter(pl.col("group").is_not_null(), pl.col("group") != NOT_KNOWN).with_columns(
        easy=pl.col("x") > 0,
        quick=(pl.col("minutes") <= pl.col("minutes").median()).fill_null(False),
        asked=((pl.len().over("key") >= REPEATED) & (key != "")).fill_null(False) if told else pl.lit(True),
    )


@row_list(
    "Tickets of candidates for an article",
    "The figure is the sum of what the rows add: the minutes of each ticket ÷ 60 ÷ the months; where no minutes are "
    "known, 1 ÷ the months. A ticket without minutes counts as a mean one.",
    sums=("minutes", ADDS),
)
def _article_candidates(view: View, *, months: int = 1) -> pl.DataFrame | NotKnown:
    found = _requests(view, months)
    if isinstance(found, NotKnown):
        return found
    rows = found.repeated.join(_most_hours(found), on="group", how="semi")
    told = ("ticket_id", "customer_id", pl.col("label").alias("group"), _hours(found.periods).alias(ADDS), "minutes")
    return rows.select(*told, "text").sort("group", "ticket_id")


@listed_by(_article_candidates)
def article_candidates(view: View, *, months: int = 1) -> Shortlist | NotKnown:
    """Return requests that repeat, by agent hours a month, and whether an article's title is already like them.

    By tickets a month where the data say neither minutes nor replies; a ticket without them counts as a mean one.

    Requests are alike by the letters of their subjects (of the first message without one): see `likeness`; each group
    is called by its most frequent subject. The interval is that of a compound Poisson total, errors by customer.

    Args:
        view: What is looked at.
        months: How many months up to the reported one.

    Raises:
        UsageError: No such dimension.
    """
    found = _requests(view, months)
    if isinstance(found, NotKnown):
        return found
    points, timed = _most_hours(found), found.timed
    counts = _totals(found.repeated.with_columns(minutes=60.0), len(found.periods))
    points = points.join(counts.select("group", tickets="value", fewest="low", most="high"), on="group")
    points = points.sort("low", "group", descending=[True, False])
    near = (
        found.likened[points["place"].to_numpy()] @ found.likened[found.likened.shape[0] - len(found.titles) :].T
    ).toarray()
    covered = [found.titles[int(row.argmax())] if len(row) and row.max() >= ALIKE else None for row in near]
    note = pl.Series([f"an article is titled “{name}”" if name else "" for name in covered], dtype=pl.String)
    points = points.with_columns(note=note, open=pl.Series([name is None for name in covered], dtype=pl.Boolean))
    columns = (("tickets", "Tickets a month", ""), ("fewest", "at least", ""), ("most", "at most", ""))
    what = (
        f"agent hours a month, {_estimated(found.rows)},"
        if timed
        else "tickets a month, as nothing says how long they took,"
    )
    reading = f"{what} by the letters of subjects; named are those without an article"
    unit = HOURS if timed else "tickets a month"
    return _shortlist(view, ARTICLES, found.periods, points, reading=reading, beside=columns, measured_in=unit)


@dataclass(frozen=True, slots=True, eq=False)
class _Requests:
    """What tickets of some months ask for, those alike in one `group`, and the articles there are.

    Attributes:
        rows: All tickets that say something, `minutes` filled with their mean; `timed` says whether any are known.
        likened: A row of weights for each text – `place` is that of a group's first – and, last, each article's title.
    """

    periods: list[str]
    rows: pl.DataFrame
    timed: bool
    likened: Any
    titles: pl.Series

    @property
    def repeated(self) -> pl.DataFrame:
        """The tickets of requests that came often enough, from several customers."""
        often = pl.len().over("group") >= REPEATED, pl.col("unit").n_unique().over("group") >= REPEATED / 2
        return self.rows.filter(often)


def _requests(view: View, months: int) -> _Requests | NotKnown:
    """Return what repeats, or why nothing is known to."""
    metric, periods = view.metric("ticket_volume"), view.months(months)
    if reason := unanswerable(metric, view):
        return NotKnown(ARTICLES, reason.reason)
    rows = _said(counted_rows(metric, view, periods, "ticket_id", "customer_id", "subject", *MINUTES), view)
    if rows.is_empty():
        told = "say neither subjects nor first messages of tickets; a source or mapping that fills them brings this."
        return NotKnown(ARTICLES, f"The data {view.data.name!r} {told}")
    raw = rows.group_by("key", "text").len().sort("len", "text", descending=[True, False])
    keys = raw.group_by("key", maintain_order=True).agg(pl.col("len").sum(), pl.col("text").first())
    keys = keys.sort("len", "key", descending=[True, False])
    titles = _titles(view)
    likened = vectors(pl.concat([keys["key"], titles["key"]]))
    first = alike(likened[: keys.height])
    first_of = keys.select(group="key", label="text")[first].with_columns(pl.Series("place", first))
    known = pl.coalesce(MINUTES)
    timed = rows.select(known.count() > 0).item()
    rows = rows.join(pl.concat([keys.select("key"), first_of], how="horizontal"), on="key").with_columns(
        unit=pl.coalesce("customer_id", "ticket_id"), minutes=known.fill_null(known.mean()) if timed else pl.lit(60.0)
    )
    found = _Requests(periods, rows, timed, likened, titles["title"])
    return NotKnown(ARTICLES, NOTHING) if found.repeated.is_empty() else found


def _most_hours(requests: _Requests) -> pl.DataFrame:
    """Return the requests to tell, the largest lower end first."""
    rows = requests.repeated
    points = _totals(rows, len(requests.periods)).join(rows.select("group", "label", "place").unique(), on="group")
    return points.sort("low", "group", descending=[True, False]).head(MOST)


def leaving_articles(view: View, *, months: int = 12) -> Effects | NotKnown:
    """Return how much more often a ticket follows a visit with an article than visits with all others, in points.

    An article that is evidently apart is left out of what the others are compared with.

    Args:
        view: What is looked at.
        months: Most months to go back.

    Raises:
        UsageError: No such dimension.
    """
    metric, periods = view.metric("left_with_ticket"), view.months(months)
    if reason := unanswerable(metric, view, "article"):
        return reason
    visitors = counted_rows(metric, view, periods, "group", "unit", by="article").group_by("group").agg(
        n=pl.len(), units=pl.col("unit").n_unique())  # fmt: skip
    found = _against_usual(metric, view, periods)
    rows = found.join(visitors, on="group").join(labels(view, "article", visitors.select("group")), on="group")
    enough = (pl.col("units") >= LEAST) & pl.col("rest_p").is_not_null()
    numbers = {"value": "rest_difference", "low": "rest_low", "high": "rest_high", "p_value": "rest_p"}
    rows = rows.with_columns(
        *(pl.when(enough).then(column).alias(name) for name, column in numbers.items()),
        reason=pl.when(~enough).then(pl.lit(f"fewer than {LEAST} visitors, or no other article")), family=pl.lit(""),
    )  # fmt: skip
    z = float(normal_quantile(np.asarray(ALPHA)))
    points = rows.with_columns(beyond(rows["p_value"]), se=(pl.col("high") - pl.col("low")) / (2 * z))
    points = points.sort("value", "group", descending=[True, False], nulls_last=True)
    return Effects(
        metric, scope(metric, view), "Views in a visit that a ticket follows, each article against all others",
        (periods[0], periods[-1]), "points", 0.0,
        points.select("group", "label", "family", *POINT, "p_value", "beyond", "reason"),
        caveat="Who reads about trouble may have more of it: what goes together need not come of the article.",
        n=int(visitors["n"].sum()),
    )  # fmt: skip


def _against_usual(metric: Metric, view: View, periods: list[str]) -> pl.DataFrame:
    """Return each article against all others but the evident ones: Holm's steps at 1 % (Holm 1979), a fifth at most."""
    evident: list[pl.DataFrame] = []
    while True:
        found, _ = against_rest(metric, view, "article", periods)
        surest = found.filter(pl.col("rest_p").is_not_null()).sort("rest_p", -pl.col("rest_difference").abs()).head(1)
        if not surest.height or surest["rest_p"][0] >= EVIDENT / found.height or 5 * len(evident) >= found.height - 1:
            return pl.concat([*evident, found])
        evident.append(surest)
        view = view.only("article", *found.filter(pl.col("group") != surest["group"][0])["group"])


def _shortlist(
    view: View,
    title: str,
    periods: list[str],
    points: pl.DataFrame,
    *,
    reading: str,
    beside: Beside,
    measured_in: str = HOURS,
) -> Shortlist:
    """Return candidates, the largest lower end first; named are those that chance may put before the first."""
    metric = replace(view.metric("ticket_volume"), unit="customer_id")
    points = points.sort("low", "group", descending=[True, False], nulls_last=True)
    first = pl.col("low").filter("open").max()
    points = points.with_columns(named=pl.col("open") & (pl.col("high") >= first), reason=pl.lit(None, dtype=pl.String))
    about: Scope = scope(metric, view)
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


def _said(tickets: pl.DataFrame, view: View) -> pl.DataFrame:
    """Add what each ticket says – subject, else the customer's first message – and its normal form; empty ones go."""
    silent = tickets.filter(pl.col("subject").is_null())["ticket_id"]
    if len(silent) and view.data.has("messages"):
        said = (nw.col("author") == "customer") & nw.col("ticket_id").is_in(silent.to_list())
        messages = table_rows("messages", replace(view, filters=()), said, "ticket_id", "sent_at", "message_id", "text")
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


def _titles(view: View) -> pl.DataFrame:
    """Return title and normal form of the help articles, no rows where none are known."""
    if not view.data.has("article_views"):
        return pl.DataFrame(schema={"title": pl.String, "key": pl.String})
    found = view.data.scan("article_views").select("title").unique().drop_nulls().sort("title").collect()
    return found.with_columns(key=normalised(pl.col("title"))).filter(pl.col("key") != "")
