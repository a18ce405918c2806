"""What a report claims on a desk where nothing happens: the clear, the possible, the first page, people named.

    python tests/benchmarks/null_report.py [desks] [tickets]

A desk is the demo company without its effects: no step, trend or season, agents who are equal and stay, and every group
(channel, category, importance, country, priority) shuffled among tickets or customers, so that nothing goes with it.
What is left is what real desks have: weekdays and holidays, weeks that are noisy and resemble each other, customers
who are each more or less satisfied and answer several times. All questions of all notebooks are asked as a report asks
them, and their claims counted (`cxlib.present.sentences.claims`). Not counted are questions whose answer is true of
every desk (`STRUCTURE`).

The targets: at most one clear claim a report on average, a first page without any in 95 % of reports, a person named
in at most 2 %. A short version runs with the tests.
"""

from __future__ import annotations

import ast
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import polars as pl

from cxlib import demo
from cxlib.demo import DemoParameters, activity, build_demo, company, hours, opinions
from cxlib.derive import derive
from cxlib.present.sentences import Claims, claims, say, threshold, total

ROOT = Path(__file__).resolve().parents[2]
DESKS, TICKETS = 40, 40_000
CUSTOMER_SD = 0.9  # of the log-odds of satisfaction, between customers
DAY_SD, WEEK_SD = 0.05, 0.04  # of the logarithm of a day's and of a week's demand
WEEK_RELATED = 0.3  # correlation of neighbouring weeks
MOST_CLEAR, CLEAN_PAGES, MOST_NAMED = 1.0, 0.95, 0.02
NOTHING = DemoParameters(
    customers=4_000, agents=14, months=20, phone_share_last_month=0.17, last_month_log_odds=0.0,
    worse_agent_log_odds=0.0, log_odds_per_doubling=0.0, volume_rise=1.0, effort_per_handoff=0.0,
    ease_per_handoff=0.0, nps_after_phone=0.0, promoter_multiple=1.0, chat_uplift=0.0, leaving_ratio=1.0,
    event_factor=1.0,
)  # fmt: skip
STRUCTURE = {
    "count_model": "weekdays differ",
    "peaks": "hours differ",
    "workflow_outcomes": "a promise is broken on slow tickets, a timer closes quiet ones",
    "heavy_workflows": "some workflows are used more than others",
    "workflow_reach": "likewise",
    "workload": "agents of larger teams have less",
    'breakdown("conversations_per_agent", query, "team")': "likewise",
    'breakdown("resolution_time", query, "contacts")': "who writes again waits longer",
}
"""Calls whose answer is true of every desk, by function or by their source."""


@dataclass(slots=True)
class Seen:
    """What a report claims: claims of each question, and how often a sentence names an agent."""

    asked: dict[str, list[Claims]] = field(default_factory=dict)
    first_page: int = 0
    named: list[str] = field(default_factory=list)

    @property
    def all(self) -> Claims:
        """The claims of all questions together."""
        return total(found for each in self.asked.values() for found in each)


