"""The package keeps its layers: what may import what, who may read the clock, how long a file may grow."""

from __future__ import annotations

import ast
import graphlib
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

LAYERS = (
    ("errors", "version"),
    ("tables",),
    ("limits", "harmless"),
    ("settings",),
    ("store",),
    ("clock", "periods", "assumptions"),
    ("numbers",),
    ("sources", "demo"),
    ("promises", "layout"),
    ("derive", "check"),
    ("metrics",),
    ("results",),
    ("stats",),
    ("estimates",),
    ("questions",),
    ("present", "glossary"),
    ("explorer",),
    ("report",),
    ("options",),
    ("cli",),
    ("__init__", "__main__"),
)
RANK = {name: rank for rank, layer in enumerate(LAYERS) for name in layer}
STRANGERS = {("metrics", "sources"), ("sources", "metrics")}
STATISTICS = ("stats", "estimates", "questions")
ONLY_IN = {  # library -> the packages that may import it
    "altair": ("present.charts",),
    "statsmodels": STATISTICS,
    "scipy": STATISTICS,
    "papermill": ("report",),
    "nbconvert": ("report",),
    "nbformat": ("report",),
    "nbclient": ("report",),
    "pandas": (),
    "requests": (),
    "httpx": (),
    "socket": (),
    "urllib.request": (),
    "http.client": (),
}
LATE = {"statsmodels", "scipy", "papermill", "nbconvert", "nbformat", "nbclient"}  # each costs 0.5 to 2 s to import
CLOCK_METHODS = {"now", "utcnow", "today"}
TIME_FUNCTIONS = {"time", "time_ns", "localtime", "gmtime", "ctime", "asctime", "strftime"}
MAY_READ_THE_CLOCK = "report.stamp"
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc"}
AIM, LIMIT = 250, 330  # lines that are not blank

FILES = sorted((ROOT / "cxlib").rglob("*.py"))


def module_name(path: Path) -> str:
    """Return the dotted name below cxlib: "store", "stats.shift", "stats.__init__"."""
    return ".".join(path.relative_to(ROOT / "cxlib").with_suffix("").parts)


MODULES = {module_name(path): path for path in FILES}


def imported(tree: ast.AST, module: str) -> Iterator[tuple[str, ast.stmt]]:
    """Yield every imported dotted name with its statement; `from a import b` yields a.b."""
    package = ["cxlib", *module.split(".")[:-1]]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            start = ".".join([*base, *([node.module] if node.module else [])])
            yield from ((f"{start}.{alias.name}", node) for alias in node.names)


def target(name: str) -> str | None:
    """Return the top-level part of cxlib a dotted name belongs to ("__init__" for the front door), None if outside."""
    parts = name.split(".")
    if parts[0] != "cxlib":
        return None
    return parts[1] if len(parts) > 1 and parts[1] in RANK else "__init__"


def offences(source: str, module: str) -> list[str]:
    """List the rules a module's text breaks."""
    tree, part = ast.parse(source), module.partition(".")[0]
    if part not in RANK:
        return [f"cxlib.{module} has no layer: add it to LAYERS"]
    found = []
    at_import = {id(node) for node in outside_functions(tree)}
    for name, node in imported(tree, module):
        other = target(name)
        if other is not None and (RANK[other] > RANK[part] or (part, other) in STRANGERS):
            found.append(f"{part} must not import {other}")
        if name.endswith(".*"):
            found.append("star import")
        if name.startswith(("time.", "datetime.")) and name.split(".")[1] in TIME_FUNCTIONS - {"time"} | CLOCK_METHODS:
            found.append(f"reads the clock: {name}")
        if name == "time.time" and module != MAY_READ_THE_CLOCK:
            found.append(f"reads the clock: {name}")
        for library, homes in ONLY_IN.items():
            if f"{name}.".startswith(f"{library}."):
                if not f"{module}.".startswith(tuple(f"{home}." for home in homes)):
                    found.append(f"{library} only in {' and '.join(homes) or 'no package'}")
                elif library in LATE and part != "report" and id(node) in at_import:
                    found.append(f"{library} is imported when the module loads, not when it is needed")
    if module != MAY_READ_THE_CLOCK:
        found += [f"reads the clock: {call}" for call in clock_readings(tree)]
    if VAGUE & set(module.split(".")):
        found.append("a module name that says nothing")
    return found


