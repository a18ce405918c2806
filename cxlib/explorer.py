"""Look around a data set in JupyterLab: pick question, figure and rows; chart, sentence, table and the call follow."""

from __future__ import annotations

import json
from html import escape
from typing import Any

import ipywidgets as widgets

from cxlib.errors import CxError, MissingDataError
from cxlib.estimates.context import unanswerable
from cxlib.metrics import METRICS, Query, last_complete_month, query
from cxlib.periods import months_between
from cxlib.present.charts import chart
from cxlib.present.sentences import Sentence, say
from cxlib.present.tables import table
from cxlib.questions import breakdown, distribution, trend
from cxlib.questions.over_time.overview import HEADLINE
from cxlib.store.folder import open_data
from cxlib.tables.schema import DIMENSIONS

TREND, BREAKDOWN, DISTRIBUTION = "trend", "breakdown", "distribution"
QUESTIONS = {
    "How did it develop?": TREND, "Where does it differ?": BREAKDOWN, "How does it spread?": DISTRIBUTION,
}  # fmt: skip
BASELINES = (("the month before", "previous"), ("the same month last year", "last_year"))


def explore(data: str = "demo") -> Explorer:
    """Return controls to look around a data set; the last line of a notebook cell shows them.

    Args:
        data: Name below data/, or a path.

    Raises:
        UsageError: No such data set.
    """
    return Explorer(data)


class Explorer:
    """The controls, each an ipywidget, and what they show.

    Attributes:
        question: Which question is asked.
        metric: Which figure; only those the data can answer are offered.
        by: Dimension of a breakdown; only those the data know are offered.
        month: Reported month.
        compare_with: What the month is compared with.
        filters: Rows to keep, "team=Billing; channel=phone|chat"; taken over on Enter.
        show_call: Whether the call is shown.
        output: Chart, sentence and table; or what is wrong with the request.
    """

    def __init__(self, data: str) -> None:
        """Open the data and lay out the controls; see `explore`."""
        self._name, self._data = data, open_data(data)
        months = months_between(self._data.first_month, self._data.last_month)[::-1]
        latest = last_complete_month(self._data)
        self._anywhere = query(self._data, month=latest)
        figures = {name: m.title for name, m in METRICS.items() if not unanswerable(m, self._anywhere)}
        if not figures:
            raise MissingDataError(f"The data {data!r} answer no figure; 'cx check {data}' says what they hold.")
        self.question = widgets.ToggleButtons(options=list(QUESTIONS.items()), style={"button_width": "auto"})
        first = next((name for name in HEADLINE if name in figures), next(iter(figures)))
        titles = sorted((title, name) for name, title in figures.items())
        self.metric = widgets.Dropdown(options=titles, value=first, description="Figure")
        self.by = widgets.Dropdown(description="By")
        self.month = widgets.Dropdown(options=months, value=latest, description="Month")
        baselines = [*BASELINES, *((month, month) for month in months)]
        self.compare_with = widgets.Dropdown(options=baselines, description="Against")
        self.filters = widgets.Text(description="Only", continuous_update=False, layout={"width": "26rem"})
        self.filters.placeholder = "team=Billing; channel=phone|chat"
        self.show_call = widgets.ToggleButton(description="Show the call", icon="code")
        self.output, self._code = widgets.Output(), widgets.HTML()
        self._shown = ""
        self._offer_dimensions()
        controls = (self.question, self.metric, self.by, self.month, self.compare_with, self.filters, self.show_call)
        for control in controls:
            control.observe(self._update, "value")
        rows = (controls[:1], controls[1:4], controls[4:])
        self.box = widgets.VBox([*(widgets.HBox(row) for row in rows), self._code, self.output])
        self._update()

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self.box._repr_mimebundle_(**options)

    @property
    def call(self) -> str:
        """The call that reproduces the view, ready to paste into a cell after `import cxlib as cx`."""
        options = {"month": self.month.value, "filters": self.filters.value, "compare_with": self.compare_with.value}
        usual = {"filters": "", "compare_with": "previous"}
        told = "".join(f", {name}={_text(value)}" for name, value in options.items() if value != usual.get(name))
        by = f", {_text(self.by.value or '')}" if self.question.value == BREAKDOWN else ""
        looked = f"cx.query({_text(self._name)}{told})"
        return f"cx.show(cx.{self.question.value}({_text(self.metric.value)}, {looked}{by}))"

    def result(self) -> Any:
        """Return the answer to what the controls ask.

        Raises:
            CxError: The filters are not understood.
        """
        looked = self._view()
        if self.question.value == BREAKDOWN:
            return breakdown(self.metric.value, looked, self.by.value or "")
        return (trend if self.question.value == TREND else distribution)(self.metric.value, looked)

    def _view(self) -> Query:
        return query(
            self._data, month=self.month.value, filters=self.filters.value, compare_with=self.compare_with.value
        )

    def _update(self, change: Any = None) -> None:
        if change is not None and change["owner"] is self.metric:
            self._offer_dimensions()
        self.by.disabled = self.question.value != BREAKDOWN
        shown = f'<pre style="user-select: all; white-space: pre-wrap">{escape(self.call)}</pre>'
        self._code.value = shown if self.show_call.value else ""
        if self.call != self._shown:
            self._shown = self.call
            self.output.outputs = tuple(_outputs(self))

    def _offer_dimensions(self) -> None:
        """Offer the dimensions the data know for the figure, keeping the one chosen where it is among them."""
        metric, kept = METRICS[self.metric.value], self.by.value
        known = [name for name in DIMENSIONS if not unanswerable(metric, self._anywhere, name)]
        offered = tuple((DIMENSIONS[name].title, name) for name in known)
        if offered != self.by.options:
            self.by.options = offered
            self.by.value = kept if kept in known else next(iter(known), None)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _outputs(explorer: Explorer) -> list[dict[str, Any]]:
    """Return what a notebook displays for the view: chart (where there is one), sentence, table; or the mistake."""
    try:
        result = explorer.result()
        drawn = chart(result)
        parts: list[Any] = [drawn] if drawn.chart is not None else []
        parts += [say(result), table(result)]
    except CxError as mistake:
        parts = [Sentence(str(mistake))]
    return [{"output_type": "display_data", "data": part._repr_mimebundle_(), "metadata": {}} for part in parts]
