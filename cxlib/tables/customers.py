"""What is known of customers: who they are, what they answered, what they bought."""

from cxlib.tables.columns import NO_CONTACT, ORDER_KINDS, SURVEY_KINDS, Column, Table, classes, derived, local, ref

SURVEYS = Table(
    "surveys",
    "one question put to one customer; without answered_at it was offered and not answered",
    (
        Column("survey_id", "id", "the source's own number", required=True),
        Column("kind", "text", "what the question measures", required=True, choices=SURVEY_KINDS),
        Column("question", "text", "wording or short name of the question"),
        ref("ticket_id", "tickets", "ticket that was rated"),
        ref("customer_id", "customers", "who was asked"),
        ref("agent_id", "agents", "agent who was rated"),
        Column("sent_at", "instant", "offered; null where offers are not recorded"),
        Column("answered_at", "instant", "answered; null = no answer"),
        Column("answer", "number", "the answer on its own scale"),
        Column("scale_low", "number", "lowest possible answer"),
        Column("scale_high", "number", "highest possible answer"),
        Column("high_is_good", "flag", "whether a high answer is a good one"),
        Column("weight", "number", "design weight; null = 1"),
        Column("comment", "text", "the customer's own words"),
        *local("sent"),
        *local("answered"),
        derived("box", "text", "top, middle or bottom part of its own scale"),
        derived("scale_share", "number", "answer as a share of its scale, 0 worst, 1 best"),
        derived("latest", "flag", "latest answer of the month to this question on this ticket (re-ratings kept apart)"),
        derived("customer_latest", "flag", "latest answer of the month by this customer to this kind of question"),
        derived("agent_tenure", "text", "how long the agent rated had been there when the survey was sent"),
        derived("handling_channel", "text", "channel of the last public agent reply on the rated ticket"),
        derived("effort_class", "text", "the customer's effort answer on the same ticket, else the latest before"),
        derived("ease_class", "text", "the customer's ease answer on the same ticket, else the latest before"),
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
        ref("referred_by", "customers", "customer who recommended us"),
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
        ref("ticket_id", "tickets", "ticket that helped to bring it about"),
        *local("ordered"),
        derived("net_amount", "money", "amount, refunds negative; null for cancellations"),
        derived("is_first", "flag", "first order of a customer who joined, if known, after the orders begin"),
        derived("second_day_minutes", "minutes", "first order to the first order on a later local day; there only"),
        derived("helped_by", "text", f"channel of the ticket that helped, or {NO_CONTACT!r}"),
        *classes("before the order"),
    ),
)
