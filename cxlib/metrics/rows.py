"""Rows as they stand: those behind a figure, and those of single customers and tickets."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import narwhals as nw
import polars as pl
from polars import selectors

from cxlib.errors import MissingDataError
from cxlib.metrics.base import BETWEEN, Frame, counted, kept, known, scan, waits
from cxlib.metrics.registry import Metric
from cxlib.metrics.view import View
from cxlib.schema import DIMENSIONS, table

ADDS, WEIGHT, MINUTES, ENDED = "adds", "weight", "minutes", "ended"
"""What a row adds to the figure's numerator, in printed units, and its denominator; a wait, and whether it ended."""
_TOLD = (
    "ticket_id", "customer_id", "agent_id", "kind", "status", "opened_by", "channel", "category", "answer",
    "scale_low", "scale_high", "name",
)  # fmt: skip
_FORMULA = r"^\s*[=+\-@＝＋－＠]|^[\t\r\n]"


def table_rows(name: str, view: View, where: nw.Expr, *columns: str | nw.Expr) -> pl.DataFrame:
    """Return these columns of the rows of a table, of any month, that pass the view's filters and `where`.

    Raises:
        CxError: A filter is not defined on that table.
    """
    return _collected(kept(scan(view, name), name, view).filter(where).select(*columns))


def counted_rows(metric: Metric, view: View, months: Sequence[str], *columns: str, by: str = "") -> pl.DataFrame:
    """Return columns of the rows that a figure counts in these months (`base.counted`); the period is a month's index.

    Raises:
        CxError: A dimension or filter is not defined on the metric's rows.
    """
    return _collected(counted(metric, view, months, by).select(*columns))


def rows(name: str, view: View, by: str = "") -> pl.DataFrame:
    """Return the rows behind a figure of the reported month: ids, the columns that matter, what each row adds.

    The figure is Σ adds ÷ Σ weight, a count Σ adds; n is the number of rows with a weight. Of a duration it is the
    Kaplan–Meier median of `minutes`, in which a wait not `ended` counts as at least so long.

    Args:
        name: Metric name.
        view: What is looked at.
        by: Dimensions to lay beside the rows, "channel+agent"; their groups as figures name them.

    Raises:
        UsageError: No such metric or dimension.
        CxError: The data cannot answer for this metric, or the dimension is not defined on its rows.
    """
    metric, data = view.metric(name), view.data
    if reason := known(metric, view):
        raise MissingDataError(reason)
    if metric.kind == "duration":
        found = waits(metric, view, [view.month], by).with_columns(minutes=nw.col("value"))
        ends = [MINUTES, ENDED]
    else:
        found = counted(metric, view, [view.month], by)
        found = found.with_columns(adds=nw.col("wx") * metric.factor, weight=nw.col("w"))
        ends = [ADDS, WEIGHT]
    day = f"{metric.anchor}_day"
    if metric.kind == "count" and metric.unit == "day":
        found = found.filter(nw.col(day) <= data.extracted_at.astimezone(ZoneInfo(data.settings.timezone)).date())
    collected = _collected(found.select(*_matter(metric, view), "group", *ends))
    names = by.split("+") if by else []
    groups = pl.col("group").str.split(BETWEEN)
    laid = [_labelled(groups.list.get(place), name, view).alias(f"by {name}") for place, name in enumerate(names)]
    return collected.with_columns(laid).select(pl.exclude("group", *ends), *ends).sort(pl.nth(0))


def as_csv(frame: pl.DataFrame) -> str:
    """Return rows as CSV; text that a spreadsheet would take for a formula is given an apostrophe before it."""
    text = selectors.string()
    guarded = pl.when(text.str.contains(_FORMULA)).then("'" + text).otherwise(text)
    return frame.with_columns(guarded.name.keep()).write_csv(datetime_format="%Y-%m-%dT%H:%M:%SZ")


def _matter(metric: Metric, view: View) -> list[str]:
    """Return the key, the anchor, and those columns that a metric needs or that tell what a row is, if filled."""
    declared, filled = table(metric.table), view.data.filled(metric.table)
    wanted = [declared.key, f"{metric.anchor}_at", *_TOLD, *metric.needs, *metric.gaps]
    return [name for name in dict.fromkeys(wanted) if name in filled and name not in (ADDS, WEIGHT, MINUTES, ENDED)]


def _labelled(group: pl.Expr, dimension: str, view: View) -> pl.Expr:
    label = DIMENSIONS[dimension].label
    if label is None or not view.data.has(label[0]):
        return group
    named = view.data.scan(label[0]).select(DIMENSIONS[dimension].key, label[1]).drop_nulls().unique().collect()
    words = {key: f"{text} ({key})" for key, text in named.sort(pl.all()).iter_rows()}
    return group.replace(words) if words else group


def _collected(frame: Frame) -> pl.DataFrame:
    rows: pl.DataFrame = frame.collect(backend="polars").to_native()
    return rows.with_columns(selectors.datetime(time_zone="*").dt.convert_time_zone("UTC"))  # DuckDB: Etc/UTC
