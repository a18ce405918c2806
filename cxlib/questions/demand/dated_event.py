"""Did a figure change at a dated event? An interrupted series, with a comparison group where one is named.

A lasting step at the date, beside trend and time of the year (Wagner et al. 2002); with a comparison group the
series is the difference of both, a difference in differences. All events stand beside each other in one model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl

from cxlib.errors import UsageError
from cxlib.estimates.comparable import in_words, incomparable
from cxlib.estimates.context import observed, result_context, unanswerable
from cxlib.estimates.daily_model import (
    YEAR,
    YEARS_FOR_MONTHS,
    design,
    fit,
    independent,
    observed_days,
    relative,
    weekly_dispersion,
)
from cxlib.estimates.persons import unnamed
from cxlib.metrics import Metric, Query, row_frame, unit_frame
from cxlib.numbers import day as day_text
from cxlib.periods import last_day, month_of, months_between
from cxlib.questions.demand.level_shift import EDGE, steps_of
from cxlib.questions.groups.breakdown import labels
from cxlib.results.types import Effects, NotKnown
from cxlib.settings import Event
from cxlib.stats.durations import coded, curves_by
from cxlib.stats.effects import Row, effect_points, half_width, tested, unit_of
from cxlib.stats.intervals import Array
from cxlib.tables.schema import DIMENSIONS

FEWEST = 5
_ALLOWED = (("trend", "time of the year"), ("trend", "time of the year", "a lasting step at another time"))
Found = tuple[dict[date, tuple[float, float]], float, int, int]
"""Step and error by date of the event, degrees of freedom, rows, periods."""
Span = tuple[date, date]


def dated_event(name: str, query: Query, *, within: str = "", by: str = "", group: str = "") -> Effects | NotKnown:
    """Return by how much a figure lies on another level since each dated event of the settings.

    Figures that are known by the month alone (backlog, retention, agents') have too few points for that.
    Daily counts by the model of `count_model`; all other figures week by week, weeks weighted by their rows: the median
    of a duration and the total of a count in % of their level, all others in their unit.

    Args:
        name: Metric name.
        query: What is asked about: all months up to the reported one.
        within: Dimension whose groups have levels and trends of their own, so that a change of mix is no step.
        by: Dimension of a comparison group.
        group: Its group that the event is about; all others together are compared with.

    Raises:
        UsageError: No such metric, dimension or group, or `within` beside a comparison.
    """
    metric = query.metric(name)
    if bool(by) != bool(group) or (by and within):
        raise UsageError("Name a dimension (by) with one group of it, or a dimension to stay within, not both.")
    if reason := unanswerable(metric, query, by or within) or unnamed(f"{metric.title} since dated events", by):
        return reason
    if metric.anchor == "month":
        return NotKnown(f"{metric.title} since dated events", "It is known month by month, too seldom for a step.")
    since, until = observed(metric, query)
    span = since, min(until, last_day(query.month))
    events = [event for event in query.data.settings.events if span[0] < event.date <= span[1]]
    title = f"{metric.title} since dated events{f', {group} against all others' if by else ''}"
    if not events:
        return NotKnown(title, "The settings name no event within the data; write date and title as [[events]].")
    unlike = incomparable(metric, query, month_of(span[0]))
    if unlike and unlike.kind in ("scale", "question"):
        return NotKnown(title, f"The weeks are not alike: {in_words(unlike)}.")
    within = "" if metric.kind == "count" else within  # a count has no mix
    counted = metric.kind == "count" and metric.unit == "day" and not by
    found = _counted(metric, query, events) if counted else _weekly(metric, query, events, (within, by, group), span)
    if isinstance(found, str):
        return NotKnown(title, found)
    return Effects(
        metric=replace(metric, unit="day" if counted else "week"),
        scope=replace(result_context(metric, query), provisional=0.0, observed=None),
        title=title,
        months=(month_of(span[0]), month_of(span[1])),
        measured_in="%" if _is_relative(metric) else unit_of(metric),
        none=0.0,
        points=effect_points(_row(metric, event, found, span) for event in events),
        allowing_for=(*([DIMENSIONS[within].title] if within else []), *_ALLOWED[metric.unit == "day"]),
        caveat="It is taken that the trend would have gone on, and that nothing else happened around that day.",
    )


def _is_relative(metric: Metric) -> bool:
    return metric.kind in ("duration", "count")


def _row(metric: Metric, event: Event, found: Found, span: Span) -> Row:
    steps, freedom, n, units = found
    label = f"{event.title}, {day_text(event.date)}"
    row: Row = {"group": f"{event.date} {event.title}", "label": label, "family": "", "n": n, "units": units}
    if min((event.date - span[0]).days, (span[1] - event.date).days + 1) < 7 * EDGE:
        return row | {"reason": f"fewer than {EDGE} weeks are observed on one side of it"}
    value, error = steps.get(event.date, (0.0, 0.0))
    if error == 0.0:
        return row | {"reason": "another event or the calendar cannot be told from it"}
    if _is_relative(metric):
        return row | relative(value, error, half_width(1.0, freedom), freedom)
    return row | tested(value, error, df=freedom)


def _counted(metric: Metric, query: Query, events: Sequence[Event]) -> Found | str:
    days = observed_days(metric, query)
    if isinstance(days, NotKnown):
        return days.reason
    dates = [event.date for event in events]
    fitted = fit(days, design(days, [*dates, *_apart(metric, query, days, events)]))
    steps = {day: fitted.effect({f"step {day}": 1.0}) for day in dates}
    return steps, fitted.freedom, int(days["n"].sum()), days.height


def _weekly(
    metric: Metric, query: Query, events: Sequence[Event], groups: tuple[str, str, str], span: Span
) -> Found | str:
    import statsmodels.api as sm

    within, by, group = groups
    daily, months = replace(metric, unit="day"), months_between(query.data.first_month, query.month)
    frame = (row_frame if metric.kind == "duration" else unit_frame)(daily, query, months, within or by)
    frame = frame.with_columns(week=pl.col("unit").str.to_date().dt.truncate("1w"))
    frame = frame.filter((pl.col("week") >= span[0]) & (pl.col("week") + timedelta(days=6) <= span[1]))
    counted = metric.kind == "count" and metric.unit == "day"
    keys = _keys(frame, query, by, group) if by else []
    sides = frame.with_columns(group=pl.col("group").is_in(keys).cast(pl.Int8).cast(pl.String)) if by else frame
    cells = _cells(metric, sides)
    cells = _difference(cells) if by else cells.with_columns(pl.col("n").cast(pl.Float64), rows="n")
    if (number := cells["week"].n_unique()) < 2 * EDGE + 1:
        return f"{number} whole weeks have rows enough; {2 * EDGE + 1} are needed."
    apart = list[date]()
    if counted:
        sided = query.only(by, *keys)
        apart = _apart(metric, sided, observed_days(metric, sided), events)
    columns = _columns(cells, [*(event.date for event in events), *apart])
    names, matrix = independent(columns, np.ones(cells.height, dtype=bool))
    weight = cells["n"].to_numpy()
    fitted = sm.WLS(cells["value"].to_numpy(), matrix, weights=weight).fit()
    lasting = sum(not name.startswith("own") for name in names) + 2
    slow, freedom = weekly_dispersion(cells["week"], weight * fitted.resid, weight, lasting)
    spread = max(slow, float(fitted.scale) if fitted.df_resid > 0 else 0.0)
    errors = np.sqrt(np.diag(np.asarray(fitted.normalized_cov_params)) * spread)
    told = dict(zip(names, zip(map(float, fitted.params), map(float, errors), strict=True), strict=True))
    steps = {event.date: told.get(f"step {event.date}", (0.0, 0.0)) for event in events}
    return steps, freedom, int(cells["rows"].sum()), number


def _apart(metric: Metric, query: Query, days: pl.DataFrame | NotKnown, events: Sequence[Event]) -> list[date]:
    """Return the lasting step of a count that is beyond chance, unless an event lies within a week of it."""
    steps = [] if isinstance(days, NotKnown) else steps_of(metric, query, days)
    return [step for step in steps if all(abs((step - event.date).days) >= 7 for event in events)]


def _keys(frame: pl.DataFrame, query: Query, by: str, group: str) -> list[str]:
    """Return the keys of the group asked for, by key or label."""
    named = dict(labels(query, by, frame.select("group").unique()).iter_rows())
    keys = [key for key, label in named.items() if group in (key, label)]
    if not keys:
        raise UsageError(f"No row has {group!r} as {DIMENSIONS[by].title}.")
    return keys


def _cells(metric: Metric, frame: pl.DataFrame) -> pl.DataFrame:
    """Return group, week, n, value (on the log scale where steps are in %)."""
    keys = ["group", "week"]
    if metric.kind == "duration":
        parts = curves_by(coded(frame), *keys)
        rows = [(*key, len(curve.values), curve.quantile(metric.quantile)) for key, curve in parts.items()]
        schema = {"group": pl.String, "week": pl.Date, "n": pl.Int64, "value": pl.Float64}
        found = pl.DataFrame(rows, schema=schema, orient="row").filter(pl.col("n") >= FEWEST)
    else:
        total = pl.col("sum_wx").sum() * metric.factor
        value = total if metric.kind == "count" else total / pl.col("sum_w").sum()
        found = frame.group_by(keys).agg(pl.col("n").sum(), value=value)
    if _is_relative(metric):
        found = found.filter(pl.col("value") > 0).with_columns(pl.col("value").log())
    return found.filter(pl.col("value").is_finite() & (pl.col("n") > 0)).sort(keys)


def _difference(cells: pl.DataFrame) -> pl.DataFrame:
    """Return the difference of both sides of a comparison week by week, weighted by the information in it."""
    one, rest = (cells.filter(pl.col("group") == side) for side in ("1", "0"))
    n, m = pl.col("n").cast(pl.Float64), pl.col("n_right").cast(pl.Float64)
    both = one.join(rest, on="week").sort("week")
    return both.select(
        "group",
        "week",
        n=n * m / (n + m),
        value=pl.col("value") - pl.col("value_right"),
        rows=pl.col("n") + pl.col("n_right"),
    )


def _columns(cells: pl.DataFrame, steps: Sequence[date]) -> dict[str, Array]:
    """Return a level and a trend for each group, the months of the year from three years on, and the steps."""
    week, columns = cells["week"], dict[str, Array]()
    past = (week - week.max()).dt.total_days().to_numpy() / YEAR
    for name in cells["group"].unique().sort():
        own = (cells["group"] == name).to_numpy().astype(np.float64)
        columns |= {f"own level {name}": own, f"own trend {name}": own * past}
    month = (week + timedelta(days=3)).dt.month().to_numpy()
    if week.n_unique() >= 52 * YEARS_FOR_MONTHS - 2:
        columns |= {f"month {number}": (month == number).astype(np.float64) for number in range(2, 13)}
    for step in steps:
        after = (week + timedelta(days=7) - step).dt.total_days().to_numpy()
        columns[f"step {step}"] = np.clip(after / 7, 0.0, 1.0)  # of the week it falls in, the part after it
    return columns
