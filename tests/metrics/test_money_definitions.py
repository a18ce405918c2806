"""The figures of money on a few literal rows, and on the shop whose figures are published."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cxlib.derive import derive
from cxlib.metrics import get, measured_frame, missing_reason, query
from cxlib.metrics.queries import Query
from cxlib.periods import months_between
from cxlib.questions import trend
from cxlib.results.types import NotKnown, Trend
from cxlib.store.folder import open_data, write_manifest
from cxlib.tables.schema import conform

EXTRACTED = datetime(2026, 10, 31, 23, tzinfo=UTC)
DAY = 1440.0
Rows = list[dict[str, Any]]
Looked = Callable[..., Query]
CDNOW_COLUMNS = {"customer_id": (1, 5), "day": (7, 8), "amount": (18, 9)}


@pytest.fixture
def looked(tmp_path: Path) -> Looked:
    def build(table: str, rows: Rows, filters: str = "") -> Query:
        folder = tmp_path / "literal"
        folder.mkdir()
        whole = conform(pl.LazyFrame(rows, infer_schema_length=None), table, derived=True)
        whole.collect().write_parquet(folder / f"{table}.parquet")
        manifest = {"extracted_at": EXTRACTED.isoformat(), "first_month": "2026-10", "last_month": "2026-10"}
        write_manifest(folder, manifest)
        return query(open_data(str(folder)), month="2026-10", filters=filters)

    return build


def _order(number: int, amount: float, kind: str = "order", **more: Any) -> dict[str, Any]:
    at = EXTRACTED - timedelta(days=more.pop("days_ago", 20))
    row = {"order_id": f"o{number}", "customer_id": f"c{number % 3}", "ordered_at": at, "ordered_day": at.date()}
    return row | {"net_amount": amount, "amount": abs(amount), "kind": kind, "currency": "EUR"} | more


ORDERS = [
    _order(1, 30.0), _order(2, 50.0, ticket_id="t1"), _order(3, -20.0, "refund"), _order(4, 9.0, "subscription"),
    _order(5, 0.0, "cancellation", net_amount=None),
]  # fmt: skip


def _figure(name: str, looked: Query) -> tuple[int, float]:
    frame = measured_frame(get(name), looked, ["2026-10"])
    return frame["n"].sum(), frame["sum_wx"].sum() / frame["sum_w"].sum()


def test_revenue_subtracts_refunds(looked: Looked) -> None:
    here = looked("orders", ORDERS)
    found = trend("revenue", here)
    assert isinstance(found, Trend)
    assert (found.points["value"][0], found.metric.measured_in) == (30 + 50 - 20 + 9, "EUR")


def test_average_order_value_divides_orders_less_refunds_by_orders(looked: Looked) -> None:
    assert _figure("average_order_value", looked("orders", ORDERS)) == (2, (30 + 50 - 20) / 2)


def test_supported_revenue_counts_orders_that_name_a_ticket(looked: Looked) -> None:
    assert measured_frame(get("supported_revenue"), looked("orders", ORDERS), ["2026-10"])["sum_wx"].sum() == 50


def test_several_currencies_are_refused_in_words_unless_one_is_chosen(looked: Looked) -> None:
    here = looked("orders", [*ORDERS, _order(6, 100.0, currency="PLN"), _order(7, 1.0, currency=None)])
    for name in ("revenue", "average_order_value", "supported_revenue"):
        refused = trend(name, here)
        assert isinstance(refused, NotKnown)
        assert "EUR, PLN" in refused.reason
        assert "currency=EUR" in refused.reason
    zloty = trend("revenue", here.only("currency", "PLN"))
    assert isinstance(zloty, Trend)
    assert (zloty.points["value"][0], zloty.metric.measured_in) == (100.0, "PLN")
    assert isinstance(trend("revenue", here.only("currency", "PLN", "EUR")), NotKnown)


@pytest.mark.parametrize(
    ("row", "soon", "ever"),
    [
        ({"second_day_minutes": 90 * DAY, "days_ago": 91}, (1, 1), (1, 1)),
        ({"second_day_minutes": 90 * DAY + 1, "days_ago": 95}, (1, 0), (1, 1)),
        ({"second_day_minutes": None, "days_ago": 95}, (1, 0), (1, 0)),
        ({"second_day_minutes": 5 * DAY, "days_ago": 89}, (0, 0), (1, 1)),
        ({"is_first": False, "days_ago": 95}, (0, 0), (0, 0)),
    ],
)
def test_buying_again_is_known_when_its_window_is_over(looked: Looked, row: Any, soon: Any, ever: Any) -> None:
    here = looked("orders", [_order(1, 5.0, **{"is_first": True, **row})])
    months = months_between("2026-07", "2026-08")
    for name, expected in (("repeat_purchase", soon), ("repeat_purchase_ever", ever)):
        frame = measured_frame(get(name), here, months)
        assert (frame["n"].sum(), frame["sum_wx"].sum()) == expected


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [(True, True, (1, 1)), (True, False, (1, 0)), (False, True, (0, 0)), (None, True, (0, 0)), (None, None, (0, 0))],
)
def test_retention_is_over_those_active_before(looked: Looked, before: Any, now: Any, expected: Any) -> None:
    at = datetime(2026, 10, 1, tzinfo=UTC)
    row = {"customer_month_id": "c/2026-10", "customer_id": "c", "month_at": at, "month_day": at.date()}
    here = looked("customer_months", [row | {"active_before": before, "active": now, "tickets": 7}])
    frame = measured_frame(get("retention"), here, ["2026-10"])
    assert (frame["n"].sum(), frame["sum_wx"].sum()) == expected


@pytest.mark.parametrize(
    ("ticket", "followed", "credited"),
    [
        ({"next_order_minutes": 7 * DAY, "helped_order_minutes": 7 * DAY}, (1, 1), (1, 1)),
        ({"next_order_minutes": 7 * DAY + 1}, (1, 0), (1, 0)),
        ({"next_order_minutes": 60.0, "customer_id": None, "helped_order_minutes": 60.0}, (0, 0), (1, 1)),
        ({"next_order_minutes": 60.0, "first_replied_at": None}, (0, 0), (0, 0)),
        ({"next_order_minutes": 60.0, "opened_by": "agent"}, (0, 0), (0, 0)),
        ({"next_order_minutes": 60.0, "status": "spam"}, (0, 0), (0, 0)),
        ({"next_order_minutes": 60.0, "days_ago": 6}, (0, 0), (0, 0)),
    ],
)
def test_conversion_is_of_contacts_that_a_human_answered(
    looked: Looked, ticket: Any, followed: Any, credited: Any
) -> None:
    at = EXTRACTED - timedelta(days=ticket.pop("days_ago", 8))
    row = {"ticket_id": "t", "customer_id": "c", "created_at": at, "created_day": at.date(), "first_replied_at": at}
    here = looked("tickets", [row | ticket])
    for name, expected in (("contact_conversion", followed), ("credited_conversion", credited)):
        frame = measured_frame(get(name), here, ["2026-10"])
        assert (frame["n"].sum(), frame["sum_wx"].sum()) == expected


def test_a_month_settles_when_the_windows_of_all_its_days_are_over(looked: Looked) -> None:
    here = looked("orders", ORDERS)
    data = {"first_month": "2026-01", "last_month": "2026-10", "extracted_at": EXTRACTED.isoformat()}
    write_manifest(here.data.folder, data)
    again = query(open_data(str(here.data.folder)), month="2026-10")
    assert [again.settled(name).month for name in ("repeat_purchase", "contact_conversion", "revenue")] == [
        "2026-07", "2026-09", "2026-10"
    ]  # fmt: skip


def test_the_cd_shop_gives_its_published_figures(
    shared_data: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = pl.Series("line", shared_data("cdnow/CDNOW_master.txt").read_text().splitlines()[1:]).to_frame()
    parts = {name: pl.col("line").str.slice(*place).str.strip_chars() for name, place in CDNOW_COLUMNS.items()}
    rows = lines.filter(pl.col("line").str.strip_chars() != "").select(**parts).with_row_index("number")
    rows = rows.with_columns(
        pl.col("amount").cast(pl.Float64), order_id=pl.col("number").cast(pl.String), currency=pl.lit("USD"),
        ordered_at=pl.col("day").str.to_datetime("%Y%m%d", time_zone="UTC", time_unit="us"), kind=pl.lit("order"),
    )  # fmt: skip
    monkeypatch.setenv("CX_HOME", str(tmp_path))
    folder = tmp_path / "data" / "shop"
    folder.mkdir(parents=True)
    conform(rows.lazy(), "orders").collect().write_parquet(folder / "orders.parquet")
    (folder / "settings.toml").write_text('timezone = "UTC"', encoding="utf-8")
    write_manifest(folder, {"extracted_at": "1998-07-01T00:00:00+00:00"})
    derive(folder)
    here = query(open_data(str(folder)), month="1998-06")
    ever = measured_frame(get("repeat_purchase_ever"), here, months_between("1997-01", "1998-06"))
    assert ever.select("period", "n").rows() == [("1997-01", 7846), ("1997-02", 8476), ("1997-03", 7248)]
    assert (ever["sum_wx"].sum(), round(100 * ever["sum_wx"].sum() / ever["n"].sum(), 2)) == (11516, 48.86)
    spent = measured_frame(get("revenue"), here, months_between("1997-01", "1998-06"))
    assert round(spent["sum_wx"].sum(), 2) == 2500315.63
    assert missing_reason(get("supported_revenue"), here) is not None
    retained = measured_frame(get("retention"), here, ["1998-05"]).row(0, named=True)
    end = datetime(1998, 6, 1, tzinfo=UTC)
    then, now = (_buyers(rows, at) for at in (end - timedelta(days=90), end))
    assert retained["n"] == len(then)
    assert retained["sum_wx"] == len(then & now)


def _buyers(rows: pl.DataFrame, at: datetime) -> set[str]:
    """Return who bought in the 90 days before an instant."""
    inside = rows.filter(pl.col("ordered_at") < at, pl.col("ordered_at") >= at - timedelta(days=90))
    return set(inside["customer_id"])


def test_tickets_per_customer_are_those_of_the_active(looked: Looked) -> None:
    def month(customer: str, active: bool, tickets: int) -> dict[str, Any]:
        at = datetime(2026, 9, 30, 22, tzinfo=UTC)
        key = {"customer_month_id": f"{customer} 2026-10", "customer_id": customer, "month_at": at}
        return key | {"month_day": datetime(2026, 10, 1).date(), "active": active, "tickets": tickets}

    rows = [month("ada", True, 2), month("bob", True, 0), month("cem", False, 3)]
    assert _figure("tickets_per_customer", looked("customer_months", rows)) == (2, 1.0)
