"""Metrics and frames: a metric is a name, a sentence and one expression; `base` does the grouping.

Importing this package fills the registry `METRICS`.
"""

from cxlib.metrics import (
    agents,
    effort,
    loyalty,
    money,
    satisfaction,
    self_service,
    solving,
    stock,
    volume,
    waiting,
    workflows,
)
from cxlib.metrics.frames import dated_frame, known, measured_frame, row_frame, unit_frame
from cxlib.metrics.maturity import population, settles
from cxlib.metrics.query import View, last_complete_month, parse_filters, view
from cxlib.metrics.registry import METRICS, Clock, Metric, get, metric
from cxlib.metrics.rows import as_csv, rows, table_rows

__all__ = [
    "METRICS", "Clock", "Metric", "View", "agents", "as_csv", "dated_frame", "effort", "get", "known",
    "last_complete_month", "loyalty", "measured_frame", "metric", "money", "parse_filters", "population", "row_frame",
    "rows", "satisfaction", "self_service", "settles", "solving", "stock", "table_rows", "unit_frame", "view", "volume",
    "waiting", "workflows",
]  # fmt: skip
