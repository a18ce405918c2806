"""From metrics to frames: the only place that joins dimensions, groups rows and touches an engine.

Three frames. The *unit frame* has one row per period, group and independent unit with its sums: what changes are
computed from. The *measured frame* is its sum per period and group: what figures are computed from, small whatever the
data's size. The *row frame* has one row per wait: what durations are computed from.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import timedelta
from typing import Any

import narwhals as nw
import polars as pl
from polars import selectors

from cxlib.errors import CxError, UsageError, unknown_name
from cxlib.metrics.availability import missing_reason
from cxlib.metrics.exact import split, summed
from cxlib.metrics.known_from import known_from
from cxlib.metrics.predicates import is_over
from cxlib.metrics.queries import NOT_KNOWN, SO_NAMED, Query
from cxlib.metrics.registry import Clock, Metric, Ratio
from cxlib.periods import first_day, last_day, month_index, month_name, months_between
from cxlib.tables.schema import path_of, table

__all__ = [
    "BETWEEN", "NOT_KNOWN", "Frame", "cache_key", "clock_of", "collected", "dated_frame", "is_known", "kept",
    "measured_frame", "missing_reason", "nobody_waits", "numbered", "row_frame", "scan", "unit_frame", "waits",
    "with_period_and_group", "with_value", "with_weights",
]  # fmt: skip
BETWEEN = "\x1f"
"""Separates the names of a group by several dimensions, "agent+channel"."""
UNIT_COLUMNS = ("period", "group", "unit")
Frame = nw.LazyFrame[Any]


def unit_frame(metric: Metric, query: Query, months: Sequence[str], by: str = "") -> pl.DataFrame:
    """Return one row per month, group and unit that has a value.

    Columns: period, group ("" without `by`; by several dimensions, "agent+channel", their names joined by BETWEEN),
    unit, n (rows with a value), sum_w (weights), sum_wx, sum_wxx.
    """
    asked = ("units", *cache_key(metric, query, months, by))
    return query.data.once(asked, lambda: collected(_units(metric, query, months, by), ("unit", "period", "group")))


def dated_frame(metric: Metric, query: Query, months: Sequence[str], by: str = "") -> pl.DataFrame:
    """Return the rows of the unit frame by local day, `day`: what a count adds on each."""
    if metric.unit == "day":
        return unit_frame(metric, query, months, by).with_columns(day=pl.col("unit").str.to_date())
    rows = with_weights(metric, query, months, by)
    rows = rows.with_columns(wxx=nw.col("wx") * nw.col("x"), day=nw.col(f"{metric.anchor}_day"))
    sums = (summed(short).alias(name) for short, name in _SUMS.items())
    grouped = split(rows, _SUMS).group_by(*UNIT_COLUMNS, "day").agg(nw.col("n").sum(), *sums)
    return collected(grouped, ("unit", "period", "group", "day"))


def measured_frame(metric: Metric, query: Query, months: Sequence[str], by: str = "") -> pl.DataFrame:
    """Return one row per month and group: the unit frame summed, with what a cluster-robust error needs.

    Columns: period, group, n, units, sum_w, sum_wx, sum_wxx and, over units, sum_ww = Σ w², sum_wxwx = Σ (wx)²,
    sum_wwx = Σ w·wx and the cubes sum_www = Σ w³, sum_wwwx = Σ w²·wx, sum_wwxwx = Σ w·(wx)², sum_wxwxwx = Σ (wx)³.
    """
    asked = ("measured", *cache_key(metric, query, months, by))
    return query.data.once(asked, lambda: _measured(metric, query, months, by))


def _measured(metric: Metric, query: Query, months: Sequence[str], by: str) -> pl.DataFrame:
    weight, total = nw.col("sum_w"), nw.col("sum_wx")
    squares = {"sum_ww": weight * weight, "sum_wxwx": total * total, "sum_wwx": weight * total}
    cubes = {
        "sum_www": weight * weight * weight, "sum_wwwx": weight * weight * total,
        "sum_wwxwx": weight * total * total, "sum_wxwxwx": total * total * total,
    }  # fmt: skip
    kept = ["n", "sum_w", "sum_wx", "sum_wxx", *squares, *cubes]
    each = _units(metric, query, months, by).with_columns(**squares, **cubes, units=nw.lit(1).cast(nw.Int64))
    grouped = (
        split(each, kept[1:])
        .group_by("period", "group")
        .agg(nw.col("units").sum(), nw.col("n").sum(), *(summed(name).alias(name) for name in kept[1:]))
    )
    columns = ["period", "group", "n", "units", *kept[1:]]
    return collected(grouped, ("period", "group")).select(columns)


def row_frame(metric: Metric, query: Query, months: Sequence[str], by: str = "") -> pl.DataFrame:
    """Return one row per wait of a duration metric, the shortest first.

    Columns: period, group, unit, value (minutes), ended, running, code (number 0 … of the unit, in order of name).

    A wait that neither ended nor runs was cut off: its ticket was closed without the end, or nobody took the call.

    Raises:
        CxError: The metric is not a duration.
    """
    asked = ("rows", *cache_key(metric, query, months, by))
    return query.data.once(asked, lambda: _waited(metric, query, months, by))


def _waited(metric: Metric, query: Query, months: Sequence[str], by: str) -> pl.DataFrame:
    rows = waits(metric, query, months, by)
    running = ~nw.col("ended") & ~nobody_waits(metric, query)
    kept = rows.with_columns(running=running).select("period", "group", "unit", "value", "ended", "running")
    found = collected(kept, ["value"])
    return found.with_columns(numbered(found["unit"]))


def numbered(units: pl.Series) -> pl.Series:
    """Return `code`, the number 0 … of each unit in order of name."""
    names = pl.Enum(units.unique().sort())  # far sooner than to rank all of them
    return units.cast(names).to_physical().cast(pl.Int64).alias("code")


def cache_key(metric: Metric, query: Query, months: Sequence[str], by: str) -> tuple[Hashable, ...]:
    """Return all that decides what the rows of a metric sum to."""
    of = metric.value, metric.table, metric.anchor, metric.unit, metric.kind, metric.window, metric.weighted
    return *of, tuple(sorted(months)), by, query.filters, query.weighted, query.engine


def waits(metric: Metric, query: Query, months: Sequence[str], by: str = "") -> Frame:
    """Return the rows that a duration counts, lazily: all columns of its table, group, unit, value, ended.

    Raises:
        CxError: The metric is not a duration.
    """
    clock = clock_of(metric)
    value = nw.col(clock.minutes).cast(nw.Float64)
    inside = value if clock.where is None else nw.when(clock.where).then(value)
    rows = with_period_and_group(metric, query, months, by).with_columns(
        value=inside, ended=nw.col(clock.ended).fill_null(False)
    )
    return rows.filter(~nw.col("value").is_null())


def nobody_waits(metric: Metric, query: Query) -> nw.Expr:
    """Tell whether a row of a metric is of a ticket that is over; never where its table does not say."""
    if metric.table == "replies":
        return nw.col("reply_competing").fill_null(False)
    return is_over() if "status" in query.data.filled(metric.table) else nw.lit(False)


def with_weights(metric: Metric, query: Query, months: Sequence[str], by: str = "") -> Frame:
    """Return the rows that a figure counts, lazily: all columns of its table, group, unit and what each row adds.

    The figure is Σ wx ÷ Σ w × factor, of a count Σ wx; n (1 or 0) tells whether the row counts as one.
    """
    frame, (x, w, one) = with_value(metric, query, months, by), (nw.col("x"), nw.lit(1.0), nw.lit(1, nw.Int64))
    frame = frame.filter(~x.is_null())
    if metric.weighted and query.weighted:
        w = nw.col("weight").fill_null(1.0).cast(nw.Float64)
        frame = frame.filter(w > 0.0)
    if isinstance(metric.value(), Ratio):
        divisor = nw.col("divisor")
        return frame.with_columns(n=nw.when(divisor == 0.0).then(0).otherwise(one), wx=w * x, w=w * divisor)
    return frame.with_columns(n=one, wx=w * x, w=w)


def with_value(metric: Metric, query: Query, months: Sequence[str], by: str) -> Frame:
    """Lay the metric's value, `x`, beside the rows; null = outside or unknown. Beside a ratio, its `divisor` too."""
    value, divided = metric.value(), dict[str, nw.Expr]()
    if isinstance(value, Clock):
        value = nw.col(value.minutes) if value.where is None else nw.when(value.where).then(nw.col(value.minutes))
    if isinstance(value, Ratio):
        divided["divisor"] = value.over
        value = value.of
    value = value.cast(nw.Float64)
    known_value = nw.when(is_known(metric, query)).then(value) if metric.window else value
    return with_period_and_group(metric, query, months, by).with_columns(x=known_value, **divided)


