"""Hand-written tickets, one for each way a ticket can go wrong in a figure; and random ones of the same kind."""

from __future__ import annotations

import random
from datetime import timedelta

from derive_desk import Rows, at, change, message, ticket

TICKETS: Rows = [
    ticket("plain", "2 08:00", status="closed", category="bill"),
    ticket("agent-opened", "2 08:00", status="solved", opened_by="agent"),
    ticket("agent-opened, note first", "2 08:00", status="open"),
    ticket("note first", "2 08:00", status="open"),
    ticket("never answered", "2 08:00", status="open", schedule="always"),
    ticket("solved without reply", "2 08:00", status="solved"),
    ticket("reopened, still open", "3 08:00", status="open"),
    ticket("merged", "3 08:00", status="merged", merged_into="plain"),
    ticket("merged, nobody knows when", "3 08:00", status="merged"),
    ticket("deleted", "3 08:00", status="deleted"),
    ticket("reassigned", "3 08:00", status="solved"),
    ticket("bot first", "3 08:00", status="pending"),
    ticket("requester unknown", "4 08:00", status="solved", customer_id=None),
    ticket("solved twice", "4 08:00", status="solved"),
    ticket("closed by timer", "4 08:00", status="closed"),
    ticket("solved, then closed by timer", "4 08:00", status="closed"),
    ticket("given", "5 08:00", status="solved", first_replied_at="5 08:30", solved_at="6 08:00", taken_at="5 08:10"),
    ticket("reply before creation", "5 08:00", status="open", first_replied_at="4 08:00"),
    ticket("solved, nobody knows when", "5 08:00", status="solved"),
    ticket("missed", "5 08:00", status="missed", closed_at="5 08:01", channel="phone"),
    ticket("status unknown", "5 08:00"),
    ticket("all at once", "6 08:00", status="open"),
    ticket("note before the customer", "6 08:00", status="open"),
    ticket("solved before creation", "6 08:00", solved_at="5 08:00", status="solved"),
    ticket("plain again", "7 08:00", status="open", customer_id="customer of plain", category="other"),
    ticket("plain, merged away", "6 08:00", status="merged", customer_id="customer of plain", category="bill"),
    ticket("plain, same matter", "29 23:30", status="new", customer_id="customer of plain", category="bill"),
]
MESSAGES: Rows = [
    message("1", "plain", "2 08:00", "customer", "customer of plain"),
    message("2", "plain", "2 08:20", "customer", "customer of plain"),
    message("3", "plain", "2 09:00", "agent", "a1", channel="phone"),
    message("4", "plain", "2 10:00", "customer", "customer of plain"),
    message("5", "plain", "2 11:00", "agent", "a1", is_public=False),
    message("6", "plain", "2 12:00", "agent", "a2", channel="chat"),
    message("7", "agent-opened", "2 08:00", "agent", "a1"),
    message("8", "agent-opened", "2 08:30", "agent", "a1"),
    message("9", "agent-opened, note first", "2 08:00", "agent", "a1", is_public=False),
    message("10", "agent-opened, note first", "2 08:05", "agent", "a1"),
    message("11", "note first", "2 08:00", "customer", "c"),
    message("12", "note first", "2 08:10", "agent", "a1", is_public=False),
    message("13", "note first", "2 08:40", "agent", "a2"),
    message("14", "never answered", "2 08:00", "customer", "c"),
    message("15", "solved without reply", "2 08:00", "customer", "c"),
    message("16", "reopened, still open", "3 08:00", "customer", "c"),
    message("17", "reopened, still open", "3 09:00", "agent", "a1"),
    message("18", "reopened, still open", "5 09:00", "customer", "c"),
    message("19", "merged", "3 08:00", "customer", "c"),
    message("20", "deleted", "3 08:00", "customer", "c"),
    message("21", "reassigned", "3 08:00", "customer", "c"),
    message("22", "reassigned", "3 09:00", "agent", "a1", handle_minutes=4.0),
    message("23", "reassigned", "3 10:00", "agent", "a2", handle_minutes=2.5),
    message("24", "reassigned", "3 11:00", "agent", "a2"),
    message("25", "reassigned", "3 12:00", "agent", "a1"),
    message("26", "bot first", "3 08:00", "customer", "c"),
    message("27", "bot first", "3 08:01", "bot", "bot"),
    message("28", "bot first", "3 08:02", "system"),
    message("29", "bot first", "3 09:30", "agent", "a1"),
    message("30", "requester unknown", "4 08:00", "customer", "visitor"),
    message("31", "requester unknown", "4 08:45", "agent", "a1"),
    message("32", "solved twice", "4 08:00", "customer", "c"),
    message("33", "solved twice", "4 09:00", "agent", "a1"),
    message("34", "closed by timer", "4 08:00", "customer", "c"),
    message("35", "closed by timer", "4 09:00", "agent", "a1"),
    message("36", "given", "5 08:00", "customer", "c"),
    message("37", "given", "5 10:00", "agent", "a1"),
    message("9a", "all at once", "6 08:00", "customer", "c"),
    message("10a", "all at once", "6 08:01", "customer", "c"),
    message("9b", "all at once", "6 08:01", "agent", "a1", is_public=None),
    message("10b", "all at once", "6 08:02", "agent"),
    message("9c", "all at once", "6 08:02", "agent", "a1"),
    message("10c", "all at once", "6 08:03", "agent", "a1"),
    message("100c", "all at once", "6 08:03", "agent"),
    message("9d", "all at once", "6 08:04", "agent", "a2"),
    message("41", "note before the customer", "6 08:00", "agent", "a1", is_public=False),
    message("42", "note before the customer", "6 08:05", "customer", "c"),
    message("43", "note before the customer", "6 08:20", "agent", "a1"),
    message("38", "nowhere", "5 10:00", "customer", "c"),
]
CHANGES: Rows = [
    change("1", "plain", "2 08:30", "agent", None, "bot"),
    change("2", "plain", "2 08:40", "agent", "bot", "a1"),
    change("3", "plain", "2 08:40", "status", "new", "open"),
    change("4", "plain", "2 09:00", "status", "open", "pending"),
    change("5", "plain", "2 10:00", "status", "pending", "open"),
    change("6", "plain", "2 12:00", "status", "open", "solved"),
    change("7", "plain", "6 12:00", "status", "solved", "closed", by="timer"),
    change("8", "agent-opened", "2 10:00", "status", None, "solved"),
    change("9", "solved without reply", "2 10:00", "status", "new", "solved", by="customer"),
    change("10", "reopened, still open", "4 08:00", "status", "open", "solved"),
    change("11", "reopened, still open", "5 09:00", "status", "solved", "open", by="customer"),
    change("12", "merged", "3 20:00", "status", "open", "merged"),
    change("13", "reassigned", "3 08:10", "team", None, "first"),
    change("14", "reassigned", "3 09:30", "team", "first", "second"),
    change("15", "reassigned", "3 11:30", "team", None, "first"),
    change("16", "reassigned", "3 08:10", "agent", None, "a1"),
    change("17", "reassigned", "3 09:30", "agent", "a1", "a2"),
    change("18", "reassigned", "3 13:00", "status", "hold", "solved"),
    change("19", "bot first", "3 10:00", "status", "open", "hold"),
    change("20", "bot first", "4 10:00", "status", None, "pending"),
    change("21", "requester unknown", "4 09:00", "status", "new", "solved"),
    change("22", "solved twice", "4 09:00", "status", "open", "solved"),
    change("23", "solved twice", "6 09:00", "status", "solved", "open", by="customer"),
    change("24", "solved twice", "6 11:00", "status", "open", "solved"),
    change("25", "closed by timer", "4 09:00", "status", "open", "pending"),
    change("26", "closed by timer", "11 09:00", "status", "pending", "solved", by="timer"),
    change("27", "closed by timer", "15 09:00", "status", "solved", "closed", by="timer"),
    change("28", "solved, then closed by timer", "4 12:00", "status", "open", "solved"),
    change("29", "solved, then closed by timer", "14 12:00", "status", "solved", "closed", by="timer"),
    change("30", "deleted", "3 09:00", "agent", None, "a1"),
    change("31", "status unknown", "5 09:00", "status", "new", "open"),
    change("99", "all at once", "6 08:05", "status", "open", "solved"),
    change("100", "all at once", "6 08:05", "status", "solved", "open"),
    change("32", "nowhere", "5 09:00", "status", "new", "open"),
]


