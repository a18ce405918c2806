"""Rows that repeat a key are set aside once, counted, and found by the check."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from cxlib.check import check
from cxlib.derive import derive
from cxlib.store.folder import open_data, write_manifest
from cxlib.tables.schema import conform

AT = datetime(2026, 10, 1, tzinfo=UTC)


def _derived(folder: Path, keys: list[str]) -> None:
    rows = pl.LazyFrame({"ticket_id": keys, "created_at": AT, "subject": [f"row {i}" for i in range(len(keys))]})
    conform(rows, "tickets").collect().write_parquet(folder / "tickets.parquet")
    write_manifest(folder, {"extracted_at": AT.isoformat()})
    derive(folder)


def test_the_first_row_of_a_key_stays_and_later_ones_are_kept_aside(tmp_path: Path) -> None:
    _derived(tmp_path, ["a", "b", "a", "c", "a"])
    data = open_data(str(tmp_path))
    assert data.scan("tickets").select("ticket_id", "subject").collect().rows() == [
        ("a", "row 0"), ("b", "row 1"), ("c", "row 3"),
    ]  # fmt: skip
    aside = pl.read_parquet(tmp_path / "set_aside" / "tickets.parquet")
    assert aside.select("ticket_id", "subject", "reason").rows() == [
        ("a", "row 2", "duplicate ticket_id"), ("a", "row 4", "duplicate ticket_id"),
    ]  # fmt: skip
    finding = next(finding for finding in check(data).findings if "duplicate" in finding.promise)
    assert (finding.promise, finding.count, finding.examples) == ("duplicate ticket_id (set aside)", 2, ("a", "a"))


def test_deriving_again_counts_nothing_twice(tmp_path: Path) -> None:
    _derived(tmp_path, ["a", "a", "b"])
    derive(tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["set_aside"] == {"tickets": {"duplicate ticket_id": 1}}
    assert manifest["rows"]["tickets"] == 2


def test_tables_without_repeats_set_nothing_aside(tmp_path: Path) -> None:
    _derived(tmp_path, ["a", "b"])
    assert not (tmp_path / "set_aside").exists()
