"""What a metric is, and the registry of all of them.

A metric is a name, a sentence and one row-level expression over one table. Null means: outside the metric's population,
or not yet known. An unfinished duration is not null: its clock says that it has not ended.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf
from typing import Literal, NamedTuple

import narwhals as nw

from cxlib.errors import unknown_name
from cxlib.tables.schema import table as declared_table

Kind = Literal["share", "mean", "score", "duration", "count", "rate"]
Better = Literal["higher", "lower", "neither"]
Revised = Literal["", "solve", "time"]
OfDays = Literal["", "all", "working"]


class Clock(NamedTuple):
    """Value of a duration metric: the column of its minutes, the flag that says it ended, and who is outside."""

    minutes: str
    ended: str
    where: nw.Expr | None = None


class Ratio(NamedTuple):
    """Value of a mean whose rows count unequally: Σ `of` ÷ Σ `over`; a row without `of` is outside."""

    of: nw.Expr
    over: nw.Expr


class History(NamedTuple):
    """Rows that a figure looks back at, or for at another table: known so many days after these rows begin.

    `days` is a number or a setting in [windows]; 0 for the month in which the rows begin. Before that the figure is not
    known where `withheld`, else it is of those rows that are there and not compared.
    """

    table: str
    anchor: str
    days: int | str = 0
    withheld: bool = True


Value = nw.Expr | Clock | Ratio
# Where tickets are counted by what comes after their creation, those created before the data begin are missing.
SOLVED = (History("tickets", "created", "resolution_days", withheld=False),)
SIGNED = "net_amount"  # a column whose rows may be negative: refunds
MONEY = "money"  # stands for the currency of the data until a view names it


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure.

    Attributes:
        name: Identifier, the field's own term.
        title: Heading in words.
        sentence: First sentence of its docstring: the glossary entry.
        table: Table whose rows it reads.
        anchor: Instant that decides the month of a row ("answered" for `answered_at`).
        unit: Column of what is independent of what ("customer_id"), or "day".
        kind: share, mean, score (−1/0/1), duration, count, rate (events ÷ time, in %): decides interval and wording.
        measured_in: Unit of the printed value: "%", "points", "minutes", "tickets" …
        better: Which direction is good.
        value: Returns the row-level expression (or the clock).
        needs: Columns of the table without which the figure is not known.
        gaps: Columns that must also have empty rows (offers without an answer), else the figure is not known.
        survey: Kind of survey it reads, empty if any.
        window: Setting in [windows] after which a row's value is known; empty if at once.
        weighted: Whether the table's `weight` counts; never in a count of people.
        theme: Module the metric is defined in.
        scale: (lowest, highest) possible printed value, where there is one.
        answered_on: (lowest, highest) answer of the only scale whose answers count, None where any scale does.
        quantile: Of a duration: the share of waits that have ended by the printed value, ½ for the median.
        history: What it looks back at, and how far; empty if it needs none.
        revised: What may still change a month whose windows are over: "solve" where a ticket solved again moves to that
            month, "time" where whatever comes until the data end counts, so that months are not alike; else empty.
        paced_by: The count whose busy weeks move the figures of all units together; empty if none does.
        snapshot: Whether the figure is that of the end of its month.
        of_days: With which days of its month the figure grows: "all" as that count does, "working" days, or none.
    """

    name: str
    title: str
    sentence: str
    table: str
    anchor: str
    unit: str
    kind: Kind
    measured_in: str
    better: Better
    value: Callable[[], Value]
    needs: tuple[str, ...]
    gaps: tuple[str, ...]
    survey: str
    window: str
    weighted: bool
    theme: str
    scale: tuple[float, float] | None
    answered_on: tuple[float, float] | None = None
    quantile: float = 0.5
    history: tuple[History, ...] = ()
    revised: Revised = ""
    paced_by: str = ""
    of_days: OfDays = ""
    snapshot: bool = False

    @property
    def statistic(self) -> str:
        """What of the waits is printed: "median", or "90 % quantile"."""
        return "median" if self.quantile == 0.5 else f"{100 * self.quantile:g}\N{NO-BREAK SPACE}% quantile"

    @property
    def census(self) -> bool:
        """Whether its rows are everybody there is – days, agents, a total – so that few of them are no small sample."""
        return self.kind == "count" or self.unit in ("day", "agent_id")

    @property
    def possible(self) -> tuple[float, float]:
        """Lowest and highest printed value there can be: of its scale, else from 0 on; money may be paid back."""
        return self.scale or (-inf if SIGNED in self.needs else 0.0, inf)

    @property
    def factor(self) -> float:
        """Printed value ÷ computed value: 100 for shares, scores and rates, else 1."""
        return 100.0 if self.kind in ("share", "score", "rate") else 1.0


