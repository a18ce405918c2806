"""Self-service: what visitors of the help articles did on a day, and whether they opened a ticket all the same."""

from datetime import datetime, timedelta

import polars as pl

from cxlib.derive.orders import counted_tickets
from cxlib.settings import Settings


def visits(
    views: pl.DataFrame, tickets: pl.DataFrame, settings: Settings, end: datetime
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the table `visits` and the views, each with whether its visit was followed by a ticket; no local days.

    A ticket belongs to a visit if one of its views names it, or if the visit's customer opened it (deleted, merged,
    spam and agents' tickets apart) after the first view; both no later than `visit_days` after the last. Where no
    view of the table names a ticket, nothing is known of visits whose customer is not.
    """
    who, day = (
        pl.coalesce("visitor_id", "customer_id"),
        pl.col("viewed_at").dt.convert_time_zone(settings.timezone).dt.date(),
    )
    soon = timedelta(days=settings.windows.visit_days)
    seen = views.filter(pl.col("viewed_at").is_not_null()).with_columns(visitor_id=who).sort("viewed_at", "view_id")
    seen = seen.with_columns(visit_id=pl.format("{}/{}", pl.coalesce("visitor_id", "view_id"), day))
    helpful = pl.col("helpful")
    found = seen.group_by("visit_id", maintain_order=True).agg(
        pl.col("visitor_id").first(),
        pl.col("customer_id").drop_nulls().first(),
        pl.col("viewed_at").min().alias("begun_at"),
        pl.col("viewed_at").max(),
        pl.len().cast(pl.Int64).alias("views"),
        helpful.sum().cast(pl.Int64).alias("helpful_votes"),
        (~helpful).sum().cast(pl.Int64).alias("unhelpful_votes"),
    )
    own = _opened(seen, found, tickets, soon)
    names_tickets = bool(seen["ticket_id"].count())
    linked = pl.lit(names_tickets) | (pl.col("customer_id").is_not_null() & pl.lit(bool(tickets.height)))
    over = pl.col("viewed_at") + soon <= end
    opened = pl.when(linked & over).then(pl.col("visit_id").is_in(own.implode()))
    found = found.with_columns(opened.alias("ticket_opened")).sort("visit_id")
    known = seen.select("view_id", "visit_id").join(found.select("visit_id", "ticket_opened"), on="visit_id")
    left = known.unique("view_id").select("view_id", "ticket_opened")
    return found, views.drop("ticket_opened", strict=False).join(left, on="view_id", how="left", maintain_order="left")


def _opened(seen: pl.DataFrame, found: pl.DataFrame, tickets: pl.DataFrame, within: timedelta) -> pl.Series:
    """Return the visits (their ids) with a ticket; a ticket named by a view but not among ours counts."""
    until = found.select("visit_id", "customer_id", "begun_at", "viewed_at")
    named = seen.select("visit_id", "ticket_id").drop_nulls().join(until, on="visit_id")
    named = named.join(tickets.select("ticket_id", "created_at"), on="ticket_id", how="left")
    by_customer = counted_tickets(tickets).filter((pl.col("opened_by") != "agent").fill_null(True))
    later = until.drop_nulls().join(by_customer.select("customer_id", "created_at"), on="customer_id")
    later = later.filter(pl.col("created_at") > pl.col("begun_at"))
    soon = (pl.col("created_at") <= pl.col("viewed_at") + within).fill_null(True)
    return pl.concat([rows.filter(soon)["visit_id"] for rows in (named, later)]).unique()
