"""Writing imported tables: rows kept, rows set aside with their reason, the manifest that tells of both."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from cxlib.errors import CxError
from cxlib.schema import GIVEN, span
from cxlib.sources.mapping import ROW
from cxlib.store import read_manifest, settings_of, table_path, write_manifest

REASON = "reason"
Counts = dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True)
class Part:
    """Rows read for one table from one file: typed columns, `row_number`, `reason` (null = fine); and their originals.

    `originals` holds the same `row_number` beside the source's own columns as text.
    """

    frame: pl.LazyFrame
    originals: pl.LazyFrame


@dataclass(slots=True)
class ImportReport:
    """What an import did, per table: rows written, set aside by reason, left out on purpose; notes on values.

    Rows read = written + set aside + left out. A note tells what happened to values, how often, with examples. `unread`
    are mapped columns of which not one value could be read, with the number of their texts.
    """

    source: str
    rows: dict[str, int] = field(default_factory=dict)
    set_aside: Counts = field(default_factory=dict)
    left_out: Counts = field(default_factory=dict)
    notes: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    files: list[dict[str, Any]] = field(default_factory=list)
    unread: Counts = field(default_factory=dict)

    def __str__(self) -> str:
        """Tell the import in lines of text."""
        lines = []
        for item in self.files:
            lines.append(f"{item['name']}: {item['rows']:,} rows read{_short(item)}")
            lines += [f"  {remark}" for remark in item.get("remarks", ())]
        for name, rows in self.rows.items():
            lines.append(f"{name}: {rows:,} rows written")
            lines += [f"  set aside: {count:,} × {why}" for why, count in self.set_aside.get(name, {}).items()]
            lines += [f"  left out: {count:,} × {why}" for why, count in self.left_out.get(name, {}).items()]
            for what, note in self.notes.get(name, {}).items():
                examples = f" (such as {', '.join(map(repr, note['examples']))})" if note["examples"] else ""
                lines.append(f"  {what}: {note['count']:,}{examples}")
            for column, texts in self.unread.get(name, {}).items():
                lines.append(f"  {column} is empty: not one of its {texts:,} texts could be read")
        return "\n".join(lines)


def _short(item: Mapping[str, Any]) -> str:
    short = item.get("short_lines")
    return f", {short:,} of them with fewer fields than the header (the rest is taken for empty)" if short else ""


def divide(parts: Sequence[Part], key: str = "") -> tuple[pl.LazyFrame, pl.DataFrame, pl.DataFrame]:
    """Divide rows into those to write, those to set aside, and later rows of a key already seen.

    The key must be unique among the good rows, the first of which keeps it; "" = no key. Of the bad and the repeated
    rows only part, row_number and reason are returned.
    """
    numbered = [
        part.frame.with_columns(pl.lit(index, dtype=pl.UInt32).alias("part")) for index, part in enumerate(parts)
    ]
    rows = pl.concat(numbered, how="diagonal").with_row_index("position")
    fine = pl.col(REASON).is_null()
    place = ("part", ROW, REASON)
    bad = rows.filter(~fine).select(place).collect(engine="streaming")
    good = rows.filter(fine)
    if not key:
        return good, bad, bad.clear()
    first = good.group_by(key).agg(pl.col("position").min().alias("first"), pl.len().alias("times"))
    several = first.filter(pl.col("times") > 1).drop("times").collect(engine="streaming")
    if several.is_empty():
        return good, bad, bad.clear()
    marked = good.join(several.lazy(), on=key, how="left", maintain_order="left")
    again = (pl.col("position") > pl.col("first")).fill_null(False)
    repeated = marked.filter(again).with_columns(pl.lit(f"duplicate {key}").alias(REASON)).select(place)
    return marked.filter(~again), bad, repeated.collect(engine="streaming")


def write_set_aside(bad: pl.DataFrame, parts: Sequence[Part], name: str, *, folder: Path) -> dict[str, int]:
    """Keep the rows set aside with all their original columns and the reason; return counts by reason."""
    target = folder / "set_aside" / f"{name}.parquet"
    target.unlink(missing_ok=True)
    if bad.is_empty():
        return {}
    target.parent.mkdir(exist_ok=True)
    kept = [
        part.originals.join(bad.lazy().filter(pl.col("part") == index).drop("part"), on=ROW, how="inner")
        for index, part in enumerate(parts)
    ]
    pl.concat(kept, how="diagonal").sort(ROW, maintain_order=True).sink_parquet(target)
    return dict(sorted(bad.group_by(REASON).len().rows()))


def finish(
    report: ImportReport,
    *,
    folder: Path,
    settings: Mapping[str, Any] | None = None,
    extracted_at: datetime | None = None,
) -> ImportReport:
    """Write the settings a source brings, unless the folder has its own, and the manifest beside what others said.

    `extracted_at` is when the source was read, if it says so. It holds for the tables it brought until they are
    replaced; tables without one end with their latest instant (`schema.span`). The later of both counts.

    Raises:
        CxError: No row with an instant was imported.
    """
    own = folder / "settings.toml"
    if settings and not own.exists():
        own.write_text(toml_text(settings), encoding="utf-8")
    zone = settings_of(folder).timezone
    before, paths = read_manifest(folder), {name: table_path(folder, name) for name in GIVEN}
    tables = {name: pl.scan_parquet(path) for name, path in paths.items() if path.exists()}
    told = {name: at for name, at in before.get("extracted_at_told", {}).items() if name in tables}
    told |= dict.fromkeys(report.rows, extracted_at and extracted_at.isoformat())
    told = {name: at for name, at in told.items() if at}
    found = span(tables)
    if found is None:
        raise CxError(f"Nothing to import: no row with a date was read.\n{report}")
    untold = span({name: frame for name, frame in tables.items() if name not in told})
    first, last = (f"{instant.astimezone(ZoneInfo(zone)):%Y-%m}" for instant in found)
    manifest = {
        **before,
        "sources": sorted({*before.get("sources", []), report.source}),
        "timezone": zone,
        "extracted_at": max([*told.values(), *([untold[1].isoformat()] if untold else [])]),
        "extracted_at_told": told,
        "first_month": first,
        "last_month": last,
        "files": [item for item in before.get("files", []) if item.get("source") != report.source]
        + [{**item, "source": report.source} for item in report.files],
    }
    for name in ("rows", "set_aside", "left_out", "notes", "unread"):
        others = {table: said for table, said in before.get(name, {}).items() if table not in report.rows}
        manifest[name] = others | {table: said for table, said in getattr(report, name).items() if said != {}}
    write_manifest(folder, manifest)
    return report


def toml_text(values: Mapping[str, Any], prefix: str = "") -> str:
    """Return plain values as TOML."""
    plain = [f"{_key(key)} = {_literal(value)}" for key, value in values.items() if not isinstance(value, Mapping)]
    nested = {key: value for key, value in values.items() if isinstance(value, Mapping)}
    parts = ["\n".join(plain) + "\n"] if plain else []
    for key, value in nested.items():
        name = f"{prefix}{_key(key)}"
        parts.append(f"[{name}]\n{toml_text(value, f'{name}.')}")
    return "\n".join(parts)


def _key(name: str) -> str:
    return name if name.replace("_", "").replace("-", "").isalnum() and name.isascii() else json.dumps(name)


def _literal(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(key)} = {_literal(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_literal, value))}]"
    return value.isoformat() if isinstance(value, date) else json.dumps(value, ensure_ascii=False)
