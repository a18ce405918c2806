"""Chart, sentence and table of a result in a notebook, each marked with its role for the published page."""

from __future__ import annotations

from typing import Any

from cxlib.charts.figure import chart
from cxlib.metrics import METRICS
from cxlib.stats.results import Overview
from cxlib.tabulate import table
from cxlib.words import say


def show(result: Any) -> None:
    """Display chart, sentence and table of a result; the page folds the table away. Without a picture, no chart.

    Raises:
        UsageError: The result's language is not English.
    """
    from IPython.display import display

    display_part: Any = display
    drawn = chart(result)
    parts = {"chart": drawn if drawn.chart is not None else None, "sentence": say(result), "table": table(result)}
    for role, part in parts.items():
        if part is not None:
            behind = {"rows": rows} if role == "table" and (rows := _behind(result)) else {}
            part_of = {"part": True} if behind and _is_longer(result) else {}
            display_part(part, metadata={"cx": {"role": role, **behind, **part_of}})


def _behind(result: Any) -> list[dict[str, str]]:
    """Return metric, month, filters and dimension of the rows behind a result; none where they are not of a metric."""
    if isinstance(result, Overview):
        return [one for trend in result.trends for one in _behind(trend)]
    metric, scope = getattr(result, "metric", None), getattr(result, "scope", None)
    if metric is None or scope is None or metric.table != METRICS[metric.name].table:
        return []
    by = str(getattr(result, "by", ""))
    return [{"metric": metric.name, "month": scope.month, "filters": scope.filters, "by": by}]


def _is_longer(result: Any) -> bool:
    """Tell whether a result is about more than its reported month: that month's rows are a part of those behind it."""
    return len({*getattr(result, "months", ())}) > 1
