"""Errors a user can act on: what is wrong, what is there, what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

NAMED = 10
"""How many names an error prints at most."""
LONGEST = 42
"""How long a name in a list is at most, its quotes included."""
MOST_COMPARED = 5_000
"""How many names a mistyped one is compared with, so that an error does not take minutes."""


class CxError(Exception):
    """A user's mistake or an unusable input, told in one sentence; the command line prints it without a traceback."""


class UsageError(CxError):
    """The call itself is wrong (unknown option value, name or parameter); exit status 2."""


class MissingDataError(CxError):
    """The data folder lacks a table or column that a figure needs; a page says so and the rest stands."""


def unknown_name(what: str, name: str, known: Iterable[str]) -> UsageError:
    """Build the error for a name that is not among the known ones, with the nearest suggestion.

    Args:
        what: Kind of thing, singular ("metric", "dimension").
        name: The name given.
        known: All valid names; of more than ten only the nearest are printed.
    """
    names = sorted(known)
    near = difflib.get_close_matches(name[:200], names[:MOST_COMPARED], n=NAMED)
    hint = f" Did you mean {shown(near[0])}?" if near else ""
    listed = names if len(names) <= NAMED else list(dict.fromkeys([*near, *names[:NAMED]]))[:NAMED]
    return UsageError(f"There is no {what} {shown(name)}.{hint} Known: {some_names(listed, len(names))}.")


def some_names(names: Iterable[str], count: int = 0) -> str:
    """Return up to ten names as a list, and how many more there are of `count` (by default, of them).

    >>> some_names("abcdefghijkl")
    'a, b, c, d, e, f, g, h, i, j and 2 more'
    """
    every = list(names)
    more = max(count, len(every)) - min(len(every), NAMED)
    listed = ", ".join(shown(name, LONGEST)[1:-1] for name in every[:NAMED])
    return f"{listed} and {more:,} more" if more > 0 else listed


def shown(value: object, most: int = 60) -> str:
    """Return a value as it is written in Python, so without control characters; long ones are cut.

    >>> shown("a" * 100, 10)
    "'aaaaaaa…'"
    """
    text = value[: most + 1] if isinstance(value, str) else value
    written = repr(text)
    return written if len(written) <= most else f"{written[: most - 2]}…{written[-1]}"
