"""Results built by hand, one or more of every type, ordinary and awkward, for the tests of the three renderers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl

from cxlib.metrics import METRICS
from cxlib.periods import months_between, shift
from cxlib.settings import Event, Goal
from cxlib.stats.results import (
    Breakdown,
    Change,
    Distribution,
    Estimate,
    NotKnown,
    Overview,
    Scope,
    Trend,
)

MONTH = "2026-10"
SCOPE = Scope("demo", MONTH, margin=2.0)
NONE = Estimate(0, 0, None, None, None, None)
HOSTILE = "<script>alert(1)</script> \"q\" 's' \\ `x` $y$ [a](http://e.org) www.e.org \n| # * _ {{}} &lt; \u202e"
POINT_TYPES = {
    "n": pl.Int64, "units": pl.Int64, "value": pl.Float64, "se": pl.Float64, "low": pl.Float64, "high": pl.Float64,
}  # fmt: skip


def estimate(value: float, half: float, n: int = 202) -> Estimate:
    return Estimate(n, n - n // 10, value, half / 1.96, value - half, value + half)


def change(name: str, after: Estimate, before: Estimate, half: float, p_value: float, **other: Any) -> Change:
    difference = None if after.value is None or before.value is None else after.value - before.value
    low, high = (None, None) if difference is None else (difference - half, difference + half)
    p = None if difference is None else p_value
    built = Change(METRICS[name], SCOPE, MONTH, "2026-09", after, before, difference, low, high, p)
    return replace(built, **other)


def points(values: list[Estimate], last: str = MONTH) -> pl.DataFrame:
    periods = months_between(shift(last, 1 - len(values)), last)
    rows = [
        {"period": period, "n": e.n, "units": e.units, "value": e.value, "se": e.se, "low": e.low, "high": e.high}
        for period, e in zip(periods, values, strict=True)
    ]
    return pl.DataFrame(rows, schema={"period": pl.String, **POINT_TYPES})


def wave(centre: float, size: float, half: float, months: int = 36, n: int = 202) -> list[Estimate]:
    steps = [0, 2, 1, 3, -1, -2, 0, 1, -3, 2, -1, 1, 3, -2]
    return [
        estimate(centre + size * steps[i % len(steps)] / 3, half * (1 + (i % 3) / 5), n + 7 * i) for i in range(months)
    ]


def trend(name: str, values: list[Estimate], half: float, p_value: float, **other: Any) -> Trend:
    latest = change(name, values[-1], values[-2] if len(values) > 1 else NONE, half, p_value)
    year = None
    if len(values) > 12:
        year = change(name, values[-1], values[-13], half, p_value, baseline=shift(MONTH, -12))
    built = Trend(METRICS[name], SCOPE, points(values), latest, year)
    return replace(built, **other)


def scoped(result: Trend, **scope: Any) -> Trend:
    """The trend with another scope, in its changes too."""
    new = replace(result.scope, **scope)
    sides = {name: replace(side, scope=new) for name in ("change", "last_year") if (side := getattr(result, name))}
    return replace(result, scope=new, **sides)


def group(
    label: str, e: Estimate, before: float | None, rest: tuple[float, float, float, float] | None
) -> dict[str, Any]:
    names = ("rest_difference", "rest_low", "rest_high", "rest_p")
    return {
        "group": label.lower(), "label": label, "n": e.n, "units": e.units, "value": e.value, "se": e.se,
        "low": e.low, "high": e.high, "before": before, **dict(zip(names, rest or (None,) * 4, strict=True)),
    }  # fmt: skip


def breakdown(
    name: str, rows: list[dict[str, Any]], p_value: float | None, overall: Estimate, by: str = "Channel"
) -> Breakdown:
    schema = {"group": pl.String, "label": pl.String, **POINT_TYPES, "before": pl.Float64}
    schema |= dict.fromkeys(("rest_difference", "rest_low", "rest_high", "rest_p"), pl.Float64)
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return Breakdown(METRICS[name], SCOPE, by.lower(), by, "2026-09", frame, overall, p_value)


def distribution(title: str, rows: list[tuple[str, Estimate, float | None]], name: str = "nps") -> Distribution:
    listed = [
        {
            "group": label,
            "n": e.n,
            "units": e.units,
            "value": e.value,
            "se": e.se,
            "low": e.low,
            "high": e.high,
            "before": b,
        }
        for label, e, b in rows
    ]
    schema = {"group": pl.String, **POINT_TYPES, "before": pl.Float64}
    return Distribution(METRICS[name], SCOPE, title, "2026-09", pl.DataFrame(listed, schema=schema))


SATISFACTION = [*wave(82, 3, 2.6)[:-1], estimate(75.2, 5.9)]
CHANNELS = [
    group("Chat", estimate(82.4, 3.1, 610), 81.0, (5.1, 2.0, 8.2, 0.001)),
    group("Email", estimate(79.0, 2.2, 1240), 80.2, (1.9, -0.4, 4.2, 0.1)),
    group("Social", estimate(75.0, 12.0, 24), 90.0, (-2.9, -14.0, 9.0, 0.6)),
    group("Phone", estimate(70.9, 4.4, 402), 78.3, (-8.1, -12.6, -3.6, 0.0004)),
    group("App", estimate(66.7, 30.0, 6), None, (-11.0, -41.0, 19.0, 0.5)),
]
AGENTS = [
    group(f"Agent number {i:02d}", estimate(90 - i, 4 + i % 5, 40 + 7 * (i % 9)), 88.0 - i, (4.0 - i / 5, -2, 9, 0.2))
    for i in range(45)
]
WAITS = [*wave(260, 60, 24)[:-1], Estimate(1203, 1100, 372.0, 16.0, 341.0, 404.0)]

RESULTS: dict[str, Any] = {
    "change": change("csat", SATISFACTION[-1], SATISFACTION[-2], 5.7, 0.003),
    "change, about the same": change("csat", estimate(80.1, 1.0), estimate(80.0, 1.1), 1.5, 0.9),
    "change, chance": change("nps", estimate(38.0, 5.0), estimate(41.0, 5.2), 7.2, 0.4),
    "change, few": change("csat", estimate(75.0, 22.0, 12), estimate(80.0, 3.0), 25.0, 0.6),
    "change, few before": change("csat", estimate(75.0, 3.0), estimate(80.0, 22.0, 12), 25.0, 0.6),
    "change, no rows": change("csat", NONE, estimate(80.0, 3.0), 0.0, 0.0),
    "change, nothing before": change("csat", estimate(80.0, 3.0), NONE, 0.0, 0.0),
    "change, one-sided": replace(
        change("resolution_time", estimate(9_590.0, 400.0), estimate(7_000.0, 300.0), 0.0, 0.01), low=1000.0, high=None
    ),
    "change, other baseline": change(
        "nps", estimate(38.0, 5.0), estimate(21.0, 5.2), 7.2, 0.0001, baseline="2025-10", group=HOSTILE
    ),
    "trend": trend(
        "csat",
        SATISFACTION,
        5.7,
        0.003,
        target=Goal(80.0, "plan"),
        benchmark=Goal(84.5, "peers"),
        events=(Event(date(2026, 3, 14), "New chat tool"), Event(date(2026, 10, 5), "Price rise")),
    ),
    "trend, score": trend("nps", [*wave(4, 12, 6)[:-1], estimate(21.0, 6.0, 512)], 8.0, 0.001),
    "trend, duration": scoped(trend("first_reply_time", WAITS, 40.0, 0.0001), margin=0.1, unfinished=31, outside=12),
    "trend, count": scoped(trend("ticket_volume", wave(2310, 300, 120), 160.0, 0.2), margin=0.05),
    "trend, gaps": trend(
        "csat", [estimate(80, 4), NONE, estimate(82, 5), estimate(81, 5), NONE, NONE, estimate(70, 6)], 5.0, 0.01
    ),
    "trend, one month": trend("csat", [estimate(80, 4)], 5.0, 0.01),
    "trend, no rows": Trend(METRICS["csat"], SCOPE, points([]), None, None),
    "trend, none now": trend("csat", [estimate(80, 4), NONE], 5.0, 0.01),
    "trend, median not reached": trend(
        "resolution_time", [estimate(9000, 400), Estimate(40, 38, None, None, 8000.0, None)], 5.0, 0.01
    ),
    "trend, provisional": scoped(trend("csat", SATISFACTION, 5.7, 0.003), provisional=0.118),
    "trend, hostile": trend(
        "csat", SATISFACTION, 5.7, 0.003, target=Goal(80.0, HOSTILE), events=(Event(date(2026, 10, 5), HOSTILE),)
    ),
    "breakdown": breakdown("csat", CHANNELS, 0.0002, estimate(77.3, 1.7, 2282)),
    "breakdown, equal": breakdown("csat", CHANNELS[:3], 0.4, estimate(77.3, 1.7, 2282)),
    "breakdown, not tested": breakdown("csat", CHANNELS[:3], None, estimate(77.3, 1.7, 2282)),
    "breakdown, none apart": breakdown("csat", CHANNELS[1:3], 0.01, estimate(77.3, 1.7, 2282)),
    "breakdown, many": breakdown("csat", AGENTS, 0.3, estimate(70.0, 1.0, 4000), by="Team member"),
    "breakdown, one group": breakdown("csat", CHANNELS[:1], None, estimate(82.4, 3.1, 610)),
    "breakdown, empty": breakdown("csat", [], None, NONE),
    "breakdown, groups without rows": breakdown(
        "csat", [*CHANNELS[:2], group("Web", NONE, None, None)], 0.4, estimate(80, 2)
    ),
    "breakdown, hostile": breakdown(
        "csat",
        [group(HOSTILE, estimate(82, 3), 81.0, (5.1, 2.0, 8.2, 0.001)), *CHANNELS[1:4]],
        0.0001,
        estimate(77.3, 1.7),
        by=HOSTILE,
    ),
    "breakdown, duration": breakdown(
        "first_reply_time",
        [
            group("Email", estimate(420, 30, 800), 400.0, (200.0, 150.0, 250.0, 0.0001)),
            group("Chat", estimate(4.2, 0.6, 500), 5.0, (-300.0, -340.0, -260.0, 0.0001)),
        ],
        0.0001,
        estimate(240, 20, 1300),
    ),
    "distribution": distribution(
        "NPS classes",
        [
            ("Promoters", estimate(48.2, 4.1, 512), 51.0),
            ("Passives", estimate(30.0, 3.9, 512), 28.0),
            ("Detractors", estimate(21.8, 3.5, 512), 21.0),
        ],
    ),
    "distribution, hostile": distribution(
        HOSTILE, [(HOSTILE, estimate(60.0, 4.0), None), ("rest", estimate(40.0, 4.0), 30.0)]
    ),
    "distribution, empty": distribution("NPS classes", []),
    "overview, nothing": Overview(SCOPE, (), frozenset(), {"csat": HOSTILE}),
    "not known": NotKnown("Response rate", "The table surveys has no offers without an answer."),
    "not known, hostile": NotKnown(HOSTILE, HOSTILE),
}
RESULTS["overview"] = Overview(
    SCOPE,
    tuple(RESULTS[f"trend{kind}"] for kind in ("", ", score", ", duration", ", count", ", gaps", ", none now")),
    frozenset({"csat", "nps", "first_reply_time"}),
    {"response_rate": "There are no offers without an answer."},
)
RESULTS["overview, quiet"] = Overview(SCOPE, (RESULTS["trend, count"],), frozenset())
