"""The controls of JupyterLab: what they show follows them, and the call they tell gives the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

import cxlib as cx
from cxlib.errors import MissingDataError, UsageError
from cxlib.explorer import BREAKDOWN, DISTRIBUTION, QUESTIONS, TREND, Explorer
from cxlib.results.types import NotKnown
from cxlib.store.folder import open_data, write_manifest


@pytest.fixture
def explorer(small_demo: Path) -> Explorer:
    return cx.explore(str(small_demo))


def displayed(explorer: Explorer) -> list[dict[str, Any]]:
    """Return what the controls show now, without the pictures, whose ids count on."""
    return [without_picture(output["data"]) for output in explorer.output.outputs]


def without_picture(bundle: dict[str, Any]) -> dict[str, Any]:
    return {kind: part for kind, part in bundle.items() if kind != "image/svg+xml"}


def said(explorer: Explorer) -> str:
    (sentence,) = (data["text/plain"] for data in displayed(explorer) if "text/markdown" in data)
    return str(sentence)


@pytest.mark.parametrize(
    "chosen",
    [
        {},
        {"question": BREAKDOWN, "by": "team"},
        {"question": DISTRIBUTION, "compare_with": "last_year"},
        {"metric": "resolution_time", "question": DISTRIBUTION, "filters": "channel=phone|chat"},
        {"metric": "ticket_volume", "question": BREAKDOWN, "by": "category", "compare_with": "last_year"},
        {"metric": "ticket_volume", "question": DISTRIBUTION},
        {"metric": "nps", "filters": 'team=a "quoted" \\ name'},
        {"filters": "tem=Billing"},
    ],
)
def test_the_call_shown_gives_what_is_shown(
    explorer: Explorer, chosen: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in chosen.items():
        getattr(explorer, name).value = value
    shown: list[dict[str, Any]] = []
    monkeypatch.setattr("IPython.display.display", lambda part, **_: shown.append(part._repr_mimebundle_()))
    try:
        eval(explorer.call, {"cx": cx})
    except UsageError as mistake:
        assert said(explorer) == str(mistake)
        assert len(explorer.output.outputs) == 1
    else:
        assert [without_picture(bundle) for bundle in shown] == displayed(explorer)
        assert all(value in explorer.call for value in chosen.values() if '"' not in value)


def test_every_choice_changes_what_is_shown(explorer: Explorer) -> None:
    months = explorer.month.options
    steps = [
        ("question", BREAKDOWN), ("by", "team"), ("metric", "csat_mean"), ("month", months[5]),
        ("filters", "channel=email"), ("question", TREND), ("compare_with", "last_year"), ("question", DISTRIBUTION),
    ]  # fmt: skip
    seen = [displayed(explorer)]
    for name, value in steps:
        getattr(explorer, name).value = value
        assert displayed(explorer) not in seen, f"{name} = {value} changed nothing"
        seen.append(displayed(explorer))
    assert all(len(outputs) == 3 for outputs in seen), "chart, sentence, table"


def test_the_figures_shown_are_those_of_the_rows_kept(explorer: Explorer, small_demo: Path) -> None:
    month = explorer.month.value
    explorer.filters.value = "channel=email"
    tickets = open_data(str(small_demo)).scan("tickets").select("ticket_id", "channel")
    kept = (
        open_data(str(small_demo)).scan("surveys").join(tickets, on="ticket_id")
        .filter(pl.col("channel") == "email", pl.col("kind") == "csat", pl.col("latest"))
        .filter(pl.col("answered_day").dt.strftime("%Y-%m") == month).collect()
    )  # fmt: skip
    (row,) = explorer.result().points.filter(period=month).iter_rows(named=True)
    assert row["n"] == kept.height > 0
    assert row["value"] == pytest.approx(100 * (kept["box"] == "top").sum() / kept.height)


@pytest.mark.parametrize(
    ("filters", "says"), [("tem=Billing", "Did you mean 'team'?"), ("Billing", "not of the form dimension=value")]
)
def test_a_mistake_is_told_in_place_and_mended_in_place(explorer: Explorer, filters: str, says: str) -> None:
    before = displayed(explorer)
    explorer.filters.value = filters
    assert says in said(explorer)
    assert len(explorer.output.outputs) == 1
    explorer.filters.value = ""
    assert displayed(explorer) == before


def test_only_what_the_data_can_answer_is_offered(explorer: Explorer) -> None:
    explorer.question.value = BREAKDOWN
    offered = dict(explorer.metric.options).values()
    assert {"csat", "nps", "resolution_time"} <= set(offered) <= set(cx.METRICS)
    for metric in ("csat", "ticket_volume"):
        explorer.metric.value = metric
        assert ("handling channel" in dict(explorer.by.options)) == (metric == "csat")
        for by in dict(explorer.by.options).values():
            explorer.by.value = by
            assert not isinstance(explorer.result(), NotKnown), by


def test_a_chosen_dimension_outlives_a_change_of_figure_where_it_can(explorer: Explorer) -> None:
    explorer.question.value, explorer.by.value = BREAKDOWN, "team"
    explorer.metric.value = "ticket_volume"
    assert explorer.by.value == "team"
    explorer.metric.value, explorer.by.value = "csat", "handling_channel"
    explorer.metric.value = "ticket_volume"
    assert explorer.by.value == "channel"
    assert explorer.call.endswith('"channel"))')


def test_the_call_appears_on_request_and_cannot_become_markup(explorer: Explorer) -> None:
    (code,) = (child for child in explorer.box.children if hasattr(child, "value"))
    assert code.value == ""
    explorer.filters.value = "team=<b>"
    explorer.show_call.value = True
    assert "team=&lt;b&gt;" in code.value
    explorer.question.value = BREAKDOWN
    assert "cx.breakdown" in code.value
    explorer.show_call.value = False
    assert code.value == ""


def test_a_dimension_can_be_picked_for_a_breakdown_only(explorer: Explorer) -> None:
    assert list(QUESTIONS.values()) == [TREND, BREAKDOWN, DISTRIBUTION]
    for question in QUESTIONS.values():
        explorer.question.value = question
        assert explorer.by.disabled == (question != BREAKDOWN)


def test_the_notebook_shows_the_controls(explorer: Explorer) -> None:
    assert "application/vnd.jupyter.widget-view+json" in explorer._repr_mimebundle_()
    assert callable(cx.explore), "a module of that name must not take its place"


def test_data_that_are_not_there_or_hold_nothing_are_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no data set 'nowhere'"):
        cx.explore("nowhere")
    write_manifest(
        tmp_path, {"extracted_at": "2026-01-01T00:00:00+00:00", "first_month": "2025-12", "last_month": "2025-12"}
    )
    with pytest.raises(MissingDataError, match="answer no figure"):
        cx.explore(str(tmp_path))
