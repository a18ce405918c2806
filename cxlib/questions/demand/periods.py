"""How much arrives: by day, week and year, per working day, by group against the year before, in December and July."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

import numpy as np
import polars as pl

from cxlib.clock import day_kinds
from cxlib.errors import UsageError, unknown_name
from cxlib.estimates.busy_weeks import A_MONTH, BusyWeeks, busy_weeks
from cxlib.estimates.changes import together
from cxlib.estimates.context import observed, result_context, unanswerable
from cxlib.estimates.daily import (
    daily_metric,
    day_counts,
    like_change,
    per_day_metric,
    same_months,
    totals,
    whole_weeks,
)  # fmt: skip
from cxlib.estimates.estimate_table import EstimateTable
from cxlib.estimates.persons import unnamed
from cxlib.metrics import Metric, Query
from cxlib.metrics.availability import HOW_HOURS, NO_HOURS
from cxlib.numbers import month as month_in_words
from cxlib.periods import (
    SHOWN,
    Grain,
    bounds,
    earlier,
    first_day,
    last_day,
    month_of,
    months_between,
    parse_month,
    shift,
)  # fmt: skip
from cxlib.questions.groups.breakdown import labels
from cxlib.results.types import POINT, Comparison, NotKnown, Trend
from cxlib.stats.differences import difference
from cxlib.stats.effects import adjusted, half_width
from cxlib.tables.schema import DIMENSIONS

FEWEST = 10
AROUND = 5
_AGAINST: dict[Grain, tuple[int, int]] = {"day": (7, 364), "week": (1, 52), "year": (1, 0)}


def volume(name: str, query: Query, grain: Grain = "week") -> Trend | NotKnown:
    """Return a daily count by day, week or year up to the end of the reported month, whole periods only.

    A day is compared with the same weekday a week before and 52 weeks before, a week with the one before and 52 weeks
    before, a year – January to the reported month – with the same months of the year before; all on like days, so that
    a public holiday is not compared with a usual Sunday.

    Raises:
        UsageError: No such metric, dimension or grain, or no daily count.
    """
    metric = daily_metric(name)
    if grain not in _AGAINST:
        raise unknown_name("grain", grain, _AGAINST)
    if reason := unanswerable(metric, query):
        return reason
    days = day_counts(metric, query, months_between(query.data.first_month, query.month))
    end = last_day(query.month)
    if grain == "week":
        days = whole_weeks(days, end)
    elif grain == "year":
        days = same_months(days, query.month)
    else:
        days = days.with_columns(period=pl.col("day").dt.strftime("%Y-%m-%d"))
    found, about = totals(metric, days), replace(result_context(metric, query), provisional=0.0, observed=None)
    points = found.points().select("period", *POINT)
    if points.is_empty():
        return NotKnown(metric.title, f"The data {query.data.name!r} hold no whole {grain} up to {query.month}.")
    last, (before, year) = points["period"][-1], _AGAINST[grain]
    shown = bounds(points["period"].tail(SHOWN[grain])[0])[0], bounds(last)[1]
    busy = BusyWeeks() if grain == "day" else busy_weeks(metric, query, 1 if grain == "week" else A_MONTH)
    of_count = partial(
        busy.of_count, blocks=1.0 if grain == "week" else days.filter(period=last).height / (7 * A_MONTH)
    )
    compared = partial(like_change, found, about, days, period=last, compared=of_count)
    change, last_year = together(
        compared(baseline=earlier(last, before)), compared(baseline=earlier(last, year)) if year else None
    )
    return Trend(
        metric=metric,
        scope=about,
        points=points,
        change=change,
        last_year=last_year,
        events=tuple(event for event in query.data.settings.events if shown[0] <= event.date <= shown[1]),
    )


def per_working_day(name: str, query: Query, months: int = 25) -> Trend | NotKnown:
    """Return a daily count's mean per working day, month by month; evenings count, weekends and holidays do not.

    Only wholly observed days count, so a month whose first weeks lie before the data begin is not short of them.

    Raises:
        UsageError: No such metric or dimension, or no daily count.
    """
    metric = daily_metric(name)
    if reason := unanswerable(metric, query) or _no_working_day(metric, query):
        return reason
    periods = query.months(months)
    compared = {query.baseline, query.last_year} - set(periods)
    rated, found, days = _rates(metric, query, [*sorted(compared), *periods])
    if found.keys.is_empty():
        return NotKnown(rated.title, _no_rate(metric, query, periods))
    known = found.at(pl.DataFrame({"period": periods, "group": [""] * len(periods)}))
    about = result_context(metric, query)
    busy = busy_weeks(metric, query)
    change, year = together(
        *(
            like_change(found, about, days, period=query.month, baseline=other, rate=True, compared=busy.of_count)
            for other in (query.baseline, query.last_year)
        )
    )
    events = [event for event in query.data.settings.events if periods[0] <= month_of(event.date) <= periods[-1]]
    return Trend(rated, about, known.points().select("period", *POINT), change, year, events=tuple(events))


def movers(name: str, query: Query, by: str = "", baseline: str = "") -> Comparison | NotKnown:
    """Return how the groups of a daily count changed per working day against a month (default: a year before).

    Raises:
        UsageError: No such metric or dimension, no daily count, or a baseline that is no month or the reported one.
    """
    metric, by, baseline = daily_metric(name), by or query.by or "category", baseline or query.last_year
    parse_month(baseline)
    if baseline == query.month:
        raise UsageError(f"{baseline} cannot be compared with itself; name another month as baseline.")
    title = f"{metric.title} per working day by {DIMENSIONS[by].title}"
    if reason := unanswerable(metric, query, by) or unnamed(title, by) or _no_working_day(metric, query):
        return reason
    if not query.data.first_month <= baseline <= query.data.last_month:
        return NotKnown(title, f"The data {query.data.name!r} do not hold {baseline} to compare with.")
    rated, found, _ = _rates(metric, query, sorted({query.month, baseline}), by)
    points = found.points()
    here = points.filter(pl.col("period") == query.month).drop("period")
    before = points.filter(pl.col("period") == baseline).select("group", before="value", n0="n", se0="se")
    both = here.join(before, on="group", how="inner").join(labels(query, by, here), on="group", how="left")
    enough = (pl.max_horizontal("n", "n0") >= FEWEST) & (pl.min_horizontal("n", "n0") > 0)
    error = ((pl.col("se") / pl.col("value")) ** 2 + (pl.col("se0") / pl.col("before")) ** 2).sqrt()
    busy = busy_weeks(metric, query)
    error = error * math.sqrt(busy.times)
    both = both.with_columns(
        family=pl.lit(""), log=pl.when(enough).then((pl.col("value") / pl.col("before")).log()),
        error=error, half=error * half_width(1.0, busy.df), df=pl.lit(busy.df),
    ).join(_one_sided(found, both, query.month, baseline), on="group", how="left")  # fmt: skip
    against = f"{title}, {month_in_words(query.month)} against {month_in_words(baseline)}"
    ordered = _relative(both).sort("difference", "group", descending=[True, False], nulls_last=True)
    return Comparison(rated, result_context(metric, query), against, ordered, baseline)


def seasons(name: str, query: Query, numbers: Sequence[int] = (12, 7)) -> Comparison | NotKnown:
    """Return how certain months of the year (default: December, July) differ from those around them.

    Each is compared, per working day and on the log scale, with the five months before and the five after it (the other
    months asked for left out), so that steady growth cancels; interval and test are those of predicting one more month
    like these, t with their number − 1 degrees of freedom. Months without all these neighbours are left out.

    Raises:
        UsageError: No such metric or dimension, or no daily count.
    """
    metric = daily_metric(name)
    if reason := unanswerable(metric, query):
        return reason
    since, until = observed(metric, query)
    first = month_of(since) if since.day == 1 else shift(month_of(since), 1)
    last = min(query.month, shift(month_of(until + timedelta(days=1)), -1))
    rated, found, _ = _rates(metric, query, months_between(first, max(first, last)))
    rates = {row["period"]: row for row in found.points().iter_rows(named=True) if row["n"] >= FEWEST}
    rows = []
    for month, rate in rates.items():
        around = [shift(month, by) for by in range(-AROUND, AROUND + 1)]
        if int(month[-2:]) in numbers and all(other in rates for other in around):
            around = [other for other in around if int(other[-2:]) not in numbers]
            rows.append(rate | _against([rates[other]["value"] for other in around], rate["value"]))
    title = f"{metric.title} per working day, months against those around them"
    if not rows:
        return NotKnown(
            title, f"The data {query.data.name!r} hold no such month with {AROUND} whole months on each side."
        )
    rows.sort(key=lambda row: (numbers.index(int(row["period"][-2:])), row["period"]))
    frame = pl.DataFrame(rows).with_columns(
        group="period",
        label=pl.col("period").map_elements(month_in_words, return_dtype=pl.String),
        family=pl.col("period").map_elements(lambda month: month_in_words(month)[:-5], return_dtype=pl.String),
        apart=pl.lit(None, pl.Float64),
    )
    return Comparison(rated, result_context(metric, query), title, _relative(frame))


def _no_working_day(metric: Metric, query: Query) -> NotKnown | None:
    """Return that nobody said on which days the desk works, or None."""
    settings = query.data.settings
    if settings.schedules[settings.default_schedule].is_known:
        return None
    return NotKnown(f"{metric.title} per working day", f"{NO_HOURS} {query.data.name!r}: {HOW_HOURS}")


def _rates(
    metric: Metric, query: Query, months: Sequence[str], by: str = ""
) -> tuple[Metric, EstimateTable, pl.DataFrame]:
    rated = per_day_metric(metric, "working day")
    days = day_counts(metric, query, months, by).filter(pl.col("kind") == "working")
    return rated, totals(rated, days, rate=True), days


def _no_rate(metric: Metric, query: Query, months: Sequence[str]) -> str:
    """Return why no working day of these months has a rate."""
    since, until = observed(metric, query)
    settings = query.data.settings
    days = pl.date_range(first_day(months[0]), last_day(months[-1]), eager=True)
    worked = days.filter(day_kinds(days, settings.schedules[settings.default_schedule]) == "working")
    if worked.is_empty():
        return "There was no working day: the default schedule has no opening hours then."
    if not worked.is_between(since, until).any():
        return f"No working day was wholly observed: the data {query.data.name!r} observe {since} to {until}."
    return f"The data {query.data.name!r} have no {metric.measured_in} to count in these months."


def _one_sided(found: EstimateTable, both: pl.DataFrame, month: str, baseline: str) -> pl.DataFrame:
    """Return group and `apart`, the p-value of a group that vanished or appeared: from or to zero no % is known."""
    new = (pl.max_horizontal("n", "n0") >= FEWEST) & (pl.min_horizontal("n", "n0") == 0)
    groups = both.filter(new).select("group").sort("group")
    after, before = (found.at(groups.select(period=pl.lit(p), group="group")).figures for p in (month, baseline))
    p_value = difference(after, before, np.zeros(groups.height)).p_value
    return groups.with_columns(pl.Series("apart", p_value, dtype=pl.Float64))


def _against(others: list[float], value: float) -> dict[str, float]:
    logs = np.log(others)
    error = float(logs.std(ddof=1) * np.sqrt(1 + 1 / len(logs)))
    df = len(logs) - 1.0
    half = half_width(error, df)
    before = float(np.exp(logs.mean()))
    return {"before": before, "log": float(np.log(value / before)), "error": error, "half": half, "df": df}


def _relative(rows: pl.DataFrame) -> pl.DataFrame:
    """Turn log ratios (`log`, `error`, `half` width of the interval, `df`) into differences in % with p-values.

    Without a log ratio the p-value is `apart`.
    """
    from scipy.stats import t

    log, half = pl.col("log"), pl.col("half")
    told = rows.with_columns(
        difference=(log.exp() - 1) * 100, low_difference=((log - half).exp() - 1) * 100,
        high_difference=((log + half).exp() - 1) * 100,
    )  # fmt: skip
    size = (told["log"] / told["error"]).abs().to_numpy()
    told = told.with_columns(pl.Series("p_value", 2 * t.sf(size, told["df"].to_numpy())).fill_nan(None))
    told = told.with_columns(p_value=pl.coalesce("p_value", "apart"))
    told = told.with_columns(adjusted(told["p_value"]))
    columns = ("before", "difference", "low_difference", "high_difference", "p_value", "p_adjusted")
    return told.select("group", "label", "family", *POINT, *columns)
