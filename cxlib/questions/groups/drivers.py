"""What goes together with satisfaction, effort, ease, or with answering at all: one model of the experience."""

from __future__ import annotations

import polars as pl

from cxlib.estimates.context import result_context, unanswerable
from cxlib.estimates.experience import TERMS, WAITS, experiences, unweighted
from cxlib.metrics import Query
from cxlib.results.types import Effects, NotKnown
from cxlib.stats.effects import effect_points, some_units, unit_of
from cxlib.stats.model import Model, model
from cxlib.stats.model_terms import MADE_FROM

MOST = 200_000  # rows in a model; of more, every k-th customer
HELD = {"period": "Month"}
KINDS = ("share", "mean", "score")
WHOLE = ("handoffs", "agent_replies", "customer_messages")


def drivers(name: str, query: Query, *, months: int = 12, survey: str = "") -> Effects | NotKnown:
    """Return what of the ticket and the customer goes together with the answers to a survey.

    Waits, handoffs, reopening, replies, channel, category, importance and tenure in one model, months held alike; all
    effects are one family. Means are modelled as they are, since least squares needs neither equal steps nor
    proportional odds. Answers count once whatever their weight.

    Args:
        name: A share, mean or score of surveys: csat, low_effort, customer_ease, response_rate …
        query: What is asked about: data, month, filters.
        months: Most months to go back from the last one wholly known.
        survey: Kind of survey, for figures of any kind: response_rate.

    Raises:
        UsageError: No such metric or dimension.
    """
    metric, query = query.metric(name), query.settled(name)
    title = f"What goes together with {metric.title}{f' ({survey})' if survey else ''}"
    if metric.table != "surveys" or metric.kind not in KINDS:
        return NotKnown(title, f"{metric.title} is no share, mean or score of surveys.")
    if reason := unanswerable(metric, query):
        return NotKnown(title, reason.reason)
    periods = query.months(months)
    rows = experiences(metric, query, periods, survey=survey).filter(pl.col("x").is_not_null())
    rows, sampled = some_units(rows, -(-rows.height // MOST))
    found = model(rows, "x", TERMS | HELD, unit="unit", share=metric.kind == "share", factor=metric.factor)
    if found.reason:
        return NotKnown(title, f"From {periods[0]} to {periods[-1]}: {found.reason}.")
    paced = "channel" in rows.columns and found.has(*WAITS)
    later = (
        " Handoffs, replies and messages are of the whole ticket, also after the answer." if found.has(*WHOLE) else ""
    )
    beside = ("the usual wait of the channel",) if paced else ()
    return Effects(
        metric,
        result_context(metric, query),
        title,
        (periods[0], periods[-1]),
        measured_in=unit_of(metric),
        none=0.0,
        points=effect_points(row for row in found.rows if row["family"] not in HELD),
        allowing_for=("each other", *(("the month",) if found.has(*HELD) else ()), *beside),
        caveat=f"{_leaks(found)}What goes together need not be why.{later}{unweighted(rows)}{sampled}",
        n=found.n,
    )


def _leaks(found: Model) -> str:
    """Return, as a sentence, what was refused because it seems made from the outcome."""
    refused = [row["label"] for row in found.rows if MADE_FROM in (row.get("reason") or "")]
    return f"Left out, as it seems made from the outcome: {', '.join(refused)}. " if refused else ""
