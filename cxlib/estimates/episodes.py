"""Customers' spells after an answer: who could leave, from when until when, and what they had said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import narwhals as nw
import polars as pl

from cxlib.errors import unknown_name
from cxlib.estimates.context import unanswerable
from cxlib.estimates.covariates import with_background
from cxlib.metrics import Metric, Query, table_rows
from cxlib.periods import first_day, last_day, shift
from cxlib.results.types import NotKnown
from cxlib.stats.effects import some_units

SCORES = {"loyalty_class": "nps", "experience": "csat"}
MOST = 40_000  # answers looked at; of more, those of every k-th customer


def asked(query: Query, by: str) -> Metric | NotKnown:
    """Return the metric whose answers put customers into classes, reading the answers of known customers.

    Raises:
        UsageError: A dimension that is no class of an answer.
    """
    if by not in SCORES:
        raise unknown_name("class of an answer", by, SCORES)
    metric = query.metric(SCORES[by])
    known = replace(metric, table="followed_answers", needs=("answered_at", by), survey="", answered_on=None)
    return unanswerable(known, query) or known


def end_of(query: Query) -> datetime:
    """Return the end of the reported month, or of the data if these end earlier."""
    following = first_day(shift(query.month, 1))
    local = datetime(following.year, following.month, 1, tzinfo=ZoneInfo(query.data.settings.timezone))
    return min(local.astimezone(UTC), query.data.extracted_at)


def spells(query: Query, by: str, months: list[str]) -> tuple[pl.DataFrame, str]:
    """Return one row per answer: until the next one, leaving, or the end of the reported month; and what was sampled.

    The clock of a customer starts at their first answer in these months, whatever they answered and however long they
    had been customers: `entry` and `stop` are days since then, `left` says whether leaving ended the spell. Leaving is
    `left_at`; where nobody's is recorded, the end of the first `active_days` without an order, which is when it is
    known: nobody is taken for lost who may still buy in time, and who was not active at the answer is not at risk.

    Columns: unit, group, at, entry, stop, left, what was known at the answer (joined_at, importance where the data say
    them; tickets, spent in the year before).
    """
    end = end_of(query)
    within = nw.col("answered_day").is_between(first_day(months[0]), last_day(months[-1])) & ~nw.col(by).is_null()
    columns = ("customer_id", "answered_at", by)
    rows = table_rows("followed_answers", query, within & (nw.col("answered_at") < end), *columns)
    rows = rows.rename({"customer_id": "unit", "answered_at": "at", by: "group"}).sort("at", "unit")
    rows = rows.unique(["unit", "at"], keep="last", maintain_order=True)
    rows, sampled = some_units(rows, -(-rows.height // MOST))
    rows = _with_leaving(rows, query, end).sort("unit", "at")
    following, gone = pl.col("at").shift(-1).over("unit"), pl.min_horizontal("leaves", pl.lit(end))
    start = pl.col("at").min().over("unit")
    rows = rows.with_columns(
        entry=_days(pl.col("at") - start),
        stop=_days(pl.min_horizontal(following, gone) - start),
        left=(pl.col("leaves") <= pl.min_horizontal(following, pl.lit(end))).fill_null(False),
    )
    return with_background(rows.filter(pl.col("stop") > pl.col("entry")), query), sampled


def _days(span: pl.Expr) -> pl.Expr:
    return span.dt.total_seconds() / 86400


def _with_leaving(rows: pl.DataFrame, query: Query, end: datetime) -> pl.DataFrame:
    """Add `leaves`; answers given after leaving are left out, as are all later ones of who came back."""
    if query.data.has("customers") and "left_at" in query.data.filled("customers"):
        left = query.data.scan("customers").select(unit="customer_id", leaves="left_at").unique("unit").collect()
        rows = rows.join(left, on="unit", how="left")
    else:
        rows = _fallen_silent(rows, query, end)
    gone = (pl.col("leaves") <= pl.col("at")).fill_null(False)
    first = pl.col("leaves").min().over("unit")
    return rows.filter(~gone & ((pl.col("at") < first) | first.is_null()))


def _fallen_silent(rows: pl.DataFrame, query: Query, end: datetime) -> pl.DataFrame:
    """Add the end of the first `active_days` without an order; who had not bought in as many before is left out."""
    window = timedelta(days=query.data.settings.windows.active_days)
    orders = query.data.scan("orders").filter(
        pl.col("kind").fill_null("order").is_in(["order", "subscription"]), pl.col("ordered_at") <= end
    )
    bought = orders.select(unit="customer_id", bought="ordered_at").drop_nulls().sort("unit", "bought").collect()
    bought = bought.with_columns(leaves=pl.col("bought") + window, following=pl.col("bought").shift(-1).over("unit"))
    silent = bought.filter((pl.col("following") > pl.col("leaves")).fill_null(True)).select("unit", "leaves")
    silent = silent.with_columns(_leaves=pl.col("leaves")).sort("_leaves")
    last = bought.select("unit", "bought").sort("bought")
    near = {"by": "unit", "check_sortedness": False}
    rows = rows.sort("at").join_asof(last, left_on="at", right_on="bought", **near)  # type: ignore[arg-type]
    rows = rows.filter(pl.col("at") < pl.col("bought") + window).drop("bought")
    return rows.join_asof(silent, left_on="at", right_on="_leaves", strategy="forward", **near).drop("_leaves")  # type: ignore[arg-type]
