"""Satisfaction ratings (good/bad, 1–5, offered) and survey responses laid as surveys."""

import polars as pl

from cxlib.sources.mapped.mapping import ROW
from cxlib.sources.zendesk.files import Records
from cxlib.sources.zendesk.people import beside, event_number, fault, instant, newest

Rows = tuple[str, pl.LazyFrame, dict[str, int]]
_OFFER, _NO_OFFER = "offered", ("unoffered", "none")
_COLUMNS = ("id", "ticket_id", "requester_id", "assignee_id", "score", "comment", "sent", "rated", ROW)
_ANSWER = "answer without a rating of satisfaction (its comment is kept)"


def surveys(records: Records) -> list[Rows]:
    """Return (kind of record, rows of `surveys`, left out by reason) for each place that tells of ratings.

    A ticket's ratings come from the list of ratings; else from its history (satisfaction_score); else from the
    ticket itself, dated by its last update. An offer that was answered is the `sent_at` of the answer, not a row.
    """
    listed, older = newest(records["ratings"].with_columns(version=instant("updated_at")), "id", "version")
    first = listed.select(*_COLUMNS[:6], ROW, sent=instant("created_at"), rated=instant("updated_at")).select(_COLUMNS)
    seen = records["ratings"].select("ticket_id").unique()
    second = _from_history(records).join(seen, on="ticket_id", how="anti", maintain_order="left")
    seen = pl.concat([seen, second.select("ticket_id")]).unique()
    tickets, _ = newest(records["tickets"].with_columns(version=instant("updated_at")), "id", "version")
    third = tickets.filter(pl.col("score").is_not_null()).select(
        pl.coalesce("rating_id", pl.format("ticket/{}", "id")).alias("id"), "requester_id", "assignee_id", "score",
        "comment", ROW, ticket_id="id", sent=pl.when(pl.col("score") == _OFFER).then("version"), rated="version",
    ).select(_COLUMNS).join(seen, on="ticket_id", how="anti", maintain_order="left")  # fmt: skip
    found = [("ratings", *_laid(first)), ("events", *_laid(second)), ("tickets", *_laid(third))]
    found[0][2]["older version of the same rating"] = older
    return [*found, ("responses", *_responses(records))]


def _from_history(records: Records) -> pl.LazyFrame:
    """Return the changes of satisfaction_score, with the agent assigned then and the comment given with them."""
    events = records["events"].with_columns(rated=instant("at"))
    moment = ["ticket_id", "rated"]
    comments = events.filter(pl.col("field") == "satisfaction_comment").select(*moment, comment="new")
    agents = events.filter(pl.col("field") == "assignee_id").select(*moment, assignee_id="new").sort("rated")
    owners = records["tickets"].select("requester_id", ticket_id="id", owner="assignee_id")
    return (
        events.filter(pl.col("field") == "satisfaction_score")
        .filter(pl.col("new").is_not_null() & pl.col("rated").is_not_null())
        .sort("rated")
        .join_asof(agents, on="rated", by="ticket_id", check_sortedness=False)
        .pipe(beside, comments.unique(moment, keep="last"), moment)
        .pipe(beside, owners.unique("ticket_id", keep="last"), "ticket_id")
        .select(
            event_number().alias("id"), "ticket_id", "requester_id",
            pl.coalesce("assignee_id", "owner").alias("assignee_id"), "comment", ROW, "rated", score="new",
            sent=pl.when(pl.col("new") == _OFFER).then("rated"),
        )
        .select(_COLUMNS)
    )  # fmt: skip


