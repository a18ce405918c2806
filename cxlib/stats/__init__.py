"""Questions and their answers: each function takes a metric's name and a view and returns a frozen result."""

from cxlib.stats.breakdown import breakdown
from cxlib.stats.change import change
from cxlib.stats.distribution import distribution
from cxlib.stats.figures import figures, missing
from cxlib.stats.overview import overview
from cxlib.stats.results import (
    Breakdown,
    Change,
    Distribution,
    Estimate,
    NotKnown,
    Overview,
    Result,
    Scope,
    Trend,
)  # fmt: skip
from cxlib.stats.trend import trend

__all__ = [
    "Breakdown", "Change", "Distribution", "Estimate", "NotKnown", "Overview", "Result", "Scope", "Trend", "breakdown",
    "change", "distribution", "figures", "missing", "overview", "trend",
]  # fmt: skip
