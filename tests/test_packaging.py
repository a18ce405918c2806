"""The lists of packages agree: pyproject.toml (ranges), requirements.txt (pins, hashes), environment.yml (conda)."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions

import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from tests.conftest import ROOT

CONDA_NAMES = {
    "duckdb": "python-duckdb",
    "jupyter-client": "jupyter_client",
    "playwright": "playwright-python",
    "tzdata": "python-tzdata",
}
ADDRESS = re.compile(
    r"://|^\s*-{1,2}(i|f|index-url|extra-index-url|find-links|trusted-host)\b|\w\.(org|com|io|net)\b", re.M
)


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


PROJECT = tomllib.loads(read("pyproject.toml"))
DIRECT = [
    Requirement(line)
    for line in PROJECT["project"]["dependencies"] + PROJECT["project"]["optional-dependencies"]["test"]
]
NAMES = [dependency.name for dependency in DIRECT]


def blocks(text: str) -> list[str]:
    """Split requirements.txt into one text per pinned package: the pin, its hashes, who wants it."""
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    return [block for block in re.split(r"^(?=\S)", lines, flags=re.M) if block.strip()]


def pinned(text: str) -> dict[str, list[tuple[str, Marker | None]]]:
    """Return name -> versions with their markers."""
    pins: dict[str, list[tuple[str, Marker | None]]] = {}
    for block in blocks(text):
        requirement = Requirement(block.split("\\")[0].strip())
        (version,) = requirement.specifier
        assert version.operator == "==", block
        pins.setdefault(canonicalize_name(requirement.name), []).append((version.version, requirement.marker))
    return pins


PINS = pinned(read("requirements.txt"))
(MINIMUM,) = (part.version for part in SpecifierSet(PROJECT["project"]["requires-python"]))


def pin(name: str) -> str:
    """Return the version pinned for the oldest Python, which is also conda's."""
    python = {"python_version": MINIMUM, "python_full_version": f"{MINIMUM}.14"}
    (version,) = (
        version for version, marker in PINS[canonicalize_name(name)] if marker is None or marker.evaluate(python)
    )
    return version


def imported(folder: str) -> set[str]:
    """Return the top-level names that the modules of a folder import from outside the standard library."""
    names: set[str] = set()
    own = {"cxlib", "tests", *(path.stem for path in (ROOT / "tests").rglob("*"))}
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                names.add(node.module.partition(".")[0])
    return names - sys.stdlib_module_names - own


def conda_versions() -> dict[str, str]:
    listed = [line for line in yaml.safe_load(read("environment.yml"))["dependencies"] if "=" in line]
    return dict(line.split("=") for line in listed)


@pytest.mark.parametrize("dependency", DIRECT, ids=NAMES)
def test_a_direct_dependency_is_pinned_within_its_range(dependency: Requirement) -> None:
    versions = {version for version, _ in PINS[canonicalize_name(dependency.name)]}
    assert pin(dependency.name) in versions
    assert all(dependency.specifier.contains(version) for version in versions)


@pytest.mark.parametrize("name", NAMES)
def test_conda_has_the_same_version_under_its_own_name(name: str) -> None:
    assert conda_versions()[CONDA_NAMES.get(name, name)] == pin(name)


def test_conda_lists_nothing_else() -> None:
    wanted = {CONDA_NAMES.get(name, name) for name in NAMES}
    assert set(conda_versions()) == wanted | {"python"}


def test_the_pins_are_those_the_project_file_asks_for() -> None:
    direct = {
        canonicalize_name(block.split("==")[0])
        for block in blocks(read("requirements.txt"))
        if "cxlib (pyproject.toml)" in block
    }
    assert direct == {canonicalize_name(name) for name in NAMES}


def test_every_pin_has_a_hash() -> None:
    without = [block.split("\\")[0] for block in blocks(read("requirements.txt")) if "--hash=sha256:" not in block]
    assert not without
    assert len(PINS) > len(NAMES)


def test_all_files_speak_of_the_same_python() -> None:
    assert PROJECT["project"]["requires-python"] == f">={MINIMUM}"
    assert conda_versions()["python"] == MINIMUM
    assert f"--python-version {MINIMUM} " in read("requirements.txt")
    assert PROJECT["tool"]["mypy"]["python_version"] == MINIMUM
    assert PROJECT["tool"]["ruff"]["target-version"] == "py" + MINIMUM.replace(".", "")
    assert f"sys.version_info >= ({MINIMUM.replace('.', ', ')})" in read("Makefile")


@pytest.mark.parametrize("name", ["pyproject.toml", "requirements.txt", "environment.yml", "Makefile", ".ci/run"])
def test_no_file_names_an_index_or_a_host(name: str) -> None:
    assert not ADDRESS.findall(read(name))


@pytest.mark.parametrize("line", ["--index-url x", "-i x", "a @ https://b", "--extra-index-url=x", "files.example.org"])
def test_an_address_would_be_seen(line: str) -> None:
    assert ADDRESS.search(f"numpy==1\n{line}\n")


def test_the_build_back_end_is_pinned_too() -> None:
    (back_end,) = (Requirement(line) for line in PROJECT["build-system"]["requires"])
    assert back_end.specifier.contains(pin(back_end.name))


@pytest.mark.parametrize("folder", ["cxlib", "tests", "benchmarks"])
def test_what_is_imported_is_declared(folder: str) -> None:
    """What only comes along with another package may stop coming; tests may lean on what pytest needs."""
    homes = packages_distributions()
    declared = {canonicalize_name(name) for name in NAMES}
    along = {"packaging", "yaml"} if folder == "tests" else set()
    found = {name: {canonicalize_name(home) for home in homes.get(name, [name])} for name in imported(folder) - along}
    assert {name for name, distributions in found.items() if not distributions & declared} == set()
    assert "polars" in found


def test_make_and_ci_are_valid_shell() -> None:
    subprocess.run(["bash", "-n", str(ROOT / ".ci" / "run")], check=True)
    subprocess.run(["make", "--dry-run", "--no-print-directory", "report"], cwd=ROOT, check=True, capture_output=True)
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111
