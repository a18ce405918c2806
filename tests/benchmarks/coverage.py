"""Whether intervals cover and tests keep their level: every method of cxlib.stats, simulated.

    python tests/benchmarks/coverage.py [runs]

Criteria at 95 %, each with three Monte-Carlo standard errors of grace. Independent answers: mean coverage over shares
94.5–96 % for each n, nowhere below 89 % (n < 30), 91 % (n < 100), 92.5 % (beyond). Several answers a unit: 93 % with 50
units or more and correlation up to .2, else 90 %. False alarms: 6.5 %.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import polars as pl

from cxlib.estimates.counted_days import scatter
from cxlib.estimates.estimate_table import of_days
from cxlib.metrics import Metric, get
from cxlib.stats.differences import difference
from cxlib.stats.durations import Curve, quantiles
from cxlib.stats.equality import equality
from cxlib.stats.intervals import ALPHA, Array, Figures, Sums, measure, total

LEVEL = np.asarray(ALPHA)
BLOCK = 1_000_000  # answers simulated at once
SHARES = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98)


@dataclass(frozen=True)
class Design:
    """A month of a survey: units, each with 1 … `most` answers of this intra-unit correlation."""

    units: int
    most: int = 1
    correlation: float = 0.0
    overlap: float = 0.5  # share of units that answer in both months
    weighted: bool = False  # a third each of the units counts half, once, or twice

    @property
    def floor(self) -> float:
        """Lowest coverage allowed."""
        if self.most == 1:
            return 0.89 if self.units < 30 else 0.91 if self.units < 100 else 0.925
        return 0.93 if self.units >= 50 and self.correlation <= 0.2 else 0.90


@dataclass(frozen=True)
class Answers:
    """What is answered: values and their probabilities."""

    metric: Metric
    values: Array
    chances: Array

    @property
    def truth(self) -> float:
        return float(self.values @ self.chances)


@dataclass
class Tally:
    """Coverage (or alarms) of one method in one design over several truths."""

    method: str
    design: str
    shares: list[float] = field(default_factory=list)
    floor: float = 0.0
    between: tuple[float, float] = (0.0, 1.0)
    ceiling: float = 1.0
    runs: int = 0

    @property
    def kept(self) -> bool:
        """Whether the criteria hold, with three Monte-Carlo errors of grace."""

        def grace(limit: float, draws: int) -> float:
            return 3 * np.sqrt(limit * (1 - limit) / draws)

        mean, draws = float(np.mean(self.shares)), self.runs * len(self.shares)
        lowest, highest = self.between
        return (
            min(self.shares) >= self.floor - grace(self.floor, self.runs)
            and lowest - grace(lowest, draws) <= mean <= highest + grace(highest, draws)
            and max(self.shares) <= self.ceiling + grace(self.ceiling, self.runs)
        )

    def __str__(self) -> str:
        verdict = "kept" if self.kept else "BROKEN"
        mean, lowest, highest = np.mean(self.shares), min(self.shares), max(self.shares)
        return f"{self.method:<28}{self.design:<58}{mean:7.3f}{lowest:8.3f}{highest:8.3f}  {verdict}"


def share(p: float) -> Answers:
    return Answers(get("csat"), np.array([0.0, 1.0]), np.array([1 - p, p]))


def score(promoters: float, detractors: float) -> Answers:
    return Answers(get("nps"), np.array([-1.0, 0, 1]), np.array([detractors, 1 - promoters - detractors, promoters]))


def mean(chances: tuple[float, ...]) -> Answers:
    return Answers(get("csat_mean"), np.linspace(0, 100, len(chances)), np.array(chances))


def blocks(runs: int, size: int) -> Iterator[int]:
    """Yield numbers of runs whose sum is `runs`, none with more than BLOCK units."""
    most = max(1, BLOCK // size)
    yield from (min(most, runs - done) for done in range(0, runs, most))


def month(rng: np.random.Generator, design: Design, answers: Answers, own: Array) -> tuple[Array, ...]:
    """Draw a month: n, w, wx, wxx by run and unit.

    Each answer repeats the unit's own lasting one (`own`, a uniform number per run and unit) with chance √correlation,
    else it is fresh: any two answers of a unit then have the wanted correlation, within and between months.
    """
    n = rng.integers(1, design.most + 1, own.shape)
    repeated = rng.binomial(n, np.sqrt(design.correlation))
    fresh = rng.multinomial(n - repeated, answers.chances)
    lasting = answers.values[np.minimum(np.searchsorted(np.cumsum(answers.chances), own), len(answers.values) - 1)]
    wx = fresh @ answers.values + repeated * lasting
    wxx = fresh @ answers.values**2 + repeated * lasting**2
    weight = rng.choice((0.5, 1.0, 2.0), own.shape) if design.weighted else 1.0
    return n.astype(float), n * weight, wx * weight, wxx * weight


def covered(figures: Figures, truth: float) -> Array:
    """Tell for each cell whether its interval holds the truth; no interval at all is left out."""
    low, high = figures.limits(LEVEL)
    return ((low <= truth) & (truth <= high))[np.isfinite(low) & np.isfinite(high)]


def one_sample(rng: np.random.Generator, design: Design, answers: Answers, runs: int) -> float:
    """Return the coverage of one month's interval."""
    hits = []
    for block in blocks(runs, design.units):
        drawn = month(rng, design, answers, rng.random((block, design.units)))
        hits.append(covered(measure(answers.metric, Sums.of_units(*drawn)), answers.truth))
    return float(np.concatenate(hits).mean())


