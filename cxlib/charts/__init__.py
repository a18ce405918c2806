"""Charts: one picture for every type of result, live in JupyterLab, static where nothing runs."""

from cxlib.charts import (  # noqa: F401 - register
    customers,
    estimates,
    overview,
    quality,
    reasons,
    survival,
    trend,
    volume,
)  # fmt: skip
from cxlib.charts.display import show
from cxlib.charts.figure import Figure, chart

__all__ = ["Figure", "chart", "show"]
