"""When requests arrive: in opening hours, off hours of a working day, at weekends, on holidays."""

from datetime import time, timedelta

import polars as pl

from cxlib.clock import business_minutes, day_kinds
from cxlib.settings import Settings

_CLOSED = {"working": "off hours", "weekend": "weekend", "holiday": "holiday"}


def arrivals(created: pl.Series, schedule: pl.Series, settings: Settings) -> pl.Series:
    """Return the column `arrival`: "opening hours", "off hours" (of a working day), "weekend" or "holiday".

    An instant is inside opening hours when the next microsecond is open time. Where all requests are dated midnight the
    source knows the day only, and every arrival is null. Names of schedules may be null, for the default one.
    """
    names = schedule.cast(pl.String).fill_null(settings.default_schedule)
    inside = business_minutes(created, created + timedelta(microseconds=1), names, settings) > 0
    told = created.dt.convert_time_zone(settings.timezone).dt.time()
    rows = pl.DataFrame({"created": created, "name": names, "inside": inside}).with_row_index()
    parts = [pl.DataFrame(schema={"index": pl.UInt32, "arrival": pl.String})]
    for (name,), part in rows.filter(pl.lit(bool((told != time()).any()))).partition_by("name", as_dict=True).items():
        plan = settings.schedules[str(name)]
        day = part["created"].dt.convert_time_zone(plan.timezone or settings.timezone).dt.date()
        known = part.with_columns(day.alias("day")).drop_nulls("day")
        kinds = day_kinds(known["day"], plan).replace_strict(_CLOSED, return_dtype=pl.String)
        when = pl.when("inside").then(pl.lit("opening hours")).otherwise(kinds)
        parts.append(known.select("index", when.alias("arrival")))
    return rows.join(pl.concat(parts), on="index", how="left", maintain_order="left")["arrival"]
