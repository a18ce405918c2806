"""Questions answered on a small data set, each against a dumb loop over its literal rows."""

from __future__ import annotations

import dataclasses
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from stats import desk

from cxlib.errors import UsageError
from cxlib.metrics import METRICS, Query, get, parse_filters, query, unit_frame
from cxlib.questions import breakdown, change, distribution, figures, missing, overview, trend
from cxlib.results.types import POINT, Breakdown, Change, Distribution, NotKnown, Trend
from cxlib.stats.effects import survivors
from cxlib.stats.equality import equality


def answered(rows: desk.Rows, kind: str, month: str, **where: Any) -> desk.Rows:
    return [
        row
        for row in rows
        if row["kind"] == kind
        and f"{row['answered_day']:%Y-%m}" == month
        and all(row[name] == value for name, value in where.items())
    ]


def top_share(rows: desk.Rows) -> float:
    return 100 * sum(row["weight"] for row in rows if row["box"] == "top") / sum(row["weight"] for row in rows)


def test_a_trend_has_every_month_of_the_data_and_the_reported_one_last(
    looked: Query, literal_surveys: desk.Rows
) -> None:
    found = trend("csat", looked)
    assert isinstance(found, Trend)
    assert found.points.columns == ["period", *POINT]
    assert found.points["period"].to_list() == looked.months(25)
    assert found.points["period"][-1] == "2026-10"
    for point in found.points.iter_rows(named=True):
        rows = answered(literal_surveys, "csat", point["period"])
        assert point["n"] == len(rows)
        assert point["value"] == pytest.approx(top_share(rows))
        assert point["units"] == len({row["customer_id"] or row["survey_id"] for row in rows})
        assert point["low"] < point["value"] < point["high"]


def test_a_trend_compares_with_the_month_before_and_the_year_before(looked: Query) -> None:
    found = trend("csat", looked, months=3)
    assert isinstance(found, Trend)
    assert found.points.height == 3
    for compared, month in ((found.change, "2026-09"), (found.last_year, "2025-10")):
        assert compared is not None
        assert (compared.period, compared.baseline) == ("2026-10", month)
        assert compared.after.value == found.points["value"][-1]
        assert compared.difference == pytest.approx(compared.after.value - compared.before.value)
    assert found.change.before.value == found.points["value"][-2]


def test_a_trend_carries_target_benchmark_and_events_in_force(looked: Query) -> None:
    csat, nps = trend("csat", looked), trend("nps", looked)
    assert isinstance(csat, Trend)
    assert isinstance(nps, Trend)
    assert (csat.target.value, csat.benchmark, nps.benchmark) == (90.0, None, None)  # the benchmark is not yet valid
    assert [event.title for event in csat.events] == ["New tool"]


def test_the_scope_says_what_is_not_yet_finished(looked: Query, literal_tickets: desk.Rows) -> None:
    found = trend("resolution_time", looked)
    assert isinstance(found, Trend)
    of_month = [row for row in literal_tickets if f"{row['created_day']:%Y-%m}" == "2026-10"]
    assert found.scope.unfinished == sum(not row["resolution_ended"] for row in of_month) > 0
    assert (found.scope.month, found.scope.margin) == ("2026-10", 0.10)


def test_the_scope_says_what_share_of_the_month_is_not_yet_known(looked: Query, literal_tickets: desk.Rows) -> None:
    found = trend("first_contact_resolution", looked)
    assert isinstance(found, Trend)
    solved = [
        row["solved_at"] for row in literal_tickets if row["solved_day"] and f"{row['solved_day']:%Y-%m}" == "2026-10"
    ]
    late = sum(at > desk.EXTRACTED - timedelta(days=7) for at in solved)
    assert found.scope.provisional == pytest.approx(late / len(solved))
    assert found.points["n"][-1] == len(solved) - late


def test_the_first_month_has_nothing_to_compare_with(looked: Query) -> None:
    first = dataclasses.replace(looked, month="2025-06")
    found = trend("csat", first)
    assert isinstance(found, Trend)
    assert (found.change, found.last_year, found.points.height) == (None, None, 1)
    assert isinstance(change("csat", first), NotKnown)


