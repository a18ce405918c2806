"""What goes together with an outcome: published figures, loops, planted effects, leaks, and how often it errs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from stats import desk

from cxlib.estimates.experience import experiences
from cxlib.metrics import Query, query
from cxlib.present.sentences import say
from cxlib.questions import drivers
from cxlib.results.types import Effects, NotKnown
from cxlib.sources.mapped.mapping import FileSpec
from cxlib.sources.reading.sheets import read_sheet
from cxlib.stats.model import Model, model
from cxlib.store.folder import open_data

TERMS = {"wait": "Wait doubled", "handoffs": "One handoff more", "channel": "Channel"}


def rows(seed: int, customers: int = 150, **effect: float) -> pl.DataFrame:
    """Return answers, one to four a customer, whose satisfaction depends on the customer and on what is in `effect`."""
    rng = np.random.default_rng(seed)
    unit = np.repeat(np.arange(customers), rng.integers(1, 5, customers))
    n = len(unit)
    wait, handoffs = rng.normal(8, 2, n), rng.poisson(0.4, n).astype(float)
    channel = np.array(["email", "phone", "chat"])[rng.integers(0, 3, customers)[unit]]
    own = rng.normal(0, 0.8, customers)[unit]
    eta = 1.0 + own + effect.get("wait", 0) * (wait - 8) + effect.get("phone", 0) * (channel == "phone")
    y = (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(float)
    return pl.DataFrame({"unit": unit, "wait": wait, "handoffs": handoffs, "channel": channel, "y": y})


def row_of(found: Model | Effects, group: str) -> dict[str, Any]:
    every = found.rows if isinstance(found, Model) else found.points.to_dicts()
    return next(row for row in every if row["group"] == group)


def fitted(frame: pl.DataFrame, terms: dict[str, str] = TERMS, **other: Any) -> Model:
    return model(frame, "y", terms, unit="unit", **({"share": True, "factor": 100.0} | other))


@pytest.fixture
def telco(shared_data: Callable[[str], Path], tmp_path: Path) -> pl.DataFrame:
    """Return IBM's customers of a telephone company, read as the workbook reads Excel."""
    one, two = (
        read_sheet(
            shared_data(f"telco/Telco_customer_churn{name}.xlsx"), FileSpec(name, "*"), staging=tmp_path
        ).frame.collect()
        for name in ("", "_status")
    )
    both = one.join(two, left_on="CustomerID", right_on="Customer ID", suffix="_2")
    return both.select(
        pl.col("CustomerID").alias("unit"), pl.col("Contract").alias("contract"),
        *(pl.col(name).cast(pl.Float64).alias(short) for name, short in (
            ("Churn Value", "y"), ("Tenure Months", "tenure"), ("Monthly Charges", "charges"),
            ("Satisfaction Score", "score"))),
    )  # fmt: skip


TELCO = {"tenure": "One month longer", "charges": "One dollar more", "contract": "Contract"}


def test_the_published_churn_model_is_reproduced(telco: pl.DataFrame) -> None:
    found = fitted(telco, TELCO)
    known = {"tenure": -0.03573, "charges": 0.02862, "contract One year": -1.06246, "contract Two year": -2.02261}
    assert {name: round(value, 5) for name, (value, _) in found.coefficients.items()} == known
    assert round(found.constant, 5) == -1.60271
    assert round(found.log_likelihood, 3) == -3072.939
    assert row_of(found, "tenure")["n"] == 7043


def test_a_score_made_from_the_outcome_is_refused_as_number_and_as_text(telco: pl.DataFrame) -> None:
    found = fitted(telco, {"score": "Score", **TELCO})
    assert row_of(found, "score")["reason"] == "it separates the outcome: was it made from it?"
    assert round(found.constant, 5) == -1.60271
    found = fitted(telco.with_columns(pl.col("score").cast(pl.String)), {"score": "Score", **TELCO})
    assert "rows with 4.0 are alike: was it made from the outcome?" in row_of(found, "score")["reason"]
    assert round(found.constant, 5) == -1.60271


