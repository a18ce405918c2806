"""Tables about the data themselves: rows by reason, rows by table and month."""

from cxlib import numbers
from cxlib.present.sentences.quality import LONG, agreeing, explained, gap, typical
from cxlib.present.sentences.sentence import plain
from cxlib.present.tables.cells import NOTHING, filters
from cxlib.present.tables.grid import Table, table
from cxlib.results.quality import Coverage, Tally

UNFINAL = {"window not over", "clock still running"}  # why a figure still moves


@table.register
def _(result: Tally) -> Table:
    compared = result.compared is not None
    rows = [
        (
            plain(row["label"], LONG), plain(row["family"]), numbers.number(row["n"]),
            NOTHING if row["share"] is None else numbers.percent(row["share"] / 100),
            *((typical(row),) if compared else ()), plain((row["examples"] or "").removeprefix("final up to "), LONG),
        )
        for row in result.points.iter_rows(named=True)
    ]  # fmt: skip
    if compared:
        same = numbers.percent(result.same / result.compared) if result.compared else NOTHING
        rows.insert(0, ("agrees exactly", "all figures", numbers.number(result.same), same, NOTHING, NOTHING))
    moving = {row["family"] for row in result.points.iter_rows(named=True)} & UNFINAL
    names, last = (("Figure", "Why"), "Final up to") if moving else (("Reason", "Where"), "For example")
    columns = (*names, ">Rows", ">Share", *((">Median, theirs − ours",) if compared else ()), last)
    notes = []
    if result.compared:
        agree = f"{numbers.number(agreeing(result))} agree to the source's step"
        notes = [f"Compared: {numbers.number(result.compared)} figures of tickets; {agree}; {explained(result)}"]
    return Table(f"{result.title}{filters(result.scope)}", columns, tuple(rows), tuple(notes))


@table.register
def _(result: Coverage) -> Table:
    rows = []
    for (name,), part in result.points.partition_by("table", as_dict=True, maintain_order=True).items():
        counts, language = part["rows"].to_list(), result.scope.language
        least = min(zip(counts, part["month"], strict=True))
        empty = result.gaps.filter(result.gaps["table"] == name)
        told = [gap(row).partition(".")[2] for row in empty.iter_rows(named=True) if row["share"]]
        before = numbers.number(counts[-2]) if len(counts) > 1 else NOTHING
        fewest = f"{numbers.number(least[0])} ({numbers.month(least[1], language)})"
        rows.append((str(name), numbers.number(counts[-1]), before, fewest, ", ".join(told) or "none"))
    month = numbers.month(result.months[-1], result.scope.language)
    columns = ("Table", f">{month}", ">Month before", ">Fewest", "Empty cells of columns that figures need")
    return Table(f"Rows and empty cells of the tables, {month}", columns, tuple(rows))
