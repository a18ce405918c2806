"""Replace a folder in one step: a run that dies at any moment leaves the old content or the new, never anything else.

The new content is built in `.<name>.writing/` beside the folder and the two are swapped by one call of the system.
Where the system has no such call the old is moved away and the new moved in; `recover` undoes the first of these steps
where the second did not happen. Nothing is removed that a record of ours (`store.contents`) does not list.
"""

import ctypes
import errno
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from cxlib.errors import CxError, UsageError
from cxlib.store.contents import Known, State, foreign, in_words, seal, state
from cxlib.store.locks import give_back, take

SETTINGS = "settings.toml"
WRITING, READING = "writing", "reading"
FULL = 1_000_000  # bytes left of a disk on which nothing of ours can be written
DISK_FULL = "The disk is full; what was there before is unchanged. Free some space and run it again."
_HERE = -100  # AT_FDCWD
_SWAP = {"linux": ("renameat2", 2), "darwin": ("renamex_np", 2)}
_NOT_THERE = {errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EXDEV}
_PAUSE_SECONDS, _PAUSES, _FEW = 0.02, 250, 5


def nothing(_: str) -> bool:
    """Know no path: what no record lists is not ours."""
    return False


@dataclass(frozen=True, slots=True)
class Writing:
    """A folder that is being written: `new` becomes its content.

    Attributes:
        folder: The folder, links resolved; it may be absent.
        place: The folder beside it that this run holds alone.
        new: Where the new content is built.
        keep: Whether the new content started as a copy of the old.
        before: What the folder held at the start.
        theirs: Which of that is the user's.
        copied: What `new` held at the start.
    """

    folder: Path
    place: Path
    new: Path
    keep: bool
    before: State
    theirs: frozenset[str]
    copied: State

    def publish(self) -> None:
        """Make the new content the folder's, with what is the user's.

        Raises:
            CxError: What is not ours would be replaced, or changed while this ran; the old content stays.
        """
        seal(self.new, self.theirs)
        last = self._carry()
        swap(self.new, self.folder, self.place / "old")
        for old in (self.new, self.place / "old" / self.folder.name):
            if old.exists() and state(old) != last:  # written to in the last instant
                old.rename(_free(self.folder))

    def remove(self) -> None:
        """Remove the folder, which holds nothing but ours."""
        (self.place / "old").mkdir()
        self.folder.rename(self.place / "old" / self.folder.name)

    def _carry(self) -> State:
        """Bring to the new content what the user changed while it was built; return what the folder holds now."""
        now, built = state(self.folder), state(self.new)
        for path in sorted(now.keys() | self.before.keys()):
            users = path in self.theirs or path not in self.before
            written = built.get(path) != self.copied.get(path)
            if now.get(path) != self.before.get(path):
                if written or not (self.keep and users):
                    raise CxError(
                        f"{path} in {self.folder} changed while this ran; nothing was replaced, run it again."
                    )
                _copy(self.folder / path, self.new / path)
            elif users and written and path != SETTINGS:
                raise UsageError(f"{self.folder} holds {path}, which cx did not write and would replace: move it away.")
        return now


@contextmanager
def writing(folder: Path, *, keep: bool = False, known: Known = nothing) -> Iterator[Writing]:
    """Yield what a folder is written with; nothing changes unless it is published, and nothing of it is left.

    Args:
        folder: The folder; it may be absent, and it may be a link to one.
        keep: Start with a copy of its content.
        known: Tells whether a path is ours where the folder's record lists nothing.

    Raises:
        CxError: Another run is writing this folder.
        UsageError: It holds what is not ours (where `keep` is not set), or is no folder.
    """
    folder = folder.resolve()
    missing = [parent for parent in folder.parents if not parent.exists()]
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        with alone(folder) as place:
            _finish(folder, place, known)
            with _full_in_words(place):
                yield _begin(folder, place, keep=keep, known=known)
    finally:
        for parent in missing:
            with suppress(OSError):
                parent.rmdir()