def two_samples(rng: np.random.Generator, design: Design, after: Answers, before: Answers, runs: int) -> Array:
    """Return the coverage of the change's interval, and how often it says that something changed."""
    hits, alarms = [], []
    shared = int(design.units * design.overlap)
    for block in blocks(runs, 2 * design.units):
        own = rng.random((2, block, design.units))
        own[1, :, :shared] = own[0, :, :shared]
        figures, influence = [], []
        for answers, lasting in ((after, own[0]), (before, own[1])):
            drawn = month(rng, design, answers, lasting)
            found = measure(answers.metric, Sums.of_units(*drawn))
            figures.append(found)
            influence.append(drawn[2] - found.value[:, None] * drawn[1])
        product = (influence[0] * influence[1])[:, :shared].sum(axis=1)
        size = np.sqrt((influence[0] ** 2).sum(axis=1) * (influence[1] ** 2).sum(axis=1))
        r = np.divide(product, size, out=np.zeros(block), where=size > 0)
        found_difference = difference(figures[0], figures[1], r)
        truth = after.truth - before.truth
        hits.append((found_difference.low <= truth) & (truth <= found_difference.high))
        alarms.append(found_difference.p_value < ALPHA)
    return np.array([np.concatenate(hits).mean(), np.concatenate(alarms).mean()])


def waits(rng: np.random.Generator, design: Design, own: Array, median: float, running: bool) -> Curve:
    """Draw a month of log-normal waits, a third of them still running if `running`."""
    code = np.repeat(np.arange(design.units), rng.integers(1, design.most + 1, design.units))
    z = np.sqrt(design.correlation) * own[code] + np.sqrt(1 - design.correlation) * rng.standard_normal(len(code))
    waited = median * np.exp(1.5 * z)
    observed = median * np.exp(1.5 * rng.uniform(-0.5, 3, len(code))) if running else np.full(len(code), np.inf)
    order = np.argsort(np.minimum(waited, observed))
    ended = (waited <= observed).astype(float)
    return Curve(np.minimum(waited, observed)[order], ended[order], code[order], design.units)


def quantile_coverage(rng: np.random.Generator, design: Design, q: float, running: bool, runs: int) -> float:
    """Return the coverage of a quantile of waits."""
    from scipy.special import ndtri

    truth = 100 * np.exp(1.5 * ndtri(q))
    drawn = [waits(rng, design, rng.standard_normal(design.units), 100.0, running) for _ in range(runs)]
    low, high = quantiles(drawn, q).limits(LEVEL)
    return float(((low <= truth) & (truth <= high)).mean())


