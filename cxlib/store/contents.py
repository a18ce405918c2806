"""What a folder holds, and which of it we wrote: only that may be removed or replaced."""

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

RECORDS = ("manifest.json", "report.json")
CONTENTS = "contents"
MOST_NAMES = 10
_OF_TOOLS = {".DS_Store", "Thumbs.db", "desktop.ini", ".code"}  # file managers leave three of them, make the last
_MONTH_LINKS = re.compile(rb"(<!--months-->).*?(<!--/months-->)", re.DOTALL)

State = dict[str, tuple[int, int, int]]
Known = Callable[[str], bool]


def paths(folder: Path) -> list[str]:
    """Return everything below a folder but folders that hold something, "/" between the parts; links are not followed.

    A folder is empty here too when it holds only what file managers leave; their files are not returned.
    """
    found: list[str] = []
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.is_dir(follow_symlinks=False):
                below = paths(Path(entry.path))
                found += [f"{entry.name}/{path}" for path in below] or [f"{entry.name}/"]
            elif entry.name not in _OF_TOOLS:
                found.append(entry.name)
    return found


def state(folder: Path) -> State:
    """Return size, time and number of every file: what differs between two moments was changed. Absent: nothing."""
    found: State = {}
    for path in paths(folder) if folder.is_dir() else []:
        if not path.endswith("/"):
            told = (folder / path).lstat()
            found[path] = (told.st_size, told.st_mtime_ns, told.st_ino)
    return found


def foreign(folder: Path, known: Known, *, edited: bool = False) -> list[str]:
    """Return what is in a folder and not as we wrote it.

    Args:
        folder: May be absent.
        known: Tells whether a path is ours where the folder's record lists nothing (written by an earlier version).
        edited: A path that is known so is ours too where it differs from what is listed.
    """
    if not folder.is_dir():
        return []
    record, listed = _record(folder)
    return [
        path
        for path in paths(folder)
        if path != record
        and not ((listed is None or edited) and known(path))
        and not (listed and _is_listed(folder, path, listed))
    ]


def seal(folder: Path, users: Iterable[str]) -> None:
    """List in a folder's record all that the folder holds but what is the user's: sizes and digests."""
    others = set(users)
    for record in RECORDS:
        if (folder / record).is_file():
            told = json.loads((folder / record).read_text(encoding="utf-8"))
            ours = [path for path in paths(folder) if path != record and path not in others]
            told[CONTENTS] = {path: _digest(folder / path) for path in ours if not (folder / path).is_symlink()}
            text = json.dumps(told, indent=2, sort_keys=record == RECORDS[0], ensure_ascii=False)
            (folder / record).write_text(text + "\n", encoding="utf-8")
            return


def version(folder: Path) -> str:
    """Return twelve digits that differ wherever a folder's content does."""
    text = "\n".join(f"{path} {_digest(folder / path)}" for path in paths(folder))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def in_words(names: Iterable[str]) -> str:
    """Return at most ten names and how many more there are."""
    every = sorted(names)
    more = f" and {len(every) - MOST_NAMES:,} more" if len(every) > MOST_NAMES else ""
    return ", ".join(every[:MOST_NAMES]) + more


def _record(folder: Path) -> tuple[str, dict[str, str] | None]:
    """Return the name of the folder's record and what it lists: nothing at all where it is not ours, or of old."""
    for record in RECORDS:
        listed = _read(folder / record).get(CONTENTS) if not (folder / record).is_symlink() else None
        if isinstance(listed, dict):
            return record, listed
    return "", None


def _read(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def _is_listed(folder: Path, path: str, listed: dict[str, str]) -> bool:
    return path in listed and not (folder / path).is_symlink() and _digest(folder / path) == listed[path]


def _digest(path: Path) -> str:
    """Return size and digest of a file; of a page without its links to other months, which change when those come."""
    if not path.is_file():
        return "no file"
    if path.suffix == ".html":
        text = _MONTH_LINKS.sub(rb"\1\2", path.read_bytes(), count=1)
        return f"{len(text)} {hashlib.sha256(text).hexdigest()}"
    with path.open("rb") as file:
        return f"{path.stat().st_size} {hashlib.file_digest(file, 'sha256').hexdigest()}"
