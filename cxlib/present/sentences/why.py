"""What a change divided into parts says: how much comes from another mix, how much from within the groups."""

from dataclasses import replace

from cxlib import numbers
from cxlib.numbers import Format, format_of
from cxlib.present.sentences.certainty import IN_SHORT, PHRASES
from cxlib.present.sentences.change import (
    against,
    change_headline,
    change_text,
    counted,
    counted_rows,
    difference_form,
    difference_format,
    level_format,
    moved_by,
    subject,
    unsigned,
    verdict,
)
from cxlib.present.sentences.dominant import large_customers
from cxlib.present.sentences.groups import Row, label
from cxlib.present.sentences.sentence import capital, plain
from cxlib.results.certainty import certainty
from cxlib.results.reasons import Decomposition
from cxlib.results.types import Change
from cxlib.tables.schema import is_personal

_PLURALS = {"category": "categories", "country": "countries", "priority": "priorities"} | {
    noun: f"{noun}s" for noun in ("channel", "team", "brand", "language", "team member", "handling channel")
}
CHANCE = PHRASES["none"]


def why_text(result: Decomposition) -> str:
    """Return "Satisfaction fell by 8.8 points: 6.1 (4.0–8.1) come from another mix of channels …. Within …"."""
    if result.without is not None:
        who = large_customers(result.metric, result.without, counted_rows(result.metric), result.change.baseline)
        return f"Without {who}: {why_text(replace(result, without=None))}"
    change, found = result.change, verdict(result.change)
    if found in ("few", "unknown"):
        return change_text(change)
    if found in ("rose", "fell"):
        opening = f"{subject(result.metric)} {moved_by(change, interval=False)}{against(change)}"
    else:
        size = replace(difference_format(change), signed=True)
        between = size.with_interval(change.difference or 0.0, change.low, change.high)
        said = {"same": "stayed about the same", "chance": f"moved {CHANCE}", "possible": "may have moved"}[found]
        opening = f"{subject(result.metric)} {said}{against(change)} ({between.replace(' (', '; ').removesuffix(')')})"
        if found != "possible" and not any(map(beyond, result.parts.iter_rows(named=True))):
            return f"{opening}, and so did its parts: {_quiet(result)}."
    first, *others = (_part(result, row) for row in result.parts.iter_rows(named=True))
    return f"{'. '.join([f'{opening}: {first}', *map(capital, others)])}."


def why_headline(result: Decomposition) -> str:
    """Return the change and the parts that chance does not explain and that go the same way."""
    if result.without is not None:
        return f"{why_headline(replace(result, without=None))} (without large customers)"
    change = result.change
    if verdict(change) not in ("rose", "fell"):
        return change_headline(change)
    found = [row for row in result.parts.iter_rows(named=True) if beyond(row) and row["difference"] * _way(result) > 0]
    sizes = [f"{_bare(result, row).value(abs(row['difference']))} {_source(result, row)}" for row in found]
    return f"{subject(result.metric)} {_as_it_looks(result)}{': ' if sizes else ''}{', '.join(sizes)}"


def _as_it_looks(result: Decomposition) -> str:
    """Return "fell by 46 min", or "looks 46 min shorter" where another mix made it."""
    if not result.by_mix:
        return moved_by(result.change, interval=False)
    size = difference_format(result.change).value(abs(result.change.difference or 0.0))
    return f"looks {size} {_by_way(result)}"


def _by_way(result: Decomposition) -> str:
    ways = ("longer", "shorter") if result.metric.kind == "duration" else ("higher", "lower")
    return ways[0] if _way(result) > 0 else ways[1]


