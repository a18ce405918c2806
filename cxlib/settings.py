"""Settings of a workbook: time zone, schedules, windows, margins, targets, dated events; checked by name."""

import math
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, field, fields
from datetime import date, datetime
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cxlib.errors import UsageError, shown, unknown_name
from cxlib.limits import (
    check_calendar,
    check_costs,
    check_currency,
    check_days,
    check_half_days,
    check_numbers,
)
from cxlib.tables.columns import SURVEY_KINDS

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SPAN = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")
_IN_WORDS = {
    str: "text in quotes", int: "a whole number", float: "a number", bool: "true or false",
    date: "a date without quotes, such as 2026-10-01", datetime: "a date with a time, such as 2026-10-01T00:00:00Z",
}  # fmt: skip
NO_CURRENCY = "XXX"  # ISO 4217: no currency


@dataclass(frozen=True, slots=True)
class Windows:
    """Days after which a look-ahead figure is known."""

    first_contact_resolution_days: int = 7
    reopen_days: int = 14
    response_days: int = 14
    active_days: int = 90
    repeat_days: int = 90
    unanswered_days: int = 7
    resolution_days: int = 30
    conversion_days: int = 7
    backlog_days: int = 91
    visit_days: int = 1


@dataclass(frozen=True, slots=True)
class Margins:
    """Differences that are "about the same".

    Shares, rates and NPS in points, at most a tenth of the distance to the nearer end of the scale; means of answers in
    scale widths; durations, counts and all other means (by `count`) relative to the figure before.
    """

    share: float = 2.0
    score: float = 5.0
    mean: float = 0.05
    duration: float = 0.10
    count: float = 0.05
    rate: float = 1.0
    spending: float = 0.10


@dataclass(frozen=True, slots=True)
class StaffingSettings:
    """Service level (share answered within so many seconds), chats an agent holds at once, share of time on contacts.

    `shrinkage` is the share of paid time away from the desk: leave, illness, breaks, training.
    """

    service_level: float = 0.8
    within_seconds: float = 20.0
    chats_at_once: int = 2
    max_occupancy: float = 0.85
    shrinkage: float = 0.3


@dataclass(frozen=True, slots=True)
class Goal:
    """A target or benchmark of one metric, in the unit the metric is printed in."""

    value: float
    source: str = ""
    valid_from: date | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """A dated change that may explain a figure: a new tool, a price rise."""

    date: date
    title: str


