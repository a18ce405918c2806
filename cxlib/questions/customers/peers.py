"""One customer among others alike in importance and time with us: typical, or singular in what? Internal."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time

import narwhals as nw
import numpy as np
import polars as pl

from cxlib.estimates.context import about, unanswerable
from cxlib.estimates.covariates import by_customer
from cxlib.estimates.drilldown import Listed, row_list, with_rows
from cxlib.estimates.experience import YEAR
from cxlib.metrics import Metric, Query, table_rows
from cxlib.metrics.rows import ADDS
from cxlib.numbers import format_of, number
from cxlib.periods import first_day, last_day
from cxlib.questions.customers.history import KINDS, _check, _most_to_tell, _unreachable
from cxlib.questions.customers.relation import OF_CUSTOMERS
from cxlib.results.certainty import POSSIBLE
from cxlib.results.types import Effects, NotKnown
from cxlib.stats.effects import Row, effect_points
from cxlib.stats.intervals import ALPHA, Array, normal_quantile, wilson

FIGURES = ("tickets", "revenue", "csat_mean", "customer_effort", "first_reply_time")
YEARS = (1.0, 3.0, 5.0)
SINCE = ("under a year", "1 to 3 years", "3 to 5 years", "5 years or more")
TICKETS = "Tickets"
FEWEST, FAR, TO_SIGMA = 30, 3.5, 1.4826
FEW = "With so few peers no rank is rare enough to be called singular."
PICKED = "Picked for having the most to tell, which one of all always has: name a customer to have the ranks tested."


@row_list(
    "A customer and the others alike, figure by figure",
    "The figure is the sum of what the rows add: 100 ÷ the others for each of them whose value lies below the "
    "customer's, half of that for each of the same value.",
    sums=("others", ADDS),
)
def _peers(query: Query, customer_id: str = "", *, months: int = 12) -> Listed:
    periods, (chosen, alike, _) = query.months(months), _company(query, customer_id, months)
    rows = [pl.DataFrame(schema={"unit": pl.String, "value": pl.Float64, "group": pl.String})]
    for name in FIGURES:
        metric, values = _figure(name, query, periods)
        if not isinstance(values, str):
            title = pl.lit(TICKETS if name == "tickets" else metric.title)
            rows.append(_values(name, values, [chosen, *alike]).with_columns(group=title))
    told = pl.concat(rows).with_columns(others=(pl.col("unit") != chosen).cast(pl.Int64))
    own = pl.col("value").filter(pl.col("others") == 0).first()
    below = (pl.col("value") < own).cast(pl.Float64) + (pl.col("value") == own).cast(pl.Float64) / 2
    adds = (100 * below * pl.col("others") / pl.col("others").sum()).over("group").fill_null(0.0)
    told = told.select(pl.col("unit").alias("customer_id"), "group", adds.alias(ADDS), "others", "value")
    listed = told.sort("group", "others", "customer_id")
    return Listed(listed, f"{periods[0]}/{periods[-1]}", {ADDS: "%"}, f"customer {chosen}")


@with_rows(_peers)
def peers(query: Query, customer_id: str = "", *, months: int = 12) -> Effects | NotKnown:
    """Return how many % of the customers alike in importance and years with us lie below a customer, in five figures.

    Tickets, revenue, satisfaction, effort, wait for a first reply: each customer's total or mean of the months.
    Percentiles with Wilson's interval on the number of peers, told, not tested against the middle; p is the rank's own,
    as any of n + 1 customers alike could lie as far out (no shape of a distribution is assumed). Singular is what
    survives Benjamini–Hochberg and lies 3.5 robust deviations from the median (Iglewicz & Hoaglin 1993) where these are
    known.

    Args:
        query: What is asked about: data, month, filters.
        customer_id: The customer; empty for the one with the most to tell, as `history`, whose ranks are not tested.
        months: Most months to go back.

    Raises:
        UsageError: No such customer or dimension.
    """
    title = "A customer among others alike"
    if customer_id:
        _check(query, customer_id)
    kinds = [kind for kind in KINDS if query.data.has(KINDS[kind][0])]
    if reason := _unreachable(query, *(KINDS[kind][0] for kind in kinds)):
        return NotKnown(title, reason)
    periods, (chosen, alike, said) = query.months(months), _company(query, customer_id, months)
    if len(alike) < FEWEST:
        few = f"{number(len(alike))} other customers are alike{said}"
        return NotKnown(title, f"{few}; fewer than {FEWEST} say nothing about one.")
    rows = [_row(name, query, periods, chosen, alike) for name in FIGURES]
    if not customer_id:  # one of all always has the most to tell: its rank is no accident to be tested
        rows = [row | ({"p_value": None} if "value" in row else {}) for row in rows]
    far = pl.Series([abs(row.pop("score", None) or FAR) >= FAR for row in rows])
    points = effect_points(rows).with_columns(
        p_adjusted=pl.when(far | pl.col("p_adjusted").is_null()).then("p_adjusted").otherwise(1.0)
    )
    found = points.filter(pl.col("p_adjusted") < POSSIBLE)["label"].to_list()
    singular = f"singular in {' and '.join(label.split(':')[0].lower() for label in found)}"
    typical = "typical, in no figure rarer than one of so many may be"
    too_few = "" if 2 * points["p_value"].count() <= ALPHA * (len(alike) + 1) else FEW
    return Effects(
        replace(query.metric("csat_mean"), table="peers", unit="peer_id"), about(query),
        f"Customer {chosen} among others alike{said}", (periods[0], periods[-1]), "%", None, points,
        reading=f"% of peers below{f'; {singular if found else typical}' if customer_id else ''}",
        caveat=too_few if customer_id else PICKED, signed=False,
    )  # fmt: skip


def _row(name: str, query: Query, periods: list[str], chosen: str, alike: list[str]) -> Row:
    metric, values = _figure(name, query, periods)
    row = {"group": name, "label": metric.title if name != "tickets" else TICKETS}
    if isinstance(values, str):
        return {**row, "reason": values}
    known = _values(name, values, [chosen, *alike])
    own, others = (known.filter((pl.col("unit") == chosen) == mine)["value"].to_numpy() for mine in (True, False))
    if not len(own) or len(others) < FEWEST:
        who = "the customer has none" if not len(own) else f"fewer than {FEWEST} such customers have one"
        return {**row, "reason": f"{who} in these months"}
    usual = float(np.median(others))
    form = format_of(metric, usual or float(own[0]))
    told = f"{row['label']}: {form.value(float(own[0]))}, usual {form.bare(usual)}"
    return {**row, "label": told, **among(float(own[0]), others)}


def _values(name: str, values: pl.DataFrame, customers: list[str]) -> pl.DataFrame:
    """Return these customers' values of a figure; of tickets and amounts, none is 0."""
    if name in ("tickets", "revenue"):
        return pl.DataFrame({"unit": customers}).join(values, on="unit", how="left").fill_null(0.0)
    return values.filter(pl.col("unit").is_in(customers))


