"""What Zendesk's records hold: for each kind its names and, per text column, where it lies in JSON and in a table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record.

    `names` are those of API lists and of tables. `columns` maps our name to a path in JSON ("via.channel";
    "events[].id" = in each element of the list `each`, one row an element; "#attachments" = how many), then, after
    "|", to names in a table. `constants` are the same in all records; `into` = rows join those of another kind.
    """

    names: tuple[str, ...]
    columns: dict[str, str]
    each: str = ""
    into: str = ""
    constants: dict[str, str] = field(default_factory=dict)

    def json_schema(self) -> dict[str, Any]:
        """Return the Polars schema of the JSON fields in use; every leaf is text, whatever its JSON type."""
        tree: dict[str, Any] = {}
        for path in self.columns.values():
            branch = tree
            *outer, leaf = _steps(path)
            for step in outer:
                branch = branch.setdefault(step, {})
            branch.setdefault(leaf, [] if "#" in path else None)
        return {name: self._type(name, inner) for name, inner in tree.items()}

    def _type(self, name: str, inner: Any) -> Any:
        if isinstance(inner, dict):
            struct = pl.Struct({key: self._type("", value) for key, value in inner.items()})
            return pl.List(struct) if name and name == self.each else struct
        return pl.List(pl.Struct({"id": pl.String})) if inner == [] else pl.String

    def from_json(self) -> Iterator[pl.Expr]:
        """Give the text columns, once the list `each` is exploded."""
        for name, path in self.columns.items():
            first, *inner = _steps(path)
            value = pl.col(first)
            for step in inner:
                value = value.struct.field(step)
            yield (value.list.len() if "#" in path else value).cast(pl.String).alias(name)
        yield from (pl.lit(value).alias(name) for name, value in self.constants.items())

    def from_table(self, there: Sequence[str]) -> Iterator[pl.Expr]:
        """Give the text columns out of those that a table has; empty text is none."""
        for name, path in self.columns.items():
            found = next((alias for alias in path.split("|") if alias in there), None)
            text = pl.lit(None, dtype=pl.String) if found is None else pl.col(found).str.strip_chars()
            whole = text.str.replace(r"^(-?\d+)\.0$", "$1") if name.endswith("id") else text
            yield pl.when(whole != "").then(whole).alias(name)
        yield from (pl.lit(value).alias(name) for name, value in self.constants.items())


def _steps(path: str) -> list[str]:
    return path.partition("|")[0].replace("[]", "").replace("#", "").split(".")


def _kind(names: str, same: str = "", **otherwise: str) -> Kind:
    """Return a kind of record by its names, columns that are called the same everywhere, and others by their paths."""
    return Kind(tuple(names.split()), {name: name for name in same.split()} | otherwise)


