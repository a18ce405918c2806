"""Public cases about orders, refunds, currencies and retention."""

from __future__ import annotations

import pytest

from tests.public_cases.case import Case

MARCH = "2026-03"


def test_12_a_refund_counts_when_it_is_made(case: Case) -> None:
    case.imported()
    assert case.values("revenue") == {MARCH: 100, "2026-04": -100, "2026-05": 30}
    assert case.values("average_order_value") == {MARCH: 50, "2026-05": 30}


def test_13_a_refund_lowers_revenue_whatever_its_sign(case: Case) -> None:
    case.imported()
    assert case.figure("revenue", month=MARCH)[0] == 90


def test_14_amounts_in_many_hands(case: Case) -> None:
    case.imported()
    amounts = case.column("revenue", "adds", month=MARCH)
    assert amounts.items() >= {"1": 1500, "2": 1234.5, "3": 12}.items()
    right = {"1": 1500, "2": 1234.5, "3": 12, "4": 12, "5": -25, "6": 1000.25}
    assert amounts.items() <= right.items()
    assert case.manifest()["notes"]["orders"]["unreadable amount"]["count"] == 8 - len(amounts)


def test_35_the_year_before_a_leap_day(case: Case) -> None:
    case.imported()
    assert case.figure("net_revenue_retention", month="2025-02")[0] == pytest.approx(75)
    assert case.figure("gross_revenue_retention", month="2025-02")[0] == pytest.approx(50)
    assert case.figure("revenue", month="2025-02")[0] == 60
    assert case.figure("revenue", month="2024-02")[0] == 80
    # February 2023 begins with the data, on the 28th: withheld, or as it stands.
    assert case.values("net_revenue_retention", month="2024-02") in ({}, {"2024-02": pytest.approx(200)})


def test_43_currencies_are_never_added(case: Case) -> None:
    case.imported()
    said = case.run("figures", "b", "--month", MARCH, "--metric", "revenue", "--format", "csv", status=None)
    assert "not known: revenue" in said.err
    euros = case.figure("revenue", month=MARCH, more=("--filter", "currency=EUR"))[0]
    dollars = case.figure("revenue", month=MARCH, more=("--filter", "currency=USD"))[0]
    assert (euros in (105, 110), dollars) == (True, 100)
    each = case.values("revenue", month=MARCH, more=("--by", "currency"))
    assert (each["EUR"], each["USD"]) == (euros, 100)
