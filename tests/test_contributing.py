"""CONTRIBUTING.md is true: its layers are those that are enforced, its files exist, its example is a metric."""

from __future__ import annotations

import ast
import re
from itertools import pairwise

import yaml

from cxlib import __version__
from tests.conftest import ROOT
from tests.test_layers import LAYERS

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_the_packages_are_listed_in_the_order_of_their_layers() -> None:
    table = TEXT.split("| package |")[1].split("\n\n")[0]
    listed = [re.findall(r"`(\w+)`", line.split("|")[1]) for line in table.splitlines()[2:]]
    rank = {name: place for place, layer in enumerate(LAYERS) for name in layer}
    assert sorted(name for row in listed for name in row) == sorted(set(rank) - {"__init__", "__main__"})
    places = [[rank[name] for name in row] for row in listed]
    assert all(max(upper) <= min(lower) for upper, lower in pairwise(places))


def test_every_path_that_is_named_exists() -> None:
    named = set(re.findall(r"`((?:cxlib|tests|data|reports|notebooks|\.ci)[\w/.]*)`", TEXT)) - {"cxlib/metrics/"}
    assert len(named) > 10
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_the_example_is_python() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", TEXT, re.S)
    assert isinstance(ast.parse(example).body[0], ast.FunctionDef)


def test_every_document_has_the_version_of_the_package() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == __version__
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