@pytest.mark.parametrize(
    "name", ["csat", "nps", "csat_mean", "resolution_time", "ticket_volume", "satisfied_customers"]
)
def test_months_without_rows_have_no_value_and_no_change(name: str, looked: Query) -> None:
    found = trend(name, dataclasses.replace(looked, filters=parse_filters("channel=social")))
    assert isinstance(found, Trend)
    assert set(found.points["n"]) == {0}
    assert found.points.select("value", "se", "low", "high").null_count().row(0) == (17, 17, 17, 17)
    assert isinstance(found.change, Change)
    assert (found.change.difference, found.change.p_value) == (None, None)


def test_a_change_of_tickets_is_the_difference_of_the_two_totals(looked: Query, literal_tickets: desk.Rows) -> None:
    found = change("ticket_volume", looked)
    assert isinstance(found, Change)
    per_month = Counter(f"{row['created_day']:%Y-%m}" for row in literal_tickets)
    assert found.plain == per_month["2026-10"] - per_month["2026-09"]
    assert found.difference + found.calendar == pytest.approx(found.plain)  # judged on like days
    assert found.low < found.difference < found.high
    assert (found.p_value < 0.05) == (found.low > 0 or found.high < 0)


def test_a_breakdown_has_every_group_largest_first_and_its_parts_make_the_whole(
    looked: Query, literal_surveys: desk.Rows
) -> None:
    found = breakdown("csat", looked, "agent")
    assert isinstance(found, Breakdown)
    points = found.points
    assert dict(points.select("group", "label").iter_rows()) == {"a0": "Zoe", "a1": "Adam", "a2": "a2", "a3": "a3"}
    assert points["value"].to_list() == sorted(points["value"], reverse=True)
    assert points["n"].sum() == found.overall.n
    for point in points.iter_rows(named=True):
        here = answered(literal_surveys, "csat", "2026-10", agent_id=point["group"])
        rest = [row for row in answered(literal_surveys, "csat", "2026-10") if row["agent_id"] != point["group"]]
        assert point["value"] == pytest.approx(top_share(here))
        assert point["rest_difference"] == pytest.approx(top_share(here) - top_share(rest))
        assert (point["rest_p"] < 0.05) == (point["rest_low"] > 0 or point["rest_high"] < 0)
        assert point["before"] == pytest.approx(
            top_share(answered(literal_surveys, "csat", "2026-09", agent_id=point["group"]))
        )
    assert 0 < found.p_value <= 1


def test_two_groups_are_each_others_rest(looked: Query) -> None:
    found = breakdown("csat", dataclasses.replace(looked, filters=parse_filters("agent=a0|a1")), "agent")
    assert isinstance(found, Breakdown)
    one, other = found.points.iter_rows(named=True)
    assert one["rest_difference"] == pytest.approx(-other["rest_difference"])
    assert (one["rest_low"], one["rest_p"]) == pytest.approx((-other["rest_high"], other["rest_p"]))


def test_rows_without_a_group_are_shown_as_such(looked: Query, literal_tickets: desk.Rows) -> None:
    found = breakdown("resolution_time", looked, "channel")
    assert isinstance(found, Breakdown)
    unknown = found.points.filter(pl.col("group") == "(not known)")
    of_month = [row for row in literal_tickets if f"{row['created_day']:%Y-%m}" == "2026-10"]
    assert unknown["n"].to_list() == [sum(row["channel"] is None for row in of_month)]


def test_totals_are_not_compared_with_each_other(looked: Query) -> None:
    for name in ("ticket_volume", "satisfied_customers"):
        found = breakdown(name, looked, "agent")
        assert isinstance(found, Breakdown)
        assert found.p_value is None
        assert found.points["rest_difference"].null_count() == found.points.height == 4
        assert found.points["value"].sum() == found.overall.value


def residuals(groups: list[int], x: list[float]) -> pl.DataFrame:
    frame = pl.DataFrame({"group": groups, "code": range(len(x)), "weight": 1.0, "residual": x})
    return frame.with_columns(pl.col("residual") - pl.col("residual").mean())


