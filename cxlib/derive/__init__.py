"""The only place that gives events meaning: ticket columns, boxes, derived tables; re-runnable alone.

Given wins: what a source wrote in a ticket's column stands, what it left empty is filled from messages and changes.
`given/` keeps tickets and orders as the source wrote them, so every run starts from what was given and a fill of the
last run is never taken for it; such a table without derived columns is a new import and replaces it. Orders without a
currency are in the settings' own; the manifest says under `filled` how many.
"""

from cxlib.derive.run import derive, rederive

__all__ = ["derive", "rederive"]