def refuse_foreign(folder: Path, known: Known = nothing, *, but: str = "") -> None:
    """Raise a UsageError where a folder holds what is not ours, `but` this one file."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file, and no folder; name an empty or a new folder.")
    if others := [path for path in foreign(folder, known) if path != but]:
        raise UsageError(
            f"{folder} holds something that is no report or data set as cx wrote it: {in_words(others)}. "
            "Nothing was changed: move it away, or name an empty or a new folder."
        )


@contextmanager
def alone(folder: Path, *, wait: bool = False) -> Iterator[Path]:
    """Yield the folder `.<name>.writing` beside a folder, which no other run holds; it is removed at the end.

    Raises:
        CxError: Another run holds it, and it is not told to `wait`.
    """
    place = beside(folder, WRITING)
    descriptor = _taken(place)
    for _ in range(_PAUSES if wait else _FEW):  # a reader may be looking for leftovers
        if descriptor is None:
            time.sleep(_PAUSE_SECONDS)
            descriptor = _taken(place)
    if descriptor is None:
        raise CxError(f"Another run is writing {folder.name!r} at this moment; wait until it is done.")
    try:
        yield place
    finally:
        _clear(place)
        give_back(place / "lock", descriptor)
        with suppress(OSError):
            place.rmdir()


def recover(folder: Path, known: Known = nothing) -> None:
    """Finish what a run that died left of a folder: its content back in place, nothing beside it.

    Whoever opens the folder calls this. A living run is left alone, but for its switch, which takes an instant.
    """
    folder = folder.resolve()
    place = beside(folder, WRITING)
    if not any(path.exists() for path in (place, *_of_earlier_versions(folder))):
        return
    for _ in range(_PAUSES):
        with suppress(CxError, OSError), alone(folder) as mine:
            _finish(folder, mine, known)
        if folder.exists() or not (place / "old" / folder.name).exists():
            return
        time.sleep(_PAUSE_SECONDS)


def beside(folder: Path, what: str) -> Path:
    """Return where a folder is written (`WRITING`) or held by readers (`READING`): hidden, beside it."""
    return folder.with_name(f".{folder.name}.{what}")


def swap(new: Path, folder: Path, old: Path) -> None:
    """Put a folder in another one's place, which goes to the place of the new one, or into `old`."""
    if not folder.exists():
        new.rename(folder)
    elif not _exchange(new, folder):
        old.mkdir()
        folder.rename(old / folder.name)
        new.rename(folder)


@contextmanager
def _full_in_words(place: Path) -> Iterator[None]:
    """Say that the disk is full where something failed and it is: libraries hide the reason, and soon room is made."""
    try:
        yield
    except Exception as error:
        if isinstance(error, CxError) or shutil.disk_usage(place).free > FULL:
            raise
        raise CxError(DISK_FULL) from error


def _begin(folder: Path, place: Path, *, keep: bool, known: Known) -> Writing:
    if not keep:
        refuse_foreign(folder, known, but=SETTINGS)
    before, theirs = state(folder), frozenset(foreign(folder, known, edited=keep))
    new = place / f"new-{uuid4().hex[:8]}" / folder.name  # another user's leftovers may be there for ever
    if keep and folder.exists():
        shutil.copytree(folder, new, symlinks=True)
        for path in state(new).keys() - theirs:
            if (new / path).is_symlink():  # a table that lies elsewhere: what is written here is a file
                _copy_content((folder / path).resolve(), new / path)
    else:
        new.mkdir(parents=True)
        if folder.exists():
            new.chmod(folder.stat().st_mode & 0o7777)
    return Writing(folder, place, new, keep, before, theirs, state(new))


def _finish(folder: Path, place: Path, known: Known) -> None:
    """Put back what a switch moved away without moving the new in; remove the rest of what a dead run left."""
    earlier = _of_earlier_versions(folder)
    for old in (place / "old" / folder.name, earlier[0]):
        if old.is_dir() and not folder.exists():
            old.rename(folder)
    _clear(place)
    for left in earlier:
        if left.is_dir() and not left.is_symlink() and not foreign(left, known):
            shutil.rmtree(left, ignore_errors=True)


def _of_earlier_versions(folder: Path) -> tuple[Path, Path]:
    """Return where versions of this workbook before this one moved the old content, and built the new."""
    return beside(folder, "old"), beside(folder, "new")


def _clear(place: Path) -> None:
    for path in place.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)


def _taken(place: Path) -> int | None:
    """Return the lock of a place, which is made with the rights of the folder it is in; None where it is held."""
    while True:
        with suppress(FileExistsError):
            place.mkdir()
            with suppress(OSError):
                place.chmod(place.parent.stat().st_mode & 0o7777)
        if place.is_symlink() or not place.is_dir():
            raise CxError(f"{place} is in the way; remove it.")
        with suppress(FileNotFoundError):  # removed by the run before
            descriptor = take(place / "lock")
            with suppress(OSError):
                (place / "lock").chmod(place.parent.stat().st_mode & 0o666)
            return descriptor


def _copy(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    if source.is_symlink() or source.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target, follow_symlinks=False)


def _copy_content(source: Path, target: Path) -> None:
    target.unlink()
    shutil.copytree(source, target) if source.is_dir() else shutil.copy2(source, target)


def _free(folder: Path) -> Path:
    number = 1
    while (free := folder.with_name(f"{folder.name}.kept-{number}")).exists():
        number += 1
    return free


def _exchange(one: Path, other: Path) -> bool:
    """Swap two folders in one step; return False where system or file system has no such step."""
    name, flag = _SWAP.get(sys.platform, ("", 0))
    call = getattr(ctypes.CDLL(None, use_errno=True), name, None) if name else None
    if call is None:
        return False
    first, second = os.fsencode(one), os.fsencode(other)
    words = (first, second, flag) if sys.platform == "darwin" else (_HERE, first, _HERE, second, flag)
    if call(*words) == 0:
        return True
    if (number := ctypes.get_errno()) in _NOT_THERE:
        return False
    raise OSError(number, os.strerror(number), str(other))
