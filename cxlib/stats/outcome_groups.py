"""Groups that are made of the figure they would explain: shown, never compared."""

_TOUCHES = ("one_touch_resolution", "two_touch_resolution", "multi_touch_resolution", "no_reply_resolution",
            "replies_to_resolve", "first_contact_resolution", "automation_rate", "handoffs",
            "solved_after_one_handoff")  # fmt: skip
_ANSWERED = ("response_rate",)
MADE_OF: dict[str, tuple[str, ...]] = {
    "handoffs": _TOUCHES,  # a handoff is a second reply
    "contacts": _TOUCHES,  # who is answered at once has no reason to write again
    "effort_class": (*_ANSWERED, "customer_effort", "low_effort"),  # the answer itself, on its own ticket
    "ease_class": (*_ANSWERED, "customer_ease", "easy"),
    "handling_channel": _ANSWERED,  # up to the answer, or without one up to the offer
}


def made_of_outcome(metric: str, by: str) -> bool:
    """Return whether the groups of a dimension follow from the figure itself, so that they differ by construction."""
    return metric in MADE_OF.get(by, ())
