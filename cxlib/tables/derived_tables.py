"""Tables that `cxlib.derive` lays from the given ones."""

from cxlib.tables.columns import RUN_KINDS, Column, classes, clock, derived, laid_table, local, ref

REPLIES = laid_table(
    "replies",
    "one wait: a customer's message that opens it and the public agent reply that ends it",
    Column("reply_id", "id", "message_id of the customer message that opened the wait", required=True),
    Column("ticket_id", "id", "ticket", required=True, references="tickets"),
    ref("customer_id", "customers", "who waited"),
    ref("agent_id", "agents", "who replied"),
    Column("channel", "text", "channel of the reply, else of the question"),
    Column("asked_at", "instant", "the wait began", required=True),
    Column("replied_at", "instant", "next public agent reply; null = still waiting or never answered"),
    *clock("reply", "asked to next public agent reply"),
    derived("reply_competing", "flag", "ticket solved, merged or deleted before a reply came"),
    *local("asked"),
)

STATUS_MOVES = laid_table(
    "status_moves",
    "one step of the backlog: +1 when a ticket becomes unsolved, −1 when it stops being so",
    Column("move_id", "id", "ticket_id and number of the step", required=True),
    Column("ticket_id", "id", "ticket", required=True, references="tickets"),
    Column("moved_at", "instant", "when", required=True),
    Column("step", "integer", "+1 or −1", required=True),
    *local("moved"),
)

BACKLOG_MONTHS = laid_table(
    "backlog_months",
    "one stretch in which one ticket was unsolved at the end of one or more local days of one month",
    Column("backlog_month_id", "id", "ticket_id, number of the stretch and month", required=True),
    Column("ticket_id", "id", "ticket", required=True, references="tickets"),
    ref("customer_id", "customers", "who asked"),
    Column("month_at", "instant", "the month begins", required=True),
    derived("month_day", "day", "first local day of the month"),
    Column("first_day", "day", "first day at whose end it was unsolved", required=True),
    Column("last_day", "day", "last such day of the month; the data end the last day of all", required=True),
    Column("days_share", "number", "share of the month's observed days at whose end it was unsolved (0–1)"),
    Column("unsolved_at_end", "flag", "whether still unsolved when the month, or the data, ended"),
    derived("age_minutes", "minutes", "created to the end of the month, or of the data; null if not unsolved then"),
    derived("age_business_minutes", "minutes", "the same, open minutes of the ticket's schedule only"),
)

AGENT_TICKETS = laid_table(
    "agent_tickets",
    "one agent's work on one ticket in one month",
    Column("agent_ticket_id", "id", "agent_id, ticket_id and month", required=True),
    Column("agent_id", "id", "agent who wrote", required=True, references="agents"),
    Column("ticket_id", "id", "ticket", required=True, references="tickets"),
    Column("month_day", "day", "first local day of the month", required=True),
    Column("replies", "integer", "public replies of this agent"),
    Column("minutes", "minutes", "minutes of work, the source's own or estimated"),
)

AGENT_MONTHS = laid_table(
    "agent_months",
    "one agent in one local month: of those they were employed in, up to the end of the data, and those they worked in",
    Column("agent_month_id", "id", "agent_id and month", required=True),
    Column("agent_id", "id", "agent", required=True, references="agents"),
    Column("month_at", "instant", "the month begins", required=True),
    derived("month_day", "day", "first local day of the month"),
    Column("employed_share", "number", "share of the month they were employed, up to the end of the data (0–1)"),
    Column("left", "flag", "whether they left in this month; null where nobody's leaving is known"),
    Column("tenure_months", "number", "months employed before the month began"),
    Column("conversations", "integer", "tickets with a public reply of this agent in the month"),
    Column("solved", "integer", "tickets last solved in the month whose last assignee the agent is"),
    Column("customer_days", "integer", "customers answered, each once a day"),
    Column("days_worked", "integer", "local days with a message, note or change by the agent"),
)

TICKET_WORKFLOWS = laid_table(
    "ticket_workflows",
    "one workflow on one ticket",
    Column("ticket_workflow_id", "id", "ticket_id, kind and name", required=True),
    Column("ticket_id", "id", "ticket it touched", required=True, references="tickets"),
    Column("kind", "text", "what ran", choices=RUN_KINDS),
    Column("name", "text", "name of the workflow"),
    Column("runs", "integer", "times it ran on the ticket"),
    Column("ran_at", "instant", "ran first", required=True),
    Column("by_agent", "flag", "whether an agent ever used it there; false = automatic runs only"),
    *local("ran"),
)

VISITS = laid_table(
    "visits",
    "one visitor's views of help articles on one local day; without visitor and customer each view is a visit",
    Column("visit_id", "id", "visitor and day", required=True),
    Column("visitor_id", "id", "who looked, else the customer_id"),
    ref("customer_id", "customers", "customer, where known"),
    Column("viewed_at", "instant", "last view of the day", required=True),
    *local("viewed"),
    Column("views", "integer", "article views"),
    Column("helpful_votes", "integer", "votes that an article helped"),
    Column("unhelpful_votes", "integer", "votes that it did not"),
    Column(
        "ticket_opened",
        "flag",
        "a ticket from the first view to 24 h after the last; null while these are not over, "
        "or where nothing links visitor and ticket",
    ),
)

CUSTOMER_MONTHS = laid_table(
    "customer_months",
    "one customer in one whole month in which they were active, had been before or bought a year before, "
    "or wrote or bought",
    Column("customer_month_id", "id", "customer_id and month", required=True),
    Column("customer_id", "id", "customer", required=True, references="customers"),
    Column("month_at", "instant", "the month begins", required=True),
    derived("month_day", "day", "first local day of the month"),
    Column("active", "flag", "active at its end: subscription in force, else an order within active_days"),
    Column(
        "active_before",
        "flag",
        "by a contract as it began, else by an order in the active_days before the last active_days",
    ),
    Column("tickets", "integer", "tickets opened by the customer, not counting deleted, merged and spam"),
    Column("orders", "integer", "orders"),
    Column("amount", "money", "orders and payments less refunds; null in more than one currency"),
    Column("currency", "text", "their currency"),
    Column("amount_year_before", "money", "the same of the same month a year before; null where not known"),
    Column("tenure_days", "number", "days from joining to the end of the month"),
    *classes("before the month began"),
)

FOLLOWED_ANSWERS = laid_table(
    "followed_answers",
    "one answer of a known customer on satisfaction or recommendation, and what the customer bought around it",
    Column("survey_id", "id", "the answer", required=True, references="surveys"),
    Column("customer_id", "id", "who answered", required=True, references="customers"),
    Column("ticket_id", "id", "ticket that was rated", references="tickets"),
    Column("answered_at", "instant", "when", required=True),
    *local("answered"),
    *classes("which is this one"),
    Column("next_order_minutes", "minutes", "answer to the customer's next order, null if none yet"),
    Column("spent_before", "money", "spent in the repeat_days before the customer's first rated experience"),
    Column("spent_after", "money", "spent in as many days after it, orders helped by the rated ticket left out"),
    Column("spending", "text", "less, same or more than before, by the margin", choices=("less", "same", "more")),
)
