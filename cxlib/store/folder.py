"""The data folder: where it is, what it holds, how it is replaced without ever being half written."""

import json
import os
import shutil
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import polars as pl

from cxlib.errors import CxError, MissingDataError, UsageError, shown, some_names
from cxlib.settings import Settings, read_settings
from cxlib.store.contents import CONTENTS, foreign, paths, seal
from cxlib.store.held import holding, is_held, number, prefix
from cxlib.store.locks import sweep
from cxlib.store.switch import SETTINGS, recover, writing
from cxlib.tables.schema import PLAUSIBLE_YEARS, TABLES, conform, table

Made = TypeVar("Made")
MANIFEST = "manifest.json"
KEPT, MOST = 8_000_000, 32  # bytes of an answer, and answers, that are kept
LONGEST_NAME = 1000  # letters of a data set's name or path
FIRST = 1000  # rows of a table in which most columns that hold something already do


def project_root() -> Path:
    """Return the workbook's folder: `CX_HOME`, else the nearest one upwards that has data/settings.toml, else here."""
    if home := os.environ.get("CX_HOME"):
        return Path(home)
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / "data" / "settings.toml").exists()), here)


def data_folder(name: str) -> Path:
    """Return the folder of a data set given by name (below data/) or by path."""
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise UsageError(f"{shown(name)} is no data set: a name below data/ or a path is expected.")
    direct = Path(name)
    if direct.is_dir() and (direct.is_absolute() or len(direct.parts) > 1 or (direct / MANIFEST).exists()):
        return _named(direct)
    return _named(project_root() / "data" / name)


def _named(folder: Path) -> Path:
    """Return a folder's path without detours; where the folder itself is a link, under the link's name."""
    return folder.resolve() if folder.name in ("", "..") else folder.parent.resolve() / folder.name


