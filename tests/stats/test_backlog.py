"""The backlog day by day and month by month: a loop over days, and how often its interval holds the truth."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from stats import desk

from cxlib.derive import derive
from cxlib.metrics import Query, query
from cxlib.present.sentences import say
from cxlib.questions import backlog, breakdown, distribution, trend
from cxlib.results.types import NotKnown, Trend
from cxlib.stats.differences import difference
from cxlib.stats.intervals import ALPHA, Array, Sums, total
from cxlib.store.folder import open_data

MONTH = "2026-10"


@pytest.fixture(scope="module")
def tickets() -> desk.Rows:
    return desk.tickets()


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, tickets: desk.Rows) -> Query:
    given = [{name: value for name, value in row.items() if not name.endswith(("_day", "_minutes", "_ended"))}
             for row in tickets]  # fmt: skip
    folder = tmp_path_factory.mktemp("backlog") / "desk"
    desk.build(folder, tickets=given)
    (folder / "settings.toml").write_text('timezone = "UTC"', encoding="utf-8")
    derive(folder)
    return query(open_data(str(folder)), month=MONTH)


def unsolved(tickets: desk.Rows, day: date) -> desk.Rows:
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
    return [row for row in tickets if row["created_at"] < midnight
            and not (row["solved_at"] and row["solved_at"] < midnight)]  # fmt: skip


def by_customer(rows: desk.Rows) -> Counter[str]:
    return Counter(row["customer_id"] or row["ticket_id"] for row in rows)


def test_each_day_is_what_a_loop_counts(here: Query, tickets: desk.Rows) -> None:
    found = backlog(here)
    assert isinstance(found, Trend)
    assert (found.points["period"][0], found.points["period"][-1]) == ("2025-07-01", "2026-10-31")
    for row in found.points.iter_rows(named=True):
        held = by_customer(unsolved(tickets, date.fromisoformat(row["period"])))
        assert (row["value"], row["n"], row["units"]) == (held.total(), held.total(), len(held))
        assert row["se"] == pytest.approx(np.sqrt(sum(count**2 for count in held.values())))


def test_the_last_day_is_compared_with_the_same_weekday_four_weeks_before(here: Query, tickets: desk.Rows) -> None:
    found = backlog(here)
    assert isinstance(found, Trend)
    assert found.change is not None
    assert found.last_year is not None
    assert (found.change.period, found.change.baseline) == ("2026-10-31", "2026-10-03")
    assert found.last_year.baseline == "2025-11-01"
    now, then = (by_customer(unsolved(tickets, date(2026, 10, day))) for day in (31, 3))
    assert found.change.difference == now.total() - then.total()
    shared = sum(count * then[name] for name, count in now.items())
    size = np.sqrt(sum(c**2 for c in now.values()) * sum(c**2 for c in then.values()))
    sides = []
    for held in (now, then):
        stock, squares = held.total(), sum(count**2 for count in held.values())
        numbers = (1, len(held), stock, stock, stock, squares, squares, squares)
        sides.append(total(Sums(*(np.array([float(number)]) for number in numbers))))
    expected = difference(sides[0], sides[1], np.array([shared / size]))
    assert (found.change.low, found.change.high) == pytest.approx((expected.low[0], expected.high[0]))
    assert "against 3 October 2026" in str(say(found))


def test_a_months_backlog_is_the_mean_of_its_days_with_the_error_of_its_customers(
    here: Query, tickets: desk.Rows
) -> None:
    found = trend("backlog", here)
    assert isinstance(found, Trend)
    shares: Counter[str] = Counter()
    for day in range(1, 32):
        shares.update(by_customer(unsolved(tickets, date(2026, 10, day))))
    last = found.points.row(-1, named=True)
    assert last["value"] == pytest.approx(shares.total() / 31)
    assert last["se"] == pytest.approx(np.sqrt(sum((count / 31) ** 2 for count in shares.values())))


def test_a_ticket_without_a_customer_that_stays_unsolved_is_the_same_in_both_months(tmp_path: Path) -> None:
    at = datetime(2026, 9, 20, tzinfo=UTC)
    asked = [{"ticket_id": f"t{n}", "created_at": at, "status": "open"} for n in range(40)]
    asked.append({"ticket_id": "first", "created_at": datetime(2026, 5, 1, tzinfo=UTC), "status": "deleted"})
    more = [{"ticket_id": "new", "created_at": at + timedelta(days=15), "status": "open"}]
    desk.build(tmp_path / "desk", tickets=[*asked, *more])
    derive(tmp_path / "desk")
    found = trend("backlog", query(open_data(str(tmp_path / "desk")), month=MONTH))
    assert isinstance(found, Trend)
    assert found.change is not None
    assert found.change.low is not None
    assert found.change.difference is not None
    assert -5 < found.change.low < found.change.difference < 3  # apart, 40 and 41 would differ by 1 ± 18


def test_ages_at_the_months_end_are_those_of_what_is_unsolved_then(here: Query, tickets: desk.Rows) -> None:
    found = distribution("backlog_age", here)
    end = datetime(2026, 11, 1, tzinfo=UTC)
    ages = [(end - row["created_at"]).total_seconds() / 86400 for row in unsolved(tickets, date(2026, 10, 31))]
    limits = [0, 1, 3, 7, 28, 91, np.inf]
    assert not isinstance(found, NotKnown)
    expected = [100 * sum(low < age <= high for age in ages) / len(ages) for low, high in pairwise(limits)]
    assert found.points["value"].to_list() == pytest.approx(expected)
    assert "still open" not in found.points["group"].to_list()
    assert f"{len(ages)}\xa0tickets" in str(say(found))


def test_groups_add_up_and_filters_hold(here: Query) -> None:
    parts, whole = breakdown("backlog", here, "channel"), trend("backlog", here)
    assert not isinstance(parts, NotKnown)
    assert not isinstance(whole, NotKnown)
    assert parts.points["value"].sum() == pytest.approx(whole.points["value"][-1])
    phone, email = (backlog(here.only("channel", name)) for name in ("phone", "email"))
    both = backlog(here.only("channel", "phone", "email"))
    assert isinstance(phone, Trend)
    assert isinstance(email, Trend)
    assert isinstance(both, Trend)
    assert phone.points["value"][-1] + email.points["value"][-1] == both.points["value"][-1]


def test_nothing_unsolved_and_no_tickets_are_told_in_words(here: Query, tmp_path: Path) -> None:
    none = backlog(here.only("channel", "fax"))
    assert isinstance(none, NotKnown)
    assert "No ticket was unsolved" in none.reason
    bare = backlog(query(desk.build(tmp_path / "bare", agents=[{"agent_id": "a"}]), month=MONTH))
    assert isinstance(bare, NotKnown)
    assert "no table 'tickets'" in bare.reason


def test_both_engines_give_the_same_days(here: Query) -> None:
    duck = query(here.data, month=MONTH, engine="duckdb")
    one, other = backlog(here), backlog(duck)
    assert isinstance(one, Trend)
    assert isinstance(other, Trend)
    assert one.points.equals(other.points)


def _two_months(rng: np.random.Generator, rate: float) -> tuple[Array, Array]:
    """Return each customer's mean tickets unsolved at the ends of days in two months of a desk that is always alike.

    Customers arrive at random, each with one to three tickets that stay for days to weeks.
    """
    arrivals = rng.poisson(rate * 120)
    at = np.repeat(rng.uniform(-60, 60, arrivals), tickets := rng.integers(1, 4, arrivals))
    until = at + np.minimum(rng.lognormal(1.0, 1.2, len(at)), 55)
    who = np.repeat(np.arange(arrivals), tickets)
    shares = []
    for first in (1, 31):
        ends = np.clip(np.floor(until), first - 1, first + 29) - np.clip(np.ceil(at) - 1, first - 1, first + 29)
        shares.append(np.bincount(who, ends / 30, arrivals))
    return shares[0], shares[1]


def test_the_interval_holds_the_truth_and_equal_months_are_rarely_called_different() -> None:
    rng = np.random.default_rng(8)
    runs = [_two_months(rng, rate=4.0) for _ in range(600)]
    sums = []
    for month in (0, 1):
        shares = [run[month] for run in runs]
        n, value, squares = np.array([(np.count_nonzero(x), x.sum(), x @ x) for x in shares], dtype=np.float64).T
        sums.append(total(Sums(n, n, value, value, value, squares, squares, squares)))
    stay = np.minimum(np.random.default_rng(1).lognormal(1.0, 1.2, 2_000_000), 55).mean()
    truth = 4.0 * 2 * stay  # arrivals × tickets × days each stays (Little 1961)
    low, high = sums[0].limits(np.asarray(ALPHA))
    assert 0.92 < np.mean((low < truth) & (truth < high)) < 0.975
    assert sums[0].value.mean() == pytest.approx(truth, rel=0.01)
    correlated = np.array([one @ two / np.sqrt((one @ one) * (two @ two)) for one, two in runs])
    p = difference(sums[1], sums[0], correlated).p_value
    assert 0.025 < np.mean(p < 0.05) < 0.08
    ignored = difference(sums[1], sums[0], np.zeros(600)).p_value
    assert np.mean(ignored < 0.05) < np.mean(p < 0.05), "the months share what stays unsolved"
