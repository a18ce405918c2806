"""Sentences say what the numbers allow, and hold no number that is not the result's."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import date
from typing import Any, get_args

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from results_by_hand import HOSTILE, NONE, RESULTS, breakdown, change, estimate, group

from cxlib import numbers
from cxlib.errors import UsageError
from cxlib.periods import bounds
from cxlib.stats.results import Coverage, Effects, Result, Tally
from cxlib.words import Sentence, headline, plain, say, verdict

FORBIDDEN = re.compile(r"drive|significan|cause|\bnan\b|\binf\b|None", re.IGNORECASE)


def text_of(name: str) -> str:
    return say(RESULTS[name]).text.replace(numbers.SPACE, " ")


def numbers_in(text: str) -> list[str]:
    return [match.replace(",", "") for match in re.findall(r"\d[\d,]*(?:\.\d+)?", text)]


def figures_of(part: Any) -> Iterator[float]:
    """Every number a sentence may use: all fields; of the points the last month, of groups all."""
    if isinstance(part, pl.DataFrame):
        rows = part.tail(1) if "period" in part.columns else part
        yield from (number for row in rows.rows() for value in row for number in figures_of(value))
    elif isinstance(part, date):
        yield from (part.day, part.year)
    elif isinstance(part, str):
        yield from (float(number) for number in re.findall(r"\d+", part))
        if re.fullmatch(r"\d{4}-W\d\d", part):
            yield from figures_of(bounds(part)[0])
    elif isinstance(part, (int, float)):
        yield float(part)
    elif isinstance(part, (tuple, list)):
        for item in part:
            yield from figures_of(item)
    elif is_dataclass(part) and type(part).__name__ != "Metric":
        for item in fields(part):
            yield from figures_of(getattr(part, item.name))


def allowed(result: Any) -> set[str]:
    counted = [len(getattr(result, "trends", ())), len(getattr(result, "survives", ()))]
    if isinstance(result, Effects):
        counted.append(result.points["value"].count())
    if isinstance(result, Tally):
        rounded = result.points.filter(pl.col("label").str.starts_with("rounded"))["n"].sum()
        agree, apart = result.same + rounded, (result.compared or 0) - result.same - rounded
        known = result.points.filter("known")["n"].sum() - rounded
        shares = (100 * known / max(apart, 1), 100 * agree / max(result.compared or 0, 1))
        counted += [result.points.height, result.points.height - 3, agree, apart, *shares]
    if isinstance(result, Coverage):
        last = result.points.filter(month=result.months[-1])
        counted += [last.height, (last["rows"] > 0).sum()]
    found = [abs(value) / unit for value in (*figures_of(result), *counted) for unit in (1, 60, 1440, 0.01)]
    return {f"{value:.{decimals}f}" for value in found for decimals in (0, 1, 2)}


def data_text(result: Any) -> str:
    return HOSTILE if "script" in repr(result) else ""


def strangers(text: str, result: Any) -> list[str]:
    """Numbers of a text that are nowhere in its result."""
    known = allowed(result) | set(numbers_in(data_text(result)))
    return [
        number
        for number in numbers_in(text.replace(plain(HOSTILE), "").replace(plain(HOSTILE, 40), ""))
        if number not in known
    ]


@pytest.mark.parametrize("name", RESULTS)
def test_every_number_of_a_sentence_is_the_results(name: str) -> None:
    result = RESULTS[name]
    assert strangers(say(result).text, result) == []
    assert strangers(headline(result), result) == []


def test_a_number_that_is_not_the_results_is_found() -> None:
    assert strangers("Satisfaction fell by 9.9 points to 75.2 %.", RESULTS["trend"]) == ["9.9"]


@pytest.mark.parametrize("name", RESULTS)
def test_sentences_never_claim_more_than_chance_allows(name: str) -> None:
    said = say(RESULTS[name]).text.replace(plain(HOSTILE), "")
    assert said.endswith((".", "lt;"))
    assert not FORBIDDEN.search(said + headline(RESULTS[name]))
    assert "\n" not in said or "overview" in name


def test_every_type_of_result_has_its_words() -> None:
    assert {type(result) for result in RESULTS.values()} == set(get_args(Result))
    for kind in get_args(Result):
        assert say.dispatch(kind) is not say.dispatch(object)
        assert headline.dispatch(kind) is not headline.dispatch(object)
    with pytest.raises(TypeError, match="not a result"):
        say(3)


READS = {
    "tally": "Broken promises of the data: status is missing (tickets), 12 rows, 1 %; "
    "duplicate survey_id (set aside; surveys), 3 rows, 1 %.",
    "tally, nothing": "Broken promises of the data: not one row; every promise holds.",
    "reconciliation": "Broken promises of the data: 1,958 of 2,000 agree to the source's step; of the other 42, 95 % "
    "have a known reason: an automatic answer counts as the reply 40.",
    "reconciliation, same": "Broken promises of the data: 30 of 30 agree to the source's step; every promise holds.",
    "shortlist": "What to automate next, November 2025 to October 2026: first: Delivery 31.2 hours a month (28.2–34.2; "
    "120 tickets); Invoice 29.0 hours a month (25.5–32.5; 120 tickets), an article is like it (agent hours a month, "
    "estimated). One caveat.",
    "shortlist, none named": "What to automate next, November 2025 to October 2026: Nothing to do.",
    "coverage": "Coverage, October 2026: no rows of surveys; most often empty: tickets.team 12 %.",
    "change": "Satisfaction fell by 6.8 points (1.1–12.5) to 75.2 % (202 answers); more than chance explains.",
    "change, about the same": "Satisfaction stayed about the same at 80.1 % (202 answers): "
    "a difference of 0.1 points (−1.4 to 1.6).",
    "change, chance": "Net Promoter Score moved by −3.0 points (−10.2 to 4.2) to +38.0 (202 answers); "
    "no more than chance explains.",
    "change, few": "Satisfaction stood at 75 % (53–97; 12 answers) in October 2026; too few to judge a change.",
    "change, no rows": "Satisfaction: no answers in October 2026.",
    "change, one-sided": "Time to resolution rose by 1.8 d (0.7 or more) to 6.7 d (202 tickets); "
    "more than chance explains.",
    "trend, median not reached": "Time to resolution: the median is not yet reached, 40 tickets in October 2026.",
    "breakdown": "Satisfaction by channel: highest for Chat, 82.4 %, 5.1 points (2.0–8.2) above the rest; "
    "lowest for Phone, 70.9 %, 8.1 points (3.6–12.6) below the rest; more than chance explains.",
    "contrast": "Bought after the answer, August 2025 to July 2026: 45.2 % (42.0–48.4; 980 answers) where the loyalty "
    "class is promoter, 28.6 % (24.9–32.3; 568 answers) where it is detractor: 16.6 points (11.5–21.4) more, "
    "1.6 times as "
    "often (1.4–1.8); more than chance explains. Compared within each month; it goes together with the loyalty class, "
    "which need not be why.",
    "contrast, chance": "Bought after the answer, August 2025 to July 2026: 45.2 % (42.0–48.4; 980 answers) where the "
    "loyalty class is promoter, 28.6 % (24.9–32.3; 568 answers) where it is detractor: 17 points (−2 to 31) "
    "more; no more "
    "than chance explains.",
    "survival": "Customers still there, by loyalty class, answers of November 2024 to October 2026: 24 months after "
    "the first answer 78.6 % (76.6–79.6; 160 customers at risk) after detractor; "
    "86.6 % (84.6–87.6; 160 customers at risk) "
    "after passive; 93.0 % (91.0–94.0; 160 customers at risk) after promoter; the classes differ by more than chance "
    "explains (log-rank test). 347 customers left after an answer; everybody's time starts at an answer, and what goes "
    "together need not be why.",
    "worth": "A customer lost costs 71 EUR (68–74; 3,365 customers) a year, more than the 35 EUR that winning "
    "one costs: the "
    "margin less estimated agents' time of those active at the end of October 2025, who bought for 169 EUR in the year "
    "after. One year only: whether they would have stayed longer is not counted.",
    "breakdown, equal": "Satisfaction by channel: no difference that chance would not explain; "
    "all together 77.3 % (75.6–79.0; 2,282 answers).",
    "distribution": "NPS classes: the largest class in October 2026 is Promoters with 48.2 % "
    "(44.1–52.3; 512 answers), after 51.0 % in September 2026. No class moved by more than chance explains.",
    "distribution, moved": "NPS classes: the largest class in October 2026 is Others with 51.8 % "
    "(47.7–55.9; 512 answers), after 45.0 % in September 2026. Moved by more than chance explains: "
    "Promoters −6.8 points (−11.8 to −1.8); Others +6.8 points (+1.8 to +11.8).",
    "trend, weeks": "Tickets opened (the week of 19 October 2026) moved by 100 (−60 to 260) "
    "against the week of 12 October 2026 "
    "to 2,410; no more than chance explains.",
    "trend, days": "Tickets opened stood at 600 (546–654) on 31 October 2026.",
    "trend, years": "Tickets opened stood at 600 (546–654) in 2025.",
    "comparison": "Tickets opened per working day by category, October 2026 against October 2025: delivery +64 % "
    "(+38 to +94), more than chance explains; one other within chance.",
    "comparison, quiet": "Tickets opened per working day by category, October 2026 against October 2025: "
    "no change that chance would not explain.",
    "comparison, too few": "Tickets opened per working day by category, October 2026 against October 2025: "
    "too few tickets to compare.",
    "comparison, years": "December: lower in two of two years, more than chance explains: −24.0 % (−29.0 to −18.6) "
    "in 2024, −23.9 % (−32.1 to −14.8) in 2025. July: no different, no more than chance explains: "
    "−3.1 % (−12.1 to +6.8) in 2024.",
    "peaks": "Tickets opened peak on Monday, 11 to 12 o'clock: 9.2 tickets an hour (8.8–9.2), November 2025 to "
    "October 2026. More of it than at other hours, beyond chance: phone (channel) 21.0 % against 17.2 %, "
    "3.8 points (1.7–6.2).",
    "why": "Satisfaction fell by 6.8 points: 6.1 (4.0–8.1) come from another mix of channels, above all more phone "
    "(40.1 % after 17.0 %); within channels it fell by 2.7 (−1.9 to 7.2), no more than chance explains.",
    "why, chance": "Net Promoter Score moved no more than chance explains (−3.0 points; −10.2 to +4.2), and so did "
    "its parts: +0.4 (−3.1 to +3.9) from another mix of channels, −3.4 (−9.8 to +3.0) within channels.",
    "funnel": "Satisfaction by team member, November 2025 to October 2026, with the same mix of channel and category: "
    "Zoe is evidently below, 33 of 60 answers where 48.0 were expected; if the other team members differ, then by at "
    "most 2.1 points (standard deviation).",
    "funnel, too alike": "Satisfaction by team member, November 2025 to October 2026, with the same mix of channel and "
    "category: no evidence that any team member differs; the team members differ less than chance alone would make "
    "them (φ 0.21): a warning about how the data came about.",
    "overview, quiet": "Nothing moved more than chance explains.",
}


@pytest.mark.parametrize("name", READS)
def test_a_sentence_reads(name: str) -> None:
    assert text_of(name) == READS[name]


def test_a_trend_speaks_of_last_year_goals_and_this_months_event_only() -> None:
    said = text_of("trend")
    assert "Against October 2025: −8.8 points (−14.5 to −3.1), more than chance explains." in said
    assert "Within chance of the target of 80 %." in said
    assert "Below the benchmark of 84.5 %." in said
    assert "Price rise: 5 October 2026." in said
    assert "New chat tool" not in said


def test_only_one_caveat_is_told_and_the_unfinished_are_counted() -> None:
    assert text_of("trend, duration").endswith("31 still waiting; 12 ended without a reply and are outside.")
    assert text_of("trend, provisional").endswith("Provisional (12 % not yet known).")
    both = replace(RESULTS["trend, duration"], scope=replace(RESULTS["trend, duration"].scope, provisional=0.2))
    assert say(both).text.count("still waiting") + say(both).text.count("Provisional") == 1


def test_the_verdict_follows_the_interval_then_the_margin_then_the_number_of_answers() -> None:
    def of(difference: float, half: float, n: int = 202) -> str:
        return verdict(change("csat", estimate(80.0 + difference, 3.0, n), estimate(80.0, 3.0), half, 0.0))

    assert of(8.0, 5.0) == "rose"
    assert of(-8.0, 5.0) == "fell"
    assert of(8.0, 9.0) == "chance"
    assert of(0.5, 1.0) == "same"
    assert of(1.0, 0.5) == "same", "sure, but too small to matter"
    assert of(2.5, 0.4) == "rose"
    assert of(8.0, 5.0, 29) == "few"
    assert of(8.0, 5.0, 30) == "rose"
    assert verdict(change("csat", NONE, estimate(80.0, 3.0), 5.0, 0.0)) == "unknown"


def test_the_margin_of_durations_and_counts_is_relative() -> None:
    before, after = estimate(1000.0, 10.0), estimate(1030.0, 10.0)
    moved = change("ticket_volume", after, before, 15.0, 0.001)
    assert verdict(replace(moved, scope=replace(moved.scope, margin=0.05))) == "same"
    assert verdict(replace(moved, scope=replace(moved.scope, margin=0.02))) == "rose"


def test_a_group_with_few_answers_is_never_called_highest_or_lowest() -> None:
    few = group("Fax", estimate(99.0, 0.5, 12), None, (20.0, 15.0, 25.0, 0.0001))
    known = [few, *(row for row in RESULTS["breakdown"].points.rows(named=True))]
    said = say(breakdown("csat", known, 0.001, estimate(77.3, 1.7))).text
    assert "highest for Chat" in said
    assert "Fax" not in said


def test_a_group_is_not_called_lowest_against_a_rest_of_few_answers() -> None:
    alone = [group("Email", estimate(60.0, 4.0, 400), None, (-20.0, -30.0, -10.0, 0.0001))]
    few, many = (group("Fax", estimate(80.0, 9.0, n), None, (20.0, 10.0, 30.0, 0.0001)) for n in (29, 30))
    hidden = say(breakdown("csat", [few, *alone], 0.001, estimate(61.0, 4.0, 429))).text
    assert hidden.endswith("more difference than chance explains; too few answers to name a group.")
    assert "lowest for Email" in say(breakdown("csat", [many, *alone], 0.001, estimate(61.0, 4.0, 430))).text


def test_a_change_against_last_year_is_said_once() -> None:
    told = RESULTS["trend"]
    year = say(told).text.count("Against October 2025")
    twice = replace(told, change=told.last_year)
    assert year == 1
    assert "Against October 2025" not in say(twice).text
    assert "October 2025" in say(twice).text


def test_no_group_stands_apart_only_where_none_differs_from_the_rest() -> None:
    two = [group(name, estimate(value, 4.0, 400), None, (value - 70, value - 80, value - 60, 0.2)) for name, value in
           (("Email", 60.0), ("Chat", 80.0))]  # fmt: skip
    said = say(breakdown("csat", two, 0.001, estimate(70.0, 4.0, 800))).text
    assert said.endswith("but no group stands apart from the rest by itself.")


def test_the_overview_names_the_surest_first_and_at_most_five() -> None:
    trends = RESULTS["overview"].trends
    assert [line.split(" fell")[0].split(" rose")[0] for line in say(RESULTS["overview"]).text.split("\n")] == [
        "Time to first reply", "Net Promoter Score", "Satisfaction", "Not known in these data: Response rate.",
    ]  # fmt: skip
    many = replace(RESULTS["overview"], trends=trends[:3] * 3, missing={})
    assert len(say(many).text.split("\n")) == 5
    none = replace(RESULTS["overview"], survives=frozenset(), missing={})
    assert say(none).text == (
        "Nothing moved more than chance explains among 6 key figures looked at together; 3 moved on their own."
    )


@pytest.mark.parametrize("name", ["trend", "breakdown", "distribution", "overview", "change"])
def test_sentences_exist_in_english_only(name: str) -> None:
    result = RESULTS[name]
    with pytest.raises(UsageError, match="English only so far"):
        say(replace(result, scope=replace(result.scope, language="de")))
    with pytest.raises(UsageError, match="no language 'xx'"):
        headline(replace(result, scope=replace(result.scope, language="xx")))


def shown(sentence: Sentence) -> str:
    import mistune

    render = mistune.create_markdown(
        escape=False, plugins=["strikethrough", "footnotes", "table", "url", "math", "task_lists"]
    )
    return str(render(sentence._repr_mimebundle_()["text/markdown"])).strip()


@given(st.one_of(st.text(max_size=80), st.text("<>&*_`[]()!#-+=.1a $\\/:w\"'|~^{}@", max_size=40)))
def test_whatever_the_data_hold_is_shown_as_text(data: str) -> None:
    text = plain(data, 200)
    if text:
        assert html.unescape(shown(Sentence(text)).removeprefix("<p>").removesuffix("</p>")) == text
        assert re.sub(r"^<p>|</p>$", "", shown(Sentence(text))).count("<") == 0


def test_hostile_labels_survive_as_text() -> None:
    page = shown(say(RESULTS["breakdown, hostile"]))
    assert plain(HOSTILE) in html.unescape(page)
    assert set(re.findall(r"<[^>]*>", page)) == {"<p>", "</p>"}


def test_several_statements_are_a_list() -> None:
    page = shown(say(RESULTS["overview"]))
    assert page.count("<li>") == 4


def test_plain_text_has_no_control_or_direction_characters() -> None:
    assert plain("a\n\tb\u202ec\u200d  d\x00") == "a b c d"
    assert plain("x" * 61) == "x" * 59 + "…"
    assert str(Sentence("a")) == "a"
