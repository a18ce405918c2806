"""Durations out of text: 2:05:11, 22:17, -2:18, 00:30 hrs, 1 d 3 h, PT2H5M; what two parts mean is decided a column."""

import re
from collections.abc import Callable, Mapping

import polars as pl

FORMS = ("h:mm", "m:ss")
_CLOCK = (
    r"^(?P<sign>[-−+])?(?:(?P<days>\d{1,5})(?: ?d(?:ays?)?,? ?|\.))?(?P<first>\d{1,6}):(?P<second>[0-5]\d)"
    r"(?::(?P<third>[0-5]\d(?:[.,]\d+)?))? ?(?i:(?P<hours>h|hrs?|hours?)|(?P<minutes>m|mins?|minutes?))?\.?$"
)
_NUMBER = r"\d+(?:[.,]\d+)?"
_UNITS = (
    rf"(?i)^(?P<sign>[-−+])?P?(?:(?P<d>{_NUMBER}) ?d(?:ays?)?,? ?)?T?(?:(?P<h>{_NUMBER}) ?h(?:(?:ou)?rs?)?\.?,? ?)?"
    rf"(?:(?P<m>{_NUMBER}) ?m(?:in(?:ute)?s?)?\.?,? ?)?(?:(?P<s>{_NUMBER}) ?s(?:ec(?:ond)?s?)?\.?)?$"
)
# A time of day that Excel shows in a cell of hours: days since the last of 1899.
_EXCEL = r"^(?P<date>1(?:899-12-3\d|90\d-\d\d-\d\d)) (?P<time>\d\d:\d\d:\d\d(?:\.\d+)?)$"
_IN_HEADERS = {"h:mm": r"(?i)hh?:mm(?:$|[^:])|\b(hrs?|hours?|stunden|godz|horas)\b", "m:ss": r"(?i)mm?:ss|\bmin"}


def parts_seen(text: pl.Expr) -> pl.Expr:
    """Return what decides the meaning of two parts such as 22:17: as a struct of flags for the column."""
    part = _dissected(text, _CLOCK)
    three, two = part("third").is_not_null(), part("second").is_not_null() & part("third").is_null()
    return pl.struct(
        two=two.any(),
        hours=part("hours").is_not_null().any(),
        minutes=part("minutes").is_not_null().any(),
        three=three.any(),
        short=(three & (part("first").cast(pl.Int64) == 0)).any() | (two & (part("first").cast(pl.Int64) > 59)).any(),
    )


def decide_form(seen: Mapping[str, bool], header: str) -> str:
    """Return what two parts mean: by their units, else the header's, else as on a stopwatch, else hours and minutes.

    A stopwatch shows hours only where there are any: 22:17 beside 2:05:11, but never 0:05:11.
    """
    if seen["hours"] != seen["minutes"]:
        return "h:mm" if seen["hours"] else "m:ss"
    for form, words in _IN_HEADERS.items():
        if re.search(words, header):
            return form
    return "m:ss" if seen["three"] and not seen["short"] else "h:mm"


def is_open(text: pl.Expr) -> pl.Expr:
    """Tell which texts are of two parts without a unit of their own."""
    part = _dissected(text, _CLOCK)
    units = part("hours").is_not_null() | part("minutes").is_not_null()
    return part("second").is_not_null() & part("third").is_null() & ~units


def minutes_of(text: pl.Expr, form: str) -> pl.Expr:
    """Return a stripped text's duration in minutes, null where it is none; `form` says what two parts mean."""
    return pl.coalesce(_of_clock(text, form), _of_units(text), _of_excel(text))


def _dissected(text: pl.Expr, pattern: str) -> Callable[[str], pl.Expr]:
    return text.str.extract_groups(pattern).struct.field


def _of_clock(text: pl.Expr, form: str) -> pl.Expr:
    part = _dissected(text, _CLOCK)
    first, second, third, days = (_number(part(name)) for name in ("first", "second", "third", "days"))
    seconds = pl.when(part("minutes").is_not_null()).then(True).when(part("hours").is_null()).then(form == "m:ss")
    two = pl.when(seconds).then(first + second / 60).otherwise(first * 60 + second)
    size = pl.when(third.is_null()).then(two).otherwise(first * 60 + second + third / 60)
    return _signed(size + days.fill_null(0) * 1440, part("sign"))


def _of_units(text: pl.Expr) -> pl.Expr:
    part = _dissected(text, _UNITS)
    sizes = {"d": 1440, "h": 60, "m": 1, "s": 1 / 60}
    given = pl.any_horizontal(part(name).is_not_null() for name in sizes)
    total = pl.sum_horizontal(_number(part(name)) * size for name, size in sizes.items())
    return pl.when(given).then(_signed(total, part("sign")))


def _of_excel(text: pl.Expr) -> pl.Expr:
    part = _dissected(text, _EXCEL)
    at = pl.format("{} {}", part("date"), part("time")).str.to_datetime("%Y-%m-%d %H:%M:%S%.f", strict=False)
    # Excel believes in 29 February 1900, so that its count of days begins a day earlier after it.
    start = pl.when(at < pl.datetime(1900, 3, 1)).then(pl.datetime(1899, 12, 31)).otherwise(pl.datetime(1899, 12, 30))
    return (at - start).dt.total_seconds() / 60


def _number(text: pl.Expr) -> pl.Expr:
    return text.str.replace(",", ".", literal=True).cast(pl.Float64)


def _signed(size: pl.Expr, sign: pl.Expr) -> pl.Expr:
    return pl.when(sign.is_in(["-", "−"])).then(-size).otherwise(size)
