"""What is looked at: a data set, a month, a grouping, filters, what the month is compared with."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import polars as pl

from cxlib.errors import UsageError, unknown_name
from cxlib.layout import check_layout
from cxlib.metrics.goals import check_goals
from cxlib.metrics.registry import MONEY, Metric, get
from cxlib.periods import month_of, months_between, parse_month, shift
from cxlib.store.folder import Data, open_data
from cxlib.tables.schema import DIMENSIONS

Filters = tuple[tuple[str, tuple[str, ...]], ...]
LANGUAGES = ("en",)
NOT_KNOWN = "(not known)"
"""The group of rows without a value of a dimension."""
SO_NAMED = '"(not known)"'
"""The group of rows whose value is this very text: a group of its own, in quotes."""
_HIDDEN = {mark: chr(0xE000 + place) for place, mark in enumerate("\\;| ")}  # an escaped mark while a text is split
_SHOWN = str.maketrans({hidden: mark for mark, hidden in _HIDDEN.items()})


@dataclass(frozen=True, slots=True)
class Query:
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
        return filter_line(self.filters)

    def months(self, count: int) -> list[str]:
        """Return the last `count` months up to the reported one, none before the data begin."""
        first = max(shift(self.month, 1 - count), self.data.first_month)
        return months_between(min(first, self.month), self.month)

    @property
    def currencies(self) -> list[str]:
        """The currencies of the orders that the filters keep."""
        kept = [set(values) for name, values in self.filters if name == "currency"]
        return sorted(set(self.data.currencies).intersection(*kept)) or [self.data.settings.currency]

    def metric(self, name: str) -> Metric:
        """Return the metric of that name; amounts of money are measured in the currency of the data, if it is one.

        Raises:
            UsageError: No such metric.
        """
        found = get(name)
        single = found.measured_in == MONEY and len(self.currencies) == 1
        return replace(found, measured_in=self.currencies[0]) if single else found

    def settled(self, name: str) -> Query:
        """Return the same view at its last month whose values of a metric are all known: its windows are over.

        Raises:
            UsageError: No such metric.
        """
        window = get(name).window
        days = getattr(self.data.settings.windows, window) if window else 0
        local = (self.data.extracted_at - timedelta(days=days)).astimezone(ZoneInfo(self.data.settings.timezone))
        month = min(self.month, shift(month_of(local.date()), -1)) if window else self.month
        return replace(self, month=max(month, self.data.first_month))

    def only(self, dimension: str, *values: str) -> Query:
        """Return the same view of fewer rows."""
        return replace(self, filters=(*self.filters, (dimension, values)))


def query(
    data: str | Data = "demo",
    *,
    month: str = "previous",
    by: str = "",
    filters: str = "",
    compare_with: str = "previous",
    weighted: bool = True,
    language: str = "en",
    engine: str = "polars",
) -> Query:
    """Open a data set and check every word of the request before anything is computed.

    Args:
        data: Name below data/, a path, or an opened data set.
        month: "YYYY-MM", or "previous" for the last complete month of the data.
        by: Dimension name, or empty.
        filters: "dimension=value|value; dimension=value", or empty (see `parse_filters`).
        compare_with: "previous", "last_year" or a month.
        weighted: Whether survey weights count.
        language: Language of words and numbers.
        engine: "polars" or "duckdb".

    Raises:
        UsageError: An unknown name, an unreadable month, or a month outside the data.
        CxError: Tables that another version wrote.
    """
    opened = open_data(data) if isinstance(data, str) else data
    check_layout(opened)
    chosen = last_complete_month(opened) if month == "previous" else month
    _check_month(opened, chosen)
    if compare_with not in ("previous", "last_year"):
        _check_month(opened, compare_with)
    for what, name, known in (("dimension", by, DIMENSIONS), ("language", language, LANGUAGES)):
        if (name or what == "language") and name not in known:
            raise unknown_name(what, name, known)
    kept = tuple((name, _known_values(opened, name, values)) for name, values in parse_filters(filters))
    check_goals(opened.settings)
    return Query(opened, chosen, by, kept, compare_with, weighted, language, engine)


def _check_month(data: Data, month: str) -> None:
    parse_month(month)
    if not data.first_month <= month <= data.last_month:
        period = f"{data.first_month} to {data.last_month}"
        raise UsageError(f"The data {data.name!r} have no month {month}; they run from {period}.")


def _known_values(data: Data, dimension: str, values: tuple[str, ...]) -> tuple[str, ...]:
    """Return the values a filter keeps, labels such as an agent's name replaced by their keys.

    Raises:
        UsageError: A value that no row has.
    """
    declared = DIMENSIONS[dimension]
    homes = {(path.hops[-1][1] if path.hops else name, path.column) for name, path in declared.paths.items()}
    known = {NOT_KNOWN}
    for name, column in sorted(homes):
        if column in data.filled(name):
            found = data.scan(name).select(pl.col(column).cast(pl.String).unique()).collect().to_series()
            known |= {SO_NAMED if value == NOT_KNOWN else value for value in found.drop_nulls()}
    labels: dict[str, list[str]] = {}
    if declared.label and data.has(declared.label[0]):
        name, column = declared.label
        named = data.scan(name).select(declared.key, column).drop_nulls().unique().sort(declared.key, column)
        for key, label in named.collect().iter_rows():
            labels.setdefault(label, []).append(key)
    for value in values:
        if len(known) > 1 and value not in known and value not in labels:
            raise unknown_name(f"{dimension} in the data {data.name!r}:", value, known | set(labels))
    return tuple(key for value in values for key in (labels.get(value, [value]) if value not in known else [value]))


def filter_line(filters: Filters) -> str:
    r"""Return filters as the text that `parse_filters` reads; a mark in a value has a backslash before it.

    >>> print(filter_line((("team", ("Billing|Refund", "Sales")),)))
    team=Billing\|Refund|Sales
    """
    kept = ((name, (re.sub(r"[\\;|]|^ | $", r"\\\g<0>", value) for value in values)) for name, values in filters)
    return "; ".join(f"{name}={'|'.join(values)}" for name, values in kept)


def parse_filters(text: str) -> Filters:
    r"""Read "team=Billing; channel=phone|chat"; after a backslash, ";", "|", a space and a backslash are a value's own.

    >>> parse_filters(r"team=Billing; channel=phone|chat; category=either\|or")
    (('team', ('Billing',)), ('channel', ('phone', 'chat')), ('category', ('either|or',)))

    Raises:
        UsageError: Not of that form, or an unknown dimension.
    """
    parsed = []
    hidden = re.sub(r"\\([\\;| ])", lambda found: _HIDDEN[found[1]], text)
    for part in filter(None, (piece.strip() for piece in hidden.split(";"))):
        name, sign, values = (piece.strip() for piece in part.partition("="))
        if not sign or not values:
            raise UsageError(
                f"Filter {part.translate(_SHOWN)!r} is not of the form dimension=value or dimension=value|value."
            )
        if name not in DIMENSIONS:
            raise unknown_name("dimension", name, DIMENSIONS)
        parsed.append((name, tuple(value.strip().translate(_SHOWN) for value in values.split("|"))))
    return tuple(parsed)


def last_complete_month(data: Data) -> str:
    """Return the last month of the data that was over when they were extracted, in the settings' time zone."""
    local = data.extracted_at.astimezone(ZoneInfo(data.settings.timezone))
    complete = shift(month_of(local.date()), -1)
    return max(min(complete, data.last_month), data.first_month)
