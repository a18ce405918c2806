"""The demo's time: every hour of its months, the opening hours, and how much is asked in each hour."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from cxlib.demo.draw import Flags, Numbers, Reals, instants
from cxlib.demo.parameters import DemoParameters
from cxlib.periods import first_day, month_index, shift

ZONE = "Europe/Warsaw"
HOUR, DAY = 3600, 86_400
_BEYOND = timedelta(days=150)  # laid after the end: what falls there is cut from the tables
_WEEKDAY = np.array([1.30, 1.15, 1.10, 1.05, 1.00, 0.45, 0.35])
_HOUR = np.array([2, 1, 1, 1, 1, 2, 5, 12, 34, 52, 58, 55, 48, 47, 48, 46, 40, 32, 24, 20, 17, 13, 8, 4])
_GROWTH = 0.004  # a month
_MONTH = np.array([1, 1, 1, 1, 1, 1, 0.80, 0.97, 1, 1, 1.03, 0.76])


@dataclass(frozen=True, slots=True, eq=False)
class Hours:
    """One entry per hour: start (UTC seconds), local month (0 = first), open or not, demand; and four instants."""

    start: Numbers
    month: Numbers
    open: Flags
    demand: Reals
    end: int
    event: int
    rise: int
    last_month: int

    def of(self, at: Numbers) -> Numbers:
        """Return the number of the hour an instant lies in."""
        return np.asarray((at - self.start[0]) // HOUR)

    def so_far(self, at: Numbers) -> Numbers:
        """Return the open seconds from the first hour laid to an instant."""
        hour = self.of(at)
        return np.asarray(np.cumsum(self.open)[hour] * HOUR - self.open[hour] * (HOUR - at % HOUR))

    def after(self, at: Numbers, minutes: Reals) -> Numbers:
        """Return the instant so many open minutes after another, to the second."""
        opened = self.start[self.open]
        target = self.so_far(at) + np.rint(minutes * 60).astype(np.int64)
        return np.asarray(opened[np.minimum(target // HOUR, len(opened) - 1)] + target % HOUR)


def lay_hours(parameters: DemoParameters) -> Hours:
    """Lay the hours of the demo's months, with weekday and hour pattern, holidays, dips in July and December."""
    import holidays

    first, last = (first_day(shift(parameters.last_month, by)) for by in (1 - parameters.months, 0))
    end = first_day(shift(parameters.last_month, 1))
    start = np.arange(_midnight(first), _midnight(end + _BEYOND), HOUR)
    local = instants(start).dt.convert_time_zone(ZONE).dt
    closed = local.date().is_in(sorted(holidays.country_holidays("PL", years=range(first.year, end.year + 1))))
    weekday, hour, number, holiday = (
        series.to_numpy() for series in (local.weekday() - 1, local.hour(), local.month() - 1, closed)
    )
    month = local.year().to_numpy() * 12 + number - month_index(f"{first:%Y-%m}")
    demand = _WEEKDAY[weekday] * _HOUR[hour] * _MONTH[number] * (1 + _GROWTH * month) * np.where(holiday, 0.35, 1.0)
    if parameters.shrink_month:
        shrunk = month_index(parameters.shrink_month) - month_index(f"{first:%Y-%m}")
        demand *= np.where(month == shrunk, 0.5, 1.0)
    demand[start >= _midnight(end)] = 0.0
    is_open = (weekday < 5) & (hour >= 8) & (hour < 18) & ~holiday
    four = (end, *planted_dates(parameters), last)
    return Hours(start, month.astype(np.int64), is_open, demand, *(_midnight(day) for day in four))


def planted_dates(parameters: DemoParameters) -> tuple[date, date]:
    """Return the Monday of the dated event and the Monday from which one category's volume is higher."""
    event, rise = (first_day(shift(parameters.last_month, -months)) for months in (7, 5))
    return event + timedelta(days=-event.weekday() % 7), rise + timedelta(days=-rise.weekday() % 7)


def _midnight(day: date) -> int:
    return int(pl.Series([day]).cast(pl.Datetime("us")).dt.replace_time_zone(ZONE).dt.epoch("s").item())
