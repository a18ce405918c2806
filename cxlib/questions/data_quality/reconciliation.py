"""Our figures beside the source's own, ticket by ticket, and why they differ.

Each reason is a way of counting that can be computed: where it gives the source's value, to the step in which the
source counts, it is taken for the reason; the first of several that fit. What none of them gives stays unexplained.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce

import narwhals as nw
import polars as pl

from cxlib.clock import business_minutes, open_minutes
from cxlib.estimates.drilldown import Listed, row_list, with_rows
from cxlib.metrics import Query, table_rows
from cxlib.questions.data_quality.quality import tallied
from cxlib.results.quality import Tally
from cxlib.results.types import NotKnown, ResultContext
from cxlib.settings import Settings
from cxlib.tables.schema import INSTANT

ROUNDED = "rounded to the source's step"
BOT = "an automatic answer counts as the reply"
NOTE = "an internal note counts as a reply"
OPENED_BY_AGENT = "an agent's opening counts as the reply"
WHOLE_DAY = "whole days instead of opening hours"
OPENING_HOURS = "opening hours instead of whole days"
OTHER_SCHEDULE = "another schedule: {}"
FIRST_SOLVE = "counted to the first solve, then reopened"
CLOSE = "counted to the close, not to the solve"
CUT_OFF = "cut off at the source's longest value"
GONE = "merged, deleted or spam: left out here"
UNEXPLAINED, NOT_THERE = "unexplained", "the source has no value"
NOT_ENDED = "no value by our count"
MONTHS = 12
MINUTE = 60_000_000
SECOND = 0.02  # minutes: differences below it are none
_STEPS = (60.0, 30.0, 15.0, 6.0, 5.0, 1.0, 0.6)  # minutes; 0.6 and 6 are hours to two digits and to one
_ENDS = {
    "first_reply": ((BOT, "bot_at"), (NOTE, "note_at")),
    "resolution": ((FIRST_SOLVE, "first_solved_at"), (CLOSE, "closed_at")),
}
_LAST = {"first_reply": "first_replied_at", "resolution": "solved_at"}
_IN_WORDS = pl.col("figure").str.replace_all("_", " ")
_COLUMNS = (
    "ticket_id", "created_at", "schedule", "status", "opened_by", "first_replied_at", "solved_at", "first_solved_at",
    "closed_at", "first_reply_ended", "resolution_ended",
)  # fmt: skip


@row_list("Figures of tickets, ours and the source's own", "A figure of the table is a number of rows.")
def _reconciliation(query: Query) -> Listed | NotKnown:
    found = differences(query)
    if isinstance(found, NotKnown):
        return found
    group = pl.format("{}: {}", _IN_WORDS, pl.col("reason").fill_null("agrees exactly"))
    shown = ("ours", "theirs", "difference")
    listed = found.select("ticket_id", group.alias("group"), *shown).sort("group", "ticket_id")
    months = query.months(MONTHS)
    return Listed(listed, f"{months[0]}/{months[-1]}", dict.fromkeys(shown, "minutes"))


@with_rows(_reconciliation)
def reconciliation(query: Query) -> Tally | NotKnown:
    """Return how many figures of tickets equal the source's own, and for which reasons the others differ.

    Tickets created in the reported month and the 11 months before it are compared.
    """
    found = differences(query)
    if isinstance(found, NotKnown):
        return found
    apart = found.filter(pl.col("reason").is_not_null())
    of = found.group_by("figure").agg(every=pl.len())
    said = pl.format("{} (ours {}, theirs {})", "ticket_id", *(_said(name) for name in ("ours", "theirs")))
    examples = said.sort_by("ticket_id").head(2).str.join(", ")
    counted = (
        apart.group_by("figure", "reason")
        .agg(n=pl.len(), typical=pl.col("difference").median(), examples=examples)
        .join(of, on="figure")
        .select(
            _IN_WORDS.alias("family"), pl.col("reason").alias("label"), "n", "typical",
            "examples", share=100 * pl.col("n") / pl.col("every"),
            known=~pl.col("reason").is_in([UNEXPLAINED, NOT_ENDED, NOT_THERE]),
        )
    )  # fmt: skip
    scope = ResultContext(query.data.name, query.month, query.filter_text, language=query.language)
    title = "Our figures beside the source's own"
    points = tallied(counted.to_dicts())
    return Tally(scope, title, points, "every figure is the same", found.height, found.height - apart.height)


def differences(query: Query) -> pl.DataFrame | NotKnown:
    """Return one row a figure: figure, ticket_id, ours, theirs, difference (theirs − ours), reason (null = same)."""
    if not query.data.has("source_figures") or not query.data.has("tickets"):
        return NotKnown(
            "Our figures beside the source's own",
            f"The data {query.data.name!r} have no table 'source_figures'; an import whose export holds the source's "
            "own figures brings it, or a mapping that fills it.",
        )
    days = [f"{month}-01" for month in query.months(MONTHS)]
    given = query.data.scan("source_figures").select("ticket_id", "figure", theirs="amount").collect()
    theirs = given.unique(["ticket_id", "figure"], keep="first", maintain_order=True)
    names = [name for name in theirs["figure"].unique().sort() if name is not None]
    there = set(query.data.scan("tickets").collect_schema().names())
    wanted = dict.fromkeys(("created_day", *_COLUMNS, *names, *map(_twin, names)))
    dated = ~nw.col("created_day").is_null()
    tickets = table_rows("tickets", query, dated, *(name for name in wanted if name in there))
    tickets = tickets.filter(pl.col("created_day").dt.strftime("%Y-%m-01").is_in(days))
    open_known = query.data.settings.hours_known
    kept = [name for name in names if name in there and (open_known or not name.endswith("_business_minutes"))]
    parts = [_compared(tickets, theirs, name, query) for name in kept]
    schema = {
        "figure": pl.String,
        "ticket_id": pl.String,
        **dict.fromkeys(("ours", "theirs", "difference"), pl.Float64),
    }
    return pl.concat([pl.DataFrame(schema=schema | {"reason": pl.String}), *parts])


def _compared(tickets: pl.DataFrame, theirs: pl.DataFrame, figure: str, query: Query) -> pl.DataFrame:
    stem = figure.removesuffix("_minutes").removesuffix("_business")
    ours = pl.col(figure).cast(pl.Float64)
    if stem in _ENDS:  # an unfinished clock runs to the end of the data: no figure yet
        ours = pl.when(f"{stem}_ended").then(ours)
    rows = tickets.with_columns(ours=ours).join(theirs.filter(pl.col("figure") == figure), on="ticket_id")
    rows = rows.with_columns(difference=pl.col("theirs") - pl.col("ours"), longest=pl.col("theirs").max())
    missing = pl.col("ours").is_null() != pl.col("theirs").is_null()
    apart = missing | (pl.col("difference").abs() >= SECOND).fill_null(False)
    step = _step(rows["theirs"].drop_nulls()) if figure.endswith("minutes") else 0.0
    why = _reasons(_with_talk(rows.filter(apart), query), figure, stem, step, query.data.settings)
    told = rows.select("figure", "ticket_id", "ours", "theirs", "difference")
    return told.join(why, on="ticket_id", how="left", maintain_order="left")


def _reasons(rows: pl.DataFrame, figure: str, stem: str, step: float, settings: Settings) -> pl.DataFrame:
    """Return ticket_id and reason of figures that differ: the first way of counting that gives the source's value."""
    fits: list[pl.Series] = []
    theirs, ours = pl.col("theirs"), pl.col("ours")

    def label(true: pl.Expr, reason: str) -> None:
        fits.append(rows.select(pl.when(true).then(pl.lit(reason)).alias(f"{len(fits)}")).to_series())

    label((theirs - ours).abs() < step, ROUNDED)
    by_agent = pl.col("opened_by") == "agent"
    if stem == "first_reply":
        label(by_agent & (theirs.fill_null(0.0) < max(step, SECOND)), OPENED_BY_AGENT)
    for reason, counted in _ways(rows, figure, stem, settings):
        label((theirs - counted).abs() < max(step, SECOND), reason)
    cut = (theirs == pl.col("longest")) & (ours > pl.col("longest"))
    label(cut & (cut.sum() >= 3) & pl.lit(figure.endswith("minutes")), CUT_OFF)
    label(ours.is_null() & pl.col("status").is_in(["merged", "deleted", "spam"]), GONE)
    label(ours.is_null(), NOT_ENDED)
    label(theirs.is_null(), NOT_THERE)
    label(pl.lit(True), UNEXPLAINED)
    return pl.DataFrame([rows["ticket_id"], reduce(lambda one, two: one.fill_null(two), fits).alias("reason")])


