"""What effects estimated together say – which are clear among all of them – and what shortlists do."""

from cxlib import numbers
from cxlib.metrics.registry import METRICS
from cxlib.numbers import Format, format_of
from cxlib.present.sentences.certainty import ONE_IN_TWENTY
from cxlib.present.sentences.change import FEW, TOGETHER, counted, counted_rows, width
from cxlib.present.sentences.groups import Row, label, reasons
from cxlib.present.sentences.money import span
from cxlib.present.sentences.sentence import capital, plain
from cxlib.results.certainty import of_row
from cxlib.results.types import Effects, Shortlist

LONG, TOLD, ALIKE, SHORT = 160, 2, 1.01, 10
SOURCES = ("partly estimated from replies", "estimated from replies", "estimated", "as recorded")  # of minutes
TITLES = {metric.title: metric for metric in METRICS.values()}


def effects_text(result: Effects) -> str:
    """Return the clear effects, the strongest first, else the possible ones, with n and the first words of the caveat.

    What they allow for, how they are read and the whole caveat stand below the table (`effects_notes`).
    """
    rows, title = known_effects(result), f"{plain(result.title, LONG)}, {span(result.months)}"
    if not rows:
        return f"{title}: not known; {plain(reasons(result.points), 400)}."
    few = f"too few {counted_rows(result.metric)} to judge" if most_rows(result) < FEW else ""
    n = counted(result.metric, most_rows(result))
    return f"{title}: {few or _finding(result, rows)}; {n}.{_caveat(result)}"


def _caveat(result: Effects) -> str:
    """Return the first sentence of the caveat, without what a colon adds to it."""
    first = result.caveat.partition(". ")[0]
    head, _, more = first.partition(": ")
    first = head if len(head.split()) > 3 and more[:1].islower() else first
    return f" {plain(first, 400).rstrip('.')}." if first else ""


def _finding(result: Effects, rows: list[Row]) -> str:
    tests = tried(result)
    if not is_tested(result):
        return _told(result, rows) + _read(result)
    for level in ("clear", "possible"):
        if found := [row for row in tests if of_row(row) == level]:
            return _found(result, found, tests=len(tests))
    nearest = effect(result, tests[0])
    if len(tests) == 1:
        return f"{nearest}, no more than chance explains{_read(result)}"
    alone = any(row["low"] > result.none or row["high"] < result.none for row in tests if row["low"] is not None)
    return f"none of {len(tests)} beyond chance{TOGETHER if alone else ''}; nearest to it {nearest}{_read(result)}"


