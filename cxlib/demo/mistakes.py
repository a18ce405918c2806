"""What the demo's source gets wrong, in known number: broken rows, and own figures of tickets that differ from ours."""

from datetime import timedelta

import numpy as np
import polars as pl

from cxlib.demo.company import Company
from cxlib.demo.draw import Flags, Numbers, ids, numbers
from cxlib.demo.requests import Requests

Counts = dict[str, dict[str, int]]
LONGEST = 7200.0  # minutes: the source counts no resolution beyond five days
EACH = 40
MINUTES = 60.0


def soil(tables: dict[str, pl.DataFrame], company: Company) -> Counts:
    """Break rows in place, no row twice; return how many of each kind in each table.

    A duplicate key is counted once for each row too many.
    """
    draw, n, counts = company.draw("dirty"), company.parameters.dirty, Counts()
    end = pl.lit(company.hours.end * 1_000_000).cast(pl.Datetime("us", "UTC"))
    created = tables["tickets"].select("ticket_id", "created_at")
    tables["messages"] = tables["messages"].join(created, on="ticket_id", how="left", maintain_order="left")
    reply, ordered = (pl.col("author") == "agent") & pl.col("is_public"), pl.col("kind") == "order"
    answered, stranger = pl.col("answered_at").is_not_null(), "X" + pl.col("customer_id").str.slice(1)
    broken = (
        ("unknown_customer", "tickets", pl.col("status") == "closed", "customer_id", stranger),
        ("unknown_customer", "orders", ordered, "customer_id", stranger),
        ("reply_before_creation", "messages", reply, "sent_at", pl.col("created_at") - timedelta(hours=5)),
        ("answer_outside_scale", "surveys", answered, "answer", pl.col("scale_high") + 2.0),
        ("instant_after_extraction", "surveys", answered, "answered_at", end + timedelta(days=3)),
        ("instant_after_extraction", "orders", ordered, "ordered_at", end + timedelta(days=40)),
    )
    sound = {name: np.ones(frame.height, dtype=np.bool_) for name, frame in tables.items()}
    for kind, name, fits, column, value in broken:
        hit = draw.choose(tables[name].select(fits.alias("fits"))["fits"].to_numpy() & sound[name], n)
        sound[name][hit] = False
        which = pl.Series(np.isin(np.arange(len(sound[name])), hit))
        tables[name] = tables[name].with_columns(pl.when(which).then(value).otherwise(column).alias(column))
        counts.setdefault(kind, {})[name] = len(hit)
    for name in ("tickets", "messages", "surveys"):
        twice = np.sort(draw.choose(sound[name], n))
        tables[name] = pl.concat([tables[name], tables[name].gather(twice)])
        counts.setdefault("duplicate_key", {})[name] = len(twice)
    return counts


def own_figures_table(
    company: Company, requests: Requests, messages: pl.DataFrame
) -> tuple[pl.DataFrame, dict[str, list[str]]]:
    """Return the table, and the tickets of each planted difference by reason.

    Tickets of the last 12 months that are solved; whole minutes, cut off. Each planted difference is above two minutes.
    """
    r, hours, draw, n = requests, company.hours, company.draw("own figures"), len(requests.created)
    late = hours.month[hours.of(r.created)] >= company.parameters.months - 12
    solved = late & np.isin(np.arange(n), r.solved(hours.end))
    first, last = r.replied[:, 0], r.last_reply
    first_solve = r.replied[np.arange(n), np.maximum(r.first_replies - 1, 0)]
    reply, business = (first - r.created) / MINUTES, (hours.so_far(first) - hours.so_far(r.created)) / MINUTES
    resolution, other = (last - r.created) / MINUTES, (first_solve - r.created) / MINUTES
    bot = (_automatic(messages, n) - r.created) / MINUTES
    taken = np.zeros(n, dtype=np.bool_)
    planted: dict[str, list[str]] = {}

    def plant(name: str, which: Flags, most: int = EACH) -> Flags:
        chosen = np.isin(np.arange(n), draw.choose(solved & which & ~taken, most))
        taken[chosen] = True
        planted[name] = _named(chosen)
        return chosen

    by_agent = plant("opened by an agent", r.by_agent & (reply > 2), n)
    automatic = plant("automatic answer", (bot >= 0) & (reply - bot > 2))
    whole = plant("whole days", (reply - business > 2) & (business > 2))
    until_first = plant("first solve", r.reopened & (resolution - other > 2) & (resolution < LONGEST))
    planted["cut off"] = _named(solved & (resolution - LONGEST >= 1))
    odd = plant("unexplained", (reply > 500) & (np.abs(0.37 * reply - business) > 2) & (bot < 0), EACH // 4)
    figures = {
        "first_reply_minutes": np.select([by_agent, automatic, odd], [0 * reply, bot, reply * 0.37], reply),
        "first_reply_business_minutes": np.where(whole, reply, np.where(by_agent, 0.0, business)),
        "resolution_minutes": np.where(until_first, other, np.minimum(resolution, LONGEST)),
    }
    key = ids("T", np.arange(n))
    parts = [
        pl.DataFrame({"ticket_id": key, "figure": name, "amount": np.floor(values)}).filter(pl.Series(solved))
        for name, values in figures.items()
    ]
    table = pl.concat(parts).sort("ticket_id", "figure")
    return table.with_columns(figure_id=pl.concat_str("ticket_id", "figure", separator=" ")), planted


def _named(which: Flags) -> list[str]:
    return ids("T", np.flatnonzero(which)).to_list()


def _automatic(messages: pl.DataFrame, n: int) -> Numbers:
    """Return the instant of each ticket's first automatic message, far before all others where there is none."""
    automatic = messages.filter(pl.col("author").is_in(["bot", "system"]))
    found = automatic.unique("ticket_id", keep="first", maintain_order=True)
    at = np.full(n, -(10**12))
    at[numbers(found["ticket_id"])] = found["sent_at"].dt.epoch("s").to_numpy()
    return at
