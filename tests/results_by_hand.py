"""Results built by hand, one or more of every type, ordinary and awkward, for the tests of the three renderers."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date
from typing import Any

import polars as pl
from customers_by_hand import customer_results
from days_by_hand import day_results
from effects_by_hand import effect_results
from planning_by_hand import planning_results
from quality_by_hand import quality_results
from reasons_by_hand import reason_results
from shortlist_by_hand import shortlist_results

from cxlib.metrics import METRICS
from cxlib.periods import months_between, shift
from cxlib.results.types import (
    OTHERS,
    Breakdown,
    Change,
    Comparison,
    Contrast,
    Distribution,
    Estimate,
    NotKnown,
    Overview,
    Peaks,
    ResultContext,
    Survival,
    Trend,
    Worth,
)
from cxlib.settings import Event, Goal

MONTH = "2026-10"
SCOPE = ResultContext("demo", MONTH, margin=2.0)
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
    label: str, e: Estimate, before: float | None, rest: tuple[float, float, float, float] | None, *without: str
) -> dict[str, Any]:
    """A group; its p-value is taken for the adjusted one where there are 30 rows."""
    names = ("rest_difference", "rest_low", "rest_high", "rest_p")
    return {
        "group": label.lower(), "label": label, "n": e.n, "units": e.units, "value": e.value, "se": e.se,
        "low": e.low, "high": e.high, "before": before, **dict(zip(names, rest or (None,) * 4, strict=True)),
        "rest_without": list(without), "p_adjusted": rest[3] if rest and e.n >= 30 else None,
    }  # fmt: skip


def breakdown(
    name: str, rows: list[dict[str, Any]], p_value: float | None, overall: Estimate, by: str = "Channel"
) -> Breakdown:
    schema = {"group": pl.String, "label": pl.String, **POINT_TYPES, "before": pl.Float64}
    schema |= dict.fromkeys(("rest_difference", "rest_low", "rest_high", "rest_p"), pl.Float64)
    schema |= {"rest_without": pl.List(pl.String), "p_adjusted": pl.Float64}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return Breakdown(METRICS[name], SCOPE, by.lower(), by, "2026-09", frame, overall, p_value)


def distribution(
    title: str, rows: list[tuple[str, Estimate, float | None]], name: str = "nps", *, half: float = 5.0
) -> Distribution:
    """Classes with their share before; the change has an interval of ± `half` and is clear if larger."""
    listed = []
    for label, e, before in rows:
        moved = None if before is None or e.value is None else e.value - before
        low, high = (None, None) if moved is None else (moved - half, moved + half)
        p_value = None if moved is None else 0.001 if abs(moved) > half else 0.4
        differs = {"difference": moved, "low_difference": low, "high_difference": high, "p_adjusted": p_value}
        listed.append({"group": label, **asdict(e), "before": before, **differs, "p_value": p_value})
    schema = {"group": pl.String, **POINT_TYPES, "before": pl.Float64}
    schema |= dict.fromkeys(("difference", "low_difference", "high_difference", "p_value"), pl.Float64)
    frame = pl.DataFrame(listed, schema=schema | {"p_adjusted": pl.Float64})
    return Distribution(METRICS[name], SCOPE, title, "2026-09", frame)


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
        change("resolution_time", estimate(9_590.0, 400.0), estimate(7_000.0, 300.0), 0.0, 0.003), low=1000.0, high=None
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
    "distribution, moved": distribution(
        "NPS classes", [("Promoters", estimate(48.2, 4.1, 512), 55.0), ("Others", estimate(51.8, 4.1, 512), 45.0)]
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


def compared(
    label: str, e: Estimate, before: float, percent: tuple[float, float, float] | None, family: str = ""
) -> Any:
    """A row of a comparison; `percent` is the difference with its interval."""
    names = ("difference", "low_difference", "high_difference")
    told = dict(zip(names, percent or (None,) * 3, strict=True))
    clear = percent is not None and not percent[1] <= 0 <= percent[2]
    p_adjusted = None if percent is None else 0.001 if clear else 0.4
    row = group(label, e, before, None) | told | {"p_value": None, "family": family, "p_adjusted": p_adjusted}
    return {name: value for name, value in row.items() if not name.startswith("rest_")}


def comparison(title: str, *rows: Any) -> Comparison:
    metric = replace(METRICS["ticket_volume"], title=title, kind="mean", measured_in="tickets a day")
    schema: Any = {"group": pl.String, "label": pl.String, "family": pl.String, **POINT_TYPES, "before": pl.Float64}
    schema |= dict.fromkeys(("difference", "low_difference", "high_difference", "p_value"), pl.Float64)
    points = pl.DataFrame(rows, schema=schema | {"p_adjusted": pl.Float64})
    return Comparison(metric, SCOPE, f"{title} by category, October 2026 against October 2025", points, "2025-10")


def hours_of_the_week(*makers: tuple[str, str, float, float, bool]) -> Peaks:
    cells = [(day, hour, 520 - 40 * day - abs(hour - 11), 52) for day in range(1, 8) for hour in range(24)]
    points = pl.DataFrame(cells, schema=["weekday", "hour", "n", "units"], orient="row")
    points = points.with_columns(value=pl.col("n") / 52, se=pl.lit(0.2))
    points = points.with_columns(low=pl.col("value") - 0.4, high=pl.col("value") + 0.01)
    names = ("dimension", "label", "share", "rest", "clear")
    schema: Any = dict(zip(names, (pl.String, pl.String, pl.Float64, pl.Float64, pl.Boolean), strict=True))
    size = pl.col("share") - pl.col("rest")
    made = pl.DataFrame(makers, schema=schema, orient="row")
    made = made.with_columns(difference=size, low=size - 2.1, high=size + 2.4, p_value=pl.lit(0.01))
    made = made.with_columns(p_adjusted=pl.when("clear").then(0.001).otherwise(0.4))
    return Peaks(METRICS["ticket_volume"], SCOPE, ("2025-11", MONTH), points, made)


def of_grain(*periods: str, **other: Any) -> Trend:
    """The trend of a count over other periods than months."""
    built = RESULTS["trend, count"]
    named = points(wave(560, 60, 45, months=len(periods))).with_columns(period=pl.Series(periods))
    return replace(built, points=named, **{"change": None, "last_year": None, **other})


PER_DAY = "Tickets opened per working day"
DELIVERY = compared("delivery", estimate(22.0, 2.4, 484), 13.4, (64.0, 38.1, 94.2))
LOGIN = compared("login", estimate(9.4, 1.4, 206), 9.3, (1.2, -18.0, 25.0))
WEEKS = [f"2025-W{week:02d}" for week in range(1, 53)] + [f"2026-W{week:02d}" for week in range(1, 44)]
LATEST = replace(RESULTS["trend, count"].change, period="2026-W43", baseline="2026-W42")
RESULTS |= {
    "trend, weeks": of_grain(*WEEKS, change=LATEST, events=(Event(date(2026, 3, 14), "New chat tool"),)),
    "trend, days": of_grain("2026-10-30", "2026-10-31"),
    "trend, years": of_grain("2024-01/2024-12", "2025-01/2025-12"),
    "comparison": comparison(PER_DAY, DELIVERY, LOGIN),
    "comparison, quiet": comparison(PER_DAY, LOGIN),
    "comparison, too few": comparison(PER_DAY, compared("login", estimate(0.1, 0.1, 2), 9.3, None)),
    "comparison, hostile": comparison(HOSTILE, DELIVERY | {"label": HOSTILE}, LOGIN),
    "comparison, years": comparison(
        PER_DAY,
        compared("December 2024", estimate(66.4, 3.7), 87.3, (-24.0, -29.0, -18.6), "December"),
        compared("December 2025", estimate(70.5, 3.6), 92.7, (-23.9, -32.1, -14.8), "December"),
        compared("July 2024", estimate(80.5, 3.6), 82.7, (-3.1, -12.1, 6.8), "July"),
    ),
    "peaks": hours_of_the_week(("channel", "phone", 21.0, 17.2, True), ("category", "login", 8.0, 9.1, False)),
    "peaks, nothing": hours_of_the_week(("channel", "phone", 18.0, 17.2, False)),
    "peaks, hostile": hours_of_the_week(("channel", HOSTILE, 21.0, 17.2, True)),
}


def contrast(names: tuple[str, str], sides: tuple[Estimate, Estimate], differs: Any = (), **other: Any) -> Contrast:
    metric = METRICS[other.pop("metric", "purchase_after_recommendation")]
    rows = [{"group": name, **asdict(side)} for name, side in zip(names, sides, strict=True)]
    found = pl.DataFrame(rows, schema={"group": pl.String, **POINT_TYPES})
    built = Contrast(metric, SCOPE, "loyalty_class", "loyalty class", "", ("2025-08", "2026-07"), found, *differs)
    return replace(built, **other)


def survival(*curves: tuple[str, float], months: int = 30, p_value: float | None = 0.001) -> Survival:
    told = [
        {"group": name, "months": month, "n": 400 - 10 * month, "units": 400 - 10 * month,
         "value": 100 * rate**month, "se": 1.0 if month else 0.0,
         "low": 100 * rate**month - 2 if month else None, "high": 100 * rate**month + 1 if month else None}
        for name, rate in curves for month in range(months)
    ]  # fmt: skip
    schema = {"group": pl.String, "months": pl.Int64, **POINT_TYPES}
    title, span = "Customers still there, by loyalty class", ("2024-11", MONTH)
    points = pl.DataFrame(told, schema=schema)
    return Survival(METRICS["nps"], SCOPE, title, "loyalty_class", "loyalty class", span, points, p_value, 347)


def worth(*rows: tuple[str, Estimate]) -> Worth:
    told = [{"group": name, **asdict(amount)} for name, amount in rows]
    return Worth(EUROS, SCOPE, "2025-10", pl.DataFrame(told, schema={"group": pl.String, **POINT_TYPES}))


EUROS = replace(METRICS["revenue"], measured_in="EUR")
CLASSES, APART = ("promoter", "detractor"), (16.6, 11.5, 21.4, 1e-9, 1.58, 1.36, 1.83)
BUYING = estimate(45.2, 3.2, 980), estimate(28.6, 3.7, 568)
PARTS = [("Bought in the year", estimate(169.2, 6.6, 3365)), ("Gross margin of it", estimate(71.1, 2.8, 3365))]
LOST = ("What a customer brings in the year", estimate(71.1, 2.8, 3365))
WON = ("What winning a customer costs", Estimate(0, 0, 35.0, None, None, None))
RESULTS |= {
    "trend, money": replace(trend("revenue", wave(107_000, 9_000, 7_000), 9_900.0, 0.2), metric=EUROS),
    "contrast": contrast(CLASSES, BUYING, APART),
    "contrast, chance": contrast(CLASSES, BUYING, (16.6, -1.5, 31.4, 0.06, 1.58, 0.96, 1.83)),
    "contrast, too few": contrast(CLASSES, (BUYING[0], estimate(28.6, 20.0, 12))),
    "contrast, nothing": contrast(CLASSES, (BUYING[0], NONE)),
    "contrast, others, less": contrast(("chat", OTHERS), BUYING[::-1], (-16.6, -21.4, -11.5, 1e-9, None, None, None)),
    "contrast, hostile": contrast((HOSTILE, HOSTILE), BUYING, APART, by_title=HOSTILE, within=HOSTILE),
    "survival": survival(("detractor", 0.99), ("passive", 0.994), ("promoter", 0.997)),
    "survival, chance": survival(("detractor", 0.996), ("promoter", 0.997), months=7, p_value=0.4),
    "survival, one": survival(("promoter", 0.997), months=1, p_value=None),
    "survival, hostile": survival((HOSTILE, 0.99), ("promoter", 0.997)),
    "worth": worth(*PARTS, ("Agents' time in the year, estimated", estimate(18.0, 0.5, 3365)), LOST, WON),
    "worth, within chance": worth(*PARTS, (LOST[0], estimate(34.0, 3.0, 40)), WON),
    "worth, less": worth(*PARTS, (LOST[0], estimate(3.21, 0.4, 40)), WON),
}  # fmt: skip
RESULTS |= customer_results(SCOPE, HOSTILE)
RESULTS |= reason_results(RESULTS, HOSTILE)
RESULTS |= effect_results(RESULTS, HOSTILE)
RESULTS |= quality_results(SCOPE, HOSTILE)
RESULTS |= planning_results(SCOPE, HOSTILE)
RESULTS |= shortlist_results(RESULTS, SCOPE, HOSTILE)
RESULTS |= day_results(SCOPE, HOSTILE)
