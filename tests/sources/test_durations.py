"""Durations as systems write them, in minutes."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings, strategies as st

from cxlib.errors import UsageError
from cxlib.sources.mapped.importer import import_mapped
from cxlib.sources.reading.durations import decide_form, minutes_of, parts_seen

HEAD = """
timezone = "UTC"
[[tables]]
table = "tickets"
[tables.columns]
ticket_id = "id"
created_at = {{ value = "2026-03-02 10:00" }}
handle_minutes = {{ column = "{header}"{more} }}
"""


def one(text: str, form: str = "h:mm") -> float | None:
    value: float | None = pl.select(minutes_of(pl.lit(text), form)).item()
    return value


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("2:05:11", 125 + 11 / 60), ("02:05:11", 125 + 11 / 60), ("00:00:00", 0), ("64:00:00", 3840), ("-2:18", -138),
        ("−2:18", -138), ("22:17", 1337), ("00:30 hrs", 30), ("1:30 h", 90), ("120:00", 7200),
        ("3:20 min", 3 + 20 / 60),
        ("1 day, 2:05:11", 1565 + 11 / 60), ("1d 03:00", 1620), ("1.02:03:04", 1563 + 4 / 60),
        ("2h 5m", 125),
        ("2 hours 5 minutes", 125), ("1,5 h", 90), ("90 min", 90), ("45s", 0.75), ("PT2H5M", 125), ("P1DT1H", 1500),
        ("PT90S", 1.5), ("1900-01-01 02:30:00", 1590), ("1899-12-31 00:10:00", 10), ("1899-12-30 21:36:00", -144),
        ("1900-04-09 00:00:00", 100 * 1440),
    ],
)  # fmt: skip
def test_a_duration_is_read(text: str, minutes: float) -> None:
    assert one(text) == pytest.approx(minutes)


@pytest.mark.parametrize(
    "text", ["2:5", "2:60", "2:05:61", "soon", "", "P", "T", "-", ":30", "1:2:3:4", "2026-03-02 10:00:00", "12"]
)
def test_what_is_no_duration_is_null(text: str) -> None:
    assert one(text) is None


def form(texts: list[str], header: str = "time") -> str:
    seen = pl.DataFrame({"of": texts}).select(seen=parts_seen(pl.col("of"))).item()
    return decide_form(seen, header)


def test_what_two_parts_mean_is_settled_by_the_column() -> None:
    assert form(["22:17", "00:30 hrs"]) == "h:mm"
    assert form(["22:17", "3:20 min"]) == "m:ss"
    assert form(["22:17", "2:05:11"]) == "m:ss"  # a stopwatch shows hours where there are any
    assert form(["22:17", "0:05:11"]) == "h:mm"
    assert form(["75:17", "2:05:11"]) == "h:mm"
    assert form(["22:17", "-2:18"]) == "h:mm"
    assert form(["22:17"], "Talk time (mm:ss)") == "m:ss"
    assert form(["22:17", "2:05:11"], "First response time (in hrs)") == "h:mm"


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 10**7), st.booleans())
def test_every_second_is_read_back(seconds: int, minus: bool) -> None:
    sign = "-" if minus else ""
    hours, rest = divmod(seconds, 3600)
    expected = (-seconds if minus else seconds) / 60
    assert one(f"{sign}{hours}:{rest // 60:02d}:{rest % 60:02d}") == pytest.approx(expected)
    assert one(f"{sign}{hours * 60 + rest // 60}:{rest % 60:02d}", "m:ss") == pytest.approx(expected)


def run(folder: Path, cells: list[str], *, header: str = "time", more: str = "") -> tuple[str, list[float | None]]:
    (folder / "in.csv").write_text("\n".join([f"id;{header}", *(f"{at};{cell}" for at, cell in enumerate(cells))]))
    (folder / "by.toml").write_text(HEAD.format(header=header, more=more))
    (folder / "out").mkdir(exist_ok=True)
    said = str(import_mapped([folder / "in.csv"], mapping=folder / "by.toml", folder=folder / "out"))
    return said, pl.read_parquet(folder / "out" / "tickets.parquet")["handle_minutes"].to_list()


def test_an_import_reads_durations_and_says_what_it_decided(tmp_path: Path) -> None:
    said, got = run(tmp_path, ["2:05:11", "22:17", "00:30 hrs", "-2:18", "1.5", "soon"])
    assert got == [pytest.approx(125 + 11 / 60), 1337, 30, -138, 1.5, None]
    assert "handle_minutes such as 22:17 is read as hours and minutes: 2" in said
    assert "unreadable handle_minutes: 1" in said


def test_a_scale_is_for_bare_numbers_and_the_mapping_outranks_the_column(tmp_path: Path) -> None:
    cells = ["1.5", "2:05:11", "22:17"]
    assert run(tmp_path, cells, more=", scale = 60, duration = 'm:ss'")[1] == [
        90,
        pytest.approx(125.18333),
        pytest.approx(22.28333),
    ]
    assert run(tmp_path, cells, more=", duration = 'h:mm'")[1][2] == 1337
    with pytest.raises(UsageError, match=r"duration.*'mm:ss'.*m:ss"):
        run(tmp_path, cells, more=", duration = 'mm:ss'")


def test_sources_own_figures_may_be_durations(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("id;hrs\n1;02:05:11\n2;1.5\n")
    (tmp_path / "by.toml").write_text(
        'timezone = "UTC"\n[[tables]]\ntable = "tickets"\n[tables.columns]\nticket_id = "id"\n'
        'created_at = { value = "2026-03-02" }\n[[tables]]\ntable = "source_figures"\n[tables.columns]\n'
        'figure_id = "id"\nticket_id = "id"\nfigure = { value = "resolution_business_minutes" }\n'
        'amount = { column = "hrs", scale = 60 }\n'
    )
    (tmp_path / "out").mkdir()
    import_mapped([tmp_path / "in.csv"], mapping=tmp_path / "by.toml", folder=tmp_path / "out")
    amounts = pl.read_parquet(tmp_path / "out" / "source_figures.parquet")["amount"].to_list()
    assert amounts == [pytest.approx(125 + 11 / 60), 90]


FRESHDESK = """
timezone = "UTC"
[[tables]]
table = "tickets"
[tables.columns]
ticket_id = "Ticket ID"
created_at = "Created time"
handle_minutes = "Time tracked"
[[tables]]
table = "source_figures"
[tables.columns]
figure_id = { template = "{Ticket ID} first" }
ticket_id = "Ticket ID"
figure = { value = "first_reply_business_minutes" }
amount = { column = "First response time (in hrs)", scale = 60 }
[[tables]]
table = "source_figures"
[tables.columns]
figure_id = { template = "{Ticket ID} solved" }
ticket_id = "Ticket ID"
figure = { value = "resolution_business_minutes" }
amount = { column = "Resolution time (in hrs)", scale = 60 }
"""


@pytest.mark.parametrize("kind", ["csv", "xls"])
def test_no_duration_of_a_real_export_is_lost(shared_data: Callable[[str], Path], tmp_path: Path, kind: str) -> None:
    path = shared_data(f"systems/freshdesk/freshdesk_tickets_january_2025.{kind}")
    (tmp_path / "by.toml").write_text(FRESHDESK)
    (tmp_path / "out").mkdir()
    said = str(import_mapped([path], mapping=tmp_path / "by.toml", folder=tmp_path / "out"))
    assert "unreadable" not in said
    got = pl.read_parquet(tmp_path / "out" / "source_figures.parquet")
    with shared_data("systems/freshdesk/freshdesk_tickets_january_2025.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for words, header in (("first", "First response time (in hrs)"), ("solved", "Resolution time (in hrs)")):
        amounts = dict(got.filter(pl.col("figure_id").str.ends_with(words)).select("ticket_id", "amount").iter_rows())
        for row in rows:
            hours, minutes, seconds = (int(part) for part in row[header].split(":"))
            assert amounts[row["Ticket ID"]] == pytest.approx(hours * 60 + minutes + seconds / 60)
