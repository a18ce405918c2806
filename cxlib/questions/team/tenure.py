"""How results go together with an agent's time in the job, and figures of those who left in the months before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from cxlib.estimates.context import about, unanswerable
from cxlib.metrics import Metric, Query, unit_frame
from cxlib.metrics.frames import BETWEEN, NOT_KNOWN
from cxlib.numbers import number
from cxlib.periods import shift
from cxlib.questions.team.turnover import FEWEST, MONTH, RATE, employed
from cxlib.results.types import Effects, NotKnown
from cxlib.stats.effects import Row, effect_points, no_value, tested
from cxlib.tables.columns import TENURE_BRACKETS

RESULTS, BEFORE = ("csat", "first_contact_resolution"), ("csat", "conversations_per_agent")
NOTICE, LATER, STAYED, LEFT, GONE = 1, 4, "stayed", "left", "gone"
UNITS = "in points for shares, else in the figure's own unit"
EARLY = ("Results in an agent's first days against later", UNITS)
AHEAD = (
    "Agents two to four months before they left against those who stayed",
    f"{UNITS}; the last month before leaving, when work is often handed over, is left out",
)
PERSONS = "Agents are few and differ in more than this: what goes together need not be why."


def by_tenure(query: Query, names: Sequence[str] = RESULTS, *, months: int = 24) -> Effects | NotKnown:
    """Return figures of agents' first 30, 60, 90 days and first year less those of agents later than that, in points.

    Compared within each month; agents are the independent units.

    Args:
        query: What is asked about: data, month, filters.
        names: Shares, a family declared beforehand.
        months: Most months to go back.

    Raises:
        UsageError: No such metric or dimension.
    """
    rows: list[Row] = []
    periods: set[str] = set()
    for name in names:
        metric, then = query.metric(name), query.settled(name)
        if reason := unanswerable(metric, then, "agent_tenure"):
            rows.append({"group": name, "label": metric.title, "reason": reason.reason})
            continue
        periods |= set(then.months(months))
        units = unit_frame(metric, then, then.months(months), "agent_tenure+agent")
        both = pl.col("group").str.split(BETWEEN).list
        cells = units.with_columns(side=both.first(), agent=both.last())
        rows += against(metric, cells.filter(pl.col("side") != NOT_KNOWN), *TENURE_BRACKETS)
    return _effects(query, names, sorted(periods), EARLY, rows)


def before_leaving(query: Query, names: Sequence[str] = BEFORE, *, months: int = 24) -> Effects | NotKnown:
    """Return figures of agents two to four months before they left, less those of agents who stayed.

    Figure first, leaving later: the month of leaving, what follows, and the month before – notice, in which work is
    often handed over and nothing new is given – count on neither side. Compared within each month; agents are the
    independent units.

    Args:
        query: What is asked about; the figures end four months before the reported month.
        names: Shares or means, a family declared beforehand.
        months: Most months of figures.

    Raises:
        UsageError: No such metric or dimension.
    """
    rows: list[Row] = []
    if reason := unanswerable(query.metric(RATE), query):
        return NotKnown(AHEAD[0], reason.reason)
    then = replace(query, month=max(shift(query.month, -LATER), query.data.first_month))
    leaving = employed(query, query.months(months + LATER)).filter("left")
    ahead = ((pl.col("gone") - pl.col("period").str.to_date("%Y-%m")).dt.total_days() / MONTH).round()
    side = pl.when(ahead <= NOTICE).then(pl.lit(GONE)).when(ahead <= LATER).then(pl.lit(LEFT)).otherwise(pl.lit(STAYED))
    for name in names:
        metric = query.metric(name)
        if reason := unanswerable(metric, then, "agent"):
            rows.append({"group": name, "label": metric.title, "reason": reason.reason})
            continue
        units = unit_frame(metric, then, then.months(months), "agent").rename({"group": "agent"})
        cells = units.join(leaving.select(agent="agent_id", gone="month_day"), on="agent", how="left")
        cells = cells.with_columns(side=side).filter(pl.col("side") != GONE)
        rows += against(metric, cells, LEFT, STAYED)
    return _effects(query, names, then.months(months), AHEAD, rows)


def _effects(
    query: Query, names: Sequence[str], periods: list[str], told: tuple[str, str], rows: list[Row]
) -> Effects | NotKnown:
    metric, (title, reading) = query.metric(names[0]), told
    if reason := no_value(title, rows):
        return reason
    span = (periods[0], periods[-1])
    return Effects(
        replace(metric, table="rows", unit="agent_id"), about(query), title, span, "", 0.0, effect_points(rows),
        allowing_for=("month",), caveat=PERSONS, reading=reading,
    )  # fmt: skip


def against(metric: Metric, cells: pl.DataFrame, *sides: str) -> list[Row]:
    """Return a row for each side but the last, which the others are compared with.

    Least squares on agents' monthly means weighted by their rows, a term for each month, errors by agent (Liang & Zeger
    1986), never below those of independent rows; t with the agents of the smaller side − 1 degrees of freedom, as few
    agents on one side carry the error.

    Args:
        metric: A share or mean.
        cells: Unit frame with `agent` and `side`.
        sides: Sides to tell, then the one compared with.
    """
    base, found = sides[-1], []
    cells = cells.filter(pl.col("agent") != NOT_KNOWN, pl.col("sum_w") > 0)
    agents = {side: cells.filter(pl.col("side") == side)["agent"].n_unique() for side in sides}
    told = [side for side in sides[:-1] if min(agents[side], agents[base]) >= FEWEST]
    fitted = _fitted(metric, cells.filter(pl.col("side").is_in([*told, base])), told)
    for side in sides[:-1]:
        n, least = cells.filter(pl.col("side") == side)["n"].sum(), min(agents[side], agents[base])
        label = f"{metric.title}, {side}"
        row = {"group": label, "label": label, "family": metric.title, "n": n, "units": agents[side]}
        value, se = fitted.get(side, (0.0, 0.0))
        if side not in told:
            row["reason"] = f"of the {FEWEST} agents needed on each side there are {number(least)}"
        elif not se > 0:
            row["reason"] = "never in the same month as the others, or all alike"
        else:
            row |= tested(value, se, df=least - 1)
        found.append(row)
    return found


def _fitted(metric: Metric, cells: pl.DataFrame, told: list[str]) -> dict[str, tuple[float, float]]:
    """Return side → difference from the side not told, and its error; nothing where they cannot be told apart."""
    from statsmodels.regression.linear_model import WLS

    keys = ["period", "side", "agent"]
    rows = cells.group_by(keys).agg(pl.col("sum_w", "sum_wx", "sum_wxx").sum()).sort(keys)
    if not told or rows.is_empty():
        return {}
    sides = rows.select((pl.col("side") == side).cast(pl.Float64).alias(side) for side in told).to_numpy()
    terms = np.column_stack([sides, rows.select("period").to_dummies().to_numpy()])
    if np.linalg.matrix_rank(terms) < terms.shape[1] or len(rows) <= terms.shape[1]:
        return {}
    y, weights = (rows["sum_wx"] / rows["sum_w"] * metric.factor).to_numpy(), rows["sum_w"].to_numpy()
    if np.ptp(y) == 0:
        return {}
    clusters = {"groups": rows["agent"].rank("dense").to_numpy()}
    fit = WLS(y, terms, weights=weights).fit(cov_type="cluster", cov_kwds=clusters, use_t=True)
    means = rows.select(pl.col("sum_wxx", "sum_wx").sum() / pl.col("sum_w").sum()).row(0)
    alone = metric.factor * np.sqrt((means[0] - means[1] ** 2) * np.diag(np.linalg.inv(terms.T * weights @ terms)))
    se = np.fmax(fit.bse, alone)
    return {side: (float(fit.params[place]), float(se[place])) for place, side in enumerate(told)}