def _units(metric: Metric, query: Query, months: Sequence[str], by: str) -> Frame:
    rows = with_weights(metric, query, months, by).with_columns(wxx=nw.col("wx") * nw.col("x"))
    sums = (summed(short).alias(name) for short, name in _SUMS.items())
    return split(rows, _SUMS).group_by(*UNIT_COLUMNS).agg(nw.col("n").sum(), *sums)


_SUMS = {"w": "sum_w", "wx": "sum_wx", "wxx": "sum_wxx"}


def with_period_and_group(metric: Metric, query: Query, months: Sequence[str], by: str) -> Frame:
    """Lay period, group and unit beside the rows of the metric's table, filtered; files are read for these days only.

    Beside them stand the `constants` of expressions.
    """
    of = metric.table, metric.anchor, metric.unit, metric.window, metric.history, bool(metric.survey)
    asked = *of, tuple(months), by, query.filters, query.engine
    return query.data.remember(asked, lambda: _placed(metric, query, months, by))


def _placed(metric: Metric, query: Query, months: Sequence[str], by: str) -> Frame:
    day = nw.col(f"{metric.anchor}_day")
    period = (day.dt.year() * 12 + day.dt.month() - 1).cast(nw.Int64)
    first, last = min(months, default=query.month), max(months, default=query.month)
    spanned = day.is_between(nw.lit(first_day(first)), nw.lit(last_day(last)))
    frame = scan(query, metric.table).filter(spanned).with_columns(period=period)
    if told := known_from(metric, query):
        frame = frame.filter(nw.col("period") >= month_index(told[0]))
    if metric.survey and "question" not in (*by.split("+"), *(name for name, _ in query.filters)):
        frame = frame.filter(nw.col("main_question").fill_null(True))
    if set(months) != set(months_between(first, last)):
        frame = frame.filter(nw.col("period").is_in([month_index(month) for month in months]))
    frame = kept(frame, metric.table, query)
    groups = []
    for name in filter(None, by.split("+")):
        frame, dimension = _with_dimension(frame, metric.table, name, query)
        groups.append(_group(dimension))
    group = nw.concat_str(groups, separator=BETWEEN) if groups else nw.lit("")
    return frame.with_columns(group=group, unit=_unit(metric), **constants(metric, query))


