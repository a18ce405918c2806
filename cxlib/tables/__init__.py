"""The tables of a data folder, declared as data: column, kind, meaning.

Kinds: `id` and `text` are text, `instant` is a UTC instant (microseconds), `day` a local calendar day, `minutes`,
`number` and `money` are floats, `integer` a 64-bit integer, `flag` a boolean. Only `schema.py` turns kinds into types.
"""

from cxlib.tables.columns import (
    CHANNELS,
    NO_CONTACT,
    NO_WORKFLOW,
    ORDER_KINDS,
    OWN_FIGURES,
    RUN_KINDS,
    STATUSES,
    SURVEY_KINDS,
    Column,
    Kind,
    Table,
)
from cxlib.tables.customers import CUSTOMERS, ORDERS, SURVEYS
from cxlib.tables.desk import AGENTS, ARTICLE_VIEWS, CHANGES, MESSAGES, SOURCE_FIGURES, TICKETS, WORKFLOW_RUNS
from cxlib.tables.laid import (
    AGENT_MONTHS,
    AGENT_TICKETS,
    BACKLOG_MONTHS,
    CUSTOMER_MONTHS,
    FOLLOWED_ANSWERS,
    REPLIES,
    STATUS_MOVES,
    TICKET_WORKFLOWS,
    VISITS,
)

__all__ = [
    "CHANNELS",
    "GIVEN",
    "NO_CONTACT",
    "NO_WORKFLOW",
    "ORDER_KINDS",
    "OWN_FIGURES",
    "RUN_KINDS",
    "STATUSES",
    "SURVEY_KINDS",
    "TABLES",
    "Column",
    "Kind",
    "Table",
]  # fmt: skip

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        TICKETS, MESSAGES, CHANGES, SURVEYS, CUSTOMERS, AGENTS, ORDERS, WORKFLOW_RUNS, ARTICLE_VIEWS, SOURCE_FIGURES,
        REPLIES, STATUS_MOVES, BACKLOG_MONTHS, AGENT_TICKETS, AGENT_MONTHS, TICKET_WORKFLOWS, VISITS, CUSTOMER_MONTHS,
        FOLLOWED_ANSWERS,
    )
}  # fmt: skip
GIVEN = {name: table for name, table in TABLES.items() if not table.derived}
