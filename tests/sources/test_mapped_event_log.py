"""Event log to tickets and changes, against a dumb loop and against stories told in full."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
from hypothesis import given, settings, strategies as st

from cxlib.sources.mapped.event_log import lay
from cxlib.sources.mapped.importer import import_mapped
from cxlib.sources.mapped.mapping import EventSpec, parse_mapping

START = datetime(2024, 1, 1, tzinfo=UTC)
ACTIVITIES = {
    "taken": ["take"], "replied": ["reply"], "pending": ["wait"], "solved": ["solve"], "reopened": ["reopen"],
    "closed_by_timer": ["timer"], "closed": ["close"],
}  # fmt: skip
COLUMNS = {"ticket_id": "t", "happened_at": "at", "activity": "what", "agent_id": "who", "category": "kind"}


def spec(**more: list[str]) -> EventSpec:
    events = {"columns": COLUMNS, "activities": ACTIVITIES | more}
    found = parse_mapping({"timezone": "UTC", "events": events}, name="x").events
    assert found
    return found


def laid(story: list[tuple[int, str, str]], **more: list[str]) -> tuple[dict[str, object], list[tuple[object, ...]]]:
    frame = pl.LazyFrame(
        {
            "row_number": range(len(story)), "ticket_id": ["T"] * len(story),
            "happened_at": [START + timedelta(hours=hour) for hour, _, _ in story],
            "activity": [what for _, what, _ in story], "agent_id": [who or None for _, _, who in story],
            "category": [None, *["bill"] * (len(story) - 1)],
        },
        schema_overrides={"category": pl.String, "agent_id": pl.String, "happened_at": pl.Datetime("us", "UTC")},
    )  # fmt: skip
    tickets, changes = lay(frame, spec(**more))
    hours = (pl.col("changed_at") - START).dt.total_hours()
    rows = changes.select(hours, "field", "old", "new", "by").collect().rows()
    return tickets.collect().row(0, named=True), rows


def hour(value: object) -> float | None:
    return None if value is None else (value - START).total_seconds() / 3600  # type: ignore[operator, no-any-return]


def test_a_ticket_taken_passed_on_solved_reopened_solved_and_closed_by_a_timer() -> None:
    ticket, changes = laid(
        [(0, "new", "Ann"), (1, "take", "Bob"), (2, "reply", "Bob"), (3, "take", "Cid"), (5, "solve", "Cid"),
         (6, "reopen", ""), (8, "solve", "Cid"), (9, "timer", "System")]
    )  # fmt: skip
    assert changes == [
        (0, "status", None, "new", None),
        (1, "agent", None, "Bob", "Bob"),
        (1, "status", "new", "open", "Bob"),
        (3, "agent", "Bob", "Cid", "Cid"),
        (5, "status", "open", "solved", "Cid"),
        (6, "status", "solved", "open", None),
        (8, "status", "open", "solved", "Cid"),
        (9, "status", "solved", "closed", "timer"),
    ]
    told = {name: hour(ticket[name]) for name in ticket if name.endswith("_at")}
    instants = {"created_at": 0, "taken_at": 1, "first_replied_at": 2}
    assert told == instants | {"first_solved_at": 5, "solved_at": 8, "closed_at": 9}
    assert [ticket[name] for name in ("status", "agent_id", "reopens", "handoffs", "agent_replies", "category")] == [
        "closed", "Cid", 1, 1, 1, "bill"
    ]  # fmt: skip


def test_solving_without_taking_is_no_taking_and_work_after_the_close_opens_nothing() -> None:
    ticket, changes = laid([(0, "new", "Ann"), (4, "solve", "Bob"), (5, "timer", "System"), (6, "take", "Cid")])
    assert ticket["taken_at"] == START + timedelta(hours=6)
    assert [row[1:4] for row in changes] == [
        ("status", None, "new"), ("status", "new", "solved"), ("status", "solved", "closed"), ("agent", None, "Cid")
    ]  # fmt: skip
    assert (ticket["status"], hour(ticket["solved_at"])) == ("closed", 4)
    ticket, _ = laid([(0, "new", "Ann"), (4, "solve", "Bob")])
    assert (ticket["taken_at"], ticket["agent_id"]) == (None, "Bob")


def test_a_reopened_and_still_open_ticket_is_not_solved() -> None:
    ticket, _ = laid([(0, "new", "A"), (1, "solve", "A"), (2, "close", "A"), (3, "reopen", ""), (4, "wait", "A")])
    assert (ticket["status"], ticket["solved_at"], ticket["closed_at"], ticket["reopens"]) == ("pending", None, None, 1)
    assert hour(ticket["first_solved_at"]) == 1


def test_a_close_by_a_timer_alone_is_no_solution() -> None:
    ticket, changes = laid([(0, "new", "A"), (9, "timer", "System")])
    assert (ticket["status"], ticket["solved_at"], hour(ticket["closed_at"])) == ("closed", None, 9)
    assert changes[-1] == (9, "status", "new", "closed", "timer")


def test_told_activities_create_a_ticket_and_events_without_meaning_only_count() -> None:
    ticket, changes = laid([(0, "ping", "A"), (2, "insert", "A"), (3, "ping", "A")], created=["insert"])
    assert (hour(ticket["created_at"]), ticket["status"], len(changes)) == (2, "new", 1)


WORDS = ["new", "take", "reply", "wait", "solve", "reopen", "timer", "close"]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from(WORDS), st.sampled_from(["A", "B", ""])), min_size=1, max_size=9
    )
)
def test_any_story_gives_what_a_dumb_loop_over_its_events_gives(story: list[tuple[int, str, str]]) -> None:
    ticket, changes = laid(story)
    status, agent, taken, rows = "new", None, False, []
    last_solved = first_taken = None
    leads = {
        "take": "open",
        "wait": "pending",
        "solve": "solved",
        "reopen": "open",
        "timer": "closed",
        "close": "closed",
    }
    ordered = sorted(story, key=lambda event: event[0])
    for at, what, who in ordered:
        if what == "take":
            taken, first_taken = True, first_taken if first_taken is not None else at
        if taken and what in ("take", "reply", "solve") and who:
            if who != agent:
                rows.append((at, "agent", agent, who, who))
            agent = who
        if what == "solve":
            last_solved = at
        if what in leads and not (what in ("take", "wait") and status == "closed"):
            if leads[what] != status or what == "solve":
                rows.append((at, "status", status, leads[what], "timer" if what == "timer" else who or None))
            status = leads[what]
    assert changes == [(ordered[0][0], "status", None, "new", None), *rows]
    assert ticket["status"] == status
    assert hour(ticket["taken_at"]) == first_taken
    assert hour(ticket["solved_at"]) == (last_solved if status in ("solved", "closed") else None)


def test_events_set_aside_are_kept_beside_the_changes_and_notes_tell_of_activities(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(
        "t,at,what,who,kind\n1,2024-01-01,new,A,x\n1,2024-01-02,take,A,y\n1,bad,solve,A,x\n,2024-01-02,take,A,x\n"
    )
    columns = ", ".join(f'{name} = "{header}"' for name, header in COLUMNS.items())
    (tmp_path / "m.toml").write_text(
        f'timezone = "UTC"\n[events]\ncolumns = {{ {columns} }}\n'
        'activities = { taken = ["take"], solved = ["solve"] }\n'
    )
    (tmp_path / "out").mkdir()
    report = import_mapped([tmp_path / "log.csv"], mapping=tmp_path / "m.toml", folder=tmp_path / "out")
    assert report.set_aside == {"changes": {"missing ticket_id": 1, "unreadable happened_at": 1}}
    assert pl.read_parquet(tmp_path / "out" / "set_aside" / "changes.parquet")["at"].to_list() == ["bad", "2024-01-02"]
    assert report.rows == {"tickets": 1, "changes": 3}
    assert report.notes["changes"] == {
        "events of activities without a meaning in the mapping": {"count": 1, "examples": ["new"]},
        "activities of the mapping that do not occur": {"count": 1, "examples": ["solve"]},
    }
    assert report.notes["tickets"] == {
        "category has several values in one ticket, the first is kept": {"count": 1, "examples": ["1"]}
    }
