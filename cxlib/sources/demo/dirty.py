"""Broken rows of known number, so that a check has something to find and figures something to stand."""

from datetime import timedelta

import numpy as np
import polars as pl

from cxlib.sources.demo.company import Company

Counts = dict[str, dict[str, int]]


def soil(tables: dict[str, pl.DataFrame], company: Company) -> Counts:
    """Break rows in place, no row twice; return how many of each kind in each table.

    A duplicate key is counted once for each row too many.
    """
    draw, n, counts = company.draw("dirty"), company.parameters.dirty, Counts()
    end = pl.lit(company.hours.end * 1_000_000).cast(pl.Datetime("us", "UTC"))
    created = tables["tickets"].select("ticket_id", "created_at")
    tables["messages"] = tables["messages"].join(created, on="ticket_id", how="left", maintain_order="left")
    reply, ordered = (pl.col("author") == "agent") & pl.col("is_public"), pl.col("kind") == "order"
    answered, stranger = pl.col("answered_at").is_not_null(), "X" + pl.col("customer_id").str.slice(1)
    broken = (
        ("unknown_customer", "tickets", pl.col("status") == "closed", "customer_id", stranger),
        ("unknown_customer", "orders", ordered, "customer_id", stranger),
        ("reply_before_creation", "messages", reply, "sent_at", pl.col("created_at") - timedelta(hours=5)),
        ("answer_outside_scale", "surveys", answered, "answer", pl.col("scale_high") + 2.0),
        ("instant_after_extraction", "surveys", answered, "answered_at", end + timedelta(days=3)),
        ("instant_after_extraction", "orders", ordered, "ordered_at", end + timedelta(days=40)),
    )
    sound = {name: np.ones(frame.height, dtype=np.bool_) for name, frame in tables.items()}
    for kind, name, fits, column, value in broken:
        hit = draw.choose(tables[name].select(fits.alias("fits"))["fits"].to_numpy() & sound[name], n)
        sound[name][hit] = False
        which = pl.Series(np.isin(np.arange(len(sound[name])), hit))
        tables[name] = tables[name].with_columns(pl.when(which).then(value).otherwise(column).alias(column))
        counts.setdefault(kind, {})[name] = len(hit)
    for name in ("tickets", "messages", "surveys"):
        twice = np.sort(draw.choose(sound[name], n))
        tables[name] = pl.concat([tables[name], tables[name].gather(twice)])
        counts.setdefault("duplicate_key", {})[name] = len(twice)
    return counts
