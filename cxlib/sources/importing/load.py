"""Writing imported tables: rows kept, rows set aside with their reason, the manifest that tells of both."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from cxlib.errors import CxError
from cxlib.store.folder import read_manifest, settings_of, table_path, write_manifest
from cxlib.tables.schema import GIVEN, span

Counts = dict[str, dict[str, int]]
MOVED = ("new", "changed", "gone")
_IMPORT = ("left_out", "notes", "changes")


@dataclass(slots=True)
class ImportReport:
    """What an import did, per table: rows the data now hold, set aside by reason, left out on purpose; notes on values.

    `changes` tells how many rows are new, changed, kept and gone; `touched` whether any row was set aside or no longer
    is. Rows read for a first import = held + set aside + left out. A note tells what happened to values, how often,
    with examples. `unread` are mapped columns of which not one value could be read, with the number of their texts.
    """

    source: str
    rows: dict[str, int] = field(default_factory=dict)
    changes: Counts = field(default_factory=dict)
    touched: bool = False
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
            lines.append(f"{name}: {rows:,} rows written{_told(self.changes.get(name, {}))}")
            lines += [f"  set aside: {count:,} × {why}" for why, count in self.set_aside.get(name, {}).items()]
            lines += [f"  left out: {count:,} × {why}" for why, count in self.left_out.get(name, {}).items()]
            for what, note in self.notes.get(name, {}).items():
                examples = f" (such as {', '.join(map(repr, note['examples']))})" if note["examples"] else ""
                lines.append(f"  {what}: {note['count']:,}{examples}")
            for column, texts in self.unread.get(name, {}).items():
                lines.append(f"  {column} is empty: not one of its {texts:,} texts could be read")
        return "\n".join(lines)

    def wrote(self, name: str, changes: dict[str, int]) -> None:
        """Take down what became of a table's rows."""
        self.changes[name] = changes
        self.rows[name] = sum(changes[what] for what in ("new", "changed", "kept"))

    @property
    def moved(self) -> bool:
        """Whether any row is new, changed, gone, set aside or no longer so."""
        return self.touched or any(counts[what] for counts in self.changes.values() for what in MOVED)


def _told(changes: Mapping[str, int]) -> str:
    told = ", ".join(f"{changes[what]:,} {what}" for what in changes if what != "gone" or changes[what])
    return f" ({told})" if told else ""


def _short(item: Mapping[str, Any]) -> str:
    short = item.get("short_lines")
    return f", {short:,} of them with fewer fields than the header (the rest is taken for empty)" if short else ""


def fingerprint(path: Path) -> str:
    """Return the SHA-256 of a file: by it the same file is known again."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def finish(
    report: ImportReport,
    *,
    folder: Path,
    settings: Mapping[str, Any] | None = None,
    extracted_at: datetime | None = None,
    whole: bool = False,
) -> ImportReport:
    """Write the settings a source brings, unless the folder has its own, and the manifest beside what others said.

    An import of known files that changed no row changes nothing in the manifest either.

    Args:
        report: What the import did.
        folder: Where it wrote.
        settings: What the source says of the desk.
        extracted_at: When the source was read, if it says so. The latest that any import said holds for its tables;
            tables of which some import said none end with their latest instant (`schema.span`). The later counts.
        whole: Whether counts of what was left out and notes tell of all that this source ever brought.

    Raises:
        CxError: No row was imported, and none with an instant is there.
    """
    own = folder / "settings.toml"
    if settings and not own.exists():
        own.write_text(toml_text(settings), encoding="utf-8")
    before, paths = read_manifest(folder), {name: table_path(folder, name) for name in GIVEN}
    tables = {name: pl.scan_parquet(path) for name, path in paths.items() if path.exists()}
    found = span(tables)
    if found is None and not sum(report.rows.values()):
        raise CxError(f"Nothing to import: no row with a date was read.\n{report}")
    files = [{**item, "source": report.source} for item in report.files]
    end = _end(before, report, tables, extracted_at)
    known = all(item in before.get("files", []) for item in files)
    zone = settings_of(folder).timezone
    same = all(before.get(name) == value for name, value in {**end, "timezone": zone}.items())
    if known and same and not report.moved:
        return report
    months = [f"{instant.astimezone(ZoneInfo(zone)):%Y-%m}" for instant in found or ()]
    imports = _imports(before, report, [item.get("sha256", "") for item in files], whole=whole)
    manifest = {
        **before,
        **end,
        "sources": list(dict.fromkeys([*before.get("sources", []), report.source])),
        "timezone": zone,
        **dict(zip(("first_month", "last_month"), months, strict=False)),
        "files": [item for item in before.get("files", []) if item not in files] + files,
        "imports": imports,
        "rows": before.get("rows", {}) | report.rows,
        "left_out": _summed([one["left_out"] for one in imports]),
        "notes": _noted([one["notes"] for one in imports]),
        "set_aside": {name: said for name, said in (before.get("set_aside", {}) | report.set_aside).items() if said},
    }
    others = {name: said for name, said in before.get("unread", {}).items() if name not in report.rows}
    manifest["unread"] = others | {name: said for name, said in report.unread.items() if said}
    write_manifest(folder, manifest)
    return report


def _imports(before: Mapping[str, Any], report: ImportReport, files: list[str], *, whole: bool) -> list[dict[str, Any]]:
    """Return what each import told; one whose files are all among those of a later one is told by that."""
    rest = [
        one
        for one in before.get("imports", [])
        if one["source"] != report.source or not (whole or set(one["files"]) <= set(files))
    ]
    return [*rest, {"source": report.source, "files": files, **{name: getattr(report, name) for name in _IMPORT}}]


def _end(
    before: Mapping[str, Any], report: ImportReport, tables: Mapping[str, pl.LazyFrame], at: datetime | None
) -> dict[str, Any]:
    told = {name: end for name, end in before.get("extracted_at_told", {}).items() if name in tables}
    open_ = {name for name in before.get("extracted_at_open", []) if name in tables}
    for name in report.rows:
        if at is None:
            open_.add(name)
        else:
            told[name] = max(told.get(name, ""), at.isoformat())
    untold = span({name: frame for name, frame in tables.items() if name in open_ or name not in told})
    ends = [*told.values(), *([untold[1].isoformat()] if untold else [])]
    last = {"extracted_at": max(ends)} if ends else {}
    return {**last, "extracted_at_told": told, "extracted_at_open": sorted(open_)}


def _summed(several: list[Counts]) -> Counts:
    total: Counts = {}
    for counts in several:
        for name, said in counts.items():
            mine = total.setdefault(name, {})
            mine |= {why: mine.get(why, 0) + count for why, count in said.items()}
    return {name: said for name, said in total.items() if said}


def _noted(several: list[dict[str, dict[str, dict[str, Any]]]]) -> dict[str, dict[str, dict[str, Any]]]:
    total: dict[str, dict[str, dict[str, Any]]] = {}
    for notes in several:
        for name, said in notes.items():
            for words, note in said.items():
                mine = total.setdefault(name, {}).setdefault(words, {"count": 0, "examples": []})
                mine["count"] += note["count"]
                mine["examples"] = list(dict.fromkeys([*mine["examples"], *note["examples"]]))[:3]
    return total


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
