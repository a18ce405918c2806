"""A help desk in Warsaw with literal rows: a first month half observed, an empty week, a rise, both clock changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import holidays
import numpy as np
import polars as pl

from cxlib.derive import derive
from cxlib.metrics import Query, query
from cxlib.results.types import NotKnown
from cxlib.store.folder import open_data, write_manifest
from cxlib.tables.schema import conform

ZONE = ZoneInfo("Europe/Warsaw")
FIRST, LAST = date(2025, 2, 20), date(2026, 10, 31)
EXTRACTED = datetime(2026, 11, 1, tzinfo=ZONE)
EMPTY_WEEK = date(2026, 2, 9)  # Monday of a week without a single ticket
RISE = date(2026, 5, 4)
HOLIDAYS = holidays.country_holidays("PL", years=(2025, 2026))
SETTINGS = """
timezone = "Europe/Warsaw"
minutes_per_reply = 6.0
[schedules.default]
holidays = "PL"
[schedules.default.half_days]
2025-12-24 = ["08:00-12:00"]
[schedules.default.hours]
monday = ["08:00-18:00"]
tuesday = ["08:00-18:00"]
wednesday = ["08:00-18:00"]
thursday = ["08:00-18:00"]
friday = ["08:00-18:00"]
"""
Row = dict[str, Any]
Rows = list[Row]


def tickets() -> list[Row]:
    """Return about ten tickets a working day; "delivery" 1.6-fold from a week on; all hours, both clock changes."""
    rng = np.random.default_rng(11)
    rows: list[Row] = []
    for day in pl.date_range(FIRST, LAST, eager=True):
        if EMPTY_WEEK <= day < EMPTY_WEEK + timedelta(days=7):
            continue
        level = 3.0 if day.weekday() > 4 or day in HOLIDAYS else 7.0 if day.month == 12 else 11.0
        factors = {"delivery": 1.6 if day >= RISE else 1.0, "login": 0.9, "invoice": 0.5}
        for category, factor in factors.items():
            for _ in range(int(rng.poisson(level / 2.4 * factor))):
                hour = int(rng.choice((0, 2, 3, 7, 8, 9, 10, 11, 14, 17, 18, 22)))
                created = datetime(day.year, day.month, day.day, hour, int(rng.integers(60)), tzinfo=ZONE)
                if category == "login" and day.weekday() == 0 and rng.random() < 0.7:
                    created = created.replace(hour=9)
                rows.append(row(len(rows), created, category, rng))
    night = datetime(2025, 10, 26, 0, 30, tzinfo=UTC)  # 02:30 local, twice
    return rows + [row(len(rows) + i, night + timedelta(hours=i), "login", rng) for i in range(2)]


def row(number: int, created: datetime, category: str, rng: np.random.Generator) -> Row:
    chance = rng.random()
    return {
        "ticket_id": f"t{number}", "customer_id": f"c{rng.integers(60)}",
        "channel": str(rng.choice(("email", "phone"))),
        "category": category, "status": "spam" if chance < 0.05 else "open", "created_at": created.astimezone(UTC),
        "opened_by": "agent" if chance > 0.95 else "customer",
    }  # fmt: skip


def build(
    folder: Path, rows: list[Row], messages: list[Row] | None = None, *, extracted: datetime = EXTRACTED
) -> Query:
    folder.mkdir(parents=True)
    for name, table in {"tickets": rows, "messages": messages}.items():
        if table:
            conform(pl.LazyFrame(table), name).sink_parquet(folder / f"{name}.parquet")
    (folder / "settings.toml").write_text(SETTINGS, encoding="utf-8")
    write_manifest(folder, {"extracted_at": extracted.astimezone(UTC).isoformat(), "sources": ["literal"]})
    derive(folder)
    return query(open_data(str(folder)), month="2026-10")


def works(day: date) -> bool:
    return (day.weekday() < 5 and day not in HOLIDAYS) or day == date(2025, 12, 24)


def days_of(month: str) -> list[date]:
    first = date(int(month[:4]), int(month[5:]), 1)
    every = [first + timedelta(days=i) for i in range(31)]
    return [day for day in every if f"{day:%Y-%m}" == month and FIRST <= day <= LAST]


def known(result: Any) -> Any:
    assert not isinstance(result, NotKnown), result
    return result


def values(result: Any) -> dict[str, float]:
    return dict(known(result).points.select("period", "value").iter_rows())
