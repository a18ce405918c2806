"""What the given tables must hold for a derived column: told, in place of the column, where a figure lacks it."""

SOURCES_OF = {
    "backlog_months": ("tickets",), "followed_answers": ("surveys", "orders"), "replies": ("messages",),
    "visits": ("article_views",),
}  # fmt: skip
"""Derived table → given tables without any of which it is not laid."""

_WROTE = "which agent wrote which message (messages.author, author_id)"
_DAYS = "on which days agents wrote or changed something (messages.author_id, changes.by)"
_STATUS = "when the status of tickets changed (changes.field, new, changed_at)"
_ORDERED = "what the customers of tickets ordered (orders.customer_id, ordered_at)"
_BOUGHT = "what known customers bought before (orders.customer_id, ordered_at, amount)"
_STAYED = "whether customers stayed (it takes orders or left_at of customers)"
_VISITED = "whose visits they were (article_views.ticket_id or customer_id)"
ORIGINS = {
    "agent_months.conversations": _WROTE,
    "agent_months.customer_days": _WROTE,
    "agent_months.days_worked": _DAYS,
    "agent_months.solved": "which agent solved which ticket (tickets.agent_id, solved_at)",
    "agent_months.employed_share": "since when agents are employed (agents.hired_at)",
    "agent_months.left": "when agents left (agents.left_at)",
    "article_views.ticket_opened": _VISITED,
    "customer_months.active": _STAYED,
    "customer_months.active_before": _STAYED,
    "customer_months.amount_year_before": _BOUGHT,
    "followed_answers.loyalty_class": "what known customers answered on recommendation (surveys.kind = nps)",
    "followed_answers.next_order_minutes": _ORDERED.replace("tickets", "answers"),
    "followed_answers.spending": _BOUGHT.replace("before", "before and after they answered"),
    "orders.is_first": "whose orders they are (orders.customer_id)",
    "orders.net_amount": "what orders cost (orders.amount)",
    "replies.replied_at": "which public replies agents wrote (messages.author, is_public)",
    "surveys.box": "answers inside a scale (surveys.answer, scale_low, scale_high)",
    "surveys.scale_share": "answers inside a scale (surveys.answer, scale_low, scale_high)",
    "tickets.agent_wait_minutes": _STATUS,
    "tickets.arrival": "at what hour tickets were opened (tickets.created_at with a time of day)",
    "tickets.auto_answered": "which tickets got an automatic answer (workflow_runs.kind = auto_reply)",
    "tickets.estimated_handle_minutes": (
        "how many replies tickets took (tickets.agent_replies, or messages) and minutes_per_reply in the settings"
    ),
    "tickets.helped_order_minutes": "which ticket led to which order (orders.ticket_id)",
    "tickets.missed": "which calls and chats nobody took: the source never says missed (tickets.status)",
    "tickets.next_order_minutes": _ORDERED,
    "tickets.on_hold_minutes": _STATUS,
    "tickets.requester_wait_minutes": _STATUS,
    "tickets.workflow_kinds": "which workflow ran on which ticket (workflow_runs)",
    "visits.ticket_opened": _VISITED,
}

_BY_CUSTOMER = ("orders.customer_id", "orders.ordered_at")
_STATUS_OF = ("changes.field", "changes.new", "changes.changed_at")
MADE_OF = {
    "agent_months.conversations": ("messages.author", "messages.author_id"),
    "agent_months.solved": ("tickets.agent_id", "tickets.solved_at"),
    "article_views.ticket_opened": ("article_views.ticket_id",),
    "customer_months.amount_year_before": (*_BY_CUSTOMER, "orders.amount"),
    "followed_answers.next_order_minutes": ("surveys.customer_id", *_BY_CUSTOMER),
    "followed_answers.spending": ("surveys.customer_id", *_BY_CUSTOMER, "orders.amount"),
    "replies.replied_at": ("messages.author", "messages.is_public"),
    "tickets.agent_wait_minutes": _STATUS_OF,
    "tickets.helped_order_minutes": ("orders.ticket_id",),
    "tickets.next_order_minutes": ("tickets.customer_id", *_BY_CUSTOMER),
    "tickets.on_hold_minutes": _STATUS_OF,
    "tickets.requester_wait_minutes": _STATUS_OF,
    "tickets.workflow_kinds": ("workflow_runs.ticket_id",),
}
"""Derived column → given columns it is made of: where all are filled and it is empty, no rows of theirs match."""
