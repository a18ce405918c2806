"""Build the report of a month: execute the notebooks, publish their pages, keep the last good report until then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cxlib.errors import UsageError
from cxlib.metrics import View
from cxlib.metrics import view as make_view
from cxlib.report.parameters import Value, check
from cxlib.store import data_folder, project_root, replacing


@dataclass(frozen=True, slots=True)
class ReportOutcome:
    """What was built.

    Attributes:
        index: The page to open.
        failed: Name of each failed notebook → its error in one line; its page says the same.
    """

    index: Path
    failed: dict[str, str]


def build_report(
    data: str,
    *,
    month: str = "previous",
    out: Path | None = None,
    by: str = "",
    filters: str = "",
    compare_with: str = "previous",
    language: str = "en",
    notebooks: Sequence[Path] | None = None,
    parameters: Mapping[str, Value] | None = None,
    progress: bool = True,
) -> ReportOutcome:
    """Execute the notebooks for one month and publish them as a folder of pages.

    Args:
        data: Data set, by name or path.
        month: "YYYY-MM", or "previous" for the last complete month before the data were extracted.
        out: Folder of the report; by default reports/<data>/<month>, where months are linked with each other.
        by: Dimension that breaks figures down, or empty.
        filters: "dimension=value|value; dimension=value", or empty.
        compare_with: "previous", "last_year" or a month.
        language: Language of words and numbers.
        notebooks: The notebooks, in order; by default all of notebooks/.
        parameters: What only some notebooks declare (agent_id …).
        progress: Show progress on standard error.

    Raises:
        UsageError: Anything in the request that cannot be, found before any notebook runs.
    """
    view = make_view(data, month=month, by=by, filters=filters, compare_with=compare_with, language=language)
    paths = list(notebooks) if notebooks is not None else committed(project_root() / "notebooks")
    given: dict[str, Value] = {
        "data": view.data.name if data_folder(view.data.name) == view.data.folder else str(view.data.folder),
        "month": view.month,
        **({"by": by} if by else {}),  # else each notebook's own default holds
        "filters": filters,
        "compare_with": compare_with,
        "language": language,
    }
    jobs = check(paths, given, parameters or {})
    folder = out.resolve() if out else project_root() / "reports" / view.data.name / view.month
    _refuse_foreign(folder)
    failed = _build(view, jobs, folder, progress=progress)
    if out is None:
        from cxlib.report.site import link_months

        link_months(folder.parent, view.language)
    return ReportOutcome(folder / "index.html", failed)


def committed(folder: Path) -> list[Path]:
    """Return the notebooks of a folder, in order.

    Raises:
        UsageError: There are none.
    """
    paths = sorted(folder.glob("*.ipynb"))
    if not paths:
        raise UsageError(f"There are no notebooks in {folder}; run cx in the workbook's folder, or set CX_HOME to it.")
    return paths


def _build(view: View, jobs: Mapping[Path, Mapping[str, Value]], folder: Path, *, progress: bool) -> dict[str, str]:
    from cxlib.report.kernels import execute
    from cxlib.report.site import write_site

    with replacing(folder) as aside:
        executed = aside / "notebooks"
        executed.mkdir()
        failed = execute(jobs, executed, progress=progress)
        write_site(aside, view, list(jobs), failed)
    return failed


def _refuse_foreign(folder: Path) -> None:
    from cxlib.report.site import RECORD

    if folder.exists() and not (folder / RECORD).is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} holds something that is no report; name an empty or a new folder.")
