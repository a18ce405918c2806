"""Customers month by month: who was active, what they asked and what they bought."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from cxlib.derive.agents import begins
from cxlib.derive.orders import IS_ORDER, counted_tickets, with_classes
from cxlib.schema import INSTANT
from cxlib.settings import Settings

KEYS = ["customer_id", "month"]


def customer_months(
    customers: pl.DataFrame,
    tickets: pl.DataFrame,
    orders: pl.DataFrame,
    answers: pl.DataFrame,
    *,
    settings: Settings,
    end: datetime,
) -> pl.DataFrame:
    """Return the table `customer_months`, without local days; months that are not over are left out.

    Active at the end of a month: not left, and a subscription begun and not cancelled, else an order in the
    `active_days` before; where no orders are known, joined. Null until the data look back that far, and where
    neither orders nor anybody's leaving is known: nobody could be seen to go.
    """
    zone = settings.timezone
    tickets, orders = (
        rows.filter(pl.col(anchor) <= end).with_columns(month=_month(anchor, zone))
        for rows, anchor in ((counted_tickets(tickets), "created_at"), (orders, "ordered_at"))
    )
    months = _months(tickets, orders, zone, end)
    if not months.height:
        return months.select(customer_month_id=pl.lit(""), customer_id=pl.lit(""), month_at="starts")
    last = int(months["month"].to_list()[-1])
    spans = _in_force(orders, last) if orders.height else _joined(customers, zone, last)
    look_back = timedelta(days=settings.windows.active_days)
    active = pl.concat([spans, _bought(orders, months, look_back)]).unique().join(months, on="month")
    left = customers.unique("customer_id").select("customer_id", "joined_at", "left_at")
    active = active.join(left, on="customer_id", how="left")
    active = active.filter((pl.col("left_at") >= pl.col("ends")).fill_null(True)).select(*KEYS, active=pl.lit(True))
    before = active.select("customer_id", pl.col("month") + 1, active_before=pl.lit(True))
    observed = orders["ordered_at"].min() if orders.height else months["starts"][0] - look_back
    can_leave = bool(orders.height or customers["left_at"].count())
    one_currency = bool(orders["currency"].n_unique() == 1)
    counts = [_written(tickets), _spent(orders), _year_before(orders)]
    rows = pl.concat([part.select(KEYS) for part in (active, before, *counts)]).unique()
    rows = rows.join(months, on="month").join(left, on="customer_id", how="left")
    for part in (active, before, *counts):
        rows = rows.join(part, on=KEYS, how="left")
    for name, at in (("active", pl.col("ends")), ("active_before", pl.col("starts"))):
        told = pl.lit(can_leave) & (at - look_back >= observed)
        rows = rows.with_columns(pl.when(told).then(pl.col(name).fill_null(False)).alias(name))
    number = pl.format("{}/{}", "customer_id", pl.col("starts").dt.convert_time_zone(zone).dt.strftime("%Y-%m"))
    rows = rows.with_columns(
        pl.col("tickets", "orders").fill_null(0),
        pl.when(pl.col("mixed").fill_null(False)).then(None).otherwise(pl.col("amount").fill_null(0.0)).alias("amount"),
        amount_year_before=pl.when(pl.lit(one_currency) & (pl.col("starts").dt.offset_by("-1y") >= observed)).then(
            pl.col("amount_year_before").fill_null(0.0)
        ),
        customer_month_id=number,
        month_at=pl.col("starts"),
        tenure_days=(pl.col("ends") - pl.col("joined_at")).dt.total_seconds().clip(0) / 86400,
    )  # fmt: skip
    return with_classes(rows.sort(KEYS), "month_at", answers)


def _month(anchor: str | pl.Expr, zone: str) -> pl.Expr:
    """Return the running number of the local month."""
    local = (pl.col(anchor) if isinstance(anchor, str) else anchor).dt.convert_time_zone(zone).dt
    return local.year().cast(pl.Int64) * 12 + local.month() - 1


def _months(tickets: pl.DataFrame, orders: pl.DataFrame, zone: str, end: datetime) -> pl.DataFrame:
    """Return month (running number), starts and ends (instants) of the whole months the data cover."""
    earliest = [rows[anchor].min() for rows, anchor in ((orders, "ordered_at"), (tickets, "created_at"))]
    known = [begin for begin in earliest if isinstance(begin, datetime)]
    if not known:
        return pl.DataFrame(schema={"month": pl.Int64, "starts": INSTANT, "ends": INSTANT})
    first, last = (at.astimezone(ZoneInfo(zone)).date() for at in (min(known), end))
    local = pl.DataFrame({"day": pl.date_range(first.replace(day=1), last, "1mo", eager=True)})
    frame = local.select(starts=begins("day", "0mo", zone)).with_columns(month=_month("starts", zone))
    return frame.with_columns(ends=pl.col("starts").shift(-1)).filter(pl.col("ends") <= end)


def _bought(orders: pl.DataFrame, months: pl.DataFrame, look_back: timedelta) -> pl.DataFrame:
    """Return the customer-months at whose end an order lies at most `look_back` back."""
    later = pl.DataFrame({"later": list(range(look_back.days // 28 + 2))}, schema={"later": pl.Int64})
    reached = orders.filter(IS_ORDER).select(*KEYS, "ordered_at").join(later, how="cross")
    reached = reached.with_columns(pl.col("month") + pl.col("later")).join(months, on="month")
    return reached.filter(pl.col("ordered_at") >= pl.col("ends") - look_back).select(KEYS)


def _in_force(orders: pl.DataFrame, last: int) -> pl.DataFrame:
    """Return the customer-months at whose end a subscription has begun and was not cancelled."""
    rows = orders.filter(pl.col("kind").is_in(["subscription", "cancellation"])).sort("ordered_at", "order_id")
    following = pl.col("month").shift(-1).over("customer_id").fill_null(last + 1)
    rows = rows.with_columns(following=following).filter(kind="subscription")
    return _each_month(rows, "following")


def _joined(customers: pl.DataFrame, zone: str, last: int) -> pl.DataFrame:
    rows = customers.filter(pl.col("joined_at").is_not_null())
    return _each_month(rows.with_columns(month=_month("joined_at", zone), following=pl.lit(last + 1)), "following")


def _each_month(rows: pl.DataFrame, following: str) -> pl.DataFrame:
    spans = rows.select("customer_id", month=pl.int_ranges("month", following, dtype=pl.Int64))
    return spans.explode("month").drop_nulls().unique()


def _written(tickets: pl.DataFrame) -> pl.DataFrame:
    by_customer = tickets.filter((pl.col("opened_by") != "agent").fill_null(True))
    return by_customer.group_by(KEYS).agg(tickets=pl.len().cast(pl.Int64))


def _spent(orders: pl.DataFrame) -> pl.DataFrame:
    own = pl.col("currency")
    return orders.group_by(KEYS).agg(
        orders=IS_ORDER.sum().cast(pl.Int64), amount=pl.col("net_amount").sum(), mixed=own.n_unique() > 1,
        currency=pl.when(own.n_unique() == 1).then(own.first()),
    )  # fmt: skip


def _year_before(orders: pl.DataFrame) -> pl.DataFrame:
    """Return what was spent in the same month a year before, also by customers not heard of since."""
    return _spent(orders).select("customer_id", pl.col("month") + 12, amount_year_before="amount")
