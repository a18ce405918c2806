"""Where data come from: one module per system, a registry of them by name."""

from __future__ import annotations

from collections.abc import Callable

from cxlib.sources.load import ImportReport
from cxlib.sources.mapped import import_mapped

__all__ = ["SOURCES", "ImportReport"]

# Each takes (paths, *, mapping, folder) and writes its tables and the manifest into the folder.
SOURCES: dict[str, Callable[..., ImportReport]] = {"mapped": import_mapped}
