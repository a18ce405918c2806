"""How long a million pairs of instants take: python benchmarks/clock.py."""

from __future__ import annotations

import time

import numpy as np
import polars as pl

from cxlib.clock import business_minutes
from cxlib.settings import ScheduleSettings, Settings

PAIRS = 1_000_000
YEAR = 366 * 86_400_000_000
SCHEDULES = {
    "default": ScheduleSettings(holidays="PL"),
    "split": ScheduleSettings("America/New_York", {"monday": ["08:00-12:00", "13:00-17:30"]}, holidays="US-NY"),
    "sunday": ScheduleSettings("Asia/Jerusalem", {"sunday": ["09:00-18:00"]}, holidays="IL"),
}


def main() -> None:
    draw = np.random.default_rng(0)
    start = 1_640_000_000_000_000 + draw.integers(0, 3 * YEAR, PAIRS)
    end = start + draw.integers(0, YEAR, PAIRS)
    names = pl.Series(draw.choice(list(SCHEDULES), PAIRS))
    instants = [pl.Series(values).cast(pl.Datetime("us", "UTC")) for values in (start, end)]
    began = time.perf_counter()
    minutes = business_minutes(*instants, names, Settings(timezone="Europe/Warsaw", schedules=SCHEDULES))
    seconds = time.perf_counter() - began
    print(f"{PAIRS:,} pairs over four years, three schedules: {seconds:.2f} s (mean {minutes.mean():,.0f} minutes)")


if __name__ == "__main__":
    main()
