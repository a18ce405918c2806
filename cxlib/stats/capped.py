"""How much one unit may count for in a test of groups, so that no single one can silence it."""

from __future__ import annotations

import numpy as np

from cxlib.stats.intervals import Array, Places

LARGEST = 0.05  # of a group's Σ weight², what its largest unit may make


def caps(weight: Array, group: Places) -> Array:
    """Return the factor, 1 or below, by which the weight of each unit in each group counts in a test.

    The variance of a group's sum grows with Σ weight². A unit that makes most of it leaves a test without power,
    however many others there are. So weights are cut at the highest limit at which no unit makes more than a twentieth
    of it (with few units: two times its even share). As sizes alone decide, groups that are equal stay so.

    Args:
        weight: Weight of each unit in each group, 0 or above.
        group: Number 0 … of the group of each.
    """
    factor = np.ones(len(weight))
    for number in range(int(group.max(initial=-1)) + 1):
        own = np.flatnonzero(group == number)
        limit = _limit(weight[own])
        factor[own] = np.minimum(1.0, np.divide(limit, weight[own], out=np.ones(len(own)), where=weight[own] > 0))
    return factor


def _limit(weight: Array) -> float:
    """Return the highest limit of weights at which the largest makes no more than its part of the sum of squares."""
    size = np.sort(weight[weight > 0])
    if not len(size):
        return np.inf
    largest = max(LARGEST, min(1.0, 2 / len(size)))
    below, limit = np.append(0.0, np.cumsum(size**2)), float(size[-1])
    cut = 0  # how many are above the limit, so that limit² = largest × (below + cut × limit²)
    while limit**2 > largest * (below[len(size) - cut] + cut * limit**2) * (1 + 1e-9):
        cut += 1
        limit = float(np.sqrt(largest * below[len(size) - cut] / (1 - largest * cut)))
        limit = max(limit, float(size[len(size) - cut - 1])) if cut < len(size) else float(size[0])
    return limit
