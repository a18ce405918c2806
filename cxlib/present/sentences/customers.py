"""What a customer's history and the list of those who wait say, in a sentence and in the cells of a table."""

from dataclasses import replace

from cxlib import numbers
from cxlib.metrics.registry import METRICS
from cxlib.numbers import SPACE, format_of
from cxlib.present.sentences.groups import Row
from cxlib.present.sentences.sentence import plain
from cxlib.results.types import History, WaitingList

INTERNAL = "Internal: about single customers."
WAITING = "new, open or on hold; what is pending waits for the customer"
MOST, TOP = 500, 10
NOTHING = "–"
_SURVEYS = {
    "csat": "Satisfaction",
    "effort": "Effort",
    "ease": "Ease",
    "nps": "Recommendation",
    "repurchase": "Would buy again",
}
Cells = tuple[str, tuple[str, ...], tuple[tuple[str, ...], ...], tuple[str, ...]]  # caption, columns, rows, notes


def history_text(result: History) -> str:
    """Return what is on record, who spent most time, and whether anything waits now."""
    about = [f"importance {plain(result.importance)}"] if result.importance else []
    about += [f"customer since {numbers.day(result.joined)}"] if result.joined else []
    return (
        f"{_who(result.name, result.customer_id, *about)}: {_on_record(result)} since {numbers.day(result.first)}."
        f"{_most_time(result)} {_waits(result)}."
    )


def history_headline(result: History) -> str:
    """Return the customer, how much is on record and how much of it waits."""
    waits = f", {numbers.number(len(result.waited))} waiting" if result.waited else ", nothing waiting"
    return f"{plain(result.name or result.customer_id)}: {_on_record(result)}{waits}"


def waiting_text(result: WaitingList) -> str:
    """Return how many important or long-loyal customers wait, and who comes first."""
    day, whole = numbers.day(result.as_of), numbers.number(result.everybody)
    unknown = "" if result.important else " How important customers are is not known."
    if not result.selected:
        return f"No {_chosen(result)} waits on {day}; {_waiting(result.everybody, 'customer')} in all.{unknown}"
    first = result.customers.row(0, named=True)
    long = wait(first["minutes"], _longest(result))
    return (
        f"{_waiting(result.selected, _chosen(result))} on {day}, of {whole} who wait in all; "
        f"first {_who(first['name'], first['customer_id'], *standing(first))}, for {long}.{unknown}"
    )


def waiting_headline(result: WaitingList) -> str:
    """Return how many important or long-loyal customers wait."""
    if not result.selected:
        return f"No {_chosen(result)} waits"
    return _waiting(result.selected, _chosen(result))


def history_cells(result: History) -> Cells:
    """Return one row an event, newest first, and the agents with their time below."""
    by_ticket: dict[str, list[Row]] = {}
    for part in result.work.iter_rows(named=True):
        by_ticket.setdefault(part["ticket_id"], []).append(part)
    events = list(result.events.reverse().iter_rows(named=True))
    rows = tuple(_event_cells(event, by_ticket.get(event["id"], [])) for event in events[:MOST])
    notes = [INTERNAL, f"On record: {_on_record(result)}."] + (
        [f"{len(events) - MOST} older rows are left out."] if len(events) > MOST else []
    )
    notes += [f"Waiting now, in all: {', '.join(wait(minutes) for minutes in result.waited)}"] if result.waited else []
    notes += ["* estimated: public replies × a setting"] if result.work["estimated"].any() else []
    notes += [f"{plain(row['agent'])}: {spent(row)}" for row in result.agents.head(TOP).iter_rows(named=True)]
    notes += [f"{count(result.agents.height - TOP, 'other')} spent less."] if result.agents.height > TOP else []
    caption = f"History of {_who(result.name, result.customer_id)} up to {numbers.day(result.as_of)}"
    return caption, ("Day", "What", "About", "State", "Handled by"), rows, tuple(notes)


def waiting_cells(result: WaitingList) -> Cells:
    """Return one row a customer."""
    rows = tuple(
        (
            plain(row["name"] or row["customer_id"]), plain(row["customer_id"]), plain(row["importance"] or NOTHING),
            NOTHING if row["years"] is None else numbers.number(row["years"], 1), numbers.number(row["tickets"]),
            wait(row["minutes"], _longest(result)),
            plain(f"{row['ticket_id']}, {row['category'] or row['channel'] or NOTHING}"),
            plain(row["agent"] or NOTHING),
        )
        for row in result.customers.iter_rows(named=True)
    )  # fmt: skip
    columns = (
        "Customer", "Number", "Importance", ">Years", ">Open tickets", ">Waiting for", "Oldest ticket", "Assigned to",
    )  # fmt: skip
    important = ", ".join(plain(name) for name in result.important) or "not known"
    rule = f"Important: {important}. Long-loyal: {_bare(result.loyal_years)} years or more. Waiting: {WAITING}."
    rest = result.selected - result.customers.height
    counts = f"{numbers.number(result.selected)} of {numbers.number(result.everybody)} who wait."
    notes = (INTERNAL, rule, counts, *([f"{numbers.number(rest)} more are left out."] if rest else []))
    chosen = _chosen(result)
    return f"{chosen[0].upper()}{chosen[1:]}s who wait on {numbers.day(result.as_of)}", columns, rows, notes


