"""One clock for all waits: from a start to its end, to a competing end, or so far."""

from datetime import datetime

import polars as pl

from cxlib.clock import business_minutes
from cxlib.settings import Settings
from cxlib.tables.schema import INSTANT

MINUTE = 60_000_000


def minutes_between(start: str, end: str) -> pl.Expr:
    """Return the minutes from one instant column to another; null instead of a negative duration."""
    minutes = (pl.col(end) - pl.col(start)).dt.total_microseconds() / MINUTE
    return pl.when(minutes >= 0).then(minutes)


def with_business_minutes(frame: pl.DataFrame, name: str, start: str, end: str, settings: Settings) -> pl.DataFrame:
    """Add `name` and its twin in open minutes of the row's `schedule`, null together.

    `name` ends in `_minutes`; its twin in `_business_minutes`.
    """
    twin = name.replace("_minutes", "_business_minutes")
    business = business_minutes(frame[start], frame[end], frame["schedule"], settings)
    frame = frame.with_columns(minutes_between(start, end).alias(name), business.alias(twin))
    return frame.with_columns(pl.when(pl.col(name).is_not_null()).then(pl.col(twin)).alias(twin))


def with_clock(
    frame: pl.DataFrame, name: str, *, start: str, end: str, gone: pl.Expr, settings: Settings, extracted_at: datetime
) -> pl.DataFrame:
    """Add the columns of one clock: `_minutes`, `_business_minutes`, `_ended`, `_competing`.

    A wait that is not ended runs to `extracted_at`; on a ticket that is `over` it stopped at `gone`, its competing end
    (minutes null where that is unknown). A row whose end precedes its start has neither minutes nor flags.
    """
    ended = pl.col(end).is_not_null()
    so_far = pl.when(pl.col("over")).then(gone).otherwise(pl.lit(extracted_at).cast(INSTANT))
    frame = frame.with_columns(pl.when(ended).then(pl.col(end)).otherwise(so_far).alias("stop"))
    frame = with_business_minutes(frame, f"{name}_minutes", start, "stop", settings)
    competing = ~ended & pl.col("over")
    told = pl.col(f"{name}_minutes").is_not_null() | competing
    return frame.with_columns(
        pl.when(told).then(ended).alias(f"{name}_ended"), pl.when(told).then(competing).alias(f"{name}_competing")
    ).drop("stop")
