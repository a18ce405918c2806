"""Numbers, months and dates as text: the only place that formats one.

A no-break space stands between number and unit, U+2212 is the minus sign. No decimal more than the interval deserves:
half an interval keeps two significant digits, shares and scores one decimal at most.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from cxlib.errors import unknown_name
from cxlib.periods import bounds, grain_of, parse_month

SPACE = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "pl": "styczeń luty marzec kwiecień maj czerwiec lipiec sierpień wrzesień październik listopad grudzień",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "ru": "январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь",
}
_WEEKDAYS = {
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "de": "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
    "pl": "poniedziałek wtorek środa czwartek piątek sobota niedziela",
    "pt": "segunda terça quarta quinta sexta sábado domingo",
    "ru": "понедельник вторник среда четверг пятница суббота воскресенье",
}
_THIN = "\N{NARROW NO-BREAK SPACE}"
_MARKS = {"en": (".", ","), "de": (",", "."), "pl": (",", _THIN), "pt": (",", "."), "ru": (",", _THIN)}
_UNITS = (("min", 1.0, 90.0), ("h", 60.0, 2880.0), ("d", 1440.0, math.inf))


class Measured(Protocol):
    """What a number's look depends on: a metric, seen from here."""

    @property
    def name(self) -> str:
        """Identifier; the `…_business` twin of a duration is never printed in days."""

    @property
    def kind(self) -> str:
        """Share, mean, score, duration or count."""

    @property
    def measured_in(self) -> str:
        """Unit of the value."""


@dataclass(frozen=True, slots=True)
class Format:
    """How one figure and everything beside it (interval, change) is printed."""

    unit: str  # suffix in words or signs ("%", "points", "h"), empty if none
    divisor: float = 1.0  # value ÷ printed number: 60 when minutes are printed as hours
    decimals: int = 0  # of every number; −2 rounds to hundreds
    signed: bool = False  # whether a plus sign is printed (scores)
    language: str = "en"  # of decimal mark and thousands separator
    none: float | None = None  # what no other value may print as: such a value alone gets decimals more

    @property
    def short(self) -> Format:
        """The same without a unit in words ("conversations"), which a subtitle names; "%", "h" and "EUR" stay."""
        return replace(self, unit="") if len(self.unit) > 3 else self

    def apart(self, *values: float | None, none: float = 0.0) -> Format:
        """Return the same, but that those of the values that would print as `none` and are not it get decimals more.

        So a printed interval leaves out zero exactly when the interval does, and its other end is as exact as it was.
        """
        known = [value for value in values if value is not None and abs(value - none) > 1e-9]
        finer = replace(self, none=none)
        return finer if any(finer.bare(value) != self.bare(value) for value in known) else self

    def bare(self, value: float) -> str:
        """Return the number without its unit."""
        texts = [self._bare(value, more) for more in range(3)]
        if self.none is None or abs(value - self.none) <= 1e-9:
            return texts[0]
        same = [self._bare(self.none, more) for more in range(3)]
        return next((text for text, none in zip(texts, same, strict=True) if text != none), texts[0])

    def _bare(self, value: float, more: int) -> str:
        return number(value / self.divisor, self.decimals + more, signed=self.signed, language=self.language)

    def value(self, value: float) -> str:
        """Return the number with its unit."""
        text = self.bare(value)
        unit = self.unit[:-1] if self.unit == "points" and text.lstrip("+" + MINUS) == "1" else self.unit
        return f"{text}{SPACE}{unit}" if unit else text

    def interval(self, low: float | None, high: float | None) -> str:
        """Return "3.1–14.5", or "−6.0 to 1.8" where a sign makes a dash unreadable; without the unit.

        An end that is not known (None) leaves "3.1 or more" or "up to 14.5"; neither known leaves nothing.
        """
        if low is None:
            return "" if high is None else f"up to {self.bare(high)}"
        if high is None:
            return f"{self.bare(low)} or more"
        first, last = self.bare(low), self.bare(high)
        signs = self.signed or MINUS in first + last
        return f"{first} to {last}" if signs else f"{first}–{last}"

    def with_interval(self, value: float, low: float | None, high: float | None, more: str = "") -> str:
        """Return "75.2 % (68.8–80.7)", the brackets left out where there is no interval; `more` follows inside them."""
        inside = "; ".join(part for part in (self.interval(low, high), more) if part)
        return self.value(value) + (f" ({inside})" if inside else "")


