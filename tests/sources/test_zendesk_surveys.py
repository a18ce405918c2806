"""Zendesk's ratings: only on the ticket, changed, and survey responses of one to five points."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.sources.zendesk_desk import FIXTURES, imported, table, write_lines


def rated(tmp_path: Path, **files: list[Any]) -> list[Any]:
    for name, rows in files.items():
        write_lines(tmp_path / f"{name}.jsonl", *rows)
    folder, _ = imported(tmp_path, folder=tmp_path / "data")
    return table(folder, "surveys", "ticket_id", "answer", "scale_low", "scale_high", "answered_at", "sent_at", "box")


def test_a_rating_found_only_on_its_ticket_is_dated_by_the_tickets_last_update(tmp_path: Path) -> None:
    day = datetime(2024, 5, 3, tzinfo=UTC)
    tickets = [
        {
            "id": n,
            "created_at": "2024-05-01T00:00:00Z",
            "updated_at": "2024-05-03T00:00:00Z",
            "satisfaction_rating": rating,
        }
        for n, rating in enumerate(
            [{"score": "good", "id": 9}, {"score": "offered"}, {"score": "unoffered"}, {"score": "3"}, None], 1
        )
    ]
    assert rated(tmp_path, tickets=tickets) == [
        ("1", 1.0, 0.0, 1.0, day, None, "top"), ("2", None, None, None, None, day, None),
        ("4", 3.0, 1.0, 5.0, day, None, "middle"),
    ]  # fmt: skip


def test_a_changed_rating_keeps_both_answers_and_the_offer(tmp_path: Path) -> None:
    start = datetime(2024, 5, 1, tzinfo=UTC)
    ratings = [
        {"id": n, "ticket_id": 1, "score": score, "created_at": f"{start + timedelta(days=n):%Y-%m-%dT%H:%M:%SZ}",
         "updated_at": f"{start + timedelta(days=n):%Y-%m-%dT%H:%M:%SZ}"}
        for n, score in enumerate(["offered", "good_with_comment", "bad"])
    ]  # fmt: skip
    rows = rated(tmp_path, satisfaction_ratings=ratings)
    assert [(row[1], row[4], row[5]) for row in rows] == [
        (1.0, start + timedelta(days=1), start), (0.0, start + timedelta(days=2), start)
    ]  # fmt: skip


def test_a_survey_response_is_one_rating_with_its_comment_and_one_without_an_answer_is_kept(tmp_path: Path) -> None:
    folder, report = imported(FIXTURES / "api", folder=tmp_path / "data")
    rows = table(folder, "surveys", "ticket_id", "answer", "scale_high", "comment", "box", "sent_at")
    assert [row for row in rows if row[0] in ("11", "12")] == [
        ("11", 4.0, 5.0, "Fast enough", "top", datetime(2024, 10, 17, 10, 30, 5, tzinfo=UTC)),
        ("12", None, None, None, None, None),
    ]
    assert sum(report.left_out["surveys"].values()) == 3  # an answered offer, one never made, the comment's own answer
