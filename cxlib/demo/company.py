"""The demo company: its words, its customers and its agents."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from cxlib.demo.draw import Draw, Numbers, Reals, ids, instants, words
from cxlib.demo.hours import DAY, HOUR, Hours, lay_hours
from cxlib.demo.parameters import DemoParameters

WORDS: dict[str, Any] = tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))
LANGUAGES = tuple(WORDS["subjects"])
IMPORTANCE = ("low", "middle", "high")
TEAMS = ("Orders", "Billing", "Technical", "Accounts")
WORSE_AGENT = 2
_LEAVING = 0.0016  # of promoters, a week


@dataclass(frozen=True, slots=True, eq=False)
class Company:
    """Parameters and hours, the customers in the order they joined, the agents.

    Per customer: joined (UTC seconds), importance, country (positions), contacts (weight of being the one who asks).
    Per agent: team (position), first and last month with new tickets (0 = first of the data).
    """

    parameters: DemoParameters
    hours: Hours
    joined: Numbers
    importance: Numbers
    country: Numbers
    contacts: Reals
    team: Numbers
    first: Numbers
    last: Numbers

    def draw(self, theme: str) -> Draw:
        """Return the random stream of a theme."""
        return Draw(self.parameters.seed, theme)

    def asking(self, draw: Draw, at: Numbers) -> Numbers:
        """Return one customer for each instant, among those who had joined by then."""
        upto = np.cumsum(self.contacts)
        there = np.searchsorted(self.joined, at, side="right") - 1
        return np.searchsorted(upto, draw.uniform(len(at)) * upto[there], side="right").astype(np.int64)

    def answering(self, draw: Draw, team: Numbers, month: Numbers) -> Numbers:
        """Return an agent of the team at work in the month, for each pair."""
        months = np.arange(self.parameters.months)
        at_work = (self.first <= months[:, None]) & (months[:, None] <= self.last)
        mine = self.team == np.arange(len(TEAMS))[:, None]
        table = (mine[:, None, :] & at_work[None, :, :]).reshape(-1, len(self.team)).astype(np.float64)
        return draw.pick_by(table, team * len(months) + month)


def found_company(parameters: DemoParameters) -> Company:
    """Draw customers, 6 in 10 there before the data begin, and agents, a third of whom stay throughout."""
    hours, draw = lay_hours(parameters), Draw(parameters.seed, "company")
    n, begin = parameters.customers, hours.start[0]
    early = (np.arange(n) < n // 2) | draw.chance(0.2, n)
    joined = np.where(early, begin - draw.whole(DAY, 1500 * DAY, n), draw.whole(begin, hours.end - 20 * DAY, n))
    importance, country = draw.pick([0.6, 0.3, 0.1], n), draw.pick(WORDS["country_shares"], n)
    contacts = np.array([1.0, 1.6, 2.6])[importance] * (0.2 - np.log1p(-draw.uniform(n)))
    number, months = np.arange(parameters.agents), parameters.months
    stays = number < max(8, len(number) // 3)
    first = np.where(stays | draw.chance(0.35, len(number)), -1, draw.whole(1, months - 4, len(number)))
    last = np.maximum(first, 0) + draw.whole(4, 30, len(number))
    last = np.where(stays | draw.chance(0.4, len(number)), months, last)
    return Company(
        parameters, hours, np.sort(joined), importance, country, contacts, number % len(TEAMS), first, last
    )  # fmt: skip


def agent_names(n: int) -> list[str]:
    """Return invented names, all different."""
    first, last = WORDS["first_names"], WORDS["last_names"]
    return [f"{first[i % len(first)]} {last[i * 7 % len(last)]}" for i in range(n)]


def agents_table(company: Company) -> pl.DataFrame:
    """Return the agents: they begin on the 1st and leave 45 days after the last month with new tickets."""
    draw, n, hours = company.draw("agents"), len(company.team), company.hours
    months = hours.start[np.searchsorted(hours.month, np.arange(company.parameters.months + 1))]
    founded = hours.start[0] - draw.whole(30, 2000, n) * DAY
    hired = np.where(company.first < 0, founded, months[np.maximum(company.first, 0)]) + 8 * HOUR
    left = months[np.minimum(company.last + 1, len(months) - 1)] + 45 * DAY
    return pl.DataFrame(
        {
            "agent_id": ids("A", np.arange(n), 3), "name": agent_names(n), "team": words(TEAMS, company.team),
            "hired_at": instants(hired), "left_at": instants(left, left < hours.end),
        }
    )  # fmt: skip


def agents_who_left(agents: pl.DataFrame, company: Company) -> dict[str, object]:
    """Return how many agents left in the last twelve months, and that number per year employed in them, in %."""
    end = pl.lit(company.hours.end, pl.Int64) * 1_000_000
    begin, hired, left = end - 365 * DAY * 1_000_000, *(pl.col(name).to_physical() for name in ("hired_at", "left_at"))
    until = pl.min_horizontal(left, end)
    years = (until - pl.max_horizontal(hired, begin)).clip(0).sum() / (365 * DAY * 1_000_000)
    gone, employed = agents.select((left >= begin).sum(), years.alias("years")).row(0)
    return {"meaning": "agents, last 12 months; left in % a year", "left": gone, "a_year": 100 * gone / employed}


def customers_table(company: Company, seen: Numbers, answers: pl.DataFrame) -> pl.DataFrame:
    """Return the customers; some of those not `seen` (last ticket, survey or order) lately have left since."""
    draw, n, odd = company.draw("customers"), len(company.joined), WORDS["odd_names"]
    name = words(WORDS["first_names"], draw.whole(0, len(WORDS["first_names"]), n))
    name = name + " " + words(WORDS["last_names"], draw.whole(0, len(WORDS["last_names"]), n))
    left = _leaving(company, seen, answers)
    number = np.arange(n)
    referred = np.where(draw.chance(0.15, n), draw.whole(0, number, n), number) - (number == 0)
    return pl.DataFrame(
        {
            "customer_id": ids("C", number),
            "account_id": ids("F", np.where(draw.chance(0.25, n), draw.whole(0, n // 10 + 1, n), -1), 5),
            "name": pl.concat([pl.Series(odd), name[len(odd) :]]),
            "importance": words(IMPORTANCE, company.importance),
            "country": words(WORDS["countries"], company.country),
            "joined_at": instants(company.joined),
            "left_at": instants(left, left > 0),
            "referred_by": ids("C", np.where(referred < number, referred, -1)),
        }
    )


def _leaving(company: Company, seen: Numbers, answers: pl.DataFrame) -> Numbers:
    """Draw when each customer leaves, 0 for never, at rates as their last answer on recommendation was.

    Only who is not seen later can leave in a week. So that the rates of the classes keep their ratio all the same,
    as many leave of each class as its customers make likely, and in weeks with too few such all classes lose fewer.
    """
    draw, n, hours, p = company.draw("leaving"), len(company.joined), company.hours, company.parameters
    rates = _LEAVING * p.leaving_ratio ** np.array([0.0, 0.5, 1.0, 0.5])
    left, said = np.zeros(n, dtype=np.int64), np.full(n, len(rates) - 1)
    at, who, loyalty = (answers[name].to_numpy() for name in ("at", "customer", "loyalty"))
    for week in range(hours.start[0], hours.end - 7 * DAY, 7 * DAY):
        new = (at >= week - 7 * DAY) & (at < week)
        said[who[new]] = loyalty[new]
        there = (company.joined < week) & (left == 0)
        silent = there & (seen < week)
        customers, may = (np.bincount(said[flags], minlength=len(rates)) for flags in (there, silent))
        expected = rates * customers
        scale = min(1.0, (0.9 * may[customers > 0] / expected[customers > 0]).min(initial=1.0))
        leaves = draw.chance((scale * expected / np.maximum(may, 1))[said], n) & silent
        left = np.where(leaves, week + draw.whole(0, 7 * DAY, n), left)
    return left
