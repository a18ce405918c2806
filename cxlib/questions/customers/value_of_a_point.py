"""What one more point of a score goes together with in money, and how much money stands behind bad scores."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from cxlib.estimates.context import result_context
from cxlib.estimates.covariates import background_of, customers_listed, with_background
from cxlib.estimates.drilldown import Listed, row_list, with_rows
from cxlib.estimates.episodes import SCORES, asked, end_of
from cxlib.metrics import Metric, Query, missing_reason, unit_frame
from cxlib.numbers import number
from cxlib.periods import first_day, months_between, shift
from cxlib.questions.customers.churn_cost import active_then, margin_of, unfit
from cxlib.results.types import Effects, NotKnown
from cxlib.stats.effects import effect_points, tested
from cxlib.stats.intervals import Array

LEAST, YEAR = 20, 12
SIDES = {"loyalty_class": ("promoter", "detractor"), "experience": ("good", "bad")}
RISK = {"loyalty_class": "All {bad}s as {good}s", "experience": "All {bad} experiences as {good}"}
Brought = tuple[str, Metric, str, pl.DataFrame, int]
"""Class, metric and title of a score, customers with their `margin`, and how many were active in all."""
POINTS = {"loyalty_class": 200.0, "experience": 100.0}  # per customer who changes side, in 1/n of a point


@row_list(
    "Customers active a year ago, with the class of their last answer",
    "What a good one brings more than a bad one is the difference of their margins in the year since, among customers "
    "equal in the columns at the end (least squares); the figure is that, times the customers who would change sides.",
    sums=("margin",),
)
def _value_of_a_point(query: Query, score: str = "nps") -> Listed | NotKnown:
    found = _brought(query, score)
    if isinstance(found, NotKnown):
        return found
    months = f"{shift(query.month, 1 - YEAR)}/{query.month}"
    return Listed(customers_listed(found[3], "margin"), months, {"margin": query.currencies[0]}, found[1].title)


@with_rows(_value_of_a_point)
def value_of_a_point(query: Query, score: str = "nps") -> Effects | NotKnown:
    """Return the yearly margin that goes together with one point more, and with nobody on the bad side.

    Customers active a year ago whose last answer of the year before is on record: margin (revenue × `gross_margin`)
    in the year since, promoters' against detractors' (good against bad experiences), with equal tenure, importance,
    tickets and spending before (least squares, errors robust to unequal spread: HC3). A detractor turned promoter is
    two points in 1/n; so a point is worth n·d ÷ 200, of satisfaction n·d ÷ 100, with n the customers active then.
    At risk is n × share of detractors × d. Nobody has turned anybody: what such a customer would do is not known.

    Args:
        query: What is asked about: data, month, filters.
        score: "nps" or "csat".

    Raises:
        UsageError: No such score; a gross margin that is not a share.
    """
    found = _brought(query, score)
    if isinstance(found, NotKnown):
        return found
    by, metric, title, rows, everybody = found
    (good, bad), start, y = SIDES[by], shift(query.month, -YEAR), rows["margin"].to_numpy()
    background, names = background_of(rows, len(rows) // 20)
    sides = np.column_stack([(rows["group"] == name).to_numpy() for name in (good, "passive", "in between")])
    per_customer, se = gain(y, sides[:, [0, *(np.flatnonzero(sides[:, 1:].any(axis=0)) + 1)]].astype(float), background)
    if not 0 < se < np.inf:
        return NotKnown(title, "All customers brought the same in the year since.")
    points = _totals(
        per_customer, se, share=rows.filter(group=bad).height / rows.height, n=rows.height, everybody=everybody, by=by
    )
    amount, each = query.currencies[0], number(per_customer, 1)
    return Effects(
        replace(metric, measured_in=amount), result_context(metric, query), title,
        (shift(start, 1), query.month), amount, 0.0, points, allowing_for=tuple(names),
        reading=f"{amount} of margin a year, of {number(everybody)} customers active then",
        caveat="What goes together need not be why, nor come with a better score. "
        f"Per customer {each} {amount} a year lie between {good} and {bad}; nobody has turned one into the other.",
    )  # fmt: skip


def _brought(query: Query, score: str) -> Brought | NotKnown:
    by = {kind: name for name, kind in SCORES.items()}.get(score, score)
    metric, title = asked(query, by), "What a point is worth"
    if isinstance(metric, NotKnown):
        return NotKnown(title, metric.reason)
    title = f"What a point of {metric.title.split(' (')[0]} is worth"
    margin, revenue, start = margin_of(query, ("gross_margin",)), query.metric("revenue"), shift(query.month, -YEAR)
    reason = margin if isinstance(margin, str) else missing_reason(revenue, query) or unfit(query, start)
    if isinstance(margin, str) or reason:
        return NotKnown(title, reason)
    rows, everybody = _customers(query, by, start)
    good, bad = SIDES[by]
    counts = [rows.filter(group=name).height for name in (good, bad)]
    if min(counts) < LEAST:
        return NotKnown(
            title, f"Of those active a year ago {counts[0]} said {good}, {counts[1]} {bad}; {LEAST} of each are needed."
        )
    bought = unit_frame(revenue, query, months_between(shift(start, 1), query.month)).group_by("unit")
    rows = rows.join(bought.agg(pl.col("sum_wx").sum()), on="unit", how="left", maintain_order="left")
    rows = rows.with_columns(margin=pl.col("sum_wx").fill_null(0.0) * margin)
    return by, metric, title, rows, everybody


def _totals(gained: float, se: float, *, share: float, n: int, everybody: int, by: str) -> pl.DataFrame:
    """Return what all customers active then would bring with one point more, and with nobody on the bad side.

    Args:
        gained: What a customer of the good side brings more.
        se: Its standard error.
        share: Share of the customers known who are on the bad side.
        n: Customers known.
        everybody: Customers active then.
        by: The class.
    """
    good, bad = SIDES[by]
    share_se, factor = float(np.sqrt(share * (1 - share) / n)), everybody / POINTS[by]
    risk_se = everybody * float(np.hypot(share * se, gained * share_se))
    totals = {
        "point": ("One point more", factor * gained, factor * se),
        "risk": (RISK[by].format(bad=bad, good=good), everybody * share * gained, risk_se),
    }
    return effect_points(
        {"group": key, "label": label, "n": n, "units": n, **tested(value, error, df=n - 1)}
        for key, (label, value, error) in totals.items()
    )


def _customers(query: Query, by: str, start: str) -> tuple[pl.DataFrame, int]:
    """Return the customers active at the end of `start` with the class of their last answer of the year until then,
    and how many were active, whether they answered or not.
    """
    active = active_then(query, start)
    days = pl.col("answered_day").is_between(
        first_day(shift(start, 1 - YEAR)), first_day(shift(start, 1)), closed="left"
    )
    answers = (
        query.data.scan("followed_answers").filter(days, pl.col(by).is_not_null()).sort("answered_at", "survey_id")
    )
    last = answers.select("customer_id", group=by).collect().unique("customer_id", keep="last", maintain_order=True)
    rows = last.join(active, on="customer_id", how="semi").rename({"customer_id": "unit"}).sort("unit")
    return with_background(rows.with_columns(at=pl.lit(end_of(replace(query, month=start)))), query), active.height


def gain(y: Array, sides: Array, background: list[Array]) -> tuple[float, float]:
    """Return how much more the first side has than those of no side, and its error (HC3: MacKinnon & White 1985)."""
    from statsmodels.regression.linear_model import OLS

    columns = np.column_stack([np.ones(len(y)), sides, *background])
    found = OLS(y, columns).fit(cov_type="HC3", use_t=True)
    return float(found.params[1]), float(found.bse[1])
