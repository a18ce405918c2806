"""Every question of every notebook, asked of awkward data: an answer or a plain reason, never NaN or a traceback."""

from __future__ import annotations

import ast
import json
import re
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import cxlib as cx
from cxlib.demo import DemoParameters, build_demo
from cxlib.derive import derive
from cxlib.metrics import Query
from cxlib.store.folder import open_data
from tests.conftest import ROOT

Tables = dict[str, pl.DataFrame]
MONTH = "2026-10"
EVENTS = {
    "tickets": "created_at", "messages": "sent_at", "changes": "changed_at", "surveys": "sent_at",
    "orders": "ordered_at", "workflow_runs": "ran_at", "article_views": "viewed_at",
}  # fmt: skip
NOT_A_NUMBER = re.compile(r"\b(nan|NaN|inf|None|Traceback)\b")


def with_surveys(tables: Tables, change: Callable[[pl.DataFrame], pl.DataFrame]) -> Tables:
    return tables | {"surveys": change(tables["surveys"])}


def one_respondent(tables: Tables) -> Tables:
    first = tables["surveys"].filter(pl.col("answered_at").is_not_null())["customer_id"].drop_nulls().sort()[0]
    return with_surveys(tables, lambda rows: rows.filter(pl.col("customer_id") == first))


def all_alike(tables: Tables) -> Tables:
    best = pl.when(pl.col("answered_at").is_not_null()).then("scale_high").cast(pl.Float64)
    alike = tables["tickets"].with_columns(
        channel=pl.lit("email"), category=pl.lit("Billing"), team=pl.lit("One"), agent_id=pl.lit("A001")
    )
    return with_surveys(
        tables | {"tickets": alike}, lambda rows: rows.with_columns(answer=best, agent_id=pl.lit("A001"))
    )


def separated(tables: Tables) -> Tables:
    phone = pl.col("ticket_id").is_in(tables["tickets"].filter(channel="phone")["ticket_id"].implode())
    answer = pl.when(pl.col("answered_at").is_not_null()).then(pl.when(phone).then("scale_low").otherwise("scale_high"))
    return with_surveys(tables, lambda rows: rows.with_columns(answer=answer.cast(pl.Float64)))


def month_without_rows(tables: Tables) -> Tables:
    day = pl.lit("2026-10-01T00:00:00Z").str.to_datetime(time_zone="UTC")
    kept = {name: tables[name].filter(pl.col(at).is_null() | (pl.col(at) < day)) for name, at in EVENTS.items()}
    spam = tables["tickets"].filter(pl.col("created_at") >= day).head(1).with_columns(status=pl.lit("spam"))
    return tables | kept | {"tickets": pl.concat([kept["tickets"], spam])}  # the month exists all the same


def zero_weights(tables: Tables) -> Tables:
    return with_surveys(tables, lambda rows: rows.with_columns(weight=pl.lit(0.0)))


def nobody_known(tables: Tables) -> Tables:
    unknown = pl.lit(None, dtype=pl.String)
    kept = {
        name: frame.with_columns(customer_id=unknown) if "customer_id" in frame.columns else frame
        for name, frame in tables.items()
    }
    return {name: frame for name, frame in kept.items() if name not in ("customers", "orders")}


def bare_tickets(tables: Tables) -> Tables:
    return {"tickets": tables["tickets"].select("ticket_id", "created_at")}


def surveys_only(tables: Tables) -> Tables:
    return {"surveys": tables["surveys"]}


def orders_only(tables: Tables) -> Tables:
    return {name: tables[name] for name in ("orders", "customers")}


def three_tickets(tables: Tables) -> Tables:
    few = tables["tickets"].filter(pl.col("created_at").dt.strftime("%Y-%m") == MONTH).head(3)
    mine = pl.col("ticket_id").is_in(few["ticket_id"].implode())
    others = {name: tables[name].filter(mine) for name in ("messages", "changes", "surveys", "workflow_runs")}
    return {"tickets": few, "agents": tables["agents"], "customers": tables["customers"], **others}


AWKWARD = (
    one_respondent, all_alike, separated, month_without_rows, zero_weights, nobody_known, bare_tickets, surveys_only,
    orders_only, three_tickets,
)  # fmt: skip


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Tables]:
    """The given tables of a tiny demo company."""
    folder = tmp_path_factory.mktemp("awkward") / "demo"
    folder.mkdir()
    build_demo(folder, parameters=DemoParameters(seed=5, tickets=1_500, customers=300, agents=10, months=14, dirty=0))
    return folder, {path.stem: pl.read_parquet(path) for path in folder.glob("*.parquet")}


def looked_at(folder: Path, source: Path, tables: Tables) -> Query:
    folder.mkdir()
    for name, frame in tables.items():
        frame.write_parquet(folder / f"{name}.parquet")
    for name in ("manifest.json", "settings.toml"):
        (folder / name).write_bytes((source / name).read_bytes())
    derive(folder)
    return cx.query(open_data(str(folder)), month=MONTH, by="category")


def notebook_cells() -> Iterator[ast.stmt]:
    """Every statement that follows the view in a notebook, all notebooks in turn."""
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"][3:]:
            if cell["cell_type"] == "code":
                yield from ast.parse("".join(cell["source"])).body


def problems(query: Query) -> dict[str, str]:
    """Ask every question of every notebook once; return what is wrong with the answers."""
    known: dict[str, Any] = {"cx": cx, "query": query, "by": query.by, "customer_id": "", "agent_id": ""}
    found: dict[str, str] = {}
    for statement in notebook_cells():
        text = ast.unparse(statement)
        if isinstance(statement, ast.Assign):
            exec(text, known)
        elif text.startswith("cx.show(") and text not in found:
            found[text] = asked(text.removeprefix("cx.show(").removesuffix(")"), known)
    assert len(found) > 60
    return {question: problem for question, problem in found.items() if problem}


def asked(question: str, known: dict[str, Any]) -> str:
    """Return what is wrong with the answer to a question, nothing if all is well."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            result = eval(question, known)
            told = f"{cx.say(result)}\n{cx.table(result).text}\n{cx.chart(result).description}"
            json.dumps(cx.chart(result).spec, allow_nan=False)
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})"
    found = NOT_A_NUMBER.search(told)
    return f"{found[0]} in {told[max(0, found.start() - 100) : found.end() + 50]}" if found else ""


@pytest.mark.parametrize("awkward", AWKWARD, ids=lambda change: change.__name__)
def test_every_question_answers_or_says_why_not(
    awkward: Callable[[Tables], Tables], given: tuple[Path, Tables], tmp_path: Path
) -> None:
    source, tables = given
    query = looked_at(tmp_path / "data", source, awkward(tables))
    assert problems(query) == {}
