"""Audits, comments and field history laid as messages, changes and workflow runs."""

import polars as pl

from cxlib.sources.importing.adding import REASON
from cxlib.sources.mapped.mapping import ROW
from cxlib.sources.reading.dates import replaced
from cxlib.sources.zendesk.files import Records
from cxlib.sources.zendesk.people import beside, event_number, fault, instant, labels, with_roles

_TALK = ("Comment", "VoiceComment", "Tweet", "FacebookComment", "FacebookEvent")
_MACRO = ("AgentMacroReference", "MacroReference")
_FIELDS = {
    "assignee_id": "agent", "group_id": "team", "type": "category", "brand_id": "brand", "requester_id": "customer",
}  # fmt: skip
_FIRST_VALUES = ("status", "assignee_id", "group_id", "priority", "type", "satisfaction_score")
CHANNELS = {
    "email": "email", "mail": "email", "voice": "phone", "phone": "phone", "call": "phone", "sms": "messaging",
    "chat": "chat", "chat_transcript": "chat", "native_messaging": "messaging", "whatsapp": "messaging",
    "line": "messaging", "telegram": "messaging", "messaging": "messaging", "facebook": "social", "twitter": "social",
    "instagram_dm": "social", "any_channel": "social", "mobile": "app", "mobile_sdk": "app", "web": "web",
    "web_form": "web", "web_service": "web", "web_widget": "web", "help_center": "web", "sample_ticket": "web",
    "closed_ticket": "web",
}  # fmt: skip


def channel(via: str) -> pl.Expr:
    """Return our channel for Zendesk's; null where none is told, "other" for any other."""
    known = replaced(pl.col(via).str.to_lowercase(), CHANNELS)
    return pl.when(pl.col(via).is_not_null()).then(known.fill_null("other"))


def events(records: Records, people: pl.DataFrame) -> pl.LazyFrame:
    """Return all events typed, with `author`, `by`, `what` (message, change, macro; null = none) and `reason`."""
    raw = records["events"]
    orphans = raw.filter(pl.col("ticket_id").is_null() & pl.col("audit_id").is_not_null())
    if orphans.select(pl.len()).collect(engine="streaming").item():  # a comment knows its audit, and that the ticket
        audits = raw.select("audit_id", of_audit="ticket_id").drop_nulls().unique("audit_id", keep="first")
        raw = beside(raw, audits, "audit_id").with_columns(pl.coalesce("ticket_id", "of_audit").alias("ticket_id"))
    kind, first = pl.col("type"), pl.col("field").is_in(_FIRST_VALUES)
    what = pl.coalesce(
        pl.when(kind.is_in(_TALK)).then(pl.lit("message")),
        pl.when(kind.is_in(_MACRO) | pl.col("macro_id").is_not_null()).then(pl.lit("macro")),
        pl.when((kind == "Change") | ((kind == "Create") & first)).then(pl.lit("change")),
    )
    typed = raw.with_columns(
        pl.coalesce("author_id", "audit_author_id").alias("author_id"),
        *(
            pl.when(pl.col("via").is_null()).then(f"audit_{name}").otherwise(name).alias(name)
            for name in ("via", "rel", "rule_id", "rule")  # an event has its own via only where it differs
        ),
        pl.col("at").alias("at_text"),
        instant("at").alias("at"),
        what.alias("what"),
        event_number().alias("event_id"),
    )
    return with_roles(typed, records, people).with_columns(fault(("ticket_id", ""), ("at", "at_text")))


def left_out(laid: pl.LazyFrame) -> dict[str, int]:
    """Count the events that give no row, in words."""
    kind = pl.when(pl.col("type") == "Create").then(pl.lit("first value of a field without a meaning here"))
    why = pl.coalesce(kind, pl.format("event of type {}", "type"), pl.lit("audit without events"))
    rest = laid.filter(pl.col("what").is_null() & ~_by_rule())
    return dict(rest.group_by(why.alias("why")).len().collect(engine="streaming").sort("why").rows())


def _by_rule() -> pl.Expr:
    return (pl.col("rel").is_in(["trigger", "automation"]) & pl.col("rule_id").is_not_null()).fill_null(False)


