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
from cxlib.metrics.base import dated_frame, known, measured_frame, row_frame, unit_frame
from cxlib.metrics.registry import METRICS, Clock, Metric, get, metric
from cxlib.metrics.rows import as_csv, rows, table_rows
from cxlib.metrics.settling import population, settles
from cxlib.metrics.view import View, last_complete_month, parse_filters, view

__all__ = [
    "METRICS", "Clock", "Metric", "View", "agents", "as_csv", "dated_frame", "effort", "get", "known",
    "last_complete_month", "loyalty", "measured_frame", "metric", "money", "parse_filters", "population", "row_frame",
    "rows", "satisfaction", "self_service", "settles", "solving", "stock", "table_rows", "unit_frame", "view", "volume",
    "waiting", "workflows",
]  # fmt: skip
