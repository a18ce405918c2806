"""Amounts that a few large orders carry are said to be, with the share counted by a loop."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from stats import desk

from cxlib import numbers
from cxlib.metrics import Query, query
from cxlib.present.sentences import say
from cxlib.questions import trend
from cxlib.results.types import Trend


def shop(folder: Path, amounts: list[float]) -> Query:
    """Lay down an order of 1 EUR on the last day of August, then these in September."""
    days = [datetime(2026, 8, 31, 12, tzinfo=UTC), *[datetime(2026, 9, 5, 12, tzinfo=UTC)] * len(amounts)]
    rows = [
        {"order_id": f"o{i}", "customer_id": f"c{i}", "ordered_at": at, "ordered_day": at.date(), "kind": "order",
         "amount": x, "net_amount": x, "currency": "EUR"}
        for i, (at, x) in enumerate(zip(days, [1.0, *amounts], strict=True))
    ]  # fmt: skip
    return query(desk.build(folder, orders=rows), month="2026-09")


def asked(folder: Path, name: str, amounts: list[float]) -> Trend:
    found = trend(name, shop(folder, amounts))
    assert isinstance(found, Trend)
    return found


@pytest.mark.parametrize("name", ["revenue", "average_order_value"])
def test_the_largest_hundredth_that_carries_a_fifth_is_told(tmp_path: Path, name: str) -> None:
    amounts = [float(x) for x in np.random.default_rng(1).lognormal(3, 2, 350)]
    total, rest = 0.0, sorted(amounts)
    for amount in amounts:
        total += amount
    top = sum(rest.pop() for _ in range(4))  # 1 % of 350, rounded up
    found = asked(tmp_path / "desk", name, amounts)
    assert found.scope.largest is not None
    assert found.scope.largest.rows == 4
    assert found.scope.largest.share == pytest.approx(top / total)
    told = f"The largest 1 % (4 orders) carry {round(100 * top / total)} % of the sum."
    assert str(say(found)).replace(numbers.SPACE, " ").endswith(told)


def test_even_amounts_and_refunds_carry_nothing(tmp_path: Path) -> None:
    assert asked(tmp_path / "even", "revenue", [20.0] * 300).scope.largest is None
    assert asked(tmp_path / "refund", "revenue", [20.0] * 300 + [-5000.0]).scope.largest is None


def test_one_large_order_of_few_is_told_alone(tmp_path: Path) -> None:
    found = asked(tmp_path / "desk", "revenue", [10.0] * 30 + [100.0])
    assert found.scope.largest == (1, pytest.approx(0.25))
    assert "The largest of them alone carries 25 % of the sum." in str(say(found)).replace(numbers.SPACE, " ")
