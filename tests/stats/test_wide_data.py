"""Much of one kind, tickets of a customer or categories, ends in a summary and not in hours of work."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

import cxlib as cx
from cxlib.derive import derive
from cxlib.metrics.queries import Query
from cxlib.results.types import OTHERS, Breakdown, Effects, Funnel, History, NotKnown
from cxlib.stats.model_terms import MOST_LEVELS, rare_pooled
from cxlib.store.folder import open_data, write_manifest
from cxlib.tables.schema import conform

START, TICKETS = datetime(2026, 1, 1, tzinfo=UTC), 3_000


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Query:
    """One customer's 3,000 tickets, each of a category of its own but for a few, and an answer to each."""
    folder = tmp_path_factory.mktemp("data") / "wide"
    folder.mkdir()
    places = range(TICKETS)
    at = [START + timedelta(hours=2 * place) for place in places]
    tickets = pl.DataFrame(
        {
            "ticket_id": [f"t{place}" for place in places], "created_at": at, "customer_id": "c",
            "category": [f"often {place % 5}" if place % 2 else f"rare {place}" for place in places],
            "agent_id": [f"a{place % 6}" for place in places],
            "status": ["open" if place < 7 else "solved" for place in places],
            "solved_at": [None if place < 7 else when + timedelta(hours=1) for place, when in enumerate(at)],
        }
    )  # fmt: skip
    surveys = pl.DataFrame(
        {
            "survey_id": [f"s{place}" for place in places], "ticket_id": tickets["ticket_id"], "kind": "csat",
            "customer_id": [f"c{place}" for place in places], "agent_id": tickets["agent_id"], "answered_at": at,
            "answer": [5.0 if place % 4 else 1.0 for place in places], "scale_low": 1.0, "scale_high": 5.0,
            "high_is_good": True,
        }
    )  # fmt: skip
    for name, frame in (("tickets", tickets), ("surveys", surveys)):
        conform(frame.lazy(), name).collect().write_parquet(folder / f"{name}.parquet")
    write_manifest(folder, {"sources": ["test"]})
    derive(folder)
    return cx.query(open_data(str(folder)))


def test_a_long_history_is_summed_up_whole_and_drawn_in_part(wide: Query) -> None:
    found = cx.history(wide, "c")
    assert isinstance(found, History)
    assert (found.counts[0], found.events.height, len(found.waited)) == (TICKETS, TICKETS, 7)
    picture = cx.chart(found).svg
    assert "The last 400 of 3,000 events" in picture
    assert picture.count("<path") < 2_000
    assert "3,000\N{NO-BREAK SPACE}tickets" in cx.say(found).text


def test_agents_are_compared_where_categories_are_thousands(wide: Query) -> None:
    found = cx.agents("csat", wide)
    assert isinstance(found, Funnel)
    assert sorted(found.points["group"]) == [f"a{number}" for number in range(6)]


def test_rare_levels_are_one_and_the_frequent_keep_their_names() -> None:
    often = [f"often {place}" for place in range(MOST_LEVELS - 1) for _ in range(2)]
    rows = pl.DataFrame({"category": [*often, *(f"rare {place}" for place in range(100))]})
    found = rare_pooled(rows, ["category"], pl.len())["category"]
    assert found.to_list() == [*often, *[OTHERS] * 100]
    few = rows.head(MOST_LEVELS)
    assert rare_pooled(few, ["category"], pl.len()).equals(few)


def test_a_row_a_ticket_tells_what_agents_solve_and_how_the_work_is_shared(wide: Query) -> None:
    """3,000 tickets, one every two hours, in turn to six agents, all but seven solved an hour later."""
    solved = cx.figures(wide, ["2026-02"], names=["solved_per_agent"]).row(0, named=True)
    assert solved["value"] == 28 * 12 / 6  # conversations need messages; this needs an assignee and a time
    assert isinstance(cx.trend("conversations_per_agent", wide), NotKnown)
    shared = cx.workload(wide)
    assert isinstance(shared, Effects)
    assert {row["group"]: row["units"] for row in shared.points.drop_nulls("value").to_dicts()} == {
        "solved_per_agent": 6
    }
    assert isinstance(cx.breakdown("resolution_time", wide, "agent"), Breakdown)
