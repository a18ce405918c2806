"""Nothing holds of a desk that nobody set: zone, hours, holidays, currency; what holds is said, with its origin."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cxlib.cli import main
from tests.conftest import ROOT
from tests.sources.zendesk_desk import write_lines

Run = Callable[..., tuple[int, str]]
HOURS = "".join(f'{day} = ["08:00-18:00"]\n' for day in ("monday", "tuesday", "wednesday", "thursday", "friday"))
MAPPING = """
timezone = "America/New_York"
extracted_at = 2026-07-30T00:00:00Z
{settings}
[[tables]]
table = "tickets"
[tables.columns]
ticket_id = "id"
created_at = "created"
customer_id = "cust"
first_replied_at = "replied"
"""
ROWS = """id,created,cust,replied
1,2026-01-06 09:00,A,2026-01-06 09:30
2,2026-06-04 09:00,B,2026-06-04 09:30
3,2026-07-03 09:00,C,2026-07-03 09:30
"""


@pytest.fixture
def cx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return `cx` in a workbook with the shipped settings and no data: exit status and what it printed."""
    (tmp_path / "data").mkdir()
    shutil.copy(ROOT / "data" / "settings.toml", tmp_path / "data")
    monkeypatch.setenv("CX_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str]:
        status = main(arguments)
        told = capsys.readouterr()
        return status, told.out + told.err

    return run


def bring(cx: Run, rows: str = ROWS, settings: str = "", zone: str = "America/New_York") -> str:
    Path("map.toml").write_text(MAPPING.format(settings=settings).replace("America/New_York", zone))
    Path("in.csv").write_text(rows)
    status, told = cx("import", "mapped", "in.csv", "--mapping", "map.toml", "--into", "desk")
    assert status == 0, told
    return told


def minutes(cx: Run, month: str) -> list[float]:
    _, text = cx("rows", "desk", "--metric", "first_reply_time_business", "--month", month)
    return [float(row["minutes"]) for row in csv.DictReader(io.StringIO(text))]


@pytest.mark.parametrize(("holidays", "third_of_july"), [("", 30.0), ("US", 0.0)])
def test_a_desk_in_new_york_works_on_epiphany_and_on_corpus_christi(
    cx: Run, holidays: str, third_of_july: float
) -> None:
    """3 July 2026, a Friday, stands for the 4th in the United States, if told."""
    calendar = f'holidays = "{holidays}"\n' if holidays else ""
    plan = "[settings.schedules.default]\n" + calendar + "[settings.schedules.default.hours]\n" + HOURS
    told = bring(cx, settings=plan)
    assert [minutes(cx, month) for month in ("2026-01", "2026-06", "2026-07")] == [[30.0], [30.0], [third_of_july]]
    for text in (told, cx("check", "desk")[1]):
        assert "time zone: America/New_York (data/desk/settings.toml)" in text
        assert "opening hours: Mon–Fri 08:00-18:00 (data/desk/settings.toml)" in text
        assert ("holidays: US (data/desk/settings.toml)" if holidays else "holidays: none are set (default") in text


def test_without_hours_figures_in_opening_hours_are_not_known_and_all_others_are(cx: Run) -> None:
    told = bring(cx)
    assert "opening hours: none are set, so figures in opening hours are not known (default" in told
    _, text = cx("figures", "desk", "--month", "2026-06", "--format", "csv")
    assert "first_reply_time,2026-06" in text
    assert "first_reply_time_business,2026-06" not in text
    assert "not known: first_reply_time_business: No opening hours are set for the data 'desk'" in text
    assert "not known: inside_opening_hours: No opening hours are set" in text
    _, text = cx("figures", "desk", "--month", "2026-06", "--by", "arrival", "--metric", "ticket_volume")
    assert "No opening hours are set" in text


@pytest.mark.parametrize("kind", ["schedules", "account"])
@pytest.mark.parametrize(("zone", "months"), [("", {"2026-03": 2}), ("Europe/Warsaw", {"2026-03": 1, "2026-04": 1})])
def test_a_ticket_of_the_last_evening_of_march_counts_in_the_month_of_the_desk(
    cx: Run, kind: str, zone: str, months: dict[str, int]
) -> None:
    base = {"requester_id": 1, "assignee_id": 9, "updated_at": "2026-05-10T00:00:00Z", "status": "open"}
    Path("export").mkdir()
    tickets = [{"id": 1, "created_at": "2026-03-31T22:30:00Z"}, {"id": 2, "created_at": "2026-03-31T12:30:00Z"}]
    write_lines(Path("export/tickets.jsonl"), *({**base, **ticket} for ticket in tickets))
    if zone:
        plan = {"id": 5, "name": "Desk", "time_zone": zone, "intervals": [{"start_time": 1980, "end_time": 2460}]}
        write_lines(Path(f"export/{kind}.json"), {"account": plan} if kind == "account" else plan)
    _, told = cx("import", "zendesk", "export", "--into", "desk")
    assert f"time zone: {zone or 'UTC'} ({'data/desk/settings.toml' if zone else 'default'}" in told
    assert ("opening hours: Mon 09:00-17:00" in told) == (bool(zone) and kind == "schedules")
    _, text = cx("figures", "desk", "--month", "all", "--metric", "ticket_volume", "--format", "csv")
    found = {row["period"]: int(row["n"]) for row in csv.DictReader(io.StringIO(text))}
    assert found == months


def test_months_exist_where_any_table_has_rows_and_a_figure_without_rows_has_n_0(cx: Run) -> None:
    bring(cx, rows="id,created,cust,replied\n1,2026-03-02 09:00,A,\n", zone="UTC")
    Path("asked.toml").write_text(
        'timezone = "UTC"\n[[tables]]\ntable = "surveys"\n[tables.columns]\nsurvey_id = "id"\n'
        'kind = { value = "csat" }\nanswered_at = "at"\nanswer = "score"\n'
        "scale_low = { value = 1 }\nscale_high = { value = 5 }\nhigh_is_good = { value = true }\n"
    )
    Path("asked.csv").write_text("id,at,score\n1,2026-01-15,5\n2,2026-05-15,4\n3,2026-05-16,1\n")
    cx("import", "mapped", "asked.csv", "--mapping", "asked.toml", "--into", "desk")
    for metric, counts in (("ticket_volume", [0, 0, 1, 0, 0]), ("csat", [1, 0, 0, 0, 2])):
        _, text = cx("figures", "desk", "--month", "all", "--metric", metric, "--format", "csv")
        rows = list(csv.DictReader(io.StringIO(text)))
        assert [row["period"] for row in rows] == [f"2026-0{month}" for month in range(1, 6)]
        assert [int(row["n"]) for row in rows] == counts


def test_an_import_into_a_name_adds_and_replace_starts_anew(cx: Run) -> None:
    bring(cx)
    told = bring(cx, rows="id,created,cust,replied\n3,2026-07-03 09:00,C,2026-07-03 09:45\n4,2026-07-04 09:00,C,\n")
    assert "tickets: 4 rows written (1 new, 1 changed, 2 kept)" in told
    _, told = cx("import", "mapped", "in.csv", "--mapping", "map.toml", "--into", "desk", "--replace")
    assert "tickets: 2 rows written (2 new, 0 changed, 0 kept)" in told
    assert "time zone: America/New_York" in told


def test_orders_without_a_currency_are_in_none(cx: Run) -> None:
    Path("map.toml").write_text(
        'timezone = "UTC"\n[[tables]]\ntable = "orders"\n[tables.columns]\n'
        'order_id = "id"\ncustomer_id = "who"\nordered_at = "at"\namount = "amount"\n'
    )
    Path("in.csv").write_text("id,who,at,amount\n1,a,2026-01-01,10\n2,b,2026-01-31,20\n")
    cx("import", "mapped", "in.csv", "--mapping", "map.toml", "--into", "shop")
    text = cx("check", "shop")[1]
    assert "currency: none is set (default" in text
    assert "EUR" not in text
