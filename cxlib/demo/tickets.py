"""The demo's tickets as their source shows them; what events tell (replies, solves, handoffs …) is left to them."""

import numpy as np
import polars as pl

from cxlib.demo.company import LANGUAGES, TEAMS, WORDS, Company
from cxlib.demo.draw import Draw, Numbers, ids, instants, known, numbers, words
from cxlib.demo.events import language_of
from cxlib.demo.requests import CHAT, PHONE, Fate, Requests
from cxlib.tables.columns import CHANNELS

_PRIORITIES = ("low", "normal", "high", "urgent")
_DIFFICULTIES = ("easy", "medium", "hard")
_DIFFICULTY = np.array([[0.6, 0.3, 0.1], [0.3, 0.5, 0.2], [0.2, 0.4, 0.4]])  # by category
_WORK = np.array([4.0, 7.0, 12.0])  # median minutes per reply, by difficulty
_FIRST_REPLY_DUE = np.array([[960.0, 480.0, 240.0, 60.0], [5.0, 4.0, 3.0, 2.0]])  # business minutes, by priority
_DUE = np.array([4800.0, 2400.0, 1440.0, 480.0])


def tickets_table(company: Company, requests: Requests, changes: pl.DataFrame) -> pl.DataFrame:
    """Return the tickets as they stand at extraction."""
    r, n, draw, hours = requests, len(requests.created), company.draw("tickets"), company.hours
    agent = _last(changes, "agent", [*ids("A", np.arange(len(company.team)), 3)], n)
    live = np.isin(r.channel, (PHONE, CHAT)).astype(np.int64)
    language, odd = language_of(company, r), WORDS["odd_texts"]
    subjects = [line for name in LANGUAGES for line in WORDS["subjects"][name]]
    subject = np.where(draw.chance(0.003, n), draw.whole(0, len(odd), n) + len(subjects), language * 12 + r.category)
    difficulty = draw.pick_by(_DIFFICULTY, r.category % 3)
    worked = (r.replies > 0) & (r.replied[:, 0] < hours.end) & draw.chance(0.55, n)
    minutes = np.round(draw.around(_WORK[difficulty] * np.maximum(r.replies, 1), 0.5, n), 1)
    documents = r.category >= 10
    status = changes.filter(pl.col("field") == "status").group_by("ticket_id").agg(pl.col("new").last().alias("status"))
    frame = pl.DataFrame(
        {
            "ticket_id": ids("T", np.arange(n)),
            "customer_id": ids("C", np.where(r.fate == Fate.SPAM, -1, r.customer)),
            "agent_id": ids("A", agent, 3),
            "team": words(TEAMS, np.where(agent < 0, r.category // 3, company.team[agent])),
            "brand": words(("Aurora", "Borealis"), draw.pick([0.7, 0.3], n)),
            "channel": words(CHANNELS, r.channel),
            "category": words(WORDS["categories"], r.category),
            "subject": _as_typed(company.draw("subjects"), words([*subjects, *odd], subject)),
            "priority": words(_PRIORITIES, r.priority),
            "difficulty": words(_DIFFICULTIES, difficulty),
            "language": words(LANGUAGES, language),
            "opened_by": words(("customer", "agent", "bot"), np.where(r.by_agent, 1, 2 * r.by_bot)),
            "created_at": instants(r.created),
            "first_reply_due_at": instants(hours.after(r.created, _FIRST_REPLY_DUE[live, r.priority])),
            "due_at": instants(hours.after(r.created, _DUE[r.priority])),
            "merged_into": ids("T", np.where(r.ended < hours.end, r.merged_into, -1)),
            "handle_minutes": known(minutes, worked),
            "documents_required": known(draw.whole(1, 5, n), documents),
            "documents_complete": known(draw.chance(0.7, n), documents),
        }
    )
    fixed = {"schedule": pl.lit("default"), "source": pl.lit("demo"), "status": pl.col("status").fill_null("new")}
    return frame.join(status, on="ticket_id", how="left", maintain_order="left").with_columns(**fixed)


def _as_typed(draw: Draw, lines: pl.Series) -> pl.Series:
    """Return the lines as people type them: some with a number, in small letters, or as an answer to a mail."""
    n, line = len(lines), pl.col("line")
    ways = draw.pick([0.6, 0.2, 0.12, 0.08], n)
    frame = pl.DataFrame({"line": lines, "number": draw.whole(10_000, 99_999, n)})
    typed = (line, pl.format("{} {}", "line", "number"), line.str.to_lowercase(), pl.format("Re: {}", "line"))
    chosen = [pl.when(pl.Series(ways == number)).then(text) for number, text in enumerate(typed)]
    return frame.select(pl.coalesce(chosen)).to_series()


def _last(changes: pl.DataFrame, field: str, names: list[str], n: int) -> Numbers:
    """Return the position in `names` of each ticket's last value of a field, −1 if it has none."""
    rows, last = changes.filter(pl.col("field") == field), np.full(n, -1)
    position = rows["new"].replace_strict(names, list(range(len(names))), return_dtype=pl.Int64)
    last[numbers(rows["ticket_id"])] = position.to_numpy()
    return last
