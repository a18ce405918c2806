"""Months in six languages, abbreviated zones, numbers of days, unusual spaces: against Python's datetime."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings, strategies as st

from cxlib.errors import CxError, UsageError
from cxlib.sources.mapped.importer import import_mapped
from cxlib.sources.reading.dates import assemble, dissect, is_serial, to_utc
from cxlib.sources.reading.zones import settle_zones

TENTH = datetime(2026, 3, 2, 10, 5, tzinfo=UTC)


def instants(texts: list[str], **zones: int) -> list[datetime | None]:
    local, offset = assemble(dissect(pl.col("text")), day_first=True, zones=zones)
    return pl.DataFrame({"text": texts}).select(at=to_utc(local, offset, "UTC")[0])["at"].to_list()


NAMES = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "de short": "Jan Feb Mrz Apr Mai Jun Jul Aug Sept Okt Nov Dez",
    "pl": "styczeń luty marzec kwiecień maj czerwiec lipiec sierpień wrzesień październik listopad grudzień",
    "pl of": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
    "pl short": "sty lut mar kwi maj cze lip sie wrz paź lis gru",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "pt short": "jan fev mar abr mai jun jul ago set out nov dez",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "es short": "ene feb mar abr may jun jul ago sept oct nov dic",
    "ru": "январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь",
    "ru of": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    "ru short": "янв февр мар апр май июн июл авг сент окт нояб дек",
}


@pytest.mark.parametrize("names", NAMES.values(), ids=list(NAMES))
@pytest.mark.parametrize(
    "way", ["5 {} 2026 10:05", "5. {} 2026, 10:05", "05-{}-2026 10:05:00", "5 de {} de 2026 10:05", "{}. 5, 2026 10:05"]
)
def test_months_in_six_languages(names: str, way: str) -> None:
    months = names.split()
    assert len(months) == 12
    for change in (str, str.upper, str.capitalize):
        texts = [way.format(change(month)) for month in months]
        assert instants(texts) == [datetime(2026, number, 5, 10, 5, tzinfo=UTC) for number in range(1, 13)]


@pytest.mark.parametrize(
    "text",
    [
        "2 marca 2026 r. 10:05", "2 марта 2026 г. 10:05", "Montag, 2. März 2026 um 10:05 Uhr", "pon., 2 mar 2026 10:05",
        "segunda-feira, 2 de março de 2026 às 10:05", "lunes, 2 de marzo de 2026 a las 10:05", "пн, 02.03.2026 10:05",
        "March 2nd, 2026 at 10:05 AM", "2026-Mar-02 10:05", "2026-03-02\u00a010:05", "\u200e2/3/2026 10:05",
        "2/3/2026, 10:05\u202fAM", "02.03.2026 10:05 a. m.", "2026-03-02 10:05 GMT+0", "2026-03-02T12:05+02:00",
        "Mon Mar 02 2026 12:05:00 GMT+0200 (Central European Summer Time)", "2026-03-02 15:35 UTC+5:30",
        "\ufeff2026-03-02 10:05",
    ],
)  # fmt: skip
def test_a_date_as_people_write_it(text: str) -> None:
    assert instants([text]) == [TENTH]


@pytest.mark.parametrize(
    "text", ["5 marble 2026", "5 foo 2026", "decision 5, 2026", "2026-03-02 10:05 XYZ", "1234", "123456"]
)
def test_words_that_are_no_month_or_zone_make_no_date(text: str) -> None:
    assert instants([text]) == [None]


def test_central_time_in_summer_and_winter() -> None:
    found = settle_zones(["CDT", "CST"], {}, zone="UTC", where="a.csv")
    assert found == {"CDT": -300, "CST": -360}
    assert instants(["2025-08-14 10:02 CDT", "2025-12-14 10:02 PM CST"], **found) == [
        datetime(2025, 8, 14, 15, 2, tzinfo=UTC), datetime(2025, 12, 15, 4, 2, tzinfo=UTC),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "zone", "minutes"),
    [
        ("IST", "Asia/Kolkata", 330), ("IST", "Europe/Dublin", 60), ("IST", "Asia/Jerusalem", 120),
        ("CST", "Asia/Shanghai", 480), ("CST", "America/New_York", -360), ("BST", "Europe/London", 60),
        ("PST", "America/Denver", -480), ("CET", "UTC", 60), ("NST", "UTC", -210),
    ],
)  # fmt: skip
def test_the_zone_of_the_file_settles_what_an_abbreviation_means(name: str, zone: str, minutes: int) -> None:
    assert settle_zones([name], {}, zone=zone, where="a.csv") == {name: minutes}


def test_an_abbreviation_of_several_zones_stops_unless_the_mapping_says() -> None:
    for name in ("IST", "CST", "BST", "PST"):
        with pytest.raises(CxError, match=rf"{name} may stand for several time zones.*zones = "):
            settle_zones([name], {}, zone="Europe/Warsaw", where="a.csv")
    told = {"IST": "Asia/Kolkata", "CST": "+08:00"}
    assert settle_zones(["CST", "IST"], told, zone="UTC", where="a.csv") == {"CST": 480, "IST": 330}


@settings(deadline=None, max_examples=50)
@given(st.datetimes(datetime(1980, 1, 1), datetime(2099, 12, 31)))
def test_numbers_of_days_are_excels(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    serial = (moment - datetime(1899, 12, 30)) / timedelta(days=1)
    for text in (f"{serial:.9f}", f"{serial:.9f}".replace(".", ",")):
        assert instants([text]) == [moment.replace(tzinfo=UTC)]
    assert pl.select(is_serial(dissect(pl.lit(f"{serial:.5f}")))).item()


HEAD = """
timezone = "UTC"
[files.file]
{options}
[[tables]]
table = "tickets"
[tables.columns]
ticket_id = "id"
created_at = "at"
"""


def run(folder: Path, rows: str, options: str = "") -> tuple[str, list[datetime]]:
    (folder / "in.csv").write_text("id;at\n" + rows)
    (folder / "by.toml").write_text(HEAD.replace("{options}", options))
    (folder / "out").mkdir(exist_ok=True)
    said = str(import_mapped([folder / "in.csv"], mapping=folder / "by.toml", folder=folder / "out"))
    return said, pl.read_parquet(folder / "out" / "tickets.parquet")["created_at"].to_list()


def test_zones_and_serials_on_their_way_through_an_import(tmp_path: Path) -> None:
    rows = "1;2026-03-02 15:35 IST\n2;46083,5\n3;2026-03-02 11:05 MEZ\n"
    with pytest.raises(CxError, match=r"in\.csv: IST may stand"):
        run(tmp_path, rows)
    said, got = run(tmp_path, rows, 'zones = { IST = "Asia/Kolkata" }')
    assert got == [TENTH, datetime(2026, 3, 2, 12, tzinfo=UTC), TENTH]
    assert "created_at is a number of days, read as Excel counts them: 1" in said
    for told in ('"Mars/Phobos"', '"5"', '"America/New_York"', "5"):
        with pytest.raises(UsageError, match=r"zones.*IST"):
            run(tmp_path, rows, f"zones = {{ IST = {told} }}")


def test_days_of_the_week_do_not_hide_an_open_order(tmp_path: Path) -> None:
    with pytest.raises(CxError, match="day_first"):
        run(tmp_path, "1;Tue, 03/04/2026\n2;Thu, 05/06/2026\n")