def median_change(rng: np.random.Generator, design: Design, runs: int) -> float:
    """Return how often an unchanged median is called changed, with half the customers in both months."""
    after, before, r = [], [], []
    shared = int(design.units * design.overlap)
    for _ in range(runs):
        own = rng.standard_normal((2, design.units))
        own[1, :shared] = own[0, :shared]
        pair = [waits(rng, design, lasting, 100.0, True) for lasting in own]
        one, other = (curve.influence_at() for curve in pair)
        size = np.sqrt((one @ one) * (other @ other))
        r.append(one[:shared] @ other[:shared] / size if size else 0.0)
        after.append(pair[0])
        before.append(pair[1])
    found = difference(quantiles(after), quantiles(before), np.array(r))
    return float((found.p_value < ALPHA).mean())


def days(rng: np.random.Generator, expected: float, clumping: float, month_name: str, runs: int) -> Figures:
    """Draw daily counts of a month with a weekday pattern, `clumping` times as variable as Poisson."""
    span = pl.date_range(date.fromisoformat(f"{month_name}-01"), date.fromisoformat(f"{month_name}-30"), eager=True)
    usual = np.array([1.3, 1.2, 1.0, 1.0, 0.9, 0.4, 0.2])[span.dt.weekday().to_numpy() - 1]
    usual = usual / usual.sum() * expected
    rate = rng.gamma(usual / (clumping - 1), clumping - 1, (runs, 30)) if clumping > 1 else usual
    counts = rng.poisson(rate, (runs, 30))
    frame = pl.DataFrame(
        {
            "period": month_name,
            "group": np.repeat([f"{run:06d}" for run in range(runs)], 30),
            "day": np.tile(span.to_numpy(), runs),
            "alike": np.tile(span.dt.weekday().to_numpy(), runs),
            "n": np.fmax(counts.ravel(), np.arange(30 * runs) % 30 == 0),  # a month without any is one all the same
            "sum_wx": counts.ravel().astype(float),
        }
    )
    return of_days(get("ticket_volume"), frame, scatter(frame)).figures


def customers(rng: np.random.Generator, expected: float, runs: int) -> Figures:
    """Draw totals of a compound Poisson count: customers with one to five each."""
    most = int(expected + 8 * np.sqrt(expected) + 10)
    there = np.arange(most) < rng.poisson(expected, runs)[:, None]
    each = np.where(there, rng.integers(1, 6, (runs, most)), 0).astype(float)
    return total(Sums.of_units(each, each, each, each))


def false_inequality(rng: np.random.Generator, design: Design, groups: int, runs: int) -> float:
    """Return how often equal groups (a share of 70 %) are called unequal."""
    alarms = 0
    for _ in range(runs):
        code = np.repeat(np.arange(design.units), rng.integers(1, design.most + 1, design.units))
        repeated = rng.random(len(code)) < np.sqrt(design.correlation)
        lasting = rng.random(design.units)[code]
        x = np.where(np.where(repeated, lasting, rng.random(len(code))) < 0.7, 1.0, 0.0)
        group = rng.integers(0, groups, len(code))
        p = equality(pl.DataFrame({"group": group, "code": code, "weight": 1.0, "residual": x - x.mean()}))
        alarms += p is not None and p < ALPHA
    return alarms / runs


def _named(design: Design) -> str:
    weights = ", weights ½–2" if design.weighted else ""
    return f"{design.units} units, 1–{design.most} answers, correlation {design.correlation}{weights}"


def surveys(rng: np.random.Generator, designs: list[Design], runs: int) -> Iterator[Tally]:
    """Simulate shares, means and scores of one month."""
    scores = [score(0.1, 0.6), score(0.2, 0.2), score(0.5, 0.2), score(0.8, 0.05)]
    means = [mean((0.1, 0.2, 0.4, 0.2, 0.1)), mean((0.05, 0.05, 0.1, 0.3, 0.5))]
    for design in designs:
        between = (0.945, 0.96) if design.most == 1 else (0.0, 1.0)
        for method, truths in (("share", [share(p) for p in SHARES]), ("score", scores), ("mean", means)):
            kept = [one_sample(rng, design, truth, runs) for truth in truths]
            limits = {"between": between} if method == "share" else {}
            yield Tally(method, _named(design), kept, design.floor, runs=runs, **limits)


