"""Abbreviations of time zones: what each stands for, which stand for several, and what settles those."""

import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl

from cxlib.errors import CxError, some_names

_UTC = ("Z", "UTC", "GMT", "UT", "WET")
_HOURS = {
    "EST": -5, "EDT": -4, "CDT": -5, "MDT": -6, "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10, "ADT": -3, "NST": -3.5,
    "NDT": -2.5, "BRT": -3, "ART": -3, "CLT": -4, "CLST": -3, "COT": -5, "PET": -5, "WEST": 1, "CET": 1, "CEST": 2,
    "MEZ": 1, "MESZ": 2, "EET": 2, "EEST": 3, "MSK": 3, "TRT": 3, "SAST": 2, "CAT": 2, "EAT": 3, "WAT": 1, "PKT": 5,
    "NPT": 5.75, "WIB": 7, "ICT": 7, "HKT": 8, "SGT": 8, "AWST": 8, "JST": 9, "KST": 9, "ACST": 9.5, "ACDT": 10.5,
    "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
}  # fmt: skip
# Each of them means several; the hours are those of North America, which stand only where something else says so.
_SEVERAL: Mapping[str, float | None] = {
    "CST": -6, "MST": -7, "PST": -8, "AST": -4, "IST": None, "BST": None, "GST": None, "SST": None, "AMT": None,
    "ECT": None, "WST": None,
}  # fmt: skip
_NORTH_AMERICAN = ("EST", "EDT", "CDT", "MDT", "PDT", "AKST", "AKDT", "ADT", "NST", "NDT")
_OFFSET = re.compile(r"([+-])(\d{2}):(\d{2})")
_SEEN = r"(?:\d| [AaPp]\.?[Mm]\.?) ?([A-Z]{2,5})(?: ?\([^)]*\))?$"


def abbreviations(text: pl.Expr) -> pl.Expr:
    """Return the abbreviations of zones that end texts, each once, as one list."""
    return text.str.strip_chars().str.extract(_SEEN).drop_nulls().unique().implode()


def zone_minutes(abbreviation: str, told: str) -> int | None:
    """Return minutes from UTC of an abbreviation that is told to mean "+05:30" or a zone; None if it is neither."""
    if written := _OFFSET.fullmatch(told):
        minutes = int(written[2]) * 60 + int(written[3])
        return -minutes if written[1] == "-" else minutes
    try:
        return _of_zone(told).get(abbreviation)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return None


def _of_zone(zone: str) -> dict[str, int]:
    """Return the abbreviations that a zone uses itself, in winter and in summer."""
    found = {}
    for month in (1, 7):
        moment = datetime(2024, month, 15, tzinfo=ZoneInfo(zone))
        found[moment.tzname() or ""] = int((moment.utcoffset() or timedelta()).total_seconds()) // 60
    return found


def settle_zones(seen: Collection[str], told: Mapping[str, str], *, zone: str, where: str) -> dict[str, int]:
    """Return the minutes from UTC of every abbreviation that occurs and is known.

    What the mapping says comes first, then what the zone of the file itself uses. One that means several stands for
    North America's if other abbreviations, or the zone, are from there.

    Raises:
        CxError: An abbreviation that means several, with nothing that settles which.
    """
    minutes = dict.fromkeys(_UTC, 0) | {name: int(hours * 60) for name, hours in _HOURS.items()}
    american = zone.startswith(("America/", "US/", "Canada/")) or any(name in _NORTH_AMERICAN for name in seen)
    if american:
        minutes |= {name: int(hours * 60) for name, hours in _SEVERAL.items() if hours is not None}
    minutes |= _of_zone(zone)
    minutes |= {name: found for name, text in told.items() if (found := zone_minutes(name, text)) is not None}
    if open_ := sorted(name for name in seen if name in _SEVERAL and name not in minutes):
        raise CxError(
            f"{where}: {some_names(open_)} may stand for several time zones. Say which in [files], for example "
            f'zones = {{ {open_[0]} = "+05:30" }}, or with the name of a zone.'
        )
    return {name: minutes[name] for name in seen if name in minutes}
