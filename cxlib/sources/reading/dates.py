"""Instants out of text: many ways to write a date in one column, an order of day and month that is never guessed."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

import polars as pl

from cxlib.errors import CxError, some_names
from cxlib.sources.reading.month_names import DAY_NAMES, month_number

_NUMERIC = r"(?P<a>\d{1,2})[-/.](?P<b>\d{1,2})[-/.](?P<y3>\d{4}|\d{2})"
# Classes of a few letters and [0-9] match several times faster than \p{L} and \d, which know every script.
_NAME, _OF = r"[A-Za-zÀ-žА-яё]{3,12}", r"(?:[-/., ]+| de )"
_DATES = "|".join(
    (
        r"(?P<y1>\d{4})[-/.](?P<m1>\d{1,2})[-/.](?P<d1>\d{1,2})",
        r"(?P<y2>\d{4})(?P<m2>\d{2})(?P<d2>\d{2})",
        _NUMERIC,
        rf"(?P<d4>\d{{1,2}})(?:st|nd|rd|th|º)?{_OF}(?P<m4>{_NAME})\.?{_OF}(?P<y4>\d{{4}}|\d{{2}})(?: ?[rг]\.)?",
        rf"(?P<m5>{_NAME})\.? (?P<d5>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<y5>\d{{4}})",
        rf"(?P<y6>\d{{4}})[-/ ](?P<m6>{_NAME})\.?[-/ ](?P<d6>\d{{1,2}})",
    )
)
_AT = r"(?:T|,? +(?:(?:at|um|o|às|as|a las|в) +)?)"
_TIME = (
    rf"{_AT}(?P<hour>\d{{1,2}}):(?P<minute>\d{{2}})(?::(?P<second>\d{{2}})(?:[.,](?P<fraction>\d{{1,9}}))?)?(?: ?Uhr)?"
)
_HALF = r"(?: ?(?P<half>[AaPp])\.? ?[Mm]\.?)?"
_OFFSET = r"(?: ?(?P<offset>(?:UTC|GMT)?[+-]\d{1,2}(?::?\d{2})?|Z|[A-Z]{2,5})(?: ?\([^)]*\))?)?"
# A number of days since the end of 1899, as Excel counts: five digits from 1927 on.
_SERIAL = r"(?P<serial>\d{5}(?:[.,]\d+)?)"
_SHAPE = rf"^(?:{DAY_NAMES}(?:{_DATES})(?:{_TIME}{_HALF}{_OFFSET})?|{_SERIAL})$".replace(r"\d", "[0-9]")
_DAY_MS = 86_400_000
_LAST_CENTURY = 69  # two-digit years from here on are 19xx, as in strptime
Field = Callable[[str], pl.Expr]


def numeric_orders(texts: Mapping[str, pl.Expr]) -> list[pl.Expr]:
    """Return, per column of text, whether its all-number dates can only be day first, month first, or tell apart."""
    found = []
    for name, text in texts.items():
        parts = _plain(text).str.extract_groups(rf"^{DAY_NAMES}{_NUMERIC}(?:\D.*)?$")
        first, second = (parts.struct.field(part).cast(pl.Int32) for part in ("a", "b"))
        seen = pl.struct(day=(first > 12).any(), month=(second > 12).any(), differ=(first != second).any())
        found.append(seen.alias(name))
    return found


def decide_orders(found: Mapping[str, Mapping[str, bool]], *, where: str) -> dict[str, bool]:
    """Decide for every column whether the day comes first, from what `numeric_orders` saw.

    Raises:
        CxError: An order that the dates leave open, or both orders in one column.
    """
    open_, both = (
        [name for name, seen in found.items() if seen["differ"] and seen["day"] == seen["month"] == clash]
        for clash in (False, True)
    )
    if open_:
        raise CxError(
            f"{where}: dates such as 03/04/2023 in {some_names(open_)} may be read with the day or the month first, "
            "and no value settles it. Say day_first = true or false for the column (or for the file)."
        )
    if both:
        raise CxError(
            f"{where}: {some_names(both)} holds dates with the day first and dates with the month first. "
            "Say day_first = true or false: the others are then counted as unreadable; or give formats."
        )
    return {name: bool(seen["day"]) for name, seen in found.items()}


def dissect(text: pl.Expr) -> pl.Expr:
    """Return the parts of a date written in any of the known ways, as a struct; all null where it is none.

    Costly: put it into a column of its own before it is used.
    """
    return _plain(text).str.extract_groups(_SHAPE)


def _plain(text: pl.Expr) -> pl.Expr:
    """Return text with plain spaces for those that do not break or are narrow, and without marks of direction."""
    bare = text.str.replace_all(r"[\u{200e}\u{200f}\u{202a}-\u{202e}\u{feff}]", "")
    return bare.str.replace_all(r"[\s\u{a0}\u{2007}\u{2009}\u{202f}]+", " ").str.strip_chars()


def is_serial(parts: pl.Expr) -> pl.Expr:
    """Tell which dissected texts are numbers of days, as Excel counts them."""
    return parts.struct.field("serial").is_not_null()


def assemble(
    parts: pl.Expr, *, day_first: bool, zones: Mapping[str, int] = MappingProxyType({})
) -> tuple[pl.Expr, pl.Expr]:
    """Return the wall-clock instant of dissected text (null if there is none) and its offset from UTC in minutes.

    `day_first` is the order of all-number dates that do not begin with the year; `zones` are the minutes from UTC of
    abbreviations. A date with another abbreviation is none.
    """
    part = parts.struct.field
    first, second = (part("a"), part("b")) if day_first else (part("b"), part("a"))
    day = pl.coalesce(part("d1"), part("d2"), first, part("d4"), part("d5"), part("d6"))
    names = month_number(pl.coalesce(part("m4"), part("m5"), part("m6")))
    month = pl.coalesce(part("m1"), part("m2"), second, names)
    written = [_year(part), month, day, _hour(part), part("minute").fill_null("0"), part("second").fill_null("0")]
    whole = pl.format("{}-{}-{} {}:{}:{}.{}", *written, part("fraction").fill_null("0"))
    dated = whole.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False)
    minutes, known = _minutes(part("offset"), zones), part("offset").is_null()
    local = pl.coalesce(pl.when(known | minutes.is_not_null()).then(dated), _from_serial(part("serial")))
    return local, minutes


def _from_serial(serial: pl.Expr) -> pl.Expr:
    days = serial.str.replace(",", ".", literal=True).cast(pl.Float64)
    since = pl.duration(milliseconds=(days * _DAY_MS).round().cast(pl.Int64))
    return pl.lit(datetime(1899, 12, 30)).cast(pl.Datetime("us")) + since


def replaced(text: pl.Expr, values: Mapping[str, str]) -> pl.Expr:
    """Return the value that each text stands for, null for others; unlike `replace_strict` it works in batches."""
    return pl.coalesce(pl.when(text == old).then(pl.lit(new)) for old, new in values.items())


def by_formats(text: pl.Expr, formats: Sequence[str]) -> tuple[pl.Expr, pl.Expr]:
    """Return the same for text in one of several strptime formats, tried in turn.

    "unix" and "unix_ms" are seconds and milliseconds since 1970 in UTC.
    """
    read = [_by_format(text, form) for form in formats]
    return pl.coalesce(value for value, _ in read), pl.coalesce(offset for _, offset in read)


def _by_format(text: pl.Expr, form: str) -> tuple[pl.Expr, pl.Expr]:
    if form in ("unix", "unix_ms"):
        seconds = text.cast(pl.Float64, strict=False) / (1 if form == "unix" else 1_000)
        value = (seconds * 1_000_000).round().cast(pl.Int64, strict=False).cast(pl.Datetime("us"))
        return value, pl.when(value.is_not_null()).then(0)
    if not any(code in form for code in ("%H", "%I", "%T", "%R", "%k", "%l")):
        return text.str.to_date(form, strict=False).cast(pl.Datetime("us")), pl.lit(None, dtype=pl.Int32)
    value = text.str.to_datetime(form, time_unit="us", strict=False)
    if "%z" not in form:
        return value, pl.lit(None, dtype=pl.Int32)
    return value.dt.replace_time_zone(None), pl.when(value.is_not_null()).then(0)


def _year(part: Field) -> pl.Expr:
    year = pl.coalesce(part(f"y{shape}") for shape in range(1, 7))
    number = year.cast(pl.Int32)
    century = pl.when(number < _LAST_CENTURY).then(2000).otherwise(1900)
    return pl.when(year.str.len_chars() == 2).then(number + century).otherwise(number)


def _hour(part: Field) -> pl.Expr:
    """Hour of the day; on the 12-hour clock 12 AM is midnight, and hours past 12 do not exist."""
    hour, half = part("hour").fill_null("0").cast(pl.Int32), part("half").str.to_lowercase()
    twelve = pl.when(hour.is_between(1, 12)).then(hour % 12 + pl.when(half == "p").then(12).otherwise(0))
    return pl.when(half.is_null()).then(hour).otherwise(twelve)


def _minutes(offset: pl.Expr, zones: Mapping[str, int]) -> pl.Expr:
    written = offset.str.extract_groups(r"([+-])(\d{1,2}):?(\d{2})?$").struct.field
    size = written("2").cast(pl.Int32) * 60 + written("3").cast(pl.Int32).fill_null(0)
    signed = pl.when(written("1") == "-").then(-size).otherwise(size)
    named = {"Z": "0", "UTC": "0", "GMT": "0"} | {name: str(minutes) for name, minutes in zones.items()}
    return pl.coalesce(signed, replaced(offset, named).cast(pl.Int32))


def to_utc(local: pl.Expr, offset: pl.Expr, zone: str) -> tuple[pl.Expr, pl.Expr]:
    """Return the UTC instant of a wall-clock time, and whether the clock change made it doubtful.

    A time that occurs twice (clocks put back) is read as the earlier; one that never was (clocks put forward) keeps
    the offset in force before the change.
    """
    told = (local - pl.duration(minutes=offset)).dt.replace_time_zone("UTC")
    earlier = local.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null").dt.convert_time_zone("UTC")
    day = pl.duration(days=1)
    before = (local - day).dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    instant = pl.coalesce(told, earlier, before.dt.convert_time_zone("UTC") + day)
    sure = local.dt.replace_time_zone(zone, ambiguous="null", non_existent="null").is_not_null()
    return instant, local.is_not_null() & offset.is_null() & ~sure
