"""Estimates: one dot or bar with its interval a row – groups, classes, contrasts, effects, shortlists, comparisons."""

from dataclasses import replace

from cxlib import numbers
from cxlib.numbers import Format
from cxlib.present.charts.axis import Axis, measure
from cxlib.present.charts.figure import Figure, blank, chart, figure
from cxlib.present.charts.rows import NAME, Row, axis_of, draw, frame_of, reference, row_of
from cxlib.present.sentences.breakdown import is_apart
from cxlib.present.sentences.change import FEW, counted, level_format
from cxlib.present.sentences.effects import effect_format, most_rows, shortlist_format, surest
from cxlib.present.sentences.groups import Row as Group, estimate, known_rows, label, share_format
from cxlib.present.sentences.money import amount, span
from cxlib.present.sentences.sentence import plain
from cxlib.present.sentences.volume import LONG, percent
from cxlib.results.certainty import of_row
from cxlib.results.types import Breakdown, Change, Comparison, Contrast, Distribution, Effects, Shortlist, Worth

MOST, MOST_LISTED = 15, 12  # rows drawn
ENOUGH_EFFECTS, MOST_EFFECTS = 16, 30
LINES = {0.0: "no difference", 1.0: "no difference", 50.0: "half of them"}


@chart.register
def _(result: Change) -> Figure:
    rows = []
    for period, side in ((result.period, result.after), (result.baseline, result.before)):
        if side.value is not None:
            form = level_format(result.metric, side, result.scope.language)
            text = form.short.with_interval(side.value, side.low, side.high)
            name = numbers.month(period, result.scope.language)
            rows.append(Row(name, text, side.value, side.low, side.high, quiet=period == result.baseline))
    if not rows:
        return blank(result)
    axis = axis_of(result.metric, rows, *(end for row in rows for end in (row.low, row.high)))
    frame = frame_of(axis, rows)
    subtitle = f"{measure(result.metric, axis, result.after.n)}. Line: 95 % interval.{axis.said}"
    return figure(result, frame, draw(frame, axis, rows), subtitle)


@chart.register
def _(result: Distribution) -> Figure:
    known = result.points.drop_nulls("value").to_dicts()
    if not known:
        return blank(result)
    rows = [row_of(point, plain(point["group"], NAME), share_format(point), before=point["before"]) for point in known]
    axis = axis_of(result.metric, rows, form=numbers.share_format())
    frame = frame_of(axis, rows)
    month = numbers.month(result.scope.month, result.scope.language)
    baseline = numbers.month(result.baseline, result.scope.language)
    mark = f"; grey mark: {baseline}" if result.points["before"].count() else ""
    n = counted(result.metric, result.points["n"].max() or 0)  # type: ignore[arg-type]
    subtitle = f"{plain(result.title)}, share in %, {month}, {n}. Line: 95 % interval{mark}."
    return figure(result, frame, draw(frame, axis, rows, bars=True), subtitle)


@chart.register
def _(result: Contrast) -> Figure:
    known = result.points.drop_nulls("value").to_dicts()
    if not known:
        return blank(result)
    forms = [level_format(result.metric, estimate(point), result.scope.language).short for point in known]
    rows = [
        row_of(point, plain(point["group"], NAME), form, quiet=point["n"] < FEW)
        for point, form in zip(known, forms, strict=True)
    ]
    axis = axis_of(result.metric, rows)
    measured = measure(result.metric, axis, int(result.points["n"].sum()))
    alike = f" and {plain(result.within)}" if result.within else ""
    subtitle = f"{measured}, {span(result.months)}, equal weights of months{alike}. Line: 95 % interval.{axis.said}"
    frame = frame_of(axis, rows)
    return figure(result, frame, draw(frame, axis, rows), subtitle)


@chart.register
def _(result: Worth) -> Figure:
    known = result.points.drop_nulls("value").to_dicts()
    if not known:
        return blank(result)
    rows = [
        row_of(point, point["group"], amount(result, estimate(point)), quiet=place < len(known) - 2)
        for place, point in enumerate(known)
    ]
    axis = axis_of(result.metric, rows, form=amount(result, estimate(result.points.row(0, named=True))))
    frame, n = frame_of(axis, rows), numbers.number(result.points["n"].max() or 0)  # type: ignore[arg-type]
    subtitle = (
        f"{result.metric.measured_in} per customer, the year after {numbers.month(result.start)}, {n} customers active "
        "then. Line: 95 % interval."
    )
    return figure(result, frame, draw(frame, axis, rows, bars=True), subtitle)


@chart.register
def _(result: Shortlist) -> Figure:
    known = result.points.drop_nulls("value").head(MOST_LISTED).to_dicts()
    if not known:
        return blank(result)
    rows = [
        row_of(point, label(point, NAME), shortlist_format(result, point).short, quiet=not point["named"])
        for point in known
    ]
    axis = axis_of(result.metric, rows, form=shortlist_format(result, known[0]))
    frame = frame_of(axis, rows)
    n = f"{numbers.number(sum(point['n'] for point in known))} rows"
    subtitle = (
        f"{result.measured_in.capitalize()}, {span(result.months)}, {n}: {plain(result.reading, 160)}. "
        "Line: 95 % interval. Blue: to look at."
    )
    return figure(result, frame, draw(frame, axis, rows, bars=True), subtitle)


