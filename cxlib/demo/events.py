"""The demo's changes and messages: what happened to each ticket, cut at the end of the data."""

from typing import Any

import numpy as np
import polars as pl

from cxlib.demo.company import LANGUAGES, TEAMS, WORDS, Company
from cxlib.demo.draw import Draw, Flags, Numbers, ids, instants, words
from cxlib.demo.hours import DAY
from cxlib.demo.requests import CHAT, EMAIL, MESSAGING, MOST, Fate, Requests
from cxlib.tables.columns import CHANNELS

_CLOSE_AFTER, _GIVE_UP_AFTER = 4 * DAY, 10 * DAY


class _Events:
    """Rows of events collected part by part, cut at the end of the data, in order of time."""

    def __init__(self, end: int) -> None:
        self._end = end
        self._parts: list[pl.DataFrame] = []

    def add(self, which: Flags, at: Numbers, **values: Any) -> None:
        """Add one event for each ticket in `which`; values are constants or series of one entry per ticket."""
        which = which & (at < self._end)
        columns = {
            name: value.filter(pl.Series(which)) if isinstance(value, pl.Series) else pl.lit(value)
            for name, value in values.items()
        }
        part = pl.DataFrame({"ticket": np.flatnonzero(which), "at": at[which]})
        self._parts.append(part.with_columns(**columns, part=pl.lit(len(self._parts))))

    def status(self, which: Flags, at: Numbers, old: str, new: str, by: str | pl.Series) -> None:
        """Add one change of status for each ticket in `which`."""
        self.add(which, at, field="status", old=old, new=new, by=by)

    def frame(self) -> pl.DataFrame:
        """Return all rows in order of time; at the same second in the order they were added."""
        return pl.concat(self._parts, how="vertical_relaxed").sort("at", "ticket", "part")


def changes_table(company: Company, requests: Requests) -> pl.DataFrame:
    """Return the changes of status, agent and team."""
    events, taken, first = _Events(company.hours.end), requests.taken >= 0, _agent(requests, 0)
    events.add(taken, requests.taken, field="agent", old=None, new=first, by=first)
    events.status(taken, requests.taken, "new", "open", first)
    for number in range(MOST):
        if number:
            _asked_again(events, company, requests, number)
        _answered(events, requests, number)
    _without_reply(events, requests)
    _closed_by_timer(events, company, requests)
    rows = events.frame()
    return rows.select(
        ["field", "old", "new", "by"],
        change_id=ids("H", np.arange(rows.height), 7),
        ticket_id=ids("T", rows["ticket"].to_numpy()),
        changed_at=instants(rows["at"].to_numpy()),
    )


def _agent(requests: Requests, number: int) -> pl.Series:
    return ids("A", requests.agent[:, number], 3)