def among(own: float, others: Array) -> Row:
    """Return n, units, value (% of the others below, ties half), se, low, high, p_value and the robust score.

    Args:
        own: The customer's figure.
        others: Those of the peers.
    """
    n, below, same = len(others), float((others < own).sum()), float((others == own).sum())
    share = (below + same / 2) / n
    low, high = wilson(np.asarray(share), np.asarray(float(n)), normal_quantile(np.asarray(ALPHA)))
    p = 2 * (1 + same + min(below, n - below - same)) / (n + 1)
    middle = float(np.median(others))
    scale = TO_SIGMA * float(np.median(np.abs(others - middle)))
    score = (own - middle) / scale if scale > 0 else None
    se = 100 * float(np.sqrt(share * (1 - share) / n))
    ends = {"value": 100 * share, "se": se, "low": 100 * float(low), "high": 100 * float(high)}
    return {"n": n, "units": n, **ends, "p_value": min(1.0, p), "score": score}


def _company(query: Query, customer_id: str, months: int) -> tuple[str, list[str], str]:
    """Return the customer – the one with the most to tell where none is named –, those alike, and what they share."""
    kinds = [kind for kind in KINDS if query.data.has(KINDS[kind][0])]
    chosen = customer_id or _most_to_tell(query, kinds)
    return chosen, *_alike(query, chosen, query.months(months))


def _alike(query: Query, customer_id: str, periods: list[str]) -> tuple[list[str], str]:
    """Return the customers there in these months alike in importance and years with us, and what they share."""
    if not query.data.has("customers"):
        return [], " (the data have no table 'customers')"
    people = replace(query, filters=tuple(part for part in query.filters if part[0] in OF_CUSTOMERS))
    columns = ("customer_id", "importance", "joined_at", "left_at")
    rows = table_rows("customers", people, ~nw.col("customer_id").is_null(), *columns)
    end = min(query.data.extracted_at, datetime.combine(last_day(query.month), time.max, UTC))
    years = (pl.lit(end) - pl.col("joined_at")).dt.total_minutes() / YEAR
    since = pl.when(years.is_not_null()).then(pl.sum_horizontal((years >= least).cast(pl.Int64) for least in YEARS))
    begin = pl.lit(first_day(periods[0])).cast(pl.Datetime("us", "UTC"))
    there = (pl.col("left_at").is_null() | (pl.col("left_at") > begin)) & (pl.col("joined_at").is_null() | (years > 0))
    kind = rows.unique("customer_id", keep="first").with_columns(since=since, there=there)
    own = kind.filter(pl.col("customer_id") == customer_id)
    if own.is_empty():
        return [], " (the customer is not in the table 'customers', or filtered out)"
    same = [pl.col(name).eq_missing(pl.lit(own[name][0])) for name in ("importance", "since")]
    found = kind.filter(*same, pl.col("there"), pl.col("customer_id") != customer_id)["customer_id"].sort().to_list()
    importance = f" of {own['importance'][0]} importance" if own["importance"][0] else ""
    return found, importance + ("" if own["since"][0] is None else f", {SINCE[own['since'][0]]} with us")


def _figure(name: str, query: Query, periods: list[str]) -> tuple[Metric, pl.DataFrame | str]:
    """Return the metric and each customer's total or mean of the months: unit, value; or why there is none."""
    metric = query.metric("ticket_volume" if name == "tickets" else name)
    if reason := unanswerable(metric, query):
        return metric, reason.reason
    return metric, by_customer(metric, query, periods).with_columns(pl.col("value") * metric.factor)
