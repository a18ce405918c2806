"""The figures of workflows and self-service on a few literal rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cxlib.metrics import get, measured_frame, missing_reason, query
from cxlib.metrics.queries import Query
from cxlib.store.folder import open_data, write_manifest
from cxlib.tables.schema import conform

EXTRACTED = datetime(2026, 10, 31, 23, tzinfo=UTC)
AT = EXTRACTED - timedelta(days=20)
Rows = list[dict[str, Any]]


def looked(folder: Path, table: str, rows: Rows) -> Query:
    rows = [row | {f"{anchor}_at": AT, f"{anchor}_day": AT.date()} for row in rows for anchor in (_ANCHOR[table],)]
    folder.mkdir()
    whole = conform(pl.LazyFrame(rows, infer_schema_length=None), table, derived=True)
    whole.collect().write_parquet(folder / f"{table}.parquet")
    manifest = {"extracted_at": EXTRACTED.isoformat(), "first_month": "2026-10", "last_month": "2026-10"}
    write_manifest(folder, manifest)
    return query(open_data(str(folder)), month="2026-10")


_ANCHOR = {"tickets": "solved", "workflow_runs": "ran", "article_views": "viewed", "visits": "viewed"}


def figure(name: str, folder: Path, rows: Rows) -> tuple[int, float]:
    metric = get(name)
    frame = measured_frame(metric, looked(folder / "data", metric.table, rows), ["2026-10"])
    total = frame["sum_wx"].sum()
    return frame["n"].sum(), total if metric.kind == "count" else total / frame["sum_w"].sum()


def solved(number: int, kinds: str | None, auto: bool | None, replied: bool, **more: Any) -> dict[str, Any]:
    row = {"ticket_id": f"t{number}", "customer_id": f"c{number}", "status": "solved", "opened_by": "customer"}
    when = {"created_at": AT, "created_day": AT.date(), "first_replied_at": AT if replied else None}
    return {**row, **when, "workflow_kinds": kinds, "auto_answered": auto, **more}


TICKETS = [
    solved(1, "macro+saved_reply", False, True),
    solved(2, "none", False, True),
    solved(3, "auto_reply", True, False),  # settled without a person
    solved(4, "auto_reply", True, True),  # a person replied as well
    solved(5, "none", False, False),  # solved by the customer alone: no automatic answer
    solved(6, "auto_reply", True, False, status="merged"),
    solved(7, "auto_reply", True, False, opened_by="agent"),
    solved(8, None, None, True),
]


def test_shares_of_solved_tickets(tmp_path: Path) -> None:
    assert figure("workflow_share", tmp_path, TICKETS) == (5, pytest.approx(3 / 5))


def test_the_automation_rate_needs_an_answer_and_no_person(tmp_path: Path) -> None:
    assert figure("automation_rate", tmp_path, TICKETS) == (5, pytest.approx(1 / 5))


def test_where_no_automatic_answer_is_recorded_the_rate_is_not_known(tmp_path: Path) -> None:
    there = looked(tmp_path / "data", "tickets", [row | {"auto_answered": None} for row in TICKETS])
    assert "which tickets got an automatic answer" in (missing_reason(get("automation_rate"), there) or "")
    assert missing_reason(get("workflow_share"), there) is None


def test_every_run_is_a_use(tmp_path: Path) -> None:
    runs = [
        {"run_id": f"r{n}", "ticket_id": "t1", "kind": kind} for n, kind in enumerate(("macro", "macro", "sla", None))
    ]
    assert figure("workflow_uses", tmp_path, runs) == (3, 3.0)


VIEWS = [
    {"view_id": f"v{n}", "article_id": "k", "helpful": helpful, "ticket_opened": opened}
    for n, (helpful, opened) in enumerate(((True, False), (True, None), (False, True), (None, False), (None, None)))
]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("article_views", (5, 5.0)), ("article_helpfulness", (3, 2 / 3)), ("left_with_ticket", (3, 1 / 3))],
)
def test_views(name: str, expected: tuple[int, float], tmp_path: Path) -> None:
    assert figure(name, tmp_path, VIEWS) == (expected[0], pytest.approx(expected[1]))


@pytest.mark.parametrize(("name", "expected"), [("self_service_rate", (4, 3 / 4)), ("visits_with_ticket", (1, 1.0))])
def test_visits(name: str, expected: tuple[int, float], tmp_path: Path) -> None:
    visits = [
        {"visit_id": f"v{n}", "ticket_opened": opened} for n, opened in enumerate((False, False, True, False, None))
    ]
    assert figure(name, tmp_path, visits) == (expected[0], pytest.approx(expected[1]))
