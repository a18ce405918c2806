"""What effects estimated together say: which are beyond chance among all of them, and what they allow for."""

from __future__ import annotations

from cxlib import numbers
from cxlib.numbers import Format
from cxlib.stats.effects_result import Effects
from cxlib.words.change import FEW, counted, counted_rows, width
from cxlib.words.groups import Row, label
from cxlib.words.money import span
from cxlib.words.sentence import plain

LONG = 160
TOLD = 4


def effects_text(result: Effects) -> str:
    """Return the effects beyond chance, the strongest first, with n, what they allow for, and the caveat."""
    rows, title = known_effects(result), f"{plain(result.title, LONG)}, {span(result.months)}"
    if not rows:
        return f"{title}: not known; {plain(_reasons(result), 400)}."
    found = [row for row in rows if row["beyond"]]
    tried = [row for row in rows if row["p_value"] is not None]
    if most_rows(result) < FEW:
        text = f"{title}: too few {counted_rows(result.metric)} to judge"
    elif result.none is None or not tried:
        text = f"{title}: {'; '.join(effect(result, row) for row in rows)}"
    elif found:
        told = "; ".join(effect(result, row) for row in found[:TOLD])
        more = "; and others in the table" if len(found) > TOLD else ""
        among = f" among {len(tried)}" if len(tried) > 1 else ""
        text = f"{title}: {told}{more}; more than chance explains{among}"
    else:
        opening = f"nothing among {len(tried)}" if len(tried) > 1 else "nothing"
        text = f"{title}: {opening} that chance would not explain; the clearest is {effect(result, tried[0])}"
    reading = f"; {plain(result.reading, LONG)}" if result.reading else ""
    allowing = f" Allowing for {_listed(result.allowing_for)}." if result.allowing_for else ""
    caveat = f" {plain(result.caveat, 400)}" if result.caveat else ""
    return f"{text}{reading} ({counted(result.metric, most_rows(result))}).{allowing}{caveat}"


def effects_headline(result: Effects) -> str:
    """Return the strongest effects in a few words."""
    rows, title = known_effects(result), plain(result.title, LONG)
    if not rows:
        return f"{title}: not known"
    if most_rows(result) < FEW:
        return f"{title}: too few to judge"
    if result.none is None or all(row["p_value"] is None for row in rows):
        return title
    found = [f"{label(row)} {effect_format(result, row).value(row['value'])}" for row in rows if row["beyond"]]
    return f"{title}: {', '.join(found[:2]) or 'nothing beyond chance'}"


def effect(result: Effects, row: Row) -> str:
    """Return "first reply −3.1 points (−5.0 to −1.2)"."""
    return f"{label(row)} {effect_format(result, row).with_interval(row['value'], row['low'], row['high'])}"


def effect_format(result: Effects, row: Row) -> Format:
    """Return how an effect is printed, as exactly as its interval deserves."""
    between = width(row["low"], row["high"])
    decimals = 2 if result.measured_in in ("", "times") or result.metric.kind == "mean" else 1
    if between is not None:
        decimals = min(decimals, numbers.share_format(between).decimals + (decimals - 1))
    return Format(result.measured_in, decimals=decimals, signed=result.signed, language=result.scope.language)


def known_effects(result: Effects) -> list[Row]:
    """Return the rows that have a value, those beyond chance first, the smallest p-value first."""
    rows = [row for row in result.points.iter_rows(named=True) if row["value"] is not None]
    return sorted(rows, key=lambda row: (not row["beyond"], 1.0 if row["p_value"] is None else row["p_value"]))


def most_rows(result: Effects) -> int:
    """Return the rows behind all effects: of the one with the most, where they are not said."""
    return result.n or max((row["n"] for row in known_effects(result)), default=0)


def _listed(names: tuple[str, ...]) -> str:
    *some, last = (plain(name) for name in names)
    return f"{', '.join(some)} and {last}" if some else last


def _reasons(result: Effects) -> str:
    reasons = (f"{label(row)}: {row['reason']}" for row in result.points.iter_rows(named=True) if row["reason"])
    return "; ".join(reasons) or "no rows"