def _ways(rows: pl.DataFrame, figure: str, stem: str, settings: Settings) -> Iterator[tuple[str, pl.Series]]:
    """Give each other way of counting a figure with what it gives."""
    if figure == "agent_replies":
        opening = (rows["opened_by"] == "agent").fill_null(False).cast(pl.Float64)
        yield OPENED_BY_AGENT, (rows["ours"] + opening).set(opening == 0.0, None)
        yield from ((why, rows["ours"] + rows[name]) for why, name in ((NOTE, "notes"), (BOT, "automatic")))
    business, schedules = figure.endswith("_business_minutes"), settings.schedules
    for reason, end in _ENDS.get(stem, ()):
        if end in rows.columns:
            whole = (rows[end] - rows["created_at"]).dt.total_microseconds() / MINUTE
            counted = business_minutes(rows["created_at"], rows[end], rows["schedule"], settings) if business else whole
            yield reason, counted.set(counted < 0, None)
    if _twin(figure) in rows.columns:
        counted = rows[_twin(figure)].cast(pl.Float64)
        yield WHOLE_DAY if business else OPENING_HOURS, counted.set(rows["ours"].is_null(), None)
    if business and (end := _LAST.get(stem, "")) in rows.columns:
        for name, schedule in schedules.items():
            minutes = open_minutes(rows["created_at"], rows[end], schedule, settings.timezone)
            yield OTHER_SCHEDULE.format(name), minutes