def changes(rng: np.random.Generator, designs: list[Design], runs: int) -> Iterator[Tally]:
    """Simulate changes of shares, scores and means, half of the units answering in both months."""
    shares = [0.05, 0.2, 0.5, 0.8, 0.95]
    pairs: dict[str, list[tuple[Answers, Answers]]] = {
        "share": [(share(p), share(p)) for p in shares] + [(share(0.7), share(0.8)), (share(0.95), share(0.85))],
        "score": [(score(0.5, 0.2), score(0.5, 0.2)), (score(0.5, 0.2), score(0.4, 0.3))],
        "mean": [(mean((0.1, 0.2, 0.4, 0.2, 0.1)),) * 2, (mean((0.05, 0.05, 0.1, 0.3, 0.5)),) * 2],
    }
    for design in designs:
        for method, both in pairs.items():
            found = np.array([two_samples(rng, design, after, before, runs) for after, before in both])
            same = np.array([after.truth == before.truth for after, before in both])
            yield Tally(f"change of a {method}", _named(design), list(found[:, 0]), design.floor, runs=runs)
            yield Tally("  its false alarms", _named(design), list(found[same, 1]), ceiling=0.065, runs=runs)


def durations(rng: np.random.Generator, designs: list[Design], runs: int) -> Iterator[Tally]:
    """Simulate medians and 90 % quantiles of waits, and changes of the median."""
    for design in designs:
        for q, name in ((0.5, "median"), (0.9, "90 % quantile")):
            kept = [quantile_coverage(rng, design, q, running, runs) for running in (False, True)]
            yield Tally(name, _named(design), kept, design.floor, runs=runs)
        yield Tally(
            "change of a median: alarms", _named(design), [median_change(rng, design, runs)], ceiling=0.065, runs=runs
        )


def counts(rng: np.random.Generator, runs: int) -> Iterator[Tally]:
    """Simulate daily counts and counts of customers, and changes of both."""
    for expected in (20.0, 200.0, 2000.0):
        for clumping in (1.0, 3.0):
            after, before = (days(rng, expected, clumping, name, runs) for name in ("2026-06", "2026-09"))
            design = f"{expected:.0f} a month, {clumping:.0f} × Poisson"
            yield Tally("daily count", design, [covered(after, expected).mean()], 0.92, runs=runs)
            alarms = (difference(after, before, np.zeros(runs)).p_value < ALPHA).mean()
            yield Tally("  change: false alarms", design, [alarms], ceiling=0.065, runs=runs)
    for expected in (5.0, 20.0, 200.0):
        after, before = (customers(rng, expected, runs) for _ in range(2))
        yield Tally(
            "count of customers", f"{expected:.0f} customers", [covered(after, 3 * expected).mean()], 0.90, runs=runs
        )
        alarms = (difference(after, before, np.zeros(runs)).p_value < ALPHA).mean()
        yield Tally("  change: false alarms", f"{expected:.0f} customers", [alarms], ceiling=0.065, runs=runs)


def spent(rng: np.random.Generator, tail: float, counts: Array) -> Array:
    """Draw what customers spend: so many log-normal orders each (sd `tail`), or Pareto 1.5 for 0, alike within each."""
    most, shape = int(counts.max()), (*counts.shape, int(counts.max()))
    if tail:
        own = rng.standard_normal(counts.shape)[..., None] if most > 1 else 0.0
        z = np.sqrt(0.5) * (own + rng.standard_normal(shape)) if most > 1 else rng.standard_normal(shape)
        sizes = np.exp(tail * z)
    else:
        sizes = rng.pareto(1.5, shape) + 1
    return np.where(np.arange(most) < counts[..., None], sizes, 0.0).sum(axis=-1)


