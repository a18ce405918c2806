"""A demo company whose data hold effects of known size, written to truth.json."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

from cxlib.demo.activity import runs_table, views_table
from cxlib.demo.company import Company, agents_table, agents_who_left, customers_table, found_company
from cxlib.demo.draw import Numbers, numbers
from cxlib.demo.events import changes_table, messages_table
from cxlib.demo.hours import ZONE, planted_dates
from cxlib.demo.mistakes import own_figures_table, soil
from cxlib.demo.money import draw_orders
from cxlib.demo.opinions import draw_surveys
from cxlib.demo.parameters import DemoParameters
from cxlib.demo.requests import Requests, draw_requests
from cxlib.demo.tickets import tickets_table
from cxlib.demo.truth import EVENT, truth
from cxlib.periods import shift
from cxlib.store.folder import write_manifest
from cxlib.tables.schema import conform

__all__ = ["DemoParameters", "build_demo"]


def build_demo(folder: Path, *, parameters: DemoParameters = DemoParameters()) -> None:  # noqa: B008 (frozen)
    """Write the demo's given tables, manifest, settings and truth.json; equal parameters give equal bytes.

    The folder is made if absent; files of the same names are replaced.
    """
    company = found_company(parameters)
    requests = draw_requests(company)
    tables, csat, nps, asked = _tables(company, requests)
    tables["source_figures"], own = own_figures_table(company, requests, tables["messages"])
    dirty = soil(tables, company)
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in tables.items():
        conform(frame.lazy(), name).collect().rechunk().write_parquet(
            folder / f"{name}.parquet", compression="zstd", compression_level=3, row_group_size=100_000
        )
    planted = truth(parameters, csat, nps, asked, dirty) | {"own_figures": own}
    planted["effects"]["agent_turnover"] = agents_who_left(tables["agents"], company)
    (folder / "truth.json").write_text(json.dumps(planted, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / "settings.toml").write_text(_settings(parameters), encoding="utf-8")
    manifest = {
        "sources": ["demo"], "timezone": ZONE,
        "extracted_at": datetime.fromtimestamp(company.hours.end, UTC).isoformat(),
        "first_month": shift(parameters.last_month, 1 - parameters.months), "last_month": parameters.last_month,
        "rows": {name: frame.height for name, frame in tables.items()}, "set_aside": {}, "files": [],
    }  # fmt: skip
    write_manifest(folder, manifest)


def _tables(
    company: Company, requests: Requests
) -> tuple[dict[str, pl.DataFrame], pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Return the tables; the satisfaction and NPS answers with the probabilities behind them; who was asked."""
    changes, messages = changes_table(company, requests), messages_table(company, requests)
    tickets = tickets_table(company, requests, changes)
    surveys, csat, nps, asked = draw_surveys(company, requests)
    orders, bought = draw_orders(company, requests, nps)
    tables = {
        "tickets": tickets, "messages": messages, "changes": changes, "surveys": surveys, "orders": orders,
        "agents": agents_table(company),
        "customers": customers_table(company, _seen(company, requests, surveys, orders), nps),
        "workflow_runs": runs_table(company, tickets, messages, changes),
        "article_views": views_table(company, requests),
    }  # fmt: skip
    return tables, csat, bought, asked


def _seen(company: Company, requests: Requests, surveys: pl.DataFrame, orders: pl.DataFrame) -> Numbers:
    """Return the last instant each customer is heard of, by ticket, survey or order (0 = never)."""
    heard = [(requests.customer, np.maximum(requests.last_reply, requests.ended))]
    for frame, instant in ((surveys, "sent_at"), (surveys, "answered_at"), (orders, "ordered_at")):
        there = frame.filter(pl.col(instant).is_not_null())
        heard.append((numbers(there["customer_id"]), there[instant].dt.epoch("s").to_numpy()))
    seen = np.zeros_like(company.joined)
    for customer, at in heard:
        np.maximum.at(seen, customer, at)
    return seen


def _settings(parameters: DemoParameters) -> str:
    """Return the demo's settings with its two dated events: one with an effect, one without."""
    event, _ = planted_dates(parameters)
    events = ((event, EVENT), (event.replace(year=event.year - 1), "New logo"))
    blocks = "".join(f'\n[[events]]\ndate = {day}\ntitle = "{title}"\n' for day, title in events)
    return (Path(__file__).parent / "settings.toml").read_text(encoding="utf-8") + blocks
