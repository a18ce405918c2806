"""More real exports through the real command: city requests, purchases in fixed width, two date formats in a row."""

from __future__ import annotations

import csv
import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median

import polars as pl
import pytest
from sentences import strangers
from test_real_data import Find, Run, _all_months, _figure, _imported

from cxlib.metrics import get, measured_frame, query
from cxlib.periods import months_between
from cxlib.store.folder import open_data

REQUESTS = "baltimore_311/requests.csv"
PURCHASES = "cdnow/CDNOW_master.txt"
RATED = "csat_tickets/customer_support_data_tail37.csv"
BY_YEAR = {  # year of creation: requests; of the closed ones median hours and share in time
    2014: (1755, 43.1, 80.2),
    2015: (1860, 48.0, 82.3),
    2016: (2023, 43.6, 83.7),
    2017: (1907, 30.5, 87.7),
    2018: (2222, 24.2, 84.3),
    2019: (233, 19.6, 78.5),
}


@pytest.fixture
def baltimore(cx: Run, shared_data: Find) -> pl.DataFrame:
    """Import the city's requests once; return the tickets written."""
    _imported(cx, shared_data(REQUESTS), "baltimore_311", "baltimore")
    return open_data("baltimore").scan("tickets").collect()


def test_closed_requests_give_the_known_promptness_and_wait(baltimore: pl.DataFrame) -> None:
    closed = pl.col("solved_at").is_not_null()
    hours = pl.col("resolution_minutes").filter(closed) / 60
    in_time = (pl.col("solved_at") <= pl.col("due_at")).mean() * 100
    promised = baltimore.filter(closed & pl.col("due_at").is_not_null())
    assert (promised.height, round(promised.select(in_time).item(), 2)) == (9555, 83.60)
    assert baltimore.select(hours.median().round(2), mean=hours.mean().round(1)).row(0) == (32.40, 296.6)
    year = pl.col("created_day").dt.year()
    by_year = baltimore.group_by(year).agg(pl.len(), hours.median().round(1), in_time.round(1).alias("in_time"))
    assert {row[0]: row[1:] for row in by_year.iter_rows()} == BY_YEAR


def test_open_requests_count_as_waiting_and_overdue_ones_as_broken_promises(baltimore: pl.DataFrame) -> None:
    """With what the extract shows unfinished: 208 waits still run, 135 of them are overdue."""
    waits, ended, half = _all_months("baltimore", "resolution_time")
    assert (waits, waits - ended, round(half / 60, 2)) == (10_000, 208, 39.40)
    here = query("baltimore")
    last = f"{baltimore['due_day'].max():%Y-%m}"  # promises reach half a year beyond the extract
    kept = measured_frame(get("sla_resolution"), here, months_between(here.data.first_month, last))
    assert (kept["n"].sum(), round(100 * kept["sum_wx"].sum() / kept["sum_w"].sum(), 2)) == (9690, 82.44)
    overdue = baltimore.filter(pl.col("solved_at").is_null() & (pl.col("due_at") <= here.data.extracted_at))
    assert (overdue.height, str(here.data.extracted_at)) == (135, "2019-02-13 21:18:56+00:00")


def test_a_month_of_promises_printed_by_the_command_is_what_a_loop_counts(cx: Run, shared_data: Find) -> None:
    path = shared_data(REQUESTS)
    _imported(cx, path, "baltimore_311", "baltimore")
    extract, kept = datetime(2019, 2, 13, 16, 18, 56), []
    for row in csv.DictReader(path.open(encoding="utf-8")):
        due, done = (_twelve_hours(row[name]) for name in ("DueDate", "CloseDate"))
        if due and (due.year, due.month) == (2018, 11) and (done or due <= extract):
            kept.append(bool(done and done <= due))
    printed = _figure(cx, "sla_resolution", "baltimore", "--month", "2018-11")
    assert (printed["n"], round(printed["value"], 6)) == (len(kept), round(100 * sum(kept) / len(kept), 6))


def _twelve_hours(text: str) -> datetime | None:
    return datetime.strptime(text, "%m/%d/%Y %I:%M:%S %p") if text else None


def test_requests_of_the_city_itself_are_no_customers_and_duplicates_no_merged_tickets(
    baltimore: pl.DataFrame, cx: Run
) -> None:
    assert dict(baltimore.group_by("opened_by").len().iter_rows()) == {"agent": 2194, "bot": 19, "customer": 7787}
    assert baltimore.filter(category="SW-Rat Rubout Proactive", opened_by="agent").height == 1696
    assert set(baltimore["status"]) == {"new", "open", "hold", "closed"}
    assert baltimore.filter(status="closed").height == 9567 + 207 + 18
    months = json.loads(cx("figures", "baltimore", "--month", "all", "--metric", "ticket_volume", "--format", "json"))
    assert sum(row["value"] for row in months) == 10_000 - 2194


@pytest.fixture
def cdnow(cx: Run, shared_data: Find) -> pl.DataFrame:
    """Import the purchases once; return the orders written."""
    _imported(cx, shared_data(PURCHASES), "cdnow", "cdnow")
    return open_data("cdnow").scan("orders").collect()


