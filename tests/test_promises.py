"""The check names what several columns or tables break together: how many, which ids, what it does to which figure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cxlib.check import Finding, check
from cxlib.store.folder import open_data, write_manifest
from cxlib.tables.schema import conform

START, END = datetime(2026, 8, 1, tzinfo=UTC), datetime(2026, 10, 31, 23, tzinfo=UTC)
DAY = timedelta(days=1)
Rows = list[dict[str, Any]]


@pytest.fixture
def found(tmp_path: Path) -> Callable[..., dict[str, Finding]]:
    """Return a function that writes tables and gives the findings by table and promise."""

    def run(manifest: dict[str, Any] | None = None, **tables: Rows) -> dict[str, Finding]:
        for name, rows in tables.items():
            frame = conform(pl.LazyFrame(rows, infer_schema_length=None), name).collect()
            frame.write_parquet(tmp_path / f"{name}.parquet")
        write_manifest(tmp_path, {"extracted_at": END.isoformat(), "first_month": "2026-08"} | (manifest or {}))
        report = check(open_data(str(tmp_path)))
        return {f"{one.table}: {one.promise}": one for one in report.findings}

    return run


def ticket(key: str, **more: Any) -> dict[str, Any]:
    return {"ticket_id": key, "created_at": START + DAY, "status": "open", **more}


SOUND = ticket("fine", status="solved", solved_at=START + 2 * DAY, closed_at=START + 3 * DAY, due_at=END)


@pytest.mark.parametrize(
    ("row", "promise", "figure"),
    [
        (ticket("t", status="solved"), "a solved ticket without solved_at or closed_at", "resolution time"),
        (ticket("t", status="closed"), "a solved ticket without solved_at or closed_at", "backlog"),
        (
            ticket("t", status="closed", solved_at=START + 4 * DAY, closed_at=START + 3 * DAY),
            "closed_at lies before solved_at", "solved",
        ),
        (ticket("t", closed_at=START + 3 * DAY), "an unsolved ticket that has closed_at", "backlog"),
        (ticket("t", status="hold", closed_at=START + 3 * DAY), "an unsolved ticket that has closed_at", "unsolved"),
        (ticket("t", due_at=START), "due_at lies before created_at", "promise"),
        (ticket("t", first_reply_due_at=START), "first_reply_due_at lies before created_at", "first reply"),
        (ticket("t", created_at=END + DAY), "created_at lies after the end of the data", "month"),
        (ticket("t", status="merged", merged_into="t"), "a ticket merged into itself", "no figure"),
        (ticket("t", status="merged", merged_into="99"), "merged_into is unknown in tickets", ""),
        (
            ticket("t", created_at=datetime(2016, 1, 1, tzinfo=UTC)),
            "created_at lies more than 400 days before all later rows", "month",
        ),
    ],
)  # fmt: skip
def test_a_ticket_that_cannot_be_so_is_named(
    found: Callable[..., dict[str, Finding]], row: dict[str, Any], promise: str, figure: str
) -> None:
    finding = found(tickets=[SOUND, row])[f"tickets: {promise}"]
    assert (finding.count, finding.examples) == (1, ("t",))
    assert figure in finding.effect


def test_a_sound_ticket_breaks_nothing(found: Callable[..., dict[str, Finding]]) -> None:
    reopened = ticket("again", solved_at=START + 2 * DAY)
    chain = [ticket("a", status="merged", merged_into="b"), ticket("b", status="merged", merged_into="fine")]
    assert found(tickets=[SOUND, reopened, *chain]) == {}


def test_tickets_merged_in_a_ring_are_named_and_those_that_lead_into_one_are_not(
    found: Callable[..., dict[str, Finding]],
) -> None:
    into = {"1": "2", "2": "3", "3": "1", "4": "1", "5": "5", "6": "7", "7": "fine"}
    rows = [SOUND, *(ticket(key, status="merged", merged_into=other) for key, other in into.items())]
    told = found(tickets=rows)
    ring = told["tickets: a ticket merged in a ring that leads back to it"]
    assert (ring.count, ring.examples) == (3, ("1", "2", "3"))
    assert told["tickets: a ticket merged into itself"].examples == ("5",)
    assert len(told) == 2


def test_a_refund_of_a_negative_amount_is_named(found: Callable[..., dict[str, Finding]]) -> None:
    rows = [
        {"order_id": key, "customer_id": "c", "ordered_at": START + DAY, "amount": amount, "kind": kind}
        for key, amount, kind in (("o1", 100.0, "order"), ("o2", 40.0, "refund"), ("o3", -40.0, "refund"))
    ]
    finding = found(orders=rows)["orders: a refund of a negative amount"]
    assert (finding.count, finding.examples) == (1, ("o3",))


def test_ids_of_customers_that_differ_only_in_capitals_or_spaces_are_named(
    found: Callable[..., dict[str, Finding]],
) -> None:
    ids = ("ann@example.org", "Ann@Example.org", "ann@example.org ", "ann.b@example.org")
    told = found(
        tickets=[ticket(str(place), customer_id=who) for place, who in enumerate(ids)],
        customers=[{"customer_id": who} for who in ids],
        orders=[{"order_id": "o", "customer_id": "ANN.B@example.org", "ordered_at": START}],
    )
    finding = told["customers: customer_id differs from another one only in capitals or outer spaces"]
    assert finding.count == 5
    assert set(finding.examples) <= {*ids, "ANN.B@example.org"}


def test_a_table_that_the_manifest_lists_and_a_column_that_was_not_read_are_named(
    found: Callable[..., dict[str, Finding]],
) -> None:
    manifest = {"rows": {"tickets": 2, "surveys": 5, "agents": 0}, "unread": {"tickets": {"closed_at": 7, "team": 1}}}
    told = found(manifest, tickets=[ticket("t", team="A")])
    assert {name: one.count for name, one in told.items()} == {
        "surveys: the table is listed in the manifest and its file is missing": 5,
        "tickets: closed_at is mapped, and not one of its texts could be read": 7,
    }
