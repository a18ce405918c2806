"""The backlog: which tickets were unsolved at the end of which days, month by month, and how old they were."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from cxlib.derive.agents import begins
from cxlib.derive.waiting import with_business_minutes
from cxlib.settings import Settings
from cxlib.tables.schema import INSTANT


def backlog_months(
    moves: pl.DataFrame, tickets: pl.DataFrame, settings: Settings, extracted_at: datetime
) -> pl.DataFrame:
    """Return the table `backlog_months`: each stretch in which a ticket was unsolved, cut at the ends of months.

    A local day ends just before its midnight, the last one as the data end; days before the first ticket are not
    observed. The table `status_moves` comes in order.
    """
    zone = settings.timezone
    last_instant = extracted_at.astimezone(ZoneInfo(zone)) - timedelta(microseconds=1)
    today, step = pl.lit(last_instant.date()), pl.col("step")
    since, until = (pl.col(at).dt.convert_time_zone(zone).dt.date() for at in ("moved_at", "until"))
    still = pl.col("until").is_null() | (pl.col("until") > extracted_at)
    stretches = (
        moves.with_columns(pl.col("moved_at").shift(-1).over("ticket_id").alias("until"))
        .filter((step == 1) & (pl.col("moved_at") <= extracted_at))
        .with_columns(first_day=since, last_day=pl.when(still).then(today).otherwise(until - pl.duration(days=1)))
        .with_columns(observed=pl.col("first_day").min())
        .filter(pl.col("first_day") <= pl.col("last_day"))
    )
    month, first, last = pl.col("month"), pl.col("first_day"), pl.col("last_day")
    parts = stretches.with_columns(pl.date_ranges(first.dt.month_start(), last.dt.month_start(), "1mo").alias("month"))
    ends = pl.min_horizontal(month.dt.month_end(), today)
    days = ends - pl.max_horizontal(month, "observed") + pl.duration(days=1)
    laid = (
        parts.explode("month")
        .with_columns(first_day=pl.max_horizontal(first, month), last_day=pl.min_horizontal(last, ends))
        .with_columns(
            backlog_month_id=pl.format("{}/{}", "move_id", month.dt.strftime("%Y-%m")),
            month_at=begins("month", "0mo", zone),
            days_share=(last - first + pl.duration(days=1)).dt.total_days() / days.dt.total_days(),
            unsolved_at_end=last == ends,
        )
        .join(_about(tickets), on="ticket_id", how="left", maintain_order="left")
    )
    ended = pl.min_horizontal(begins("month", "1mo", zone), pl.lit(extracted_at).cast(INSTANT))
    laid = laid.with_columns(pl.when("unsolved_at_end").then(ended).alias("seen_at"))
    return with_business_minutes(laid, "age_minutes", "created_at", "seen_at", settings)


def _about(tickets: pl.DataFrame) -> pl.DataFrame:
    """Return one row a ticket number, so that a duplicated ticket does not multiply its stretches."""
    known = tickets.unique("ticket_id", keep="first", maintain_order=True)
    return known.select("ticket_id", "customer_id", "schedule", "created_at")
