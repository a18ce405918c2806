"""The demo: equal bytes, tables that agree with one another, and every planted effect found by a plain computation."""

from __future__ import annotations

import hashlib
import json
import math
import os
import subprocess
import sys
from bisect import bisect_right
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from cxlib.clock import open_minutes
from cxlib.demo import DemoParameters, build_demo
from cxlib.demo.truth import truth
from cxlib.errors import UsageError
from cxlib.periods import months_between
from cxlib.settings import read_settings
from cxlib.tables import GIVEN
from cxlib.tables.columns import CHANNELS, ORDER_KINDS, RUN_KINDS, STATUSES, SURVEY_KINDS

ROOT = Path(__file__).resolve().parents[2]
ZONE = "Europe/Warsaw"
SMALL = {"tickets": 16_000, "customers": 2_000, "agents": 16, "months": 14}
TINY = DemoParameters(tickets=1_500, customers=200, agents=12, months=12)
FOUR_ERRORS = 4.0


class Demo:
    """A built demo, read back as its files stand."""

    def __init__(self, folder: Path, parameters: DemoParameters) -> None:
        build_demo(folder, parameters=parameters)
        self.folder, self.parameters = folder, parameters
        self.truth: dict[str, Any] = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
        self.manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        self.end = datetime.fromisoformat(self.manifest["extracted_at"])
        self.tables = {name: pl.read_parquet(folder / f"{name}.parquet") for name in GIVEN}

    def effect(self, name: str) -> dict[str, Any]:
        return dict(self.truth["effects"][name])

    def clean(self, name: str) -> pl.DataFrame:
        return self.tables[name].unique(GIVEN[name].key, keep="first", maintain_order=True)

    @cached_property
    def tickets(self) -> pl.DataFrame:
        return self.clean("tickets").filter(
            pl.col("customer_id").str.starts_with("C") | pl.col("customer_id").is_null()
        )

    @cached_property
    def replies(self) -> pl.DataFrame:
        """Public messages of agents after the creation (so not the first of tickets an agent opened), in order."""
        said = self.clean("messages").join(self.clean("tickets").select("ticket_id", "created_at"), on="ticket_id")
        public = (pl.col("author") == "agent") & pl.col("is_public") & (pl.col("sent_at") > pl.col("created_at"))
        return said.filter(public).sort("sent_at", "message_id")

    @cached_property
    def answers(self) -> pl.DataFrame:
        """Answers within their scale and before the end, with month, channel of the ticket and top box."""
        ok = pl.col("answer").is_between("scale_low", "scale_high") & (pl.col("answered_at") < self.end)
        month = pl.col("answered_at").dt.convert_time_zone(ZONE).dt.strftime("%Y-%m")
        rows = (
            self.clean("surveys").filter(ok).with_columns(month=month, top=pl.col("answer") >= pl.col("scale_high") - 1)
        )
        channels = self.clean("tickets").select("ticket_id", "channel", "created_at")
        return rows.join(channels, on="ticket_id", how="left")


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return Demo(tmp_path_factory.mktemp("demo") / "demo", DemoParameters())


@pytest.fixture(scope="module", params=[0, 2, 3], ids=["seed 1", "seed 2, small", "seed 3, small"])
def demo(request: pytest.FixtureRequest, full: Demo, tmp_path_factory: pytest.TempPathFactory) -> Demo:
    if request.param == 0:
        return full
    return Demo(tmp_path_factory.mktemp("demo") / "demo", DemoParameters(seed=request.param, **SMALL))


def agrees(estimate: float, error: float, planted: float) -> None:
    assert 0 < error < math.inf
    assert abs(estimate - planted) < FOUR_ERRORS * error, (estimate, error, planted)


def share(flags: pl.Series) -> tuple[float, float]:
    """Return a share and its standard error."""
    value = float(flags.mean() or 0.0)
    return value, math.sqrt(value * (1 - value) / len(flags))


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


# --- the same bytes ---------------------------------------------------------------------------------------------------


def test_equal_parameters_give_equal_bytes_whatever_the_machine_says(tmp_path: Path) -> None:
    build_demo(tmp_path / "here", parameters=TINY)
    code = (
        "from pathlib import Path; from cxlib.demo import *; "
        f"build_demo(Path({str(tmp_path / 'there')!r}), parameters={TINY!r})"
    )
    other = {"PYTHONHASHSEED": "7", "TZ": "Asia/Kathmandu", "POLARS_MAX_THREADS": "1", "LC_ALL": "C"}
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ | other, cwd=ROOT)
    assert digests(tmp_path / "here") == digests(tmp_path / "there")
    assert set(digests(tmp_path / "here")) == {f"{name}.parquet" for name in GIVEN} | {
        "truth.json", "settings.toml", "manifest.json",
    }  # fmt: skip


