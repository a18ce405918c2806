"""What is assumed of a desk: every setting in force, and whether a file sets it or nobody did."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from cxlib.settings import NO_CURRENCY, WEEKDAYS, ScheduleSettings, Settings, read_toml
from cxlib.store.folder import Data, project_root

DEFAULT = "default: no file sets it"
NO_HOURS = "none are set, so figures in opening hours are not known"
_MOST = 10  # names in a line
_DESK = ("time zone", "opening hours", "holidays")
_DEFINED = ("min_group", "loyal_years")
_GROUPS = ("windows", "margins", "staffing", "costs", "targets", "benchmarks", "difficulty")


@dataclass(frozen=True, slots=True)
class Assumption:
    """One setting in force: its name, its value in words, and the file that sets it (or `DEFAULT`)."""

    name: str
    value: str
    origin: str

    def __str__(self) -> str:
        """Return it as a line: "time zone: UTC (default)"."""
        return f"{self.name}: {self.value} ({self.origin})"


def assumptions(data: Data) -> tuple[Assumption, ...]:
    """Return every setting in force of a data set, those that say something of the desk first."""
    settings, files = data.settings, _files(data.folder)

    def of(name: str, value: str, key: str, inner: str = "") -> Assumption:
        return Assumption(name, value, _origin(files, key, inner))

    plans = dict(list(settings.schedules.items())[:_MOST])
    desk = [
        of("time zone", settings.timezone, "timezone"),
        of("opening hours", _each(plans, _hours) if settings.hours_known else NO_HOURS, "schedules", "hours"),
        of("holidays", _each(plans, _holidays), "schedules", "holidays"),
        of("currency", "none is set" if settings.currency == NO_CURRENCY else settings.currency, "currency"),
        of("minutes per reply", _value(settings.minutes_per_reply), "minutes_per_reply"),
        of("important customers", ", ".join(settings.important) or "none are set", "important"),
        of("dated events", str(len(settings.events)), "events"),
    ]
    named = [of(name.replace("_", " "), _value(getattr(settings, name)), name) for name in _DEFINED]
    return (*desk, *named, *(one for group in _GROUPS for one in _grouped(settings, group, files)))


def desk(data: Data) -> tuple[Assumption, ...]:
    """Return the time zone, the opening hours and the holidays in force: what decides months and business minutes."""
    return tuple(one for one in assumptions(data) if one.name in _DESK)


def _files(folder: Path) -> dict[str, Mapping[str, Any]]:
    """Return the settings files of a data set with what they say, the one that wins first."""
    own, shared = folder / "settings.toml", project_root() / "data" / "settings.toml"
    named = {f"data/{folder.name}/settings.toml": own, "data/settings.toml": shared}
    return {name: read_toml(path) for name, path in named.items() if path.exists()}


def _origin(files: Mapping[str, Mapping[str, Any]], key: str, inner: str = "") -> str:
    for name, said in files.items():
        found = said.get(key)
        if key == "schedules" and isinstance(found, Mapping):
            alike = ("half_days",) if inner == "hours" else ("extra_holidays",)
            found = [plan for plan in found.values() if isinstance(plan, Mapping) and {inner, *alike} & plan.keys()]
        elif inner and isinstance(found, Mapping):
            found = found.get(inner)
        if found not in (None, [], {}):
            return name
    return DEFAULT


def _grouped(settings: Settings, group: str, files: Mapping[str, Mapping[str, Any]]) -> Iterator[Assumption]:
    made = getattr(settings, group)
    pairs = made if isinstance(made, Mapping) else {item.name: getattr(made, item.name) for item in fields(made)}
    for name, value in pairs.items():
        text = _value(getattr(value, "value", value))
        yield Assumption(f"{group}.{name}", text, _origin(files, group, name))


def _value(value: object) -> str:
    return "none is set" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _each(plans: Mapping[str, ScheduleSettings], words: Any) -> str:
    told = {name: words(plan) for name, plan in plans.items()}
    return next(iter(told.values())) if len(told) == 1 else "; ".join(f"{name}: {text}" for name, text in told.items())


def _hours(plan: ScheduleSettings) -> str:
    """Return opening hours in words: "Mon–Fri 08:00-18:00, Sat 09:00-13:00"."""
    runs: list[list[str]] = []
    for day in WEEKDAYS:
        spans = plan.hours.get(day, [])
        if runs and runs[-1][1:] == spans and runs[-1][0].split("–")[-1] == _before(day):
            runs[-1][0] = f"{runs[-1][0].split('–')[0]}–{_short(day)}"
        elif spans:
            runs.append([_short(day), *spans])
    half = [f"{len(plan.half_days)} days of their own"] if plan.half_days else []
    zone = f" ({plan.timezone})" if plan.timezone else ""
    return (", ".join([" ".join(run) for run in runs] + half) or "none are set") + zone


def _short(day: str) -> str:
    return day[:3].capitalize()


def _before(day: str) -> str:
    return _short(WEEKDAYS[WEEKDAYS.index(day) - 1])


def _holidays(plan: ScheduleSettings) -> str:
    own = [f"{len(plan.extra_holidays)} days of its own"] if plan.extra_holidays else []
    return ", ".join([*([plan.holidays] if plan.holidays else []), *own]) or "none are set"
