"""Histories and lists of those who wait, built by hand for the tests of the renderers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl

from cxlib.questions.customers.history import COLUMNS, WORK
from cxlib.results.types import History, ResultContext, WaitingList

FIRST = datetime(2025, 11, 3, 9, tzinfo=UTC)
AS_OF = date(2026, 10, 31)


def history(scope: ResultContext, text: str = "", *, agents: int = 2, kinds: str = "tao", days: int = 300) -> History:
    """Return a customer with tickets, answers and orders spread over some days, `text` as every word of the data."""
    rows: list[dict[str, Any]] = []
    for number in range(12):
        kind = {"t": "ticket", "a": "answer", "o": "order"}[kinds[number % len(kinds)]]
        at = FIRST + timedelta(days=number * days / 12)
        common = {"at": at, "day": at.date(), "kind": kind, "id": text or f"{kind} {number}", "note": text or None}
        own: dict[str, dict[str, Any]] = {
            "ticket": {"what": text or "login", "channel": "chat", "status": None if number else "closed"},
            "answer": {"what": "csat", "answer": 4.0, "scale_low": 1.0, "scale_high": 5.0, "scale_share": 0.75},
            "order": {"what": "refund", "amount": 12.5, "currency": text or "EUR"},
        }
        rows.append(common | own[kind] | {"waiting": kind == "ticket" and number > 5})
    rows[-1] |= {"answer": 9.0, "scale_share": None} if rows[-1]["kind"] == "answer" else {}
    events = pl.DataFrame(rows, schema=COLUMNS | {"waiting": pl.Boolean})
    tickets = [row for row in rows if row["kind"] == "ticket"]
    worked = [
        (row["id"], row["at"], f"a{who}", text or f"Agent {who}", None if who == 9 else 10.0 * (who + 1), who == 1)
        for row in tickets[:-1]
        for who in range(agents)
    ]
    work = pl.DataFrame(worked, schema=WORK, orient="row")
    summed = [(f"a{who}", text or f"Agent {who}", 2, 95.0 - who) for who in range(agents)]
    agent_columns = {"agent_id": pl.String, "agent": pl.String, "tickets": pl.Int64, "minutes": pl.Float64}
    waited = tuple(2_000.0 * len(tickets) for row in tickets if row["waiting"])
    counts = tuple(sum(row["kind"] == kind for row in rows) for kind in ("ticket", "answer", "order"))
    return History(
        scope=scope, customer_id=text or "C-17", name=text or "Ada Marek", importance=text or "high", as_of=AS_OF,
        joined=date(2021, 4, 14), first=FIRST.date(), counts=counts, events=events, work=work,
        agents=pl.DataFrame(summed, schema=agent_columns, orient="row"), waited=waited,
    )  # fmt: skip


def waiting_list(scope: ResultContext, size: int, text: str = "") -> WaitingList:
    rows = [
        (
            text or f"C-{number}", text or f"Customer {number}", text or ("high" if number < size / 2 else "low"),
            number < size / 2, None if number == 1 else 7.25, number != 1, 2, 40_000.0 - 900.0 * number,
            text or f"T-{number}", text or None, "email", text or None,
        )
        for number in range(size)
    ]  # fmt: skip
    schema = {
        "customer_id": pl.String, "name": pl.String, "importance": pl.String, "is_important": pl.Boolean,
        "years": pl.Float64, "is_loyal": pl.Boolean, "tickets": pl.Int64, "minutes": pl.Float64,
        "ticket_id": pl.String, "category": pl.String, "channel": pl.String, "agent": pl.String,
    }  # fmt: skip
    customers = pl.DataFrame(rows, schema=schema, orient="row")
    return WaitingList(scope, AS_OF, (text or "high",), 5.0, size + 31, size, customers)


def customer_results(scope: ResultContext, hostile: str) -> dict[str, Any]:
    """Return the samples by name."""
    plain = history(scope)
    return {
        "history": plain,
        "history, many agents": history(scope, agents=12),
        "history, one day": history(scope, days=0),
        "history, years": history(scope, days=4000),
        "history, orders only": history(scope, kinds="o", agents=0),
        "history, nobody known": replace(plain, name="", importance="", joined=None),
        "history, hostile": history(scope, hostile),
        "waiting": waiting_list(scope, 3),
        "waiting, many": waiting_list(scope, 40),
        "waiting, one": waiting_list(scope, 1),
        "waiting, nobody": waiting_list(scope, 0),
        "waiting, hostile": waiting_list(scope, 3, hostile),
    }
