"""What a breakdown says: whether groups differ, and which stand apart from the rest."""

from cxlib import numbers
from cxlib.present.sentences.certainty import certainty_words
from cxlib.present.sentences.change import counted, counted_rows, level, nothing, unsigned
from cxlib.present.sentences.groups import Row, column_forms, estimate, known_rows, label, name_of, rest_form
from cxlib.present.sentences.sentence import capital, plain
from cxlib.results.certainty import POSSIBLE, Certainty, certainty
from cxlib.results.types import Breakdown
from cxlib.stats.apart import ENOUGH

SMALL_P, NAMED = 0.001, 2


def breakdown_text(result: Breakdown) -> str:
    """Return whether groups differ, and who stands apart; of counts the ends. Persons are counted, never named."""
    rows, name, sure = known_rows(result), name_of(result), certainty(result.p_value)
    if not rows:
        return f"{name}: {nothing(result.metric, result.overall, result.scope.month, result.scope)}."
    overall = f"all together {level(result.metric, result.overall, column_forms(result)[-1])}"
    if len(rows) == 1:
        only = _members(result, 1) if result.personal else label(rows[0])
        return f"{name}: only {only}, {level(result.metric, estimate(rows[0]))} in {numbers.month(result.scope.month)}."
    if result.p_value is None:
        ends = f"{_members(result, len(rows))}; {overall}" if result.personal else _ends(result, rows)
        return f"{name}: {ends}{_untested(result)}."
    if sure == "none":
        return f"{name}: no difference beyond chance; {overall}."
    if parts := [(_level(row), _against_rest(result, word, row)) for word, row in apart(result)]:
        return f"{name}: {_judged(parts)}."
    return f"{name}: {_nobody(result, sure)}."


def breakdown_headline(result: Breakdown) -> str:
    """Return the finding in a few words: only groups that are clearly apart are named."""
    rows, name = known_rows(result), name_of(result)
    if not rows:
        return breakdown_text(result).removesuffix(".")
    if len(rows) == 1 or result.p_value is None:
        return name
    sure = certainty(result.p_value)
    if sure != "clear":
        return f"{name}: no {'clear difference' if sure == 'possible' else 'difference beyond chance'}"
    named = [(word, row) for word, row in apart(result) if _level(row) == "clear"]
    parts = [f"{word} for {label(row)}" if word else f"{label(row)} {_side(row)}" for word, row in named]
    return f"{name}: {', '.join(parts) or 'more difference than chance explains'}"


def apart(result: Breakdown) -> list[tuple[str, Row]]:
    """Return the groups first found above and below the rest, with "highest" or "lowest" where they are that.

    These words are said of the ends of all groups with rows enough. Persons are never named.
    """
    many = [row for row in known_rows(result) if row["n"] >= ENOUGH or result.metric.census]
    found = [row for row in many if _level(row) != "none" and not result.personal]
    above = sorted((row for row in found if row["rest_difference"] > 0), key=_step)
    below = sorted((row for row in reversed(found) if row["rest_difference"] < 0), key=_step)
    high, low = ("longest", "shortest") if result.metric.kind == "duration" else ("highest", "lowest")
    ends = [(high, row, many[0]) for row in above[:1]] + [(low, row, many[-1]) for row in below[:1]]
    ends.sort(key=lambda end: _step(end[1]))
    return [(word if row is end else "", row) for word, row, end in ends]


def is_apart(result: Breakdown, row: Row) -> bool:
    """Return whether a group, no person, is clearly apart from the rest."""
    return _level(row) == "clear" and not result.personal


def test_note(result: Breakdown) -> str:
    """Return what the one verdict on waits is made of; nothing of other figures."""
    if result.curves_p is None or result.medians_p is None:
        return ""
    waits = f"the {result.metric.statistic}s (p {_p(result.medians_p)})"
    return (
        f"Tested are {waits} and the whole curves (log-rank test, p {_p(result.curves_p)}): the smaller p counts twice."
    )


