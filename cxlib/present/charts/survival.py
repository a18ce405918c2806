"""Curves of customers still there after an answer, with bands, named at their ends."""

from cxlib import numbers
from cxlib.numbers import Format
from cxlib.present.charts import theme
from cxlib.present.charts.axis import Axis
from cxlib.present.charts.figure import Figure, blank, chart, figure
from cxlib.present.charts.frame import Frame, Layers, Rows
from cxlib.present.sentences.money import share, span
from cxlib.present.sentences.sentence import plain
from cxlib.results.types import Survival

HEIGHT, LETTERS, GAP = 300, 24, 0.07
STYLES: tuple[tuple[str, list[int]], ...] = ((theme.ACCENT, []), (theme.MUTED, theme.DOTTED), (theme.INK, theme.DASHED))


@chart.register
def _(result: Survival) -> Figure:
    if not result.points.height:
        return blank(result)
    values = [*result.points["value"], *result.points["low"].drop_nulls()]
    axis = Axis.of(result.metric, [*values, 100.0], form=Format("%", decimals=0, language=result.scope.language))
    longest = max(int(result.points["months"].max()), 1)  # type: ignore[arg-type]
    frame = Frame((0.0, 1.22 * longest), (axis.low, axis.high), HEIGHT, 8)
    order = {name: place for place, (name, _) in enumerate(_ends(result))}
    layers = [*axis.down_the_side(frame), *_along(frame, axis, longest)]
    for name, place in order.items():
        rows = result.points.filter(group=name).to_dicts()
        colour, dash = STYLES[place % len(STYLES)]
        band: Rows = [
            {"x": row["months"], "y": axis.at(row["low"]), "y2": axis.at(row["high"])}
            for row in rows if row["low"] is not None
        ]  # fmt: skip
        line: Rows = [{"x": row["months"], "y": axis.at(row["value"])} for row in rows]
        tips = [end | {"tip": f"{plain(name, LETTERS)}, {row['months']} months: {share(row)}"}
                for end, row in zip(line, rows, strict=True)]  # fmt: skip
        layers += frame.layer("area", band, fill=colour, fillOpacity=theme.BAND / 2)
        layers += frame.layer("line", line, stroke=colour, strokeWidth=2.5, strokeDash=dash)
        layers += frame.layer("point", tips, filled=True, size=40, fill=colour, opacity=0.01)
    layers += _names(frame, axis, result)
    subtitle = (
        f"Share of customers still there, %, by months after their first answer, {span(result.months)}. Band: 95 % "
        f"interval; a curve ends where few are at risk.{axis.said}"
    )
    return figure(result, frame, layers, subtitle)


def _ends(result: Survival) -> list[tuple[str, dict[str, float]]]:
    """Return the last point of each curve, the lowest first."""
    last = {row["group"]: row for row in result.points.iter_rows(named=True)}
    return sorted(last.items(), key=lambda end: float(end[1]["value"]))


def _names(frame: Frame, axis: Axis, result: Survival) -> Layers:
    """Return the name of each curve beside its end, moved up where two would overlap."""
    layers, lowest = [], -float("inf")
    for place, (name, row) in enumerate(_ends(result)):
        lowest = max(axis.at(row["value"]), lowest + GAP * (axis.high - axis.low))
        text: Rows = [{"x": row["months"], "y": lowest, "text": plain(name, LETTERS)}]
        layers += frame.text(text, align="left", dx=6, fill=STYLES[place % len(STYLES)][0])
    return layers


def _along(frame: Frame, axis: Axis, longest: int) -> Layers:
    step = next((step for step in (1, 3, 6) if longest / step <= 7), 12)
    rows: Rows = [
        {"x": month, "y": axis.low, "text": f"{numbers.number(month)}{' months' if month == 0 else ''}"}
        for month in range(0, longest + 1, step)
    ]
    return frame.layer("text", rows, dy=16, fill=theme.MUTED)
