"""Lists of rows behind answers that no registered metric lists: each stands beside the statistic made from its frame.

An answer notes which list it is made from and what was asked; the rows themselves are laid out when a report is built.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import polars as pl

from cxlib.metrics import Query
from cxlib.results.types import NotKnown

LISTS: dict[str, RowSource] = {}
Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Listed:
    """Rows of a list as laid out.

    Attributes:
        rows: See `RowSource.of`.
        months: What they are of: "2025-11/2026-09", "2026-10 2026-09", the day "2026-10-31"; empty for the whole data.
        units: Units of columns, as the answer's table calls them; that of `adds` is the figure's.
        about: What was asked, in words, where a list is laid for several questions.
    """

    rows: pl.DataFrame
    months: str
    units: dict[str, str] = field(default_factory=dict)
    about: str = ""


@dataclass(frozen=True, slots=True)
class RowSource:
    """Rows behind answers.

    Attributes:
        name: What its files are called.
        of: Rows of a view and what else was asked: ids first, then `group` as the table of the answer names it, `adds`
            (what a row adds to the figure, in printed units) and `weight` where the figure is Σ adds or Σ adds ÷
            Σ weight, and the columns that matter.
        title: What the rows are.
        made: How they make the figures, as sentences.
        sums: Columns whose sums are told, group by group.
        by: Columns that make a group.
        filtered: Whether the query's filters hold for them.
        figure: How the rows of a group make its figure where it is neither of these sums.
    """

    name: str
    of: Callable[..., Listed | NotKnown]
    title: str
    made: str
    sums: tuple[str, ...]
    by: tuple[str, ...]
    filtered: bool
    figure: pl.Expr | None


def row_list(
    title: str, made: str, *, sums: tuple[str, ...] = (), by: tuple[str, ...] = ("group",), filtered: bool = True,
    figure: pl.Expr | None = None,
) -> Callable[[Callable[..., Listed | NotKnown]], RowSource]:  # fmt: skip
    """Register a function of view and what was asked as a list of rows."""

    def registered(of: Callable[..., Listed | NotKnown]) -> RowSource:
        name = of.__name__.removeprefix("_")
        LISTS[name] = RowSource(name, of, title, made, sums, by, filtered, figure)
        return LISTS[name]

    return registered


def with_rows(
    rows: RowSource,
) -> Callable[[Callable[Concatenate[Query, Asked], Answer]], Callable[Concatenate[Query, Asked], Answer]]:
    """Let the answers of a question note the list that they are made from, and with which view and words it is laid."""

    def noting(question: Callable[Concatenate[Query, Asked], Answer]) -> Callable[Concatenate[Query, Asked], Answer]:
        @wraps(question)
        def answer(query: Query, /, *args: Asked.args, **words: Asked.kwargs) -> Answer:
            found: Any = question(query, *args, **words)
            if isinstance(found, NotKnown):
                return found  # type: ignore[return-value]
            filters = query.filter_text if rows.filtered else ""
            note = {"list": rows.name, "month": query.month, "filters": filters, "args": list(args), "words": words}
            noted: Answer = replace(found, scope=replace(found.scope, listed=note))
            return noted

        return answer

    return noting
