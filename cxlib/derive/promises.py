"""What was so when a promise fell due, or a window ended: later solves and reopenings do not change it any more."""

from datetime import datetime, timedelta

import polars as pl

from cxlib.derive.nearest import with_nearest
from cxlib.derive.waiting import minutes_between
from cxlib.settings import Settings


def with_state_when_due(
    tickets: pl.DataFrame, changed: pl.DataFrame, settings: Settings, extracted_at: datetime
) -> pl.DataFrame:
    """Add `over_before_reply_due`, `solved_when_due` and `settled_minutes` to tickets whose ends are known.

    Args:
        tickets: With `over` and `over_at`.
        changed: Status changes as `history` returns them.
        settings: Their `resolution_days` is the window of `settled_minutes`.
        extracted_at: The end of the data.
    """
    due, gone = pl.col("first_reply_due_at"), pl.min_horizontal("first_solved_at", "over_at")
    unknown = pl.col("over") & gone.is_null()
    unreplied = ~(pl.col("first_replied_at") <= due).fill_null(False)
    over_before = pl.when(due.is_not_null() & unreplied & ~unknown).then((gone <= due).fill_null(False))
    window = timedelta(days=settings.windows.resolution_days)
    tickets = tickets.with_columns(
        over_before_reply_due=over_before, _due=pl.min_horizontal("due_at", pl.lit(extracted_at)),
        _settled=pl.col("created_at") + window,
    )  # fmt: skip
    for name in ("_due", "_settled"):
        tickets = _with_solve(tickets, changed, name)
    return tickets.with_columns(
        solved_when_due=pl.when(pl.col("due_at").is_not_null()).then(pl.col("_due_solve").is_not_null()),
        settled_minutes=minutes_between("created_at", "_settled_solve"),
    ).drop("_due", "_settled", "_due_solve", "_settled_solve")


def _with_solve(tickets: pl.DataFrame, changed: pl.DataFrame, at: str) -> pl.DataFrame:
    """Add `<at>_solve`: when the solve that was in force at that instant was made; null where none was.

    A ticket's own columns tell it where its last solve came before; else its history.
    """
    steps = changed.filter(pl.col("solving") | pl.col("leaving"))
    steps = steps.select("ticket_id", _at="at", _then=pl.when("solving").then("at"))
    last = pl.when(pl.col("solved_at") <= pl.col(at)).then("solved_at")
    found = with_nearest(tickets, steps, at, "_at", "ticket_id")
    return found.with_columns(pl.coalesce(last, "_then").alias(f"{at}_solve")).drop("_then")
