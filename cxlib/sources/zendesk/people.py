"""Who is staff, who is a customer: roles at the time of writing, agents, customers."""

import polars as pl

from cxlib.sources.importing.adding import REASON
from cxlib.sources.mapped.mapping import ROW
from cxlib.sources.zendesk.files import Records

SYSTEM = ("-1", "0")
_STAFF_ROLES = ("agent", "admin")
_NO_ROLE = ("not set", "end-user", "end user", "none")
_RULES = ("trigger", "automation")
_ROLE_CHANGE = r"Support role changed from ([^\\\n]+?) to ([^\\\n]+)"


def instant(name: str) -> pl.Expr:
    """Return a text column as a UTC instant; a time without an offset is UTC."""
    text = pl.col(name).str.strip_chars().str.replace(r"^(\d{4}-\d\d-\d\d)T", "$1 ")
    bare = text.str.replace(r" ?(Z|UTC|\+00:?00)$", "")
    plain = bare.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", time_zone="UTC", strict=False)
    return pl.coalesce(plain, text.str.to_datetime("%Y-%m-%d %H:%M:%S%.f%#z", time_unit="us", strict=False))


def event_number() -> pl.Expr:
    """Return an event's own number; else one by what it tells, the same in every export: ticket, time, field, value."""
    at = pl.coalesce(instant("at").dt.strftime("%Y-%m-%d %H:%M:%S%.f"), "at")
    value = pl.when(pl.col("field").is_null()).then("author_id").otherwise("new")
    told = [part.fill_null("").str.head(40) for part in (pl.col("ticket_id"), at, pl.col("field"), value)]
    return pl.coalesce("event_id", pl.concat_str(told, separator=":"))


def fault(*needed: tuple[str, str]) -> pl.Expr:
    """Return why a row cannot be kept, null if it can: (typed column, its source's text column) must have a value."""
    words = [
        pl.when(pl.col(text).is_null() if text else pl.col(name).is_null())
        .then(pl.lit(f"missing {name}"))
        .when(pl.col(name).is_null())
        .then(pl.lit(f"unreadable {name}"))
        for name, text in needed
    ]
    return pl.coalesce(words).alias(REASON)


def newest(rows: pl.LazyFrame, key: str, by: str = ROW) -> tuple[pl.LazyFrame, int]:
    """Return rows with only the newest version of each key (the last one where `by` is equal), and how many went."""
    several = rows.filter(pl.col(key).is_not_null()).group_by(key).len().filter(pl.col("len") > 1)
    ids = several.select(key).collect(engine="streaming")
    if ids.is_empty():
        return rows, 0
    versions = rows.select(key, ROW, pl.col(by).alias("by")).join(ids.lazy(), on=key, how="semi").collect()
    last = versions.sort("by", ROW, nulls_last=False).group_by(key).agg(pl.col(ROW).last())
    older = versions.join(last, on=ROW, how="anti").select(ROW)
    return rows.join(older.lazy(), on=ROW, how="anti", maintain_order="left"), older.height


def beside(rows: pl.LazyFrame, other: pl.LazyFrame, on: str | list[str]) -> pl.LazyFrame:
    """Return the rows, in their order, with the other's columns; null where it has no such key."""
    return rows.join(other, on=on, how="left", maintain_order="left")


def labels(records: Records, kind: str, name: str = "name") -> pl.LazyFrame:
    """Return `id` and `label` of groups, brands or macros, one row an id."""
    return records[kind].filter(pl.col("id").is_not_null()).select("id", label=name).unique("id", keep="last")


def staff(records: Records) -> pl.DataFrame:
    """Return everybody who is or was staff: `user_id`, `since` and `until` (null = always) of being so.

    Staff are agents and admins of today, those whose role once was, and whoever was assigned a ticket: an agent who was
    deactivated is an end user today and was an agent all the same. Known changes of role bound the time; an
    assignment outside it extends it.
    """
    users, events = records["users"], records["events"]
    now = users.filter(pl.col("role").is_in(_STAFF_ROLES)).select(user_id="id")
    moved = events.filter(pl.col("field") == "assignee_id", pl.col("new").is_not_null()).select(
        user_id="new", at=instant("at")
    )
    assigned = [records["tickets"].select(user_id="assignee_id"), moved.select("user_id")]
    changes = _role_changes(records)
    known = (
        pl.concat([now, *assigned, changes.filter(pl.col("before") | pl.col("after")).select("user_id")])
        .filter(pl.col("user_id").is_not_null() & ~pl.col("user_id").is_in(SYSTEM))
        .unique()
    )
    first, last = pl.col("at").first(), pl.col("at").last()
    told = changes.group_by("user_id").agg(
        pl.when(~pl.col("before").first()).then(pl.col("at").filter("after").first()).alias("since"),
        pl.when(~pl.col("after").last()).then(pl.col("at").filter("before").last()).alias("until"),
    )
    worked = moved.sort("at").group_by("user_id").agg(first.alias("first"), last.alias("last"))
    return (
        known.join(told, on="user_id", how="left")
        .join(worked, on="user_id", how="left")
        .select(
            "user_id",
            pl.when(pl.col("since").is_not_null()).then(pl.min_horizontal("since", "first")).alias("since"),
            pl.when(pl.col("until").is_not_null()).then(pl.max_horizontal("until", "last")).alias("until"),
        )
        .sort("user_id")
        .collect(engine="streaming")
    )


