"""What shortlists say: what comes first, with its interval, and what is to be said of it."""

from __future__ import annotations

from cxlib.numbers import Format
from cxlib.stats.shortlist_result import Shortlist
from cxlib.words.change import counted
from cxlib.words.groups import Row, label, reasons
from cxlib.words.money import span
from cxlib.words.sentence import plain

LONG, TOLD = 160, 2
SOURCES = ("partly estimated from replies", "estimated from replies", "estimated", "as recorded")  # of minutes


def shortlist_text(result: Shortlist) -> str:
    """Return the named rows in order, whether they are estimated, and the caveat; the reading stands in the table."""
    rows = [row for row in result.points.iter_rows(named=True) if row["value"] is not None or row["named"]]
    title = f"{plain(result.title, LONG)}, {span(result.months)}"
    if not rows:
        return f"{title}: not known; {plain(reasons(result.points), 400)}."
    named = [row for row in rows if row["named"]]
    caveat = f" {plain(result.caveat, 400)}" if result.caveat else ""
    if not named:
        return f"{title}: {plain(result.nothing, 400)}{caveat}"
    told = "; ".join(listed(result, row) for row in named[:TOLD])
    more = f"; {len(named) - TOLD} more in the table" if len(named) > TOLD else ""
    guess = next((f"; {words}" for words in SOURCES if words in result.reading), "")
    return f"{title}: {plain(result.found)}: {told}{more}{guess}.{caveat}"


def shortlist_headline(result: Shortlist) -> str:
    """Return the first named row in a few words."""
    title = plain(result.title, LONG)
    for row in result.points.filter("named").iter_rows(named=True):
        value = "" if row["value"] is None else f", {shortlist_format(result, row).value(row['value'])}"
        return f"{title}: {label(row)}{value}"
    return f"{title}: {'nothing stands out' if result.points['value'].count() else 'not known'}"


def listed(result: Shortlist, row: Row) -> str:
    """Return "macro: forward 4.1 times (3.9–4.3; 812 workflow runs), blockage"; the whole note stands in the table."""
    note = f", {plain(row['note'].partition(': ')[0], LONG)}" if row["note"] else ""
    if row["value"] is None:
        return f"{label(row)}{note}"
    n = counted(result.metric, row["n"])
    value = shortlist_format(result, row).with_interval(row["value"], row["low"], row["high"], n)
    return f"{label(row)} {value}{note}"


def shortlist_format(result: Shortlist, row: Row) -> Format:
    """Return how a value is printed: one decimal below a hundred."""
    return Format(result.measured_in, decimals=int((row["value"] or 0.0) < 100), language=result.scope.language)
