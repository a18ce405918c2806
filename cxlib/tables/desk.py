"""What a help desk gives: tickets, messages, changes, agents, workflow runs, article views."""

from cxlib.tables.columns import CHANNELS, OWN_FIGURES, RUN_KINDS, STATUSES, Column, Table, clock, derived, local, ref

TICKETS = Table(
    "tickets",
    "one request of one customer, from its creation to its last close",
    (
        Column("ticket_id", "id", "the source's own number", required=True),
        ref("customer_id", "customers", "who asked (requester)"),
        ref("agent_id", "agents", "last assignee"),
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
        ref("merged_into", "tickets", "ticket this one was merged into"),
        Column("agent_replies", "integer", "public replies by agents"),
        Column("customer_messages", "integer", "messages by the customer, the first included"),
        Column("handoffs", "integer", "changes of the answering agent"),
        Column("team_changes", "integer", "moves to another team"),
        Column("reopens", "integer", "times the ticket left solved again, including those open now"),
        Column("handle_minutes", "minutes", "minutes of work as the source recorded them"),
        Column("documents_required", "integer", "documents the request needs"),
        Column("documents_complete", "flag", "whether all required documents were there at opening"),
        Column("source", "text", "system the row comes from"),
        *local("created"),
        derived("arrival", "text", "opened in opening hours, else: off hours of a working day, weekend, holiday"),
        *local("solved"),
        *local("first_solved"),
        *local("first_reply_due"),
        *local("due"),
        *clock("take_up", "created to first taken by a human"),
        *clock("first_reply", "created to first public reply by a human"),
        *clock("resolution", "created to last solved"),
        derived(
            "take_up_competing",
            "flag",
            "solved, merged or deleted without ever being taken: outside the wait",
        ),
        derived(
            "first_reply_competing",
            "flag",
            "solved, merged or deleted without a human reply: outside the wait",
        ),
        derived("requester_wait_minutes", "minutes", "time in new, open and hold, from the status history"),
        derived("agent_wait_minutes", "minutes", "time in pending, from the status history"),
        derived("on_hold_minutes", "minutes", "time in hold, from the status history"),
        derived("requester_wait_business_minutes", "minutes", "open minutes in new, open and hold"),
        derived("agent_wait_business_minutes", "minutes", "open minutes in pending"),
        derived("on_hold_business_minutes", "minutes", "open minutes in hold"),
        derived("wait_ended", "flag", "whether the status history of the ticket has ended (solved)"),
        derived("reopened_at", "instant", "first time the ticket left solved again"),
        derived("reopened_after_minutes", "minutes", "first solved to first reopened"),
        derived(
            "next_ticket_minutes",
            "minutes",
            "last solved to the same customer's next ticket, null if none yet",
        ),
        derived("next_same_category_minutes", "minutes", "the same, next ticket of the same category"),
        derived("missed", "flag", "phone and chat: whether nobody took it; null where the source never says missed"),
        derived("handoffs_bracket", "text", "handoffs in words: 0 handoffs, 1 handoff, 2 handoffs, 3 or more"),
        derived("contacts_bracket", "text", "customer_messages in words: 0 contacts, 1 contact, 2, 3 or more"),
        derived("agent_tenure", "text", "how long the last assignee had been there at the first reply, else creation"),
        derived("next_order_minutes", "minutes", "created to the same customer's next order, null if none yet"),
        derived("helped_order_minutes", "minutes", "created to the first order that names this ticket"),
        derived("workflow_kinds", "text", "kinds of workflow that ran on it up to its last solve, by workflow_runs"),
        derived("auto_answered", "flag", "an automatic answer was sent before the last solve; null if none ever is"),
        derived(
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
        *local("sent"),
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

WORKFLOW_RUNS = Table(
    "workflow_runs",
    "one run of a saved reply, macro, automation, suggestion, trigger or SLA policy",
    (
        Column("run_id", "id", "the source's own number", required=True),
        ref("ticket_id", "tickets", "ticket it touched"),
        Column("ran_at", "instant", "when", required=True),
        Column("kind", "text", "what ran", choices=RUN_KINDS),
        Column("name", "text", "name of the workflow"),
        ref("agent_id", "agents", "agent who used it; null for automatic runs"),
        Column("outcome", "text", "what came of it, as the source says"),
        *local("ran"),
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
        ref("customer_id", "customers", "customer, where known"),
        Column("helpful", "flag", "vote: helpful or not; null = no vote"),
        ref("ticket_id", "tickets", "ticket opened afterwards"),
        derived("ticket_opened", "flag", "whether a ticket followed the visit it belongs to; null where not known"),
        *local("viewed"),
    ),
)

SOURCE_FIGURES = Table(
    "source_figures",
    "one figure of one ticket as the source itself counts it, to be held beside ours",
    (
        Column("figure_id", "id", "ticket_id and figure", required=True),
        Column("ticket_id", "id", "ticket", required=True, references="tickets"),
        Column("figure", "text", "column of tickets that it stands beside", required=True, choices=OWN_FIGURES),
        Column("amount", "number", "the source's own value, in minutes or as a count; null = it has none"),
    ),
)
