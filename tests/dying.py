"""A process that runs commands of `cx` and, on demand, dies at the k-th change it makes to the disk.

Every command runs in a fork of it, so that the libraries are imported once. It reads requests and writes answers, both
JSON, one a line.
"""

from __future__ import annotations

import builtins
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
KILLED = 9
HALF = b"half of a fi"
SMALL = {"tickets": 500, "customers": 100, "agents": 10, "months": 14}
Call = Callable[..., Any]


class Dying:
    """Starts that process and asks it to run commands."""

    def __init__(self, home: Path, temporary: Path) -> None:
        environment = {
            **os.environ, "CX_HOME": str(home), "TMPDIR": str(temporary), "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": str(ROOT), "SOURCE_DATE_EPOCH": "1790000000", "JUPYTER_RUNTIME_DIR": str(temporary),
        }  # fmt: skip
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.dying"],
            cwd=home, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(
        self, *words: str, die_at: int = 0, torn: bool = False, after: float = 0, steps: bool = False,
        kernels: bool = False,
    ) -> Any:  # fmt: skip
        """Run `cx` with these words; return its exit status, the changes it made and what it said.

        Of one that dies only the last change is named.

        Args:
            words: The command's.
            die_at: Number of the change at which it dies, 0 = never.
            torn: Whether a file that is written at that moment holds a part of its content.
            after: Seconds after which it is killed, 0 = never.
            steps: Swap folders in two steps, as on systems without an exchange.
            kernels: Execute notebooks; else they are copied.
        """
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        request = {"words": words, "die_at": die_at, "torn": torn, "after": after, "steps": steps, "kernels": kernels}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


class _Changes:
    """Counts the changes made to the disk and ends the process at one of them."""

    def __init__(self, die_at: int, torn: bool, seen: Path) -> None:
        self.names: list[str] = []
        self.die_at, self.torn, self.seen, self.pid = die_at, torn, seen, os.getpid()

    def at(self, name: str, written: object = None) -> None:
        if os.getpid() != self.pid:  # a kernel
            return
        self.names.append(name)
        if len(self.names) == self.die_at:
            if self.torn and isinstance(written, str | Path):
                _write(os.fspath(written), HALF)
            _write(str(self.seen), name.encode())
            os.kill(os.getpid(), signal.SIGKILL)

    def before(self, owner: Any, name: str) -> None:
        original: Call = getattr(owner, name)

        def counted(*words: Any, **named: Any) -> Any:
            self.at(name)
            return original(*words, **named)

        setattr(owner, name, counted)

    def before_writing(self, owner: Any, name: str, mode: Callable[..., bool], place: int = 0) -> None:
        original: Call = getattr(owner, name)

        def counted(*words: Any, **named: Any) -> Any:
            if mode(*words[1:], **named):
                self.at(name, words[place] if len(words) > place else None)
            return original(*words, **named)

        setattr(owner, name, counted)


_system_open = os.open


def _write(path: str, text: bytes) -> None:
    descriptor = _system_open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.write(descriptor, text)
    os.close(descriptor)


def _watch(changes: _Changes) -> None:
    import polars as pl

    from cxlib.store import switch

    for name in ("rename", "replace", "unlink", "remove", "rmdir", "mkdir", "link", "symlink", "chmod"):
        changes.before(os, name)
    for module in (builtins, io):
        changes.before_writing(module, "open", lambda mode="r", *_, **__: bool(set(str(mode)) & set("wax+")))
    changes.before_writing(os, "open", lambda flags=0, *_, **__: bool(flags & os.O_CREAT))
    for owner, name in ((pl.LazyFrame, "sink_parquet"), (pl.DataFrame, "write_parquet"), (pl.DataFrame, "write_csv")):
        changes.before_writing(owner, name, lambda *_, **__: True, place=1)
    changes.before(switch, "_exchange")


def _prepare() -> None:
    import jupyter_client.manager
    import nbconvert
    import papermill
    import vl_convert

    from cxlib.questions import figures
    from cxlib.report import kernels, run, site

    assert all((jupyter_client.manager, nbconvert, papermill, vl_convert, kernels, run, site, figures))


def _copied(jobs: dict[Path, object], folder: Path, **_: object) -> dict[str, str]:
    """Stand in for the kernels."""
    for path in jobs:
        (folder / path.name).write_bytes(path.read_bytes())
    return {}


def _child(request: dict[str, Any], said: Path, seen: Path) -> None:
    import polars as pl
    import vl_convert

    import cxlib.questions
    from cxlib import demo
    from cxlib.cli import main
    from cxlib.report import kernels
    from cxlib.store import switch

    descriptor = _system_open(str(said), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.setpgid(0, 0)
    demo.DemoParameters = partial(demo.DemoParameters, **SMALL)  # type: ignore[misc, assignment]
    cxlib.questions.figures = lambda *_, **__: pl.DataFrame({"metric": ["csat"]})  # type: ignore[assignment]
    if not request["kernels"]:
        kernels.execute = _copied  # type: ignore[assignment]
    vl_convert.javascript_bundle = lambda *_: "vega"  # type: ignore[assignment]
    if request["steps"]:
        switch._exchange = lambda *_: False
    changes = _Changes(request["die_at"], request["torn"], seen)
    _watch(changes)
    try:
        status = main(request["words"])
    except SystemExit as stop:
        status = int(str(stop.code))
    sys.stdout.flush()
    _write(str(seen), " ".join(changes.names).encode())
    os._exit(status)


def _serve() -> None:
    _prepare()
    said, seen = (Path(os.environ["CX_HOME"]) / name for name in ("said", "seen"))
    for line in sys.stdin:
        request = json.loads(line)
        seen.write_text("")
        if (pid := os.fork()) == 0:
            try:
                _child(request, said, seen)
            finally:
                os._exit(70)
        if request["after"]:
            time.sleep(request["after"])
            os.kill(pid, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        answer = {"status": status, "seen": seen.read_text(), "said": said.read_text(errors="replace")}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    _serve()
