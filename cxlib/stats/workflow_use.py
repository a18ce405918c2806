"""Workflows: how tickets fare on which they ran, and whose uses stand out among their peers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import narwhals as nw
import numpy as np
import polars as pl

from cxlib.metrics import Metric, View
from cxlib.metrics.base import BETWEEN, NOT_KNOWN
from cxlib.metrics.rows import ADDS, WEIGHT, counted_rows, table_rows
from cxlib.schema import DIMENSIONS, table
from cxlib.stats.breakdown import labels
from cxlib.stats.cells import known
from cxlib.stats.contrast import differences, side_by_side
from cxlib.stats.effects import Row, beyond, effect_points
from cxlib.stats.effects_result import Effects
from cxlib.stats.intervals import ALPHA, normal_quantile
from cxlib.stats.listed import Listed, listed_by, row_list
from cxlib.stats.results import POINT, NotKnown
from cxlib.stats.scope import scope, unanswerable
from cxlib.stats.shortlist_result import Shortlist

OUTCOMES = {"first_contact_resolution": "resolved at first contact", "csat": "satisfied", "reopen_rate": "reopened"}
NONE = "none of them"
FAR, PEERS, LEAST, MOST = 2.0, 3, 20, 12
SUMS = ("n", "sum_w", "sum_wx")
KIND = pl.col("kind").str.replace_all("_", " ")
NAME = pl.format("{}: {}", KIND, pl.col("name").fill_null(NOT_KNOWN))
"""What a workflow is called: two kinds may have one of the same name."""
MONTH = pl.date(pl.col("period") // 12, pl.col("period") % 12 + 1, 1).dt.strftime("%Y-%m").alias("month")


@row_list(
    "Tickets with a first human reply, and the workflows up to it",
    "An effect compares the rows of a workflow with all other tickets of the same outcome, within month, channel and "
    "category: what they add divided by their weight. A ticket has a row for each workflow looked at that ran on it, "
    "and one without where none did.",
    sums=(ADDS, WEIGHT),
)
def _workflow_outcomes(view: View, *, months: int = 12) -> Listed:
    early, mix, frames, of = _early(view), _mixed(view), list[pl.DataFrame](), list[str]()
    early = early.filter(pl.col("group").is_in(_most_frequent(early))).select("ticket_id", name="group").unique()
    for metric, periods, tickets in _fates(view, months, mix):
        of += periods
        name = pl.format("{}, {}", pl.col("name").fill_null(NONE), pl.lit(metric.title.lower()))
        rows = tickets.join(early, on="ticket_id", how="left").with_columns(group=name)
        frames.append(rows.with_columns(adds=pl.col("sum_wx") * metric.factor, weight="sum_w"))
    rows = pl.concat(frames, how="diagonal").sort("group", "month", "ticket_id", descending=[False, True, False])
    ids = [name for name in ("survey_id", "ticket_id", "customer_id") if name in rows.columns]
    parts = pl.col("mix").str.split(BETWEEN).list
    within = {name: parts.get(place) for place, name in enumerate(mix)}
    unit = view.metric("reopen_rate").measured_in
    return Listed(rows.select(*ids, "group", ADDS, WEIGHT, "month", **within), f"{min(of)}/{max(of)}", {ADDS: unit})


@listed_by(_workflow_outcomes)
def workflow_outcomes(view: View, *, months: int = 12) -> Effects | NotKnown:
    """Return how tickets fare on which a workflow ran up to the first human reply, beside those without it by then.

    Both sides have had that reply, so a long story with many chances of being touched is not held against a workflow
    (a landmark: Anderson, Cain & Gelber 1983). Compared within month, channel and category as `contrast` does, errors
    by customer.

    Args:
        view: What is looked at.
        months: Most months to go back from the last one wholly known.

    Raises:
        UsageError: No such dimension.
    """
    reopened = view.metric("reopen_rate")
    if reason := unanswerable(view.metric("workflow_uses"), view) or unanswerable(reopened, view):
        return reason
    mix, early = _mixed(view), _early(view)
    rows, span, ways = list[Row](), ("", ""), early.select("ticket_id", workflow="group").unique()
    for metric, periods, tickets in _fates(view, months, mix):
        span = (min(span[0] or periods[0], periods[0]), max(span[1], periods[-1]))
        numbered = tickets.with_columns(pl.col("period", "unit").rank("dense"))  # sooner compared than names
        whole, ran = _by_unit(numbered), _by_unit(numbered.join(ways, on="ticket_id"), "workflow")
        parts = ran.partition_by("workflow", as_dict=True, include_key=False)
        for label in _most_frequent(early):
            row = {"group": f"{label}/{metric.name}", "label": f"{label}, {metric.title.lower()}"}
            told = {"family": metric.title, "name": label, "metric": metric.name}
            rows.append({**row, **told, **_beside(metric, whole, parts.get((label,), whole.clear()))})
    if not rows:
        return NotKnown(
            "How tickets fare with a workflow", "No workflow is known to have run up to a first human reply."
        )
    of_rows = pl.DataFrame([{name: row.pop(name) for name in ("name", "metric")} for row in rows])
    points = pl.concat([effect_points(rows), of_rows], how="horizontal")
    return Effects(
        metric=reopened, scope=scope(reopened, view),
        title="Tickets with a workflow up to the first human reply against those without", months=span,
        measured_in="points", none=0.0, points=points,
        allowing_for=("month", *(DIMENSIONS[name].title for name in mix)),
        caveat="What goes together with a workflow need not come of it: agents choose when to use it.",
    )  # fmt: skip


def _mixed(view: View) -> list[str]:
    reopened = view.metric("reopen_rate")
    return [name for name in ("channel", "category") if not unanswerable(reopened, view, name)]


def _most_frequent(early: pl.DataFrame) -> list[str]:
    return early["group"].value_counts().sort("count", "group", descending=[True, False])["group"].head(MOST).to_list()


def _fates(view: View, months: int, mix: list[str]) -> Iterator[tuple[Metric, list[str], pl.DataFrame]]:
    """Yield each outcome known, its months, and its tickets with a human reply; `period` is what they are alike in."""
    replied = _replied(view)["ticket_id"]
    for name in OUTCOMES:
        metric, settled = view.metric(name), view.settled(name)
        if unanswerable(metric, settled):
            continue
        periods = settled.months(months)
        ids = dict.fromkeys((table(metric.table).key, "ticket_id", "customer_id"))
        columns = (*ids, "period", "group", "unit", "n", "w", "wx")
        tickets = counted_rows(metric, settled, periods, *columns, by="+".join(mix))
        tickets = tickets.filter(pl.col("ticket_id").is_in(replied.implode()))
        tickets = tickets.select(
            *ids, "unit", "n", MONTH, period=pl.format("{}/{}", "period", "group"), mix="group", sum_w="w", sum_wx="wx"
        )
        yield metric, periods, tickets


def heavy_workflows(view: View, by: str = "", *, months: int = 12) -> Shortlist | NotKnown:
    """Return each workflow's uses against its peers', who is evidently far above them, and what goes with that.

    Peers are the other workflows of its kind; with `by`, the same workflow on tickets of the other groups, use for use
    per ticket opened. The ratio's interval is that of two compound Poisson totals, errors by ticket, on the log scale;
    far above is who evidently exceeds twice the peers' rate, all together controlled (Benjamini & Hochberg 1995).

    Args:
        view: What is looked at.
        by: A dimension of tickets, or empty.
        months: Most months to go back.

    Raises:
        UsageError: No such dimension.
    """
    uses, periods = view.metric("workflow_uses"), view.months(months)
    if reason := unanswerable(uses, view, by) or (by and unanswerable(view.metric("ticket_volume"), view, by)):
        return reason
    runs = counted_rows(uses, view, periods, "kind", "name", "group", "ticket_id", "run_id", "n", by=by)
    who = ["kind", "name", "group"]
    by_ticket = runs.group_by(*who, pl.coalesce("ticket_id", "run_id")).agg(pl.col("n").sum())
    n = pl.col("n")
    sums = by_ticket.group_by(who).agg(uses=n.sum(), variance=(n**2).sum(), units=pl.len())
    family = ["kind", "name"] if by else ["kind"]
    rows = _against_peers(_exposed(sums, view, periods, by), family)
    points = rows.with_columns(heavy=beyond(rows["p_value"]).fill_null(False), name=NAME)
    if by:
        shown = labels(view, by, points.select("group").unique())
        points = points.join(shown, on="group", how="left").with_columns(
            group=pl.format("{}/{}", "name", "group"), label=pl.format("{}, {}", "name", "label"),
            named="heavy", note=pl.lit(""),
        )  # fmt: skip
    else:
        points = _judged(points.with_columns(group="name", label="name"), workflow_outcomes(view, months=months))
    points = points.sort("named", "low", "group", descending=[True, True, False], nulls_last=True)
    peers = f"the same workflow on tickets of another {DIMENSIONS[by].title}" if by else "other workflows of its kind"
    return Shortlist(
        uses, scope(uses, view), "Workflow uses against peers", (periods[0], periods[-1]), "times",
        points.select("group", "label", *POINT, "named", "note", "reason"),
        found="to look at", nothing=f"No workflow is evidently used over {FAR:g} times as often as its peers.",
        reading=f"times as often as {peers} on average",
        caveat="" if by else "What goes together with a workflow need not come of it.", by=by,
    )  # fmt: skip


def _against_peers(rows: pl.DataFrame, family: list[str]) -> pl.DataFrame:
    """Add the ratio of a rate to its peers' with interval, and the p-value that it exceeds `FAR`; or why there is none.

    Args:
        rows: uses, variance (of the total), exposure and the columns of the family.
        family: Columns whose equal values make rows peers of each other.
    """
    from scipy.special import ndtr

    summed = pl.col("uses", "variance", "exposure")
    peers = (summed.sum().over(family) - summed).name.prefix("peer_")
    rows = rows.with_columns(peers, peers=pl.len().over(family) - 1)
    few = pl.when(pl.col("peers") < PEERS).then(pl.lit(f"fewer than {PEERS} peers"))
    rare = pl.when((pl.col("uses") < LEAST) | (pl.col("peer_uses") < LEAST)).then(pl.lit(f"fewer than {LEAST} uses"))
    rows = rows.with_columns(reason=pl.coalesce(few, rare, pl.lit(None, dtype=pl.String)))
    rate, peer_rate = pl.col("uses") / pl.col("exposure"), pl.col("peer_uses") / pl.col("peer_exposure")
    error = (pl.col("variance") / pl.col("uses") ** 2 + pl.col("peer_variance") / pl.col("peer_uses") ** 2).sqrt()
    found = rows.select(pl.when(pl.col("reason").is_null()).then(rate / peer_rate), error=error)
    ratio, se = found.to_numpy().astype(np.float64).T
    half = float(normal_quantile(np.asarray(ALPHA))) * se
    p = np.fmin(1.0, 2 * ndtr(-(np.log(ratio) - np.log(FAR)) / se))  # below .05 where the interval lies beyond FAR
    numbers = {"value": ratio, "se": ratio * se, "low": ratio * np.exp(-half), "high": ratio * np.exp(half)}
    return rows.with_columns(*(known(name, column) for name, column in (numbers | {"p_value": p}).items()), n="uses")


def _exposed(sums: pl.DataFrame, view: View, periods: list[str], by: str) -> pl.DataFrame:
    """Add what a use is one of: the tickets opened in the group, 1 where workflows themselves are peers."""
    if not by:
        return sums.with_columns(exposure=pl.lit(1.0))
    opened = counted_rows(view.metric("ticket_volume"), view, periods, "group", "n", by=by)
    groups = opened.group_by("group").agg(exposure=pl.col("n").sum().cast(pl.Float64))
    every = sums.select("kind", "name").unique().join(groups, how="cross")
    joined = every.join(sums, on=["kind", "name", "group"], how="left", nulls_equal=True)
    return joined.with_columns(pl.col("uses", "variance", "units").fill_null(0)).sort("kind", "name", "group")


def _judged(points: pl.DataFrame, outcomes: Effects | NotKnown) -> pl.DataFrame:
    """Add `named` and `note`: blockage, overloaded step or good shortcut, by how tickets fare beyond chance."""
    told: dict[str, list[tuple[bool, str]]] = {}
    if isinstance(outcomes, Effects):
        for row in outcomes.points.filter(pl.col("beyond")).iter_rows(named=True):
            good, how = (row["value"] > 0) != (row["metric"] == "reopen_rate"), "more" if row["value"] > 0 else "less"
            told.setdefault(row["name"], []).append((good, f"{how} often {OUTCOMES[row['metric']]}"))
    notes = []
    for name, heavy in points.select("name", "heavy").iter_rows():
        found = told.get(name, [])
        good, bad = any(side for side, _ in found), any(not side for side, _ in found)
        kind = "blockage" if heavy and bad and not good else "good shortcut" if good and not bad else ""
        kind = kind or ("overloaded step" if heavy else "")
        with_what = ", ".join(words for _, words in found) or "nothing shows that its tickets fare better or worse"
        notes.append(f"{kind}: {with_what}" if kind else "")
    note = pl.Series("note", notes, dtype=pl.String)
    return points.with_columns(note, named=note != "")


def _by_unit(tickets: pl.DataFrame, *by: str) -> pl.DataFrame:
    return tickets.group_by(*by, "period", "unit").agg(pl.col(SUMS).sum())


def _beside(metric: Metric, whole: pl.DataFrame, ran: pl.DataFrame) -> Row:
    """Return the difference of tickets with a workflow and all others, in points; or why there is none."""
    both = whole.join(ran, on=["period", "unit"], how="left", suffix="_ran")
    others = both.with_columns(pl.col(name) - pl.col(f"{name}_ran").fill_null(0) for name in SUMS).filter(
        pl.col("n") > 0
    )
    sides = [ran, others]
    row: Row = {"n": sides[0]["n"].sum()}
    if min(side["unit"].n_unique() for side in sides) < LEAST:
        return row | {"reason": f"fewer than {LEAST} customers on a side"}
    figures, correlated = side_by_side(metric, sides)
    row |= {"n": int(figures.n[0]), "units": int(figures.units[0])}
    value, low, high, p_value, *_ = differences(metric, figures, correlated)
    if value is None or p_value is None:
        return row | {"reason": "no month, channel and category with both"}
    one, two = figures.se
    se = metric.factor * float(np.sqrt(one**2 + two**2 - 2 * correlated[0] * one * two))
    return row | {"value": value, "se": se, "low": low, "high": high, "p_value": p_value}


def workflow_runs(view: View, by_name: pl.Expr) -> pl.DataFrame:
    """Return ticket_id, kind, group, ran_at of each workflow on each ticket."""
    whole = replace(view, filters=())
    found = table_rows("ticket_workflows", whole, ~nw.col("kind").is_null(), "ticket_id", "kind", "name", "ran_at")
    return found.with_columns(group=pl.when(by_name).then(NAME).otherwise(KIND))


def _early(view: View) -> pl.DataFrame:
    """Return ticket_id and group of the workflows that ran up to a ticket's first human reply, policies apart."""
    runs = workflow_runs(view, pl.lit(True)).filter(pl.col("kind") != "sla").join(_replied(view), on="ticket_id")
    return runs.filter(pl.col("ran_at") <= pl.col("first_replied_at"))


def _replied(view: View) -> pl.DataFrame:
    replied = ~nw.col("first_replied_at").is_null()
    return table_rows("tickets", replace(view, filters=()), replied, "ticket_id", "first_replied_at")
