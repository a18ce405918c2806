"""The demo's tickets: who asks when, on which channel, about what, who answers how fast, and how it ends."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from cxlib.demo.company import TEAMS, WORDS, Company
from cxlib.demo.draw import Draw, Flags, Numbers, Reals
from cxlib.demo.hours import DAY, HOUR, Hours
from cxlib.demo.parameters import DemoParameters
from cxlib.tables.columns import CHANNELS

EMAIL, PHONE, CHAT, MESSAGING, APP = (CHANNELS.index(name) for name in ("email", "phone", "chat", "messaging", "app"))
Fate = IntEnum("Fate", "ANSWERED ABANDONED SELF_SOLVED DELETED MERGED SPAM MISSED WAITING", start=0)
REOPENED = 0.055  # of tickets answered
MOST = 5  # replies: up to four, one more after a reopening
FIRST_REPLY = np.array([210.0, 1.2, 1.6, 90.0, 240.0, 45.0, 120.0, 300.0])
"""Median business minutes to the first reply, by channel."""
_SHARES = np.array([0.33, 0.0, 0.15, 0.06, 0.13, 0.08, 0.06, 0.02])
_FATES = (0.945, 0.02, 0.012, 0.005, 0.0, 0.012, 0.0, 0.006)
_PRIORITIES = np.array([[0.2, 0.68, 0.1, 0.02], [0.1, 0.67, 0.18, 0.05], [0.04, 0.5, 0.34, 0.12]])  # by importance
_PACE = np.array([1.2, 1.0, 0.7, 0.5])  # by priority: low, normal, high, urgent
_REPLIES = np.array([[0.55, 0.25, 0.13, 0.07], [0.78, 0.15, 0.05, 0.02]])  # one to four; second row phone and chat


@dataclass(frozen=True, slots=True, eq=False)
class Requests:
    """One entry per ticket in order of creation; instants in UTC seconds, also those that fall behind the end.

    `asked`, `replied` and `agent` have one column per reply; a ticket has `first_replies` until it is solved and one
    more if it is `reopened`; columns beyond are meaningless. `ended` is when tickets without a reply come to an end.
    """

    created: Numbers
    customer: Numbers
    channel: Numbers
    last_channel: Numbers
    category: Numbers
    priority: Numbers
    fate: Numbers
    merged_into: Numbers
    by_agent: Flags
    by_bot: Flags
    taken: Numbers
    asked: Numbers
    replied: Numbers
    agent: Numbers
    first_replies: Numbers
    reopened: Flags
    ended: Numbers

    @property
    def replies(self) -> Numbers:
        """Number of replies by agents, those behind the end included."""
        return np.asarray(self.first_replies + self.reopened)

    @property
    def handoffs(self) -> Numbers:
        """Number of changes of the answering agent."""
        changed = self.agent[:, 1:] != self.agent[:, :-1]
        return np.asarray((changed & (np.arange(1, MOST) < self.replies[:, None])).sum(axis=1))

    @property
    def last_reply(self) -> Numbers:
        """When the last reply was given; meaningless without one."""
        return self.at_last(self.replied)

    def at_last(self, values: Numbers) -> Numbers:
        """Return the entry of the last reply in a per-reply array."""
        return np.asarray(values[np.arange(len(values)), np.maximum(self.replies - 1, 0)])

    def solved(self, end: int) -> Numbers:
        """Return the answered tickets (numbers) solved an hour before the end."""
        return np.flatnonzero((self.fate == Fate.ANSWERED) & (self.last_reply < end - HOUR))


def draw_requests(company: Company) -> Requests:
    """Draw all tickets."""
    p, hours, draw = company.parameters, company.hours, company.draw("requests")
    n, shares = p.tickets, np.array([WORDS["category_shares"]] * 2)
    risen = np.where(hours.start >= hours.rise, 1 + shares[0, 0] * (p.volume_rise - 1), 1.0)
    shares[1, 0] *= p.volume_rise
    created = np.sort(hours.start[draw.pick(hours.demand * risen, n)] + draw.whole(0, HOUR, n))
    is_open = hours.open[hours.of(created)]
    channel = draw.pick_by(_channel_weights(p), 2 * (created >= hours.last_month) + is_open)
    category = draw.pick_by(shares, (created >= hours.rise).astype(np.int64))
    customer = company.asking(draw, created)
    priority = draw.pick_by(_PRIORITIES, company.importance[customer])
    by_agent = draw.chance(0.02, n) & np.isin(channel, (EMAIL, PHONE))
    by_bot = draw.chance(0.03, n) & np.isin(channel, (CHAT, MESSAGING, APP))
    live = np.isin(channel, (PHONE, CHAT))
    missed = live & draw.chance(np.where(is_open, 0.04, 0.6), n)
    fate = np.where(missed, Fate.MISSED, draw.pick(_FATES, n))
    fate, merged_into = _merge(draw, np.where(by_agent, -1, fate), customer, created)
    fate = np.where(by_agent, Fate.ANSWERED, fate)
    has_reply = np.isin(fate, (Fate.ANSWERED, Fate.ABANDONED))
    first_replies = has_reply * (1 + draw.pick_by(_REPLIES, live.astype(np.int64)))
    pace = np.where(created >= hours.event, p.event_factor, 1.0) * _PACE[priority]
    delay = np.clip(draw.around(FIRST_REPLY[channel], 0.9, n) * pace, 0.2, 2400)
    asked, replied = _replies(
        draw, hours, (created, hours.after(created, delay)), np.where(live, 60.0, 240.0), first_replies
    )
    ended = created + np.rint(draw.around(np.where(live, 3.0, 200.0), 0.8, n) * 60).astype(np.int64) + 30
    taken = hours.after(created, delay * (0.15 + 0.75 * draw.uniform(n)))
    by_self = (fate == Fate.SELF_SOLVED) & draw.chance(0.5, n)
    taken = np.where(has_reply, taken, np.where(by_self, (created + ended) // 2, -1))
    reopened = (fate == Fate.ANSWERED) & draw.chance(REOPENED, n)
    mailed = (channel == PHONE) & (first_replies + reopened > 1) & draw.chance(0.3, n)
    agent = _agents(draw, company, (category // 3) % len(TEAMS), hours.month[hours.of(created)])
    return Requests(
        created, customer, channel, np.where(mailed, EMAIL, channel), category, priority, fate, merged_into, by_agent,
        by_bot, taken, asked, replied, agent, first_replies, reopened, ended,
    )  # fmt: skip


def _channel_weights(parameters: DemoParameters) -> Reals:
    """Return channel weights: closed and open hours of the usual months, then of the last month."""
    rows = []
    for phone in (parameters.phone_share, parameters.phone_share_last_month):
        weights = _SHARES / _SHARES.sum() * (1 - phone)
        weights[PHONE] = phone
        rows += [weights * np.where(np.isin(range(len(CHANNELS)), (PHONE, CHAT)), 0.3, 1.0), weights]
    return np.array(rows)


def _merge(draw: Draw, fate: Numbers, customer: Numbers, created: Numbers) -> tuple[Numbers, Numbers]:
    """Merge some answered tickets into the same customer's one before; −1 where none was merged."""
    order, before = np.argsort(customer, kind="stable"), np.full(len(customer), -1)
    same = customer[order[1:]] == customer[order[:-1]]
    before[order[1:][same]] = order[:-1][same]
    soon = (before >= 0) & (created - created[before] < 7 * DAY)
    merged = soon & (fate == Fate.ANSWERED) & (fate[before] == Fate.ANSWERED) & draw.chance(0.2, len(fate))
    merged &= ~merged[before]
    return np.where(merged, Fate.MERGED, fate), np.where(merged, before, -1)


