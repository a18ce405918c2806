"""Survey columns: the box of an answer on its own scale, which answer counts, the channel that was rated."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import polars as pl

from cxlib.derive.nearest import with_nearest
from cxlib.derive.tickets import GONE
from cxlib.derive.waiting import minutes_between
from cxlib.settings import Settings

RATED_WITHIN = timedelta(days=30)
EASY_FROM = 4 / 6  # 5 of 7 points, as a share of the scale


def derive_surveys(
    given: pl.DataFrame, tickets: pl.DataFrame, spoken: pl.DataFrame, settings: Settings
) -> pl.DataFrame:
    """Return the surveys with box, scale share, latest flags, handling channel, effort and ease, in the same order."""
    month = pl.col("answered_at").dt.convert_time_zone(settings.timezone).dt.strftime("%Y-%m")
    waited = minutes_between("sent_at", "answered_at")
    rows = given.with_row_index().with_columns(
        month.alias("month"),
        pl.coalesce("answered_at", "sent_at").alias("at"),
        _box().alias("box"),
        _share().alias("scale_share"),
        pl.when(pl.col("answered_at") < pl.col("sent_at")).then(0.0).otherwise(waited).alias("answer_minutes"),
    )
    rows = _with_main_question(rows, settings.questions)
    rows = _with_experience(_with_handling_channel(rows, tickets, spoken))
    alone = pl.col("index").cast(pl.String)
    by_customer = pl.coalesce("customer_id", "row " + alone)
    by_ticket = pl.coalesce("ticket " + pl.col("ticket_id"), "customer " + pl.col("customer_id"), "row " + alone)
    return rows.with_columns(
        _latest(by_ticket, "kind", "question").alias("latest"),
        _latest(by_customer, "kind", "question").alias("customer_latest"),
    )


def _with_main_question(rows: pl.DataFrame, chosen: Mapping[str, str]) -> pl.DataFrame:
    """Add whether a row asks the question that the figures of its kind are made of.

    That is the one the settings choose, else the one with the most valid answers in all months, of equals the first by
    name; in a month without an answer to it, the month's own by the same rule.
    """
    answers = rows.filter(pl.col("scale_share").is_not_null() & pl.col("answered_at").is_not_null())
    question = pl.col("question").fill_null("")

    def most_asked(*keys: str) -> pl.DataFrame:
        counted = answers.group_by(*keys, question.alias("main")).len().sort("len", "main", descending=[True, False])
        return counted.unique(list(keys), keep="first", maintain_order=True).drop("len")

    whole = most_asked("kind").with_columns(
        pl.col("kind").replace_strict(dict(chosen), default=pl.col("main"), return_dtype=pl.String).alias("main")
    )
    asked = answers.select("kind", "month", main=question).unique()
    there = asked.join(whole, on=["kind", "main"]).rename({"main": "there"})
    own = most_asked("kind", "month").filter(~pl.col("kind").is_in(list(chosen))).rename({"main": "own"})
    keys: dict[str, Any] = {"on": ["kind", "month"], "how": "left", "maintain_order": "left"}
    found = rows.join(there, **keys).join(own, **keys).join(whole, on="kind", how="left", maintain_order="left")
    is_main = question == pl.coalesce("there", "own", "main")
    return found.with_columns(is_main.fill_null(True).alias("main_question")).drop("there", "own", "main")


def _toward_best() -> tuple[pl.Expr, pl.Expr]:
    """Return points below the best and above the worst answer; null for no answer or one outside its scale.

    High is good unless the source says otherwise; for `effort` low is.
    """
    answer, low, high = pl.col("answer"), pl.col("scale_low"), pl.col("scale_high")
    inside = pl.when(answer.is_between(low, high) & (low < high)).then(answer)
    good = pl.col("high_is_good").fill_null(pl.col("kind") != "effort")
    below, above = high - inside, inside - low
    return pl.when(good).then(below).otherwise(above), pl.when(good).then(above).otherwise(below)


def _share() -> pl.Expr:
    below, above = _toward_best()
    return above / (below + above)


def _box() -> pl.Expr:
    """Return top, middle or bottom: of 2–4 points the best and the worst, of 5–7 the two best and the two worst, of
    10–11 the classes of the Net Promoter Score (the best two, the next two, the rest); null on any other scale.
    """
    below, above = _toward_best()
    points = below + above + 1
    edge = pl.when(points.is_between(2, 4)).then(0).when(points.is_between(5, 7)).then(1)
    plain = pl.when(below <= edge).then(pl.lit("top")).when(above <= edge).then(pl.lit("bottom"))
    promoter = pl.when(below <= 1).then(pl.lit("top")).when(below <= 3).then(pl.lit("middle"))
    return (
        pl.when(points.is_between(10, 11))
        .then(promoter.otherwise(pl.lit("bottom")))
        .when(edge.is_not_null())
        .then(plain.otherwise(pl.lit("middle")))
    )


def _latest(*keys: str | pl.Expr) -> pl.Expr:
    """Return whether a row is the latest valid answer of its local month among its keys; null without an answer.

    Of two answers in the same instant the one with the higher number counts.
    """
    valid = pl.col("scale_share").is_not_null() & pl.col("answered_at").is_not_null()
    last = pl.col("index").sort_by("answered_at", "survey_id", "index").last().over("month", valid, *keys)
    answered = pl.col("answered_at").is_not_null()
    return pl.when(answered).then(valid & (pl.col("index") == last))


def _with_handling_channel(rows: pl.DataFrame, tickets: pl.DataFrame, spoken: pl.DataFrame) -> pl.DataFrame:
    """Add the channel of the last public agent message before the answer (or the offer) on the rated ticket.

    Without a ticket, the one rated is the customer's last solved in the 30 days before. A ticket of which no message
    is known was handled in its own channel; one with messages but none by an agent in none.
    """
    about = tickets.unique("ticket_id", keep="first", maintain_order=True).select(
        "ticket_id", "customer_id", "solved_at", "status", pl.col("channel").alias("own")
    )
    solved = about.filter(
        pl.col("solved_at").is_not_null() & pl.col("customer_id").is_not_null() & ~pl.col("status").is_in(GONE)
    ).select("customer_id", "solved_at", pl.col("ticket_id").alias("last_solved"))
    rows = with_nearest(rows, solved, "at", "solved_at", "customer_id", tolerance=RATED_WITHIN)
    by_agent = (pl.col("author") == "agent") & pl.col("is_public")
    answers = spoken.filter(by_agent).select("channel", rated="ticket_id", _at="sent_at", said=True)
    rows = with_nearest(rows.with_columns(rated=pl.coalesce("ticket_id", "last_solved")), answers, "at", "_at", "rated")
    rows = rows.join(about.select("own", rated="ticket_id"), on="rated", how="left", maintain_order="left")
    silent = ~pl.col("rated").is_in(spoken["ticket_id"].unique().implode())
    told = pl.col("at").is_not_null() & (silent | pl.col("said"))
    return rows.with_columns(handling_channel=pl.when(told).then(pl.coalesce("channel", "own")))


def _with_experience(rows: pl.DataFrame) -> pl.DataFrame:
    """Add what the customer said of effort and of ease: on the same ticket, else in the latest answer before this one.

    The two questions stay apart. Two answers on a ticket or in one instant: the later, then the higher number counts.
    """
    boxes = {"top": "low effort", "middle": "some effort", "bottom": "high effort"}
    effort = pl.col("box").replace_strict(boxes, default=None)
    ease = pl.when(pl.col("scale_share") >= EASY_FROM - 1e-9).then(pl.lit("easy")).otherwise(pl.lit("not easy"))
    for kind, said in (("effort", effort), ("ease", ease)):
        told = (
            rows.filter((pl.col("kind") == kind) & pl.col("box").is_not_null() & pl.col("answered_at").is_not_null())
            .select("ticket_id", "customer_id", "survey_id", said.alias("said"), pl.col("answered_at").alias("at"))
            .sort("at", "survey_id")
        )
        here = told.drop_nulls("ticket_id").unique("ticket_id", keep="last").select("ticket_id", here="said")
        earlier = told.select("customer_id", _at="at", before="said")
        rows = rows.join(here, on="ticket_id", how="left", maintain_order="left")
        rows = with_nearest(rows, earlier, "at", "_at", "customer_id")
        rows = rows.with_columns(pl.coalesce("here", "before").alias(f"{kind}_class")).drop("here", "before")
    return rows
