"""Our figures beside the source's own: every reason by hand, the planted ones, real shapes."""

from __future__ import annotations

import json
import tomllib
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cxlib.derive import derive
from cxlib.metrics import Query, query
from cxlib.questions import differences, reconciliation
from cxlib.results.types import NotKnown, Tally
from cxlib.sources.mapped.importer import import_mapped
from cxlib.sources.zendesk.importer import import_zendesk
from cxlib.store.folder import open_data, write_manifest
from cxlib.tables.schema import conform

MONDAY = datetime(2026, 10, 5, 8, tzinfo=UTC)
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
SETTINGS = """
timezone = "UTC"
default_schedule = "office"
[schedules.office]
{office}
[schedules.early]
{early}
"""
Row = dict[str, Any]


def settings() -> str:
    office, early = (
        "\n".join(f'hours.{day} = ["{hours}"]' for day in DAYS) for hours in ("09:00-17:00", "07:00-15:00")
    )
    return SETTINGS.format(office=office, early=early)


def minutes(count: float) -> datetime:
    return MONDAY + timedelta(minutes=count)


class Desk:
    """Tickets opened on a Monday at 08:00, an hour before the office opens, each with the source's own figures."""

    def __init__(self) -> None:
        self.tables: dict[str, list[Row]] = {"tickets": [], "messages": [], "changes": [], "source_figures": []}
        self.expected: dict[tuple[str, str], str | None] = {}

    def ticket(self, key: str, reply: float | None = 100.5, **more: Any) -> str:
        given = {"status": "solved", "opened_by": "customer", "created_at": MONDAY, "solved_at": minutes(3000)} | more
        self.tables["tickets"].append({"ticket_id": key, "customer_id": f"c{key}", **given})
        self.say(key, "agent" if more.get("opened_by") == "agent" else "customer", 0)
        if reply is not None:
            self.say(key, "agent", reply)
        return key

    def say(self, key: str, author: str, at: float, *, public: bool = True) -> None:
        number = f"m{len(self.tables['messages'])}"
        row = {"message_id": number, "ticket_id": key, "sent_at": minutes(at), "author": author, "is_public": public}
        self.tables["messages"].append(row | {"author_id": "a1" if author == "agent" else None})

    def theirs(self, key: str, figure: str, amount: float | None, reason: str | None) -> None:
        self.tables["source_figures"].append(
            {"figure_id": f"{key} {figure}", "ticket_id": key, "figure": figure, "amount": amount}
        )
        self.expected[figure, key] = reason

    def open(self, folder: Path) -> Query:
        folder.mkdir()
        for name, rows in self.tables.items():
            frame = pl.LazyFrame(rows, infer_schema_length=None) if rows else pl.LazyFrame()
            if rows:
                conform(frame, name).collect().write_parquet(folder / f"{name}.parquet")
        (folder / "settings.toml").write_text(settings(), encoding="utf-8")
        write_manifest(folder, {"extracted_at": "2026-11-01T00:00:00+00:00", "sources": ["hand"]})
        derive(folder)
        return query(open_data(str(folder)), month="2026-10")


NOT_ENDED = "no value by our count"
REPLY, BUSINESS, RESOLUTION = "first_reply_minutes", "first_reply_business_minutes", "resolution_minutes"


