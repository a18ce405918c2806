"""A funnel: each agent's share with the same mix of work against how far chance reaches. No order, no ranking."""

from cxlib import numbers
from cxlib.charts import theme
from cxlib.charts.axis import Axis
from cxlib.charts.figure import Figure, blank, chart, figure
from cxlib.charts.frame import Frame, Layers
from cxlib.numbers import Format
from cxlib.stats.reasons import Funnel
from cxlib.words.agents import NAMED, apart
from cxlib.words.change import FEW, counted, counted_rows
from cxlib.words.groups import label
from cxlib.words.sentence import plain

HEIGHT, TOP, RIGHT = 300, 24, 1.16
BANDS = ((("low_998", "high_998"), "99.8 %", 0.22, "high_998"), (("low", "high"), "95 %", 0.45, "low"))


@chart.register
def _(result: Funnel) -> Figure:
    if result.points["n"].sum() < FEW:
        return blank(result)
    curve = result.curve.rows(named=True)
    least = max(10, min(result.points["n"]))  # with fewer answers chance reaches almost everywhere
    wide = [row for row in curve if row["n"] >= least] or curve[-1:]
    axis = Axis.of(result.metric, [*result.points["value"], *(row[end] for row in wide for end in BANDS[0][0])])
    count = Format("", language=result.scope.language)
    along = Axis.of(result.metric, [0.0, float(curve[-1]["n"])], form=count, zero=True)
    frame = Frame((along.low, RIGHT * curve[-1]["n"]), (axis.low, axis.high), HEIGHT, top=TOP)
    layers = [*along.along_the_foot(frame), *axis.down_the_side(frame), *_bands(frame, axis, result)]
    foot = [{"x": frame.x[1], "y": axis.low, "text": f"number of {counted_rows(result.metric)}"}]
    side = [{"y": axis.high, "text": f"{result.metric.title}, {result.metric.measured_in}"}]
    layers += frame.layer("text", foot, align="right", dy=32, fill=theme.MUTED)
    layers += frame.layer("text", side, "left", align="left", dx=-40, dy=-16, fill=theme.MUTED)
    return figure(result, frame, layers + _dots(frame, axis, along, result), _subtitle(result, axis.said))


def _bands(frame: Frame, axis: Axis, result: Funnel) -> Layers:
    layers: Layers = []
    last = result.curve.row(-1, named=True)
    for (low, high), name, shade, edge in BANDS:
        band = [
            {
                "x": row["n"],
                **{y: min(max(axis.at(row[end]), axis.low), axis.high) for y, end in (("y", low), ("y2", high))},
            }
            for row in result.curve.iter_rows(named=True)
        ]
        layers += frame.layer("area", band, fill=theme.FAINT, fillOpacity=shade)
        text = [{"x": last["n"], "y": axis.at(last[edge]), "text": name}]  # right of all dots, one above, one below
        layers += frame.text(text, align="left", dx=5, fill=theme.MUTED, fontSize=theme.SMALL)
    line = [{"y": axis.at(result.overall)}]
    return layers + frame.layer("rule", line, "across", stroke=theme.INK, strokeDash=theme.DASHED)


def _dots(frame: Frame, axis: Axis, along: Axis, result: Funnel) -> Layers:
    dots = [
        (row["evident"], {"x": row["n"], "y": axis.at(row["value"]), "tip": _tip(result, row)})
        for row in result.points.iter_rows(named=True)
    ]
    quiet, loud = ([dot for evident, dot in dots if evident is found] for found in (False, True))
    layers = frame.layer("point", quiet, filled=True, size=40, fill=theme.MUTED, opacity=1)
    layers += frame.layer("point", loud, filled=True, size=90, fill=theme.ACCENT, opacity=1)
    for row in apart(result)[:NAMED]:
        right = row["n"] > along.high / 2
        place = [{"x": row["n"], "y": axis.at(row["value"]), "text": label(row, 24)}]
        layers += frame.text(place, align="right" if right else "left", dx=-9 if right else 9, fontWeight="bold")
    return layers


def _tip(result: Funnel, row: dict[str, object]) -> str:
    share = Format("%", decimals=1, language=result.scope.language)
    return f"{label(row)}: {share.value(row['value'])}, {counted(result.metric, row['n'])}"  # type: ignore[arg-type]


def _subtitle(result: Funnel, said: str) -> str:
    first, last = (numbers.month(month, result.scope.language) for month in result.months)
    same = f" with the same mix of {' and '.join(plain(title) for title in result.mix)}" if result.mix else ""
    answers = counted_rows(result.metric)
    return (
        f"{result.metric.title}, {result.metric.measured_in},{same}, by number of {answers}, {first} to {last}. "
        f"Dashed: all but those apart. Grey: how far chance reaches if all are equal.{said}"
    )
