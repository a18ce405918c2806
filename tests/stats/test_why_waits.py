"""Why the median of a wait moved: against a loop with weights, where the truth is known, and on many drawn months."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from cxlib import chart, say, table
from cxlib.metrics import query
from cxlib.questions import mix_decomposition
from cxlib.results.reasons import Decomposition
from cxlib.results.types import NotKnown
from cxlib.stats.reweighting import parts_of_wait
from cxlib.store.folder import open_data

MONTHS = ("2026-09", "2026-10")


def _quantile(waits: list[tuple[float, bool, float]], q: float) -> float:
    """Return the Kaplan–Meier quantile of waits with weights: minutes, whether it ended, weight."""
    left, survival = sum(weight for *_, weight in waits), 1.0
    for value in sorted({value for value, *_ in waits}):
        here = [(ended, weight) for minutes, ended, weight in waits if minutes == value]
        survival *= 1 - sum(weight for ended, weight in here if ended) / left
        left -= sum(weight for _, weight in here)
        if survival <= 1 - q:
            return value
    return float("nan")


def _frame(rows: list[tuple[str, str, str, float, bool]]) -> pl.DataFrame:
    names = ["period", "group", "unit", "value", "ended"]
    return pl.DataFrame(rows, schema=names, orient="row")


def _drawn(seed: int, *, shift: float = 0.0, customers: int = 120) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    rows = []
    for month, phone in zip(MONTHS, (0.2, 0.4), strict=True):
        for _ in range(300):
            group = "phone" if rng.random() < phone else "web" if rng.random() < 0.3 else "email"
            minutes = {"phone": 5.0, "web": 100.0, "email": 200.0}[group] * float(np.exp(0.5 * rng.normal()))
            minutes *= np.exp(shift) if month == MONTHS[1] else 1.0
            rows.append((month, group, f"c{rng.integers(customers)}", minutes, bool(rng.random() < 0.93)))
    return _frame(rows)


@pytest.mark.parametrize("q", [0.5, 0.9])
def test_parts_are_those_of_a_loop_with_the_other_months_shares(q: float) -> None:
    rows = _drawn(1, shift=0.3).vstack(_frame([(MONTHS[1], "new", "c1", 900.0, True)] * 9))
    months = {month: rows.filter(period=month).rows() for month in MONTHS}
    groups = ("phone", "web", "email")
    counts = {m: {g: sum(row[1] == g for row in found) for g in groups} for m, found in months.items()}
    shares = {m: {g: n / sum(found.values()) for g, n in found.items()} for m, found in counts.items()}

    def median(month: str, mix: str | None = None, *, every: bool = False) -> float:
        weight = {g: shares[mix or month][g] / shares[month][g] for g in groups} | ({"new": 1.0} if every else {})
        return _quantile([(value, ended, weight[g]) for _, g, _, value, ended in months[month] if g in weight], q)

    before, after = MONTHS
    mix = (median(after) - median(after, before) + median(before, after) - median(before)) / 2
    within = (median(after, before) - median(before) + median(after) - median(before, after)) / 2
    turnover = median(after, every=True) - median(after)
    found = parts_of_wait(rows, before, q)
    assert found["part"].to_list() == ["mix", "within", "turnover"]
    assert found["difference"].to_list() == pytest.approx([mix, within, turnover])
    assert turnover > 0
    assert mix < 0 or q > 0.5


def test_a_mix_that_did_not_change_has_no_part_and_waits_alike_none_within() -> None:
    same = [(month, group, f"c{unit}", 10.0 * unit + (40 if group == "b" else 0), True)
            for month in MONTHS for group in ("a", "b") for unit in range(1, 40)]  # fmt: skip
    alike = parts_of_wait(_frame(same), MONTHS[0])
    assert alike["difference"].to_list() == [0.0, 0.0]
    longer = [(m, g, u, value + (30 if m == MONTHS[1] else 0), ended) for m, g, u, value, ended in same]
    moved = parts_of_wait(_frame(longer), MONTHS[0])
    assert moved["difference"].to_list() == pytest.approx([0.0, 30.0])
    more_of_b = [row for row in same if row[0] == MONTHS[0] or row[1] == "b" or int(row[2][1:]) % 3 == 0]
    mixed = parts_of_wait(_frame(more_of_b), MONTHS[0]).row(0, named=True)
    assert mixed["difference"] > 0


def test_interval_and_p_value_agree_and_cover() -> None:
    """Shares of 20 and 40 % phone, waits a third longer: the truth is that of two very large months."""
    large = [_drawn(seed, shift=0.3, customers=100_000) for seed in range(100, 160)]
    truth = parts_of_wait(pl.concat(large), MONTHS[0])["difference"]
    hits = np.zeros(2)
    for seed in range(150):
        found = parts_of_wait(_drawn(seed, shift=0.3), MONTHS[0])
        outside = (found["low"] > 0) | (found["high"] < 0)
        assert outside.to_list() == (found["p_value"] < 0.05).to_list()
        hits += ((found["low"] <= truth) & (truth <= found["high"])).to_numpy()
    assert hits.min() >= 0.90 * 150


def test_the_demos_shorter_waits_come_of_its_phone_calls(small_demo: Path) -> None:
    looked = query(open_data(str(small_demo)), month="2026-10")
    found = mix_decomposition("first_reply_time", looked, "channel")
    assert isinstance(found, Decomposition)
    assert found.change.difference == pytest.approx(found.parts["difference"].sum())
    mix = found.parts.row(0, named=True)
    assert mix["difference"] < 0
    assert found.groups["share"].sum() == pytest.approx(100)
    assert found.groups["mix"].null_count() == found.groups.height
    assert "from another mix of channels" in say(found).text
    shown = table(found)
    assert "parts of its change in" in shown.caption
    assert "points" not in shown.caption
    assert chart(found).chart is not None


def test_a_median_not_reached_has_no_parts(small_demo: Path) -> None:
    rows = _frame(
        [(m, g, f"c{n}", 10.0 + n, n % 4 == 0 and n < 20) for m in MONTHS for g in ("a", "b") for n in range(40)]
    )
    assert parts_of_wait(rows, MONTHS[0])["difference"].null_count() == 2
    looked = query(open_data(str(small_demo)), month="2026-10")
    apart = mix_decomposition("first_reply_time", looked.only("channel", "email"), "agent", "2020-01")
    assert isinstance(apart, NotKnown)
