"""Whether the intervals and tests of models, parts, curves, counts ahead and agents keep their promise, simulated.

    PYTHONPATH=tests python tests/benchmarks/models.py [runs]

Beside `coverage.py`, by its criteria: dependent data cover in 93 % with 50 units or more and correlation up to .2, else
in 90 %; false alarms 6.5 %. The desks are those of the short simulations in `tests/stats`. `runs` are those of the
cheapest; what fits a model each time takes a share of them. `models_1000_runs.txt` is the table.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
from benchmarks.coverage import LEVEL, Tally
from stats import (
    test_agents as agents,
    test_backlog as stock,
    test_counting as counting,
    test_customers_leaving as leaving,
    test_forecast as ahead,
    test_logrank as curves,
    test_together as together,
    test_why as reasons,
    test_workload_and_turnover as team,
)

from cxlib.metrics import get
from cxlib.questions.customers.spending import within_months
from cxlib.questions.groups.contrast import differences, side_by_side
from cxlib.stats.differences import difference
from cxlib.stats.equality import anova_type
from cxlib.stats.intervals import ALPHA, Sums, rate, t_quantile, total

Draw = np.random.Generator
HEAD = f"{'method':<28}{'design':<58}{'mean':>7}{'lowest':>8}{'highest':>8}"
CLEAR, ALIKE, ALARM = 0.93, 0.90, 0.065


def cover(method: str, design: str, hits: list[Any], floor: float) -> Tally:
    return Tally(method, design, [float(np.mean(hits))], floor, runs=len(hits))


def alarms(method: str, design: str, found: list[Any]) -> Tally:
    return Tally(f"{method}: alarms", design, [float(np.mean(found))], ceiling=ALARM, runs=len(found))


def parts_of_a_change(rng: Draw, runs: int) -> Iterator[Tally]:
    """Mix and within-group part of the change of a share, 60 % of the people in each month."""
    shares, chances = reasons.SHARES, reasons.CHANCES
    truth = {
        "mix": 100 * ((shares[1] - shares[0]) * chances.mean(axis=0)).sum(),
        "within": 100 * (shares.mean(axis=0) * (chances[1] - chances[0])).sum(),
    }
    for people, most, correlation in ((60, 1, 0.0), (300, 1, 0.0), (300, 3, 0.2), (300, 3, 0.5), (2000, 3, 0.2)):
        hits: dict[str, list[bool]] = {part: [] for part in truth}
        for _ in range(runs):
            parts, _ = reasons.divided(reasons.drawn_months(rng, people, most, correlation), reasons.CSAT)
            for row in parts.filter(pl.col("part").is_in(list(truth))).iter_rows(named=True):
                hits[row["part"]].append(row["low"] <= truth[row["part"]] <= row["high"])
        for part, found in hits.items():
            design = f"{people} customers, 1–{most} answers, correlation {correlation}"
            yield cover(f"part of a change: {part}", design, found, CLEAR if correlation <= 0.2 else ALIKE)


def logistic(rng: Draw, runs: int) -> Iterator[Tally]:
    """Effects of a logistic model whose customers answer up to four times, about alike (.1); a channel and a wait."""
    for customers in (50, 150, 600):
        hits, alarm = [], []
        seeds = rng.integers(10**6, 10**9, runs + 12)
        large = [together.rows(int(seed), 6000, phone=-0.9) for seed in seeds[runs:]]
        truth = np.mean([together.row_of(_two_channels(each), "channel phone")["value"] for each in large])
        for seed in seeds[:runs]:
            found = _two_channels(together.rows(int(seed), customers, phone=-0.9))
            row, wait = (
                {each["group"]: each for each in found.rows}.get(name, {}) for name in ("channel phone", "wait")
            )
            if row.get("value") is not None:  # else too few for a model, or more phone than e-mail
                hits.append(row["low"] <= truth <= row["high"])
            if wait.get("p_value") is not None:
                alarm.append(wait["p_value"] < ALPHA)
        design = f"{customers} customers, 1–4 answers"
        yield cover("effect, logistic model", design, hits, CLEAR)
        yield alarms("  a wait", design, alarm)


def _two_channels(frame: pl.DataFrame) -> Any:
    return together.fitted(frame.with_columns(channel=pl.col("channel").replace("chat", "email")))


def contrasts(rng: Draw, runs: int) -> Iterator[Tally]:
    """Difference and ratio of two groups within six months; some customers are on both sides, answers alike (.2)."""
    for customers, low, high in ((40, 0.3, 0.5), (150, 0.3, 0.3), (150, 0.05, 0.1), (600, 0.2, 0.45)):
        hits: dict[str, list[bool]] = {"difference": [], "ratio": []}
        alarm = []
        for _ in range(runs):
            found = differences(get("csat"), *side_by_side(get("csat"), _sides(rng, customers, (low, high))))
            value, bottom, top, p, ratio, *limits = found
            if value is None or bottom is None or top is None or p is None:
                continue
            hits["difference"].append(bottom <= 100 * (high - low) <= top)
            if ratio is not None:
                hits["ratio"].append(limits[0] <= high / low <= limits[1])
            alarm.append(p < ALPHA)
        design = f"{customers} customers, 1–3 answers, shares {low:g} and {high:g}"
        for name, told in hits.items():
            yield cover(f"contrast: {name}", design, told, CLEAR if customers >= 50 else ALIKE)
        if low == high:
            yield alarms("contrast", design, alarm)


def _sides(rng: Draw, customers: int, chances: tuple[float, float]) -> list[pl.DataFrame]:
    """Return unit frames of both sides: each answer in one of six months, a third of them on the second side."""
    unit = np.repeat(np.arange(customers), rng.integers(1, 4, customers))
    own, side = rng.random(customers)[unit], (rng.random(len(unit)) < 0.4).astype(int)
    again = rng.random(len(unit)) < math.sqrt(0.2)
    x = np.where(again, own, rng.random(len(unit))) < np.array(chances)[::-1][side]
    rows = pl.DataFrame({"period": rng.integers(0, 6, len(unit)).astype(str), "unit": unit, "side": side, "x": x})
    frame = rows.group_by("period", "unit", "side").agg(n=pl.len(), sum_w=pl.len().cast(pl.Float64), sum_wx=pl.sum("x"))
    return [frame.filter(pl.col("side") == each).with_columns(pl.col("sum_wx").cast(pl.Float64)) for each in (0, 1)]


def waits(rng: Draw, runs: int) -> Iterator[Tally]:
    """Log-rank test of three equal groups; Cox model of two, and its test that the ratio holds."""
    found = [anova_type(*curves.log_rank(curves._simulated(rng))) for _ in range(runs)]
    told = [p is not None and p < ALPHA for p in found]
    yield alarms("log-rank test", "90 customers, 1–6 waits, 3 groups", told)
    hits, told = [], []
    for _ in range(runs // 2):
        stop, left, group = leaving._simulated(rng, 2.0, 2.0)
        x, entry = group[:, None], np.zeros(400)
        model = leaving.cox(entry, stop, left, x, np.arange(400))
        hits.append(abs(model.beta[0] - math.log(2)) < 1.96 * math.sqrt(model.covariance[0, 0]))
        p = leaving.proportional(entry, stop, left, x, x, beta=model.beta)
        told.append(p is not None and p < ALPHA)
    yield cover("hazard ratio (Cox)", "400 customers", hits, CLEAR)
    yield alarms("ratio that holds", "400 customers", told)


def backlog(rng: Draw, runs: int) -> Iterator[Tally]:
    """A month's mean of unsolved tickets, and two equal months that share some of them."""
    stay = np.minimum(np.random.default_rng(1).lognormal(1.0, 1.2, 2_000_000), 55).mean()
    for arrivals in (0.3, 1.0, 4.0):
        months = [stock._two_months(rng, rate=arrivals) for _ in range(runs)]
        sums = []
        for place in (0, 1):
            told = [(np.count_nonzero(x), x.sum(), x @ x) for x in (month[place] for month in months)]
            n, value, squares = np.array(told, dtype=np.float64).T
            sums.append(total(Sums(n, n, value, value, value, squares, squares, squares)))
        low, high = sums[0].limits(LEVEL)
        truth = arrivals * 2 * stay  # arrivals × tickets × days each stays (Little 1961)
        sizes = [math.sqrt((one @ one) * (two @ two)) for one, two in months]
        r = np.array([one @ two / size if size else 0.0 for (one, two), size in zip(months, sizes, strict=True)])
        design = f"{truth:.0f} tickets unsolved on average"
        yield cover("backlog", design, list((low <= truth) & (truth <= high)), ALIKE)
        yield alarms("  change", design, list(difference(sums[1], sums[0], r).p_value < ALPHA))