def standing(row: Row) -> list[str]:
    """Return importance and tenure of a row of the waiting list, as far as they are known."""
    years = [] if row["years"] is None else [f"{numbers.number(row['years'], 1)}{SPACE}years"]
    return ([plain(row["importance"])] if row["importance"] else []) + years


def wait(minutes: float, longest: float | None = None) -> str:
    """Return a waiting time in minutes, hours or days, in those of the longest where several stand together."""
    form = format_of(METRICS["resolution_time"], minutes if longest is None else longest)
    return (replace(form, decimals=0) if minutes >= 10 * form.divisor else form).value(minutes)


def _longest(result: WaitingList) -> float:
    return float(max(result.customers["minutes"].to_list()))


def spent(row: Row) -> str:
    """Return "95 min on 5 tickets": minutes of work are never printed in days."""
    tickets = count(row["tickets"], "ticket")
    if row["minutes"] is None:
        return tickets
    return f"{format_of(METRICS['resolution_time_business'], row['minutes']).value(row['minutes'])} on {tickets}"


def event_text(event: Row) -> str:
    """Return what an event was about: category and channel, answer and scale, kind and amount."""
    if event["kind"] == "ticket":
        return plain(", ".join(part for part in (event["what"] or event["note"], event["channel"]) if part) or NOTHING)
    if event["kind"] == "answer":
        low, high = event["scale_low"], event["scale_high"]
        scale = "" if low is None or high is None else f" ({_bare(low)}–{_bare(high)})"
        answer = NOTHING if event["answer"] is None else _bare(event["answer"])
        return f"{_SURVEYS.get(event['what'], plain(event['what'] or NOTHING))} {answer}{scale}"
    amount = "" if event["amount"] is None else f" {numbers.number(event['amount'], 2)}{SPACE}{event['currency'] or ''}"
    return f"{plain(event['what'] or 'order')}{amount}".rstrip()


def _event_cells(event: Row, work: list[Row]) -> tuple[str, ...]:
    who = [f"{plain(part['agent'])} {_minutes(part)}".rstrip() for part in work]
    state = event["status"] or ("" if event["kind"] != "ticket" else "solved" if event["until"] else "unknown")
    note = "" if event["kind"] == "ticket" else plain(event["note"] or "")
    what = f"{event['kind']} {event['id']}"
    shown = f"{state}, waiting" if event["waiting"] else state or note
    return numbers.day(event["day"]), plain(what), event_text(event), plain(shown), "; ".join(who)


def _minutes(part: Row) -> str:
    if part["minutes"] is None:
        return ""
    mark = "*" if part["estimated"] else ""
    return format_of(METRICS["resolution_time_business"], part["minutes"]).value(part["minutes"]) + mark


def _on_record(result: History) -> str:
    kinds = zip(result.counts, ("ticket", "answer", "order"), strict=True)
    parts = [count(number, kind) for number, kind in kinds if number]
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


def _most_time(result: History) -> str:
    if result.agents.is_empty() or result.agents["minutes"][0] is None:
        return ""
    first = result.agents.row(0, named=True)
    told = result.work["estimated"].filter(result.work["minutes"].is_not_null())
    estimated = " (estimated)" if told.all() else " (estimated in part)" if told.any() else ""
    return f" Most time came from {plain(first['agent'])}, {spent(first)}{estimated}."


def _waits(result: History) -> str:
    day = numbers.day(result.as_of)
    if not result.waited:
        return f"Nothing is waiting on {day}"
    verb = "is" if len(result.waited) == 1 else "are"
    longest = "" if len(result.waited) == 1 else "the longest "
    return f"{count(len(result.waited), 'ticket')} {verb} waiting on {day}, {longest}for {wait(result.waited[0])}"


def _who(name: str | None, number: str, *about: str) -> str:
    inside = "; ".join([*([plain(number)] if name else []), *about])
    return plain(name or number) + (f" ({inside})" if inside else "")


def _chosen(result: WaitingList) -> str:
    return "important or long-loyal customer" if result.important else "long-loyal customer"


def _waiting(number: int, noun: str) -> str:
    return f"{count(number, noun)} {'waits' if number == 1 else 'wait'}"


def _bare(value: float) -> str:
    return numbers.number(value, 0 if value == int(value) else 2)


def count(number: int, noun: str) -> str:
    """Return "1 ticket", "1,203 tickets"."""
    return f"{numbers.number(number)}{SPACE}{noun}{'' if number == 1 else 's'}"
