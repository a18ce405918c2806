"""What is to be known of a figure: why months are not compared, what moved beside it, what carries it. Frozen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple


@dataclass(frozen=True, slots=True)
class Incomparable:
    """Why a figure of two months is not compared.

    Attributes:
        kind: "scale" or "question": the answers were given on another scale, or to another question; "history": the
            earlier month lies too near the beginning of the data; "time": later months have had less time; "end": the
            figure is that of the end of the month, and one of the two ended on a day off, or just after one.
        since: Month from which it is as in the later of the two months, "YYYY-MM".
        before: Scale ("1–5") or question of most answers of the earlier month; of "end" what its last day was:
            "working", "after" (the first working day after a day off) or "off". Empty for other kinds.
        after: The same of the later month.
    """

    kind: Literal["scale", "question", "history", "time", "end"]
    since: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Responding:
    """How the response rate moved beside a figure of answers, and how much of its change that could make.

    Attributes:
        before: Response rate of the baseline month, in %.
        after: That of the reported month.
        low: Lower end of the 95 % interval of their difference, in points.
        high: Upper end.
        p_value: Of the difference.
        worst: Whether the bound takes the extra (or missing) answers for the worst there are, else for the best.
        bound: The figure of the reported month without the extra answers, or with the missing ones, in that case.
    """

    before: float
    after: float
    low: float | None
    high: float | None
    p_value: float
    worst: bool
    bound: float


class Largest(NamedTuple):
    """The largest hundredth of the rows, at least one, and the share (0–1) of the sum that they carry."""

    rows: int
    share: float
