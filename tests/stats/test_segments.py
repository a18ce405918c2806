"""Overall first, then the groups of what moved: one family of its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from stats import desk
from statsmodels.stats.multitest import multipletests

from cxlib.metrics import Query, query
from cxlib.questions import overview
from cxlib.questions.over_time.figures import figures


def _answers(worse: str) -> list[dict[str, Any]]:
    """Return 200 answers a month by two channels, nine in ten satisfied; in October half of those by one of them."""
    rows = []
    for number in range(400):
        month, channel = (9, 10)[number % 2], ("phone", "email")[number // 2 % 2]
        at = datetime(2026, month, 2, 12, tzinfo=UTC) + timedelta(hours=number)
        good = number // 4 % (2 if (month, channel) == (10, worse) else 10) != 0
        rows.append(
            {"survey_id": f"s{number}", "kind": "csat", "ticket_id": f"t{number}", "customer_id": f"c{number}",
             "answered_at": at, "answered_day": at.date(), "latest": True, "box": "top" if good else "bottom",
             "answer": 5.0 if good else 1.0, "scale_low": 1.0, "scale_high": 5.0}
        )  # fmt: skip
    return rows


@pytest.fixture
def looked(tmp_path: Path) -> Query:
    at = datetime(2026, 9, 1, tzinfo=UTC)
    tickets = [{"ticket_id": f"t{n}", "channel": ("phone", "email")[n // 2 % 2], "created_at": at} for n in range(400)]
    return query(
        desk.build(tmp_path / "desk", surveys=_answers("phone"), tickets=tickets), month="2026-10", by="channel"
    )


def test_only_groups_of_what_moved_are_looked_at_and_only_the_one_that_did_is_told(looked: Query) -> None:
    found = overview(looked, ["csat"])
    assert found.survives == {"csat"}
    assert [one.group for one in found.segments] == ["phone"]
    told = figures(looked, ["2026-10"], "channel", ["csat"], change=True).sort("group")
    kept = multipletests(told["p_value"].to_list(), alpha=0.005, method="fdr_bh")[0]
    assert told["group"].to_list() == ["email", "phone"]
    assert kept.tolist() == [False, True]
    assert found.segments[0].difference == pytest.approx(told["difference"][1])
    assert found.by_title == "channel"


def test_without_a_dimension_or_a_move_no_group_is_looked_at(looked: Query) -> None:
    assert overview(replace(looked, by=""), ["csat"]).segments == ()
    quiet = overview(replace(looked, filters=(("channel", ("email",)),)), ["csat"])
    assert (quiet.survives, quiet.segments, quiet.by_title) == (frozenset(), (), "")
