"""What is looked at: a data set, a month, a grouping, filters, what the month is compared with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from cxlib.errors import UsageError, unknown_name
from cxlib.periods import month_of, months_between, parse_month, shift
from cxlib.schema import DIMENSIONS
from cxlib.store import Data, open_data

Filters = tuple[tuple[str, tuple[str, ...]], ...]
LANGUAGES = ("en",)


@dataclass(frozen=True, slots=True)
class View:
    """One way to look at a data set; every question takes one.

    Attributes:
        data: The opened data folder.
        month: Reported month, "YYYY-MM".
        by: Dimension that breaks figures down by default; empty for none.
        filters: (dimension, accepted values) pairs; all must hold.
        compare_with: "previous" (month), "last_year" (same month), or a month.
        weighted: Whether survey weights count.
        language: Language of words and numbers.
        engine: "polars" or "duckdb": what executes the metric expressions.
    """

    data: Data
    month: str
    by: str = ""
    filters: Filters = ()
    compare_with: str = "previous"
    weighted: bool = True
    language: str = "en"
    engine: str = "polars"

    @property
    def baseline(self) -> str:
        """The month that the reported one is compared with."""
        return {"previous": shift(self.month, -1), "last_year": shift(self.month, -12)}.get(
            self.compare_with, self.compare_with
        )

    @property
    def last_year(self) -> str:
        """The same month one year earlier."""
        return shift(self.month, -12)

    @property
    def filter_text(self) -> str:
        """The filters as one line, "team=Billing; channel=phone|chat"."""
        return "; ".join(f"{name}={'|'.join(values)}" for name, values in self.filters)

    def months(self, count: int) -> list[str]:
        """Return the last `count` months up to the reported one, none before the data begin."""
        first = max(shift(self.month, 1 - count), self.data.first_month)
        return months_between(min(first, self.month), self.month)

    def only(self, dimension: str, *values: str) -> View:
        """Return the same view of fewer rows."""
        return replace(self, filters=(*self.filters, (dimension, values)))


def view(
    data: str | Data = "demo",
    *,
    month: str = "previous",
    by: str = "",
    filters: str = "",
    compare_with: str = "previous",
    weighted: bool = True,
    language: str = "en",
    engine: str = "polars",
) -> View:
    """Open a data set and check every word of the request before anything is computed.

    Args:
        data: Name below data/, a path, or an opened data set.
        month: "YYYY-MM", or "previous" for the last complete month of the data.
        by: Dimension name, or empty.
        filters: "dimension=value|value; dimension=value", or empty.
        compare_with: "previous", "last_year" or a month.
        weighted: Whether survey weights count.
        language: Language of words and numbers.
        engine: "polars" or "duckdb".

    Raises:
        UsageError: An unknown name, an unreadable month, or a month outside the data.
    """
    opened = open_data(data) if isinstance(data, str) else data
    chosen = last_complete_month(opened) if month == "previous" else month
    parse_month(chosen)
    if not opened.first_month <= chosen <= opened.last_month:
        period = f"{opened.first_month} to {opened.last_month}"
        raise UsageError(f"The data {opened.name!r} have no month {chosen}; they run from {period}.")
    if compare_with not in ("previous", "last_year"):
        parse_month(compare_with)
    for what, name, known in (("dimension", by, DIMENSIONS), ("language", language, LANGUAGES)):
        if name and name not in known:
            raise unknown_name(what, name, known)
    return View(opened, chosen, by, parse_filters(filters), compare_with, weighted, language, engine)


def parse_filters(text: str) -> Filters:
    """Read "team=Billing; channel=phone|chat".

    >>> parse_filters("team=Billing; channel=phone|chat")
    (('team', ('Billing',)), ('channel', ('phone', 'chat')))

    Raises:
        UsageError: Not of that form, or an unknown dimension.
    """
    parsed = []
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        name, sign, values = (piece.strip() for piece in part.partition("="))
        if not sign or not values:
            raise UsageError(f"Filter {part!r} is not of the form dimension=value or dimension=value|value.")
        if name not in DIMENSIONS:
            raise unknown_name("dimension", name, DIMENSIONS)
        parsed.append((name, tuple(value.strip() for value in values.split("|"))))
    return tuple(parsed)


def last_complete_month(data: Data) -> str:
    """Return the last month of the data that was over when they were extracted, in the settings' time zone."""
    local = data.extracted_at.astimezone(ZoneInfo(data.settings.timezone))
    complete = shift(month_of(local.date()), -1)
    return max(min(complete, data.last_month), data.first_month)
