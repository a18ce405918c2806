"""One customer's time line, a lane for each who worked for them; and those who wait, a bar each."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Any, NamedTuple

import polars as pl

from cxlib import numbers
from cxlib.metrics.registry import METRICS
from cxlib.numbers import format_of
from cxlib.periods import first_day, month_index, month_of, months_between
from cxlib.present.charts import theme
from cxlib.present.charts.figure import Figure, blank, chart, figure
from cxlib.present.charts.frame import Frame, Layers
from cxlib.present.charts.rows import Row, axis_of, draw, frame_of
from cxlib.present.sentences.customers import INTERNAL, count, event_text, spent, standing, wait
from cxlib.present.sentences.sentence import plain
from cxlib.results.types import History, WaitingList

HEIGHT, FOOT, TALL, LABEL = 46, 0.42, 0.38, -0.26
MOST_AGENTS, MOST_WAITING, MOST_TICKS, LETTERS = 7, 15, 4, 22
MOST_DRAWN = 400  # events of a history
DAY = 86400.0
Event = dict[str, Any]
Place = Callable[[datetime], float]


class Lane(NamedTuple):
    """One line of a history: label, what it adds up to, kind of mark, and (x, height from 0 to 1, tip) of each mark."""

    label: str
    text: str
    mark: str
    marks: list[tuple[float, float, str]]


@chart.register
def _(whole: History) -> Figure:
    result, most = _drawn(whole), whole.events.height
    start: datetime = result.events["at"][0]
    end = datetime.combine(result.as_of, time.max, UTC)
    span = max((end - start).total_seconds() / DAY, 1.0)

    def place(at: datetime) -> float:
        return (at - start).total_seconds() / DAY

    lanes = list(_lanes(result, place))
    frame = Frame((0.0, span), (len(lanes) - 0.5, -0.5), HEIGHT * len(lanes))
    layers = _calendar(frame, result, place)
    for number, lane in enumerate(lanes):
        layers += _lane(frame, number, lane)
    outside = result.events.filter((pl.col("kind") == "answer") & pl.col("scale_share").is_null()).height
    tallest = result.work["minutes"].max()
    height = "" if tallest is None else f", height: minutes of work, at most {_work(tallest)}"
    part = f"The last {numbers.number(MOST_DRAWN)} of {numbers.number(most)} events. " if most > MOST_DRAWN else ""
    subtitle = (
        f"{part}{numbers.day(result.first)} to {numbers.day(result.as_of)}. Bar: a ticket{height}. "
        f"Answers: the higher the better{f', {outside} outside their scale not drawn' if outside else ''}. {INTERNAL}"
    )
    return figure(result, frame, layers, subtitle)


def _drawn(result: History) -> History:
    """Return the part of a long history that a picture holds: its last events and the work on their tickets."""
    if result.events.height <= MOST_DRAWN:
        return result
    last = result.events.tail(MOST_DRAWN)
    work = result.work.join(last.select(ticket_id="id"), on="ticket_id", how="semi", maintain_order="left")
    return replace(result, events=last, first=last["day"][0], work=work)


@chart.register
def _(result: WaitingList) -> Figure:
    rows = []
    for row in result.customers.head(MOST_WAITING).iter_rows(named=True):
        name = ", ".join([plain(row["name"] or row["customer_id"]), *standing(row)])
        rows.append(Row(name, wait(row["minutes"]), row["minutes"], quiet=not row["is_important"]))
    if not rows:
        return blank(result)
    axis = axis_of(METRICS["resolution_time"], rows)
    frame = frame_of(axis, rows)
    more = f" The first {len(rows)} of {numbers.number(result.selected)}." if result.selected > len(rows) else ""
    subtitle = (
        f"Importance, years as a customer, time since the oldest open ticket was created, {numbers.day(result.as_of)}. "
        f"First who is important and long-loyal, then important, then long-loyal only (grey); the longest wait first "
        f"in each.{more}{axis.said} {INTERNAL}"
    )
    return figure(result, frame, draw(frame, axis, rows), subtitle)


def _lanes(result: History, place: Place) -> Iterator[Lane]:
    events = list(result.events.iter_rows(named=True))
    told = {event["id"]: f"{numbers.day(event['day'])}: {event_text(event)}" for event in events}
    worked = set(result.work["ticket_id"])
    tickets = [event for event in events if event["kind"] == "ticket"]

    def points(found: list[Event]) -> list[tuple[float, float, str]]:
        return [(place(event["at"]), event["scale_share"] or 0.0, told[event["id"]]) for event in found]

    if waits := [event for event in tickets if event["waiting"]]:
        steps = [(x, (step + 1) / (len(waits) + 1), tip) for step, (x, _, tip) in enumerate(points(waits))]
        yield Lane(
            "Waiting now", f"{numbers.number(len(result.waited))}, up to {wait(result.waited[0])}", "wait", steps
        )
    tallest: Any = result.work["minutes"].max() or 1.0
    shown = result.agents.head(MOST_AGENTS)
    for row in shown.iter_rows(named=True):
        parts = result.work.filter(pl.col("agent_id") == row["agent_id"])
        yield Lane(plain(row["agent"], LETTERS), spent(row), "bar", _bars(parts, place, told, tallest))
    if rest := result.agents.height - shown.height:
        parts = result.work.filter(~pl.col("agent_id").is_in(shown["agent_id"].to_list()))
        summed = {"tickets": parts["ticket_id"].n_unique(), "minutes": parts["minutes"].sum() or None}
        yield Lane(count(rest, "other"), spent(summed), "bar", _bars(parts, place, told, tallest))
    if nobody := [event for event in tickets if event["id"] not in worked]:
        yield Lane("No work on record", count(len(nobody), "ticket"), "point", points(nobody))
    for title, kind, total in (("Answers", "answer", result.counts[1]), ("Orders", "order", result.counts[2])):
        if found := [event for event in events if event["kind"] == kind]:
            drawn = [event for event in found if kind == "order" or event["scale_share"] is not None]
            yield Lane(title, count(total, kind), "point", points(drawn))


def _bars(work: pl.DataFrame, place: Place, told: dict[str, str], tallest: float) -> list[tuple[float, float, str]]:
    bars = []
    for row in work.iter_rows(named=True):
        tip = told[row["ticket_id"]] + ("" if row["minutes"] is None else f", {_work(row['minutes'])}")
        bars.append((place(row["at"]), max((row["minutes"] or 0.0) / tallest, 0.08), tip))
    return bars


def _lane(frame: Frame, number: int, lane: Lane) -> Layers:
    foot = number + FOOT
    styles: dict[str, tuple[str, dict[str, Any]]] = {
        "bar": ("rule", {"stroke": theme.ACCENT, "strokeWidth": 3}),
        "wait": ("rule", {"stroke": theme.INK, "strokeWidth": 3}),
        "point": ("point", {"filled": True, "size": 30, "fill": theme.ACCENT, "opacity": 1}),
    }
    mark, style = styles[lane.mark]
    marks = [
        {
            "bar": {"x": x, "y": foot, "y2": foot - TALL * size, "tip": tip},
            "wait": {"x": x, "x2": frame.x[1], "y": foot - TALL * size, "tip": tip},
            "point": {"x": x, "y": foot - TALL * size, "tip": tip},
        }[lane.mark]
        for x, size, tip in lane.marks
    ]
    name, text = ([{"y": number + LABEL, "text": text}] for text in (lane.label, lane.text))
    return [
        *frame.layer("rule", [{"y": foot}], "across", stroke=theme.FAINT),
        *frame.layer(mark, marks, **style),
        *frame.text(name, "left", align="left", dx=4, limit=300, fontWeight="bold"),
        *frame.text(text, "right", align="right", fill=theme.MUTED),
    ]


def _calendar(frame: Frame, result: History, place: Place) -> Layers:
    """Return light lines where some months or years begin, but near the edges; the first day where there is no room."""
    months = months_between(month_of(result.first), month_of(result.as_of))
    step = next((step for step in (1, 3, 6, 12, 24, 60) if len(months) <= step * MOST_TICKS), 120)
    begin = [month for month in months if month_index(month) % step == 0]
    places = [(month, place(datetime.combine(first_day(month), time(), UTC))) for month in begin]
    inner = [(month, x) for month, x in places if 0.08 * frame.x[1] < x < 0.92 * frame.x[1]]
    foot, head = frame.y
    rows = [
        {"x": x, "y": foot, "text": f"{'' if step > 6 else numbers.short_month(month)} {month[:4]}".strip()}
        for month, x in inner
    ] or [{"x": 0.0, "y": foot, "text": numbers.day(result.first)}]
    edge: dict[str, Any] = {} if inner else {"align": "left"}
    return [
        *frame.layer("rule", [{"x": row["x"], "y": foot, "y2": head} for row in rows], stroke=theme.GRID),
        *frame.layer("text", rows, dy=14, fill=theme.MUTED, **edge),
    ]


def _work(minutes: Any) -> str:
    return format_of(METRICS["resolution_time_business"], minutes).value(minutes)