def _twin(figure: str) -> str:
    stem, business, _ = figure.partition("_business_minutes")
    return f"{stem}_minutes" if business else figure.replace("_minutes", "_business_minutes")


def _with_talk(rows: pl.DataFrame, query: Query) -> pl.DataFrame:
    """Add what the messages tell of other ways to count: the first automatic answer and note, how many of each."""
    if not query.data.has("messages"):
        return rows.with_columns(bot_at=pl.lit(None, INSTANT), note_at=pl.lit(None, INSTANT), automatic=0, notes=0)
    own = rows.lazy().select("ticket_id", "created_at")
    public, at = pl.col("is_public").fill_null(True), pl.col("sent_at")
    automatic, note = pl.col("author").is_in(["bot", "system"]) & public, (pl.col("author") == "agent") & ~public
    counted = (
        query.data.scan("messages")
        .join(own, on="ticket_id")
        .filter(at >= pl.col("created_at"))
        .group_by("ticket_id")
        .agg(
            bot_at=at.filter(automatic).min(), note_at=at.filter(note).min(),
            automatic=automatic.sum(), notes=note.sum(),
        )
        .collect()
    )  # fmt: skip
    return rows.join(counted, on="ticket_id", how="left", maintain_order="left")


def _step(theirs: pl.Series) -> float:
    """Return the step in which a source counts minutes: nine in ten of its values are multiples; 0 if there is none.

    Steps above a minute are believed of 20 values or more.
    """
    positive = theirs.filter(theirs > 0)
    for step in _STEPS:
        units = positive / step
        if len(positive) >= (20 if step > 1 else 1) and ((units - units.round()).abs() < 1e-6).mean() >= 0.9:  # type: ignore[operator]
            return step
    return 0.0


def _said(name: str) -> pl.Expr:
    return pl.col(name).round(1).cast(pl.String).fill_null("–")
