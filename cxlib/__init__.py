"""cxlib: the figures of customer experience, with their intervals, tests, charts and sentences.

A map of the front door; everything here is `cx.<name>` after `import cxlib as cx`:

    look      view(data, month=…, by=…, filters=…)      what is looked at; every question takes it
    ask       trend · breakdown · distribution · change · overview · figures
              volume · per_working_day · movers · seasons · peaks
              contrast · relation · lost_customer · history(view, customer_id=…) · waiting
              why (it moved) · agents (do they differ?)
    answer    show(result) = chart(result), say(result), table(result)
    explore   explore("demo") in JupyterLab: pick, look, copy the call
    explain   glossary(names) · stamp(view)
    beneath   open_data · METRICS · unit_frame, measured_frame, row_frame

Names are loaded on first use, so that `cx --help` and small scripts do not wait for a chart library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cxlib.charts import chart, show
    from cxlib.explorer import explore
    from cxlib.glossary import glossary
    from cxlib.metrics import METRICS, View, measured_frame, row_frame, unit_frame, view
    from cxlib.report.stamp import stamp
    from cxlib.stats import (
        agents,
        breakdown,
        change,
        contrast,
        distribution,
        figures,
        history,
        lost_customer,
        movers,
        overview,
        peaks,
        per_working_day,
        relation,
        seasons,
        trend,
        volume,
        waiting,
        why,
    )  # fmt: skip
    from cxlib.store import open_data
    from cxlib.tabulate import table
    from cxlib.words import say

__version__ = "0.1.0"
_HOME = {
    "METRICS": "metrics", "View": "metrics", "measured_frame": "metrics", "row_frame": "metrics",
    "unit_frame": "metrics", "view": "metrics", "breakdown": "stats", "change": "stats", "distribution": "stats",
    "figures": "stats", "overview": "stats", "trend": "stats", "contrast": "stats", "relation": "stats",
    "lost_customer": "stats", "chart": "charts", "show": "charts", "say": "words",
    "movers": "stats", "peaks": "stats", "per_working_day": "stats", "seasons": "stats", "volume": "stats",
    "history": "stats", "waiting": "stats", "agents": "stats", "why": "stats",
    "table": "tabulate", "glossary": "glossary", "stamp": "report.stamp", "open_data": "store",
    "explore": "explorer",
}  # fmt: skip
__all__ = [
    "METRICS", "View", "agents", "breakdown", "change", "chart", "contrast", "distribution", "explore", "figures",
    "glossary", "history", "lost_customer", "measured_frame", "movers", "open_data", "overview", "peaks",
    "per_working_day", "relation", "row_frame", "say", "seasons", "show", "stamp", "table", "trend", "unit_frame",
    "view", "volume", "waiting", "why",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"cxlib has no {name!r}; it has {', '.join(__all__)}")
    found = getattr(import_module(f"cxlib.{_HOME[name]}"), name)
    globals()[name] = found  # a module of the same name would take its place
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
