"""How sure a finding is: the two levels that every verdict, colour and headline of the project stands on."""

from collections.abc import Mapping
from typing import Any, Literal

CLEAR = 0.005
"""Below this (adjusted within its family, where it has one) a finding is clear: coloured, named, put on the first page.

The threshold for new findings that Benjamin et al. (2018), "Redefine statistical significance", propose.
"""
POSSIBLE = 0.05
"""Below this a finding is possible: stated in its place only, as one comparison in twenty looks like it by chance."""
NAMED_WRONGLY = 0.0025
"""Share of funnels of equal persons that may name anyone: of four in a report together one in a hundred reports."""

Certainty = Literal["clear", "possible", "none"]


def certainty(p_value: float | None) -> Certainty:
    """Return how sure a finding is, from its p-value or, where it is one of a family, from the adjusted one.

    Example:
        >>> certainty(0.0004), certainty(0.02), certainty(0.3), certainty(None)
        ('clear', 'possible', 'none', 'none')
    """
    if p_value is None or p_value >= POSSIBLE:
        return "none"
    return "clear" if p_value < CLEAR else "possible"


def of_row(row: Mapping[str, Any]) -> Certainty:
    """Return how sure a row of a family is, from its adjusted p-value (`p_adjusted`)."""
    return certainty(row["p_adjusted"])
