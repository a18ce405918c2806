"""Public cases about clocks, months and zones."""

from __future__ import annotations

import pytest

from tests.public_cases.case import Case, approx


def test_01_ten_minutes_over_night(case: Case) -> None:
    case.imported()
    assert case.minutes("resolution_time_business", month="2026-03") == {"1": 10, "2": 0}
    assert case.minutes("resolution_time", month="2026-03") == {"1": 850, "2": 20}


def test_02_lunch_and_a_sunday_of_24_and_a_half_hours(case: Case) -> None:
    case.imported()
    assert case.minutes("first_reply_time", month="2026-04")["4"] == 60
    business = case.minutes("first_reply_time_business", month="2026-04")
    assert business == {"1": 1490, "2": 10, "3": 1530, "4": 60}


def test_03_months_of_kathmandu(case: Case) -> None:
    case.imported()
    assert case.values("ticket_volume") == {"2026-02": 1, "2026-03": 2, "2026-04": 2}
    assert set(case.rows("ticket_volume", month="2026-03")) == {"1", "4"}
    assert case.minutes("resolution_time", month="2026-03")["4"] == pytest.approx(31 * 1440 - 1 / 60, abs=0.01)


def test_04_waits_and_solutions_out_of_events(case: Case) -> None:
    case.imported()
    assert case.minutes("agent_wait_time", month="2026-03")["1"] == 60
    assert case.minutes("requester_wait_time", month="2026-03") == {"1": 180, "3": 0}
    resolution = case.rows("resolution_time", month="2026-03")
    assert {key: row["ended"] for key, row in resolution.items()} == {"1": "true", "2": "false", "3": "true"}
    assert (float(resolution["1"]["minutes"]), float(resolution["3"]["minutes"])) == (4560, 0)
    assert case.figure("reopen_rate", month="2026-03")[::3] == approx(200 / 3, 3)


def test_11_limits_of_a_median(case: Case) -> None:
    case.imported()
    value, low, high, n = case.figure("resolution_time", month="2026-01")
    assert (value, high, n) == (1860, None, 11)
    assert low in (780, 1080)


def test_23_placeholders_are_no_dates(case: Case) -> None:
    case.imported()
    assert list(case.values("ticket_volume")) == ["2026-03"]
    assert case.figure("ticket_volume", month="2026-03")[::3] == (5, 5)
    solved = case.rows("resolution_time", month="2026-03")
    assert [key for key, row in solved.items() if row["ended"] == "true"] == ["5"]
    assert float(solved["5"]["minutes"]) == 1440
    assert case.manifest()["set_aside"]["tickets"] == {"created_at is not of the years 1980 to 2099": 1}
    assert "for example 6" in case.check()


def test_25_no_holidays_that_nobody_chose(case: Case) -> None:
    case.imported()
    for month, ticket in (("2026-01", "1"), ("2026-06", "2"), ("2026-07", "3")):
        assert case.minutes("first_reply_time_business", month=month) == {ticket: 30}


def test_32_reply_after_a_reopening(case: Case) -> None:
    case.imported("t.csv", "m.csv")
    replies = case.rows("reply_time", month="2026-03").values()
    assert sorted((row["ticket_id"], row["agent_id"], float(row["minutes"])) for row in replies) == [
        ("1", "Ann", 5), ("1", "Ben", 20), ("2", "Ann", 60),
    ]  # fmt: skip
    assert case.minutes("first_reply_time", month="2026-03") == {"1": 5, "2": 60}
    unanswered = case.values("unanswered", month="2026-03", more=("--by", "agent"))
    assert set(unanswered.values()) == {0}
    talks = case.values("conversations_per_agent", month="2026-03", more=("--by", "agent"))
    assert talks == {"Ann": 2, "Ben": 1}


def test_36_holiday_weeks_and_holds(case: Case) -> None:
    case.imported("*.json*", system="zendesk")
    assert case.minutes("resolution_time_business", month="2026-05") == {"1": 180}
    assert case.minutes("requester_wait_time_business", month="2026-05") == {"1": 180}
    assert case.minutes("resolution_time_business", month="2026-07") == {"2": 480, "3": 0}
    assert case.minutes("requester_wait_time_business", month="2026-07") == {"2": 480, "3": 0}
    assert case.minutes("on_hold_time", month="2026-07")["2"] == 360


def test_37_opened_by_the_agent_with_private_notes(case: Case) -> None:
    case.imported("*.json*", system="zendesk")
    assert case.minutes("first_reply_time", month="2026-05") == {"1": 60}
    assert list(case.minutes("reply_time", month="2026-05").values()) == [30]
    assert case.figure("ticket_volume", month="2026-05")[3] == 0  # no day of it is observed to its end


def test_44_months_are_cut_in_utc_unless_a_zone_is_given(case: Case) -> None:
    said = case.imported("*.json*", system="zendesk")
    assert case.values("ticket_volume") == {"2026-03": 2}
    assert "UTC" in said.out
    assert "UTC" in case.check()


def test_45_half_an_hour_forward_and_back(case: Case) -> None:
    case.imported()
    april = case.minutes("first_reply_time_business", month="2026-04")
    assert april == {"1": 1490, "2": 10, "3": 1530, "4": 60}
    assert case.minutes("first_reply_time_business", month="2026-10") == {"5": 150}


def test_48_quarters_weeks_and_ranges(case: Case) -> None:
    case.imported()
    assert case.values("ticket_volume", month="2020-12/2021-01") == {"2020-12": 2, "2021-01": 2}
    assert case.values("ticket_volume", month="2020-Q4") == {"2020-12": 2}
    said = case.run("figures", "b", "--month", "2020-W53", "--metric", "ticket_volume", status=2)
    assert "2020-12/2021-01" in said.err
    assert set(case.rows("ticket_volume", month="2020-12/2021-01")) == {"1", "2", "3", "4"}
    assert set(case.rows("ticket_volume", month="2020-Q4")) == {"1", "2"}
    said = case.run("figures", "b", "--month", "2021-01/2020-12", "--metric", "ticket_volume", status=2)
    assert "ends before it begins" in said.err
    said = case.run("figures", "b", "--month", "2019-Q1", "--metric", "ticket_volume", status=2)
    assert "2019-Q1 asks for" in said.err


def test_53_hours_that_never_were_and_hours_that_were_twice(case: Case) -> None:
    case.imported()
    assert case.minutes("first_reply_time", month="2026-03")["1"] == 60
    assert case.minutes("first_reply_time", month="2026-10") == {"2": 180, "4": 30}
    assert case.manifest()["notes"]["tickets"]["created_at falls into a change of the clock"]["count"] == 2
