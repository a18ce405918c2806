"""Effects built by hand for the tests of the renderers."""

from __future__ import annotations

from typing import Any

import polars as pl

from cxlib.results.types import POINT, Change, Effects

SCHEMA = {"group": pl.String, "label": pl.String, "family": pl.String, "n": pl.Int64, "units": pl.Int64}
SCHEMA |= dict.fromkeys((*POINT[2:], "p_value"), pl.Float64) | {"p_adjusted": pl.Float64, "reason": pl.String}
P_VALUES = {True: 0.001, False: 0.4, None: None}


def effects(change: Change, *rows: tuple[str, float | str, float, bool | None], **other: Any) -> Effects:
    """Return effects of these labels, values (or reasons why there is none), half widths, and whether clear."""
    told = [
        {"group": label, "label": label, "family": "", "n": other.get("n", 1200), "units": 1100, "value": value,
         "se": half / 1.96, "low": value - half, "high": value + half,
         "p_value": P_VALUES[clear], "p_adjusted": P_VALUES[clear], "reason": None}
        if not isinstance(value, str)
        else {"group": label, "label": label, "family": "", "n": 0, "units": 0, "reason": value}
        for label, value, half, clear in rows
    ]  # fmt: skip
    other.pop("n", None)
    built = {"title": "What goes together with satisfaction", "measured_in": "points", "none": 0.0} | other
    return Effects(
        change.metric, change.scope, months=("2025-11", "2026-10"), points=pl.DataFrame(told, schema=SCHEMA), **built
    )


def effect_results(results: dict[str, Any], hostile: str) -> dict[str, Any]:
    """Return effects ordinary and awkward."""
    change = results["change"]
    first = ("First reply, per doubling", -3.12, 1.1, True)
    model = {"allowing_for": ("channel", "category"), "caveat": "What goes together need not be why."}
    six = [(f"Level {i}", 2.0 + i / 7, 0.9, True) for i in range(6)]
    untested = {"measured_in": "%", "none": None, "signed": False}
    odds = {"measured_in": "times", "none": 1.0, "signed": False}
    return {
        "effects": effects(change, first, ("Handoffs", 0.31, 1.3, False), ("Brand", "all alike", 0, None), **model),
        "effects, chance": effects(change, ("Handoffs", 0.31, 1.3, False), ("Replies", -0.2, 1.0, False), **model),
        "effects, one": effects(change, first, reading="per doubling of the minutes"),
        "effects, many": effects(change, *six),
        "effects, ratio": effects(change, ("Promoters", 2.01, 0.31, True), ("Passives", 1.02, 0.2, False), **odds),
        "effects, told": effects(change, ("After a year", 90.5, 9, None), ("After two", 64.4, 20, None), **untested),
        "effects, few": effects(change, first, n=12),
        "effects, nothing": effects(change, ("Handoffs", "fewer than 20 customers", 0, None)),
        "effects, no rows": effects(change),
        "effects, hostile": effects(
            change, (hostile, 3.0, 1.0, True), (hostile, hostile, 0, None), title=hostile, caveat=hostile,
            reading=hostile, allowing_for=(hostile,),
        ),
    }  # fmt: skip
