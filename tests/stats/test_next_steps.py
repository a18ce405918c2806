"""What to automate, to write, to mend: against loops, a second route, planted and absent truths."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from stats.desk import Rows, build
from stats.service_desk import CATEGORIES, SUBJECTS, looked, tickets, views

import cxlib as cx
from cxlib.estimates.drilldown import LISTS, Listed
from cxlib.metrics.queries import Query, query
from cxlib.questions import breakdown
from cxlib.questions.workflows.articles import article_candidates, leaving_articles
from cxlib.questions.workflows.automation_candidates import automation_candidates
from cxlib.results.types import Breakdown, Effects, NotKnown, Shortlist
from cxlib.store.folder import open_data

COLUMNS = ("value", "low", "high")


def listed(answer: Shortlist | NotKnown) -> Shortlist:
    assert isinstance(answer, Shortlist)
    return answer


def row_of(found: Shortlist | Effects, label: str) -> dict[str, Any]:
    return found.points.row(by_predicate=pl.col("label") == label, named=True)


def minutes(ticket: dict[str, Any]) -> float:
    return float(ticket["handle_minutes"] or ticket["estimated_handle_minutes"])


def poisson(amounts: list[float]) -> tuple[float, float]:
    """Return the score interval of a compound Poisson total: Wilson's for a rate on T² ÷ Σx² events."""
    total, squares, z = sum(amounts), sum(x * x for x in amounts), 1.959964
    events, worth = total**2 / squares, squares / total
    half = z * (events + z * z / 4) ** 0.5
    return worth * (events + z * z / 2 - half), worth * (events + z * z / 2 + half)


# --- what to automate -------------------------------------------------------------------------------------------------


def test_hours_are_those_of_quick_repeated_tickets_one_contact_solved(tmp_path: Path) -> None:
    asked = tickets(2500)
    for number, ticket in enumerate(asked):
        if number % 9 == 0:
            ticket["subject"] = f"Something {'abcdefghijklmnopqrstuvwxyz'[number % 26] * 8} nobody else asks"
    found = listed(automation_candidates(looked(tmp_path / "desk", asked, [])))
    known = [t for t in asked if "2025-11" <= f"{t['solved_day']:%Y-%m}" <= "2026-09"]
    assert found.months == ("2025-10", "2026-09")
    usual = median(minutes(t) for t in known)
    keys = Counter(str(t["subject"]).lower() for t in known)
    for category in CATEGORIES:
        own = [t for t in known if t["category"] == category]
        by_customer: defaultdict[str, float] = defaultdict(float)
        for t in own:
            easy = t["agent_replies"] <= 1 and t["reopens"] == 0
            if easy and minutes(t) <= usual and keys[str(t["subject"]).lower()] >= 10:
                by_customer[t["customer_id"]] += minutes(t) / 60
        row = row_of(found, category)
        assert row["value"] == pytest.approx(sum(by_customer.values()) / 12)
        low, high = poisson(list(by_customer.values()))
        assert (row["low"], row["high"]) == pytest.approx((low / 12, high / 12), rel=1e-6)
        assert row["tickets"] == pytest.approx(len(own) / 12)
        assert row["quick"] == pytest.approx(100 * sum(minutes(t) <= usual for t in own) / len(own))
    assert found.points["low"].to_list() == sorted(found.points["low"], reverse=True)


def test_the_category_asked_most_comes_first_alone_and_equals_are_not_told_apart(tmp_path: Path) -> None:
    asked = tickets(2400)
    equal = listed(automation_candidates(looked(tmp_path / "equal", asked, [])))
    assert equal.points["named"].all()
    for ticket in asked:
        if ticket["category"] != "login" and int(ticket["ticket_id"][1:]) % 2:
            ticket["category"], ticket["subject"] = "login", SUBJECTS[2]
    more = listed(automation_candidates(looked(tmp_path / "more", asked, [])))
    assert more.points.filter("named")["label"].to_list() == ["login"]
    assert "login" in str(cx.say(more))


