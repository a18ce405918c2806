"""The console command `cx`: one subcommand a task, no traceback for a user's mistake.

Exit status: 0 = all well, 1 = ran but something failed (said which), 2 = wrong use.
"""

import argparse
import errno
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from cxlib.errors import CxError, UsageError, shown, some_names
from cxlib.harmless import guarded, printable, visible
from cxlib.options import add_data, add_figures, add_import, add_report, add_rows, add_view
from cxlib.store.folder import (
    MANIFEST,
    Data,
    data_folder,
    open_data,
    project_root,
    read_manifest,
    replacing,
    unmixed,
    users_settings,
)
from cxlib.store.switch import DISK_FULL
from cxlib.version import __version__

if TYPE_CHECKING:  # importing it takes time that most commands do not need
    from cxlib.metrics import Query

Command = Callable[[argparse.Namespace], int]
Options = Callable[[argparse.ArgumentParser], None]
MOST_SEED = 2**63 - 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `cx`; return its exit status."""
    options = _parser().parse_args(arguments)
    command: Command = options.command
    try:
        return command(options)
    except UsageError as error:
        return _complain(error, 2)
    except CxError as error:
        return _complain(error, 1)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (OSError, pl.exceptions.PolarsError, json.JSONDecodeError) as error:
        return _complain(_of_system(error), 1)
    except KeyboardInterrupt:
        return _complain("Stopped; what was there before is unchanged.", 130)


def _of_system(error: Exception) -> str:
    """Return what the system refused, in words where the reason is a full disk or missing rights."""
    number = getattr(error, "errno", None)
    if number in (errno.ENOSPC, errno.EDQUOT):
        return DISK_FULL
    named = f"{error.strerror}: {error.filename}" if isinstance(error, OSError) and error.filename else str(error)
    said = shown(named.partition("\n")[0], 300)[1:-1]
    if number in (errno.EROFS, errno.EACCES, errno.EPERM):
        return f"No right to write or read here; what was there before is unchanged. {said}"
    return f"Stopped: {said}."


def _complain(error: object, status: int) -> int:
    _warn(f"cx: {error}")
    return status


def _say(text: object) -> None:
    """Print; control characters of the data never reach the terminal."""
    print(printable(str(text)))


def _warn(text: str) -> None:
    print(printable(text), file=sys.stderr)


def _target(name: str) -> Path:
    """Return data/NAME, refusing anything that is no plain name of a data set."""
    if not re.fullmatch(r"\w[\w.-]{0,99}", name) or name == "mappings":
        raise UsageError(
            f"{shown(name)} is no name for a data set: use up to 100 letters, digits, '-', '_' and '.', "
            "a letter or a digit first."
        )
    return project_root() / "data" / name


def _demo(options: argparse.Namespace) -> int:
    from cxlib.demo import DemoParameters, build_demo
    from cxlib.derive import derive

    folder = _target(options.into)
    if not 0 <= options.seed <= MOST_SEED:
        raise UsageError(f"--seed {shown(options.seed)}: a whole number from 0 to {MOST_SEED:,} is expected.")
    if (folder / MANIFEST).exists() and open_data(str(folder)).manifest.get("sources") != ["demo"]:
        raise UsageError(f"{_shown(folder)} holds other data; build the demo --into another name.")
    with replacing(folder) as aside:
        build_demo(aside, parameters=DemoParameters(seed=options.seed))
        if (own := users_settings(folder)) is not None:
            (aside / "settings.toml").write_text(own, encoding="utf-8")
        derive(aside)
    if own is not None:
        print(f"Kept {_shown(folder / 'settings.toml')}, which was changed by hand.")
    print(f"Built {_shown(folder)}: {_rows(folder)}.")
    return 0


def _import(options: argparse.Namespace) -> int:
    from cxlib.sources.mapped.importer import draft_mapping

    paths = [Path(path) for path in options.paths]
    if options.draft:
        _say("\n".join(draft_mapping(path) for path in paths))
        return 0
    if not options.into:
        raise UsageError("Say where the data go: --into NAME (a folder below data/).")
    return _import_into(_target(options.into), paths, options)


def _import_into(folder: Path, paths: list[Path], options: argparse.Namespace) -> int:
    from cxlib.assumptions import desk
    from cxlib.derive import derive
    from cxlib.sources import SOURCES
    from cxlib.sources.importing.adding import start_anew

    with replacing(folder, keep=True) as aside:
        if options.replace:
            start_anew(aside)
        report = SOURCES[options.system](paths, mapping=_mapping(options), folder=aside)
        if dated := "extracted_at" in read_manifest(aside):
            derive(aside)
    _say(report)
    if lost := _whole_tables_aside(folder):
        return _complain(
            f"Imported into {_shown(folder)}, but nothing of {some_names(lost)}: every row was set aside.", 1
        )
    for line in desk(open_data(str(folder))):
        _say(line)
    follows = f"cx check {options.into}; cx report {options.into}"
    todo = follows if dated else "import tickets, surveys or orders into it too: nothing in it has a date yet"
    _say(f"Imported into {_shown(folder)}: {_rows(folder)}. Next: {todo}.")
    return 0


def _whole_tables_aside(folder: Path) -> list[str]:
    """Return the tables of which every row was set aside, each with the most frequent reason."""
    manifest, found = open_data(str(folder)).manifest, []
    for name, reasons in manifest.get("set_aside", {}).items():
        if reasons and not manifest["rows"].get(name):
            most = max(reasons, key=lambda reason: int(reasons[reason]))
            found.append(f"{name} ({sum(reasons.values()):,} rows, most often: {most})")
    return found


def _mapping(options: argparse.Namespace) -> Path | None:
    if options.system != "mapped":
        return Path(options.mapping) if options.mapping else None
    if not options.mapping:
        raise UsageError("A mapped import needs --mapping FILE; --draft proposes one from your file's headers.")
    shipped = project_root() / "data" / "mappings" / f"{options.mapping}.toml"
    given = Path(options.mapping)
    if not given.exists() and not shipped.exists():
        known = ", ".join(sorted(path.stem for path in shipped.parent.glob("*.toml")))
        raise UsageError(
            f"There is no mapping {options.mapping!r}. Shipped: {known}; or give the path of your own file."
        )
    return given if given.exists() else shipped


def _derive(options: argparse.Namespace) -> int:
    from cxlib.derive import rederive
    from cxlib.metrics.goals import check_goals

    check_goals(open_data(options.data).settings)
    rederive(options.data)
    print(f"Derived {_shown(data_folder(options.data))} anew.")
    return 0


def _check(options: argparse.Namespace) -> int:
    from cxlib.check import CheckReport, check, lost_tables
    from cxlib.layout import check_layout
    from cxlib.metrics.goals import check_goals

    def checked(data: Data) -> tuple[CheckReport, bool]:
        check_goals(data.settings)
        check_layout(data)
        return check(data), bool(lost_tables(data))

    report, lost = unmixed(options.data, checked)
    as_json = options.format == "json"
    _say(json.dumps(report.as_json(), indent=2, ensure_ascii=False) if as_json else report.as_text())
    return 1 if lost else 0


def _figures(options: argparse.Namespace) -> int:
    table, notes = unmixed(options.data, lambda data: _asked(data, options))
    _say(_formatted(table, options.format))
    for note in notes:
        _warn(note)
    return 0


def _asked(data: Data, options: argparse.Namespace) -> tuple[pl.DataFrame, list[str]]:
    from cxlib.metrics import query
    from cxlib.questions import figures, missing

    months = _months(options.month, data)
    month = months[-1] if months else options.month
    looked = query(
        data, month=month, by=options.by, filters=options.filter, weighted=not options.unweighted, engine=options.engine
    )
    compared = not months and options.format != "json"
    table = figures(looked, months or [looked.month], by=options.by, names=options.metric or None, change=compared)
    said = _notes(looked, table["metric"].unique(maintain_order=True).to_list(), compared=compared)
    notes = [f"note: {name}: {text}" for name, text in said]
    unknown = missing(looked, options.by, options.metric or None)
    return table, [*notes, *(f"not known: {name}: {reason}" for name, reason in unknown.items())]


def _notes(query: "Query", names: Iterable[str], *, compared: bool) -> Iterator[tuple[str, str]]:
    """Yield what is to be known of printed figures: weights, one of several questions, months that are not alike."""
    from cxlib.estimates.comparable import incomparable
    from cxlib.estimates.context import result_context
    from cxlib.present.sentences.comparable import of_answers, since

    for metric in map(query.metric, names):
        told = of_answers(metric, result_context(metric, query)).strip() if metric.table == "surveys" else ""
        if said := told if query.by != "question" else "":
            yield metric.name, said
        reached = compared and query.data.first_month <= query.baseline <= query.data.last_month
        unlike = incomparable(metric, query, query.baseline) if reached else None
        if unlike:
            yield metric.name, f"not compared with {query.baseline}: {since(unlike)}."


def _months(text: str, data: Data) -> list[str]:
    """Return the months that a quarter, a range or "all" names and the data hold; none for a single month.

    Raises:
        UsageError: Not made of months, or the data hold none of them.
    """
    from cxlib.periods import months_between, months_of

    if text != "all" and not re.search("[/QW]", text):
        return []
    held = months_between(data.first_month, data.last_month)
    asked = held if text == "all" else months_of(text)
    absent = [month for month in asked if month not in held]
    if absent and ("/" in text or len(absent) == len(asked)):
        raise UsageError(
            f"The data {data.name!r} run from {held[0]} to {held[-1]}; {text} asks for {some_names(absent)} as well."
        )
    if absent:
        _warn(f"note: {text} is told as far as the data go, without {some_names(absent)}.")
    return [month for month in asked if month in held]


def _formatted(table: pl.DataFrame, form: str) -> str:
    if form == "json":
        return json.dumps(table.to_dicts(), indent=1, ensure_ascii=False)
    if form == "csv":
        return guarded(table).write_csv().rstrip("\n")
    with pl.Config(tbl_rows=-1, tbl_cols=-1, tbl_width_chars=200, tbl_hide_dataframe_shape=True, float_precision=3):
        return str(visible(table, also="\t\n"))


def _row_list(options: argparse.Namespace) -> int:
    from cxlib.metrics import as_csv

    if options.group and not options.by:
        raise UsageError("Say of which dimension --group is one: --by channel --group phone.")
    found = unmixed(options.data, lambda data: _listed(data, options))
    _say(as_csv(found).rstrip("\n") if options.format == "csv" else _formatted(found, options.format))
    return 0


def _listed(data: Data, options: argparse.Namespace) -> pl.DataFrame:
    from cxlib.metrics import query, rows
    from cxlib.metrics.queries import filter_line

    chosen = filter_line(((options.by, (options.group,)),)) if options.group else ""
    filters = "; ".join(filter(None, (options.filter, chosen)))
    months = _months(options.month, data)
    month = months[-1] if months else options.month
    looked = query(data, month=month, by=options.by, filters=filters, weighted=not options.unweighted)
    return rows(options.metric, looked, options.by, months=months)


def _report(options: argparse.Namespace) -> int:
    from cxlib.report.run import build_report

    outcome = build_report(
        options.data,
        month=options.month,
        out=Path(options.out) if options.out else None,
        by=options.by,
        filters=options.filter,
        compare_with=options.compare_with,
        language=options.language,
    )
    for name, error in outcome.failed.items():
        _warn(f"cx: {name} failed: {error}")
    if outcome.whole:
        whole, failed = _shown(outcome.whole), _shown(outcome.index.parent)
        _warn(f"cx: {whole} is whole and stays; the report with failed pages is kept in {failed}.")
    print(f"Report: {_shown(outcome.index)}")
    return 1 if outcome.failed else 0


def _notebooks(_options: argparse.Namespace) -> int:
    from cxlib.report.notebooks import refresh

    for path in refresh(project_root() / "notebooks"):
        print(f"executed {_shown(path)}")
    return 0


def _lab(_options: argparse.Namespace) -> int:
    folder = project_root() / "notebooks"
    os.chdir(folder)
    os.execv(sys.executable, [sys.executable, "-m", "jupyterlab"])
    return 0  # pragma: no cover


def _dictionary(_options: argparse.Namespace) -> int:
    from cxlib.tables.schema import dictionary

    print(dictionary(), end="")
    return 0


def _shown(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _rows(folder: Path) -> str:
    rows = open_data(str(folder)).manifest["rows"]
    return ", ".join(f"{count:,} {name}" for name, count in rows.items())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cx",
        description="Customer-experience analysis: from a help desk's export to a published monthly report.",
        epilog="New here? cx demo; cx report demo --month previous. Then open the page it names.",
    )
    parser.add_argument("--version", action="version", version=f"cx {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Command, summary: str, *options: Options) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=summary, description=summary)
        added.set_defaults(command=command)
        for add_options in options:
            add_options(added)
        return added

    demo = add("demo", _demo, "Build the demo company's data (36 months, known truth in truth.json).")
    demo.add_argument("--into", default="demo", metavar="NAME", help="folder below data/ (default: demo)")
    demo.add_argument("--seed", type=int, default=1, help="another seed gives another company (default: 1)")
    told = (
        "Import a system's export into data/NAME. An import adds: a row that came before (by its key) is replaced by "
        "its newer state (by updated_at, or the column that the mapping names; else by the later file as given), "
        "all other rows stay, and it prints how many are new, changed and kept. --replace starts anew. An interrupted "
        "import changes nothing."
    )
    add("import", _import, told, add_import)
    add("derive", _derive, "Recompute everything derived, after settings or tables changed.", add_data)
    told = "Show rows, periods, missing shares and every broken promise with example ids."
    check = add("check", _check, told, add_data)
    check.add_argument("--format", choices=("table", "json"), default="table")
    told = "Print every figure with its 95-percent interval, n, units and its change against the month before."
    add("figures", _figures, told, add_data, add_view, add_figures)
    told = "Print the rows behind a figure: ids, what each adds; internal, as CSV."
    add("rows", _row_list, told, add_data, add_view, add_rows)
    told = "Execute the notebooks for a month and publish the pages in reports/DATA/MONTH."
    add("report", _report, told, add_data, add_view, add_report)
    add("notebooks", _notebooks, "Execute the notebooks with the demo data and save them with their outputs.")
    add("lab", _lab, "Open the notebooks in JupyterLab.")
    add("dictionary", _dictionary, "Print the data dictionary (every table and column) as Markdown.")
    return parser
