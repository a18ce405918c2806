"""Months are compared only where a figure means the same in both; which question, which weights, is said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cxlib import say
from cxlib.derive import derive
from cxlib.errors import UsageError
from cxlib.estimates.comparable import chance, last_day_is
from cxlib.metrics import Query, missing_reason, query
from cxlib.questions import breakdown, change, distribution, figures, mix_decomposition, overview, trend
from cxlib.results.types import Breakdown, Change, Distribution, Incomparable, NotKnown, Trend
from cxlib.settings import build
from cxlib.store.folder import open_data, write_manifest
from cxlib.tables.schema import GIVEN, conform

Rows = list[dict[str, Any]]
MONTHS = (("2026-08", 8), ("2026-09", 9), ("2026-10", 10))


def answer(number: int, month: int, value: float, **more: Any) -> dict[str, Any]:
    at = datetime(2026, month, 2 + number % 25, 12, tzinfo=UTC)
    row = {"survey_id": f"{month}/{number}", "kind": "csat", "customer_id": f"c{month}/{number}", "answer": value}
    return row | {"answered_at": at, "scale_low": 1.0, "scale_high": 5.0, "high_is_good": True} | more


def desk(folder: Path, settings: str = "", **tables: Rows) -> Query:
    folder.mkdir()
    for name, rows in tables.items():
        columns = {column.name: [row.get(column.name) for row in rows] for column in GIVEN[name].given}
        conform(pl.LazyFrame(columns, strict=False), name).collect().write_parquet(folder / f"{name}.parquet")
    (folder / "settings.toml").write_text(settings, encoding="utf-8")
    write_manifest(folder, {"extracted_at": "2026-11-01T00:00:00+00:00"})
    derive(folder)
    return query(open_data(str(folder)))


@pytest.fixture
def rescaled(tmp_path: Path) -> Query:
    """The same opinions, four of five content, on 1–5 until September and on 0–10 from October on."""
    told = [answer(n, month, 5.0 if n % 5 else 2.0) for month in (8, 9) for n in range(200)]
    told += [
        answer(n, 10, 8.0 if n % 5 else 2.0, scale_low=0.0, scale_high=10.0) for n in range(200)
    ]  # eight of ten is no top box there
    return desk(tmp_path / "rescaled", surveys=told)


def test_another_scale_is_no_change_of_opinion(rescaled: Query) -> None:
    since = Incomparable("scale", "2026-10", "1–5", "0–10")
    found = change("csat", rescaled)
    assert isinstance(found, Change)
    assert (found.before.value, found.after.value) == (80.0, 0.0)
    assert (found.difference, found.p_value, found.incomparable) == (None, None, since)
    for result in (found, trend("csat", rescaled), distribution("csat", rescaled), overview(rescaled)):
        text = say(result).text
        assert "another scale since October 2026" in text
        assert "more than chance" not in text
    spread = distribution("csat", rescaled)
    assert isinstance(spread, Distribution)
    assert spread.incomparable == since
    assert spread.points.select("difference", "p_value", "p_adjusted").null_count().row(0)[:2] == (3, 3)
    table = figures(rescaled, ["2026-10"], names=["csat", "csat_mean", "dissatisfied_customers"], change=True)
    assert table["difference"].null_count() == table.height == 3


def test_before_the_scale_changed_months_are_compared(rescaled: Query) -> None:
    earlier = query(rescaled.data, month="2026-09")
    found = change("csat", earlier)
    assert isinstance(found, Change)
    assert (found.difference, found.incomparable) == (0.0, None)
    back = query(rescaled.data, month="2026-10", compare_with="2026-08")
    found = change("csat", back)
    assert isinstance(found, Change)
    assert found.incomparable == Incomparable("scale", "2026-10", "1–5", "0–10")


def test_two_scales_side_by_side_are_compared_while_their_shares_stay(tmp_path: Path) -> None:
    mixed = [
        answer(n, month, 5.0, scale_high=7.0 if n % 3 == 0 else 5.0)
        for month, size in ((9, 210), (10, 190)) for n in range(size)
    ]  # fmt: skip
    found = change("csat", desk(tmp_path / "mixed", surveys=mixed))
    assert isinstance(found, Change)
    assert found.incomparable is None
    assert found.difference is not None


def test_the_chi_squared_test_is_the_one_of_scipy() -> None:
    import numpy as np
    from scipy.stats import chi2_contingency

    table = np.array([[90.0, 60.0, 3.0], [70.0, 85.0, 9.0]])
    assert chance(table) == pytest.approx(chi2_contingency(table, correction=False).pvalue)


def two_questions(*, swapped: bool) -> Rows:
    rows = []
    for customer in ("A", "B"):
        for place, (question, value) in enumerate((("overall", 1.0), ("courtesy", 5.0))):
            number = f"{customer}{1 - place if swapped else place}"
            rows.append(answer(0, 10, value, survey_id=number, customer_id=customer, question=question))
    return rows


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize(
    ("chosen", "value", "people"), [("", 100.0, (2, 0)), ("overall", 0.0, (0, 2)), ("courtesy", 100.0, (2, 0))]
)
def test_two_questions_are_two_figures(
    tmp_path: Path,
    swapped: bool,
    chosen: str,
    value: float,
    people: tuple[int, int],
) -> None:
    rows, settings = two_questions(swapped=swapped), f'questions.csat = "{chosen}"' if chosen else ""
    here = desk(tmp_path / "two", settings, surveys=rows[::-1] if swapped else rows)
    names = ["csat", "satisfied_customers", "dissatisfied_customers"]
    assert figures(here, ["2026-10"], names=names)["value"].to_list() == [value, *people]
    by_question = figures(here, ["2026-10"], "question", ["csat"]).select("group", "value").rows()
    assert by_question == [("courtesy", 100.0), ("overall", 0.0)]
    only = figures(here.only("question", "overall"), ["2026-10"], names=["csat"])
    assert only["value"].to_list() == [0.0]
    found = trend("csat", here)
    assert isinstance(found, Trend)
    told, other = (chosen or "courtesy"), "courtesy" if chosen == "overall" else "overall"
    assert (found.scope.question, found.scope.other_questions) == (told, (other,))
    assert f"“{other}”" in say(found).text
    parts = breakdown("csat", here, "question")
    assert isinstance(parts, Breakdown)
    assert parts.overall.value == value  # not of both questions together


def test_the_most_asked_question_makes_the_figure_and_a_month_without_it_its_own(tmp_path: Path) -> None:
    rows = [answer(n, 8, 5.0, question="old") for n in range(60)]
    rows += [answer(n, 9, 5.0, question="old") for n in range(50)]
    rows += [answer(n, 9, 1.0, survey_id=f"x{n}", question="new") for n in range(30)]
    rows += [answer(n, 10, 1.0, question="new") for n in range(40)]
    here = desk(tmp_path / "reworded", surveys=rows)
    counted = figures(here, [month for month, _ in MONTHS], names=["csat"]).select("n", "value").rows()
    assert counted == [(60, 100.0), (50, 100.0), (40, 0.0)]
    found = change("csat", here)
    assert isinstance(found, Change)
    assert found.incomparable == Incomparable("question", "2026-10", "old", "new")
    assert "another question is asked since October 2026" in say(found).text
    assert isinstance(mix_decomposition("csat", here, "agent"), NotKnown)


def test_a_question_that_nobody_answered_makes_no_figure(tmp_path: Path) -> None:
    here = desk(tmp_path / "none", 'questions.csat = "speed"', surveys=two_questions(swapped=False))
    reason = missing_reason(here.metric("csat"), here)
    assert reason is not None
    assert "'speed'" in reason
    assert "'courtesy', 'overall'" in reason
    with pytest.raises(UsageError, match="csta"):
        build({"questions": {"csta": "overall"}})


def test_a_weighted_figure_is_called_so_beside_the_plain_one(tmp_path: Path) -> None:
    rows = [
        answer(n, month, 5.0 if n % 2 else 1.0, weight=3.0 if n % 2 else 1.0) for month in (9, 10) for n in range(40)
    ]
    here = desk(tmp_path / "weighted", surveys=rows)
    found = trend("csat", here)
    assert isinstance(found, Trend)
    assert found.points["value"][-1] == 75.0
    assert (found.scope.weighted, found.scope.unweighted) == (True, 50.0)
    assert "Weighted; 50" in say(found).text
    plain = trend("csat", query(here.data, month="2026-10", weighted=False))
    assert isinstance(plain, Trend)
    assert (plain.points["value"][-1], plain.scope.weighted) == (50.0, False)
    assert "eighted" not in say(plain).text


def test_the_backlog_is_withheld_while_older_tickets_may_be_missing(tmp_path: Path) -> None:
    rows = [
        {"ticket_id": f"t{n}", "customer_id": f"c{n}", "created_at": datetime(2026, 3, 1, 9, tzinfo=UTC)
         + timedelta(days=n), "status": "open"}
        for n in range(240)
    ]  # fmt: skip
    here = desk(tmp_path / "young", tickets=rows)
    months = [f"2026-{month:02}" for month in range(3, 11)]
    told = figures(here, months, names=["backlog"]).drop_nulls("value")["period"].to_list()
    assert told == ["2026-06", "2026-07", "2026-08", "2026-09", "2026-10"]  # 1 March and 91 days: 31 May
    early = trend("backlog", query(here.data, month="2026-05"))
    assert isinstance(early, NotKnown)
    assert "2026-06" in early.reason
    first = trend("backlog", query(here.data, month="2026-06"))
    assert isinstance(first, Trend)
    assert first.change is not None
    assert first.change.incomparable == Incomparable("history", "2026-06")
    whole = desk(tmp_path / "whole", "windows.backlog_days = 0", tickets=rows)
    assert figures(whole, months, names=["backlog"])["period"].to_list() == months


def test_who_bought_once_has_not_stayed(tmp_path: Path) -> None:
    rows = [
        {"order_id": f"o{n}", "customer_id": f"c{n}", "amount": 20.0,
         "ordered_at": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=12 * n),
"currency": "EUR", "kind": "order"}
        for n in range(599)
    ]  # fmt: skip
    here = desk(tmp_path / "shop", orders=rows)
    told = figures(here, [f"2026-{month:02}" for month in range(1, 11)], names=["retention"])
    told = told.filter(pl.col("n") > 0)
    assert told["period"].to_list() == ["2026-06", "2026-07", "2026-08", "2026-09", "2026-10"]
    assert set(told["value"]) == {0.0}
    assert "rose" not in say(trend("retention", here)).text


def test_buying_again_so_far_is_not_compared_as_later_buyers_had_less_time(tmp_path: Path) -> None:
    rows = [
        {"order_id": f"o{n}{again}", "customer_id": f"c{n}", "amount": 20.0, "currency": "EUR", "kind": "order",
         "ordered_at": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=6 * n + 24 * 40 * again)}
        for n in range(1100) for again in (0, 1)
    ]  # fmt: skip
    found = change("repeat_purchase_ever", desk(tmp_path / "again", orders=rows))
    assert isinstance(found, Change)
    assert (found.difference, found.incomparable) == (None, Incomparable("time", "2026-10"))


def test_every_month_of_responses_has_had_as_much_time(tmp_path: Path) -> None:
    rows = [
        answer(n, month, 5.0, sent_at=datetime(2026, month, 1 + n % 17, tzinfo=UTC),
               answered_at=datetime(2026, month, 1 + n % 17, tzinfo=UTC) + timedelta(days=wait) if wait else None)
        for month in (8, 9, 10) for n in range(100) for wait in [(3, 13, 20, 0)[n % 4]]
    ]  # fmt: skip
    here = desk(tmp_path / "late", surveys=rows)
    assert figures(here, [month for month, _ in MONTHS], names=["response_rate"])["value"].to_list() == [50.0] * 3


def _offered(month: int, *, content: int, discontent: int, silent: int) -> Rows:
    sent = datetime(2026, month, 3, tzinfo=UTC)
    told = [5.0] * content + [1.0] * discontent + [None] * silent
    return [
        answer(n, month, value, sent_at=sent, answered_at=None if value is None else sent + timedelta(days=2))
        for n, value in enumerate(told)
    ]  # fmt: skip


def test_a_response_rate_that_moved_too_is_told_with_what_it_could_do(tmp_path: Path) -> None:
    rows = _offered(8, content=160, discontent=40, silent=600)  # 25 % answer, 80 % of them content
    rows += _offered(9, content=160, discontent=120, silent=520)  # 80 more answer, all of them discontent
    here = desk(tmp_path / "biased", surveys=rows)
    found = change("csat", query(here.data, month="2026-09"))
    assert isinstance(found, Change)
    assert found.responding is not None
    assert (found.responding.before, found.responding.after, found.responding.worst) == (25.0, 35.0, True)
    assert found.responding.bound == pytest.approx(100 * 160 / 200)  # without the 80 it would be as before
    assert "The response rate rose too, from 25.0 % to 35.0 %" in say(found).text.replace("\N{NO-BREAK SPACE}", " ")
    back = change("csat", query(here.data, month="2026-08", compare_with="2026-09"))
    assert isinstance(back, Change)
    assert back.responding is not None
    missing = (0.35 - 0.25) / 0.35  # of those who would have answered; all discontent
    assert back.responding.bound == pytest.approx(80.0 * (1 - missing))
    assert back.responding.worst
    still = desk(tmp_path / "still", surveys=_offered(8, content=160, discontent=40, silent=600)
                 + _offered(9, content=110, discontent=90, silent=600))  # fmt: skip
    alone = change("csat", query(still.data, month="2026-09"))
    assert isinstance(alone, Change)
    assert alone.responding is None


def test_the_age_of_a_backlog_is_compared_only_where_months_end_on_like_days(tmp_path: Path) -> None:
    """October 2026 ends on a Saturday, September and July on a working day, May on a Sunday, August on a Monday."""
    rows = [
        {"ticket_id": f"t{n}", "customer_id": f"c{n}", "created_at": datetime(2026, 1, 1, 9, tzinfo=UTC)
         + timedelta(hours=7 * n), "status": "open"}
        for n in range(1000)
    ]  # fmt: skip
    here = desk(tmp_path / "stock", "windows.backlog_days = 0", tickets=rows)
    kinds = {"2026-05": "off", "2026-07": "working", "2026-08": "after", "2026-09": "working"}
    for month, kind in kinds.items():
        assert last_day_is(month, here) == kind
        found = change("backlog_age", query(here.data, compare_with=month))
        assert isinstance(found, Change)
        unlike = None if kind == "off" else Incomparable("end", "2026-10", kind, "off")
        assert found.incomparable == unlike
        assert (found.difference is None) == (unlike is not None)
    told = say(trend("backlog_age", here)).text
    assert "the earlier month ended on a working day, the later one on a day off" in told
    assert isinstance(mix_decomposition("backlog_age", here, "channel"), NotKnown)