def test_effects_are_what_a_loop_over_rows_finds_with_coefficients_of_another_fit() -> None:
    import statsmodels.api as sm

    frame = rows(1, 600, wait=-0.2, phone=-0.9)
    most = frame["channel"].value_counts().sort("count", "channel", descending=[True, False])["channel"].to_list()
    x = np.column_stack(
        [frame["wait"], frame["handoffs"], *((frame["channel"] == level).to_numpy() for level in most[1:])]
    ).astype(float)
    other = sm.Logit(frame["y"].to_numpy(), sm.add_constant(x)).fit(
        disp=0, cov_type="cluster", cov_kwds={"groups": frame["unit"].to_numpy()}
    )
    found = fitted(frame)
    assert [value for value, _ in found.coefficients.values()] == pytest.approx(other.params[1:], abs=1e-6)
    errors = [error for _, error in found.coefficients.values()]
    assert errors == pytest.approx(other.bse[1:], rel=1e-5)

    def chance(line: np.ndarray, changed: dict[int, float]) -> float:
        moved = [changed.get(place, value) for place, value in enumerate(line)]
        return 1 / (1 + float(np.exp(-other.params[0] - other.params[1:] @ moved)))

    def average(after: Callable[[np.ndarray], dict[int, float]], before: dict[int, float]) -> float:
        return 100 * float(np.mean([chance(line, after(line)) - chance(line, before) for line in x]))

    assert row_of(found, "wait")["value"] == pytest.approx(average(lambda line: {0: line[0] + 1}, {}), abs=1e-4)
    first = average(lambda _: {2: 1.0, 3: 0.0}, {2: 0.0, 3: 0.0})
    assert row_of(found, f"channel {most[1]}")["value"] == pytest.approx(first, abs=1e-4)
    assert row_of(found, f"channel {most[1]}")["label"] == f"Channel {most[1]}, not {most[0]}"
    assert row_of(found, f"channel {most[1]}")["n"] == int((frame["channel"] == most[1]).sum())


def test_the_error_of_an_effect_is_that_of_a_bootstrap_of_customers() -> None:
    frame = rows(2, customers=300, wait=-0.3)
    rng, parts = np.random.default_rng(1), frame.partition_by("unit", maintain_order=True)
    values = []
    for _ in range(150):
        drawn = pl.concat([parts[i] for i in rng.integers(len(parts), size=len(parts))])
        values.append(row_of(fitted(drawn, {"wait": "Wait"}), "wait")["value"])
    assert row_of(fitted(frame, {"wait": "Wait"}), "wait")["se"] == pytest.approx(np.std(values, ddof=1), rel=0.2)


def test_a_mean_is_modelled_by_least_squares_as_statsmodels_does() -> None:
    import statsmodels.api as sm
    from scipy.stats import t

    frame = rows(3, 600).with_columns(y=1.0 + 4 * pl.col("y") + 0.45 * pl.col("handoffs"))
    found = fitted(frame, {"handoffs": "Handoffs", "wait": "Wait"}, share=False, factor=1.0)
    other = sm.OLS(frame["y"].to_numpy(), sm.add_constant(frame.select("handoffs", "wait").to_numpy())).fit(
        cov_type="cluster", cov_kwds={"groups": frame["unit"].to_numpy()}, use_t=True
    )
    row = row_of(found, "handoffs")
    assert (row["value"], row["se"]) == pytest.approx((other.params[1], other.bse[1]), rel=1e-6)
    differ = frame.filter(pl.col("handoffs") != pl.col("handoffs").mode().min())["unit"].n_unique()
    assert row["p_value"] == pytest.approx(2 * t.sf(abs(other.tvalues[1]), differ - 1), rel=1e-6)
    half = t.ppf(0.975, differ - 1) * other.bse[1]
    assert (row["low"], row["high"]) == pytest.approx((other.params[1] - half, other.params[1] + half), rel=1e-6)


def test_few_customers_are_left_out_one_at_a_time() -> None:
    frame, terms = rows(8, 60, wait=-0.3), {"wait": "Wait", "handoffs": "Handoffs"}
    found = fitted(frame, terms)
    left = [fitted(frame.filter(pl.col("unit") != unit), terms) for unit in frame["unit"].unique()]
    values = np.array([[value for value, _ in other.coefficients.values()] for other in left])
    whole = np.array([value for value, _ in found.coefficients.values()])
    errors = np.sqrt(59 / 60 * ((values - whole) ** 2).sum(axis=0))
    assert [error for _, error in found.coefficients.values()] == pytest.approx(errors, rel=0.05)


