"""Zendesk's schedules (minutes since Sunday, holidays, Rails time zones) as settings of opening hours."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from cxlib.errors import CxError
from cxlib.settings import WEEKDAYS
from cxlib.sources.mapped.mapping import ROW
from cxlib.sources.reading.rails_zones import iana_zone
from cxlib.sources.zendesk.files import Records

_DAY = 1440
Row = Mapping[str, Any]


def schedules(records: Records) -> tuple[dict[str, str], dict[str, Any]]:
    """Return schedule names by id, and settings: `timezone`, `default_schedule`, `schedules`; both empty without any,
    but for the account's own time zone where the export holds the account.

    The default schedule is the one that says so, else the first of the list, which is how the API orders them. Holidays
    are given by their first and last day.
    """
    rows = records["schedules"].sort(ROW).collect().to_dicts()
    holidays = [row for row in records["holidays"].collect().to_dicts() if not _is_true(row["_fivetran_deleted"])]
    names: dict[str, str] = {}
    plans: dict[str, Any] = {}
    for number in dict.fromkeys(row["id"] for row in rows if row["id"]):
        mine = [row for row in rows if row["id"] == number]
        living = [row for row in mine if not _is_true(row["_fivetran_deleted"])] or mine
        name = mine[0]["name"] or number
        names[number] = name if name not in plans else f"{name} ({number})"
        days = [day for row in mine for day in _parsed(row["holidays"])]
        days += [day for day in holidays if day["schedule_id"] == number]
        plans[names[number]] = {
            "timezone": iana_zone(mine[0]["time_zone"] or "UTC"),
            "hours": _hours([span for row in living for span in _spans(row)]),
            "extra_holidays": sorted({day for holiday in days for day in _days(holiday)}),
        }
    if not plans:
        zones = records["account"].select("time_zone").drop_nulls().collect()["time_zone"].to_list()
        return {}, {"timezone": iana_zone(zones[-1])} if zones else {}
    told = next((row["id"] for row in rows if _is_true(row["default"])), None)
    default = names[told] if told else next(iter(plans))
    return names, {"timezone": plans[default]["timezone"], "default_schedule": default, "schedules": plans}


def _is_true(text: str | None) -> bool:
    return (text or "").lower() in ("true", "1", "t")


def _parsed(text: str | None) -> list[Row]:
    return json.loads(text) if text else []


def _spans(row: Row) -> Iterator[tuple[int, int]]:
    """Give a row's open spans in minutes since Sunday 0:00, local time."""
    for told in [row] if row["start_time"] else _parsed(row["intervals"]):
        yield int(told["start_time"]), int(told["end_time"])


def _hours(spans: Sequence[tuple[int, int]]) -> dict[str, list[str]]:
    """Return opening hours by weekday; a span over midnight is cut there, Saturday's goes on on Sunday."""
    found: dict[str, list[str]] = {day: [] for day in WEEKDAYS}
    for start, end in sorted(set(spans)):
        for day in range(start // _DAY, (end - 1) // _DAY + 1):
            first, last = max(start - day * _DAY, 0), min(end - day * _DAY, _DAY)
            text = f"{first // 60:02}:{first % 60:02}-{last // 60:02}:{last % 60:02}"
            found[WEEKDAYS[(day - 1) % 7]].append(text)
    return found


def _days(holiday: Row) -> Iterator[date]:
    try:
        first, last = (date.fromisoformat(holiday[end][:10]) for end in ("start_date", "end_date"))
    except (KeyError, TypeError, ValueError):
        raise CxError(f"A holiday of a schedule has no first and last day: {holiday}.") from None
    yield from (first + timedelta(days=number) for number in range((last - first).days + 1))
