"""The data folder: where it is, what it holds, how it is replaced without ever being half written."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import polars as pl

from cxlib.errors import CxError, MissingDataError, UsageError
from cxlib.schema import conform, table
from cxlib.settings import Settings, read_settings

Made = TypeVar("Made")
MANIFEST = "manifest.json"
KEPT, MOST = 8_000_000, 32  # bytes of an answer, and answers, that are kept
FIRST = 1000  # rows of a table in which most columns that hold something already do


def project_root() -> Path:
    """Return the workbook's folder: `CX_HOME`, else the nearest one upwards that has data/settings.toml, else here."""
    if home := os.environ.get("CX_HOME"):
        return Path(home)
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / "data" / "settings.toml").exists()), here)


def data_folder(name: str) -> Path:
    """Return the folder of a data set given by name (below data/) or by path."""
    direct = Path(name)
    if direct.is_dir() and (direct.is_absolute() or len(direct.parts) > 1 or (direct / MANIFEST).exists()):
        return direct.resolve()
    return project_root() / "data" / name


def settings_of(folder: Path) -> Settings:
    """Return the settings of a data folder: its own over those of the workbook."""
    return read_settings(project_root() / "data" / "settings.toml", folder / "settings.toml")


def table_path(folder: Path, name: str) -> Path:
    """Return the file (or month-partitioned folder) of a table in a data folder, whether it is there or not."""
    return folder / name if (folder / name).is_dir() else folder / f"{table(name).name}.parquet"


def write_table(rows: pl.LazyFrame, name: str, *, folder: Path, derived: bool = False) -> int:
    """Write a table, as `conform` casts it, in place of its file or its folder of months; return its number of rows."""
    target, aside = folder / f"{name}.parquet", folder / f".{name}.parquet"
    conform(rows, name, derived=derived).sink_parquet(aside, maintain_order=True)
    shutil.rmtree(folder / name, ignore_errors=True)
    aside.replace(target)
    return int(pl.scan_parquet(target).select(pl.len()).collect().item())


