"""JSON to JSON lines of flat text: a list of records, an envelope around one, documents one after another."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from cxlib.errors import CxError, UsageError, some_names, unknown_name
from cxlib.sources.reading.json_stream import Place, documents, pieces

_MOST_COLUMNS = 2_000
# The usual names of the list of records where an envelope holds several lists.
_USUAL = ("records", "results", "data", "items", "rows", "value", "tickets", "conversations", "activities_data")
_IDS = ("id", "uuid", "key", "number")  # a document that has one is a record itself


def read_json(path: Path, records: str = "", *, staging: Path, lines: bool = False) -> pl.LazyFrame:
    """Return the records of a UTF-8 file as a lazy frame of text: nested names joined by dots, lists as JSON.

    The records are the elements of the list of objects that the document is or holds, else the document itself, as in
    JSON lines (`lines`). `records` names the list, "outer.inner", where there are several. Numbers stay as written.

    Raises:
        UsageError: No list of that name, or several that may be meant.
        CxError: No JSON, no records, or something else among them.
    """
    chosen = None if lines and not records and not _is_list(path) else _chosen(path, records)
    copy, names = staging / f"{len(list(staging.iterdir()))}-{path.name}.jsonl", set[str]()
    with copy.open("w", encoding="utf-8", errors="replace") as target:
        for record in _records(path, chosen):
            if not isinstance(record, dict):
                raise CxError(f"{path.name} cannot be read as records: it holds values that are no objects.")
            flat = dict(_flat(record))
            names |= flat.keys()
            if len(names) > _MOST_COLUMNS:
                raise CxError(f"{path.name} holds more than {_MOST_COLUMNS:,} different names: no table is this wide.")
            target.write(json.dumps(flat, ensure_ascii=False) + "\n")
    if not names:
        raise CxError(f"{path.name} holds no records.")
    return pl.scan_ndjson(copy, schema=dict.fromkeys(sorted(names), pl.String))


def _chosen(path: Path, records: str) -> Place | None:
    """Return the place of the list of records; None if the documents are records themselves."""
    lists, is_record = Counter[Place](), False
    for _, piece in pieces(path):
        is_record |= not piece.element and len(piece.place) == 1 and piece.place[0] in _IDS
        lists[piece.place] += piece.element and isinstance(piece.value, dict)
    places = {place: count for place, count in lists.items() if count}
    named = {".".join(place): place for place in places}
    if records:
        if records not in named:
            raise unknown_name(f"list of records in {path.name}", records, named)
        return named[records]
    if is_record or not places:
        return None
    usual = [place for place in places if not place or place[-1] in _USUAL]
    if len(places) > 1 and len(usual) != 1:
        raise UsageError(
            f"{path.name} holds several lists of records: {some_names(sorted(named))}. Say records = … in [files]."
        )
    return usual[0] if len(usual) == 1 else next(iter(places))


def _is_list(path: Path) -> bool:
    with path.open(encoding="utf-8-sig") as file:
        return file.read(100).lstrip().startswith("[")


def _records(path: Path, chosen: Place | None) -> Iterator[Any]:
    if chosen is None:
        yield from documents(path)
        return
    for _, piece in pieces(path):
        if piece.place == chosen and piece.element:
            yield piece.value


def _flat(record: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str | None]]:
    for key, value in record.items():
        if type(value) is str or value is None:  # most are; asked first because it is called for every cell
            yield before + key, value
        elif type(value) is dict:
            yield from _flat(value, f"{before}{key}.")
        else:
            yield before + key, _text(value)


def _text(value: Any) -> str:
    if isinstance(value, list | bool):
        return json.dumps(value, ensure_ascii=False, default=float)
    if isinstance(value, Decimal) and value == value.to_integral_value() and abs(value) < 10**30:
        return str(int(value))
    return str(value)
