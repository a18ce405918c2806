"""The stamp: which data, month and versions a page was made of, and when; the only reader of the machine's clock."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from cxlib.assumptions import desk
from cxlib.metrics import Query
from cxlib.store.contents import version as content_version

PACKAGES = ("cxlib", "polars", "altair", "statsmodels", "papermill")


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a page was made of, as one line; in a notebook it is displayed, on a page it is the footer."""

    text: str

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, Any]]:
        return {"text/markdown": f"*{self.text}*", "text/plain": self.text}, {"cx": {"role": "stamp"}}


def stamp(query: Query, *, built: bool = False) -> Stamp:
    """Return the stamp of a view: data, month, filters, time zone, opening hours, holidays, versions.

    Args:
        query: What is asked about: data, month, filters.
        built: Add the version of the data, that of Python and the time of the machine's clock: for reports, never
            for saved notebooks.
    """
    sources = ", ".join(query.data.manifest.get("sources", ()))
    versions = [f"{name} {version(name)}" for name in PACKAGES]
    if built:
        versions.append(f"Python {platform.python_version()}")
    parts = [
        f"Data {query.data.name} ({sources})" if sources else f"Data {query.data.name}",
        f"version {content_version(query.data.folder)}" if built else "",
        f"observed until {query.data.extracted_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
        f"month {query.month}",
        query.filter_text,
        *(f"{one.name}: {one.value}" for one in desk(query.data)),
        ", ".join(versions),
        f"built {_now():%Y-%m-%d %H:%M} UTC" if built else "",
    ]
    return Stamp(" · ".join(filter(None, parts)))


def _now() -> datetime:
    """Return the instant of building: SOURCE_DATE_EPOCH where it is set, so that equal data give equal bytes."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    return datetime.fromtimestamp(int(epoch), UTC) if epoch.isdecimal() else datetime.now(UTC)