def _told(result: Effects, rows: list[Row]) -> str:
    """Return untested rows, all of few, else the ends and the middle; those beside peers are long: a sentence each."""
    some = rows if len(rows) <= TOLD + 1 else [rows[0], rows[len(rows) // 2], rows[-1]]
    more = f"; {len(rows) - len(some)} more in the table" if len(rows) > len(some) else ""
    return (". " if _of_peers(result) else "; ").join(effect(result, row) for row in some) + more


def _found(result: Effects, found: list[Row], *, tests: int) -> str:
    """Return the strongest of equally sure effects and the verdict, of several in a second sentence."""
    told = "; ".join(effect(result, row) for row in found[:TOLD]) + _read(result)
    among = f" among {tests}" if tests > len(found) else ""
    if of_row(found[0]) == "possible":
        return f"none of {tests} is clear. Possible: {told}" if tests > 1 else f"{told}; {ONE_IN_TWENTY}"
    if len(found) == 1:
        return f"{told}; more than chance explains{among}"
    more = len(found) - TOLD
    which = f"These and {more} other{'s' if more > 1 else ''}" if more else "Both"
    return f"{told}. {which} are more than chance explains{among}"


def _read(result: Effects) -> str:
    """Return how values without a sign are read, where few words say it or all hangs on it: it holds the finding."""
    if _of_peers(result):
        return f". Read as {plain(result.reading, LONG)}"
    short = result.reading and len(result.reading.split()) <= SHORT
    return f"; {plain(result.reading, LONG)}" if short and not result.signed else ""


def _of_peers(result: Effects) -> bool:
    return result.reading[:1] == "%" and not result.signed


def is_tested(result: Effects) -> bool:
    """Tell whether the effects were tested against none, not only told."""
    return result.none is not None and any(row["p_value"] is not None for row in known_effects(result))


def tried(result: Effects) -> list[Row]:
    """Return the rows with a test, the strongest first; of one estimate on several scales the one the title names."""
    rows = [row for row in known_effects(result) if row["p_value"] is not None]
    sizes = [abs(row["value"] - (result.none or 0.0)) / row["se"] for row in rows if row["se"]]
    one = len(sizes) == len(rows) > 1 and len({(row["n"], row["units"]) for row in rows}) == 1
    if not one or max(sizes) > ALIKE * min(sizes):
        return rows
    order = result.points["label"].to_list()
    return [min(rows, key=lambda row: (row["label"].lower() not in result.title.lower(), order.index(row["label"])))]


def effects_notes(result: Effects) -> list[str]:
    """Return what the table says below: why rows have no value, what is allowed for, the reading, caveat and n."""
    rows = result.points.iter_rows(named=True)
    notes = [f"{label(row)}: {plain(row['reason'], 400)}" for row in rows if row["reason"]]
    allowing = [f"Allowing for {_listed(result.allowing_for)}."] if result.allowing_for else []
    told = [plain(capital(text), 600) for text in (result.reading, result.caveat) if text]
    behind = [f"Behind all together: {counted(result.metric, result.n)}"] if result.n else []
    return [*notes, *allowing, *told, *behind]


def effects_headline(result: Effects) -> str:
    """Return the strongest effects in a few words."""
    rows, title = known_effects(result), plain(result.title, LONG)
    if not rows:
        return f"{title}: not known"
    if most_rows(result) < FEW:
        return f"{title}: too few to judge"
    if not is_tested(result):
        return title
    found = [row for row in rows if of_row(row) == "clear"]
    if not found:
        alone = len(tried(result)) == 1  # of one estimate "nothing" would read as none
        none = f"not told apart from {numbers.number(result.none or 0.0)}" if alone else "no difference beyond chance"
        return f"{title}: {'a possible difference' if any(map(is_possible, rows)) else none}"
    sizes = [f"{label(row)} {effect_format(result, row).value(row['value'])}" for row in found[:2]]
    return f"{title}: {', '.join(sizes)}"


def effect(result: Effects, row: Row) -> str:
    """Return "first reply −3.1 points (−5.0 to −1.2)"."""
    name = label(row)
    size = effect_format(result, row).with_interval(row["value"], row["low"], row["high"])
    return f"{name}{',' if ': ' in name or name[-1].isdigit() else ''} {size}"


def effect_format(result: Effects, row: Row) -> Format:
    """Return how an effect is printed, as exactly as its interval deserves, with its own unit where rows have several.

    Percentages of n peers have no more decimals than n allows, and none that is not prints as none or as all.
    """
    between, none = width(row["low"], row["high"]), result.none or 0.0
    own = TITLES.get(row["family"] or "") if not result.measured_in else None
    unit = format_of(own, row["value"], between, difference=True).unit if own else result.measured_in
    decimals = 2 if unit in ("", "times") or ((own or result.metric).kind == "mean" and unit != "%") else 1
    decimals = decimals if between is None else min(decimals, numbers.deserved(between))
    if unit == "%" and not result.signed and row["n"] < 1000:
        decimals = 0
    if unit.isupper():
        most = max(abs(row[name] or 0.0) for name in ("value", "low", "high"))
        decimals = numbers.leading(most) or decimals
    form = Format(unit, decimals=decimals, signed=result.signed, language=result.scope.language)
    form = form.apart(row["low"], row["high"], none=none)
    return form if result.signed or unit != "%" else form.apart(row["value"], none=100.0)


def known_effects(result: Effects) -> list[Row]:
    """Return the rows that have a value, the surest first."""
    rows = [row for row in result.points.iter_rows(named=True) if row["value"] is not None]
    return sorted(rows, key=surest)


def surest(row: Row) -> tuple[float, float]:
    """Return what sorts rows of a family, the surest first, those without a test last."""
    adjusted, own = row["p_adjusted"], row["p_value"]
    return 1.0 if adjusted is None else adjusted, 1.0 if own is None else own


def is_possible(row: Row) -> bool:
    """Tell whether a row of a family is possible, not clear."""
    return of_row(row) == "possible"


def most_rows(result: Effects) -> int:
    """Return the rows behind all effects: of the one with the most, where they are not said."""
    return result.n or max((row["n"] for row in known_effects(result)), default=0)


def _listed(names: tuple[str, ...]) -> str:
    *some, last = (plain(name) for name in names)
    return f"{', '.join(some)} and {last}" if some else last


def shortlist_text(result: Shortlist) -> str:
    """Return the named rows in order, whether they are estimated, and the caveat; the reading stands in the table."""
    rows = [row for row in result.points.iter_rows(named=True) if row["value"] is not None or row["named"]]
    title = f"{plain(result.title, LONG)}, {span(result.months)}"
    if not rows:
        return f"{title}: not known; {plain(reasons(result.points), 400)}."
    named = [row for row in rows if row["named"]]
    caveat = f" {plain(result.caveat, 400)}" if result.caveat else ""
    if not named:
        return f"{title}: {plain(result.nothing, 400)}{caveat}"
    told = "; ".join(listed(result, row) for row in named[:TOLD])
    return f"{title}: {plain(result.found)}: {told}{_beside(result, len(named) - TOLD)}.{caveat}"


def _beside(result: Shortlist, more: int) -> str:
    """Return where minutes come from and how many more rows are named, both in a second sentence."""
    source = next((words for words in SOURCES if words in result.reading), "")
    rest = [words for words in (source, f"{more} more in the table" if more > 0 else "") if words]
    return f". {capital('; '.join(rest))}" if len(rest) > 1 else "".join(f"; {words}" for words in rest)


def shortlist_headline(result: Shortlist) -> str:
    """Return the first named row in a few words."""
    title = plain(result.title, LONG)
    for row in result.points.filter("named").iter_rows(named=True):
        value = "" if row["value"] is None else f", {shortlist_format(result, row).value(row['value'])}"
        return f"{title}: {label(row)}{value}"
    return f"{title}: {'nothing stands out' if result.points['value'].count() else 'not known'}"


def listed(result: Shortlist, row: Row) -> str:
    """Return "macro: forward 4.1 times (3.9–4.3; 812 workflow runs), blockage"; the whole note stands in the table."""
    note = f", {plain(row['note'].partition(': ')[0], LONG)}" if row["note"] else ""
    if row["value"] is None:
        return f"{label(row)}{note}"
    n = counted(result.metric, row["n"])
    value = shortlist_format(result, row).with_interval(row["value"], row["low"], row["high"], n)
    return f"{label(row)} {value}{note}"


def shortlist_format(result: Shortlist, row: Row) -> Format:
    """Return how a value is printed: one decimal below a hundred."""
    return Format(result.measured_in, decimals=int((row["value"] or 0.0) < 100), language=result.scope.language)
