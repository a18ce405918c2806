"""The only place that gives events meaning: ticket columns, boxes, derived tables; re-runnable alone.

Given wins: what a source wrote in a ticket's column stands, what it left empty is filled from messages and changes.
`given/tickets.parquet` keeps the tickets as the source wrote them, so every run starts from what was given and a fill
of the last run is never taken for it; a `tickets.parquet` without derived columns is a new import and replaces it.
"""

from cxlib.derive.run import derive, rederive

__all__ = ["derive", "rederive"]
