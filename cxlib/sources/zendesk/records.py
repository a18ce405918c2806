"""All records that Zendesk's exports ever brought: what comes is added, of the states of a record the newest counts."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from cxlib.sources.importing.adding import REASON, Part, records_folder
from cxlib.sources.mapped.mapping import ROW
from cxlib.sources.zendesk.files import Records
from cxlib.sources.zendesk.people import event_number, instant
from cxlib.tables.schema import INSTANT

_CONTENT, _ID, _AUDIT = "state: content", "state: id", "state: audit"


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes two records the same: equal `key` (else equal in all), of which the latest `state` counts.

    Where `versions` are kept, earlier states stay beside it: whoever was assigned a ticket once was an agent then.
    """

    key: tuple[str, ...] = ()
    state: str = ""
    versions: bool = False


_DATED, _BY_ID = Identity(("id",), "updated_at"), Identity(("id",))
_VERSIONS = Identity(("id",), "updated_at", versions=True)
IDENTITIES = {
    "tickets": _VERSIONS, "users": _VERSIONS, "ratings": _VERSIONS,
    "account": _DATED, "events": Identity(("event_id", "field")),
    "ticket_metrics": Identity(("ticket_id",), "updated_at"),
    "responses": Identity(("id", "question_id", "type"), "updated_at"),
    "groups": _DATED, "brands": _DATED, "macros": _DATED, "organizations": _DATED, "metric_events": _BY_ID,
    "engagements": Identity(("engagement_id",)),
    "schedules": Identity(("id", "start_time", "end_time"), "updated_at"),
    "holidays": Identity(("schedule_id", "start_date", "end_date")),
}  # fmt: skip


def keep_records(records: Records, *, folder: Path) -> dict[str, int]:
    """Add what was read to what earlier imports brought; return how many records came again or are older, by kind.

    Afterwards `records` hold all of it. Equal states keep the place they had, of unequal ones with one time the later
    counts; a comment that an audit tells too is the audit's.
    """
    home, again = records_folder(folder, "zendesk"), {}
    stems = {path.stem for path in home.glob("*.parquet")}
    for kind in sorted({*records.frames, *(stem for stem in stems if "." not in stem)}):
        path = home / f"{kind}.parquet"
        if kind in records.frames:
            again[kind] = _add(path, records[kind], IDENTITIES.get(kind, Identity()))
        records.frames[kind] = pl.scan_parquet(path).with_row_index(ROW)
    for kind in sorted({*records.broken, *(stem.partition(".")[0] for stem in stems if "." in stem)}):
        records.broken[kind] = [_lines(home / f"{kind}.broken.parquet", records.broken.get(kind, []))]
    return again


def _add(path: Path, fresh: pl.LazyFrame, identity: Identity) -> int:
    before = [pl.scan_parquet(path)] if path.exists() else []
    had = int(before[0].select(pl.len()).collect().item()) if before else 0
    rows = pl.concat([*before, fresh.drop([ROW, "record"], strict=False)], how="diagonal").with_row_index(ROW)
    past = _past(rows, identity)
    aside = path.with_suffix(".new")
    kept = rows.join(past.lazy(), on=ROW, how="anti", maintain_order="left") if past.height else rows
    kept.drop(ROW).sink_parquet(aside, maintain_order=True)
    aside.replace(path)
    return past.filter(pl.col(ROW) >= had).height


def _past(rows: pl.LazyFrame, identity: Identity) -> pl.DataFrame:
    """Return the numbers of the records that a newer or an equal one stands for."""
    columns = rows.collect_schema().names()[1:]
    key = [*identity.key, *([identity.state] if identity.versions else [])]
    known = pl.col(key[0]).is_not_null() if key else pl.lit(False)
    state = instant(identity.state) if identity.state in columns else pl.lit(None, INSTANT)
    audit = pl.col("audit_author_id").is_not_null() if "audit_author_id" in columns else pl.lit(False)
    content, by = pl.struct(columns).hash(), [*key, _ID]
    number = (
        pl.when(pl.col("field").is_not_null()).then(event_number()) if "event_id" in key else pl.lit(None, pl.String)
    )
    told = rows.with_columns(content.alias(_CONTENT)).select(
        ROW,
        *key,
        _CONTENT,
        pl.when(~known).then(pl.coalesce(number, pl.col(_CONTENT).cast(pl.String))).alias(_ID),
        state.alias("at"),
        audit.alias(_AUDIT),
    )
    several = told.group_by(by).len().filter(pl.col("len") > 1).select(by).collect(engine="streaming")
    if several.is_empty():
        return pl.DataFrame(schema={ROW: pl.UInt32})
    versions = told.join(several.lazy(), on=by, how="semi", nulls_equal=True).collect(engine="streaming")
    newest = versions.sort("at", _AUDIT, ROW, nulls_last=False).unique(by, keep="last", maintain_order=True)
    alike = versions.join(newest.select(*by, _CONTENT), on=[*by, _CONTENT], how="semi", nulls_equal=True)
    return versions.join(alike.group_by(by).agg(pl.col(ROW).min()), on=ROW, how="anti").select(ROW)


def _lines(path: Path, parts: list[Part]) -> Part:
    """Keep the lines that are no record, each once; return them as rows that cannot be used."""
    before = [pl.read_parquet(path)] if path.exists() else []
    fresh = [part.originals.collect() for part in parts]
    lines = pl.concat([*before, *fresh]).unique("line", keep="first", maintain_order=True)
    lines.write_parquet(path)
    return Part(lines.lazy().select(ROW, pl.lit("not a JSON record").alias(REASON)), lines.lazy())
