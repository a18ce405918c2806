"""How equally work is shared among agents, against what chance alone would make. Load is no measure of a person."""

from __future__ import annotations

import narwhals as nw
import numpy as np
import polars as pl

from cxlib.estimates.context import result_context, unanswerable
from cxlib.metrics import Query, table_rows
from cxlib.numbers import number
from cxlib.periods import first_day
from cxlib.results.types import Effects, NotKnown
from cxlib.stats.effects import Row, effect_points
from cxlib.stats.intervals import ALPHA, Array

LOADS = {"conversations_per_agent": "conversations", "solved_per_agent": "solved"}
FEWEST, LEAST, DRAWS, SEED = 5, 10, 4000, 1
LOAD = "Load is where conversations begin, not a measure of a person: shifts, languages and hard cases differ."


def workload(query: Query, *, months: int = 12) -> Effects | NotKnown:
    """Return the Gini coefficient of conversations and of solved tickets per agent, less what chance alone would make.

    Chance: every conversation falls to an agent by the share of the month that each was employed (agents with nothing
    in a month were away); 4,000 seeded draws. The interval is the one of the difference from these draws, so that it
    leaves out 0 where fewer than 5 % of them lie as far out. Below 0: shared out more equally than by chance, as by a
    rota. Gini of loads per expected load, weighted by the expected load (Lerman & Yitzhaki 1989).

    Args:
        query: What is asked about; it may be filtered by team or agent.
        months: Most months to go back.

    Raises:
        UsageError: No such dimension.
    """
    periods, title = query.months(months), "How unequally work is shared among agents (Gini, less what chance makes)"
    rows = [_row(name, column, query, periods) for name, column in LOADS.items()]
    if not any("value" in row for row in rows):
        return NotKnown(title, rows[0]["reason"])
    told = next(row["group"] for row in rows if "value" in row)
    metric, span = query.metric(told), (periods[0], periods[-1])
    return Effects(
        metric, result_context(metric, query), title, span, "", 0.0, effect_points(rows), caveat=LOAD,
        reading="0 is chance alone, 1 if one agent did all",
    )  # fmt: skip


def _row(name: str, column: str, query: Query, periods: list[str]) -> Row:
    row, metric = {"group": name, "label": column.capitalize()}, query.metric(name)
    if reason := unanswerable(metric, query):
        return {**row, "reason": reason.reason}
    loads = agent_loads(query, periods, column)
    agents = loads["agent_id"].n_unique()
    if agents < FEWEST or loads["load"].sum() < LEAST * agents:
        return {**row, "reason": f"fewer than {FEWEST} agents, or fewer than {LEAST} {column} each, in these months"}
    seen, drawn = against_chance(loads)
    told = f"{column.capitalize()} (Gini {number(seen, 2)}, {number(float(drawn.mean()), 2)} by chance)"
    return {**row, "label": told, "n": loads.height, "units": agents, **beyond_chance(seen, drawn)}


def beyond_chance(seen: float, drawn: Array) -> dict[str, float]:
    """Return value, se, low, high, p_value of seen less drawn; p < .05 exactly when 0 lies outside."""
    edge, middle = int(ALPHA / 2 * (len(drawn) + 1)), float(drawn.mean())
    low, high = (float(end) for end in np.sort(drawn)[[edge - 1, -edge]])
    tail = min(int((drawn >= seen).sum()), int((drawn <= seen).sum()))
    ends = {"low": seen - high, "high": seen - low, "p_value": min(1.0, 2 * (tail + 1) / (len(drawn) + 1))}
    return {"value": seen - middle, "se": float(drawn.std()), **ends}


def agent_loads(query: Query, periods: list[str], column: str) -> pl.DataFrame:
    """Return agent_id, month, load (above 0) and share employed, 1 where nobody knows, of these months."""
    days = [first_day(month) for month in periods]
    inside = nw.col("month_day").is_in(days) & (nw.col(column) > 0)
    found = table_rows("agent_months", query, inside, "agent_id", "month_day", column, "employed_share")
    share = pl.when(pl.col("employed_share") > 0).then("employed_share").otherwise(1.0)
    return found.select("agent_id", month="month_day", load=column, share=share).sort("month", "agent_id")


def against_chance(loads: pl.DataFrame) -> tuple[float, Array]:
    """Return the Gini coefficient of these loads and those of as many drawn, each month, by the share employed."""
    rng, agents = np.random.default_rng(SEED), loads["agent_id"].unique().sort()
    drawn, expected, seen = np.zeros((DRAWS, len(agents))), np.zeros(len(agents)), np.zeros(len(agents))
    for _, month in sorted(loads.partition_by("month", as_dict=True).items()):
        place = agents.search_sorted(month["agent_id"]).to_numpy()
        load, share = month["load"].to_numpy(), month["share"].to_numpy() / month["share"].sum()
        drawn[:, place] += rng.multinomial(int(load.sum()), share, DRAWS)
        expected[place] += load.sum() * share
        seen[place] += load
    return float(gini(seen, expected)), np.asarray(gini(drawn, expected))


def gini(load: Array, expected: Array) -> Array:
    """Return the Gini coefficients of the loads along the last axis, each per expected load and weighted by it."""
    order = np.argsort(load / expected, axis=-1)
    weight = expected[order] / expected.sum()
    part = np.take_along_axis(load, order, axis=-1) / load.sum(axis=-1, keepdims=True)
    upto = np.cumsum(part, axis=-1)
    return np.asarray(1 - (weight * (2 * upto - part)).sum(axis=-1))
