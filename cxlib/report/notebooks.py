"""The notebooks themselves: executed and saved with their outputs, the same bytes whenever nothing changed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from cxlib.errors import CxError, UsageError
from cxlib.report.parameters import declared, read
from cxlib.report.run import committed
from cxlib.report.safe import without_paths
from cxlib.store.locks import own_folder

COMMITTED_DATA = "demo"
_ERROR_CELL = "papermill-error-cell-tag"
_KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def refresh(folder: Path, *, progress: bool = True) -> list[Path]:
    """Execute the notebooks of a folder with their default parameters and save those that changed.

    Returns:
        The notebooks executed.

    Raises:
        UsageError: A notebook's default data are not the demo company's: outputs of real data are never committed.
        CxError: A notebook failed, or was saved by somebody else meanwhile; none was saved.
    """
    from cxlib.report.kernels import execute

    paths = committed(folder)
    for path in paths:
        if (data := declared(path).get("data", COMMITTED_DATA)) != COMMITTED_DATA:
            raise UsageError(f"{path.name} is set to the data {data!r}; a saved notebook must show {COMMITTED_DATA!r}.")
    before = {path: path.read_bytes() for path in paths}
    with own_folder() as aside:
        failed = execute({path: {} for path in paths}, aside, progress=progress)
        if failed:
            said = "; ".join(f"{name}: {error}" for name, error in failed.items())
            raise CxError(f"Nothing was saved, because a notebook failed. {said}")
        texts = {path: tidy_text(read(aside / path.name)) for path in paths}
    if saved := [path.name for path, text in before.items() if path.read_bytes() != text]:
        raise CxError(f"Nothing was saved, because {', '.join(saved)} changed meanwhile; run it again.")
    for path, text in texts.items():
        if before[path] != text.encode():
            new = path.with_name(f".{path.name}.new")
            new.write_text(text, encoding="utf-8", newline="")
            new.replace(path)
    return paths


def tidy_text(notebook: Any) -> str:
    """Return a notebook as text: tidied, one final line break."""
    import nbformat

    text = nbformat.writes(tidy(notebook))  # type: ignore[no-untyped-call]
    return str(text).rstrip("\n") + "\n"


def tidy(notebook: Any) -> Any:
    """Remove what differs between two runs or machines: times, random ids, versions, paths, papermill's notes."""
    notebook.nbformat_minor = max(notebook.nbformat_minor, 5)
    notebook.metadata = type(notebook.metadata)(kernelspec=dict(_KERNEL), language_info={"name": "python"})
    notebook.cells = [cell for cell in notebook.cells if _ERROR_CELL not in cell.metadata.get("tags", [])]
    for number, cell in enumerate(notebook.cells):
        injected = "injected-parameters" in cell.metadata.get("tags", [])
        cell.id = "injected-parameters" if injected else cell.get("id") or f"cell-{number}"
        for note in ("papermill", "execution", "collapsed", "scrolled", "ExecuteTime"):
            cell.metadata.pop(note, None)
        if injected:
            cell.source = re.sub(r'^data = "[^"]*[\\/]([^"\\/]+)[\\/]?"$', r'data = "\1"', cell.source, flags=re.M)
        for output in cell.get("outputs", []):
            _tidy_output(output)
    return notebook


def _tidy_output(output: Any) -> None:
    if output.output_type == "stream":
        output.text = without_paths(output.text)
    elif output.output_type == "error":
        output.evalue = without_paths(output.evalue)
        output.traceback = [without_paths(line) for line in output.traceback]
    else:
        output.data.pop("image/png", None)
