"""Self-service: what the help articles settle without a ticket."""

from __future__ import annotations

from functools import partial

import narwhals as nw

from cxlib.metrics.registry import History, metric

_link = partial(metric, anchor="viewed", needs=("ticket_opened",), window="visit_days",
                history=(History("tickets", "created"),))  # fmt: skip


@metric(title="Article views", table="article_views", anchor="viewed", unit="day", kind="count", measured_in="views",
        better="neither", needs=("article_id",))  # fmt: skip
def article_views() -> nw.Expr:
    """Number of views of help articles."""
    return nw.when(~nw.col("article_id").is_null()).then(1.0)


@metric(title="Article helpfulness", table="article_views", anchor="viewed", unit="visitor_id", kind="share",
        better="higher", needs=("helpful",))  # fmt: skip
def article_helpfulness() -> nw.Expr:
    """Share of the votes on help articles that say the article helped; views without a vote are left out."""
    return nw.col("helpful")


@_link(title="Self-service rate", table="visits", unit="visitor_id", kind="share", better="higher")
def self_service_rate() -> nw.Expr:
    """Share of visits to help articles that no ticket follows within 24 hours.

    Not known where nothing links a visitor to a ticket, nor before the 24 hours are over. At most so many: a ticket
    that an unknown visitor opens without the source tying it to the view is missed.
    """
    return ~nw.col("ticket_opened")


@_link(title="Visits followed by a ticket", table="visits", unit="day", kind="count", measured_in="visits",
       better="neither")  # fmt: skip
def visits_with_ticket() -> nw.Expr:
    """Number of visits to help articles that a ticket of the visitor follows within 24 hours."""
    return nw.when(nw.col("ticket_opened")).then(1.0)


@_link(title="Left with a ticket", table="article_views", unit="visitor_id", kind="share", better="lower")
def left_with_ticket() -> nw.Expr:
    """Share of article views in a visit that a ticket of the visitor follows within 24 hours."""
    return nw.col("ticket_opened")
