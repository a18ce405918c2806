"""Tables of customers, and of what is behind a figure: its parts, its agents."""

from cxlib.stats.reasons import Decomposition, Funnel
from cxlib.stats.results import History, WaitingList
from cxlib.tabulate.cells import framed
from cxlib.tabulate.grid import Table, table
from cxlib.words.agents import funnel_cells
from cxlib.words.customers import history_cells, waiting_cells
from cxlib.words.money import span
from cxlib.words.why import group_cells, part_unit


@table.register
def _(result: History) -> Table:
    return Table(*history_cells(result))


@table.register
def _(result: WaitingList) -> Table:
    return Table(*waiting_cells(result))


@table.register
def _(result: Decomposition) -> Table:
    return framed(result.metric, result.scope, *group_cells(result), of=f"parts of its change in {part_unit(result)}")


@table.register
def _(result: Funnel) -> Table:
    return framed(result.metric, result.scope, *funnel_cells(result), of=span(result.months))
