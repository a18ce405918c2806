"""Import of any table by a mapping file: read as text, understood column by column, written lazily."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from cxlib.errors import CxError, some_names
from cxlib.schema import GIVEN
from cxlib.sources import event_log
from cxlib.sources.delimited import SURPLUS
from cxlib.sources.draft import draft_mapping
from cxlib.sources.evidence import settle
from cxlib.sources.load import REASON, ImportReport, Part, divide, finish, write_set_aside
from cxlib.sources.mapping import EVENTS, ROW, Codes, ColumnSpec, EventSpec, Plan, TableSpec, read_mapping
from cxlib.sources.readers import Input, open_inputs
from cxlib.sources.values import TEXT, Read, read_columns, source_text
from cxlib.store import write_table
from cxlib.tables.columns import Table

__all__ = ["draft_mapping", "import_mapped"]
_NOTE = "note: "


def import_mapped(paths: Sequence[Path], *, mapping: Path, folder: Path) -> ImportReport:
    """Import files, or folders of files, by a mapping into a folder that is not yet in use; the caller moves it.

    Tables that the mapping does not fill stay as they are.

    Raises:
        UsageError: A mistake in the mapping or in the paths.
        CxError: A file that cannot be read as told, or dates whose order of day and month nothing settles.
    """
    plan = read_mapping(mapping)
    report = ImportReport(f"mapped:{plan.name}")
    with tempfile.TemporaryDirectory(dir=folder, prefix=".staging-") as staging:
        try:
            inputs = open_inputs(plan, paths, staging=Path(staging))
            for opened in inputs.values():
                report.files += [
                    {"name": name, "rows": rows, "short_lines": opened.short[name], "remarks": opened.remarks[name]}
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
        good, bad, repeated = divide(parts, GIVEN[name].key)
        if all(spec.one_per_key for spec in specs):
            self._leave_out(name, "further row of the same key", repeated.height)
        else:
            bad = pl.concat([bad, repeated])
        self._write(name, good)
        self._set_aside(name, bad, parts)

    def _lay_events(self, spec: EventSpec) -> None:
        parts = self._stage(spec, EVENTS, "changes")
        events, bad, _ = divide(parts)
        for name, frame in zip(("tickets", "changes"), event_log.lay(events, spec), strict=True):
            self._write(name, frame)
        self._set_aside("changes", bad, parts)
        for name, said in event_log.notes(events, spec).items():
            self.report.notes.setdefault(name, {}).update(said)

    def _write(self, name: str, rows: pl.LazyFrame) -> None:
        self.report.rows[name] = write_table(rows, name, folder=self.folder)

    def _set_aside(self, name: str, bad: pl.DataFrame, parts: Sequence[Part]) -> None:
        if counts := write_set_aside(bad, parts, name, folder=self.folder):
            self.report.set_aside[name] = counts

    def _leave_out(self, name: str, why: str, count: int) -> None:
        if count:
            counts = self.report.left_out.setdefault(name, {})
            counts[why] = counts.get(why, 0) + count

    def _stage(self, spec: TableSpec, declared: Table, name: str) -> list[Part]:
        """Read a file as rows of a table, once per block, into Parquet files aside; count what is filtered or noted."""
        opened = self.inputs[spec.file]
        rows = opened.frame.filter(_wanted(spec))
        parts = []
        for block in spec.blocks:
            path = self.staging / f"rows-{len(list(self.staging.iterdir()))}.parquet"
            typed(rows, block, declared, self.plan, opened).sink_parquet(path)
            frame = pl.scan_parquet(path)
            kept = int(frame.select(pl.len()).collect().item())
            self._leave_out(name, "row outside the mapping's filter", sum(opened.rows.values()) - kept)
            _take_notes(frame, self.report.notes.setdefault(name, {}))
            parts.append(Part(frame, opened.frame))
        return parts


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
    optional = [read for read in reads if not read.column.required]
    doubts |= {words: (lost, read.example) for read in optional for words, lost in read.faults.items()}
    done = frame.select(
        ROW,
        pl.coalesce(REASON, *_cell_faults(reads)).alias(REASON),
        *(column.name for column in columns),
        *(pl.when(doubtful).then(text).alias(_NOTE + words) for words, (doubtful, text) in doubts.items()),
    )
    return _unanswered(done) if declared.name == "surveys" and "answer" in block else done


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
    """Take answers outside their scale for none, and the instant of an answer from rows without one."""
    have = surveys.collect_schema().names()
    low, high = (
        pl.col(name) if name in have else pl.lit(None, dtype=pl.Float64) for name in ("scale_low", "scale_high")
    )
    outside = ((pl.col("answer") < low) | (pl.col("answer") > high)).fill_null(False)
    told = pl.when(outside).then(pl.col("answer").cast(pl.String)).alias(_NOTE + "answer outside its scale")
    frame = surveys.with_columns(told, pl.when(~outside).then("answer").alias("answer"))
    if "answered_at" not in have:
        return frame
    return frame.with_columns(pl.when(pl.col("answer").is_not_null()).then("answered_at").alias("answered_at"))


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
