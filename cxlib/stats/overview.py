"""The first page: key figures together, and which of their changes survive being looked at together."""

from __future__ import annotations

from collections.abc import Sequence

from cxlib.metrics import View
from cxlib.stats.effects import survivors
from cxlib.stats.results import NotKnown, Overview, Scope, Trend
from cxlib.stats.trend import trend

HEADLINE = (
    "csat", "nps", "response_rate", "ticket_volume", "first_reply_time", "resolution_time",
    "first_contact_resolution", "reopen_rate", "sla_first_reply", "sla_resolution",
)  # fmt: skip


def overview(view: View, names: Sequence[str] = HEADLINE) -> Overview:
    """Return the trends of the key figures and the changes that survive Benjamini–Hochberg at 5 % over all of them.

    Args:
        view: What is looked at.
        names: The family of headline metrics, declared beforehand, in the order of the page.

    Raises:
        UsageError: No such metric or dimension.
    """
    answers = {name: trend(name, view) for name in names}
    trends = tuple(answer for answer in answers.values() if isinstance(answer, Trend))
    return Overview(
        scope=trends[0].scope if trends else Scope(view.data.name, view.month, view.filter_text),
        trends=trends,
        survives=survivors(
            {t.metric.name: t.change.p_value for t in trends if t.change and t.change.p_value is not None}
        ),
        missing={name: answer.reason for name, answer in answers.items() if isinstance(answer, NotKnown)},
    )
