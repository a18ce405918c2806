"""All events that a log ever told: what an import brings is added to what came before, each event once."""

import re
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from cxlib.errors import UsageError
from cxlib.sources.importing.adding import REASON, STATE, Part, records_folder
from cxlib.sources.mapped.mapping import EVENTS, FILE, ROW, EventSpec
from cxlib.tables.schema import INSTANT

_LIKE = "state: like"


def all_events(
    parts: Sequence[Part], spec: EventSpec, *, folder: Path, source: str, staging: Path
) -> tuple[pl.LazyFrame, pl.DataFrame, int]:
    """Return the good events of all imports of a source, the bad ones of this one, and how many came again.

    An event has no key: the same event is one with the same values that is as manyth of its likes in its file. Events
    keep the order in which they came.

    Raises:
        UsageError: Earlier events were read by another mapping, so that nobody can tell which of them these are.
    """
    file_name = re.sub(r"[^\w-]", "_", source)
    path = records_folder(folder, "events") / f"{file_name}.parquet"
    _check_mapping(spec, path.with_suffix(".txt"))
    numbered = [
        part.frame.with_columns(pl.lit(index, dtype=pl.UInt32).alias("part")) for index, part in enumerate(parts)
    ]
    rows = pl.concat(numbered, how="diagonal")
    bad = rows.filter(pl.col(REASON).is_not_null()).select("part", ROW, REASON).collect(engine="streaming")
    there = rows.collect_schema().names()
    names = [column.name for column in EVENTS.given if column.name in there]
    files = parts[0].originals.select(ROW, FILE)
    good = rows.filter(pl.col(REASON).is_null()).join(files, on=ROW, how="left").sort(ROW)
    like = pl.int_range(pl.len(), dtype=pl.UInt32).over(FILE, *names).alias(_LIKE)
    fresh = good.with_columns(like).select(*names, _LIKE).collect()
    every = pl.concat([*([pl.read_parquet(path)] if path.exists() else []), fresh])
    events = every.unique(keep="first", maintain_order=True)
    for target in (path, staging / "events.parquet"):
        events.write_parquet(target)
    laid = pl.scan_parquet(staging / "events.parquet").drop(_LIKE).with_row_index(ROW)
    key, state = pl.lit(None, pl.String).alias("change_id"), pl.lit(None, INSTANT).alias(STATE)
    return laid, bad.with_columns(key, state), every.height - events.height


def _check_mapping(spec: EventSpec, path: Path) -> None:
    told = repr((dict(spec.columns), dict(spec.where), dict(spec.where_not)))
    if path.exists() and path.read_text(encoding="utf-8") != told:
        raise UsageError(
            "The mapping reads the event log otherwise than when its first events were imported, and an event has no "
            "number by which to find it again; import all files anew with --replace."
        )
    path.write_text(told, encoding="utf-8")
