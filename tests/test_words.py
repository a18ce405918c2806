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
from effects_by_hand import effects
from hypothesis import given, strategies as st
from results_by_hand import HOSTILE, NONE, RESULTS, breakdown, change, estimate, group

from cxlib import numbers
from cxlib.errors import UsageError
from cxlib.metrics import METRICS
from cxlib.periods import bounds
from cxlib.present.sentences import Sentence, headline, plain, say, verdict
from cxlib.present.sentences.groups import forms_of
from cxlib.present.tables import table
from cxlib.results.reasons import Spread
from cxlib.results.types import Change, Coverage, Effects, Estimate, Result, Tally
from cxlib.stats.sizes import margin

FORBIDDEN = re.compile(r"(?i:drive|significan|cause|\bnan\b|\binf\b)|None")


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
        if isinstance(part, Change):
            yield margin(part)
        if isinstance(part, Spread):
            yield from (3.29 * end for end in (part.value, part.low, part.high) if end is not None)
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
    "tally": "Broken promises of the data: status is missing (tickets), 12 rows, 1 %. Next: duplicate survey_id (set "
    "aside; surveys), 3 rows, 1 %.",
    "tally, nothing": "Broken promises of the data: not one row; every promise holds.",
    "reconciliation": "Broken promises of the data: 1,958 of 2,000 agree to the source's step. Of the other 42, "
    "95 % have a known reason: an automatic answer counts as the reply 40.",
    "reconciliation, same": "Broken promises of the data: 30 of 30 agree to the source's step; every promise holds.",
    "shortlist": "What to automate next, November 2025 to October 2026: first: Delivery 31.2 hours a month "
    "(28.2–34.2; 120 tickets); Invoice 29.0 hours a month (25.5–32.5; 120 tickets), an article is like it; "
    "estimated. One caveat.",
    "shortlist, many": "What to automate next, November 2025 to October 2026: first: Topic 0 40.0 hours a month "
    "(31.0–49.0; 120 tickets); Topic 1 39.0 hours a month (30.0–48.0; 120 tickets). Estimated; 18 more in the table.",
    "shortlist, none named": "What to automate next, November 2025 to October 2026: Nothing to do.",
    "coverage": "Coverage, October 2026: no rows of surveys; most often empty: tickets.team 12 %.",
    "change": "Satisfaction fell by 6.8 points (1.1–12.5) to 75.2 % (202 answers) in October 2026; more than "
    "chance explains.",
    "change, about the same": "Satisfaction stayed about the same at 80.1 % (202 answers) in October 2026: "
    "+0.1 points (−1.4 to +1.6), all within ±2.0.",
    "change, chance": "Net Promoter Score moved by −3.0 points (−10.2 to +4.2) to +38.0 (202 answers) in October "
    "2026; no more than chance explains.",
    "change, few": "Satisfaction stood at 75 % (53–97; 12 answers) in October 2026; too few to judge a change.",
    "change, no rows": "Satisfaction: no answers in October 2026.",
    "change, one-sided": "Time to resolution rose by 1.8 d (0.7 or more) to 6.7 d (202 tickets) in October 2026; "
    "more than chance explains.",
    "trend, median not reached": "Time to resolution: the median is not yet reached, 40 tickets in October 2026.",
    "breakdown": "Satisfaction by channel: highest for Chat, 82.4 % (610 answers), 5.1 points (2.0–8.2) above "
    "the rest; lowest for Phone, 70.9 % (402 answers), 8.1 points (3.6–12.6) below the rest. Both are more "
    "than chance explains.",
    "contrast": "Bought after the answer by loyalty class, August 2025 to July 2026: promoter 45.2 % (980 "
    "answers), detractor 28.6 % (568 answers): 16.6 points (11.5–21.4) more, 1.6 times as often (1.4–1.8); more "
    "than chance explains. What goes together need not be why.",
    "contrast, chance": "Bought after the answer by loyalty class, August 2025 to July 2026: promoter 45.2 % "
    "(980 answers), detractor 28.6 % (568 answers): a difference of +17 points (−2 to +31), no more than chance "
    "explains.",
    "survival": "Customers still there, by loyalty class, 24 months after an answer of November 2024 to October "
    "2026: detractor 78.6 % (76.6–79.6; 160 at risk); passive 86.6 % (84.6–87.6; 160 at risk); promoter 93.0 % "
    "(91.0–94.0; 160 at risk). The classes differ by more than chance explains. What goes together need not be "
    "why.",
    "worth": "A customer active at the end of October 2025 brought 71 EUR (68–74; 3,365 customers) in the year after, "
    "more than winning one costs (35 EUR). That is the margin less estimated agents' time of what they bought, 169 "
    "EUR, the mean of those who stayed and those who left. What one who leaves would have brought is not known; later "
    "years are not counted.",
    "breakdown, equal": "Satisfaction by channel: no difference beyond chance; all together 77.3 % (75.6–79.0; "
    "2,282 answers).",
    "distribution": "NPS classes: the largest class in October 2026 is Promoters with 48.2 % (44.1–52.3; 512 "
    "answers), after 51.0 % in September 2026; no class moved beyond chance once all are looked at.",
    "distribution, moved": "NPS classes: Promoters moved most, by −6.8 points (−11.8 to −1.8) to 48.2 % "
    "(44.1–52.3; 512 answers) in October 2026; more than chance explains.",
    "trend, weeks": "Tickets opened (the week of 19 October 2026) moved by +100 (−60 to +260) against the week "
    "of 12 October 2026 to 2,410; no more than chance explains.",
    "trend, days": "Tickets opened (31 October 2026) stood at 600 (546–654).",
    "trend, years": "Tickets opened (2025) stood at 600 (546–654).",
    "comparison": "Tickets opened per working day by category, October 2026 against October 2025: delivery +64 % "
    "(+38 to +94; 484 tickets), more than chance explains; one other within chance once all are looked at.",
    "comparison, quiet": "Tickets opened per working day by category, October 2026 against October 2025: no "
    "change beyond chance once all are looked at.",
    "comparison, too few": "Tickets opened per working day by category, October 2026 against October 2025: too "
    "few tickets to compare.",
    "comparison, years": "December: lower in two of two years, more than chance explains: −24.0 % (−29.0 to "
    "−18.6) in 2024, −23.9 % (−32.1 to −14.8) in 2025. July: no clear difference: −3.1 % "
    "(−12.1 to +6.8) in 2024.",
    "peaks": "Tickets opened peak on Monday, 11 to 12 o'clock: 9.2 tickets an hour (8.8–9.2), November 2025 to "
    "October 2026. Clearly more of it than at other hours: phone (channel) 21.0 % against 17.2 %, +3.8 "
    "points (+1.7 to +6.2).",
    "why": "Satisfaction fell by 6.8 points: 6.1 (4.0–8.1) come from another mix of channels, above all more "
    "phone (40.1 % after 17.0 %). Within channels it moved by −2.7 (−7.2 to +1.9), no more than chance explains.",
    "why, chance": "Net Promoter Score moved no more than chance explains (−3.0 points; −10.2 to +4.2), and so "
    "did its parts: +0.4 (−3.1 to +3.9) from another mix of channels, −3.4 (−9.8 to +3.0) within channels.",
    "funnel": "Satisfaction by team member, November 2025 to October 2026, with the same mix of channel and "
    "category: Zoe is evidently below, 33 of 60 answers where 48.0 were expected. If the other team members "
    "differ, nine in ten of them lie within 7.0 points at most.",
    "funnel, too alike": "Satisfaction by team member, November 2025 to October 2026, with the same mix of "
    "channel and category: no evidence that any team member differs. The team members differ less than chance "
    "alone would make them (φ 0.21): a warning about how the data came about.",
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
    assert text_of("trend, provisional").endswith("Provisional, 12 % not yet known.")
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


