"""Do all agents do the same? And one agent's own months, against what is expected of the same work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from cxlib.errors import unknown_name
from cxlib.estimates.context import about, result_context, unanswerable
from cxlib.metrics import Metric, Query, unit_frame
from cxlib.metrics.frames import BETWEEN
from cxlib.numbers import month as in_words, number
from cxlib.questions.groups.breakdown import labels
from cxlib.questions.team.agents import agents
from cxlib.questions.team.workload import LOAD, agent_loads
from cxlib.results.certainty import NAMED_WRONGLY, POSSIBLE
from cxlib.results.reasons import NINE_IN_TEN
from cxlib.results.types import Effects, NotKnown
from cxlib.stats.case_mix import MIX, expected
from cxlib.stats.differences import difference, widest
from cxlib.stats.effects import Row, effect_points, no_value
from cxlib.stats.intervals import Figures, Sums, measure
from cxlib.tables.schema import DIMENSIONS

FAMILY = ("csat", "first_contact_resolution", "reopen_rate")
ALL = "all months"
ALIKE = 10.0  # points between the ends of nine in ten agents up to which they are called alike


def case_mix(query: Query, names: Sequence[str] = FAMILY, *, months: int = 12) -> Effects | NotKnown:
    """Return how far agents lie apart beyond chance in several figures, as standard deviations in points.

    Each with the limits of `agents`, the few evidently apart left out; p of the test that all are equal, twice that of
    one side, so that it is below .05 where the lower limit is above 0.

    Args:
        query: What is asked about: data, month, filters.
        names: Shares, a family declared beforehand.
        months: Most months to go back.

    Raises:
        UsageError: No such metric or dimension.
    """
    rows: list[Row] = []
    months_seen: set[str] = set()
    left_out, title, metric = 0, "How far agents lie apart, standard deviation", query.metric(names[0])
    for name in names:
        found, row = agents(name, query, months=months), {"group": name, "label": query.metric(name).title}
        if isinstance(found, NotKnown) or found.spread is None:
            few = "fewer than five agents have ten rows each"
            rows.append({**row, "reason": found.reason if isinstance(found, NotKnown) else few})
            continue
        months_seen |= set(found.months)
        between, left_out = found.spread, left_out + int(found.points["evident"].sum())
        counts = {
            "n": int(found.points["n"].sum()),
            "units": found.points.height,
            "p_value": min(1.0, 2 * between.p_more),
        }
        ends = {} if between.high is None else {"low": between.low, "high": between.high}
        rows.append({**row, **counts, "value": between.value, **ends})
    if reason := no_value(title, rows):
        return reason
    points = effect_points(rows)
    differ = bool((points["p_adjusted"] < POSSIBLE).any())
    reading = "" if differ else _alike(points["high"].drop_nulls().to_list())
    caveat = f"Left out: {number(left_out)} evidently apart in one figure." if left_out else ""
    span = (min(months_seen), max(months_seen))
    told = replace(metric, table="rows", unit="agent_id")
    return Effects(told, about(query), title, span, "points", 0.0, points, reading=reading, caveat=caveat, signed=False)


def _alike(limits: list[float]) -> str:
    """Return how near to each other nine in ten agents lie at most: alike only where that is a small difference."""
    if not limits:
        return ""
    apart = NINE_IN_TEN * max(limits)
    return f"{'alike, nine' if apart <= ALIKE else 'nine'} in ten agents within {number(apart, 1)} points at most"


def one_agent(query: Query, agent_id: str = "", name: str = "csat", *, months: int = 12) -> Effects | NotKnown:
    """Return one agent's share month by month less what is expected of the same work in the same month, in points.

    Expected values from all other agents: a logistic model of channel, category and month. The interval is Wilson's on
    the agent's customers; the expected value of many others counts as known. Beyond chance is what survives Holm's
    control of all months at 1 %, the rule of the funnel.

    Args:
        query: What is asked about: data, month, filters.
        agent_id: The agent's number; empty for a sentence on how to ask.
        name: A share.
        months: Most months to go back.

    Raises:
        UsageError: No such metric, dimension or agent.
    """
    metric, query = query.metric(name), query.settled(name)
    title = f"{metric.title} of one agent"
    if metric.kind != "share":
        return NotKnown(title, f"{metric.title} is no share, and only of a share it is known what is expected.")
    if reason := unanswerable(metric, query, "agent"):
        return reason
    mix, periods = [each for each in MIX if not unanswerable(metric, query, each)], query.months(months)
    parts = pl.col("group").str.split_exact(BETWEEN, len(mix)).struct.rename_fields(["group", *mix])
    units = replace(query, weighted=False)
    rows = unit_frame(metric, units, periods, "+".join(["agent", *mix]))
    rows = rows.select("period", "unit", "n", parts.alias("parts"), x="sum_wx").unnest("parts")
    known = sorted(query.data.scan(metric.table).select(pl.col("agent_id").unique()).collect().to_series().drop_nulls())
    if not agent_id:
        example = f", for example {known[0]!r}" if known else ""
        return NotKnown(title, f"No agent is named: set the parameter agent_id to an agent's number{example}.")
    if agent_id not in known:
        raise unknown_name("agent", agent_id, known)
    if agent_id not in set(rows["group"]):
        return NotKnown(title, f"Agent {agent_id!r} has no rows here from {periods[0]} to {periods[-1]}.")
    own, others = (rows.filter((pl.col("group") == agent_id) == mine) for mine in (True, False))
    told = own.filter(pl.all_horizontal(pl.col(each).is_in(others[each].implode()) for each in [*mix, "period"]))
    if told.is_empty() or others["x"].sum() in (0, others["n"].sum()):
        return NotKnown(title, f"Nobody else did the same work from {periods[0]} to {periods[-1]}.")
    told = told.join(expected(rows, [*mix, "period"], pl.col("group") != agent_id), on=[*mix, "period"])
    told = pl.concat([told.with_columns(period=pl.lit(ALL)), told.sort("period")])
    points = _monthly(metric, told, _loads(query, agent_id, periods))
    points = points.with_columns(beyond=_evident(points["p_value"]))
    label = labels(query, "agent", pl.DataFrame({"group": [agent_id]}))["label"][0]
    return Effects(
        metric, result_context(metric, query), f"{metric.title} of {label} against what is expected",
        (periods[0], periods[-1]), "points", 0.0, points,
        allowing_for=(*(DIMENSIONS[each].title for each in mix), "month"), caveat=LOAD,
    )  # fmt: skip


def _evident(p_value: pl.Series) -> pl.Series:
    """Return what survives Holm's (1979) steps, as in the funnel: nothing less is said of a person."""
    steps = pl.DataFrame({"p": p_value}).with_row_index().sort("p", nulls_last=True)
    holm = (pl.col("p") * (pl.col("p").count() - pl.int_range(pl.len()))).cum_max() < NAMED_WRONGLY
    return steps.with_columns(beyond=holm).sort("index")["beyond"]