def test_the_full_demo_is_built_twice_alike(full: Demo, tmp_path: Path) -> None:
    build_demo(tmp_path / "again")
    assert digests(full.folder) == digests(tmp_path / "again")


def test_the_truth_does_not_depend_on_the_order_in_which_answers_are_added() -> None:
    random = np.random.default_rng(7)
    n, p = 40_000, DemoParameters()
    rows = {"channel": random.integers(0, 8, n), "agent": random.integers(0, 20, n), "share": random.random(n)}
    csat = pl.DataFrame({"month": random.integers(p.months - 2, p.months, n), **rows})
    nps = pl.DataFrame({"loyalty": random.integers(0, 3, n), "share": random.random(n)})
    asked = pl.DataFrame({"month": p.months - 3, "share": random.random(n), "told": random.random(n), "answered": True})
    found = {
        json.dumps(truth(p, *(frame.sample(fraction=1.0, shuffle=True, seed=seed) for frame in (csat, nps, asked)), {}))
        for seed in range(8)
    }
    assert len(found) == 1


def test_another_seed_gives_another_company(tmp_path: Path) -> None:
    one = Demo(tmp_path / "one", TINY)
    two = Demo(tmp_path / "two", DemoParameters(seed=9, tickets=1_500, customers=200, agents=12, months=12))
    assert not one.tables["tickets"].equals(two.tables["tickets"])


# --- the tables -------------------------------------------------------------------------------------------------------


def test_files_hold_the_given_columns_and_the_manifest_tells_of_them(demo: Demo) -> None:
    for name, declared in GIVEN.items():
        assert demo.tables[name].columns == [column.name for column in declared.given]
        assert demo.tables[name].height == demo.manifest["rows"][name] > 0
    assert demo.manifest["sources"] == ["demo"]
    assert demo.manifest["set_aside"] == {}
    assert demo.end == datetime(2026, 10, 31, 23, tzinfo=UTC)


def test_the_full_demo_has_the_promised_size(full: Demo) -> None:
    assert full.clean("tickets").height == 80_000
    assert full.tables["customers"].height == 9_000
    assert full.tables["agents"].height == full.tables["agents"]["name"].n_unique() == 45
    assert full.tables["agents"]["team"].n_unique() == 4
    assert full.clean("tickets")["category"].n_unique() == 12
    assert set(full.tables["customers"]["importance"]) == {"low", "middle", "high"}
    local = full.clean("tickets")["created_at"].dt.convert_time_zone(ZONE).dt.strftime("%Y-%m")
    assert sorted(set(local)) == months_between("2023-11", "2026-10")
    assert 0.45 < full.clean("tickets")["handle_minutes"].count() / 80_000 < 0.55
    for kind, low, high in (("csat", 400, 800), ("nps", 90, 300), ("effort", 30, 120), ("ease", 30, 120)):
        a_month = Counter(full.answers.filter(kind=kind)["month"])
        assert all(low <= a_month[month] <= high for month in months_between("2024-01", "2026-10")), (kind, a_month)
    csat = full.clean("surveys").filter(kind="csat")
    assert 0.22 < csat["answered_at"].count() / csat.height < 0.30


def test_every_known_value_occurs(full: Demo) -> None:
    for table, column, values in (
        ("tickets", "channel", CHANNELS), ("tickets", "status", STATUSES), ("surveys", "kind", SURVEY_KINDS),
        ("orders", "kind", ORDER_KINDS), ("workflow_runs", "kind", RUN_KINDS),
        ("tickets", "opened_by", ("customer", "agent", "bot")),
        ("tickets", "language", ("en", "pl", "de", "pt", "ru")),
        ("messages", "author", ("customer", "agent", "bot", "system")),
        ("changes", "field", ("status", "agent", "team")),
    ):  # fmt: skip
        assert set(full.tables[table][column]) == set(values), (table, column)


def test_text_that_must_be_escaped_is_there(full: Demo) -> None:
    for table, column in (("tickets", "subject"), ("messages", "text"), ("surveys", "comment")):
        assert full.tables[table][column].drop_nulls().str.contains("<script>alert(1)</script>", literal=True).any()