def test_a_printed_interval_leaves_out_zero_exactly_when_the_verdict_does() -> None:
    close = replace(RESULTS["change"], difference=3.3, low=-0.012, high=6.43)
    assert "by +3.3 points (−0.01 to +6.4) to" in say(close).text.replace(numbers.SPACE, " ")
    sure = replace(close, difference=-12.0, low=-23.1, high=-0.2)
    assert "fell by 12 points (0.2–23) to" in say(sure).text.replace(numbers.SPACE, " ")
    assert table(close).rows[-1][2] == "−0.01 to +6.4"
    mean = replace(change("handoffs", estimate(0.17, 0.02), estimate(0.2, 0.02), 0.02, 0.03), low=-0.05, high=-0.001)
    assert "(−0.05 to −0.001)" in say(mean).text


def test_the_month_of_a_figure_is_named_but_on_the_first_page() -> None:
    assert "in October 2026; more than" in text_of("trend")
    early = replace(RESULTS["change, about the same"], period="2026-07", baseline="2026-06")
    assert "in July 2026: +0.1" in say(early).text
    assert "in October 2026" not in text_of("overview")


def test_a_change_to_nobody_is_said_in_words() -> None:
    left = change("agent_turnover", Estimate(30, 30, 0.0, 2.0, 0.0, 12.0), estimate(0.0, 6.0, 30), 12.0, 1.0)
    assert say(left).text.replace(numbers.SPACE, " ") == (
        "Agent turnover a month: nobody (0 of 30 agent months) in October 2026. "
        "Against September 2026: 0 points (−12 to +12), no more than chance explains."
    )


