"""What the data can be trusted with: broken promises, rows set aside, coverage by month, figures not yet final."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import polars as pl

from cxlib.check import ANCHOR, MONTHLY, Found, broken, set_aside as aside
from cxlib.estimates.context import unanswerable
from cxlib.estimates.drilldown import Listed, row_list, with_rows
from cxlib.metrics import METRICS, Metric, Query, population
from cxlib.metrics.maturity import unfinal
from cxlib.numbers import month as month_words
from cxlib.results.quality import Coverage, Tally
from cxlib.results.types import NotKnown, ResultContext
from cxlib.tables.schema import DIMENSIONS, GIVEN, TABLES

MONTHS_SHOWN = 13
NOT_OVER, RUNNING = "window not over", "clock still running"
COUNTED = "A figure of the table is a number of rows."
NOT_KEPT = "What is counted without its rows being kept – scales, notes, rows left out – has no rows here."
SCHEMA = {
    "family": pl.String, "label": pl.String, "n": pl.Int64, "share": pl.Float64, "typical": pl.Float64,
    "known": pl.Boolean, "examples": pl.String,
}  # fmt: skip


@row_list("Rows that break a promise", f"{COUNTED} {NOT_KEPT}", filtered=False)
def _quality(query: Query) -> Listed:
    return _of_all(broken(query.data))


@with_rows(_quality)
def quality(query: Query) -> Tally:
    """Return what `cx check` finds in the whole data set, whatever is filtered: every broken promise of its tables."""
    rows = {name: query.data.scan(name).select(pl.len()).collect().item() for name in GIVEN if query.data.has(name)}
    found = [
        _counted(one.table, one.words, one.count, one.examples, rows.get(one.table)) for one, _ in broken(query.data)
    ]
    return Tally(_scope(query), "Broken promises of the data", tallied(found), "every promise of the tables holds")


def _of_all(found: Iterable[Found]) -> Listed:
    return Listed(_found((one.table, f"{one.table}: {one.words}", ids) for one, ids in found), "")


def _found(findings: Iterable[tuple[str, str, pl.Series]]) -> pl.DataFrame:
    """Return the ids of rows, each with its table and what was found, as (table, group, ids)."""
    rows = [
        pl.DataFrame({"id": ids.cast(pl.String)}).with_columns(group=pl.lit(group), table=pl.lit(name))
        for name, group, ids in findings
    ]
    return pl.concat([pl.DataFrame(schema=dict.fromkeys(("id", "group", "table"), pl.String)), *rows])


@row_list("Rows set aside", f"{COUNTED} {NOT_KEPT}", filtered=False)
def _set_aside(query: Query) -> Listed:
    return _of_all(found for declared in GIVEN.values() for found in aside(query.data, declared))


@with_rows(_set_aside)
def set_aside(query: Query) -> Tally:
    """Return what imports read but did not use: rows set aside, left out on purpose; and values taken otherwise."""
    manifest, found = query.data.manifest, list[dict[str, Any]]()
    read = {
        name: rows + sum(sum(manifest.get(part, {}).get(name, {}).values()) for part in ("set_aside", "left_out"))
        for name, rows in manifest.get("rows", {}).items()
    }
    for declared in GIVEN.values():
        found += [
            _counted(one.table, one.promise, one.count, one.examples, read.get(one.table))
            for one, _ in aside(query.data, declared)
        ]
    for part, words in (("left_out", "left out"), ("filled", "filled")):
        for name, counts in manifest.get(part, {}).items():
            found += [_counted(name, f"{why} ({words})", n, (), read.get(name)) for why, n in counts.items()]
    for name, notes in manifest.get("notes", {}).items():
        found += [_counted(name, what, note["count"], note["examples"], read.get(name)) for what, note in notes.items()]
    return Tally(_scope(query), "Rows not used as they came", tallied(found), "every row read was written as it came")


@row_list("Rows whose figures are not final", COUNTED)
def _provisional(query: Query, names: Sequence[str] = ()) -> Listed:
    rows = _found(
        (one.table, f"{NOT_OVER if one.window else RUNNING}: {one.title}", unfinal(one, query, query.month))
        for one in _moving(query, names or METRICS)
    )
    return Listed(rows, query.month)


@with_rows(_provisional)
def provisional(query: Query, names: Sequence[str] = ()) -> Tally:
    """Return the figures of the reported month that are not final: windows not over, clocks that still run.

    Args:
        query: What is asked about: data, month, filters.
        names: Metrics to look at; none for all.

    Raises:
        UsageError: No such metric or dimension.
    """
    found = list(_unfinal(query, names or METRICS))
    return Tally(
        _scope(query, query.filter_text), "Figures of the month that will still move", tallied(found),
        "every window is over and every clock has stopped",
    )  # fmt: skip


def coverage(query: Query) -> Coverage | NotKnown:
    """Return the rows of each table by month, and the share of empty cells in the columns that figures need.

    The whole data set counts, whatever is filtered. A month of a row is the local month of its main instant.
    """
    months, names = query.months(MONTHS_SHOWN), [name for name in MONTHLY if query.data.has(name)]
    if not names:
        return NotKnown("Coverage", f"The data {query.data.name!r} have no table that grows month by month.")
    counts, gaps = zip(*(_covered(query, name, months) for name in names), strict=True)
    emptiest = pl.concat(gaps).sort("share", "before", descending=True, nulls_last=True, maintain_order=True)
    return Coverage(_scope(query), tuple(months), pl.concat(counts), emptiest)


def tallied(found: list[dict[str, Any]]) -> pl.DataFrame:
    """Return rows counted by reason, the most frequent first."""
    return pl.DataFrame(found, schema=SCHEMA).filter(pl.col("n") > 0).sort(
        "n", "family", "label", descending=[True, False, False]
    )  # fmt: skip


def _unfinal(query: Query, names: Iterable[str]) -> Iterator[dict[str, Any]]:
    for metric in _moving(query, names):
        rows, late, _, running = population(metric, query, query.month)
        if metric.window:
            final = query.settled(metric.name).month
            told = f"final up to {month_words(final, query.language)}" if final < query.month else ""
            yield _counted(NOT_OVER, metric.title, late, [told], rows)
        elif late or running:
            yield _counted(RUNNING, metric.title, late + running, (), rows)


def _moving(query: Query, names: Iterable[str]) -> list[Metric]:
    """Return the figures that can move after their month: those with a window or a clock."""
    metrics = map(query.metric, names)
    return [one for one in metrics if (one.window or one.kind == "duration") and not unanswerable(one, query)]


def _covered(query: Query, name: str, months: list[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return table, month, rows; and table, column, share, before."""
    needed = _needed(name)
    local = pl.col(ANCHOR[name]).dt.convert_time_zone(query.data.settings.timezone).dt.strftime("%Y-%m")
    counted = (
        query.data.scan(name)
        .group_by(local.alias("month"))
        .agg(pl.len().cast(pl.Int64).alias("rows"), pl.col(needed).null_count().cast(pl.Int64))
        .collect()
    )
    every = pl.DataFrame({"table": name, "month": months}).join(counted, on="month", how="left", maintain_order="left")
    every = every.with_columns(pl.col("rows", *needed).fill_null(0))
    last = pl.col("month") == query.month
    shares = [
        every.filter(which).select(pl.col(needed).sum() / pl.col("rows").sum() * 100).transpose().to_series()
        for which in (last, ~last)
    ]
    gaps = pl.DataFrame({"table": name, "column": needed, "share": shares[0], "before": shares[1]}).with_columns(
        pl.col("share", "before").fill_nan(None)
    )
    return every.select("table", "month", "rows"), gaps.filter((pl.col("share") > 0) | (pl.col("before") > 0))


def _needed(name: str) -> list[str]:
    """Return the given columns of a table that a figure or a dimension reads."""
    metrics = {column for metric in METRICS.values() if metric.table == name for column in (*metric.needs, metric.unit)}
    dimensions = {path.column for one in DIMENSIONS.values() if (path := one.paths.get(name)) and not path.hops}
    keys = {column.name for column in TABLES[name].given if column.references}
    wanted = (metrics | dimensions | keys) - {ANCHOR[name], "merged_into"}
    return [column.name for column in TABLES[name].given if column.name in wanted]


def _counted(family: str, label: str, n: int, examples: Sequence[object], rows: int | None) -> dict[str, Any]:
    share = 100 * n / rows if rows else None
    told = ", ".join(map(str, examples))
    return {"family": family, "label": label, "n": n, "share": share, "known": True, "examples": told}


def _scope(query: Query, filters: str = "") -> ResultContext:
    return ResultContext(query.data.name, query.month, filters, language=query.language)
