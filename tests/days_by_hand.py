"""Unusual days built by hand for the tests of the renderers."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from cxlib.metrics import METRICS
from cxlib.results.types import UnusualDays
from cxlib.results.volume import Run


def days(scope: Any, *outside: tuple[int, float, str], last: int = 31, run: Run | None = None) -> UnusualDays:
    """Return a month of 70 tickets expected a day, these days (number, count, what) outside."""
    found = {number: (value, what) for number, value, what in outside}
    rows = [
        {"day": date(2026, 10, number), "n": int(found.get(number, (66.0, ""))[0]),
         "value": found.get(number, (66.0, ""))[0], "expected": 70.25, "low": 44.0, "high": 99.0,
         "what": found.get(number, (0.0, ""))[1], "outside": number in found,
         "p_value": 1e-5 if number in found else 0.4, "p_adjusted": 3e-4 if number in found else 1.0}
        for number in range(1, last + 1)
    ]  # fmt: skip
    return UnusualDays(METRICS["ticket_volume"], scope, pl.DataFrame(rows), run)


def run(first: date, last: date, percent: float, p_value: float) -> Run:
    """Return days in a row of 70 tickets expected a day."""
    expected = 70.0 * ((last - first).days + 1)
    factor = 1 + percent / 100
    return Run(
        first, last, expected * factor, expected, percent, 100 * (factor * 0.9 - 1), 100 * (factor * 1.1 - 1), p_value
    )


def day_results(scope: Any, hostile: str) -> dict[str, Any]:
    """Return months ordinary and awkward."""
    return {
        "days, usual": days(scope),
        "days, two": days(scope, (9, 180.0, "Outage"), (20, 0.0, "")),
        "days, many": days(scope, *((number, 150.0 + number, "") for number in range(3, 12))),
        "days, one day": days(scope, last=1),
        "days, a run": days(scope, (12, 130.0, ""), run=run(date(2026, 10, 10), date(2026, 10, 31), 40.0, 0.0005)),
        "days, a run from before": days(
            scope, (9, 180.0, "Outage"), run=run(date(2026, 9, 22), date(2026, 10, 3), -31.0, 0.03)
        ),
        "days, hostile": days(scope, (9, 180.0, hostile)),
    }
