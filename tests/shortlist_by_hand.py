"""Shortlists built by hand for the tests of the renderers."""

from __future__ import annotations

from typing import Any

import polars as pl

from cxlib.results.types import POINT, ResultContext, Shortlist, Trend

SCHEMA = {"group": pl.String, "label": pl.String, "n": pl.Int64, "units": pl.Int64}
SCHEMA |= dict.fromkeys(POINT[2:], pl.Float64) | {"named": pl.Boolean, "note": pl.String, "reason": pl.String}


def shortlist(
    scope: ResultContext, trend: Trend, *rows: tuple[str, float | str, float, str | None], **other: Any
) -> Shortlist:
    """Return a shortlist of these labels, values (or why there is none), half widths, and notes of the named."""
    told = [
        {"group": label, "label": label, "n": 120, "units": 90, "value": value, "se": half / 1.96, "low": value - half,
         "high": value + half, "named": note is not None, "note": note or "", "reason": None, "tickets": 31.4}
        if not isinstance(value, str)
        else {"group": label, "label": label, "n": 0, "units": 0, "named": note is not None, "note": note or "",
              "reason": value}
        for label, value, half, note in rows
    ]  # fmt: skip
    points = pl.DataFrame(told, schema=SCHEMA | {"tickets": pl.Float64})
    built = {
        "title": "What to automate next", "measured_in": "hours a month", "found": "first", "nothing": "Nothing to do.",
        "reading": "agent hours a month, estimated", "beside": (("tickets", "Tickets a month", ""),),
    } | other  # fmt: skip
    return Shortlist(trend.metric, scope, months=("2025-11", "2026-10"), points=points, **built)


def shortlist_results(results: dict[str, Any], scope: ResultContext, hostile: str) -> dict[str, Any]:
    """Return shortlists ordinary and awkward."""
    count = results["trend, count"]
    first, second = ("Delivery", 31.2, 3.0, ""), ("Invoice", 29.0, 3.5, "an article is like it")
    return {
        "shortlist": shortlist(scope, count, first, second, ("Login", 4.1, 1.0, None), caveat="One caveat."),
        "shortlist, many": shortlist(scope, count, *((f"Topic {i}", 40.0 - i, 9.0, "") for i in range(20))),
        "shortlist, none named": shortlist(scope, count, ("Login", 1.1, 0.4, None), found="", reading=""),
        "shortlist, one without value": shortlist(scope, count, ("Macro", "fewer than 3 peers", 0, "overloaded step")),
        "shortlist, unknown": shortlist(scope, count, ("Macro", "fewer than 3 peers", 0, None)),
        "shortlist, no rows": shortlist(scope, count),
        "shortlist, hostile": shortlist(
            scope, count, (hostile, 3.0, 1.0, hostile), (hostile, hostile, 0, None), title=hostile, found=hostile,
            nothing=hostile, reading=hostile, caveat=hostile,
        ),
    }  # fmt: skip
