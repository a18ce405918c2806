"""The same data give the same figures to the last digit, in whatever order their rows lie and are added."""

from __future__ import annotations

import math
import random
from pathlib import Path

import narwhals as nw
import polars as pl
import pytest
from hypothesis import given, settings, strategies as st

from cxlib.metrics import query
from cxlib.metrics.exact import split, summed
from cxlib.questions import figures
from cxlib.store.folder import open_data

NUMBERS = st.lists(st.floats(-1e9, 1e9) | st.floats(-1e-6, 1e-6) | st.integers(-5, 5).map(float), min_size=1)


def total(values: list[float]) -> float:
    frame = split(nw.from_native(pl.LazyFrame({"x": values}, schema={"x": pl.Float64})), ["x"])
    return float(frame.select(summed("x")).collect().to_native().item())


@settings(deadline=None)
@given(NUMBERS, st.randoms(use_true_random=False))
def test_a_sum_is_the_same_in_any_order_and_as_near_as_a_number_can_be(
    values: list[float], order: random.Random
) -> None:
    found, shuffled = total(values), values.copy()
    order.shuffle(shuffled)
    assert total(shuffled) == found
    assert found == pytest.approx(math.fsum(values), rel=1e-15, abs=1e-20 * len(values))


def test_a_plain_sum_does_depend_on_the_order() -> None:
    assert sum([0.1, 0.2, 0.3]) != sum([0.3, 0.2, 0.1])
    assert total([0.1, 0.2, 0.3]) == total([0.3, 0.2, 0.1]) == 0.6


def test_values_too_large_for_steps_are_added_all_the_same() -> None:
    assert total([1e300, 1.0, -1e300]) in (0.0, 1.0)
    assert total([1e16, 1.0]) == 1e16


@pytest.mark.parametrize("by", ["", "channel"])
def test_six_runs_over_shuffled_tables_give_equal_bytes(small_demo: Path, tmp_path: Path, by: str) -> None:
    written = set()
    for seed in range(6):
        folder = tmp_path / f"{seed}" / "demo"
        folder.mkdir(parents=True)
        for path in small_demo.glob("*.parquet"):
            pl.read_parquet(path).sample(fraction=1.0, shuffle=True, seed=seed).write_parquet(folder / path.name)
        for name in ("manifest.json", "settings.toml"):
            (folder / name).write_bytes((small_demo / name).read_bytes())
        looked = query(open_data(str(folder)), by=by)
        written.add(figures(looked, looked.months(4), by=by, change=True).write_csv())
    assert len(written) == 1
