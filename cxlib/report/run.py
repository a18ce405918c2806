"""Build the report of a month: execute the notebooks, publish their pages, keep the last good report until then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cxlib.errors import UsageError
from cxlib.metrics import Query, query as make_view
from cxlib.report.parameters import Value, check
from cxlib.store.folder import project_root, reading
from cxlib.store.switch import refuse_foreign, writing


@dataclass(frozen=True, slots=True)
class ReportOutcome:
    """What was built.

    Attributes:
        index: The page to open.
        failed: Name of each failed notebook → its error in one line; its page says the same.
        whole: The page of the report without a failure that stays in its place, beside which this one is kept.
    """

    index: Path
    failed: dict[str, str]
    whole: Path | None = None


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
        CxError: Another run is building this report.
    """
    with reading(data) as held:
        query = make_view(held, month=month, by=by, filters=filters, compare_with=compare_with, language=language)
        paths = list(notebooks) if notebooks is not None else committed(project_root() / "notebooks")
        given: dict[str, Value] = {
            "data": str(held.folder),
            "month": query.month,
            **({"by": by} if by else {}),  # else each notebook's own default holds
            "filters": filters,
            "compare_with": compare_with,
            "language": language,
        }
        jobs = check(paths, given, parameters or {})
        folder = out.resolve() if out else project_root() / "reports" / held.name / query.month
        return _build(query, jobs, folder, progress=progress, linked=out is None)


def committed(folder: Path) -> list[Path]:
    """Return the notebooks of a folder, in order.

    Raises:
        UsageError: There are none.
    """
    paths = sorted(folder.glob("*.ipynb"))
    if not paths:
        raise UsageError(f"There are no notebooks in {folder}; run cx in the workbook's folder, or set CX_HOME to it.")
    return paths


def _build(
    query: Query, jobs: Mapping[Path, Mapping[str, Value]], folder: Path, *, progress: bool, linked: bool
) -> ReportOutcome:
    from cxlib.report.kernels import execute
    from cxlib.report.site import is_whole, link_months, link_new, refuse_other_list, write_site

    beside = folder.with_name(f"{folder.name}.failed")
    refuse_foreign(beside)
    if linked:
        refuse_other_list(folder.parent)
    with writing(folder) as work:
        executed = work.new / "notebooks"
        executed.mkdir()
        failed = execute(jobs, executed, progress=progress)
        write_site(work.new, query, list(jobs), failed)
        whole = bool(failed) and is_whole(folder)
        if whole:
            _keep_beside(work.new, beside)
        else:
            if linked:
                link_new(work.new, folder, query.language)
            work.publish()
    if not failed:
        _remove_failed(beside)
    if linked:
        link_months(folder.parent, query.language)
    return ReportOutcome((beside if whole else folder) / "index.html", failed, folder / "index.html" if whole else None)


def _keep_beside(new: Path, folder: Path) -> None:
    with writing(folder) as work:
        work.new.rmdir()
        new.rename(work.new)
        work.publish()


def _remove_failed(folder: Path) -> None:
    """Remove the report with failed pages that was kept beside one that now is whole."""
    if folder.exists():
        with writing(folder) as work:
            work.remove()
