"""Charts: one picture for every type of result, live in JupyterLab, static where nothing runs."""

from cxlib.charts import breakdown, change, distribution, overview, peaks, trend, volume  # noqa: F401 - register
from cxlib.charts.display import show
from cxlib.charts.figure import Figure, chart

__all__ = ["Figure", "chart", "show"]
