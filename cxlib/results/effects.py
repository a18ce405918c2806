"""Effects of one model or of one family of comparisons: the general result of "what goes together with what"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from cxlib.metrics.registry import Metric

if TYPE_CHECKING:
    from cxlib.results.types import ResultContext


@dataclass(frozen=True, slots=True)
class Effects:
    """Differences that go together with something, estimated together, each with interval and test.

    Attributes:
        title: What goes together with what.
        months: First and last month of the rows.
        measured_in: Unit of an effect: "points", "%", "times", a currency; empty for none.
        none: The effect that is none: 0, or 1 for ratios; None where rows are told, not tested.
        points: `group` (key), `label` (to print), `family` (rows that belong together, "" if all do), POINT columns
            (`value` is the effect), `p_value`, `p_adjusted` (Benjamini–Hochberg among all
            rows; null without p) and `reason` (why there is no value; null where there is one); in the order to print.
        allowing_for: What the effects allow for, beside each other.
        reading: How one effect is read, in words: "per doubling of the minutes, in points of satisfaction".
        caveat: The one thing a reader must not overlook, as a sentence.
        signed: Whether values carry their sign.
        n: Rows behind all effects together; 0 where one effect has them all.
        baseline: The month that `months` are compared with, empty where they are not.
    """

    metric: Metric
    scope: ResultContext
    title: str
    months: tuple[str, str]
    measured_in: str
    none: float | None
    points: pl.DataFrame
    allowing_for: tuple[str, ...] = ()
    reading: str = ""
    caveat: str = ""
    signed: bool = True
    n: int = 0
    baseline: str = ""
