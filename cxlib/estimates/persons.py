"""Nobody is named as apart but by the funnel, which allows for the same work and for how many were looked at."""

from cxlib.results.types import NotKnown
from cxlib.tables.schema import is_personal


def unnamed(title: str, by: str) -> NotKnown | None:
    """Return why the groups of a dimension are not compared one by one, if they are persons."""
    if not is_personal(by):
        return None
    return NotKnown(title, "Persons are not compared one by one here; cx.agents does, allowing for the same work.")