def report_of(seed: int, tickets: int = TICKETS) -> Seen:
    """Build a desk where nothing happens and ask it all questions of all notebooks."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "desk"
        folder.mkdir()
        build_null_desk(folder, replace(NOTHING, seed=seed, tickets=tickets))
        derive(folder)
        return ask_all(folder)


def build_null_desk(folder: Path, parameters: DemoParameters) -> None:
    """Write the given tables of a desk without effects."""
    rng = np.random.default_rng([parameters.seed, 7])
    with ExitStack() as stack:
        for module, name, value in (
            (hours, "_MONTH", np.ones(12)),
            (hours, "_GROWTH", 0.0),
            (opinions, "_DISSATISFIED_ANSWER_MORE", 1.0),
            (opinions, "_FIVE_POINTS_SINCE", "2000-01"),
            (opinions, "_NPS", np.tile(opinions._NPS[:1], (2, 1))),
            (activity, "BLOCKAGE_CHANCES", (0.06, 0.06)),
            (activity, "SHORTCUT_CHANCES", (0.06, 0.06)),
            (activity, "LEAVING_CHANCE", 0.0),
            (company, "lay_hours", _noisy(hours.lay_hours, rng)),
            (demo, "found_company", _staying(company.found_company)),
        ):
            stack.enter_context(patch.object(module, name, value))
        build_demo(folder, parameters=parameters)
    _shuffle(folder, rng)
    _opinions(folder, rng)


def _noisy(lay: Callable[[DemoParameters], Any], rng: np.random.Generator) -> Callable[[DemoParameters], Any]:
    """Return a laying of hours whose weeks are noisy and resemble each other."""

    def noisy(parameters: DemoParameters) -> Any:
        laid = lay(parameters)
        week = (laid.start - laid.start[0]) // (7 * hours.DAY)
        noise = np.zeros(week[-1] + 1)
        draws = rng.normal(size=len(noise))
        for number in range(1, len(noise)):
            noise[number] = WEEK_RELATED * noise[number - 1] + np.sqrt(1 - WEEK_RELATED**2) * draws[number]
        day = (laid.start - laid.start[0]) // hours.DAY
        every = WEEK_SD * noise[week] + DAY_SD * rng.normal(size=day[-1] + 1)[day]
        return replace(laid, demand=laid.demand * np.exp(every))

    return noisy


def _staying(found: Callable[[DemoParameters], Any]) -> Callable[[DemoParameters], Any]:
    """Return a company whose agents and customers were all there before the data begin, and whose agents stay."""

    def staying(parameters: DemoParameters) -> Any:
        built = found(parameters)
        first, last = np.full_like(built.first, -1), np.full_like(built.last, parameters.months)
        joined = np.minimum(built.joined, built.hours.start[0] - hours.DAY)
        return replace(built, first=first, last=last, joined=joined)

    return staying


def _shuffle(folder: Path, rng: np.random.Generator) -> None:
    """Shuffle channel, category and priority among tickets, importance and country among customers."""
    tickets, messages, customers = (
        pl.read_parquet(folder / f"{n}.parquet") for n in ("tickets", "messages", "customers")
    )
    tickets = _shuffled(tickets, rng, "channel", "category", "priority", "difficulty")
    channel = tickets.select("ticket_id", new="channel")
    messages = messages.join(channel, on="ticket_id", how="left", maintain_order="left")
    messages = messages.with_columns(channel=pl.coalesce("new", "channel")).drop("new")
    for name, frame in (
        ("tickets", tickets),
        ("messages", messages),
        ("customers", _shuffled(customers, rng, "importance", "country")),
    ):
        frame.write_parquet(folder / f"{name}.parquet")


def _shuffled(frame: pl.DataFrame, rng: np.random.Generator, *columns: str) -> pl.DataFrame:
    return frame.with_columns(frame[name].gather(rng.permutation(frame.height)).alias(name) for name in columns)


def _opinions(folder: Path, rng: np.random.Generator) -> None:
    """Draw satisfaction, effort and ease anew: each customer has a level in each, and nothing else matters."""
    surveys = pl.read_parquet(folder / "surveys.parquet")
    who = surveys["customer_id"].fill_null("").rank("dense").to_numpy().astype(np.int64) - 1
    kind = surveys["kind"].rank("dense").to_numpy().astype(np.int64) - 1
    level = CUSTOMER_SD * rng.normal(size=(kind.max() + 1, who.max() + 1))[kind, who]
    share = 1 / (1 + np.exp(-(1.3 + level)))
    top, satisfied = surveys["scale_high"].to_numpy(), rng.random(surveys.height) < share
    below = np.floor(1 + rng.random(surveys.height) * (top - 2))
    csat = np.where(satisfied, top - (rng.random(surveys.height) < 0.4), below)
    other = 1 + rng.binomial(np.maximum(top - 1, 1).astype(np.int64), share)
    drawn = pl.when(pl.col("kind") == "csat").then(pl.Series(csat)).otherwise(pl.Series(other.astype(np.float64)))
    asked = pl.col("kind").is_in(["csat", "effort", "ease"]) & pl.col("answer").is_not_null()
    surveys.with_columns(answer=pl.when(asked).then(drawn).otherwise("answer")).write_parquet(
        folder / "surveys.parquet"
    )


def ask_all(folder: Path) -> Seen:
    """Ask all questions of all notebooks as they stand, with every default."""
    agents = set(pl.read_parquet(folder / "agents.parquet")["name"])
    seen, first_page, others = Seen(), [], []
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for source, result in _results(path, folder):
            if any(source.startswith(f"cx.{call}") for call in STRUCTURE):
                continue
            found, text = claims(result), say(result).text
            seen.asked.setdefault(source, []).append(found)
            (first_page if path.name.startswith("00_") else others).append(found)
            if found.tests:  # a history tells who worked on what: that compares nobody
                seen.named += [source for name in agents if name in text]
    limit = threshold([p for found in (*first_page, *others) for p in found.p_values])
    shown = [found for found in others if found.clear and found.surest <= limit]
    seen.first_page = sum(found.clear for found in first_page) + len(shown)
    return seen


def _results(path: Path, folder: Path) -> Iterator[tuple[str, Any]]:
    """Yield each call that a notebook shows, as it is written, and its result."""
    space: dict[str, Any] = {}
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        for statement in ast.parse("".join(cell["source"])).body:
            call = statement.value if isinstance(statement, ast.Expr) else None
            if not isinstance(call, ast.Call):
                exec(compile(ast.Module([statement], []), path.name, "exec"), space)
            elif ast.unparse(call.func) == "cx.show":
                source = ast.unparse(call.args[0]).replace("'", '"')
                yield source, eval(source, space)
            if "parameters" in cell["metadata"].get("tags", []):
                space["data"] = str(folder)


def table(desks: list[Seen]) -> str:
    """Return the table: every desk, then the questions that claim most, then the verdict."""
    counted = [seen.all for seen in desks]
    lines = [f"{len(desks)} desks where nothing happens.", "", "desk  comparisons  clear  possible  first page  named"]
    for number, (seen, found) in enumerate(zip(desks, counted, strict=True), start=1):
        lines.append(
            f"{number:>4}{found.tests:>13}{found.clear:>7}{found.possible:>10}{seen.first_page:>12}{len(seen.named):>7}"
        )
    by_question: Counter[str] = Counter()
    possible: Counter[str] = Counter()
    for seen in desks:
        for source, parts in seen.asked.items():
            by_question[source] += total(parts).clear
            possible[source] += total(parts).possible
    lines += ["", "clear  possible  question"]
    lines += [f"{clear:>5}{possible[source]:>10}  {source}" for source, clear in by_question.most_common(25) if clear]
    return "\n".join([*lines, "", *(f"{what}: {value} – {verdict}" for what, value, verdict in verdicts(desks))])


def verdicts(desks: list[Seen]) -> list[tuple[str, str, str]]:
    """Return each target, what came of it, and whether it is met."""
    counted = [seen.all for seen in desks]
    clear = sum(found.clear for found in counted) / len(desks)
    expected = sum(found.by_chance for found in counted) / len(desks)
    possible = sum(found.possible for found in counted) / len(desks)
    clean = sum(not seen.first_page for seen in desks) / len(desks)
    named = sum(bool(seen.named) for seen in desks) / len(desks)
    return [
        ("clear claims a report", f"{clear:.2f} (chance: {expected:.2f})", _met(clear <= MOST_CLEAR)),
        ("possible claims a report", f"{possible:.1f}", "no target"),
        ("reports with a clean first page", f"{clean:.1%}", _met(clean >= CLEAN_PAGES)),
        ("reports that name a person", f"{named:.1%}", _met(named <= MOST_NAMED)),
    ]


def _met(met: bool) -> str:
    return "met" if met else "MISSED"


if __name__ == "__main__":
    os.environ.setdefault("CX_HOME", str(ROOT))
    given = [int(word) for word in sys.argv[1:]]
    desks_asked, tickets_asked = given + [DESKS, TICKETS][len(given) :]
    done = []
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as workers:
        for seen in workers.map(report_of, range(1, desks_asked + 1), [tickets_asked] * desks_asked):
            done.append(seen)
            clear = [source for source, parts in seen.asked.items() if total(parts).clear]
            print(f"desk {len(done)}: {'; '.join(clear) or 'nothing clear'}", file=sys.stderr, flush=True)
    print(table(done))
