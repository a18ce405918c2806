"""What the declared tables mean to code: column types, conforming frames, dimension paths, the data dictionary."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from cxlib.errors import CxError, some_names, unknown_name
from cxlib.tables import GIVEN, TABLES
from cxlib.tables.columns import Column, Kind, Table

__all__ = [
    "DIMENSIONS", "GIVEN", "PLAUSIBLE_YEARS", "PROMISED", "TABLES", "Dimension", "conform", "dictionary", "dtype",
    "is_personal", "path_of", "span", "table",
]  # fmt: skip

INSTANT = pl.Datetime("us", "UTC")
_TYPES: dict[Kind, pl.DataType] = {
    "id": pl.String(), "text": pl.String(), "instant": INSTANT, "day": pl.Date(), "minutes": pl.Float64(),
    "number": pl.Float64(), "money": pl.Float64(), "integer": pl.Int64(), "flag": pl.Boolean(),
}  # fmt: skip
PLAUSIBLE_YEARS = (1980, 2099)  # a date outside them is a typing error or a code for "none"
# Instants that say nothing of the end of the data: promises of the future; master data, unless there is nothing else.
PROMISED = ("first_reply_due_at", "due_at")
_MASTER_DATA = ("joined_at", "left_at", "hired_at")


def table(name: str) -> Table:
    """Return the declared table of that name.

    Raises:
        UsageError: No such table.
    """
    if name not in TABLES:
        raise unknown_name("table", name, TABLES)
    return TABLES[name]


def dtype(column: Column) -> pl.DataType:
    """Return the Polars type of a declared column."""
    return _TYPES[column.kind]


def conform(frame: pl.LazyFrame, name: str, *, derived: bool = False) -> pl.LazyFrame:
    """Cast a frame to its declared columns, in declared order; absent optional columns become null.

    Only the given columns are kept, the `derived` ones too where told (after `derive`).

    Raises:
        CxError: A required column is absent.
    """
    declared = table(name)
    present = set(frame.collect_schema().names())
    wanted = declared.columns if derived or declared.derived else declared.given
    missing = [column.name for column in wanted if column.required and column.name not in present]
    if missing:
        raise CxError(
            f"Table {name!r} lacks the required column(s) {', '.join(missing)}; it has {', '.join(sorted(present))}."
        )
    return frame.select(
        (pl.col(column.name) if column.name in present else pl.lit(None)).cast(dtype(column)).alias(column.name)
        for column in wanted
    )


def span(tables: Mapping[str, pl.LazyFrame], *, until: datetime | None = None) -> tuple[datetime, datetime] | None:
    """Return the first and the last instant at which something happened in given tables, by name; None if none did.

    A few rows dated far ahead do not move the end: of the latest 1 % of a table's rows (at least of the last two of
    eight, the last of four), those more than 400 days after all others are ignored, as are dates outside
    `PLAUSIBLE_YEARS`. A table of one row says nothing of what is far where others have more. Of instants after `until`,
    where it is known, none counts.
    """
    for but in (PROMISED + _MASTER_DATA, PROMISED):
        parts = [_instants(name, frame, but) for name, frame in tables.items()]
        seen = [part for part in parts if part.height]
        if seen:
            limit = until or max(map(_limit, [part for part in seen if part.height > 1] or seen))
            every = pl.concat([column.drop_nulls().alias("at") for part in seen for column in part])
            kept = every.filter(every <= limit)
            if kept.len():
                ends: tuple[Any, Any] = kept.min(), kept.max()
                return ends
    return None


def _instants(name: str, frame: pl.LazyFrame, but: Sequence[str]) -> pl.DataFrame:
    """Return the plausible instants of a table, a column each; only rows that have one."""
    have, years = frame.collect_schema(), PLAUSIBLE_YEARS
    known = [one.name for one in table(name).given if one.kind == "instant" and one.name not in but]
    instants = [pl.col(one).cast(INSTANT) for one in known if one in have]
    plausible = [pl.when(one.dt.year().is_between(*years)).then(one).name.keep() for one in instants]
    return frame.select(plausible).filter(pl.any_horizontal(pl.all().is_not_null())).collect()


def _limit(rows: pl.DataFrame) -> datetime:
    """Return until when instants are not far from the others."""
    count, latest = rows.height, rows.max_horizontal().sort()
    few = max(count // 100, min(2, count // 4))
    at: datetime = latest[count - 1 - few]
    return at + timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Path:
    """How a dimension is reached from a table: joins along (own column, table) hops, then one column."""

    column: str
    hops: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Dimension:
    """A way to group figures: title, path from each table where it is defined, and where group labels come from.

    Groups of an `ordered` one are shown in the order of their labels, not by value: classes, and persons, who are not
    ranked. Groups of a `coded` one are our own codes, "saved_reply", printed as words. Groups of a `personal` one are
    persons: nobody is named as apart but by the funnel (`questions.team.agents`).
    """

    name: str
    title: str
    paths: dict[str, Path]
    label: tuple[str, str] | None = None
    ordered: bool = False
    coded: bool = False
    personal: bool = False

    @property
    def key(self) -> str:
        """Column that holds a group's key, in the table its label comes from too."""
        return next(iter(self.paths.values())).column


_TICKET = (("ticket_id", "tickets"),)
_CUSTOMER = (("customer_id", "customers"),)
_OF_TICKET = (
    "surveys", "messages", "replies", "orders", "workflow_runs", "status_moves", "agent_tickets", "ticket_workflows",
    "followed_answers", "backlog_months",
)  # fmt: skip
_WITH_CUSTOMER = (
    "tickets", "surveys", "replies", "orders", "visits", "article_views", "customer_months", "followed_answers",
    "backlog_months",
)  # fmt: skip