def outside_functions(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that run when the module is imported (not inside a function, nor under TYPE_CHECKING)."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield node
        yield from outside_functions(node)


def clock_readings(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            of_time = isinstance(node.value, ast.Name) and node.value.id == "time" and node.attr in TIME_FUNCTIONS
            if of_time or node.attr in CLOCK_METHODS:
                yield ast.unparse(node)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_keeps_to_its_layer(module: str) -> None:
    assert offences(MODULES[module].read_text(encoding="utf-8"), module) == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("store.folder", "import cxlib.metrics.frames"),
        ("store.folder", "from cxlib import metrics"),
        ("store.folder", "def late():\n    from cxlib.report.site import build"),
        ("stats.shift", "from cxlib import csat"),
        ("stats.shift", "from ..present import charts"),
        ("metrics.loyalty", "from cxlib.sources import load"),
        ("sources.load", "from cxlib.metrics import frames"),
        ("stats.shift", "def draw():\n    import altair as alt"),
        ("present.charts.trend", "from scipy.stats import norm"),
        ("stats.shift", "import scipy.stats"),
        ("cli", "import papermill"),
        ("derive.tickets", "from pandas import DataFrame"),
        ("sources.load", "from urllib.request import urlopen"),
        ("sources.load", "import urllib.request"),
        ("store.folder", "from cxlib.tables.schema import *"),
        ("store.folder", "from datetime import datetime\nx = datetime.now"),
        ("report.site", "import datetime\nx = datetime.date.today()"),
        ("report.site", "import time\nx = time.time()"),
        ("report.site", "from time import time"),
        ("report.site", "from time import localtime"),
        ("stats.utils", ""),
        ("newcomer", ""),
    ],
)
def test_a_broken_rule_is_seen(module: str, source: str) -> None:
    assert len(offences(source, module)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("report.stamp", "from datetime import datetime, UTC\nx = datetime.now(UTC)"),
        ("report.run", "import papermill"),
        ("stats.shift", "def test():\n    from scipy.stats import norm"),
        ("stats.shift", "import time\nbegan = time.perf_counter()"),
        (
            "present.charts.trend",
            "import altair as alt\nfrom cxlib.results.types import Trend\nfrom cxlib import numbers",
        ),
        ("__init__", "from cxlib.cli import main"),
    ],
)
def test_what_is_allowed_passes(module: str, source: str) -> None:
    assert offences(source, module) == []


def defining_module(name: str) -> str | None:
    """Return the module a dotted name comes from: cxlib.stats.shift.Shift -> "stats.shift"; None if outside cxlib."""
    first, *parts = name.split(".")
    while first == "cxlib":
        dotted = ".".join(parts)
        for module in (dotted, f"{dotted}.__init__".lstrip(".")):
            if module in MODULES:
                return module
        if not parts:
            return None
        parts.pop()
    return None


def test_no_two_modules_need_each_other_to_load() -> None:
    graph = {}
    for module, path in MODULES.items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        loaded = {id(node) for node in outside_functions(tree)}
        needed = {defining_module(name) for name, node in imported(tree, module) if id(node) in loaded}
        graph[module] = needed - {module, None}
    assert graph["store.folder"] >= {"tables.schema", "errors"}
    tuple(graphlib.TopologicalSorter(graph).static_order())


def test_files_stay_short() -> None:
    lengths = {
        module: sum(1 for line in path.read_text().splitlines() if line.strip()) for module, path in MODULES.items()
    }
    longer = {module: length for module, length in lengths.items() if length > AIM}
    if longer:
        warnings.warn(f"longer than {AIM} lines: {longer}", stacklevel=1)
    assert {module: length for module, length in longer.items() if length > LIMIT} == {}


def test_importing_the_package_stays_cheap() -> None:
    heavy = sorted(LATE | {"pandas"})
    code = f"import sys, cxlib; print([name for name in {heavy} if name in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"


@pytest.mark.parametrize(("given", "taken"), [({}, "1"), ({"OPENBLAS_NUM_THREADS": "4"}, "4")])
def test_one_thread_computes_small_models_unless_more_are_asked_for(given: dict[str, str], taken: str) -> None:
    environment = {name: value for name, value in os.environ.items() if "NUM_THREADS" not in name} | given
    code = "import os, cxlib; print(os.environ['OPENBLAS_NUM_THREADS'])"
    told = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == taken
