"""Questions and their answers: each function takes a metric's name and a view and returns a frozen result."""

from cxlib.stats.agents import agents
from cxlib.stats.articles import article_candidates, leaving_articles
from cxlib.stats.backlog import backlog
from cxlib.stats.breakdown import breakdown
from cxlib.stats.calendar_effects import count_model
from cxlib.stats.change import change
from cxlib.stats.contrast import contrast
from cxlib.stats.dated_event import dated_event
from cxlib.stats.decomposition import why
from cxlib.stats.distribution import distribution
from cxlib.stats.figures import figures, missing
from cxlib.stats.forecast import forecast
from cxlib.stats.hazards import customers_leaving
from cxlib.stats.history import history, waiting
from cxlib.stats.level_shift import level_shift
from cxlib.stats.next_steps import automation_candidates
from cxlib.stats.ordinal import ordinal_change
from cxlib.stats.overview import overview
from cxlib.stats.peaks import peaks
from cxlib.stats.peers import peers
from cxlib.stats.planning_results import Forecast, Staffing
from cxlib.stats.quality import coverage, provisional, quality, set_aside
from cxlib.stats.quality_results import Coverage, Tally
from cxlib.stats.reasons import Decomposition, Funnel
from cxlib.stats.reconciliation import differences, reconciliation
from cxlib.stats.relation import relation, relation_by_lag
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
    Result,
    Scope,
    Shortlist,
    Survival,
    Trend,
    UnusualDays,
    WaitingList,
    Worth,
)  # fmt: skip
from cxlib.stats.silent import silent
from cxlib.stats.spending import spending_after
from cxlib.stats.staffing import staffing
from cxlib.stats.survival import customers_staying
from cxlib.stats.team import alike, one_agent
from cxlib.stats.tenure import before_leaving, by_tenure
from cxlib.stats.together import goes_with
from cxlib.stats.trend import trend
from cxlib.stats.turnover import tenure_curve, turnover
from cxlib.stats.unusual_days import unusual_days
from cxlib.stats.value_of_a_point import value_of_a_point
from cxlib.stats.volume import movers, per_working_day, seasons, volume
from cxlib.stats.workflow_outcomes import workflow_outcomes
from cxlib.stats.workflow_peers import heavy_workflows
from cxlib.stats.workflow_reach import workflow_reach
from cxlib.stats.workload import workload
from cxlib.stats.worth import lost_customer

__all__ = [
    "Breakdown", "Change", "Comparison", "Contrast", "Coverage", "Decomposition", "Distribution", "Estimate",
    "Forecast", "Funnel", "History", "NotKnown", "Overview", "Peaks", "Result", "Scope", "Shortlist", "Staffing",
    "Survival", "Tally", "Trend", "UnusualDays", "WaitingList", "Worth", "agents", "alike", "article_candidates",
    "automation_candidates", "backlog", "before_leaving", "breakdown", "by_tenure", "change", "contrast",
    "count_model", "coverage", "customers_leaving", "customers_staying", "dated_event", "differences",
    "distribution", "figures", "forecast", "goes_with", "heavy_workflows", "history", "leaving_articles",
    "level_shift", "lost_customer", "missing", "movers", "one_agent", "ordinal_change", "overview", "peaks",
    "peers", "per_working_day", "provisional", "quality", "reconciliation", "relation", "relation_by_lag", "seasons",
    "set_aside", "silent", "spending_after", "staffing", "tenure_curve", "trend", "turnover", "unusual_days",
    "value_of_a_point", "volume", "waiting", "why", "workflow_outcomes", "workflow_reach", "workload",
]  # fmt: skip
