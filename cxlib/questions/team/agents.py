"""Do team members differ beyond chance, with the same mix of work? A funnel, never a ranking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from cxlib.errors import UsageError
from cxlib.estimates.context import result_context, unanswerable
from cxlib.metrics import Query, unit_frame
from cxlib.questions.groups.breakdown import labels
from cxlib.results.certainty import NAMED_WRONGLY
from cxlib.results.reasons import Funnel
from cxlib.results.types import NotKnown
from cxlib.stats.case_mix import MIX, alone, chances, expected, split
from cxlib.stats.intervals import ALPHA
from cxlib.stats.spread import shrunk, spread
from cxlib.tables.schema import DIMENSIONS

ALPHAS = (ALPHA, 0.002)
LIMITS = ("low", "low_998", "high", "high_998")
SHARES = ("value", "difference", *LIMITS, "shrunk", "shrunk_low", "shrunk_high")
STEPS, ROUNDS = 40, 10
FEW_APART = 0.2  # of all agents
TINY = 1e-12


def agents(name: str, query: Query, by: str = "agent", *, months: int = 12) -> Funnel | NotKnown:
    """Return a share by team member against what the others reach with the same channels and categories.

    Expected values from a logistic model of channel and category over all answers; limits of the number observed from
    the exact distribution of a sum of unequal chances (Poisson-binomial), widened where answers of one customer to one
    agent resemble each other (Spiegelhalter 2005). Evidently apart is who survives a control of all together (Holm
    1979): were all equal, anyone at all would be named in one of 400 funnels, so in one of a hundred reports. Those few
    do not tell what is usual. Answers count once whatever their weight. What is usual plus a difference ends at 0 and
    100 %.

    Args:
        name: A share.
        query: What is asked about: data, month, filters.
        by: "agent" or "team".
        months: Most months to go back from the last one wholly known.

    Raises:
        UsageError: No such metric, or `by` is neither agent nor team.
    """
    if by not in ("agent", "team"):
        raise UsageError(f"Compare by 'agent' or 'team', not by {by!r}; cx.breakdown takes any dimension.")
    metric, query = query.metric(name), replace(query.settled(name), weighted=False)
    title, what = f"{metric.title} by {DIMENSIONS[by].title}", DIMENSIONS[by].title
    if metric.kind != "share":
        return NotKnown(title, f"{metric.title} is no share, and only of a share it is known how far chance reaches.")
    if reason := unanswerable(metric, query, by):
        return reason
    periods = query.months(months)
    mix = [dimension for dimension in MIX if not unanswerable(metric, query, dimension)]
    rows = split(unit_frame(metric, query, periods, "+".join([by, *mix])), mix)
    if rows["group"].n_unique() < 2:
        return NotKnown(title, f"Fewer than two {what}s have answers from {periods[0]} to {periods[-1]}.")
    lonely = alone(rows, mix)
    if rows.filter(~pl.col("group").is_in(sorted(lonely)))["group"].n_unique() < 2:
        return NotKnown(title, _not_the_same(what, mix, periods))
    rows = rows.filter(~pl.col("group").is_in(sorted(lonely)))
    if rows["x"].sum() in (0, rows["n"].sum()):
        return NotKnown(title, f"All answers from {periods[0]} to {periods[-1]} are alike: no {what} differs.")
    rows, points, apart = settled(rows, mix)
    design = _design(rows)
    unlike = labels(query, by, pl.DataFrame({"group": sorted(lonely)}, schema={"group": pl.String})).sort("group")
    numbers = [points[column].to_numpy().astype(float) for column in ("n", "difference", "variance", "tails")]
    others = ~points["group"].is_in(sorted(apart)).to_numpy() if few(apart, points) else np.ones(len(points), bool)
    found = spread(*(column[others] for column in numbers))
    points = points.drop("variance", "tails")
    points = points.join(labels(query, by, points.select("group")), on="group", how="left").sort("value", "group")
    overall = metric.factor * float(points.select(pl.col("value") - pl.col("difference")).item(0, 0))
    points = points.with_columns(pl.col(*SHARES) * metric.factor, evident=pl.col("group").is_in(sorted(apart)))
    points = points.with_columns(pl.col("value", *LIMITS).clip(0.0, metric.factor))
    span, named = (periods[0], periods[-1]), tuple(DIMENSIONS[dimension].title for dimension in mix)
    curve = _curve(rows, design, metric.factor)
    return Funnel(
        metric, result_context(metric, query), by, what, span, named, overall, points, curve, design, found,
        tuple(unlike["label"]),
    )  # fmt: skip


def settled(rows: pl.DataFrame, mix: list[str]) -> tuple[pl.DataFrame, pl.DataFrame, frozenset[str]]:
    """Return rows with their chance `p`, points, and who is evidently apart: Holm's steps, the surest first.

    After each step what is usual is told without those apart, as one bad agent makes all others look good: at most ten
    times, and not once they are more than a fifth.
    """
    apart: frozenset[str] = frozenset()
    known = points = rows
    while True:
        if not apart or (few(apart, points) and len(apart) <= ROUNDS):
            usual = ~pl.col("group").is_in(sorted(apart))
            level = _share(rows.filter(usual))
            known = rows.join(expected(rows, mix, usual), on=mix) if mix else rows.with_columns(p=level)
            points = _against_expected(known, _design(known), level)
        rest = points.filter(~pl.col("group").is_in(sorted(apart))).sort("p_value", "group")
        if rest.is_empty() or rest["p_value"][0] >= NAMED_WRONGLY / rest.height:
            return known, points, apart
        apart |= {rest["group"][0]}


def few(apart: frozenset[str], points: pl.DataFrame) -> bool:
    """Return whether those apart are few enough to be left out of what is usual."""
    return len(apart) <= FEW_APART * points.height


def _share(rows: pl.DataFrame) -> float:
    """Return the share of answers that count."""
    return float(rows.select(pl.col("x").sum() / pl.col("n").sum()).item())


def _not_the_same(what: str, mix: Sequence[str], periods: Sequence[str]) -> str:
    """Return in words that nobody's work was also done by others."""
    named = " and ".join(DIMENSIONS[name].title for name in mix)
    return (
        f"Fewer than two {what}s did the same work, by {named}, from {periods[0]} to {periods[-1]}: whether the "
        f"{what}s differ or their work does, nobody can tell."
    )