def desk_of_every_reason() -> Desk:
    desk = Desk()
    desk.theirs(desk.ticket("same", 100), REPLY, 100.0, None)
    desk.theirs(desk.ticket("cut to the minute"), REPLY, 100.0, "rounded to the source's step")
    desk.theirs(desk.ticket("rounded up"), REPLY, 101.0, "rounded to the source's step")
    desk.say(desk.ticket("bot"), "bot", 7.5)
    desk.theirs("bot", REPLY, 7.0, "an automatic answer counts as the reply")
    desk.say(desk.ticket("note"), "agent", 30.2, public=False)
    desk.theirs("note", REPLY, 30.0, "an internal note counts as a reply")
    desk.theirs(desk.ticket("agent", opened_by="agent"), REPLY, 0.0,
                "an agent's opening counts as the reply")  # fmt: skip
    desk.theirs(desk.ticket("agent, none", opened_by="agent"), REPLY, None,
                "an agent's opening counts as the reply")  # fmt: skip
    desk.theirs(desk.ticket("opening hours"), REPLY, 40.0, "opening hours instead of whole days")
    desk.theirs(desk.ticket("odd"), REPLY, 63.0, "unexplained")
    desk.theirs(desk.ticket("none"), REPLY, None, "the source has no value")
    desk.theirs(desk.ticket("merged", None, status="merged"), REPLY, 12.0, "merged, deleted or spam: left out here")
    desk.theirs(desk.ticket("open", None, status="open", solved_at=None), REPLY, 12.0, NOT_ENDED)
    desk.theirs(desk.ticket("business"), BUSINESS, 40.0, "rounded to the source's step")
    desk.theirs(desk.ticket("whole day"), BUSINESS, 100.0, "whole days instead of opening hours")
    desk.theirs(desk.ticket("early office", 130), BUSINESS, 130.0, "whole days instead of opening hours")
    desk.theirs(desk.ticket("early, next day", 1500), BUSINESS, 420.0 + 120.0, "another schedule: early")
    desk.theirs(desk.ticket("resolution"), RESOLUTION, 3000.0, None)
    first = {"first_solved_at": minutes(50)}
    desk.theirs(desk.ticket("reopened", **first), RESOLUTION, 50.0, "counted to the first solve, then reopened")
    desk.theirs(desk.ticket("closed", closed_at=minutes(8000)), RESOLUTION, 8000.0,
                "counted to the close, not to the solve")  # fmt: skip
    for number in range(3):
        desk.theirs(desk.ticket(f"long {number}", solved_at=minutes(11_000 + number)), RESOLUTION, 10_080.0,
                    "cut off at the source's longest value")  # fmt: skip
    desk.ticket("replies")
    desk.say("replies", "agent", 200, public=False)
    desk.theirs("replies", "agent_replies", 2.0, "an internal note counts as a reply")
    desk.say(desk.ticket("replies, bot"), "bot", 1)
    desk.theirs("replies, bot", "agent_replies", 2.0, "an automatic answer counts as the reply")
    desk.theirs(desk.ticket("replies, agent", opened_by="agent"), "agent_replies", 2.0,
                "an agent's opening counts as the reply")  # fmt: skip
    desk.theirs(desk.ticket("replies, same"), "agent_replies", 1.0, None)
    desk.theirs(desk.ticket("reopens", reopens=1), "reopens", 3.0, "unexplained")
    return desk


@pytest.fixture(scope="module")
def every_reason(tmp_path_factory: pytest.TempPathFactory) -> tuple[Desk, Query]:
    desk = desk_of_every_reason()
    return desk, desk.open(tmp_path_factory.mktemp("desk") / "desk")


def found_of(looked: Query) -> pl.DataFrame:
    found = differences(looked)
    assert isinstance(found, pl.DataFrame)
    return found


def test_every_reason_is_found_by_hand(every_reason: tuple[Desk, Query]) -> None:
    desk, looked = every_reason
    found = {(figure, key): why for figure, key, why in found_of(looked).select("figure", "ticket_id", "reason").rows()}
    assert found == desk.expected


def test_the_tally_counts_what_the_rows_say(every_reason: tuple[Desk, Query]) -> None:
    desk, looked = every_reason
    result = reconciliation(looked)
    assert isinstance(result, Tally)
    counted: dict[tuple[str, str], int] = defaultdict(int)
    for (figure, _key), reason in desk.expected.items():
        if reason:
            counted[figure.replace("_", " "), reason] += 1
    assert {(row["family"], row["label"]): row["n"] for row in result.points.iter_rows(named=True)} == counted
    assert (result.compared, result.same) == (len(desk.expected), sum(why is None for why in desk.expected.values()))
    unknown = {"unexplained", "no value by our count", "the source has no value"}
    assert all(row["known"] == (row["label"] not in unknown) for row in result.points.iter_rows(named=True))
    every = len([figure for figure, _ in desk.expected if figure == RESOLUTION])
    cut = result.points.filter(pl.col("label").str.starts_with("cut off")).row(0, named=True)
    assert cut["share"] == pytest.approx(100 * 3 / every)
    assert cut["typical"] == pytest.approx(10_080 - 11_001)
    assert cut["examples"].startswith("long 0 (ours 11000.0, theirs 10080.0)")


