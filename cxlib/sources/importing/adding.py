"""An import adds: a row of a key seen before gives way to its newer state, all others stay; who brought which row.

`records/` in a data folder holds what the tables do not tell: `rows/<table>.parquet` (key, source and state time of
every row), `set_aside/<table>.parquet` (rows set aside, with key and state time), and the records that a source needs
whole, as it read them. Tables are written in the order of their keys, so that equal rows give equal bytes in whatever
order they came.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import polars as pl

from cxlib.errors import UsageError
from cxlib.sources.mapped.mapping import ROW
from cxlib.store.folder import MANIFEST, read_manifest, table_path, write_table
from cxlib.tables.schema import GIVEN, INSTANT, TABLES, conform, dtype

STATE, SOURCE = "state: at", "state: source"
AT_ONCE = 200_000  # rows sorted at once; of larger tables a part at a time is in memory
_HASH = "state: content"
REASON = "reason"
_PLACE = ("part", ROW, REASON)


@dataclass(frozen=True, slots=True)
class Part:
    """Rows read for one table from one file: typed columns, `row_number`, `reason` (null = fine); and their originals.

    `originals` holds the same `row_number` beside the source's own columns as text.
    """

    frame: pl.LazyFrame
    originals: pl.LazyFrame


def records_folder(folder: Path, *names: str) -> Path:
    """Return a folder below `records/`, made if absent."""
    found = folder.joinpath("records", *names)
    found.mkdir(parents=True, exist_ok=True)
    return found


def start_anew(folder: Path) -> None:
    """Remove all that imports brought into a folder and all that was derived; its settings stay."""
    for name in TABLES:
        for path in (folder / name, folder / f"{name}.parquet"):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    for part in ("given", "records", "set_aside"):
        shutil.rmtree(folder / part, ignore_errors=True)
    (folder / MANIFEST).unlink(missing_ok=True)


def held(folder: Path, name: str) -> pl.LazyFrame:
    """Return the given rows that a folder holds of a table, with `SOURCE` and `STATE`, in the order of their keys.

    Raises:
        UsageError: Rows that no import of this version brought: nobody knows which of them a new one replaces.
    """
    rows, ledger = _given(folder, name), folder / "records" / "rows" / f"{name}.parquet"
    if ledger.exists():
        return rows.join(pl.scan_parquet(ledger), on=GIVEN[name].key, how="inner", maintain_order="left")
    if rows.select(pl.len()).collect().item():
        sources = ", ".join(read_manifest(folder).get("sources", [])) or "hand"
        raise UsageError(
            f"Nothing can be added to the table {name!r}: it holds rows from {sources} without a record of who brought "
            "which. Start anew with --replace, or import into another name."
        )
    return rows.with_columns(pl.lit(None, pl.String).alias(SOURCE), pl.lit(None, INSTANT).alias(STATE))


def write_rows(mine: pl.LazyFrame, name: str, *, folder: Path, source: str, staging: Path) -> dict[str, int]:
    """Write a table of all of one source's rows (with `STATE`, if they have any) and the other sources'.

    Their keys must not be among those of the others. Returns how many rows are new, changed, kept and gone.
    """
    present, before = held(folder, name), staging / f"before-{name}.parquet"
    present.sink_parquet(before, maintain_order=True)
    others = pl.scan_parquet(before).filter(pl.col(SOURCE) != source)
    every = staging / f"every-{name}.parquet"
    pl.concat([others, _stated(mine, name, source)]).sink_parquet(every)
    ordered, ledger = _by_key(pl.scan_parquet(every), name, staging), records_folder(folder, "rows")
    write_table(ordered, name, folder=folder)
    ordered.select(GIVEN[name].key, SOURCE, STATE).sink_parquet(ledger / f"{name}.parquet", maintain_order=True)
    return _changes(*(_contents(pl.scan_parquet(path), name) for path in (before, every)), key=GIVEN[name].key)


def _given(folder: Path, name: str) -> pl.LazyFrame:
    """Return the rows as sources gave them; no rows where the folder lacks the table."""
    path, kept = table_path(folder, name), folder / "given" / f"{name}.parquet"
    if not path.exists():
        return conform(pl.LazyFrame(schema=[column.name for column in GIVEN[name].given]), name)
    derived = {column.name for column in GIVEN[name].columns if column.derived}
    there = pl.scan_parquet(path)
    return conform(pl.scan_parquet(kept) if kept.exists() and derived & set(there.collect_schema()) else there, name)


def _stated(mine: pl.LazyFrame, name: str, source: str) -> pl.LazyFrame:
    conform(mine, name)  # raises where a required column is absent
    there = mine.collect_schema().names()
    columns = [
        (pl.col(column.name) if column.name in there else pl.lit(None)).cast(dtype(column)).alias(column.name)
        for column in GIVEN[name].given
    ]
    state = pl.col(STATE).cast(INSTANT) if STATE in there else pl.lit(None, INSTANT).alias(STATE)
    return mine.select(*columns, pl.lit(source).alias(SOURCE), state)


def _by_key(rows: pl.LazyFrame, name: str, staging: Path) -> pl.LazyFrame:
    """Return staged rows in the order of their keys, sorted part by part where they are many."""
    key, count = GIVEN[name].key, int(rows.select(pl.len()).collect().item())
    order = [pl.col(key).str.len_chars(), pl.col(key)]
    if count <= AT_ONCE:
        return rows.sort(order).collect().lazy()
    keys = rows.select(key, length=pl.col(key).str.len_chars()).sort("length", key).collect()
    ends = [*keys.gather_every(AT_ONCE).rows(), (None, None)]
    parts = []
    for place, ((low, shorter), (high, longer)) in enumerate(pairwise(ends)):
        path = staging / f"sorted-{name}-{place}.parquet"
        inside = _from(key, low, shorter) if high is None else _from(key, low, shorter) & ~_from(key, high, longer)
        rows.filter(inside).sort(order).sink_parquet(path, maintain_order=True)
        parts.append(pl.scan_parquet(path))
    return pl.concat(parts)


def _from(key: str, value: str, length: int) -> pl.Expr:
    longer = pl.col(key).str.len_chars()
    return (longer > length) | ((longer == length) & (pl.col(key) >= value))


def _contents(rows: pl.LazyFrame, name: str) -> pl.DataFrame:
    content = pl.struct(column.name for column in GIVEN[name].given).hash().alias(_HASH)
    return rows.select(GIVEN[name].key, content).collect(engine="streaming")


def _changes(before: pl.DataFrame, after: pl.DataFrame, *, key: str) -> dict[str, int]:
    both = after.join(before, on=key, how="inner", suffix=" before")
    changed = both.filter(pl.col(_HASH) != pl.col(f"{_HASH} before")).height
    counts = {"new": after.height - both.height, "changed": changed, "kept": both.height - changed}
    return counts | {"gone": before.height - both.height}


def newest(versions: pl.DataFrame, by: Sequence[str], *, first: bool = False) -> pl.DataFrame:
    """Return the row of each key (`by`) with the newest `STATE`; of equal ones the last by `position`, or the first."""
    return versions.sort(pl.col(STATE), pl.col("position"), descending=[False, first], nulls_last=False).unique(
        list(by), keep="last", maintain_order=True
    )


@dataclass(frozen=True, slots=True)
class Merged:
    """One source's rows of a table: `good` ones, `bad` ones (part, row_number, reason, key, `STATE`), older states.

    `came` are the keys and state times of good rows that are new, for rows set aside before.
    """

    good: pl.LazyFrame
    bad: pl.DataFrame
    older: int
    came: pl.LazyFrame


def merge(
    parts: Sequence[Part], name: str, *, folder: Path, source: str, first: bool = False, whole: bool = False
) -> Merged:
    """Return the newest state of every row of a source: of those that the folder holds and of new parts.

    The newest is the one with the latest `STATE`, of equal ones the last (or the `first`); a row that cannot be used is
    an older state as well where a later one of its key can. A key that another source brought stays with it. Where the
    parts are the `whole`, what the folder holds of the source does not count.
    """
    key, present = GIVEN[name].key, held(folder, name)
    mine = [] if whole else [(None, present.filter(pl.col(SOURCE) == source))]
    rows = _numbered([*mine, *enumerate(part.frame for part in parts)], name)
    bad = rows.filter(pl.col(REASON).is_not_null()).select(*_PLACE, key, STATE, "position").collect(engine="streaming")
    good = rows.filter(pl.col(REASON).is_null())
    taken = present.filter(pl.col(SOURCE) != source).select(key, by=SOURCE)
    clash = good.join(taken, on=key).select(*_PLACE, key, STATE, "position", "by").collect(engine="streaming")
    if clash.height:
        good = good.join(taken, on=key, how="anti", maintain_order="left")
        words = pl.format(f"{key} is already in use by {{}}", "by")
        bad = pl.concat([bad, clash.with_columns(words.alias(REASON)).drop("by")])
    several = good.group_by(key).len().filter(pl.col("len") > 1).select(key).collect(engine="streaming")
    columns = (key, STATE, "position", "part")
    versions = good.join(several.lazy(), on=key, how="semi").select(columns).collect(engine="streaming")
    older = versions.join(newest(versions, [key], first=first), on="position", how="anti")
    usable = good.join(bad.lazy().select(key), on=key, how="semi").select(columns).collect(engine="streaming")
    past = _past(bad, newest(usable, [key]), key)
    return Merged(
        good.join(older.lazy().select("position"), on="position", how="anti", maintain_order="left"),
        bad.join(past, on="position", how="anti", maintain_order="left"),
        older["part"].count() + past.height,
        good.filter(pl.col("part").is_not_null()).select(key, STATE),
    )


def _numbered(parts: Sequence[tuple[int | None, pl.LazyFrame]], name: str) -> pl.LazyFrame:
    """Return rows of all parts with `part` and their `position`, only the columns that merging and writing need."""
    wanted = [*(column.name for column in GIVEN[name].given), STATE, ROW, REASON]
    empty = pl.LazyFrame(schema={STATE: INSTANT, ROW: pl.UInt32, REASON: pl.String})
    frames = []
    for number, frame in parts:
        there = frame.collect_schema().names()
        kept = frame.select(column for column in wanted if column in there)
        frames.append(kept.with_columns(pl.lit(number, dtype=pl.UInt32).alias("part")))
    return pl.concat([empty, *frames], how="diagonal").with_row_index("position")


def _past(bad: pl.DataFrame, usable: pl.DataFrame, key: str) -> pl.DataFrame:
    """Return the positions of rows that cannot be used although a later state of the same row can."""
    both = bad.join(usable.select(key, at=STATE, place="position"), on=key)
    at, own = pl.col("at"), pl.col(STATE)
    later = (at > own).fill_null(own.is_null() & at.is_not_null())
    return both.filter(later | (at.eq_missing(own) & (pl.col("place") > pl.col("position")))).select("position")
