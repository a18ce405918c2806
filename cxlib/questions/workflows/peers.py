"""Workflows whose uses stand out among their peers, and what goes with that."""

from __future__ import annotations

import numpy as np
import polars as pl

from cxlib.estimates.context import result_context, unanswerable
from cxlib.metrics import Query
from cxlib.metrics.rows import counted_rows
from cxlib.questions.groups.breakdown import labels
from cxlib.questions.workflows.outcomes import NAME, OUTCOMES, workflow_outcomes
from cxlib.results.certainty import CLEAR
from cxlib.results.effects import Effects
from cxlib.results.shortlist import Shortlist
from cxlib.results.types import POINT, NotKnown
from cxlib.stats.effects import adjusted
from cxlib.stats.intervals import ALPHA, normal_quantile
from cxlib.stats.sums import finite_column
from cxlib.tables.schema import DIMENSIONS

FAR, PEERS, LEAST = 2.0, 3, 20


def heavy_workflows(query: Query, by: str = "", *, months: int = 12) -> Shortlist | NotKnown:
    """Return each workflow's uses against its peers', who is evidently far above them, and what goes with that.

    Peers are the other workflows of its kind; with `by`, the same workflow on tickets of the other groups, use for use
    per ticket opened. The ratio's interval is that of two compound Poisson totals, errors by ticket, on the log scale;
    far above is who evidently exceeds twice the peers' rate, all together controlled (Benjamini & Hochberg 1995).

    Args:
        query: What is asked about: data, month, filters.
        by: A dimension of tickets, or empty.
        months: Most months to go back.

    Raises:
        UsageError: No such dimension.
    """
    uses, periods = query.metric("workflow_uses"), query.months(months)
    if reason := unanswerable(uses, query, by) or (by and unanswerable(query.metric("ticket_volume"), query, by)):
        return reason
    runs = counted_rows(uses, query, periods, "kind", "name", "group", "ticket_id", "run_id", "n", by=by)
    who = ["kind", "name", "group"]
    by_ticket = runs.group_by(*who, pl.coalesce("ticket_id", "run_id")).agg(pl.col("n").sum())
    n = pl.col("n")
    sums = by_ticket.group_by(who).agg(uses=n.sum(), variance=(n**2).sum(), units=pl.len())
    family = ["kind", "name"] if by else ["kind"]
    rows = _against_peers(_exposed(sums, query, periods, by), family)
    points = rows.with_columns(heavy=(adjusted(rows["p_value"]) < CLEAR).fill_null(False), name=NAME)
    if by:
        shown = labels(query, by, points.select("group").unique())
        points = points.join(shown, on="group", how="left").with_columns(
            group=pl.format("{}/{}", "name", "group"), label=pl.format("{}, {}", "name", "label"),
            named="heavy", note=pl.lit(""),
        )  # fmt: skip
    else:
        points = _judged(points.with_columns(group="name", label="name"), workflow_outcomes(query, months=months))
    points = points.sort("named", "low", "group", descending=[True, True, False], nulls_last=True)
    peers = f"the same workflow on tickets of another {DIMENSIONS[by].title}" if by else "other workflows of its kind"
    return Shortlist(
        uses, result_context(uses, query), "Workflow uses against peers", (periods[0], periods[-1]), "times",
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
    return rows.with_columns(
        *(finite_column(name, column) for name, column in (numbers | {"p_value": p}).items()), n="uses"
    )


def _exposed(sums: pl.DataFrame, query: Query, periods: list[str], by: str) -> pl.DataFrame:
    """Add what a use is one of: the tickets opened in the group, 1 where workflows themselves are peers."""
    if not by:
        return sums.with_columns(exposure=pl.lit(1.0))
    opened = counted_rows(query.metric("ticket_volume"), query, periods, "group", "n", by=by)
    groups = opened.group_by("group").agg(exposure=pl.col("n").sum().cast(pl.Float64))
    every = sums.select("kind", "name").unique().join(groups, how="cross")
    joined = every.join(sums, on=["kind", "name", "group"], how="left", nulls_equal=True)
    return joined.with_columns(pl.col("uses", "variance", "units").fill_null(0)).sort("kind", "name", "group")


def _judged(points: pl.DataFrame, outcomes: Effects | NotKnown) -> pl.DataFrame:
    """Add `named` and `note`: blockage, overloaded step or good shortcut, by how tickets clearly fare."""
    told: dict[str, list[tuple[bool, str]]] = {}
    if isinstance(outcomes, Effects):
        for row in outcomes.points.filter(pl.col("p_adjusted") < CLEAR).iter_rows(named=True):
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