def _role_changes(records: Records) -> pl.LazyFrame:
    """Return changes of role from the account's audit log: `user_id`, `at`, staff `before`, staff `after`."""
    roles = pl.col("change_description").str.extract_groups(_ROLE_CHANGE)
    return (
        records["audit_logs"]
        .filter(pl.col("source_type").str.to_lowercase() == "user")
        .select(
            user_id="source_id",
            at=instant("created_at"),
            before=~roles.struct.field("1").str.to_lowercase().str.strip_chars().is_in(_NO_ROLE),
            after=~roles.struct.field("2").str.to_lowercase().str.strip_chars().is_in(_NO_ROLE),
        )
        .filter(pl.col("before").is_not_null() & pl.col("at").is_not_null())
        .sort("at")
    )


def with_roles(events: pl.LazyFrame, records: Records, people: pl.DataFrame) -> pl.LazyFrame:
    """Add `author` (customer, agent, bot, system) and `by` to events with `author_id`, `at`, `ticket_id`, `rel`, `via`.

    The requester of a ticket is its customer, whatever else he is. Others are agents where staff at that time. Whoever
    is neither is a customer, but an agent where the export holds no users at all. Rules are bots; the account's
    own doings (author −1) are the system's. An automation, or the system, that solves or closes is a timer.
    """
    requesters = records["tickets"].select("requester_id", ticket_id="id").unique("ticket_id", keep="last")
    others = pl.lit("customer" if "users" in records else "agent")
    author, rule = pl.col("author_id"), pl.col("rel").is_in(_RULES).fill_null(False)
    at = pl.col("at")
    inside = pl.col("is_staff") & (at >= pl.col("since")).fill_null(True) & (at <= pl.col("until")).fill_null(True)
    system = author.is_in(SYSTEM)
    ending = (pl.col("field") == "status") & pl.col("new").is_in(["solved", "closed"])
    timer = (pl.col("rel") == "automation") | (system & (pl.col("rel") != "trigger").fill_null(True))
    return (
        events.pipe(beside, requesters, "ticket_id")
        .pipe(beside, people.lazy().select("since", "until", author_id="user_id", is_staff=True), "author_id")
        .with_columns(
            author=pl.coalesce(
                pl.when(rule).then(pl.lit("bot")),
                pl.when(system | author.is_null()).then(pl.lit("system")),
                pl.when(author == pl.col("requester_id")).then(pl.lit("customer")),
                pl.when(inside).then(pl.lit("agent")),
                others,
            )
        )
        .with_columns(
            by=pl.coalesce(
                pl.when(ending & timer).then(pl.lit("timer")),
                pl.when(rule | system).then(pl.lit("bot")),
                pl.when(pl.col("author") == "agent").then(author),
                pl.when(pl.col("author") == "customer").then(pl.lit("customer")),
            )
        )
    )


def agents(records: Records, people: pl.DataFrame) -> pl.LazyFrame:
    """Return the rows of `agents` with `row_number` and `reason`; those known by their work only have just a number."""
    users, _ = newest(records["users"], "id", "updated_at")
    groups = labels(records, "groups").select(default_group_id="id", team="label")
    known = users.join(groups, on="default_group_id", how="left").select(
        "name", ROW, pl.coalesce("team", "default_group_id").alias("team"), user_id="id", hired_at=instant("created_at")
    )
    return (
        people.lazy()
        .join(known, on="user_id", how="left")
        .select(
            "name", "team", ROW, pl.lit(None, dtype=pl.String).alias(REASON), agent_id="user_id",
            hired_at=pl.coalesce("since", "hired_at"), left_at="until",
        )
        .sort("agent_id")
    )  # fmt: skip


def customers(records: Records, people: pl.DataFrame) -> tuple[pl.LazyFrame, dict[str, int]]:
    """Return the rows of `customers`: users who are no staff or asked something; and what was left out, by reason."""
    users, older = newest(records["users"], "id", "updated_at")
    asked = records["tickets"].select(id="requester_id").drop_nulls().unique().with_columns(asked=True)
    apart = people.lazy().select(id="user_id", apart=True)
    rows = beside(beside(users, asked, "id"), apart, "id")
    left = rows.filter("apart", pl.col("asked").is_null())
    count = int(left.select(pl.len()).collect(engine="streaming").item())
    kept = rows.filter(pl.col("apart").is_null() | pl.col("asked").is_not_null()).select(
        "name", ROW, customer_id="id", account_id="organization_id", joined_at=instant("created_at")
    )
    return kept.with_columns(fault(("customer_id", ""))), {"older version of the same user": older, "staff": count}