def test_two_copies_of_a_figure_count_once(tmp_path: Path) -> None:
    desk = Desk()
    desk.theirs(desk.ticket("t"), REPLY, 100.5, None)
    desk.tables["source_figures"].append(desk.tables["source_figures"][0] | {"figure_id": "again"})
    assert found_of(desk.open(tmp_path / "desk")).height == 1


def test_tickets_of_other_years_and_unknown_ones_are_left_out(tmp_path: Path) -> None:
    desk = Desk()
    desk.theirs(desk.ticket("t"), REPLY, 100.5, None)
    desk.theirs(desk.ticket("old", created_at=MONDAY - timedelta(days=500)), REPLY, 1.0, None)
    desk.theirs("stranger", REPLY, 1.0, None)
    assert found_of(desk.open(tmp_path / "desk"))["ticket_id"].to_list() == ["t"]


def test_without_messages_and_without_figures(tmp_path: Path) -> None:
    desk = Desk()
    desk.theirs(desk.ticket("t", first_replied_at=minutes(90)), REPLY, 5.0, None)
    desk.tables["messages"] = []
    assert found_of(desk.open(tmp_path / "quiet"))["reason"].to_list() == ["unexplained"]
    bare = Desk()
    bare.ticket("t")
    for ask in (differences, reconciliation):
        told = ask(bare.open(tmp_path / ask.__name__))
        assert isinstance(told, NotKnown)
        assert "source_figures" in told.reason


def test_the_demo_finds_what_was_planted(small_demo: Path) -> None:
    planted = json.loads((small_demo / "truth.json").read_text(encoding="utf-8"))["own_figures"]
    reasons = {
        "opened by an agent": (REPLY, "an agent's opening counts as the reply"),
        "automatic answer": (REPLY, "an automatic answer counts as the reply"),
        "whole days": (BUSINESS, "whole days instead of opening hours"),
        "first solve": (RESOLUTION, "counted to the first solve, then reopened"),
        "cut off": (RESOLUTION, "cut off at the source's longest value"),
        "unexplained": (REPLY, "unexplained"),
    }
    assert planted.keys() == reasons.keys()
    assert all(len(keys) >= 10 for keys in planted.values())
    found = found_of(query(str(small_demo)))
    soiled = {row[0] for row in _soiled(small_demo)}
    expected = {(figure, key): why for name, (figure, why) in reasons.items() for key in planted[name]}
    for figure, key, why in found.select("figure", "ticket_id", "reason").rows():
        if key in soiled or why in (None, "rounded to the source's step"):
            assert key in soiled or (figure, key) not in expected
        elif figure == BUSINESS and why.startswith("an agent's"):
            assert key in planted["opened by an agent"]
        else:
            assert why == expected[figure, key], (figure, key)


def _soiled(folder: Path) -> list[tuple[str]]:
    """Tickets with a reply that was moved before their creation: there our figure moved, theirs did not."""
    tickets = pl.read_parquet(folder / "tickets.parquet").select("ticket_id", "created_at")
    talk = pl.read_parquet(folder / "messages.parquet").join(tickets, on="ticket_id")
    return talk.filter(pl.col("sent_at") < pl.col("created_at")).select("ticket_id").rows()


