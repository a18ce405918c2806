"""Whether a few large rows carry a sum of money: then it, and its mean, say more of them than of the others."""

from __future__ import annotations

import math

from cxlib.metrics import Metric, Query
from cxlib.metrics.registry import SIGNED
from cxlib.metrics.rows import counted_rows
from cxlib.results.comparable import Largest

LARGEST, MUCH = 0.01, 0.2  # share of the rows that are the largest; share of the sum above which they carry much of it


def largest(metric: Metric, query: Query) -> Largest | None:
    """Return the largest rows of the reported month where they carry more than a fifth of its sum; None else.

    Of amounts of money only; refunds are no part of the sum.
    """
    if SIGNED not in metric.needs:
        return None
    asked = ("largest", metric.name, query.month, query.filters, query.weighted, query.engine)
    sizes = query.data.once(asked, lambda: counted_rows(metric, query, [query.month], "wx"))["wx"]
    sizes = sizes.filter(sizes > 0).sort(descending=True)
    rows = math.ceil(LARGEST * sizes.len())
    share = float(sizes.head(rows).sum()) / float(sizes.sum()) if rows else 0.0
    return Largest(rows, share) if share > MUCH and sizes.len() > 1 else None