def _asked_again(events: _Events, company: Company, requests: Requests, number: int) -> None:
    """Add the customer's next message, and what happens before its reply: another agent or team, a hold."""
    has: Flags = number < requests.replies
    solved = requests.first_replies == number
    asked, replied = requests.asked[:, number], requests.replied[:, number]
    halfway, before, after = (asked + replied) // 2, _agent(requests, number - 1), _agent(requests, number)
    events.status(has & ~solved, asked, "pending", "open", "customer")
    events.status(has & solved, asked, "solved", "open", "customer")
    moved = has & (requests.agent[:, number] != requests.agent[:, number - 1])
    left, entered = (company.team[requests.agent[:, place]] for place in (number - 1, number))
    events.add(moved, halfway, field="agent", old=before, new=after, by=before)
    moved &= left != entered
    events.add(moved, halfway, field="team", old=words(TEAMS, left), new=words(TEAMS, entered), by=before)
    held = has & (np.arange(len(has)) % 8 == 3)
    events.status(held, asked + (halfway - asked) // 2, "open", "hold", before)
    events.status(held, (halfway + replied) // 2, "hold", "open", after)


def _answered(events: _Events, requests: Requests, number: int) -> None:
    """Add what a reply does to the status: the last one before a reopening, and the last of all, solve."""
    has, last = number < requests.replies, number + 1
    solves = has & (requests.fate == Fate.ANSWERED) & ((last == requests.replies) | (last == requests.first_replies))
    at, agent = requests.replied[:, number], _agent(requests, number)
    events.status(has & ~solves, at, "open", "pending", agent)
    events.status(solves, at, "open", "solved", agent)


def _without_reply(events: _Events, requests: Requests) -> None:
    r, first = requests, _agent(requests, 0)
    alone, taken = r.fate == Fate.SELF_SOLVED, r.taken >= 0
    events.status(alone & taken, r.ended, "open", "solved", "customer")
    events.status(alone & ~taken, r.ended, "new", "solved", "customer")
    for fate, by in ((Fate.DELETED, first), (Fate.MERGED, first), (Fate.SPAM, "bot"), (Fate.MISSED, "bot")):
        events.status(r.fate == fate, r.ended, "new", fate.name.lower(), by)


def _closed_by_timer(events: _Events, company: Company, requests: Requests) -> None:
    r, draw = requests, company.draw("forgotten")
    forgotten = np.minimum(draw.around(21 * DAY, 0.6, len(r.created)), 90 * DAY).astype(np.int64)
    for fate, at, old in (
        (Fate.ANSWERED, r.last_reply + _CLOSE_AFTER, "solved"),
        (Fate.SELF_SOLVED, r.ended + _CLOSE_AFTER, "solved"),
        (Fate.WAITING, r.created + forgotten, "new"),
        (Fate.ABANDONED, r.last_reply + _GIVE_UP_AFTER, "pending"),
    ):
        events.status(r.fate == fate, at, old, "closed", "timer")


def messages_table(company: Company, requests: Requests) -> pl.DataFrame:
    """Return the messages and notes."""
    draw, events = company.draw("messages"), _Events(company.hours.end)
    _opened(events, draw, company, requests)
    for number in range(MOST):
        _exchanged(events, draw, requests, number)
    rows = events.frame()
    ticket, by_customer = rows["ticket"].to_numpy(), rows["author"] == "customer"
    customer = ids("C", np.where(requests.fate == Fate.SPAM, -1, requests.customer)[ticket])
    return rows.select(
        ["author", "is_public", "channel", "saved_reply", "text", "attachments"],
        message_id=ids("M", np.arange(rows.height), 7),
        ticket_id=ids("T", ticket),
        sent_at=instants(rows["at"].to_numpy()),
        author_id=customer.zip_with(by_customer, rows["agent"]),
    )


def _say(events: _Events, requests: Requests, which: Flags, at: Numbers, author: str, **said: Any) -> None:
    """Add one message for each ticket in `which`: public, in the ticket's channel, without files unless told."""
    usual = {"agent": None, "is_public": True, "saved_reply": None, "attachments": 0}
    events.add(which, at, author=author, **({"channel": words(CHANNELS, requests.channel)} | usual | said))


def _line(draw: Draw, group: str, n: int) -> pl.Series:
    return words(WORDS[group], draw.whole(0, len(WORDS[group]), n))


def _opened(events: _Events, draw: Draw, company: Company, requests: Requests) -> None:
    """Add what is written before the first reply: the request, automatic messages around it, notes."""
    r, n, agent = requests, len(requests.created), _agent(requests, 0)
    openings = [line for language in LANGUAGES for line in WORDS["openings"][language]]
    opening = words(openings, 3 * language_of(company, r) + draw.whole(0, 3, n))
    is_odd = pl.Series(draw.chance(0.004, n))
    opening = _line(draw, "odd_texts", n).zip_with(is_odd, opening)
    begins = np.where(r.by_agent, (r.created + r.replied[:, 0]) // 2, r.created + 20 * r.by_bot)
    heard, mailed = r.fate != Fate.MISSED, (r.channel == EMAIL) & ~r.by_agent
    chatty = np.isin(r.channel, (CHAT, MESSAGING)) & ~r.by_bot & heard & draw.chance(0.4, n)
    noted = (r.first_replies > 0) & draw.chance(0.15, n)
    _say(events, r, r.by_bot & heard, r.created, "bot", text=_line(draw, "bot", n))
    _say(events, r, r.by_agent, r.created, "agent", text=_line(draw, "replies", n), agent=agent)
    files = pl.Series(draw.pick([0.85, 0.1, 0.05], n))
    _say(events, r, heard, begins, "customer", text=opening, attachments=files)
    mailed &= draw.chance(0.5, n)
    _say(events, r, mailed, r.created + 15, "system", text=_line(draw, "system", n))
    _say(events, r, chatty, r.created + 5, "bot", text=_line(draw, "bot", n))
    notes = {"text": _line(draw, "notes", n), "agent": agent, "is_public": False}
    _say(events, r, noted, (r.taken + r.replied[:, 0]) // 2, "agent", **notes)


def _exchanged(events: _Events, draw: Draw, requests: Requests, number: int) -> None:
    """Add the customer's message before a reply, and the reply."""
    r, n, has = requests, len(requests.created), number < requests.replies
    replies, is_saved = WORDS["saved_replies"], draw.chance(0.3, n)
    saved = words(replies, np.where(is_saved, draw.whole(0, len(replies), n), -1))
    _say(events, r, has & (number > 0), r.asked[:, number], "customer", text=_line(draw, "answers", n))
    channel = words(CHANNELS, np.where(number == r.replies - 1, r.last_channel, r.channel))
    reply = {"text": _line(draw, "replies", n), "agent": _agent(r, number), "channel": channel, "saved_reply": saved}
    _say(events, r, has, r.replied[:, number], "agent", **reply)


def language_of(company: Company, requests: Requests) -> Numbers:
    """Return the language (a position in `LANGUAGES`) each request is written in."""
    by_country = np.array([LANGUAGES.index(language) for language in WORDS["country_languages"]])
    return np.asarray(by_country[company.country[requests.customer]])
