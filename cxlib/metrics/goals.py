"""Targets and benchmarks of the settings, held against what their figures can be."""

from __future__ import annotations

from cxlib.errors import UsageError, shown, unknown_name
from cxlib.metrics.registry import METRICS, Metric
from cxlib.settings import Settings

_POSSIBLE = {"share": (0.0, 100.0), "rate": (0.0, 100.0), "score": (-100.0, 100.0)}
_MOST = 1e12


def check_goals(settings: Settings) -> None:
    """Refuse a target or benchmark of no figure, or of a value that its figure cannot have.

    Raises:
        UsageError: It names the first.
    """
    for section in ("targets", "benchmarks"):
        for name, goal in getattr(settings, section).items():
            if name not in METRICS:
                raise unknown_name("metric in [targets] or [benchmarks] of the settings:", name, METRICS)
            low, high = _possible(METRICS[name])
            if not low <= goal.value <= high:
                expected = f"{low:,g} to {high:,g} is expected, in {METRICS[name].measured_in}"
                raise UsageError(f"[{section}.{name}] value = {shown(goal.value)}: {expected}.")


def _possible(metric: Metric) -> tuple[float, float]:
    return metric.scale or _POSSIBLE.get(metric.kind) or (-_MOST if metric.kind == "mean" else 0.0, _MOST)