def _agents(draw: Draw, company: Company, team: Numbers, month: Numbers) -> Numbers:
    """Draw who gives each reply: mostly the one before; a third of the handoffs go to another team."""
    columns = [company.answering(draw, team, month)]
    for _ in range(1, MOST):
        moved = draw.chance(0.3, len(team))
        away = moved & draw.chance(0.33, len(team))
        team = np.where(away, draw.whole(0, len(TEAMS), len(team)), team)
        columns.append(np.where(moved, company.answering(draw, team, month), columns[-1]))
    return np.column_stack(columns)


def _replies(
    draw: Draw, hours: Hours, first: tuple[Numbers, Numbers], median: Reals, first_replies: Numbers
) -> tuple[Numbers, Numbers]:
    """Draw when the customer asked and an agent replied, reply by reply; a reopening comes within 3.8 days."""
    asked, replied = ([instant] for instant in first)
    n = len(median)
    for number in range(1, MOST):
        slower = np.where(number == first_replies, 3.0, 1.0)
        gap = np.minimum(draw.around(median, 1.2, n) * slower, 3.8 * 1440)
        asked.append(replied[-1] + np.rint(gap * 60).astype(np.int64) + 1)
        replied.append(hours.after(asked[-1], np.minimum(draw.around(median, 0.9, n) + 0.1, 900)))
    return np.column_stack(asked), np.column_stack(replied)
