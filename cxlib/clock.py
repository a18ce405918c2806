"""Business minutes: open minutes so far at the end minus open minutes so far at the start, vectorised.

An instant is open when its local wall-clock time lies in a span of that day's opening hours. Open time is counted along
the local wall clock first (where a day always has 24 hours), then laid over real time segment by segment between two
daylight-saving changes; so a span across such a change is as long as real time passes, and no length is a limit.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cxlib.errors import UsageError, unknown_name
from cxlib.settings import WEEKDAYS, ScheduleSettings, Settings
from cxlib.tables.schema import INSTANT

FRIDAY = 5
Micros = NDArray[np.int64]
_MINUTE = 60_000_000
_DAY = 1440 * _MINUTE
_EPOCH = date(1970, 1, 1)
_FIRST_CHANGE, _LAST_CHANGE = ((date(year, 1, 1) - _EPOCH).days for year in (1900, 2100))  # days looked at


def open_minutes(start: pl.Series, end: pl.Series, schedule: ScheduleSettings, timezone: str) -> pl.Series:
    """Return the open minutes from each start to each end, UTC instants, under one schedule.

    Null where either end is null or the schedule has no hours at all, negative where the end lies before the start.
    `half_days` win over holidays, holidays over weekdays; `timezone` is that of a schedule that names none.

    Raises:
        UsageError: Unknown holiday calendar, or a half day that is not a date.
    """
    known = start.is_not_null() & end.is_not_null()
    first, last = (_micros(instants.filter(known)) for instants in (start, end))
    result = np.full(len(start), np.nan)
    if len(first) and schedule.is_known:
        bounds = min(first.min(), last.min()), max(first.max(), last.max())
        calendar = _calendar(schedule, schedule.timezone or timezone, *bounds)
        result[known.to_numpy()] = (calendar.so_far(last) - calendar.so_far(first)) / _MINUTE
    return pl.Series("business_minutes", result).fill_nan(None)


def business_minutes(start: pl.Series, end: pl.Series, schedule: pl.Series, settings: Settings) -> pl.Series:
    """Return the open minutes from each start to each end, as `open_minutes`, each under the schedule of its name.

    A name that is null means the default schedule.

    Raises:
        UsageError: A name that is not among the schedules of the settings.
    """
    spans = pl.DataFrame({"start": start, "end": end, "name": schedule.cast(pl.String)}).with_row_index()
    spans = spans.with_columns(pl.col("name").fill_null(settings.default_schedule))
    parts = [pl.DataFrame(schema={"index": pl.UInt32, "business_minutes": pl.Float64})]
    for (name,), part in spans.partition_by("name", as_dict=True, maintain_order=True).items():
        if name not in settings.schedules:
            raise unknown_name("schedule", str(name), settings.schedules)
        minutes = open_minutes(part["start"], part["end"], settings.schedules[name], settings.timezone)
        parts.append(pl.DataFrame({"index": part["index"], "business_minutes": minutes}))
    return pl.concat(parts).sort("index")["business_minutes"]


def day_kinds(days: pl.Series, schedule: ScheduleSettings) -> pl.Series:
    """Return what each local calendar day is under a schedule: working, weekend or holiday.

    A working day has opening hours, be they half; a holiday would have had some; every other day is "weekend". Where no
    hours are set, every day but the holidays counts as working.

    Raises:
        UsageError: Unknown holiday calendar, or a half day that is not a date.
    """
    numbers = days.cast(pl.Date).to_physical().to_numpy().astype(np.int64)
    special = {_day_number(text): bool(spans) for text, spans in schedule.half_days.items()}
    closed = set(_holidays(schedule, np.sort(numbers))) if len(numbers) else set()
    planned = [not schedule.is_known or bool(schedule.hours.get(day)) for day in WEEKDAYS]
    usual, working = ({day: planned[(day + 3) % 7] for day in map(int, np.unique(numbers))} for _ in range(2))
    working |= dict.fromkeys(closed, False) | special
    kinds = ["working" if working[day] else "holiday" if usual[day] else "weekend" for day in map(int, numbers)]
    return pl.Series("kind", kinds, dtype=pl.String)


def days_off(days: pl.Series, schedule: ScheduleSettings) -> pl.Series:
    """Return which days are off under a schedule; where no opening hours are set, Saturdays and Sundays are.

    Raises:
        UsageError: Unknown holiday calendar, or a half day that is not a date.
    """
    weekend = (days.dt.weekday() > FRIDAY) & (not schedule.is_known)
    return (weekend | (day_kinds(days, schedule) != "working")).alias("off")


@dataclass(frozen=True, slots=True)
class _Calendar:
    """Open time as two step tables, in microseconds.

    Spans: `opens` (local wall clock), `lengths`, `before` (open time before the span). Segments of constant offset from
    UTC: `begins` (UTC), `offsets`, `shifts` (what real open time lies ahead of open time on the wall clock).
    """

    opens: Micros
    lengths: Micros
    before: Micros
    begins: Micros
    offsets: Micros
    shifts: Micros

    def so_far(self, instants: Micros) -> Micros:
        """Return the open time up to each UTC instant, from a fixed origin."""
        segment = np.searchsorted(self.begins, instants, side="right") - 1
        return self.on_the_wall(instants + self.offsets[segment]) + self.shifts[segment]

    def on_the_wall(self, walls: Micros) -> Micros:
        """Return the open time up to each local wall-clock time, as if no clock were ever changed."""
        span = np.searchsorted(self.opens, walls, side="right") - 1
        so_far: Micros = self.before[span] + np.minimum(walls - self.opens[span], self.lengths[span])
        return so_far


def _calendar(schedule: ScheduleSettings, timezone: str, first: int, last: int) -> _Calendar:
    days = np.arange(first // _DAY - 2, last // _DAY + 3)
    opens, closes = _spans(schedule, days)
    lengths = closes - opens
    begins, offsets = _segments(ZoneInfo(timezone), int(days[0]), int(days[-1]))
    flat = _Calendar(opens, lengths, np.cumsum(lengths) - lengths, begins, offsets, np.zeros_like(begins))
    jumps = flat.on_the_wall(begins[1:] + offsets[:-1]) - flat.on_the_wall(begins[1:] + offsets[1:])
    shifts = np.concatenate([[0], np.cumsum(jumps)])
    return _Calendar(flat.opens, flat.lengths, flat.before, begins, offsets, shifts)


def _spans(schedule: ScheduleSettings, days: Micros) -> tuple[Micros, Micros]:
    """Return wall-clock openings and closings of all days, sorted, never overlapping, after an empty one as origin."""
    special = {_day_number(text): spans for text, spans in schedule.half_days.items()}
    closed = np.array([*special, *_holidays(schedule, days)], dtype=np.int64)
    working = days[~np.isin(days, closed)]
    plans = [(working[(working + 3) % 7 == number], schedule.hours.get(day, [])) for number, day in enumerate(WEEKDAYS)]
    plans += [(days[days == day], spans) for day, spans in special.items()]
    pairs = [
        (which * _DAY + _time(span[:5]), which * _DAY + _time(span[6:])) for which, spans in plans for span in spans
    ]
    origin = np.array([days[0] * _DAY - _DAY])
    opens = np.concatenate([origin, *(pair[0] for pair in pairs)])
    closes = np.concatenate([origin, *(pair[1] for pair in pairs)])
    order = np.argsort(opens, kind="stable")
    opens, closes = opens[order], np.maximum.accumulate(closes[order])
    opens[1:] = np.maximum(opens[1:], closes[:-1])
    return opens, closes


def _holidays(schedule: ScheduleSettings, days: Micros) -> Iterable[int]:
    yield from ((day - _EPOCH).days for day in schedule.extra_holidays)
    if not schedule.holidays:
        return
    first, last = (_EPOCH + timedelta(days=_bounded(day)) for day in (days[0], days[-1]))
    for year in range(first.year, last.year + 1):
        yield from _public(schedule.holidays, year)


@cache
def _public(calendar: str, year: int) -> tuple[int, ...]:
    import holidays  # late: half a second, and only where a schedule names a calendar

    country, _, subdivision = calendar.partition("-")
    try:
        dates = holidays.country_holidays(country, subdiv=subdivision or None, years=year)
    except (NotImplementedError, KeyError) as error:
        raise UsageError(
            f"There is no holiday calendar {calendar!r} ({error}); use a country code such as 'PL', or "
            "a country and its part such as 'DE-BY'."
        ) from None
    return tuple((day - _EPOCH).days for day in dates)


def _segments(zone: ZoneInfo, first_day: int, last_day: int) -> tuple[Micros, Micros]:
    """Return where constant offsets from UTC begin, and these offsets; looked for from day to day, then halved down."""
    first, last = (_bounded(day) for day in (first_day, last_day))
    begins, offsets = [first_day * _DAY], [_offset(zone, first * 86400)]
    for day in range(first, last):
        low, high = day * 86400, (day + 1) * 86400
        if (after := _offset(zone, high)) != offsets[-1]:
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if _offset(zone, middle) == offsets[-1] else (low, middle)
            begins.append(high * 1_000_000)
            offsets.append(after)
    return np.array(begins, dtype=np.int64), np.array(offsets, dtype=np.int64) * 1_000_000


def _offset(zone: ZoneInfo, second: int) -> int:
    offset = datetime.fromtimestamp(second, UTC).astimezone(zone).utcoffset()
    return int(offset.total_seconds()) if offset else 0


def _micros(instants: pl.Series) -> Micros:
    return instants.cast(INSTANT).to_physical().to_numpy()


def _time(text: str) -> int:
    return (int(text[:2]) * 60 + int(text[3:])) * _MINUTE


def _bounded(day: int) -> int:
    return min(max(int(day), _FIRST_CHANGE), _LAST_CHANGE)


def _day_number(text: str) -> int:
    try:
        return (date.fromisoformat(str(text)) - _EPOCH).days
    except ValueError:
        raise UsageError(f"Half day {text!r} is not a date; write it as '2026-12-24'.") from None
