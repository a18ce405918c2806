"""Errors a user can act on: what is wrong, what is there, what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


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
        known: All valid names.
    """
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return UsageError(f"There is no {what} {name!r}.{hint} Known: {some_names(names)}.")


def some_names(names: Iterable[str]) -> str:
    """Return names joined for a message: the first ten, each of 40 printable characters at most, and how many more."""
    every = list(names)
    plain = ["".join(sign if sign.isprintable() else " " for sign in name[:41]) for name in every[:10]]
    shown = ", ".join(name if len(name) <= 40 else f"{name[:39]}…" for name in plain)
    return shown if len(every) <= 10 else f"{shown} and {len(every) - 10:,} more"