def mix_text(result: Decomposition) -> str:
    """Return the sentences of a change that another mix made, and of what happened within the groups meanwhile.

    "Time to first reply looks 46 min (26–72) shorter, at 80 min (2,456 tickets), because of another mix of channels,
    above all more phone (31 % after 13 %). Within channels it rose by 21 min (2–41); possible: …".
    """
    change = result.change
    size, low, high = unsigned(change.difference or 0.0, change.low, change.high)
    looks = f"{difference_format(change).with_interval(size, low, high)} {_by_way(result)}"
    within = result.part("within")
    whose = f"because of another mix of {plural(result)}{_driver(result, size * _way(result))}"
    opening = f"{subject(result.metric)} looks {looks}, at {_reached(change)}, {whose}"
    return f"{opening}. {capital(within_text(result, within))}." if within else f"{opening}."


def within_text(result: Decomposition, row: Row, *, bare: bool = False) -> str:
    """Return "within channels it rose by 21 min (2–41), more than chance explains", signed where it may be either way.

    Args:
        result: What the part is one of.
        row: The part.
        bare: Whether the unit was just printed.
    """
    form, size, low, high = _bare(result, row) if bare else part_format(result, row), *sides_of(row)
    level = certainty(row["p_value"])
    sure = "" if low is None else f", {IN_SHORT[level]}"
    if low is None or level == "none":
        return f"within {plural(result)} it moved by {replace(form, signed=True).with_interval(size, low, high)}{sure}"
    rose = ("may have fallen", "may have risen") if level == "possible" else ("fell", "rose")
    printed = form.with_interval(*unsigned(size, low, high))
    return f"within {plural(result)} it {rose[size > 0]} by {printed}{sure}"


def sides_of(row: Row) -> tuple[float, float | None, float | None]:
    """Return the size of a part and its interval."""
    return row["difference"], row["low"], row["high"]


def _reached(change: Change) -> str:
    rows = f" ({counted(change.metric, change.after.n)})"
    return level_format(change.metric, change.after).value(change.after.value or 0.0) + rows


def beyond(row: Row) -> bool:
    """Return whether a part is clear."""
    return certainty(row["p_value"]) == "clear"


def part_format(result: Decomposition, row: Row) -> Format:
    """Return how a part is printed: waits all in the unit of the change or of the largest part."""
    size = row["difference"]
    if result.metric.kind == "duration":
        size = max(abs(result.change.difference or 0.0), *(abs(part) for part in result.parts["difference"]))
    return difference_form(result.metric, size, row["low"], row["high"], result.scope.language)


def part_unit(result: Decomposition) -> str:
    """Return "points", "h": the unit of all parts; a mean's own."""
    return part_format(result, result.parts.row(0, named=True)).unit or "points"


def part_name(result: Decomposition, part: str) -> str:
    """Return "Mix of channels", "Within channels" or "Channels of one month only"."""
    many = plural(result)
    names = {"mix": f"mix of {many}", "within": f"within {many}", "turnover": f"{many} of one month only"}
    return capital(names[part])


def plural(result: Decomposition) -> str:
    """Return "channels", or "classes of customer importance"."""
    title = plain(result.by_title).lower()
    return _PLURALS.get(title, f"classes of {title}")


