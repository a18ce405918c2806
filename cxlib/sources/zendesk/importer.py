"""Import of Zendesk from files: API exports (JSON, JSON lines, dumps) and the tables Fivetran lays (CSV, Parquet).

Large exports belong in JSON lines, which are read piece by piece; any other JSON file is read as a whole. Unconfirmed
by the documentation, hence read tolerantly: the scale of survey responses (five points are taken), the audits
of a merge (believed only where the ticket has the tag closed_by_merge), the event ScheduleAssignment.
"""

import tempfile
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from cxlib.errors import CxError, UsageError
from cxlib.settings import build
from cxlib.sources.importing.adding import Part, merge, write_rows
from cxlib.sources.importing.load import ImportReport, finish, toml_text
from cxlib.sources.importing.set_aside import write_set_aside
from cxlib.sources.zendesk.events import changes, events, left_out, messages, runs
from cxlib.sources.zendesk.files import Records, read_records
from cxlib.sources.zendesk.people import agents, customers, instant, staff
from cxlib.sources.zendesk.records import keep_records
from cxlib.sources.zendesk.schedules import schedules
from cxlib.sources.zendesk.surveys import surveys
from cxlib.sources.zendesk.tickets import assigned_schedules, merges, own_figures, tickets
from cxlib.store.folder import settings_of

_LOOKED_UP = {
    "organizations": "no table of their own; customers.account_id holds their number",
    "groups": "names of teams",
    "brands": "names of brands",
    "macros": "names of macros",
}  # fmt: skip
_BROKEN = {"tickets": "tickets", "messages": "events", "customers": "users", "surveys": "ratings"}
SYSTEM, AGAIN = "zendesk", "same record again"
_OPTIONAL = ("messages", "changes", "workflow_runs", "surveys", "source_figures")


def import_zendesk(paths: Sequence[Path], *, folder: Path, mapping: Path | None = None) -> ImportReport:
    """Import Zendesk's files, or folders of them, into a folder that is not yet in use; the caller moves it into place.

    What comes is added to all that earlier imports brought, and everything is laid anew: who was an agent is told by
    tickets, audits and users together. What a file holds is told by its name ("tickets", "ticket_comment") or its
    content; tables that none brings stay as they are.

    Raises:
        UsageError: A path does not exist or holds no known kind of record, or a mapping, which is not used, is given.
        CxError: A file cannot be read.
    """
    if mapping:
        raise UsageError("Zendesk's files need no --mapping; leave it out.")
    report = ImportReport(SYSTEM)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".staging-") as staging:
        records = read_records(paths, staging=Path(staging), report=report)
        if not records.frames:
            raise CxError("Nothing to import: the files hold no record of a known kind.")
        try:
            again = keep_records(records, folder=folder)
            settings = _Import(records, folder, Path(staging), report, again).run()
            extracted_at = _extracted_at(records)
        except pl.exceptions.PolarsError as error:
            raise CxError(f"Reading Zendesk's files stopped: {str(error).splitlines()[0]}") from error
    return finish(report, folder=folder, settings=settings, extracted_at=extracted_at, whole=True)