_SOURCE = "source.from."
_TWO = ("calendar", "business")
# Zendesk's own clocks, by the columns of tickets that they stand beside.
OWN_CLOCKS = {
    "first_reply": "reply", "resolution": "full_resolution", "requester_wait": "requester_wait",
    "agent_wait": "agent_wait", "on_hold": "on_hold",
}  # fmt: skip
KINDS: dict[str, Kind] = {
    "tickets": _kind(
        "tickets ticket",
        "id created_at updated_at status priority type subject requester_id submitter_id assignee_id group_id brand_id "
        "due_at tags merged_ticket_ids generated_timestamp _fivetran_synced _fivetran_deleted",
        via="via.channel|via_channel", rating_id="satisfaction_rating.id",
        score="satisfaction_rating.score", comment="satisfaction_rating.comment",
    ),
    "audits": Kind(
        ("audits", "ticket_audits"),
        {
            "audit_id": "id", "ticket_id": "ticket_id", "at": "created_at", "audit_author_id": "author_id",
            "audit_via": "via.channel", "audit_rel": "via.source.rel", "merged_id": f"via.{_SOURCE}ticket_id",
            "merged_ids": f"via.{_SOURCE}ticket_ids", "audit_rule_id": f"via.{_SOURCE}id",
            "audit_rule": f"via.{_SOURCE}title",
            "event_id": "events[].id", "type": "events[].type", "author_id": "events[].author_id",
            "field": "events[].field_name", "old": "events[].previous_value", "new": "events[].value",
            "public": "events[].public", "text": "events[].body", "attachments": "#events[].attachments",
            "via": "events[].via.channel", "rel": "events[].via.source.rel", "rule_id": f"events[].via.{_SOURCE}id",
            "rule": f"events[].via.{_SOURCE}title", "macro_id": "events[].macro_id", "macro": "events[].macro_title",
            "schedule_id": "events[].new_schedule_id",
        },
        each="events", into="events",
    ),
    "comments": Kind(
        ("comments", "ticket_comments", "ticket_comment"),
        {
            "event_id": "id", "audit_id": "audit_id", "ticket_id": "ticket_id", "at": "created_at|created",
            "author_id": "author_id|user_id", "public": "public", "text": "body", "attachments": "#attachments",
            "audit_via": "via.channel|via_channel", "voice": "voice_comment",
        },
        into="events", constants={"type": "Comment"},
    ),
    "field_history": Kind(
        ("ticket_field_history",),
        {"ticket_id": "ticket_id", "at": "updated", "author_id": "user_id", "field": "field_name", "new": "value"},
        into="events", constants={"type": "Change"},
    ),
    "ticket_metrics": _kind(
        "ticket_metrics metric_sets", "ticket_id solved_at initially_assigned_at reopens replies updated_at",
        reply_minutes="reply_time_in_minutes.calendar", reply_seconds="reply_time_in_seconds.calendar",
        **{f"{own}_{kind}": f"{name}_time_in_minutes.{kind}" for own, name in OWN_CLOCKS.items() for kind in _TWO},
    ),
    "metric_events": _kind(
        "ticket_metric_events", "id ticket_id metric instance_id type time",
        target="sla.target", business="sla.business_hours", policy="sla.policy.title",
    ),
    "ratings": _kind(
        "satisfaction_ratings satisfaction_rating",
        "id ticket_id requester_id assignee_id score comment created_at updated_at",
    ),
    "responses": Kind(
        ("survey_responses",),
        {
            "id": "id", "responder_id": "responder_id", "subjects": "subject_zrns", "subject_ids": "subjects",
            "type": "answers[].type", "rating": "answers[].rating", "text": "answers[].value",
            "question": "answers[].question.sub_type", "question_id": "answers[].question.id",
            "created_at": "answers[].created_at", "updated_at": "answers[].updated_at",
        },
        each="answers",
    ),
    "users": _kind(
        "users user", "id name role created_at updated_at organization_id default_group_id active suspended"
    ),
    "groups": _kind("groups group", "id name updated_at"),
    "brands": _kind("brands brand", "id name updated_at"),
    "macros": _kind("macros macro", "id title updated_at"),
    "organizations": _kind("organizations organization", "id name updated_at"),
    "engagements": _kind(
        "engagements", "engagement_id ticket_id agent_id engagement_start_time engagement_end_time"
    ),
    "audit_logs": _kind("audit_logs audit_log", "change_description created_at source_id source_type"),
    "schedules": _kind(
        "schedules schedule",
        "id name time_zone created_at updated_at default intervals holidays start_time end_time _fivetran_deleted",
    ),
    "account": _kind("account", "id name time_zone updated_at"),
    "holidays": _kind(
        "holidays schedule_holiday schedule_holidays", "schedule_id start_date end_date _fivetran_deleted"
    ),
    "ticket_schedules": _kind("ticket_schedules ticket_schedule", "ticket_id schedule_id created_at"),
    "ticket_tags": _kind("ticket_tags ticket_tag", "ticket_id tag"),
    "sla_targets": _kind(
        "sla_policy_metric_history", "sla_policy_id sla_policy_updated_at business_hours metric priority target"
    ),
    "ticket_policies": _kind("ticket_sla_policy ticket_sla_policies", "ticket_id sla_policy_id policy_applied_at"),
}  # fmt: skip
ALIASES = {name: kind for kind, known in KINDS.items() for name in known.names}
UNUSED = (
    "group_memberships", "activities", "automations", "calls", "triggers", "views", "ticket_fields", "daylight_time",
    "time_zone",
)  # fmt: skip
