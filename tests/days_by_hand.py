"""Unusual days built by hand for the tests of the renderers."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from cxlib.metrics import METRICS
from cxlib.stats.results import UnusualDays


def days(scope: Any, *outside: tuple[int, float, str], last: int = 31) -> UnusualDays:
    """Return a month of 70 tickets expected a day, these days (number, count, what) outside."""
    found = {number: (value, what) for number, value, what in outside}
    rows = [
        {"day": date(2026, 10, number), "n": int(found.get(number, (66.0, ""))[0]),
         "value": found.get(number, (66.0, ""))[0], "expected": 70.25, "low": 44.0, "high": 99.0,
         "what": found.get(number, (0.0, ""))[1], "outside": number in found}
        for number in range(1, last + 1)
    ]  # fmt: skip
    return UnusualDays(METRICS["ticket_volume"], scope, pl.DataFrame(rows))


def day_results(scope: Any, hostile: str) -> dict[str, Any]:
    """Return months ordinary and awkward."""
    return {
        "days, usual": days(scope),
        "days, two": days(scope, (9, 180.0, "Outage"), (20, 0.0, "")),
        "days, many": days(scope, *((number, 150.0 + number, "") for number in range(3, 12))),
        "days, one day": days(scope, last=1),
        "days, hostile": days(scope, (9, 180.0, hostile)),
    }