@dataclass(frozen=True, slots=True)
class _Import:
    records: Records
    folder: Path
    staging: Path
    report: ImportReport
    again: Mapping[str, int]

    def run(self) -> dict[str, Any]:
        records = self.records
        names, settings = schedules(records)
        people, merged = staff(records), merges(records)
        if "tickets" in records:
            known = build(settings) if settings else settings_of(self.folder)
            laid, counts = tickets(records, people, merged, names, known)
            self._fill("tickets", [("tickets", laid)], counts)
            self._note_schedules(names)
        self._events(people, merged)
        if "users" in records or not people.is_empty():
            self._fill("agents", [("users", agents(records, people))], {})
        if "users" in records:
            self._fill("customers", [("users", (asked := customers(records, people))[0])], asked[1])
        found = surveys(records)
        self._fill("surveys", [(kind, rows) for kind, rows, _ in found], *(counts for _, _, counts in found))
        if "ticket_metrics" in records:
            self._fill("source_figures", [("ticket_metrics", own_figures(records))])
        for kind, why in _LOOKED_UP.items():
            if kind in records:
                count = records[kind].select(pl.len()).collect().item()
                self.report.left_out[kind] = {why: int(count)}
        self._note_engagements()
        return self._missing_settings(settings)

    def _events(self, people: pl.DataFrame, merged: pl.DataFrame) -> None:
        records = self.records
        laid = events(records, people)
        if "events" in records:
            self._fill("messages", [("events", messages(laid, records))], {AGAIN: self.again.get("events", 0)})
            self._fill("changes", [("events", changes(laid, records, merged))], left_out(laid))
        self._fill("workflow_runs", runs(laid, records))

    def _fill(self, name: str, sources: Sequence[tuple[str, pl.LazyFrame]], *left: dict[str, int]) -> None:
        """Write a table from rows of one or several kinds of record; a key met again is the same record again."""
        parts = [
            Part(self._staged(name, kind, rows), self.records[kind]) for kind, rows in sources if kind in self.records
        ]
        if not parts:
            return
        parts += self.records.broken.get(_BROKEN.get(name, ""), [])
        merged = merge(parts, name, folder=self.folder, source=SYSTEM, first=True, whole=True)
        counts, touched = write_set_aside(merged.bad, parts, name, folder=self.folder, source=SYSTEM)
        if counts or touched:
            self.report.set_aside[name], self.report.touched = counts, self.report.touched | touched
        changes = write_rows(merged.good, name, folder=self.folder, source=SYSTEM, staging=self.staging)
        self.report.left_out[name] = _summed(*left, {AGAIN: merged.older})
        self.report.wrote(name, changes)
        if not self.report.rows[name] and not counts and name in _OPTIONAL:
            for path in (self.folder / f"{name}.parquet", self.folder / "records" / "rows" / f"{name}.parquet"):
                path.unlink()
            del self.report.rows[name], self.report.changes[name]

    def _staged(self, name: str, kind: str, rows: pl.LazyFrame) -> pl.LazyFrame:
        path = self.staging / f"laid-{name}-{kind}.parquet"
        rows.sink_parquet(path)
        return pl.scan_parquet(path)

    def _note_schedules(self, names: dict[str, str]) -> None:
        told = assigned_schedules(self.records, names).filter(pl.col("schedule").is_null())
        unknown = told.join(self.records["tickets"], left_on="ticket_id", right_on="id", how="semi")
        ids = unknown.select("schedule_id").collect()["schedule_id"].drop_nulls()
        if len(ids):
            note = {"count": len(ids), "examples": ids.unique().sort().head(3).to_list()}
            self.report.notes.setdefault("tickets", {})["schedule that the export does not hold"] = note

    def _note_engagements(self) -> None:
        if "engagements" in self.records:
            known = self.records["tickets"].select(ticket_id="id")
            apart = self.records["engagements"].join(known, on="ticket_id", how="anti")
            count, every = (frame.select(pl.len()).collect().item() for frame in (apart, self.records["engagements"]))
            told = {"ticket is not in the export": int(count), "minutes of the ticket": int(every - count)}
            self.report.left_out["engagements"] = {why: number for why, number in told.items() if number}

    def _missing_settings(self, settings: dict[str, Any]) -> dict[str, Any]:
        """Add to a folder's own settings the schedules they lack; return those for a folder without settings."""
        own = self.folder / "settings.toml"
        if own.exists() and settings:
            text = own.read_text(encoding="utf-8")
            there = tomllib.loads(text).get("schedules", {})
            lacking = {name: plan for name, plan in settings.get("schedules", {}).items() if name not in there}
            first = "" if there else toml_text({"default_schedule": settings["default_schedule"]})
            if lacking:
                own.write_text(f"{first}{text.rstrip()}\n\n{toml_text({'schedules': lacking})}", encoding="utf-8")
        return settings


def _summed(*counts: dict[str, int]) -> dict[str, int]:
    total = Counter[str]()
    for some in counts:
        total.update(some)
    return {why: count for why, count in total.items() if count}


def _extracted_at(records: Records) -> datetime | None:
    """Return the latest instant at which Zendesk or the loader touched a record: the data end there, not before."""
    stamped = pl.from_epoch(pl.col("generated_timestamp").cast(pl.Int64, strict=False)).dt.replace_time_zone("UTC")
    last = records["tickets"].select(
        pl.max_horizontal(
            instant("updated_at").max(), instant("_fivetran_synced").max(), stamped.cast(pl.Datetime("us", "UTC")).max()
        )
    )
    acted = records["events"].select(instant("at").max())
    found = [frame.collect(engine="streaming").item() for frame in (last, acted)]
    return max((at.astimezone(UTC) for at in found if at), default=None)
