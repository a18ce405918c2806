"""The tables of a data folder, declared as data: column, kind, meaning.

Kinds: `id` and `text` are text, `instant` is a UTC instant (microseconds), `day` a local calendar day, `minutes`,
`number` and `money` are floats, `integer` a 64-bit integer, `flag` a boolean. Only `schema.py` turns kinds into types.
"""

from cxlib.tables import derived_tables as derived, source_tables as source
from cxlib.tables.columns import Table

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        source.TICKETS, source.MESSAGES, source.CHANGES, source.SURVEYS, source.CUSTOMERS, source.AGENTS, source.ORDERS,
        source.WORKFLOW_RUNS, source.ARTICLE_VIEWS, source.SOURCE_FIGURES,
        derived.REPLIES, derived.STATUS_MOVES, derived.BACKLOG_MONTHS, derived.AGENT_TICKETS, derived.AGENT_MONTHS,
        derived.TICKET_WORKFLOWS, derived.VISITS, derived.CUSTOMER_MONTHS, derived.FOLLOWED_ANSWERS,
    )
}  # fmt: skip
GIVEN = {name: table for name, table in TABLES.items() if not table.derived}
