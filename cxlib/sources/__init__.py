"""Where data come from: one module per system, a registry of them by name."""

from collections.abc import Callable

from cxlib.sources.importing.load import ImportReport
from cxlib.sources.mapped.importer import import_mapped
from cxlib.sources.zendesk.importer import import_zendesk

__all__ = ["SOURCES", "ImportReport"]

# Each takes (paths, *, folder, mapping) and writes its tables and the manifest into the folder; only `mapped` needs a
# mapping, the others refuse one.
SOURCES: dict[str, Callable[..., ImportReport]] = {"mapped": import_mapped, "zendesk": import_zendesk}
