"""The same meanings once more, as plain loops over one ticket at a time: the second opinion of the tests."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from derive_desk import EXTRACTED, Rows, minutes

DONE = {"solved", "closed"}
OVER = DONE | {"deleted", "merged", "spam", "missed"}


def of(rows: Rows, ticket: dict[str, Any], at: str) -> Rows:
    mine = [row for row in rows if row["ticket_id"] == ticket["ticket_id"]]
    mine = [row | {"is_public": row.get("is_public") is not False} for row in mine]
    number = "message_id" if at == "sent_at" else "change_id"
    return sorted(mine, key=lambda row: (row[at], len(row[number]), row[number]))


def replies_of(ticket: dict[str, Any], messages: Rows) -> Rows:
    """Public messages of agents that answer something: not those that open a ticket."""
    mine = [row for row in of(messages, ticket, "sent_at") if row["author"] != "system"]
    public = [row for row in mine if row["is_public"]]
    opener = ticket.get("opened_by") or (public[0]["author"] if public else None)
    after = ticket["created_at"]
    if not ticket.get("opened_by") and mine and mine[0]["sent_at"] - ticket["created_at"] > timedelta(seconds=60):
        opener = None  # the opening text is missing
    if opener == "agent" and mine:
        after = max(after, mine[0]["sent_at"])
    return [row for row in public if row["author"] == "agent" and row["sent_at"] > after]


def story(ticket: dict[str, Any], messages: Rows, changes: Rows) -> dict[str, Any]:
    """Everything the events say about one ticket."""
    told: dict[str, Any] = {}
    mine = of(messages, ticket, "sent_at")
    if mine:
        answers = replies_of(ticket, messages)
        people = [row["author_id"] for row in answers if row["author_id"]]
        told["first_replied_at"] = answers[0]["sent_at"] if answers else None
        told["agent_replies"] = len(answers)
        told["customer_messages"] = len([row for row in mine if row["author"] == "customer" and row["is_public"]])
        told["handoffs"] = len([1 for one, next_one in pairwise(people) if one != next_one])
    told |= solving_story(of(changes, ticket, "changed_at"))
    events = [row for row in of(changes, ticket, "changed_at") if row["field"] == "agent" and row["new"] != "bot"]
    told["taken_at"] = events[0]["changed_at"] if events else None
    if of(changes, ticket, "changed_at") and any(row["field"] == "team" for row in changes):
        moves, team = 0, None
        for row in of(changes, ticket, "changed_at"):
            if row["field"] == "team":
                team = row["old"] or team
                moves += team is not None and team != row["new"]
                team = row["new"]
        told["team_changes"] = moves
    return told


def solving_story(changes: Rows) -> dict[str, Any]:
    changes = [row for row in changes if row["field"] == "status"]
    if not changes:
        return {}
    told: dict[str, Any] = dict.fromkeys(("first_solved_at", "solved_at", "closed_at", "reopened_at", "ended_at"))
    told["reopens"], ever_solved, status = 0, False, "new"
    for number, row in enumerate(changes):
        before, status = row["old"] or status, row["new"]
        if status in OVER and before not in OVER:
            told["ended_at"] = row["changed_at"]
        if status not in OVER:
            told["ended_at"] = None
        if status in DONE and before not in DONE and row["by"] != "timer":
            ever_solved = True
            told["first_solved_at"] = told["first_solved_at"] or row["changed_at"]
            told["solved_at"] = row["changed_at"]
        if status == "closed":
            told["closed_at"] = told["closed_at"] or row["changed_at"]
        if before in DONE and status not in OVER and (ever_solved or number == 0):
            told["reopens"] += 1
            told["reopened_at"] = told["reopened_at"] or row["changed_at"]
            told["solved_at"] = told["closed_at"] = None
    return told | {"status": status}


def clock(ticket: dict[str, Any], end: datetime | None, gone: datetime | None, over: bool) -> tuple[Any, Any, Any]:
    """Minutes, ended, competing."""
    stop = end or (gone if over else EXTRACTED)
    length = None if stop is None or stop < ticket["created_at"] else minutes(ticket["created_at"], stop)
    competing = end is None and over
    return (length, end is not None, competing) if length is not None or competing else (None, None, None)


def clocks(ticket: dict[str, Any], messages: Rows, changes: Rows) -> dict[str, Any]:
    """The three clocks of a ticket, given columns before told ones."""
    told = story(ticket, messages, changes)
    known = {name: value for name, value in ticket.items() if value is not None}
    now = {**told, **known}
    ended_at = told.get("ended_at") or now.get("solved_at") or now.get("closed_at")
    over = now["status"] in OVER if now.get("status") else bool(now.get("solved_at") or now.get("closed_at"))
    firsts = [instant for instant in (now.get("first_solved_at"), ended_at if over else None) if instant]
    first = min(firsts) if firsts else None
    return {
        "take_up": clock(ticket, now.get("taken_at"), first, over),
        "first_reply": clock(ticket, now.get("first_replied_at"), first, over),
        "resolution": clock(ticket, now.get("solved_at"), ended_at, over),
    }


def time_in_status(ticket: dict[str, Any], changes: Rows, statuses: set[str]) -> float:
    """Minutes in some statuses from creation to the end of the data, for a ticket whose history is complete."""
    spent, since = 0.0, ticket["created_at"]
    mine = [row for row in of(changes, ticket, "changed_at") if row["field"] == "status"]
    status = (mine[0]["old"] or "new") if mine else ticket["status"]
    for row in mine:
        spent += minutes(since, row["changed_at"]) if status in statuses else 0
        since, status = row["changed_at"], row["new"]
    return spent + (minutes(since, EXTRACTED) if status in statuses else 0)


def questions(ticket: dict[str, Any], messages: Rows) -> list[tuple[str, Any, Any]]:
    """(number of the question, answered at, by whom) of every wait on one ticket."""
    waits: list[tuple[str, Any, Any]] = []
    waiting = ""
    for row in of(messages, ticket, "sent_at"):
        if row["author"] == "customer" and row["is_public"] and not waiting:
            waiting = row["message_id"]
        if row["author"] == "agent" and row["is_public"] and waiting:
            waits.append((waiting, row["sent_at"], row["author_id"]))
            waiting = ""
    return [*waits, (waiting, None, None)] if waiting else waits


def next_ticket(ticket: dict[str, Any], tickets: Rows, *, same_category: bool) -> float | None:
    """Minutes from the solve to the customer's next real ticket."""
    if not ticket["first_solved_at"] or not ticket["customer_id"] or ticket["first_solved_at"] < ticket["created_at"]:
        return None
    later = [
        row["created_at"]
        for row in tickets
        if row["customer_id"] == ticket["customer_id"]
        and row["created_at"] > ticket["first_solved_at"]
        and row["status"] not in {"merged", "deleted", "spam"}
        and (not same_category or (row["category"] and row["category"] == ticket["category"]))
    ]
    return minutes(ticket["first_solved_at"], min(later)) if later else None