def test_ordered_answers_give_the_same_effect_under_proportional_odds() -> None:
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    rng = np.random.default_rng(4)
    handoffs = rng.poisson(0.5, 1500).astype(float)
    y = np.clip(np.round(2.2 + 0.4 * handoffs + rng.logistic(0, 0.5, 1500)), 1, 5)
    frame = pl.DataFrame({"unit": np.arange(1500), "handoffs": handoffs, "y": y})
    row = row_of(fitted(frame, {"handoffs": "Handoffs"}, share=False, factor=1.0), "handoffs")
    ordered = OrderedModel(y, handoffs[:, None], distr="logit").fit(method="bfgs", disp=0)
    means = [ordered.predict(exog=side[:, None]) @ np.unique(y) for side in (handoffs + 1, handoffs)]
    assert row["value"] == pytest.approx(float(np.mean(means[0] - means[1])), abs=0.06)


def test_intervals_cover_and_nothing_is_found_where_nothing_is() -> None:
    def merged(seed: int, customers: int) -> Model:
        frame = rows(seed, customers, phone=-0.9)
        return fitted(frame.with_columns(channel=pl.col("channel").replace("chat", "email")))

    covered, alarms, runs = 0, 0, 120
    truth = float(np.mean([row_of(merged(9000 + i, 4000), "channel phone")["value"] for i in range(8)]))
    for seed in range(runs):
        found = merged(seed, 150)
        row = row_of(found, "channel phone")
        covered += row["low"] <= truth <= row["high"]
        alarms += row_of(found, "wait")["p_value"] < 0.05
    assert covered / runs >= 0.9
    assert alarms / runs <= 0.1


@pytest.mark.parametrize(
    ("changed", "group", "reason"),
    [
        ({"handoffs": pl.lit(0.0)}, "handoffs", "all {n} rows are alike in it"),
        ({"handoffs": pl.col("wait") * 2 + 1}, "handoffs", "what was looked at before it already tells it"),
        ({"handoffs": pl.col("y") * 3 + pl.col("wait") / 99}, "handoffs", "it separates the outcome"),
        ({"handoffs": pl.when(pl.int_range(pl.len()) % 3 > 0).then(1.5)}, "handoffs", "not known of 33 % of the rows"),
        ({"handoffs": pl.lit(None, dtype=pl.Float64)}, "handoffs", "the data do not say it"),
        ({"channel": pl.when(pl.col("y") > 0).then(pl.lit("good")).otherwise(pl.lit("bad"))}, "channel",
         "was it made from the outcome?"),
        ({"channel": pl.lit(None, dtype=pl.String)}, "channel", "the data do not say it"),
        ({"channel": pl.lit("email")}, "channel", "all {n} rows are alike in it"),
    ],
)  # fmt: skip
def test_a_column_that_cannot_be_used_is_left_out_with_the_reason(
    changed: dict[str, pl.Expr], group: str, reason: str
) -> None:
    frame = rows(5, wait=-0.2)
    found = fitted(frame.with_columns(**changed))
    assert found.reason == ""
    row = row_of(found, group)
    assert reason.format(n=frame.height) in row["reason"]
    assert "wait" in found.coefficients
    assert all(np.isfinite(row.get("value", 0.0)) for row in found.rows)


@pytest.mark.filterwarnings("error")
def test_a_group_that_determines_a_mean_or_score_is_refused_and_named() -> None:
    frame = rows(4).with_columns(y=pl.when(pl.col("channel") == "phone").then(-1.0).otherwise(1.0))
    found = fitted(frame, share=False)
    assert "it all but determines the outcome" in row_of(found, "channel")["reason"]
    noisy = frame.with_columns(y=pl.col("y") + pl.Series(np.random.default_rng(1).normal(0, 1, frame.height)))
    told = [row for row in fitted(noisy, share=False).rows if row["family"] == "channel"]
    assert max(abs(row["value"]) for row in told) > 100


