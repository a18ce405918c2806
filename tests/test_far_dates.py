"""A few rows dated far from all others neither end the data nor make months; the check names them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from cxlib.check import check
from cxlib.derive import derive
from cxlib.metrics import query
from cxlib.store.folder import open_data, read_manifest, write_manifest
from cxlib.tables.schema import conform, span

START, FAR = datetime(2026, 3, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC)


def tickets(sound: int, far: int) -> pl.DataFrame:
    created = [START + timedelta(days=239 * place / max(sound - 1, 1)) for place in range(sound)] + [FAR] * far
    solved = [at + timedelta(hours=5) for at in created]
    keys = [f"t{place}" for place in range(sound)] + [f"far {place}" for place in range(far)]
    return pl.DataFrame({"ticket_id": keys, "created_at": created, "solved_at": solved})


@pytest.mark.parametrize(("sound", "far"), [(3, 1), (30, 1), (30, 2), (500, 1), (500, 5)])
def test_a_ticket_of_2036_moves_neither_the_end_nor_the_last_month(tmp_path: Path, sound: int, far: int) -> None:
    folder = tmp_path / "desk"
    folder.mkdir()
    conform(tickets(sound, far).lazy(), "tickets").collect().write_parquet(folder / "tickets.parquet")
    write_manifest(folder, {"sources": ["test"]})
    derive(folder)
    manifest = read_manifest(folder)
    assert (manifest["first_month"], manifest["last_month"]) == ("2026-03", "2026-10")
    data = open_data(str(folder))
    assert query(data).month == "2026-09"
    named = {one.promise: one for one in check(data).findings}
    assert named["created_at lies after the end of the data"].count == far
    assert named["created_at lies after the end of the data"].examples[0] == "far 0"


def test_a_desk_that_went_on_after_two_years_is_no_typing_error() -> None:
    rows = pl.concat([tickets(40, 0), tickets(10, 0).with_columns(pl.col("created_at") + pl.duration(days=800))])
    ends = span({"tickets": rows.drop("solved_at").lazy()})
    assert ends is not None
    assert ends[1] == START + timedelta(days=239 + 800)


def test_one_answer_of_2036_beside_many_tickets_is_far_too() -> None:
    answer = pl.DataFrame({"survey_id": ["s"], "answered_at": [FAR]})
    ends = span({"tickets": tickets(20, 0).lazy(), "surveys": answer.lazy()})
    assert ends is not None
    assert ends[1] == START + timedelta(days=239, hours=5)
