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

import ast
import os
from importlib import import_module
from pathlib import Path
from typing import Any

from cxlib.version import __version__ as __version__

# Threads of small linear models wait for each other, ten times as long as one takes; only before numpy is loaded.
for _threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")
_HOME = {
    alias.name: str(node.module)
    for node in ast.parse(Path(__file__).with_suffix(".pyi").read_text(encoding="utf-8")).body
    if isinstance(node, ast.ImportFrom)
    for alias in node.names
}
__all__ = tuple(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"cxlib has no {name!r}; it has {', '.join(__all__)}")
    found = getattr(import_module(_HOME[name]), name)
    globals()[name] = found  # a module of the same name would take its place
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
