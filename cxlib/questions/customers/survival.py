"""Who stays: curves of the customers still there after an answer, by what they had said, and the test between them."""

from __future__ import annotations

import numpy as np
import polars as pl

from cxlib.estimates.context import result_context
from cxlib.estimates.covariates import customers_listed
from cxlib.estimates.drilldown import Listed, row_list, with_rows
from cxlib.estimates.episodes import asked, spells
from cxlib.metrics import Metric, Query
from cxlib.results.types import POINT, NotKnown, Survival
from cxlib.stats.intervals import ALPHA, Array, normal_quantile
from cxlib.tables.schema import DIMENSIONS

LEAST = 20  # customers at risk below which a curve ends, and classes are not compared
STEP = 365.25 / 12  # days between the points of a curve: months
NOBODY = "Nobody is known to have left"
Followed = tuple[Metric, str, tuple[str, str], pl.DataFrame, str]


@row_list(
    "Customers after each answer, until the next one or until they left",
    "A row is at risk from day entry to day stop since the customer's first answer; left says whether leaving ended "
    "it. The curves are Kaplan–Meier's of these rows, the ratios Cox's, which allow for the columns at the end.",
    sums=("left",),
)
def customers_followed(query: Query, by: str = "loyalty_class", *, months: int = 36) -> Listed | NotKnown:
    """Return the rows at risk: whose, of which class, from which day to which, and whether leaving ended it."""
    found = followed(query, by, "", months)
    if isinstance(found, NotKnown):
        return found
    rows = customers_listed(found[3], pl.col("at").alias("answered_at"), "entry", "stop", "left")
    return Listed(rows, "/".join(found[2]), {"entry": "days", "stop": "days"}, f"by {DIMENSIONS[by].title}")


@with_rows(customers_followed)
def customers_staying(query: Query, by: str = "loyalty_class", *, months: int = 36) -> Survival | NotKnown:
    """Return the share of customers still there after an answer, by its class: Kaplan–Meier and the log-rank test.

    Everybody's follow-up starts at an answer, never at joining: who has been a customer for long must have stayed
    (`spells`). A customer who answers again counts in the new class from then on, in curves and test alike.

    Args:
        query: What is asked about: data, month, filters.
        by: "loyalty_class" or "experience".
        months: Most months of answers to go back.

    Raises:
        UsageError: No such class.
    """
    found = followed(query, by, "Customers still there", months)
    if isinstance(found, NotKnown):
        return found
    metric, title, span, rows, sampled = found
    curves = [_curve(name[0], own) for name, own in rows.sort("group").group_by("group", maintain_order=True)]
    compared = rows.filter(pl.col("unit").n_unique().over("group") >= LEAST)
    p_value = log_rank(*(compared[name].to_numpy() for name in ("entry", "stop", "left", "group")))
    ends = int(rows["left"].sum())
    return Survival(
        metric,
        result_context(metric, query),
        title,
        by,
        DIMENSIONS[by].title,
        span,
        pl.concat(curves),
        p_value,
        ends,
        sampled,
    )


def followed(query: Query, by: str, what: str, months: int) -> Followed | NotKnown:
    """Return metric, title, first and last month, spells after an answer, and what was sampled; or why there are none.

    Args:
        query: What is asked about: data, month, filters.
        by: "loyalty_class" or "experience".
        what: Beginning of the title.
        months: Most months of answers to go back.

    Raises:
        UsageError: No such class.
    """
    data, metric = query.data, asked(query, by)
    title = f"{what}, by {DIMENSIONS[by].title if by in DIMENSIONS else by}"
    if isinstance(metric, NotKnown):
        return NotKnown(title, metric.reason)
    if not data.has("orders") and not (data.has("customers") and "left_at" in data.filled("customers")):
        return NotKnown(title, f"{NOBODY}: the data {data.name!r} hold neither left_at nor orders.")
    periods = query.months(months)
    rows, sampled = spells(query, by, periods)
    if reason := _too_few(rows):
        return NotKnown(title, reason)
    return metric, title, (periods[0], periods[-1]), rows, sampled


def _too_few(rows: pl.DataFrame) -> str:
    """Return why classes are not compared, or nothing."""
    counts = rows.group_by("group").agg(units=pl.col("unit").n_unique()).filter(pl.col("units") >= LEAST)
    if counts.height < 2:
        return f"Fewer than two classes have {LEAST} customers who answered while they were customers."
    return "" if rows["left"].any() else f"{NOBODY} after an answer in these months."


def _curve(name: object, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the curve of one class month by month, as long as enough customers are at risk."""
    entry, stop, left = (rows[column].to_numpy() for column in ("entry", "stop", "left"))
    days = np.arange(0.0, stop.max() + STEP, STEP)
    at_risk = np.searchsorted(np.sort(entry), days, "left") - np.searchsorted(np.sort(stop), days, "left")
    at_risk[0] = (entry == 0).sum()
    reached = int(np.argmax(np.append(at_risk < LEAST, True)))
    days, at_risk = days[:reached], at_risk[:reached]
    value, se, low, high = (100 * part for part in kaplan_meier(entry, stop, left, days))
    kinds = {"group": pl.String, "months": pl.Int64, "n": pl.Int64, "units": pl.Int64}
    kinds |= dict.fromkeys(POINT[2:], pl.Float64)
    columns = ([str(name)] * len(days), np.arange(len(days)), at_risk, at_risk, value, se, low, high)
    return pl.DataFrame(dict(zip(kinds, columns, strict=True)), schema=kinds, strict=False).fill_nan(None)


def kaplan_meier(entry: Array, stop: Array, left: Array, days: Array) -> tuple[Array, Array, Array, Array]:
    """Return the share still there after so many days, its standard error (Greenwood 1926), low and high.

    Limits on the scale of log(−log S), so that they stay between 0 and 1 (Kalbfleisch & Prentice 1980); none before
    anybody has left. With late entry: Simon & Makuch 1984.
    """
    from statsmodels.duration.survfunc import SurvfuncRight

    found = SurvfuncRight(stop, left.astype(np.float64), entry=entry)
    place = np.searchsorted(found.surv_times, days, "right")
    share, error = np.append(1.0, found.surv_prob)[place], np.append(0.0, found.surv_prob_se)[place]
    known = (share > 0) & (share < 1) & (error > 0)
    s = np.where(known, share, 0.5)
    half = normal_quantile(np.asarray(ALPHA)) * error / (s * -np.log(s))
    low, high = (np.where(known, s ** np.exp(sign * half), np.nan) for sign in (1, -1))
    return share, error, low, high


def log_rank(entry: Array, stop: Array, left: Array, group: Array) -> float | None:
    """Return the p-value of the log-rank test that all groups leave at one rate (Mantel 1966); None if nobody does."""
    from statsmodels.duration.survfunc import survdiff

    if not left.any() or len(np.unique(group)) < 2:
        return None
    return float(survdiff(stop, left.astype(np.float64), group, entry=entry)[1])
