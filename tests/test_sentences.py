"""Every number of a published sentence stands in what is published with it: the committed notebooks of the demo."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sentences import published, single_sentences, strangers

from tests.conftest import ROOT

MOST_WORDS = 45  # of a single sentence; its readers are no native speakers
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_number_of_a_sentence_is_published_with_it(notebook: Path) -> None:
    assert len(list(published(notebook))) > 3
    assert strangers(notebook) == []


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_single_sentence_is_long(notebook: Path) -> None:
    told = list(single_sentences(notebook))
    assert len(told) > 3
    assert [text for text in told if len(text.split()) > MOST_WORDS] == []


def test_a_number_from_nowhere_is_found(tmp_path: Path) -> None:
    text = (ROOT / "notebooks" / "01_satisfaction.ipynb").read_text(encoding="utf-8")
    sentence = next(sentence for sentence, _ in published(ROOT / "notebooks" / "01_satisfaction.ipynb"))
    opening = json.dumps(sentence[:30], ensure_ascii=False)[1:-1]
    assert opening in text
    changed = tmp_path / "changed.ipynb"
    changed.write_text(text.replace(f'"{opening}', f'"98765.4 {opening}'), encoding="utf-8")
    assert "98765.4" in [number for number, _ in strangers(changed)]
