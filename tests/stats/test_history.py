"""A customer's history and the list of those who wait, against plain loops over literal rows."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from stats import desk

from cxlib.errors import UsageError
from cxlib.metrics import query
from cxlib.present.sentences import say
from cxlib.questions import history, waiting
from cxlib.results.types import History, NotKnown, WaitingList
from cxlib.store.folder import Data

END = desk.EXTRACTED


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CX_HOME", str(tmp_path))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "settings.toml").write_text('important = ["high"]\n', encoding="utf-8")


def at(days: float) -> datetime:
    """Return the instant that many days before the data end."""
    return END - timedelta(days=days)


def ticket(
    number: str, customer: str | None, days: float, status: str | None = "closed", **more: Any
) -> dict[str, Any]:
    base = {"ticket_id": number, "customer_id": customer, "created_at": at(days), "created_day": at(days).date()}
    solved = at(days - 0.5) if status in ("solved", "closed") else None
    return base | {"status": status, "channel": "email", "category": "login", "solved_at": solved} | more


TICKETS = [
    ticket("t1", "ada", 40, agent_id="a1", handle_minutes=20.0),
    ticket("t2", "ada", 30, agent_id="a2", estimated_handle_minutes=12.0),  # not in agent_tickets: the last assignee
    ticket("t3", "ada", 9, "open", agent_id="a1"),
    ticket("t4", "ada", 3, "pending"),  # waits for the customer
    ticket("t5", "ada", 2, "new", opened_by="agent"),
    ticket("t6", "ada", 1.5, "merged"),
    ticket("t7", "ada", -1, "new"),  # after the end of the data
    ticket("t8", "bob", 400, "hold", agent_id="a2", channel="phone"),
    ticket("t9", "bob", 12, None, channel="phone"),  # no status and no end: still open
    ticket("t10", "cyd", 20, "new"),
    ticket("t11", "dan", 25, "open"),
    ticket("t12", "eve", 22, "open"),
    ticket("t13", "fay", 21, "open"),
    ticket("t14", None, 300, "new"),
    ticket("t15", "gus", 50, None, closed_at=at(49)),
    *(ticket(f"bob {n}", "bob", 100 + n) for n in range(20)),
]
WORK = [("a1", "t1", 8.0), ("a2", "t1", 12.0), ("a1", "t3", 6.0), ("a9", "t3", None), ("a2", "t8", 60.0)]
AGENT_TICKETS = [
    {"agent_ticket_id": f"{place}", "agent_id": agent, "ticket_id": number, "month_day": date(2026, 9, 1),
     "replies": 1, "minutes": minutes}
    for place, (agent, number, minutes) in enumerate([*WORK, ("a1", "t1", 3.0)])
]  # fmt: skip
SURVEYS = [
    {"survey_id": "s1", "kind": "csat", "customer_id": "ada", "answered_at": at(29), "answered_day": at(29).date(),
     "answer": 4.0, "scale_low": 1.0, "scale_high": 5.0, "scale_share": 0.75, "comment": "fine"},
    {"survey_id": "s2", "kind": "csat", "customer_id": "ada", "sent_at": at(2)},
    {"survey_id": "s3", "kind": "nps", "customer_id": "ada", "answered_at": at(-2), "answered_day": at(-2).date()},
]  # fmt: skip
ORDERS = [
    {"order_id": "o1", "customer_id": "ada", "ordered_at": at(35), "ordered_day": at(35).date(), "amount": 12.5,
     "currency": "EUR", "kind": "order"},
]  # fmt: skip
CUSTOMERS = [
    {"customer_id": "ada", "name": "Ada", "importance": "high", "joined_at": at(3000)},
    {"customer_id": "bob", "name": "Bob", "importance": "low", "joined_at": at(365.25 * 5)},
    {"customer_id": "cyd", "name": None, "importance": "high", "joined_at": at(100)},
    {"customer_id": "dan", "name": "Dan", "importance": "low", "joined_at": at(365.25 * 5 - 1)},
    {"customer_id": "fay", "name": "Fay", "importance": None, "joined_at": None},
    {"customer_id": "zoe", "name": "Zoe"},
]
AGENTS = [{"agent_id": "a1", "name": "Ann"}, {"agent_id": "a2", "name": "Ben"}]
TABLES: dict[str, desk.Rows] = {
    "tickets": TICKETS, "surveys": SURVEYS, "orders": ORDERS, "customers": CUSTOMERS, "agents": AGENTS,
    "agent_tickets": AGENT_TICKETS,
}  # fmt: skip


def data(folder: Path, *names: str, **other: desk.Rows) -> Data:
    tables = {name: TABLES[name] for name in names or TABLES} | other
    return desk.build(folder / "desk", **{name: [dict(row) for row in rows] for name, rows in tables.items()})


def told(found: Data, customer_id: str = "", **look: Any) -> History:
    result = history(query(found, month="2026-10", **look), customer_id)
    assert isinstance(result, History)
    return result


def listed(found: Data, **look: Any) -> WaitingList:
    result = waiting(query(found, month="2026-10", **look))
    assert isinstance(result, WaitingList)
    return result


def test_every_event_of_the_customer_up_to_the_end_is_told_in_order(tmp_path: Path) -> None:
    found = told(data(tmp_path), "ada")
    mine = [(row["created_at"], row["ticket_id"]) for row in TICKETS if row["customer_id"] == "ada"]
    mine += [(row["answered_at"], row["survey_id"]) for row in SURVEYS if row.get("answered_at")]
    mine += [(row["ordered_at"], row["order_id"]) for row in ORDERS]
    assert found.events["id"].to_list() == [number for when, number in sorted(mine) if when <= END]
    assert found.counts == (6, 1, 1)
    assert (found.name, found.importance, found.joined) == ("Ada", "high", at(3000).date())
    assert found.first == at(40).date()
    assert found.as_of == date(2026, 10, 31)
    rows = {row["id"]: row for row in found.events.iter_rows(named=True)}
    assert (rows["s1"]["what"], rows["s1"]["answer"], rows["s1"]["note"]) == ("csat", 4.0, "fine")
    assert (rows["o1"]["what"], rows["o1"]["amount"], rows["o1"]["currency"]) == ("order", 12.5, "EUR")
    assert (rows["t1"]["what"], rows["t1"]["channel"], rows["t1"]["status"]) == ("login", "email", "closed")


def test_who_worked_on_each_ticket_and_for_how_long(tmp_path: Path) -> None:
    found = told(data(tmp_path), "ada")
    expected: dict[tuple[str, str], float | None] = {}
    for row in AGENT_TICKETS:
        if row["ticket_id"] in ("t1", "t3"):
            key = str(row["ticket_id"]), str(row["agent_id"])
            minutes: Any = row["minutes"]
            expected[key] = None if minutes is None else (expected.get(key) or 0.0) + minutes
    expected["t2", "a2"] = 12.0
    rows = found.work.iter_rows(named=True)
    work = {(row["ticket_id"], row["agent_id"]): (row["agent"], row["minutes"], row["estimated"]) for row in rows}
    assert {key: minutes for key, (_, minutes, _) in work.items()} == expected
    assert [work[key][0] for key in (("t1", "a1"), ("t3", "a9"))] == ["Ann", "a9"]
    assert [work[key][2] for key in (("t1", "a1"), ("t2", "a2"), ("t3", "a1"))] == [False, True, True]
    agents = found.agents.select("agent", "tickets", "minutes").rows()
    assert agents == [("Ben", 2, 24.0), ("Ann", 2, 17.0), ("a9", 1, None)]


def test_a_ticket_waits_while_its_customer_waits_for_us(tmp_path: Path) -> None:
    found = data(tmp_path)
    ada, bob = told(found, "ada"), told(found, "bob")
    assert ada.waited == (9 * 1440.0,)
    assert ada.events.filter(ada.events["waiting"])["id"].to_list() == ["t3"]
    assert bob.waited == (400 * 1440.0, 12 * 1440.0)
    assert told(found, "gus").waited == ()


def test_the_default_is_the_customer_with_the_most_to_tell_in_any_order_of_rows(tmp_path: Path) -> None:
    assert told(data(tmp_path / "one")).customer_id == "ada", "three kinds of events before twenty-two tickets"
    turned = {name: rows[::-1] for name, rows in TABLES.items()}
    assert told(data(tmp_path / "two", **turned)).customer_id == "ada"
    assert told(data(tmp_path / "three", "tickets")).customer_id == "bob", "then the most events"
    equal = [ticket("1", "yan", 5), ticket("2", "xia", 5)]
    assert told(data(tmp_path / "four", "agents", tickets=equal)).customer_id == "xia", "then the first number"


def test_important_or_loyal_customers_who_wait_are_listed_longest_first_within_their_class(tmp_path: Path) -> None:
    found = listed(data(tmp_path))
    open_ones = {"ada": 9, "bob": 400, "cyd": 20, "dan": 25, "eve": 22, "fay": 21}
    assert found.everybody == len(open_ones)
    expected = []
    for row in CUSTOMERS:
        important, years = row.get("importance") == "high", None
        if row.get("joined_at"):
            joined: Any = row["joined_at"]
            years = (END - joined).total_seconds() / 86400 / 365.25
        loyal = years is not None and years >= 5
        if row["customer_id"] in open_ones and (important or loyal):
            expected.append((not important, not loyal, -open_ones[str(row["customer_id"])], row["customer_id"]))
    rows = list(found.customers.iter_rows(named=True))
    assert [row["customer_id"] for row in rows] == [key[-1] for key in sorted(expected)] == ["ada", "cyd", "bob"]
    assert found.selected == 3
    bob = rows[-1]
    assert (bob["tickets"], bob["minutes"], bob["ticket_id"], bob["agent"]) == (2, 400 * 1440.0, "t8", "Ben")
    assert bob["years"] == pytest.approx(5.0)


def test_settings_say_who_is_important_and_from_when_loyal(tmp_path: Path) -> None:
    folder = data(tmp_path).folder
    text = (folder / "settings.toml").read_text(encoding="utf-8")
    (folder / "settings.toml").write_text('important = ["low"]\nloyal_years = 8.0\n' + text, encoding="utf-8")
    assert listed(desk.open_data(str(folder))).customers["customer_id"].to_list() == ["bob", "dan", "ada"]
    (folder / "settings.toml").write_text('important = "low"\n' + text, encoding="utf-8")
    with pytest.raises(UsageError, match="a list"):
        desk.open_data(str(folder))


def test_filters_hold_for_both(tmp_path: Path) -> None:
    found = data(tmp_path)
    assert told(found, filters="channel=phone").customer_id == "bob"
    assert told(found, "bob", filters="channel=phone").counts == (2, 0, 0)
    assert listed(found, filters="channel=phone").everybody == 1
    nothing = history(query(found, month="2026-10", filters="channel=phone"), "ada")
    assert isinstance(nothing, NotKnown)
    assert "of customer 'ada' among channel=phone" in nothing.reason


def test_an_unknown_customer_is_refused_with_the_nearest_one(tmp_path: Path) -> None:
    found = query(data(tmp_path), month="2026-10")
    with pytest.raises(UsageError, match=r"no customer 'adda' in the data 'desk'\. Did you mean 'ada'"):
        history(found, "adda")
    with pytest.raises(UsageError) as refused:
        history(found, "??")
    assert "Did you mean" not in str(refused.value)


@pytest.mark.parametrize(
    ("names", "customer", "reason"),
    [
        (("customers",), "", "hold no ticket, answer or order that names a customer"),
        (("customers", "tickets"), "zoe", "hold no ticket, answer or order of customer 'zoe'"),
    ],
)
def test_without_events_the_history_is_not_known(
    names: tuple[str, ...], customer: str, reason: str, tmp_path: Path
) -> None:
    nothing = history(query(data(tmp_path, *names), month="2026-10"), customer)
    assert isinstance(nothing, NotKnown)
    assert reason in nothing.reason


def test_what_the_data_lack_is_said(tmp_path: Path) -> None:
    for names, reason in ((("tickets",), "how important customers are"), (("customers",), "no table 'tickets'")):
        nothing = waiting(query(data(tmp_path / names[0], *names), month="2026-10"))
        assert isinstance(nothing, NotKnown)
        assert reason in nothing.reason
    lacking = data(tmp_path / "filtered", "tickets")
    for question in (history, waiting):
        assert isinstance(question(query(lacking, month="2026-10", filters="importance=high")), NotKnown)


def test_orders_alone_make_a_history(tmp_path: Path) -> None:
    found = told(data(tmp_path, "orders"))
    assert (found.customer_id, found.name, found.counts, found.waited) == ("ada", "", (0, 0, 1), ())
    assert found.work.is_empty()


def test_its_sentence_says_what_is_estimated(tmp_path: Path) -> None:
    said = say(told(data(tmp_path), "ada")).text.replace("\N{NO-BREAK SPACE}", " ")
    first = at(40).date()
    assert said == (
        f"Ada (ada; importance high; customer since {at(3000).day} {at(3000):%B %Y}): 6 tickets, 1 answer and 1 order "
        f"since {first.day} {first:%B %Y}. Most time came from Ben, 24 min on 2 tickets (estimated in part). "
        "1 ticket is waiting on 31 October 2026, for 9.0 d."
    )


def test_nobody_waits(tmp_path: Path) -> None:
    found = listed(data(tmp_path, "customers", tickets=[ticket("t1", "ada", 3)]))
    assert (found.everybody, found.selected, found.customers.height) == (0, 0, 0)
    assert say(found).text.startswith("No important or long-loyal customer waits")


def test_importance_nobody_told_is_not_taken_for_unimportant(tmp_path: Path) -> None:
    unsaid = [{**row, "importance": None} for row in CUSTOMERS]
    waits = [ticket("t1", "cyd", 3, "open"), ticket("t2", "bob", 4, "open", agent_id="a7")]
    nobody = listed(data(tmp_path / "none", tickets=waits[:1], customers=unsaid))
    assert say(nobody).text.startswith("No long-loyal customer waits")
    assert "1 customer waits in all. How important customers are is not known." in say(nobody).text.replace("\xa0", " ")
    one = listed(data(tmp_path / "one", "tickets", tickets=waits, customers=unsaid))
    assert "important or" not in say(one).text
    assert one.customers["agent"].to_list() == ["a7"]  # no table of agents: their number


def test_both_engines_tell_the_same(tmp_path: Path) -> None:
    found = data(tmp_path)
    for question in (told, listed):
        one, other = (question(found, engine=engine) for engine in ("polars", "duckdb"))
        for name in ("events", "work", "agents", "customers"):
            assert getattr(one, name, None) is getattr(other, name, None) or getattr(one, name).equals(
                getattr(other, name)
            )