def test_the_backlog_of_a_month_is_called_that_of_an_average_day() -> None:
    mean = change("backlog", estimate(122.0, 9.0), estimate(135.0, 9.0), 13.0, 0.1)
    day = replace(mean, period="2026-10-31", baseline="2026-10-03")
    assert say(mean).text.startswith("Backlog on an average day stayed about")
    assert headline(mean).startswith("Backlog on an average day")
    assert say(day).text.startswith("Backlog (31 October 2026) stayed about")


def test_large_amounts_of_money_have_four_digits_and_a_change_the_unit_of_its_figure() -> None:
    euro = replace(METRICS["revenue"], measured_in="EUR")
    moved = change("revenue", estimate(107_145.0, 5_000.0), estimate(110_387.0, 5_000.0), 10_365.0, 0.5)
    said = say(replace(moved, metric=euro, scope=replace(moved.scope, margin=0.05))).text.replace(numbers.SPACE, " ")
    assert said.startswith("Revenue moved by −3,200 EUR (−13,600 to +7,100) to 107,100 EUR in")
    wait = change("first_reply_time", estimate(324.0, 30.0), estimate(360.0, 30.0), 50.0, 0.2)
    said = say(replace(wait, scope=replace(wait.scope, margin=0.25))).text.replace(numbers.SPACE, " ")
    assert "at 5.4 h (202 tickets) in October 2026: −0.6 h (−1.4 to +0.2), all within ±1.5." in said
    short = change("first_reply_time", estimate(324.0, 30.0), estimate(312.0, 30.0), 9.5, 0.001)
    short = replace(short, scope=replace(short.scope, margin=0.05))
    assert "rose by 12 min (2–22) to 5.4 h" in say(short).text.replace(numbers.SPACE, " ")


