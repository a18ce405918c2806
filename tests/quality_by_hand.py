"""Tallies and coverage built by hand for the tests of the renderers."""

from __future__ import annotations

from typing import Any

import polars as pl

from cxlib.questions.data_quality.quality import tallied
from cxlib.results.types import Coverage, ResultContext, Tally


def tally(scope: ResultContext, *rows: tuple[str, str, int], share: float | None = 1.3, **other: Any) -> Tally:
    """Return a tally of these families, labels and counts; with `compared` also of typical differences."""
    compared = "compared" in other
    told = [
        {"family": family, "label": label, "n": n, "share": share, "typical": -12.34 if compared and n > 2 else None,
         "known": label != "unexplained", "examples": f"{label[:20]} t{place}"}
        for place, (family, label, n) in enumerate(rows)
    ]  # fmt: skip
    return Tally(scope, "Broken promises of the data", tallied(told), "every promise holds", **other)


def coverage(
    scope: ResultContext, counts: dict[str, list[int]], gaps: list[tuple[str, str, float | None, float | None]]
) -> Coverage:
    """Return the coverage of these tables in the months up to October 2026."""
    months = tuple(f"2026-{month:02d}" for month in range(11 - len(next(iter(counts.values()))), 11))
    rows = [
        {"table": name, "month": month, "rows": n}
        for name, numbers in counts.items()
        for month, n in zip(months, numbers, strict=True)
    ]
    schema = {"table": pl.String, "column": pl.String, "share": pl.Float64, "before": pl.Float64}
    return Coverage(scope, months, pl.DataFrame(rows), pl.DataFrame(gaps, schema=schema, orient="row"))


def quality_results(scope: ResultContext, hostile: str) -> dict[str, Any]:
    """Return tallies and coverages ordinary and awkward."""
    reasons = [("first reply minutes", why, n) for why, n in (("an automatic answer counts as the reply", 40),
               ("rounded to the source's step", 900), ("unexplained", 2))]  # fmt: skip
    return {
        "tally": tally(scope, ("tickets", "status is missing", 12), ("surveys", "duplicate survey_id (set aside)", 3)),
        "tally, many": tally(scope, *((f"table {i}", f"promise {i}", 40 - i) for i in range(20)), share=None),
        "tally, nothing": tally(scope),
        "tally, hostile": tally(scope, (hostile, hostile, 5)),
        "reconciliation": tally(scope, *reasons, compared=2000, same=1058),
        "reconciliation, same": tally(scope, compared=30, same=30),
        "reconciliation, rounded": tally(scope, reasons[1], compared=901, same=1),
        "reconciliation, nothing": tally(scope, compared=0),
        "coverage": coverage(
            scope, {"tickets": [900, 12_345, 8], "surveys": [0, 5, 0]}, [("tickets", "team", 12.0, 3.0)]
        ),
        "coverage, one month": coverage(scope, {"tickets": [1]}, [("tickets", "brand", None, 0.2)]),
    }  # fmt: skip
