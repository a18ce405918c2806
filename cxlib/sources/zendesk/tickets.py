"""Zendesk's tickets laid as tickets: status, merges, schedules, what ticket metrics and SLA targets add."""

import polars as pl

from cxlib.clock import business_minutes
from cxlib.settings import Settings
from cxlib.sources.mapped.mapping import ROW
from cxlib.sources.reading.dates import replaced
from cxlib.sources.zendesk.events import channel
from cxlib.sources.zendesk.files import Records
from cxlib.sources.zendesk.kinds import OWN_CLOCKS
from cxlib.sources.zendesk.people import beside, fault, instant, labels, newest
from cxlib.tables.columns import STATUSES
from cxlib.tables.schema import INSTANT

_MERGED_TAG = "closed_by_merge"
_MERGED_TEXT = r"merged into request #(\d+)"
_SECONDS_AHEAD = 5 * 366 * 86_400


def merges(records: Records) -> pl.DataFrame:
    """Return merged tickets: `ticket_id`, `merged_into` (null where nothing tells).

    Told by the tag closed_by_merge, by the target's list of merged tickets, by an audit made by a merge, or by the
    note "merged into request #…" that Zendesk leaves; the last two only for tickets with the tag.
    """
    tickets, events = records["tickets"], records["events"]
    tagged = pl.concat(
        [
            tickets.filter(pl.col("tags").str.contains(_MERGED_TAG, literal=True)).select(ticket_id="id"),
            records["ticket_tags"].filter(pl.col("tag") == _MERGED_TAG).select("ticket_id"),
        ]
    ).unique()

    def listed(rows: pl.LazyFrame, target: str, numbers: pl.Expr) -> pl.LazyFrame:
        found = rows.select(merged_into=target, ticket_id=numbers.str.extract_all(r"\d+")).explode("ticket_id")
        return found.filter(pl.col("ticket_id").is_not_null()).select("ticket_id", "merged_into")

    by_target = listed(tickets.filter(pl.col("merged_ticket_ids").is_not_null()), "id", pl.col("merged_ticket_ids"))
    either = pl.concat_str("merged_id", "merged_ids", separator=" ", ignore_nulls=True)
    by_audit = listed(events.filter(pl.col("audit_rel") == "merge"), "ticket_id", either)
    noted = events.select("ticket_id", merged_into=pl.col("text").str.extract(_MERGED_TEXT)).drop_nulls()
    told = pl.concat([by_target, pl.concat([by_audit, noted]).join(tagged, on="ticket_id", how="semi")])
    told = told.filter(pl.col("ticket_id") != pl.col("merged_into"))
    every = pl.concat([told, tagged], how="diagonal")
    return every.unique(maintain_order=True).group_by("ticket_id").agg(
        pl.col("merged_into").drop_nulls().first()
    ).sort("ticket_id").collect(engine="streaming")  # fmt: skip


def assigned_schedules(records: Records, names: dict[str, str]) -> pl.LazyFrame:
    """Return `ticket_id`, `schedule`: the name of the schedule applied last, as Zendesk counts; unknown ones null."""
    table = records["ticket_schedules"].select("ticket_id", "schedule_id", at=instant("created_at"))
    events = records["events"].filter(pl.col("schedule_id").is_not_null())
    applied = pl.concat([table, events.select("ticket_id", "schedule_id", at=instant("at"))])
    last = applied.group_by("ticket_id").agg(pl.col("schedule_id").sort_by("at").last())
    known = replaced(pl.col("schedule_id"), names) if names else pl.lit(None, dtype=pl.String)
    return last.select("ticket_id", "schedule_id", schedule=known)


