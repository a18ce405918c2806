"""Agents of real exports: who handled how much, equally or not, through the shipped mapping."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cxlib.metrics import query
from cxlib.present.sentences import say
from cxlib.questions import agents, peers, tenure_curve, trend, turnover, workload
from cxlib.questions.team.workload import gini
from cxlib.results.types import Effects, NotKnown
from cxlib.store.folder import open_data

Find = Callable[[str], Path]
Run = Callable[..., str]


def test_italian_help_desk_shares_its_tickets_unequally(cx: Run, shared_data: Find) -> None:
    cx(
        "import",
        "mapped",
        str(shared_data("helpdesk/helpdesk.csv")),
        "--mapping",
        "italian_helpdesk",
        "--into",
        "desk22",
    )
    data = open_data("desk22")
    rows = data.scan("agent_months").collect().to_dicts()
    tickets, listed = (data.scan(name).collect().to_dicts() for name in ("tickets", "agents"))
    acted = {row["by"] for row in data.scan("changes").collect().iter_rows(named=True)}
    assert len(listed) == 22
    assert {row["agent_id"] for row in rows} == acted & {row["agent_id"] for row in listed}
    solved = Counter(row["agent_id"] for row in tickets if row["solved_at"] and row["agent_id"])
    assert {row["agent_id"]: 0 for row in rows} | solved == Counter(
        {row["agent_id"]: sum(r["solved"] for r in rows if r["agent_id"] == row["agent_id"]) for row in rows}
    )
    here = query(data, month="2013-06")
    found = workload(here)
    assert isinstance(found, Effects)
    unknown, known = found.points.to_dicts()
    assert "which agent wrote which message" in unknown["reason"]
    months = [f"2012-{m:02d}" for m in range(7, 13)] + [f"2013-{m:02d}" for m in range(1, 7)]
    mine = [row for row in rows if f"{row['month_day']:%Y-%m}" in months and row["solved"]]
    load, usual = Counter[str](), Counter[str]()
    for month in {row["month_day"] for row in mine}:
        there = [row for row in mine if row["month_day"] == month]
        for row in there:
            load[row["agent_id"]] += row["solved"]
            usual[row["agent_id"]] += sum(one["solved"] for one in there) / len(there)
    expected = gini(*(np.array([part[a] for a in sorted(load)], dtype=float) for part in (load, usual)))
    assert f"Gini {float(expected):.2f}" in known["label"]
    assert known["p_adjusted"] < 0.05
    assert "more than chance explains" in str(say(found))
    assert isinstance(trend("conversations_per_agent", here), NotKnown)
    assert isinstance(turnover(here), NotKnown)
    assert isinstance(tenure_curve(here), NotKnown)
    assert not isinstance(agents("reopen_rate", here), NotKnown)
    assert isinstance(peers(here), NotKnown | Effects)


def test_solved_per_agent_and_day_is_that_of_the_log(cx: Run, shared_data: Find) -> None:
    cx(
        "import",
        "mapped",
        str(shared_data("helpdesk/helpdesk.csv")),
        "--mapping",
        "italian_helpdesk",
        "--into",
        "desk22",
    )
    data = open_data("desk22")
    found = trend("solved_per_agent_day", query(data, month="2013-06"))
    assert not isinstance(found, NotKnown)
    zone = data.settings.timezone
    june = [(row["by"], row["changed_at"]) for row in data.scan("changes").collect().iter_rows(named=True)]
    from zoneinfo import ZoneInfo

    known = {row["agent_id"] for row in data.scan("tickets").collect().iter_rows(named=True)} - {None}
    days = {(by, at.astimezone(ZoneInfo(zone)).date()) for by, at in june if by in known}
    tickets = data.scan("tickets").collect().to_dicts()
    done = [r for r in tickets if r["solved_at"] and f"{r['solved_at'].astimezone(ZoneInfo(zone)):%Y-%m}" == "2013-06"]
    worked = sum(f"{day:%Y-%m}" == "2013-06" for _, day in days)
    assert found.points["value"][-1] == pytest.approx(len(done) / worked)
