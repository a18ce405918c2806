"""Chart, sentence and table of a result in a notebook, each marked with its role for the published page."""

from __future__ import annotations

from typing import Any

from cxlib.metrics import METRICS
from cxlib.metrics.queries import filter_line
from cxlib.metrics.registry import MONEY, Metric
from cxlib.metrics.rows import WORKING
from cxlib.periods import bounds, grain_of, month_of, shift
from cxlib.present.charts.figure import chart
from cxlib.present.sentences import claims, say
from cxlib.present.tables import table
from cxlib.questions.demand.periods import AROUND
from cxlib.results import types as results
from cxlib.stats.effects import unit_of

Asked = tuple[str, str, str]
"""Metric, months ("2026-10 2026-09", "2025-11/2026-10") and days (`metrics.rows`) of one list."""
WITH_AMOUNTS = "spending_less"
"""The metric whose rows hold the amounts that effects in money are of."""


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
            more: dict[str, Any] = {}
            if role == "table" and (rows := _behind(result)):
                more["rows"] = rows
            if role == "sentence" and (found := claims(result)).tests:
                more["claims"] = found.data
            display_part(part, metadata={"cx": {"role": role, **more}})


def _behind(result: Any) -> list[dict[str, Any]]:
    """Return what asks for each list behind a result, none where it cannot tell.

    The list of its own (`estimates.drilldown`), or metric, months, days, filters and dimension of its metric's rows.
    """
    if isinstance(result, results.Overview):
        return [one for trend in result.trends for one in _behind(trend)]
    metric, scope = getattr(result, "metric", None), getattr(result, "scope", None)
    if scope is not None and scope.listed:
        return [scope.listed]
    if metric is None or scope is None:
        return []
    filters, by = scope.filters, str(getattr(result, "by", ""))
    if isinstance(result, results.Staffing):
        filters = "; ".join(filter(None, (filters, filter_line((("channel", (result.channel,)),)))))
    by = "experience" if isinstance(result, results.Effects) and metric.name == WITH_AMOUNTS else by
    names = ("metric", "months", "days")
    return [{**dict(zip(names, asked, strict=True)), "filters": filters, "by": by} for asked in _lists(result)]


def _is_of_its_rows(metric: Metric) -> bool:
    """Tell whether a metric counts the rows of the registered one, in its unit or as a rate per day."""
    own = METRICS[metric.name]
    return metric.table == own.table and (own.measured_in in {metric.measured_in, MONEY} or _is_rate(metric))


def _is_rate(metric: Metric) -> bool:
    return metric.kind != METRICS[metric.name].kind


def _lists(result: Any) -> list[Asked]:
    name, month = result.metric.name, result.scope.month
    if isinstance(result, results.Effects):
        return _of_effects(result)
    if not _is_of_its_rows(result.metric):
        return []
    days = WORKING if _is_rate(result.metric) else ""
    if isinstance(result, results.Trend):
        return _compared(result, days)
    if isinstance(result, results.Breakdown | results.Distribution | results.Decomposition):
        compared: Any = getattr(result, "change", result)
        return [(name, f"{month} {compared.baseline}", days)]
    if isinstance(result, results.Forecast):
        weeks = result.points.filter(~result.points["ahead"])["first"]
        return [(name, f"{month_of(weeks[0])}/{month}", days)]
    if isinstance(result, results.Comparison):
        if result.baseline:
            return [(name, f"{month} {result.baseline}", days)]
        months = sorted(result.points["group"])  # each against those around it
        return [(name, f"{shift(months[0], -AROUND)}/{shift(months[-1], AROUND)}", days)]
    more = [f"{'estimated_' if result.estimated else ''}handle_time"] if isinstance(result, results.Staffing) else []
    more += ["ticket_volume"] if isinstance(result, results.Shortlist) and result.by else []  # a use per ticket opened
    return [(each, "/".join(getattr(result, "months", (month,))), days) for each in (name, *more)]


def _compared(trend: results.Trend, days: str) -> list[Asked]:
    """Return the lists of the last period of a trend and of those that its sentence compares it with."""
    changes = [change.baseline for change in (trend.change, trend.last_year) if change]
    periods = list(dict.fromkeys([*trend.points["period"].tail(1), *changes]))
    if periods and grain_of(periods[0]) == "month":
        return [(trend.metric.name, " ".join(periods), days)]
    spans = ([month_of(day) for day in bounds(period)] for period in periods)
    return [(trend.metric.name, "/".join(span), period) for span, period in zip(spans, periods, strict=True)]


def _of_effects(result: results.Effects) -> list[Asked]:
    """Return the lists of effects: of each of the figures they are of, or of the one metric."""
    metric, months, points = result.metric, "/".join(result.months), result.points
    if points["group"].to_list() == ["asked", "silent"]:
        return [("response_rate", months, "")]
    told = [_named(group) for group in points["group"]]
    if told and all(told):
        names = dict.fromkeys(name for one in told for name in one)
        later = [] if metric.name in names else [(metric.name, f"{result.months[0]}/{result.scope.month}", "")]
        return [*((name, months, "") for name in names), *later]
    in_percent = ["%"] if metric.kind in ("count", "duration", "rate") else []
    of_rows = result.measured_in in {unit_of(metric), metric.measured_in, "times", *in_percent}
    if not _is_of_its_rows(metric) or not (of_rows or metric.name == WITH_AMOUNTS):
        return []
    return [(metric.name, f"{result.scope.month} {result.baseline}" if result.baseline else months, "")]


def _named(group: str) -> list[str]:
    return [name for name, one in METRICS.items() if group == name or group.startswith(f"{one.title}, ")]