def _design(rows: pl.DataFrame) -> float:
    """Return how many times the variance of independent answers the sums by customer and agent have, 1 or more."""
    own = ((pl.col("x") - pl.col("n") * pl.col("p")).sum() / pl.col("n").sum()).over("group")
    centred = rows.with_columns(level=pl.col("p") + own)
    alone = pl.col("x") * (1 - pl.col("level")) ** 2 + (pl.col("n") - pl.col("x")) * pl.col("level") ** 2
    together = pl.col("x") - pl.col("n") * pl.col("level")
    sums = centred.group_by("group", "unit").agg(together=together.sum(), alone=alone.sum())
    return max(1.0, float(sums.select((pl.col("together") ** 2).sum() / pl.col("alone").sum()).item()))


def _against_expected(rows: pl.DataFrame, design: float, level: float) -> pl.DataFrame:
    """Return for each agent what was observed, expected, and the limits of chance, as shares (0–1)."""
    wide, found = float(np.sqrt(design)), []
    for (group,), own in sorted(rows.partition_by("group", as_dict=True).items()):
        cells = own.group_by("p").agg(pl.col("n").sum()).sort("p")
        n, p = cells["n"].to_numpy().astype(float), cells["p"].to_numpy()
        count, observed, expect, variance = n.sum(), int(own["x"].sum()), float(n @ p), float(n @ (p * (1 - p)))
        chance = chances(n, p)
        below = np.cumsum(chance)
        narrow = round(expect + (observed - expect) / wide, 9)  # as if answers were independent
        tail = below[int(narrow)] if narrow <= expect else chance[int(np.ceil(narrow)) :].sum()
        numbers = [np.searchsorted(below, a / 2 + TINY, side="right") for a in ALPHAS]
        numbers += [np.searchsorted(below, 1 - a / 2 - TINY) for a in ALPHAS]
        difference = (observed - expect) / count
        found.append(
            {
                "group": group, "n": int(count), "observed": observed, "expected": expect,
                "value": level + difference, "difference": difference,
                **{name: level + wide * (k - expect) / count for name, k in zip(LIMITS, numbers, strict=True)},
                "p_value": min(1.0, 2 * max(float(tail), TINY)), "variance": design * variance / count**2,
                "tails": float(n @ (p * (1 - p) * (1 - 6 * p * (1 - p)))) / variance**2 if variance > 0 else 0.0,
            }
        )  # fmt: skip
    points = pl.DataFrame(found)
    return points.hstack(shrunk(points["difference"].to_numpy(), points["variance"].to_numpy()))


def _curve(rows: pl.DataFrame, design: float, factor: float) -> pl.DataFrame:
    """Return the limits for numbers of answers up to the largest, divided into cells as all answers are.

    Between two whole numbers of answers observed they are interpolated (Spiegelhalter 2005, appendix).
    """
    cells = rows.group_by("p").agg(pl.col("n").sum()).sort("p")
    p, share = cells["p"].to_numpy(), cells["n"].to_numpy() / rows["n"].sum()
    level, most = float(share @ p), int(rows.group_by("group").agg(pl.col("n").sum())["n"].max())  # type: ignore[arg-type]
    ends = [a / 2 for a in ALPHAS] + [1 - a / 2 for a in ALPHAS]
    points = []
    for count in np.unique(np.geomspace(min(5, most), most, STEPS).round()):
        n = np.diff(np.round(np.cumsum(share) * count), prepend=0.0)
        below = np.cumsum(chances(n, p))
        numbers = np.interp(ends, below, np.arange(len(below)))
        bounds = np.clip(level + np.sqrt(design) * (numbers - n @ p) / count, 0, 1) * factor
        points.append({"n": int(count), **dict(zip(LIMITS, bounds.tolist(), strict=True))})
    return pl.DataFrame(points)