def tickets(
    records: Records, people: pl.DataFrame, merged: pl.DataFrame, schedules: dict[str, str], settings: Settings
) -> tuple[pl.LazyFrame, dict[str, int]]:
    """Return the rows of `tickets`, and how many older versions of a ticket were left out."""
    raw, older = newest(records["tickets"].with_columns(updated=instant("updated_at")), "id", "updated")
    groups, brands = labels(records, "groups"), labels(records, "brands")
    others = people.lazy().select(submitter_id="user_id", by_staff=True)
    status, gone = pl.col("status").str.to_lowercase().str.replace("on.hold", "hold"), pl.col("_fivetran_deleted")
    deleted = (status == "deleted") | (gone.str.to_lowercase() == "true").fill_null(False)
    submitter, requester = pl.col("submitter_id"), pl.col("requester_id")
    rows = (
        raw.pipe(beside, groups.select(group_id="id", group="label"), "group_id")
        .pipe(beside, brands.select(brand_id="id", brand="label"), "brand_id")
        .pipe(beside, others, "submitter_id")
        .rename({"id": "ticket_id"})
        .pipe(beside, merged.lazy().with_columns(is_merged=True), "ticket_id")
        .pipe(beside, assigned_schedules(records, schedules), "ticket_id")
        .select(
            "ticket_id", "subject", "priority", "merged_into", "schedule", ROW,
            customer_id="requester_id", agent_id="assignee_id", team=pl.coalesce("group", "group_id"),
            brand=pl.coalesce("brand", "brand_id"), channel=channel("via"), category="type",
            status=pl.when(deleted).then(pl.lit("deleted")).when("is_merged").then(pl.lit("merged"))
            .when(status.is_in(STATUSES)).then(status),
            opened_by=pl.when(submitter == requester).then(pl.lit("customer")).when("by_staff").then(pl.lit("agent"))
            .when(submitter.is_not_null() & requester.is_not_null()).then(pl.lit("customer")),
            created_at=instant("created_at"), created_text="created_at", task_due_at=instant("due_at"),
            source=pl.lit("zendesk"),
        )
    )  # fmt: skip
    rows = _with_handle_minutes(_with_metrics(rows, records), records)
    rows = _with_targets(rows, records, settings)
    return rows.with_columns(fault(("ticket_id", ""), ("created_at", "created_text"))), {
        "older version of the same ticket": older
    }


def _with_metrics(rows: pl.LazyFrame, records: Records) -> pl.LazyFrame:
    """Fill what only events can tell exactly from ticket metrics, where a ticket has no events."""
    if "ticket_metrics" not in records:
        return rows
    metrics, _ = newest(records["ticket_metrics"], "ticket_id")
    seconds, minutes = (pl.col(f"reply_{unit}").cast(pl.Float64, strict=False) for unit in ("seconds", "minutes"))
    wait = pl.coalesce(seconds, minutes * 60)
    told = metrics.select(
        "ticket_id", taken_at=instant("initially_assigned_at"), solved=instant("solved_at"),
        reopens=pl.col("reopens").cast(pl.Int64, strict=False),
        agent_replies=pl.col("replies").cast(pl.Int64, strict=False), wait=(wait * 1e6).cast(pl.Duration("us")),
    )  # fmt: skip
    heard = records["events"].select("ticket_id", heard=True).unique("ticket_id")
    silent, done = pl.col("heard").is_null(), pl.col("status").is_in(["solved", "closed"])
    joined = beside(beside(rows, told, "ticket_id"), heard, "ticket_id")
    return joined.with_columns(
        *(pl.when(silent).then(name).alias(name) for name in ("taken_at", "reopens", "agent_replies")),
        pl.when(silent & done).then("solved").alias("solved_at"),
        pl.when(silent).then(pl.col("created_at") + pl.col("wait")).alias("first_replied_at"),
    ).drop("heard", "solved", "wait")


def own_figures(records: Records) -> pl.LazyFrame:
    """Return the figures that Zendesk's ticket metrics hold, a row each; those it never fills are out."""
    metrics, _ = newest(records["ticket_metrics"], "ticket_id")
    told = {"reopens": "reopens", "agent_replies": "replies"}
    for stem in OWN_CLOCKS:
        told |= {f"{stem}_minutes": f"{stem}_calendar", f"{stem}_business_minutes": f"{stem}_business"}
    wide = metrics.select(
        "ticket_id", ROW, **{name: pl.col(own).cast(pl.Float64, strict=False) for name, own in told.items()}
    )
    rows = wide.unpivot(index=["ticket_id", ROW], variable_name="figure", value_name="amount").select(
        "ticket_id", "figure", "amount", ROW, figure_id=pl.concat_str("ticket_id", "figure", separator=" ")
    )
    filled = rows.filter(pl.col("amount").is_not_null().any().over("figure"))
    return filled.with_columns(fault(("ticket_id", "")))


def _with_handle_minutes(rows: pl.LazyFrame, records: Records) -> pl.LazyFrame:
    """Add the minutes of a ticket's engagements (an agent at work in a conversation), where the export has them."""
    if "engagements" not in records:
        return rows
    spent = instant("engagement_end_time") - instant("engagement_start_time")
    minutes = spent.dt.total_microseconds() / 60_000_000
    known, _ = newest(records["engagements"], "engagement_id")
    work = known.group_by("ticket_id").agg(minutes.sum().alias("handle_minutes"))
    return beside(rows, work, "ticket_id")


