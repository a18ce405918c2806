"""A forecast from a lasting step on: what lies before it is brought to its level, as soon as the step was known."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
from stats.test_forecast import Drawn, desk
from stats.volume_desk import HOLIDAYS, ZONE, build, known, row as ticket

from cxlib.present.sentences import say
from cxlib.present.tables import table
from cxlib.questions import forecast, level_shift
from cxlib.questions.demand.forecast import Since, by_calendar, by_weeks, forecast_of

WEEKS, AGO = 90, 12
END, STEP = 7 * WEEKS, 7 * (WEEKS - AGO)


def raised(seed: int, factor: float = 1.4) -> Drawn:
    """Draw a steady desk that is two fifths up in the last twelve weeks known and in the six after them."""
    counts, strata, months = desk(seed, WEEKS + 6, step=0.0)
    extra = np.random.default_rng(seed + 1).binomial(counts[STEP:].astype(int), factor - 1)
    return np.concatenate([counts[:STEP], counts[STEP:] + extra]), strata, months


def test_the_future_lies_in_a_much_narrower_interval() -> None:
    held, totals, widths, blind = [], [], [], []
    for seed in range(50):
        counts, strata, months = raised(5000 + seed)
        found = by_calendar(counts[:END], strata, months, 6, steps=(Since(END - 7, STEP),))
        without = by_calendar(counts[:END], strata, months, 6)
        actual = by_weeks(counts[END:])
        held.append((np.abs(actual - found.value[:-1]) <= found.half[:-1]).mean())
        totals.append(abs(actual.sum() - found.value[-1]) <= found.half[-1])
        widths.append(found.half[-1] / found.value[-1])
        blind.append(without.half[-1] / without.value[-1])
    assert 0.9 <= np.mean(held) <= 0.99
    assert np.mean(totals) >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / 50)
    assert np.median(widths) < 0.12 and np.median(widths) < 0.7 * np.median(blind)


def test_nothing_is_known_of_a_step_before_it_was_found() -> None:
    counts, strata, months = raised(1)
    steps = (Since(END - 20, STEP), Since(END, STEP))
    for end in (STEP, STEP + 14, END - 21):
        ahead = (strata[: end + 42], months[: end + 42], 6)
        made, unaware = (by_calendar(counts[:end], *ahead, steps=each) for each in (steps, ()))
        assert (made.value.tolist(), made.se.tolist()) == (unaware.value.tolist(), unaware.se.tolist())
    end = END - 20
    aware, unaware = (
        by_calendar(counts[:end], strata[: end + 42], months[: end + 42], 6, steps=s) for s in (steps, ())
    )
    assert aware.se[-1] < unaware.se[-1]


def test_forecasts_that_a_step_surprised_count_in_the_errors_only() -> None:
    counts, strata, months = raised(3)
    known_at = STEP + 7 * 7
    found, test = forecast_of(counts[:END], strata, months, 6, (Since(known_at, STEP),))
    plain, blind = forecast_of(counts[:END], strata, months, 6)
    origins = [7 * origin for origin in range(WEEKS - 6 - test.origins + 1, WEEKS - 6 + 1)]
    assert test.surprised == sum(origin < known_at and origin + 42 > STEP for origin in origins) > 0
    assert blind.surprised == 0
    assert test.error > 5  # what was not foreseen is in the errors
    assert test.widened < blind.widened and found.half[-1] < plain.half[-1]


def test_the_step_that_the_page_finds_is_the_forecasts(tmp_path: Path) -> None:
    first, rise, last = date(2025, 9, 1), date(2026, 8, 10), date(2026, 10, 31)
    rng, rows = np.random.default_rng(2), []
    for day in (first + timedelta(days=i) for i in range((last - first).days + 1)):
        level = (6 if day.weekday() > 4 or day in HOLIDAYS else 30) * (1.5 if day >= rise else 1.0)
        at = datetime(day.year, day.month, day.day, 10, tzinfo=ZONE)
        real = {"status": "open", "opened_by": "customer"}
        rows += [ticket(len(rows) + i, at, "login", rng) | real for i in range(int(rng.poisson(level)))]
    query = build(tmp_path / "desk", rows)
    step = known(level_shift("ticket_volume", query)).points.row(0, named=True)
    assert "10 August 2026" in step["label"] and step["p_value"] < 0.05
    answer = known(forecast("ticket_volume", query))
    usual = 7 * np.mean([30 * 5 / 7 + 6 * 2 / 7]) * 1.5 * 6 - (30 - 6) * 1.5  # six weeks, 11 November is a holiday
    assert answer.total.low < usual < answer.total.high
    assert (answer.total.high - answer.total.low) / answer.total.value < 0.36
    assert answer.backtest.surprised > 0 and answer.backtest.beats
    assert "from the lasting step on" in say(answer).text
    assert "before a lasting step was known" in table(answer).text