def test_separation_gives_a_reason_never_a_warning_or_an_endless_effect() -> None:
    frame = rows(6, wait=-0.2)
    few = pl.int_range(pl.len()) < 30  # a level of a few rows, all satisfied
    quasi = frame.with_columns(channel=pl.when(few).then(pl.lit("app")).otherwise("channel"), y=pl.when(few).then(1.0)
                               .otherwise("y"))  # fmt: skip
    found = fitted(quasi)
    assert row_of(found, "channel app")["reason"] == "all 30 outcomes are alike"
    without = fitted(quasi.filter(pl.col("channel") != "app"))
    assert found.coefficients == without.coefficients  # as if these rows were not there
    flag = frame.with_columns(handoffs=pl.when(pl.int_range(pl.len()) < 35).then(1.0).otherwise(0.0))
    flag = flag.with_columns(y=pl.when(pl.col("handoffs") > 0).then(0.0).otherwise("y"))
    assert "its effect has no bound" in row_of(fitted(flag), "handoffs")["reason"]
    rng = np.random.default_rng(1)
    one, two = rng.normal(size=(2, 400))
    joint = pl.DataFrame({"unit": np.arange(400), "one": one, "two": two, "y": (one + two > 0).astype(float)})
    found = fitted(joint, {"one": "One", "two": "Two"})  # neither separates alone, both together do
    reasons = [row.get("reason") for row in found.rows]
    assert sum("all but determines the outcome" in (reason or "") for reason in reasons) == 1
    assert all(abs(row.get("value", 0)) < 100 for row in found.rows)


def test_too_little_gives_no_model() -> None:
    frame = rows(7)
    few = frame.filter(pl.col("unit") < 19)
    assert fitted(few).reason == "only 19 independent units, and fewer than 20 make no model"
    assert fitted(frame.filter(pl.col("unit") < 1)).reason.startswith("only 1 independent units")
    assert fitted(frame.with_columns(y=pl.lit(1.0))).reason == f"all {frame.height} outcomes are alike"
    assert fitted(frame.clear()).reason.startswith("only 0 ")
    crowded = fitted(frame.filter(pl.col("unit") < 25))
    assert row_of(crowded, "channel")["reason"].startswith("too few")
    assert fitted(frame, {"brand": "Brand"}).reason == "nothing is left to look at (Brand: the data do not say it)"


@pytest.mark.parametrize("seed", [3, 7])
def test_the_planted_effects_are_found_in_a_demo(seed: int, tmp_path: Path) -> None:
    from cxlib.demo import DemoParameters, build_demo
    from cxlib.derive import derive

    (tmp_path / "demo").mkdir()
    build_demo(tmp_path / "demo", parameters=DemoParameters(seed=seed, tickets=24_000, customers=5_000, months=14))
    derive(tmp_path / "demo")
    truth = json.loads((tmp_path / "demo" / "truth.json").read_text(encoding="utf-8"))["effects"]
    looked = query(open_data(str(tmp_path / "demo")))
    slope = truth["first_reply_time_on_satisfaction"]["log_odds_per_doubling"]
    from cxlib.estimates.experience import TERMS as ALL

    answers = experiences(looked.metric("csat"), looked, looked.months(12))
    value, error = model(answers, "x", ALL, unit="unit", share=True).coefficients["first_reply"]
    assert abs(value - slope) < 3 * error
    assert value < -3 * error
    found = drivers("csat", looked)
    assert isinstance(found, Effects)
    row = row_of(found, "first_reply")
    share = answers["x"].mean()
    assert abs(row["value"] / 100 - slope * share * (1 - share)) < 3 * row["se"] / 100 + 0.01  # near the mean slope
    assert row["p_adjusted"] < 0.005
    for name, kind in (("customer_effort", "effort"), ("customer_ease", "ease")):
        found = drivers(name, looked)
        assert isinstance(found, Effects)
        row = row_of(found, "handoffs")
        assert abs(row["value"] - truth["effort_by_handoffs"][kind]["per_handoff"]) < 3 * row["se"]