@pytest.mark.parametrize(
    ("recorded", "told"), [(7.0, "as recorded"), (None, "estimated from replies")], ids=["recorded", "estimated"]
)
def test_minutes_that_are_estimated_are_called_so(recorded: float | None, told: str, tmp_path: Path) -> None:
    asked = [row | {"handle_minutes": recorded} for row in tickets(400)]
    there = looked(tmp_path / "desk", asked, [])
    for answer in (automation_candidates(there), article_candidates(there, months=12)):
        text = str(cx.say(listed(answer))).lower()
        assert told in text
        assert "partly" not in text
    assert "partly estimated" in str(cx.say(automation_candidates(looked(tmp_path / "some", tickets(400), [])))).lower()


def test_without_minutes_or_categories_nothing_is_said(tmp_path: Path) -> None:
    nothing = {"handle_minutes": None, "estimated_handle_minutes": None}
    answer = automation_candidates(looked(tmp_path / "minutes", [row | nothing for row in tickets(200)], []))
    assert isinstance(answer, NotKnown)
    answer = automation_candidates(looked(tmp_path / "none", [row | {"category": None} for row in tickets(200)], []))
    assert isinstance(answer, NotKnown)


# --- what to write ----------------------------------------------------------------------------------------------------


def typed(asked: Rows) -> Rows:
    """Return the tickets with subjects as people type them."""
    ways = (str, str.upper, "Re: {} 4711".format, "{} please".format)
    return [row | {"subject": ways[number % 4](row["subject"])} for number, row in enumerate(asked)]


def test_requests_are_counted_and_their_hours_summed_as_a_loop_does(tmp_path: Path) -> None:
    asked = tickets(1500)
    for months, first in ((1, "2026-10"), (6, "2026-05")):
        found = listed(article_candidates(looked(tmp_path / f"desk {months}", typed(asked), []), months=months))
        inside = [t for t in asked if first <= f"{t['created_day']:%Y-%m}" <= "2026-10"]
        assert {row["label"] for row in found.points.iter_rows(named=True)} <= {
            text for row in typed(asked) for text in (row["subject"],)
        }
        for subject in SUBJECTS:
            own = [t for t in inside if t["subject"] == subject]
            by_customer: defaultdict[str, list[float]] = defaultdict(list)
            for t in own:
                by_customer[t["customer_id"]].append(minutes(t) / 60)
            row = found.points.filter(pl.col("label").str.to_lowercase().str.contains(subject[:12].lower())).row(
                0, named=True
            )
            hours = [sum(each) for each in by_customer.values()]
            assert row["value"] == pytest.approx(sum(hours) / months)
            assert (row["low"], row["high"]) == pytest.approx([end / months for end in poisson(hours)], rel=1e-6)
            assert row["tickets"] == pytest.approx(len(own) / months)
            counts = poisson([float(len(each)) for each in by_customer.values()])
            assert (row["fewest"], row["most"]) == pytest.approx([end / months for end in counts], rel=1e-6)
        assert found.points.height == 3


def test_a_title_like_the_request_covers_it(tmp_path: Path) -> None:
    seen = [row | {"title": "Where is my parcel"} for row in views(50)]
    found = listed(article_candidates(looked(tmp_path / "desk", tickets(), [], article_views=seen), months=6))
    assert row_of(found, SUBJECTS[0])["note"] == "an article is titled “Where is my parcel”"
    assert not row_of(found, SUBJECTS[0])["named"]
    assert row_of(found, SUBJECTS[1])["note"] == ""


def test_first_messages_speak_where_there_is_no_subject(tmp_path: Path) -> None:
    asked = tickets(600)
    said = [
        {"message_id": f"m{n}", "ticket_id": t["ticket_id"], "sent_at": t["created_at"] + timedelta(minutes=n % 2),
         "author": "customer", "is_public": True, "text": t["subject"] + " today"}
        for n, t in enumerate(asked)
    ] + [
        {"message_id": f"l{n}", "ticket_id": t["ticket_id"], "sent_at": t["created_at"] + timedelta(minutes=5),
         "author": "customer", "is_public": True, "text": "Any news of this thing?"}
        for n, t in enumerate(asked)
    ]  # fmt: skip
    silent = [row | {"subject": None} for row in asked]
    with_subjects = listed(article_candidates(looked(tmp_path / "said", asked, []), months=6))
    from_messages = listed(article_candidates(looked(tmp_path / "silent", silent, [], messages=said), months=6))
    assert from_messages.points["n"].to_list() == with_subjects.points["n"].to_list()
    assert set(from_messages.points["label"]) == {f"{subject} today" for subject in SUBJECTS}
    assert isinstance(article_candidates(looked(tmp_path / "mute", silent, []), months=6), NotKnown)


