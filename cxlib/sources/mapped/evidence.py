"""What a file's own columns settle before they are read: order of dates, zones, the meaning of 22:17."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from cxlib.sources.mapped.mapping import ColumnSpec, FileSpec
from cxlib.sources.mapped.values import TEXT, Reading, holds_duration
from cxlib.sources.reading.dates import decide_orders, numeric_orders
from cxlib.sources.reading.durations import decide_form, parts_seen
from cxlib.sources.reading.zones import abbreviations, settle_zones
from cxlib.tables.columns import Column


def settle(
    texts: pl.LazyFrame,
    block: Mapping[str, ColumnSpec],
    columns: Sequence[Column],
    file: FileSpec,
    *,
    zone: str,
    where: str,
) -> Reading:
    """Return how to read the columns of one block: as told, else as their own texts show.

    Raises:
        CxError: An order of day and month, or a time zone, that nothing settles.
    """
    free = [column.name for column in columns if column.kind == "instant" and not block[column.name].formats]
    told = {name: file.day_first if block[name].day_first is None else block[name].day_first for name in free}
    open_ = {name: pl.col(TEXT + name) for name in free if told[name] is None}
    spans = [column.name for column in columns if holds_duration(column)]
    asked = numeric_orders(open_)
    asked += [abbreviations(pl.col(TEXT + name)).alias(f"zones: {name}") for name in free]
    asked += [parts_seen(pl.col(TEXT + name)).alias(f"form: {name}") for name in spans]
    found: dict[str, Any] = texts.select(asked).collect(engine="streaming").row(0, named=True) if asked else {}
    orders = {name: first for name, first in told.items() if first is not None}
    zones = [(found[f"zones: {name}"], block[name].timezone or zone) for name in free]
    seen = sorted({word for words, _ in zones for word in words or ()})
    return Reading(
        zone,
        orders | decide_orders({name: found[name] for name in open_}, where=where),
        {own: settle_zones(seen, file.zones, zone=own, where=where) for own in {own for _, own in zones}},
        {name: block[name].duration or decide_form(found[f"form: {name}"], block[name].column) for name in spans},
    )
