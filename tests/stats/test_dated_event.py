"""Figures since dated events against dumb loops over literal rows, statsmodels' formulas and planted truths."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from statistics import median

import numpy as np
import polars as pl
import pytest
from stats import desk
from stats.volume_desk import known

from cxlib.errors import UsageError
from cxlib.metrics import Query, query
from cxlib.present.sentences import say
from cxlib.questions import dated_event
from cxlib.results.types import NotKnown
from cxlib.settings import Event
from cxlib.store.folder import open_data

DAY = date(2026, 3, 11)  # a Wednesday: its week is five sevenths after it


def with_events(looked: Query, *days: date) -> Query:
    """Return the view with events on these days."""
    events = tuple(Event(day, f"Event {number}") for number, day in enumerate(days))
    return replace(looked, data=replace(looked.data, settings=replace(looked.data.settings, events=events)))


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def whole(weeks: list[date], first: date, last: date) -> list[date]:
    return [week for week in sorted(weeks) if first <= week and week + timedelta(days=6) <= last]


def by_formula(weeks: list[date], values: list[float], sizes: list[float], groups: list[str] | None = None) -> float:
    """Return the step at DAY of a weighted regression on trend and step, levels and trends by group."""
    import statsmodels.formula.api as smf

    rows = {
        "y": values, "w": sizes, "g": groups or ["" for _ in weeks],
        "past": [(week - weeks[0]).days / 365.25 for week in weeks],
        "after": [min(max(((week + timedelta(days=7)) - DAY).days / 7, 0.0), 1.0) for week in weeks],
    }  # fmt: skip
    formula = "y ~ C(g) * past + after" if groups else "y ~ past + after"
    frame = {name: np.array(column) for name, column in rows.items()}
    return float(smf.wls(formula, frame, weights=frame["w"]).fit().params["after"])


def answers(literal: desk.Rows, kind: str) -> dict[date, list[tuple[float, float]]]:
    """Return weight and top box of each answer by week."""
    found = defaultdict(list)
    for row in literal:
        if row["kind"] == kind:
            found[monday(row["answered_day"])].append((row["weight"], 100.0 * (row["box"] == "top")))
    return found


def test_a_share_has_the_step_of_a_regression_of_its_weeks(looked: Query, literal_surveys: desk.Rows) -> None:
    found = answers(literal_surveys, "csat")
    first = min(row["answered_day"] for row in literal_surveys)
    weeks = whole(list(found), first, date(2026, 10, 31))
    values = [sum(w * x for w, x in found[week]) / sum(w for w, _ in found[week]) for week in weeks]
    expected = by_formula(weeks, values, [float(len(found[week])) for week in weeks])
    answer = known(dated_event("csat", with_events(looked, DAY)))
    row = answer.points.row(0, named=True)
    assert row["value"] == pytest.approx(expected, rel=1e-6)
    assert (row["n"], row["units"]) == (sum(len(found[week]) for week in weeks), len(weeks))
    assert (answer.measured_in, row["label"]) == ("points", "Event 0, 11 March 2026")


def waits(literal: desk.Rows, channel: str = "") -> dict[date, list[float]]:
    found = defaultdict(list)
    for row in literal:
        if row["resolution_ended"] and channel in ("", row["channel"]):
            found[monday(row["created_day"])].append(row["resolution_minutes"])
    return found


def test_a_duration_has_the_step_of_its_weekly_medians_in_percent(looked: Query, literal_tickets: desk.Rows) -> None:
    found = waits(literal_tickets)
    still = {monday(row["created_day"]) for row in literal_tickets if not row["resolution_ended"]}
    early = with_events(replace(looked, month="2026-06"), DAY)  # before the first ticket that is still open
    last = date(2026, 6, 30)
    weeks = whole(list(found), min(row["created_day"] for row in literal_tickets), last)
    assert not still & set(weeks)
    values = [math.log(median(found[week])) for week in weeks]
    expected = by_formula(weeks, values, [float(len(found[week])) for week in weeks])
    row = known(dated_event("resolution_time", early)).points.row(0, named=True)
    assert row["value"] == pytest.approx(100 * math.expm1(expected), rel=1e-6)


def test_within_a_dimension_each_group_has_its_own_level_and_trend(looked: Query, literal_tickets: desk.Rows) -> None:
    early = with_events(replace(looked, month="2026-06"), DAY)
    first = min(row["created_day"] for row in literal_tickets)
    weeks, values, sizes, groups = [], [], [], []
    for channel in desk.CHANNELS:
        found = waits(literal_tickets, channel)
        for week in whole(list(found), first, date(2026, 6, 30)):
            if len(found[week]) >= 5:
                weeks.append(week)
                values.append(math.log(median(found[week])))
                sizes.append(float(len(found[week])))
                groups.append(channel)
    order = np.argsort(weeks)
    expected = by_formula(*([part[i] for i in order] for part in (weeks, values, sizes, groups)))
    only = early.only("channel", *desk.CHANNELS)
    answer = known(dated_event("resolution_time", only, within="channel"))
    assert answer.points["value"][0] == pytest.approx(100 * math.expm1(expected), rel=1e-6)
    assert answer.allowing_for[0] == "channel"


def test_a_comparison_is_the_difference_of_both_series(looked: Query, literal_tickets: desk.Rows) -> None:
    counts: dict[date, list[int]] = defaultdict(lambda: [0, 0])
    for row in literal_tickets:
        counts[monday(row["created_day"])][row["channel"] == "phone"] += 1
    first = min(row["created_day"] for row in literal_tickets)
    weeks = [w for w in whole(list(counts), first, date(2026, 10, 31)) if min(counts[w]) > 0]
    values = [math.log(counts[week][1] / counts[week][0]) for week in weeks]
    sizes = [counts[week][0] * counts[week][1] / sum(counts[week]) for week in weeks]
    expected = by_formula(weeks, values, sizes)
    row = known(dated_event("ticket_volume", with_events(looked, DAY), by="channel", group="phone")).points.row(
        0, named=True
    )
    assert row["value"] == pytest.approx(100 * math.expm1(expected), rel=1e-6)
    assert row["n"] == sum(sum(counts[week]) for week in weeks)


def test_nothing_is_seldom_found_where_nothing_happened(looked: Query) -> None:
    days = [date(2025, 9, 1) + timedelta(days=9 * number) for number in range(40)]
    found = [known(dated_event("csat", with_events(looked, day))).points.row(0, named=True) for day in days]
    assert sum(row["p_value"] < 0.05 for row in found) <= 6
    for row in found:
        assert (row["p_value"] < 0.05) == (row["low"] > 0 or row["high"] < 0)


def test_the_planted_event_is_found_and_the_one_without_effect_is_not(small_demo: Path) -> None:
    truth = json.loads((small_demo / "truth.json").read_text(encoding="utf-8"))["effects"]["event"]
    answer = known(dated_event("first_reply_time_business", query(open_data(str(small_demo))), within="channel"))
    rows = {row["group"][:10]: row for row in answer.points.iter_rows(named=True)}
    planted = rows.pop(truth["date"])
    log, error = math.log1p(planted["value"] / 100), planted["se"] / (100 + planted["value"])
    assert abs(log - math.log(truth["factor"])) < 3 * error
    assert planted["p_adjusted"] < 0.05
    assert planted["high"] < -5
    assert not any(row["p_adjusted"] < 0.05 for row in rows.values())
    assert truth["title"] in say(answer).text


def test_what_cannot_be_said_has_a_reason(looked: Query, tmp_path: Path, literal_tickets: desk.Rows) -> None:
    late, twin = date(2026, 10, 12), DAY + timedelta(days=1)
    rows = known(dated_event("csat", with_events(looked, DAY, DAY, late))).points
    assert rows["reason"][2] == "fewer than 6 weeks are observed on one side of it"
    assert rows.filter(pl.col("reason").is_not_null())["value"].null_count() == rows["reason"].drop_nulls().len()
    counted = known(dated_event("ticket_volume", with_events(looked, DAY, twin))).points
    assert counted["value"].null_count() == 0
    none = dated_event("csat", with_events(looked, date(2020, 1, 1), date(2030, 1, 1)))
    assert isinstance(none, NotKnown)
    assert "[[events]]" in none.reason
    few = [row for row in literal_tickets if row["created_day"] > date(2026, 9, 1)]
    short = with_events(query(desk.build(tmp_path / "few", tickets=few), month="2026-10"), date(2026, 10, 1))
    for name in ("resolution_time", "ticket_volume"):
        answer = dated_event(name, short)
        assert isinstance(answer, NotKnown)
        assert "needed" in answer.reason or "needs" in answer.reason


def test_unclear_comparisons_are_refused(looked: Query) -> None:
    seen = with_events(looked, DAY)
    for asked in ({"by": "channel"}, {"group": "phone"}, {"by": "channel", "group": "phone", "within": "team"}):
        with pytest.raises(UsageError, match="not both"):
            dated_event("csat", seen, **asked)
    with pytest.raises(UsageError, match="No row has 'fax'"):
        dated_event("ticket_volume", seen, by="channel", group="fax")