def _laid(ratings: pl.LazyFrame) -> tuple[pl.LazyFrame, dict[str, int]]:
    """Return the survey rows of ratings, and how many offers were answered or never made."""
    score = pl.col("score").str.to_lowercase()
    good, bad, number = score.str.starts_with("good"), score.str.starts_with("bad"), score.str.extract(r"^([1-5])$")
    answer = pl.when(good).then(1.0).when(bad).then(0.0).otherwise(number.cast(pl.Float64))
    rows = ratings.with_columns(answer=answer)
    offered = rows.filter(score.str.starts_with(_OFFER)).group_by("ticket_id").agg(pl.col("sent").min().alias("offer"))
    rows = beside(rows, offered, "ticket_id").with_columns(
        had_answer=pl.col("answer").is_not_null().any().over("ticket_id") & pl.col("ticket_id").is_not_null()
    )
    answered = pl.col("answer").is_not_null()
    offer = score.str.starts_with(_OFFER).fill_null(False)
    why = pl.coalesce(
        pl.when(score.is_in(_NO_OFFER)).then(pl.lit("rating that was never offered")),
        pl.when(offer & pl.col("had_answer")).then(pl.lit("offer that was answered (sent_at of the answer)")),
        pl.when(~answered & ~offer).then(pl.lit("score without a meaning")),
    )
    rows = rows.with_columns(why=why)
    counts = rows.filter(pl.col("why").is_not_null()).group_by("why").len().collect(engine="streaming")
    five = number.is_not_null()
    kept = rows.filter(pl.col("why").is_null()).select(
        "ticket_id", "answer", "comment", ROW, survey_id="id", kind=pl.lit("csat"), question=pl.lit("satisfaction"),
        customer_id="requester_id", agent_id="assignee_id", sent_at=pl.coalesce("offer", "sent"),
        answered_at=pl.when(answered).then("rated"), scale_low=pl.when(answered).then(five.cast(pl.Float64)),
        scale_high=pl.when(answered).then(pl.when(five).then(5.0).otherwise(1.0)), high_is_good=pl.lit(True),
    )  # fmt: skip
    return kept.with_columns(fault(("survey_id", ""))), dict(counts.sort("why").rows())


def _responses(records: Records) -> tuple[pl.LazyFrame, dict[str, int]]:
    """Return the rows of survey responses, 1–5: one a rating of satisfaction, one a response not (yet) answered.

    Zendesk's description does not name the ends of the scale; five points are taken, as in its templates. The offer is
    dated by the audit event SurveyOffered where the export has audits.
    """
    raw = records["responses"]
    rating, question = (pl.col("type") == "rating_scale") & pl.col("rating").is_not_null(), pl.col("question")
    mine = rating & (question.is_null() | (question == "customer_satisfaction"))
    place = pl.coalesce("subjects", "subject_ids").str.extract(r"ticket:(\d+)")
    rows = raw.with_columns(
        ticket_id=place, mine=mine.fill_null(False),
        comment=pl.col("text").filter(pl.col("type") == "open_ended").first().over("id"),
    )  # fmt: skip
    rows = rows.with_columns(
        any_mine=pl.col("mine").any().over("id"), first=pl.col(ROW) == pl.col(ROW).min().over("id")
    )
    kept = rows.filter(pl.col("mine") | (~pl.col("any_mine") & pl.col("first")) | pl.col("id").is_null())
    offers = records["events"].filter(pl.col("type") == "SurveyOffered").select("ticket_id", at=instant("at"))
    offers = offers.group_by("ticket_id").agg(pl.col("at").min().alias("sent_at"))
    tickets = records["tickets"].select(ticket_id="id", asked="requester_id", agent_id="assignee_id")
    answered, left = pl.col("mine"), rows.select(pl.len()).collect().item() - kept.select(pl.len()).collect().item()
    laid = (
        kept.pipe(beside, offers, "ticket_id")
        .pipe(beside, tickets.unique("ticket_id", keep="last"), "ticket_id")
        .with_columns(times=pl.len().over("id"))
        .select(
            "ticket_id", "agent_id", "comment", "sent_at", ROW, kind=pl.lit("csat"), question=pl.lit("satisfaction"),
            survey_id=pl.when(pl.col("times") > 1).then(pl.format("{}/{}", "id", "question_id")).otherwise("id"),
            customer_id=pl.coalesce("responder_id", "asked"),
            answer=pl.when(answered).then(pl.col("rating").cast(pl.Float64, strict=False)),
            answered_at=pl.when(answered).then(pl.coalesce(instant("updated_at"), instant("created_at"))),
            scale_low=pl.when(answered).then(1.0), scale_high=pl.when(answered).then(5.0), high_is_good=pl.lit(True),
        )
    )  # fmt: skip
    return laid.with_columns(fault(("survey_id", ""))), {_ANSWER: left} if left else {}
