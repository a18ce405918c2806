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
from cxlib.metrics.frames import dated_frame, measured_frame, missing_reason, row_frame, unit_frame
from cxlib.metrics.maturity import can_change, population
from cxlib.metrics.queries import Query, last_complete_month, parse_filters, query
from cxlib.metrics.registry import METRICS, Clock, Metric, get, metric
from cxlib.metrics.rows import as_csv, rows, table_rows

__all__ = [
    "METRICS",
    "Clock",
    "Metric",
    "Query",
    "agents",
    "as_csv",
    "can_change",
    "dated_frame",
    "effort",
    "get",
    "last_complete_month",
    "loyalty",
    "measured_frame",
    "metric",
    "missing_reason",
    "money",
    "parse_filters",
    "population",
    "query",
    "row_frame",
    "rows",
    "satisfaction",
    "self_service",
    "solving",
    "stock",
    "table_rows",
    "unit_frame",
    "volume",
    "waiting",
    "workflows",
]  # fmt: skip
