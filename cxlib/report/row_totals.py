"""What the rows of a list make, period by period or group by group, and how: figures in the units of their tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from cxlib import numbers
from cxlib.estimates.daily import day_counts
from cxlib.estimates.drilldown import Listed, RowSource
from cxlib.metrics import Metric, Query
from cxlib.metrics.rows import ADDS, ENDED, MINUTES, WEIGHT, WORKING
from cxlib.numbers import format_of
from cxlib.present.sentences.change import level_format
from cxlib.present.sentences.sentence import plain
from cxlib.present.tables import Table
from cxlib.present.tables.cells import NOTHING, in_unit
from cxlib.questions import figures
from cxlib.report.row_page import heading, in_words
from cxlib.results.types import Estimate

CAPTION, FIGURE, LONG = "What the rows make", "figure", 160


def totals(metric: Metric, query: Query, found: pl.DataFrame, months: Sequence[str], days: str) -> Table:
    """Return what the rows make, month by month or of the period: the printed figure, their number, their sums.

    The unit stands in the heading where the figure is printed without one.
    """
    parts = {month: found.filter(pl.col("month") == month) if len(months) > 1 else found for month in months}
    parts = {days: found} if days not in ("", WORKING) else parts
    figure, bare = _figures(metric, query, parts, days), not format_of(metric, 0.0).unit
    names = [ENDED] if ENDED in found.columns else [ADDS] if metric.kind == "count" else [ADDS, WEIGHT]
    sums = [pl.Series(f"Σ {name}", [float(part[name].sum()) for part in parts.values()]) for name in names]
    periods = [numbers.period(period, query.language) for period in parts]
    told = (periods, [figure.get(period, NOTHING) for period in parts])
    counts = [pl.Series("rows", [part.height for part in parts.values()]), *sums]
    first = ("period", f">{in_unit(FIGURE, metric.measured_in if bare else '')}")
    columns = (*first, *(heading(column, _with_sums(added_in(metric))) for column in counts))
    return Table(CAPTION, columns, tuple(zip(*told, *(in_words(column) for column in counts), strict=True)))


def added_in(metric: Metric) -> dict[str, str]:
    """Return the unit of what a row adds; to a percentage of amounts it adds neither % nor an amount."""
    return {} if metric.kind == "mean" and metric.measured_in == "%" else {ADDS: metric.measured_in}


def _figures(metric: Metric, query: Query, parts: Mapping[str, pl.DataFrame], days: str) -> dict[str, str]:
    """Return the figure of each period as printed, as far as it is known."""
    if days == WORKING:
        return _rates(metric, query, parts)
    if days:
        made = {period: float(part[ADDS].sum()) for period, part in parts.items()}
        return {
            period: format_of(metric, value, language=query.language).value(value) for period, value in made.items()
        }
    printed = figures(query, list(parts), names=[metric.name])
    return {row["period"]: _printed(metric, row, query.language) for row in printed.iter_rows(named=True)}


def _rates(metric: Metric, query: Query, parts: Mapping[str, pl.DataFrame]) -> dict[str, str]:
    worked = day_counts(metric, query, list(parts)).filter(pl.col("kind") == "working")
    length = dict(worked.group_by("period").agg(pl.col("day").n_unique()).iter_rows())
    form = replace(format_of(metric, 0.0, language=query.language), decimals=1)
    rates = {month: form.value(float(parts[month][ADDS].sum()) / days) for month, days in length.items()}
    return {month: f"{rate} a day on {length[month]} working days" for month, rate in rates.items()}


def _printed(metric: Metric, row: dict[str, Any], language: str) -> str:
    value, low, high = row["value"], row["low"], row["high"]
    form = level_format(metric, Estimate(row["n"], row["independent_units"], value, None, low, high), language)
    return "not yet reached" if value is None else form.with_interval(value, low, high)


def made_by(listed: RowSource, found: Listed) -> Table:
    """Return what the rows make, group by group: the figure where they make one, their number, their sums."""
    rows, figure = found.rows, listed.figure
    if figure is None and ADDS in rows.columns:
        figure = (pl.col(ADDS).sum() / (pl.col(WEIGHT).sum() if WEIGHT in rows.columns else 1)).cast(pl.Float64)
    groups = rows.group_by(listed.by, maintain_order=True).agg(
        *([] if figure is None else [figure.alias(FIGURE)]), pl.len().alias("rows"),
        *(pl.col(name).sum().name.prefix("Σ ") for name in listed.sums),
    )  # fmt: skip
    names = groups.select(pl.concat_str(listed.by, separator=", ")).to_series()
    counts, units = [*groups.drop(listed.by)], _with_sums({FIGURE: found.units.get(ADDS, ""), **found.units})
    columns = ("group", *(heading(column, units) for column in counts))
    cells = ([plain(name, LONG) for name in names], *(in_words(column) for column in counts))
    return Table(CAPTION, columns, tuple(zip(*cells, strict=True)))


def _with_sums(units: dict[str, str]) -> dict[str, str]:
    """Return units of columns and, the same, of their sums."""
    return units | {f"Σ {name}": unit for name, unit in units.items()}


def made(days: str, metric: Metric, found: pl.DataFrame) -> str:
    """Return how the rows make the figure, and which of them count 0 in its number."""
    if MINUTES in found.columns:
        how = f"the {metric.statistic} of the minutes (Kaplan–Meier)"
        return f"The figure is {how}; a wait not ended counts as at least so long."
    if metric.kind == "count":
        rate = ", divided by the working days" if days == WORKING else ""
        return f"The figure is the sum of what the rows add{rate}."
    nothing = found.filter(pl.col(WEIGHT) == 0)
    kinds = nothing["kind"] if "kind" in found.columns else pl.repeat("row", nothing.height, eager=True)
    told = [f"{numbers.number(count)} {plain(kind)}s" for kind, count in sorted(kinds.value_counts().iter_rows())]
    zero = f" {' and '.join(told)} count 0 in the number of {metric.table.replace('_', ' ')}." if told else ""
    return f"The figure is what the rows add divided by their weight.{zero}"
