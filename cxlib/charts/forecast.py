"""A forecast: the last half year of weeks, and those to come with the band of their prediction interval."""

from cxlib import numbers
from cxlib.charts import theme
from cxlib.charts.axis import Axis
from cxlib.charts.figure import Figure, chart, figure
from cxlib.charts.frame import Frame
from cxlib.stats.planning_results import Forecast
from cxlib.words.change import level_format
from cxlib.words.groups import estimate
from cxlib.words.planning import expected, seven_days

HEIGHT, LABELS = 240, 5


@chart.register
def _(result: Forecast) -> Figure:
    language = result.scope.language
    rows = list(enumerate(result.points.iter_rows(named=True)))
    axis = Axis.of(result.metric, [row[end] for _, row in rows for end in ("value", "low", "high")])
    frame = Frame((0, len(rows) - 1), (axis.low, axis.high), HEIGHT)
    known, coming = ([(x, row) for x, row in rows if row["ahead"] == ahead] for ahead in (False, True))
    dots = [{"x": x, "y": axis.at(row["value"]), "tip": _tip(result, row)} for x, row in rows]
    line = [{"x": x, "y": axis.at(row["value"])} for x, row in known]
    path = line[-1:] + [{"x": x, "y": axis.at(row["value"])} for x, row in coming]
    bounded = [(x, row) for x, row in coming if row["high"] is not None]
    band = [{"x": x, "y": axis.at(row["low"]), "y2": axis.at(row["high"])} for x, row in bounded]
    band = line[-1:] and [line[-1] | {"y2": line[-1]["y"]}, *band]
    last = len(known) - 0.5
    firsts = [(x, row["first"]) for x, row in rows[::LABELS]]
    labels = [
        {"x": x, "y": frame.y[0], "text": f"{day.day} {numbers.short_month(f'{day:%Y-%m}', language)}"}
        for x, day in firsts
    ]
    layers = [
        *axis.down_the_side(frame),
        *frame.layer("rule", [{"x": last, "y": axis.low, "y2": axis.high}], stroke=theme.FAINT),
        *frame.layer("area", band, fill=theme.ACCENT, fillOpacity=theme.BAND),
        *frame.layer("line", line, stroke=theme.ACCENT, strokeWidth=2.5),
        *frame.layer("line", path, stroke=theme.ACCENT, strokeWidth=2, strokeDash=theme.DASHED),
        *frame.layer("point", dots, filled=True, size=22, fill=theme.ACCENT, opacity=1),
        *frame.layer("text", labels, dy=16, fill=theme.MUTED),
    ]
    subtitle = (
        f"{result.metric.title} in weeks of seven days, by their first day. Right of the line: forecast; band: 95 % "
        f"prediction interval.{axis.said}"
    )
    return figure(result, frame, layers, subtitle)


def _tip(result: Forecast, row: dict[str, object]) -> str:
    form = level_format(result.metric, estimate(row), result.scope.language)
    value = expected(result, row) if row["ahead"] else form.value(row["value"])  # type: ignore[arg-type]
    return f"{seven_days(row['first'])}: {value}"  # type: ignore[arg-type]