def test_groups_that_stand_apart_are_named_although_the_ends_do_not_and_persons_without_rank() -> None:
    rows = [
        group("Ada", estimate(95.0, 8.0, 20), None, (20.0, -5.0, 30.0, 0.2)),
        group("Ben", estimate(60.0, 4.0, 109), None, (-15.0, -22.0, -8.0, 0.001)),
        group("Cleo", estimate(84.0, 4.0, 108), None, (9.0, 2.0, 16.0, 0.01)),
        group("Dan", estimate(86.0, 8.0, 40), None, (9.0, -1.0, 19.0, 0.06)),
        group("Eve", estimate(58.0, 9.0, 31), None, (-14.0, -29.0, 1.0, 0.07)),
    ]
    of = breakdown("csat", rows, 0.001, estimate(77.3, 1.7, 308), by="Agent")
    nobody = "the agents differ more than chance explains. Nobody is named, as their work differs too."
    assert say(of).text == f"Satisfaction by agent: {nobody}"
    assert headline(of) == "Satisfaction by agent: more difference than chance explains"
    channel = replace(of, by="channel", by_title="Channel", points=of.points.filter(pl.col("group") != "dan"))
    assert say(channel).text.replace(numbers.SPACE, " ") == (
        "Satisfaction by channel: highest for Cleo, 84.0 % (108 answers), 9.0 points (2.0–16.0) above the rest; "
        "possible: one comparison in twenty looks like this by chance alone. Ben, 60.0 % (109 answers), 15.0 points "
        "(8.0–22.0) below the rest; more than chance explains."
    )
    assert headline(channel) == "Satisfaction by channel: Ben below", "what is only possible is not in the headline"


def test_no_person_is_named_whatever_is_found() -> None:
    ada = group("Ada", estimate(40.0, 8.0, 200), None, (-40.0, -50.0, -30.0, 1e-9))
    ben = group("Ben", estimate(80.0, 4.0, 400), None, (40.0, 30.0, 50.0, 1e-9))
    for name in ("csat", "first_reply_time", "conversations_per_agent", "ticket_volume"):
        for rows in ([ada, ben], [ada]):
            for p_value in (None, 1e-9, 0.01, 0.4):
                found = replace(breakdown(name, rows, p_value, estimate(60.0, 4.0, 600), by="Agent"), medians_p=p_value)
                told = say(found).text + headline(found)
                assert "Ada" not in told
                assert "Ben" not in told


def test_the_rest_is_said_to_be_without_those_found_apart_before() -> None:
    """Chat is 16 points above a rest that phone drags down, and 5 above the others."""
    rows = [
        group("Phone", estimate(50.0, 4.0, 200), None, (-33.0, -40.0, -26.0, 1e-9)),
        group("Chat", estimate(88.0, 4.0, 48), None, (5.0, -5.1, 15.0, 0.3), "phone"),
        group("Email", estimate(83.0, 3.0, 300), None, (-2.0, -9.0, 5.0, 0.6), "phone"),
    ]
    found = breakdown("csat", rows, 1e-9, estimate(72.0, 2.0, 548))
    assert "Chat" not in say(found).text
    assert "phone" in str(table(found).notes).lower()
    better = rows[1] | {"p_adjusted": 0.01}
    told = say(breakdown("csat", [rows[0], better, rows[2]], 1e-9, estimate(72.0, 2.0, 548))).text
    assert "above the rest without Phone; possible" in told
    assert told.index("lowest for Phone") < told.index("ighest for Chat"), "the surest first"


def test_waits_of_one_table_have_one_unit_but_those_of_less_than_a_tenth_of_it() -> None:
    result = RESULTS["breakdown, duration"]
    cells = [cell.replace(numbers.SPACE, " ") for row in table(result).rows for cell in (row[1], row[5], row[6])]
    assert cells == ["7.0 h", "6.7 h", "+3.3 h", "4.2 min", "5.0 min", "−5.0 h", "4.0 h", "–", "–"]
    assert "longest for Email, 7.0 h (800 tickets), 3.3 h (2.5–4.2) above" in text_of("breakdown, duration")
    assert "shortest for Chat, 4.2 min (500 tickets), 5.0 h (4.3–5.7) below" in text_of("breakdown, duration")


def test_hours_are_the_unit_of_days_beside_minutes() -> None:
    points = [estimate(4300.0, 200.0), estimate(52.0, 5.0)]
    long, short = forms_of(METRICS["resolution_time"], points, RESULTS["change"].scope)
    assert long.value(4300.0).replace(numbers.SPACE, " ") == "71.7 h"
    assert short.value(52.0).replace(numbers.SPACE, " ") == "0.9 h"