def test_the_clock_changes_and_the_extra_hour_is_worked(full: Demo) -> None:
    local = full.tickets["created_at"].dt.convert_time_zone(ZONE)
    by_day = Counter(local.dt.date())
    for day in (date(2024, 3, 31), date(2024, 10, 27), date(2025, 3, 30), date(2025, 10, 26), date(2026, 10, 25)):
        assert by_day[day] > 5
    night = local.filter(local.dt.date() == date(2024, 3, 31)).dt.hour()
    assert 2 not in set(night)  # that hour did not exist
    assert local.dt.dst_offset().n_unique() == 2


def test_volume_follows_weekday_hour_season_and_holidays(full: Demo) -> None:
    local = full.tickets["created_at"].dt.convert_time_zone(ZONE)
    by_day, by_month = Counter(local.dt.date()), Counter(local.dt.strftime("%Y-%m"))
    weekday, hour = Counter(local.dt.weekday()), Counter(local.dt.hour())
    assert weekday[1] > weekday[3] > weekday[6] > weekday[7]
    assert hour[10] > 3 * hour[18] / 2 > 10 * hour[3]
    for year in (2024, 2025):
        assert by_month[f"{year}-07"] < 0.92 * min(by_month[f"{year}-06"], by_month[f"{year}-08"])
        assert by_month[f"{year}-12"] < 0.85 * min(by_month[f"{year}-11"], by_month[f"{year + 1}-01"])
    for holiday in (date(2024, 5, 1), date(2025, 5, 1), date(2024, 8, 15), date(2025, 6, 19)):
        assert by_day[holiday] < 0.6 * by_day[holiday - timedelta(days=7)]


def test_a_shrunk_month_has_half_its_tickets(tmp_path: Path) -> None:
    shrunk = Demo(tmp_path / "demo", DemoParameters(**SMALL, shrink_month="2026-03"))
    months = Counter(shrunk.tickets["created_at"].dt.convert_time_zone(ZONE).dt.strftime("%Y-%m"))
    assert 0.4 < months["2026-03"] / ((months["2026-02"] + months["2026-04"]) / 2) < 0.62


def test_the_settings_are_readable_and_name_the_event(demo: Demo) -> None:
    settings = read_settings(demo.folder / "settings.toml")
    event = demo.effect("event")
    assert settings.timezone == ZONE
    assert (date.fromisoformat(event["date"]), event["title"]) in {(e.date, e.title) for e in settings.events}
    for metric in ("csat", "nps", "first_reply_time", "sla_first_reply", "first_contact_resolution"):
        goal = settings.goal(metric, "2026-10")
        assert goal is not None
        assert goal.source


# --- the tables agree with one another --------------------------------------------------------------------------------


def test_the_last_change_is_what_the_ticket_shows(demo: Demo) -> None:
    last: dict[tuple[str, str], str] = {}
    for ticket, field, new in demo.tables["changes"].select("ticket_id", "field", "new").iter_rows():
        last[ticket, field] = new
    for ticket, status, agent in demo.clean("tickets").select("ticket_id", "status", "agent_id").iter_rows():
        assert status == last.get((ticket, "status"), "new")
        assert agent == last.get((ticket, "agent"))


def test_every_status_change_begins_where_the_last_one_ended(demo: Demo) -> None:
    state: dict[str, str] = {}
    changes = demo.tables["changes"].filter(field="status")
    for ticket, old, new in changes.select("ticket_id", "old", "new").iter_rows():
        assert old == state.get(ticket, "new")
        state[ticket] = new


def test_an_agent_solves_with_a_public_reply(demo: Demo) -> None:
    by_agent = demo.tables["changes"].filter((pl.col("new") == "solved") & pl.col("by").str.starts_with("A"))
    said = demo.clean("messages").filter(pl.col("author") == "agent", "is_public")
    said = said.select("ticket_id", changed_at="sent_at", by="author_id")
    lost = by_agent.join(said, on=["ticket_id", "changed_at", "by"], how="anti")
    assert by_agent.height > 1000
    assert lost.height <= demo.parameters.dirty  # those whose reply was put before the creation


def test_reopened_timer_closed_merged_and_rerated_tickets_exist(demo: Demo) -> None:
    changes, tickets = demo.tables["changes"], demo.clean("tickets")
    solved = changes.filter((pl.col("old") == "solved") & (pl.col("new") == "open")).height
    assert 0.03 < solved / tickets.height < 0.07
    assert changes.filter(by="timer", old="solved", new="closed").height > 0.8 * tickets.height
    assert changes.filter(by="timer", old="pending", new="closed").height > 0
    merged = tickets.filter(pl.col("merged_into").is_not_null())
    into = merged.join(tickets, left_on="merged_into", right_on="ticket_id")
    known = into.filter(pl.col("customer_id").str.starts_with("C") & pl.col("customer_id_right").str.starts_with("C"))
    assert (known["customer_id"] == known["customer_id_right"]).all()
    assert (into["created_at"] > into["created_at_right"]).all()
    assert set(merged["status"]) == {"merged"}
    csat = demo.answers.filter(kind="csat")
    assert csat["ticket_id"].is_duplicated().sum() > 10


