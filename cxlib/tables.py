"""The tables of a data folder, declared as data: column, kind, meaning.

Kinds: `id` and `text` are text, `instant` is a UTC instant (microseconds), `day` a local calendar day, `minutes`,
`number` and `money` are floats, `integer` a 64-bit integer, `flag` a boolean. Only `schema.py` turns kinds into types.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["id", "text", "instant", "day", "minutes", "number", "money", "integer", "flag"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, kind and meaning; `references` names the table whose key it holds, `choices` its values."""

    name: str
    kind: Kind
    meaning: str
    required: bool = False
    derived: bool = False
    references: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """One table: name, meaning, columns; the first column is the key. `derived` tables are laid by `cxlib.derive`."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    derived: bool = False

    @property
    def key(self) -> str:
        """Name of the key column."""
        return self.columns[0].name

    @property
    def given(self) -> tuple[Column, ...]:
        """Columns that a source may fill."""
        return tuple(column for column in self.columns if not column.derived)

    def __getitem__(self, name: str) -> Column:
        """Return the column of that name."""
        return next(column for column in self.columns if column.name == name)


CHANNELS = ("email", "phone", "chat", "social", "web", "messaging", "app", "other")
STATUSES = ("new", "open", "pending", "hold", "solved", "closed", "deleted", "merged", "spam", "missed")
SURVEY_KINDS = ("csat", "effort", "ease", "nps", "repurchase")
ORDER_KINDS = ("order", "subscription", "refund", "cancellation")
NO_CONTACT = "no contact"
RUN_KINDS = ("saved_reply", "macro", "automation", "auto_reply", "suggestion", "trigger", "sla")


def _ref(name: str, table: str, meaning: str) -> Column:
    return Column(name, "id", meaning, references=table)


def _derived(name: str, kind: Kind, meaning: str) -> Column:
    return Column(name, kind, meaning, derived=True)


def _local(anchor: str) -> tuple[Column, Column]:
    return (
        _derived(f"{anchor}_day", "day", f"local calendar day of {anchor}_at in the settings' time zone"),
        _derived(f"{anchor}_hour", "integer", f"local hour (0–23) of {anchor}_at"),
    )


def _classes(when: str) -> tuple[Column, Column]:
    latest = f"answer {when}, null if none"
    return (
        _derived("loyalty_class", "text", f"promoter, passive or detractor by the customer's latest NPS {latest}"),
        _derived("experience", "text", f"good, in between or bad by the customer's latest satisfaction {latest}"),
    )


def _clock(name: str, meaning: str) -> tuple[Column, Column, Column]:
    return (
        _derived(f"{name}_minutes", "minutes", f"{meaning}; runs to extracted_at while unfinished"),
        _derived(f"{name}_business_minutes", "minutes", f"{meaning}, open minutes of the ticket's schedule only"),
        _derived(f"{name}_ended", "flag", f"whether the clock of {name}_minutes has stopped"),
    )


TICKETS = Table(
    "tickets",
    "one request of one customer, from its creation to its last close",
    (
        Column("ticket_id", "id", "the source's own number", required=True),
        _ref("customer_id", "customers", "who asked (requester)"),
        _ref("agent_id", "agents", "last assignee"),
        Column("team", "text", "group the ticket belongs to"),
        Column("brand", "text", "brand or product line"),
        Column("channel", "text", "how the request arrived", choices=CHANNELS),
        Column("category", "text", "what the request is about"),
        Column("subject", "text", "subject line as the customer wrote it"),
        Column("priority", "text", "priority as the source names it"),
        Column(
            "difficulty",
            "text",
            "difficulty from the source or a setting per category, never from the outcome",
        ),
        Column("language", "text", "language of the request"),
        Column("status", "text", "status at extraction; missed = a call or chat nobody took", choices=STATUSES),
        Column("opened_by", "text", "who wrote first", choices=("customer", "agent", "bot")),
        Column("schedule", "text", "name of the schedule (opening hours) that applies"),
        Column("created_at", "instant", "opened", required=True),
        Column("taken_at", "instant", "first assigned to or taken by a human"),
        Column("first_replied_at", "instant", "first public reply by a human after creation"),
        Column("first_solved_at", "instant", "first solved by a human or by the customer, not by a timer"),
        Column("solved_at", "instant", "last solved, timers apart; null while unsolved"),
        Column("closed_at", "instant", "closed for good, by hand or by a timer"),
        Column("first_reply_due_at", "instant", "promised instant of the first reply"),
        Column("due_at", "instant", "promised instant of the resolution"),
        _ref("merged_into", "tickets", "ticket this one was merged into"),
        Column("agent_replies", "integer", "public replies by agents"),
        Column("customer_messages", "integer", "messages by the customer, the first included"),
        Column("handoffs", "integer", "changes of the answering agent"),
        Column("team_changes", "integer", "moves to another team"),
        Column("reopens", "integer", "times the ticket left solved again, including those open now"),
        Column("handle_minutes", "minutes", "minutes of work as the source recorded them"),
        Column("documents_required", "integer", "documents the request needs"),
        Column("documents_complete", "flag", "whether all required documents were there at opening"),
        Column("source", "text", "system the row comes from"),
        *_local("created"),
        _derived("arrival", "text", "opened in opening hours, else: off hours of a working day, weekend, holiday"),
        *_local("solved"),
        *_local("first_solved"),
        *_local("first_reply_due"),
        *_local("due"),
        *_clock("take_up", "created to first taken by a human"),
        *_clock("first_reply", "created to first public reply by a human"),
        *_clock("resolution", "created to last solved"),
        _derived(
            "take_up_competing",
            "flag",
            "solved, merged or deleted without ever being taken: outside the wait",
        ),
        _derived(
            "first_reply_competing",
            "flag",
            "solved, merged or deleted without a human reply: outside the wait",
        ),
        _derived("requester_wait_minutes", "minutes", "time in new, open and hold, from the status history"),
        _derived("agent_wait_minutes", "minutes", "time in pending, from the status history"),
        _derived("on_hold_minutes", "minutes", "time in hold, from the status history"),
        _derived("requester_wait_business_minutes", "minutes", "open minutes in new, open and hold"),
        _derived("agent_wait_business_minutes", "minutes", "open minutes in pending"),
        _derived("on_hold_business_minutes", "minutes", "open minutes in hold"),
        _derived("wait_ended", "flag", "whether the status history of the ticket has ended (solved)"),
        _derived("reopened_at", "instant", "first time the ticket left solved again"),
        _derived("reopened_after_minutes", "minutes", "first solved to first reopened"),
        _derived(
            "next_ticket_minutes",
            "minutes",
            "last solved to the same customer's next ticket, null if none yet",
        ),
        _derived("next_same_category_minutes", "minutes", "the same, next ticket of the same category"),
        _derived("handoffs_bracket", "text", "handoffs in words: 0 handoffs, 1 handoff, 2 handoffs, 3 or more"),
        _derived("contacts_bracket", "text", "customer_messages in words: 0 contacts, 1 contact, 2, 3 or more"),
        _derived("next_order_minutes", "minutes", "created to the same customer's next order, null if none yet"),
        _derived("helped_order_minutes", "minutes", "created to the first order that names this ticket"),
        _derived(
            "estimated_handle_minutes",
            "minutes",
            "public replies × a setting, where the source has no minutes",
        ),
    ),
)

MESSAGES = Table(
    "messages",
    "one message or note on a ticket",
    (
        Column("message_id", "id", "the source's own number", required=True),
        Column("ticket_id", "id", "ticket it belongs to", required=True, references="tickets"),
        Column("sent_at", "instant", "written", required=True),
        Column(
            "author",
            "text",
            "role of the author at that time",
            choices=("customer", "agent", "bot", "system"),
        ),
        Column("author_id", "id", "customer_id or agent_id of the author"),
        Column("is_public", "flag", "whether the customer can read it; false = internal note"),
        Column("channel", "text", "channel of this message", choices=CHANNELS),
        Column("saved_reply", "text", "saved reply or macro the text came from"),
        Column("text", "text", "the message itself"),
        Column("attachments", "integer", "number of attached files"),
        Column("handle_minutes", "minutes", "minutes of work on this message"),
        *_local("sent"),
    ),
)

CHANGES = Table(
    "changes",
    "one change of one field of a ticket",
    (
        Column("change_id", "id", "the source's own number", required=True),
        Column("ticket_id", "id", "ticket it belongs to", required=True, references="tickets"),
        Column("changed_at", "instant", "when", required=True),
        Column("field", "text", "status, agent, team, priority …", required=True),
        Column("old", "text", "value before"),
        Column("new", "text", "value after"),
        Column("by", "text", "agent_id, 'customer', 'bot', or 'timer' for an automatic close"),
    ),
)

SURVEYS = Table(
    "surveys",
    "one question put to one customer; without answered_at it was offered and not answered",
    (
        Column("survey_id", "id", "the source's own number", required=True),
        Column("kind", "text", "what the question measures", required=True, choices=SURVEY_KINDS),
        Column("question", "text", "wording or short name of the question"),
        _ref("ticket_id", "tickets", "ticket that was rated"),
        _ref("customer_id", "customers", "who was asked"),
        _ref("agent_id", "agents", "agent who was rated"),
        Column("sent_at", "instant", "offered; null where offers are not recorded"),
        Column("answered_at", "instant", "answered; null = no answer"),
        Column("answer", "number", "the answer on its own scale"),
        Column("scale_low", "number", "lowest possible answer"),
        Column("scale_high", "number", "highest possible answer"),
        Column("high_is_good", "flag", "whether a high answer is a good one"),
        Column("weight", "number", "design weight; null = 1"),
        Column("comment", "text", "the customer's own words"),
        *_local("sent"),
        *_local("answered"),
        _derived("box", "text", "top, middle or bottom part of its own scale"),
        _derived("scale_share", "number", "answer as a share of its scale, 0 worst, 1 best"),
        _derived(
            "latest",
            "flag",
            "latest answer of the month to this question on this ticket (re-ratings kept apart)",
        ),
        _derived("customer_latest", "flag", "latest answer of the month by this customer to this kind of question"),
        _derived("handling_channel", "text", "channel of the last public agent reply on the rated ticket"),
        _derived("effort_class", "text", "the customer's effort answer on the same ticket, else the latest before"),
        _derived("ease_class", "text", "the customer's ease answer on the same ticket, else the latest before"),
    ),
)

CUSTOMERS = Table(
    "customers",
    "one customer",
    (
        Column("customer_id", "id", "the source's own number", required=True),
        Column("account_id", "id", "company or household the customer belongs to"),
        Column("name", "text", "name"),
        Column("importance", "text", "importance class (low, middle, high, or the source's own)"),
        Column("country", "text", "country code"),
        Column("joined_at", "instant", "became a customer"),
        Column("left_at", "instant", "left; null = still a customer"),
        _ref("referred_by", "customers", "customer who recommended us"),
    ),
)

AGENTS = Table(
    "agents",
    "one agent",
    (
        Column("agent_id", "id", "the source's own number", required=True),
        Column("name", "text", "name"),
        Column("team", "text", "team now"),
        Column("hired_at", "instant", "began"),
        Column("left_at", "instant", "left; null = still here"),
    ),
)

ORDERS = Table(
    "orders",
    "one order, subscription payment, refund or cancellation",
    (
        Column("order_id", "id", "the source's own number", required=True),
        Column("customer_id", "id", "who bought", required=True, references="customers"),
        Column("ordered_at", "instant", "when", required=True),
        Column("amount", "money", "amount in `currency`; refunds positive, their kind says so"),
        Column("currency", "text", "ISO 4217 code"),
        Column("kind", "text", "what it is", choices=ORDER_KINDS),
        _ref("ticket_id", "tickets", "ticket that helped to bring it about"),
        *_local("ordered"),
        _derived("net_amount", "money", "amount, refunds negative; null for cancellations"),
        _derived("is_first", "flag", "first order of a customer who joined, if known, after the orders begin"),
        _derived("second_day_minutes", "minutes", "first order to the first order on a later local day; there only"),
        _derived("helped_by", "text", f"channel of the ticket that helped, or {NO_CONTACT!r}"),
        *_classes("before the order"),
    ),
)

WORKFLOW_RUNS = Table(
    "workflow_runs",
    "one run of a saved reply, macro, automation, suggestion, trigger or SLA policy",
    (
        Column("run_id", "id", "the source's own number", required=True),
        _ref("ticket_id", "tickets", "ticket it touched"),
        Column("ran_at", "instant", "when", required=True),
        Column("kind", "text", "what ran", choices=RUN_KINDS),
        Column("name", "text", "name of the workflow"),
        _ref("agent_id", "agents", "agent who used it; null for automatic runs"),
        Column("outcome", "text", "what came of it, as the source says"),
        *_local("ran"),
    ),
)

ARTICLE_VIEWS = Table(
    "article_views",
    "one view of one help article",
    (
        Column("view_id", "id", "the source's own number", required=True),
        Column("article_id", "id", "article", required=True),
        Column("title", "text", "its title"),
        Column("viewed_at", "instant", "when", required=True),
        Column("visitor_id", "id", "who looked, as the site knows them"),
        _ref("customer_id", "customers", "customer, where known"),
        Column("helpful", "flag", "vote: helpful or not; null = no vote"),
        _ref("ticket_id", "tickets", "ticket opened afterwards"),
        *_local("viewed"),
    ),
)

REPLIES = Table(
    "replies",
    "one wait: a customer's message that opens it and the public agent reply that ends it",
    (
        Column("reply_id", "id", "message_id of the customer message that opened the wait", required=True),
        Column("ticket_id", "id", "ticket", required=True, references="tickets"),
        _ref("customer_id", "customers", "who waited"),
        _ref("agent_id", "agents", "who replied"),
        Column("channel", "text", "channel of the reply, else of the question"),
        Column("asked_at", "instant", "the wait began", required=True),
        Column("replied_at", "instant", "next public agent reply; null = still waiting or never answered"),
        *_clock("reply", "asked to next public agent reply"),
        _derived("reply_competing", "flag", "ticket solved, merged or deleted before a reply came"),
        *_local("asked"),
    ),
    derived=True,
)

STATUS_MOVES = Table(
    "status_moves",
    "one step of the backlog: +1 when a ticket becomes unsolved, −1 when it stops being so",
    (
        Column("move_id", "id", "ticket_id and number of the step", required=True),
        Column("ticket_id", "id", "ticket", required=True, references="tickets"),
        Column("moved_at", "instant", "when", required=True),
        Column("step", "integer", "+1 or −1", required=True),
        *_local("moved"),
    ),
    derived=True,
)

AGENT_TICKETS = Table(
    "agent_tickets",
    "one agent's work on one ticket in one month",
    (
        Column("agent_ticket_id", "id", "agent_id, ticket_id and month", required=True),
        Column("agent_id", "id", "agent who wrote", required=True, references="agents"),
        Column("ticket_id", "id", "ticket", required=True, references="tickets"),
        Column("month_day", "day", "first local day of the month", required=True),
        Column("replies", "integer", "public replies of this agent"),
        Column("minutes", "minutes", "minutes of work, the source's own or estimated"),
    ),
    derived=True,
)

CUSTOMER_MONTHS = Table(
    "customer_months",
    "one customer in one whole month in which they were active, or had been in the month before, or wrote or bought",
    (
        Column("customer_month_id", "id", "customer_id and month", required=True),
        Column("customer_id", "id", "customer", required=True, references="customers"),
        Column("month_at", "instant", "the month begins", required=True),
        _derived("month_day", "day", "first local day of the month"),
        Column("active", "flag", "active at its end: subscription in force, else an order within active_days"),
        Column("active_before", "flag", "the same at the end of the month before"),
        Column("tickets", "integer", "tickets opened by the customer, not counting deleted, merged and spam"),
        Column("orders", "integer", "orders"),
        Column("amount", "money", "orders and payments less refunds; null in more than one currency"),
        Column("currency", "text", "their currency"),
        Column("tenure_days", "number", "days from joining to the end of the month"),
        *_classes("before the month began"),
    ),
    derived=True,
)

FOLLOWED_ANSWERS = Table(
    "followed_answers",
    "one answer of a known customer on satisfaction or recommendation, and what the customer bought around it",
    (
        Column("survey_id", "id", "the answer", required=True, references="surveys"),
        Column("customer_id", "id", "who answered", required=True, references="customers"),
        Column("ticket_id", "id", "ticket that was rated", references="tickets"),
        Column("answered_at", "instant", "when", required=True),
        *_local("answered"),
        *_classes("which is this one"),
        Column("next_order_minutes", "minutes", "answer to the customer's next order, null if none yet"),
        Column("spent_before", "money", "spent in the repeat_days before the customer's first rated experience"),
        Column("spent_after", "money", "spent in as many days after it, orders helped by the rated ticket left out"),
        Column("spending", "text", "less, same or more than before, by the margin", choices=("less", "same", "more")),
    ),
    derived=True,
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        TICKETS, MESSAGES, CHANGES, SURVEYS, CUSTOMERS, AGENTS, ORDERS, WORKFLOW_RUNS, ARTICLE_VIEWS,
        REPLIES, STATUS_MOVES, AGENT_TICKETS, CUSTOMER_MONTHS, FOLLOWED_ANSWERS,
    )
}  # fmt: skip
GIVEN = {name: table for name, table in TABLES.items() if not table.derived}
