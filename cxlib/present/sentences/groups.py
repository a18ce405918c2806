"""How groups and classes are printed, and what a distribution says."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import median_low
from typing import Any

import polars as pl

from cxlib import numbers
from cxlib.metrics.registry import Metric
from cxlib.numbers import Format, format_of
from cxlib.present.sentences.certainty import certainty_words
from cxlib.present.sentences.change import (
    FEW,
    TOGETHER,
    counted,
    difference_form,
    level_format,
    nothing,
    subject,
    width,
)
from cxlib.present.sentences.comparable import since
from cxlib.present.sentences.sentence import LONGEST, plain
from cxlib.results.certainty import of_row
from cxlib.results.types import Breakdown, Distribution, Estimate, Funnel, ResultContext

ALPHA = 0.05
A_TENTH_OF_A_DAY, TWO_DAYS = 144.0, 2879.0  # minutes
Row = dict[str, Any]


def distribution_text(result: Distribution) -> str:
    """Return the class that moved most beyond chance since the baseline month, else the largest class."""
    row, title = _leading(result), plain(result.title)
    if row is None:
        none = Estimate(0, 0, None, None, None, None)
        return f"{title}: {nothing(result.metric, none, result.scope.month, result.scope)}."
    months = [numbers.month(month) for month in (result.scope.month, result.baseline)]
    share = share_format(row).with_interval(row["value"], row["low"], row["high"], counted(result.metric, row["n"]))
    name = plain(row["group"])
    if has_moved(row):
        moved = f"{title}: {name} moved most, by {class_change(row)} to {share}"
        return f"{moved} in {months[0]}; {certainty_words(of_row(row))}."
    tested = result.points.filter(pl.col("p_value").is_not_null(), pl.col("n") >= FEW).height
    before = f", after {share_format(row).value(row['before'])} in {months[1]}" if row["before"] is not None else ""
    quiet = f"; no class moved beyond chance{TOGETHER if tested > 1 else ''}" if tested else ""
    if result.incomparable:
        before, quiet = "", f"; not compared with {months[1]}: {since(result.incomparable)}"
    return f"{title}: the largest class in {months[0]} is {name} with {share}{before}{quiet}."


def class_change(row: Row) -> str:
    """Return "−6.0 points (−10.1 to −1.9)": the change of a class's share."""
    between = width(row["low_difference"], row["high_difference"])
    form = replace(share_format(row), unit="points", signed=True, decimals=numbers.share_format(between).decimals)
    ends = row["low_difference"], row["high_difference"]
    return form.apart(*ends).with_interval(row["difference"], *ends)


def has_moved(row: Row) -> bool:
    """Tell whether a class with answers enough moved clearly or possibly, all classes looked at together."""
    return of_row(row) != "none" and row["n"] >= FEW


def distribution_headline(result: Distribution) -> str:
    """Return the class that moved, else the largest."""
    row = _leading(result)
    if row is None:
        return distribution_text(result).removesuffix(".")
    if has_moved(row):
        return f"{plain(result.title)}: {plain(row['group'])} {class_change(row).split(' (')[0]}"
    return f"{plain(result.title)}: largest class {plain(row['group'])}, {share_format(row).value(row['value'])}"


def share_format(row: Row) -> numbers.Format:
    """Return how the share of a class is printed: in %, whatever the metric of the distribution is measured in."""
    return numbers.share_format(width(row["low"], row["high"]))


def known_rows(result: Breakdown) -> list[Row]:
    """Return the groups that have a value, largest value first."""
    rows = [row for row in result.points.iter_rows(named=True) if row["value"] is not None]
    return sorted(rows, key=lambda row: -row["value"])


def estimate(row: Row) -> Estimate:
    """Return a row of a table of points as an estimate."""
    return Estimate(row["n"], row["units"], row["value"], row["se"], row["low"], row["high"])


def forms_of(metric: Metric, points: list[Estimate], scope: ResultContext, size: float | None = None) -> list[Format]:
    """Return the format of each row: the decimals of the typical one; of durations one unit, which fits `size`."""
    if metric.kind == "duration":
        size = column_size([point.value for point in points]) if size is None else size
        return [_wait_form(metric, point, size, scope.language) for point in points]
    forms = [level_format(metric, point, scope.language) for point in points]
    known = [form.decimals for form, point in zip(forms, points, strict=True) if point.low is not None]
    return forms if metric.kind == "count" else [replace(form, decimals=median_low(known or [1])) for form in forms]


def _wait_form(metric: Metric, point: Estimate, size: float, language: str) -> Format:
    """Return the unit that fits the column, or the wait itself where it is less than a tenth of one."""
    form = format_of(metric, size, width(point.low, point.high), language=language)
    if point.value is not None and point.value < form.divisor / 10:
        return level_format(metric, point, language)
    return form


def column_size(sizes: Sequence[float | None]) -> float:
    """Return the value that chooses the unit of a column of durations: the largest, yet hours beside few hours."""
    known = [abs(size) for size in sizes if size is not None] or [0.0]
    return max(known) if min(known) >= A_TENTH_OF_A_DAY else min(max(known), TWO_DAYS)


def column_forms(result: Breakdown) -> list[Format]:
    """Return the format of each group, in the order of the points, and of all together."""
    points, size = [estimate(row) for row in result.points.iter_rows(named=True)], _size(result)
    return [form for some in (points, [result.overall]) for form in forms_of(result.metric, some, result.scope, size)]


def rest_form(result: Breakdown, row: Row) -> Format:
    """Return how the difference of a group from the rest is printed: in the unit of the groups."""
    return difference_form(result.metric, _size(result), row["rest_low"], row["rest_high"], result.scope.language)


def _size(result: Breakdown) -> float:
    return column_size([*result.points["value"], result.overall.value])


def name_of(result: Breakdown | Funnel) -> str:
    """Return "Satisfaction by channel"."""
    return f"{subject(result.metric)} by {plain(result.by_title).lower()}"


def _leading(result: Distribution) -> Row | None:
    """Return the class that moved most beyond chance of those with rows enough, else the largest class."""
    rows = [row for row in result.points.iter_rows(named=True) if row["value"] is not None]
    moved = [row for row in rows if has_moved(row)]
    moved = [row for row in moved if of_row(row) == "clear"] or moved
    return max(moved or rows, key=lambda row: abs(row["difference"] if moved else row["value"]), default=None)


def reasons(points: pl.DataFrame) -> str:
    """Return why rows of a table of points have no value, one after the other."""
    told = (f"{label(row)}: {row['reason']}" for row in points.iter_rows(named=True) if row["reason"])
    return "; ".join(told) or "no rows"


def label(row: Row, longest: int = LONGEST) -> str:
    """Return the label of a group as one line; "(none)" where the data leave it empty."""
    return plain(row["label"] or "", longest) or "(none)"
