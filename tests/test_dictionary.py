"""The data dictionary that is read is the one the tables declare."""

from __future__ import annotations

from cxlib.tables.schema import dictionary
from tests.conftest import ROOT

FILE = "data/DICTIONARY.md"


def test_the_written_dictionary_is_what_the_tables_declare() -> None:
    written = (ROOT / FILE).read_text(encoding="utf-8")
    assert written == dictionary(), f"write it anew: cx dictionary > {FILE}"