def _with_targets(rows: pl.LazyFrame, records: Records, settings: Settings) -> pl.LazyFrame:
    """Add the promised instants: the start of a clock plus its target, in open minutes where the policy says so."""
    about = rows.select("ticket_id", "schedule", "created_at", "priority").unique("ticket_id", keep="last")
    promised = pl.concat([_applied(records), _in_force(records, about)]).collect(engine="streaming")
    rows = rows.with_columns(due_at=pl.col("task_due_at")).drop("task_due_at")
    if promised.is_empty():
        return rows
    due = promised.join(about.collect(engine="streaming"), on="ticket_id", how="inner")
    due = due.with_columns(pl.coalesce("began_at", "created_at").alias("began_at"))
    due = due.with_columns(_after(due, settings).alias("at"))
    for name, metric in (("first_reply_due_at", "reply"), ("resolution_due_at", "resolution")):
        told = due.filter(pl.col("metric") == metric).select("ticket_id", pl.col("at").alias(name)).unique("ticket_id")
        rows = beside(rows, told.lazy(), "ticket_id")
    return rows.with_columns(pl.coalesce("resolution_due_at", "due_at").alias("due_at")).drop("resolution_due_at")


def _applied(records: Records) -> pl.LazyFrame:
    """Return the last target of the first reply and of the resolution from metric events."""
    events = records["metric_events"].filter(pl.col("metric").is_in(["reply_time", "resolution_time"]))
    first = events.filter(pl.col("instance_id").is_null() | (pl.col("instance_id") == "1")).with_columns(
        at=instant("time"), metric=pl.col("metric").str.strip_suffix("_time")
    )
    keys = ["ticket_id", "metric"]
    began = first.filter(pl.col("type") == "activate").group_by(keys).agg(pl.col("at").min().alias("began_at"))
    target = first.filter(pl.col("type").str.contains("^apply_(group_)?sla$"), pl.col("target").is_not_null())
    last = target.group_by(keys).agg(pl.col("target", "business").sort_by("at").last())
    return last.join(began, on=keys, how="left").select(
        "ticket_id", "metric", pl.col("target").cast(pl.Float64, strict=False),
        pl.col("business").str.to_lowercase() == "true", "began_at",
    )  # fmt: skip


def _in_force(records: Records, about: pl.LazyFrame) -> pl.LazyFrame:
    """Return the targets from a history of policies: the version and the ticket's priority in force when applied."""
    applied = records["ticket_policies"].select("ticket_id", "sla_policy_id", at=instant("policy_applied_at"))
    last = applied.sort("at").group_by("ticket_id").last().join(about.select("ticket_id", "priority"), on="ticket_id")
    set_to = records["events"].filter(pl.col("field") == "priority").select("ticket_id", "new", set_at=instant("at"))
    before = last.join(set_to, on="ticket_id").filter(pl.col("set_at") <= pl.col("at")).sort("set_at")
    then = before.group_by("ticket_id").agg(pl.col("new").last())
    versions = records["sla_targets"].select(
        "sla_policy_id", "target", valid_at=instant("sla_policy_updated_at"), then="priority",
        business=pl.col("business_hours").str.to_lowercase() == "true",
        metric=pl.coalesce(
            pl.when(pl.col("metric") == "first_reply_time").then(pl.lit("reply")),
            pl.when(pl.col("metric").str.contains("resolution_time")).then(pl.lit("resolution")),
        ),
    )  # fmt: skip
    due = last.join(then, on="ticket_id", how="left").with_columns(then=pl.coalesce("new", "priority"))
    return (
        due.join(versions.filter(pl.col("metric").is_not_null()), on=["sla_policy_id", "then"])
        .filter(pl.col("valid_at") <= pl.col("at"))
        .sort("valid_at")
        .group_by("ticket_id", "metric")
        .agg(pl.col("target").cast(pl.Float64, strict=False).last(), pl.col("business").last())
        .with_columns(began_at=pl.lit(None, dtype=INSTANT))
    )


def _after(due: pl.DataFrame, settings: Settings) -> pl.Series:
    """Return the instant at which the target is used up, to the second; in open time found by halving."""
    began = due["began_at"].cast(INSTANT)

    def later(seconds: pl.Series) -> pl.Series:
        return began + pl.select((seconds * 1_000_000).cast(pl.Duration("us"))).to_series()

    plain = later((due["target"] * 60).round().cast(pl.Int64))
    low, high = (pl.Series([bound] * len(due), dtype=pl.Int64) for bound in (0, _SECONDS_AHEAD))
    for _ in range(_SECONDS_AHEAD.bit_length() if due["business"].any() else 0):
        middle = (low + high) // 2
        enough = business_minutes(began, later(middle), due["schedule"], settings) >= due["target"]
        low, high = low.zip_with(enough, middle), middle.zip_with(enough, high)
    known = business_minutes(began, later(high), due["schedule"], settings).is_not_null()  # else no hours are set
    return later(high.set(~known, None)).zip_with(due["business"], plain)
