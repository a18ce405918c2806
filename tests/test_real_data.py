"""Real exports through the real command: import, figures, report; the published numbers come out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from sentences import strangers
from statsmodels.duration.survfunc import SurvfuncRight

from cxlib.metrics import get, query, row_frame
from cxlib.periods import months_between
from cxlib.stats.durations import Curve, coded
from cxlib.store.folder import open_data, project_root

Find = Callable[[str], Path]
Run = Callable[..., str]
HELPDESK = "helpdesk/helpdesk.csv"
AIRPORT = "sfo_survey/2017_SFO_Customer_Survey.csv"


def _imported(cx: Run, file: Path, mapping: str, name: str) -> None:
    if not (project_root() / "data" / name).exists():
        cx("import", "mapped", str(file), "--mapping", mapping, "--into", name)


def _figure(cx: Run, metric: str, *words: str) -> dict[str, float]:
    (row,) = json.loads(cx("figures", *words, "--metric", metric, "--format", "json"))
    assert list(row) == [
        "metric",
        "period",
        "by",
        "group",
        "value",
        "low",
        "high",
        "measured_in",
        "n",
        "independent_units",
    ]
    assert row["low"] < row["value"] < row["high"]
    return row


def test_airport_survey_gives_the_published_figures(cx: Run, shared_data: Find) -> None:
    _imported(cx, shared_data(AIRPORT), "sfo_survey_2017", "airport")
    plain = _figure(cx, "nps", "airport", "--month", "2017-05", "--unweighted")
    assert (round(plain["value"], 2), plain["n"]) == (39.84, 2746)
    assert round(_figure(cx, "nps", "airport", "--month", "2017-05")["value"], 2) == 40.40
    top = _figure(cx, "csat", "airport", "--month", "2017-05", "--unweighted")
    assert (round(top["value"], 2), top["n"]) == (82.07, 2688)
    promoters = _figure(cx, "promoters", "airport", "--month", "2017-05", "--unweighted")["value"]
    detractors = _figure(cx, "detractors", "airport", "--month", "2017-05", "--unweighted")["value"]
    assert (round(promoters, 2), round(detractors, 2)) == (52.29, 12.45)


def test_people_are_counted_not_weighted(cx: Run, shared_data: Find) -> None:
    _imported(cx, shared_data(AIRPORT), "sfo_survey_2017", "airport")
    assert _figure(cx, "satisfied_customers", "airport", "--month", "2017-05")["value"] == 2206


def test_duckdb_gives_the_airport_figures_too(cx: Run, shared_data: Find) -> None:
    _imported(cx, shared_data(AIRPORT), "sfo_survey_2017", "airport")
    one, other = (
        json.loads(cx("figures", "airport", "--month", "2017-05", "--by", "country", "--format", "json", *engine))
        for engine in ((), ("--engine", "duckdb"))
    )
    assert len(one) == len(other) > 10
    for mine, theirs in zip(one, other, strict=True):
        assert mine["group"] == theirs["group"]
        assert mine["value"] == pytest.approx(theirs["value"], abs=1e-9)


def _all_months(name: str, metric: str) -> tuple[int, int, float]:
    """Return waits, ended waits and their Kaplan–Meier median in minutes over the whole data set."""
    here = query(open_data(name))
    rows = coded(row_frame(get(metric), here, months_between(here.data.first_month, here.data.last_month)))
    return rows.height, int(rows["ended"].sum()), Curve.of(rows, rows["code"].n_unique()).quantile()


def _median_of_ended(tickets: pl.DataFrame, clock: str) -> float:
    return float(tickets.filter(f"{clock}_ended").select(pl.col(f"{clock}_minutes").median()).item())


def test_italian_help_desk_gives_the_published_waits(cx: Run, shared_data: Find) -> None:
    _imported(cx, shared_data(HELPDESK), "italian_helpdesk", "helpdesk")
    waits, taken, take_up = _all_months("helpdesk", "take_up_time")
    tickets = open_data("helpdesk").scan("tickets").collect()
    assert round(_median_of_ended(tickets, "take_up") / 60, 1) == 16.4
    assert taken == 4285
    untaken = tickets.filter(~pl.col("take_up_ended"))
    late = untaken.filter(pl.col("take_up_minutes") > 7 * 1440)
    assert untaken.height == 295
    assert waits - taken == late.height == 82, "213 were resolved untaken within seven days: outside the wait"
    assert late["solved_at"].null_count() == 4, (
        "these still wait; the other 78 were resolved after more than seven days"
    )
    rows = pl.concat([tickets.filter("take_up_ended"), late])
    curve = SurvfuncRight(rows["take_up_minutes"].to_numpy(), rows["take_up_ended"].to_numpy().astype(int))
    assert take_up == pytest.approx(curve.quantile(0.5), abs=1e-6)
    assert round(take_up / 60, 1) == 17.3
    waits, solved, resolution = _all_months("helpdesk", "resolution_time")
    assert (waits, solved) == (4580, 4569)
    assert round(resolution / 1440, 2) == 6.70
    assert round(_median_of_ended(tickets, "resolution") / 1440, 2) == 6.66


def test_the_closing_timer_is_no_resolution(cx: Run, shared_data: Find) -> None:
    _imported(cx, shared_data(HELPDESK), "italian_helpdesk", "helpdesk")
    tickets = open_data("helpdesk").scan("tickets").collect()
    timed = (tickets["closed_at"] - tickets["created_at"]).dt.total_seconds().median()
    assert round(float(timed or 0) / 86400, 1) > 39, "the timer's close is there, and no figure uses it"
    assert tickets.filter(pl.col("solved_at") >= pl.col("closed_at")).height < 0.02 * tickets.height


@pytest.mark.parametrize(
    ("file", "mapping", "name", "month", "page", "says"),
    [
        (HELPDESK, "italian_helpdesk", "helpdesk", "2012-10", "04_response_and_resolution", "Time to take up"),
        (AIRPORT, "sfo_survey_2017", "airport", "2017-05", "03_loyalty", "+40.4"),
    ],
)
def test_a_report_is_published_and_pages_without_data_say_so(
    cx: Run, shared_data: Find, home: Path, file: str, mapping: str, name: str, month: str, page: str, says: str
) -> None:
    _imported(cx, shared_data(file), mapping, name)
    assert f"reports/{name}/{month}/index.html" in cx("report", name, "--month", month).replace(str(home) + "/", "")
    folder = home / "reports" / name / month
    pages = {path.stem: path.read_text(encoding="utf-8") for path in folder.glob("*.html")}
    assert len(pages) == len(list((home / "notebooks").glob("*.ipynb")))
    assert says in re.sub("<[^>]+>", "", pages[page])
    without = "01_satisfaction" if name == "helpdesk" else "04_response_and_resolution"
    assert f"The data {name!r} have no table" in re.sub("<[^>]+>", "", pages[without]).replace("&#x27;", "'").replace(
        "&#39;", "'"
    )
    figures = pl.read_parquet(folder / "figures.parquet")
    assert figures.filter(pl.col("period") == month).height > 0
    assert [found for path in sorted((folder / "notebooks").glob("*.ipynb")) for found in strangers(path)] == []
