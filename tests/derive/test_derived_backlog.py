"""The table of the backlog: a loop over tickets and local midnights finds the same."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from derive_desk import EXTRACTED, Rows, change, minutes, run, ticket
from derive_stories import CHANGES, MESSAGES, TICKETS, random_desk

from cxlib.clock import business_minutes
from cxlib.metrics import METRICS, missing_reason, query
from cxlib.settings import read_settings
from cxlib.store.folder import open_data

WARSAW = ZoneInfo("Europe/Warsaw")
MAY = datetime(2026, 5, 10, 12, tzinfo=UTC)
DESKS = {"by hand": (TICKETS, MESSAGES, CHANGES)} | {f"random {seed}": random_desk(seed) for seed in (7, 8)}


@pytest.fixture(params=[(name, end) for name in DESKS for end in (EXTRACTED, MAY)], ids=str)
def laid(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[dict[str, Rows], datetime, Path]:
    monkeypatch.setenv("CX_HOME", str(tmp_path))
    (given, messages, changes), end = DESKS[request.param[0]], request.param[1]
    tables = run(tmp_path / "desk", extracted_at=end, tickets=given, messages=messages, changes=changes)
    return tables, end, tmp_path / "desk"


def midnights(first: date, end: datetime) -> list[tuple[date, datetime]]:
    """Return each local day with its end; the last one ends with the data."""
    days, day = [], first
    while (midnight := datetime(day.year, day.month, day.day, tzinfo=WARSAW)) < end:
        after = day + timedelta(days=1)
        days.append((day, min(datetime(after.year, after.month, after.day, tzinfo=WARSAW), end)))
        assert midnight < days[-1][1]
        day = after
    return days


def test_who_is_unsolved_at_which_midnight_is_what_a_loop_counts(laid: tuple[dict[str, Rows], datetime, Path]) -> None:
    tables, end, _ = laid
    moves = defaultdict(list)
    for row in tables["status_moves"]:
        if row["moved_at"] <= end:
            moves[row["ticket_id"]].append(row)
    days = midnights(min(row["moved_at"] for rows in moves.values() for row in rows).astimezone(WARSAW).date(), end)
    observed = Counter(f"{day:%Y-%m}" for day, _ in days)
    unsolved: Counter[tuple[str, str]] = Counter()
    for number, rows in moves.items():
        for day, ends in days:
            before = [row["step"] for row in rows if row["moved_at"] < ends or row["moved_at"] == end]
            unsolved[number, f"{day:%Y-%m}"] += sum(before)
    expected = {key: count / observed[key[1]] for key, count in unsolved.items() if count}
    found: Counter[tuple[str, str]] = Counter()
    for row in tables["backlog_months"]:
        found[row["ticket_id"], f"{row['month_day']:%Y-%m}"] += row["days_share"]
        assert row["month_day"] <= row["first_day"] <= row["last_day"] < row["month_day"] + timedelta(days=31)
        assert row["month_at"] == datetime(row["month_day"].year, row["month_day"].month, 1, tzinfo=WARSAW)
    assert len(expected) > 5
    assert dict(found) == pytest.approx(expected)
    keys = [row["backlog_month_id"] for row in tables["backlog_months"]]
    assert len(set(keys)) == len(keys)


def test_those_unsolved_at_the_end_have_the_age_since_their_creation(
    laid: tuple[dict[str, Rows], datetime, Path],
) -> None:
    tables, end, folder = laid
    stock: Counter[str] = Counter()
    for row in tables["status_moves"]:
        stock[row["ticket_id"]] += row["step"] * (row["moved_at"] <= end)
    last = [row for row in tables["backlog_months"] if f"{row['month_day']:%Y-%m}" == f"{end:%Y-%m}"]
    assert {row["ticket_id"] for row in last if row["unsolved_at_end"]} == set(+stock) != set()
    created = {row["ticket_id"]: row["created_at"] for row in tables["tickets"]}
    settings = read_settings(folder / "settings.toml")
    schedules = {row["ticket_id"]: row["schedule"] for row in tables["tickets"]}
    for row in tables["backlog_months"]:
        month = row["month_day"]
        after = datetime(month.year, month.month + 1, 1, tzinfo=WARSAW)
        began = created[row["ticket_id"]]
        if not row["unsolved_at_end"] or began is None:
            assert (row["age_minutes"], row["age_business_minutes"]) == (None, None)
            continue
        assert row["age_minutes"] == minutes(began, min(after, end))
        stop = pl.Series([min(after, end)], dtype=pl.Datetime("us", "UTC"))
        schedule = pl.Series([schedules[row["ticket_id"]]], dtype=pl.String)
        own = business_minutes(pl.Series([began], dtype=pl.Datetime("us", "UTC")), stop, schedule, settings)
        assert row["age_business_minutes"] == own[0]


def test_what_is_solved_as_the_data_end_is_not_unsolved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CX_HOME", str(tmp_path))
    ends = {"solved": "31 12:00", "later": "31 12:01"}
    tickets = [ticket(name, "31 08:00", status="solved", solved_at=at) for name, at in ends.items()]
    tickets.append(ticket("new", "31 12:00", status="new"))
    rows = run(tmp_path / "desk", tickets=tickets)["backlog_months"]
    assert {row["ticket_id"] for row in rows if row["unsolved_at_end"]} == {"later", "new"}


def test_where_nothing_says_whether_a_ticket_is_solved_none_is_known_to_be_unsolved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CX_HOME", str(tmp_path))
    bare = [ticket("1", "4 08:00"), ticket("2", "9 08:00")]
    tables = run(tmp_path / "bare", tickets=bare)
    assert (tables["backlog_months"], tables["status_moves"]) == ([], [])
    here = query(open_data(str(tmp_path / "bare")), month="2026-03")
    for name in ("backlog", "backlog_age"):
        assert "do not say whether any ticket is solved" in str(missing_reason(METRICS[name], here))
    told = run(tmp_path / "told", tickets=bare, changes=[change("c", "1", "5 08:00", "status", "new", "solved")])
    assert {row["ticket_id"] for row in told["backlog_months"]} == {"1", "2"}


def test_a_backlog_of_tickets_that_are_all_solved_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CX_HOME", str(tmp_path))
    run(tmp_path / "desk", tickets=[ticket("1", "4 08:00", status="solved", solved_at="4 09:00")])
    here = query(open_data(str(tmp_path / "desk")), month="2026-03")
    assert missing_reason(METRICS["backlog"], here) is None
    assert "No ticket of the data 'desk' was unsolved" in str(missing_reason(METRICS["backlog_age"], here))


def test_error_6_deleted_and_merged_are_not_unsolved_and_a_midnight_belongs_to_the_day_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CX_HOME", str(tmp_path))
    names = ("deleted", "merged", "spam", "closed", "open")
    tickets = [ticket(name, "4 08:00", status=name) for name in names]
    ends = [change(name, name, "5 23:00", "status", "new", name) for name in names]  # midnight in Warsaw
    tickets += [ticket("within a day", "4 08:00", status="solved", solved_at="4 20:00")]
    rows = run(tmp_path / "desk", tickets=tickets, changes=ends)["backlog_months"]
    spans = {row["ticket_id"]: (row["first_day"].day, row["last_day"].day, row["unsolved_at_end"]) for row in rows}
    assert spans == dict.fromkeys(names[:-1], (4, 5, False)) | {"open": (4, 31, True)}
    assert {row["ticket_id"]: row["days_share"] for row in rows}["open"] == 1.0  # of the 28 days observed
    assert rows[0]["days_share"] == 2 / 28