def test_the_rated_agent_answered_last(demo: Demo) -> None:
    last: dict[str, str] = dict(demo.replies.select("ticket_id", "author_id").iter_rows())
    rated = demo.answers.filter(pl.col("agent_id").is_not_null()).select("ticket_id", "agent_id").rows()
    assert len(rated) > 500
    assert sum(last.get(ticket) != agent for ticket, agent in rated) <= demo.parameters.dirty


def test_agents_write_while_employed_and_customers_while_customers(demo: Demo) -> None:
    agents, customers = demo.tables["agents"], demo.tables["customers"]
    said = demo.replies.join(agents, left_on="author_id", right_on="agent_id")
    assert (said["sent_at"] >= said["hired_at"]).all()
    assert (said["sent_at"] <= said["left_at"].fill_null(demo.end)).all()
    for name, instant in (("tickets", "created_at"), ("surveys", "sent_at"), ("orders", "ordered_at")):
        rows = demo.clean(name).filter(pl.col(instant) < demo.end).join(customers, on="customer_id")
        assert (rows[instant] >= rows["joined_at"]).all(), name
        assert (rows[instant] <= rows["left_at"].fill_null(demo.end)).all(), name
    assert 0 < agents["left_at"].count() < agents.height
    assert 0 < customers["left_at"].count() < customers.height / 2


def test_satisfaction_has_seven_points_before_2025_and_five_after(full: Demo) -> None:
    csat = full.clean("surveys").filter(kind="csat")
    year = csat["sent_at"].dt.convert_time_zone(ZONE).dt.year()
    assert set(csat.filter(year < 2025)["scale_high"]) == {7.0}
    assert set(csat.filter(year >= 2025)["scale_high"]) == {5.0}
    good = dict(full.tables["surveys"].select("kind", "high_is_good").unique().iter_rows())
    assert good == {"csat": True, "effort": False, "ease": True, "nps": True, "repurchase": True}


def test_offers_without_an_answer_have_neither_answer_nor_comment(demo: Demo) -> None:
    silent = demo.tables["surveys"].filter(pl.col("answered_at").is_null())
    assert silent.height > demo.tables["surveys"].height / 2
    assert silent["answer"].count() == silent["comment"].count() == 0
    assert demo.tables["surveys"]["sent_at"].null_count() == 0


def test_what_is_unsolved_is_weeks_old_and_a_few_months_at_most(demo: Demo) -> None:
    unsolved = demo.clean("tickets").filter(pl.col("status").is_in(["new", "open", "pending", "hold"]))
    assert unsolved.height > 20
    assert unsolved.filter(demo.end - pl.col("created_at") > timedelta(days=100)).is_empty()


# --- broken rows ------------------------------------------------------------------------------------------------------


def test_broken_rows_are_as_many_as_the_truth_says(demo: Demo) -> None:
    tables, customers = demo.tables, set(demo.tables["customers"]["customer_id"])
    created = dict(tables["tickets"].select("ticket_id", "created_at").iter_rows())
    messages = tables["messages"].select("ticket_id", "sent_at").rows()
    surveys = tables["surveys"].filter(pl.col("answer").is_not_null())
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for name in ("tickets", "messages", "surveys"):
        key = GIVEN[name].key
        found["duplicate_key"][name] = tables[name].height - tables[name][key].n_unique()
    for name in ("tickets", "orders"):
        found["unknown_customer"][name] = sum(c is not None and c not in customers for c in tables[name]["customer_id"])
    found["reply_before_creation"]["messages"] = sum(at < created[ticket] for ticket, at in messages)
    outside = [not low <= answer <= high for answer, low, high in
               surveys.select("answer", "scale_low", "scale_high").iter_rows()]  # fmt: skip
    found["answer_outside_scale"]["surveys"] = sum(outside)
    for name, declared in GIVEN.items():
        instants = [
            c.name for c in declared.given if c.kind == "instant" and c.name not in ("due_at", "first_reply_due_at")
        ]
        late = (
            tables[name]
            .filter(pl.any_horizontal(pl.lit(False), *(pl.col(instant) > demo.end for instant in instants)))
            .height
        )
        if late:
            found["instant_after_extraction"][name] = late
    assert found == demo.truth["dirty"]
    assert sum(sum(counts.values()) for counts in found.values()) == 9 * demo.parameters.dirty


