"""A small opened data set and its literal rows."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from stats import desk, volume_desk

from cxlib.metrics import Query, query
from cxlib.store.folder import open_data

AGENTS = [{"agent_id": "a0", "name": "Zoe"}, {"agent_id": "a1", "name": "Adam"}, {"agent_id": "a2", "name": None}]


@pytest.fixture(scope="session")
def literal_tickets() -> desk.Rows:
    return desk.tickets()


@pytest.fixture(scope="session")
def literal_surveys(literal_tickets: desk.Rows) -> desk.Rows:
    return desk.surveys(literal_tickets)


@pytest.fixture(scope="session")
def looked(tmp_path_factory: pytest.TempPathFactory, literal_tickets: desk.Rows, literal_surveys: desk.Rows) -> Query:
    folder = tmp_path_factory.mktemp("stats") / "desk"
    data = desk.build(folder, tickets=literal_tickets, surveys=literal_surveys, agents=AGENTS)
    return query(data, month="2026-10")


@pytest.fixture(scope="session")
def warsaw_tickets() -> volume_desk.Rows:
    return volume_desk.tickets()


@pytest.fixture(scope="session")
def opened(warsaw_tickets: volume_desk.Rows) -> list[tuple[datetime, volume_desk.Row]]:
    """The tickets that count, with their local time."""
    real = [r for r in warsaw_tickets if r["status"] != "spam" and r["opened_by"] != "agent"]
    return [(r["created_at"].astimezone(volume_desk.ZONE), r) for r in real]


@pytest.fixture(scope="session")
def warsaw(tmp_path_factory: pytest.TempPathFactory, warsaw_tickets: volume_desk.Rows) -> Query:
    asked = [
        {"message_id": f"m{i}", "ticket_id": r["ticket_id"], "sent_at": r["created_at"], "author": author}
        for i, (r, author) in enumerate(
            zip(warsaw_tickets, ["customer", "customer", "agent", "bot", None] * 9999, strict=False)
        )
    ]
    return volume_desk.build(tmp_path_factory.mktemp("volume") / "desk", warsaw_tickets, asked)


@pytest.fixture(scope="session")
def many(tmp_path_factory: pytest.TempPathFactory) -> tuple[Query, dict[str, Any]]:
    """Return a company with many customers and few tickets, and what was planted in it."""
    from cxlib.demo import DemoParameters, build_demo
    from cxlib.derive import derive

    folder = tmp_path_factory.mktemp("many") / "demo"
    folder.mkdir()
    build_demo(folder, parameters=DemoParameters(seed=5, tickets=8_000, customers=9_000, agents=20))
    derive(folder)
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))["effects"]
    return query(open_data(str(folder))), truth["leaving_by_loyalty"]
