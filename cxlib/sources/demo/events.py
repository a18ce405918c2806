"""The demo's changes and messages: what happened to each ticket, cut at the end of the data."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from cxlib.sources.demo.company import LANGUAGES, TEAMS, WORDS, Company
from cxlib.sources.demo.draw import Flags, Numbers, ids, instants, words
from cxlib.sources.demo.hours import DAY
from cxlib.sources.demo.requests import (
    ABANDONED,
    ANSWERED,
    CHAT,
    DELETED,
    EMAIL,
    MERGED,
    MESSAGING,
    MISSED,
    MOST,
    SELF_SOLVED,
    SPAM,
    WAITING,
    Requests,
)
from cxlib.tables import CHANNELS, STATUSES

_CLOSE_AFTER, _GIVE_UP_AFTER = 4 * DAY, 10 * DAY
_NEW, _OPEN, _PENDING, _HOLD, _SOLVED, _CLOSED = range(6)


class _Events:
    """Rows of events collected part by part, cut at the end of the data, in order of time."""

    def __init__(self, end: int) -> None:
        self._end = end
        self._parts: list[pl.DataFrame] = []

    def add(self, which: Flags, at: Numbers, **values: Any) -> None:
        """Add one event for each ticket in `which`; values are constants or one entry per ticket."""
        which = which & (at < self._end)
        part = pl.DataFrame({"ticket": np.flatnonzero(which), "at": at[which]})
        columns = {
            name: pl.Series(value[which]) if isinstance(value, np.ndarray) else pl.lit(value)
            for name, value in values.items()
        }
        self._parts.append(part.with_columns(**columns, part=pl.lit(len(self._parts))))

    def frame(self) -> pl.DataFrame:
        """Return all rows in order of time; at the same second in the order they were added."""
        return pl.concat(self._parts, how="vertical_relaxed").sort("at", "ticket", "part")


def changes_table(company: Company, requests: Requests) -> pl.DataFrame:
    """Return the changes of status, agent and team."""
    r, events, agents = requests, _Events(company.hours.end), len(company.team)
    customer, bot, timer, statuses, teams = (agents + step for step in (0, 1, 2, 3, 3 + len(STATUSES)))

    def status(which: Flags, at: Numbers, old: int, new: int, by: int | Numbers) -> None:
        events.add(which, at, field="status", old=statuses + old, new=statuses + new, by=by)

    taken, first = r.taken >= 0, r.agent[:, 0]
    events.add(taken, r.taken, field="agent", old=-1, new=first, by=first)
    status(taken, r.taken, _NEW, _OPEN, first)
    for number in range(MOST):
        has: Flags = number < r.replies
        asked, replied, agent = r.asked[:, number], r.replied[:, number], r.agent[:, number]
        if number:
            before, halfway = r.agent[:, number - 1], (asked + replied) // 2
            status(has & (number != r.first_replies), asked, _PENDING, _OPEN, customer)
            status(has & (number == r.first_replies), asked, _SOLVED, _OPEN, customer)
            moved: Flags = has & (agent != before)
            team, old_team = company.team[agent], company.team[before]
            events.add(moved, halfway, field="agent", old=before, new=agent, by=before)
            moved &= team != old_team
            events.add(moved, halfway, field="team", old=teams + old_team, new=teams + team, by=before)
            held = has & (np.arange(len(has)) % 8 == 3)
            status(held, asked + (halfway - asked) // 2, _OPEN, _HOLD, before)
            status(held, (halfway + replied) // 2, _HOLD, _OPEN, agent)
        solves = has & (r.fate == ANSWERED) & ((number == r.replies - 1) | (number == r.first_replies - 1))
        status(has & ~solves, replied, _OPEN, _PENDING, agent)
        status(solves, replied, _OPEN, _SOLVED, agent)
    alone = r.fate == SELF_SOLVED
    status(alone & taken, r.ended, _OPEN, _SOLVED, customer)
    status(alone & ~taken, r.ended, _NEW, _SOLVED, customer)
    for fate, name, by in ((DELETED, "deleted", first), (MERGED, "merged", first), (SPAM, "spam", bot),
                           (MISSED, "missed", bot)):  # fmt: skip
        status(r.fate == fate, r.ended, _NEW, STATUSES.index(name), by)
    status(r.fate == ANSWERED, r.last_reply + _CLOSE_AFTER, _SOLVED, _CLOSED, timer)
    status(alone, r.ended + _CLOSE_AFTER, _SOLVED, _CLOSED, timer)
    forgotten = np.minimum(company.draw("forgotten").around(21 * DAY, 0.6, len(r.created)), 90 * DAY).astype(np.int64)
    status(r.fate == WAITING, r.created + forgotten, _NEW, _CLOSED, timer)
    status(r.fate == ABANDONED, r.last_reply + _GIVE_UP_AFTER, _PENDING, _CLOSED, timer)
    rows = events.frame()
    names = [*ids("A", np.arange(agents), 3), "customer", "bot", "timer", *STATUSES, *TEAMS]
    return pl.DataFrame(
        {
            "change_id": ids("H", np.arange(rows.height), 7),
            "ticket_id": ids("T", rows["ticket"].to_numpy()),
            "changed_at": instants(rows["at"].to_numpy()),
            "field": rows["field"],
            **{name: words(names, rows[name].to_numpy()) for name in ("old", "new", "by")},
        }
    )


def messages_table(company: Company, requests: Requests) -> pl.DataFrame:
    """Return the messages and notes."""
    r, n, draw, events = requests, len(requests.created), company.draw("messages"), _Events(company.hours.end)
    openings = [line for language in LANGUAGES for line in WORDS["openings"][language]]
    groups = {"openings": openings} | {name: WORDS[name] for name in _SAID}
    lines, start = list[str](), dict[str, int]()
    for name, group in groups.items():
        start[name] = len(lines)
        lines += group

    def line(group: str) -> Numbers:
        return start[group] + draw.whole(0, len(groups[group]), n)

    def say(which: Flags, at: Numbers, author: str, text: Numbers, **more: Any) -> None:
        usual = {"agent": -1, "public": True, "channel": r.channel, "saved": -1, "files": 0}
        events.add(which, at, author=author, text=text, **(usual | more))

    opening = 3 * language_of(company, r) + draw.whole(0, 3, n)
    opening = np.where(draw.chance(0.004, n), line("odd_texts"), opening)
    begins = np.where(r.by_agent, (r.created + r.replied[:, 0]) // 2, r.created + 20 * r.by_bot)
    chatty = np.isin(r.channel, (CHAT, MESSAGING)) & ~r.by_bot & (r.fate != MISSED) & draw.chance(0.4, n)
    noted = (r.first_replies > 0) & draw.chance(0.15, n)
    say(r.by_bot & (r.fate != MISSED), r.created, "bot", line("bot"))
    say(r.by_agent, r.created, "agent", line("replies"), agent=r.agent[:, 0])
    say(r.fate != MISSED, begins, "customer", opening, files=draw.pick([0.85, 0.1, 0.05], n))
    say((r.channel == EMAIL) & ~r.by_agent & draw.chance(0.5, n), r.created + 15, "system", line("system"))
    say(chatty, r.created + 5, "bot", line("bot"))
    say(noted, (r.taken + r.replied[:, 0]) // 2, "agent", line("notes"), agent=r.agent[:, 0], public=False)
    for number in range(MOST):
        saved = np.where(draw.chance(0.3, n), draw.whole(0, len(WORDS["saved_replies"]), n), -1)
        channel = np.where(number == r.replies - 1, r.last_channel, r.channel)
        say((number < r.replies) & (number > 0), r.asked[:, number], "customer", line("answers"))
        say(number < r.replies, r.replied[:, number], "agent", line("replies"), agent=r.agent[:, number],
            channel=channel, saved=saved)  # fmt: skip
    rows = events.frame()
    ticket, by_customer = rows["ticket"].to_numpy(), (rows["author"] == "customer").to_numpy()
    customer = ids("C", np.where(r.fate == SPAM, -1, r.customer)[ticket])
    return pl.DataFrame(
        {
            "message_id": ids("M", np.arange(rows.height), 7),
            "ticket_id": ids("T", ticket),
            "sent_at": instants(rows["at"].to_numpy()),
            "author": rows["author"],
            "author_id": customer.zip_with(pl.Series(by_customer), ids("A", rows["agent"].to_numpy(), 3)),
            "is_public": rows["public"],
            "channel": words(CHANNELS, rows["channel"].to_numpy()),
            "saved_reply": words(WORDS["saved_replies"], rows["saved"].to_numpy()),
            "text": words(lines, rows["text"].to_numpy()),
            "attachments": rows["files"],
        }
    )


_SAID = ("odd_texts", "answers", "replies", "notes", "bot", "system")


def language_of(company: Company, requests: Requests) -> Numbers:
    """Return the language (a position in `LANGUAGES`) each request is written in."""
    by_country = np.array([LANGUAGES.index(language) for language in WORDS["country_languages"]])
    return np.asarray(by_country[company.country[requests.customer]])