def test_equality_of_groups_tells_a_difference_from_none() -> None:
    rng = np.random.default_rng(6)
    groups = rng.integers(0, 5, 400)
    noise = rng.standard_normal(400)
    assert equality(residuals(groups.tolist(), noise.tolist())) > 0.05
    assert equality(residuals(groups.tolist(), (noise + (groups == 2)).tolist())) < 1e-4
    assert equality(residuals([1, 1], [0.0, 1.0])) is None
    assert equality(residuals([1, 2], [1.0, 1.0])) is None


def test_a_distribution_of_answers_adds_up_and_its_top_is_the_share(looked: Query) -> None:
    found, csat = distribution("csat", looked), trend("csat", looked)
    assert isinstance(found, Distribution)
    assert isinstance(csat, Trend)
    assert found.points["group"].to_list() == ["Dissatisfied", "In between", "Satisfied"]
    assert found.points["value"].sum() == pytest.approx(100)
    assert found.points["before"].sum() == pytest.approx(100)
    assert found.points.row(2)[1:7] == csat.points.row(-1)[1:]
    top, moved = found.points.row(2, named=True), csat.change
    assert moved is not None
    names = ("difference", "low_difference", "high_difference", "p_value")
    assert [top[name] for name in names] == [moved.difference, moved.low, moved.high, moved.p_value]


def newcombe(here: tuple[int, int], then: tuple[int, int], alpha: float = 0.05) -> tuple[float, float]:
    """Return the interval of here − then in points, each (counted, of how many), by statsmodels."""
    from statsmodels.stats.proportion import confint_proportions_2indep as limits

    low, high = limits(*here, *then, method="newcomb", compare="diff", alpha=alpha, correction=False)
    return 100 * low, 100 * high


def test_a_bracket_changes_as_a_share_of_independent_tickets_does(tmp_path: Path) -> None:
    """Of 100 tickets in June 30, of 90 in August 45 waited two hours; all others half an hour or a day."""
    short, rows = {6: (30, 100), 8: (45, 90)}, []
    for month, (inside, of) in short.items():
        for number in range(of):
            waited = 120.0 if number < inside else 30.0 if number % 2 else 1440.0
            at = datetime(2026, month, 10, tzinfo=UTC)
            solved = at + timedelta(minutes=waited)
            rows.append(
                {"ticket_id": f"{month}/{number}", "customer_id": f"{month}/{number}", "status": "solved",
                 "opened_by": "customer", "created_at": at, "created_day": at.date(), "solved_at": solved,
                 "solved_day": solved.date(), "resolution_minutes": waited, "resolution_ended": True}
            )  # fmt: skip
    here = query(desk.build(tmp_path / "desk", tickets=rows), month="2026-08")
    found = distribution("resolution_time", replace(here, compare_with="2026-06"))
    assert isinstance(found, Distribution)
    row = found.points.row(by_predicate=pl.col("group") == "1–4 h", named=True)
    assert (row["value"], row["before"], row["difference"]) == pytest.approx((50.0, 30.0, 20.0))
    ends = newcombe(short[8], short[6])
    assert (row["low_difference"], row["high_difference"]) == pytest.approx(ends)
    assert newcombe(short[8], short[6], row["p_value"])[0] == pytest.approx(0.0, abs=1e-6)


def test_a_bracket_that_waits_may_still_fall_into_is_not_compared(looked: Query) -> None:
    found = distribution("resolution_time", looked)
    assert isinstance(found, Distribution)
    rows = {row["group"]: row for row in found.points.iter_rows(named=True)}
    assert rows["still open"]["value"] > 0.5
    assert rows["still open"]["p_value"] is None
    assert rows["> 7 d"]["difference"] is None


