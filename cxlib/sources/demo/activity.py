"""The demo's workflow runs and views of help articles."""

from __future__ import annotations

import numpy as np
import polars as pl

from cxlib.sources.demo.company import WORDS, Company
from cxlib.sources.demo.draw import Flags, Numbers, ids, instants, known, words
from cxlib.sources.demo.hours import HOUR
from cxlib.sources.demo.requests import APP, CHAT, EMAIL, Requests


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
    kinds = (  # rows, instant, kind, name, agent, outcome
        (saved, "sent_at", "saved_reply", pl.col("saved_reply"), pl.col("author_id"), "sent"),
        (automatic, "sent_at", "auto_reply", author, none, "sent"),
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
    helpful = known(draw.chance(np.where(ticket < 0, 0.75, 0.3), n), draw.chance(0.12, n))
    frame = pl.DataFrame(
        {
            "article_id": ids("K", article, 2), "title": words(WORDS["articles"], article), "viewed_at": instants(at),
            "visitor_id": ids("B", visitor), "customer_id": ids("C", customer), "helpful": helpful,
            "ticket_id": ids("T", ticket),
        }
    ).sort("viewed_at", "visitor_id", "article_id", maintain_order=True)  # fmt: skip
    return frame.with_columns(view_id=ids("V", np.arange(n)))
