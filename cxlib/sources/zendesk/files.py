"""Zendesk's files to frames of text: JSON lines, arrays and API dumps; tables as Fivetran lays them (CSV, Parquet)."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from cxlib.errors import CxError, UsageError, some_names
from cxlib.sources.importing.adding import REASON, Part
from cxlib.sources.importing.load import ImportReport, fingerprint
from cxlib.sources.mapped.mapping import ROW, FileSpec
from cxlib.sources.reading.readers import given_files, text_frame
from cxlib.sources.zendesk.kinds import ALIASES, KINDS, UNUSED, Kind

_JSON = (".json", ".jsonl", ".ndjson")
_OTHER_SHAPE = (pl.exceptions.ComputeError, pl.exceptions.SchemaError)
_NOISE = {"data", "export", "zendesk", "incremental", "cursor", "page", "part", "all"}


@dataclass(slots=True)
class Records:
    """What was read, by kind of record: frames of text with `row_number`, unique within a kind.

    `broken` are lines that are no record, as parts whose rows have only their number and the reason.
    """

    frames: dict[str, pl.LazyFrame] = field(default_factory=dict)
    broken: dict[str, list[Part]] = field(default_factory=dict)

    def __contains__(self, kind: str) -> bool:
        """Tell whether any record of the kind was read."""
        return kind in self.frames

    def __getitem__(self, kind: str) -> pl.LazyFrame:
        """Return the records of a kind; no rows if there are none."""
        columns = [name for known, told in KINDS.items() if kind in (known, told.into) for name in told.columns]
        empty = pl.LazyFrame(schema={ROW: pl.UInt32} | dict.fromkeys([*columns, "type"], pl.String))
        return pl.concat([self.frames[kind], empty], how="diagonal") if kind in self.frames else empty


def read_records(paths: Sequence[Path], *, staging: Path, report: ImportReport) -> Records:
    """Read every file given, or found in a folder given, into text columns staged as Parquet.

    Raises:
        UsageError: A path does not exist, or a file named by hand holds no known kind of record.
        CxError: A file cannot be read.
    """
    records, rows = Records(), {kind.into or name: 0 for name, kind in KINDS.items()}
    for path in given_files(paths):
        for name, source in _found(path, staging):
            if name not in ALIASES:
                if path in paths and name not in UNUSED:
                    raise UsageError(f"{path.name}: no known kind of record. Known are {some_names(sorted(ALIASES))}.")
                report.left_out.setdefault(name or path.stem, {})[f"file not used: {path.name}"] = 1
                continue
            kind = KINDS[ALIASES[name]]
            into = kind.into or ALIASES[name]
            staged = staging / f"{into}-{len(list(staging.iterdir()))}.parquet"
            bad, read = _stage(source, kind, staged, rows[into])
            report.files.append(
                {"name": path.name, "records": ALIASES[name], "rows": read, "sha256": fingerprint(path)}
            )
            frame = pl.scan_parquet(staged)
            if bad:
                records.broken.setdefault(into, []).append(_broken(bad))
            rows[into] += int(frame.select(pl.len()).collect().item())
            kept = records.frames.get(into)
            records.frames[into] = frame if kept is None else pl.concat([kept, frame], how="diagonal")
    return records


def _name(stem: str) -> str:
    """Return what a file's name says it holds: "zendesk_ticket_comment_data-001" → "ticket_comment"."""
    return "_".join(word for word in re.findall("[a-z]+", stem.lower()) if word not in _NOISE)


def _found(path: Path, staging: Path) -> list[tuple[str, Path]]:
    try:
        return list(_sources(path, staging))
    except (ValueError, AttributeError, TypeError) as error:
        where = f": line {error.lineno} cannot be read" if isinstance(error, json.JSONDecodeError) else ""
        raise CxError(f"{path.name} is neither JSON lines nor JSON{where}.") from None