def steps(rng: Draw, runs: int) -> Iterator[Tally]:
    """Daily counts of two years without a step, and with a rise by a third half a year before the end."""
    days = calendar()
    for level, spread in ((30.0, 0.0), (3.0, 0.0), (30.0, 0.08)):
        found = [counting.strongest(counting.drawn(days, rng, level, spread)) for _ in range(runs)]
        design = f"{level:.0f} a day, weeks apart by {spread:.0%}"
        yield alarms("level shift", design, [step is not None and step.p_value < ALPHA for step in found])
    for related in (0.3, 0.5):
        found = [counting.strongest(counting.wandering(days, rng, related, 0.12)) for _ in range(runs)]
        told = [step is not None and step.p_value < ALPHA for step in found]
        yield alarms("level shift", f"30 a day, weeks apart by 12%, alike {related}", told)
    found = [counting.strongest(counting.drawn(days, rng, 30.0, 0.05, step=0.3)) for _ in range(runs)]
    hits = [abs(step.value - 0.3) <= step.limit * step.error for step in found if step]
    yield cover("level shift", "30 a day, weeks apart by 5%, a step of .3", hits, CLEAR)


def calendar() -> pl.DataFrame:
    """Return two years of days as the models of counts take them."""
    days = [date(2024, 11, 1) + timedelta(days=n) for n in range(730)]
    frame = pl.DataFrame({"day": days}).with_columns(
        weekday=pl.col("day").dt.weekday(), monday=pl.col("day").dt.truncate("1w"), month=pl.col("day").dt.month(),
        feast=pl.col("day").is_in(sorted(counting.HOLIDAYS)),
    )  # fmt: skip
    weekend = pl.col("weekday") > 5
    kind = pl.when(weekend).then(pl.lit("weekend")).when("feast").then(pl.lit("holiday")).otherwise(pl.lit("working"))
    return frame.with_columns(kind=kind)


