"""What exports write in their own way: refunds below zero, answers that nobody can read, currencies in any spelling."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cxlib.cli import main

Imported = Callable[..., tuple[dict[str, Any], str]]
SURVEYS = """
timezone = "UTC"
extracted_at = 2026-04-30T00:00:00Z
[[tables]]
table = "surveys"
[tables.columns]
survey_id = "id"
customer_id = "id"
kind = { value = "csat" }
sent_at = "sent"
answered_at = "at"
answer = { column = "a", values = { good = 5, bad = 1 }, no_answer = ["N/A"] }
scale_low = { value = 1 }
scale_high = { value = 5 }
high_is_good = { value = true }
"""
ORDERS = """
timezone = "UTC"
extracted_at = 2026-06-30T23:59:00Z
[[tables]]
table = "orders"
[tables.columns]
order_id = "id"
customer_id = "cust"
ordered_at = "at"
amount = "amount"
currency = "cur"
kind = "kind"
"""


@pytest.fixture
def imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Imported:
    monkeypatch.setenv("CX_HOME", str(tmp_path))

    def run(mapping: str, lines: str, *figures: str) -> tuple[dict[str, Any], str]:
        (tmp_path / "map.toml").write_text(mapping, encoding="utf-8")
        (tmp_path / "in.csv").write_text(lines, encoding="utf-8")
        files = [str(tmp_path / "in.csv"), "--mapping", str(tmp_path / "map.toml")]
        assert main(["import", "mapped", *files, "--into", "here"]) == 0
        assert main(["check", "here"]) == 0
        checked = capsys.readouterr().out
        asked = [
            word for name in figures for word in (("--metric", name) if not name.startswith("-") else name.split())
        ]
        main(["figures", "here", "--month", "2026-03", "--format", "csv", *asked])
        table = pl.read_csv(capsys.readouterr().out.encode())
        return {(row["group"] or row["metric"]): row["value"] for row in table.to_dicts()}, checked

    return run


def test_an_answer_that_nobody_can_read_was_given_all_the_same(imported: Imported) -> None:
    words = ["good", "good", "bad", "sehr gut", "sehr gut", "sehr gut", "N/A", "", "", ""]
    rows = [f"{n},2026-03-01 10:00,{'2026-03-02 10:00' if word else ''},{word}" for n, word in enumerate(words)]
    told, checked = imported(SURVEYS, "\n".join(["id,sent,at,a", *rows]), "csat", "response_rate")
    assert told == {"csat": pytest.approx(200 / 3), "response_rate": 60.0}  # a code for no answer is none
    assert "answered_at without an answer  3 rows" in checked


@pytest.mark.parametrize("sign", ["", "-"])
def test_a_refund_lowers_the_revenue_whichever_sign_it_has(imported: Imported, sign: str) -> None:
    lines = ["id,cust,at,kind,amount,cur", "1,A,2026-03-10 10:00,order,100,EUR", f"2,A,2026-03-12,refund,{sign}40,EUR"]
    lines += ["3,B,2026-03-10 10:00,order,50,EUR", "4,C,2026-03-10 10:00,order,-20,EUR"]
    told, checked = imported(ORDERS, "\n".join(lines), "revenue", "average_order_value")
    assert told == {"revenue": 90.0, "average_order_value": 45.0}  # (100 − 40 + 50 − 20) ÷ 2 orders
    assert "an order below zero, which counts as a refund  1 row, for example 4" in checked


def test_a_currency_is_one_however_it_is_written_and_never_added_to_another(imported: Imported) -> None:
    amounts = [("100", "EUR"), ("100", "usd"), ("0", "EUR"), ("5", "€"), ("5", "EUR ")]
    rows = [f"{n},c{n},2026-03-1{n} 10:00,order,{amount},{code}" for n, (amount, code) in enumerate(amounts)]
    lines = "\n".join(["id,cust,at,kind,amount,cur", *rows])
    told, checked = imported(ORDERS, lines, "revenue", "--by currency")
    assert told == {"EUR": 105.0, "USD": 100.0, "€": 5.0}
    assert "currency is no code of three letters (ISO 4217)  1 row" in checked
    assert imported(ORDERS, lines, "revenue")[0] == {}  # no sum over currencies
