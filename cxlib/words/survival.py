"""What curves of customers still there say."""

from __future__ import annotations

from cxlib import numbers
from cxlib.stats.results import Survival
from cxlib.words.groups import ALPHA, Row, share_format
from cxlib.words.money import CAVEAT, span
from cxlib.words.sentence import plain

TOLD = 4


def survival_text(result: Survival) -> str:
    """Return the shares still there after the same time and the verdict of the log-rank test."""
    months, rows = horizon(result)
    told = "; ".join(f"{plain(row['group'])} {share(row)}" for row in rows[:TOLD])
    verdict = {
        None: "too few to compare", True: "the classes differ by more than chance explains",
        False: "no difference beyond chance",
    }[None if result.p_value is None else result.p_value < ALPHA]  # fmt: skip
    return (
        f"{plain(result.title)}, {numbers.number(months)} months after an answer of {span(result.months)}: {told}; "
        f"{verdict}. {CAVEAT}"
    )


def survival_notes(result: Survival) -> tuple[str, ...]:
    """Return what the table says below."""
    left = f"{numbers.number(result.left)} customer{'s' if result.left != 1 else ''} left after an answer"
    tested = "" if result.p_value is None else "Verdict: log-rank test of the whole curves."
    told = (f"{left}; everybody's time starts at an answer.", tested, plain(result.sampled, 400))
    return tuple(filter(None, told))


def survival_headline(result: Survival) -> str:
    """Return the lowest and the highest share after the same time."""
    if result.p_value is None or result.p_value >= ALPHA:
        return f"{plain(result.title)}: no difference beyond chance"
    months, rows = horizon(result)
    ends = " to ".join(
        f"{numbers.share_format().value(row['value'])} ({plain(row['group'])})" for row in (rows[0], rows[-1])
    )
    return f"{plain(result.title)}: {ends} after {numbers.number(months)} months"


def share(row: Row) -> str:
    """Return "86.8 % (84.1–89.1; 393 at risk)"."""
    n = f"{numbers.number(row['n'])}{numbers.SPACE}at risk"
    return share_format(row).with_interval(row["value"], row["low"], row["high"], n)


def horizon(result: Survival) -> tuple[int, list[Row]]:
    """Return after how many months the classes are told – whole years that all curves reach, else as far as all do –,
    and the rows, lowest first.
    """
    points = list(result.points.iter_rows(named=True))
    last: dict[str, int] = {}
    for row in points:
        last[row["group"]] = max(last.get(row["group"], 0), row["months"])
    reached = min(last.values(), default=0)
    months = reached if reached < 12 else reached - reached % 12
    return months, sorted((row for row in points if row["months"] == months), key=lambda row: float(row["value"]))