def test_no_other_row_is_broken(demo: Demo) -> None:
    for name, declared in GIVEN.items():
        for column in declared.given:
            values = demo.tables[name][column.name]
            assert not column.required or values.null_count() == 0
            if column.choices:
                assert set(values.drop_nulls()) <= set(column.choices)
            if column.references and column.references != "customers":
                target = demo.tables[column.references][GIVEN[column.references].key]
                assert set(values.drop_nulls()) <= set(target), (name, column.name)


def test_a_demo_without_broken_rows_can_be_built(tmp_path: Path) -> None:
    clean = Demo(tmp_path / "demo", DemoParameters(tickets=1_500, customers=200, agents=12, months=12, dirty=0))
    assert all(count == 0 for counts in clean.truth["dirty"].values() for count in counts.values())
    assert clean.tables["tickets"]["ticket_id"].is_unique().all()


@pytest.mark.parametrize("wrong", [{"tickets": 10}, {"months": 3}, {"agents": 2}, {"last_month": "October"}])
def test_a_company_too_small_is_refused_in_words(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"at least|is not a month"):
        DemoParameters(**wrong)


# --- planted effects --------------------------------------------------------------------------------------------------


def test_the_fall_of_satisfaction_is_mostly_mix(demo: Demo) -> None:
    planted = demo.effect("satisfaction_fall")
    csat = demo.answers.filter(kind="csat")
    weight, level, spread = ({}, {}, {})
    for month in planted["months"]:
        rows = csat.filter(month=month)
        for channel in CHANNELS:
            top = [bool(flag) for flag in rows.filter(channel=channel)["top"]]
            p = sum(top) / len(top) if top else 0.0
            weight[month, channel], level[month, channel] = len(top) / rows.height, p
            spread[month, channel] = p * (1 - p) / max(len(top), 1)
    first, last = planted["months"]
    total = {month: sum(weight[month, c] * level[month, c] for c in CHANNELS) for month in planted["months"]}
    mix = sum((weight[last, c] - weight[first, c]) * (level[last, c] + level[first, c]) / 2 for c in CHANNELS)
    within = sum((level[last, c] - level[first, c]) * (weight[last, c] + weight[first, c]) / 2 for c in CHANNELS)
    assert math.isclose(mix + within, total[last] - total[first], abs_tol=1e-12)
    error = math.sqrt(sum(weight[key] ** 2 * spread[key] for key in weight))
    moved = math.sqrt(
        sum((weight[last, c] - weight[first, c]) ** 2 / 4 * (spread[first, c] + spread[last, c]) for c in CHANNELS)
    )
    agrees(100 * total[first], 100 * error, planted["before"])
    agrees(100 * (total[last] - total[first]), 100 * error, planted["total"])
    agrees(100 * mix, 100 * moved, planted["mix"])
    agrees(100 * within, 100 * error, planted["within"])
    assert math.isclose(planted["mix"] + planted["within"], planted["total"], abs_tol=1e-9)


def test_the_default_fall_is_two_thirds_mix(full: Demo) -> None:
    planted = full.effect("satisfaction_fall")
    assert round(planted["total"], 1) == -8.8
    assert -6.5 < planted["mix"] < -5.7
    month = full.tickets["created_at"].dt.convert_time_zone(ZONE).dt.strftime("%Y-%m")
    before, after = ((full.tickets.filter(month == name)["channel"] == "phone").sum() for name in planted["months"])
    assert after > 2 * before


def test_one_agent_is_worse_and_the_others_are_equal(demo: Demo) -> None:
    planted = demo.effect("worse_agent")
    csat = demo.answers.filter(kind="csat")
    name = demo.tables["agents"].filter(agent_id=planted["agent_id"])["name"].item()
    assert name == planted["name"]
    theirs, error = share(csat.filter(agent_id=planted["agent_id"])["top"])
    others, other_error = share(csat.filter(pl.col("agent_id") != planted["agent_id"])["top"])
    agrees(100 * theirs, 100 * error, planted["expected"])
    agrees(100 * others, 100 * other_error, planted["expected_of_others"])
    assert others - theirs > 3 * math.hypot(error, other_error)
    usual = dict(
        csat.filter(pl.col("agent_id") != planted["agent_id"]).group_by("channel").agg(pl.col("top").mean()).iter_rows()
    )
    scores = []
    for (agent,), rows in csat.group_by("agent_id"):
        expected = [usual[channel] for channel in rows["channel"]]
        gap = rows["top"].sum() - sum(expected)
        scores.append((gap / math.sqrt(sum(p * (1 - p) for p in expected)), agent))
    worst = min(scores)
    assert worst[1] == planted["agent_id"]
    rest = [score for score, agent in scores if agent != planted["agent_id"]]
    over_dispersion = sum(score**2 for score in rest) / len(rest)
    assert abs(over_dispersion - 1) < FOUR_ERRORS * math.sqrt(2 / len(rest))


