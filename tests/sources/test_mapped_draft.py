"""A draft is a valid mapping; for a plain export it imports as it stands."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from cxlib.errors import CxError, UsageError
from cxlib.sources.mapped import draft_mapping, import_mapped
from cxlib.sources.mapping import parse_mapping

Find = Callable[[str], Path]


@pytest.mark.parametrize(
    "name", ["baltimore_311/requests.csv", "sfo_survey/2017_SFO_Customer_Survey.csv", "helpdesk/helpdesk.csv"]
)
def test_drafts_for_real_files_are_valid_mappings(shared_data: Find, name: str) -> None:
    plan = parse_mapping(tomllib.loads(draft_mapping(shared_data(name))), name="draft")
    assert bool(plan.events) == name.startswith("helpdesk")


def test_the_draft_for_a_flat_export_imports_as_it_stands(shared_data: Find, tmp_path: Path) -> None:
    path = shared_data("csat_tickets/customer_support_data_tail37.csv")
    (tmp_path / "draft.toml").write_text(draft_mapping(path), encoding="utf-8")
    (tmp_path / "out").mkdir()
    report = import_mapped([path], mapping=tmp_path / "draft.toml", folder=tmp_path / "out")
    assert report.rows == {"tickets": 37, "surveys": 37}
    assert pl.read_parquet(tmp_path / "out" / "surveys.parquet")["answer"].is_between(1, 5).all()


def test_a_draft_finds_delimiter_encoding_and_an_open_order_of_dates(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("Ticket ID;Created at;Via\n1;03/04/2024;E-Mail\n2;05/06/2024;Café\n".encode("cp1252"))
    text = draft_mapping(path)
    assert 'delimiter = ";"' in text
    assert 'encoding = "cp1252"' in text
    assert '"E-Mail" = "email"' in text
    assert "say day_first = true or false" in text
    parse_mapping(tomllib.loads(text), name="draft")


def test_a_file_nobody_can_recognise_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    with pytest.raises(CxError, match="no table can be recognised in the columns x, y"):
        draft_mapping(tmp_path / "a.csv")
    with pytest.raises(UsageError, match="There is no file"):
        draft_mapping(tmp_path / "b.csv")


def test_the_example_of_the_guide_is_a_valid_mapping() -> None:
    guide = Path(__file__).parents[2] / "data" / "mappings" / "README.md"
    text = guide.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
    plan = parse_mapping(tomllib.loads(text), name="guide")
    assert plan.tables[0].table == "tickets"
    assert plan.extracted_at
