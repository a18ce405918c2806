"""What each number and word of the settings may be: what is absurd is refused before anything is computed."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from typing import Any

from cxlib.errors import UsageError, shown, unknown_name
from cxlib.tables.schema import PLAUSIBLE_YEARS

_A_DAY, _THREE_YEARS, _MOST_MONEY = 86_400, 1_100, 1e9
_EVERY = "*"
_CURRENCY = re.compile(r"[A-Z]{3}")
RANGES: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "windows": {"backlog_days": (0, _THREE_YEARS), _EVERY: (1, _THREE_YEARS)},
    "margins": {"share": (0, 25), "score": (0, 50), "rate": (0, 25), "mean": (0, 0.25), _EVERY: (0, 0.5)},
    "staffing": {
        "within_seconds": (1, _A_DAY), "chats_at_once": (1, 100), "shrinkage": (0, 0.99), _EVERY: (0.01, 0.99),
    },
    "costs": {"gross_margin": (0, 1), "acquisition": (0, _MOST_MONEY), "agent_hour": (0, _MOST_MONEY)},
    "settings": {"min_group": (0, 1_000_000), "loyal_years": (0, 100), "minutes_per_reply": (0.01, 1440)},
}  # fmt: skip
"""Section of the settings → name → lowest and highest value; "*" is every other name of the section."""


def check_numbers(section: str, values: Mapping[str, Any]) -> None:
    """Refuse a number outside its range: a UsageError names the first. Names without a range pass."""
    ranges = RANGES[section]
    for name, value in values.items():
        low, high = ranges.get(name) or ranges.get(_EVERY) or (value, value)
        if isinstance(value, (int, float)) and not low <= value <= high:
            negative = "it cannot be negative; " if value < 0 else ""
            raise UsageError(f"[{section}] {name} = {shown(value)}: {negative}{low:,g} to {high:,g} is expected.")


def check_costs(costs: Mapping[str, float]) -> None:
    """Refuse costs that nothing reads, and absurd ones."""
    for name in costs:
        if name not in RANGES["costs"]:
            raise unknown_name("name in [costs]", name, RANGES["costs"])
    check_numbers("costs", costs)


def check_currency(code: str) -> None:
    """Refuse what is no code of three capitals (ISO 4217)."""
    if not _CURRENCY.fullmatch(code):
        raise UsageError(f"[settings] currency = {shown(code)}: a code of three capitals is expected, such as 'EUR'.")


def check_days(where: str, days: Iterable[date | None]) -> None:
    """Refuse days in years that no export holds."""
    first, last = PLAUSIBLE_YEARS
    for day in days:
        if day is not None and not first <= day.year <= last:
            raise UsageError(f"[{where}] {day}: a date from {first} to {last} is expected.")


def check_half_days(where: str, days: Iterable[str]) -> None:
    """Refuse half days that are no dates."""
    for text in days:
        try:
            check_days(where, [date.fromisoformat(str(text))])
        except ValueError:
            raise UsageError(f"[{where}] Half day {shown(text)} is not a date; write it as '2026-12-24'.") from None


@cache
def check_calendar(calendar: str) -> None:
    """Refuse a public-holiday calendar that does not exist; an empty name means none."""
    if not calendar:
        return
    import holidays  # late: half a second, and only where a schedule names a calendar

    country, _, subdivision = calendar.partition("-")
    try:
        holidays.country_holidays(country, subdiv=subdivision or None, years=2026)
    except (NotImplementedError, KeyError, AttributeError):
        raise UsageError(
            f"There is no holiday calendar {shown(calendar)}; use a country code such as 'PL', or "
            "a country and its part such as 'DE-BY'."
        ) from None
