"""The few rows that carry a sum of money."""

from __future__ import annotations

from typing import NamedTuple


class Largest(NamedTuple):
    """The largest hundredth of the rows, at least one, and the share (0–1) of the sum that they carry."""

    rows: int
    share: float