def test_every_purchase_is_kept_even_free_and_repeated_ones(cdnow: pl.DataFrame) -> None:
    assert cdnow.height == cdnow["order_id"].n_unique() == 69_659
    assert cdnow.filter(amount=0).height == 80
    assert round(cdnow["amount"].sum(), 2) == 2_500_315.63
    assert open_data("cdnow").manifest["set_aside"] == {}


def test_half_of_the_customers_bought_on_two_days_and_the_cohorts_are_the_known_ones(
    cdnow: pl.DataFrame, cx: Run
) -> None:
    """11,516 of 23,570 customers, told by the command and counted from the orders written."""
    printed = json.loads(
        cx("figures", "cdnow", "--month", "all", "--metric", "repeat_purchase_ever", "--format", "json")
    )
    cohorts = {row["period"]: row["n"] for row in printed if row["n"]}
    assert cohorts == {"1997-01": 7846, "1997-02": 8476, "1997-03": 7248}
    again = sum(row["n"] * row["value"] / 100 for row in printed if row["n"])
    assert round(again, 6) == 11_516
    assert round(100 * again / sum(cohorts.values()), 2) == 48.86
    days = cdnow.group_by("customer_id").agg(days=pl.col("ordered_day").n_unique(), first=pl.col("ordered_day").min())
    assert (days.height, days.filter(pl.col("days") > 1).height) == (23_570, 11_516)
    customers = open_data("cdnow").scan("customers").collect().join(days, on="customer_id")
    joined = pl.col("joined_at").dt.convert_time_zone("America/New_York").dt.date()
    assert customers.height == 23_570
    assert customers.filter(joined != pl.col("first")).is_empty()


def test_two_ways_to_write_a_date_in_one_row_give_the_figures_of_a_loop(cx: Run, shared_data: Find) -> None:
    path = shared_data(RATED)
    _imported(cx, path, "csat_tickets", "rated")
    lines = list(csv.DictReader(path.open(encoding="utf-8")))
    scores = [int(line["CSAT Score"]) for line in lines]
    top = _figure(cx, "csat", "rated", "--month", "2023-08")
    assert (top["n"], top["value"]) == (37, pytest.approx(100 * sum(score >= 4 for score in scores) / 37))
    mean = _figure(cx, "csat_mean", "rated", "--month", "2023-08")["value"]
    assert mean == pytest.approx(sum(25 * (score - 1) for score in scores) / 37)
    reply = _figure(cx, "first_reply_time", "rated", "--month", "2023-08")
    assert (reply["n"], reply["value"]) == (37, median(_minutes_to_reply(line) for line in lines))
    groups = json.loads(
        cx("figures", "rated", "--month", "2023-08", "--metric", "csat", "--by", "category", "--format", "json")
    )
    for group in groups:
        own = [score for score, line in zip(scores, lines, strict=True) if line["category"] == group["group"]]
        assert (group["n"], group["value"]) == (len(own), pytest.approx(100 * sum(s >= 4 for s in own) / len(own)))
    assert sum(group["n"] for group in groups) == 37


def _minutes_to_reply(line: dict[str, str]) -> float:
    asked, replied = (
        datetime.strptime(line[name], "%d/%m/%Y %H:%M") for name in ("Issue_reported at", "issue_responded")
    )
    return (replied - asked) / timedelta(minutes=1)


def test_the_day_of_an_answer_is_the_local_one_written_with_a_month_in_letters(cx: Run, shared_data: Find) -> None:
    _imported(cx, shared_data(RATED), "csat_tickets", "rated")
    surveys, tickets = (open_data("rated").scan(name).collect() for name in ("surveys", "tickets"))
    assert {str(day) for day in surveys["answered_day"]} == {"2023-08-31"}
    assert sorted(str(day) for day in set(tickets["created_day"])) == ["2023-08-29", "2023-08-30", "2023-08-31"]
    both = surveys.join(tickets, on="ticket_id")
    assert both.filter(pl.col("answered_at") < pl.col("first_replied_at")).is_empty()


@pytest.mark.parametrize(
    ("file", "name", "month", "without"),
    [
        (REQUESTS, "baltimore_311", "2018-11", {"index": "surveys", "01_satisfaction": "surveys"}),
        (PURCHASES, "cdnow", "1997-03", {"index": "tickets", "01_satisfaction": "surveys",
                                         "04_response_and_resolution": "tickets"}),
    ],
)  # fmt: skip
def test_a_report_is_published_and_pages_without_data_say_so(
    cx: Run, shared_data: Find, home: Path, file: str, name: str, month: str, without: dict[str, str]
) -> None:
    _imported(cx, shared_data(file), name, name)
    cx("report", name, "--month", month)
    folder = home / "reports" / name / month
    assert {path.stem for path in folder.glob("*.html")} > {path.stem for path in (home / "notebooks").glob("0[1-9]*")}
    for page, table in without.items():
        assert f"The data '{name}' have no table '{table}'" in _words(folder / f"{page}.html")
    assert [found for path in sorted((folder / "notebooks").glob("*.ipynb")) for found in strangers(path)] == []
    if name == "baltimore_311":
        assert "Time to resolution" in _words(folder / "04_response_and_resolution.html")


def _words(page: Path) -> str:
    text = re.sub("<[^>]+>", "", page.read_text(encoding="utf-8"))
    return text.replace("&#x27;", "'").replace("&#39;", "'")
