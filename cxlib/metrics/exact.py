"""Sums that are the same to the last digit in whatever order an engine adds, so that equal data give equal bytes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import narwhals as nw

_STEPS = 2.0**40  # a value is split at multiples of 1 ÷ this, about 1e-12
_MOST = 1e15  # up to here a value times _STEPS, times 1e11 of them, is a whole number of 128 bits


def split(frame: nw.LazyFrame[Any], names: Iterable[str]) -> nw.LazyFrame[Any]:
    """Lay beside columns what `summed` adds: a whole number of steps, and the rest, less than half a step.

    Whole numbers add up exactly; the rests' own error is far below the last digit of the sum.
    """
    columns = list(names)
    steps = {name: nw.when(nw.col(name).abs() < _MOST).then((nw.col(name) * _STEPS).round()) for name in columns}
    whole = frame.with_columns(
        **{f"{name}_steps": value.otherwise(0.0).cast(nw.Int128) for name, value in steps.items()}
    )
    return whole.with_columns(
        **{f"{name}_rest": nw.col(name) - nw.col(f"{name}_steps").cast(nw.Float64) / _STEPS for name in columns}
    )


def summed(name: str) -> nw.Expr:
    """Return the sum of a column that was `split`."""
    return nw.col(f"{name}_steps").sum().cast(nw.Float64) / _STEPS + nw.col(f"{name}_rest").sum()
