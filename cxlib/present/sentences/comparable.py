"""Why months are not compared, and what is to be known of the answers behind a figure."""

from cxlib import numbers
from cxlib.metrics.registry import Metric
from cxlib.numbers import format_of
from cxlib.present.sentences.sentence import plain
from cxlib.results.types import Incomparable, ResultContext

QUESTIONS_NAMED = 3
_ENDS = {"working": "a working day", "after": "the first working day after days off", "off": "a day off"}


def since(found: Incomparable) -> str:
    """Return "asked on another scale since October 2026 (0–10, before 1–5)": why two months are not alike."""
    month = numbers.month(found.since)
    if found.kind == "scale":
        return f"asked on another scale since {month} ({plain(found.after)}, before {plain(found.before)})"
    if found.kind == "question":
        return f"another question is asked since {month}"
    if found.kind == "history":
        return f"the data reach back far enough only from {month} on"
    if found.kind == "end":
        return f"the earlier month ended on {_ENDS[found.before]}, the later one on {_ENDS[found.after]}"
    return "later months have had less time"


def of_answers(metric: Metric, scope: ResultContext) -> str:
    """Return " Weighted; 78.4 % unweighted." and which of several questions is told; nothing where neither matters."""
    told = ""
    if scope.weighted:
        plainly = "" if scope.unweighted is None else f"; {format_of(metric, scope.unweighted).value(scope.unweighted)}"
        told += f" Weighted{plainly} unweighted." if plainly else " Weighted."
    if scope.other_questions:
        others = [f"“{plain(name) or 'without a name'}”" for name in scope.other_questions[:QUESTIONS_NAMED]]
        more = ", …" if len(scope.other_questions) > QUESTIONS_NAMED else ""
        told += f" Of the question “{plain(scope.question)}” alone; asked apart: {', '.join(others)}{more}."
    return told