def constants(metric: Metric, query: Query) -> dict[str, nw.Expr]:
    """Return what a metric's expression may name beside the columns of its table."""
    windows = query.data.settings.windows
    window = getattr(windows, metric.window) * 1440.0 if metric.window else 0.0
    return {
        "window_minutes": nw.lit(window),
        "outside_minutes": nw.lit(windows.unanswered_days * 1440.0),
        "observed_until": nw.lit(query.data.extracted_at),
    }


def kept(frame: Frame, table_name: str, query: Query) -> Frame:
    """Keep the rows of a table that pass the query's filters."""
    for name, values in query.filters:
        frame, dimension = _with_dimension(frame, table_name, name, query)
        frame = frame.filter(_group(dimension).is_in(list(values)))
    return frame


def _group(column: str) -> nw.Expr:
    """Return the group of a row: its value of a dimension."""
    value = nw.col(column).cast(nw.String)
    return nw.when(value == NOT_KNOWN).then(nw.lit(SO_NAMED)).otherwise(value).fill_null(NOT_KNOWN)


def _unit(metric: Metric) -> nw.Expr:
    if metric.unit == "day":
        return nw.col(f"{metric.anchor}_day").cast(nw.String)
    # A ticket unsolved in two months is one and the same in both.
    key = "ticket_id" if metric.table == "backlog_months" else table(metric.table).key
    own = nw.concat_str([nw.lit("row "), nw.col(key)])
    return nw.coalesce(nw.col(metric.unit), own)