def format_of(
    metric: Measured,
    size: float,
    width: float | None = None,
    *,
    difference: bool = False,
    language: str = "en",
) -> Format:
    """Choose unit and decimals for a figure, or for a difference of two: points instead of %.

    `size` chooses between minutes, hours and days, `width` (high − low of its interval, None if it has none) the
    decimals.

    Raises:
        UsageError: Unknown language.
    """
    _marks(language)
    if metric.kind == "duration":
        units = _UNITS[:2] if metric.name.endswith("_business") else _UNITS
        unit, divisor, _ = next((unit for unit in units if abs(size) < unit[2]), units[-1])
        most = 0 if unit == "min" and abs(size) >= 10 else 1
        decimals = most if width is None else min(most, deserved(width / divisor))
        return Format(unit, divisor, decimals, language=language)
    if metric.kind == "count":
        money = metric.measured_in if metric.measured_in.isupper() else ""
        return Format(money, decimals=leading(size) if money else 0, language=language)
    decimals = 1 if width is None else min(2 if metric.kind == "mean" else 1, deserved(width))
    if metric.kind == "score" and not difference:
        return Format("", decimals=decimals, signed=True, language=language)
    unit = metric.measured_in
    if difference:
        unit = "points" if unit == "%" else unit.split(" of ")[0]
    return Format(unit, decimals=decimals, language=language)


def share_format(width: float | None = None, language: str = "en") -> Format:
    """Return how a share in % is printed that is not a metric's own value: a class of a distribution."""
    return Format("%", decimals=1 if width is None else min(1, deserved(width)), language=language)


def deserved(width: float) -> int:
    """Return the decimals, two at most, that leave half an interval of this width two significant digits."""
    return 2 if width <= 0 else min(2, max(0, 1 - math.floor(math.log10(width / 2))))


def leading(amount: float) -> int:
    """Return the decimals (0 or negative) that keep the four leading digits of an amount of money."""
    return min(0, 3 - math.floor(math.log10(max(abs(amount), 1.0))))


def number(value: float, decimals: int = 0, *, signed: bool = False, language: str = "en") -> str:
    """Return a number as text in a language; a rounded zero has no sign, 6.500000000000001 is 6.5.

    >>> number(-12345.678, 1)
    '−12,345.7'
    >>> number(12345.678, 1, language="de")
    '12.345,7'
    """
    decimal, thousands = _marks(language)
    settled = float(f"{abs(value):.14g}")  # the last bits depend on the order of a sum
    settled = round(settled, decimals) if decimals < 0 else settled
    text = f"{settled:,.{max(decimals, 0)}f}".translate({ord(","): thousands, ord("."): decimal})
    if not text.strip("0.,"):
        return text
    return (MINUS if value < 0 else "+" if signed else "") + text


def percent(share: float, language: str = "en") -> str:
    """Return a share of 1 as whole percent; a share too small for one is "less than 1 %", never 0 %."""
    text = number(max(share * 100, 1) if share else 0, language=language)
    return f"{'less than ' if 0 < share < 0.005 else ''}{text}{SPACE}%"


def month(period: str, language: str = "en") -> str:
    """Return "October 2026" of "2026-10".

    Raises:
        UsageError: Not a month, or an unknown language.
    """
    _marks(language)
    year, index = parse_month(period)
    return f"{_MONTHS[language].split()[index - 1]} {year}"


def period(text: str, language: str = "en") -> str:
    """Return a period of any grain in words.

    >>> [period(text) for text in ("2026-10", "2026-10-31", "2026-W43", "2026-01/2026-10", "2025-01/2025-12")]
    ['October 2026', '31 October 2026', 'the week of 19 October 2026', 'January to October 2026', '2025']
    """
    grain, first = grain_of(text), bounds(text)[0]
    if grain == "month":
        return month(text, language)
    if grain == "year":
        whole = text[5:7] == "01" and text[-2:] == "12"
        return text[:4] if whole else f"{month(text[:7], language)[:-5]} to {month(text[-7:], language)}"
    return day(first, language) if grain == "day" else f"the week of {day(first, language)}"


def short_month(period: str, language: str = "en") -> str:
    """Return "Oct" of "2026-10": the first three letters of the month."""
    return month(period, language)[:3]


def day(value: date, language: str = "en") -> str:
    """Return "12 October 2026"."""
    return f"{value.day} {month(f'{value:%Y-%m}', language)}"


def weekday(number: int, language: str = "en") -> str:
    """Return "Monday" of 1 … "Sunday" of 7."""
    _marks(language)
    return _WEEKDAYS[language].split()[number - 1]


def ticks(low: float, high: float, *, most: int = 5) -> list[float]:
    """Return round numbers (1, 2 or 5 times a power of ten apart) within [low, high], at most `most` of them.

    >>> ticks(62, 83)
    [65.0, 70.0, 75.0, 80.0]
    """
    if high <= low:
        return [low]
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    for step in (power, 2 * power, 5 * power, 10 * power, 20 * power):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first + 1 <= most:
            break
    return [float(f"{index * step:.12g}") for index in range(first, last + 1)]


def tick_decimals(values: list[float]) -> int:
    """Return the decimals that tell neighbouring ticks apart."""
    step = min((b - a for a, b in itertools.pairwise(values)), default=1.0)
    return max(0, -math.floor(math.log10(step) + 1e-9))


def _marks(language: str) -> tuple[str, str]:
    if language not in _MARKS:
        raise unknown_name("language", language, _MARKS)
    return _MARKS[language]
