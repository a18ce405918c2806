"""Locks and leases that hold for as long as the process that took them lives, however it ends."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

from cxlib.errors import CxError

CAN_LOCK = find_spec("fcntl") is not None  # not on Windows: nobody is known to be dead there, so nothing is swept
LEASE = "lease"
_PLAIN = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_LINK = (errno.ELOOP, errno.EMLINK)


def take(path: Path, *, create: bool = True) -> int | None:
    """Lock a file; return its descriptor, which `give_back` or the end of the process closes.

    Args:
        path: The file; a symbolic link is refused, its target is never opened.
        create: Make it where it is absent.

    Returns:
        None where another process holds it.

    Raises:
        CxError: It is a symbolic link.
        OSError: It cannot be opened.
    """
    while True:
        descriptor = _opened(path, os.O_CREAT if create else 0)
        if not _locked(descriptor):
            os.close(descriptor)
            return None
        if _is_still(path, descriptor):
            return descriptor
        os.close(descriptor)  # its last holder removed it before we had the lock


def give_back(path: Path, descriptor: int) -> None:
    """Remove a locked file and let the lock go; on systems that remove no open file, the other way round."""
    if not CAN_LOCK:
        os.close(descriptor)
    with suppress(OSError):
        path.unlink()
    if CAN_LOCK:
        os.close(descriptor)


@contextmanager
def leased(parent: Path, prefix: str) -> Iterator[Path]:
    """Yield a new folder in `parent` that nobody else uses; it is removed at the end.

    Folders of the same prefix whose process is dead are removed first.
    """
    sweep(parent, prefix)
    folder, descriptor = _new(parent, prefix)
    try:
        yield folder
    finally:
        _remove(folder, descriptor)


def own_folder() -> AbstractContextManager[Path]:
    """Return a private temporary folder of this run as a context; those of dead runs are removed first."""
    return leased(Path(tempfile.gettempdir()), "cxlib-")


def sweep(parent: Path, prefix: str) -> None:
    """Remove the leased folders of dead processes, as far as they are this user's."""
    if not CAN_LOCK or not parent.is_dir():
        return
    with suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            if entry.name.startswith(prefix) and entry.is_dir(follow_symlinks=False):
                with suppress(OSError, CxError):
                    if entry.stat(follow_symlinks=False).st_uid == os.getuid():
                        _sweep(Path(entry.path))


def _sweep(folder: Path) -> None:
    if not (folder / LEASE).exists():
        folder.rmdir()  # its maker died, or has not yet begun: then it notices
    elif (descriptor := take(folder / LEASE, create=False)) is not None:
        _remove(folder, descriptor)


def _new(parent: Path, prefix: str) -> tuple[Path, int]:
    while True:
        folder = parent / f"{prefix}{uuid4().hex[:8]}"
        folder.mkdir(mode=0o700)
        with suppress(FileNotFoundError):
            descriptor = take(folder / LEASE)
            if descriptor is not None:
                return folder, descriptor


def _remove(folder: Path, descriptor: int) -> None:
    """Remove a leased folder, its lease last: whoever dies in between is known to be dead."""
    with suppress(OSError):
        for path in folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            elif path.name != LEASE:
                path.unlink()
    give_back(folder / LEASE, descriptor)
    with suppress(OSError):
        folder.rmdir()


def _opened(path: Path, create: int) -> int:
    try:
        return os.open(path, os.O_RDWR | create | _PLAIN, 0o666)
    except PermissionError:  # another user's file: a lock needs no more than reading it
        if not path.exists():
            raise
        return os.open(path, os.O_RDONLY | _PLAIN)
    except OSError as error:
        if error.errno in _LINK:
            raise CxError(f"{path} is a symbolic link where a lock belongs; remove it.") from None
        raise


def _locked(descriptor: int) -> bool:
    if CAN_LOCK:
        import fcntl

        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