def _sources(path: Path, staging: Path) -> Iterator[tuple[str, Path]]:
    """Give (kind's name, file) for what a file holds; arrays and dumps are first rewritten as JSON lines by kind.

    Pages of a dump may follow each other line by line; any other JSON is one document and read as a whole.
    """
    name = _name(path.stem)
    if path.suffix.lower() not in _JSON:
        yield name, path
        return
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        first = _parsed(file.readline())
        if (isinstance(first, dict) and not _lists(first) and "metric_set" not in first) or (
            first is None and path.suffix.lower() != ".json"
        ):
            yield name if name in ALIASES else _told(first) or name, path
            return
        file.seek(0)
        pages = file if isinstance(first, dict) else [file.read()]
        written: dict[str, Path] = {}
        for page in pages:
            document = json.loads(page) if page.strip() else {}
            if not isinstance(document, dict | list):
                raise CxError(f"{path.name} holds something else where records are expected.")
            for key, record in _elements(document):
                kind = key or (name if name in ALIASES else _told(record) or name)
                target = written.setdefault(kind, staging / f"{len(list(staging.iterdir()))}-{kind}.jsonl")
                with target.open("a", encoding="utf-8") as lines:
                    lines.write(json.dumps(record) + "\n")
    yield from written.items()


def _lists(document: Any) -> dict[str, list[Any]]:
    found = {key: value for key, value in document.items() if key in ALIASES and isinstance(value, list)}
    return found | ({"account": [document["account"]]} if isinstance(document.get("account"), dict) else {})


def _elements(document: Any) -> Iterator[tuple[str, Any]]:
    """Give (key of its list, record) for each record of an array, a dump, or a document that is a record itself."""
    if isinstance(document, list):
        yield from (("", record) for record in document)
    elif lists := _lists(document):
        yield from ((key, record) for key, records in lists.items() for record in records)
    elif "id" in document:
        yield "", document
    if isinstance(document, dict):
        tickets = [document, *_lists(document).get("tickets", [])]
        yield from (
            ("metric_sets", {"ticket_id": one["id"], **one["metric_set"]}) for one in tickets if one.get("metric_set")
        )


def _told(record: Any) -> str:
    """Return the kind that a record's own address tells: ".../api/v2/tickets/33.json" → "tickets"."""
    found = re.search(r"/api/v2/(\w+)/", str(record.get("url", ""))) if isinstance(record, dict) else None
    return found.group(1) if found else ""


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _stage(source: Path, kind: Kind, staged: Path, start: int) -> tuple[dict[int, str], int]:
    """Write a file's records as text columns; return the lines that are none (by number) and how many were read."""
    if source.suffix.lower() not in _JSON:
        table = text_frame(source, FileSpec(), staging=staged.parent).with_row_index("record", offset=start)
        there = table.collect_schema().names()
        table.select("record", pl.col("record").alias(ROW), *kind.from_table(there)).sink_parquet(staged)
        return {}, _records(staged, start)
    bad: dict[int, str] = {}
    try:
        _sink_json(source, kind, staged, start)
    except _OTHER_SHAPE:
        whole = staged.with_suffix(".whole.jsonl")
        bad = _part_from_broken(source, whole)
        try:
            _sink_json(whole, kind, staged, start)
        except _OTHER_SHAPE:  # its words may hold cells
            raise CxError(f"{source.name} has another shape than Zendesk's: a value of another type.") from None
    return bad, _records(staged, start) + len(bad)


def _sink_json(source: Path, kind: Kind, staged: Path, start: int) -> None:
    frame = pl.scan_ndjson(source, schema=kind.json_schema()).with_row_index("record", offset=start)
    if kind.each:
        frame = frame.explode(kind.each, empty_as_null=True, keep_nulls=True)
    frame.with_row_index(ROW, offset=start).select("record", ROW, *kind.from_json()).sink_parquet(staged)


def _records(staged: Path, start: int) -> int:
    last = pl.scan_parquet(staged).select(pl.col("record").max()).collect().item()
    return 0 if last is None else int(last) + 1 - start


def _part_from_broken(source: Path, whole: Path) -> dict[int, str]:
    bad: dict[int, str] = {}
    with source.open(encoding="utf-8-sig", errors="replace") as lines, whole.open("w", encoding="utf-8") as kept:
        for number, line in enumerate(lines, 1):
            if isinstance(_parsed(line), dict):
                kept.write(line)
            elif line.strip():
                bad[number] = line.rstrip("\n")
    return bad


def _broken(bad: Mapping[int, str]) -> Part:
    lines = pl.LazyFrame({ROW: list(bad), "line": list(bad.values())}, schema_overrides={ROW: pl.UInt32})
    return Part(lines.select(ROW, pl.lit("not a JSON record").alias(REASON)), lines)
