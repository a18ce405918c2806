"""The backlog day by day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import narwhals as nw
import numpy as np
import polars as pl

from cxlib.estimates.context import result_context, unanswerable
from cxlib.estimates.daily import change_between
from cxlib.estimates.estimate_table import EstimateTable
from cxlib.metrics import Query, table_rows
from cxlib.periods import A_YEAR, SHOWN, earlier, first_day, last_day, shift
from cxlib.results.types import POINT, NotKnown, Trend
from cxlib.stats.intervals import Figures, Places, Sums, total

FOUR_WEEKS = 28
MONTHS = 16  # hold the days shown and those a year before


def backlog(query: Query) -> Trend | NotKnown:
    """Return the number of unsolved tickets at the end of each local day, up to the end of the reported month.

    The last day is compared with the same weekday four and 52 weeks before. The number is a census; its interval speaks
    of the process behind it, a compound Poisson one by customer: variance = Σ of squared tickets of each customer. Two
    days share the customers whose tickets are unsolved on both, and are correlated by them.

    Raises:
        UsageError: A filter by an unknown dimension.
    """
    metric = query.metric("backlog")
    if reason := unanswerable(metric, query):
        return reason
    open_ = _stretches(query)
    if open_.is_empty():
        return NotKnown(metric.title, f"No ticket was unsolved at the end of a day up to {query.month}.")
    days = _days(open_, min(last_day(query.month), query.data.last_day))
    n, units, squares = (days[name].to_numpy().astype(np.float64) for name in ("stock", "units", "squares"))
    one = np.ones_like(n)  # an observed day without unsolved tickets has the value 0
    sums = Sums(one, units, n, n, n, squares, squares, squares)

    def choose(places: Places) -> Figures:
        found = total(sums.take(places)).clipped(0.0, np.inf)
        return Figures(np.append(n, 0.0)[places], found.units, found.value, found.se, found.limits)

    keys = days.select(period=pl.col("day").dt.strftime("%Y-%m-%d"), group=pl.lit(""))
    found, about = EstimateTable(metric, keys, choose), replace(result_context(metric, query), observed=None)
    last: str = keys["period"][-1]
    month, year = (
        change_between(found, about, last, before, _correlation(open_, last, before))
        for before in (earlier(last, FOUR_WEEKS), earlier(last, A_YEAR["day"]))
    )
    since = days["day"].tail(SHOWN["day"])[0]
    events = tuple(event for event in query.data.settings.events if since <= event.date <= last_day(query.month))
    return Trend(metric, about, found.points().select("period", *POINT), month, year, events=events)


def _stretches(query: Query) -> pl.DataFrame:
    """Return unit, first_day and last_day of what was unsolved in the months looked at."""
    first = first_day(max(shift(query.month, 1 - MONTHS), query.data.first_month))
    within = (nw.col("month_day") >= nw.lit(first)) & (nw.col("month_day") <= nw.lit(last_day(query.month)))
    rows = table_rows("backlog_months", query, within, "customer_id", "ticket_id", "first_day", "last_day")
    unit = pl.coalesce("customer_id", pl.format("ticket {}", "ticket_id"))
    return rows.select(unit.alias("unit"), "first_day", "last_day")


def _days(open_: pl.DataFrame, last: date) -> pl.DataFrame:
    """Return one row a day: stock, units (customers among them) and squares (Σ of their squared tickets)."""
    after = pl.col("last_day") + pl.duration(days=1)
    steps = pl.concat([
        open_.select("unit", day="first_day", step=pl.lit(1)), open_.select("unit", day=after, step=pl.lit(-1)),
    ])  # fmt: skip
    steps = steps.group_by("unit", "day").agg(pl.col("step").sum()).sort("unit", "day")
    now = pl.col("step").cum_sum().over("unit")
    before = now - pl.col("step")
    moves = steps.select(
        "day", stock="step", units=(now > 0).cast(pl.Int64) - (before > 0).cast(pl.Int64), squares=now**2 - before**2
    )
    sums = moves.group_by("day").agg(pl.all().sum())
    days = open_.select(day=pl.date_range(pl.col("first_day").min(), last))
    return days.join(sums, on="day", how="left", maintain_order="left").with_columns(
        pl.col("stock", "units", "squares").fill_null(0).cum_sum()
    )


def _correlation(open_: pl.DataFrame, *days: str) -> float:
    on = [pl.lit(day).str.to_date().is_between("first_day", "last_day") for day in days]
    one, other = (open_.filter(unsolved).group_by("unit").len() for unsolved in on)
    both = one.join(other, on="unit").select((pl.col("len") * pl.col("len_right")).sum()).item()
    size = [side.select((pl.col("len").cast(pl.Float64) ** 2).sum()).item() for side in (one, other)]
    return float(both / np.sqrt(size[0] * size[1])) if size[0] * size[1] else 0.0
