"""Execute notebooks through papermill, each in a kernel of its own, several at once."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, ClassVar
from weakref import WeakSet

from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from cxlib.report.parameters import Value
from cxlib.report.safe import without_paths
from cxlib.store.locks import own_folder

LONGEST_ERROR = 600
LONGEST_SOCKET = 90  # bytes of a path; systems end between 103 and 107
_NUMBERS = count(1)
PAUSE_SECONDS = 0.2


class _Kernel(AsyncKernelManager):
    """A kernel that can be killed from another thread, with its sockets and connection file in a folder of the run."""

    started: ClassVar[WeakSet[_Kernel]] = WeakSet()
    place: ClassVar[Path]

    def __init__(self, **options: Any) -> None:
        stem = self.place / f"k{next(_NUMBERS)}"
        # Ports can be taken between choosing and binding them when several kernels start at once; files can not.
        if os.name != "nt" and len(os.fsencode(stem)) < LONGEST_SOCKET:
            options |= {"transport": "ipc", "ip": str(stem)}
        super().__init__(transport_encryption="auto", connection_file=f"{stem}.json", **options)
        self.started.add(self)

    def kill(self) -> None:
        provisioner = self.provisioner
        if isinstance(provisioner, LocalProvisioner) and provisioner.process is not None:
            provisioner.process.kill()


def execute(jobs: Mapping[Path, Mapping[str, Value]], folder: Path, *, progress: bool = True) -> dict[str, str]:
    """Execute notebooks into a folder; one that fails does not touch the others.

    Args:
        jobs: Notebook → the parameters to inject; with none, no cell is injected.
        folder: Where the executed notebooks are written, under the same names.
        progress: Show a bar on a terminal, else one line per notebook.

    Returns:
        Name of each failed notebook → its error in one line, without paths of the machine.

    Raises:
        KeyboardInterrupt: Ctrl-C; what waits is cancelled and every live kernel killed before it is raised.
    """
    failed: dict[str, str] = {}
    workers, show = ThreadPoolExecutor(max_workers=os.cpu_count()), _advance(len(jobs), progress)
    with own_folder() as place, workers as pool, show as advance:
        kind = type("_Kernel", (_Kernel,), {"place": place})
        futures = {
            pool.submit(_execute, path, folder / path.name, dict(values), kind): path for path, values in jobs.items()
        }
        try:
            for future in _finished(futures):
                name, error = futures[future].name, future.exception()
                if error is not None:
                    failed[name] = _in_words(error)
                advance(f"{name}: {'failed' if error else 'done'}")
        except BaseException:
            _stop(list(futures))
            raise
    return {path.name: failed[path.name] for path in jobs if path.name in failed}


def _execute(path: Path, into: Path, values: dict[str, Value], kind: type[_Kernel]) -> None:
    from papermill import execute_notebook

    # papermill formats paths with the parameters, so braces in a folder's name must be doubled
    source, target = (str(place.resolve()).replace("{", "{{").replace("}", "}}") for place in (path, into))
    execute_notebook(
        source,
        target,
        values,
        kernel_name="python3",
        language="python",
        progress_bar=False,
        shutdown_kernel="immediate",
        kernel_manager_class=kind,
    )


def _finished(futures: Iterable[Future[None]]) -> Iterator[Future[None]]:
    """Yield what is done. In short waits: once Polars is imported, Ctrl-C does not end a wait without a limit."""
    waiting = set(futures)
    while waiting:
        done, waiting = wait(waiting, timeout=PAUSE_SECONDS, return_when=FIRST_COMPLETED)
        yield from done


def _stop(futures: list[Future[None]]) -> None:
    """Cancel what waits and kill kernels until no thread is left; one may be starting its kernel right now."""
    for future in futures:
        future.cancel()
    while wait(futures, timeout=PAUSE_SECONDS).not_done:
        for kernel in list(_Kernel.started):
            kernel.kill()


def _in_words(error: BaseException) -> str:
    name = getattr(error, "ename", "") or type(error).__name__
    said = str(getattr(error, "evalue", "") or ("" if hasattr(error, "ename") else error)).strip()
    text = without_paths(f"{name}: {said}" if said else name)
    return text if len(text) <= LONGEST_ERROR else f"{text[:LONGEST_ERROR]} …"


@contextmanager
def _advance(total: int, progress: bool) -> Iterator[Any]:
    """Yield what tells of one more notebook: a bar on a terminal, plain lines elsewhere."""
    from tqdm import tqdm

    bar = tqdm(total=total, unit="notebook", disable=not (progress and sys.stderr.isatty()), leave=False)
    count = 0

    def advance(line: str) -> None:
        nonlocal count
        count += 1
        bar.set_postfix_str(line)
        bar.update()
        if progress and bar.disable:
            print(f"{line} ({count} of {total})", file=sys.stderr, flush=True)

    with bar:
        yield advance
