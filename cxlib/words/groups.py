"""What a breakdown or a distribution says."""

from __future__ import annotations

from dataclasses import replace
from statistics import median_low
from typing import Any

import polars as pl

from cxlib import numbers
from cxlib.metrics.registry import Metric
from cxlib.numbers import Format, format_of
from cxlib.stats.results import Breakdown, Distribution, Estimate, Scope
from cxlib.words.change import FEW, counted, level, level_format, nothing, subject, unsigned, width
from cxlib.words.sentence import LONGEST, plain

ALPHA = 0.05
Row = dict[str, Any]


def breakdown_text(result: Breakdown) -> str:
    """Return the highest and the lowest group against the rest where the equality test finds a difference."""
    rows, name = known_rows(result), _name(result)
    if not rows:
        return f"{name}: {nothing(result.metric, result.overall, result.scope.month, result.scope)}."
    if len(rows) == 1:
        only = f"{label(rows[0])}, {level(result.metric, estimate(rows[0]))}"
        return f"{name}: only {only} in {numbers.month(result.scope.month)}."
    if result.p_value is None:
        ends = " to ".join(f"{_value(result, row)} for {label(row)}" for row in (rows[-1], rows[0]))
        tested = "" if result.metric.kind == "count" else "; whether chance suffices was not tested"
        return f"{name}: from {ends}{tested}."
    if result.p_value >= ALPHA:
        overall = level(result.metric, result.overall)
        return f"{name}: no difference that chance would not explain; all together {overall}.{_curves(result)}"
    parts = [f"{word} for {_against_rest(result, row)}" for word, row in _apart(result)]
    nobody = "more difference than chance explains, but no group stands apart from the rest by itself"
    if any((row["rest_p"] or 1.0) < ALPHA for row in rows):  # a group or its rest is too small to be named
        rows_said = counted(result.metric, 0).split(numbers.SPACE)[1]
        nobody = f"more difference than chance explains; too few {rows_said} to name a group"
    found = f"{'; '.join(parts)}; more than chance explains" if parts else nobody
    return f"{name}: {found}.{_curves(result)}"


def _curves(result: Breakdown) -> str:
    """Return what the log-rank test finds beside the test of the medians, or nothing where there is none."""
    if result.curves_p is None or result.p_value is None:
        return ""
    found = {
        (True, True): "The whole curves differ too", (False, False): "Nor do the whole curves differ",
        (True, False): "The whole curves differ no more than chance explains",
        (False, True): "But the whole curves differ more than chance explains",
    }[result.p_value < ALPHA, result.curves_p < ALPHA]  # fmt: skip
    return f" {found} (log-rank test)."


def breakdown_headline(result: Breakdown) -> str:
    """Return the finding in a few words."""
    rows, name = known_rows(result), _name(result)
    if not rows:
        return breakdown_text(result).removesuffix(".")
    if len(rows) == 1 or result.p_value is None:
        return name
    if result.p_value >= ALPHA:
        return f"{name}: no difference beyond chance"
    parts = [f"{word} for {label(row)}" for word, row in _apart(result)]
    return f"{name}: {', '.join(parts) or 'more difference than chance explains'}"


def distribution_text(result: Distribution) -> str:
    """Return the largest class with its interval, and which classes moved since the baseline month."""
    row, title = _largest(result), plain(result.title)
    if row is None:
        none = Estimate(0, 0, None, None, None, None)
        return f"{title}: {nothing(result.metric, none, result.scope.month, result.scope)}."
    form = share_format(row)
    share = form.with_interval(row["value"], row["low"], row["high"], counted(result.metric, row["n"]))
    before = (
        f", after {form.value(row['before'])} in {numbers.month(result.baseline)}" if row["before"] is not None else ""
    )
    month = numbers.month(result.scope.month)
    return f"{title}: the largest class in {month} is {plain(row['group'])} with {share}{before}.{_moved(result)}"


def class_change(row: Row) -> str:
    """Return "−6.0 points (−10.1 to −1.9)": the change of a class's share."""
    between = width(row["low_difference"], row["high_difference"])
    form = replace(share_format(row), unit="points", signed=True, decimals=numbers.share_format(between).decimals)
    return form.with_interval(row["difference"], row["low_difference"], row["high_difference"])


def distribution_headline(result: Distribution) -> str:
    """Return the largest class."""
    row = _largest(result)
    if row is None:
        return distribution_text(result).removesuffix(".")
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


def forms_of(metric: Metric, points: list[Estimate], scope: Scope) -> list[Format]:
    """Return the format of each row: the decimals of the typical one, so that numbers stand below each other."""
    forms = [level_format(metric, point, scope.language) for point in points]
    typical = median_low(
        [form.decimals for form, point in zip(forms, points, strict=True) if point.low is not None] or [1]
    )
    return forms if metric.kind == "duration" else [replace(form, decimals=typical) for form in forms]


def _name(result: Breakdown) -> str:
    return f"{subject(result.metric)} by {plain(result.by_title).lower()}"


def _largest(result: Distribution) -> Row | None:
    rows = [row for row in result.points.iter_rows(named=True) if row["value"] is not None]
    return max(rows, key=lambda row: float(row["value"]), default=None)


def _moved(result: Distribution) -> str:
    tested = result.points.filter(pl.col("p_value").is_not_null(), pl.col("n") >= FEW).sort("p_value")
    moved = [row for row in tested.iter_rows(named=True) if row["beyond"]]
    if not tested.height:
        return ""
    if not moved:
        return " No class moved by more than chance explains."
    told = "; ".join(f"{plain(row['group'])} {class_change(row)}" for row in moved[:2])
    return f" Moved by more than chance explains: {told}."


def _apart(result: Breakdown) -> list[tuple[str, Row]]:
    """Return the highest and the lowest group of those with 30 answers or more, where it differs from the rest."""
    many = [row for row in known_rows(result) if row["n"] >= FEW or result.metric.kind == "count"]
    everybody = sum(row["n"] for row in known_rows(result))
    enough = [row for row in many if everybody - row["n"] >= FEW]
    tested = [row for row in enough if row["rest_p"] is not None and row["rest_p"] < ALPHA]
    above = [row for row in tested if row["rest_difference"] > 0]
    below = [row for row in tested if row["rest_difference"] < 0]
    high, low = ("longest", "shortest") if result.metric.kind == "duration" else ("highest", "lowest")
    found = [(high, above[0])] if above and above[0] is many[0] else []
    return found + ([(low, below[-1])] if below and below[-1] is many[-1] else [])


def _against_rest(result: Breakdown, row: Row) -> str:
    size, low, high = unsigned(row["rest_difference"], row["rest_low"], row["rest_high"])
    form = format_of(result.metric, size, width(low, high), difference=True)
    direction = "above" if row["rest_difference"] > 0 else "below"
    return f"{label(row)}, {_value(result, row)}, {form.with_interval(size, low, high)} {direction} the rest"


def _value(result: Breakdown, row: Row) -> str:
    rows = list(result.points.iter_rows(named=True))
    forms = forms_of(result.metric, [estimate(other) for other in rows], result.scope)
    return forms[[other["group"] for other in rows].index(row["group"])].value(row["value"])


def label(row: Row, longest: int = LONGEST) -> str:
    """Return the label of a group as one line; "(none)" where the data leave it empty."""
    return plain(row["label"] or "", longest) or "(none)"
