"""Why two months of a figure are not compared, and what else moved beside a change. Frozen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Incomparable:
    """Why a figure of two months is not compared.

    Attributes:
        kind: "scale" or "question": the answers were given on another scale, or to another question; "history": the
            earlier month lies too near the beginning of the data; "time": later months have had less time.
        since: Month from which it is as in the later of the two months, "YYYY-MM".
        before: Scale ("1–5") or question of most answers of the earlier month; empty for other kinds.
        after: The same of the later month.
    """

    kind: Literal["scale", "question", "history", "time"]
    since: str
    before: str = ""
    after: str = ""
