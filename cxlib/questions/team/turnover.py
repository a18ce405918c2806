"""How many agents leave, and how long they stay."""

from __future__ import annotations

from collections.abc import Sequence

import narwhals as nw
import numpy as np
import polars as pl

from cxlib.estimates.context import result_context, unanswerable
from cxlib.estimates.episodes import end_of
from cxlib.metrics import Query, table_rows
from cxlib.numbers import number
from cxlib.periods import first_day
from cxlib.questions.customers.survival import kaplan_meier
from cxlib.results.types import Effects, NotKnown
from cxlib.stats.effects import Row, effect_points
from cxlib.stats.intervals import ALPHA, Array, Sums, normal_quantile, rate, wilson

RATE = "agent_turnover_annualised"
SINCE = ("First 3 months", "4th to 12th month", "After a year")
MARKS = {"1 month": 1, "3 months": 3, "6 months": 6, "1 year": 12, "2 years": 24, "3 years": 36, "5 years": 60}
FEWEST, MONTH = 5, 365.25 / 12


def turnover(query: Query, *, months: int = 12) -> Effects | NotKnown:
    """Return leavers per year employed, of all agents and by time in the job, with exact Poisson intervals.

    Each class against all others: given how many left, the number in the class is binomial by its share of the time
    employed (Przyborowski & Wilenski 1940).

    Raises:
        UsageError: No such dimension.
    """
    from scipy.stats import binomtest

    metric, periods = query.metric(RATE), query.months(months)
    if reason := unanswerable(metric, query):
        return reason
    rows = employed(query, periods)
    job = pl.when(pl.col("tenure_months") < 3).then(0).when(pl.col("tenure_months") < 12).then(1).otherwise(2)
    years = pl.col("employed_share").sum() / 12
    told = [pl.len().alias("n"), pl.col("agent_id").n_unique().alias("units"), pl.col("left").sum(), years.alias("w")]
    parts = rows.group_by(job.alias("group")).agg(told).sort("group")
    whole, found = rows.select(told).with_columns(group=pl.lit(None, pl.Int32)), []
    events, exposure = int(whole["left"][0]), float(whole["w"][0])
    if not exposure:
        return NotKnown(metric.title, f"No agent was employed from {periods[0]} to {periods[-1]}.")
    for row in (*whole.to_dicts(), *parts.to_dicts()):
        place, left, time, p = row.pop("group"), row.pop("left"), row.pop("w"), None
        if place is not None and parts.height > 1:
            p = float(binomtest(left, events, time / exposure).pvalue) if events else 1.0
        label = f"{'All agents' if place is None else SINCE[place]}: {number(left)} left"
        found.append({"group": label, "label": label, "p_value": p, **row, **_rate(left, time)})
    return Effects(
        metric, result_context(metric, query), "Agents who leave, by time in the job", (periods[0], periods[-1]),
        "% a year", found[0]["value"], effect_points(found), signed=False,
        reading="the line is all agents together; each class is tested against all others",
    )  # fmt: skip


def employed(query: Query, periods: Sequence[str]) -> pl.DataFrame:
    """Return the months of agents of whom it is known how long they were employed in them, and whether they left."""
    inside = nw.col("month_day").is_in([first_day(month) for month in periods])
    columns = ("agent_id", "month_day", "employed_share", "left", "tenure_months")
    return table_rows("agent_months", query, inside, *columns).drop_nulls(["employed_share", "left"])


def _rate(events: float, years: float) -> dict[str, float | None]:
    """Return value, se, low, high in % a year; nothing without time."""
    if not years:
        return {}
    zero, seen, time = np.zeros(1), np.array([events]), np.array([years])
    figures = rate(Sums(zero, zero, time, seen, zero, zero, zero, zero))
    low, high = figures.limits(np.asarray(ALPHA))
    numbers = {"value": figures.value, "se": figures.se, "low": low, "high": high}
    return {name: 100.0 * float(values[0]) for name, values in numbers.items()}


def tenure_curve(query: Query) -> Effects | NotKnown:
    """Return the share of agents still there some time after they were hired (Kaplan & Meier 1958).

    Nothing after the reported month is used. Those hired before the data begin are watched from there on only, as
    whoever left earlier may not be on record (left truncation).

    Raises:
        UsageError: No such dimension.
    """
    metric, title = query.metric(RATE), "Agents still there"
    if reason := unanswerable(metric, query):
        return NotKnown(title, reason.reason)
    rows = table_rows("agents", query, ~nw.col("hired_at").is_null(), "agent_id", "hired_at", "left_at")
    end, begin = end_of(query), pl.lit(first_day(query.data.first_month)).cast(pl.Datetime("us", "UTC"))
    until = pl.min_horizontal("left_at", pl.lit(end))
    since = (pl.max_horizontal("hired_at", begin), until)
    entry, time = ((at - pl.col("hired_at")).dt.total_seconds() / (86400 * MONTH) for at in since)
    left = (pl.col("left_at") <= end).fill_null(False)
    known = rows.unique("agent_id").select(entry=entry, time=time, left=left).filter(pl.col("time") > pl.col("entry"))
    watched, gone = known.height, int(known["left"].sum())
    if watched < FEWEST or not gone:
        return NotKnown(title, f"{watched} agents were watched and {gone} of them left: too few for a curve.")
    started, ended, left_then = (known[name].to_numpy().astype(np.float64) for name in ("entry", "time", "left"))
    points = survival(started, ended, left_then, list(MARKS.values()))
    if not any("value" in point for point in points):
        return NotKnown(title, points[0]["reason"].capitalize() + ".")
    told = [{"group": name, "label": f"After {name}", **point} for name, point in zip(MARKS, points, strict=True)]
    return Effects(
        metric, result_context(metric, query), title, (query.data.first_month, query.month), "%", None,
        effect_points(told), signed=False,
    )  # fmt: skip


def survival(entry: Array, time: Array, left: Array, marks: Sequence[float]) -> list[Row]:
    """Return n (months watched so far), units (agents at risk), value, se, low, high of the curve at each mark, in %.

    `kaplan_meier` with delayed entry; where nobody or everybody left, Wilson's interval of the fewest watched at once;
    a reason instead where fewer than five were watched at some time on the way.

    Args:
        entry: Time at which each begins to be watched.
        time: Time at which each left, or is watched no more.
        left: 1 who left, 0 who did not.
        marks: Times asked for.
    """
    found = list[Row]()
    curve = kaplan_meier(entry, time, left, np.asarray(marks, dtype=np.float64))
    for mark, s, se, low, high in zip(marks, *curve, strict=True):
        times = np.unique(np.concatenate([entry[entry < mark], time[time < mark], [mark]]))
        least = min(int(((entry <= at) & (time >= at)).sum()) for at in times)
        watched = {
            "n": int(np.clip(np.minimum(time, mark) - entry, 0, None).sum()),
            "units": int(((entry < mark) & (time >= mark)).sum()),
        }
        if least < FEWEST:
            found.append({**watched, "reason": f"fewer than {FEWEST} agents were watched at some time on the way"})
            continue
        ends = (low, high)
        if s in (0.0, 1.0):
            ends = wilson(np.asarray(s), np.asarray(float(least)), normal_quantile(np.asarray(ALPHA)))
        numbers = dict(zip(("value", "se", "low", "high"), (s, se, *ends), strict=True))
        found.append(watched | {name: 100 * float(number) for name, number in numbers.items()})
    return found
