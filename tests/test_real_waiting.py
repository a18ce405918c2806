"""Waiting, solving and the backlog of real exports: what plain loops over their files count comes out."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from cxlib.metrics import get, measured_frame, query, row_frame
from cxlib.periods import months_between
from cxlib.questions import backlog, distribution, trend
from cxlib.results.types import Trend
from cxlib.store.folder import open_data, project_root
from tests.sources.zendesk_desk import FIXTURES, imported, table

Find = Callable[[str], Path]
Run = Callable[..., str]
FILES = {"italian_helpdesk": "helpdesk/helpdesk.csv", "baltimore_311": "baltimore_311/requests.csv"}


def _imported(cx: Run, shared_data: Find, mapping: str, name: str) -> None:
    if not (project_root() / "data" / name).exists():
        cx("import", "mapped", str(shared_data(FILES[mapping])), "--mapping", mapping, "--into", name)


def test_of_386_tickets_solved_more_than_once_the_last_solve_counts(cx: Run, shared_data: Find) -> None:
    """150 of them had left solved before; the others were solved again as they stood, which is no reopening."""
    _imported(cx, shared_data, "italian_helpdesk", "helpdesk")
    solves = defaultdict(list)
    with shared_data(FILES["italian_helpdesk"]).open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["Activity"] == "Resolve ticket":
                at = datetime.strptime(row["Complete Timestamp"], "%Y/%m/%d %H:%M:%S.%f")
                solves[row["Case ID"]].append(at.replace(tzinfo=ZoneInfo("Europe/Rome")))
    often = {number for number, instants in solves.items() if len(instants) > 1}
    data = open_data("helpdesk")
    tickets = {row["ticket_id"]: row for row in data.scan("tickets").collect().iter_rows(named=True)}
    told = data.scan("changes").filter(pl.col("field") == "status", pl.col("new") == "solved").collect()
    assert {number for number, count in told.group_by("ticket_id").len().iter_rows() if count > 1} == often
    assert len(often) == 386
    assert {number: tickets[number]["solved_at"] for number in solves} == {n: max(at) for n, at in solves.items()}
    reopened = {number for number, row in tickets.items() if row["reopens"]}
    assert (len(reopened), len(reopened & often)) == (150, 150)
    assert all(tickets[number]["first_solved_at"] == min(solves[number]) for number in often)


def test_the_citys_backlog_at_the_extract_is_its_208_unfinished_requests(cx: Run, shared_data: Find) -> None:
    _imported(cx, shared_data, "baltimore_311", "baltimore")
    here, rows = query("baltimore", month="2019-02"), []
    with shared_data(FILES["baltimore_311"]).open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            stamp = lambda text: datetime.strptime(text, "%m/%d/%Y %I:%M:%S %p") if text else None  # noqa: E731
            rows.append((stamp(row["CreatedDate"]), stamp(row["CloseDate"]), stamp(row["DueDate"])))
    extract = datetime(2019, 2, 13, 16, 18, 56)
    waiting = [(created, due) for created, done, due in rows if done is None]
    found = backlog(here)
    assert isinstance(found, Trend)
    assert (found.points["period"][-1], found.points["value"][-1], len(waiting)) == ("2019-02-13", 208, 208)
    assert sum(bool(due and due <= extract) for _, due in waiting) == 135
    ages = row_frame(get("backlog_age"), here, ["2019-02"])
    days = sorted((extract - created).total_seconds() / 86400 for created, _ in waiting if created)
    assert (ages["value"].sort() / 1440).to_list() == pytest.approx(days, abs=0.05)  # an hour of summer time
    shares = distribution("backlog_age", here)
    old = sum(day > 91.05 for day in days)
    assert shares.points["value"][-1] == pytest.approx(100 * old / 208)  # type: ignore[union-attr]
    whole = trend("backlog", here)
    assert isinstance(whole, Trend)
    assert whole.change is not None
    assert (whole.scope.observed, whole.change.p_value) == ((12, 28), None)


@pytest.mark.parametrize("shape", ["api", "fivetran"])
def test_zendesks_one_touch_is_ours_and_those_solved_without_a_reply(shape: str, tmp_path: Path) -> None:
    """Zendesk calls fewer than two agent replies one touch (support article 4408820618266); ours tells them apart."""
    folder = imported(FIXTURES / shape, folder=tmp_path / shape)[0]
    data = open_data(str(folder))
    rows = table(folder, "tickets", "status", "solved_at", "agent_replies")
    solved = [replies for status, at, replies in rows if at and status in ("solved", "closed")]
    months = months_between(data.first_month, data.last_month)
    one, none, two, more = (
        measured_frame(get(f"{name}_resolution"), query(data), months)["sum_wx"].sum()
        for name in ("one_touch", "no_reply", "two_touch", "multi_touch")
    )
    assert one + none == sum(replies < 2 for replies in solved)
    assert (one, none) == (sum(replies == 1 for replies in solved), sum(replies == 0 for replies in solved))
    assert (two, more) == (sum(replies == 2 for replies in solved), sum(replies > 2 for replies in solved))
    assert one > 0
