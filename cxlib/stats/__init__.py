"""Questions and their answers: each function takes a metric's name and a view and returns a frozen result."""

from cxlib.stats.agents import agents
from cxlib.stats.breakdown import breakdown
from cxlib.stats.change import change
from cxlib.stats.contrast import contrast
from cxlib.stats.decomposition import why
from cxlib.stats.distribution import distribution
from cxlib.stats.figures import figures, missing
from cxlib.stats.history import history, waiting
from cxlib.stats.overview import overview
from cxlib.stats.peaks import peaks
from cxlib.stats.reasons import Decomposition, Funnel
from cxlib.stats.relation import relation
from cxlib.stats.results import (
    Breakdown,
    Change,
    Comparison,
    Contrast,
    Distribution,
    Estimate,
    History,
    NotKnown,
    Overview,
    Peaks,
    Relation,
    Result,
    Scope,
    Trend,
    WaitingList,
    Worth,
)  # fmt: skip
from cxlib.stats.trend import trend
from cxlib.stats.volume import movers, per_working_day, seasons, volume
from cxlib.stats.worth import lost_customer

__all__ = [
    "Breakdown", "Change", "Comparison", "Contrast", "Decomposition", "Distribution", "Estimate", "Funnel", "History",
    "NotKnown", "Overview", "Peaks", "Relation", "Result", "Scope", "Trend", "WaitingList", "Worth", "agents",
    "breakdown", "change", "contrast", "distribution", "figures", "history", "lost_customer", "missing", "movers",
    "overview", "peaks", "per_working_day", "relation", "seasons", "trend", "volume", "waiting", "why",
]  # fmt: skip
