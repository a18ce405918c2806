"""Chart, sentence and table of a result in a notebook, each marked with its role for the published page."""

from __future__ import annotations

from typing import Any

from cxlib.charts.figure import chart
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
            display_part(part, metadata={"cx": {"role": role}})
