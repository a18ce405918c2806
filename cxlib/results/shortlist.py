"""Shortlists: what to look at first, in order, each with its interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from cxlib.metrics.registry import Metric

if TYPE_CHECKING:
    from cxlib.results.types import ResultContext


@dataclass(frozen=True, slots=True)
class Shortlist:
    """What to look at first, in the order to print.

    Attributes:
        title: What is listed.
        months: First and last month of the rows.
        measured_in: Unit of a value: "hours a month", "times".
        points: `group` (key), `label` (to print), POINT columns, `named` (worth a sentence), `note` (what is to be said
            of it, "" for nothing), `reason` (why there is no value, null where there is one), and those of `beside`.
        found: What is true of the named, as the words before them; `nothing` is the whole sentence without any.
        reading: How a value is read.
        caveat: The one thing a reader must not overlook, as a sentence.
        beside: Further columns: name, heading, unit.
        by: The dimension that parts what is listed, empty if none does.
    """

    metric: Metric
    scope: ResultContext
    title: str
    months: tuple[str, str]
    measured_in: str
    points: pl.DataFrame
    found: str
    nothing: str
    reading: str = ""
    caveat: str = ""
    beside: tuple[tuple[str, str, str], ...] = ()
    by: str = ""
