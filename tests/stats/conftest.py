"""A small opened data set and its literal rows."""

from __future__ import annotations

import pytest
from stats import desk

from cxlib.metrics import View, view

AGENTS = [{"agent_id": "a0", "name": "Zoe"}, {"agent_id": "a1", "name": "Adam"}, {"agent_id": "a2", "name": None}]


@pytest.fixture(scope="session")
def literal_tickets() -> desk.Rows:
    return desk.tickets()


@pytest.fixture(scope="session")
def literal_surveys(literal_tickets: desk.Rows) -> desk.Rows:
    return desk.surveys(literal_tickets)


@pytest.fixture(scope="session")
def looked(tmp_path_factory: pytest.TempPathFactory, literal_tickets: desk.Rows, literal_surveys: desk.Rows) -> View:
    folder = tmp_path_factory.mktemp("stats") / "desk"
    data = desk.build(folder, tickets=literal_tickets, surveys=literal_surveys, agents=AGENTS)
    return view(data, month="2026-10")