def messages(laid: pl.LazyFrame, records: Records) -> pl.LazyFrame:
    """Return the rows of `messages`; an agent's reply from Zendesk's pages has its ticket's channel (null)."""
    desk = (pl.col("author") != "customer") & pl.col("via").is_in(["web", "api", "web_service", "rule", "mobile"])
    voice = (pl.col("type") == "VoiceComment") | (pl.col("voice").str.to_lowercase() == "true").fill_null(False)
    macros = _macros(laid, records).select("audit_id", saved_reply="name").unique("audit_id", keep="first")
    return (
        laid.filter(pl.col("what") == "message")
        .pipe(beside, macros.drop_nulls(), "audit_id")
        .select(
            "ticket_id", "author", "author_id", "saved_reply", "text", ROW, REASON, message_id="event_id", sent_at="at",
            is_public=pl.col("public").str.to_lowercase() == "true",
            channel=pl.when(voice).then(pl.lit("phone")).when(~desk.fill_null(False)).then(channel("via")),
            attachments=pl.col("attachments").cast(pl.Int64, strict=False),
        )
    )  # fmt: skip


def changes(laid: pl.LazyFrame, records: Records, merged: pl.DataFrame) -> pl.LazyFrame:
    """Return the rows of `changes`: teams by name, hold as "hold", the close of a merged ticket as "merged"."""
    teams = labels(records, "groups")
    closes = merged.lazy().select("ticket_id", is_merged=True)
    rows = beside(laid.filter(pl.col("what") == "change"), closes, "ticket_id")
    for side in ("old", "new"):
        told = teams.select(pl.col("id").alias(side), team=pl.col("label"))
        close = (pl.col(side) == "closed") & pl.col("is_merged")
        hold, status = pl.col(side).is_in(["on-hold", "on_hold"]), pl.col("field") == "status"
        value = pl.coalesce(
            pl.when(pl.col("field") == "group_id").then("team"),
            pl.when(status & close).then(pl.lit("merged")),
            pl.when(status & hold).then(pl.lit("hold")),
            side,
        )
        rows = beside(rows, told, side).with_columns(value.alias(side)).drop("team")
    named = pl.coalesce(replaced(pl.col("field"), _FIELDS), "field")
    return rows.select("ticket_id", "old", "new", "by", ROW, REASON, change_id="event_id", changed_at="at", field=named)


def _macros(laid: pl.LazyFrame, records: Records) -> pl.LazyFrame:
    titles = labels(records, "macros", "title").select(macro_id="id", title="label")
    return (
        laid.filter(pl.col("what") == "macro")
        .pipe(beside, titles, "macro_id")
        .with_columns(pl.coalesce("macro", "title", "macro_id").alias("name"), kind=pl.lit("macro"))
    )


def runs(laid: pl.LazyFrame, records: Records) -> list[tuple[str, pl.LazyFrame]]:
    """Return (kind of record, rows of `workflow_runs`): macros and rules (one run an audit), SLA policies applied."""
    by_agent = pl.when(pl.col("author") == "agent").then("author_id")
    nobody = pl.lit(None, dtype=pl.String)
    columns = ["run_id", "ticket_id", "ran_at", "kind", "name", "agent_id", ROW, REASON]
    macros = _macros(laid, records).with_columns(run_id="event_id", ran_at="at", agent_id=by_agent)
    rules = laid.filter(_by_rule()).with_columns(
        pl.format("{}/{}", pl.coalesce("audit_id", "event_id"), "rule_id").alias("run_id"),
        pl.coalesce("rule", "rule_id").alias("name"), ran_at="at", kind="rel", agent_id=nobody,
    ).unique("run_id", keep="first", maintain_order=True)  # fmt: skip
    sla = {"kind": pl.lit("sla"), "agent_id": nobody}
    api = records["metric_events"].filter(pl.col("type").str.contains("^apply_(group_)?sla$"))
    applied = api.with_columns(ran_at=instant("time"), run_id=pl.format("sla/{}", "id"), name="policy", **sla)
    number = pl.format("sla/{}/{}/{}", "ticket_id", "sla_policy_id", "policy_applied_at")
    table = records["ticket_policies"].with_columns(
        ran_at=instant("policy_applied_at"), name="sla_policy_id", run_id=number, **sla
    )
    need = fault(("run_id", ""), ("ran_at", ""))
    return [
        ("events", pl.concat([macros.select(columns), rules.select(columns)])),
        ("metric_events", applied.with_columns(need).select(columns)),
        ("ticket_policies", table.with_columns(need).select(columns)),
    ]