@dataclass(frozen=True)
class Data:
    """An opened data folder: lazily scanned tables, its settings and its manifest.

    Where `labelled`, agents are called "Agent 1", "Agent 2" … in the order of their ids, whatever their names.
    """

    name: str
    folder: Path
    settings: Settings
    manifest: dict[str, Any] = field(repr=False)
    labelled: bool = False

    @cached_property
    def extracted_at(self) -> datetime:
        """The instant the data end (UTC): the end of observation of everything unfinished."""
        if "extracted_at" not in self.manifest:
            raise CxError(
                f"{self.folder / MANIFEST} does not say when the data end ('extracted_at'): no row of them has a date. "
                "Import tickets, surveys or orders into them as well."
            )
        return datetime.fromisoformat(self.manifest["extracted_at"])

    @property
    def first_month(self) -> str:
        """First month in which any table has rows, "YYYY-MM"."""
        return str(self.manifest.get("first_month") or f"{self.extracted_at:%Y-%m}")

    @property
    def last_month(self) -> str:
        """Last month in which any table has rows, "YYYY-MM"."""
        return str(self.manifest.get("last_month") or f"{self.extracted_at:%Y-%m}")

    def path(self, name: str) -> Path:
        """Return the file (or month-partitioned folder) of a table."""
        return table_path(self.folder, name)

    def has(self, name: str) -> bool:
        """Tell whether the folder holds this table."""
        return self.path(name).exists()

    def scan(self, name: str) -> pl.LazyFrame:
        """Return a table, lazily.

        Raises:
            MissingDataError: The folder lacks it.
        """
        if not self.has(name):
            raise MissingDataError(f"The data {self.name!r} have no table {name!r} ({table(name).meaning}).")
        found = pl.scan_parquet(self.path(name))
        if name == "agents" and self.labelled:
            found = found.with_columns(name=pl.format("Agent {}", pl.col("agent_id").rank("dense")))
        return found

    @cached_property
    def _answers(self) -> dict[Hashable, pl.DataFrame]:
        return {}

    def once(self, key: Hashable, ask: Callable[[], pl.DataFrame]) -> pl.DataFrame:
        """Return the answer to a question, asked once for as long as the folder is open; large ones are not kept."""
        found = self._answers.pop(key, None)
        if found is None:
            found = ask()
        if found.estimated_size() <= KEPT:
            self._answers[key] = found
        while len(self._answers) > MOST:
            del self._answers[next(iter(self._answers))]
        return found

    @cached_property
    def _remembered(self) -> dict[Hashable, Any]:
        return {}

    def remember(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Return something small that follows from the data, made once for as long as the folder is open."""
        if key not in self._remembered:
            self._remembered[key] = make()
        found: Made = self._remembered[key]
        return found

    @cached_property
    def _filled(self) -> dict[str, set[str]]:
        return {}

    def filled(self, name: str) -> set[str]:
        """Return the columns of a table that hold at least one value; empty when the table is absent."""
        if name not in self._filled:
            found = set[str]()
            if self.has(name):
                every = self.scan(name)
                found = _filled_in(every.head(FIRST))
                found |= _filled_in(every.select(pl.exclude(list(found))))
            self._filled[name] = found
        return self._filled[name]

    @cached_property
    def survey_kinds(self) -> frozenset[str]:
        """Kinds of survey that have at least one answer."""
        return self._kinds_with("answer") if self.has("surveys") else frozenset()

    @cached_property
    def boxed_kinds(self) -> frozenset[str]:
        """Kinds of survey with at least one answer on a scale that has a top and a bottom box."""
        return self._kinds_with("box")

    def _kinds_with(self, column: str) -> frozenset[str]:
        told = self.scan("surveys").filter(pl.col(column).is_not_null())
        return frozenset(told.select(pl.col("kind").unique()).collect().to_series().drop_nulls().to_list())

    @cached_property
    def currencies(self) -> tuple[str, ...]:
        """Currencies of the orders; an order without one is in the settings' own."""
        if "currency" not in self.filled("orders"):
            return (self.settings.currency,)
        codes = pl.col("currency").fill_null(self.settings.currency).unique()
        return tuple(self.scan("orders").select(codes).collect().to_series().to_list())

    def has_gaps(self, name: str, column: str) -> bool:
        """Tell whether a column has rows without a value."""
        return bool(self.scan(name).select(pl.col(column).is_null().any()).collect().item())


def _filled_in(rows: pl.LazyFrame) -> set[str]:
    counts = rows.select(pl.all().count()).collect()
    return {name for name in counts.columns if counts[name][0]}


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a data folder, empty where there is none.

    Raises:
        CxError: It is damaged.
    """
    path = folder / MANIFEST
    try:
        return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}
    except (ValueError, TypeError) as error:
        raise CxError(f"{path} is damaged ({error}); delete the folder {folder} and import anew.") from None


def open_data(name: str = "demo") -> Data:
    """Open a data folder by name or path.

    Raises:
        UsageError: No such folder, or it holds no manifest.
    """
    folder = data_folder(name)
    if not (folder / MANIFEST).exists():
        parent = folder.parent
        known = sorted(path.parent.name for path in parent.glob(f"*/{MANIFEST}")) if parent.is_dir() else []
        there = f"There are: {', '.join(known)}." if known else "There are none yet."
        raise UsageError(
            f"There is no data set {name!r}. {there} Build one with 'cx demo' or 'cx import … --into {folder.name}'."
        )
    settings = settings_of(folder)
    return Data(folder.name, folder, settings, read_manifest(folder), settings.agent_labels)


@contextmanager
def replacing(folder: Path, *, keep: bool = False) -> Iterator[Path]:
    """Yield an empty folder beside `folder` to build in; move it in at the end, leave the old one on any failure.

    Where told to `keep`, it starts as a copy of the present content. The folder may be absent.

    Raises:
        CxError: Another run is writing this folder.
    """
    aside, old = (folder.with_name(f".{folder.name}.{suffix}") for suffix in ("new", "old"))
    with _alone(folder):
        recover(folder)
        shutil.rmtree(aside, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        if keep and folder.exists():
            shutil.copytree(folder, aside)
        else:
            aside.mkdir()
        try:
            yield aside
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise
        if folder.exists():
            folder.rename(old)
        aside.rename(folder)
        shutil.rmtree(old, ignore_errors=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Refuse a second writer of the same folder; the lock ends with the process that holds it, however it ends."""
    try:
        import fcntl
    except ImportError:  # not on this system: two writers at once are the user's risk there
        yield
        return
    name = hashlib.sha256(str(folder.absolute()).encode()).hexdigest()[:24]
    with (Path(tempfile.gettempdir()) / f"cxlib-{name}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CxError(f"Another run is writing {folder.name!r} at this moment; wait until it is done.") from None
        yield


def recover(folder: Path) -> None:
    """Finish a replacement that died between its two renames: put the old content back if nothing is in place."""
    old = folder.with_name(f".{folder.name}.old")
    if old.exists() and not folder.exists():
        old.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest of a data folder, sorted, so that equal data give equal bytes."""
    text = json.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
