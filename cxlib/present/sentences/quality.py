"""What the data themselves say: how much is broken, set aside, empty or not final, and where figures differ."""

from cxlib import numbers
from cxlib.numbers import Format
from cxlib.present.sentences.customers import count
from cxlib.present.sentences.groups import Row
from cxlib.present.sentences.sentence import capital, plain
from cxlib.results.quality import Coverage, Tally

LONG, TOLD = 160, 2


def tally_text(result: Tally) -> str:
    """Return how many rows, and the most frequent reasons; of compared figures how many are the same and explained."""
    rows = result.points.to_dicts()
    if result.compared is not None:
        return _compared_text(result)
    if not rows:
        return f"{result.title}: not one row; {result.nothing}."
    more = f"; {count(len(rows) - TOLD, 'more kind')}" if len(rows) > TOLD else ""
    return f"{result.title}: {'. Next: '.join(map(reason, rows[:TOLD]))}{more}."


def tally_headline(result: Tally) -> str:
    """Return the number of kinds, or how many figures are the same."""
    if result.compared is not None:
        share = _share(agreeing(result), result.compared) if result.compared else ""
        return f"{result.title}: {f'{share} agree' if share else 'nothing to compare'}"
    kinds = result.points.height
    return f"{result.title}: {count(kinds, 'kind') if kinds else 'not one row'}"


def coverage_text(result: Coverage) -> str:
    """Return which tables have no rows in the reported month, and the emptiest columns that figures need."""
    last = result.points.filter(month=result.months[-1])
    silent = last.filter(rows=0)["table"].to_list()
    month = numbers.month(result.months[-1])
    every = f"rows in {'all ' if last.height > 1 else ''}{count(last.height, 'table')}"
    found = f"no rows of {', '.join(silent)}" if silent else every
    gaps = [gap(row) for row in result.gaps.iter_rows(named=True) if (row["share"] or 0.0) >= 0.5][:TOLD]
    empty = f"most often empty: {'; '.join(gaps)}" if gaps else "no column that figures need is empty"
    return f"Coverage, {month}: {found}; {empty}."


def coverage_headline(result: Coverage) -> str:
    """Return how many tables have rows in the month."""
    last = result.points.filter(month=result.months[-1])
    return f"{numbers.month(result.months[-1])}: rows in {last.filter(last['rows'] > 0).height} of {last.height} tables"


def reason(row: Row) -> str:
    """Return "status is missing (tickets), 12 rows, 3 %"."""
    share = "" if row["share"] is None else f", {numbers.percent(row['share'] / 100)}"
    named = f"{plain(row['label'], LONG)} ({plain(row['family'])})".replace(") (", "; ")
    return f"{named}, {count(row['n'], 'row')}{share}"


def gap(row: Row) -> str:
    """Return "tickets.language 12 %"."""
    return f"{row['table']}.{row['column']} {numbers.percent((row['share'] or 0.0) / 100)}"


def typical(row: Row) -> str:
    """Return the median difference, in minutes where the figure is a time."""
    if row["typical"] is None:
        return "–"
    is_time = row["family"].endswith("minutes")
    return Format("min" if is_time else "", decimals=1 if is_time else 0, signed=True).value(row["typical"])


def _compared_text(result: Tally) -> str:
    every, same = result.compared or 0, agreeing(result)
    if not every:
        return f"{result.title}: no figure to compare."
    opening = f"{result.title}: {numbers.number(same)} of {numbers.number(every)} agree to the source's step"
    if same == every:
        return f"{opening}; {result.nothing}." if same == result.same else f"{opening}."
    return f"{opening}. {capital(explained(result, TOLD))}"


def explained(result: Tally, most: int | None = None) -> str:
    """Return how many compared figures differ by more than rounding, and how many of those for which known reason."""
    others = [row for row in result.points.to_dicts() if not row["label"].startswith("rounded")]
    apart, known = (result.compared or 0) - agreeing(result), [row for row in others if row["known"]]
    if not apart:
        return "none differs by more."
    share = _share(sum(row["n"] for row in known), apart)
    told = "; ".join(f"{plain(row['label'], LONG)} {numbers.number(row['n'])}" for row in _merged(known)[:most])
    return f"of the other {numbers.number(apart)}, {share} have a known reason{f': {told}' if told else ''}."


def agreeing(result: Tally) -> int:
    """Return how many figures agree to the source's own step."""
    rounded = result.points.filter(result.points["label"].str.starts_with("rounded"))
    return result.same + int(rounded["n"].sum())


def _merged(rows: list[Row]) -> list[Row]:
    """Add up the same reason over all figures, the most frequent first."""
    labels = dict.fromkeys(row["label"] for row in rows)
    merged = [{"label": label, "n": sum(row["n"] for row in rows if row["label"] == label)} for label in labels]
    return sorted(merged, key=lambda row: -row["n"])


def _share(n: int, every: int) -> str:
    """Return a share in percent that is 100 only where nothing is left over."""
    return f"over 99{numbers.SPACE}%" if 0.995 * every <= n < every else numbers.percent(n / every)
