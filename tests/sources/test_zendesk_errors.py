"""What a widely used Zendesk package for data warehouses gets wrong (dbt_zendesk), one test each."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from cxlib.cli import main
from tests.sources.zendesk_desk import ANN, BOB, FIXTURES, first_replies, imported, table, ticket, write_lines

Find = Callable[[str], Path]


@pytest.fixture(scope="module", params=["api", "fivetran"])
def desk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return imported(FIXTURES / request.param, folder=tmp_path_factory.mktemp("desk") / request.param)[0]


@pytest.fixture(scope="module")
def seed(shared_data: Find, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = shared_data("fivetran_zendesk/ticket_data.csv").parent
    return imported(path, folder=tmp_path_factory.mktemp("seed") / "seed")[0]


def figure(folder: Path, metric: str, capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    assert main(["figures", str(folder), "--month", "2024-10", "--metric", metric, "--format", "json"]) == 0
    rows: list[dict[str, object]] = json.loads(capsys.readouterr().out)
    assert len(rows) == 1
    return rows[0]


def test_error_1_tickets_without_an_agents_reply_are_counted(desk: Path) -> None:
    answered = set(first_replies())
    assert {int(n) for n, count in table(desk, "tickets", "ticket_id", "agent_replies") if count == 0} == {2, 4, 5}
    assert {int(n) for n, count in table(desk, "tickets", "ticket_id", "agent_replies") if count} == answered


def test_error_2_an_offered_survey_counts_as_sent(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sent = {number for number, at in table(desk, "surveys", "ticket_id", "sent_at") if at}
    answered = {number for number, at in table(desk, "surveys", "ticket_id", "answered_at") if at}
    offered = {"1", "3", "6"} | ({"11"} if desk.name == "api" else set())
    assert (sent, answered) == (offered, offered - {"3"})
    rate = figure(desk, "response_rate", capsys)
    assert (rate["value"], rate["n"]) == (pytest.approx(100 * len(answered) / len(sent)), len(sent))


def test_error_3_tickets_and_comments_of_unknown_users_are_kept(desk: Path, seed: Path) -> None:
    assert (len(table(desk, "tickets", "ticket_id")), len(table(desk, "messages", "ticket_id"))) == (12, 28)
    assert ticket(desk, "3")["customer_id"] == "39900000000009" not in table(desk, "customers", "customer_id")
    assert (len(table(seed, "tickets", "ticket_id")), len(table(seed, "messages", "ticket_id"))) == (10, 20)
    assert sum(known in table(seed, "customers", "customer_id") for known in table(seed, "tickets", "customer_id")) == 1


def test_error_4_a_wait_of_two_years_is_not_cut_off(desk: Path) -> None:
    zone, holidays = ZoneInfo("Europe/Warsaw"), {date(2023, 12, 25), date(2023, 12, 26), date(2024, 11, 11)}
    at, end, minutes = datetime(2023, 1, 2, 8, tzinfo=UTC), datetime(2024, 10, 10, 8, tzinfo=UTC), 0
    while at < end:
        local = at.astimezone(zone)
        minutes += 30 * (local.weekday() < 5 and 9 <= local.hour < 17 and local.date() not in holidays)
        at += timedelta(minutes=30)
    assert ticket(desk, "8")["first_reply_business_minutes"] == minutes > 200_000


def test_error_5_a_sunday_before_the_clocks_change_and_after_a_holiday_keeps_its_minutes(desk: Path) -> None:
    row = ticket(desk, "7")
    assert (row["schedule"], row["first_reply_business_minutes"]) == ("Jerusalem desk", pytest.approx(109.1))


def test_error_6_deleted_and_merged_tickets_are_not_unsolved(desk: Path) -> None:
    moves = pl.read_parquet(desk / "status_moves.parquet").group_by("ticket_id").agg(pl.col("step").sum())
    assert set(moves.filter(pl.col("step") > 0)["ticket_id"]) == {"6", "10"}
    assert [ticket(desk, number)["status"] for number in ("4", "5", "12")] == ["deleted", "merged", "closed"]


def test_error_7_a_ticket_reopened_and_open_still_counts_as_reopened(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (ticket(desk, "6")["reopens"], ticket(desk, "6")["status"]) == (1, "open")
    rate = figure(desk, "reopen_rate", capsys)
    assert (rate["value"], rate["n"]) == (pytest.approx(100 / 8), 8)  # ticket 12 was solved by a timer only


def test_error_8_no_duration_is_negative(desk: Path, seed: Path) -> None:
    for folder in (desk, seed):
        tickets = pl.read_parquet(folder / "tickets.parquet")
        minutes = tickets.select(pl.col(column) for column in tickets.columns if column.endswith("_minutes"))
        least = [value for value in minutes.min().row(0) if value is not None]
        assert len(least) > 5
        assert min(least) >= 0


def test_error_9_all_durations_are_exact_to_the_second_and_add_up(desk: Path) -> None:
    row = ticket(desk, "11")
    assert (row["requester_wait_minutes"], row["agent_wait_minutes"], row["on_hold_minutes"]) == (1490.5, 99.25, 1440.0)
    assert row["resolution_minutes"] == row["requester_wait_minutes"] + row["agent_wait_minutes"] == 1589.75
    assert row["first_reply_minutes"] == 10.25


def test_error_10_the_first_reply_to_a_ticket_an_agent_opened_is_the_next_one(desk: Path) -> None:
    row = ticket(desk, "9")
    assert (row["opened_by"], row["first_reply_minutes"], row["agent_replies"]) == ("agent", 105.25, 1)
    assert ticket(desk, "1")["first_reply_minutes"] == 90.5  # the note twenty minutes before is no reply
    told = dict(table(desk, "tickets", "ticket_id", "first_reply_minutes"))
    assert {number: told[str(number)] for number in first_replies()} == pytest.approx(first_replies())


def test_error_11_the_default_schedule_is_the_first_of_the_list_and_each_ticket_has_its_own(desk: Path) -> None:
    text = (desk / "settings.toml").read_text(encoding="utf-8")
    assert 'default_schedule = "Warsaw office"' in text  # the other one is two years older
    schedules = dict(table(desk, "tickets", "ticket_id", "schedule"))
    told = {"1": "Warsaw office", "7": "Jerusalem desk", "8": "Warsaw office"}  # 7: the one applied last
    assert schedules == {number: told.get(number) for number in schedules}
    assert ticket(desk, "2")["resolution_business_minutes"] == 480.0  # under the default schedule


def test_error_12_an_agent_who_is_an_end_user_now_was_an_agent_when_he_wrote(desk: Path) -> None:
    mine = [row for row in table(desk, "messages", "ticket_id", "author", "author_id", "is_public") if row[2] == BOB]
    assert sorted(mine) == [
        ("1", "agent", BOB, False), ("1", "agent", BOB, True), ("12", "customer", BOB, True), ("5", "agent", BOB, False)
    ]  # fmt: skip
    assert ticket(desk, "1")["agent_replies"] == 1
    assert BOB in table(desk, "agents", "agent_id")


def test_error_12_known_changes_of_role_bound_the_time_in_which_replies_are_an_agents(tmp_path: Path) -> None:
    moves = [("2024-03-01", "not set to Agent"), ("2024-06-01", "Agent to not set")]
    write_lines(
        tmp_path / "audit_logs.jsonl",
        *(
            {"source_type": "user", "source_id": 7, "created_at": f"{day}T00:00:00Z",
             "change_description": f"Guide role changed from a to b\\\\nSupport role changed from {move}\\\\nx"}
            for day, move in moves
        ),
    )  # fmt: skip
    write_lines(tmp_path / "users.jsonl", {"id": 7, "role": "end-user"}, {"id": 1, "role": "end-user"})
    write_lines(tmp_path / "tickets.jsonl", {"id": 5, "requester_id": 1, "created_at": "2024-01-01T00:00:00Z"})
    write_lines(
        tmp_path / "comments.jsonl",
        *({"id": month, "ticket_id": 5, "author_id": 7, "public": True, "created_at": f"2024-0{month}-15T00:00:00Z"}
          for month in (2, 4, 7)),
    )  # fmt: skip
    folder, _ = imported(tmp_path, folder=tmp_path / "data")
    assert table(folder, "messages", "author") == ["customer", "agent", "customer"]
    assert table(folder, "agents", "left_at") == [datetime(2024, 6, 1, tzinfo=UTC)]
    assert ANN not in table(folder, "agents", "agent_id")
