"""How many agents must be at work, hour by hour of the week, so that customers on the line are answered in time."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from cxlib.errors import unknown_name
from cxlib.estimates.context import result_context, unanswerable
from cxlib.estimates.estimate_table import estimates, printed
from cxlib.metrics import Query, get, unit_frame
from cxlib.questions.demand.peaks import CELL, FEWEST, by_hour, hour_means, observed_within, week_hours
from cxlib.questions.demand.periods import per_working_day
from cxlib.results.planning import Staffing
from cxlib.results.types import Estimate, NotKnown
from cxlib.settings import StaffingSettings
from cxlib.stats.intervals import Array, Sums, mean
from cxlib.tables.schema import TABLES

WAITED_ON = ("phone", "chat")
EVIDENT = 0.001


def staffing(query: Query, channel: str = "phone", months: int = 3) -> Staffing | NotKnown:
    """Return the agents that the calls (or chats) of the last months take in each open hour of the week.

    Of the reported month alone where its calls are not what they were the month before: more than chance explains.
    Each ticket opened by a customer on the channel counts as one call. Arrivals are those within the opening hours of
    the default schedule; handle time is the source's, else estimated from replies; targets are those of [staffing].

    Raises:
        UsageError: No such channel or dimension.
    """
    if channel not in (choices := TABLES["tickets"]["channel"].choices):
        raise unknown_name("channel", channel, choices)
    title, data = f"Agents needed on the channel {channel}", query.data
    if channel not in WAITED_ON:
        return NotKnown(
            title,
            f"Nobody holds the line while a request by {channel} waits: what it takes is hours of work before it is "
            "due, not so many agents at once. Agents at once are counted for phone and chat.",
        )
    metric, inside, periods = get("ticket_volume"), query.only("channel", channel), query.months(months)
    if reason := unanswerable(metric, inside.only("arrival", "opening hours"), "hour"):
        return NotKnown(title, reason.reason)
    periods = [query.month] if _moved(inside) else periods
    points, outside = _arrivals(inside, periods)
    handle, estimated = _handle_time(inside, periods)
    if not handle.n and points["n"].sum() >= FEWEST:
        untold = f"For requests by {channel} no handle times are recorded, nor replies to estimate them from"
        return NotKnown(title, f"{untold} (tickets.handle_minutes, agent_replies).")
    if points["n"].sum() < FEWEST or handle.value is None:
        few = f"{points['n'].sum()} came in open hours and {handle.n} have a handle time"
        return NotKnown(title, f"Too few requests by {channel}: {few}; {FEWEST} of each are needed.")
    target = data.settings.staffing
    at_once = target.chats_at_once if channel == "chat" else 1
    ends = {"value": handle.value, "low": handle.low, "high": handle.high}
    minutes = {end: handle.value if bound is None else max(bound, 0.0) for end, bound in ends.items()}
    agents = [pl.Series(end, agents_needed(points[end].to_numpy(), minutes[end], target, at_once)) for end in minutes]
    points = points.select(*CELL, "n", "units", rate="value").with_columns(*agents)
    span, (value, low, high) = (periods[0], periods[-1]), (float(points[end].sum()) for end in minutes)
    present, there = (value, low, high), 1 - target.shrinkage
    paid = (value / there, low / there, high / there)
    about = result_context(metric, query)
    return Staffing(metric, about, channel, span, points, present, paid, handle, estimated, outside, target)


def _moved(query: Query) -> bool:
    """Tell whether less or more came per working day than in the month before: far more than chance explains."""
    found = per_working_day("ticket_volume", replace(query, compare_with="previous"), 2)
    change = None if isinstance(found, NotKnown) else found.change
    return change is not None and change.p_value is not None and change.p_value < EVIDENT


def _arrivals(query: Query, months: list[str]) -> tuple[pl.DataFrame, float]:
    """Return the mean arrivals of each open hour of the week, and the share that come outside open hours, in %."""
    metric, settings = get("ticket_volume"), query.data.settings
    since, until = observed_within(metric, query, months)
    counts = by_hour(metric, query.only("arrival", "opening hours"), months)
    plan = settings.schedules[settings.default_schedule]
    points = hour_means(counts, week_hours(since, until, ZoneInfo(settings.timezone), plan))
    seen = pl.col("unit").str.to_date().is_between(since, until)
    every = int(unit_frame(metric, query, months).filter(seen)["n"].sum())
    return points, 100 * (1 - int(points["n"].sum()) / max(every, 1))


def agents_needed(per_hour: Array, handle_minutes: float, target: StaffingSettings, at_once: int = 1) -> Array:
    """Return the fewest agents that reach the service level without being busier than allowed, 0 where nothing comes.

    Erlang C: arrivals are Poisson, handle times exponential, nobody hangs up, one queue. Erlang B by its recursion,
    Erlang C from it, waits beyond t with probability C·exp(−(agents − load)·t ÷ handle time) (Gans, Koole & Mandelbaum
    2003, "Telephone Call Centers", section 4). An agent who holds k chats at once counts as k places to be served.

    Args:
        per_hour: Arrivals an hour.
        handle_minutes: Mean minutes one takes.
        target: Service level, seconds, highest occupancy.
        at_once: How many an agent holds at the same time.
    """
    load = np.asarray(per_hour, dtype=np.float64) * handle_minutes / 60
    needed, blocked, left, places = np.zeros_like(load), np.ones_like(load), load > 0, 0
    while left.any():
        places += 1
        blocked = load * blocked / (places + load * blocked)
        free = np.maximum(places - load, 0.0)
        waits = places * blocked / np.maximum(places - load * (1 - blocked), 1e-12)
        in_time = 1 - waits * np.exp(-free * target.within_seconds / (60 * handle_minutes))
        enough = (free > 0) & (in_time >= target.service_level) & (load <= target.max_occupancy * places)
        needed[left & enough] = places
        left &= ~enough
    return np.ceil(needed / at_once)


def _handle_time(query: Query, months: list[str]) -> tuple[Estimate, bool]:
    """Return the mean handle time of the months, customers as units, and whether it had to be estimated."""
    found = Estimate(0, 0, None, None, None, None)
    for name in ("handle_time", "estimated_handle_time"):
        if unanswerable(get(name), query) is None:
            parts = ("n", "sum_w", "sum_wx", "sum_wxx")
            customers = unit_frame(get(name), query, months).group_by("unit").agg(pl.col(parts).sum()).sort("unit")
            sums = (customers[part].to_numpy().astype(np.float64) for part in parts)
            found = estimates(printed(mean(Sums.of_units(*sums)), 1.0))[0]
            if found.n >= FEWEST:
                return found, name != "handle_time"
    return Estimate(found.n, found.units, None, None, None, None), False
