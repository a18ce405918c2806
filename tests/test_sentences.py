"""Every number of a published sentence stands in what is published with it: the committed notebooks of the demo."""

from __future__ import annotations

from pathlib import Path

import pytest
from sentences import numbers_in, published, strangers

from tests.conftest import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_number_of_a_sentence_is_published_with_it(notebook: Path) -> None:
    assert len(list(published(notebook))) > 3
    assert strangers(notebook) == []


def test_a_number_from_nowhere_is_found(tmp_path: Path) -> None:
    text = (ROOT / "notebooks" / "01_satisfaction.ipynb").read_text(encoding="utf-8")
    sentence = next(sentence for sentence, _ in published(ROOT / "notebooks" / "01_satisfaction.ipynb"))
    number = numbers_in(sentence)[0]
    changed = tmp_path / "changed.ipynb"
    changed.write_text(text.replace(f" {number}\N{NO-BREAK SPACE}", " 98765.4\N{NO-BREAK SPACE}", 2), encoding="utf-8")
    assert "98765.4" in [number for number, _ in strangers(changed)]
