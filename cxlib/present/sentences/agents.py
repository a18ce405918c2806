"""What a funnel says: who is evidently apart, and how far the others differ at most."""

from cxlib import numbers
from cxlib.numbers import Format
from cxlib.present.sentences.change import FEW, counted, counted_rows
from cxlib.present.sentences.groups import Row, label, name_of
from cxlib.present.sentences.money import span
from cxlib.present.sentences.sentence import capital, plain
from cxlib.results.reasons import Funnel

NAMED = 3
SURE = 0.025
SHARE, POINTS = Format("%", decimals=1), Format("points", decimals=1)


def funnel_text(result: Funnel) -> str:
    """Return who is evidently above or below what is expected of the same mix of work, and the spread of the others."""
    rows, n = apart(result), int(result.points["n"].sum())
    start = f"{name_of(result)}, {span(result.months)}"
    if n < FEW:
        return f"{start}: too few {counted_rows(result.metric)} to judge."
    found = ". ".join(_evident(result, row) for row in rows[:NAMED])
    more = f"; {numbers.number(len(rows) - NAMED)} more evidently apart" if len(rows) > NAMED else ""
    none = "nobody is evidently apart" if _differ(result) else f"no evidence that any {_one(result)} differs"
    mix = f", with the same mix of {' and '.join(plain(title) for title in result.mix)}" if result.mix else ""
    return f"{start}{mix}: {found + more or none}.{_spread(result)}{_alone(result)}"


def funnel_headline(result: Funnel) -> str:
    """Return who is evidently apart, or that there is no evidence."""
    rows = apart(result)
    if result.points["n"].sum() < FEW:
        return f"{name_of(result)}: too few to judge"
    if not rows:
        quiet = "nobody evidently apart" if _differ(result) else "no evidence that anyone differs"
        return f"{name_of(result)}: {quiet}"
    names = [f"{label(row, 30)} evidently {_side(row)}" for row in rows[:NAMED]]
    more = f", {numbers.number(len(rows) - NAMED)} more apart" if len(rows) > NAMED else ""
    return f"{name_of(result)}: {', '.join(names)}{more}"


def apart(result: Funnel) -> list[Row]:
    """Return those who are evidently apart, the farthest first."""
    rows = [row for row in result.points.iter_rows(named=True) if row["evident"]]
    return sorted(rows, key=lambda row: float(row["p_value"]))


def funnel_cells(result: Funnel) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return headings and rows of the table, in the order of names: it is no ranking."""
    first, rated = plain(capital(result.by_title)), counted_rows(result.metric).capitalize()
    heads = (
        first, f">{rated}", ">Observed", ">Expected", ">Same mix", ">95 % limits of chance",
        ">Likely difference", ">95 % interval", "Beyond chance",
    )  # fmt: skip
    one = Format("", decimals=1, language=result.scope.language)
    rows = []
    for row in result.points.sort("label").iter_rows(named=True):
        counts = [numbers.number(row[name], language=one.language) for name in ("n", "observed")]
        limits, likely = one.interval(row["low"], row["high"]), one.interval(row["shrunk_low"], row["shrunk_high"])
        shown = (one.bare(row["expected"]), SHARE.value(row["value"]), limits, one.bare(row["shrunk"]), likely)
        rows.append((label(row), *counts, *shown, f"evidently {_side(row)}" if row["evident"] else "no"))
    return heads, rows


def _evident(result: Funnel, row: Row) -> str:
    expected = numbers.number(row["expected"], 1)
    seen = f"{numbers.number(row['observed'])} of {counted(result.metric, row['n'])} where {expected} were expected"
    return f"{label(row)} is evidently {_side(row)}, {seen}"


def _spread(result: Funnel) -> str:
    found, who = result.spread, f"the {'other ' if apart(result) else ''}{_one(result)}s"
    if found is None:
        return ""
    if found.high is None:
        return (
            f" {capital(who)} differ less than chance alone would make them (φ {numbers.number(found.dispersion, 2)}): "
            "a warning about how the data came about."
        )
    if _differ(result):
        between = POINTS.with_interval(*found.nine_in_ten)
        return f" {capital(who)} differ more than chance explains: nine in ten of them lie within {between}."
    return f" If {who} differ, nine in ten of them lie within {POINTS.value(found.nine_in_ten[2] or 0.0)} at most."


def _alone(result: Funnel) -> str:
    if not result.alone:
        return ""
    names = ", ".join(plain(name, 30) for name in result.alone[:NAMED])
    more = f" and {numbers.number(len(result.alone) - NAMED)} more" if len(result.alone) > NAMED else ""
    return f" Not compared, as nobody else did the same work: {names}{more}."


def _differ(result: Funnel) -> bool:
    return result.spread is not None and result.spread.p_more < SURE


def _one(result: Funnel) -> str:
    return plain(result.by_title).lower()


def _side(row: Row) -> str:
    return "below" if row["difference"] < 0 else "above"