def _ticket_dimension(name: str, title: str, *own: str, **more: Path) -> Dimension:
    paths = {other: Path(name, _TICKET) for other in _OF_TICKET if other not in own} | more
    return Dimension(name, title, paths | {other: Path(name) for other in ("tickets", *own)})


def _bracket_dimension(name: str, title: str) -> Dimension:
    column = f"{name}_bracket"
    paths = {other: Path(column, () if other == "tickets" else _TICKET) for other in ("tickets", *_OF_TICKET)}
    return Dimension(name, title, paths, ordered=True)


def _customer_dimension(name: str, title: str) -> Dimension:
    through = {other: Path(name, _TICKET + _CUSTOMER) for other in _OF_TICKET if other not in _WITH_CUSTOMER}
    own = {other: Path(name, _CUSTOMER) for other in _WITH_CUSTOMER}
    return Dimension(name, title, through | own | {"customers": Path(name)})


_WORKFLOWS = ("workflow_runs", "ticket_workflows")
_CLASSED = ("orders", "customer_months", "followed_answers")
_AGENT_TABLES = ("tickets", "surveys", "replies", "workflow_runs", "agent_tickets", "agent_months", "agents")
_BY_AGENT = {name: Path("agent_id") for name in _AGENT_TABLES} | {"backlog_months": Path("agent_id", _TICKET)}
DIMENSIONS: dict[str, Dimension] = {
    dimension.name: dimension
    for dimension in (
        _ticket_dimension("channel", "channel", "messages", "replies"),
        _ticket_dimension("category", "category"),
        _ticket_dimension("team", "team", agents=Path("team"), agent_months=Path("team", (("agent_id", "agents"),))),
        _ticket_dimension("brand", "brand"),
        _ticket_dimension("priority", "priority"),
        _ticket_dimension("difficulty", "difficulty"),
        _ticket_dimension("language", "language"),
        _ticket_dimension("opened_by", "first author"),
        _customer_dimension("importance", "customer importance"),
        _customer_dimension("country", "country"),
        Dimension("agent", "team member", _BY_AGENT, ("agents", "name"), ordered=True, personal=True),
        _ticket_dimension("arrival", "time of arrival"),
        Dimension("hour", "hour of the day", {"tickets": Path("created_hour"), "messages": Path("sent_hour")}),
        Dimension(
            "agent_tenure", "time in the job", {n: Path("agent_tenure") for n in ("tickets", "surveys")}, ordered=True
        ),
        Dimension("handling_channel", "handling channel", {"surveys": Path("handling_channel")}),
        _bracket_dimension("handoffs", "number of handoffs"),
        _bracket_dimension("contacts", "number of contacts"),
        Dimension("question", "question", {"surveys": Path("question")}),
        Dimension("effort_class", "reported effort", {"surveys": Path("effort_class")}),
        Dimension("ease_class", "reported ease", {"surveys": Path("ease_class")}),
        Dimension("loyalty_class", "loyalty class", {name: Path("loyalty_class") for name in _CLASSED}),
        Dimension("experience", "latest experience", {name: Path("experience") for name in _CLASSED}),
        Dimension("helped_by", "contact before the order", {"orders": Path("helped_by")}),
        Dimension("workflow_kind", "kind of workflow", {name: Path("kind") for name in _WORKFLOWS}, coded=True),
        Dimension("workflow", "workflow", {name: Path("name") for name in _WORKFLOWS}),
        Dimension("article", "article", {"article_views": Path("article_id")}, ("article_views", "title")),
        Dimension("currency", "currency", {"orders": Path("currency")}),
    )
}


def is_personal(dimension: str) -> bool:
    """Return whether the groups of a dimension are persons; no unknown dimension's are."""
    return dimension in DIMENSIONS and DIMENSIONS[dimension].personal


def path_of(dimension: str, table_name: str) -> Path:
    """Return how `dimension` is reached from a table.

    Raises:
        UsageError: No such dimension.
        CxError: The dimension is not defined on that table.
    """
    if dimension not in DIMENSIONS:
        raise unknown_name("dimension", dimension, DIMENSIONS)
    paths = DIMENSIONS[dimension].paths
    if table_name not in paths:
        here = some_names(sorted(name for name, other in DIMENSIONS.items() if table_name in other.paths))
        raise CxError(f"{dimension!r} is not defined for rows of {table_name!r}; there you can use {here}.")
    return paths[table_name]


def dictionary() -> str:
    """Return the data dictionary as Markdown: one section a table, one row a column."""
    parts = ["# Data dictionary", ""]
    for declared in TABLES.values():
        origin = "derived by `cx derive`" if declared.derived else "given by sources"
        parts += [f"## {declared.name}", "", f"{declared.meaning.capitalize()} ({origin}).", ""]
        parts += ["| column | kind | meaning |", "|---|---|---|"]
        parts += [
            f"| {column.name}{_mark(column, declared)} | {column.kind} | {_meaning(column)} |"
            for column in declared.columns
        ]
        parts.append("")
    return "\n".join(parts)


def _mark(column: Column, declared: Table) -> str:
    if column.name == declared.key:
        return " (key)"
    return " (required)" if column.required else " (derived)" if column.derived else ""


def _meaning(column: Column) -> str:
    choices = f": {', '.join(column.choices)}" if column.choices else ""
    target = f" → {column.references}" if column.references else ""
    return f"{column.meaning}{choices}{target}"
