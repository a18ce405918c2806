"""What the next weeks' volume says, how far to trust it, and how many people the calls and chats take."""

from __future__ import annotations

from datetime import date, timedelta

from cxlib import numbers
from cxlib.numbers import SPACE, Format, number
from cxlib.stats.planning_results import Forecast, Staffing
from cxlib.words.change import level_format, subject
from cxlib.words.groups import Row, estimate
from cxlib.words.money import span
from cxlib.words.sentence import plain

AGENTS = Format("agents")
NOMINAL, NARROW = 95, 90


def forecast_text(result: Forecast) -> str:
    """Return next week's number and the total with intervals, and how the forecast did against seasonal naive."""
    ahead, test = weeks_ahead(result), result.backtest
    weeks, last = len(ahead), ahead[-1]["first"] + timedelta(days=6)
    opening = f"{subject(result.metric)}, {seven_days(ahead[0]['first'])}: {expected(result, ahead[0])}"
    if weeks > 1:
        total = level_format(result.metric, result.total)
        size = total.with_interval(result.total.value or 0.0, result.total.low, result.total.high)
        opening += f"; {size} in the {weeks} weeks to {numbers.day(last)}"
    own, rival = (f"{numbers.share_format().value(error)}" for error in (test.error, test.naive_error))
    made = f"In {test.origins} backtests"
    if not test.beats:
        return (
            f"{opening}. That is seasonal naive ({test.naive}): {made[0].lower()}{made[1:]} it was off by {rival} on "
            f"average, and the model of weekdays, holidays and level, off by {own}, did no better."
        )
    wide = f", so it is made {number(test.widened, 1)} times as wide" if test.widened >= 1.05 else ""
    return (
        f"{opening}. {made} off by {own} on average, seasonal naive ({test.naive}) by {rival}; "
        f"the interval held in {numbers.percent(test.held / 100)} of the weeks{wide}."
    )


def forecast_headline(result: Forecast) -> str:
    """Return next week's number with its interval."""
    first = weeks_ahead(result)[0]
    return f"{subject(result.metric)}: {expected(result, first)} expected, {seven_days(first['first'])}"


def weeks_ahead(result: Forecast) -> list[Row]:
    """Return the rows of the weeks to come."""
    return [row for row in result.points.iter_rows(named=True) if row["ahead"]]


def expected(result: Forecast, row: Row) -> str:
    """Return "591 (541–641)"."""
    return level_format(result.metric, estimate(row)).with_interval(row["value"], row["low"], row["high"])


def seven_days(first: date) -> str:
    """Return "1 to 7 November 2026", or both months in full."""
    last = first + timedelta(days=6)
    return f"{first.day if first.month == last.month else numbers.day(first)} to {numbers.day(last)}"


def staffing_text(result: Staffing) -> str:
    """Return the agents at the busiest hour and the agent hours of a week, with all they rest on."""
    top = most_agents(result)
    when = f"{numbers.weekday(top['weekday'])} from {top['hour']} to {top['hour'] + 1} o'clock"
    week, *basis = rests_on(result)
    return " ".join([f"{plain(result.channel).capitalize()} takes {agents(top)} on {when}; {week}", *basis])


def rests_on(result: Staffing) -> list[str]:
    """Return the agent hours of a week, what they rest on, and what is not staffed, a sentence each."""
    target, top = result.target, most_agents(result)
    at_work, paid = (
        Format("").with_interval(value, *_apart(low, high)) for value, low, high in (result.at_work, result.paid)
    )
    minutes = Format("minutes", decimals=1)
    handle = minutes.with_interval(result.handle.value or 0.0, result.handle.low, result.handle.high)
    how = "estimated from replies" if result.estimated else "as recorded"
    chats = f", {target.chats_at_once} at once" if result.channel == "chat" else ""
    goal = f"{numbers.percent(target.service_level)} within {number(target.within_seconds)}{SPACE}seconds"
    away, rate = numbers.percent(target.shrinkage), number(top["rate"], 1)
    told = [
        f"{at_work} agent hours a week, paid {paid} with {away} away from the desk.",
        f"Erlang C for {goal}, {rate} an hour then ({span(result.months)}), {handle} each, {how}{chats}; "
        "nobody hangs up.",
    ]
    outside = f"{numbers.percent(result.outside / 100)} come outside opening hours and are not staffed."
    return [*told, outside] if result.outside else told


def staffing_headline(result: Staffing) -> str:
    """Return the agents of the busiest hour."""
    top = most_agents(result)
    where = f"{numbers.weekday(top['weekday'])}, {top['hour']} to {top['hour'] + 1} o'clock"
    return f"{plain(result.channel).capitalize()} takes {agents(top)} at the busiest hour: {where}"


def most_agents(result: Staffing) -> Row:
    """Return the row of most agents, of equal ones that of most arrivals."""
    return max(result.points.iter_rows(named=True), key=lambda row: (row["value"], row["rate"]))


def agents(row: Row, *, bare: bool = False) -> str:
    """Return "7 agents (6–9)", or `bare` "7 (6–9)"; the interval left out where both ends are the number itself."""
    unit = "" if bare else "agent" if row["value"] == 1 else "agents"
    return Format(unit).with_interval(row["value"], *_apart(row["low"], row["high"]))


def _apart(low: float, high: float) -> tuple[float | None, float | None]:
    return (None, None) if low == high else (low, high)