def forecasts(rng: Draw, runs: int) -> Iterator[Tally]:
    """The next six weeks and their total, of a level that wanders by 2 % a week or not at all, before any widening."""
    for weeks, step in ((60, 0.0), (60, 0.02), (110, 0.02)):
        held, whole = [], []
        for seed in rng.integers(10**6, 10**9, runs):
            counts, strata, months = ahead.desk(int(seed), weeks + 6, step=step)
            found = ahead.by_calendar(counts[: 7 * weeks], strata, months, 6)
            actual = ahead.by_weeks(counts[7 * weeks :])
            held.append((np.abs(actual - found.value[:-1]) <= found.half[:-1]).mean())
            whole.append(abs(actual.sum() - found.value[-1]) <= found.half[-1])
        design = f"{weeks} weeks known, level wanders by {step:.0%} a week"
        yield cover("a week ahead", design, held, ALIKE)
        yield cover("six weeks ahead, total", design, whole, ALIKE)


def published(rng: Draw, runs: int) -> Iterator[Tally]:
    """The same as it is shown: widened as far as the backtest calls for."""
    held, whole = [], []
    for seed in rng.integers(10**6, 10**9, runs):
        counts, strata, months = ahead.desk(int(seed), 116)
        found, _ = ahead.forecast_of(counts[: 7 * 110], strata, months, 6)
        actual = ahead.by_weeks(counts[7 * 110 :])
        held.append((np.abs(actual - found.value[:-1]) <= found.half[:-1]).mean())
        whole.append(abs(actual.sum() - found.value[-1]) <= found.half[-1])
    yield cover("a week ahead, as shown", "110 weeks known, level wanders by 2% a week", held, ALIKE)
    yield cover("six weeks ahead, as shown", "110 weeks known, level wanders by 2% a week", whole, ALIKE)


