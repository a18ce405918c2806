"""Questions and their answers: each function takes a metric's name and a view and returns a frozen result."""

from cxlib.questions.customers.churn_cost import churn_cost
from cxlib.questions.customers.hazards import customers_leaving
from cxlib.questions.customers.history import history, waiting
from cxlib.questions.customers.peers import peers
from cxlib.questions.customers.relation import relation, relation_by_lag
from cxlib.questions.customers.spending import spending_after
from cxlib.questions.customers.survival import customers_staying
from cxlib.questions.customers.value_of_a_point import value_of_a_point
from cxlib.questions.data_quality.quality import coverage, provisional, quality, set_aside
from cxlib.questions.data_quality.reconciliation import differences, reconciliation
from cxlib.questions.demand.backlog import backlog
from cxlib.questions.demand.calendar_effects import count_model
from cxlib.questions.demand.dated_event import dated_event
from cxlib.questions.demand.forecast import forecast
from cxlib.questions.demand.level_shift import level_shift
from cxlib.questions.demand.peaks import peaks
from cxlib.questions.demand.periods import movers, per_working_day, seasons, volume
from cxlib.questions.demand.staffing import staffing
from cxlib.questions.demand.unusual_days import unusual_days
from cxlib.questions.groups.breakdown import breakdown
from cxlib.questions.groups.contrast import contrast
from cxlib.questions.groups.distribution import distribution
from cxlib.questions.groups.drivers import drivers
from cxlib.questions.groups.nonresponse import nonresponse
from cxlib.questions.groups.ordinal import ordinal_change
from cxlib.questions.over_time.change import change
from cxlib.questions.over_time.decomposition import mix_decomposition
from cxlib.questions.over_time.figures import figures, missing
from cxlib.questions.over_time.overview import overview
from cxlib.questions.over_time.trend import trend
from cxlib.questions.team.agents import agents
from cxlib.questions.team.case_mix import case_mix, one_agent
from cxlib.questions.team.tenure import before_leaving, by_tenure
from cxlib.questions.team.turnover import tenure_curve, turnover
from cxlib.questions.team.workload import workload
from cxlib.questions.workflows.articles import article_candidates, leaving_articles
from cxlib.questions.workflows.automation_candidates import automation_candidates
from cxlib.questions.workflows.outcomes import workflow_outcomes
from cxlib.questions.workflows.peers import heavy_workflows
from cxlib.questions.workflows.reach import workflow_reach

__all__ = [
    "agents", "article_candidates", "automation_candidates", "backlog", "before_leaving", "breakdown", "by_tenure",
    "case_mix", "change", "churn_cost", "contrast", "count_model", "coverage", "customers_leaving",
    "customers_staying", "dated_event", "differences", "distribution", "drivers", "figures", "forecast",
    "heavy_workflows", "history", "leaving_articles", "level_shift", "missing", "mix_decomposition", "movers",
    "nonresponse", "one_agent", "ordinal_change", "overview", "peaks", "peers", "per_working_day", "provisional",
    "quality", "reconciliation", "relation", "relation_by_lag", "seasons", "set_aside", "spending_after",
    "staffing", "tenure_curve", "trend", "turnover", "unusual_days", "value_of_a_point", "volume", "waiting",
    "workflow_outcomes", "workflow_reach", "workload",
]  # fmt: skip
