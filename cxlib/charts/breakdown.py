"""A breakdown: one dot with its interval a group, all groups together as the line to compare with."""

from cxlib import numbers
from cxlib.charts.axis import Axis, measure
from cxlib.charts.figure import Figure, blank, chart, figure
from cxlib.charts.rows import NAME, Row, axis_of, draw, frame_of, reference, row_of
from cxlib.stats.results import Breakdown
from cxlib.words.change import FEW, counted, level_format
from cxlib.words.groups import ALPHA, estimate, known_rows, label
from cxlib.words.groups import Row as Group

MOST = 15


@chart.register
def _(result: Breakdown) -> Figure:
    groups = known_rows(result)
    if not groups:
        return blank(result)
    drawn = sorted(groups, key=lambda group: (not _apart(group), -group["n"]))[:MOST]
    rows = [_row(result, group) for group in result.points.iter_rows(named=True) if group in drawn]
    overall = None if result.metric.kind == "count" else result.overall.value  # parts do not lie around their total
    axis = axis_of(result.metric, rows, overall)
    frame = frame_of(axis, rows, headed=overall is not None)
    behind = []
    if overall is not None:
        value = level_format(result.metric, result.overall, result.scope.language).value(overall)
        behind = reference(frame, axis, overall, f"all together {value}")
    return figure(
        result, frame, draw(frame, axis, rows, behind=behind), _subtitle(result, axis, len(groups), len(rows))
    )


def _apart(group: Group) -> bool:
    return group["n"] >= FEW and group["rest_p"] is not None and group["rest_p"] < ALPHA


def _row(result: Breakdown, group: Group) -> Row:
    point = estimate(group)
    form = level_format(result.metric, point, result.scope.language)
    few = result.metric.kind != "count" and point.n < FEW
    name = label(group, NAME) + (f", only {counted(result.metric, point.n)}" if few else "")
    return row_of(group, name, form.short, before=group["before"], quiet=few)


def _subtitle(result: Breakdown, axis: Axis, known: int, drawn: int) -> str:
    language = result.scope.language
    ring = f"; ring: {numbers.month(result.baseline, language)}" if result.points["before"].count() else ""
    measured = measure(result.metric, axis, result.overall.n)
    parts = [f"{measured}, {numbers.month(result.scope.month, language)}. Line: 95 % interval{ring}."]
    if known > drawn:
        parts.append(f"{drawn} groups: those apart from the rest, then the largest; {known - drawn} more in the table.")
    if result.points.height > known:
        parts.append(f"{result.points.height - known} without a value.")
    return " ".join(parts) + axis.said
