"""What a customer brings in a year, beside what winning one costs."""

from __future__ import annotations

import numpy as np
import polars as pl

from cxlib.errors import UsageError
from cxlib.estimates.context import result_context
from cxlib.estimates.drilldown import Listed, row_list, with_rows
from cxlib.estimates.estimate_table import printed
from cxlib.metrics import Query, missing_reason, unit_frame
from cxlib.metrics.frames import NOT_KNOWN
from cxlib.metrics.rows import ADDS, WEIGHT
from cxlib.periods import first_day, months_between, shift
from cxlib.questions.customers.relation import OF_CUSTOMERS
from cxlib.results.types import POINT, NotKnown, Worth
from cxlib.stats.effects import Row
from cxlib.stats.intervals import Sums, mean
from cxlib.stats.rank_correlation import LEAST

TITLE = "What a customer brings"
MONTHS = 12
_WORK = {"handle_minutes", "estimated_handle_minutes"}
BOUGHT, MARGIN, TIME, LOST, WON = (
    "Bought in the year", "Gross margin of it", "Agents' time in the year", "What a customer brings in the year",
    "What winning a customer costs",
)  # fmt: skip


@row_list(
    "Customers active a year ago, and what each brought in the year since",
    "Each amount is the sum of what its rows add, divided by their weight: a mean over customers.",
    sums=(ADDS, WEIGHT),
)
def _lost_customer(query: Query) -> Listed | NotKnown:
    found = _each(query)
    if isinstance(found, NotKnown):
        return found
    parts = found.unpivot(index="customer_id", variable_name="group", value_name=ADDS)
    months = f"{shift(query.month, 1 - MONTHS)}/{query.month}"
    return Listed(parts.with_columns(pl.lit(1.0).alias(WEIGHT)), months, {ADDS: query.metric("revenue").measured_in})


@with_rows(_lost_customer)
def churn_cost(query: Query) -> Worth | NotKnown:
    """Return what customers active a year ago brought in the year since, per customer, beside what winning one costs.

    All who were active then count, those who stayed and those who bought nothing more: what one who left would have
    brought, nobody saw. No life time is assumed, nothing beyond the year. Amounts in the data's currency, means over
    customers with the limits of `intervals.mean`, the settings held for exact. From [costs]: `gross_margin` (share of
    revenue), `acquisition` (per customer won), `agent_hour` (optional: agents' time is then subtracted).

    Raises:
        UsageError: A gross margin that is not a share.
    """
    each = _each(query)
    if isinstance(each, NotKnown):
        return each
    revenue, won = query.metric("revenue"), float(query.data.settings.costs["acquisition"])
    rows = [{"group": part.name, **_mean(part)} for part in each.drop("customer_id")]
    rows.append({"group": WON, "n": 0, "units": 0, "value": won})
    kinds = {"group": pl.String, "n": pl.Int64, "units": pl.Int64} | dict.fromkeys(POINT[2:], pl.Float64)
    start = shift(query.month, -MONTHS)
    return Worth(revenue, result_context(revenue, query), start, pl.DataFrame(rows, schema=kinds))


def _each(query: Query) -> pl.DataFrame | NotKnown:
    """Return customer_id and a column for each amount, named as it is printed."""
    costs, revenue = query.data.settings.costs, query.metric("revenue")
    margin, start = margin_of(query, ("gross_margin", "acquisition")), shift(query.month, -MONTHS)
    if isinstance(margin, str):
        return NotKnown(TITLE, margin)
    if reason := missing_reason(revenue, query) or unfit(query, start):
        return NotKnown(TITLE, reason)
    months = months_between(shift(start, 1), query.month)
    customers = active_then(query, start)
    bought = unit_frame(revenue, query, months).group_by("unit").agg(pl.col("sum_wx").sum())
    each = customers.join(bought, left_on="customer_id", right_on="unit", how="left", maintain_order="left")[
        "sum_wx"
    ].fill_null(0.0)
    if len(each) < LEAST:
        few = f"{len(each)} customers were active at the end of {start}; fewer than {LEAST} say too little."
        return NotKnown(TITLE, few)
    gain = each * margin
    parts, spent = {BOUGHT: each, MARGIN: gain}, _WORK & query.data.filled("tickets")
    if "agent_hour" in costs and spent:
        parts[TIME + ("" if "handle_minutes" in spent else ", estimated")] = time = (
            _minutes(query, customers, months) / 60 * costs["agent_hour"]
        )
        gain = gain - time
    return customers.with_columns(**parts, **{LOST: gain})


def margin_of(query: Query, needed: tuple[str, ...]) -> float | str:
    """Return the gross margin, a share of revenue; or which of the needed [costs] the settings do not say.

    Raises:
        UsageError: A gross margin that is not a share.
    """
    costs = query.data.settings.costs
    if absent := [name for name in needed if name not in costs]:
        return f"The settings do not say {' and '.join(absent)}: write them under [costs]."
    margin = costs["gross_margin"]
    if not 0 <= margin <= 1:
        raise UsageError(f"Setting costs.gross_margin is {margin!r}; a share of revenue is expected, such as 0.4.")
    return margin


def unfit(query: Query, start: str) -> str:
    """Return why what customers brought in the year after `start` cannot be told, or nothing."""
    others = [name for name, _ in query.filters if name not in (*OF_CUSTOMERS, "currency")]
    if others:
        return f"What a customer brings cannot be told for a part of their rows: drop the filter on {others[0]}."
    if not query.data.has("customer_months") or start < query.data.first_month:
        return f"It needs a whole year of orders after {start}; the data begin in {query.data.first_month}."
    return ""


def active_then(query: Query, month: str) -> pl.DataFrame:
    """Return the customers active at the end of a month, kept by the filters on customers."""
    rows = query.data.scan("customer_months").filter(pl.col("month_day") == first_day(month), pl.col("active"))
    for name, values in query.filters:
        if name in OF_CUSTOMERS:
            kept = query.data.scan("customers").filter(pl.col(name).fill_null(NOT_KNOWN).is_in(list(values)))
            rows = rows.join(kept, on="customer_id", how="semi")
    return rows.select("customer_id").sort("customer_id").collect()


def _minutes(query: Query, customers: pl.DataFrame, months: list[str]) -> pl.Series:
    """Return each customer's minutes of agents' work: as recorded, else estimated; 0 without a ticket."""
    days = pl.col("created_day").is_between(first_day(months[0]), first_day(shift(months[-1], 1)), closed="left")
    work = pl.coalesce("handle_minutes", "estimated_handle_minutes").sum()
    spent = query.data.scan("tickets").filter(days).group_by("customer_id").agg(work.alias("minutes")).collect()
    return customers.join(spent, on="customer_id", how="left", maintain_order="left")["minutes"].fill_null(0.0)


def _mean(values: pl.Series) -> Row:
    one, x = np.ones(len(values)), values.to_numpy()
    return printed(mean(Sums.of_units(one, one, x, x * x)), 1.0).row(0, named=True)