EFFECTS = {
    "effects": "What goes together with satisfaction, November 2025 to October 2026: First reply, per doubling −3.1 "
    "points (−4.2 to −2.0); more than chance explains among 2; 1,200 answers. What goes together need not be why.",
    "effects, chance": "What goes together with satisfaction, November 2025 to October 2026: none of 2 beyond chance; "
    "nearest to it Handoffs +0.3 points (−1.0 to +1.6); 1,200 answers. What goes together need not be why.",
    "effects, one": "What goes together with satisfaction, November 2025 to October 2026: First reply, per doubling "
    "−3.1 points (−4.2 to −2.0); more than chance explains; 1,200 answers.",
    "effects, told": "What goes together with satisfaction, November 2025 to October 2026: After a year 90.5 % "
    "(81.5–99.5); After two 64 % (44–84); 1,200 answers.",
}


@pytest.mark.parametrize("name", EFFECTS)
def test_the_sentence_of_effects_holds_finding_n_verdict_and_the_first_words_of_the_caveat(name: str) -> None:
    assert text_of(name) == EFFECTS[name]


def test_several_effects_are_judged_in_a_second_sentence() -> None:
    rows = [(f"Part {letter}", size, 1.0, True) for letter, size in zip("ABCD", (5.0, 4.0, 3.0, 2.0), strict=True)]
    quiet = ("Channel", 0.3, 1.0, False)

    def second(*rows: tuple[str, float, float, bool]) -> str:
        first, *rest = say(effects(RESULTS["change"], *rows)).text.split(". ")
        assert first.replace(numbers.SPACE, " ").endswith(
            "Part A +5.0 points (+4.0 to +6.0); Part B +4.0 points (+3.0 to +5.0)"
        )
        return rest[0].partition(";")[0]

    assert second(*rows[:2]) == "Both are more than chance explains"
    assert second(*rows[:2], quiet) == "Both are more than chance explains among 3"
    assert second(*rows[:3]) == "These and 1 other are more than chance explains"
    assert second(*rows, quiet) == "These and 2 others are more than chance explains among 5"


def test_what_effects_allow_for_and_the_whole_caveat_stand_below_the_table() -> None:
    result = replace(RESULTS["effects, chance"], caveat="Few are asked: what they say need not be all. Nor is it why.")
    assert say(result).text.endswith("answers. Few are asked.") is False  # three words tell nothing
    assert say(result).text.endswith("Few are asked: what they say need not be all.")
    assert table(result).notes == (
        "Each interval is for its row alone; the verdict allows for all rows together.",
        "Allowing for channel and category.",
        "Few are asked: what they say need not be all. Nor is it why.",
    )
    long = replace(result, caveat="Agents are few and differ in more: what goes together need not be why.")
    assert say(long).text.endswith("answers. Agents are few and differ in more.")


def test_one_estimate_on_two_scales_is_one_test() -> None:
    both = RESULTS["effects, chance"]
    scaled = pl.col("value", "se", "low", "high") * pl.when(pl.col("label") == "Replies").then(0.5).otherwise(1.0)
    twice = both.points.with_columns(value=pl.lit(0.3), se=pl.lit(0.2)).with_columns(scaled)
    said = say(replace(both, points=twice)).text
    assert "Handoffs +0.3" in said
    assert "none of" not in said
    assert "no more than chance explains" in said


PLANNED = {
    "forecast": "Tickets opened, 1 to 7 November 2026: 590 (538–642) expected; 3,540 (3,338–3,742) in 6 weeks. "
    "In 52 backtests off by 4.6 % on average, the same week of the year before by 9.0 %.",
    "staffing, one agent": "Chat takes 1 agent on Monday from 9 to 10 o'clock and 4 agent hours a week, paid 36 "
    "(30–47), for 80 % within 20 seconds (August 2026 to October 2026, handle time estimated from replies, 2 at once). "
    "Nobody is taken to hang up (Erlang C).",
}


