"""Rows as they stand: those behind a figure, and those of single customers and tickets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import narwhals as nw
import polars as pl
from polars import selectors

from cxlib.clock import day_kinds
from cxlib.errors import MissingDataError
from cxlib.harmless import guarded
from cxlib.metrics.frames import BETWEEN, Frame, constants, kept, missing_reason, scan, waits, with_weights
from cxlib.metrics.queries import Query
from cxlib.metrics.registry import Metric
from cxlib.periods import bounds
from cxlib.tables.schema import DIMENSIONS, path_of, table

ADDS, WEIGHT, MINUTES, ENDED = "adds", "weight", "minutes", "ended"
"""What a row adds to the figure's numerator, in printed units, and its denominator; a wait, and whether it ended."""
_TOLD = (
    "ticket_id", "customer_id", "agent_id", "kind", "status", "channel", "category", "answer",
    "scale_low", "scale_high", "box", "name", "first_day", "last_day", "spent_before", "spent_after",
)  # fmt: skip
WORKING, DECIMALS = "working", 12
_DAY = "its day"


def table_rows(
    name: str, query: Query, where: nw.Expr, *columns: str | nw.Expr, metric: Metric | None = None
) -> pl.DataFrame:
    """Return these columns of the rows of a table, of any month, that pass the query's filters and `where`.

    Args:
        name: The table.
        query: What is asked about: data, month, filters.
        where: Which rows.
        columns: Columns and expressions.
        metric: The metric whose expression is among them, if any.

    Raises:
        CxError: A filter is not defined on that table.
    """
    rows = kept(scan(query, name), name, query).filter(where)
    rows = rows.with_columns(**constants(metric, query)) if metric else rows
    return _collected(rows.select(*columns))


def counted_rows(metric: Metric, query: Query, months: Sequence[str], *columns: str, by: str = "") -> pl.DataFrame:
    """Return columns of the rows that a figure counts in these months (`base.counted`); the period is a month's index.

    Raises:
        CxError: A dimension or filter is not defined on the metric's rows.
    """
    return _collected(with_weights(metric, query, months, by).select(*columns))


def rows(name: str, query: Query, by: str = "", *, months: Sequence[str] = (), days: str = "") -> pl.DataFrame:
    """Return the rows behind a figure: ids, what each adds, its month where there are several, what it is.

    The figure is Σ adds ÷ Σ weight, a count Σ adds; n is the number of rows with a weight. Of a duration it is the
    Kaplan–Meier `quantile` of `minutes`, in which a wait not `ended` counts as at least so long. Instants are local.

    Args:
        name: Metric name.
        query: What is asked about: data, month, filters.
        by: Dimensions to lay beside the rows, "channel+agent"; their groups as figures name them, left out where a
            column of the rows says the same.
        months: Months of the rows, the newest listed first; the reported one if none.
        days: Only rows of this period, such as "2026-W43" (of a stock: of a day, what was there on it), or of the days
            that are `WORKING` in the default schedule and wholly observed.

    Raises:
        UsageError: No such metric or dimension.
        CxError: The data cannot answer for this metric, or the dimension is not defined on its rows.
    """
    metric, data = query.metric(name), query.data
    if reason := missing_reason(metric, query):
        raise MissingDataError(reason)
    months, day = list(months) or [query.month], f"{metric.anchor}_day"
    if metric.kind == "duration":
        found, ends = waits(metric, query, months, by).with_columns(minutes=nw.col("value")), [MINUTES, ENDED]
    else:
        found, ends = with_weights(metric, query, months, by), [ADDS, WEIGHT]
        found = found.with_columns(adds=nw.col("wx") * metric.factor, weight=nw.col("w"))
    if metric.kind == "count" and metric.unit == "day":
        found = found.filter(nw.col(day) <= _local(query).date())
    matter = _matter(metric, query)
    collected = _collected(found.select(*matter, "group", nw.col(day).alias(_DAY), *ends))
    collected = _of_days(collected, days, query) if days else collected
    names = by.split("+") if by else []
    groups = pl.col("group").str.split(BETWEEN)
    laid = [_labelled(groups.list.get(place), name, query).alias(f"by {name}") for place, name in enumerate(names)]
    collected = collected.with_columns(laid, month=pl.col(_DAY).dt.strftime("%Y-%m"))
    collected = collected.with_columns(selectors.datetime(time_zone="*").dt.convert_time_zone(data.settings.timezone))
    ids = [column for column in matter if column.endswith("_id")]
    told = [column for column in matter if column not in ids] + _not_yet_told(collected, names, metric)
    ordered = collected.sort("month", pl.nth(0), descending=[True, False])
    return ordered.select(*ids, *ends, *(["month"] if len(months) > 1 else []), *told)


def as_csv(frame: pl.DataFrame) -> str:
    """Return rows as CSV, their text `guarded`."""
    frame = guarded(frame).with_columns(selectors.float().round(DECIMALS))
    whole = [
        name for name in frame.columns if frame[name].dtype.is_float() and (frame[name] == frame[name].round()).all()
    ]
    return frame.with_columns(pl.col(whole).cast(pl.Int64)).write_csv(datetime_format="%Y-%m-%dT%H:%M:%S%:z")


def _matter(metric: Metric, query: Query) -> list[str]:
    """Return the key, the anchor, and those columns that a metric needs or that tell what a row is, if filled."""
    declared, filled = table(metric.table), query.data.filled(metric.table)
    needed = [name for name in metric.needs if not name.endswith("_business_minutes")]  # they are the minutes
    wanted = [declared.key, f"{metric.anchor}_at", *_TOLD, *needed, *metric.gaps]
    return [name for name in dict.fromkeys(wanted) if name in filled and name not in (ADDS, WEIGHT, MINUTES, ENDED)]


def _not_yet_told(rows: pl.DataFrame, dimensions: Sequence[str], metric: Metric) -> list[str]:
    """Return the columns of dimensions that no column of the table itself already tells."""
    own = {f"by {name}": path_of(name, metric.table).column for name in dimensions}
    return [
        by
        for by, column in own.items()
        if column not in rows.columns or not rows[by].equals(rows[column].cast(pl.String))
    ]


def _of_days(rows: pl.DataFrame, days: str, query: Query) -> pl.DataFrame:
    if days == WORKING:
        plan = query.data.settings.schedules[query.data.settings.default_schedule]
        return rows.filter((day_kinds(rows[_DAY], plan) == "working") & (rows[_DAY] < _local(query).date()))
    first, last = bounds(days)
    if "last_day" in rows.columns:
        return rows.filter(pl.col("first_day") <= last, pl.col("last_day") >= first).with_columns(adds=1.0)
    return rows.filter(pl.col(_DAY).is_between(first, last))


def _local(query: Query) -> datetime:
    """Return the local instant at which the data end."""
    return query.data.extracted_at.astimezone(ZoneInfo(query.data.settings.timezone))


def _labelled(group: pl.Expr, dimension: str, query: Query) -> pl.Expr:
    label = DIMENSIONS[dimension].label
    if label is None or not query.data.has(label[0]):
        return group
    named = query.data.scan(label[0]).select(DIMENSIONS[dimension].key, label[1]).drop_nulls().unique().collect()
    words = {key: f"{text} ({key})" for key, text in named.sort(pl.all()).iter_rows()}
    return group.replace(words) if words else group


def _collected(frame: Frame) -> pl.DataFrame:
    rows: pl.DataFrame = frame.collect(backend="polars").to_native()
    return rows.with_columns(selectors.datetime(time_zone="*").dt.convert_time_zone("UTC"))  # DuckDB: Etc/UTC
