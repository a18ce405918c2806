"""Results about single customers; internal. Frozen, in printed units."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from cxlib.results.types import ResultContext


@dataclass(frozen=True, slots=True)
class History:
    """All that is on record of one customer, up to the end of the data; internal.

    Attributes:
        name: Name and importance class as the data have them, empty if unknown.
        as_of: Local day the data end.
        joined: Local day the customer joined, None if unknown.
        first: Local day of the first event on record.
        counts: How many tickets, answers and orders.
        events: `at`, `day` (local), `kind`, `id`, `what`, `note`, `channel`, `status`, `until` (solved), `answer`,
            `scale_low`, `scale_high`, `scale_share`, `amount`, `currency`, `waiting`; oldest first.
        work: Who worked on which ticket: `ticket_id`, `at` (its creation), `agent_id`, `agent`, `minutes` (null if
            unknown), `estimated` (public replies × a setting).
        agents: `agent_id`, `agent`, `tickets`, `minutes`, most minutes first.
        waited: Minutes that each ticket still waiting has waited, longest first.
    """

    scope: ResultContext
    customer_id: str
    name: str
    importance: str
    as_of: date
    joined: date | None
    first: date
    counts: tuple[int, ...]
    events: pl.DataFrame
    work: pl.DataFrame
    agents: pl.DataFrame
    waited: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class WaitingList:
    """Important or long-loyal customers who wait at the end of the data; internal.

    Attributes:
        as_of: Local day the data end.
        important: Importance classes that count as important; none where the data do not say importance.
        loyal_years: Years from which a customer counts as long-loyal.
        everybody: All customers who wait.
        selected: The important or long-loyal ones among them.
        customers: The first of these: `customer_id`, `name`, `importance`, `is_important`, `years`, `is_loyal`,
            `tickets` (open), `minutes` (since the oldest was created), `ticket_id`, `category`, `channel`, `agent` (of
            the oldest); important and loyal first, then important, then loyal, and within these the longest wait.
    """

    scope: ResultContext
    as_of: date
    important: tuple[str, ...]
    loyal_years: float
    everybody: int
    selected: int
    customers: pl.DataFrame