def funnels(rng: Draw, runs: int) -> Iterator[Tally]:
    """Somebody named among equal agents; outside the 95 % limits; limits of the spread between agents."""
    for most, alike in ((1, 0.0), (4, 0.2), (4, 0.5)):
        named, outside = [], []
        for _ in range(runs):
            _, points, apart = agents.settled(agents.drawn(rng, 14, 60, most=most, alike=alike), agents.MIX)
            named.append(bool(apart))
            outside.extend(points["p_value"] < ALPHA)
        design = f"14 equal agents, 60 answers, 1–{most} a customer, alike {alike}"
        yield alarms("one of equals named", design, named)
        yield alarms("equals outside 95 %", design, outside)
    held = []
    for _ in range(runs):
        found = agents.spread_of(agents.settled(agents.drawn(rng, 14, 100, apart=0.08), agents.MIX)[1])
        held.append(found is not None and found.low <= 8.0 <= (found.high or 0.0))
    yield cover("spread between agents", "14 agents, 100 answers, 8 points apart", held, CLEAR)


def work(rng: Draw, runs: int) -> Iterator[Tally]:
    """Loads shared by chance (Gini), exact Poisson rates of leaving, spending within months."""
    told = []
    for _ in range(runs // 4):
        seen, drawn = team.against_chance(team.loads(rng))
        told.append(2 * (min((drawn >= seen).sum(), (drawn <= seen).sum()) + 1) / (team.DRAWS + 1) < ALPHA)
    yield alarms("Gini of work", "12 agents, 10 months", told)
    for mean in (2.0, 8.0, 50.0):
        events, zero = rng.poisson(mean, 20 * runs).astype(np.float64), np.zeros(20 * runs)
        figures = rate(Sums(zero, zero, zero + 30.0, events, zero, zero, zero, zero))
        low, high = figures.limits(LEVEL)
        hits = list((low <= mean / 30) & (mean / 30 <= high))
        yield cover("rate of leaving (Poisson)", f"{mean:g} expected", hits, 0.95)
    hits = []
    for _ in range(runs):
        month, bad = rng.integers(0, 6, 240), rng.random(240) < 0.15
        value, se, _, smaller = within_months(rng.lognormal(0.0, 1.0, 240) + month, bad, month)
        hits.append(abs(value) < float(t_quantile(LEVEL, smaller - 1)) * se)
    yield cover("spending after a bad one", "240 customers, 15 % bad, log-normal amounts", hits, ALIKE)


SHARES: dict[Callable[[Draw, int], Iterator[Tally]], int] = {
    parts_of_a_change: 3, logistic: 5, contrasts: 2, waits: 3, backlog: 1, steps: 8, forecasts: 4, published: 20,
    funnels: 4, work: 1,
}  # fmt: skip
"""Families, and how many times fewer runs each takes."""


def everything(runs: int = 1000, seed: int = 1) -> Iterator[Tally]:
    """Simulate all families; each has random numbers of its own."""
    for place, (family, fewer) in enumerate(SHARES.items()):
        yield from family(np.random.default_rng([seed, place]), max(runs // fewer, 4))


if __name__ == "__main__":
    print(f"{HEAD}    runs")
    results = []
    for tally in everything(int(sys.argv[1]) if len(sys.argv) > 1 else 1000):
        results.append(tally)
        print(f"{tally}  {tally.runs}", flush=True)
    sys.exit(0 if all(tally.kept for tally in results) else 1)