def group_cells(result: Decomposition) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return headings and rows of the table: a row a group, then all together and the intervals of the parts."""
    language, change = result.scope.language, result.change
    parts = result.parts.rows(named=True)
    columns = [row["part"] for row in parts]
    months = [numbers.month(month, language) for month in (change.baseline, change.period)]
    heads = [f">{head}, {month}" for head in ("Share", "Value") for month in months]
    titles = {"mix": ">Mix", "within": ">Within", "turnover": ">Come or gone"}
    share, level = numbers.share_format(None, language), level_format(result.metric, change.after, language)
    level = replace(level, unit="%" if level.unit == "%" else "")
    forms = [part_format(result, row) for row in parts]
    rows = []
    for row in result.groups.iter_rows(named=True):
        shown = [share.value(row[name]) for name in ("share_before", "share")]
        shown += [_level(result, row[name], level) for name in ("before", "value")]
        if row["difference"] is None:
            rows.append((label(row), *shown, *("–" for _ in parts), "–", "–"))
            continue
        shown += [form.bare(row[name]) for name, form in zip(columns, forms, strict=True)]
        form = part_format(result, row)
        rows.append((label(row), *shown, form.bare(row["difference"]), form.interval(row["low"], row["high"]) or "–"))
    known = [
        (form.bare(row["difference"]), form.interval(row["low"], row["high"]))
        for row, form in zip(parts, forms, strict=True)
    ]
    form = difference_format(change)
    sides = [_level(result, side.value, level) for side in (change.before, change.after)]
    whole = "–" if change.difference is None else form.bare(change.difference)
    rows.append(
        ("All together", "", "", *sides, *(size for size, _ in known), whole, form.interval(change.low, change.high))
    )
    rows.append(("95 % interval", "", "", "", "", *(between or "–" for _, between in known), "", ""))
    first = plain(capital(result.by_title))
    return (first, *heads, *(titles[name] for name in columns), ">Sum", ">95 % interval"), rows


def _level(result: Decomposition, value: float | None, form: Format) -> str:
    """Return a figure of the table: a wait in the unit that suits it."""
    if value is None:
        return "–"
    own = format_of(result.metric, value, language=result.scope.language)
    return (own if result.metric.kind == "duration" else form).value(value)


def _quiet(result: Decomposition) -> str:
    sizes = []
    for row in result.parts.iter_rows(named=True):
        form = replace(_bare(result, row), signed=True)
        sizes.append(f"{form.with_interval(row['difference'], row['low'], row['high'])} {_source(result, row)}")
    return ", ".join(sizes)


def _bare(result: Decomposition, row: Row) -> Format:
    """Return the format of a part whose unit the change before it has told, but for waits, which may have another."""
    form = part_format(result, row)
    return form if result.metric.kind == "duration" else replace(form, unit="")


def _way(result: Decomposition) -> float:
    return 1.0 if (result.change.difference or 0.0) > 0 else -1.0


def _source(result: Decomposition, row: Row) -> str:
    many = plural(result)
    sources = {"mix": f"from another mix of {many}", "within": f"within {many}"}
    return sources.get(row["part"], f"from {many} of one month only")


def _part(result: Decomposition, row: Row) -> str:
    form, size, low, high = _bare(result, row), *sides_of(row)
    if row["part"] == "within":
        return within_text(result, row, bare=True)
    moved = verdict(result.change) in ("rose", "fell")
    same_way = moved and size * _way(result) > 0 and (low is None or beyond(row))  # else the interval turns the sign
    values = unsigned(size, low, high) if same_way else (size, low, high)
    printed = replace(form, signed=not same_way).with_interval(*values)
    what = _source(result, row)
    if not beyond(row):
        return f"{printed} {what}" + ("" if low is None else f", {IN_SHORT[certainty(row['p_value'])]}")
    return f"{printed} come {what}" + (_driver(result, size) if row["part"] == "mix" else "")


def _pull(result: Decomposition, row: Row) -> float:
    """Return what the share of a group did to the figure; to a median, what moved from one side of it to the other."""
    if row["mix"] is not None:
        return float(row["mix"])
    levels = [row[name] for name in ("before", "value") if row[name] is not None]
    usual = result.change.before.value
    longer = 0 if usual is None or not levels else 1 if sum(levels) > usual * len(levels) else -1
    return float(row["share"] - row["share_before"]) * longer


def _driver(result: Decomposition, size: float) -> str:
    """Return ", above all more phone (30.3 % after 12.8 %)": the group whose share moved the figure most that way.

    Persons are not named.
    """
    if is_personal(result.by):
        return ""
    way = 1.0 if size > 0 else -1.0
    row = max(result.groups.iter_rows(named=True), key=lambda row: _pull(result, row) * way)
    now, before = (numbers.share_format().value(row[name]) for name in ("share", "share_before"))
    return f", above all {'more' if row['share'] > row['share_before'] else 'less'} {label(row)} ({now} after {before})"
