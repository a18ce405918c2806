"""Orders beside what came before them: first orders, who helped, the scores the customer had given, spending around."""

from datetime import datetime, timedelta

import polars as pl

from cxlib.derive.nearest import with_nearest
from cxlib.derive.tickets import GONE
from cxlib.derive.waiting import minutes_between
from cxlib.settings import Settings
from cxlib.tables.columns import NO_CONTACT

CLASSES = {
    "loyalty_class": ("nps", {"top": "promoter", "middle": "passive", "bottom": "detractor"}),
    "experience": ("csat", {"top": "good", "middle": "in between", "bottom": "bad"}),
}
# An order below zero is money paid back.
IS_ORDER = (pl.col("kind").fill_null("order") == "order") & ~(pl.col("amount") < 0).fill_null(False)


def scores(surveys: pl.DataFrame, end: datetime) -> pl.DataFrame:
    """Return the valid answers of known customers on recommendation and satisfaction, with their class, in order."""
    kinds, named = pl.col("kind"), []
    for column, (kind, names) in CLASSES.items():
        named_box = pl.col("box").replace_strict(names, default=None, return_dtype=pl.String)
        named.append(pl.when(kinds == kind).then(named_box).alias(column))
    valid = (
        pl.col("latest").fill_null(False)
        & pl.col("main_question")
        & kinds.is_in([kind for kind, _ in CLASSES.values()])
    )
    known = valid & (pl.col("answered_at") <= end) & pl.col("customer_id").is_not_null()
    columns = ("survey_id", "customer_id", "ticket_id", "kind", "answered_at")
    return surveys.filter(known).select(*columns, *named).sort("answered_at", "survey_id")


def with_classes(frame: pl.DataFrame, anchor: str, answers: pl.DataFrame) -> pl.DataFrame:
    """Add loyalty class and experience: the customer's latest of each strictly before the anchor, however old."""
    for column in CLASSES:
        given = answers.drop_nulls(column).select("customer_id", column, _at="answered_at")
        frame = with_nearest(frame, given, anchor, "_at", "customer_id", allow_exact_matches=False)
    return frame


def derive_orders(
    given: pl.DataFrame, tickets: pl.DataFrame, customers: pl.DataFrame, answers: pl.DataFrame, timezone: str
) -> pl.DataFrame:
    """Return the orders with all derived columns but local days, in the same order."""
    channel = tickets.unique("ticket_id", keep="first").select("ticket_id", helped_by="channel")
    amount, kind = pl.col("amount"), pl.col("kind").fill_null("order")
    paid = pl.when(kind == "refund").then(-amount.abs()).when(kind != "cancellation").then(amount)
    orders = given.join(channel, on="ticket_id", how="left", maintain_order="left").with_columns(
        net_amount=paid,
        helped_by=pl.when(pl.col("ticket_id").is_null()).then(pl.lit(NO_CONTACT)).otherwise("helped_by"),
    )
    first = _first_orders(given.filter(IS_ORDER), customers, timezone)
    orders = orders.join(first, on="order_id", how="left", maintain_order="left")
    return with_classes(orders.with_columns(pl.col("is_first").fill_null(False)), "ordered_at", answers)


def _first_orders(orders: pl.DataFrame, customers: pl.DataFrame, timezone: str) -> pl.DataFrame:
    """Return order_id, is_first and second_day_minutes of each customer's first order; of customers who joined before
    the orders begin the first one is not known.
    """
    day = pl.col("ordered_at").dt.convert_time_zone(timezone).dt.date()
    rows = orders.sort("ordered_at", "order_id").with_columns(day=day)
    second = rows.filter(pl.col("day") > pl.col("day").min().over("customer_id"))
    first = rows.unique("customer_id", keep="first", maintain_order=True).join(
        second.group_by("customer_id").agg(second=pl.col("ordered_at").min()), on="customer_id", how="left"
    )
    joined = customers.unique("customer_id").select("customer_id", "joined_at")
    observed = pl.col("joined_at").is_null() | (pl.col("joined_at") >= pl.col("ordered_at").min())
    return first.join(joined, on="customer_id", how="left").filter(observed).select(
        "order_id", is_first=pl.lit(True), second_day_minutes=minutes_between("ordered_at", "second")
    )  # fmt: skip


