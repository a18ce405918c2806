"""Import of any table by a mapping file: read as text, understood column by column, written lazily."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from cxlib.errors import CxError, some_names
from cxlib.sources.importing.adding import REASON, STATE, Part, merge, write_rows
from cxlib.sources.importing.load import ImportReport, fingerprint, finish
from cxlib.sources.importing.set_aside import write_set_aside
from cxlib.sources.importing.unread import unread
from cxlib.sources.mapped import event_log
from cxlib.sources.mapped.draft import draft_mapping
from cxlib.sources.mapped.event_store import all_events
from cxlib.sources.mapped.evidence import settle
from cxlib.sources.mapped.mapping import EVENTS, ROW, Codes, ColumnSpec, EventSpec, Plan, TableSpec, read_mapping
from cxlib.sources.mapped.values import TEXT, Read, read_columns, source_text
from cxlib.sources.reading.delimited import SURPLUS
from cxlib.sources.reading.readers import Input, given_files, open_inputs
from cxlib.tables.columns import Column, Table, given_table
from cxlib.tables.schema import GIVEN, INSTANT

__all__ = ["draft_mapping", "import_mapped"]
_NOTE, _UNREAD = "note: ", "answer not readable"
UPDATED = "updated_at"
OLDER, FURTHER, AGAIN = "older state of the same row", "further row of the same key", "same line again"
_STATED = Column(UPDATED, "instant", "when the row last changed in the source")


def import_mapped(paths: Sequence[Path], *, mapping: Path, folder: Path) -> ImportReport:
    """Import files, or folders of files, by a mapping into a folder that is not yet in use; the caller moves it.

    Rows are added: of a row that came before, by its key, the newest state stays. Tables that the mapping does not fill
    stay as they are.

    Raises:
        UsageError: A mistake in the mapping or in the paths.
        CxError: A file that cannot be read as told, or dates whose order of day and month nothing settles.
    """
    plan = read_mapping(mapping)
    report = ImportReport(f"mapped:{plan.name}")
    with tempfile.TemporaryDirectory(dir=folder, prefix=".staging-") as staging:
        try:
            inputs = open_inputs(plan, paths, staging=Path(staging))
            prints = {path.name: fingerprint(path) for path in given_files(paths)}
            for opened in inputs.values():
                report.files += [
                    {
                        "name": name,
                        "rows": rows,
                        "short_lines": opened.short[name],
                        "remarks": list(opened.remarks[name]),
                        "sha256": prints[name],
                    }
                    for name, rows in opened.rows.items()
                ]
            _Import(plan, inputs, folder, Path(staging), report).run()
        except pl.exceptions.PolarsError as error:
            names = some_names(path.name for path in paths)  # the error's own words may hold cells
            raise CxError(f"{names}: reading stopped; is a quotation mark left open?") from error
    settings = {"timezone": plan.timezone, **plan.settings}
    return finish(report, folder=folder, settings=settings, extracted_at=_extracted_at(plan))


@dataclass(frozen=True, slots=True)
class _Import:
    """One import on its way: what to read, where from, where to."""

    plan: Plan
    inputs: Mapping[str, Input]
    folder: Path
    staging: Path
    report: ImportReport

    def run(self) -> None:
        if self.plan.events:
            self._lay_events(self.plan.events)
        for name in dict.fromkeys(spec.table for spec in self.plan.tables):
            self._fill(name, [spec for spec in self.plan.tables if spec.table == name])

    def _fill(self, name: str, specs: Sequence[TableSpec]) -> None:
        parts = [part for spec in specs for part in self._stage(spec, GIVEN[name], name)]
        first = all(spec.one_per_key for spec in specs)
        merged = merge(parts, name, folder=self.folder, source=self.report.source, first=first)
        staged = self.staging / f"merged-{name}.parquet"
        merged.good.sink_parquet(staged)
        self._leave_out(name, FURTHER if first else OLDER, merged.older)
        self._set_aside(name, merged.bad, parts, merged.came)
        self._write(name, pl.scan_parquet(staged))

    def _lay_events(self, spec: EventSpec) -> None:
        parts, source = self._stage(spec, EVENTS, "changes"), self.report.source
        events, bad, again = all_events(parts, spec, folder=self.folder, source=source, staging=self.staging)
        self._leave_out("changes", AGAIN, again)
        self._set_aside("changes", bad, parts, pl.LazyFrame(schema={"change_id": pl.String, STATE: INSTANT}))
        for name, frame in zip(("tickets", "changes"), event_log.lay(events, spec), strict=True):
            self._write(name, frame)
        for name, said in event_log.notes(events, spec).items():
            self.report.notes.setdefault(name, {}).update(said)

    def _write(self, name: str, rows: pl.LazyFrame) -> None:
        source = self.report.source
        self.report.wrote(name, write_rows(rows, name, folder=self.folder, source=source, staging=self.staging))

    def _set_aside(self, name: str, bad: pl.DataFrame, parts: Sequence[Part], came: pl.LazyFrame) -> None:
        source = self.report.source
        counts, touched = write_set_aside(bad, parts, name, folder=self.folder, source=source, newer=came)
        if counts or touched:
            self.report.set_aside[name], self.report.touched = counts, self.report.touched | touched

    def _leave_out(self, name: str, why: str, count: int) -> None:
        if count:
            counts = self.report.left_out.setdefault(name, {})
            counts[why] = counts.get(why, 0) + count

    def _stage(self, spec: TableSpec, declared: Table, name: str) -> list[Part]:
        """Read a file as rows of a table, once per block, into Parquet files aside; count what is filtered or noted."""
        opened = self.inputs[spec.file]
        rows = opened.frame.filter(_wanted(spec))
        stated = given_table(declared.name, declared.meaning, *declared.columns, _STATED)
        parts = []
        for block in map(_with_state(spec, opened), spec.blocks):
            path = self.staging / f"rows-{len(list(self.staging.iterdir()))}.parquet"
            read = typed(rows, block, stated, self.plan, opened)
            read.rename({UPDATED: STATE} if UPDATED in block else {}).sink_parquet(path)
            frame = pl.scan_parquet(path)
            kept = int(frame.select(pl.len()).collect().item())
            self._leave_out(name, "row outside the mapping's filter", sum(opened.rows.values()) - kept)
            _take_notes(frame, self.report.notes.setdefault(name, {}))
            self.report.unread.setdefault(name, {}).update(unread(frame, rows, block, opened.spec))
            parts.append(Part(frame, opened.frame))
        return parts


def _with_state(spec: TableSpec, opened: Input) -> Callable[[Mapping[str, ColumnSpec]], Mapping[str, ColumnSpec]]:
    """Return how a block gets the column that tells when a row last changed: the mapping's, else a file's own."""
    own = ColumnSpec(column=UPDATED) if UPDATED in opened.columns and spec.table in GIVEN else None
    state = spec.updated_at or own
    return lambda block: {**block, UPDATED: state} if state else block


def typed(
    rows: pl.LazyFrame, block: Mapping[str, ColumnSpec], declared: Table, plan: Plan, opened: Input
) -> pl.LazyFrame:
    """Return rows of text as typed columns of a table, with `row_number`, `reason` (null = fine) and notes."""
    columns = [column for column in declared.given if column.name in block]
    texts = rows.select(
        ROW,
        _row_fault(opened.columns).alias(REASON),
        *(source_text(block[column.name], opened.spec).alias(TEXT + column.name) for column in columns),
    )
    reading = settle(texts, block, columns, opened.spec, zone=plan.timezone, where=some_names(opened.rows))
    frame, reads = read_columns(texts, block, columns, opened.spec, reading=reading)
    doubts = {words: (doubtful, read.example) for read in reads for words, doubtful in read.doubts.items()}
    unread = [
        (read.text.is_not_null() & pl.col("answer").is_null()).alias(_UNREAD)
        for read in reads
        if declared.name == "surveys" and read.column.name == "answer"
    ]
    optional = [read for read in reads if not read.column.required]
    doubts |= {words: (lost, read.example) for read in optional for words, lost in read.faults.items()}
    done = frame.select(
        ROW,
        pl.coalesce(REASON, *_cell_faults(reads)).alias(REASON),
        *(column.name for column in columns),
        *unread,
        *(pl.when(doubtful).then(text).alias(_NOTE + words) for words, (doubtful, text) in doubts.items()),
    )
    return _unanswered(done) if unread else done


def _wanted(spec: TableSpec) -> pl.Expr:
    def among(name: str, codes: Codes) -> pl.Expr:
        return pl.col(name).fill_null("").str.strip_chars().is_in([str(code) for code in codes])

    only = [among(name, codes) for name, codes in spec.where.items()]
    never = [~among(name, codes) for name, codes in spec.where_not.items()]
    return pl.all_horizontal(pl.lit(True), *only, *never)


def _row_fault(columns: Sequence[str]) -> pl.Expr:
    """Return what is wrong with a row as a whole, null if nothing."""
    empty = pl.when(pl.all_horizontal(pl.col(columns).is_null())).then(pl.lit("empty row"))
    if SURPLUS[0] not in columns:
        return empty
    surplus = pl.any_horizontal(pl.col(SURPLUS).is_not_null())
    return pl.coalesce(empty, pl.when(surplus).then(pl.lit("more fields than the header names")))


def _cell_faults(reads: Sequence[Read]) -> Iterator[pl.Expr]:
    """Give what is wrong with each cell that a row cannot do without."""
    for read in reads:
        if read.column.required:
            yield pl.when(read.text.is_null()).then(pl.lit(f"missing {read.column.name}"))
            yield from (pl.when(lost).then(pl.lit(words)) for words, lost in read.faults.items())


def _unanswered(surveys: pl.LazyFrame) -> pl.LazyFrame:
    """Take answers outside their scale for none, and the instant of an answer from rows without one.

    An answer that cannot be read keeps its instant: it was given.
    """
    have = surveys.collect_schema().names()
    low, high = (
        pl.col(name) if name in have else pl.lit(None, dtype=pl.Float64) for name in ("scale_low", "scale_high")
    )
    outside = ((pl.col("answer") < low) | (pl.col("answer") > high)).fill_null(False)
    told = pl.when(outside).then(pl.col("answer").cast(pl.String)).alias(_NOTE + "answer outside its scale")
    frame = surveys.with_columns(told, pl.when(~outside).then("answer").alias("answer"))
    if "answered_at" not in have:
        return frame.drop(_UNREAD)
    given = pl.col("answer").is_not_null() | pl.col(_UNREAD)
    return frame.with_columns(pl.when(given).then("answered_at").alias("answered_at")).drop(_UNREAD)


def _take_notes(frame: pl.LazyFrame, notes: dict[str, dict[str, Any]]) -> None:
    columns = [name for name in frame.collect_schema().names() if name.startswith(_NOTE)]
    if not columns:
        return
    counts = frame.select(pl.col(columns).count()).collect(engine="streaming").row(0, named=True)
    for name in (name for name in columns if counts[name]):
        text = pl.col(name).str.slice(0, 40).drop_nulls().unique(maintain_order=True).head(3)
        examples = frame.select(text).collect(engine="streaming")[name].to_list()
        note = notes.setdefault(name.removeprefix(_NOTE), {"count": 0, "examples": []})
        note |= {"count": note["count"] + counts[name], "examples": [*note["examples"], *examples][:3]}


def _extracted_at(plan: Plan) -> datetime | None:
    told = plan.extracted_at
    if told is None:
        return None
    return (told if told.tzinfo else told.replace(tzinfo=ZoneInfo(plan.timezone))).astimezone(UTC)
