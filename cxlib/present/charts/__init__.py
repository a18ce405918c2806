"""Charts: one picture for every type of result, live in JupyterLab, static where nothing runs."""

from cxlib.present.charts import (  # noqa: F401 - register
    customers,
    estimates,
    overview,
    quality,
    reasons,
    survival,
    trend,
    volume,
)  # fmt: skip
from cxlib.present.charts.display import show
from cxlib.present.charts.figure import Figure, chart

__all__ = ["Figure", "chart", "show"]