def box(answer: float | None, low: float, high: float, *, good: bool) -> str | None:
    """Box of an answer, by lists of the best and the worst answers of each scale."""
    points = [low + step for step in range(int(high - low) + 1)]
    if answer not in points:
        return None
    order = points if good else points[::-1]
    place, length = order.index(answer), len(points)
    if length in (10, 11):
        return "top" if place >= length - 2 else "middle" if place >= length - 4 else "bottom"
    if not 2 <= length <= 7:
        return None
    edge = 1 if length <= 4 else 2
    return "top" if place >= length - edge else "bottom" if place < edge else "middle"


def latest(surveys: Rows, *, per_customer: bool) -> dict[str, bool | None]:
    """Whether each answer is the last valid one of its local month."""
    flags: dict[str, bool | None] = {}
    best: dict[Any, tuple[datetime, str]] = {}
    for row in surveys:
        number, answered = row["survey_id"], row["answered_at"]
        flags[number] = None if answered is None else False
        valid = row["answer"] is not None and row["scale_low"] <= row["answer"] <= row["scale_high"]
        if answered is None or not valid:
            continue
        local = answered.astimezone(ZoneInfo("Europe/Warsaw"))
        who = row.get("customer_id") and ("customer", row["customer_id"])
        whose = who if per_customer else (row.get("ticket_id") and ("ticket", row["ticket_id"])) or who
        key = (whose or number, row["kind"], local.year, local.month, row["question"])
        best[key] = max(best.get(key, (answered, number)), (answered, number))
    for _, number in best.values():
        flags[number] = True
    return flags
