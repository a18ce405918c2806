"""What the next weeks' volume says, how far to trust it, and how many people the calls and chats take."""

from datetime import date, timedelta

from cxlib import numbers
from cxlib.numbers import SPACE, Format, number
from cxlib.present.sentences.change import level_format, subject
from cxlib.present.sentences.groups import Row, estimate
from cxlib.present.sentences.money import span
from cxlib.present.sentences.sentence import plain
from cxlib.results.planning import Forecast, Staffing

AGENTS = Format("agents")
NOMINAL, NARROW = 95, 90


def forecast_text(result: Forecast) -> str:
    """Return next week's number and the total with intervals, and how far off it was beside seasonal naive."""
    ahead, test = weeks_ahead(result), result.backtest
    opening = f"{subject(result.metric)}, {seven_days(ahead[0]['first'])}: {expected(result, ahead[0])} expected"
    if (weeks := len(ahead)) > 1:
        total = level_format(result.metric, result.total)
        size = total.with_interval(result.total.value or 0.0, result.total.low, result.total.high)
        opening += f"; {size} in {weeks} weeks"
    own, rival = (f"{numbers.share_format().value(error)}" for error in (test.error, test.naive_error))
    if test.surprised:
        opening += ", from the lasting step on"
    if test.beats:
        return f"{opening}. In {test.origins} backtests off by {own} on average, {test.naive} by {rival}."
    return (
        f"{opening}. That is {test.naive}: in {test.origins} backtests off by {rival}, the model by {own}, no better."
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
    """Return the agents at the busiest hour and the agent hours of a week, and the one thing they rest on."""
    top = most_agents(result)
    when = f"{numbers.weekday(top['weekday'])} from {top['hour']} to {top['hour'] + 1} o'clock"
    at_work, paid = _hours(result)
    return (
        f"{plain(result.channel).capitalize()} takes {agents(top)} on {when} and {at_work} agent hours a week, paid "
        f"{paid}, for {_goal(result)} ({span(result.months)}, handle time {_how(result)}). "
        "Nobody is taken to hang up (Erlang C)."
    )


def _goal(result: Staffing) -> str:
    target = result.target
    return f"{numbers.percent(target.service_level)} within {number(target.within_seconds)}{SPACE}seconds"


def _how(result: Staffing) -> str:
    """Return where the handle time comes from, and how many chats an agent holds at once."""
    chats = f", {result.target.chats_at_once} at once" if result.channel == "chat" else ""
    return ("estimated from replies" if result.estimated else "as recorded") + chats


def _hours(result: Staffing) -> list[str]:
    """Return the agent hours of a week at work and paid, with their intervals."""
    return [Format("").with_interval(size, *_apart(low, high)) for size, low, high in (result.at_work, result.paid)]


def rests_on(result: Staffing) -> list[str]:
    """Return the agent hours of a week, what they rest on, and what is not staffed, a sentence each."""
    at_work, paid = _hours(result)
    minutes = Format("minutes", decimals=1)
    handle = minutes.with_interval(result.handle.value or 0.0, result.handle.low, result.handle.high)
    away, rate = numbers.percent(result.target.shrinkage), number(most_agents(result)["rate"], 1)
    told = [
        f"{at_work} agent hours a week, paid {paid} with {away} away from the desk.",
        f"Erlang C for {_goal(result)}, {rate} an hour then ({span(result.months)}), {handle} each, {_how(result)}; "
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
