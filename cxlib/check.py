"""Checks of a data folder: rows, period, missing shares, and every promise of the tables that does not hold."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from cxlib.assumptions import Assumption, assumptions
from cxlib.periods import month_of, months_between, shift
from cxlib.promises import far_before, of_rows, spellings
from cxlib.store.folder import Data
from cxlib.tables.columns import MOST_WEIGHT, Table
from cxlib.tables.schema import GIVEN, INSTANT

ANCHOR = {
    "tickets": "created_at", "messages": "sent_at", "changes": "changed_at", "surveys": "answered_at",
    "orders": "ordered_at", "workflow_runs": "ran_at", "article_views": "viewed_at", "customers": "joined_at",
    "agents": "hired_at",
}  # fmt: skip
MONTHLY = tuple(name for name in ANCHOR if name not in ("customers", "agents"))  # tables that grow month by month
_FIELDS = ("status", "agent", "team")  # changes that figures are made of


@dataclass(frozen=True, slots=True)
class TableSummary:
    """Size of a table: rows, first and last instant of its anchor, share of missing values per given column (0–1)."""

    table: str
    rows: int
    first: str | None
    last: str | None
    missing: dict[str, float]


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken promise: where, which, how often, up to three example ids, what it does to which figure."""

    table: str
    promise: str
    count: int
    examples: tuple[str, ...]
    effect: str = ""

    @property
    def words(self) -> str:
        """The promise and what comes of it."""
        return f"{self.promise}: {self.effect}" if self.effect else self.promise


Found = tuple[Finding, pl.Series]


@dataclass(frozen=True, slots=True)
class CheckReport:
    """All summaries, findings and settings in force of a data folder; rows set aside count as findings."""

    data: str
    tables: tuple[TableSummary, ...]
    findings: tuple[Finding, ...]
    assumptions: tuple[Assumption, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)

    def as_text(self) -> str:
        """Return the report as lines to read."""
        lines = [f"Data {self.data}"]
        for summary in self.tables:
            lines.append(f"  {summary.table}: {summary.rows} rows, {summary.first or '?'} to {summary.last or '?'}")
            lines.append(f"    missing: {_missing_text(summary.missing)}")
        lines.append("Broken promises" if self.findings else "Every promise of the tables holds.")
        for finding in self.findings:
            told = f", for example {', '.join(finding.examples)}" if finding.examples else ""
            lines.append(
                f"  {finding.table}  {finding.promise}  {finding.count:,} row{'s' * (finding.count != 1)}{told}"
            )
            lines += [f"    {finding.effect}"] if finding.effect else []
        lines += ["Settings in force", *(f"  {one}" for one in self.assumptions)] if self.assumptions else []
        return "\n".join(lines)


def _missing_text(missing: dict[str, float]) -> str:
    return ", ".join(f"{name} {share:.0%}".replace("%", " %") for name, share in missing.items() if share) or "nothing"


def check(data: Data) -> CheckReport:
    """Check every given table of a data folder against its declaration and against the others."""
    summaries = tuple(_summary(data, declared) for declared in _present(data))
    aside = (one for declared in _present(data) for one, _ in set_aside(data, declared))
    return CheckReport(data.name, summaries, (*(one for one, _ in broken(data)), *aside), assumptions(data))


def broken(data: Data) -> Iterator[Found]:
    """Yield every broken promise of the given tables with the ids of the rows that break it."""
    yield from _lost_tables(data)
    for declared in _present(data):
        yield from _findings(data, declared)
    for promise, effect, ids in spellings(data):
        yield from _finding(GIVEN["customers"], promise, ids, effect)


def lost_tables(data: Data) -> list[str]:
    """Return the tables that the manifest lists with rows and the folder lacks."""
    return [name for name, rows in data.manifest.get("rows", {}).items() if rows and not data.has(name)]


def _lost_tables(data: Data) -> Iterator[Found]:
    for name in lost_tables(data):
        rows = int(data.manifest["rows"][name])
        effect = "no figure that reads it is known; import anew"
        finding = Finding(name, "the table is listed in the manifest and its file is missing", rows, (), effect)
        yield finding, pl.Series(dtype=pl.String)


