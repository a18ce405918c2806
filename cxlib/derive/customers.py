"""Customers month by month: who was active, what they asked and what they bought."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from cxlib.derive.agents import begins
from cxlib.derive.orders import IS_ORDER, counted_tickets, with_classes
from cxlib.settings import Settings
from cxlib.tables.schema import INSTANT

KEYS = ["customer_id", "month"]
FOREVER = datetime(9999, 1, 1, tzinfo=UTC)


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

    Active at an instant: not left, and a subscription begun and not cancelled, else an order in the `active_days`
    before; where no orders are known, joined. `active` is so at the end of the month, `active_before` by a contract
    when the month began, else by an order in as many days before those of `active`: if one order counted for both, who
    bought once would have stayed. Null until the data look back that far, and where neither orders nor anybody's
    leaving is known: nobody could be seen to go.
    """
    zone = settings.timezone
    tickets, orders = (
        rows.filter(pl.col(anchor) <= end).with_columns(month=_month(anchor, zone))
        for rows, anchor in ((counted_tickets(tickets), "created_at"), (orders, "ordered_at"))
    )
    months = _months(tickets, orders, zone, end)
    if not months.height:
        return months.select(customer_month_id=pl.lit(""), customer_id=pl.lit(""), month_at="starts")
    look_back = timedelta(days=settings.windows.active_days)
    left = customers.unique("customer_id").select("customer_id", "joined_at", "left_at")
    contracts = _in_force(orders) if orders.height else _joined(left)
    bought = orders.filter(IS_ORDER).select("customer_id", begins="ordered_at", until=pl.col("ordered_at") + look_back)
    earlier = pl.col("ends") - look_back
    active = _active(pl.concat([contracts, bought]), months.with_columns(at="ends"), left, "active")
    instants = ((contracts, pl.col("starts")), (bought, earlier))
    parts = [_active(spans, months.with_columns(at=at), left, "active_before") for spans, at in instants]
    before = pl.concat(parts).unique()
    observed = orders["ordered_at"].min() if orders.height else months["starts"][0] - 2 * look_back
    can_leave = bool(orders.height or customers["left_at"].count())
    one_currency = bool(orders["currency"].n_unique() == 1)
    counts = [_written(tickets), _spent(orders), _year_before(orders)]
    rows = pl.concat([part.select(KEYS) for part in (active, before, *counts)]).unique()
    rows = rows.join(months, on="month").join(left, on="customer_id", how="left")
    for part in (active, before, *counts):
        rows = rows.join(part, on=KEYS, how="left")
    for name, instant in (("active", pl.col("ends")), ("active_before", earlier)):
        told = pl.lit(can_leave) & (instant - look_back >= observed)
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


def _active(spans: pl.DataFrame, months: pl.DataFrame, left: pl.DataFrame, name: str) -> pl.DataFrame:
    """Return the customer-months at whose instant `at` a span held and the customer had not left, and a true column."""
    at = pl.col("at")
    found = spans.join_where(months, pl.col("begins") < at, (pl.col("until") >= at))
    found = found.select(*KEYS, "at").unique().join(left, on="customer_id", how="left")
    return found.filter((pl.col("left_at") >= at).fill_null(True)).select(*KEYS, pl.lit(True).alias(name))


def _in_force(orders: pl.DataFrame) -> pl.DataFrame:
    """Return from when to when a subscription was in force: until the next payment or the cancellation, if any."""
    rows = orders.filter(pl.col("kind").is_in(["subscription", "cancellation"])).sort("ordered_at", "order_id")
    following = pl.col("ordered_at").shift(-1).over("customer_id").fill_null(FOREVER)
    rows = rows.with_columns(until=following).filter(kind="subscription")
    return rows.select("customer_id", "until", begins="ordered_at").select("customer_id", "begins", "until")


def _joined(customers: pl.DataFrame) -> pl.DataFrame:
    rows = customers.filter(pl.col("joined_at").is_not_null())
    return rows.select("customer_id", begins="joined_at", until=pl.lit(FOREVER).cast(INSTANT))


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
