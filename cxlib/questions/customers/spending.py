"""Whether spending rises or falls after a bad experience, against a good one of the same month, month by month."""

from __future__ import annotations

import narwhals as nw
import numpy as np
import numpy.typing as npt
import polars as pl

from cxlib.errors import UsageError
from cxlib.estimates.context import result_context, unanswerable
from cxlib.metrics import Query, missing_reason, table_rows
from cxlib.periods import first_day, last_day
from cxlib.results.certainty import POSSIBLE
from cxlib.results.types import Effects, NotKnown
from cxlib.stats.effects import Row, effect_points, tested
from cxlib.stats.intervals import Array, Places

Flags = npt.NDArray[np.bool_]
LEAST = 20  # customers a side; fewer are not compared
PARTS = 3  # windows on each side of the answer
CHANGE, BEFORE, AFTER = "change", "before", "after"


def spending_after(query: Query, one: str = "bad", other: str = "good", *, months: int = 24) -> Effects | NotKnown:
    """Return how much more customers spend in the months around a bad experience than around a good one.

    Each customer's first rated experience alone, stacked at its answer and compared only with those of the same month
    (Sun & Abraham 2021 on why): thirds of `repeat_days` before and after, weights n₁n₂ ÷ (n₁ + n₂) of the months, the
    rated ticket's own orders left out. The change is after less before, all together; the windows before it show
    whether both sides already differed. Customers are those of `spending_less`: both spans wholly observed.

    Args:
        query: What is asked about: data, month, filters.
        one: An experience: "bad", "in between" or "good".
        other: The one it is compared with.
        months: Most months of answers to go back.

    Raises:
        UsageError: An experience beside itself.
    """
    if one == other:
        raise UsageError(f"{one!r} is compared with itself: name two experiences.")
    name, title = "spending_less", f"Spending around a first rated experience, {one} beside {other}"
    metric, query = query.metric(name), query.settled(name)
    missing = unanswerable(metric, query)
    if reason := missing.reason if missing else missing_reason(query.metric("revenue"), query):
        return NotKnown(title, reason)
    periods = query.months(months)
    days = nw.col("answered_day").is_between(first_day(periods[0]), last_day(periods[-1]))
    told = days & nw.col("experience").is_in([one, other]) & ~nw.col("spent_before").is_null()
    columns = ("customer_id", "ticket_id", "answered_at", "answered_day", "experience")
    rows = table_rows("followed_answers", query, told, *columns).sort("customer_id")
    sides = [rows.filter(pl.col("experience") == group).height for group in (one, other)]
    if min(sides) < LEAST:
        return NotKnown(
            title, f"{sides[0]} customers say {one}, {sides[1]} {other}; fewer than {LEAST} are not compared."
        )
    amounts = _by_window(rows, query)
    month = rows["answered_day"].dt.month_start().rank("dense").to_numpy().astype(np.int64) - 1
    bad = (rows["experience"] == one).to_numpy()
    span = query.data.settings.windows.repeat_days / PARTS
    rise = amounts[:, PARTS:].sum(axis=1) - amounts[:, :PARTS].sum(axis=1)
    points = [_point((CHANGE, "Change, after less before", CHANGE), rise, bad, month)]
    for place in range(2 * PARTS):
        family, number = (BEFORE, PARTS - place) if place < PARTS else (AFTER, place - PARTS + 1)
        label = f"Days {span * (number - 1):.0f} to {span * number:.0f} {family}"
        points.append(_point((f"{family} {number}", label, family), amounts[:, place], bad, month))
    found = effect_points(points)
    differed = found.filter((pl.col("family") == BEFORE) & (pl.col("p_adjusted") < POSSIBLE)).height
    already = (
        "Both sides already differed before it." if differed else "Before it nothing shows that the sides differed."
    )
    return Effects(
        metric, result_context(metric, query), title, (periods[0], periods[-1]), query.currencies[0], 0.0, found,
        allowing_for=("the month of the answer",),
        reading=f"{query.currencies[0]} a customer spends more ({one}) than those rating {other}",
        caveat=f"{already} Who has a {one} experience may differ in what else moves spending.",
    )  # fmt: skip


def _by_window(rows: pl.DataFrame, query: Query) -> Array:
    """Return what each customer spent in each window, oldest first, one row per customer."""
    paid = query.data.scan("orders").filter(pl.col("net_amount").is_not_null())
    orders = paid.select("customer_id", "ordered_at", "net_amount", helped="ticket_id").collect()
    far = query.data.settings.windows.repeat_days * 86400.0
    after = (pl.col("ordered_at") - pl.col("answered_at")).dt.total_microseconds() / 1e6
    pairs = rows.with_row_index("row").join(orders, on="customer_id").with_columns(after=after)
    own = (pl.col("helped") == pl.col("ticket_id")).fill_null(False)
    pairs = pairs.filter(~own & (pl.col("after") > -far) & (pl.col("after") <= far))
    place = (pl.col("after") / (far / PARTS)).ceil().cast(pl.Int64) - 1 + PARTS
    sums = pairs.group_by("row", place=place).agg(pl.col("net_amount").sum())
    amounts = np.zeros((rows.height, 2 * PARTS))
    amounts[sums["row"].to_numpy(), sums["place"].to_numpy()] = sums["net_amount"].to_numpy()
    return amounts


def _point(names: tuple[str, str, str], x: Array, told: Flags, month: Places) -> Row:
    """Return the row of one window: the difference within months, t with units − 1 of the smaller side."""
    value, se, n, smaller = within_months(x, told, month)
    row: Row = dict(zip(("group", "label", "family"), names, strict=True)) | {"n": n, "units": n}
    if not se > 0 or smaller < LEAST:
        return row | {"reason": f"{smaller} customers of a side have others of their month; too few or all alike"}
    return row | tested(value, se, df=smaller - 1)


def within_months(x: Array, told: Flags, month: Places) -> tuple[float, float, int, int]:
    """Return the mean difference within months, its standard error, the customers compared, and of the smaller side.

    Weights n₁n₂ ÷ (n₁ + n₂) – least squares with an effect of each month –, the variance of each side and month its
    own (Welch); months with fewer than two customers on a side are left out.
    """
    size = int(month.max()) + 1
    n, mean, variance = np.zeros((3, 2, size))
    for place, side in enumerate((told, ~told)):
        n[place] = np.bincount(month[side], minlength=size)
        count = np.maximum(n[place], 1)
        mean[place] = np.bincount(month[side], x[side], size) / count
        off = np.bincount(month[side], (x[side] - mean[place][month[side]]) ** 2, size)
        variance[place] = off / np.maximum(count - 1, 1) / count
    both = (n[0] > 1) & (n[1] > 1)
    if not both.any():
        return 0.0, 0.0, 0, 0
    weight = (n[0] * n[1] / np.maximum(n[0] + n[1], 1))[both]
    weight = weight / weight.sum()
    value = float(weight @ (mean[0] - mean[1])[both])
    se = float(np.sqrt(weight**2 @ (variance[0] + variance[1])[both]))
    return value, se, int(n[0][both].sum() + n[1][both].sum()), int(min(n[0][both].sum(), n[1][both].sum()))
