"""The demo's workflow runs and views of help articles."""

from typing import Any

import numpy as np
import polars as pl

from cxlib.demo.company import WORDS, Company
from cxlib.demo.draw import Flags, Numbers, ids, instants, known, words
from cxlib.demo.hours import HOUR
from cxlib.demo.requests import APP, CHAT, EMAIL, REOPENED, Requests

BLOCKAGE, SHORTCUT, MACROS = "forward to partner", "known answer", ("ask for photos", "check stock", "explain delivery")
BLOCKAGE_CHANCES = (0.6, 0.3)  # on tickets that are reopened, on others
SHORTCUT_CHANCES = (0.12, 0.06)  # on tickets that one reply settles, on others
ANSWER_BOT_CHANCES = (0.6, 0.04)  # on solved tickets without a human reply, on others
LEAVING, LEAVING_CHANCE = 6, 0.25  # an article, and how often it is what a visitor who opens a ticket saw instead


def planted_activity() -> dict[str, dict[str, Any]]:
    """Return the effects planted here, for truth.json."""
    alone, articles = (1 - LEAVING_CHANCE) / len(WORDS["articles"]), WORDS["articles"]
    with_it, without = BLOCKAGE_CHANCES, [1 - chance for chance in BLOCKAGE_CHANCES]
    return {
        "blockage": {
            "meaning": "a reopening with the macro against without: odds ratio, difference in points",
            "workflow": BLOCKAGE, "difference": 100 * (_reopened(*with_it) - _reopened(*without)),
            "odds_ratio": _odds(BLOCKAGE_CHANCES[0]) / _odds(BLOCKAGE_CHANCES[1]),
        },
        "shortcut": {
            "meaning": "odds ratio of one public agent reply and no reopening", "workflow": SHORTCUT,
            "odds_ratio": _odds(SHORTCUT_CHANCES[0]) / _odds(SHORTCUT_CHANCES[1]),
        },
        "answer_bot": {
            "meaning": "share of customers' solved tickets without a human reply that an automatic answer was sent on",
            "share": ANSWER_BOT_CHANCES[0],
        },
        "leaving_article": {
            "meaning": "odds ratio of a ticket after a view of the article against all others",
            "title": articles[LEAVING],
            "odds_ratio": _odds(LEAVING_CHANCE + alone) / _odds(1 / len(articles)),
        },
    }  # fmt: skip


def _reopened(back: float, other: float) -> float:
    """Return how many of the tickets with a macro are reopened, by its chances on those that are and on others."""
    return REOPENED * back / (REOPENED * back + (1 - REOPENED) * other)


def _odds(chance: float) -> float:
    return chance / (1 - chance)


def runs_table(company: Company, tickets: pl.DataFrame, messages: pl.DataFrame, changes: pl.DataFrame) -> pl.DataFrame:
    """Return the runs: saved replies, automatic answers, macros, suggestions, triggers, timers, broken promises."""
    draw, author, none = company.draw("runs"), pl.col("author"), pl.lit(None, dtype=pl.String)
    saved, replied = messages.filter(pl.col("saved_reply").is_not_null()), messages.filter(author == "agent")
    taken = changes.filter((pl.col("field") == "agent") & pl.col("old").is_null())
    first = replied.filter("is_public").unique("ticket_id", keep="first", maintain_order=True)
    due = first.join(tickets.select("ticket_id", "first_reply_due_at"), on="ticket_id", maintain_order="left")
    some = [pl.Series(draw.chance(0.12, frame.height)) for frame in (tickets, taken, first)]
    accepted = pl.Series(draw.chance(0.6, first.height))
    by_timer, automatic = changes.filter(pl.col("by") == "timer"), messages.filter(author.is_in(["bot", "system"]))
    again = changes.filter((pl.col("field") == "status") & (pl.col("old") == "solved") & (pl.col("new") == "open"))
    answered = tickets.filter(_auto_answered(company, tickets, first, changes))
    kinds = (  # rows, instant, kind, name, agent, outcome
        (saved, "sent_at", "saved_reply", pl.col("saved_reply"), pl.col("author_id"), "sent"),
        (automatic, "sent_at", "trigger", author, none, "sent"),
        (answered, "created_at", "auto_reply", pl.lit("answer bot"), none, "sent"),
        *((first.filter(used), "sent_at", "macro", pl.lit(name), pl.col("author_id"), "applied")
          for name, used in _macros(company, first, replied, again).items()),
        (tickets.filter(some[0]), "created_at", "trigger", pl.lit("route by topic"), none, "routed"),
        (taken.filter(some[1]), "changed_at", "macro", pl.lit("take and tag"), pl.col("new"), "applied"),
        (first.filter(some[2] & accepted), "sent_at", "suggestion", pl.lit("answer"), pl.col("author_id"), "accepted"),
        (first.filter(some[2] & ~accepted), "sent_at", "suggestion", pl.lit("answer"), pl.col("author_id"), "ignored"),
        (by_timer, "changed_at", "automation", pl.lit("close when quiet"), none, "closed"),
        (due.filter(pl.col("sent_at") > pl.col("first_reply_due_at")), "first_reply_due_at", "sla",
         pl.lit("first reply"), none, "breached"),
    )  # fmt: skip
    parts = [
        rows.select("ticket_id", ran_at=at, kind=pl.lit(kind), name=name, agent_id=agent, outcome=pl.lit(outcome))
        for rows, at, kind, name, agent, outcome in kinds
    ]
    frame = pl.concat(parts).sort("ran_at", "ticket_id", "kind", "name", maintain_order=True)
    return frame.with_columns(run_id=ids("R", np.arange(frame.height)))