METRICS = {
    "reply_time_in_minutes": {"calendar": 10, "business": 0},
    "full_resolution_time_in_minutes": {"calendar": 1440, "business": 480},
    "reopens": 1, "replies": 2, "requester_wait_time_in_minutes": {"calendar": None, "business": None},
}  # fmt: skip
OWN = [
    ("1 agent_replies", "1", "agent_replies", 2.0), ("1 first_reply_business_minutes", "1", BUSINESS, 0.0),
    ("1 first_reply_minutes", "1", REPLY, 10.0), ("1 reopens", "1", "reopens", 1.0),
    ("1 resolution_business_minutes", "1", "resolution_business_minutes", 480.0),
    ("1 resolution_minutes", "1", RESOLUTION, 1440.0),
]  # fmt: skip


@pytest.mark.parametrize(
    "shape", ["ticket_metrics.jsonl", "inside the tickets", "inside one ticket a line", "beside the tickets"]
)
def test_zendesk_gives_its_own_figures(shape: str, tmp_path: Path) -> None:
    ticket = {
        "id": 1,
        "created_at": "2024-05-01T00:00:00Z",
        "status": "solved",
        "requester_id": 1,
        "url": "x/api/v2/tickets/1",
    }
    own = {"id": 9, "ticket_id": 1, **METRICS}
    inside = {**ticket, "metric_set": {"id": 9, **METRICS}}
    texts = {
        "ticket_metrics.jsonl": {"tickets.jsonl": ticket, "ticket_metrics.jsonl": own},
        "inside the tickets": {"tickets.json": {"tickets": [inside]}},
        "inside one ticket a line": {"tickets.jsonl": inside},
        "beside the tickets": {
            "dump.json": {"tickets": [ticket], "metric_sets": [{"id": 9, "ticket_id": 1, **METRICS}]}
        },
    }
    for name, record in texts[shape].items():
        (tmp_path / name).write_text(json.dumps(record) + "\n", encoding="utf-8")
    folder = tmp_path / "data"
    folder.mkdir()
    report = import_zendesk(sorted(tmp_path.glob("*.json*")), folder=folder)
    assert report.rows["tickets"] == 1
    derive(folder)
    assert pl.read_parquet(folder / "source_figures.parquet").sort("figure_id").rows() == OWN
    found = found_of(query(open_data(str(folder)), month="2024-05"))
    assert found.filter(figure=REPLY)["reason"].to_list() == [None]


MAPPING = """
timezone = "UTC"
[files.cases]
match = "*.csv"
[[tables]]
table = "tickets"
[tables.columns]
ticket_id = "Case"
created_at = "Opened"
solved_at = "Resolved"
status = { value = "solved" }
[[tables]]
table = "source_figures"
[tables.columns]
figure_id = { template = "{Case} resolution" }
ticket_id = "Case"
figure = { value = "resolution_minutes" }
amount = { column = "Hours to resolution", scale = 60 }
"""


def test_a_mapping_brings_hours_of_any_system(tmp_path: Path) -> None:
    tomllib.loads(MAPPING)
    (tmp_path / "own.toml").write_text(MAPPING, encoding="utf-8")
    lines = ["Case,Opened,Resolved,Hours to resolution"]
    lines += [
        f"C{n},2026-10-05 08:00,2026-10-{6 + n % 5:02d} 08:{n:02d},{24 * (1 + n % 5) + n / 60:.2f}" for n in range(30)
    ]
    lines += ["C30,2026-10-05 08:00,2026-10-06 08:00,12.00", "C31,2026-10-05 08:00,2026-10-06 08:00,"]
    (tmp_path / "cases.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    folder = tmp_path / "data"
    folder.mkdir()
    import_mapped([tmp_path / "cases.csv"], mapping=tmp_path / "own.toml", folder=folder)
    derive(folder)
    found = found_of(query(open_data(str(folder)), month="2026-10")).sort("ticket_id")
    why = dict(found.select("ticket_id", "reason").iter_rows())
    assert why["C30"] == "unexplained"
    assert why["C31"] == "the source has no value"
    assert set(why.values()) == {None, "rounded to the source's step", "unexplained", "the source has no value"}
