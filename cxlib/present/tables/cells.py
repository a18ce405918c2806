"""Cells that tables share: values, intervals, counts and changes as text."""

from collections.abc import Sequence

from cxlib import numbers
from cxlib.metrics.registry import Metric
from cxlib.numbers import Format
from cxlib.present.sentences.change import caveat, counted_rows
from cxlib.present.sentences.sentence import plain
from cxlib.present.tables.grid import Table
from cxlib.results.certainty import certainty
from cxlib.results.types import Estimate, ResultContext

NOTHING = "–"
TOGETHER = "Each interval is for its row alone; the verdict allows for all rows together."


def framed(
    metric: Metric,
    scope: ResultContext,
    columns: tuple[str, ...],
    rows: Sequence[tuple[str, ...]],
    notes: Sequence[str] = (),
    *,
    of: str = "",
    month: bool = False,
) -> Table:
    """Return a table headed by the metric, what it is about, the period and the filters."""
    told = [text] if (text := caveat(metric, scope).strip()) else []
    period = f", {numbers.month(scope.month, scope.language)}" if month else ""
    caption = f"{metric.title}{f', {of}' if of else ''}{period}{filters(scope)}"
    return Table(caption, columns, tuple(rows), (*notes, *told))


def filters(scope: ResultContext) -> str:
    """Return the filters in brackets after a space, nothing without any."""
    return f" ({plain(scope.filters)})" if scope.filters else ""


def point_columns(metric: Metric, value: str = ">Value") -> tuple[str, ...]:
    """Return the headings of value, interval, rows and units."""
    return value, ">95 % interval", f">{counted_rows(metric).capitalize()}", f">{units(metric).capitalize()}"


def units(metric: Metric) -> str:
    """Return what is independent of each other: "customers"."""
    return f"{metric.unit.removesuffix('_id')}s"


def point_cells(form: Format, point: Estimate) -> tuple[str, str, str, str]:
    """Return value, interval, rows and units as text."""
    interval = form.interval(point.low, point.high) or NOTHING
    counts = (numbers.number(count, language=form.language) for count in (point.n, point.units))
    return value_cell(form, point.value), interval, *counts  # type: ignore[return-value]


def in_unit(heading: str, unit: str) -> str:
    """Return the heading of a column with the unit of its numbers: "adds, tickets"."""
    return f"{heading}, {unit}" if unit else heading


def value_cell(form: Format, value: float | None) -> str:
    """Return a value as text, a dash where there is none."""
    return NOTHING if value is None else form.value(value)


def certainty_cell(p_adjusted: float | None) -> str:
    """Return how sure a row is as text, a dash where it was not tested."""
    return NOTHING if p_adjusted is None else certainty(p_adjusted).replace("none", "no")