METRICS: dict[str, Metric] = {}


def metric(
    *,
    title: str,
    table: str,
    anchor: str,
    unit: str = "customer_id",
    kind: Kind,
    measured_in: str = "%",
    better: Better,
    needs: tuple[str, ...] = (),
    gaps: tuple[str, ...] = (),
    survey: str = "",
    window: str = "",
    scale: tuple[float, float] | None = None,
    answered_on: tuple[float, float] | None = None,
    business_twin: bool = False,
    slowest: bool = False,
    history: tuple[History, ...] = (),
    revised: Revised = "",
    paced_by: str = "",
    of_days: OfDays = "",
    snapshot: bool = False,
) -> Callable[[Callable[[], Value]], Callable[[], Value]]:
    """Register a metric; the decorated function's name and docstring are its name and definition.

    Args: see `Metric`. `business_twin` also registers `<name>_business`, the same clock in open minutes only; `slowest`
    registers `<name>_90`, the time within which nine in ten have ended.
    """
    declared = declared_table(table)

    def register(function: Callable[[], Value]) -> Callable[[], Value]:
        sentence = (inspect.getdoc(function) or "").split("\n\n")[0].replace("\n", " ")
        new = Metric(
            name=function.__name__,
            title=title,
            sentence=sentence,
            table=table,
            anchor=anchor,
            unit=unit,
            kind=kind,
            measured_in=measured_in,
            better=better,
            value=function,
            needs=(f"{anchor}_at", *needs),
            gaps=gaps,
            survey=survey,
            window=window,
            weighted=kind != "count" and any(column.name == "weight" for column in declared.columns),
            theme=function.__module__.rsplit(".", 1)[-1],
            scale=scale or ((0.0, 100.0) if kind == "share" else (-100.0, 100.0) if kind == "score" else None),
            answered_on=answered_on,
            history=history or (SOLVED if anchor in ("solved", "first_solved", "first_reply_due", "due") else ()),
            revised=revised or ("solve" if anchor == "solved" else ""),
            paced_by=paced_by,
            of_days=of_days,
            snapshot=snapshot,
        )
        METRICS[new.name] = new
        if business_twin:
            METRICS[f"{new.name}_business"] = _twin(new)
        if slowest:
            METRICS[f"{new.name}_90"] = _nine_in_ten(new)
        return function

    return register


def _twin(calendar: Metric) -> Metric:
    def in_open_minutes() -> Value:
        clock = calendar.value()
        assert isinstance(clock, Clock)
        return clock._replace(minutes=clock.minutes.replace("_minutes", "_business_minutes"))

    clock = calendar.value()
    assert isinstance(clock, Clock)
    return replace(
        calendar,
        name=f"{calendar.name}_business",
        needs=(*calendar.needs, clock.minutes.replace("_minutes", "_business_minutes")),
        title=f"{calendar.title}, opening hours only",
        sentence=f"{calendar.sentence[:-1]}; only minutes within the ticket's opening hours count.",
        value=in_open_minutes,
    )


def _nine_in_ten(median: Metric) -> Metric:
    return replace(
        median,
        name=f"{median.name}_90",
        title=f"{median.title}, nine in ten",
        sentence=f"{median.sentence.replace('Median time', 'Time')[:-1]}; nine in ten end within it.",
        quantile=0.9,
    )


def get(name: str) -> Metric:
    """Return the metric of that name.

    Raises:
        UsageError: No such metric.
    """
    if name not in METRICS:
        raise unknown_name("metric", name, METRICS)
    return METRICS[name]
