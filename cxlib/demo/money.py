"""The demo's orders, subscriptions, refunds and cancellations."""

import numpy as np
import polars as pl

from cxlib.demo.company import Company
from cxlib.demo.draw import Draw, Numbers, Reals, ids, instants, words
from cxlib.demo.hours import DAY, HOUR
from cxlib.demo.requests import CHAT, Fate, Requests
from cxlib.tables.columns import ORDER_KINDS

_WINDOW = 90 * DAY
_ORDERS_A_YEAR = 2.0


def draw_orders(company: Company, requests: Requests, nps: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the orders table, and the NPS answers with the probability of an order in the 90 days after.

    In those days customers buy of their own accord as their class says; orders helped by a ticket come on top.
    """
    p, draw, hours = company.parameters, company.draw("orders"), company.hours
    own = p.detractors_buying * np.array([p.promoter_multiple, (1 + p.promoter_multiple) / 2, 1.0])
    own = own[nps["loyalty"].to_numpy()]
    buys = np.flatnonzero(draw.chance(own, nps.height))
    at = nps["at"].to_numpy()[buys] + draw.whole(HOUR, _WINDOW, len(buys))
    after = pl.DataFrame({"customer": nps["customer"].to_numpy()[buys], "at": at, "ticket": np.full(len(at), -1)})
    helped = _with_answer(_helped(draw, company, requests), nps)
    usual = _with_answer(_usual(draw, company), nps).filter(pl.col("answer").is_null())
    orders = pl.concat([usual.drop("answer"), after, helped.drop("answer")]).sort("at", "customer", "ticket")
    own[helped["answer"].drop_nulls().unique().to_numpy()] = 1.0
    over = pl.col("at") < hours.end - _WINDOW
    return _table(draw, company, orders), nps.with_columns(share=pl.Series(own)).filter(over)


def _with_answer(orders: pl.DataFrame, nps: pl.DataFrame) -> pl.DataFrame:
    """Add the row of the customer's NPS answer in the 90 days before, null if there is none."""
    answers = nps.with_row_index("answer").select("answer", "customer", "at")
    orders = orders.sort("at", "customer", "ticket")
    return orders.join_asof(answers, on="at", by="customer", tolerance=_WINDOW, check_sortedness=False)


def _helped(draw: Draw, company: Company, requests: Requests) -> pl.DataFrame:
    """Draw the orders a ticket helped, within 7 days of its creation."""
    chance = company.parameters.conversion + company.parameters.chat_uplift * (requests.channel == CHAT)
    ticket = np.flatnonzero(draw.chance(chance, len(chance)) & (requests.fate == Fate.ANSWERED))
    at = requests.created[ticket] + draw.whole(HOUR // 2, 7 * DAY, len(ticket))
    return pl.DataFrame({"customer": requests.customer[ticket], "at": at, "ticket": ticket})


def _usual(draw: Draw, company: Company) -> pl.DataFrame:
    n = int(len(company.joined) * _ORDERS_A_YEAR * company.parameters.months / 12)
    customer = draw.pick(np.array([1.0, 1.4, 2.0])[company.importance], n)
    at = draw.whole(company.hours.start[0], company.hours.end, n)
    rows = pl.DataFrame({"customer": customer, "at": at, "ticket": np.full(n, -1)})
    return rows.filter(pl.Series(at > company.joined[customer]))


def _table(draw: Draw, company: Company, orders: pl.DataFrame) -> pl.DataFrame:
    n, customer = orders.height, orders["customer"].to_numpy()
    amount = np.round(draw.around(np.array([38.0, 55.0, 120.0])[company.importance[customer]], 0.6, n), 2)
    orders = orders.with_columns(amount=pl.Series(amount), kind=pl.lit(0))
    later = pl.Series(draw.whole(2 * DAY, 20 * DAY, n))
    back = orders.with_columns(at=pl.col("at") + later, ticket=pl.lit(-1, pl.Int64), kind=pl.lit(2))
    rows = pl.concat([orders, back.filter(pl.Series(draw.chance(0.04, n))), _subscriptions(draw, company)])
    rows = rows.filter(pl.col("at") < company.hours.end).sort("at", "customer", "kind", "ticket")
    return rows.select(
        "amount",
        order_id=ids("O", np.arange(rows.height)),
        customer_id=ids("C", rows["customer"].to_numpy()),
        ordered_at=instants(rows["at"].to_numpy()),
        currency=pl.lit("EUR"),
        kind=words(ORDER_KINDS, rows["kind"].to_numpy()),
        ticket_id=ids("T", rows["ticket"].to_numpy()),
    )


def _subscriptions(draw: Draw, company: Company) -> pl.DataFrame:
    """Draw monthly payments of about one customer in twelve, and the cancellations that end some of them."""
    payer = np.flatnonzero(draw.chance(0.08, len(company.joined)))
    begin = np.maximum(company.joined[payer], company.hours.start[0]) + draw.whole(DAY, 300 * DAY, len(payer))
    payments = draw.whole(3, 60, len(payer))
    row: Numbers = np.repeat(np.arange(len(payer)), payments + 1)
    number = np.arange(len(row)) - np.repeat(np.cumsum(payments + 1) - payments - 1, payments + 1)
    over = number == payments[row]
    fee: Reals = np.where(over, 0.0, 9.9)
    return pl.DataFrame(
        {
            "customer": payer[row], "at": begin[row] + number * 30 * DAY, "ticket": np.full(len(row), -1),
            "amount": fee, "kind": np.where(over, 3, 1).astype(np.int32),
        }
    )  # fmt: skip