@pytest.mark.parametrize("name", PLANNED)
def test_what_is_planned_is_said_in_two_sentences(name: str) -> None:
    assert text_of(name) == PLANNED[name]


def test_waiting_customers_are_told_with_one_unit_and_what_waiting_means() -> None:
    found = table(RESULTS["waiting, many"])
    assert len({row[5].split(numbers.SPACE)[1] for row in found.rows}) == 1
    assert "Waiting: new, open or on hold; what is pending waits for the customer." in found.notes[1]


def test_an_interval_that_leaves_out_none_beside_the_verdict_within_chance_is_explained() -> None:
    both = RESULTS["effects, chance"]
    alone = both.points.with_columns(low=pl.when(pl.col("label") == "Handoffs").then(0.1).otherwise("low"))
    said = say(replace(both, points=alone)).text
    assert "none of 2 beyond chance once all are looked at; nearest to it Handoffs" in said


def test_effects_in_their_own_units_and_shares_of_few_deserve_no_decimals() -> None:
    mixed = RESULTS["effects, chance"]
    titles = pl.Series(["Conversations per agent", "Satisfaction (CSAT)"])
    own = replace(mixed, measured_in="", points=mixed.points.with_columns(family=titles))
    cells = [row[1].replace(numbers.SPACE, " ") for row in table(own).rows]
    assert cells == ["+0.3 conversations", "−0.2 points"]
    few = {"value": pl.lit(99.67), "low": pl.lit(98.14), "high": pl.lit(99.94), "n": pl.lit(300)}
    told = replace(RESULTS["effects, told"], points=RESULTS["effects, told"].points.with_columns(**few))
    assert table(told).rows[0][1:3] == (f"99.7{numbers.SPACE}%", "98–99.9")
    lower = told.points.with_columns(value=pl.lit(57.1), low=pl.lit(42.2), high=pl.lit(70.9))
    assert table(replace(told, points=lower)).rows[0][1:3] == (f"57{numbers.SPACE}%", "42–71")


def test_a_group_with_few_answers_is_never_called_highest_or_lowest() -> None:
    few = group("Fax", estimate(99.0, 0.5, 12), None, (20.0, 15.0, 25.0, 0.0001))
    known = [few, *(row for row in RESULTS["breakdown"].points.rows(named=True))]
    said = say(breakdown("csat", known, 0.001, estimate(77.3, 1.7))).text
    assert "highest for Chat" in said
    assert "Fax" not in said


def test_a_group_is_not_called_lowest_against_a_rest_of_few_answers() -> None:
    email = group("Email", estimate(60.0, 4.0, 400), None, (-20.0, -30.0, -10.0, 0.0001))
    few, many = (group("Fax", estimate(80.0, 9.0, n), None, (20.0, 10.0, 30.0, 0.0001)) for n in (29, 30))
    hidden = say(breakdown("csat", [few, email | {"p_adjusted": None}], 0.001, estimate(61.0, 4.0, 429))).text
    assert hidden.endswith("differ more than chance explains. There are too few answers to name one.")
    assert "lowest for Email" in say(breakdown("csat", [many, email], 0.001, estimate(61.0, 4.0, 430))).text


def test_groups_that_moved_and_unusual_days_are_judged_in_a_second_sentence() -> None:
    few = RESULTS["comparison"]
    moved, quiet = (few.points.filter(pl.col("p_adjusted") < 0.05), few.points.filter(pl.col("p_adjusted") >= 0.05))
    for times, told in (
        (1, ", more than chance explains; one other within chance"),
        (3, ". These are more than chance explains; one is within chance"),
        (4, ". These and one other are more than chance explains; one is within chance"),
        (5, ". These and two others are more than chance explains; one is within chance"),
    ):
        said = say(replace(few, points=pl.concat([moved] * times + [quiet]))).text
        assert f"tickets){told} once all are looked at." in said.replace(numbers.SPACE, " ")


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
    assert said.endswith("than chance explains. No group stands apart from the rest by itself.")


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
