"""cxlib: the figures of customer experience, with their intervals, tests, charts and sentences.

A map of the front door; everything here is `cx.<name>` after `import cxlib as cx`:

    look      view(data, month=…, by=…, filters=…)      what is looked at; every question takes it
    ask       trend · breakdown · distribution · change · overview · figures
              volume · per_working_day · movers · seasons · peaks · forecast · staffing · backlog
              count_model · level_shift · unusual_days (did it really change?) · dated_event
              contrast · relation · relation_by_lag · spending_after · customers_staying · customers_leaving
              lost_customer · value_of_a_point · history(view, customer_id=…) · waiting
              workload · turnover · tenure_curve · by_tenure · before_leaving · alike · one_agent(view, agent_id)
              peers(view, customer_id): one customer among others alike
              why (it moved) · agents (do they differ?) · goes_with · silent (would they agree?) · ordinal_change
              quality · set_aside · coverage · provisional · reconciliation, differences (ours, the source's)
              workflow_reach · workflow_outcomes · heavy_workflows · automation_candidates (what next?)
              leaving_articles · article_candidates (what to write about?)
    answer    show(result) = chart(result), say(result), table(result)
    explore   explore("demo") in JupyterLab: pick, look, copy the call
    explain   glossary(names) · stamp(view)
    beneath   open_data · METRICS · unit_frame, measured_frame, row_frame
              rows(metric, view): those behind a figure

Names are loaded on first use, so that `cx --help` and small scripts do not wait for a chart library.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cxlib.explorer import explore
    from cxlib.glossary import glossary
    from cxlib.metrics import METRICS, View, measured_frame, row_frame, rows, unit_frame, view
    from cxlib.present.charts import chart, show
    from cxlib.present.sentences import say
    from cxlib.present.tables import table
    from cxlib.questions import (
        agents,
        alike,
        article_candidates,
        automation_candidates,
        backlog,
        before_leaving,
        breakdown,
        by_tenure,
        change,
        contrast,
        count_model,
        coverage,
        customers_leaving,
        customers_staying,
        dated_event,
        differences,
        distribution,
        figures,
        forecast,
        goes_with,
        heavy_workflows,
        history,
        leaving_articles,
        level_shift,
        lost_customer,
        movers,
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
        silent,
        spending_after,
        staffing,
        tenure_curve,
        trend,
        turnover,
        unusual_days,
        value_of_a_point,
        volume,
        waiting,
        why,
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
    "metrics": "METRICS View measured_frame row_frame rows unit_frame view",
    "report.stamp": "stamp",
    "questions": (
        "agents alike article_candidates automation_candidates backlog before_leaving breakdown by_tenure "
        "change contrast count_model coverage customers_leaving customers_staying dated_event differences "
        "distribution figures forecast goes_with heavy_workflows history leaving_articles level_shift "
        "lost_customer movers one_agent ordinal_change overview peaks peers per_working_day provisional "
        "quality reconciliation relation relation_by_lag seasons set_aside silent spending_after staffing "
        "tenure_curve trend turnover unusual_days value_of_a_point volume waiting why workflow_outcomes "
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