def test_a_distribution_of_waits_counts_each_ticket_once(looked: Query, literal_tickets: desk.Rows) -> None:
    found = distribution("resolution_time", looked)
    assert isinstance(found, Distribution)
    of_month = [row for row in literal_tickets if f"{row['created_day']:%Y-%m}" == "2026-10"]
    limits = [60, 240, 480, 1440, 4320, 10080, float("inf")]
    places = Counter(
        next(place for place, limit in enumerate(limits) if row["resolution_minutes"] <= limit)
        if row["resolution_ended"]
        else 7
        for row in of_month
    )
    assert found.points["value"].to_list() == pytest.approx([100 * places[place] / len(of_month) for place in range(8)])
    assert found.points["group"][-1] == "still open"


def test_calls_nobody_took_are_not_still_open(small_demo: Path) -> None:
    demo = query(str(small_demo), month="2026-10")
    found = distribution("resolution_time", demo)
    assert isinstance(found, Distribution)
    shares = dict(found.points.select("group", "value").iter_rows())
    month = pl.col("created_day").dt.strftime("%Y-%m") == "2026-10"
    rows = [
        row
        for row in demo.data.scan("tickets").filter(month).collect().iter_rows(named=True)
        if row["status"] not in ("merged", "deleted", "spam") and row["resolution_minutes"] is not None
    ]
    never = [row for row in rows if not row["resolution_ended"]]
    over = [row for row in never if row["status"] in ("closed", "missed", "solved")]
    assert len(over) > 3
    assert shares["closed without it"] == pytest.approx(100 * len(over) / len(rows))
    assert shares["still open"] == pytest.approx(100 * (len(never) - len(over)) / len(rows))
    assert sum(shares.values()) == pytest.approx(100)


def test_persons_are_listed_by_name_not_by_rank(looked: Query) -> None:
    ranked = []
    for month in ("2026-08", "2026-09", "2026-10"):
        found = breakdown("csat", replace(looked, month=month), "agent")
        assert isinstance(found, Breakdown)
        assert found.points["label"].to_list()[:3] == ["Adam", "Zoe", "a2"]
        ranked.append(found.points["value"].head(3).is_sorted(descending=True))
    assert not all(ranked)


def test_what_has_no_classes_says_so(looked: Query) -> None:
    assert isinstance(distribution("ticket_volume", looked), NotKnown)


@pytest.fixture
def counted(tmp_path: Path) -> Query:
    """Give 100 answers of as many customers to each survey in September and in October, so many of them at the top."""
    top = {"csat": (90, 50), "repurchase": (50, 30), "nps": (50, 50), "effort": (50, 50)}
    rows: desk.Rows = []
    for kind, month, place in ((kind, month, place) for kind in top for month in (9, 10) for place in range(100)):
        at, name, good = datetime(2026, month, 10, tzinfo=UTC), f"{kind}{month}/{place}", place < top[kind][month - 9]
        low, high = (0.0, 10.0) if kind == "nps" else (1.0, 5.0)
        rows.append(
            {"survey_id": name, "ticket_id": name, "customer_id": name, "kind": kind, "box": ("bottom", "top")[good],
             "latest": True, "customer_latest": True, "answer": high if good else low, "scale_low": low,
             "scale_high": high, "scale_share": float(good), "answered_at": at, "answered_day": at.date()}
        )  # fmt: skip
    return query(desk.build(tmp_path / "desk", surveys=rows), month="2026-10")


def test_the_overview_keeps_the_pages_order_and_lists_what_is_missing(looked: Query) -> None:
    found = overview(looked, ["nps", "repurchase_intent", "csat", "sla_resolution"])
    assert [one.metric.name for one in found.trends] == ["nps", "csat"]
    assert set(found.missing) == {"repurchase_intent", "sla_resolution"}
    assert found.survives == frozenset(), "nothing was planted"


def test_a_change_survives_only_among_all_key_figures(counted: Query) -> None:
    """From 50 to 30 of 100 is p = .004: enough alone, not as the second of four, of which two did not move."""
    names = ["csat", "repurchase_intent", "nps", "customer_effort"]
    found = overview(counted, names)
    p = {one.metric.name: one.change.p_value for one in found.trends if one.change}
    assert list(p) == names, found.missing
    assert 0.0025 < p["repurchase_intent"] < 0.005
    assert found.survives == {"csat"}
    assert overview(counted, names[:2]).survives == set(names[:2])