def _desk(tmp_path: Path, name: str = "desk") -> tuple[Query, desk.Rows, desk.Rows]:
    tickets = desk.tickets()
    for number, ticket in enumerate(tickets):
        ticket |= {
            "handoffs": number % 3,
            "first_replied_at": ticket["created_at"] + timedelta(minutes=1 + number % 50),
        }
        if number % 9 == 0 and ticket["solved_at"]:
            ticket["reopened_at"] = ticket["solved_at"] + timedelta(days=1 if number % 2 else -1)
    answers = desk.surveys(tickets)
    people = [{"customer_id": f"c{i}", "importance": "high" if i % 3 else "low",
               "joined_at": datetime(2020, 1, 1 + i % 28, tzinfo=UTC)} for i in range(40)]  # fmt: skip
    return query(desk.build(tmp_path / name, tickets=tickets, surveys=answers, customers=people)), tickets, answers


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_the_experience_of_an_answer_is_what_a_loop_joins(tmp_path: Path, engine: str) -> None:
    looked, tickets, answers = _desk(tmp_path)
    looked = replace(looked, engine=engine)
    found = experiences(looked.metric("csat"), looked, looked.months(12))
    by_id, mean = {ticket["ticket_id"]: ticket for ticket in tickets}, {}
    kept = [a for a in answers if a["kind"] == "csat" and a["answered_day"] >= date(2025, 11, 1)]
    waits: dict[Any, list[float]] = {}
    for answer in kept:
        ticket = by_id[answer["ticket_id"]]
        minutes = (ticket["first_replied_at"] - ticket["created_at"]).total_seconds() / 60
        if ticket["first_replied_at"] <= answer["answered_at"]:
            answer["wait"] = float(np.log2(minutes))
            waits.setdefault(ticket["channel"], []).append(answer["wait"])
    mean = {channel: float(np.mean(values)) for channel, values in waits.items()}
    assert found.height == len(kept) > 100
    for row in found.to_dicts():
        answer = next(a for a in kept if a["survey_id"] == row["survey_id"])
        ticket = by_id[answer["ticket_id"]]
        assert row["x"] == (answer["box"] == "top")
        assert row["unit"] == (answer["customer_id"] or f"row {answer['survey_id']}")
        assert (row["channel"], row["handoffs"]) == (ticket["channel"], ticket["handoffs"])
        known = answer.get("wait")
        expected = None if known is None else known - mean[ticket["channel"]]
        assert row["first_reply"] == (None if expected is None else pytest.approx(expected, abs=1e-9))
        reopened = ticket.get("reopened_at")
        assert row["reopened"] == float(reopened is not None and reopened < answer["answered_at"])
        if answer["customer_id"]:
            years = (
                answer["answered_at"] - datetime(2020, 1, 1 + int(answer["customer_id"][1:]) % 28, tzinfo=UTC)
            ).days
            assert row["tenure"] == pytest.approx(years / 365.25, abs=0.01)


def test_the_answer_of_a_desk_says_what_it_allows_for(tmp_path: Path) -> None:
    looked, *_ = _desk(tmp_path)
    found = drivers("csat", looked)
    assert isinstance(found, Effects)
    assert found.allowing_for[0] == "each other"
    assert row_of(found, "agent_replies")["reason"].endswith("rows are alike in it")
    assert row_of(found, "category")["reason"] == "the data do not say it"
    text = say(found).text
    assert "What goes together with" in text
    assert "need not be why" in text
    assert not any(row["family"] == "period" for row in found.points.to_dicts())


def test_what_is_no_survey_or_has_no_answers_is_not_known(looked: Query) -> None:
    for name in ("ticket_volume", "resolution_time", "satisfied_customers"):
        assert isinstance(drivers(name, looked), NotKnown)
    nothing = drivers("customer_effort", looked)
    assert isinstance(nothing, NotKnown)
    assert "effort" in nothing.reason


def test_more_rows_than_a_model_takes_are_a_stated_sample_of_customers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib

    together = importlib.import_module("cxlib.questions.groups.drivers")
    looked, *_ = _desk(tmp_path)
    monkeypatch.setattr(together, "MOST", 300)
    found = drivers("csat", looked)
    assert isinstance(found, Effects)
    assert "One customer in 2 stands for all." in found.caveat
    assert 0 < found.points["units"].max() <= 42  # type: ignore[operator]