def settings_of(folder: Path) -> Settings:
    """Return the settings of a data folder: its own over those of the workbook."""
    held = folder.parent / SETTINGS if is_held(folder) else None
    return read_settings(held or project_root() / "data" / SETTINGS, folder / SETTINGS)


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
    opened: tuple[int, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Note which version of the folder was opened."""
        object.__setattr__(self, "opened", number(self.folder))

    @property
    def is_current(self) -> bool:
        """Whether the folder still is what was opened: an import puts another one in its place."""
        return self.opened == number(self.folder)

    @cached_property
    def extracted_at(self) -> datetime:
        """The instant the data end (UTC): the end of observation of everything unfinished."""
        if "extracted_at" not in self.manifest:
            raise CxError(
                f"{self.folder / MANIFEST} does not say when the data end ('extracted_at'): no row of them has a date. "
                "Import tickets, surveys or orders into them as well."
            )
        try:
            found = datetime.fromisoformat(self.manifest["extracted_at"]).astimezone(UTC)
        except (TypeError, ValueError, OverflowError):
            raise CxError(f"{self.folder / MANIFEST}: 'extracted_at' is no instant; import anew.") from None
        first, last = PLAUSIBLE_YEARS
        if not first <= found.year <= last:
            raise CxError(f"The data {self.name!r} end in {found.year} ('extracted_at'); import them anew.")
        return found

    @property
    def first_month(self) -> str:
        """First month in which any table has rows, "YYYY-MM"."""
        return str(self.manifest.get("first_month") or f"{self.extracted_at:%Y-%m}")

    @property
    def last_month(self) -> str:
        """Last month in which any table has rows, "YYYY-MM"."""
        return str(self.manifest.get("last_month") or f"{self.extracted_at:%Y-%m}")

    @property
    def last_day(self) -> date:
        """Last local day of which the data observe a moment."""
        return (self.extracted_at - timedelta(microseconds=1)).astimezone(ZoneInfo(self.settings.timezone)).date()

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
            CxError: The folder was replaced since it was opened: its figures would mix two versions.
        """
        if not self.is_current:
            raise CxError(f"The data {self.name!r} were replaced since they were opened: open them again.")
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

    @cached_property
    def questions(self) -> dict[str, list[str]]:
        """The questions with a valid answer, by kind of survey, the one with the most first."""
        if not self.has("surveys") or "question" not in self.filled("surveys"):
            return {}
        told = self.scan("surveys").filter(pl.col("scale_share").is_not_null())
        asked = told.group_by("kind", pl.col("question").fill_null("")).len().collect()
        found: dict[str, list[str]] = {}
        for kind, question, _ in asked.sort("kind", "len", "question", descending=[False, True, False]).iter_rows():
            found.setdefault(kind, []).append(question)
        return found

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
    except (ValueError, TypeError, RecursionError):
        raise CxError(f"{path} is damaged; delete the folder {folder} and import anew.") from None


def open_data(name: str = "demo") -> Data:
    """Open a data folder by name or path.

    Raises:
        UsageError: No such folder, or it holds no manifest.
    """
    folder = data_folder(name)
    if folder.name and not is_held(folder):
        recover(folder, _is_ours(folder, keep=False))
        sweep(folder.resolve().parent, prefix(folder))
    if not (folder / MANIFEST).exists():
        parent = folder.parent
        every = (path.parent.name for path in parent.glob(f"*/{MANIFEST}")) if parent.is_dir() else ()
        known = sorted(name for name in every if not name.startswith("."))
        there = f"There are: {some_names(known)}." if known else "There are none yet."
        raise UsageError(
            f"There is no data set {shown(name)}. {there} Build one with 'cx demo' or 'cx import … --into NAME'."
        )
    settings = settings_of(folder)
    return Data(folder.name, folder, settings, read_manifest(folder), settings.agent_labels)


@contextmanager
def replacing(folder: Path, *, keep: bool = False) -> Iterator[Path]:
    """Yield a folder beside `folder` to build in; it takes its place at the end, the old one stays on any failure.

    Where told to `keep`, it starts as a copy of the present content; else it is empty, and a folder that holds
    anything of the user's but settings is refused. The folder may be absent. What is the user's stays in any case.

    Raises:
        CxError: Another run is writing this folder, or the user changed it meanwhile.
        UsageError: Something of the user's would be removed or replaced.
    """
    with writing(folder, keep=keep, known=_is_ours(folder, keep=keep)) as work:
        yield work.new
        work.publish()


def seal_by_name(folder: Path) -> None:
    """List in the manifest what in a data folder bears a name of ours, where no run knows what it wrote itself."""
    known = _is_ours(folder, keep=False)
    seal(folder, [path for path in paths(folder) if not known(path)])


def users_settings(folder: Path) -> str | None:
    """Return the settings of a data folder where the user wrote them, or changed what was written."""
    theirs = SETTINGS in foreign(folder, _is_ours(folder, keep=False))
    return (folder / SETTINGS).read_text(encoding="utf-8") if theirs else None


@contextmanager
def reading(name: str) -> Iterator[Data]:
    """Yield a data set that stays as it is until the end, whatever imports do meanwhile.

    Its files are linked into a folder of its own beside the data set (copied where that cannot be), which the next
    reader removes should this process die.

    Raises:
        UsageError: No such data set.
    """
    with holding(open_data(name).folder, project_root() / "data" / SETTINGS) as held:
        yield open_data(str(held))


def unmixed(name: str, ask: Callable[[Data], Made]) -> Made:
    """Return the answer of a data set that was not replaced while it was asked; asked again where it was.

    Raises:
        CxError: It is replaced again and again.
    """
    for _ in range(3):
        data = open_data(name)
        try:
            answer = ask(data)
        except Exception:
            if data.is_current:
                raise
            continue
        if data.is_current:
            return answer
    raise CxError(f"The data {name!r} are replaced again and again; wait until that is done.")


def _is_ours(folder: Path, *, keep: bool) -> Callable[[str], bool]:
    """Return what knows a data set's own files by name, for folders whose manifest lists none."""
    if not {"sources", "extracted_at", "first_month"} & _manifest_or_nothing(folder).keys():
        return lambda _: False
    names = {MANIFEST, "truth.json"} | (set() if keep else {SETTINGS})

    def known(path: str) -> bool:
        parts = path.removeprefix("given/").removeprefix("set_aside/").split("/")
        return path in names or parts[0] in TABLES or (len(parts) == 1 and Path(path).stem in TABLES)

    return known


def _manifest_or_nothing(folder: Path) -> dict[str, Any]:
    try:
        return read_manifest(folder)
    except CxError:
        return {}


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest of a data folder, sorted, so that equal data give equal bytes."""
    told = {name: value for name, value in manifest.items() if name != CONTENTS}  # holds until the next change
    text = json.dumps(told, indent=2, sort_keys=True, ensure_ascii=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
