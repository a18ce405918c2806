"""A file larger than memory can be imported: reading and understanding it works in batches from end to end."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from cxlib.sources.mapped.importer import typed
from cxlib.sources.mapped.mapping import parse_mapping
from cxlib.sources.reading.readers import open_inputs
from cxlib.tables.schema import GIVEN

FALLBACK = 'fillcolor="0.0 0.3 1.0"'  # how Polars draws a node that needs all rows at once


def whole_column_nodes(frame: pl.LazyFrame) -> list[str]:
    graph = frame.show_graph(engine="streaming", plan_stage="physical", raw_output=True)
    return [line for line in str(graph).splitlines() if FALLBACK in line]


def test_every_way_to_read_a_column_works_in_batches(tmp_path: Path) -> None:
    columns = {
        "ticket_id": {"template": "{a}-{row_number}-{file_name}"},
        "created_at": {"column": "a", "day_first": True},
        "due_at": {"column": "b", "formats": ["%d/%m/%Y", "unix", "%d/%m/%Y %H:%M %z"]},
        "channel": {"column": "b", "values": {"x": "email"}, "otherwise": "other", "no_answer": [1]},
        "handle_minutes": {"column": "b", "decimal": ",", "thousands": ".", "scale": 60},
        "agent_replies": "b",
        "documents_complete": "b",
        "brand": {"value": "Acme"},
    }
    tables = [{"table": "tickets", "columns": columns, "where": {"b": ["1"]}}]
    plan = parse_mapping({"timezone": "Europe/Rome", "tables": tables}, name="x")
    for name in ("1.csv", "2.csv"):
        (tmp_path / name).write_text("a,b\n01/02/2024,1\n")
    opened = open_inputs(plan, [tmp_path / "1.csv", tmp_path / "2.csv"], staging=tmp_path)["file"]
    frame = typed(opened.frame, plan.tables[0].blocks[0], GIVEN["tickets"], plan, opened)
    assert whole_column_nodes(frame) == []
    assert whole_column_nodes(opened.frame.with_columns(pl.col("a").replace_strict({"x": "y"}, default=None)))
