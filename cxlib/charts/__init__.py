"""Charts: one picture for every type of result, live in JupyterLab, static where nothing runs."""

from cxlib.charts import breakdown, change, distribution, overview, trend  # noqa: F401 - each registers its type
from cxlib.charts.figure import Figure, chart
from cxlib.charts.show import show

__all__ = ["Figure", "chart", "show"]
