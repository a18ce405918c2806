"""Money: whether customers stay, buy again, how much they buy, and what support goes together with."""

from __future__ import annotations

from functools import partial

import narwhals as nw

from cxlib.metrics.predicates import by_customer, is_gone
from cxlib.metrics.registry import MONEY, History, Ratio, metric

ORDERS, FIRST = History("orders", "ordered"), (History("orders", "ordered", "repeat_days", withheld=False),)
RATED = (ORDERS, History("surveys", "answered", "repeat_days", withheld=False))
A_YEAR = (History("orders", "ordered", 366),)

_months = partial(metric, table="customer_months", anchor="month", better="higher")
_orders = partial(metric, table="orders", anchor="ordered", better="higher")
_contacts = partial(metric, table="tickets", anchor="created", kind="share", better="higher", window="conversion_days",
                    history=(ORDERS,))  # fmt: skip
_answers = partial(metric, table="followed_answers", anchor="answered", kind="share", window="repeat_days")


def _of_kind(kind: str) -> nw.Expr:
    return nw.col("kind").fill_null("order") == kind


def _within_window(minutes: str) -> nw.Expr:
    return (nw.col(minutes) <= nw.col("window_minutes")).fill_null(False)


def _contact() -> nw.Expr:
    """Contacts that a human answered within the window of the figure: later replies cannot bring any in afterwards."""
    late = (nw.col("first_reply_minutes") > nw.col("window_minutes")).fill_null(False)
    return by_customer() & ~is_gone() & ~nw.col("first_replied_at").is_null() & ~late


@_months(
    title="Retention", kind="share", needs=("active_before",), history=(History("orders", "ordered", "active_days"),)
)
def retention() -> nw.Expr:
    """Share of the customers active before who are active at the end of the month: by a subscription, else an order.

    By a subscription in force as the month began, and at its end; else by an order in the 90 days (a setting) before
    the last 90, and in these: no order counts for both, who bought once has not stayed. Having written is not activity.
    """
    return nw.when(nw.col("active_before")).then(nw.col("active"))


@_months(title="Net revenue retention", kind="mean", needs=("amount_year_before",), history=A_YEAR)
def net_revenue_retention() -> Ratio:
    """Revenue from those who bought in the same month a year before, in % of theirs then: above 100 they grew.

    Less refunds; customers who left count with 0, new ones not at all. Known where all orders are in one currency.
    """
    then = nw.col("amount_year_before")
    return Ratio(nw.when(then > 0.0).then(nw.col("amount") * 100.0), nw.when(then > 0.0).then(then).otherwise(0.0))


@_months(title="Gross revenue retention", kind="mean", needs=("amount_year_before",), scale=(0.0, 100.0),
         history=A_YEAR)  # fmt: skip
def gross_revenue_retention() -> Ratio:
    """Revenue kept from those who bought in the same month a year before, in % of theirs then.

    No customer counts with more than they spent then: what growth elsewhere cannot hide.
    """
    now, then = nw.col("amount"), nw.col("amount_year_before")
    kept = nw.when(now > then).then(then).otherwise(nw.when(now > 0.0).then(now).otherwise(0.0))
    return Ratio(nw.when(then > 0.0).then(kept * 100.0), nw.when(then > 0.0).then(then).otherwise(0.0))


@_orders(title="Bought again", kind="share", window="repeat_days", needs=("is_first",), history=FIRST)
def repeat_purchase() -> nw.Expr:
    """Share of first-time buyers, by month of their first order, with an order on a later day within 90 days."""
    return nw.when(nw.col("is_first")).then(_within_window("second_day_minutes"))


@_orders(title="Bought again so far", kind="share", needs=("is_first",), history=FIRST, revised="time")
def repeat_purchase_ever() -> nw.Expr:
    """Share of first-time buyers with an order on any later day so far; late cohorts have had less time."""
    return nw.when(nw.col("is_first")).then(~nw.col("second_day_minutes").is_null())


@_answers(title="Bought after the answer", better="higher", needs=("loyalty_class", "next_order_minutes"),
          history=(ORDERS,))  # fmt: skip
def purchase_after_recommendation() -> nw.Expr:
    """Share of answers to the recommendation question that an order of the customer follows within 90 days."""
    return nw.when(~nw.col("loyalty_class").is_null()).then(_within_window("next_order_minutes"))


@_orders(title="Revenue", kind="count", measured_in=MONEY, needs=("net_amount",))
def revenue() -> nw.Expr:
    """Sum of orders and subscription payments less refunds, in one currency."""
    return nw.col("net_amount")


@_orders(title="Average order value", kind="mean", measured_in=MONEY, needs=("net_amount",))
def average_order_value() -> Ratio:
    """Orders less refunds, divided by the number of orders, in one currency; subscription payments are left out.

    An order below zero counts as a refund.
    """
    counted = nw.when(_of_kind("order") | _of_kind("refund")).then(nw.col("net_amount"))
    return Ratio(counted, nw.when(_of_kind("order") & (nw.col("net_amount") >= 0.0)).then(1.0).otherwise(0.0))


@_orders(title="Supported revenue", kind="count", measured_in=MONEY, needs=("net_amount", "ticket_id"))
def supported_revenue() -> nw.Expr:
    """Sum of the orders that the source says a ticket helped to bring about, in one currency."""
    return nw.when(~nw.col("ticket_id").is_null()).then(nw.col("net_amount"))


@_contacts(title="Contact conversion", needs=("next_order_minutes", "customer_id"))
def contact_conversion() -> nw.Expr:
    """Share of contacts that a human answered followed by any order of the same customer, both within 7 days."""
    return nw.when(_contact() & ~nw.col("customer_id").is_null()).then(_within_window("next_order_minutes"))


@_contacts(title="Contacts credited with an order", needs=("helped_order_minutes",))
def credited_conversion() -> nw.Expr:
    """Share of contacts that a human answered with an order the source says they helped, both within 7 days."""
    return nw.when(_contact()).then(_within_window("helped_order_minutes"))


@_answers(title="Customers spending less", better="lower", needs=("spending",), history=RATED)
def spending_less() -> nw.Expr:
    """Share of customers who spent over 10 % less in the 90 days after their first rated experience than before it."""
    return nw.col("spending") == "less"


@_answers(title="Customers spending more", better="higher", needs=("spending",), history=RATED)
def spending_more() -> nw.Expr:
    """Share of customers who spent over 10 % more in the 90 days after their first rated experience than before it."""
    return nw.col("spending") == "more"