@dataclass(frozen=True, slots=True)
class ScheduleSettings:
    """Opening hours: weekday → spans "HH:MM-HH:MM" (split shifts allowed), holidays by country and by hand.

    `half_days` maps a date to the spans that replace the weekday's on that day. Nothing holds that nobody set: without
    hours no open minute is known, without `holidays` no day is one.
    """

    timezone: str = ""
    hours: Mapping[str, list[str]] = field(default_factory=dict)
    holidays: str = ""
    extra_holidays: tuple[date, ...] = ()
    half_days: Mapping[str, list[str]] = field(default_factory=dict)

    @property
    def is_known(self) -> bool:
        """Whether any opening hours are set."""
        return any((*self.hours.values(), *self.half_days.values()))


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings; every field has a default, so an empty file is valid.

    Defaults define figures (windows, margins); none says anything of a desk. `agent_labels` calls agents "Agent 1",
    "Agent 2" … in all that is shown; their ids stay. `questions` names, per kind of survey, the question that its
    figures are made of.
    """

    timezone: str = "UTC"
    currency: str = NO_CURRENCY
    min_group: int = 10
    agent_labels: bool = False
    important: tuple[str, ...] = ()
    loyal_years: float = 5.0
    minutes_per_reply: float | None = None
    windows: Windows = Windows()
    margins: Margins = Margins()
    staffing: StaffingSettings = StaffingSettings()
    default_schedule: str = "default"
    schedules: Mapping[str, ScheduleSettings] = field(default_factory=lambda: {"default": ScheduleSettings()})
    targets: Mapping[str, Goal] = field(default_factory=dict)
    benchmarks: Mapping[str, Goal] = field(default_factory=dict)
    events: tuple[Event, ...] = ()
    costs: Mapping[str, float] = field(default_factory=dict)
    difficulty: Mapping[str, str] = field(default_factory=dict)
    questions: Mapping[str, str] = field(default_factory=dict)

    @property
    def hours_known(self) -> bool:
        """Whether any schedule has opening hours."""
        return any(plan.is_known for plan in self.schedules.values())

    def goal(self, metric: str, month: str, *, kind: str = "targets") -> Goal | None:
        """Return the target (or benchmark) of a metric in force in a month, else None."""
        goal: Goal | None = getattr(self, kind).get(metric)
        if goal is None or (goal.valid_from is not None and f"{goal.valid_from:%Y-%m}" > month):
            return None
        return goal


def read_settings(*paths: Path) -> Settings:
    """Read settings files, later ones overriding earlier ones key by key; absent files are skipped.

    Raises:
        UsageError: Unreadable file, unknown name, wrong type, unknown time zone or an unreadable span of hours.
    """
    merged: dict[str, Any] = {}
    for path in paths:
        if path.exists():
            merged = _merge(merged, read_toml(path))
    return build(merged)


def build(raw: Mapping[str, Any]) -> Settings:
    """Build and check settings from plain values, as read from TOML."""
    values = dict(raw)
    events = values.pop("events", [])
    if not isinstance(events, list):
        raise UsageError(
            f"[settings] events = {shown(events)}; tables [[events]] with a date and a title are expected."
        )
    nested: dict[str, Any] = {"events": tuple(make(Event, event, "events") for event in events)}
    for group, one in (("windows", Windows), ("margins", Margins), ("staffing", StaffingSettings)):
        nested[group] = make(one, values.pop(group, {}), group)
        check_numbers(group, asdict(nested[group]))
    for group, each in (("targets", Goal), ("benchmarks", Goal), ("schedules", ScheduleSettings)):
        named = values.pop(group, {})
        if not isinstance(named, Mapping):
            raise UsageError(f"[settings] {group} = {shown(named)}; tables [{group}.NAME] are expected.")
        if named or group != "schedules":
            nested[group] = {name: make(each, one, f"{group}.{name}") for name, one in named.items()}
    return _checked(make(Settings, values | nested, "settings"))


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file; one that is none is a UsageError."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path.name} cannot be read as TOML: {error}.") from None
    except (RecursionError, ValueError):  # a whole number of more than 4,300 digits is a ValueError
        raise UsageError(
            f"{path.name} cannot be read as TOML: it is nested too deep or a number is too long."
        ) from None


def _merge(base: dict[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merge(merged[key], value) if both and key != "hours" else value
    return merged


def make(kind: type, raw: Any, where: str) -> Any:
    """Build a dataclass from a table of TOML, every name and type checked against its annotations.

    Raises:
        UsageError: Not a table, an unknown name (the nearest is told), a wrong type, a lacking value.
    """
    if not isinstance(raw, Mapping):
        raise UsageError(f"[{where}] must be a table of names and values, not {shown(raw)}.")
    hints, known = get_type_hints(kind), {item.name: item for item in fields(kind)}
    for name, value in raw.items():
        if name not in known:
            raise unknown_name(f"name in [{where}]", name, known)
        if not _fits(value, hints[name]):
            words = f"{shown(value)} is of the wrong type; {_words(hints[name])} is expected."
            raise UsageError(f"[{where}] {name} = {words}")
    for name, item in known.items():
        if name not in raw and item.default is MISSING and item.default_factory is MISSING:
            raise UsageError(f"[{where}] lacks {name!r}: every entry of it needs one.")
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in raw.items()})


def _fits(value: Any, hint: Any) -> bool:
    """Tell whether a TOML value has the declared type; lists stand for tuples, whole numbers for floats."""
    kind, inner = get_origin(hint) or hint, get_args(hint)
    if kind is UnionType:
        return any(_fits(value, one) for one in inner)
    if kind in (tuple, list, Sequence):
        return isinstance(value, (list, tuple)) and all(_fits(item, inner[0]) for item in value)
    if kind is Mapping:
        return isinstance(value, Mapping) and all(_fits(item, inner[1]) for item in value.values())
    if isinstance(value, (bool, datetime)):
        return kind in (type(value), Any)
    if isinstance(value, float) and not math.isfinite(value):
        return False
    return kind is Any or isinstance(value, (int, float) if kind is float else kind)


def _words(hint: Any) -> str:
    kind, inner = get_origin(hint) or hint, get_args(hint)
    if kind is UnionType:
        return " or ".join(_words(one) for one in inner if one is not NoneType)
    if kind in (tuple, list, Sequence):
        return f"a list (of {_words(inner[0])})"
    if kind is Mapping:
        return f"a table (each name with {_words(inner[1])})"
    return _IN_WORDS.get(kind, "a table")


def check_zones(zones: Iterable[str]) -> None:
    """Refuse time zones that do not exist: a UsageError names the first."""
    for zone in sorted(zones):
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise UsageError(f"Unknown time zone {zone!r}; use an IANA name such as 'Europe/Warsaw'.") from None


def _checked(settings: Settings) -> Settings:
    zones = {settings.timezone, *(plan.timezone or settings.timezone for plan in settings.schedules.values())}
    check_zones(zones)
    if settings.default_schedule not in settings.schedules:
        raise unknown_name("schedule", settings.default_schedule, settings.schedules)
    for name, plan in settings.schedules.items():
        _check_spans(name, plan)
        check_calendar(plan.holidays)
        check_days(f"schedules.{name}", plan.extra_holidays)
        check_half_days(f"schedules.{name}", plan.half_days)
    check_numbers("settings", {item.name: getattr(settings, item.name) for item in fields(settings)})
    check_costs(settings.costs)
    check_currency(settings.currency)
    check_days("events", (event.date for event in settings.events))
    check_days("targets", (goal.valid_from for goal in (*settings.targets.values(), *settings.benchmarks.values())))
    for kind in settings.questions:
        if kind not in SURVEY_KINDS:
            raise unknown_name("kind of survey in [questions]:", kind, SURVEY_KINDS)
    return settings


def _check_spans(name: str, plan: ScheduleSettings) -> None:
    for day, spans in {**plan.hours, **plan.half_days}.items():
        if day in plan.hours and day not in WEEKDAYS:
            raise unknown_name(f"weekday in schedule {name!r}", day, WEEKDAYS)
        for span in spans:
            if not _SPAN.fullmatch(span) or not span[:5] < span[6:] <= "24:00":
                raise UsageError(f"Schedule {name!r}, {day}: {shown(span)} is not a span such as '09:00-17:00'.")
