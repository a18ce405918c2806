"""The check finds every kind of broken promise, with its count and examples, and nothing where there is nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cxlib.check import CheckReport, check
from cxlib.store.folder import open_data, write_manifest
from cxlib.tables.schema import conform

START = datetime(2026, 8, 1, tzinfo=UTC)
END = datetime(2026, 10, 31, 23, tzinfo=UTC)


def _checked(folder: Path, **tables: list[dict[str, Any]]) -> CheckReport:
    for name, rows in tables.items():
        conform(pl.LazyFrame(rows, infer_schema_length=None), name).collect().write_parquet(folder / f"{name}.parquet")
    aside = {"tickets": {"unreadable date": 4}}
    write_manifest(folder, {"extracted_at": END.isoformat(), "first_month": "2026-08", "set_aside": aside})
    return check(open_data(str(folder)))


def _found(report: CheckReport) -> dict[str, tuple[int, tuple[str, ...]]]:
    return {f"{finding.table}: {finding.promise}": (finding.count, finding.examples) for finding in report.findings}


def _ticket(key: str, **more: Any) -> dict[str, Any]:
    return {"ticket_id": key, "created_at": START + timedelta(days=1), **more}


def test_clean_tables_have_no_findings(tmp_path: Path) -> None:
    report = _checked(
        tmp_path,
        tickets=[_ticket("t1", customer_id="c1", status="open", channel="email")],
        customers=[{"customer_id": "c1"}],
    )
    assert [finding.promise for finding in report.findings] == ["unreadable date (set aside)"]
    tickets = report.tables[0]
    assert (tickets.table, tickets.rows, tickets.first) == ("tickets", 1, "2026-08-02")
    assert tickets.missing["status"] == 0.0
    assert tickets.missing["team"] == 1.0


def test_every_kind_of_broken_promise_is_found(tmp_path: Path) -> None:
    late = END + timedelta(seconds=1)
    report = _checked(
        tmp_path,
        tickets=[
            _ticket("t1", customer_id="nobody", status="asleep"),
            _ticket("t2"),
            _ticket("t2"),
            _ticket("t3", first_replied_at=START),
            _ticket("t4", solved_at=late, due_at=late),
        ],
        customers=[{"customer_id": "c1", "joined_at": END, "left_at": START}],
        messages=[
            {"message_id": "m1", "ticket_id": "t3", "sent_at": START, "author": "customer"},
            {"message_id": "m2", "ticket_id": "t99", "sent_at": END, "author": "customer"},
        ],
        surveys=[
            {"survey_id": "s1", "kind": "csat", "answer": 9.0, "scale_low": 1.0, "scale_high": 5.0},
            {"survey_id": "s2", "kind": "csat", "answered_at": START},
            {"survey_id": "s3", "kind": "csat", "answer": 5.0, "scale_low": 1.0, "scale_high": 5.0},
        ],
    )
    assert _found(report) == {
        "tickets: duplicate ticket_id": (2, ("t2", "t2")),
        "tickets: status is none of the known values": (1, ("t1",)),
        "tickets: solved_at lies after the end of the data": (1, ("t4",)),
        "tickets: first_replied_at lies before created_at": (1, ("t3",)),
        "tickets: customer_id is unknown in customers": (1, ("t1",)),
        "tickets: unreadable date (set aside)": (4, ()),
        "messages: message lies before its ticket's creation": (1, ("m1",)),
        "messages: ticket_id is unknown in tickets": (1, ("m2",)),
        "surveys: answer lies outside its scale": (1, ("s1",)),
        "surveys: answered_at without an answer": (1, ("s2",)),
        "customers: left_at lies before joined_at": (1, ("c1",)),
    }


@pytest.mark.parametrize(("sizes", "shrunk"), [((60, 20, 60), ("2026-09",)), ((60, 55, 20), ("2026-10",))])
def test_a_month_shrunk_by_half_is_found(tmp_path: Path, sizes: tuple[int, ...], shrunk: tuple[str, ...]) -> None:
    rows = [
        _ticket(f"{month}-{place}", created_at=datetime(2026, month, 2, tzinfo=UTC))
        for month, size in zip((8, 9, 10), sizes, strict=True)
        for place in range(size)
    ]
    assert _found(_checked(tmp_path, tickets=rows)) == {
        "tickets: a month with less than half its neighbours' rows": (1, shrunk),
        "tickets: unreadable date (set aside)": (4, ()),
    }


def test_a_month_that_is_not_shrunk_by_half_is_not_found(tmp_path: Path) -> None:
    rows = [
        _ticket(f"{month}-{place}", created_at=datetime(2026, month, 2, tzinfo=UTC))
        for month, size in ((8, 60), (9, 31), (10, 60))
        for place in range(size)
    ]
    assert list(_found(_checked(tmp_path, tickets=rows))) == ["tickets: unreadable date (set aside)"]


@pytest.mark.parametrize(
    ("sizes", "empty", "shrunk"),
    [
        ({5: 60, 6: 60, 9: 60, 10: 60}, ("2026-07", "2026-08"), ()),
        ({7: 60, 8: 60}, ("2026-09", "2026-10"), ()),
        ({7: 60, 8: 5, 10: 60}, (), ("2026-08",)),
        ({7: 19, 9: 60, 10: 60}, (), ()),
    ],
)
def test_months_without_any_row_are_found(
    tmp_path: Path, sizes: dict[int, int], empty: tuple[str, ...], shrunk: tuple[str, ...]
) -> None:
    rows = [
        _ticket(f"{month}-{place}", created_at=datetime(2026, month, 2, tzinfo=UTC))
        for month, size in sizes.items()
        for place in range(size)
    ]
    (tmp_path / "settings.toml").write_text('timezone = "Europe/Warsaw"\n')  # there October is over when the data end
    found = _found(_checked(tmp_path, tickets=rows))
    nothing = (0, ())
    assert found.get("tickets: a month without any row beside months that have many", nothing) == (len(empty), empty)
    assert found.get("tickets: a month with less than half its neighbours' rows", nothing) == (len(shrunk), shrunk)


def test_answers_of_one_kind_on_several_scales_are_told(tmp_path: Path) -> None:
    rows = [
        {"survey_id": f"{kind}{place}", "kind": kind, "answer": 3.0, "scale_low": 1.0, "scale_high": float(high)}
        for kind, scales in (("csat", (5, 10, 5)), ("effort", (7, 7)))
        for place, high in enumerate(scales)
    ]
    asked = {"survey_id": "asked", "kind": "effort", "scale_low": 1.0, "scale_high": 5.0}
    told = [name for name in _found(_checked(tmp_path, surveys=[*rows, asked])) if "scales" in name]
    assert told == [
        "surveys: csat is answered on several scales (1 to 5: 2, 1 to 10: 1): "
        "compared by box, or by the place on each scale"
    ]


def test_weights_that_are_no_weights_are_found(tmp_path: Path) -> None:
    weights = [1.0, None, 1e9, 0.0, -1.0, 1e300, float("inf"), float("nan")]
    rows = [{"survey_id": f"s{place}", "kind": "csat", "weight": weight} for place, weight in enumerate(weights)]
    promise = "surveys: weight is not a positive number up to 1,000,000,000"
    assert _found(_checked(tmp_path, surveys=rows))[promise] == (5, ("s3", "s4", "s5"))


def test_tickets_all_by_agents_and_fields_in_other_capitals_are_found(tmp_path: Path) -> None:
    changes = [
        {"change_id": field, "ticket_id": "1", "changed_at": START + timedelta(days=2), "field": field, "new": "x"}
        for field in ("Status", "status", "Colour")
    ]
    tickets = [_ticket("1", opened_by="agent"), _ticket("2", opened_by="agent")]
    found = _found(_checked(tmp_path, tickets=tickets, changes=changes))
    counted = "tickets: every ticket counts as opened by an agent, so that volume counts none (opened_by)"
    assert found[counted] == (2, ("1", "2"))
    assert found["changes: field is a known one in other capitals, so that nothing reads it"] == (1, ("Status",))
    found = _found(_checked(tmp_path, tickets=[*tickets, _ticket("3")], changes=changes[1:]))
    assert set(found) == {"tickets: unreadable date (set aside)"}


def test_the_report_is_plain_json(tmp_path: Path) -> None:
    report = _checked(tmp_path, tickets=[_ticket("t1"), _ticket("t1")])
    plain = json.loads(json.dumps(report.as_json()))
    assert plain["findings"][0]["examples"] == ["t1", "t1"]


def test_the_text_says_every_finding_and_what_was_set_aside(tmp_path: Path) -> None:
    text = _checked(tmp_path, tickets=[_ticket("t1"), _ticket("t1")]).as_text()
    assert "tickets  duplicate ticket_id  2 rows, for example t1, t1" in text
    assert "tickets  unreadable date (set aside)  4 rows" in text
    assert "customer_id 100 %" in text


PLANTED = {
    "unknown_customer": "customer_id is unknown in customers",
    "reply_before_creation": "message lies before its ticket's creation",
    "answer_outside_scale": "answer lies outside its scale",
    "instant_after_extraction": "{instant} lies after the end of the data",
    "duplicate_key": "duplicate {key} (set aside)",
}
INSTANT = {"surveys": "answered_at", "orders": "ordered_at"}
KEY = {"tickets": "ticket_id", "messages": "message_id", "surveys": "survey_id"}


def test_every_dirty_row_planted_in_the_demo_is_found_and_nothing_else(small_demo: Path) -> None:
    planted = json.loads((small_demo / "truth.json").read_text(encoding="utf-8"))["dirty"]
    expected = {
        f"{table}: {PLANTED[kind].format(instant=INSTANT.get(table), key=KEY.get(table))}": count
        for kind, tables in planted.items()
        for table, count in tables.items()
    }
    found = check(open_data(str(small_demo))).findings
    assert {f"{finding.table}: {finding.promise}": finding.count for finding in found} == expected
    assert all(len(finding.examples) == 3 for finding in found)
