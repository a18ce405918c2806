"""How sure a finding is, in the words that every sentence uses for it."""

from cxlib.results.certainty import Certainty

ONE_IN_TWENTY = "possible: one comparison in twenty looks like this by chance alone"
PHRASES: dict[Certainty, str] = {
    "clear": "more than chance explains",
    "possible": ONE_IN_TWENTY,
    "none": "no more than chance explains",
}
IN_SHORT: dict[Certainty, str] = {**PHRASES, "possible": "possible"}
"""For parts of a sentence that says once what possible means, or for which it is the smaller part."""


def certainty_words(level: Certainty) -> str:
    """Return the phrase that ends a sentence about a comparison."""
    return PHRASES[level]
