"""Hold one version of a folder for a reader, whatever takes its place meanwhile."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from cxlib.store.locks import leased
from cxlib.store.switch import READING, beside, recover


@contextmanager
def holding(folder: Path, *also: Path) -> Iterator[Path]:
    """Yield a folder of the same name and content that stays as it is, with some more files beside it.

    It lies beside the real folder, or among temporary files where this user may not write there.
    """
    real = folder.resolve()
    with ExitStack() as stack:
        try:
            held = stack.enter_context(leased(real.parent, prefix(real)))
        except OSError:
            held = stack.enter_context(leased(Path(tempfile.gettempdir()), f".cx.{READING}-"))
        while not _held(folder, held / folder.name):
            recover(folder)
        for path in also:
            if path.exists():
                shutil.copy2(path, held)
        yield held / folder.name


def prefix(folder: Path) -> str:
    """Return how the names of the folders begin that hold this one."""
    return f"{beside(folder.resolve(), READING).name}-"


def is_held(folder: Path) -> bool:
    """Tell whether a folder is one that `holding` yields."""
    return f".{READING}-" in folder.parent.name


def number(folder: Path) -> tuple[int, int]:
    """Return what tells a folder from one that took its place; zeros where there is none."""
    try:
        told = folder.stat()
    except OSError:
        return 0, 0
    return told.st_dev, told.st_ino


def _held(folder: Path, held: Path) -> bool:
    """Link a folder's files; tell whether the folder was the same all the while."""
    before = number(folder)
    shutil.rmtree(held, ignore_errors=True)
    try:
        shutil.copytree(folder, held, copy_function=_hold, ignore_dangling_symlinks=True)
    except OSError:
        if before == number(folder):
            raise
    return before == number(folder)


def _hold(source: str, target: str) -> None:
    """Link a file, as tables are never written again; copy what may be edited in place, or cannot be linked."""
    if not source.endswith((".toml", ".json")):
        with suppress(OSError):
            os.link(os.path.realpath(source), target)
            return
    shutil.copy2(source, target)
