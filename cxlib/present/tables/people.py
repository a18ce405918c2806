"""Tables of customers, and of what is behind a figure: its parts, its agents."""

from cxlib.present.sentences.agents import funnel_cells
from cxlib.present.sentences.customers import history_cells, waiting_cells
from cxlib.present.sentences.money import span
from cxlib.present.sentences.why import group_cells, part_unit
from cxlib.present.tables.cells import framed
from cxlib.present.tables.grid import Table, table
from cxlib.results.reasons import Decomposition, Funnel
from cxlib.results.types import History, WaitingList


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
