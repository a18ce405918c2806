"""What was planted and what a perfect analysis finds: the expected values behind the demo's figures."""

from dataclasses import asdict
from statistics import fmean
from typing import Any

import polars as pl

from cxlib.demo.activity import planted_activity
from cxlib.demo.company import WORDS, WORSE_AGENT, agent_names
from cxlib.demo.hours import planted_dates
from cxlib.demo.mistakes import Counts
from cxlib.demo.opinions import DETRACTOR, EASE, EFFORT, PROMOTER, nps_shares
from cxlib.demo.parameters import DemoParameters
from cxlib.periods import shift

EVENT = "Requests routed by skill"


def truth(
    parameters: DemoParameters, csat: pl.DataFrame, nps: pl.DataFrame, asked: pl.DataFrame, dirty: Counts
) -> dict[str, Any]:
    """Return parameters, planted effects and broken rows.

    Expected values are means of the probabilities each answer was drawn with, before any row was broken.

    Args:
        csat: One row per satisfaction answer: month (0 = first), channel, agent, share (probability of the top box).
        nps: One row per NPS answer 90 days old: loyalty class, share (probability of an order in these days).
        asked: One row per customer asked for satisfaction: month, share, told (share among those who answer), answered.
    """
    p, (event, rise) = parameters, planted_dates(parameters)
    promoters, detractors = (_mean(nps.filter(loyalty=code)) for code in (PROMOTER, DETRACTOR))
    after_email, after_phone, _ = (100 * (shares[0] - shares[2]) for shares in nps_shares(p))
    effects = {
        "satisfaction_fall": _fall(p, csat),
        "worse_agent": _worse_agent(p, csat),
        "silent": _silent(p, asked),
        "volume_rise": {"category": WORDS["categories"][0], "first_week": f"{rise}", "factor": p.volume_rise},
        "effort_by_handoffs": {
            "effort": {"mean_without_handoff": EFFORT, "per_handoff": p.effort_per_handoff},
            "ease": {"mean_without_handoff": EASE, "per_handoff": p.ease_per_handoff},
        },
        "loyalty_by_channel": {
            "meaning": "NPS points by handling channel",
            "email": after_email, "phone": after_phone, "difference": p.nps_after_phone,
        },
        "repeat_purchase": {
            "meaning": "share with a row of kind 'order' in the 90 days after an NPS answer, once these are over",
            "promoters": promoters, "detractors": detractors, "multiple": promoters / detractors,
            "multiple_without_helped_orders": p.promoter_multiple,
        },
        "leaving_by_loyalty": {
            "meaning": "hazard ratios of left_at by the latest NPS class since the answer",
            "detractors_over_promoters": p.leaving_ratio, "passives_over_promoters": p.leaving_ratio**0.5,
        },
        "orders_helped_by_chat": {
            "meaning": "share of answered tickets older than 7 days with an order that carries their ticket_id",
            "chat": p.conversion + p.chat_uplift, "other_channels": p.conversion, "uplift": p.chat_uplift,
        },
        "first_reply_time_on_satisfaction": {
            "meaning": "log-odds of the top box per doubling of the calendar minutes, within a channel",
            "log_odds_per_doubling": p.log_odds_per_doubling,
        },
        "event": {
            "meaning": "factor on the business minutes to the first reply of tickets created from this day on",
            "title": EVENT, "date": f"{event}", "factor": p.event_factor,
        },
    }  # fmt: skip
    return {"parameters": asdict(p), "effects": effects | planted_activity(), "dirty": dirty}


def _mean(frame: pl.DataFrame) -> float:
    return fmean(frame["share"])  # exactly rounded: neither the order of rows nor the number of cores shows


def _fall(p: DemoParameters, csat: pl.DataFrame) -> dict[str, Any]:
    """Split the fall into mix and within-channel parts (Kitagawa 1955), in points."""
    mean = pl.col("share").map_elements(fmean, return_dtype=pl.Float64)
    counted = csat.group_by("month", "channel").agg(pl.len().alias("n"), "share").with_columns(mean)
    before, after = (counted.filter(month=month) for month in (p.months - 2, p.months - 1))
    both = before.join(after, on="channel", how="full", coalesce=True, suffix="_2").fill_null(0.0).sort("channel")
    weight, weight_2 = pl.col("n") / pl.col("n").sum(), pl.col("n_2") / pl.col("n_2").sum()
    share, share_2 = pl.col("share"), pl.col("share_2")
    parts = both.select(
        before=100 * (weight * share).sum(),
        after=100 * (weight_2 * share_2).sum(),
        mix=50 * ((weight_2 - weight) * (share + share_2)).sum(),
        within=50 * ((share_2 - share) * (weight + weight_2)).sum(),
    ).row(0, named=True)
    months, total = [shift(p.last_month, -1), p.last_month], parts["after"] - parts["before"]
    return {"meaning": "csat in %, parts by channel", "months": months, **parts, "total": total}


def _silent(p: DemoParameters, asked: pl.DataFrame) -> dict[str, Any]:
    """Return what is expected of all asked in the year before the last month: asked, told, by weights."""
    year = asked.filter(pl.col("month").is_between(p.months - 13, p.months - 2))
    return {
        "meaning": "csat in % by month of sending; the dissatisfied answer more often, which no weights can mend; "
        "weights can reach what all asked would have told, were they like those of their kind who answered",
        "months": [shift(p.last_month, -12), shift(p.last_month, -1)],
        "asked": 100 * fmean(year["share"]), "told": 100 * fmean(year.filter("answered")["told"]),
        "weighted": 100 * fmean(year["told"]),
    }  # fmt: skip


def _worse_agent(p: DemoParameters, csat: pl.DataFrame) -> dict[str, Any]:
    theirs, others = (100 * _mean(csat.filter(rows)) for rows in (_WORSE, ~_WORSE))
    return {
        "meaning": "csat in %", "agent_id": f"A{WORSE_AGENT + 1:03d}", "name": agent_names(p.agents)[WORSE_AGENT],
        "log_odds": p.worse_agent_log_odds, "expected": theirs, "expected_of_others": others,
        "difference": theirs - others,
    }  # fmt: skip


_WORSE = pl.col("agent") == WORSE_AGENT
