"""The shipped mappings and the machinery against real files; figures published or computed by others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from cxlib.sources.mapped.importer import import_mapped

MAPPINGS = Path(__file__).parents[2] / "data" / "mappings"
Find = Callable[[str], Path]


def imported(tmp_path: Path, path: Path, text: str) -> Path:
    mapping = tmp_path / "by.toml"
    mapping.write_text(text, encoding="utf-8")
    folder = tmp_path / "data"
    folder.mkdir()
    import_mapped([path], mapping=mapping, folder=folder)
    return folder


@pytest.fixture(scope="module")
def helpdesk(shared_data: Find, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path, folder = shared_data("helpdesk/helpdesk.csv"), tmp_path_factory.mktemp("helpdesk")
    import_mapped([path], mapping=MAPPINGS / "italian_helpdesk.toml", folder=folder)
    return folder


def test_italian_helpdesk_gives_the_published_tickets_take_up_and_resolution(helpdesk: Path) -> None:
    tickets = pl.read_parquet(helpdesk / "tickets.parquet")
    taken = (tickets["taken_at"] - tickets["created_at"]).drop_nulls().dt.total_seconds() / 3600
    solved = (tickets["solved_at"] - tickets["created_at"]).drop_nulls().dt.total_seconds() / 86400
    assert tickets.height == tickets["ticket_id"].n_unique() == 4580
    assert (len(taken), round(taken.median(), 1)) == (4285, 16.4)
    assert (len(solved), round(solved.median(), 2), round(solved.mean(), 2)) == (4569, 6.66, 11.54)
    assert tickets.filter(pl.col("taken_at").is_null())["solved_at"].count() == 291


def test_italian_helpdesk_changes_tell_the_same_as_the_tickets(helpdesk: Path) -> None:
    """Status and agent changes alone give created, taken and solved instants back; a timer's close is no solution."""
    tickets, changes = (pl.read_parquet(helpdesk / f"{name}.parquet") for name in ("tickets", "changes"))
    status = changes.filter(pl.col("field") == "status").sort("ticket_id", "changed_at", maintain_order=True)
    told = status.group_by("ticket_id").agg(
        created_at=pl.col("changed_at").first(),
        solved_at=pl.col("changed_at").filter(pl.col("new") == "solved").last(),
        status=pl.col("new").last(),
    )
    agents = changes.filter(pl.col("field") == "agent").group_by("ticket_id").agg(taken_at=pl.col("changed_at").min())
    both = tickets.join(told, on="ticket_id", how="left", suffix="_told").join(
        agents, on="ticket_id", how="left", suffix="_told"
    )
    for name in ("created_at", "taken_at", "solved_at", "status"):
        assert both.filter(pl.col(name).ne_missing(pl.col(f"{name}_told"))).is_empty(), name
    closes = status.filter(pl.col("new") == "closed")
    assert set(closes["by"]) == {"timer"}
    assert changes["change_id"].is_unique().all()


def test_italian_helpdesk_timer_closes_are_not_resolutions(helpdesk: Path) -> None:
    tickets = pl.read_parquet(helpdesk / "tickets.parquet")
    never = tickets.filter(pl.col("solved_at").is_null())
    assert never.height == 11
    wait = (tickets["closed_at"] - tickets["solved_at"]).drop_nulls().dt.total_days().median()
    assert wait == 30