def _macros(company: Company, first: pl.DataFrame, replied: pl.DataFrame, again: pl.DataFrame) -> dict[str, pl.Series]:
    """Draw the macros of the first reply, by name: a blockage, a shortcut, and three that go with nothing."""
    draw, ticket = company.draw("macros"), pl.col("ticket_id")
    twice = replied.filter("is_public").filter(ticket.is_duplicated())["ticket_id"].unique()
    back, once = (first.select(rows).to_series() for rows in (ticket.is_in(again["ticket_id"].implode()),
                                                              ~ticket.is_in(twice.implode())))  # fmt: skip
    chances = {name: np.full(first.height, 0.06) for name in MACROS}
    chances |= {BLOCKAGE: np.where(back, *BLOCKAGE_CHANCES), SHORTCUT: np.where(once & ~back, *SHORTCUT_CHANCES)}
    return {name: pl.Series(draw.chance(chance, first.height)) for name, chance in chances.items()}


def _auto_answered(company: Company, tickets: pl.DataFrame, first: pl.DataFrame, changes: pl.DataFrame) -> pl.Series:
    """Draw the tickets that the answer bot wrote on as they came: most that no human replied to, few others."""
    solved = changes.filter((pl.col("new") == "solved") & (pl.col("by") == "customer"))["ticket_id"]
    alone = pl.col("ticket_id").is_in(solved.implode()) & ~pl.col("ticket_id").is_in(first["ticket_id"].implode())
    settled = tickets.select(alone).to_series().to_numpy()
    return pl.Series(company.draw("answer bot").chance(np.where(settled, *ANSWER_BOT_CHANCES), tickets.height))


def views_table(company: Company, requests: Requests) -> pl.DataFrame:
    """Return the views: most end there, some are a customer's who opens a ticket within the hour."""
    draw, hours, n = company.draw("views"), company.hours, len(requests.created) * 7 // 10
    written: Flags = np.isin(requests.channel, (EMAIL, CHAT, APP)) & (requests.created > hours.start[0] + HOUR)
    led = np.flatnonzero(written & draw.chance(0.1, len(written)))
    ticket: Numbers = np.concatenate([np.full(n, -1), led])
    alone = hours.start[draw.pick(hours.demand, n)] + draw.whole(0, HOUR, n)
    at = np.concatenate([alone, requests.created[led] - draw.whole(60, HOUR, len(led))])
    customer, n = np.where(ticket < 0, -1, requests.customer[ticket]), len(at)
    visitor = np.where(ticket < 0, len(company.joined) + draw.whole(0, 6 * len(company.joined), n), customer)
    article = draw.whole(0, len(WORDS["articles"]), n)
    article[(ticket >= 0) & company.draw("articles").chance(LEAVING_CHANCE, n)] = LEAVING
    helpful = known(draw.chance(np.where(ticket < 0, 0.75, 0.3), n), draw.chance(0.12, n))
    frame = pl.DataFrame(
        {
            "article_id": ids("K", article, 2), "title": words(WORDS["articles"], article), "viewed_at": instants(at),
            "visitor_id": ids("B", visitor), "customer_id": ids("C", customer), "helpful": helpful,
            "ticket_id": ids("T", ticket),
        }
    ).sort("viewed_at", "visitor_id", "article_id", maintain_order=True)  # fmt: skip
    return frame.with_columns(view_id=ids("V", np.arange(n)))
