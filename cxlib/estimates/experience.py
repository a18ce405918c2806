"""What is on record of the experience behind each survey: its ticket and its customer, as known by then."""

from __future__ import annotations

from dataclasses import replace

import narwhals as nw
import polars as pl

from cxlib.metrics import Metric, Query, table_rows
from cxlib.periods import first_day, last_day

QUICKEST = 0.1  # minutes; a shorter wait counts as this, so that its doublings are finite
YEAR = 365.25 * 1440
TERMS = {
    "first_reply": "First reply time doubled",
    "resolution": "Time to solve doubled",
    "handoffs": "One handoff more",
    "reopened": "Reopened before",
    "agent_replies": "One reply by us more",
    "customer_messages": "One message by the customer more",
    "channel": "Channel",
    "category": "Category",
    "importance": "Importance",
    "tenure": "One year longer a customer",
}
"""What is looked at, in this order, and how one step of it reads."""
WAITS = {"first_reply", "resolution"}
_TICKET = (
    "ticket_id", "created_at", "first_replied_at", "first_solved_at", "solved_at", "reopened_at", "handoffs",
    "agent_replies", "customer_messages", "channel", "category",
)  # fmt: skip
_CUSTOMER = ("customer_id", "importance", "joined_at")


def experiences(metric: Metric, query: Query, months: list[str], *, survey: str = "", anchor: str = "") -> pl.DataFrame:
    """Return one row per survey of these months: unit, weight, x (null outside the metric), period, and TERMS.

    Waits are in doublings (log₂ of minutes) beyond the channel's mean, so that a call and a letter each have their own
    pace, and null where they had not ended by then; handoffs, replies and messages are those of the whole ticket. A
    column is absent where the data never fill it.

    Args:
        metric: A metric of surveys.
        query: What is asked about: data, month, filters.
        months: Months of the anchor.
        survey: Kind of survey; default that of the metric, all if it has none.
        anchor: "answered" or "sent"; default that of the metric.
    """
    anchor, survey = anchor or metric.anchor, survey or metric.survey
    day, value = nw.col(f"{anchor}_day"), metric.value()
    assert isinstance(value, nw.Expr)
    where = (day >= nw.lit(first_day(months[0]))) & (day <= nw.lit(last_day(months[-1])))
    where = where & (nw.col("kind") == survey) if survey else where
    if survey and "question" not in dict(query.filters):
        where = where & nw.col("main_question").fill_null(True)
    weight = nw.col("weight").fill_null(1.0) if query.weighted else nw.lit(1.0)
    own = nw.concat_str([nw.lit("row "), nw.col("survey_id")])
    rows = table_rows(
        "surveys", query, where, "survey_id", "ticket_id", "customer_id", "answered_at",
        nw.col(f"{anchor}_at").alias("at"), day.alias("day"), weight.cast(nw.Float64).alias("weight"),
        nw.coalesce(metric.unit, own).alias("unit"), value.cast(nw.Float64).alias("x"), metric=metric,
    ).sort("survey_id")  # fmt: skip
    everything = replace(query, filters=())
    for name, columns in (("tickets", _TICKET), ("customers", _CUSTOMER)):
        filled = query.data.filled(name)
        known = [column for column in columns if column in filled]
        if known[:1] == [columns[0]]:
            others = table_rows(name, everything, ~nw.col(columns[0]).is_null(), *known)
            others = others.unique(columns[0], keep="first", maintain_order=True)
            rows = rows.join(others, on=columns[0], how="left", maintain_order="left")
    return _terms(rows).with_columns(period=pl.col("day").dt.strftime("%Y-%m"))


def unweighted(rows: pl.DataFrame) -> str:
    """Return what is to be said where answers have weights and the method counts each once."""
    return " Answers count once here, whatever their weight." if rows["weight"].n_unique() > 1 else ""


def _terms(rows: pl.DataFrame) -> pl.DataFrame:
    """Lay the terms beside the rows, as far as they had happened by the anchor's instant."""
    there, at = set(rows.columns), pl.col("at")
    solved: list[str] = [name for name in ("first_solved_at", "solved_at") if name in there]
    ends: dict[str, list[str]] = {"first_reply": ["first_replied_at"], "resolution": solved}
    terms: dict[str, pl.Expr] = {}
    for name, instants in ends.items():
        if instants and {"created_at", *instants} <= there:
            end = pl.coalesce(*instants)
            minutes = (end - pl.col("created_at")).dt.total_seconds() / 60
            inside = (end <= at) & (minutes >= 0)
            terms[name] = pl.when(inside).then(minutes.clip(lower_bound=QUICKEST).log(2))
    if "reopened_at" in there:
        known = pl.col("created_at").is_not_null()
        terms["reopened"] = pl.when(known).then((pl.col("reopened_at") < at).fill_null(False).cast(pl.Float64))
    if "joined_at" in there:
        terms["tenure"] = ((at - pl.col("joined_at")).dt.total_minutes() / YEAR).clip(lower_bound=0.0)
    counts = [name for name in ("handoffs", "agent_replies", "customer_messages") if name in there]
    rows = rows.with_columns(pl.col(counts).cast(pl.Float64), **terms)
    waits = pl.col([name for name in terms if name in WAITS])
    return rows.with_columns(waits - waits.mean().over("channel")) if "channel" in there else rows