def test_airport_survey_gives_the_published_satisfaction_and_loyalty(shared_data: Find, tmp_path: Path) -> None:
    path = shared_data("sfo_survey/2017_SFO_Customer_Survey.csv")
    report = import_mapped([path], mapping=MAPPINGS / "sfo_survey_2017.toml", folder=tmp_path)
    surveys = pl.read_parquet(tmp_path / "surveys.parquet")
    nps = surveys.filter(pl.col("kind") == "nps", pl.col("answer").is_not_null())
    score = (nps["answer"] >= 9).cast(pl.Float64) - (nps["answer"] <= 6).cast(pl.Float64)
    assert (nps.height, round(score.mean() * 100, 2)) == (2746, 39.84)
    assert round((score * nps["weight"]).sum() / nps["weight"].sum() * 100, 2) == 40.40
    csat = surveys.filter(pl.col("kind") == "csat")["answer"].drop_nulls()
    assert (len(csat), round(csat.mean(), 4), round((csat >= 4).mean() * 100, 2)) == (2688, 4.0644, 82.07)
    assert not set(csat) & {0, 6, 11}
    assert nps["answer"].max() == 10
    assert surveys["answered_at"].is_not_null().equals(surveys["answer"].is_not_null())
    local = surveys["answered_at"].drop_nulls().dt.convert_time_zone("America/Los_Angeles")
    assert set(local.dt.strftime("%Y-%m %H:%M")) == {"2017-05 12:00"}
    assert report.rows == {"surveys": 2 * 2831, "customers": 2831}
    assert report.set_aside == {}
    assert not any(report.notes.values())


def test_csat_tickets_with_two_ways_to_write_a_date_in_a_row(shared_data: Find, tmp_path: Path) -> None:
    folder = imported(
        tmp_path,
        shared_data("csat_tickets/customer_support_data_tail37.csv"),
        """
timezone = "Asia/Kolkata"
[[tables]]
table = "tickets"
[tables.columns]
ticket_id = "Unique id"
created_at = "Issue_reported at"
first_replied_at = "issue_responded"
[[tables]]
table = "surveys"
[tables.columns]
survey_id = "Unique id"
ticket_id = "Unique id"
answered_at = { template = "{Survey_response_Date} 12:00" }
kind = { value = "csat" }
answer = "CSAT Score"
""",
    )
    tickets, surveys = (pl.read_parquet(folder / f"{name}.parquet") for name in ("tickets", "surveys"))
    assert tickets.height == surveys.height == surveys["answer"].count() == 37
    assert "2023-08-31 02:49:00+00:00" in map(str, tickets["created_at"])
    assert set(surveys["answered_at"].dt.strftime("%Y-%m-%d %H:%M")) == {"2023-08-31 06:30"}


def test_baltimore_dates_of_the_12_hour_clock_give_the_known_waits(shared_data: Find, tmp_path: Path) -> None:
    """Closed requests: median 32.40 h; the dates tell by themselves that the month comes first."""
    folder = imported(
        tmp_path,
        shared_data("baltimore_311/requests.csv"),
        """
timezone = "America/New_York"
[[tables]]
table = "tickets"
[tables.columns]
ticket_id = "SRRecordID"
created_at = "CreatedDate"
closed_at = "CloseDate"
due_at = "DueDate"
""",
    )
    tickets = pl.read_parquet(folder / "tickets.parquet")
    assert tickets.height == tickets["created_at"].count() == 10_000
    hours = (tickets["closed_at"] - tickets["created_at"]).drop_nulls().dt.total_seconds() / 3600
    assert len(hours) == 9792
    assert round(hours.median(), 1) == 32.4


def test_cdnow_fixed_width_gives_every_purchase(shared_data: Find, tmp_path: Path) -> None:
    folder = imported(
        tmp_path,
        shared_data("cdnow/CDNOW_master.txt"),
        """
timezone = "America/New_York"
[files.file]
format = "fixed"
skip_rows = 1
fields = { customer = [2, 6], date = [8, 15], number = [16, 18], dollars = [19, 26] }
[[tables]]
table = "orders"
[tables.columns]
order_id = { template = "{row_number}" }
customer_id = "customer"
ordered_at = "date"
amount = "dollars"
currency = { value = "USD" }
""",
    )
    orders = pl.read_parquet(folder / "orders.parquet")
    assert (orders.height, orders["customer_id"].n_unique()) == (69_659, 23_570)
    assert round(orders["amount"].sum(), 2) == 2_500_315.63
    assert (orders["amount"] == 0).sum() == 80
    assert orders["customer_id"][0] == "00001"
    days = orders["ordered_at"].dt.convert_time_zone("America/New_York").dt.date()
    assert (str(days.min()), str(days.max())) == ("1997-01-01", "1998-06-30")
