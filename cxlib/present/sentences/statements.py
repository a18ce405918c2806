"""One sentence, and one headline, for every type of result."""

from collections.abc import Callable
from functools import singledispatch
from typing import Any

from cxlib import numbers
from cxlib.errors import UsageError
from cxlib.present.sentences import (
    agents,
    breakdown,
    change,
    customers,
    effects,
    groups,
    money,
    planning,
    quality,
    trend,
    volume,
    why,
)  # fmt: skip
from cxlib.present.sentences.sentence import Sentence, plain
from cxlib.results import types as results

Words = Callable[[Any], str]


@singledispatch
def say(result: Any) -> Sentence:
    """Return the sentence of a result: what moved, by how much, whether chance suffices, and at most one caveat.

    Raises:
        UsageError: The result's language is not English.
    """
    raise TypeError(f"{type(result).__name__} is not a result")


@singledispatch
def headline(result: Any) -> str:
    """Return the finding in a few words: the title of the chart.

    Raises:
        UsageError: The result's language is not English.
    """
    raise TypeError(f"{type(result).__name__} is not a result")


def _not_known(result: results.NotKnown) -> str:
    return f"{plain(result.title, 160)} is not known"


def _reason(result: results.NotKnown) -> str:
    return f"{_not_known(result)}: {plain(result.reason, 400)}"


def _in_english(words: Words) -> Words:
    def checked(result: Any) -> str:
        scope = getattr(result, "scope", None)
        if scope is not None and scope.language != "en":
            numbers.number(0, language=scope.language)
            raise UsageError(f"Sentences are written in English only so far, not in {scope.language!r}; use 'en'.")
        return words(result)

    return checked


def _sentence(words: Words) -> Callable[[Any], Sentence]:
    def sentence(result: Any) -> Sentence:
        text = _in_english(words)(result)
        own = isinstance(result, results.Effects)  # these carry a caveat of their own
        told = hasattr(result, "metric") and not own
        return Sentence(text + (change.caveat(result.metric, result.scope) if told else ""))

    return sentence


_WORDS: dict[type, tuple[Words, Words]] = {
    results.Change: (change.change_text, change.change_headline),
    results.Trend: (trend.trend_text, trend.trend_headline),
    results.Comparison: (volume.comparison_text, volume.comparison_headline),
    results.Peaks: (volume.peaks_text, volume.peaks_headline),
    results.Breakdown: (breakdown.breakdown_text, breakdown.breakdown_headline),
    results.Distribution: (groups.distribution_text, groups.distribution_headline),
    results.Overview: (trend.overview_text, trend.overview_headline),
    results.Contrast: (money.contrast_text, money.contrast_headline),
    results.Survival: (money.survival_text, money.survival_headline),
    results.Worth: (money.worth_text, money.worth_headline),
    results.History: (customers.history_text, customers.history_headline),
    results.WaitingList: (customers.waiting_text, customers.waiting_headline),
    results.Shortlist: (effects.shortlist_text, effects.shortlist_headline),
    results.Effects: (effects.effects_text, effects.effects_headline),
    results.Decomposition: (why.why_text, why.why_headline),
    results.Funnel: (agents.funnel_text, agents.funnel_headline),
    results.Tally: (quality.tally_text, quality.tally_headline),
    results.Coverage: (quality.coverage_text, quality.coverage_headline),
    results.Forecast: (planning.forecast_text, planning.forecast_headline),
    results.Staffing: (planning.staffing_text, planning.staffing_headline),
    results.UnusualDays: (volume.days_text, volume.days_headline),
    results.NotKnown: (_reason, _not_known),
}
for _type, (_text, _headline) in _WORDS.items():
    say.register(_type, _sentence(_text))
    headline.register(_type, _in_english(_headline))
