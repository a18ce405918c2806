"""Peak memory and time of importing a large Zendesk export: python benchmarks/zendesk_memory.py [MEGABYTES].

Writes tickets, audits (three a ticket) and users as JSON lines in the API's shape into a temporary folder, imports and
derives them in a process of its own and prints that process's peak resident memory.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

CHILD = """
import resource, sys
from pathlib import Path
from cxlib.sources import SOURCES
from cxlib.derive import derive
source, target = map(Path, sys.argv[1:])
SOURCES["zendesk"]([source], folder=target)
print("import", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
derive(target)
print("derive", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""
START = datetime(2022, 1, 1)


def at(ticket: int, hours: float) -> str:
    return (START + timedelta(minutes=3 * ticket % 1_500_000, hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def ticket_record(number: int, requester: int, agent: int) -> dict[str, Any]:
    fields = [{"id": 26_155_630_658_000 + place, "value": None} for place in range(12)]
    return {
        "url": f"https://example.zendesk.com/api/v2/tickets/{number}.json", "id": number, "external_id": None,
        "via": {"channel": "email", "source": {"from": {"address": "a@example.com"}, "to": {}, "rel": None}},
        "created_at": at(number, 0), "updated_at": at(number, 60), "generated_timestamp": 1_700_000_000 + number,
        "type": "question", "subject": f"Question {number}", "description": "The text of the question. " * 12,
        "priority": "normal", "status": "closed", "requester_id": requester, "submitter_id": requester,
        "assignee_id": agent, "group_id": 25_062_500 + number % 7, "brand_id": 26_155_621_587_603, "is_public": True,
        "tags": ["one", "two"], "custom_fields": fields, "fields": fields, "satisfaction_rating": {"score": "offered"},
    }  # fmt: skip


def audit_records(number: int, requester: int, agent: int) -> list[dict[str, Any]]:
    first = [
        {"id": number * 100 + place, "type": "Create", "field_name": name, "value": value}
        for place, (name, value) in enumerate({"status": "new", "subject": "x", "priority": None, "tags": []}.items())
    ]
    talk = {"type": "Comment", "body": "The text of the message. " * 12, "html_body": "<p>The text.</p>" * 12}
    change = {"type": "Change", "field_name": "status"}
    solve = {"id": number * 100 + 20, **change, "previous_value": "new", "value": "solved"}
    close = {"id": number * 100 + 30, **change, "previous_value": "solved", "value": "closed"}
    web = {"channel": "web", "source": {"from": {}, "to": {}, "rel": None}}
    rule = {"channel": "rule", "source": {"from": {"id": 7, "title": "Close"}, "to": {}, "rel": "automation"}}
    rows = [
        (requester, 0, web, [*first, {"id": number * 100 + 10, "author_id": requester, "public": True, **talk}]),
        (agent, 5, web, [{"id": number * 100 + 11, "author_id": agent, "public": True, **talk}, solve]),
        (-1, 60, rule, [close]),
    ]
    return [
        {"id": number * 10 + place, "ticket_id": number, "created_at": at(number, hours), "author_id": author,
         "metadata": {"system": {"client": "Mozilla/5.0", "ip_address": "192.0.2.1"}}, "via": via, "events": events}
        for place, (author, hours, via, events) in enumerate(rows)
    ]  # fmt: skip


def write_export(folder: Path, megabytes: int) -> int:
    number, size = 0, 0
    with (folder / "tickets.jsonl").open("w") as tickets, (folder / "audits.jsonl").open("w") as audits:
        while size < megabytes * 1_000_000:
            number += 1
            people = 26_155_588_000_000 + number % 50_000, 7_662_138_963_000 + number % 40
            size += tickets.write(json.dumps(ticket_record(number, *people)) + "\n")
            size += sum(audits.write(json.dumps(audit) + "\n") for audit in audit_records(number, *people))
    agents = [{"id": 7_662_138_963_000 + place, "name": f"A {place}", "role": "agent"} for place in range(40)]
    users = [{"id": 26_155_588_000_000 + place, "name": f"C {place}", "role": "end-user"} for place in range(50_000)]
    (folder / "users.jsonl").write_text("\n".join(json.dumps(user) for user in agents + users))
    return number


if __name__ == "__main__":
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    with tempfile.TemporaryDirectory() as source, tempfile.TemporaryDirectory() as target:
        number = write_export(Path(source), megabytes)
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", CHILD, source, target], check=True, text=True, stdout=subprocess.PIPE
        )
        seconds = time.perf_counter() - began
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
        steps = ", ".join(f"after {line} MB" for line in done.stdout.splitlines())
        print(f"{megabytes} MB of JSON lines, {number:,} tickets: peak {peak} MB ({steps}), {seconds:.0f} s")
