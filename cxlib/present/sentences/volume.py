"""What comparisons per day, the hours of the week and single days say."""

import math
from dataclasses import replace

from cxlib import numbers
from cxlib.numbers import Format
from cxlib.present.sentences.certainty import certainty_words
from cxlib.present.sentences.change import TOGETHER, counted, counted_rows, level_format, subject, width
from cxlib.present.sentences.groups import Row, estimate, label, share_format
from cxlib.present.sentences.money import span
from cxlib.present.sentences.sentence import plain
from cxlib.results.certainty import Certainty, certainty, of_row
from cxlib.results.types import Comparison, Peaks, UnusualDays
from cxlib.results.volume import Run

LONG, TOLD, DAYS_TOLD = 160, 3, 4
_COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def comparison_text(result: Comparison) -> str:
    """Return, one sentence a family of rows, what differs beyond chance and in which direction."""
    rows = _compared(result)
    title = plain(result.title, LONG)
    if not rows:
        return f"{title}: too few {counted_rows(result.metric)} to compare."
    families = dict.fromkeys(row["family"] for row in rows)
    if families.keys() != {""}:
        return " ".join(_in_years([row for row in rows if row["family"] == family]) for family in families)
    found, possible = _sure(rows), _sure(rows, "possible")
    quiet = len(rows) - len(found) - (0 if found else len(possible))
    if not found and not possible:
        return f"{title}: no change beyond chance{TOGETHER}."
    if not found:
        names = "; ".join(f"{label(row)} {percent(row)}" for row in possible[:TOLD])
        return f"{title}: no clear change. Possible: {names}{_within_chance(quiet, alone=len(possible) == 1)}."
    parts = "; ".join(f"{label(row)} {percent(row, more=counted(result.metric, row['n']))}" for row in found[:TOLD])
    return f"{title}: {parts}{_judged(len(found))}{_within_chance(quiet, alone=len(found) == 1)}."


def _judged(found: int) -> str:
    """Return that one is more than chance explains, or of several in a second sentence that all are."""
    more = found - TOLD
    which = f"These and {_count(more)} other{'s' if more > 1 else ''}" if more > 0 else "These"
    return ", more than chance explains" if found == 1 else f". {which} are more than chance explains"


def _within_chance(quiet: int, *, alone: bool) -> str:
    if not quiet:
        return ""
    who = f"other{'s' if quiet > 1 else ''}" if alone else "are" if quiet > 1 else "is"
    return f"; {_count(quiet)} {who} within chance{TOGETHER}"


def comparison_headline(result: Comparison) -> str:
    """Return what differs in a few words."""
    rows = _compared(result)
    families = dict.fromkeys(row["family"] for row in rows)
    if families and families.keys() != {""}:
        return "; ".join(_seen([row for row in rows if row["family"] == family]) for family in families)
    found = _sure(rows)
    parts = ", ".join(f"{label(row)} {percent(row, interval=False)}" for row in found[:3])
    return f"{subject(result.metric)}: {parts or 'nothing moved clearly'}"


def is_compared(row: Row) -> bool:
    """Tell whether a row has enough on both sides, or nothing on one and enough on the other to be new or gone."""
    return row["difference"] is not None or row["p_value"] is not None


def percent(row: Row, *, interval: bool = True, more: str = "") -> str:
    """Return "+64 % (+38 to +94)": a relative difference with its sign and interval; "new", "gone" to or from none."""
    if row["difference"] is None:
        return "gone" if row["before"] else "new"
    low, high = row["low_difference"], row["high_difference"]
    form: Format = replace(numbers.share_format(width(low, high)), signed=True)
    form = form.apart(low, high)
    return form.with_interval(row["difference"], low, high, more) if interval else form.value(row["difference"])


def peaks_text(result: Peaks) -> str:
    """Return the busiest hour with its interval, how many hours chance does not tell from it, and what makes it."""
    top = busiest(result)
    form = level_format(replace(result.metric, kind="mean"), estimate(top))
    form = replace(form, unit=f"{result.metric.measured_in} an hour", decimals=1)
    size = form.with_interval(top["value"], top["low"], top["high"])
    close = [row for row in result.points.iter_rows(named=True) if (row["high"] or 0.0) >= top["value"]]
    others = f"; {_count(len(close) - 1)} more within chance of it" if len(close) > 1 else ""
    text = f"{peaks_headline(result)}: {size}, {span(result.months)}{others}."
    found = [row for row in result.makers.iter_rows(named=True) if of_row(row) == "clear" and row["difference"] > 0]
    if not found:
        return f"{text} No channel or category clearly stands out in that hour." if result.makers.height else text
    return f"{text} Clearly more of it than at other hours: {'; '.join(map(made_of, found[:3]))}."


def peaks_headline(result: Peaks) -> str:
    """Return the busiest hour."""
    top = busiest(result)
    return f"{subject(result.metric)} peak on {numbers.weekday(top['weekday'])}, {clock_hour(top['hour'])}"


def busiest(result: Peaks) -> Row:
    """Return the row of the busiest hour, the first of equal ones."""
    return max(result.points.iter_rows(named=True), key=lambda row: float(row["value"]))


