"""A help desk with workflows and help articles, literal rows to loop over; nothing goes together unless asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from stats.desk import Rows, build

from cxlib.metrics import query
from cxlib.metrics.queries import Query

MACROS = ("one", "two", "three", "four", "five")
CATEGORIES = ("delivery", "invoice", "login")
SUBJECTS = ("Where is my parcel?", "Question about invoice", "Cannot log in")
START = datetime(2026, 1, 1, 9, tzinfo=UTC)


def tickets(n: int = 1500, seed: int = 1, customers: int = 700) -> Rows:
    """Return solved tickets of January to October 2026; a tenth are reopened, six of ten take one reply."""
    rng = np.random.default_rng(seed)
    rows: Rows = []
    for number in range(n):
        created = START + timedelta(minutes=float(rng.integers(0, 300 * 1440)))
        replied, solved = created + timedelta(hours=1), created + timedelta(hours=3)
        reopened, once = bool(rng.random() < 0.1), bool(rng.random() < 0.6)
        kind = int(rng.integers(3))
        rows.append(
            {
                "ticket_id": f"t{number}", "customer_id": f"c{rng.integers(customers)}", "status": "solved",
                "channel": str(rng.choice(("email", "chat"))), "category": CATEGORIES[kind], "opened_by": "customer",
                "team": str(rng.choice(("a", "b", "c", "d", "e"))), "subject": SUBJECTS[kind],
                "created_at": created, "created_day": created.date(), "first_replied_at": replied,
                "solved_at": solved, "solved_day": solved.date(), "first_solved_at": solved,
                "first_solved_day": solved.date(), "agent_replies": 1 if once and not reopened else 2,
                "reopens": int(reopened), "reopened_after_minutes": 60.0 if reopened else None,
                "handle_minutes": float(rng.integers(2, 20)) if rng.random() < 0.7 else None,
                "estimated_handle_minutes": 5.0, "workflow_kinds": "none", "auto_answered": False,
            }
        )  # fmt: skip
    return rows


def runs(of: Rows, chances: dict[str, float | tuple[float, float]], seed: int = 2) -> Rows:
    """Return runs of macros before the first reply, by name and chance (on tickets later reopened, on others)."""
    rng = np.random.default_rng(seed)
    rows: Rows = []
    for ticket in of:
        for name, chance in chances.items():
            back, other = chance if isinstance(chance, tuple) else (chance, chance)
            if rng.random() < (back if ticket["reopens"] else other):
                rows.append(run(len(rows), ticket, name))
    return rows


def run(number: int, ticket: dict[str, Any], name: str, kind: str = "macro", hours: float = 0.5) -> dict[str, Any]:
    at = ticket["created_at"] + timedelta(hours=hours)
    row = {"run_id": f"r{number}", "ticket_id": ticket["ticket_id"], "ran_at": at, "ran_day": at.date()}
    return row | {"kind": kind, "name": name, "agent_id": "a1", "outcome": "applied"}


def by_ticket(rows: Rows) -> Rows:
    """Return the rows of `ticket_workflows`."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in sorted(rows, key=lambda one: one["ran_at"]):
        key = (row["ticket_id"], row["kind"], row["name"])
        first = found.setdefault(
            key, {**row, "ticket_workflow_id": "/".join(map(str, key)), "runs": 0, "by_agent": True}
        )
        first["runs"] += 1
    return list(found.values())


def looked(folder: Path, tickets: Rows, runs: Rows, **tables: Rows) -> Query:
    """Write these rows, each ticket told the kinds that ran up to its solve, and look at October 2026."""
    kinds: dict[str, set[str]] = {}
    solved = {row["ticket_id"]: row["solved_at"] for row in tickets}
    for row in runs:
        if row["ticket_id"] in solved and row["kind"] != "sla" and row["ran_at"] <= solved[row["ticket_id"]]:
            kinds.setdefault(row["ticket_id"], set()).add(row["kind"])
    told = [row | {"workflow_kinds": "+".join(sorted(kinds.get(row["ticket_id"], ()))) or "none"} for row in tickets]
    ran = {"workflow_runs": runs, "ticket_workflows": by_ticket(runs)} if runs else {}
    return query(build(folder, tickets=told, **ran, **tables), month="2026-10")


def views(n: int = 3000, seed: int = 3, chances: dict[str, float] | None = None) -> Rows:
    """Return views of five articles; a ticket follows a tenth of them, or as often as told."""
    rng = np.random.default_rng(seed)
    rows: Rows = []
    for number in range(n):
        at, article = START + timedelta(minutes=float(rng.integers(0, 300 * 1440))), f"k{rng.integers(5)}"
        followed = bool(rng.random() < (chances or {}).get(article, 0.1))
        rows.append(
            {"view_id": f"v{number}", "article_id": article, "title": f"Title {article}", "viewed_at": at,
             "viewed_day": at.date(), "visitor_id": f"p{rng.integers(n // 2)}", "ticket_opened": followed}
        )  # fmt: skip
    return rows