def money(rng: np.random.Generator, runs: int) -> Iterator[Tally]:
    """Simulate average order values and revenue with heavy tails, 1 or 1 to 5 orders a customer, and their changes."""
    for tail in (0.6, 1.0, 1.5, 2.0, 0.0):
        each = np.exp(tail * tail / 2) if tail else 3.0
        floor = 0.925 if 0 < tail < 1.5 else 0.90 if tail else 0.85
        for units, most in ((50, 1), (50, 5), (100, 1), (100, 5), (1000, 1), (1000, 5)):
            named = f"{f'log-normal sd {tail}' if tail else 'Pareto 1.5'}, {units} customers, 1–{most} orders"
            bought = [rng.integers(1, most + 1, (runs, units)).astype(float) for _ in range(2)]
            values = [measure(get("average_order_value"), _bought(rng, tail, n)) for n in bought]
            yield from _of_money("average order value", named, values, truth=each, floor=floor)
            there = [np.arange(2 * units) < rng.poisson(units, runs)[:, None] for _ in range(2)]
            bought = [np.where(day, rng.integers(1, most + 1, day.shape), 0).astype(float) for day in there]
            values = [measure(get("revenue"), _bought(rng, tail, n)) for n in bought]
            yield from _of_money("revenue", named, values, truth=units * (most + 1) / 2 * each, floor=floor)


def _bought(rng: np.random.Generator, tail: float, n: Array) -> Sums:
    wx = np.concatenate([spent(rng, tail, part) for part in np.array_split(n, max(1, n.size * 5 // BLOCK))])
    return Sums.of_units(n, n, wx, wx * wx)


def _of_money(method: str, named: str, values: list[Figures], *, truth: float, floor: float) -> Iterator[Tally]:
    runs = len(values[0].n)
    alarms = (difference(*values, np.zeros(runs)).p_value < ALPHA).mean()
    yield Tally(method, named, [covered(values[0], truth).mean()], floor, runs=runs)
    yield Tally("  change: false alarms", named, [alarms], ceiling=0.065, runs=runs)


def inequalities(rng: np.random.Generator, runs: int) -> Iterator[Tally]:
    """Simulate the test that all groups are equal."""
    for design, groups in ((Design(30), 3), (Design(300, 3, 0.3), 22), (Design(2000, 2, 0.3), 45), (Design(200), 45)):
        found = false_inequality(rng, design, groups, runs)
        yield Tally("groups unequal: alarms", f"{groups} groups, {_named(design)}", [found], ceiling=0.065, runs=runs)


def everything(runs: int = 10_000, seed: int = 1) -> Iterator[Tally]:
    """Simulate all methods over the whole grid; loops over single runs take a tenth of the runs."""
    rng = np.random.default_rng(seed)
    alone = [Design(units) for units in (10, 20, 30, 50, 100, 200, 500, 2000, 5000)]
    several = [Design(units, most, r) for units in (10, 20, 50, 100, 400) for most in (3, 5) for r in (0.0, 0.2, 0.5)]
    weighted = [Design(units, most, 0.2 * (most > 1), weighted=True) for units in (10, 50, 100, 400) for most in (1, 4)]
    other = np.random.default_rng([seed, 1])
    sweeps: list[Callable[[], Iterator[Tally]]] = [
        lambda: surveys(rng, alone + several, runs),
        lambda: changes(rng, [alone[place] for place in (1, 3, 5)] + several, runs // 4),
        lambda: durations(rng, [replace(design) for design in (*alone[:6], *several[6:])], runs // 10),
        lambda: counts(np.random.default_rng([seed, 2]), runs // 4),  # of its own, to be run alone
        lambda: inequalities(np.random.default_rng([seed, 3]), runs // 10),
        lambda: surveys(other, weighted, runs),
        lambda: changes(other, weighted, runs // 4),
        lambda: money(np.random.default_rng([seed, 2]), runs // 4),
    ]
    for sweep in sweeps:
        yield from sweep()


if __name__ == "__main__":
    print(f"{'method':<28}{'design':<58}{'mean':>7}{'lowest':>8}{'highest':>8}")
    results = []
    for tally in everything(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000):
        results.append(tally)
        print(tally, flush=True)
    sys.exit(0 if all(tally.kept for tally in results) else 1)
