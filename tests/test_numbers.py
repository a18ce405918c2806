"""A number is printed once, in one place, with no decimal more than it deserves."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from cxlib import numbers
from cxlib.errors import UsageError
from cxlib.metrics import METRICS
from cxlib.numbers import Format, format_of

SHARE, SCORE, WAIT, COUNT, MEAN = (
    METRICS[name] for name in ("csat", "nps", "first_reply_time", "ticket_volume", "csat_mean")
)
OPEN_WAIT = METRICS["first_reply_time_business"]


def printed(*args: object, **options: object) -> str:
    form = format_of(*args, **options)  # type: ignore[arg-type]
    return form.value(args[1]).replace(numbers.SPACE, " ")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("minutes", "text"),
    [
        (0.5, "0.5 min"),
        (35.2, "35 min"),
        (89.0, "89 min"),
        (252.0, "4.2 h"),
        (16.4 * 60, "16.4 h"),
        (6.66 * 1440, "6.7 d"),
    ],
)
def test_minutes_become_hours_and_days(minutes: float, text: str) -> None:
    assert printed(WAIT, minutes) == text


def test_opening_hours_are_never_days() -> None:
    assert printed(OPEN_WAIT, 6.66 * 1440) == "159.8 h"


@pytest.mark.parametrize(
    ("width", "text"), [(11.4, "75.2 %"), (24.0, "75 %"), (1.0, "75.2 %"), (0.0, "75.2 %"), (None, "75.2 %")]
)
def test_decimals_follow_the_interval(width: float | None, text: str) -> None:
    assert printed(SHARE, 75.2345, width) == text


def test_each_kind_has_its_unit() -> None:
    assert printed(SCORE, 39.84, 5.0) == "+39.8"
    assert printed(COUNT, 12345.0, 100.0) == "12,345"
    assert printed(MEAN, 71.532, 4.0) == "71.5 points of 100"
    assert printed(MEAN, 71.532, 0.4) == "71.53 points of 100"
    assert printed(SHARE, 8.8, 11.4, difference=True) == "8.8 points"
    assert printed(SHARE, 1.0, 30.0, difference=True) == "1 point"
    assert printed(SCORE, 3.0, 11.4, difference=True) == "3.0 points"


def test_an_interval_is_readable_with_and_without_signs() -> None:
    form = Format("points", decimals=1)
    assert form.interval(3.1, 14.5) == "3.1–14.5"
    assert form.interval(-6.0, 1.8) == "−6.0 to 1.8"
    assert form.interval(None, 14.5) == "up to 14.5"
    assert form.interval(3.1, None) == "3.1 or more"
    assert form.interval(None, None) == ""
    assert Format("", decimals=1, signed=True).interval(15.0, 27.0) == "+15.0 to +27.0"


@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "−12,345.7"), ("de", "−12.345,7"), ("pl", "−12\u202f345,7"), ("pt", "−12.345,7"), ("ru", "−12\u202f345,7")],
)
def test_marks_follow_the_language(language: str, text: str) -> None:
    assert numbers.number(-12345.678, 1, language=language) == text


def test_a_rounded_zero_has_no_sign() -> None:
    assert numbers.number(-0.04, 1) == "0.0"
    assert numbers.number(0.0, 1, signed=True) == "0.0"


@given(st.floats(-1e9, 1e9), st.integers(0, 2))
def test_a_printed_number_reads_back_as_itself_rounded(value: float, decimals: int) -> None:
    text = numbers.number(value, decimals)
    read = float(text.replace(",", "").replace("−", "-"))
    assert abs(read - value) <= 0.5 * 10.0**-decimals + 1e-13 * abs(value)


def test_months_and_days() -> None:
    assert numbers.month("2026-10") == "October 2026"
    assert numbers.month("2026-03", "pl") == "marzec 2026"
    assert numbers.short_month("2026-03", "de") == "Mär"
    assert numbers.day(date(2026, 3, 4)) == "4 March 2026"


@pytest.mark.parametrize("language", ["en", "de", "pl", "pt", "ru"])
def test_every_language_has_twelve_different_months(language: str) -> None:
    assert len({numbers.month(f"2026-{month:02d}", language) for month in range(1, 13)}) == 12


def test_an_unknown_language_is_told_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"no language 'dee'.*Did you mean 'de'"):
        numbers.month("2026-10", "dee")
    with pytest.raises(UsageError, match="language"):
        format_of(SHARE, 1.0, language="xx")


@pytest.mark.parametrize(("share", "text"), [(0.0, "0 %"), (0.001, "less than 1 %"), (0.118, "12 %"), (1.0, "100 %")])
def test_a_small_share_is_never_printed_as_zero(share: float, text: str) -> None:
    assert numbers.percent(share).replace(numbers.SPACE, " ") == text


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_ticks_are_few_round_even_and_inside(low: float, width: float) -> None:
    found = numbers.ticks(low, low + width)
    assert 1 <= len(found) <= 5
    assert all(low - width * 1e-6 <= tick <= low + width * (1 + 1e-6) for tick in found)
    steps = [later - earlier for earlier, later in pairwise(found)]
    assert all(step == pytest.approx(steps[0], rel=1e-3) for step in steps)
    labels = {numbers.number(tick, numbers.tick_decimals(found)) for tick in found}
    assert len(labels) == len(found)


@pytest.mark.parametrize(("unit", "said"), [("conversations", "95"), ("%", "95 %"), ("EUR", "95 EUR"), ("h", "95 h")])
def test_a_short_format_leaves_out_a_unit_in_words(unit: str, said: str) -> None:
    assert Format(unit).short.value(95.0) == said.replace(" ", numbers.SPACE)


@pytest.mark.parametrize("noise", [-1e-15, 0.0, 1e-15])
def test_the_last_bits_of_a_sum_do_not_change_what_is_printed(noise: float) -> None:
    assert numbers.number(6.5 + noise) == numbers.number(6.5)
    assert numbers.number(2.345 * (1 + noise), 2) == numbers.number(2.345, 2)


def test_an_end_that_is_not_zero_is_never_printed_as_zero() -> None:
    form = Format("points", decimals=1)
    assert form.apart(-6.0, 0.04).interval(-6.0, 0.04) == "−6.0 to 0.04"
    assert form.apart(-0.004, 6.0).interval(-0.004, 6.0) == "−0.004 to 6.0"
    assert form.apart(0.0, 1.7) == form, "an end that is zero stays"
    assert form.apart(0.0001, 1.7) == form, "two more decimals at most"
    assert form.apart(1.02, 1.4, none=1.0).interval(1.02, 1.4) == "1.02–1.4"


def test_amounts_of_money_keep_four_leading_digits() -> None:
    euro = replace(METRICS["revenue"], measured_in="EUR")
    assert printed(euro, 107_145.0, 100.0) == "107,100 EUR"
    assert printed(euro, 9_876.0, 100.0) == "9,876 EUR"
    assert numbers.number(-3242.0, -2) == "−3,200"
