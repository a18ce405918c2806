"""JSON of help desks: lists, envelopes, pages, single records; exact numbers, little memory, no cell in a message."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings, strategies as st

from cxlib.errors import CxError, UsageError
from cxlib.sources.mapped.importer import draft_mapping, import_mapped
from cxlib.sources.mapped.mapping import FileSpec
from cxlib.sources.reading import json_stream
from cxlib.sources.reading.readers import text_frame

ROWS: list[dict[str, Any]] = [
    {"id": 9007199254740993, "at": "2026-03-02", "who": {"id": "00012", "name": "Ann"}, "tags": ["a", 1], "new": True},
    {"id": 99999999999999999999, "at": "2026-03-03", "who": {"id": 7}, "score": 1.50, "left": None},
    {"id": "A-1", "at": "2026-03-04", "who": None, "score": 12345678901234567890.25},
]
EXPECTED = [
    ("9007199254740993", "2026-03-02", "00012", "Ann", '["a", 1]', "true", None),
    ("99999999999999999999", "2026-03-03", "7", None, None, None, "1.5"),
    ("A-1", "2026-03-04", None, None, None, None, "12345678901234567890.25"),
]
COLUMNS = ("id", "at", "who.id", "who.name", "tags", "new", "score")


def read(folder: Path, document: object, *, name: str = "in.json", records: str = "") -> pl.DataFrame:
    text = document if isinstance(document, str) else json.dumps(document)
    if "12345678901234567000" in text or "1.2345678901234567e+19" in text:
        text = text.replace("1.2345678901234567e+19", "12345678901234567890.25")
    (folder / name).write_text(text)
    return text_frame(folder / name, FileSpec(records=records), staging=folder).collect()


@pytest.mark.parametrize(
    "document",
    [
        ROWS, {"tickets": ROWS}, {"results": ROWS, "total": 3}, {"data": ROWS, "errors": []},
        {"count": 3, "value": ROWS},
        {"_embedded": {"threads": ROWS}, "_links": {"self": {"href": "x"}}, "page": {"number": 1}},
        {"meta": {"codes": [{"a": 1}]}, "results": ROWS}, {"response": {"data": {"records": ROWS}}},
        "".join(json.dumps({"tickets": [row], "next_page": None}) + "\n" for row in ROWS),
        "".join(json.dumps(row) + "\n" for row in ROWS), "\ufeff" + json.dumps(ROWS, indent=1),
    ],
)  # fmt: skip
@pytest.mark.parametrize("chunk", [7, 1 << 20])
def test_records_are_found_in_every_envelope(
    tmp_path: Path, document: object, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_stream, "_CHUNK", chunk)
    assert read(tmp_path, document).select(COLUMNS).rows() == EXPECTED


def test_json_lines_give_the_same_and_keep_lists_within_a_record(tmp_path: Path) -> None:
    lines = "".join(json.dumps({**row, "comments": [{"id": 1}]}) + "\n" for row in ROWS)
    frame = read(tmp_path, lines, name="in.jsonl")
    assert frame.select(COLUMNS).rows() == EXPECTED
    assert frame["comments"].to_list() == ['[{"id": 1}]'] * 3


def test_a_record_with_a_list_of_its_own_is_one_record(tmp_path: Path) -> None:
    frame = read(tmp_path, {"id": 5, "items": [{"sku": 1}, {"sku": 2}]})
    assert frame.rows() == [("5", '[{"sku": 1}, {"sku": 2}]')]
    assert read(tmp_path, {"id": 5, "items": [{"sku": 1}, {"sku": 2}]}, records="items").rows() == [("1",), ("2",)]


def test_several_lists_stop_unless_one_is_named(tmp_path: Path) -> None:
    document = {"users": [{"id": 1}], "groups": [{"id": 2}, {"id": 3}]}
    with pytest.raises(UsageError, match=r"several lists of records: groups, users\. Say records = "):
        read(tmp_path, document)
    assert read(tmp_path, document, records="groups").rows() == [("2",), ("3",)]
    with pytest.raises(UsageError, match=r"no list of records in in\.json 'group'.*Did you mean 'groups'"):
        read(tmp_path, document, records="group")


SECRET = "Jane Roe, 5 Elm St"


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ('[{"id": 1, "who": "' + SECRET + '"},\n{"id": 2', "line 2 cannot be read"),
        ('{"tickets": [{"id": 1}]\n', "line 2 cannot be read"),
        ('[{"id": 1}\n{"id": "' + SECRET + '" x}]', "line 2 cannot be read"),
        (f'["{SECRET}"]', "no objects"), (f'"{SECRET}"', "no objects"), ("17", "no objects"), ("[]", "no objects"),
        ("{}", "no records"), ("[[]]", "no objects"), (f"id;who\n1;{SECRET}\n", "no JSON: line 1"),
        ("[" * 100_000, "nested too deeply|no JSON"), ('{"a":' * 100_000, "nested too deeply|no JSON"),
        ('[{"id": ' + "9" * 5000 + "}]", "thousands of digits"),
        (json.dumps([{str(number): 1 for number in range(2_001)}]), "more than 2,000 different names"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["in.json", "in.jsonl"])
def test_what_is_no_json_of_records_is_refused_without_repeating_it(
    tmp_path: Path, name: str, text: str, match: str
) -> None:
    with pytest.raises(CxError, match=match) as stopped:
        read(tmp_path, text, name=name)
    assert SECRET not in str(stopped.value)
    assert len(str(stopped.value)) < 300


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**25), 10**25) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "c.d"]), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.fixed_dictionaries({"id": st.integers(0, 10**25), "x": values}), min_size=1, max_size=4),
    st.integers(1, 60),
)
def test_streaming_gives_what_pythons_json_gives(rows: list[dict[str, Any]], chunk: int) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_stream, "_CHUNK", chunk)
        path = Path(name) / "in.json"
        path.write_text(json.dumps({"tickets": rows}, ensure_ascii=False), encoding="utf-8")
        got = [piece.value for _, piece in json_stream.pieces(path) if piece.element]
    assert got == rows


def test_an_import_of_json(tmp_path: Path) -> None:
    (tmp_path / "in.json").write_text(json.dumps({"tickets": ROWS}))
    (tmp_path / "by.toml").write_text(
        'timezone = "UTC"\n[[tables]]\ntable = "tickets"\n[tables.columns]\nticket_id = "id"\ncreated_at = "at"\n'
        'customer_id = "who.id"\n'
    )
    (tmp_path / "out").mkdir()
    report = import_mapped([tmp_path / "in.json"], mapping=tmp_path / "by.toml", folder=tmp_path / "out")
    assert report.rows == {"tickets": 3}
    tickets = pl.read_parquet(tmp_path / "out" / "tickets.parquet")
    assert tickets.sort("ticket_id").select("ticket_id", "customer_id").rows() == sorted(
        ((row[0], row[2]) for row in EXPECTED), key=lambda row: row[0]
    )


def test_drafts_of_real_json_repeat_no_cell() -> None:
    folder = Path(__file__).parents[2].parent / "shared" / "data" / "systems"
    if not folder.exists():
        pytest.skip("no folder ../shared beside the checkout")
    for path in sorted(folder.rglob("*.json")):
        remarks = [line for line in draft_mapping(path).splitlines() if line.startswith("# …")]
        for line in remarks:
            said = line.partition(", such as ")[2]
            assert not any(character in said for character in "12345678BCDEFGHIJ"), path.name