def test_one_category_rises_from_the_known_week(demo: Demo) -> None:
    planted = demo.effect("volume_rise")
    week = date.fromisoformat(planted["first_week"])
    assert week.weekday() == 0
    local = demo.tickets["created_at"].dt.convert_time_zone(ZONE).dt.date()
    mine, later = demo.tickets["category"] == planted["category"], local >= week
    a, b, c, d = ((mine & later).sum(), (~mine & later).sum(), (mine & ~later).sum(), (~mine & ~later).sum())
    agrees(math.log(a * d / (b * c)), math.sqrt(1 / a + 1 / b + 1 / c + 1 / d), math.log(planted["factor"]))


@pytest.mark.parametrize("kind", ["effort", "ease"])
def test_effort_rises_with_handoffs(demo: Demo, kind: str) -> None:
    planted = demo.effect("effort_by_handoffs")[kind]
    wrote: dict[str, list[str]] = defaultdict(list)
    for ticket, agent in demo.replies.select("ticket_id", "author_id").iter_rows():
        wrote[ticket].append(agent)
    rows = demo.answers.filter(kind=kind)
    x = np.array([sum(a != b for a, b in zip(wrote[t], wrote[t][1:], strict=False)) for t in rows["ticket_id"]], float)
    y = rows["answer"].to_numpy()
    slope, intercept = np.polyfit(x, y, 1)
    residual = y - intercept - slope * x
    error = math.sqrt((residual**2).mean() / (len(x) * x.var()))
    agrees(slope, error, planted["per_handoff"])
    agrees(intercept, math.sqrt((residual**2).mean() / len(x)) * 1.3, planted["mean_without_handoff"])


def test_loyalty_is_lower_after_phone_than_after_email(demo: Demo) -> None:
    planted = demo.effect("loyalty_by_channel")
    solved: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    last = {t: (at, channel) for t, at, channel in demo.replies.select("ticket_id", "sent_at", "channel").iter_rows()}
    done = dict(demo.tables["changes"].filter(new="solved").select("ticket_id", "changed_at").iter_rows())
    for ticket, customer, status in demo.tickets.select("ticket_id", "customer_id", "status").iter_rows():
        if status in ("solved", "closed") and ticket in done and ticket in last:
            solved[customer].append((done[ticket], last[ticket][1]))
    scores: dict[str, list[int]] = defaultdict(list)
    for customer, at, answer in (
        demo.answers.filter(kind="nps").select("customer_id", "answered_at", "answer").iter_rows()
    ):
        history = sorted(solved[customer])
        before = bisect_right(history, (at, "~"))
        if before and at - history[before - 1][0] <= timedelta(days=30):
            scores[history[before - 1][1]].append((answer >= 9) - (answer <= 6))
    errors = {}
    for channel in ("email", "phone"):
        values = np.array(scores[channel], float)
        errors[channel] = 100 * values.std() / math.sqrt(len(values))
        agrees(100 * values.mean(), errors[channel], planted[channel])
    difference = 100 * (np.mean(scores["phone"]) - np.mean(scores["email"]))
    agrees(difference, math.hypot(*errors.values()), planted["difference"])


def test_promoters_buy_again_at_the_known_multiple(demo: Demo) -> None:
    planted = demo.effect("repeat_purchase")
    bought: dict[str, list[datetime]] = defaultdict(list)
    for customer, at in demo.tables["orders"].filter(kind="order").select("customer_id", "ordered_at").iter_rows():
        bought[customer].append(at)
    window, again = timedelta(days=90), defaultdict(list)
    for customer, at, answer in (
        demo.answers.filter(kind="nps").select("customer_id", "answered_at", "answer").iter_rows()
    ):
        if at + window < demo.end:
            group = "promoters" if answer >= 9 else "detractors" if answer <= 6 else "passives"
            again[group].append(any(at < order <= at + window for order in bought[customer]))
    logs = {}
    for group in ("promoters", "detractors"):
        value, error = share(pl.Series(again[group]))
        agrees(value, error, planted[group])
        logs[group] = error / value
    multiple = np.mean(again["promoters"]) / np.mean(again["detractors"])
    agrees(math.log(multiple), math.hypot(*logs.values()), math.log(planted["multiple"]))
    assert multiple > 1.3


