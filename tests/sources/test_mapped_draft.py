"""A draft is a valid mapping; for a plain export it imports as it stands."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from cxlib.errors import UsageError
from cxlib.sources.mapped.importer import draft_mapping, import_mapped
from cxlib.sources.mapped.mapping import parse_mapping

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


def test_of_a_file_nobody_can_recognise_every_column_is_listed_in_remarks(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y,z\n1,2,\n3,2,\n")
    text = draft_mapping(tmp_path / "a.csv")
    assert "No table is recognised" in text
    lines = [line for line in text.splitlines() if line.startswith("# … = ")]
    assert [line.removeprefix("# … = ") for line in lines] == [
        '"x"  # 2 different, such as 9', '"y"  # 1 different, such as 9', '"z"  # nothing in it',
    ]  # fmt: skip
    tomllib.loads(text)
    filled = text.replace("# … ", "ticket_id ", 1).replace("# … ", "created_at ", 1)
    wanted = [line.removeprefix("# ") for line in filled.splitlines() if line.startswith(("# [", "# table"))]
    assert wanted == [
        "[[tables]]",
        'table = "tickets"  # or surveys, orders, messages, customers …',
        "[tables.columns]",
    ]
    with pytest.raises(UsageError, match="There is no file"):
        draft_mapping(tmp_path / "b.csv")


def test_the_number_of_an_answer_alone_is_no_tickets(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("ID,Score\n1,5\n")
    (surveys,) = tomllib.loads(draft_mapping(tmp_path / "a.csv"))["tables"]
    assert surveys["columns"]["survey_id"] == "ID"
    assert "ticket_id" not in surveys["columns"]


README = Path(__file__).parents[2] / "README.md"


def test_the_file_of_the_quick_start_is_recognised_and_imports_as_it_stands(tmp_path: Path) -> None:
    lines = README.read_text(encoding="utf-8").split("cat > tickets.csv <<'END'\n> ")[1].split("\n> END")[0]
    (tmp_path / "tickets.csv").write_text(lines.replace("\n> ", "\n"), encoding="utf-8")
    (tmp_path / "draft.toml").write_text(draft_mapping(tmp_path / "tickets.csv"), encoding="utf-8")
    (tmp_path / "out").mkdir()
    import_mapped([tmp_path / "tickets.csv"], mapping=tmp_path / "draft.toml", folder=tmp_path / "out")
    tickets, surveys = (pl.read_parquet(tmp_path / "out" / f"{name}.parquet") for name in ("tickets", "surveys"))
    assert tickets.select("ticket_id", "customer_id", "channel", pl.col("solved_at").is_null()).rows() == [
        ("1", "C-17", "email", False), ("2", "C-20", "phone", False), ("3", "C-17", "email", True),
        ("4", "C-31", "email", False),
    ]  # fmt: skip
    assert surveys["answer"].to_list() == [5.0, 2.0, None, 4.0]
    assert surveys["answered_at"].is_null().to_list() == [False, False, True, False]


@pytest.mark.parametrize(
    ("headers", "channel", "known"),
    [
        ("Nummer;Eröffnet;Gelöst;Kunde;Kanal;Bewertung", "Anruf", "phone"),
        ("Numer;Utworzono;Rozwiązano;Klient;Kanał;Ocena", "Telefon", "phone"),
        ("Número;Aberto;Resolvido;Cliente;Canal;Avaliação", "E-mail", "email"),
        ("Номер;Создано;Решено;Клиент;Канал;Оценка", "Почта", "email"),
        ("NR;Created;Closed;Client_ID;Channel;Rating", "WhatsApp", "other"),
    ],
)
def test_headers_in_other_languages_are_recognised(tmp_path: Path, headers: str, channel: str, known: str) -> None:
    (tmp_path / "a.csv").write_text(f"{headers}\n7;2026-10-03;2026-10-04;C-1;{channel};4\n", encoding="utf-8")
    tickets, surveys = tomllib.loads(draft_mapping(tmp_path / "a.csv"))["tables"]
    number, opened, solved, customer, via, score = headers.split(";")
    assert tickets["columns"] == {
        "ticket_id": number, "created_at": opened, "solved_at": solved, "customer_id": customer,
        "channel": {"column": via, "values": {channel: known}},
    }  # fmt: skip
    assert (surveys["columns"]["survey_id"], surveys["columns"]["answer"]) == (number, score)


def test_the_example_of_the_guide_is_a_valid_mapping() -> None:
    guide = Path(__file__).parents[2] / "data" / "mappings" / "README.md"
    text = guide.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
    plan = parse_mapping(tomllib.loads(text), name="guide")
    assert plan.tables[0].table == "tickets"
    assert plan.extracted_at
