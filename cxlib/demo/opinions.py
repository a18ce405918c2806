"""The demo's surveys: what customers were asked, who answered, and the probabilities behind the answers."""

from typing import Any

import numpy as np
import polars as pl

from cxlib.demo.company import WORDS, WORSE_AGENT, Company
from cxlib.demo.draw import Draw, Flags, Numbers, Reals, ids, instants, known, words
from cxlib.demo.hours import DAY, HOUR
from cxlib.demo.parameters import DemoParameters
from cxlib.demo.requests import EMAIL, FIRST_REPLY, PHONE, Requests
from cxlib.periods import month_index

EFFORT, EASE = 1.9, 5.6  # means without a handoff
PROMOTER, PASSIVE, DETRACTOR = range(3)
_LOG_ODDS = np.array([2.2, 0.15, 2.15, 1.8, 2.05, 2.0, 2.05, 1.75])  # of satisfaction, by channel at its usual pace
_DISSATISFIED_ANSWER_MORE = 1.15
_FIVE_POINTS_SINCE = "2025-01"
_NPS = np.array([[0.48, 0.20], [0.43, 0.25]])  # promoters and detractors after e-mail; after all else but phone
_ROUND, _ASKED_WITHIN = 180 * DAY, 80 * DAY  # one recommendation question a round, so that 90 days never overlap


