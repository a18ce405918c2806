"""The mapping file: which file fills which table, how each column is read; checked by name before anything is read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from string import Formatter
from typing import Any, TypeVar

from cxlib.errors import UsageError, shown, unknown_name
from cxlib.limits import check_days
from cxlib.settings import build, check_zones, make, read_toml
from cxlib.sources.reading.durations import FORMS
from cxlib.sources.reading.zones import zone_minutes
from cxlib.tables import TABLES
from cxlib.tables.columns import STATUSES, Column, Table, given_table
from cxlib.tables.schema import GIVEN

ROW, FILE = "row_number", "file_name"
MOST_SKIPPED = 1_000_000
FORMATS = ("csv", "fixed", "excel", "parquet", "json", "jsonl")
Codes = tuple[str | int | float, ...]

# What an activity of an event log may mean; the statuses that no other meaning leads to may be named as they are.
_OWN = ("created", "taken", "replied", "solved", "reopened", "closed", "closed_by_timer")
MEANINGS = (*_OWN, *(status for status in STATUSES if status not in ("new", "open", *_OWN)))
EVENTS = given_table(
    "events",
    "one line of an event log",
    Column("ticket_id", "id", "ticket", required=True),
    Column("happened_at", "instant", "when", required=True),
    Column("activity", "text", "what happened, in the words of the log", required=True),
    *(column for column in TABLES["tickets"].given if column.kind != "instant" and column.name != "ticket_id"),
)


@dataclass(frozen=True, slots=True)
class FileSpec:
    """How one kind of file is read; `match` is a glob on its name, `missing` are codes for nothing, in any column.

    `fields` (fixed width) maps a column to its [first, last] character, counted from 1. `records` names the list of
    records in JSON, `zones` what abbreviations of time zones stand for.
    """

    match: str = "*"
    format: str = ""
    delimiter: str = ""
    encoding: str = "utf-8"
    decimal: str = "."
    thousands: str = ""
    day_first: bool | None = None
    sheet: str = ""
    records: str = ""
    zones: Mapping[str, str] = field(default_factory=dict)
    skip_rows: int = 0
    fields: Mapping[str, Any] = field(default_factory=dict)
    missing: Codes = ()


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """Where a column comes from – exactly one of `column`, `template`, `value` – and how its text is understood."""

    column: str = ""
    template: str = ""
    value: str | int | float | bool | datetime | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    otherwise: str = ""
    no_answer: Codes = ()
    formats: tuple[str, ...] = ()
    day_first: bool | None = None
    decimal: str = ""
    thousands: str | None = None
    scale: float = 1.0
    duration: str = ""
    timezone: str = ""

    @property
    def used(self) -> list[str]:
        """Columns of the file that this one is made of."""
        if self.template:
            names = [name for _, name, _, _ in Formatter().parse(self.template) if name is not None]
            return [name for name in names if name not in (ROW, FILE)]
        return [self.column] if self.column else []


@dataclass(frozen=True)
class TableSpec:
    """How a file fills a table; every entry of `each` overrides columns and gives one more row per row of the file.

    `updated_at` tells when a row last changed in the source: of several states of a row the newest counts.
    """

    table: str
    columns: Mapping[str, ColumnSpec]
    file: str = ""
    where: Mapping[str, Codes] = field(default_factory=dict)
    where_not: Mapping[str, Codes] = field(default_factory=dict)
    one_per_key: bool = False
    updated_at: ColumnSpec | None = None
    each: tuple[Mapping[str, ColumnSpec], ...] = ()

    @cached_property
    def blocks(self) -> list[Mapping[str, ColumnSpec]]:
        """Complete column maps: one, or one per entry of `each`."""
        return [{**self.columns, **over} for over in self.each] or [self.columns]

    def used(self) -> set[str]:
        """Columns of the file that are read."""
        mapped = {name for block in self.blocks for spec in block.values() for name in spec.used}
        return mapped | {*(self.updated_at.used if self.updated_at else ())} | self.where.keys() | self.where_not.keys()


@dataclass(frozen=True)
class EventSpec(TableSpec):
    """How an event log becomes tickets and changes: its columns, and which activities mean what."""

    activities: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole mapping file; instants without an offset are local to `timezone`."""

    name: str
    timezone: str
    files: Mapping[str, FileSpec]
    tables: tuple[TableSpec, ...]
    events: EventSpec | None = None
    extracted_at: datetime | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def specs(self) -> tuple[TableSpec, ...]:
        """All table specifications, the event log among them."""
        return (*self.tables, self.events) if self.events else self.tables


Spec = TypeVar("Spec", bound=TableSpec)


def read_mapping(path: Path) -> Plan:
    """Read and check a mapping file.

    Raises:
        UsageError: No such file, not TOML, an unknown name (the nearest is told), a wrong type, no time zone.
    """
    if not path.is_file():
        raise UsageError(f"There is no mapping file {path}. 'cx import mapped FILE --draft' proposes one.")
    return parse_mapping(read_toml(path), name=path.stem)


def parse_mapping(raw: Mapping[str, Any], *, name: str) -> Plan:
    """Build and check a mapping from plain values, as read from TOML."""
    values = {"settings": {}, **raw}
    told = _shaped(values.pop("files", {"file": {}}), Mapping, "[files.NAME]")
    files = {key: _file_spec(spec, f"files.{key}") for key, spec in told.items()}
    tables = tuple(_table_spec(spec, files) for spec in _shaped(values.pop("tables", []), list, "[[tables]]"))
    values["events"] = _event_spec(values.pop("events"), files) if "events" in values else None
    build(_shaped(values["settings"], Mapping, "[settings]"))
    values.setdefault("timezone", values["settings"].get("timezone", ""))
    plan: Plan = make(Plan, values | {"name": name, "files": files, "tables": tables}, "mapping")
    return _checked(plan)


