"""Whether whole curves of waits differ, not their medians alone: the log-rank test with errors by customer."""

from __future__ import annotations

import numpy as np
import polars as pl

from cxlib.stats.intervals import Array


def log_rank(rows: pl.DataFrame) -> tuple[Array, Array]:
    """Return what each unit adds to observed − expected ends of each group (groups × units), and the expected ends.

    Sums over a group are those of Mantel 1966 and Peto & Peto 1972; divided among the waits (Lin & Wei 1989) and summed
    by unit they show how much chance explains, also where one customer waits several times.

    Args:
        rows: Row frame with group, value, ended, code (number of the unit) and, where waits count unequally, weight;
            groups in order of name.
    """
    rows = rows.sort("value")
    weight = rows["weight"].to_numpy() if "weight" in rows.columns else np.ones(rows.height)
    values, ended = rows["value"].to_numpy(), weight * rows["ended"].to_numpy()
    code, group = rows["code"].to_numpy(), rows["group"].rank("dense").to_numpy().astype(np.int64) - 1
    times, first, place = np.unique(values, return_index=True, return_inverse=True)
    at_risk = np.cumsum(weight[::-1])[::-1][first]
    hazard = np.bincount(place, ended, len(times)) / at_risk
    groups, size = int(group.max(initial=-1)) + 1, int(code.max(initial=-1)) + 1
    parts, expected = np.zeros((groups, size)), np.zeros(groups)
    passed = np.cumsum(hazard)[place]
    for number in range(groups):
        own = weight * (group == number)
        share = np.append(np.cumsum(own[::-1])[::-1], 0.0)[first] / at_risk  # of those still waiting, this group's
        within = np.cumsum(share * hazard)[place]
        ends = np.where(group == number, ended, 0.0) - ended * share[place]
        parts[number] = np.bincount(code, ends - own * passed + weight * within, size)
        expected[number] = float(own @ passed)
    return parts, expected
