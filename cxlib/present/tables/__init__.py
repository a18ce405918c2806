"""Tables: every result as rows of text, for a page (HTML without scripts or styles) and for a terminal."""

from cxlib.present.tables import estimates, figures, people, quality, volume  # noqa: F401 - register
from cxlib.present.tables.grid import Table, table

__all__ = ["Table", "table"]