def _unread_columns(data: Data, declared: Table) -> Iterator[Found]:
    """Find columns that a mapping fills and of which not one value could be read."""
    for name, cells in data.manifest.get("unread", {}).get(declared.name, {}).items():
        if name not in data.filled(declared.name):
            effect = "the column is empty, and figures that need it are not known; correct the mapping"
            words = f"{name} is mapped, and not one of its texts could be read"
            yield Finding(declared.name, words, cells, (), effect), pl.Series(dtype=pl.String)


def _present(data: Data) -> list[Table]:
    return [declared for name, declared in GIVEN.items() if data.has(name)]


def _summary(data: Data, declared: Table) -> TableSummary:
    names = [column.name for column in declared.given]
    anchor = pl.col(ANCHOR[declared.name]) if declared.name in ANCHOR else pl.lit(None, dtype=INSTANT)
    nulls = [pl.col(name).null_count().alias(f"null {name}") for name in names]
    row = (
        data.scan(declared.name)
        .select(pl.len().alias("rows"), anchor.min().alias("first"), anchor.max().alias("last"), *nulls)
        .collect()
        .row(0, named=True)
    )
    rows = int(row["rows"])
    missing = {name: row[f"null {name}"] / rows if rows else 0.0 for name in names}
    first, last = (row[end] and f"{row[end]:%Y-%m-%d}" for end in ("first", "last"))
    return TableSummary(declared.name, rows, first, last, missing)


def _findings(data: Data, declared: Table) -> Iterator[Found]:
    frame = data.scan(declared.name)
    for promise, broken in _promises(data, declared):
        yield from _finding(declared, promise, frame.filter(broken).select(declared.key).collect().to_series())
    for found in of_rows(data, declared):
        yield from _finding(declared, found.promise, found.ids, found.effect)
    yield from _unread_columns(data, declared)
    yield from _references(data, declared)
    yield from _shrunk_months(data, declared)
    if declared.name in MONTHLY:
        for found in far_before(data, declared.name, ANCHOR[declared.name]):
            yield from _finding(declared, found.promise, found.ids, found.effect)
    if declared.name == "surveys":
        yield from _mixed_scales(data)


def _finding(declared: Table, promise: str, wrong: pl.Series, effect: str = "") -> Iterator[Found]:
    if len(wrong):
        yield Finding(declared.name, promise, len(wrong), tuple(str(key) for key in wrong.head(3)), effect), wrong


def _promises(data: Data, declared: Table) -> Iterator[tuple[str, pl.Expr]]:
    """Yield each promise a row alone can break, with the expression that is true where it is broken."""
    key = pl.col(declared.key)
    yield f"duplicate {declared.key}", key.is_duplicated() & key.is_not_null()
    for column in declared.given:
        value = pl.col(column.name)
        if column.required:
            yield f"{column.name} is missing", value.is_null()
        if column.choices:
            yield f"{column.name} is none of the known values", value.is_not_null() & ~value.is_in(column.choices)
    if declared.name == "surveys":
        inside = pl.col("answer").is_between(pl.col("scale_low"), pl.col("scale_high"))
        yield "answer lies outside its scale", ~inside
        of_nps = pl.col("scale_low").is_in([0.0, 1.0]) & (pl.col("scale_high") == 10.0)
        boxed = pl.when(pl.col("kind") == "nps").then(of_nps).otherwise(pl.col("box").is_not_null())
        if "box" in data.scan("surveys").collect_schema():
            yield "answer on a scale that has no boxes, so no share counts it", inside & ~boxed
        yield (
            f"weight is not a positive number up to {MOST_WEIGHT:,.0f}",
            ~pl.col("weight").is_between(0, MOST_WEIGHT, closed="right"),
        )
        yield "answered_at without an answer", pl.col("answered_at").is_not_null() & pl.col("answer").is_null()
    if declared.name == "orders":
        yield "currency is no code of three letters (ISO 4217)", ~pl.col("currency").str.contains("^[A-Z]{3}$")
        below = (pl.col("amount") < 0).fill_null(False)
        is_order = pl.col("kind").fill_null("order") == "order"
        yield "an order below zero, which counts as a refund", below & is_order
    if declared.name == "tickets":
        promise = "every ticket counts as opened by an agent, so that volume counts none (opened_by)"
        yield promise, (pl.col("opened_by") == "agent").fill_null(False).all()
    if declared.name == "changes":
        field = pl.col("field")
        yield (
            "field is a known one in other capitals, so that nothing reads it",
            (field.str.to_lowercase().is_in(_FIELDS) & ~field.is_in(_FIELDS)),
        )
    if declared.name == "messages" and data.has("tickets"):
        yield "message lies before its ticket's creation", pl.col("message_id").is_in(_early_messages(data).implode())