def with_next_order(frame: pl.DataFrame, anchor: str, orders: pl.DataFrame, end: datetime) -> pl.DataFrame:
    """Add next_order_minutes: the anchor to the same customer's next order before the end of the data."""
    known = orders.filter(IS_ORDER & (pl.col("ordered_at") <= end))
    known = known.select("customer_id", _at="ordered_at", _next="ordered_at")
    after = {"strategy": "forward", "allow_exact_matches": False}
    found = with_nearest(frame, known, anchor, "_at", "customer_id", **after)
    return found.with_columns(minutes_between(anchor, "_next").alias("next_order_minutes")).drop("_next")


def with_orders(tickets: pl.DataFrame, orders: pl.DataFrame, end: datetime) -> pl.DataFrame:
    """Return the tickets with next_order_minutes and helped_order_minutes."""
    helped = orders.filter(IS_ORDER & (pl.col("ordered_at") <= end) & pl.col("ticket_id").is_not_null())
    first = helped.group_by("ticket_id").agg(pl.col("ordered_at").min().alias("_helped"))
    rows = with_next_order(tickets, "created_at", orders, end).join(
        first, on="ticket_id", how="left", maintain_order="left"
    )
    return rows.with_columns(minutes_between("created_at", "_helped").alias("helped_order_minutes")).drop("_helped")


def followed_answers(
    answers: pl.DataFrame, orders: pl.DataFrame, customers: pl.DataFrame, settings: Settings, end: datetime
) -> pl.DataFrame:
    """Return the table `followed_answers`.

    Spending stands beside the first rated experience of a customer only, so that no span counts twice; null where
    one of the two spans is not wholly observed (the customer's joining included) or holds several currencies.
    """
    rows = with_next_order(answers, "answered_at", orders, end)
    rated = answers.filter(kind="csat").unique("customer_id", keep="first", maintain_order=True)
    spent = _spending(rated, orders.filter(pl.col("net_amount").is_not_null()), customers, settings, end)
    return rows.join(spent, on="survey_id", how="left", maintain_order="left")


def _spending(
    rated: pl.DataFrame, orders: pl.DataFrame, customers: pl.DataFrame, settings: Settings, end: datetime
) -> pl.DataFrame:
    span = timedelta(days=settings.windows.repeat_days)
    at, ordered = pl.col("answered_at"), pl.col("ordered_at")
    own = (pl.col("ticket_id_right") == pl.col("ticket_id")).fill_null(False)
    around = rated.join(orders, on="customer_id").filter(
        ~own & ordered.is_between(at - span, at + span, closed="right")
    )
    sums = around.group_by("survey_id").agg(
        before=pl.col("net_amount").filter(ordered <= at).sum(), after=pl.col("net_amount").filter(ordered > at).sum(),
        currencies=pl.col("currency").n_unique(),
    )  # fmt: skip
    joined = customers.unique("customer_id").select("customer_id", "joined_at")
    begin = pl.max_horizontal(pl.lit(orders["ordered_at"].min()), "joined_at")
    observed = (at - span >= begin) & (at + span <= end) & (pl.col("currencies").fill_null(1) == 1)
    found = rated.join(joined, on="customer_id", how="left").join(sums, on="survey_id", how="left").with_columns(
        spent_before=pl.when(observed).then(pl.col("before").fill_null(0.0)),
        spent_after=pl.when(observed).then(pl.col("after").fill_null(0.0)),
    )  # fmt: skip
    rise, margin = pl.col("spent_after") - pl.col("spent_before"), settings.margins.spending
    beyond = rise.abs() > margin * pl.col("spent_before").abs()
    less_or_more = pl.when(rise < 0).then(pl.lit("less")).otherwise(pl.lit("more"))
    verdict = pl.when(beyond).then(less_or_more).when(~beyond).then(pl.lit("same"))
    return found.select("survey_id", "spent_before", "spent_after", verdict.alias("spending"))


def counted_tickets(tickets: pl.DataFrame) -> pl.DataFrame:
    """Return the tickets of known customers that are not deleted, merged or spam."""
    return tickets.filter(pl.col("customer_id").is_not_null() & ~pl.col("status").is_in(GONE).fill_null(False))