def _loads(query: Query, agent_id: str, periods: list[str]) -> dict[str, str]:
    """Return month → how many conversations the agent had, in words; empty where nobody knows."""
    own = query.only("agent", agent_id)
    if unanswerable(own.metric("conversations_per_agent"), own):
        return {}
    loads = agent_loads(own, periods, "conversations")
    return {f"{row['month']:%Y-%m}": f", {number(row['load'])} conversations" for row in loads.iter_rows(named=True)}


def _monthly(metric: Metric, told: pl.DataFrame, loads: dict[str, str]) -> pl.DataFrame:
    by_unit = told.group_by("period", "unit", maintain_order=True).agg(pl.col("n", "x").sum())
    n, x = pl.col("n").cast(pl.Float64), pl.col("x")
    sums = by_unit.group_by("period", maintain_order=True).agg(
        n=n.sum(), units=pl.len(), sum_w=n.sum(), sum_wx=x.sum(), sum_wxx=x.sum(), sum_ww=(n * n).sum(),
        sum_wxwx=(x * x).sum(), sum_wwx=(n * x).sum(),
    )  # fmt: skip
    usual = told.group_by("period", maintain_order=True).agg(e=(pl.col("p") * pl.col("n")).sum() / pl.col("n").sum())
    figures, e = measure(metric, Sums.of(sums)), usual["e"].to_numpy()
    fixed = Figures(figures.n, figures.units, e, np.zeros(len(e)), lambda _: (e, e))
    columns = difference(figures, fixed, np.zeros(len(e)), widest(metric)).columns(metric)
    found = sums.select("period", pl.col("n", "units").cast(pl.Int64)).with_columns(*columns)
    rows = []
    for row, se in zip(found.iter_rows(named=True), figures.se, strict=True):
        month = row.pop("period")
        label = "All months" if month == ALL else in_words(month) + loads.get(month, "")
        error = metric.factor * float(se) if np.isfinite(se) else None
        rows.append({**row, "group": month, "label": label, "value": row.pop("difference"), "se": error})
    return effect_points(rows)
