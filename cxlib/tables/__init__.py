"""The tables of a data folder, declared as data: column, kind, meaning.

Kinds: `id` and `text` are text, `instant` is a UTC instant (microseconds), `day` a local calendar day, `minutes`,
`number` and `money` are floats, `integer` a 64-bit integer, `flag` a boolean. Only `schema.py` turns kinds into types.
"""

from cxlib.tables import given, laid
from cxlib.tables.columns import Table

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        given.TICKETS, given.MESSAGES, given.CHANGES, given.SURVEYS, given.CUSTOMERS, given.AGENTS, given.ORDERS,
        given.WORKFLOW_RUNS, given.ARTICLE_VIEWS, given.SOURCE_FIGURES,
        laid.REPLIES, laid.STATUS_MOVES, laid.BACKLOG_MONTHS, laid.AGENT_TICKETS, laid.AGENT_MONTHS,
        laid.TICKET_WORKFLOWS, laid.VISITS, laid.CUSTOMER_MONTHS, laid.FOLLOWED_ANSWERS,
    )
}  # fmt: skip
GIVEN = {name: table for name, table in TABLES.items() if not table.derived}
