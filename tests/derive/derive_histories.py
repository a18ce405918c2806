"""Random histories of a small desk as sources write them: events only, so that any of them may not have come yet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from derive_desk import Rows, write

from cxlib.store.folder import Data, open_data, write_manifest

BEGIN, END = datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)
SETTINGS = """
timezone = "UTC"
[schedules.default]
hours = { monday = ["08:00-18:00"], tuesday = ["08:00-18:00"], wednesday = ["08:00-18:00"] }
"""
ANCHORS = {
    "tickets": "created_at", "messages": "sent_at", "changes": "changed_at", "surveys": "sent_at",
    "orders": "ordered_at", "article_views": "viewed_at", "workflow_runs": "ran_at",
}  # fmt: skip


def history(seed: int, *, again: bool) -> dict[str, Rows]:
    """Return the tables of a desk; no ticket takes longer than 29 days; `again`: whether solved ones are reopened."""
    rng = np.random.default_rng(seed)
    days = (END - BEGIN).days
    tables: dict[str, Rows] = {name: [] for name in (*ANCHORS, "agents")}
    tables["agents"] = [
        {"agent_id": f"a{n}", "name": f"Agent {n}", "hired_at": BEGIN + timedelta(days=40 * n),
         "left_at": BEGIN + timedelta(days=300 + n) if n == 0 else None}
        for n in range(3)
    ]  # fmt: skip
    for number in range(500):
        _ticket(tables, rng, number, BEGIN + timedelta(days=float(rng.uniform(0, days))), again=again)
    for number in range(400):
        at, kind = BEGIN + timedelta(days=float(rng.uniform(0, days))), str(rng.choice(["order", "order", "refund"]))
        tables["orders"].append(
            {"order_id": f"o{number}", "customer_id": f"c{rng.integers(60)}", "ordered_at": at, "kind": kind,
             "amount": float(rng.integers(5, 90)), "currency": "EUR",
             "ticket_id": f"t{rng.integers(500)}" if rng.random() < 0.2 else None}
        )  # fmt: skip
        tables["article_views"].append(
            {"view_id": f"v{number}", "article_id": f"a{rng.integers(9)}", "viewed_at": at,
             "customer_id": f"c{rng.integers(60)}", "helpful": bool(rng.random() < 0.7)}
        )  # fmt: skip
    return tables


def _ticket(tables: dict[str, Rows], rng: Any, number: int, created: datetime, *, again: bool) -> None:
    """Add a ticket: replied to or not, solved by an agent or closed by a timer, perhaps reopened and solved again."""
    name, agent, customer = f"t{number}", f"a{rng.integers(3)}", f"c{rng.integers(60)}"
    minute = timedelta(minutes=1)
    due = created + timedelta(hours=float(rng.uniform(2, 200)))
    tables["tickets"].append(
        {"ticket_id": name, "customer_id": customer, "agent_id": agent, "created_at": created, "channel": "email",
         "category": str(rng.choice(["a", "b"])), "first_reply_due_at": due, "due_at": due + timedelta(hours=48)}
    )  # fmt: skip
    end = created + timedelta(days=float(rng.uniform(0.1, 25)))

    def say(at: datetime, author: str) -> None:
        who = agent if author == "agent" else customer
        tables["messages"].append(
            {"message_id": f"m{len(tables['messages'])}", "ticket_id": name, "sent_at": at, "author": author,
             "author_id": who, "is_public": True, "channel": "email"}
        )  # fmt: skip

    def turn(at: datetime, old: str, new: str, by: str) -> None:
        tables["changes"].append(
            {"change_id": f"h{len(tables['changes'])}", "ticket_id": name, "changed_at": at, "field": "status",
             "old": old, "new": new, "by": by}
        )  # fmt: skip

    say(created, "customer")
    if rng.random() < 0.85:
        for part in sorted(rng.uniform(0, 1.3, size=int(rng.integers(1, 3)))):
            say(created + minute + (end - created) * float(part), "agent")
    if rng.random() < 0.15:
        turn(end, "new", "closed", "timer")
        return
    turn(end, "new", "solved", agent)
    if again and rng.random() < 0.5:
        reopened = end + timedelta(days=float(rng.uniform(0.1, 60)))
        turn(reopened, "solved", "open", "customer")
        turn(reopened + timedelta(days=float(rng.uniform(0.1, 20))), "open", "solved", agent)
    sent = end + minute
    answered = sent + timedelta(days=float(rng.exponential(9))) if rng.random() < 0.7 else None
    for kind, low, high in (("csat", 1.0, 5.0), ("nps", 0.0, 10.0), ("effort", 1.0, 5.0), ("ease", 1.0, 7.0)):
        tables["surveys"].append(
            {"survey_id": f"{kind} {name}", "kind": kind, "ticket_id": name, "customer_id": customer, "agent_id": agent,
             "sent_at": sent, "answered_at": answered, "answer": float(rng.integers(low, high + 1)), "scale_low": low,
             "scale_high": high, "high_is_good": kind != "effort"}
        )  # fmt: skip
    ran = str(rng.choice(["macro", "automation", "auto_reply"]))
    tables["workflow_runs"].append(
        {"run_id": f"r{number}", "ticket_id": name, "ran_at": created + minute, "kind": ran, "name": "w"}
    )


def until(tables: dict[str, Rows], end: datetime) -> dict[str, Rows]:
    """Return what an export of that instant would have held."""
    kept = {
        name: [row for row in rows if row[ANCHORS[name]] <= end] if name in ANCHORS else rows
        for name, rows in tables.items()
    }
    early = [row | {"left_at": None} if (row["left_at"] or BEGIN) > end else row for row in kept["agents"]]
    unanswered = {"answered_at": None, "answer": None}
    answers = [row | unanswered if (row["answered_at"] or BEGIN) > end else row for row in kept["surveys"]]
    return kept | {"agents": early, "surveys": answers}


def since(tables: dict[str, Rows], begin: datetime) -> dict[str, Rows]:
    """Return what is left where the source keeps nothing from before that instant."""

    def at(name: str, row: dict[str, Any]) -> datetime:
        found: datetime = row.get("answered_at") or row[ANCHORS[name]]
        return found

    return {
        name: [row for row in rows if at(name, row) >= begin] if name in ANCHORS else rows
        for name, rows in tables.items()
    }


def opened(folder: Path, tables: dict[str, Rows], end: datetime) -> Data:
    """Write the tables, derive and open the folder."""
    from cxlib.derive import derive

    write(folder, **tables)
    (folder / "settings.toml").write_text(SETTINGS, encoding="utf-8")
    write_manifest(folder, {"extracted_at": end.isoformat()})
    derive(folder)
    return open_data(str(folder))
