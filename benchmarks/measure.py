"""How long a share of 200,000 surveys by month and channel takes, on each engine: python benchmarks/measure.py."""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from cxlib.derive import derive
from cxlib.metrics import get, measured_frame, query
from cxlib.periods import months_between
from cxlib.sources.importing.load import write_table
from cxlib.store.folder import write_manifest
from cxlib.tables import CHANNELS

SURVEYS, CUSTOMERS, MONTHS, RUNS = 200_000, 40_000, ("2023-11", "2026-10"), 5
START, DAYS = datetime(2023, 11, 1, tzinfo=UTC), 1095


def build(folder: Path) -> None:
    """Write one ticket of one of eight channels and one satisfaction answer, minutes later, for every survey."""
    draw = np.random.default_rng(0)
    ids = pl.int_range(SURVEYS, eager=True).cast(pl.String)
    minutes = pl.Series(np.sort(draw.integers(0, DAYS * 1440, SURVEYS)))
    created = START + minutes * timedelta(minutes=1)
    customers = pl.Series(draw.integers(0, CUSTOMERS, SURVEYS)).cast(pl.String)
    tickets = pl.DataFrame({"ticket_id": ids, "customer_id": customers, "created_at": created}).with_columns(
        channel=pl.Series(draw.choice(list(CHANNELS), SURVEYS)), status=pl.lit("solved"), solved_at="created_at"
    )
    surveys = pl.DataFrame({"survey_id": ids, "ticket_id": ids, "customer_id": customers}).with_columns(
        kind=pl.lit("csat"),
        answered_at=created + timedelta(minutes=5),
        answer=pl.Series(draw.integers(1, 6, SURVEYS)).cast(pl.Float64),
        scale_low=pl.lit(1.0),
        scale_high=pl.lit(5.0),
        high_is_good=pl.lit(True),
    )
    for name, rows in {"tickets": tickets, "surveys": surveys}.items():
        write_table(rows.lazy(), name, folder=folder)
    first, last = MONTHS
    write_manifest(
        folder, {"extracted_at": "2026-11-01T00:00:00+00:00", "first_month": first, "last_month": last, "rows": {}}
    )
    derive(folder)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        build(Path(name))
        months = months_between(*MONTHS)
        for engine in ("polars", "duckdb"):
            looked, seconds = query(name, engine=engine), []
            for _ in range(RUNS):
                began = time.perf_counter()
                measured = measured_frame(get("csat"), looked, months, by="channel")
                seconds.append(time.perf_counter() - began)
            print(
                f"{engine}: {measured['n'].sum():,} surveys in {measured.height} cells: "
                f"{seconds[0]:.2f} s the first time, then {min(seconds):.2f} s"
            )


if __name__ == "__main__":
    main()
