"""Rows that repeat a key: the first stays, later ones are set aside, so that no figure counts a row twice."""

from pathlib import Path
from typing import Any

import polars as pl

from cxlib.harmless import guarded
from cxlib.store.folder import table_path
from cxlib.tables.schema import GIVEN


def set_repeats_aside(folder: Path, manifest: dict[str, Any]) -> None:
    """Move later rows of a repeated key into `set_aside/<table>.parquet` and count them in the manifest."""
    for name, declared in GIVEN.items():
        path = table_path(folder, name)
        if not path.exists():
            continue
        keys = pl.scan_parquet(path).select(declared.key).collect().to_series()
        if keys.drop_nulls().n_unique() == keys.count():
            continue
        rows = pl.read_parquet(path)
        again = pl.col(declared.key).is_not_null() & ~pl.col(declared.key).is_first_distinct()
        reason = f"duplicate {declared.key}"
        repeats = rows.filter(again)
        _keep(repeats.with_columns(pl.lit(reason).alias("reason")), folder / "set_aside" / f"{name}.parquet")
        counts = manifest.setdefault("set_aside", {}).setdefault(name, {})
        counts[reason] = counts.get(reason, 0) + repeats.height
        _replace(rows.filter(~again), path, name)


def write_texts(folder: Path) -> None:
    """Write the rows set aside as CSV too, beside their Parquet files, so that a spreadsheet can open them."""
    for path in (folder / "set_aside").glob("*.csv"):
        path.unlink()
    for path in sorted((folder / "set_aside").glob("*.parquet")):
        guarded(pl.read_parquet(path)).write_csv(path.with_suffix(".csv"))


def _keep(repeats: pl.DataFrame, path: Path) -> None:
    as_text = repeats.cast(pl.String)
    path.parent.mkdir(exist_ok=True)
    before = [pl.read_parquet(path)] if path.exists() else []
    pl.concat([*before, as_text], how="diagonal_relaxed").write_parquet(path)


def _replace(rows: pl.DataFrame, path: Path, name: str) -> None:
    """Write the rows that stay, as one file, in place of the table's file or folder of months."""
    if path.is_dir():
        for part in sorted(path.rglob("*.parquet")):
            part.unlink()
    rows.write_parquet(path / f"{name}.parquet" if path.is_dir() else path)