@chart.register
def _(result: Comparison) -> Figure:
    known = result.points.drop_nulls("difference").to_dicts()
    if not known:
        return blank(result)
    largest = sorted(known, key=lambda row: -row["n"])[:MOST]
    rows = [
        Row(label(row, NAME), percent(row), row["difference"], row["low_difference"], row["high_difference"],
            quiet=of_row(row) != "clear")
        for row in known if row in largest
    ]  # fmt: skip
    form = replace(numbers.share_format(language=result.scope.language), signed=True)
    axis = axis_of(result.metric, rows, 0.0, *(end for row in rows for end in (row.low, row.high)), form=form)
    frame = frame_of(axis, rows)
    more = f" The {len(rows)} largest; {len(known) - len(rows)} more in the table." if len(known) > len(rows) else ""
    subtitle = f"{plain(result.title, LONG)}, difference in %. Line: 95 % interval. Blue: clear.{more}"
    return figure(result, frame, draw(frame, axis, rows), subtitle)


@chart.register
def _(result: Effects) -> Figure:
    every = result.points.drop_nulls("value").to_dicts()
    if not every:
        return blank(result)
    known = _surest(every)
    judged = result.none is not None or any(row["p_value"] is not None for row in every)
    rows = [
        row_of(row, label(row, NAME), effect_format(result, row).short, quiet=of_row(row) != "clear" and judged)
        for row in known
    ]
    form = Format(result.measured_in, decimals=1, signed=result.signed, language=result.scope.language)
    ends = [end for row in rows for end in (row.low, row.high, result.none)]
    axis = axis_of(result.metric, rows, *ends, form=form)
    frame = frame_of(axis, rows, headed=True)
    none = [] if result.none is None else reference(frame, axis, result.none, LINES.get(result.none, "all together"))
    unit = f" in {result.measured_in}" if result.measured_in else ""
    reading = f" {plain(result.reading, 160)}." if result.reading else ""
    blue = "" if not judged else " Blue: clear among all of them."
    rest = f" {len(every) - len(known)} more in the table." if len(every) > len(known) else ""
    n = f"{numbers.number(most_rows(result))} rows"
    told = f"{plain(result.title, 160)}{unit}, {span(result.months)}, {n}.{reading}"
    subtitle = f"{told} Line: 95 % interval.{blue}{rest}"
    return figure(result, frame, draw(frame, axis, rows, behind=none), subtitle)


def _surest(rows: list[Group]) -> list[Group]:
    """Return the clear rows and the next surest, in the order given: 16, more where more are clear."""
    if all(row["p_value"] is None for row in rows):
        return rows[:MOST_EFFECTS]
    clear = sum(of_row(row) == "clear" for row in rows)
    kept = sorted(rows, key=surest)[: max(ENOUGH_EFFECTS, min(MOST_EFFECTS, clear))]
    return [row for row in rows if row in kept]


MOST = 15


@chart.register
def _(result: Breakdown) -> Figure:
    groups = known_rows(result)
    if not groups:
        return blank(result)
    drawn = sorted(groups, key=lambda group: (not is_apart(result, group), -group["n"]))[:MOST]
    rows = [_row(result, group) for group in result.points.iter_rows(named=True) if group in drawn]
    overall = None if result.metric.kind == "count" else result.overall.value  # parts do not lie around their total
    axis = axis_of(result.metric, rows, overall)
    frame = frame_of(axis, rows, headed=overall is not None)
    behind = []
    if overall is not None:
        value = level_format(result.metric, result.overall, result.scope.language).value(overall)
        behind = reference(frame, axis, overall, f"all together {value}")
    return figure(
        result, frame, draw(frame, axis, rows, behind=behind), _groups_subtitle(result, axis, len(groups), len(rows))
    )


def _row(result: Breakdown, group: Group) -> Row:
    point = estimate(group)
    form = level_format(result.metric, point, result.scope.language)
    few = not result.metric.census and point.n < FEW
    name = label(group, NAME) + (f", only {counted(result.metric, point.n)}" if few else "")
    return row_of(group, name, form.short, before=group["before"], quiet=few)


def _groups_subtitle(result: Breakdown, axis: Axis, known: int, drawn: int) -> str:
    language = result.scope.language
    ring = f"; ring: {numbers.month(result.baseline, language)}" if result.points["before"].count() else ""
    measured = measure(result.metric, axis, result.overall.n)
    parts = [f"{measured}, {numbers.month(result.scope.month, language)}. Line: 95 % interval{ring}."]
    if known > drawn:
        parts.append(
            f"{drawn} groups: those clearly apart from the rest, then the largest; {known - drawn} more in the table."
        )
    if result.points.height > known:
        parts.append(f"{result.points.height - known} without a value.")
    return " ".join(parts) + axis.said