def is_known(metric: Metric, query: Query) -> nw.Expr:
    """Tell whether a row's window is over when the data end."""
    if not metric.window:
        return nw.lit(True)
    window = timedelta(days=getattr(query.data.settings.windows, metric.window))
    return nw.col(f"{metric.anchor}_at") <= nw.lit(query.data.extracted_at - window)


def _with_dimension(frame: Frame, table_name: str, dimension: str, query: Query) -> tuple[Frame, str]:
    """Join what is needed to reach a dimension; return the frame and the name of its column."""
    path = path_of(dimension, table_name)
    if not path.hops:
        return frame, path.column
    column = f"by_{dimension}"
    if column in frame.collect_schema().names():
        return frame, column
    lookup = _lookup(path.hops[0][1], path.hops[1:], path.column, column, query)
    return frame.join(lookup, left_on=path.hops[0][0], right_on=f"{column}_key", how="left"), column


def _lookup(name: str, hops: tuple[tuple[str, str], ...], column: str, into: str, query: Query) -> Frame:
    """Build a two-column frame: key of `name` → the dimension's value, reached through the remaining hops."""
    key, frame = table(name).key, scan(query, name)
    if not hops:
        value = nw.col(column).alias(into)
        return frame.select(nw.col(key).alias(f"{into}_key"), value)
    further = _lookup(hops[0][1], hops[1:], column, f"{into}_far", query)
    joined = frame.join(further, left_on=hops[0][0], right_on=f"{into}_far_key", how="left")
    return joined.select(nw.col(key).alias(f"{into}_key"), nw.col(f"{into}_far").alias(into))


def scan(query: Query, name: str) -> Frame:
    """Return a table, lazily, in the query's engine."""
    if query.engine == "polars":
        return nw.from_native(query.data.scan(name))
    if query.engine == "duckdb":
        duckdb = _duckdb()
        query.data.scan(name)  # says what is missing
        path = query.data.path(name)
        pattern = str(path / "**" / "*.parquet") if path.is_dir() else str(path)
        read: Frame = nw.from_native(duckdb.read_parquet(pattern))
        return read
    raise unknown_name("engine", query.engine, ("polars", "duckdb"))


def _duckdb() -> Any:
    try:
        import duckdb
    except ImportError:
        raise UsageError("The engine 'duckdb' is not installed: pip install duckdb, or leave out --engine.") from None
    return duckdb


def clock_of(metric: Metric) -> Clock:
    """Return the clock of a duration.

    Raises:
        CxError: The metric is not one.
    """
    value = metric.value()
    if not isinstance(value, Clock):
        raise CxError(f"{metric.name!r} is a {metric.kind}, not a duration: it has no row frame.")
    return value


def collected(frame: Frame, order: Sequence[str]) -> pl.DataFrame:
    """Run a query and give it back as Polars, in a fixed order, months in words; DuckDB sums integers to decimals."""
    rows: pl.DataFrame = frame.collect(backend="polars").to_native()
    if any(kind.is_decimal() for kind in rows.dtypes):
        rows = rows.with_columns(selectors.decimal().cast(pl.Int64))
    if not rows.height:
        return rows.with_columns(pl.col("period").cast(pl.String))
    rows = rows.sort(*order)
    month = rows["period"]
    first, last = int(month.min()), int(month.max())  # type: ignore[arg-type]
    names = pl.Series([month_name(index) for index in range(first, last + 1)])
    return rows.with_columns(names.gather(month - first).alias("period"))