def test_figures_have_the_intervals_of_independent_answers(counted: Query) -> None:
    from statsmodels.stats.proportion import proportion_confint

    found = figures(counted, ["2026-09", "2026-10"], names=["csat"], change=True)
    here, then = found.row(1, named=True), found.row(0, named=True)
    assert (then["value"], here["value"], here["n"], here["independent_units"]) == (90.0, 50.0, 100, 100)
    for row, share in ((then, 90), (here, 50)):
        low, high = proportion_confint(share, 100, method="wilson")
        assert (row["low"], row["high"]) == pytest.approx((100 * low, 100 * high))
    ends = newcombe((50, 100), (90, 100))
    assert [here[name] for name in CHANGES[:3]] == pytest.approx([-40.0, *ends])
    assert newcombe((50, 100), (90, 100), here["p_value"])[1] == pytest.approx(0.0, abs=1e-4)
    assert [then[name] for name in CHANGES] == [None] * len(CHANGES)


def test_false_discoveries_are_controlled_over_the_whole_family() -> None:
    p_values = {"a": 0.0001, "b": 0.0012, "c": 0.004, "d": 0.02, "e": 0.9}
    ranked = sorted(p_values, key=p_values.__getitem__)
    last = max(place for place, name in enumerate(ranked, 1) if p_values[name] < 0.005 * place / 5)
    assert survivors(p_values) == frozenset(ranked[:last]) == {"a", "b"}
    assert survivors({}) == frozenset()


COLUMNS = ["metric", "period", "by", "group", "value", "low", "high", "measured_in", "n", "independent_units"]
CHANGES = ["difference", "difference_low", "difference_high", "p_value", "calendar_difference", "customers_left_out"]


def median_wait(rows: desk.Rows) -> float:
    """Return the wait that half of the tickets last, by Kaplan and Meier; between two where exactly half do."""
    still, ends = 1.0, list[float]()
    for place, row in enumerate(sorted(rows, key=lambda row: float(row["resolution_minutes"]))):
        if row["resolution_ended"]:
            still *= 1 - 1 / (len(rows) - place)
            ends += [row["resolution_minutes"]] if still < 0.5 + 1e-9 else []
            if still < 0.5 - 1e-9:
                break
    return (ends[0] + ends[-1]) / 2


def test_figures_are_what_a_loop_counts(looked: Query, literal_surveys: desk.Rows, literal_tickets: desk.Rows) -> None:
    found = figures(looked, looked.months(3), change=True)
    assert found.columns == [*COLUMNS, *CHANGES]
    assert list(dict.fromkeys(found["metric"])) == [name for name in METRICS if name in set(found["metric"])]
    at = {(row["metric"], row["period"]): row for row in found.iter_rows(named=True)}
    for month in ("2026-08", "2026-09", "2026-10"):
        created = [row for row in literal_tickets if f"{row['created_day']:%Y-%m}" == month]
        csat, nps = (answered(literal_surveys, kind, month) for kind in ("csat", "nps"))
        low = sum(row["weight"] for row in nps if row["box"] == "bottom") / sum(row["weight"] for row in nps)
        values = {
            "csat": (len(csat), top_share(csat)), "nps": (len(nps), top_share(nps) - 100 * low),
            "ticket_volume": (len(created), len(created)),
            "resolution_time": (len(created), median_wait(created)),
        }  # fmt: skip
        for name, (n, value) in values.items():
            row = at[name, month]
            assert (row["n"], row["value"]) == (n, pytest.approx(value)), (name, month)
            assert row["low"] < row["value"] < row["high"]
            changed = None if month != "2026-10" else pytest.approx(row["value"] - at[name, "2026-09"]["value"])
            calendar = row["calendar_difference"]
            assert (calendar is not None) == (name == "ticket_volume" and month == "2026-10")
            assert (row["difference"] if calendar is None else row["difference"] + calendar) == changed
    for name in ("csat", "resolution_time"):  # and the page has the same
        page = trend(name, looked)
        assert isinstance(page, Trend)
        assert page.change is not None
        change_of = (page.change.difference, page.change.low, page.change.high, page.change.p_value)
        assert [at[name, "2026-10"][part] for part in CHANGES[:4]] == pytest.approx(change_of)


