"""Changes divided and funnels, built by hand for the tests of the renderers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl

from cxlib.results.reasons import Decomposition, Funnel, Spread
from cxlib.results.types import Change

PARTS = ("mix", "within", "turnover")
Sizes = tuple[float, float | None, float | None]


def decomposition(change: Change, *sizes: Sizes, label: str = "phone", by: str = "channel") -> Decomposition:
    """Return a change divided into parts of these sizes with their intervals; two groups, the first moved it."""
    names = ("difference", "low", "high")
    tested = [
        dict(zip(names, size, strict=True))
        | {"p_value": 0.3 if size[1] is None or size[2] is None or size[1] <= 0 <= size[2] else 0.001}
        for size in sizes
    ]
    schema = dict.fromkeys((*names, "p_value"), pl.Float64)
    parts = pl.DataFrame(
        [{"part": part} | row for part, row in zip(PARTS, tested, strict=False)], schema={"part": pl.String} | schema
    )
    moved = dict(zip(PARTS, (size[0] for size in (*sizes, (0.0,) * 3)), strict=False))
    rows = [
        {"group": "a", "label": label, "share_before": 17.0, "share": 40.1, "before": 71.2, "value": None, **moved,
         **tested[0]},
        {"group": "b", "label": "email", "share_before": 83.0, "share": 59.9, "before": 82.4, "value": 82.1,
         **dict.fromkeys(PARTS, 0.0), "difference": 0.0, "low": None, "high": None, "p_value": None},
    ]  # fmt: skip
    floats = dict.fromkeys(("share_before", "share", "before", "value", *PARTS), pl.Float64)
    groups = pl.DataFrame(rows, schema={"group": pl.String, "label": pl.String} | floats | schema)
    return Decomposition(change.metric, change.scope, by, by, change, parts, groups)


def funnel(change: Change, *apart: tuple[str, float], spread: Spread | None, n: int = 60) -> Funnel:
    """Return a funnel of twelve agents with the same number of answers, those named first apart."""
    rows = [(f"a{i}", f"Agent {i}", 0.5 - i / 10, False) for i in range(12 - len(apart))]
    rows += [(f"z{i}", label, size, True) for i, (label, size) in enumerate(apart)]
    points = pl.DataFrame(
        [
            {
                "group": group, "label": label, "n": n, "observed": round(n * (80 + size) / 100), "expected": n * 0.8,
                "value": 80 + size, "difference": size, "low": 70.1, "low_998": 64.2, "high": 88.3, "high_998": 93.9,
                "p_value": 0.0001 if evident else 0.6, "evident": evident, "shrunk": size / 2,
                "shrunk_low": size / 2 - 4.1, "shrunk_high": size / 2 + 4.2,
            }
            for group, label, size, evident in rows
        ]
    )  # fmt: skip
    width = [{"n": i, "low": 80 - 77 / i**0.5, "high": min(80 + 77 / i**0.5, 100)} for i in (max(n // 3, 1), n)]
    curve = pl.DataFrame(width).with_columns(low_998=pl.col("low") - 3, high_998=pl.col("high"))
    mix = ("channel", "category")
    return Funnel(
        change.metric,
        change.scope,
        "agent",
        "team member",
        ("2025-11", "2026-10"),
        mix,
        80.0,
        points,
        curve,
        1.0,
        spread,
    )


def reason_results(by_hand: dict[str, Any], hostile: str) -> dict[str, Any]:
    """Return results of both types, ordinary and awkward."""
    fell, chance, same, few = (by_hand[f"change{kind}"] for kind in ("", ", chance", ", about the same", ", few"))
    mixed, within = (-6.1, -8.1, -4.0), (-2.7, -7.2, 1.9)
    rose = replace(fell, difference=6.8, low=1.1, high=12.5)
    alike = Spread(0.0, 0.0, 2.14, 0.9, 0.6, 0.4)
    return {
        "why": decomposition(fell, mixed, within),
        "why, rose": decomposition(rose, (-1.2, -2.3, -0.2), (8.0, 3.1, 12.9), by="customer importance"),
        "why, came and went": decomposition(fell, (-0.5, -1.4, 0.4), (-2.7, -4.2, -1.1), (-3.6, -5.0, -2.1)),
        "why, chance": decomposition(chance, (0.4, -3.1, 3.9), (-3.4, -9.8, 3.0)),
        "why, chance, parts not": decomposition(chance, mixed, (3.1, 1.2, 5.0)),
        "why, about the same": decomposition(same, (0.1, -0.4, 0.6), (0.0, None, None)),
        "why, few": decomposition(few, mixed, within),
        "why, hostile": decomposition(fell, mixed, within, label=hostile, by=hostile),
        "funnel": funnel(fell, ("Zoe", -24.2), spread=alike),
        "funnel, nobody": funnel(fell, spread=alike),
        "funnel, spread": funnel(fell, spread=Spread(4.12, 2.03, 7.91, 2.4, 0.001, 0.999)),
        "funnel, too alike": funnel(fell, spread=Spread(0.0, 0.0, None, 0.21, 0.999, 0.001)),
        "funnel, many": funnel(fell, *((f"Ann {i}", 9.0 + i) for i in range(4)), spread=None),
        "funnel, few": funnel(fell, spread=None, n=2),
        "funnel, hostile": funnel(fell, (hostile, -24.2), spread=None),
    }