def test_detractors_leave_at_the_known_multiple(full: Demo) -> None:
    planted = full.effect("leaving_by_loyalty")
    left = dict(full.clean("customers").select("customer_id", "left_at").rows())
    answers: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    given = full.clean("surveys").filter(pl.col("answered_at") < full.end, kind="nps").sort("answered_at")
    for row in given.filter(pl.col("answer").is_between(0, 10)).iter_rows(named=True):
        name = "promoters" if row["answer"] >= 9 else "passives" if row["answer"] >= 7 else "detractors"
        answers[row["customer_id"]].append((row["answered_at"], name))
    leavers, days = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for unit, given_ones in answers.items():
        ends = [at for at, _ in given_ones[1:]] + [full.end]
        for (at, name), following in zip(given_ones, ends, strict=True):
            stop = min(following, left.get(unit) or full.end)
            begin = at
            while begin < stop:  # rates of one quarter are compared with one another only
                quarter = f"{begin.year}-{(begin.month - 1) // 3}"
                year, month = divmod(begin.year * 12 + (begin.month - 1) // 3 * 3 + 3, 12)
                upto = datetime(year, month + 1, 1, tzinfo=UTC)
                days[quarter, name] += int((min(stop, upto) - begin).total_seconds())
                begin = upto
            if left.get(unit) and at < left[unit] <= following:
                leavers[f"{left[unit].year}-{(left[unit].month - 1) // 3}", name] += 1
    for name in ("detractors", "passives"):
        quarters = {quarter for quarter, _ in days}
        total = {q: days[q, name] + days[q, "promoters"] for q in quarters}
        one = sum(leavers[q, name] * days[q, "promoters"] / total[q] for q in quarters)
        two = sum(leavers[q, "promoters"] * days[q, name] / total[q] for q in quarters)
        counts = [sum(leavers[q, side] for q in quarters) for side in (name, "promoters")]
        error = math.sqrt(sum(1 / count for count in counts))
        assert abs(math.log(one / two / planted[f"{name}_over_promoters"])) < FOUR_ERRORS * error


def test_chat_helps_more_orders(demo: Demo) -> None:
    planted = demo.effect("orders_helped_by_chat")
    old = demo.tickets.filter(pl.col("created_at") < demo.end - timedelta(days=7))
    replied = old.filter(pl.col("ticket_id").is_in(demo.replies["ticket_id"].implode()))
    helped = set(demo.tables["orders"].filter(kind="order")["ticket_id"].drop_nulls())
    abandoned = set(demo.tables["changes"].filter(by="timer", old="pending")["ticket_id"])
    rows = replied.filter(~pl.col("ticket_id").is_in(abandoned))
    flags = rows.with_columns(helped=pl.col("ticket_id").is_in(helped))
    chat, chat_error = share(flags.filter(channel="chat")["helped"])
    other, error = share(flags.filter(pl.col("channel") != "chat")["helped"])
    agrees(chat, chat_error, planted["chat"])
    agrees(other, error, planted["other_channels"])
    agrees(chat - other, math.hypot(chat_error, error), planted["uplift"])


def test_a_slower_first_reply_satisfies_less(demo: Demo) -> None:
    from statsmodels.discrete.discrete_model import Logit

    planted, worse = demo.effect("first_reply_time_on_satisfaction"), demo.effect("worse_agent")["agent_id"]
    first = demo.replies.unique("ticket_id", keep="first", maintain_order=True).select("ticket_id", first="sent_at")
    csat = demo.answers.filter(kind="csat").join(first, on="ticket_id")
    minutes = (csat["first"] - csat["created_at"]).dt.total_seconds().to_numpy() / 60
    columns = [np.log2(minutes), (csat["agent_id"] == worse).to_numpy(), (csat["month"] == "2026-10").to_numpy()]
    columns += [(csat["channel"] == channel).to_numpy() for channel in CHANNELS]
    fitted = Logit(csat["top"].to_numpy().astype(float), np.column_stack(columns).astype(float)).fit(disp=0)
    agrees(fitted.params[0], fitted.bse[0], planted["log_odds_per_doubling"])
    agrees(fitted.params[1], fitted.bse[1], demo.effect("worse_agent")["log_odds"])
    assert fitted.params[0] < -2 * fitted.bse[0]


def test_the_dated_event_quickens_the_first_reply(demo: Demo) -> None:
    planted = demo.effect("event")
    settings = read_settings(ROOT / "data" / "settings.toml", demo.folder / "settings.toml")
    first = demo.replies.unique("ticket_id", keep="first", maintain_order=True).select("ticket_id", first="sent_at")
    rows = demo.tickets.filter(channel="email").join(first, on="ticket_id")
    minutes = open_minutes(rows["created_at"], rows["first"], settings.schedules["default"], ZONE).to_numpy()
    local = rows["created_at"].dt.convert_time_zone(ZONE).dt.date()
    after = (local >= date.fromisoformat(planted["date"])).to_numpy() & (minutes > 0)
    before = ~after & (minutes > 0)
    error = math.hypot(*(np.log(minutes[part]).std() / math.sqrt(part.sum()) for part in (before, after)))
    agrees(np.log(minutes[after]).mean() - np.log(minutes[before]).mean(), error, math.log(planted["factor"]))


# --- workflows and articles -------------------------------------------------------------------------------------------


def _log_odds(of: set[str], others: set[str], hits: set[str]) -> tuple[float, float]:
    """Return the log odds ratio of a hit in one group against the others, and its standard error (Woolf 1955)."""
    cells = [len(of & hits), len(of - hits), len(others & hits), len(others - hits)]
    ratio = math.log(cells[0] * cells[3] / (cells[1] * cells[2]))
    return ratio, math.sqrt(sum(1 / cell for cell in cells))


def _first_replied(demo: Demo) -> tuple[set[str], set[str], set[str]]:
    """Return the tickets that a human answered, and of them: those reopened, those with one public reply only."""
    changes = demo.clean("changes").filter((pl.col("field") == "status") & (pl.col("old") == "solved"))
    counts = Counter(demo.clean("messages").filter(pl.col("is_public"), author="agent")["ticket_id"])
    once = {key for key, count in counts.items() if count == 1}
    return set(counts), set(changes.filter(new="open")["ticket_id"]), once


@pytest.mark.parametrize("name", ["blockage", "shortcut"])
def test_planted_workflows_go_with_what_truth_says(demo: Demo, name: str) -> None:
    planted = demo.effect(name)
    replied, reopened, once = _first_replied(demo)
    used = set(demo.tables["workflow_runs"].filter(kind="macro", name=planted["workflow"])["ticket_id"])
    hits = reopened if name == "blockage" else once - reopened
    ratio, error = _log_odds(hits & replied, replied - hits, used)
    agrees(ratio, error, math.log(planted["odds_ratio"]))


def test_other_macros_go_with_nothing(full: Demo) -> None:
    replied, reopened, _ = _first_replied(full)
    for macro in ("ask for photos", "check stock", "explain delivery"):
        used = set(full.tables["workflow_runs"].filter(kind="macro", name=macro)["ticket_id"])
        agrees(*_log_odds(reopened & replied, replied - reopened, used), 0.0)


def test_the_answer_bot_settles_the_share_it_should(demo: Demo) -> None:
    alone = demo.clean("changes").filter((pl.col("new") == "solved") & (pl.col("by") == "customer"))["ticket_id"]
    settled = set(alone) - _first_replied(demo)[0]
    bot = set(demo.tables["workflow_runs"].filter(kind="auto_reply")["ticket_id"])
    hits = pl.Series([ticket in bot for ticket in sorted(settled)])
    agrees(*share(hits), demo.effect("answer_bot")["share"])


def test_one_article_leaves_people_with_a_ticket(demo: Demo) -> None:
    planted, views = demo.effect("leaving_article"), demo.clean("article_views")
    left = set(views.filter(pl.col("ticket_id").is_not_null())["view_id"])
    ours = set(views.filter(title=planted["title"])["view_id"])
    agrees(*_log_odds(ours, set(views["view_id"]) - ours, left), math.log(planted["odds_ratio"]))


def test_subjects_are_typed_in_several_ways(full: Demo) -> None:
    asked = full.clean("tickets").filter(category="delivery", language="en")["subject"]
    assert 0.15 < asked.str.contains(r"\d{5}$").mean() < 0.25
    assert 0.05 < asked.str.starts_with("Re: ").mean() < 0.11
    assert 0.08 < asked.str.starts_with("where").mean() < 0.16