def test_what_nobody_asks_twice_is_no_repetition(tmp_path: Path) -> None:
    drawn = np.random.default_rng(1).choice(list("abcdefghijklmnopqrstuvwxyz"), (200, 12))
    own = [row | {"subject": "".join(letters)} for row, letters in zip(tickets(200), drawn, strict=True)]
    answer = article_candidates(looked(tmp_path / "desk", own, []), months=12)
    assert isinstance(answer, NotKnown)
    assert "nothing repeats" in answer.reason
    same = [row | {"customer_id": "c1"} for row in tickets(200)]  # one customer asks again and again
    assert isinstance(article_candidates(looked(tmp_path / "one", same, []), months=12), NotKnown)


def test_hostile_subjects_stay_text(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script> $x$ [a](http://e.org) \u202e"
    there = looked(tmp_path / "desk", [row | {"subject": hostile} for row in tickets(300)], [],
                   article_views=[row | {"title": hostile} for row in views(500)])  # fmt: skip
    for answer in (article_candidates(there, months=12), leaving_articles(there)):
        assert not isinstance(answer, NotKnown)
        told = cx.say(answer)._repr_mimebundle_()["text/markdown"] + cx.table(answer).html
        assert "<script>" not in told
        assert "\u202e" not in told
        cx.chart(answer)


def test_without_minutes_requests_are_ranked_by_tickets(tmp_path: Path) -> None:
    nothing = {"handle_minutes": None, "agent_replies": None, "estimated_handle_minutes": None}
    desks = [
        looked(tmp_path / name, [row | more for row in tickets()], [])
        for name, more in (("timed", {}), ("untimed", nothing))
    ]
    timed, untimed = (listed(article_candidates(desk, months=6)) for desk in desks)
    assert timed.measured_in == "hours a month"
    assert untimed.measured_in == "tickets a month"
    for desk, answer in zip(desks, (timed, untimed), strict=True):
        laid = LISTS["article_candidates"].of(desk, months=6)
        assert isinstance(laid, Listed)
        assert laid.units == {"adds": answer.measured_in}
    assert untimed.points["value"].to_list() == pytest.approx(untimed.points["tickets"].to_list())
    assert "nothing says how long they took" in untimed.reading


# --- articles that leave people with a ticket -------------------------------------------------------------------------


def leaving(there: Query, months: int = 12) -> Effects:
    found = leaving_articles(there, months=months)
    assert isinstance(found, Effects)
    return found


def desk_of(folder: Path, seen: Rows) -> Query:
    return query(build(folder, article_views=seen, tickets=tickets(50)), month="2026-10")


def test_the_difference_is_that_of_shares_a_loop_counts(tmp_path: Path) -> None:
    seen = views()
    found = leaving(desk_of(tmp_path / "desk", seen))
    for row in found.points.iter_rows(named=True):
        own = [v["ticket_opened"] for v in seen if v["title"] == row["label"]]
        rest = [v["ticket_opened"] for v in seen if v["title"] != row["label"]]
        assert row["value"] == pytest.approx(100 * (sum(own) / len(own) - sum(rest) / len(rest)))
        assert row["n"] == len(own)


def test_one_month_is_the_breakdown_of_that_month(tmp_path: Path) -> None:
    there = desk_of(tmp_path / "desk", views(3000))
    found, same = leaving(there, 1), breakdown("left_with_ticket", there, "article")
    assert isinstance(same, Breakdown)
    both = found.points.join(same.points, on="group", suffix="_same")
    assert both.height == 5
    for name, other in (
        ("value", "rest_difference"),
        ("low", "rest_low"),
        ("high", "rest_high"),
        ("p_value", "rest_p"),
    ):
        assert both[name].to_list() == pytest.approx(both[other].to_list())
    assert both["label"].to_list() == both["label_same"].to_list()


def test_intervals_of_independent_views_are_newcombes(tmp_path: Path) -> None:
    from statsmodels.stats.proportion import confint_proportions_2indep

    seen = [row | {"visitor_id": row["view_id"]} for row in views()]
    for row in leaving(desk_of(tmp_path / "desk", seen)).points.iter_rows(named=True):
        own = [v["ticket_opened"] for v in seen if v["title"] == row["label"]]
        rest = [v["ticket_opened"] for v in seen if v["title"] != row["label"]]
        low, high = confint_proportions_2indep(sum(own), len(own), sum(rest), len(rest), method="newcomb")
        assert (row["low"], row["high"]) == pytest.approx((100 * low, 100 * high), abs=0.05)


def test_the_article_that_leaves_people_is_named_first(tmp_path: Path) -> None:
    found = leaving(desk_of(tmp_path / "desk", views(chances={"k2": 0.25})))
    first = found.points.row(0, named=True)
    assert first["label"] == "Title k2" and first["p_adjusted"] < 0.005
    assert "Title k2" in str(cx.say(found))


def test_an_evident_article_is_no_measure_for_the_others(tmp_path: Path) -> None:
    seen = views(6000, chances={"k2": 0.5})
    found = leaving(desk_of(tmp_path / "desk", seen))
    assert (found.points["p_adjusted"] < 0.05).to_list() == [True, False, False, False, False]
    usual = [v for v in seen if v["title"] != "Title k2"]
    for row in found.points.iter_rows(named=True):
        own = [v["ticket_opened"] for v in seen if v["title"] == row["label"]]
        rest = [v["ticket_opened"] for v in usual if v["title"] != row["label"]]
        assert row["value"] == pytest.approx(100 * (sum(own) / len(own) - sum(rest) / len(rest)))


def test_no_article_is_named_when_all_are_equal(tmp_path: Path) -> None:
    named = sum(
        (leaving(desk_of(tmp_path / f"desk {seed}", views(1200, seed=seed))).points["p_adjusted"] < 0.05).any()
        for seed in range(20)
    )
    assert named <= 3  # one of twenty at most is promised; four of twenty have probability .016


def test_few_visitors_and_unlinked_views_are_told(tmp_path: Path) -> None:
    seen = [
        *views(200),
        *(row | {"article_id": "rare", "title": "Rare", "view_id": f"x{n}"} for n, row in enumerate(views(5))),
    ]
    found = leaving(desk_of(tmp_path / "few", seen))
    assert row_of(found, "Rare")["reason"].startswith("fewer than 20 visitors")
    unlinked = leaving_articles(desk_of(tmp_path / "none", [row | {"ticket_opened": None} for row in views(200)]))
    assert isinstance(unlinked, NotKnown)
    assert "whose visits they were" in unlinked.reason
    alone = leaving(desk_of(tmp_path / "one", [row | {"article_id": "k", "title": "K"} for row in views(200)]))
    assert alone.points["value"].to_list() == [None]


def test_duckdb_gives_the_same_answers(tmp_path: Path) -> None:
    there = query(build(tmp_path / "desk", article_views=views(), tickets=typed(tickets())), month="2026-10")
    duck = replace(there, engine="duckdb")
    for ask in (automation_candidates, article_candidates, leaving_articles):
        one, other = (ask(each) for each in (there, duck))
        assert not isinstance(one, NotKnown)
        assert not isinstance(other, NotKnown)
        assert_frame_equal(one.points, other.points, abs_tol=1e-9)


# --- the demo ---------------------------------------------------------------------------------------------------------


def test_the_demo_shows_its_leaving_article_and_what_repeats(small_demo: Path) -> None:
    there = query(open_data(str(small_demo)), month="previous")
    first = leaving(there).points.row(0, named=True)
    assert first["label"] == "End a contract" and first["p_adjusted"] < 0.005
    found = listed(article_candidates(there, months=12))
    assert row_of(found, "Where is my parcel?")["note"].startswith("an article is titled")
    assert found.points.filter("named")["label"][0] == "Gdzie jest moja paczka?"
