"""A small help desk with literal rows to loop over: two years, few customers, several answers each."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from cxlib.store.folder import Data, open_data, write_manifest
from cxlib.tables.schema import conform

FIRST, LAST, EXTRACTED = "2025-06", "2026-10", datetime(2026, 11, 1, tzinfo=UTC)
CHANNELS = ("email", "phone", "chat")
Rows = list[dict[str, Any]]

SETTINGS = """
[targets.csat]
value = 90.0
source = "house rule"
[benchmarks.nps]
value = 30.0
source = "someone's survey"
valid_from = 2027-01-01
[[events]]
date = 2026-09-14
title = "New tool"
[[events]]
date = 2020-01-01
title = "Long ago"
"""


def tickets(seed: int = 1) -> Rows:
    """Return tickets: about 60 a month by 40 customers, a few of them without a customer or a channel."""
    rng = np.random.default_rng(seed)
    rows: Rows = []
    for number in range(60 * 17):
        created = datetime(2025, 6, 1, tzinfo=UTC) + timedelta(minutes=float(rng.uniform(0, 518 * 1440)))
        waited, observed = float(rng.lognormal(6.5, 1.5)), (EXTRACTED - created).total_seconds() / 60
        ended = waited <= observed
        solved = created + timedelta(minutes=waited) if ended else None
        rows.append(
            {
                "ticket_id": f"t{number}", "customer_id": None if number % 31 == 0 else f"c{rng.integers(40)}",
                "agent_id": f"a{rng.integers(4)}", "channel": None if number % 37 == 0 else str(rng.choice(CHANNELS)),
                "status": "solved" if ended else "open", "opened_by": "customer", "created_at": created,
                "created_day": created.date(), "solved_at": solved, "solved_day": solved.date() if solved else None,
                "first_solved_at": solved, "first_solved_day": solved.date() if solved else None,
                "resolution_minutes": min(waited, observed), "resolution_ended": ended, "agent_replies": 1,
                "reopens": 0,
            }
        )  # fmt: skip
    return rows


def surveys(asked: Rows, seed: int = 2) -> Rows:
    """Return a satisfaction answer (weighted) and a recommendation for most solved tickets."""
    rng = np.random.default_rng(seed)
    rows: Rows = []
    for ticket in asked:
        day: date | None = ticket["solved_day"]
        if day is None or day > date(2026, 10, 31) or rng.random() < 0.3:
            continue
        for kind, chances in (("csat", (0.15, 0.1, 0.75)), ("nps", (0.3, 0.3, 0.4))):
            box = str(rng.choice(("bottom", "middle", "top"), p=chances))
            rows.append(
                {
                    "survey_id": f"{kind} {ticket['ticket_id']}", "kind": kind, "box": box, "latest": True,
                    "customer_latest": True, "answer": 1.0, "scale_low": 0.0, "scale_high": 10.0,
                    "scale_share": {"bottom": 0.0, "middle": 0.5, "top": 1.0}[box], "answered_at": ticket["solved_at"],
                    "answered_day": day, "weight": float(rng.choice((0.5, 1.0, 2.0))),
                    **{name: ticket[name] for name in ("ticket_id", "customer_id", "agent_id")},
                }
            )  # fmt: skip
    return rows


def build(folder: Path, **tables: Rows) -> Data:
    """Write a data folder of these tables and open it."""
    folder.mkdir(parents=True)
    for name, rows in tables.items():
        conform(pl.LazyFrame(rows, infer_schema_length=None), name, derived=True).sink_parquet(
            folder / f"{name}.parquet"
        )
    (folder / "settings.toml").write_text(SETTINGS, encoding="utf-8")
    write_manifest(folder, {"extracted_at": EXTRACTED.isoformat(), "first_month": FIRST, "last_month": LAST})
    return open_data(str(folder))
