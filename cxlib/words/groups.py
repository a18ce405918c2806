"""What a breakdown or a distribution says."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import median_low
from typing import Any

import polars as pl

from cxlib import numbers
from cxlib.metrics.registry import Metric
from cxlib.numbers import Format, format_of
from cxlib.stats.certainty import of_row
from cxlib.stats.results import Breakdown, Distribution, Estimate, Funnel, Scope
from cxlib.words.certainty import certainty_words
from cxlib.words.change import (
    FEW,
    TOGETHER,
    counted,
    difference_form,
    level,
    level_format,
    nothing,
    subject,
    unsigned,
    width,
)
from cxlib.words.comparable import since
from cxlib.words.sentence import LONGEST, plain

ALPHA = 0.05
A_TENTH_OF_A_DAY, TWO_DAYS = 144.0, 2879.0  # minutes
Row = dict[str, Any]


def breakdown_text(result: Breakdown) -> str:
    """Return who stands above and who below the rest where the equality test finds a difference; of counts the ends."""
    rows, name = known_rows(result), name_of(result)
    if not rows:
        return f"{name}: {nothing(result.metric, result.overall, result.scope.month, result.scope)}."
    if len(rows) == 1:
        only = f"{label(rows[0])}, {level(result.metric, estimate(rows[0]))}"
        return f"{name}: only {only} in {numbers.month(result.scope.month)}."
    if result.p_value is None:
        named = zip(("largest", "smallest"), (rows[0], rows[-1]), strict=True)
        ends = "; ".join(f"{word} {label(row)}, {_with_rows(result, row)}" for word, row in named)
        return f"{name}: {ends}{'' if result.metric.kind == 'count' else '; not tested against chance'}."
    if result.p_value >= ALPHA:
        overall = level(result.metric, result.overall, column_forms(result)[-1])
        return f"{name}: no difference beyond chance; all together {overall}.{curves(result, agreeing=False)}"
    parts = [f"{f'{word} for ' if word else ''}{_against_rest(result, row)}" for word, row in _apart(result)]
    nobody = "more difference than chance explains, but no group stands apart from the rest by itself"
    apart = [row for row in rows if row["rest_p"] is not None and row["rest_p"] < ALPHA]
    if apart:  # a group or its rest is too small to be named
        rows_said = counted(result.metric, 0).split(numbers.SPACE)[1]
        nobody = f"more difference than chance explains; too few {rows_said} to name a group"
    return f"{name}: {_judged(parts) if parts else nobody}.{curves(result, agreeing=False)}"


def _judged(parts: list[str]) -> str:
    """Return the named groups with the verdict, for two in a second sentence; what "the rest" is, is said once."""
    if len(parts) == 1:
        return f"{parts[0]}; more than chance explains"
    return f"{'; '.join(parts).removesuffix(' the rest')}. Groups differ more than chance explains"


def curves(result: Breakdown, *, agreeing: bool = True) -> str:
    """Return what the log-rank test finds beside that of the medians; nothing without one, or where both agree."""
    if result.curves_p is None or result.p_value is None:
        return ""
    found = {
        (True, True): "The whole curves differ too", (False, False): "Nor do the whole curves differ",
        (True, False): "The whole curves differ no more than chance explains",
        (False, True): "But the whole curves differ more than chance explains",
    }  # fmt: skip
    both = result.p_value < ALPHA, result.curves_p < ALPHA
    return f" {found[both]} (log-rank test)." if agreeing or both[0] != both[1] else ""


def breakdown_headline(result: Breakdown) -> str:
    """Return the finding in a few words."""
    rows, name = known_rows(result), name_of(result)
    if not rows:
        return breakdown_text(result).removesuffix(".")
    if len(rows) == 1 or result.p_value is None:
        return name
    if result.p_value >= ALPHA:
        return f"{name}: no difference beyond chance"
    parts = [f"{word} for {label(row)}" if word else f"{label(row)} {_side(row)}" for word, row in _apart(result)]
    return f"{name}: {', '.join(parts) or 'more difference than chance explains'}"


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


def forms_of(metric: Metric, points: list[Estimate], scope: Scope, size: float | None = None) -> list[Format]:
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


def _apart(result: Breakdown) -> list[tuple[str, Row]]:
    """Return the highest group above and the lowest below the rest, beyond chance and with 30 answers on either side.

    "Highest" and "lowest" are said of those with answers enough, and never of persons.
    """
    many = [row for row in known_rows(result) if row["n"] >= FEW or result.metric.kind == "count"]
    everybody = sum(row["n"] for row in known_rows(result))
    tested = [
        row for row in many if everybody - row["n"] >= FEW and row["rest_p"] is not None and row["rest_p"] < ALPHA
    ]
    above = [row for row in tested if row["rest_difference"] > 0][:1]
    below = [row for row in tested if row["rest_difference"] < 0][-1:]
    high, low = ("longest", "shortest") if result.metric.kind == "duration" else ("highest", "lowest")
    ends = [(high, row, many[0]) for row in above] + [(low, row, many[-1]) for row in below]
    return [(word if row is end and result.by != "agent" else "", row) for word, row, end in ends]


def _against_rest(result: Breakdown, row: Row) -> str:
    size, low, high = unsigned(row["rest_difference"], row["rest_low"], row["rest_high"])
    apart = rest_form(result, row).with_interval(size, low, high)
    return f"{label(row)}, {_with_rows(result, row)}, {apart} {_side(row)} the rest"


def _side(row: Row) -> str:
    return "above" if row["rest_difference"] > 0 else "below"


def _with_rows(result: Breakdown, row: Row) -> str:
    forms = dict(zip(result.points["group"], column_forms(result), strict=False))
    rows = "" if result.metric.kind == "count" else f" ({counted(result.metric, row['n'])})"
    return f"{forms[row['group']].value(row['value'])}{rows}"


def reasons(points: pl.DataFrame) -> str:
    """Return why rows of a table of points have no value, one after the other."""
    told = (f"{label(row)}: {row['reason']}" for row in points.iter_rows(named=True) if row["reason"])
    return "; ".join(told) or "no rows"


def label(row: Row, longest: int = LONGEST) -> str:
    """Return the label of a group as one line; "(none)" where the data leave it empty."""
    return plain(row["label"] or "", longest) or "(none)"
