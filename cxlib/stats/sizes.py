"""How large a change must be: to matter at all, and to show in so few rows."""

from __future__ import annotations

import math
from dataclasses import replace

from cxlib.metrics.registry import Metric
from cxlib.results.types import Change

RARER = 0.1
"""Most that the margin of "about the same" may be of the distance to the nearer end of the scale: of a share, of its
rarer side. Of 0.7 % a difference of half a point is no little one."""
POWER = 1 + 0.8416212 / 1.9599640
"""Half widths of a 95 % interval that a change must have to be found in four of five months (quantiles of .8, .975)."""


def is_relative(metric: Metric) -> bool:
    """Tell whether differences are judged in % of the figure: of durations, counts, and means of no answered scale."""
    return metric.kind in ("duration", "count") or (metric.kind == "mean" and not metric.survey)


def margin(change: Change) -> float:
    """Return the difference, in the printed unit, within which a change counts as "about the same"."""
    before, given = change.before.value or 0.0, change.scope.margin
    if is_relative(change.metric):
        return given * abs(before)
    if change.metric.kind == "mean":  # of answers, of which no end is the rarer
        return given
    ends = change.metric.scale or (0.0,)
    return min(given, *(RARER * abs(before - end) for end in ends))


def detectable(change: Change) -> float | None:
    """Return the smallest change that four of five such months would show at 5 %; None where no interval says so.

    In the printed unit, of durations and counts in % of the figure before. From the half width of the interval, so that
    it is of the very statistic that is tested. Where so large a change has room on one side only, of the arc sine of a
    share (Cohen 1988, chapter 6) and of the square root of a wait, whose errors grow with what they are errors of.
    """
    before, metric = change.before.value, change.metric
    if before is None or change.low is None or change.high is None:
        return None
    reach = POWER * (change.high - change.low) / 2
    if metric.kind in ("duration", "count"):
        relative = reach / before if before > 0 else math.inf
        upwards = (1 + relative / 2) ** 2 - 1 if metric.kind == "duration" and relative >= 1 else relative
        return 100 * upwards if math.isfinite(upwards) else None
    return _towards_half(before / 100, reach / 100) * 100 if metric.kind == "share" else reach


def sized(change: Change) -> Change:
    """Return a change with the smallest one that would show."""
    return replace(change, detectable=detectable(change))


def _towards_half(share: float, reach: float) -> float:
    """Return how far a share moves towards ½ by an error's worth of `reach`, where it has no room for it elsewhere."""
    rarer = min(share, 1 - share)
    if rarer <= 0 or reach <= rarer:
        return reach
    angle = math.asin(math.sqrt(rarer)) + reach / (2 * math.sqrt(rarer * (1 - rarer)))
    return math.sin(min(angle, math.pi / 2)) ** 2 - rarer