def without_note(result: Breakdown) -> str:
    """Return who is left out of the rest of other groups, if anybody."""
    longest: list[str] = max(result.points["rest_without"].drop_nulls().to_list(), key=len, default=[])
    return (
        f"The rest is taken without those already found apart, one after the other: {_names(result, longest)}."
        if longest
        else ""
    )


def _step(row: Row) -> int:
    """Return after how many others a group was found apart."""
    return len(row["rest_without"])


def _level(row: Row) -> Certainty:
    return certainty(row["p_adjusted"])


def _judged(parts: list[tuple[Certainty, str]]) -> str:
    """Return the named groups, each with its verdict, or both with one in a second sentence."""
    levels, texts = {sure for sure, _ in parts}, [text for _, text in parts]
    if len(parts) > 1 and len(levels) == 1:
        return f"{'; '.join(texts)}. Both are {certainty_words(parts[0][0])}"
    told = [f"{text}; {certainty_words(sure)}" for sure, text in parts]
    return ". ".join([told[0], *map(capital, told[1:])])


def _nobody(result: Breakdown, sure: Certainty) -> str:
    """Return that groups differ although none is named, and why none is."""
    curves = result.medians_p is not None and 2 * result.medians_p >= POSSIBLE
    who = "whole curves of waits" if curves else f"{plain(result.by_title).lower()}s" if result.personal else "groups"
    between = f"the {who} differ" if sure == "clear" else f"a difference between {who} is"
    differ = f"{between} {certainty_words(sure)}"
    if curves:
        return f"{differ} (log-rank test); no {result.metric.statistic} stands apart by itself"
    if result.personal:
        return f"{differ}. Nobody is named, as their work differs too"
    small = [row for row in known_rows(result) if row["p_adjusted"] is None and (row["rest_p"] or 1.0) < POSSIBLE]
    few = f"There are too few {counted_rows(result.metric)} to name one"
    return f"{differ}. {few if small else 'No group stands apart from the rest by itself'}"


def _ends(result: Breakdown, rows: list[Row]) -> str:
    named = zip(("largest", "smallest"), (rows[0], rows[-1]), strict=True)
    return "; ".join(f"{word} {label(row)}, {_with_rows(result, row)}" for word, row in named)


def _untested(result: Breakdown) -> str:
    if result.metric.kind == "count":
        return ""
    return (
        "; not compared, as the groups are made of the figure itself"
        if result.made_of_outcome
        else "; not tested against chance"
    )


def _members(result: Breakdown, number: int) -> str:
    """Return "14 team members"."""
    return f"{numbers.number(number)} {plain(result.by_title).lower()}{'' if number == 1 else 's'}"


def _against_rest(result: Breakdown, word: str, row: Row) -> str:
    size, low, high = unsigned(row["rest_difference"], row["rest_low"], row["rest_high"])
    apart_by = rest_form(result, row).with_interval(size, low, high)
    without = f" without {_names(result, row['rest_without'])}" if row["rest_without"] else ""
    named = f"{word} for {label(row)}" if word else label(row)
    return f"{named}, {_with_rows(result, row)}, {apart_by} {_side(row)} the rest{without}"


def _names(result: Breakdown, groups: list[str]) -> str:
    """Return the labels of groups by key, of many the first ones."""
    labels = {row["group"]: label(row) for row in result.points.iter_rows(named=True)}
    more = [f"{numbers.number(len(groups) - NAMED)} more"] if len(groups) > NAMED else []
    *others, last = [*(labels[group] for group in groups[:NAMED]), *more]
    return f"{', '.join(others)} and {last}" if others else last


def _side(row: Row) -> str:
    return "above" if row["rest_difference"] > 0 else "below"


def _with_rows(result: Breakdown, row: Row) -> str:
    forms = dict(zip(result.points["group"], column_forms(result), strict=False))
    rows = "" if result.metric.kind == "count" else f" ({counted(result.metric, row['n'])})"
    return f"{forms[row['group']].value(row['value'])}{rows}"


def _p(p_value: float) -> str:
    return f"below {numbers.number(SMALL_P, 3)}" if p_value < SMALL_P else numbers.number(p_value, 3)