def made_of(row: Row) -> str:
    """Return "phone (channel) 17.2 % against 15.5 %, +1.8 points (+0.4 to +3.1)"."""
    form = share_format(row)
    apart = replace(form, unit="points", signed=True).apart(row["low"], row["high"])
    shares = f"{form.value(row['share'])} against {form.value(row['rest'])}"
    size = apart.with_interval(row["difference"], row["low"], row["high"])
    return f"{label(row)} ({row['dimension']}) {shares}, {size}"


def clock_hour(hour: int) -> str:
    """Return "11 to 12 o'clock"."""
    return f"{hour} to {hour + 1} o'clock"


def _compared(result: Comparison) -> list[Row]:
    return [row for row in result.points.iter_rows(named=True) if is_compared(row)]


def _size(row: Row) -> float:
    return -math.inf if row["difference"] is None else -abs(row["difference"])


def _sure(rows: list[Row], level: Certainty = "clear") -> list[Row]:
    return sorted((row for row in rows if of_row(row) == level), key=_size)


def _seen(rows: list[Row]) -> str:
    found = _sure(rows)
    way = {True: "higher", False: "lower"}.get(found[0]["difference"] > 0, "") if found else ""
    if not found or len({row["difference"] > 0 for row in found}) > 1:
        return f"{rows[0]['family']}: {'not the same way each year' if found else 'no clear difference'}"
    years = f"{_count(len(found))} of {_count(len(rows))} years" if len(rows) > 1 else "the one year known"
    return f"{rows[0]['family']}: {way} in {years}"


def _in_years(rows: list[Row]) -> str:
    years = ", ".join(f"{percent(row)} in {row['label'].split()[-1]}" for row in rows)
    if _sure(rows):
        return f"{_seen(rows)}, more than chance explains: {years}."
    return f"{_seen(rows)}{', only a possible one' if _sure(rows, 'possible') else ''}: {years}."


def _count(number: int) -> str:
    return _COUNTS[number] if number < len(_COUNTS) else numbers.number(number)


def days_text(result: UnusualDays) -> str:
    """Return the run of days beyond chance, if there is one, and the days outside of it, the farthest first."""
    found, number = beside_run(result), numbers.number(result.points.height)
    name = f"{subject(result.metric)}, {numbers.month(result.scope.month)}"
    if not found and result.run is None:
        return f"{name}: no day of {number} lies outside of what the calendar and the trend let expect."
    run = f"{run_text(result.run)}; {certainty_words(certainty(result.run.p_value))}." if result.run else ""
    if not found:
        return f"{name}: {run}"
    clear = [row for row in found if of_row(row) == "clear"]
    told = "; ".join(f"{day(row)}, {against(row)}" for row in (clear or found)[:DAYS_TOLD])
    which = "These and others" if len(clear) > DAYS_TOLD else "These"
    judged = "; more than chance explains" if len(clear) == 1 else f". {which} are more than chance explains"
    judged = judged if clear else "; only possible"
    return f"{name}: {run}{' By themselves: ' if run else ''}{told}{judged} among {number} days."


def days_headline(result: UnusualDays) -> str:
    """Return the run and the days in a few words."""
    found = [row for row in beside_run(result) if of_row(row) == "clear"]
    parts = ", ".join(day(row) for row in found[:2]) + (" and others" if len(found) > 2 else "")
    if result.run is not None:
        way = "more" if result.run.difference > 0 else "fewer"
        return f"{subject(result.metric)}: {way} than expected on {result.run.days} days in a row"
    return f"{subject(result.metric)}: {f'unusual on {parts}' if found else 'no day clearly unusual'}"


def run_text(run: Run) -> str:
    """Return "10 October 2026 to 31 October 2026, 22 days in a row, 2,640 against 1,890 expected, +40 % (…)"."""
    form = replace(numbers.share_format(width(run.low, run.high)), signed=True).apart(run.low, run.high)
    size, whole = form.with_interval(run.difference, run.low, run.high), Format("")
    counts = f"{whole.value(run.value)} against {whole.value(run.expected)} expected"
    return f"{numbers.day(run.first)} to {numbers.day(run.last)}, {run.days} days in a row, {counts}, {size}"


def beside_run(result: UnusualDays) -> list[Row]:
    """Return the days outside their interval that are not in the run."""
    run = result.run
    return [row for row in outside(result) if run is None or not run.first <= row["day"] <= run.last]


def outside(result: UnusualDays) -> list[Row]:
    """Return the days outside their interval, the farthest from it first."""
    rows = [row for row in result.points.iter_rows(named=True) if row["outside"]]
    return sorted(rows, key=lambda row: -abs(row["value"] - row["expected"]) / (row["high"] - row["low"] + 1))


def day(row: Row) -> str:
    """Return "Friday 1 May (Labor Day)"."""
    date = f"{numbers.weekday(row['day'].isoweekday())} {numbers.day(row['day']).rsplit(' ', 1)[0]}"
    return f"{date} ({plain(row['what'])})" if row["what"] else date


def against(row: Row) -> str:
    """Return "120 against 60–98 expected"."""
    form = Format("")
    return f"{form.value(row['value'])} against {form.interval(row['low'], row['high'])} expected"