def draw_surveys(company: Company, requests: Requests) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Return the surveys table, the satisfaction answers with their probabilities, the NPS answers with their class,
    and all who were asked for their satisfaction.
    """
    draw = company.draw("surveys")
    (rated, csat, asked), (loyalty, nps) = _csat(draw, company, requests), _nps(draw, company, requests)
    parts = [*rated, *_effort(draw, company, requests), *loyalty]
    rows = pl.concat(parts).sort("sent", "kind", "ticket", "customer", "answered")
    column = {name: rows[name].to_numpy() for name in _WHOLE}
    answered = column["answered"] > 0
    comments = (*WORDS["good_comments"], *WORDS["bad_comments"], *WORDS["odd_texts"])
    table = rows.select("kind", "question", "scale_low", "scale_high", "high_is_good").with_columns(
        survey_id=ids("S", np.arange(rows.height), 7),
        ticket_id=ids("T", column["ticket"]),
        customer_id=ids("C", column["customer"]),
        agent_id=ids("A", column["agent"], 3),
        sent_at=instants(column["sent"]),
        answered_at=instants(column["answered"], answered),
        answer=known(column["answer"], answered).cast(pl.Float64),
        comment=words(comments, column["comment"]),
    )
    return table, csat, nps, asked


_WHOLE = ("ticket", "customer", "agent", "sent", "answered", "answer", "comment")


def _rows(kind: str, question: str, scale: tuple[int, int], *, good: bool = True, **arrays: Any) -> pl.DataFrame:
    nothing = np.full(len(arrays["sent"]), -1)
    frame = pl.DataFrame({name: np.asarray(arrays.get(name, nothing), dtype=np.int64) for name in _WHOLE})
    fixed = {"kind": kind, "question": question, "scale_low": scale[0], "scale_high": scale[1], "high_is_good": good}
    return frame.with_columns(**{name: pl.lit(value) for name, value in fixed.items()})


def _answered(draw: Draw, sent: Numbers, answers: Flags, end: int) -> Numbers:
    """Return when each offer is answered, 0 if never or not before the end."""
    at = sent + np.minimum(draw.around(6.0 * HOUR, 1.1, len(sent)), 9 * DAY).astype(np.int64)
    return np.where(answers & (at < end), at, 0)


def _csat(draw: Draw, company: Company, requests: Requests) -> tuple[list[pl.DataFrame], pl.DataFrame, pl.DataFrame]:
    p, hours, r = company.parameters, company.hours, requests
    ticket = r.solved(hours.end)
    ticket = ticket[draw.chance(0.97, len(ticket))]
    n, channel, agent, sent = len(ticket), r.channel[ticket], r.at_last(r.agent)[ticket], r.last_reply[ticket] + HOUR
    doublings = np.log2((r.replied[ticket, 0] - r.created[ticket]) / 60 / FIRST_REPLY[channel])
    log_odds = _LOG_ODDS[channel] + p.log_odds_per_doubling * doublings
    log_odds += p.worse_agent_log_odds * (agent == WORSE_AGENT) + p.last_month_log_odds * (sent >= hours.last_month)
    share = 1 / (1 + np.exp(-log_odds))
    satisfied = draw.chance(share, n)
    willing = np.array([0.235, 0.26, 0.31])[company.importance[r.customer[ticket]]]
    answers = draw.chance(willing * np.where(satisfied, 1.0, _DISSATISFIED_ANSWER_MORE), n)
    answered = _answered(draw, sent, answers, hours.end)
    told = share / (share + (1 - share) * _DISSATISFIED_ANSWER_MORE)  # the share among those who answer
    asked = {"month": hours.month[hours.of(sent)], "share": share, "told": told, "answered": answered > 0}
    later = answered + draw.whole(DAY, 4 * DAY, n)
    again = np.flatnonzero((answered > 0) & (later < hours.end) & draw.chance(0.03, n))  # rated a second time
    of, answered = np.concatenate([np.arange(n), again]), np.concatenate([answered, later[again]])
    satisfied = np.concatenate([satisfied, draw.chance(told[again], len(again))])
    since = p.months - 1 - month_index(p.last_month) + month_index(_FIVE_POINTS_SINCE)
    best = np.where(hours.month[hours.of(sent[of])] >= since, 5, 7)
    answer = np.where(satisfied, best - draw.chance(0.4, len(of)), draw.whole(1, best - 1, len(of)))
    comment = draw.whole(0, 5, len(of)) + np.where(satisfied, 0, 5)
    comment = np.where(draw.chance(0.03, len(of)), draw.whole(10, 16, len(of)), comment)
    rows = {
        "ticket": ticket[of], "customer": r.customer[ticket[of]], "agent": agent[of], "sent": sent[of],
        "answered": answered, "answer": answer,
        "comment": np.where((answered > 0) & draw.chance(0.15, len(of)), comment, -1),
    }  # fmt: skip
    frames = [
        _rows("csat", "How satisfied are you with our help?", (1, top), **{k: v[best == top] for k, v in rows.items()})
        for top in (5, 7)
    ]
    of, at = of[answered > 0], answered[answered > 0]
    truth = {"month": hours.month[hours.of(at)], "channel": channel[of], "agent": agent[of], "share": told[of]}
    return frames, pl.DataFrame(truth), pl.DataFrame(asked)


def _effort(draw: Draw, company: Company, requests: Requests) -> list[pl.DataFrame]:
    """Ask some customers for their effort and others for ease; the mean moves by a fixed step per handoff."""
    p, r, parts = company.parameters, requests, []
    for kind, question, top, mean, step in (
        ("effort", "How much effort did you personally have to put forth?", 5, EFFORT, p.effort_per_handoff),
        ("ease", "The company made it easy for me to handle my issue.", 7, EASE, p.ease_per_handoff),
    ):
        ticket = r.solved(company.hours.end)
        ticket = ticket[draw.chance(0.15, len(ticket))]
        n, sent = len(ticket), r.last_reply[ticket] + HOUR
        chance = (np.clip(mean + step * r.handoffs[ticket], 1, top) - 1) / (top - 1)
        answer = 1 + np.sum([draw.chance(chance, n) for _ in range(top - 1)], axis=0)  # binomial: the mean is exact
        answered = _answered(draw, sent, draw.chance(0.22, n), company.hours.end)
        who = {"customer": r.customer[ticket], "agent": r.at_last(r.agent)[ticket], "ticket": ticket}
        parts.append(
            _rows(kind, question, (1, top), good=kind == "ease", sent=sent, answered=answered, answer=answer, **who)
        )
    return parts


def nps_shares(parameters: DemoParameters) -> Reals:
    """Return the shares of promoters, passives and detractors: after e-mail, after phone, else."""
    half = parameters.nps_after_phone / 200
    ends = np.array([_NPS[0], _NPS[0] + np.array([half, -half]), _NPS[1]])
    return np.column_stack([ends[:, 0], 1 - ends.sum(axis=1), ends[:, 1]])


def _nps(draw: Draw, company: Company, requests: Requests) -> tuple[list[pl.DataFrame], pl.DataFrame]:
    """Ask for the recommendation three days after a ticket or out of the blue, at most once a customer and round."""
    end, n, r = company.hours.end, len(company.joined), requests
    solved, some = r.solved(end), draw.whole(0, n, 2 * n)
    moment = draw.whole(np.maximum(company.joined[some], company.hours.start[0]), end, len(some))
    customer = np.concatenate([r.customer[solved], some])
    sent = np.concatenate([r.last_reply[solved] + 3 * DAY, moment])
    since = sent - company.hours.start[0] + draw.whole(0, _ROUND, n)[customer]
    offers = pl.DataFrame({"customer": customer, "sent": sent, "round": since // _ROUND})
    offers = offers.filter(pl.Series((since % _ROUND < _ASKED_WITHIN) & (sent < end))).sort("sent", "customer")
    offers = offers.unique(["customer", "round"], keep="first", maintain_order=True)
    customer, sent = offers["customer"].to_numpy(), offers["sent"].to_numpy()
    n = len(sent)
    answers = draw.chance(np.array([0.24, 0.30, 0.36])[company.importance[customer]], n)
    answered = _answered(draw, sent, answers, end)
    channel = _handling_channel(requests, end, customer, answered)
    loyalty = draw.pick_by(nps_shares(company.parameters), np.select([channel == EMAIL, channel == PHONE], [0, 1], 2))
    low = draw.pick([1, 1, 1, 2, 2, 5, 6], n)
    answer = np.select([loyalty == PROMOTER, loyalty == PASSIVE], [9 + low % 2, 7 + low % 2], low)
    next_question = np.where(draw.chance(0.88, n) & (answered > 0) & (answered + 40 < end), answered + 40, 0)
    likely = draw.chance(np.array([0.88, 0.6, 0.22])[loyalty], n)
    buys = np.where(likely, 4 + draw.chance(0.6, n), draw.whole(1, 4, n))
    ask: dict[str, Any] = {"customer": customer, "sent": sent}
    rows = [
        _rows("nps", "How likely are you to recommend us?", (0, 10), **ask, answered=answered, answer=answer),
        _rows("repurchase", "Would you buy from us again?", (1, 5), **ask, answered=next_question, answer=buys),
    ]
    truth = pl.DataFrame({"customer": customer, "at": answered, "loyalty": loyalty})
    return rows, truth.filter(pl.Series(answered > 0)).sort("at", "customer")


def _handling_channel(requests: Requests, end: int, customer: Numbers, at: Numbers) -> Numbers:
    """Return the channel of the last reply on the customer's last ticket solved in the 30 days before; −1 if none."""
    r, solved = requests, requests.solved(end)
    tickets = {"customer": r.customer[solved], "at": r.last_reply[solved], "channel": r.last_channel[solved]}
    answers = pl.DataFrame({"customer": customer, "at": at}).with_row_index().sort("at", maintain_order=True)
    joined = answers.join_asof(
        pl.DataFrame(tickets).sort("at", maintain_order=True), on="at", by="customer", tolerance=30 * DAY,
        check_sortedness=False,
    )  # fmt: skip
    return joined.sort("index")["channel"].fill_null(-1).to_numpy()
