"""A report on a desk where nothing happens: it names nobody and claims little (`tests/benchmarks/null_report.py`)."""

from __future__ import annotations

import pytest
from benchmarks.null_report import STRUCTURE, Seen, report_of

from tests.conftest import ROOT

SEEDS = (1, 2)
MOST = 5  # clear claims of a report


@pytest.fixture(scope="module")
def reports() -> list[Seen]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CX_HOME", str(ROOT))
        return [report_of(seed, 8_000) for seed in SEEDS]


def test_nobody_is_named(reports: list[Seen]) -> None:
    assert [seen.named for seen in reports] == [[], []]


def test_few_claims_are_clear(reports: list[Seen]) -> None:
    assert max(seen.all.clear for seen in reports) <= MOST


def test_all_questions_of_all_notebooks_are_asked(reports: list[Seen]) -> None:
    for seen in reports:
        assert len(seen.asked) > 100
        assert seen.all.tests > 300
        assert not [source for source in seen.asked if any(source.startswith(f"cx.{call}(") for call in STRUCTURE)]
