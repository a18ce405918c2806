"""cxlib: the figures of customer experience, with their intervals, tests, charts and sentences.

A map of the front door; everything here is `cx.<name>` after `import cxlib as cx`:

    look      view(data, month=…, by=…, filters=…)      what is looked at; every question takes it
    ask       trend · breakdown · distribution · change · overview · figures
    answer    show(result) = chart(result), say(result), table(result)
    explain   glossary(names) · stamp(view)
    beneath   open_data · METRICS · unit_frame, measured_frame, row_frame

Names are loaded on first use, so that `cx --help` and small scripts do not wait for a chart library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cxlib.charts import chart, show
    from cxlib.glossary import glossary
    from cxlib.metrics import METRICS, View, measured_frame, row_frame, unit_frame, view
    from cxlib.report.stamp import stamp
    from cxlib.stats import breakdown, change, distribution, figures, overview, trend
    from cxlib.store import open_data
    from cxlib.tabulate import table
    from cxlib.words import say

__version__ = "0.1.0"
_HOME = {
    "METRICS": "metrics", "View": "metrics", "measured_frame": "metrics", "row_frame": "metrics",
    "unit_frame": "metrics", "view": "metrics", "breakdown": "stats", "change": "stats", "distribution": "stats",
    "figures": "stats", "overview": "stats", "trend": "stats", "chart": "charts", "show": "charts", "say": "words",
    "table": "tabulate", "glossary": "glossary", "stamp": "report.stamp", "open_data": "store",
}  # fmt: skip
__all__ = [
    "METRICS", "View", "breakdown", "change", "chart", "distribution", "figures", "glossary", "measured_frame",
    "open_data", "overview", "row_frame", "say", "show", "stamp", "table", "trend", "unit_frame", "view",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"cxlib has no {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(f"cxlib.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