def test_figures_by_group_are_those_of_the_breakdown(looked: Query) -> None:
    found = figures(looked, ["2026-10"], "agent", ["csat", "resolution_time"])
    assert found.columns == COLUMNS
    for name in ("csat", "resolution_time"):
        page = breakdown(name, looked, "agent")
        assert isinstance(page, Breakdown)
        shared = ["group", "value", "low", "high", "n", "units"]
        mine = found.filter(pl.col("metric") == name).rename({"independent_units": "units"})
        assert_frame_equal(mine.select(shared), page.points.sort("group").select(shared))
        assert mine["measured_in"].unique().to_list() == [METRICS[name].measured_in]


def test_what_the_data_cannot_answer_is_left_out_and_listed_with_its_reason(looked: Query) -> None:
    reasons = missing(looked)
    assert set(reasons) | set(figures(looked, ["2026-10"])["metric"]) >= {"csat", "repurchase_intent"}
    assert not set(reasons) & set(figures(looked, ["2026-10"])["metric"])
    assert "repurchase" in reasons["repurchase_intent"]
    assert "handling_channel" in missing(looked, "handling_channel")["resolution_time"]
    assert "no table 'customers'" in missing(looked, "importance")["csat"]


def test_a_question_that_cannot_be_answered_says_why_and_a_wrong_name_is_refused(looked: Query) -> None:
    for answer in (trend("repurchase_intent", looked), breakdown("csat", looked, "importance")):
        assert isinstance(answer, NotKnown)
        assert answer.reason
    for wrong in (lambda: trend("csta", looked), lambda: breakdown("csat", looked, "chanel")):
        with pytest.raises(UsageError, match="Did you mean"):
            wrong()
    with pytest.raises(UsageError, match="by what"):
        breakdown("csat", looked)


def test_answers_do_not_depend_on_the_order_of_rows(
    tmp_path: Path, looked: Query, literal_tickets: desk.Rows, literal_surveys: desk.Rows
) -> None:
    rng = np.random.default_rng(0)
    shuffled = desk.build(
        tmp_path / "desk",
        tickets=[literal_tickets[place] for place in rng.permutation(len(literal_tickets))],
        surveys=[literal_surveys[place] for place in rng.permutation(len(literal_surveys))],
    )
    names = ["csat", "nps", "csat_mean", "resolution_time", "ticket_volume", "satisfied_customers"]
    here, there = (
        figures(one, one.months(2), "channel", names, change=True) for one in (looked, query(shuffled, month="2026-10"))
    )
    assert_frame_equal(here, there)


def test_customers_entered_twice_leave_the_value_and_divide_the_error_by_the_root_of_two(
    tmp_path: Path, looked: Query, literal_surveys: desk.Rows
) -> None:
    twins = [
        {
            **row,
            "survey_id": f"twin {row['survey_id']}",
            "customer_id": row["customer_id"] and f"twin {row['customer_id']}",
        }
        for row in literal_surveys
    ]
    doubled = query(desk.build(tmp_path / "desk", surveys=literal_surveys + twins), month="2026-10")
    for name in ("csat", "nps", "csat_mean"):
        one, two = trend(name, looked, 1), trend(name, doubled, 1)
        assert isinstance(one, Trend)
        assert isinstance(two, Trend)
        (value, se, units), (value2, se2, units2) = (
            found.points.select("value", "se", "units").row(-1) for found in (one, two)
        )
        assert (value2, units2) == (pytest.approx(value), 2 * units)
        weights = unit_frame(get(name), looked, [looked.month])["sum_w"]
        even = weights.sum() ** 2 / (weights**2).sum()
        assert se2 == pytest.approx(se / np.sqrt(2) * np.sqrt((2 * even / (2 * even - 1)) / (even / (even - 1))))
