"""Orders, customer-months and followed answers, each against a dumb loop over the literal rows."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from derive_desk import Rows, by_key, minutes, run

from cxlib.derive import rederive
from cxlib.metrics import METRICS, missing_reason, query, unit_frame
from cxlib.store.folder import open_data

ZONE = ZoneInfo("Europe/Warsaw")
BEGIN, END = datetime(2025, 1, 3, 9, tzinfo=UTC), datetime(2025, 12, 31, 23, tzinfo=UTC)
NEXT = date(2026, 1, 1)
WINDOW = timedelta(days=90)
LOYALTY = {"top": "promoter", "middle": "passive", "bottom": "detractor"}
EXPERIENCE = {"top": "good", "middle": "in between", "bottom": "bad"}


def story(seed: int) -> dict[str, Rows]:
    """Draw a year of 25 customers: orders of every kind, tickets, answers; a few rows after the end of the data."""
    rng = np.random.default_rng(seed)

    def when(days: float = 366.0) -> datetime:
        return BEGIN + timedelta(minutes=int(rng.uniform(0, days * 1440)))

    def who() -> str | None:
        return None if rng.random() < 0.05 else f"c{rng.integers(25)}"

    tickets = [
        {
            "ticket_id": f"t{n}", "customer_id": who(), "created_at": when(),
            "channel": str(rng.choice(["chat", "phone"])),
            "status": str(rng.choice(["closed", "deleted"], p=[0.9, 0.1])),
            "opened_by": str(rng.choice(["customer", "agent"], p=[0.9, 0.1])),
        }
        for n in range(90)
    ]  # fmt: skip
    kinds = ["order", "subscription", "refund", "cancellation"]
    orders = [
        {
            "order_id": f"o{n}", "customer_id": who() or "c0", "ordered_at": when(),
            "amount": float(rng.integers(1, 90)), "currency": "EUR" if n % 40 else "USD",
            "kind": str(rng.choice(kinds, p=[0.8, 0.08, 0.08, 0.04])),
            "ticket_id": f"t{rng.integers(99)}" if rng.random() < 0.3 else None,
        }
        for n in range(160)
    ]  # fmt: skip
    orders.append({**orders[0], "order_id": "first", "ordered_at": BEGIN, "kind": "order", "ticket_id": None})
    surveys = [
        {
            "survey_id": f"s{n}", "kind": kind, "customer_id": who(), "ticket_id": f"t{rng.integers(90)}",
            "answered_at": when(), "answer": float(rng.integers(0, 11)) if kind == "nps" else float(rng.integers(1, 6)),
            "scale_low": 0.0 if kind == "nps" else 1.0, "scale_high": 10.0 if kind == "nps" else 5.0,
        }
        for n, kind in enumerate(["nps", "csat"] * 50)
    ]  # fmt: skip
    customers = [
        {
            "customer_id": f"c{n}", "joined_at": None if n % 5 == 0 else when(200) - timedelta(days=60),
            "left_at": when() if n % 4 == 0 else None,
        }
        for n in range(24)
    ]  # fmt: skip
    return {"tickets": tickets, "orders": orders, "surveys": surveys, "customers": customers}


@pytest.fixture(params=[1, 2, 3])
def told(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("CX_HOME", str(tmp_path))
    given = story(request.param)
    return given, run(tmp_path / "shop", extracted_at=END, **given)


def _day(at: datetime) -> date:
    return at.astimezone(ZONE).date()


def _is_order(row: dict[str, Any]) -> bool:
    return row["kind"] == "order"


def _of(rows: Rows, customer: str | None) -> Rows:
    return [row for row in rows if row["customer_id"] == customer and customer is not None]


def _class(told: dict[str, Rows], kind: str, customer: str | None, before: datetime) -> str | None:
    names = LOYALTY if kind == "nps" else EXPERIENCE
    valid = [r for r in _of(told["surveys"], customer) if r["kind"] == kind and r["latest"] and r["answered_at"] <= END]
    earlier = [row for row in valid if row["answered_at"] < before]
    return names[max(earlier, key=lambda row: row["answered_at"])["box"]] if earlier else None


def test_orders_know_sign_rank_help_and_what_was_said_before(told: Any) -> None:
    given, tables = told
    found = by_key(tables["orders"])
    channel = {row["ticket_id"]: row["channel"] for row in given["tickets"]}
    joined = {row["customer_id"]: row["joined_at"] for row in given["customers"]}
    begin = min(row["ordered_at"] for row in given["orders"] if _is_order(row))
    firsts = 0
    for row in given["orders"]:
        new = found[row["order_id"]]
        assert new["net_amount"] == {"refund": -row["amount"], "cancellation": None}.get(row["kind"], row["amount"])
        assert new["helped_by"] == ("no contact" if row["ticket_id"] is None else channel.get(row["ticket_id"]))
        for kind, column in (("nps", "loyalty_class"), ("csat", "experience")):
            assert new[column] == _class(tables, kind, row["customer_id"], row["ordered_at"])
        own = sorted(
            (r for r in _of(given["orders"], row["customer_id"]) if _is_order(r)), key=lambda r: r["ordered_at"]
        )
        first = bool(own) and own[0]["order_id"] == row["order_id"] and (joined.get(row["customer_id"]) or END) >= begin
        assert new["is_first"] is first
        later = [r["ordered_at"] for r in own if _day(r["ordered_at"]) > _day(row["ordered_at"])]
        assert new["second_day_minutes"] == (minutes(row["ordered_at"], min(later)) if first and later else None)
        firsts += first
    assert firsts > 5


def test_tickets_know_the_next_order_and_the_one_they_helped(told: Any) -> None:
    given, tables = told
    orders = [row for row in given["orders"] if _is_order(row) and row["ordered_at"] <= END]
    for row in tables["tickets"]:
        start = row["created_at"]
        later = [r["ordered_at"] for r in _of(orders, row["customer_id"]) if r["ordered_at"] > start]
        helped = [r["ordered_at"] for r in orders if r["ticket_id"] == row["ticket_id"]]
        assert row["next_order_minutes"] == (minutes(start, min(later)) if later else None)
        expected = minutes(start, min(helped)) if helped and min(helped) >= start else None
        assert row["helped_order_minutes"] == expected


def test_customer_months_are_those_a_loop_finds(told: Any) -> None:
    given, tables = told
    firsts = [date(2025, month, 1) for month in range(1, 13)] + [NEXT]
    expected: dict[str, tuple[Any, ...]] = {}
    customers = {row["customer_id"]: row for row in given["customers"]}
    names = {row["customer_id"] for table in given.values() for row in table} - {None}
    begin = min(row["ordered_at"] for row in given["orders"])
    for name in names:
        for first, following in pairwise(firsts):
            start, end = (datetime(*day.timetuple()[:3], tzinfo=ZONE) for day in (first, following))
            active = _active(given["orders"], customers.get(name, {}), name, end)
            active_before = _active_before(given["orders"], customers.get(name, {}), name, start, end - WINDOW)
            asked = [
                r for r in _of(given["tickets"], name) if start <= r["created_at"] < end and r["status"] != "deleted"
                and r["created_at"] <= END
            ]  # fmt: skip
            bought = [
                r for r in _of(given["orders"], name) if start <= r["ordered_at"] < end and r["ordered_at"] <= END
            ]
            wrote = any(r["opened_by"] == "customer" for r in asked)
            if active or active_before or wrote or bought:
                sign = {"refund": -1, "cancellation": 0}
                money = sum(sign.get(r["kind"], 1) * r["amount"] for r in bought)
                expected[f"{name}/{first:%Y-%m}"] = (
                    active if end - WINDOW >= begin else None,
                    active_before if end - WINDOW - WINDOW >= begin else None,
                    sum(r["opened_by"] == "customer" for r in asked),
                    sum(map(_is_order, bought)),
                    money if len({r["currency"] for r in bought}) < 2 else None,
                    _class(tables, "nps", name, start),
                    _class(tables, "csat", name, start),
                )
    columns = ("active", "active_before", "tickets", "orders", "amount", "loyalty_class", "experience")
    found = {row["customer_month_id"]: tuple(row[name] for name in columns) for row in tables["customer_months"]}
    assert found == expected
    assert {True, False} <= {values[0] for values in expected.values() if values[1]}


def _active(orders: Rows, customer: dict[str, Any], name: str, end: datetime) -> bool:
    if customer.get("left_at") is not None and customer["left_at"] < end:
        return False
    past = sorted((r for r in _of(orders, name) if r["ordered_at"] < end), key=lambda row: row["ordered_at"])
    return _plan(past) or any(_is_order(r) and r["ordered_at"] >= end - WINDOW for r in past)


def _active_before(orders: Rows, customer: dict[str, Any], name: str, start: datetime, earlier: datetime) -> bool:
    left = customer.get("left_at")
    own = sorted(_of(orders, name), key=lambda row: row["ordered_at"])
    under_contract = _plan([r for r in own if r["ordered_at"] < start]) and not (left and left < start)
    bought = any(_is_order(r) and earlier - WINDOW <= r["ordered_at"] < earlier for r in own)
    return under_contract or (bought and not (left and left < earlier))


def _plan(past: Rows) -> bool:
    plans = [row["kind"] for row in past if row["kind"] in ("subscription", "cancellation")]
    return plans[-1:] == ["subscription"]


def test_followed_answers_are_those_a_loop_finds(told: Any) -> None:
    given, tables = told
    rows = [r for r in tables["surveys"] if r["latest"] and r["customer_id"] is not None and r["answered_at"] <= END]
    assert {row["survey_id"] for row in tables["followed_answers"]} == {row["survey_id"] for row in rows}
    joined = {row["customer_id"]: row["joined_at"] for row in given["customers"]}
    begin = min(row["ordered_at"] for row in given["orders"])
    seen: dict[str | None, int] = defaultdict(int)
    for row in sorted(rows, key=lambda r: (r["answered_at"], r["survey_id"])):
        found, at, name = by_key(tables["followed_answers"])[row["survey_id"]], row["answered_at"], row["customer_id"]
        assert found["loyalty_class"] == (LOYALTY[row["box"]] if row["kind"] == "nps" else None)
        assert found["experience"] == (EXPERIENCE[row["box"]] if row["kind"] == "csat" else None)
        own = [
            r for r in _of(given["orders"], name) if r["kind"] != "cancellation" and r["ticket_id"] != row["ticket_id"]
        ]
        later = [r["ordered_at"] for r in _of(given["orders"], name) if _is_order(r) and at < r["ordered_at"] <= END]
        assert found["next_order_minutes"] == (minutes(at, min(later)) if later else None)
        first = row["kind"] == "csat" and not seen[name]
        seen[name] += row["kind"] == "csat"
        missing_reason = first and at - WINDOW >= max(begin, joined.get(name) or begin) and at + WINDOW <= END
        around = [r for r in own if at - WINDOW < r["ordered_at"] <= at + WINDOW]
        if not missing_reason or len({r["currency"] for r in around}) > 1:
            assert (found["spent_before"], found["spent_after"], found["spending"]) == (None, None, None)
            continue
        worth = [(r["ordered_at"] > at, r["amount"] * (-1 if r["kind"] == "refund" else 1)) for r in around]
        before, after = (sum(amount for late, amount in worth if late is side) for side in (False, True))
        beyond = abs(after - before) > 0.1 * abs(before)
        verdict = ("less" if after < before else "more") if beyond else "same"
        assert (found["spent_before"], found["spent_after"], found["spending"]) == (before, after, verdict)
    assert sum(row["spending"] is not None for row in tables["followed_answers"]) >= 3


def test_without_orders_a_contract_is_in_force_until_the_customer_leaves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CX_HOME", str(tmp_path))
    customers = [
        {"customer_id": "stays", "joined_at": datetime(2025, 1, 5, tzinfo=UTC)},
        {
            "customer_id": "leaves",
            "joined_at": datetime(2025, 2, 5, tzinfo=UTC),
            "left_at": datetime(2025, 4, 5, tzinfo=UTC),
        },
    ]
    tickets = [{"ticket_id": "t", "customer_id": "stranger", "created_at": datetime(2025, 1, 8, tzinfo=UTC)}]
    rows = run(tmp_path / "plan", extracted_at=datetime(2025, 5, 2, tzinfo=UTC), customers=customers, tickets=tickets)
    months = by_key(rows["customer_months"])
    assert [months[f"stays/2025-0{n}"]["active"] for n in (1, 2, 3, 4)] == [True] * 4
    assert [months[f"leaves/2025-0{n}"]["active"] for n in (2, 3, 4)] == [True, True, False]
    assert (months["leaves/2025-04"]["active_before"], months["stranger/2025-01"]["active"]) == (True, False)
    assert "stays/2025-05" not in months


def test_where_nobody_can_be_seen_to_leave_nobody_is_known_to_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CX_HOME", str(tmp_path))
    customers = [{"customer_id": "c", "joined_at": datetime(2025, 1, 5, tzinfo=UTC)}]
    tickets = [{"ticket_id": "t", "customer_id": "c", "created_at": datetime(2025, 1, 8, tzinfo=UTC)}]
    rows = run(tmp_path / "desk", extracted_at=datetime(2025, 5, 2, tzinfo=UTC), customers=customers, tickets=tickets)
    assert [(row["active"], row["active_before"]) for row in rows["customer_months"]] == [(None, None)] * 4
    assert rows["customer_months"][0]["tickets"] == 1
    why = missing_reason(METRICS["retention"], query(open_data(str(tmp_path / "desk"))))
    assert why is not None
    assert "orders or left_at of customers" in why


def test_months_begin_at_their_first_instant_where_clocks_change_at_midnight(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CX_HOME", str(tmp_path))
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "settings.toml").write_text('timezone = "America/Asuncion"', encoding="utf-8")
    orders = [
        {"order_id": f"{n}", "customer_id": "c", "ordered_at": datetime(2023, n, 15, tzinfo=UTC), "amount": 1.0}
        for n in (9, 10, 11)
    ]
    rows = run(tmp_path / "shop", extracted_at=datetime(2023, 12, 2, tzinfo=UTC), orders=orders)["customer_months"]
    # 1 October 2023 began at 01:00 (UTC-3): the clocks went from 00:00 (UTC-4) to 01:00
    assert [row["month_at"] for row in rows] == [
        datetime(2023, 9, 1, 4, tzinfo=UTC), datetime(2023, 10, 1, 4, tzinfo=UTC), datetime(2023, 11, 1, 3, tzinfo=UTC)
    ]  # fmt: skip
    assert [row["month_day"] for row in rows] == [date(2023, n, 1) for n in (9, 10, 11)]


def test_orders_without_a_currency_are_in_the_settings_own_everywhere_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CX_HOME", str(tmp_path))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "settings.toml").write_text('currency = "EUR"\n', encoding="utf-8")
    orders = [
        {"order_id": f"{n}", "customer_id": "c", "ordered_at": datetime(2025, n, 9, tzinfo=UTC), "amount": float(n),
         "kind": "order", "currency": "EUR" if n % 2 else None}
        for n in range(1, 13)
    ]  # fmt: skip
    rated = {"survey_id": "s", "kind": "csat", "customer_id": "c", "answered_at": datetime(2025, 6, 15, tzinfo=UTC),
             "answer": 5.0, "scale_low": 1.0, "scale_high": 5.0}  # fmt: skip
    folder = tmp_path / "shop"
    tables = run(folder, extracted_at=datetime(2026, 1, 2, tzinfo=UTC), orders=orders, surveys=[rated])
    assert {row["currency"] for row in tables["orders"]} == {"EUR"}
    answer = tables["followed_answers"][0]
    assert (answer["spent_before"], answer["spent_after"]) == (4 + 5 + 6, 7 + 8 + 9)
    revenues = [
        unit_frame(METRICS["revenue"], query(open_data(str(folder)), filters=filters), ["2025-06"])["sum_wx"].sum()
        for filters in ("", "currency=EUR")
    ]
    assert revenues == [6.0, 6.0]
    for currency in ("EUR", "USD"):  # the fill of the last run is never taken for a given one
        (folder / "settings.toml").write_text(f'currency = "{currency}"', encoding="utf-8")
        rederive(str(folder))
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        assert manifest["filled"] == {"orders": {f"currency not given, taken as {currency}": 6}}
    assert open_data(str(folder)).currencies in (("EUR", "USD"), ("USD", "EUR"))
