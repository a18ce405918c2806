"""Instants out of text, against Python's own datetime and zoneinfo."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings, strategies as st

from cxlib.errors import CxError
from cxlib.sources.mapped.values import number
from cxlib.sources.reading.dates import assemble, by_formats, decide_orders, dissect, numeric_orders, to_utc


def read(
    texts: list[str], *, zone: str = "UTC", day_first: bool = False, formats: tuple[str, ...] = ()
) -> pl.DataFrame:
    text = pl.col("text")
    local, offset = by_formats(text, formats) if formats else assemble(dissect(text), day_first=day_first)
    instant, doubtful = to_utc(local, offset, zone)
    return pl.DataFrame({"text": texts}, schema={"text": pl.String}).select(instant=instant, doubtful=doubtful)


def instants(texts: list[str], **how: object) -> list[datetime | None]:
    return read(texts, **how)["instant"].to_list()  # type: ignore[arg-type]


WAYS = (
    "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S", "%d/%m/%Y %H:%M:%S", "%d.%m.%Y %H:%M:%S",
    "%d-%m-%y %H:%M:%S", "%d/%m/%Y %I:%M:%S %p", "%d-%b-%Y %H:%M:%S", "%d-%b-%y %I:%M:%S%p", "%d %B %Y %H:%M:%S",
    "%b %d, %Y, %I:%M:%S %p", "%Y%m%d %H:%M:%S", "%a, %d %b %Y %H:%M:%S",
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.lists(st.datetimes(datetime(1970, 1, 1), datetime(2068, 12, 31)), min_size=1, max_size=5))
def test_every_way_to_write_a_date_is_read_back_even_mixed_in_one_column(moments: list[datetime]) -> None:
    moments = [moment.replace(microsecond=0) for moment in moments]
    texts = [moment.strftime(way) for moment in moments for way in WAYS]
    expected = [moment.replace(tzinfo=UTC) for moment in moments for _ in WAYS]
    assert instants(texts, day_first=True) == expected


@settings(max_examples=40, deadline=None)
@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2035, 1, 1)),
    st.sampled_from(["Europe/Rome", "America/Los_Angeles", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"]),
)
def test_wall_clock_times_become_the_instant_python_gives(moment: datetime, zone: str) -> None:
    moment = moment.replace(microsecond=0)
    expected = moment.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)
    assert instants([moment.isoformat()], zone=zone) == [expected]


def test_a_time_that_occurs_twice_or_never_is_decided_and_counted() -> None:
    frame = read(["2024-10-27 02:30:00", "2024-03-31 02:30:00", "2024-03-31 03:30:00"], zone="Europe/Rome")
    assert frame["instant"].to_list() == [
        datetime(2024, 10, 27, 0, 30, tzinfo=UTC),  # the earlier of two
        datetime(2024, 3, 31, 1, 30, tzinfo=UTC),  # the clock jumps from 2 to 3
        datetime(2024, 3, 31, 1, 30, tzinfo=UTC),
    ]
    assert frame["doubtful"].to_list() == [True, True, False]


def test_an_offset_in_the_text_outranks_the_zone() -> None:
    texts = [
        "2024-10-27T02:30:00Z",
        "2024-10-27T02:30:00+01:00",
        "2024-10-27 02:30:00 -0530",
        "2024-10-27T02:30:00.25 UTC",
    ]
    frame = read(texts, zone="Europe/Rome")
    base = datetime(2024, 10, 27, 2, 30, tzinfo=UTC)
    shifts = (timedelta(), timedelta(hours=-1), timedelta(hours=5, minutes=30), timedelta(milliseconds=250))
    assert frame["instant"].to_list() == [base + shift for shift in shifts]
    assert not frame["doubtful"].any()


@pytest.mark.parametrize(
    "text",
    ["31/02/2023", "13/13/2023", "soon", "2023-05-06 25:00", "05/06/2023 13:00 PM", "12", "2023-05-06 10:00 junk"],
)
def test_what_is_no_instant_is_null_never_an_error(text: str) -> None:
    assert instants([text], day_first=True) == [None]


def test_told_formats_are_tried_in_turn() -> None:
    texts = ["06.05.2023 07:08", "2023|05|06", "1683356880"]
    got = instants(texts, formats=("%d.%m.%Y %H:%M", "%Y|%m|%d", "unix"))
    assert got == [
        datetime(2023, 5, 6, 7, 8, tzinfo=UTC), datetime(2023, 5, 6, tzinfo=UTC), datetime(2023, 5, 6, 7, 8, tzinfo=UTC)
    ]  # fmt: skip
    assert instants(["2023-05-06 07:08:00 +0200"], formats=("%Y-%m-%d %H:%M:%S %z",), zone="Asia/Tokyo") == [
        datetime(2023, 5, 6, 5, 8, tzinfo=UTC)
    ]


def order(texts: list[str]) -> bool:
    frame = pl.DataFrame({"at": texts}).select(numeric_orders({"at": pl.col("at")}))
    return decide_orders(frame.row(0, named=True), where="file.csv")["at"]


def test_the_order_of_day_and_month_is_inferred_only_when_a_value_settles_it() -> None:
    assert order(["03/04/2023", "31/08/2023 08:19"]) is True
    assert order(["03/04/2023", "08/31/2023"]) is False
    assert order(["2023-04-03", "31-Aug-23", "04.04.2023"]) is False  # nothing to decide


@pytest.mark.parametrize("texts", [["03/04/2023", "05/06/2023"], ["13/04/2023", "04/13/2023"]])
def test_an_open_or_contradictory_order_is_an_error_that_says_what_to_do(texts: list[str]) -> None:
    with pytest.raises(CxError, match=r"at.*day_first"):
        order(texts)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(-(10**12), 10**12),
    st.integers(0, 2),
    st.sampled_from([(".", ""), (",", ""), (",", "."), (".", ","), (",", " ")]),
)
def test_numbers_written_with_any_marks_are_read_back(cents: int, digits: int, marks: tuple[str, str]) -> None:
    decimal, thousands = marks
    value = cents / 10**digits
    text = f"{value:,.{digits}f}".translate(str.maketrans({",": thousands, ".": decimal}))
    assert pl.select(number(pl.lit(text), decimal=decimal, thousands=thousands)).item() == value


@pytest.mark.parametrize(
    ("text", "decimal", "thousands"),
    [
        ("1,5", ".", ""),
        ("1,5", ".", ","),
        ("1.234,5", ",", ""),
        ("nan", ".", ""),
        ("inf", ".", ""),
        ("12 34", ".", ""),
        ("", ".", ""),
    ],
)
def test_a_number_not_written_as_told_is_never_guessed(text: str, decimal: str, thousands: str) -> None:
    assert pl.select(number(pl.lit(text), decimal=decimal, thousands=thousands)).item() is None