def _shaped(raw: Any, kind: type, header: str) -> Any:
    if not isinstance(raw, kind):
        raise UsageError(f"The mapping has {shown(raw)} where {header} is expected; data/mappings/README.md shows how.")
    return raw


def _file_spec(raw: Any, where: str) -> FileSpec:
    spec: FileSpec = make(FileSpec, raw, where)
    if spec.format and spec.format not in FORMATS:
        raise unknown_name("file format", spec.format, FORMATS)
    if not 0 <= spec.skip_rows <= MOST_SKIPPED:
        raise UsageError(f"[{where}] skip_rows = {shown(spec.skip_rows)}: 0 to {MOST_SKIPPED:,} rows are expected.")
    for name, told in spec.zones.items():
        if zone_minutes(name, told) is None:
            raise UsageError(
                f"[{where}] zones: {name} = {told!r}; '+05:30' is expected, or a zone that uses this abbreviation."
            )
    _check_marks(spec.decimal, spec.thousands, where)
    return spec


def _check_marks(decimal: str, thousands: str, where: str) -> None:
    """Refuse marks by which a number would be read wrong without a word."""
    if len(decimal) != 1 or len(thousands) > 1 or decimal == thousands or (decimal + thousands).isalnum():
        raise UsageError(
            f"[{where}] decimal = {decimal!r}, thousands = {thousands!r}: two different marks are expected, "
            "such as decimal = ',' with thousands = '.'; thousands may be empty, decimal is '.' unless told."
        )


def _table_spec(raw: Any, files: Mapping[str, FileSpec]) -> TableSpec:
    name = str(_shaped(raw, Mapping, "[[tables]]").get("table"))
    if name not in GIVEN:
        raise unknown_name("table to fill", name, GIVEN)
    spec: TableSpec = make(TableSpec, _columns(raw, GIVEN[name]), f"tables: {name}")
    return _with_file(spec, files)


def _event_spec(raw: Any, files: Mapping[str, FileSpec]) -> EventSpec:
    _shaped(raw, Mapping, "[events]")
    spec: EventSpec = make(EventSpec, {**_columns(raw, EVENTS), "table": "events"}, "events")
    for meaning in spec.activities:
        if meaning not in MEANINGS:
            raise unknown_name("meaning of an activity", meaning, MEANINGS)
    if not spec.activities:
        raise UsageError(f"[events.activities] is empty; say which activities mean {', '.join(_OWN)}.")
    return _with_file(spec, files)


def _columns(raw: Mapping[str, Any], declared: Table) -> dict[str, Any]:
    known = [column.name for column in declared.given]

    def build_all(columns: Any, header: str) -> dict[str, ColumnSpec]:
        for name in _shaped(columns, Mapping, header):
            if name not in known:
                raise unknown_name(f"column of {declared.name!r} to fill", name, known)
        return {name: _column_spec(spec, f"{declared.name}.{name}") for name, spec in columns.items()}

    columns = build_all(raw.get("columns", {}), "[tables.columns]")
    overs = _shaped(raw.get("each", []), list, "[[tables.each]]")
    each = tuple(build_all(over, "[[tables.each]]") for over in overs)
    for column in declared.given:
        if column.required and any(column.name not in {**columns, **over} for over in each or ({},)):
            raise UsageError(f"The mapping of {declared.name!r} does not say where {column.name!r} comes from.")
    state = (
        {"updated_at": _column_spec(raw["updated_at"], f"{declared.name}.updated_at")} if "updated_at" in raw else {}
    )
    return {**raw, "columns": columns, "each": each, **state}


def _column_spec(raw: Any, where: str) -> ColumnSpec:
    spec: ColumnSpec = make(ColumnSpec, {"column": raw} if isinstance(raw, str) else raw, where)
    if sum((bool(spec.column), bool(spec.template), spec.value is not None)) != 1:
        raise UsageError(f"[{where}] needs exactly one of column, template, value.")
    if spec.duration not in ("", *FORMS):
        raise unknown_name(f"form of a duration ([{where}])", spec.duration, FORMS)
    try:
        list(Formatter().parse(spec.template))
    except ValueError as error:
        raise UsageError(f"[{where}] template = {spec.template!r}: {error}.") from None
    return spec


def _with_file(spec: Spec, files: Mapping[str, FileSpec]) -> Spec:
    if not spec.file and len(files) > 1:
        raise UsageError(f"{spec.table}: say which file fills it (file = …): {', '.join(sorted(files))}.")
    if spec.file and spec.file not in files:
        raise unknown_name("entry of [files]", spec.file, files)
    name = spec.file or next(iter(files))
    for one in (one for block in spec.blocks for one in block.values()):
        thousands = files[name].thousands if one.thousands is None else one.thousands
        _check_marks(one.decimal or files[name].decimal, thousands, f"{spec.table}: {one.column}")
    return replace(spec, file=name)


def _checked(plan: Plan) -> Plan:
    if not plan.timezone:
        raise UsageError("The mapping must say in which time zone the files tell time: timezone = 'Europe/Rome'.")
    told = {spec.timezone for table in plan.specs for block in table.blocks for spec in block.values()}
    check_zones({plan.timezone, *told} - {""})
    check_days("extracted_at", [plan.extracted_at])
    if not plan.specs:
        raise UsageError("The mapping fills no table: it needs [[tables]] or [events].")
    if plan.events and {spec.table for spec in plan.tables} & {"tickets", "changes"}:
        raise UsageError("[events] lays the tables tickets and changes; [[tables]] cannot fill them too.")
    return plan
