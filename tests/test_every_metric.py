"""What every metric of the registry promises, on a small demo company."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from cxlib.errors import CxError
from cxlib.metrics import METRICS, Metric, get, measured_frame, missing_reason, query, row_frame, unit_frame
from cxlib.metrics.queries import Query
from cxlib.periods import months_between
from cxlib.store.folder import open_data
from cxlib.tables.schema import DIMENSIONS, TABLES

SUMS = ("n", "units", "sum_w", "sum_wx", "sum_wxx", "sum_ww", "sum_wxwx", "sum_wwx")
NAMES = list(METRICS)
DURATIONS = [name for name in NAMES if METRICS[name].kind == "duration"]
AVERAGES = [name for name in NAMES if METRICS[name].kind in ("share", "mean", "score")]


@pytest.fixture(scope="module")
def here(small_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Query:
    """Return the demo with every third NPS answer put on the 1–10 scale, so that both versions have rows."""
    folder = tmp_path_factory.mktemp("both") / "demo"
    shutil.copytree(small_demo, folder)
    third = (pl.col("kind") == "nps") & (pl.int_range(pl.len()) % 3 == 0)
    surveys = pl.read_parquet(folder / "surveys.parquet")
    mixed = surveys.with_columns(pl.when(third).then(1.0).otherwise("scale_low").alias("scale_low"))
    mixed.write_parquet(folder / "surveys.parquet")
    return query(open_data(str(folder)), month="previous")


@pytest.fixture(scope="module")
def months(here: Query) -> list[str]:
    return months_between(here.data.first_month, here.data.last_month)


def _changed(folder: Path, into: Path, metric: Metric, change: pl.DataFrame) -> Query:
    """Copy a data folder with another version of the metric's table."""
    shutil.copytree(folder, into)
    change.write_parquet(into / f"{metric.table}.parquet")
    return query(open_data(str(into)), month="previous")


def _table(here: Query, metric: Metric) -> pl.DataFrame:
    return here.data.scan(metric.table).collect()


def _dimension(metric: Metric) -> str:
    """Return a dimension that is defined for the metric: the channel, else the first there is, else none."""
    return next((name for name in DIMENSIONS if metric.table in DIMENSIONS[name].paths), "")


@pytest.mark.parametrize("name", NAMES)
def test_it_is_documented(name: str) -> None:
    metric = get(name)
    assert metric.sentence.endswith(".")
    assert len(metric.sentence) > 30
    assert metric.title
    columns = {column.name for column in TABLES[metric.table].columns}
    assert {f"{metric.anchor}_at", f"{metric.anchor}_day", *metric.needs, *metric.gaps} <= columns
    assert metric.unit == "day" or metric.unit in columns


@pytest.mark.parametrize("name", NAMES)
def test_the_demo_knows_it(name: str, here: Query, months: list[str]) -> None:
    assert missing_reason(get(name), here) is None
    assert measured_frame(get(name), here, months)["n"].sum() > 30


@pytest.mark.parametrize("name", NAMES)
def test_row_order_does_not_matter(name: str, here: Query, months: list[str], tmp_path: Path) -> None:
    metric = get(name)
    shuffled = _table(here, metric).sample(fraction=1.0, shuffle=True, seed=7)
    other = _changed(here.data.folder, tmp_path / "shuffled", metric, shuffled)
    assert_frame_equal(*(measured_frame(metric, v, months, _dimension(metric)) for v in (here, other)), abs_tol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_rows_without_an_answer_change_nothing(name: str, here: Query, months: list[str], tmp_path: Path) -> None:
    metric = get(name)
    table = _table(here, metric)
    empty = table.head(50).with_columns(pl.lit(None).cast(kind).alias(column) for column, kind in table.schema.items())
    other = _changed(here.data.folder, tmp_path / "padded", metric, pl.concat([table, empty]))
    assert_frame_equal(*(measured_frame(metric, v, months) for v in (here, other)), abs_tol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_no_rows_give_no_months(name: str, here: Query, months: list[str], tmp_path: Path) -> None:
    metric = get(name)
    other = _changed(here.data.folder, tmp_path / "empty", metric, _table(here, metric).clear())
    assert measured_frame(metric, other, months).height == 0
    assert unit_frame(metric, other, months, _dimension(metric)).height == 0


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("by", list(DIMENSIONS))
def test_parts_recombine_to_the_whole(name: str, by: str, here: Query, months: list[str]) -> None:
    metric = get(name)
    if metric.table not in DIMENSIONS[by].paths:
        with pytest.raises(CxError, match="not defined"):
            unit_frame(metric, here, months, by)
        return
    whole = measured_frame(metric, here, months)
    parts = measured_frame(metric, here, months, by).group_by("period").agg(pl.col("n", "sum_w", "sum_wx").sum())
    joined = whole.join(parts, on="period", suffix="_parts")
    assert joined.height == whole.height
    for column in ("n", "sum_w", "sum_wx"):
        assert (joined[column] - joined[f"{column}_parts"]).abs().max() < 1e-6


@pytest.mark.parametrize("name", AVERAGES)
def test_duplicated_units_leave_the_value_and_divide_the_error_by_root_two(
    name: str, here: Query, months: list[str], tmp_path: Path
) -> None:
    metric = get(name)
    table = _table(here, metric)
    key = TABLES[metric.table].key
    own = pl.coalesce(pl.col(metric.unit), pl.concat_str(pl.lit("row "), pl.col(key)))
    named = table.with_columns(own.alias(metric.unit))
    twice = pl.concat([named, named.with_columns(pl.concat_str(pl.col(metric.unit), pl.lit(" twin")))])
    other = _changed(here.data.folder, tmp_path / "twice", metric, twice)
    once, double = (measured_frame(metric, v, months).filter(pl.col("units") > 1) for v in (here, other))
    joined = _value_and_error(once).join(_value_and_error(double), on="period", suffix="_twice")
    assert joined.height
    assert (joined["value"] - joined["value_twice"]).abs().max() < 1e-9
    assert (joined["spread"] - 2 * joined["spread_twice"]).abs().max() < 1e-9


def _value_and_error(measured: pl.DataFrame) -> pl.DataFrame:
    """Σ (wx − value·w)² ÷ (Σw)²: the squared error before the small-sample factor."""
    value = pl.col("sum_wx") / pl.col("sum_w")
    spread = pl.col("sum_wxwx") - 2 * value * pl.col("sum_wwx") + value**2 * pl.col("sum_ww")
    return measured.select("period", value=value, spread=spread / pl.col("sum_w") ** 2)


@pytest.mark.parametrize("name", NAMES)
def test_duckdb_gives_the_same_figures(name: str, here: Query, months: list[str]) -> None:
    metric = get(name)
    duck = query(here.data, month=here.month, engine="duckdb")
    by = "importance" if metric.table == "surveys" else _dimension(metric)
    assert_frame_equal(*(measured_frame(metric, v, months, by) for v in (here, duck)), abs_tol=1e-9, rel_tol=1e-9)
    if name in DURATIONS:
        waits = [row_frame(metric, v, months, by) for v in (here, duck)]
        assert all(rows["value"].is_sorted() for rows in waits)
        assert_frame_equal(*waits, abs_tol=1e-9, check_row_order=False)