def _early_messages(data: Data) -> pl.Series:
    created = data.scan("tickets").select("ticket_id", "created_at").unique("ticket_id", keep="first")
    messages = data.scan("messages").join(created, on="ticket_id")
    return messages.filter(pl.col("sent_at") < pl.col("created_at")).select("message_id").collect().to_series()


def _references(data: Data, declared: Table) -> Iterator[Found]:
    for column in declared.given:
        target = column.references
        if not target or not data.has(target):
            continue
        known = data.scan(target).select(pl.col(GIVEN[target].key).alias(column.name)).unique()
        rows = data.scan(declared.name).filter(pl.col(column.name).is_not_null())
        lost = rows.join(known, on=column.name, how="anti").select(declared.key).collect().to_series()
        yield from _finding(declared, f"{column.name} is unknown in {target}", lost.sort())


def set_aside(data: Data, declared: Table) -> Iterator[Found]:
    """Tell what an import or the derive step set aside, with the ids that the kept rows have."""
    path = data.folder / "set_aside" / f"{declared.name}.parquet"
    kept = pl.read_parquet(path) if path.exists() else pl.DataFrame(schema={"reason": pl.String})
    for reason, count in data.manifest.get("set_aside", {}).get(declared.name, {}).items():
        rows = kept.filter(pl.col("reason") == reason)
        named = next((name for name in (declared.key, "row_number") if name in rows.columns), None)
        ids = rows[named].drop_nulls() if named else pl.Series(dtype=pl.String)
        yield Finding(declared.name, f"{reason} (set aside)", count, tuple(str(key) for key in ids.head(3))), ids


def _shrunk_months(data: Data, declared: Table) -> Iterator[Found]:
    """Find months without rows, or with less than half those of the months around them (at the end: before)."""
    if declared.name not in MONTHLY:
        return
    anchor = pl.col(ANCHOR[declared.name])
    month = anchor.dt.convert_time_zone(data.settings.timezone).dt.strftime("%Y-%m")
    counts = (
        data.scan(declared.name)
        .filter(anchor <= data.extracted_at)
        .group_by(month.alias("month"))
        .agg(pl.len().alias("rows"))
        .sort("month")
        .collect()
    )
    rows, some = pl.col("rows"), pl.when(pl.col("rows") > 0).then("rows")
    before, after = some.forward_fill().shift(1), some.backward_fill().shift(-1)
    less = (before >= 20) & (2 * rows < before) & (2 * rows < after).fill_null(True)
    found = _every_month(counts, data).filter(less)
    empty = found.filter(rows == 0)["month"]
    yield from _finding(declared, "a month without any row beside months that have many", empty)
    yield from _finding(declared, "a month with less than half its neighbours' rows", found.filter(rows > 0)["month"])


def _every_month(counts: pl.DataFrame, data: Data) -> pl.DataFrame:
    """Lay 0 for the months without rows, up to the last one that was over when the data end."""
    if counts.is_empty():
        return counts
    local = data.extracted_at.astimezone(ZoneInfo(data.settings.timezone))
    first, last = counts["month"][0], max(counts["month"][-1], shift(month_of(local.date()), -1))
    calendar = pl.DataFrame({"month": months_between(first, last)})
    return calendar.join(counts, on="month", how="left", maintain_order="left").with_columns(
        pl.col("rows").fill_null(0)
    )


def _mixed_scales(data: Data) -> Iterator[Found]:
    """Tell kinds of survey with answers on several scales, each with its number of answers."""
    scale = ["kind", "scale_low", "scale_high"]
    answered = data.scan("surveys").filter(pl.col("answer").is_not_null()).drop_nulls(scale)
    for (kind,), part in answered.group_by(scale).len().sort(scale).collect().group_by("kind", maintain_order=True):
        told = ", ".join(f"{low:g} to {high:g}: {count:,}" for _, low, high, count in part.iter_rows())
        if part.height > 1:
            promise = f"{kind} is answered on several scales ({told}): compared by box, or by the place on each scale"
            yield Finding("surveys", promise, int(part["len"].sum()), ()), pl.Series(dtype=pl.String)