def random_desk(seed: int, size: int = 150) -> tuple[Rows, Rows, Rows]:
    """Return tickets, messages and changes of a desk where anything can follow anything."""
    draw = random.Random(seed)
    tickets, messages, changes = [], [], []
    for number in range(size):
        opened = at("2 00:00") + timedelta(minutes=draw.randrange(20 * 1440))
        row = ticket(f"t{number}", "2 00:00", customer_id=draw.choice(["c1", "c2", "c3", None]), category="x")
        row |= {"created_at": opened, "category": draw.choice(["x", "y", None])}
        now = opened
        for _ in range(draw.randrange(6)):
            author = draw.choice(["customer", "customer", "agent", "agent", "bot", "system"])
            one = message(f"{len(messages)}", row["ticket_id"], "2 00:00", author, draw.choice(["a1", "a2", ""]))
            messages.append(one | {"sent_at": now, "is_public": draw.random() < 0.8})
            now += timedelta(minutes=draw.choice([0, 1, 45, 900]))
        now, status = opened, "new"
        for _ in range(draw.randrange(6)):
            now += timedelta(minutes=draw.choice([0, 5, 300, 3000]))
            field = draw.choice(["status", "status", "status", "team", "agent"])
            new = draw.choice({"status": STATUSES, "team": ["first", "second"], "agent": ["a1", "a2", "bot"]}[field])
            old = status if field == "status" and draw.random() < 0.7 else None
            one = change(
                f"{len(changes)}", row["ticket_id"], "2 00:00", field, old, new, by=draw.choice(["a1", "timer"])
            )
            changes.append(one | {"changed_at": now})
            status = new if field == "status" else status
        tickets.append(row | {"status": status})
    return tickets, draw.sample(messages, len(messages)), draw.sample(changes, len(changes))


STATUSES = ["open", "pending", "hold", "solved", "solved", "closed", "deleted", "merged", "spam"]
