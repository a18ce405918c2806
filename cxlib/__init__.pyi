"""What `import cxlib` offers: the one list of its names, which `cxlib/__init__.py` reads."""

from cxlib.explorer import explore as explore
from cxlib.glossary import glossary as glossary
from cxlib.metrics import (
    METRICS as METRICS,
    Query as Query,
    measured_frame as measured_frame,
    query as query,
    row_frame as row_frame,
    rows as rows,
    unit_frame as unit_frame,
)
from cxlib.present.charts import chart as chart, show as show
from cxlib.present.sentences import say as say
from cxlib.present.tables import table as table
from cxlib.questions import (
    agents as agents,
    article_candidates as article_candidates,
    automation_candidates as automation_candidates,
    backlog as backlog,
    before_leaving as before_leaving,
    breakdown as breakdown,
    by_tenure as by_tenure,
    case_mix as case_mix,
    change as change,
    churn_cost as churn_cost,
    contrast as contrast,
    count_model as count_model,
    coverage as coverage,
    customers_leaving as customers_leaving,
    customers_staying as customers_staying,
    dated_event as dated_event,
    differences as differences,
    distribution as distribution,
    drivers as drivers,
    figures as figures,
    forecast as forecast,
    heavy_workflows as heavy_workflows,
    history as history,
    leaving_articles as leaving_articles,
    level_shift as level_shift,
    mix_decomposition as mix_decomposition,
    movers as movers,
    nonresponse as nonresponse,
    one_agent as one_agent,
    ordinal_change as ordinal_change,
    overview as overview,
    peaks as peaks,
    peers as peers,
    per_working_day as per_working_day,
    provisional as provisional,
    quality as quality,
    reconciliation as reconciliation,
    relation as relation,
    relation_by_lag as relation_by_lag,
    seasons as seasons,
    set_aside as set_aside,
    spending_after as spending_after,
    staffing as staffing,
    tenure_curve as tenure_curve,
    trend as trend,
    turnover as turnover,
    unusual_days as unusual_days,
    value_of_a_point as value_of_a_point,
    volume as volume,
    waiting as waiting,
    workflow_outcomes as workflow_outcomes,
    workflow_reach as workflow_reach,
    workload as workload,
)
from cxlib.report.stamp import stamp as stamp
from cxlib.store.folder import open_data as open_data

__version__: str
__all__: tuple[str, ...]
