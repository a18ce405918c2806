"""cxlib: the figures of customer experience, with their intervals, tests, charts and sentences.

A map of the front door; everything here is `cx.<name>` after `import cxlib as cx`:

    look      query(data, month=…, by=…, filters=…)      what is asked about; every question takes it
    ask       trend · breakdown · distribution · change · overview · figures
              volume · per_working_day · movers · seasons · peaks · forecast · staffing · backlog
              count_model · level_shift · unusual_days (did it really change?) · dated_event
              contrast · relation · relation_by_lag · spending_after · customers_staying · customers_leaving
              churn_cost · value_of_a_point · history(query, customer_id=…) · waiting
              workload · turnover · tenure_curve · by_tenure · before_leaving · case_mix · one_agent(query, agent_id)
              peers(query, customer_id): one customer among similar ones
              mix_decomposition (why it moved) · agents (do they differ?) · drivers · nonresponse · ordinal_change
              quality · set_aside · coverage · provisional · reconciliation, differences (ours, the source's)
              workflow_reach · workflow_outcomes · heavy_workflows · automation_candidates (what next?)
              leaving_articles · article_candidates (what to write about?)
    answer    show(result) = chart(result), say(result), table(result)
    explore   explore("demo") in JupyterLab: pick, look, copy the call
    explain   glossary(names) · stamp(query)
    beneath   open_data · METRICS · unit_frame, measured_frame, row_frame
              rows(metric, query): those behind a figure

Names are loaded on first use, so that `cx --help` and small scripts do not wait for a chart library.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cxlib.explorer import explore
    from cxlib.glossary import glossary
    from cxlib.metrics import METRICS, Query, measured_frame, query, row_frame, rows, unit_frame
    from cxlib.present.charts import chart, show
    from cxlib.present.sentences import say
    from cxlib.present.tables import table
    from cxlib.questions import (
        agents,
        article_candidates,
        automation_candidates,
        backlog,
        before_leaving,
        breakdown,
        by_tenure,
        case_mix,
        change,
        churn_cost,
        contrast,
        count_model,
        coverage,
        customers_leaving,
        customers_staying,
        dated_event,
        differences,
        distribution,
        drivers,
        figures,
        forecast,
        heavy_workflows,
        history,
        leaving_articles,
        level_shift,
        mix_decomposition,
        movers,
        nonresponse,
        one_agent,
        ordinal_change,
        overview,
        peaks,
        peers,
        per_working_day,
        provisional,
        quality,
        reconciliation,
        relation,
        relation_by_lag,
        seasons,
        set_aside,
        spending_after,
        staffing,
        tenure_curve,
        trend,
        turnover,
        unusual_days,
        value_of_a_point,
        volume,
        waiting,
        workflow_outcomes,
        workflow_reach,
        workload,
    )
    from cxlib.report.stamp import stamp
    from cxlib.store.folder import open_data

__version__ = "0.1.0"
_LAID = {
    "present.charts": "chart show",
    "explorer": "explore",
    "glossary": "glossary",
    "metrics": "METRICS Query measured_frame row_frame rows unit_frame query",
    "report.stamp": "stamp",
    "questions": (
        "agents case_mix article_candidates automation_candidates backlog before_leaving breakdown by_tenure "
        "change contrast count_model coverage customers_leaving customers_staying dated_event differences "
        "distribution figures forecast drivers heavy_workflows history leaving_articles level_shift "
        "churn_cost movers one_agent ordinal_change overview peaks peers per_working_day provisional "
        "quality reconciliation relation relation_by_lag seasons set_aside nonresponse spending_after staffing "
        "tenure_curve trend turnover unusual_days value_of_a_point volume waiting mix_decomposition workflow_outcomes "
        "workflow_reach workload"
    ),
    "store.folder": "open_data",
    "present.tables": "table",
    "present.sentences": "say",
}  # fmt: skip
# Threads of small linear models wait for each other, ten times as long as one takes; only before numpy is loaded.
for _threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")
_HOME = {name: home for home, names in _LAID.items() for name in names.split()}
__all__ = tuple(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"cxlib has no {name!r}; it has {', '.join(__all__)}")
    found = getattr(import_module(f"cxlib.{_HOME[name]}"), name)
    globals()[name] = found  # a module of the same name would take its place
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
